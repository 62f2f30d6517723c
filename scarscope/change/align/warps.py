"""Mappings between two photos: homographies, and how they are fitted to pairs of points.

Legend
------
matrix : float64, shape (3, 3), maps ``(x, y, 1)`` up to a factor
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]
Model = Literal["similarity", "affine", "homography"]
# From stiff to flexible, with the least number of points that leaves something to check.
MODELS: dict[Model, int] = {"similarity": 4, "affine": 8, "homography": 16}

_ROUNDS = 8
_MAD_TO_SD = 1.4826


def scaling(shape: tuple[int, int], finer: tuple[int, int]) -> Matrix:
    """From cells of an image to those of a finer one of the same extent, centres at integers."""
    down, across = finer[0] / shape[0], finer[1] / shape[1]
    return np.array(
        [[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]], dtype=np.float64
    )


def through(matrix: Matrix, points: Points) -> Points:
    """Points, shape (n, 2), through a homography."""
    there = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(there[:, :2] / there[:, 2:])


def jacobian(matrix: Matrix, x: float, y: float) -> NDArray[np.float64]:
    """Derivative of a homography at a point, shape (2, 2)."""
    u, v, w = matrix @ (x, y, 1.0)
    top = matrix[:2, :2] * w - np.outer((u, v), matrix[2, :2])
    return np.asarray(top / w**2)


@dataclass(frozen=True, eq=False)
class Warp:
    """A homography and what is added to it on a coarse lattice.

    Attributes
    ----------
    matrix : ndarray of float64, shape (3, 3)
    field : ndarray of float32, shape (rows, columns, 2), or None
        Displacement ``(x, y)`` added after the matrix. Its nodes are the middles of the equal
        fields into which an image of `shape` divides; linear between them and on to the image's
        edge, constant beyond.
    shape : tuple of int
        Height and width of the image that points are given on.
    """

    matrix: Matrix
    field: NDArray[np.float32] | None
    shape: tuple[int, int]

    def points(self, points: Points) -> Points:
        """Where points ``(x, y)``, shape (n, 2), lie."""
        there = through(self.matrix, points)
        if self.field is None:
            return there
        rows, cols = self.field.shape[:2]
        c, right, across = _between(points[:, 0], self.shape[1], cols)
        r, below, down = _between(points[:, 1], self.shape[0], rows)
        across, down = across[:, None], down[:, None]
        top = self.field[r, c] * (1 - across) + self.field[r, right] * across
        bottom = self.field[below, c] * (1 - across) + self.field[below, right] * across
        return np.asarray(there + top * (1 - down) + bottom * down)

    def cells(self, shape: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where the middles of all cells lie when the image divides into `shape` cells."""
        to_image = self.matrix @ scaling(shape, self.shape)
        x, y = np.arange(shape[1], dtype=np.float64), np.arange(shape[0], dtype=np.float64)[:, None]
        u, v, w = (row[0] * x + row[1] * y + row[2] for row in to_image)
        across, down = u / w, v / w
        if self.field is not None:
            rows, cols = (_weights(n, m) for n, m in zip(shape, self.field.shape, strict=False))
            across += rows @ self.field[..., 0] @ cols.T
            down += rows @ self.field[..., 1] @ cols.T
        return across.astype(np.float32), down.astype(np.float32)


def _between(
    at: NDArray[np.float64], size: int, nodes: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """The nodes on both sides of places along one axis, and how far it is to the second."""
    # Half a field beyond the outer nodes is the image's edge. Points may be anything, even NaN.
    place = np.clip((at + 0.5) * (nodes / size) - 0.5, -0.5, nodes - 0.5)
    last = max(nodes - 2, 0)
    first = np.clip(np.nan_to_num(np.floor(place)), 0, last).astype(np.intp)
    return first, np.minimum(first + 1, nodes - 1), place - first


def _weights(cells: int, nodes: int) -> NDArray[np.float64]:
    """Share of each node at each cell along one axis, shape (cells, nodes)."""
    first, second, part = _between(np.arange(cells, dtype=np.float64), cells, nodes)
    shares = np.zeros((cells, nodes))
    rows = np.arange(cells)
    np.add.at(shares, (rows, first), 1 - part)
    np.add.at(shares, (rows, second), part)
    return shares


def fit(model: Model, points: Points, there: Points, weights: NDArray[np.float64]) -> Matrix:
    """Weighted least squares of a model.

    Coordinates are first brought to about -1 to 1, without which squares of pixels would swamp
    the rest (Hartley 1997).
    """
    first, second = _normaliser(points), _normaliser(there)
    p, q = through(first, points), through(second, there)
    root = np.sqrt(weights)
    unit = {"similarity": _similarity, "affine": _affine, "homography": _homography}[model]
    return np.asarray(np.linalg.inv(second) @ unit(p, q, root) @ first)


def robust_fit(
    model: Model, points: Points, there: Points, *, tolerance: float
) -> tuple[Matrix, NDArray[np.float64]]:
    """A fit that outliers do not pull (iteratively reweighted, Tukey's biweight).

    Returns the matrix and the weights, shape (n,), 0 for outliers. `tolerance`, in units of
    `there`, is the least scale at which a residual counts as small.
    """
    weights = np.ones(len(points))
    matrix = fit(model, points, there, weights)
    for _ in range(_ROUNDS):
        off = np.linalg.norm(through(matrix, points) - there, axis=1)
        weights = tukey(off, tolerance)
        if np.count_nonzero(weights) < MODELS[model]:
            break
        matrix = fit(model, points, there, weights)
    return matrix, weights


def tukey(off: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Weights 0 to 1 of residuals (lengths): 0 beyond 4.7 robust standard deviations."""
    sd = max(_MAD_TO_SD * float(np.median(off)) / 1.2, tolerance / 4.7)
    return np.asarray(np.square(np.clip(1 - np.square(off / (4.7 * sd)), 0, None)))


def _normaliser(points: Points) -> Matrix:
    middle = points.mean(axis=0)
    size = max(float(np.abs(points - middle).max()), 1e-9)
    x, y = middle / size
    return np.array([[1 / size, 0, -x], [0, 1 / size, -y], [0, 0, 1]])


def _similarity(p: Points, q: Points, root: NDArray[np.float64]) -> Matrix:
    x, y = p.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = np.stack([np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)], 1)
    a, b, c, d = _solve(rows, q, root)
    return np.array([[a, -b, c], [b, a, d], [0, 0, 1]])


def _affine(p: Points, q: Points, root: NDArray[np.float64]) -> Matrix:
    known = np.column_stack([p, np.ones(len(p))]) * root[:, None]
    found = np.linalg.lstsq(known, q * root[:, None], rcond=None)[0]
    return np.vstack([found.T, (0.0, 0.0, 1.0)])


def _homography(p: Points, q: Points, root: NDArray[np.float64]) -> Matrix:
    (x, y), (u, v) = p.T, q.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    first = np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], 1)
    second = np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], 1)
    found = _solve(np.stack([first, second], 1), q, root)
    return np.append(found, 1.0).reshape(3, 3)


def _solve(rows: NDArray[np.float64], q: Points, root: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares of ``rows @ unknowns = q``, rows of shape (n, 2, unknowns)."""
    known = (rows * root[:, None, None]).reshape(-1, rows.shape[2])
    return np.asarray(np.linalg.lstsq(known, (q * root[:, None]).ravel(), rcond=None)[0])
