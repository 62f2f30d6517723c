"""The network over a whole photo, tile after tile, in flat memory.

Tiles start at multiples of the network's coarsest cell, so that the same skin is cut into the same
cells however large the tiles are. Each is a little larger than what is kept of it, but ends where
the photo ends, as the examples did that the network learned from: what it then sees beyond an edge
is nothing, and not a skin with every scar at the edge twice. Photos of few tiles are read in
several ways, and the mean counts: it is steadier than any one reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.params import NETWORK_STRIDE, NETWORK_WAYS, NetworkParams
from scarscope.scars.channels import BROAD_MM, NETWORK_MM, channels
from scarscope.scars.network import Maps, Net
from scarscope.skin.model import Skin

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Square = tuple[slice, slice]
Place = tuple[int, int]

# Steps down and across: upright, turned by half a turn, and both mirrored. The network learned from
# skin that lay every way.
_WAYS = ((1, 1), (-1, -1), (1, -1), (-1, 1))
_SAME = 0.03  # grids this close to the network's own spacing are taken as they are
# Coarser grids than this many times the network's spacing are not enlarged further: there is
# nothing to be seen in them (COARSE_RESOLUTION), and memory grows with the square.
_MOST_ENLARGED = 2.0
_BLOCK_PX = 1024  # side of what is turned into channels at a time
_TRIM_PX = 128  # steps in which a tile is cut to the region; a multiple of NETWORK_STRIDE
# Four sigma, in whole cells of the blur's own reduced picture.
_SURROUND_PX = 8 * round(4 * BROAD_MM / NETWORK_MM / 8)


@dataclass(frozen=True, eq=False)
class View:
    """The part of a photo that holds its region, at the network's spacing.

    Attributes
    ----------
    box : tuple of 2 slice
        That part on the grid.
    rgb : ndarray of float32, shape (h, w, 3)
        Linear light.
    region : ndarray of bool, shape (h, w)
    mm : float
        Size of its pixels in mm, by the grid's `filter_mm`.
    """

    box: Square
    rgb: Image
    region: Mask
    mm: float


@dataclass(frozen=True, eq=False)
class Piece:
    """Maps of the kept part of one tile.

    Attributes
    ----------
    place : tuple of 2 slice
        In cells.
    maps : ndarray of float32, shape (8, h, w)
        Mean of all readings.
    twice : tuple of 2 ndarray, each of the shape of `maps`, or None
        As read upright, and as read upside down and turned back.
    """

    place: Square
    maps: Maps
    twice: tuple[Maps, Maps] | None


def view_of(skin: Skin) -> View:
    """Bring skin to the network's spacing."""
    grid = skin.grid
    box = _box(skin.region, margin=int(np.ceil(_SURROUND_PX * NETWORK_MM / grid.filter_mm)))
    rgb, region = skin.rgb[box], skin.region[box]
    factor = min(grid.filter_mm / NETWORK_MM, _MOST_ENLARGED)
    if abs(factor - 1) <= _SAME:
        return View(box, rgb, region, grid.filter_mm)
    rows, cols = (max(1, round(n * factor)) for n in region.shape)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return View(
        box,
        np.asarray(cv2.resize(rgb, (cols, rows), interpolation=how)),
        cv2.resize(region.astype(np.uint8), (cols, rows), interpolation=cv2.INTER_NEAREST_EXACT)
        > 0,
        grid.filter_mm / factor,
    )


def _box(region: Mask, *, margin: int) -> Square:
    sides = []
    for axis in (1, 0):
        there = np.flatnonzero(region.any(axis=axis))
        first, last = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 1)
        size = region.shape[1 - axis]
        sides.append(slice(max(first - margin, 0), min(last + margin, size)))
    return sides[0], sides[1]


def read_tiles(net: Net, view: View, params: NetworkParams) -> Iterator[Piece]:
    """Run the network over every tile that holds some of the region.

    Parameters
    ----------
    net : Net
    view : View
    params : NetworkParams

    Yields
    ------
    Piece
        Places are in cells of 0.20 mm: half of the view's pixels, rounded up.
    """
    rim, ways = params.overlap_px, ways_of(view, params)
    number = 0
    for block in _blocks(view.region, _step(params)):
        seen, start = _channels(view.rgb, block)
        for kept in _kept(block, view.region, params):
            tile = _tile(seen, start, _around(kept, view.region.shape, rim=rim), view.region.shape)
            again = params.check_turned and (ways > 1 or number % params.turned_every == 0)
            number += 1
            yield _piece(net, tile, kept, rim=rim, ways=ways, again=again)


def _step(params: NetworkParams) -> int:
    return params.tile_px - 2 * params.overlap_px


def _kept(block: Square, region: Mask, params: NetworkParams) -> Iterator[Square]:
    """What is kept of each tile of a block that holds some of the region."""
    for square in _squares(block, _step(params)):
        kept = _trimmed(square, region)
        if kept is not None:
            yield kept


def ways_of(view: View, params: NetworkParams) -> int:
    """How many ways every tile of a view is read: as many as there are tiles to spare for.

    By the region's area in tiles, not by how it happens to lie over them: what is read in four ways
    at one visit is read so at the next one, if the region is the same.
    """
    tiles = np.count_nonzero(view.region) / _step(params) ** 2
    allowed = (ways for ways in NETWORK_WAYS[::-1] if ways <= params.most_ways)
    return next((ways for ways in allowed if ways * tiles <= params.most_tiles), 1)


def _around(kept: Square, shape: tuple[int, ...], *, rim: int) -> Square:
    """A square with its rim, cut at the photo's edge; whole cells of the network's coarsest."""
    rows, cols = (
        slice(
            max(side.start - rim, 0),
            min(_ceil(side.stop, NETWORK_STRIDE) + rim, _ceil(size, NETWORK_STRIDE)),
        )
        for side, size in zip(kept, shape, strict=True)
    )
    return rows, cols


def _tile(seen: Maps, start: Place, whole: Square, shape: tuple[int, ...]) -> Maps:
    """What the network sees; what lacks to a whole cell beyond the photo's edge is mirrored."""
    rows, cols = (
        _mirrored(side.start, side.stop - side.start, size) - first
        for side, size, first in zip(whole, shape, start, strict=True)
    )
    return np.asarray(seen[:, rows[:, None], cols])


def _piece(net: Net, tile: Maps, kept: Square, *, rim: int, ways: int, again: bool) -> Piece:
    rows, cols = (slice(side.start // 2, (side.stop + 1) // 2) for side in kept)
    down, across = (min(side.start, rim) // 2 for side in kept)
    inner = (
        slice(None),
        slice(down, down + rows.stop - rows.start),
        slice(across, across + cols.stop - cols.start),
    )
    read = [
        net(tile[:, ::y, ::x])[:, ::y, ::x][inner] for y, x in _WAYS[: max(ways, 2 if again else 1)]
    ]
    mean = np.mean(read[:ways], axis=0, dtype=np.float32)
    return Piece((rows, cols), np.asarray(mean), (read[0], read[1]) if again else None)


def _blocks(region: Mask, step: int) -> Iterator[Square]:
    """Blocks of whole squares that hold some of the region."""
    whole = (slice(0, region.shape[0]), slice(0, region.shape[1]))
    for block in _squares(whole, max(1, _BLOCK_PX // step) * step):
        if region[block].any():
            yield block


def _squares(area: Square, side: int) -> Iterator[Square]:
    """Squares that fill an area, those at its end cut off."""
    rows, cols = area
    for top in range(rows.start, rows.stop, side):
        for left in range(cols.start, cols.stop, side):
            yield (
                slice(top, min(top + side, rows.stop)),
                slice(left, min(left + side, cols.stop)),
            )


def _trimmed(square: Square, region: Mask) -> Square | None:
    """The part of a square that holds some of the region; None where nothing does.

    In coarse steps, so that few sizes occur: engines are slower on a size that they meet first.
    """
    there = region[square]
    sides = []
    for axis, side in zip((1, 0), square, strict=True):
        found = np.flatnonzero(there.any(axis=axis))
        if not len(found):
            return None
        first = int(found[0]) // _TRIM_PX * _TRIM_PX
        last = min(_ceil(int(found[-1]) + 1, _TRIM_PX), side.stop - side.start)
        sides.append(slice(side.start + first, side.start + last))
    return sides[0], sides[1]


def _channels(rgb: Image, block: Square) -> tuple[Maps, Place]:
    """Channels of a block with its surroundings, and where these start."""
    rows, cols = (
        slice(max(side.start - _SURROUND_PX, 0), min(side.stop + _SURROUND_PX, size))
        for side, size in zip(block, rgb.shape[:2], strict=True)
    )
    return channels(rgb[rows, cols]), (rows.start, cols.start)


def _mirrored(start: int, count: int, size: int) -> NDArray[np.intp]:
    """`count` indices from `start` on, mirrored where they leave 0 to `size` - 1."""
    if size == 1:
        return np.zeros(count, np.intp)
    period = 2 * (size - 1)
    there = np.abs(np.arange(start, start + count)) % period
    return np.asarray(np.minimum(there, period - there))


def _ceil(number: int, unit: int) -> int:
    return -(-number // unit) * unit


def onto_grid(cells: Image, view: View) -> Image:
    """A map of cells of 0.20 mm on the grid, in the view's box.

    Parameters
    ----------
    cells : ndarray of float32, shape (ceil(h / 2), ceil(w / 2))
    view : View
        Its shape is (h, w).
    """
    rows, cols = cells.shape
    double = cv2.resize(cells, (2 * cols, 2 * rows), interpolation=cv2.INTER_LINEAR)
    double = double[: view.region.shape[0], : view.region.shape[1]]
    wanted = tuple(side.stop - side.start for side in view.box)
    if double.shape == wanted:
        return np.ascontiguousarray(double)
    how = cv2.INTER_AREA if wanted[0] < double.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(double, (wanted[1], wanted[0]), interpolation=how))
