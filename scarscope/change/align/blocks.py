"""Block matching: where each small square of one view lies in another that was laid over it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change.align.views import Image, Mask, View
from scarscope.change.align.warps import Points
from scarscope.params.align import AlignParams

_LEAST_SKIN = 0.6  # of a block, in both views
_RIVAL_MM = 0.5  # a rival of a peak lies at least so far from it: a pore's width and its rim
_LEAST_VARIANCE = 0.02  # of a block of a band, whose local variance is about 1


@dataclass(frozen=True)
class Lattice:
    """Points ``(x, y)`` in cells, as the middles of equal fields that a view divides into.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns.
    at : ndarray of float64, shape (rows * columns, 2)
    side : int
        Side of the block around each point, in cells; even.
    """

    shape: tuple[int, int]
    at: Points
    side: int


@dataclass(frozen=True, eq=False)
class Blocks:
    """What was found of each point of a lattice; arrays have shape (n,) but for `shift`.

    Attributes
    ----------
    shown : ndarray of bool
        Enough skin in both views to look.
    sure : ndarray of bool
        Found at one place only.
    shift : ndarray of float64, shape (n, 2)
        From where it was expected to where it was found, in cells; NaN where not shown.
    peak, lead : ndarray of float64
        Correlation there, and how far it exceeds that of any other place.
    by_channel : ndarray of float64, shape (n, channels)
        Correlation of each channel there.
    """

    shown: NDArray[np.bool_]
    sure: NDArray[np.bool_]
    shift: Points
    peak: NDArray[np.float64]
    lead: NDArray[np.float64]
    by_channel: NDArray[np.float64]


def make_lattice(view: View, params: AlignParams) -> Lattice:
    """A lattice over a view whose blocks do not overlap."""
    side = max(params.block_mm / view.mm, params.least_block_cells)
    spacing = max(side, view.extent / np.sqrt(params.most_blocks))
    height, width = view.mask.shape
    shape = max(1, round(height / spacing)), max(1, round(width / spacing))
    x = (np.arange(shape[1]) + 0.5) * width / shape[1] - 0.5
    y = (np.arange(shape[0]) + 0.5) * height / shape[0] - 0.5
    at = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return Lattice(shape=shape, at=at, side=2 * int(side // 2))


def match_blocks(
    before: View,
    after: tuple[Image, ...],
    mask: Mask,
    lattice: Lattice,
    weights: NDArray[np.float64],
    params: AlignParams,
) -> Blocks:
    """Look for each block around where it is expected.

    `after` and `mask` are the later view as resampled onto the cells of `before`; `weights` says
    how much each channel counts.
    """
    n, reach = len(lattice.at), max(3, round(params.search_mm / before.mm))
    rival = max(2.0, _RIVAL_MM / before.mm)
    shown = np.zeros(n, np.bool_)
    found = np.full((n, 4 + len(weights)), np.nan)
    both = before.mask & mask
    wider = [_padded(band, reach) for band in after]
    for k, (x, y) in enumerate(lattice.at):
        inner, outer = _windows(_corner(x, y, lattice.side, both.shape), lattice.side, reach)
        if both[inner].mean() < _LEAST_SKIN:
            continue
        scores = [_score(b[inner], a[outer]) for b, a in zip(before.bands, wider, strict=True)]
        shown[k] = True
        found[k] = _peak(np.array(scores), weights, rival)
    shift = found[:, :2] - reach
    inside = np.abs(shift).max(axis=1, initial=0) < reach - 0.5
    sure = shown & inside & (np.nan_to_num(found[:, 3]) >= params.least_lead)
    return Blocks(shown, sure, shift, found[:, 2], found[:, 3], found[:, 4:])


def _corner(x: float, y: float, side: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """First column and row of a block around a point, within the view."""
    half = (side - 1) / 2
    across, down = (
        max(0, min(round(v - half), n - side)) for v, n in ((x, shape[1]), (y, shape[0]))
    )
    return across, down


def _padded(band: Image, reach: int) -> Image:
    """Room to search beyond the borders; there is no skin, as in all that is not masked."""
    return np.pad(band, reach)


def _windows(
    corner: tuple[int, int], side: int, reach: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """A block, and the same with room around it in a padded band."""
    x, y = corner
    wide = side + 2 * reach
    return (slice(y, y + side), slice(x, x + side)), (slice(y, y + wide), slice(x, x + wide))


def _score(block: Image, window: Image) -> Image:
    """Correlation of a block with every place of a window, -1 to 1; 0 for blank skin."""
    shape = window.shape[0] - block.shape[0] + 1, window.shape[1] - block.shape[1] + 1
    if block.var() < _LEAST_VARIANCE or window.var() < _LEAST_VARIANCE:
        return np.zeros(shape, np.float32)
    score = cv2.matchTemplate(window, block, cv2.TM_CCOEFF_NORMED)
    return np.asarray(np.where(np.isfinite(score) & (np.abs(score) <= 1), score, 0), np.float32)


def _peak(scores: NDArray[np.float32], weights: NDArray[np.float64], rival: float) -> list[float]:
    """x, y, height and lead of the highest place of all channels together, and each one's there."""
    total = np.tensordot(weights / weights.sum(), scores, axes=1)
    y, x = (int(v) for v in np.unravel_index(int(total.argmax()), total.shape))
    rows, cols = np.ogrid[: total.shape[0], : total.shape[1]]
    far = np.hypot(rows - y, cols - x) > rival
    top = float(total[y, x])
    lead = top - float(total[far].max(initial=-1))
    fx, fy = _between(total[y, :], x), _between(total[:, x], y)
    return [fx, fy, top, lead, *scores[:, y, x].tolist()]


def _between(line: NDArray[np.floating], k: int) -> float:
    """Place of the top of the parabola through a peak and its neighbours."""
    if not 0 < k < len(line) - 1:
        return float(k)
    left, middle, right = (float(v) for v in line[k - 1 : k + 2])
    bend = left - 2 * middle + right
    return k if bend >= 0 else k + float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
