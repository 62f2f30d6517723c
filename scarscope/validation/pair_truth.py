"""What truly changed between two simulated photos, over the skin that both show.

Legend
------
there : where a pixel of the earlier photo truly lies in the later one, pixels
owner : number of the scar that a pixel belongs to in the earlier photo, else in the later one

True depth of both photos is laid over the earlier photo's pixels by the phantom's own geometry, so
that a software's alignment decides nothing about the truth but which skin it compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.change.align import Alignment
from scarscope.change.common import Pair
from scarscope.phantom.places import true_places
from scarscope.phantom.render import Rendered

Depth = NDArray[np.float32]
Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

LANDMARK_STEP_MM = 3.0
SCAR_COLUMNS = ("true_id", "type", "width_mm", "true_pct", "true_volume_mm3", "cut")


@dataclass(frozen=True, eq=False)
class TrueChange:
    """Truth on the earlier photo's pixels.

    Attributes
    ----------
    before, after : ndarray of float32, shape of the earlier photo
        Missing depth, mm.
    owner : ndarray of int32, same shape
        0 is no scar.
    region : ndarray of bool, same shape
        The skin that is compared.
    table : DataFrame
        The earlier photo's true scars.
    mm_per_px : float
    """

    before: Depth
    after: Depth
    owner: Labels
    region: Mask
    table: pd.DataFrame
    mm_per_px: float

    @property
    def burden_um(self) -> tuple[float, float]:
        """Mean missing depth of the region in both photos."""
        if not self.region.any():
            return math.nan, math.nan
        one, two = (
            1000 * float(depth[self.region].mean(dtype=np.float64))
            for depth in (self.before, self.after)
        )
        return one, two

    @property
    def change_pct(self) -> float:
        """True change of the missing volume; NaN where nothing was missing."""
        first, second = self.burden_um
        return 100 * (second - first) / first if first > 0 else math.nan


def true_change(before: Rendered, after: Rendered, pair: Pair | None) -> TrueChange:
    """The truth of a pair.

    Parameters
    ----------
    before, after : Rendered
        Photos of one sheet of skin.
    pair : Pair or None
        What was compared; None takes all skin that both photos show.
    """
    x, y = _everywhere(before, after)
    inside = (x >= 0) & (y >= 0) & (x <= after.labels.shape[1] - 1)
    inside &= y <= after.labels.shape[0] - 1
    depth = cv2.remap(after.depth_mm, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    labels = np.where(before.labels > 0, before.labels, _picked(after.labels, x, y, inside))
    region = inside & before.region if pair is None else inside & _region(pair, inside.shape)
    return TrueChange(
        before=before.depth_mm,
        after=np.asarray(depth, np.float32),
        owner=labels.astype(np.int32),
        region=region,
        table=before.table,
        mm_per_px=before.mm_per_px,
    )


def _everywhere(before: Rendered, after: Rendered) -> tuple[Depth, Depth]:
    rows, cols = np.indices(before.labels.shape)
    points = np.stack([cols.ravel(), rows.ravel()], axis=1).astype(np.float64)
    there = true_places(before, after, points).astype(np.float32)
    return there[:, 0].reshape(rows.shape), there[:, 1].reshape(rows.shape)


def _picked(labels: Labels, x: Depth, y: Depth, inside: Mask) -> Labels:
    out = np.zeros(x.shape, np.int32)
    rows, cols = np.rint(y[inside]).astype(np.int64), np.rint(x[inside]).astype(np.int64)
    out[inside] = labels[rows, cols]
    return out


def on_pixels(cells: NDArray[np.generic], pair: Pair) -> NDArray[np.generic]:
    """What lies on the pair's grid, on the earlier photo's pixels; the nearest cell counts."""
    height, width = pair.before.photo.shape[:2]
    rows, cols = np.indices((height, width), dtype=np.float32)
    x, y = pair.grid.from_photo(cols, rows)
    down = np.clip(np.rint(y), 0, cells.shape[0] - 1).astype(np.int64)
    across = np.clip(np.rint(x), 0, cells.shape[1] - 1).astype(np.int64)
    return np.asarray(cells[down, across])


def _region(pair: Pair, shape: tuple[int, ...]) -> Mask:
    region = np.asarray(on_pixels(pair.region, pair), np.bool_)
    assert region.shape == shape
    return region


def true_scars(truth: TrueChange) -> pd.DataFrame:
    """One row a true scar of the earlier photo in the region, columns :data:`SCAR_COLUMNS`.

    The true change of a scar is that of the volume over one and the same skin: what it covers in
    the earlier photo, with what it covers in the later one and nothing covered before. ``cut`` says
    that part of it lies outside the region, so that its figures are those of a part.
    """
    size = int(truth.owner.max(initial=0)) + 1
    own, shown = (
        np.bincount(owner, minlength=size)
        for owner in (truth.owner.ravel(), truth.owner[truth.region])
    )
    volumes = [
        np.bincount(truth.owner[truth.region], weights=depth[truth.region], minlength=size)
        * truth.mm_per_px**2
        for depth in (truth.before, truth.after)
    ]
    rows = []
    for scar in truth.table.to_dict(orient="records"):
        number = int(scar["scar_id"])
        if number < size and shown[number] and volumes[0][number] > 0:
            first, second = float(volumes[0][number]), float(volumes[1][number])
            cut = bool(scar["at_edge"]) or bool(shown[number] < own[number])
            pct = 100 * (second - first) / first
            rows.append((number, scar["type"], float(scar["width_mm"]), pct, first, cut))
    return pd.DataFrame(rows, columns=list(SCAR_COLUMNS))


def landmark_errors_mm(
    before: Rendered, after: Rendered, alignment: Alignment, *, copy: bool = False
) -> NDArray[np.float64]:
    """How far points on the skin lie from where the alignment says, mm; empty where it failed.

    Parameters
    ----------
    before, after : Rendered
    alignment : Alignment
    copy : bool, optional
        Whether the later photo is a copy of the earlier one.
    """
    if not alignment.ok:
        return np.zeros(0)
    height, width = before.labels.shape
    step = LANDMARK_STEP_MM / before.mm_per_px
    x, y = np.meshgrid(np.arange(step / 2, width, step), np.arange(step / 2, height, step))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    there = points if copy else true_places(before, after, points)
    limits = np.array(after.labels.shape[::-1]) - 1
    shown = ((there >= 0) & (there <= limits)).all(axis=1)
    apart = alignment.map(points[shown]) - there[shown]
    return np.asarray(np.hypot(apart[:, 0], apart[:, 1]) * after.mm_per_px)
