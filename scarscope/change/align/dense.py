"""From the places of many blocks to one smooth mapping, no more flexible than they bear out.

Every choice is made by blocks that the mapping was not fitted to: those of the black fields of a
chessboard check what was fitted to the white ones, and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

from scarscope.change.align.warps import (
    MODELS,
    Matrix,
    Model,
    Points,
    Warp,
    robust_fit,
    through,
    tukey,
)

# Weights of bending, from soft to stiff, per block. A face's form bends over centimetres.
_STIFFNESS = (0.3, 3.0)
_SLOPE = 0.02  # weight of slopes, as a share of that of bending: the field flattens beyond blocks
_ANCHOR = 1e-4  # weight of the field itself, which decides where there is nothing else
_LEAST_FOR_FIELD = 24
# A more flexible mapping must lower the error of blocks that it has not seen by this factor.
_GAIN = 0.92
_ROUNDS = 4

Mapping = tuple[Model, float | None]  # a model, and the stiffness of a field on top or None


@dataclass(frozen=True, eq=False)
class Evidence:
    """Sure blocks: lattice node (row, column) of each, its place and where it was found.

    Attributes
    ----------
    nodes : ndarray of int, shape (n, 2)
    points, there : ndarray of float64, shape (n, 2)
        Cells of the earlier and of the later view.
    lattice : tuple of int
        Rows and columns of all nodes.
    shape : tuple of int
        Height and width of the earlier view.
    tolerance : float
        Within which blocks agree, in cells of the later view.
    """

    nodes: NDArray[np.intp]
    points: Points
    there: Points
    lattice: tuple[int, int]
    shape: tuple[int, int]
    tolerance: float

    def __len__(self) -> int:
        return len(self.points)

    @property
    def black(self) -> NDArray[np.bool_]:
        """Which blocks lie on black fields."""
        return np.asarray(self.nodes.sum(axis=1) % 2 == 0)

    def part(self, which: NDArray[np.bool_]) -> Evidence:
        """Some of the blocks."""
        own = self.nodes[which], self.points[which], self.there[which]
        return Evidence(*own, self.lattice, self.shape, self.tolerance)


@dataclass(frozen=True, eq=False)
class Found:
    """A mapping fitted to all blocks, and one to each colour: ``black`` is fitted to black ones."""

    warp: Warp
    black: Warp
    white: Warp

    def expected(self, points: Points, black: NDArray[np.bool_]) -> Points:
        """Where points lie according to blocks of the other colour."""
        by_white, by_black = self.white.points(points), self.black.points(points)
        return np.asarray(np.where(black[:, None], by_white, by_black))


def find_mapping(evidence: Evidence) -> Found | None:
    """The stiffest mapping about as good as any at places that it was not fitted to.

    None where there are too few blocks for any.
    """
    best: tuple[float, Mapping, Warp, Warp] | None = None
    black = evidence.black
    for mapping in _candidates(evidence):
        by_black = _fitted(evidence.part(black), mapping)
        by_white = _fitted(evidence.part(~black), mapping)
        error = _error(evidence, Found(by_black, by_black, by_white))
        if best is None or error < _GAIN * best[0]:
            best = error, mapping, by_black, by_white
    if best is None:
        return None
    return Found(_fitted(evidence, best[1]), best[2], best[3])


def _candidates(evidence: Evidence) -> list[Mapping]:
    """From stiff to flexible, what there are enough blocks for, also in each colour alone."""
    fewer = min(np.count_nonzero(evidence.black), np.count_nonzero(~evidence.black))
    plain: list[Mapping] = [(name, None) for name, least in MODELS.items() if 2 * fewer >= least]
    if 2 * fewer < _LEAST_FOR_FIELD or not plain:
        return plain
    return [*plain, *((plain[-1][0], stiff) for stiff in reversed(_STIFFNESS))]


def _error(evidence: Evidence, found: Found) -> float:
    """Mean distance of blocks from where those of the other colour say; outliers count little."""
    expected = found.expected(evidence.points, evidence.black)
    off = np.linalg.norm(expected - evidence.there, axis=1)
    return float(np.minimum(off, 2 * evidence.tolerance).mean())


def _fitted(evidence: Evidence, mapping: Mapping) -> Warp:
    model, stiffness = mapping
    matrix, weights = robust_fit(
        model, evidence.points, evidence.there, tolerance=4 * evidence.tolerance
    )
    field = None if stiffness is None else _bent(evidence, matrix, weights, stiffness)
    return Warp(matrix, field, evidence.shape)


def _bent(
    evidence: Evidence, matrix: Matrix, weights: NDArray[np.float64], stiffness: float
) -> NDArray[np.float32]:
    """A smooth field through what the matrix leaves of the blocks, shape (*lattice, 2)."""
    rows, cols = evidence.lattice
    rest = evidence.there - through(matrix, evidence.points)
    at = evidence.nodes[:, 0] * cols + evidence.nodes[:, 1]
    stiff = stiffness * _roughness(rows, cols) + _ANCHOR * scipy.sparse.identity(rows * cols)
    field: NDArray[np.float64] = np.zeros((rows * cols, 2))
    for _ in range(_ROUNDS):
        known = np.bincount(at, weights, rows * cols)
        pull = np.column_stack([np.bincount(at, weights * d, rows * cols) for d in rest.T])
        system = scipy.sparse.diags_array(known) + stiff
        field = np.asarray(scipy.sparse.linalg.splu(system.tocsc()).solve(pull))
        weights = tukey(np.linalg.norm(field[at] - rest, axis=1), evidence.tolerance)
    return field.reshape(rows, cols, 2).astype(np.float32)


def _roughness(rows: int, cols: int) -> scipy.sparse.csr_array:
    """The quadratic form of bending (second differences) and a little of slope."""
    one_row, one_col = scipy.sparse.identity(rows), scipy.sparse.identity(cols)
    terms = []
    for order, weight in ((2, 1.0), (1, _SLOPE)):
        down, across = (_differences(n, order) for n in (rows, cols))
        terms += [
            weight * scipy.sparse.kron(one_row, across.T @ across),
            weight * scipy.sparse.kron(down.T @ down, one_col),
        ]
    first_down, first_across = _differences(rows, 1), _differences(cols, 1)
    twist = scipy.sparse.kron(first_down.T @ first_down, first_across.T @ first_across)
    return scipy.sparse.csr_array(sum(terms[1:], terms[0]) + 2 * twist)


def _differences(n: int, order: int) -> scipy.sparse.csr_array:
    step = {1: (-1.0, 1.0), 2: (1.0, -2.0, 1.0)}[order]
    count = max(n - order, 0)
    if count == 0:
        return scipy.sparse.csr_array((1, n))
    return scipy.sparse.csr_array(
        scipy.sparse.diags_array(
            np.outer(step, np.ones(count)), offsets=range(order + 1), shape=(count, n)
        )
    )
