"""Many small things at once: offsets around all of them in one array, merged one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.noise import Field, Grid


@dataclass(frozen=True, eq=False)
class Stamps:
    """Windows of one size around n places.

    Attributes
    ----------
    dx : ndarray, shape (n, 1, k)
    dy : ndarray, shape (n, k, 1)
        Offsets from the place in mm; k pixels from the window's first.
    top, left, rows, cols : ndarray of int, shape (n,)
        The part of each window that lies on the grid and within reach.
    """

    dx: Field
    dy: Field
    top: NDArray[np.intp]
    left: NDArray[np.intp]
    rows: NDArray[np.intp]
    cols: NDArray[np.intp]

    def merge(self, how: np.ufunc, into: Field, values: Field) -> None:
        """Merge values of shape (n, ..., k, k) into fields of shape (..., h, w), in place."""
        places = zip(
            self.top.tolist(),
            self.left.tolist(),
            self.rows.tolist(),
            self.cols.tolist(),
            values,
            strict=True,
        )
        for top, left, rows, cols, value in places:
            part = into[..., top : top + rows, left : left + cols]
            how(part, value[..., :rows, :cols], out=part)


def stamps(grid: Grid, place: Field, reach: Field) -> Stamps:
    """Windows within `reach` mm of places of shape (n, 2) on a grid."""
    left, cols = _span(grid.x, place[:, 0], reach)
    top, rows = _span(grid.y, place[:, 1], reach)
    size = int(max(cols.max(initial=0), rows.max(initial=0)))
    ahead = np.arange(size)
    dx = grid.x[np.minimum(left[:, None] + ahead, grid.x.size - 1)] - place[:, :1]
    dy = grid.y[np.minimum(top[:, None] + ahead, grid.y.size - 1)] - place[:, 1:]
    kind = grid.x.dtype
    return Stamps(
        dx.astype(kind, copy=False)[:, None, :],
        dy.astype(kind, copy=False)[:, :, None],
        top,
        left,
        rows,
        cols,
    )


def _span(axis: Field, at: Field, reach: Field) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, last = np.searchsorted(axis, at - reach), np.searchsorted(axis, at + reach)
    return first, last - first
