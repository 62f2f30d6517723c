"""Intervals of shares and means, of independent observations and of clusters.

Legend
------
n : observations
k : clusters (subjects)
p : share
deff : design effect, variance of p over that of n independent observations
t : quantile of Student's distribution, z : of the normal one
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from scarscope.errors import ParamsError
from scarscope.study.checks import Result, in_unit_interval, numbers, same_length


@dataclass(frozen=True)
class Share(Result):
    """A share with its interval.

    Attributes
    ----------
    n : int
        Observations.
    count : int
        Those that have the property.
    share, low, high : float
        Between 0 and 1; NaN where there is no observation.
    confidence : float
        Coverage of the interval.
    """

    n: int
    count: int
    share: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class Mean(Result):
    """A mean with its interval.

    Attributes
    ----------
    n : int
        Observations.
    mean, low, high : float
        Student's interval; NaN where there are too few.
    sd : float
        Standard deviation of the observations.
    """

    n: int
    mean: float
    low: float
    high: float
    sd: float


def wilson(count: int, n: int, *, confidence: float = 0.95) -> Share:
    """Wilson's interval of a share of independent observations.

    Parameters
    ----------
    count : int
        Observations that have the property.
    n : int
        All observations.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Share

    Raises
    ------
    ParamsError
        For counts that are none, or a confidence that is not a fraction.

    Notes
    -----
    Wilson 1927, J Am Stat Assoc 22:209. Unlike the textbook's ``p ± 1.96 √(pq/n)`` it stays within
    0 and 1 and holds its coverage in small studies (Brown, Cai & DasGupta 2001, Stat Sci 16:101).

    Examples
    --------
    >>> found = wilson(81, 263)
    >>> round(found.low, 4), round(found.high, 4)
    (0.2553, 0.3662)
    """
    in_unit_interval(confidence, "confidence")
    if not 0 <= count <= n:
        raise ParamsError(
            f"{count} of {n} observations is no share.", remedy="Give 0 <= count <= n."
        )
    if n == 0:
        return Share(0, 0, float("nan"), float("nan"), float("nan"), confidence)
    z = float(stats.norm.ppf((1 + confidence) / 2))
    low, high = _wilson(count / n, float(n), z)
    return Share(n, count, count / n, low, high, confidence)


def _wilson(p: float, n: float, z: float) -> tuple[float, float]:
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * float(np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)))
    # Exactly 0 and 1 where nothing and all have it; arithmetic leaves 1e-17 over.
    low = 0.0 if p == 0 else max(0.0, middle - half)
    high = 1.0 if p == 1 else min(1.0, middle + half)
    return low, high


def clustered_share(counts: ArrayLike, sizes: ArrayLike, *, confidence: float = 0.95) -> Share:
    """A share of observations that come in clusters, such as a subject's scars.

    Parameters
    ----------
    counts : array_like, shape (k,)
        Observations of each cluster that have the property.
    sizes : array_like, shape (k,)
        All observations of each cluster.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Share
        `low` and `high` are NaN with a single cluster, which says nothing of others.

    Notes
    -----
    Wilson's interval for an effective number of observations: ``n / deff``, with the design effect
    of the ratio of sums (Rao & Scott 1992, Biometrics 48:577), never below 1, and shrunk by
    ``(z / t)²`` with k - 1 degrees of freedom (Korn & Graubard 1998, Survey Methodology 24:193).
    Where all or none have the property the spread between clusters cannot be seen: then clusters
    are counted, as if the observations of each were copies of one.

    Examples
    --------
    >>> found = clustered_share([5, 1, 0, 6], [10, 8, 9, 11])
    >>> found.count, found.n
    (12, 38)
    """
    in_unit_interval(confidence, "confidence")
    had, all_of = numbers(counts, "counts"), numbers(sizes, "sizes")
    same_length(len(had), len(all_of), ("counts", "sizes"))
    had, all_of = had[all_of > 0], all_of[all_of > 0]
    n, count, k = float(all_of.sum()), float(had.sum()), len(all_of)
    if k < 2:
        share = count / n if k else float("nan")
        return Share(int(n), int(count), share, float("nan"), float("nan"), confidence)
    p = count / n
    deff = n / k
    if 0 < p < 1:
        variance = k / (k - 1) * float(np.sum((had - p * all_of) ** 2)) / n**2
        deff = max(1.0, variance / (p * (1 - p) / n))
    z = float(stats.norm.ppf((1 + confidence) / 2))
    t = float(stats.t.ppf((1 + confidence) / 2, k - 1))
    low, high = _wilson(p, n / deff * (z / t) ** 2, z)
    return Share(int(n), int(count), p, low, high, confidence)


def mean_interval(values: ArrayLike, *, confidence: float = 0.95) -> Mean:
    """Mean of independent observations with Student's interval; gaps are left out.

    Parameters
    ----------
    values : array_like, shape (n,)
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Mean
        The interval is NaN with fewer than two observations.
    """
    in_unit_interval(confidence, "confidence")
    given = np.asarray(values, dtype=np.float64)
    known = given[np.isfinite(given)]
    n = len(known)
    if n < 2:
        mean = float(known[0]) if n else float("nan")
        return Mean(n, mean, float("nan"), float("nan"), float("nan"))
    mean, sd = float(known.mean()), float(known.std(ddof=1))
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * sd / float(np.sqrt(n))
    return Mean(n, mean, mean - half, mean + half, sd)
