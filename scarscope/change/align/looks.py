"""Looking for all blocks of one view in another, and following them while that finds more."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change.align.blocks import Blocks, Lattice, make_lattice, match_blocks
from scarscope.change.align.dense import Evidence, Found, find_mapping
from scarscope.change.align.views import Image, Mask, View
from scarscope.change.align.warps import Matrix, Warp, jacobian
from scarscope.params.align import AlignParams

# Each look is around where the last one's mapping says; the last is one that no longer finds this
# many times as many blocks as the one before.
_MOST_LOOKS, _WORTHWHILE = 4, 1.03
_LEAST_WEIGHT = 0.02  # correlation that a channel is taken to have where it shows nothing
_LEAST_TOLERANCE = 1.5  # cells: what a peak between cells can be off by, and half as much again


@dataclass(frozen=True, eq=False)
class Look:
    """One look at all blocks: the mapping they give and which of them agree with it."""

    lattice: Lattice
    blocks: Blocks
    found: Found
    off: NDArray[np.float64]  # cells of the earlier view, NaN where not shown
    agree: NDArray[np.bool_]

    @property
    def support(self) -> NDArray[np.float32]:
        """1 where a block agrees, 0 where not, NaN where not shown, shape of the lattice."""
        known = np.where(self.blocks.shown, self.agree, np.nan)
        return known.reshape(self.lattice.shape).astype(np.float32)


def last_look(first: View, second: View, warp: Warp, params: AlignParams) -> Look | None:
    """Look for all blocks, follow them, and look again while that finds more.

    None where too few blocks are sure of their places for any mapping.
    """
    lattice = make_lattice(first, params)
    look = _look(first, second, warp, lattice, np.ones(len(first.bands)), params)
    for _ in range(_MOST_LOOKS - 1):
        if look is None:
            break
        again = _look(first, second, look.found.warp, lattice, _weights(look), params)
        enough = again is None or again.agree.sum() < _WORTHWHILE * look.agree.sum()
        look = again or look
        if enough:
            break
    return look


def _look(
    first: View,
    second: View,
    warp: Warp,
    lattice: Lattice,
    weights: NDArray[np.float64],
    params: AlignParams,
) -> Look | None:
    """Look for all blocks around where a mapping says; None where too few are sure."""
    bands, mask = _resampled(first, second, warp)
    blocks = match_blocks(first, bands, mask, lattice, weights, params)
    rows, cols = np.divmod(np.arange(len(lattice.at)), lattice.shape[1])
    nodes = np.column_stack([rows, cols])
    there = warp.points(lattice.at + np.nan_to_num(blocks.shift))
    per_cell = scale_of(warp.matrix, first)
    tolerance = max(params.agree_mm / first.mm, _LEAST_TOLERANCE)
    sure = blocks.sure
    evidence = Evidence(
        nodes[sure],
        lattice.at[sure],
        there[sure],
        lattice.shape,
        first.mask.shape,
        tolerance * per_cell,
    )
    found = find_mapping(evidence)
    if found is None:
        return None
    expected = found.expected(lattice.at, (rows + cols) % 2 == 0)
    off = np.linalg.norm(expected - there, axis=1) / per_cell
    off[~blocks.shown] = np.nan
    return Look(lattice, blocks, found, off, np.nan_to_num(off, nan=np.inf) <= tolerance)


def _resampled(first: View, second: View, warp: Warp) -> tuple[tuple[Image, ...], Mask]:
    """The later view's bands and mask on the cells of the earlier one."""
    x, y = warp.cells(first.mask.shape)
    bands = tuple(
        np.asarray(cv2.remap(band, x, y, cv2.INTER_LINEAR, borderValue=0), np.float32)
        for band in second.bands
    )
    return bands, shown_in(second, x, y)


def shown_in(view: View, x: NDArray[np.float32], y: NDArray[np.float32]) -> Mask:
    """Where a view shows skin at places given in its cells."""
    mask = cv2.remap(view.mask.astype(np.uint8), x, y, cv2.INTER_NEAREST, borderValue=0)
    return np.asarray(mask > 0)


def _weights(look: Look) -> NDArray[np.float64]:
    """How much each channel counts: as well as it agrees where the blocks do."""
    if not look.agree.any():
        return np.ones(look.blocks.by_channel.shape[1])
    mean = look.blocks.by_channel[look.agree].mean(axis=0)
    return np.asarray(np.square(np.clip(mean, _LEAST_WEIGHT, None)))


def scale_of(matrix: Matrix, view: View) -> float:
    """Cells of the later view per cell of the earlier one, in the middle of its skin."""
    y, x = (float(np.mean(v)) for v in np.nonzero(view.mask))
    return float(np.sqrt(abs(np.linalg.det(jacobian(matrix, x, y)))))
