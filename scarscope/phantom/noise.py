"""Random fields: one stream a component, smooth noise, and the polygons of skin lines.

Every component draws from its own stream, named after it, so that adding one leaves the others
as they were. Fields have the type of their grid: float64 for photos that must be the same byte for
byte everywhere, float32 where speed or memory matters more.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
Precision = type[np.float32] | type[np.float64]

# Lattice points per sigma: 1.5 keeps a sum of Gaussians free of visible lattice structure.
_LATTICE_PER_SIGMA = 1.5
_REACH_SIGMAS = 4.5
_DENSE_PX = 320  # Up to this many pixels a side, dense products are faster than sparse ones.
_BANDS, _BANDED = 4, 40  # Products by bands of pixels, where there are more lattice points.


@dataclass(frozen=True, eq=False)
class Grid:
    """Pixel centres in mm, from the middle of the sheet: `x` of shape (w,), `y` of shape (h,).

    What is drawn on a grid has the type of `x` and `y`.
    """

    x: Field
    y: Field
    step: float

    @classmethod
    def covering(
        cls, size_mm: tuple[float, float], step: float, dtype: Precision = np.float64
    ) -> Grid:
        """The grid of ``round(size / step)`` pixels that is centred on the origin."""
        width, height = (max(round(s / step), 8) for s in size_mm)
        return cls(
            x=np.asarray(_centres(width, step), dtype=dtype),
            y=np.asarray(_centres(height, step), dtype=dtype),
            step=step,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y.size, self.x.size

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Distance between the first and the last pixel centre, across and down."""
        return float(self.x[-1] - self.x[0]), float(self.y[-1] - self.y[0])

    def zeros(self) -> Field:
        """An empty field."""
        return np.zeros(self.shape, dtype=self.x.dtype)

    def window(self, x: float, y: float, reach: float) -> tuple[slice, slice]:
        """Rows and columns within `reach` mm of a point (possibly empty)."""
        rows = np.searchsorted(self.y, [y - reach, y + reach])
        cols = np.searchsorted(self.x, [x - reach, x + reach])
        return slice(int(rows[0]), int(rows[1])), slice(int(cols[0]), int(cols[1]))

    def offsets(self, window: tuple[slice, slice], x: float, y: float) -> tuple[Field, Field]:
        """Offsets from a point over a window, broadcastable: dx (1, w), dy (h, 1)."""
        return self.x[None, window[1]] - x, self.y[window[0], None] - y


def _centres(size: int, step: float) -> Field:
    return (np.arange(size) - (size - 1) / 2) * step


class _Band(NamedTuple):
    """Weights, shape (pixels, points), of some lattice points at some pixels."""

    pixels: slice
    points: slice
    weights: Field


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of one named component."""
    words = np.random.SeedSequence([seed, zlib.crc32(name.encode("utf-8"))])
    return np.random.Generator(np.random.PCG64(words))


def smooth_noise(rng: np.random.Generator, grid: Grid, sigma_mm: float) -> Field:
    """Gaussian noise of mean 0 and variance 1, smooth over `sigma_mm` (the kernel's sigma).

    A sum of Gaussian bumps on a lattice in mm, so the field is the same at any pixel size.
    """
    if grid.x.dtype == np.float32 and max(grid.shape) <= _DENSE_PX:
        return _small_noise(rng, grid, sigma_mm)
    across = _bumps(grid.x, grid.step, sigma_mm)
    square = grid.x.size == grid.y.size
    down = across if square else _bumps(grid.y, grid.step, sigma_mm)
    lattice = rng.standard_normal((down.shape[1], across.shape[1])).astype(grid.x.dtype, copy=False)
    return np.ascontiguousarray(down @ (across @ lattice.T).T)


def _small_noise(rng: np.random.Generator, grid: Grid, sigma: float) -> Field:
    """As :func:`smooth_noise`, by dense products: faster on patches, but not to the last bit."""
    (across, cols), (down, rows) = (_bands(n, grid.step, sigma) for n in (grid.x.size, grid.y.size))
    lattice = rng.standard_normal((rows, cols)).astype(np.float32)
    half = np.empty((grid.y.size, cols), dtype=np.float32)
    for at, points, weights in down:
        np.matmul(weights, lattice[points], out=half[at])
    field = np.empty(grid.shape, dtype=np.float32)
    for at, points, weights in across:
        np.matmul(half[:, points], weights.T, out=field[:, at])
    return field


@lru_cache(maxsize=64)  # Some 0.1 MB each; a patch takes about twenty, most of fixed sigma.
def _bands(size: int, step: float, sigma: float) -> tuple[tuple[_Band, ...], int]:
    """Bands of pixels with the lattice points that they are near to, and how many points in all."""
    at = _centres(size, step).astype(np.float32)
    spacing = sigma / _LATTICE_PER_SIGMA
    reach = math.ceil(_REACH_SIGMAS * _LATTICE_PER_SIGMA)
    half = _half(size, step, spacing) + reach
    points = (np.arange(-half, half + 1) * spacing).astype(np.float32)
    # The floor keeps exp() from numbers too small to be computed fast.
    weights = np.exp(np.maximum(-0.5 * ((at[:, None] - points) * (1 / sigma)) ** 2, -30))
    weights /= np.sqrt(np.sum(weights * weights, axis=1, keepdims=True))
    pieces = _BANDS if points.size > _BANDED else 1
    return tuple(
        _Band(near, some, np.ascontiguousarray(weights[near, some]))
        for near in (slice(k * size // pieces, (k + 1) * size // pieces) for k in range(pieces))
        for some in [_near(at[near] / spacing + half, reach, points.size)]
    ), points.size


def _near(place: Field, reach: int, count: int) -> slice:
    """Lattice points within reach of rising places."""
    first, last = math.floor(place[0]) - reach, math.ceil(place[-1]) + reach
    return slice(max(first, 0), min(last + 1, count))


def _half(size: int, step: float, spacing: float) -> int:
    """Lattice points from the middle to the last pixel; all draws hang on it, so not rounded."""
    return math.ceil(float(_centres(size, step)[-1]) / spacing)


def _bumps(at: Field, step: float, sigma: float) -> scipy.sparse.csr_array:
    """Weights of lattice points (columns) at positions (rows), each row of norm 1."""
    spacing = sigma / _LATTICE_PER_SIGMA
    reach = math.ceil(_REACH_SIGMAS * _LATTICE_PER_SIGMA)
    half = _half(at.size, step, spacing) + reach
    first = np.floor(at / spacing).astype(np.int64) - reach + 1
    points = first[:, None] + np.arange(2 * reach)
    away = np.asarray((at[:, None] - points * spacing) / sigma, dtype=at.dtype)
    weights = np.exp(-0.5 * away**2)
    weights /= np.sqrt(np.sum(weights**2, axis=1, keepdims=True))
    starts = np.arange(at.size + 1) * 2 * reach
    shape = (at.size, 2 * half + 1)
    return scipy.sparse.csr_array((weights.ravel(), (points + half).ravel(), starts), shape=shape)


def polygons(rng: np.random.Generator, u: Field, v: Field) -> tuple[Field, Field]:
    """Voronoi polygons with one jittered seed a unit cell (Worley 1996).

    Parameters
    ----------
    u, v : ndarray, shape (h, w)
        Coordinates in units of a cell.

    Returns
    -------
    distance : ndarray, shape (h, w)
        F2 - F1: 0 on the lines between polygons, about 0.5 in their middles.
    strength : ndarray, shape (h, w)
        0 to 1, one random value per pair of neighbours, so that lines differ in depth.
    """
    first_col, first_row = math.floor(u.min()) - 1, math.floor(v.min()) - 1
    size = (3, math.floor(v.max()) - first_row + 2, math.floor(u.max()) - first_col + 2)
    places = rng.random(size)
    single = u.dtype == np.float32
    planes = _packable(places) if single else places
    look = _two_nearest_packed if single else _two_nearest
    distance, strength = np.empty_like(u), np.empty_like(u)
    for part in strips(u.shape):
        found = look(planes, u[part] - first_col, v[part] - first_row)
        distance[part], strength[part] = found
    return distance, strength


def _packable(places: Field) -> Field:
    """Places in float32, with the bits of a whole number below 256 instead of a value."""
    planes = places.astype(np.float32)
    planes[2] = (places[2] * 256).astype(np.int32).view(np.float32)
    return planes


def _two_nearest_packed(planes: Field, u: Field, v: Field) -> tuple[Field, Field]:
    """As :func:`_two_nearest`, but three times as fast.

    Positive floats are ordered as their bits are; a seed's value rides in the eight lowest bits of
    its squared distance, so that sorting needs no masks. Distances lose less than 1 part in 30000.
    """
    col, row = np.floor(u), np.floor(v)
    wide = planes.shape[2]
    at = (row.astype(np.intp) - 1) * wide + (col.astype(np.intp) - 1)
    u, v = u - col, v - row
    first = np.full(u.shape, np.iinfo(np.int32).max, dtype=np.int32)
    second, larger = first.copy(), np.empty_like(first)
    x, y, tag = (np.empty_like(u) for _ in range(3))
    packed, tags = x.view(np.int32), tag.view(np.int32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            # The neighbour's seeds, by their offset from the corner of the pixel's own cell.
            px, py, own = planes.reshape(3, -1)[:, (1 + down) * wide + 1 + right :]
            for plane, found in (
                (px + np.float32(right), x),
                (py + np.float32(down), y),
                (own, tag),
            ):
                # Nothing is out of range; to wrap is the fastest way not to be asked about it.
                plane.take(at, out=found, mode="wrap")
            x -= u
            y -= v
            x *= x
            y *= y
            x += y
            packed &= ~255
            packed |= tags
            np.minimum(second, np.maximum(first, packed, out=larger), out=second)
            np.minimum(first, packed, out=first)
    gap = np.sqrt(second.view(np.float32)) - np.sqrt(first.view(np.float32))
    first += second  # What flows over is not among the low bits.
    first &= 255
    return gap, first.astype(np.float32) / 256


def strips(shape: tuple[int, ...], cells: int = 20_000) -> list[slice]:
    """Bands of rows of about that many pixels, so that what is worked on stays in the cache."""
    rows = max(1, cells // max(shape[-1], 1))
    return [slice(first, min(first + rows, shape[-2])) for first in range(0, shape[-2], rows)]


def _two_nearest(places: Field, u: Field, v: Field) -> tuple[Field, Field]:
    col, row = np.floor(u), np.floor(v)
    cell = np.stack([col, row], axis=2).astype(np.int16)
    u, v = u - col, v - row
    first, second = np.full_like(u, np.inf), np.full_like(u, np.inf)
    own, other = np.zeros_like(u), np.zeros_like(u)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            at = cell + np.array([right, down], dtype=np.int16)
            x, y, tag = (_looked_up(plane, at) for plane in places)
            x -= u - right
            y -= v - down
            x *= x
            y *= y
            away = np.add(x, y, out=x)
            nearer = away < first
            np.copyto(other, tag, where=away < second)
            np.copyto(other, own, where=nearer)
            np.copyto(own, tag, where=nearer)
            np.minimum(second, np.maximum(first, away), out=second)
            np.minimum(first, away, out=first)
    return np.sqrt(second) - np.sqrt(first), (own + other) % 1.0


def _looked_up(plane: Field, at: NDArray[np.int16]) -> Field:
    found: Field = cv2.remap(plane, at, None, cv2.INTER_NEAREST)  # type: ignore[call-overload]
    return found
