"""One photo held against its truth: counts, areas, and one row a scar."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.study.agreement.centres import RADIUS_MM, match_centres
from scarscope.validation.marked import Marked
from scarscope.validation.matching import (
    CRITERIA,
    LEAST_IOU,
    Criterion,
    Matching,
    match_scars,
    overlaps,
)

_SIZES = ("type", "width_mm", "area_mm2", "depth_um", "volume_mm3")
_UNCERTAIN = "depth_sd_um"  # of what is found alone: truth has none
SCAR_COLUMNS = (
    "criterion",
    "status",
    "true_id",
    "found_id",
    "distance_mm",
    "iou",
    *(f"{side}_{name}" for name in _SIZES for side in ("true", "found")),
    f"found_{_UNCERTAIN}",
)
COUNTS = tuple(f"{what}_{by}" for by in CRITERIA for what in ("hit", "false", "missed"))
PHOTO_COLUMNS = (
    "n_true",
    "n_found",
    "n_cut",
    *COUNTS,
    "chance_3mm",
    "true_area_mm2",
    "found_area_mm2",
    "shared_area_mm2",
    "dice",
    "true_volume_mm3",
    "found_volume_mm3",
)


@dataclass(frozen=True, eq=False)
class PhotoComparison:
    """How right one photo's scars are.

    Attributes
    ----------
    photo : Mapping
        Values by :data:`PHOTO_COLUMNS`. ``hit``, ``false`` and ``missed`` count scars by each
        criterion, ``chance_3mm`` those that would be found if the found ones lay mirrored from
        left to right; areas leave out scars that the frame cuts off. ``dice`` is NaN where
        neither side marks anything.
    scars : DataFrame
        One row a criterion and scar that is found, missed or false, columns :data:`SCAR_COLUMNS`.
        Scars cut by the frame are not listed. Empty with the same columns when there is none.
    """

    photo: Mapping[str, float]
    scars: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row: counts and areas."""
        return pd.DataFrame([dict(self.photo)], columns=list(PHOTO_COLUMNS))


def compare_photo(
    found: Marked, truth: Marked, *, radius_mm: float = RADIUS_MM, least_iou: float = LEAST_IOU
) -> PhotoComparison:
    """Hold the scars found in one photo against the true ones.

    Parameters
    ----------
    found, truth : Marked
        Of the same photo.
    radius_mm : float
        Centres this close are the same scar (Kang 2016: 3 mm).
    least_iou : float
        Outlines that overlap more are the same scar.

    Returns
    -------
    PhotoComparison

    Raises
    ------
    ScarsError
        If the label images differ in shape.
    """
    matchings = {
        by: match_scars(found, truth, criterion=by, radius_mm=radius_mm, least_iou=least_iou)
        for by in CRITERIA
    }
    photo: dict[str, float] = {
        "n_true": int(np.count_nonzero(~truth.at_edge)),
        "n_found": len(found),
        "n_cut": int(np.count_nonzero(truth.at_edge)),
    }
    for by, matching in matchings.items():
        photo[f"hit_{by}"] = len(matching.pairs)
        photo[f"false_{by}"] = len(matching.false)
        photo[f"missed_{by}"] = len(matching.missed)
    photo["chance_3mm"] = _by_chance(found, truth, matchings["3mm"], radius_mm)
    photo |= _areas(found, truth, matchings["3mm"].ignored)
    photo["true_volume_mm3"] = float(truth.table["volume_mm3"].sum(min_count=1))
    photo["found_volume_mm3"] = float(found.table["volume_mm3"].sum(min_count=1))
    scars = [_rows(by, matching, found, truth) for by, matching in matchings.items()]
    return PhotoComparison(photo, pd.concat(scars, ignore_index=True))


def _by_chance(found: Marked, truth: Marked, matching: Matching, radius_mm: float) -> int:
    """How many scars would be found within the radius by marks that know nothing of the skin.

    Where scars are dense some lie near any place. The same marks, mirrored, are as many and as
    dense as the real ones.
    """
    counted = found.centres_mm[~np.isin(found.ids, matching.ignored)]
    width_mm = (found.labels.shape[1] - 1) * found.mm_per_px
    mirrored = np.stack([width_mm - counted[:, 0], counted[:, 1]], axis=1)
    whole = truth.centres_mm[~truth.at_edge]
    return len(match_centres(mirrored, whole, radius=radius_mm))


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Twice the shared area over the sum of areas; NaN where both are empty.

    Parameters
    ----------
    a, b : ndarray of bool
        Masks of the same shape.
    """
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * np.count_nonzero(a & b) / total if total else math.nan


def _areas(found: Marked, truth: Marked, ignored: NDArray[np.int64]) -> dict[str, float]:
    cut = np.isin(truth.labels, truth.ids[truth.at_edge])
    a = (found.labels > 0) & ~np.isin(found.labels, ignored) & ~cut
    b = (truth.labels > 0) & ~cut
    cell = found.mm_per_px**2
    return {
        "true_area_mm2": np.count_nonzero(b) * cell,
        "found_area_mm2": np.count_nonzero(a) * cell,
        "shared_area_mm2": np.count_nonzero(a & b) * cell,
        "dice": dice(a, b),
    }


def _rows(by: Criterion, matching: Matching, found: Marked, truth: Marked) -> pd.DataFrame:
    table = pd.concat(
        [
            pd.DataFrame({"found_id": matching.pairs[:, 0], "true_id": matching.pairs[:, 1]}),
            pd.DataFrame({"found_id": 0, "true_id": matching.missed}),
            pd.DataFrame({"found_id": matching.false, "true_id": 0}),
        ],
        ignore_index=True,
    )
    sizes = [len(matching.pairs), len(matching.missed), len(matching.false)]
    table["criterion"] = by
    table["status"] = np.repeat(["found", "missed", "false"], sizes)
    for side, of in (("true", truth), ("found", found)):
        known = of.table.set_index("scar_id")[[*_SIZES, _UNCERTAIN]].add_prefix(f"{side}_")
        table = table.merge(known, how="left", left_on=f"{side}_id", right_index=True)
    table = _nearness(table, matching, found, truth)
    return table.reindex(columns=list(SCAR_COLUMNS)).astype({"criterion": "str", "status": "str"})


def _nearness(
    table: pd.DataFrame, matching: Matching, found: Marked, truth: Marked
) -> pd.DataFrame:
    """Distance and overlap of the pairs, which are the first rows."""
    a = np.searchsorted(found.ids, matching.pairs[:, 0])
    b = np.searchsorted(truth.ids, matching.pairs[:, 1])
    rest = np.full(len(table) - len(a), np.nan)
    apart = np.linalg.norm(found.centres_mm[a] - truth.centres_mm[b], axis=1)
    shared = overlaps(found, truth)[a, b]
    return table.assign(
        distance_mm=np.concatenate([apart, rest]), iou=np.concatenate([shared, rest])
    )
