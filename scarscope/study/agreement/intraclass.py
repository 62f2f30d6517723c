"""Intraclass correlation: the six forms of Shrout and Fleiss, with intervals.

Legend
------
n, k : targets and raters
BMS, JMS, EMS, WMS : mean squares between targets, between raters (judges), of the residual, and
    within targets (JMS and EMS together)
F(p; d1, d2) : quantile of the F distribution

Forms: ``(1, .)`` every target has its own raters; ``(2, .)`` raters drawn from many, absolute
agreement; ``(3, .)`` these raters only, agreement but for a constant offset. ``(., 1)`` one rating,
``(., k)`` the mean of the k ratings.

Source: Shrout & Fleiss 1979, Psychol Bull 86:420; for the choice of a form Koo & Li 2016, J
Chiropr Med 15:155.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from scarscope.study.checks import Floats, Result, enough, in_unit_interval, numbers, one_of

Form = Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True)
class Icc(Result):
    """One intraclass correlation.

    Attributes
    ----------
    form : str
        Which of the six.
    value : float
        The coefficient; NaN where all ratings are equal. Below 0 where targets differ less than
        chance would have it.
    low, high : float
        Its confidence interval.
    f, df1, df2, p : float
        F test against a coefficient of 0; `f` is infinite without any residual.
    n_targets, k_raters : int
        What it was worked out from.
    confidence : float
        Coverage of the interval.
    """

    form: Form
    value: float
    low: float
    high: float
    f: float
    df1: float
    df2: float
    p: float
    n_targets: int
    k_raters: int
    confidence: float


@dataclass(frozen=True)
class MeanSquares:
    """Two-way analysis of variance without replication; see the module's legend."""

    n: int
    k: int
    bms: float
    jms: float
    ems: float

    @property
    def wms(self) -> float:
        """Mean square within targets."""
        return (self.jms + (self.n - 1) * self.ems) / self.n


def icc(ratings: ArrayLike, *, form: Form = "ICC(2,1)", confidence: float = 0.95) -> Icc:
    """Agreement of raters, methods or repeated photos on the same targets.

    Parameters
    ----------
    ratings : array_like or DataFrame, shape (n_targets, k_raters)
        One row a target, one column a rater (or a session of a retest). No gaps.
    form : str
        ``"ICC(1,1)"`` to ``"ICC(3,k)"``. The default is a single rating's absolute agreement.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Icc
        Forms 1 and 3 have exact intervals, form 2 Satterthwaite's approximation as published.

    Raises
    ------
    StudyError
        For gaps, or fewer than two targets or raters.
    ParamsError
        For an unknown form or a confidence that is not a fraction.

    Notes
    -----
    ``ICC(1,1) = (BMS - WMS) / (BMS + (k-1) WMS)``,
    ``ICC(2,1) = (BMS - EMS) / (BMS + (k-1) EMS + k (JMS - EMS) / n)``,
    ``ICC(3,1) = (BMS - EMS) / (BMS + (k-1) EMS)``; for means of k ratings
    ``ICC(., k) = k ICC / (1 + (k-1) ICC)``. Source: Shrout & Fleiss 1979.

    Examples
    --------
    >>> round(icc([[10.0, 11.0], [20.0, 19.0], [30.0, 30.0]]).value, 3)
    0.997
    """
    one_of(form, "form", FORMS)
    in_unit_interval(confidence, "confidence")
    squares = mean_squares(ratings)
    single = {"1": _one_way, "2": _two_way_random, "3": _two_way_fixed}[form[4]]
    value, low, high = single(squares, 1 - (1 - confidence) / 2)
    if form.endswith("k)"):
        value, low, high = (_of_means(x, squares.k) for x in (value, low, high))
    f, df1, df2 = _test(squares, one_way=form[4] == "1")
    p = float(stats.f.sf(f, df1, df2))
    return Icc(form, value, low, high, f, df1, df2, p, squares.n, squares.k, confidence)


def icc_table(ratings: ArrayLike, *, confidence: float = 0.95) -> pd.DataFrame:
    """All six forms, one row each, columns as the fields of :class:`Icc`."""
    found = (icc(ratings, form=form, confidence=confidence).to_frame() for form in FORMS)
    return pd.concat(found, ignore_index=True)


def mean_squares(ratings: ArrayLike) -> MeanSquares:
    """Analysis of variance of ratings, shape (n_targets, k_raters).

    Raises
    ------
    StudyError
        For gaps, or fewer than two targets or raters.
    """
    table = numbers(ratings, "ratings", ndim=2)
    n, k = table.shape
    enough(n, 2, "targets")
    enough(k, 2, "raters")
    # Rounding of a large offset would look like disagreement: take it off first.
    table = table - table[0, 0]
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = table - rows - columns + table.mean()
    return MeanSquares(
        n,
        k,
        bms=_dust_free(k * float(rows.var(ddof=1)), table),
        jms=_dust_free(n * float(columns.var(ddof=1)), table),
        ems=_dust_free(float((rest**2).sum()) / ((n - 1) * (k - 1)), table),
    )


def _dust_free(square: float, table: Floats) -> float:
    # Exact agreement leaves 1e-32, which would make F a huge number instead of infinite.
    floor = (8 * np.finfo(np.float64).eps * float(np.abs(table).max(initial=0.0))) ** 2
    return 0.0 if square <= floor else square


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom != 0 else float("nan")


def _f(between: float, error: float) -> float:
    return float("inf") if error == 0 < between else _ratio(between, error)


def _test(s: MeanSquares, *, one_way: bool) -> tuple[float, float, float]:
    if one_way:
        return _f(s.bms, s.wms), s.n - 1, s.n * (s.k - 1)
    return _f(s.bms, s.ems), s.n - 1, (s.n - 1) * (s.k - 1)


def _one_way(s: MeanSquares, quantile: float) -> tuple[float, float, float]:
    return _by_f_ratio(s.k, *_test(s, one_way=True), quantile)


def _two_way_fixed(s: MeanSquares, quantile: float) -> tuple[float, float, float]:
    return _by_f_ratio(s.k, *_test(s, one_way=False), quantile)


def _by_f_ratio(
    k: int, f: float, df1: float, df2: float, quantile: float
) -> tuple[float, float, float]:
    lower = f / float(stats.f.ppf(quantile, df1, df2))
    upper = f * float(stats.f.ppf(quantile, df2, df1))
    value, low, high = (1.0 if x == np.inf else (x - 1) / (x + k - 1) for x in (f, lower, upper))
    return value, low, high


def _two_way_random(s: MeanSquares, quantile: float) -> tuple[float, float, float]:
    n, k = s.n, s.k
    value = _ratio(s.bms - s.ems, s.bms + (k - 1) * s.ems + k * (s.jms - s.ems) / n)
    if np.isnan(value):
        return value, value, value
    v = _satterthwaite(s, value)
    down, up = float(stats.f.ppf(quantile, n - 1, v)), float(stats.f.ppf(quantile, v, n - 1))
    others = k * s.jms + (k * n - k - n) * s.ems
    low = _ratio(n * (s.bms - down * s.ems), down * others + n * s.bms)
    high = _ratio(n * (up * s.bms - s.ems), others + n * up * s.bms)
    return value, low, high


def _satterthwaite(s: MeanSquares, value: float) -> float:
    """Degrees of freedom of the error of ICC(2,1), in Shrout and Fleiss's formula times EMS²."""
    of_raters = s.k * value * s.jms
    of_rest = (s.n * (1 + (s.k - 1) * value) - s.k * value) * s.ems
    spread = (s.n - 1) * of_raters**2 + of_rest**2
    if spread == 0:  # no disagreement at all: any degrees of freedom give the same interval
        return float((s.n - 1) * (s.k - 1))
    return (s.k - 1) * (s.n - 1) * (of_raters + of_rest) ** 2 / spread


def _of_means(value: float, k: int) -> float:
    """Spearman and Brown's step from one rating to the mean of k."""
    return _ratio(k * value, 1 + (k - 1) * value)
