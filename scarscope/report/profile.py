"""Depth along a straight cut through one scar."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scarscope.errors import ParamsError
from scarscope.measures.model import Score

_UM_PER_MM = 1000.0
_BEYOND = 0.35  # of the cut's length in the scar, that is shown of the skin on either side
_PER_CELL = 4  # points of the cut

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Profile:
    """Depth along a straight cut through one scar.

    Attributes
    ----------
    along : ndarray of float, shape (n,)
        Place on the cut in the grid's unit (mm, or px), 0 at the deepest point.
    depth : ndarray of float, shape (n,)
        Missing depth in µm (px without a scale); 0 beyond the outline.
    rims : tuple of 2 float
        Where the cut crosses the outline, of `along`.
    sd_share : float
        Standard deviation of the scar's depth as a share of it; NaN where it is not known.
    """

    along: Points
    depth: Points
    rims: tuple[float, float]
    sd_share: float


def profile_of(score: Score, scar_id: int) -> Profile:
    """Cut a scar through its deepest point, across where it is narrowest.

    That is the direction in which its width is measured, so that the profile shows what types are
    told by: a pit, a trough with walls, or a gentle wave.

    Parameters
    ----------
    score : Score
    scar_id : int
        As in the table of scars.

    Raises
    ------
    ParamsError
        If there is no such scar.
    """
    table = score.scars.table
    row = table[table["scar_id"] == scar_id]
    if row.empty:
        known = f"1 to {len(table)}" if len(table) else "none: no scar was found"
        raise ParamsError(
            f"scar_id = {scar_id!r} is no scar of this photo.", remedy=f"There are {known}."
        )
    own = score.scars.labels == scar_id
    depth = np.where(own, score.scars.depth, 0).astype(np.float64)
    deepest = np.array(np.unravel_index(int(depth.argmax()), depth.shape), np.float64)[::-1]
    across = _narrow_way(own)
    ends = _ends(own, deepest, across)
    reach = _BEYOND * (ends[1] - ends[0])
    first, last = np.floor((ends[0] - reach) * _PER_CELL), np.ceil((ends[1] + reach) * _PER_CELL)
    along = np.arange(first, last + 1) / _PER_CELL  # with 0, the deepest point
    places = deepest[:, None] + across[:, None] * along
    found = ndimage.map_coordinates(depth, places[::-1], order=1, cval=0.0)
    step, fine = score.skin.grid.step, _fine_per_unit(score)
    sd, top = (float(row[f"depth{end}_{fine_unit(score)}"].iloc[0]) for end in ("_sd", ""))
    return Profile(
        along * step,
        found * fine,
        (ends[0] * step, ends[1] * step),
        sd / top if top > 0 else np.nan,
    )


def _narrow_way(own: NDArray[np.bool_]) -> Points:
    """Unit vector (x, y) along the shorter side of the smallest rectangle around a scar."""
    places = np.argwhere(own)[:, ::-1].astype(np.float32)
    corners = np.asarray(cv2.boxPoints(cv2.minAreaRect(places)), np.float64)
    sides = corners[1] - corners[0], corners[2] - corners[1]
    shorter = min(sides, key=lambda side: float(np.hypot(*side)))
    longer = max(sides, key=lambda side: float(np.hypot(*side)))
    length = float(np.hypot(*longer))
    if length == 0:  # a single cell
        return np.array([1.0, 0.0])
    # A scar one cell wide has no shorter side: it is across the longer one.
    found = shorter if np.hypot(*shorter) > 0 else np.array([-longer[1], longer[0]])
    return found / float(np.hypot(*found))


def _ends(own: NDArray[np.bool_], start: Points, way: Points) -> tuple[float, float]:
    """How far from `start` a straight cut stays in a scar, on both sides, in cells."""
    steps = np.arange(0, max(own.shape), 1 / _PER_CELL)
    found = []
    for sign in (-1, 1):
        places = start[:, None] + sign * way[:, None] * steps
        inside = ndimage.map_coordinates(
            own.astype(np.uint8), np.rint(places[::-1]), order=0, cval=0
        )
        out = np.flatnonzero(inside == 0)
        found.append(sign * float(steps[out[0]] if len(out) else steps[-1]))
    return found[0], found[1]


def fine_unit(score: Score) -> str:
    """How columns of depth end: ``um``, or ``px`` without a scale."""
    return "um" if score.skin.grid.unit == "mm" else "px"


def _fine_per_unit(score: Score) -> float:
    return _UM_PER_MM if score.skin.grid.unit == "mm" else 1.0
