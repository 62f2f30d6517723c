"""The same skin again: retests, courses of treatment, and pairs in which nothing changed.

Legend
------
SEM, CV, MDC95 : standard error of measurement, coefficient of variation, and 1.96 · √2 · SEM, the
    smallest change of one subject that is not measurement error; see :mod:`scarscope.study`
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from scarscope.study.agreement import icc, sem_and_mdc
from scarscope.validation.bootstrap import Floats, Interval, of_rows

REPEATED = ("burden_um", "scar_area_fraction", "n_scars")
REPEAT_COLUMNS = ("measure", "figure", "value", "low", "high", "n")
_SKIN = ("subject", "view", "session")


def retest_pairs(photos: pd.DataFrame) -> pd.DataFrame:
    """Photos of the same visit, side by side.

    Parameters
    ----------
    photos : DataFrame
        One row a photo with ``subject``, ``view``, ``session``, ``kind`` and the measures as
        ``found_burden_um`` and so on.

    Returns
    -------
    DataFrame
        One row a pair: subject, view, session, and every measure with ``_a`` and ``_b``.
    """
    values = [f"found_{name}" for name in REPEATED]
    first, second = (
        photos[photos["kind"] == kind].drop_duplicates(list(_SKIN))[[*_SKIN, *values]]
        for kind in ("session", "retest")
    )
    return first.merge(second, on=list(_SKIN), suffixes=("_a", "_b"))


def repeatability(pairs: pd.DataFrame) -> pd.DataFrame:
    """ICC(2,1), SEM, CV and MDC95 of burden, area fraction and count from retest pairs.

    Returns
    -------
    DataFrame
        Columns :data:`REPEAT_COLUMNS`, with the intervals of :mod:`scarscope.study`. ``cv_pct`` is
        that of logs, blank where something is zero; ``cv_of_mean_pct`` is SEM over the mean. No
        rows with fewer than two pairs.
    """
    rows: list[tuple[object, ...]] = []
    for name in REPEATED:
        columns = [f"found_{name}_a", f"found_{name}_b"]
        known = pairs[columns].dropna().to_numpy(np.float64)
        if len(known) >= 2:
            rows += [(name, *row, len(known)) for row in _repeat_rows(known)]
    return pd.DataFrame(rows, columns=list(REPEAT_COLUMNS))


def _repeat_rows(values: Floats) -> list[tuple[str, float, float, float]]:
    agreed, error = icc(values), sem_and_mdc(values[:, 0], values[:, 1])
    to_mdc = 1.96 * math.sqrt(2)
    # Errors that grow with burden are no sample of one normal distribution: drawn by pair.
    pairs = pd.DataFrame(values, columns=["a", "b"]).assign(pair=range(len(values)))
    again = of_rows(pairs, ["a", "b"], _cv_of_mean, unit="pair")
    return [
        ("icc_2_1", agreed.value, agreed.low, agreed.high),
        ("sem", error.sem, error.sem_low, error.sem_high),
        ("mdc95", error.mdc95, to_mdc * error.sem_low, to_mdc * error.sem_high),
        ("cv_pct", error.cv_pct, math.nan, math.nan),
        ("cv_of_mean_pct", again.value, again.low, again.high),
    ]


def _cv_of_mean(values: Floats) -> Floats:
    """SEM over the mean in %, of arrays of shape (..., pairs, 2)."""
    apart, mean = values[..., 0] - values[..., 1], values.mean(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 100 * apart.std(axis=-1, ddof=1) / math.sqrt(2) / mean
    return np.asarray(np.where(mean > 0, found, np.nan))


def course_pairs(photos: pd.DataFrame) -> pd.DataFrame:
    """Each follow-up beside its baseline, with the true and the found change of burden.

    Returns
    -------
    DataFrame
        One row a subject, view and later session: ``true_change_pct``, ``found_change_pct`` and
        their difference ``error_points``. Baselines without true burden are left out, and changes
        that cannot be told because nothing was found at baseline count as no change.
    """
    own = photos[photos["kind"] == "session"]
    values = ["true_burden_um", "found_burden_um"]
    table = own.dropna(subset=["session"])[[*_SKIN, *values]].drop_duplicates(list(_SKIN))
    before = table[table["session"] == 0].drop(columns="session")
    pairs = before.merge(
        table[table["session"] > 0], on=["subject", "view"], suffixes=("_before", "_after")
    )
    pairs = pairs[pairs["true_burden_um_before"] > 0]
    changes = {f"{side}_change_pct": _change_pct(pairs, side) for side in ("true", "found")}
    pairs = pairs.assign(**changes)
    return pairs.assign(error_points=pairs["found_change_pct"] - pairs["true_change_pct"])


def _change_pct(pairs: pd.DataFrame, side: str) -> pd.Series:
    before, after = (pairs[f"{side}_burden_um_{when}"] for when in ("before", "after"))
    change = 100 * (after - before) / before.where(before > 0)
    return change.where(before != 0, 0.0)


def change_error(pairs: pd.DataFrame) -> tuple[Interval, Interval]:
    """Mean absolute error and bias of the percent change of burden, in points."""
    columns = ["error_points"]
    return (
        of_rows(pairs, columns, lambda v: np.asarray(np.abs(v).mean(axis=(-2, -1)))),
        of_rows(pairs, columns, lambda v: np.asarray(v.mean(axis=(-2, -1)))),
    )


def called(pairs: pd.DataFrame, *, mdc95: float) -> pd.DataFrame:
    """Which changes of burden exceed measurement error.

    Parameters
    ----------
    pairs : DataFrame
        With ``found_burden_um_before`` and ``found_burden_um_after``.
    mdc95 : float
        Smallest detectable change in micrometres. NaN calls nothing.

    Returns
    -------
    DataFrame
        The pairs with ``change_um`` and ``called``.
    """
    change = pairs["found_burden_um_after"] - pairs["found_burden_um_before"]
    return pairs.assign(change_um=change, called=change.abs() > mdc95)
