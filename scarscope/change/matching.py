"""Which scar of the earlier photo is which of the later one, splits and merges named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Labels = NDArray[np.int32]
Relation = Literal["", "split", "merged"]

LEAST_IOU = 0.1  # scars shrink: one that has lost two thirds of its area is still the same scar
LEAST_INSIDE = 0.5  # of a scar that lies in another one: a piece of it


@dataclass(frozen=True)
class Match:
    """One scar through time.

    Attributes
    ----------
    before, after : int
        Numbers in the two photos; 0 where the scar was not found.
    relation : {"", "split", "merged"}
        ``split``: a piece of the earlier scar `before`, whose main part is another row.
        ``merged``: the earlier scar went into the later scar `after` along with a larger one.
    """

    before: int
    after: int
    relation: Relation = ""


def assign(cost: NDArray[np.floating], allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """As many allowed pairs as can be, then the cheapest, one to one.

    Parameters
    ----------
    cost : ndarray of float, shape (n, m)
        0 to 1.
    allowed : ndarray of bool, shape (n, m)

    Returns
    -------
    ndarray of int64, shape (k, 2)
        Rows and columns.
    """
    # A forbidden pair costs more than all allowed ones together, so that none is given up for it.
    far = float(min(cost.shape)) + 1.0
    rows, cols = linear_sum_assignment(np.where(allowed, cost, far))
    kept = allowed[rows, cols]
    return np.stack([rows[kept], cols[kept]], axis=1).astype(np.int64)


def match_scars(before: Labels, after: Labels) -> tuple[Match, ...]:
    """Match the scars of two label images on one grid.

    Parameters
    ----------
    before, after : ndarray of int32, shape (h, w)
        0 is no scar.

    Returns
    -------
    tuple of Match
        Every scar of both, each later scar once: first the earlier photo's in order, then what is
        only in the later one.
    """
    shared = _shared(before, after)
    areas = shared[1:, :].sum(axis=1), shared[:, 1:].sum(axis=0)
    both = shared[1:, 1:]
    union = areas[0][:, None] + areas[1][None, :] - both
    with np.errstate(invalid="ignore"):
        iou = np.where(union > 0, both / np.maximum(union, 1), 0.0)
    pairs = dict((assign(1 - iou, iou > LEAST_IOU) + 1).tolist())
    return tuple(_rows(both, areas, pairs))


def _rows(
    both: NDArray[np.int64],
    areas: tuple[NDArray[np.int64], NDArray[np.int64]],
    pairs: dict[int, int],
) -> Iterator[Match]:
    taken = set(pairs.values())
    for number in np.flatnonzero(areas[0]) + 1:
        partner = pairs.get(int(number))
        if partner is not None:
            yield Match(int(number), partner)
            continue
        host = _host(both[number - 1], areas[0][number - 1])
        merged = host in taken
        yield Match(int(number), host if merged else 0, "merged" if merged else "")
    for number in np.flatnonzero(areas[1]) + 1:
        if int(number) in taken:
            continue
        host = _host(both[:, number - 1], areas[1][number - 1])
        split = host in pairs
        yield Match(host if split else 0, int(number), "split" if split else "")


def _host(shared: NDArray[np.int64], area: int) -> int:
    """The scar of the other photo that holds at least half of this one; 0 for none."""
    if not len(shared):
        return 0
    best = int(shared.argmax())
    return best + 1 if shared[best] >= LEAST_INSIDE * area else 0


def _shared(before: Labels, after: Labels) -> NDArray[np.int64]:
    """Cells that each pair of labels shares, 0 included."""
    rows, cols = int(before.max(initial=0)) + 1, int(after.max(initial=0)) + 1
    codes = before.astype(np.int64) * cols + after
    return np.bincount(codes.ravel(), minlength=rows * cols).reshape(rows, cols)
