"""Kang's rule: marks whose centres lie within 3 mm are the same scar, one to one.

Source: Kang 2016, J Drugs Dermatol 15:693.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from scarscope.change.matching import assign
from scarscope.errors import ParamsError

Points = NDArray[np.float64]
Flags = NDArray[np.bool_]

RADIUS_MM = 3.0  # Kang 2016: the same scar when two raters' centres lie this close


def match_centres(
    a: NDArray[np.floating], b: NDArray[np.floating], *, radius: float = RADIUS_MM
) -> NDArray[np.int64]:
    """Pair points one to one within a radius: as many pairs as can be, then the closest.

    Parameters
    ----------
    a, b : ndarray of float, shapes (n, 2) and (m, 2)
        Points, in the radius's unit.
    radius : float
        Two points may be paired at this distance or closer.

    Returns
    -------
    ndarray of int64, shape (k, 2)
        Rows of `a` and `b`.

    Raises
    ------
    ParamsError
        If the radius is not positive.

    Examples
    --------
    >>> match_centres(np.array([[0.0, 0.0]]), np.array([[2.0, 0.0], [1.0, 0.0]])).tolist()
    [[0, 1]]
    """
    if not radius > 0:
        raise ParamsError(f"radius = {radius!r} is not positive.", remedy="Kang 2016 used 3 mm.")
    apart = cdist(np.reshape(a, (-1, 2)), np.reshape(b, (-1, 2)))
    # Exactly the radius counts, whatever the last digit of a product of pixels and scale is.
    return assign(apart / radius, apart <= radius * (1 + 1e-9))


def union(raters: Sequence[Points], *, radius: float = RADIUS_MM) -> tuple[Points, Flags]:
    """All scars that anybody marked, each once.

    Raters are taken one after another: each one's centres are matched one to one with the means of
    what is known so far, and what is left is new.

    Parameters
    ----------
    raters : sequence of ndarray, shape (n, 2)
        Centres by rater.
    radius : float
        In the same unit.

    Returns
    -------
    centres : ndarray of float64, shape (m, 2)
        Means over the raters who marked them.
    by_whom : ndarray of bool, shape (m, raters)
    """
    sums, by_whom = np.zeros((0, 2)), np.zeros((0, len(raters)), np.bool_)
    for rater, points in enumerate(raters):
        known = sums / np.maximum(by_whom.sum(axis=1, keepdims=True), 1)
        pairs = match_centres(known, points, radius=radius)
        sums[pairs[:, 0]] += points[pairs[:, 1]]
        by_whom[pairs[:, 0], rater] = True
        new = np.setdiff1d(np.arange(len(points)), pairs[:, 1])
        fresh = np.zeros((len(new), len(raters)), np.bool_)
        fresh[:, rater] = True
        sums, by_whom = np.vstack([sums, points[new]]), np.vstack([by_whom, fresh])
    return sums / np.maximum(by_whom.sum(axis=1, keepdims=True), 1), by_whom
