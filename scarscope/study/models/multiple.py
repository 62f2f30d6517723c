"""Several tests at once: Holm's adjustment of their p values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from scarscope.errors import StudyError
from scarscope.study.checks import Floats


def holm(p: ArrayLike) -> Floats:
    """Holm's step-down adjustment: the chance of any false finding stays below the level.

    Parameters
    ----------
    p : array_like, shape (n,)
        p values; NaN for tests that could not be made, which do not count.

    Returns
    -------
    ndarray of float64, shape (n,)
        Adjusted, in the same order, NaN where `p` is.

    Raises
    ------
    StudyError
        If one lies outside 0 to 1.

    Notes
    -----
    Holm 1979, Scand J Stat 6:65. Holds whatever the endpoints have to do with each other.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p, np.float64)
    known = np.flatnonzero(~np.isnan(given))
    values = given[known]
    if np.any((values < 0) | (values > 1)):
        raise StudyError("A p value lies outside 0 to 1.", remedy="Give p values, not statistics.")
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.full(len(given), np.nan)
    adjusted[known[order]] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
