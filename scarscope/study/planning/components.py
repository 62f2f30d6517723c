"""Variance components of a study that is there, to plan the next one from.

Legend
------
A, B : variance of a side's log ratio at a visit, and covariance with the subject's other side
v : variance of a log ratio by measurement error alone
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scarscope.change.error import READING, fit_spread, published
from scarscope.errors import StudyError
from scarscope.study.checks import Floats
from scarscope.study.data import StudyData
from scarscope.study.models.design import fit_visits
from scarscope.study.models.rows import rows_of_sides
from scarscope.study.planning.trial import Spreads
from scarscope.study.response import primary_measure, response_table
from scarscope.study.units import SHARED_ERROR, SIDE, combine

_BURDEN = "burden_um"
_LEAST_RETESTS = 6  # as the batch asks before it takes a study's own error


@dataclass(frozen=True)
class StoredSpreads:
    """What the figures of a finished batch vary by, and what that rests on.

    Attributes
    ----------
    spreads : Spreads
    n_subjects : int
        Subjects with a figure.
    sides : int
        The most sides that one of them has.
    n_retests : int
        Retests that can be compared.
    own_error : bool
        Whether the measurement error is that of these retests; else it is ScarScope's own.
    """

    spreads: Spreads
    n_subjects: int
    sides: int
    n_retests: int
    own_error: bool


def stored_spreads(study: StudyData, *, session: int | None = None) -> StoredSpreads:
    """What the burden in a finished batch varies by.

    Parameters
    ----------
    study : StudyData
        From :func:`scarscope.study.data.read_study`.
    session : int, optional
        As in :func:`spreads_of`.

    Returns
    -------
    StoredSpreads

    Raises
    ------
    StudyError
        If its photos have no scale, or its figures are too few or not above 0.
    """
    if primary_measure(study) != _BURDEN:
        raise StudyError(
            "The photos have no scale, and burden in pixels cannot be planned from.",
            remedy="State mm_per_px and score them again, or plan without a batch's output.",
        )
    changes = study.changes
    own = (changes["kind"] == "retest") & (changes["measure"] == _BURDEN)
    retests = changes[own & (changes["comparable"] != "no")][["before", "after"]].dropna()
    response = response_table(study, measure=_BURDEN)
    known = response[response["change"].notna()]
    return StoredSpreads(
        spreads=spreads_of(response, retests, session=session),
        n_subjects=int(known["subject"].nunique()),
        sides=int(known.groupby("subject")["side"].nunique().max()),
        n_retests=len(retests),
        own_error=len(retests) >= _LEAST_RETESTS,
    )


def spreads_of(
    response: pd.DataFrame,
    retests: pd.DataFrame | None = None,
    *,
    session: int | None = None,
    shared_error: float = SHARED_ERROR,
) -> Spreads:
    """What a study's figures vary by.

    Parameters
    ----------
    response : DataFrame
        A response table of burden.
    retests : DataFrame, optional
        Pairs of photos of the same visit: columns ``before, after``, such as the rows of
        changes.csv whose kind is ``retest``. With fewer than six, or None, ScarScope's own error
        is taken.
    session : int, optional
        The visit that stands for the course's end. None: the last.
    shared_error : float
        Correlation of the errors of two sides at one visit, which retests of single sides cannot
        tell.

    Returns
    -------
    Spreads
        ``course_sd`` and ``response_sd`` without what measurement error explains, never below 0.

    Raises
    ------
    StudyError
        If the figures are too few, or not above 0.
    """
    sides = combine(response, SIDE)
    rows = rows_of_sides(sides)
    if rows.scale != "ratio":
        raise StudyError(
            "Some figures are 0 or less, so that ratios cannot be planned from.",
            remedy="Plan from stated values (Spreads), or leave these subjects out.",
        )
    visit = rows.sessions[-1] if session is None else session
    fit = fit_visits(rows, [visit], baseline=True).fit
    own, shared = float(fit.theta[0]), float(fit.theta[1]) if len(fit.theta) > 1 else 0.0
    absolute, relative = _error(retests)
    known = sides[sides["before"] > 0]
    error = float(np.mean((absolute / known["before"].to_numpy(np.float64)) ** 2)) + relative**2
    # A side that is the mean of several photos has less of it.
    alone = (1 - shared_error) * error * float(np.mean(1 / known["n_photos"].astype("float64")))
    start = np.log(known.groupby(list(SIDE))["before"].mean())
    median = float(np.exp(start.median()))
    between, within = _between_and_within(start)
    return Spreads(
        baseline_um=median,
        baseline_sd=between,
        side_sd=within,
        course_sd=_root(shared - shared_error * error),
        response_sd=_root(own - shared - alone),
        error_absolute_um=absolute,
        error_relative=relative,
        reading_relative=_reading(),
        shared_error=shared_error,
    )


def _error(retests: pd.DataFrame | None) -> tuple[float, float]:
    if retests is not None:
        known = retests[["before", "after"]].dropna()
        if len(known) >= _LEAST_RETESTS:
            before, after = (known[name].to_numpy(np.float64) for name in ("before", "after"))
            spread = fit_spread(before, after)
            return spread.absolute, spread.relative
    spread = published().spreads["yes"]["burden_um"]
    return spread.absolute, spread.relative


def _reading() -> float:
    spread = published().spreads["yes"].get(READING)
    return 0.0 if spread is None else spread.relative


def _between_and_within(start: pd.Series) -> tuple[float, float]:
    """Standard deviations between subjects and between the sides of one (one-way anova)."""
    groups: list[Floats] = [own.to_numpy(np.float64) for _, own in start.groupby("subject")]
    sizes = np.array([len(group) for group in groups])
    spare = int((sizes - 1).sum())
    inner = sum(float(((g - g.mean()) ** 2).sum()) for g in groups) / spare if spare else 0.0
    if len(groups) < 2:
        raise StudyError("One subject tells no spread.", remedy="Plan from stated values.")
    means = np.array([group.mean() for group in groups])
    between = float(means.var(ddof=1)) - inner * float(np.mean(1 / sizes))
    return _root(between), math.sqrt(inner)


def _root(variance: float) -> float:
    return math.sqrt(max(variance, 0.0))
