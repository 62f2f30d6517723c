"""Bland and Altman's limits of agreement of two methods, raters or occasions.

Legend
------
d : differences ``a - b``
bias, sd : mean and standard deviation of d (n - 1 in the denominator)
z : normal quantile of the coverage (1.96 for 95 % of differences)

Sources: Bland & Altman 1986, Lancet i:307 (limits and their standard error ``sqrt(3 sd² / n)``);
Bland & Altman 1999, Stat Methods Med Res 8:135 (logs, repeats); Carkeet 2015, Optom Vis Sci 92:e71
(exact intervals); Zou 2013, Stat Methods Med Res 22:630 (repeats, by recovered variances).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from scarscope.errors import StudyError
from scarscope.study.checks import Floats, Result, enough, in_unit_interval, one_of, paired

IntervalKind = Literal["bland-altman", "exact"]


@dataclass(frozen=True)
class BlandAltman(Result):
    """Bias and limits of agreement, each with its confidence interval.

    Attributes
    ----------
    bias, bias_low, bias_high : float
        Mean difference ``a - b``; with logs the ratio ``a / b`` (1 is no bias).
    sd : float
        Standard deviation of a single difference; with logs that of the natural log of the ratio.
    lower, lower_low, lower_high : float
        Lower limit of agreement and its interval; a ratio with logs.
    upper, upper_low, upper_high : float
        Upper limit of agreement and its interval.
    n, n_subjects : int
        Differences, and subjects they come from (equal without repeats).
    log : bool
        Whether the figures are ratios.
    coverage, confidence : float
        Part of the differences between the limits; coverage of the intervals.
    intervals : str
        How the limits' intervals were made: ``"bland-altman"``, ``"exact"`` or ``"zou"``.
    """

    bias: float
    bias_low: float
    bias_high: float
    sd: float
    lower: float
    lower_low: float
    lower_high: float
    upper: float
    upper_low: float
    upper_high: float
    n: int
    n_subjects: int
    log: bool
    coverage: float
    confidence: float
    intervals: str


def bland_altman(
    a: ArrayLike,
    b: ArrayLike,
    *,
    log: bool = False,
    coverage: float = 0.95,
    confidence: float = 0.95,
    intervals: IntervalKind = "bland-altman",
) -> BlandAltman:
    """Limits within which differences of single measurements are expected to lie.

    Parameters
    ----------
    a, b : array_like, shape (n,)
        The same targets measured twice; one pair a subject, else use
        :func:`bland_altman_repeated`.
    log : bool
        Work on logs, for differences that grow with size: results are ratios ``a / b``.
    coverage : float
        Part of the differences that the limits are to hold (0.95: bias ± 1.96 sd).
    confidence : float
        Coverage of the intervals of bias and limits.
    intervals : {"bland-altman", "exact"}
        Intervals of the limits: the approximation of 1986, ``limit ± t sqrt(3 sd² / n)``, as most
        reports have it; or exact by the noncentral t distribution (Carkeet 2015), which small
        studies should use.

    Returns
    -------
    BlandAltman
        All differences equal: the limits are the bias.

    Raises
    ------
    StudyError
        For gaps, different lengths, fewer than two pairs, or logs of figures not above 0.
    ParamsError
        For a coverage or confidence that is not a fraction, or unknown `intervals`.

    Examples
    --------
    >>> found = bland_altman([10.0, 12.0, 14.0, 16.0], [9.0, 12.0, 13.0, 16.0])
    >>> found.bias, round(found.upper, 2)
    (0.5, 1.63)
    """
    one_of(intervals, "intervals", get_args(IntervalKind))
    z, tail = _options(coverage, confidence)
    d = _differences(*paired(a, b, ("a", "b")), log=log)
    n, bias, sd = len(d), float(d.mean()), float(d.std(ddof=1))
    t = float(stats.t.ppf(tail, n - 1))
    half = float(t * sd / np.sqrt(n))
    if intervals == "exact":
        near, far = (_exact(sd, n, z, q) for q in (1 - tail, tail))
    else:
        near, far = (z * sd + sign * t * np.sqrt(3 * sd**2 / n) for sign in (-1, 1))
    options = log, coverage, confidence, intervals
    return _result(bias, sd, (half, z * sd, near, far), (n, n), options)


def bland_altman_repeated(
    a: ArrayLike,
    b: ArrayLike,
    subject: ArrayLike,
    *,
    log: bool = False,
    coverage: float = 0.95,
    confidence: float = 0.95,
) -> BlandAltman:
    """Limits of agreement where subjects were measured several times, by both methods each time.

    The true value may differ between the pairs of a subject (both cheeks, several visits).

    Parameters
    ----------
    a, b : array_like, shape (n,)
        The pairs.
    subject : array_like, shape (n,)
        Whose pair it is; subjects may have different numbers of pairs, not all of them only one.
    log, coverage, confidence
        As in :func:`bland_altman`.

    Returns
    -------
    BlandAltman
        The bias is the mean of the subjects' mean differences.

    Raises
    ------
    StudyError
        As :func:`bland_altman`, and for fewer than two subjects, a pair without a subject, or no
        subject with two pairs.
    ParamsError
        For a coverage or confidence that is not a fraction.

    Notes
    -----
    Variance of a single difference: ``S² = S_b² + (1 - 1/m) S_w²``, with S_b² that of the subjects'
    means, S_w² that within subjects and m the harmonic mean of their numbers of pairs (Bland &
    Altman 1999, section 5). Intervals recover the two variances' own chi-squared intervals
    (Zou 2013), with Student's t for the bias.
    """
    z, tail = _options(coverage, confidence)
    d = _differences(*paired(a, b, ("a", "b")), log=log)
    means, sizes, within, df = _by_subject(d, subject)
    n = len(means)
    share = 1 - float(np.mean(1 / sizes))
    parts = np.array([float(means.var(ddof=1)), share * within])
    variance = float(parts.sum())
    bias, sd = float(means.mean()), float(np.sqrt(variance))
    half = float(stats.t.ppf(tail, n - 1)) * float(np.sqrt(parts[0] / n))
    low_sd, high_sd = _sd_interval(parts, np.array([n - 1, df]), tail)
    near = z * sd - float(np.hypot(half, z * (sd - low_sd)))
    far = z * sd + float(np.hypot(half, z * (high_sd - sd)))
    options = log, coverage, confidence, "zou"
    return _result(bias, sd, (half, z * sd, near, far), (len(d), n), options)


def _result(
    bias: float,
    sd: float,
    distances: tuple[float, float, float, float],
    counts: tuple[int, int],
    options: tuple[bool, float, float, str],
) -> BlandAltman:
    """The result, from distances to the bias: its interval, the limit, and the limit's interval."""
    half, limit, near, far = distances
    log, coverage, confidence, intervals = options
    steps = (0.0, -half, half, -limit, -far, -near, limit, near, far)
    figures = [float(np.exp(bias + step)) if log else bias + step for step in steps]
    names = ("bias", "bias_low", "bias_high", "lower", "lower_low", "lower_high", "upper",
             "upper_low", "upper_high")  # fmt: skip
    return BlandAltman(
        sd=sd,
        n=counts[0],
        n_subjects=counts[1],
        log=log,
        coverage=coverage,
        confidence=confidence,
        intervals=intervals,
        **dict(zip(names, figures, strict=True)),
    )


def _exact(sd: float, n: int, z: float, quantile: float) -> float:
    """Distance of a limit's confidence bound from the bias (Carkeet 2015, limits taken singly)."""
    return sd * float(stats.nct.ppf(quantile, n - 1, z * np.sqrt(n))) / float(np.sqrt(n))


def _options(coverage: float, confidence: float) -> tuple[float, float]:
    """Normal quantile of the coverage, and the upper tail of the confidence."""
    z = float(stats.norm.ppf((1 + in_unit_interval(coverage, "coverage")) / 2))
    return z, (1 + in_unit_interval(confidence, "confidence")) / 2


def _differences(a: Floats, b: Floats, *, log: bool) -> Floats:
    if not log:
        return a - b
    smallest = min(a.min(), b.min())
    if smallest <= 0:
        raise StudyError(
            f"log=True needs figures above 0, but the smallest is {smallest}.",
            remedy="Use log=False, or leave out the subjects without scars and say how many.",
        )
    return np.asarray(np.log(a) - np.log(b))


def _by_subject(d: Floats, subject: ArrayLike) -> tuple[Floats, Floats, float, int]:
    """Means and sizes of the subjects, variance within them and its degrees of freedom."""
    codes, whom = pd.factorize(pd.Series(np.asarray(subject)))
    if len(codes) != len(d) or (codes < 0).any():
        raise StudyError(
            f"subject names {int((codes >= 0).sum())} pairs of {len(d)}.",
            remedy="Give one subject a pair, in the same order.",
        )
    enough(len(whom), 2, "subjects")
    sizes = np.bincount(codes).astype(np.float64)
    means = np.bincount(codes, weights=d) / sizes
    df = len(d) - len(whom)
    enough(df, 1, "second pairs of a subject")
    return means, sizes, float(((d - means[codes]) ** 2).sum()) / df, df


def _sd_interval(parts: Floats, df: Floats, tail: float) -> tuple[float, float]:
    """Interval of the root of a sum of variances, from the chi-squared interval of each."""
    variance = parts.sum()
    down = parts * (1 - df / stats.chi2.ppf(tail, df))
    up = parts * (df / stats.chi2.ppf(1 - tail, df) - 1)
    low = max(variance - np.sqrt((down**2).sum()), 0.0)
    return float(np.sqrt(low)), float(np.sqrt(variance + np.sqrt((up**2).sum())))
