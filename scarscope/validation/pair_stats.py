"""Shares, means and slopes of pairs, with intervals that are bootstrapped over pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import beta

from scarscope.validation.bootstrap import (
    CONFIDENCE,
    LEAST_UNITS,
    Floats,
    Interval,
    of_rows,
    of_sums,
)

Statistic = Callable[[pd.DataFrame], Interval]
Row = tuple[str, str, str, float, float, float, int]
FIGURE_COLUMNS = ("figure", "by", "level", "value", "low", "high", "n")
UNIT = "pair"
_LEAST_SPREAD = 5.0  # standard deviation of what a slope is fitted over, percent


def share(frame: pd.DataFrame, column: str) -> Interval:
    """Percentage of rows whose `column` is 1; rows without a value are left out.

    Drawing again from pairs that are all alike says nothing, so that where none or all are counted
    the interval is the exact one of Clopper and Pearson (1934), a pair taken as one trial.
    """
    known = frame.dropna(subset=[column])
    told = of_sums(
        known.assign(one=1.0),
        [column, "one"],
        lambda s: np.asarray(100 * s[column] / s["one"]),
        unit=UNIT,
    )
    if told.n < LEAST_UNITS or told.value not in (0.0, 100.0):
        return told
    low, high = clopper_pearson(told.n if told.value else 0, told.n)
    return Interval(told.value, 100 * low, 100 * high, told.n)


def clopper_pearson(hits: int, n: int) -> tuple[float, float]:
    """Exact interval of a share.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 100)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.036)
    """
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, n - hits + 1))
    return low, 1.0 if hits == n else float(beta.ppf(1 - tail, hits + 1, n - hits))


def mean(frame: pd.DataFrame, column: str) -> Interval:
    """Mean of a column."""
    return of_rows(frame, [column], lambda v: np.asarray(v.mean(axis=(-2, -1))), unit=UNIT)


def mean_abs(frame: pd.DataFrame, column: str) -> Interval:
    """Mean of a column's absolute values."""
    return of_rows(frame, [column], lambda v: np.asarray(np.abs(v).mean(axis=(-2, -1))), unit=UNIT)


def median(frame: pd.DataFrame, column: str) -> Interval:
    """Median of a column."""
    return of_rows(frame, [column], lambda v: np.asarray(np.median(v[..., 0], axis=-1)), unit=UNIT)


def slope(frame: pd.DataFrame, x: str, y: str) -> Interval:
    """Slope of the straight line of least squares through `y` over `x`; 1 is well calibrated.

    NaN where `x` hardly differs.
    """

    def fitted(values: Floats) -> Floats:
        dx = values[..., 0] - values[..., 0].mean(axis=-1, keepdims=True)
        dy = values[..., 1] - values[..., 1].mean(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((dx * dy).sum(axis=-1) / (dx * dx).sum(axis=-1))

    known = frame.dropna(subset=[x, y])
    if len(known) < LEAST_UNITS or float(known[x].std()) < _LEAST_SPREAD:
        return Interval(math.nan, math.nan, math.nan, 0)
    return of_rows(frame, [x, y], fitted, unit=UNIT)


def row(figure: str, by: str, level: str, told: Interval) -> Row:
    """One line of a table of figures."""
    return (figure, by, level, told.value, told.low, told.high, told.n)


def strata(
    figure: str, frame: pd.DataFrame, statistic: Statistic, by: Sequence[str] = ()
) -> list[Row]:
    """A figure over all rows, and at every level of the columns named in `by`."""
    rows = [row(figure, "all", "all", statistic(frame))]
    for name in by:
        for level, part in frame.groupby(name):
            if str(level):
                rows.append(row(figure, name, str(level), statistic(part)))
    return rows
