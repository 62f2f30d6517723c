"""One pair of the set: photographed, compared, scored the naive way, held against its truth."""

from __future__ import annotations

import hashlib
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import scarscope.phantom
from scarscope.change import Change, compare
from scarscope.change.common import Mask
from scarscope.change.error import FILE
from scarscope.change.scars import judge_of
from scarscope.measures import score
from scarscope.params import ChangeParams
from scarscope.photo import Photo, read_photo
from scarscope.scars.model import Segmenter
from scarscope.validation.matching import match_overlap
from scarscope.validation.pair_set import SEEDS, PairItem, Taken, take
from scarscope.validation.pair_truth import (
    TrueChange,
    landmark_errors_mm,
    on_pixels,
    true_change,
    true_scars,
)
from scarscope.validation.standard_segmenter import SegmenterName, segmenter_of

# What decides a pair's figures; a change of any of it makes kept pairs stale.
_CODE = (
    *("params", "flags.py", "photo", "skin", "scars", "measures", "change", "phantom"),
    "validation/matching.py",
    *(f"validation/pair_{name}.py" for name in ("set", "copies", "truth", "item")),
)
_MATCH_IOU = 0.1  # as :mod:`scarscope.change.matching`: outlines of one scar need not be alike

PairRows = dict[str, list[dict[str, Any]]]


def run_pair(
    item: PairItem, segmenter: SegmenterName = "network", *, seeds: range = SEEDS
) -> PairRows:
    """Photograph and compare one pair and hold it against its truth.

    Parameters
    ----------
    item : PairItem
    segmenter : {"network", "relief"}
        What finds the scars.
    seeds : range, optional
        The range that `item` was planned with.

    Returns
    -------
    dict
        Rows of ``pairs`` (one) and ``scars`` that JSON can hold.
    """
    taken = take(item, seeds=seeds)
    finder = segmenter_of(segmenter)
    photos = read_both(taken)
    naive, score_s = _scored(photos, finder)
    start = time.perf_counter()
    change = compare(*photos, segmenter=finder, refuse=False)
    compare_s = time.perf_counter() - start
    truth = truth_of(item, taken, change)
    row = {
        **_place(item, taken),
        **_alignment(item, taken, change),
        **_told(change),
        **_true(truth),
        "naive_before_um": naive[0],
        "naive_after_um": naive[1],
        "score_s": score_s,
        "compare_s": compare_s,
    }
    scars = [] if truth is None else scar_rows(change, truth)
    return {"pairs": [_plain(row)], "scars": [_plain({"pair": item.name, **s}) for s in scars]}


def read_both(taken: Taken) -> tuple[Photo, Photo]:
    """Both photos as a user's would be read."""
    first = read_photo(taken.first, mm_per_px=taken.before.mm_per_px, name="before")
    return first, read_photo(taken.second, mm_per_px=taken.after.mm_per_px, name="after")


def truth_of(item: PairItem, taken: Taken, change: Change) -> TrueChange | None:
    """What truly changed over the skin that was compared; None for photos of different skin."""
    return None if item.part == "wrong" else true_change(taken.before, taken.after, change.pair)


def _scored(photos: tuple[Photo, Photo], finder: Segmenter) -> tuple[tuple[float, float], float]:
    """Burden of both photos on their own, µm, and seconds for one."""
    start = time.perf_counter()
    first, second = (score(photo, segmenter=finder).burden_um for photo in photos)
    return (float(first), float(second)), (time.perf_counter() - start) / 2


def _place(item: PairItem, taken: Taken) -> dict[str, Any]:
    return {
        "pair": item.name,
        "part": item.part,
        "kind": item.kind,
        "response": item.response,
        "light": taken.before.light,
        "ita_deg": taken.before.ita_deg,
    }


def _alignment(item: PairItem, taken: Taken, change: Change) -> dict[str, Any]:
    found = change.alignment
    if item.part == "wrong":
        errors: NDArray[np.float64] = np.zeros(0)
    else:
        copy = item.part == "copy"
        errors = landmark_errors_mm(taken.before, taken.after, found, copy=copy)
    known = len(errors) > 0
    return {
        "aligned": bool(found.ok),
        "landmark_mm": float(np.median(errors)) if known else math.nan,
        "landmark_p95_mm": float(np.quantile(errors, 0.95)) if known else math.nan,
        "residual_mm": float(found.residual_mm),
        "confidence": float(found.confidence),
        "overlap": float(found.overlap),
    }


def _told(change: Change) -> dict[str, Any]:
    """What the comparison says; figures also where it would have refused."""
    burden = change.measures[change.measures["measure"] == "burden_um"].iloc[0]
    figures = {f"gate_{name}": value for name, value in change.comparability.figures.items()}
    return {
        "comparable": change.comparable,
        "codes": change.comparability.codes,
        "verdict": change.verdict,
        "found_pct": change.change_pct,
        "mdc95_pct": change.mdc95_pct,
        "se_pct": 100 * float(burden["change_se"]) / float(burden["before"])
        if burden["before"] > 0
        else math.nan,
        "found_before_um": float(burden["before"]),
        "found_after_um": float(burden["after"]),
        "network_pct": 100 * change.amount.network,
        "relief_pct": 100 * change.amount.relief,
        **figures,
    }


def _true(truth: TrueChange | None) -> dict[str, Any]:
    if truth is None:
        return dict.fromkeys(("true_before_um", "true_after_um", "true_pct"), math.nan)
    first, second = truth.burden_um
    return {"true_before_um": first, "true_after_um": second, "true_pct": truth.change_pct}


def scar_rows(change: Change, truth: TrueChange) -> list[dict[str, Any]]:
    """One row a true scar that the region shows whole, with the found scar that lies over it.

    Found scars without a partner have a row of their own, without truth: what lies over no scar,
    and what shares one scar with another.
    """
    if change.reading is None or change.pair is None:
        return []
    true = true_scars(truth)
    covers = [_cover(change, row) for row in change.scars.to_dict(orient="records")]
    iou = _overlaps(covers, truth, true["true_id"].tolist())
    pairs, every = dict(match_overlap(iou, least=_MATCH_IOU).tolist()), true.to_dict("records")
    rows = []
    for at, found in enumerate(change.scars.to_dict(orient="records")):
        partner = pairs.get(at)
        told = {**_found(found), **_under(covers[at], truth)}
        known: dict[Any, Any] = every[partner] if partner is not None else {}
        if not known or not known["cut"]:
            strict = _true_status(known, told) if known else ""
            rows.append({**known, **told, "true_status": strict})
    missed = true[~true.index.isin(list(pairs.values())) & ~true["cut"].astype(bool)]
    return rows + [{**row, "status": "", "true_status": ""} for row in missed.to_dict("records")]


def _found(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "status": row["status"],
        "relation": row["relation"],
        "found_pct": row["volume_change_pct"],
        "scar_mdc95_pct": row["mdc95_pct"],
        "only_later": bool(pd.isna(row["before_id"])),
        "both": bool(pd.notna(row["before_id"]) and pd.notna(row["after_id"])),
    }


def _true_status(true: dict[Any, Any], told: dict[str, Any]) -> str:
    """The status that the truth would be given by the same thresholds."""
    judge = judge_of(ChangeParams(), alone=False)
    return judge.status(true["true_pct"] / 100, told["scar_mdc95_pct"] / 100, only_later=False)


def _cover(change: Change, row: dict[Any, Any]) -> Mask:
    """Pixels of the earlier photo that a found scar covers in either photo."""
    assert change.reading is not None
    assert change.pair is not None
    cells = np.zeros(change.pair.region.shape, np.bool_)
    sides = ((change.reading.before, "before_id"), (change.reading.after, "after_id"))
    for scars, name in sides:
        if pd.notna(row[name]):
            cells |= scars.labels == int(row[name])
    return np.asarray(on_pixels(cells, change.pair), np.bool_)


def _under(cover: Mask, truth: TrueChange) -> dict[str, float]:
    """What truly lies under a found outline: the change of its volume, and how much is scar."""
    first, second = (float(d[cover].sum(dtype=np.float64)) for d in (truth.before, truth.after))
    return {
        "true_cover_pct": 100 * (second - first) / first if first > 0 else math.nan,
        "on_scar": float((truth.owner[cover] > 0).mean()) if cover.any() else math.nan,
    }


def _overlaps(covers: list[Mask], truth: TrueChange, ids: list[int]) -> NDArray[np.float64]:
    size = int(truth.owner.max(initial=0)) + 1
    owner = np.where(truth.region, truth.owner, 0)
    areas = np.bincount(owner.ravel(), minlength=size)
    iou = np.zeros((len(covers), len(ids)))
    for at, cover in enumerate(covers):
        shared = np.bincount(owner[cover], minlength=size)
        union = areas + int(cover.sum()) - shared
        iou[at] = [shared[k] / union[k] if union[k] else 0.0 for k in ids]
    return iou


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """What JSON can hold; NaN becomes null."""
    plain = {str(k): v.item() if isinstance(v, np.generic) else v for k, v in row.items()}
    return {
        k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in plain.items()
    }


def pair_digest() -> str:
    """Twelve hexadecimal digits that change with the code and data that make figures of pairs."""
    package = Path(scarscope.phantom.__file__).parents[1]
    digest = hashlib.sha256()
    files = [package / "change" / FILE]
    for name in _CODE:
        at = package / name
        files += [at] if at.suffix else sorted(at.rglob("*.py"))
    for file in files:
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
