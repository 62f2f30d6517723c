"""What two measurements of the same unchanged skin tell: SEM, MDC95, CV, concordance.

Legend
------
d : differences ``first - second``
SEM : standard error of measurement, the standard deviation of a single measurement's error
MDC95 : minimal detectable change: a larger one is unlikely (5 %) from measurement error alone
CV : coefficient of variation

Sources: Bland & Altman 1996, BMJ 313:744 and 313:106 (within-subject SD, logs); Weir 2005, J
Strength Cond Res 19:231 (SEM, MDC); Lin 1989, Biometrics 45:255, corrected 2000, 56:324
(concordance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from scarscope.study.checks import Floats, Result, in_unit_interval, paired

# Normal quantile that leaves 5 % outside, as the definition of MDC95 has it.
Z95 = 1.96


@dataclass(frozen=True)
class Repeatability(Result):
    """Measurement error from retests.

    Attributes
    ----------
    n : int
        Pairs.
    mean : float
        Mean of all measurements.
    bias : float
        Mean of ``first - second``. It is not part of the SEM.
    sem, sem_low, sem_high : float
        ``SD(d) / √2`` in the measure's own unit, and its chi-squared interval.
    within_sd : float
        ``√(mean(d²) / 2)``: counts a shift between the two occasions as error too.
    mdc95 : float
        ``1.96 √2 SEM``, in the measure's own unit.
    cv_of_mean_pct : float
        ``100 SEM / mean``; NaN where the mean is not above 0.
    sem_log : float
        SEM of natural logs; NaN where a figure is not above 0, as for all below.
    cv_pct : float
        ``100 (exp(sem_log) - 1)``: one standard error of a single measurement, in percent of it.
    mdc95_rise_pct, mdc95_fall_pct : float
        Smallest detectable rise ``exp(1.96 √2 sem_log) - 1`` and fall ``1 - exp(-...)``, percent.
    confidence : float
        Coverage of the SEM's interval.
    """

    n: int
    mean: float
    bias: float
    sem: float
    sem_low: float
    sem_high: float
    within_sd: float
    mdc95: float
    cv_of_mean_pct: float
    sem_log: float
    cv_pct: float
    mdc95_rise_pct: float
    mdc95_fall_pct: float
    confidence: float


def sem_and_mdc(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> Repeatability:
    """Standard error of measurement and minimal detectable change from retests.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        The same subjects measured twice with nothing changed in between.
    confidence : float
        Coverage of the SEM's interval.

    Returns
    -------
    Repeatability
        On the measure's own scale, and proportional to it for errors that grow with size.

    Raises
    ------
    StudyError
        For gaps, different lengths or fewer than two pairs.
    ParamsError
        For a confidence that is not a fraction.

    Examples
    --------
    >>> found = sem_and_mdc([10.0, 20.0, 30.0], [11.0, 19.0, 30.0])
    >>> round(found.sem, 4), round(found.mdc95, 2)
    (0.7071, 1.96)
    """
    in_unit_interval(confidence, "confidence")
    a, b = paired(first, second, ("first", "second"))
    n, mean, sem = len(a), float((a.mean() + b.mean()) / 2), _sem(a, b)
    tails = (1 + confidence) / 2, (1 - confidence) / 2
    low, high = (sem * float(np.sqrt((n - 1) / stats.chi2.ppf(tail, n - 1))) for tail in tails)
    above_0 = bool(min(a.min(), b.min()) > 0)
    sem_log = _sem(np.log(a), np.log(b)) if above_0 else float("nan")
    step = mdc95_of(sem_log)
    return Repeatability(
        n=n,
        mean=mean,
        bias=float((a - b).mean()),
        sem=sem,
        sem_low=low,
        sem_high=high,
        within_sd=float(np.sqrt(np.mean((a - b) ** 2) / 2)),
        mdc95=mdc95_of(sem),
        cv_of_mean_pct=100 * sem / mean if mean > 0 else float("nan"),
        sem_log=sem_log,
        cv_pct=100 * float(np.expm1(sem_log)),
        mdc95_rise_pct=100 * float(np.expm1(step)),
        mdc95_fall_pct=-100 * float(np.expm1(-step)),
        confidence=confidence,
    )


def mdc95_of(sem: float) -> float:
    """``1.96 √2 SEM``: the change between two measurements that error alone rarely makes.

    Examples
    --------
    >>> round(mdc95_of(10.0), 1)
    27.7
    """
    return Z95 * float(np.sqrt(2)) * sem


def _sem(a: Floats, b: Floats) -> float:
    return float((a - b).std(ddof=1) / np.sqrt(2))


@dataclass(frozen=True)
class Concordance(Result):
    """Lin's concordance correlation.

    Attributes
    ----------
    value : float
        1 where all pairs lie on the line of equality; NaN where all figures are equal.
    low, high : float
        Interval by Fisher's z; NaN where Pearson's correlation is 0 or not defined.
    pearson : float
        Precision: Pearson's correlation, NaN where a series is constant.
    bias_correction : float
        Accuracy: ``value / pearson``, 1 without shift and stretch; NaN where not defined.
    n : int
        Pairs.
    confidence : float
        Coverage of the interval.
    """

    value: float
    low: float
    high: float
    pearson: float
    bias_correction: float
    n: int
    confidence: float


def lin_concordance(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Concordance:
    """How close two measurements of the same targets lie to the line of equality.

    Parameters
    ----------
    a, b : array_like, shape (n,)
        The pairs, at least three.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Concordance

    Raises
    ------
    StudyError
        For gaps, different lengths or fewer than three pairs.
    ParamsError
        For a confidence that is not a fraction.

    Notes
    -----
    ``2 s_ab / (s_a² + s_b² + (mean a - mean b)²)``, variances with n in the denominator (Lin 1989);
    variance of Fisher's z as corrected in 2000.

    Examples
    --------
    >>> round(lin_concordance([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]).value, 3)
    0.571
    """
    in_unit_interval(confidence, "confidence")
    x, y = paired(a, b, ("a", "b"), at_least=3)
    sx, sy, shift = float(x.std()), float(y.std()), float(x.mean() - y.mean())
    together = float(((x - x.mean()) * (y - y.mean())).mean())
    total = sx**2 + sy**2 + shift**2
    value = 2 * together / total if total > 0 else float("nan")
    pearson = float(np.clip(together / (sx * sy), -1, 1)) if sx * sy > 0 else float("nan")
    z_se = _z_error(value, pearson, shift**2 / (sx * sy) if sx * sy > 0 else 0.0, len(x))
    half = float(stats.norm.ppf((1 + confidence) / 2)) * z_se
    low, high = _around(value, half)
    correction = value / pearson if pearson else float("nan")
    return Concordance(value, low, high, pearson, correction, len(x), confidence)


def _z_error(value: float, pearson: float, u: float, n: int) -> float:
    """Standard error of Fisher's z of the concordance (Lin 2000)."""
    if not np.isfinite(pearson) or pearson == 0:
        return float("nan")
    left = 1 - value**2
    if left < 1e-12:
        return 0.0
    ratio = value / pearson
    terms = (
        (1 - pearson**2) * ratio**2 / left
        + 2 * value**2 * ratio * (1 - value) * u / left**2
        - value**2 * ratio**2 * u**2 / (2 * left**2)
    )
    return float(np.sqrt(max(terms, 0.0) / (n - 2))) if n > 2 else float("nan")


def _around(value: float, half: float) -> tuple[float, float]:
    if half == 0:
        return value, value
    z = np.arctanh(value)
    return float(np.tanh(z - half)), float(np.tanh(z + half))
