"""Random fields: one stream a component, smooth noise, and the polygons of skin lines.

Every component draws from its own stream, named after it, so that adding one leaves the others
as they were. Fields have the type of their grid: float64 for photos that must be the same byte for
byte everywhere, float32 where speed or memory matters more.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
Precision = type[np.float32] | type[np.float64]

# Lattice points per sigma: 1.5 keeps a sum of Gaussians free of visible lattice structure.
_LATTICE_PER_SIGMA = 1.5
_REACH_SIGMAS = 4.5


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
            x=np.asarray((np.arange(width) - (width - 1) / 2) * step, dtype=dtype),
            y=np.asarray((np.arange(height) - (height - 1) / 2) * step, dtype=dtype),
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


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of one named component."""
    words = np.random.SeedSequence([seed, zlib.crc32(name.encode("utf-8"))])
    return np.random.Generator(np.random.PCG64(words))


def smooth_noise(rng: np.random.Generator, grid: Grid, sigma_mm: float) -> Field:
    """Gaussian noise of mean 0 and variance 1, smooth over `sigma_mm` (the kernel's sigma).

    A sum of Gaussian bumps on a lattice in mm, so the field is the same at any pixel size.
    """
    across = _bumps(grid.x, sigma_mm)
    square = grid.x.size == grid.y.size
    down = across if square else _bumps(grid.y, sigma_mm)
    lattice = rng.standard_normal((down.shape[1], across.shape[1])).astype(grid.x.dtype, copy=False)
    return np.ascontiguousarray(down @ (across @ lattice.T).T)


def _bumps(at: Field, sigma: float) -> scipy.sparse.csr_array:
    """Weights of lattice points (columns) at positions (rows), each row of norm 1."""
    spacing = sigma / _LATTICE_PER_SIGMA
    reach = math.ceil(_REACH_SIGMAS * _LATTICE_PER_SIGMA)
    half = math.ceil(at[-1] / spacing) + reach
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
    col, row = np.floor(u), np.floor(v)
    first_col, first_row = float(col.min()) - 1, float(row.min()) - 1
    col, row = col - first_col, row - first_row
    u, v = (u - np.floor(u)) + col, (v - np.floor(v)) + row
    seeds = rng.random((3, int(row.max()) + 2, int(col.max()) + 2)).astype(u.dtype, copy=False)
    places = np.ascontiguousarray(np.moveaxis(seeds, 0, 2))
    return _two_nearest(places, u, v, np.stack([col, row], axis=2).astype(np.int16))


def _two_nearest(places: Field, u: Field, v: Field, cell: NDArray[np.int16]) -> tuple[Field, Field]:
    first, second = np.full_like(u, np.inf), np.full_like(u, np.inf)
    own, other = np.zeros_like(u), np.zeros_like(u)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            at = cell + np.array([right, down], dtype=np.int16)
            near = cv2.remap(places, at, None, cv2.INTER_NEAREST)  # type: ignore[call-overload]
            x, y, tag = cv2.split(near)
            away = ((at[..., 0] + x) - u) ** 2 + ((at[..., 1] + y) - v) ** 2
            nearer, between = away < first, away < second
            np.copyto(other, tag, where=between)
            np.copyto(other, own, where=nearer)
            np.copyto(own, tag, where=nearer)
            np.minimum(second, np.maximum(first, away), out=second)
            np.minimum(first, away, out=first)
    return np.sqrt(second) - np.sqrt(first), (own + other) % 1.0
