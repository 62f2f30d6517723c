"""Design and covariance of the model of response: arms by visits, sides in subjects.

Legend
------
n, S, K : subjects, sides of the subject that has most, visits
A_kl : covariance of two visits of the same side
B_kl : covariance of two sides of the same subject, at visits k and l

Neither A nor B is given a shape. Spread may grow from visit to visit as responses part, errors of
the baseline photo are shared by all visits of a side, and a lamp that has moved is shared by both
sides of one visit: whatever of that there is, sums and differences of sides have variances of
their own at every visit. Without missing figures the contrast at a visit is then exactly that of
the textbook: of paired differences in split-face data, of subjects in parallel arms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.errors import StudyError
from scarscope.study.checks import Floats
from scarscope.study.models.reml import Estimate, Reml, fit_reml
from scarscope.study.models.rows import ModelRows, restricted

Cell = tuple[str, int]
_TINY = 1e-12
_LEAST_PER_VISIT = 2  # degrees of freedom of the covariance for each visit in it


@dataclass(frozen=True, eq=False)
class VisitFit:
    """A fit of one or several visits.

    Attributes
    ----------
    fit : Reml
    sessions : tuple of int
        The visits in it.
    coefficients : tuple of str
        Names of the coefficients.
    cells : dict of (arm, session) to int
        Where each adjusted mean stands among the coefficients.
    rows : DataFrame
        What was fitted, with ``residual``: standardised, uncorrelated, and ``fitted``.
    """

    fit: Reml
    sessions: tuple[int, ...]
    coefficients: tuple[str, ...]
    cells: dict[Cell, int]
    rows: pd.DataFrame = field(repr=False)

    def mean(self, arm: str, session: int) -> Estimate | None:
        """Adjusted mean of an arm at a visit, at mean covariates; None where it has no figure."""
        return self._weighted({(arm, session): 1.0})

    def difference(self, arm: str, reference: str, session: int) -> Estimate | None:
        """Adjusted mean of an arm minus that of another, None where either has no figure."""
        return self._weighted({(arm, session): 1.0, (reference, session): -1.0})

    def _weighted(self, weights: dict[Cell, float]) -> Estimate | None:
        if any(cell not in self.cells for cell in weights):
            return None
        row = np.zeros(len(self.coefficients))
        for cell, weight in weights.items():
            row[self.cells[cell]] = weight
        return self.fit.contrast(row)


def fit_visits(rows: ModelRows, sessions: Sequence[int], *, baseline: bool = True) -> VisitFit:
    """Fit some visits together.

    Parameters
    ----------
    rows : ModelRows
    sessions : sequence of int
    baseline : bool
        Whether a subject's baseline, and a side's difference from it, are covariates, each with a
        slope of its own at every visit.

    Returns
    -------
    VisitFit

    Raises
    ------
    StudyError
        If there are too few figures, or the covariance cannot be estimated.
    """
    table = rows.table[rows.table["session"].isin(list(sessions))].reset_index(drop=True)
    if table["subject"].nunique() < 2:
        raise StudyError(
            f"Visits {', '.join(map(str, sessions))} have figures of fewer than two subjects.",
            remedy="Include more subjects; planning works without results as well.",
        )
    cells, columns = design_columns(rows, table, baseline=baseline)
    at, shape = _grid(table)
    y, known = np.zeros(shape), np.zeros(shape, np.bool_)
    x = np.zeros((*shape, len(columns)))
    y[at], known[at] = table["y"].to_numpy(), True
    x[at] = np.stack(list(columns.values()), axis=1)
    visits = table["session"].nunique()
    basis, start = _covariance(shape[1] // visits, visits)
    fit = fit_reml(y, x, basis, start, known)
    fitted = np.stack(list(columns.values()), axis=1) @ fit.beta
    done = table.assign(fitted=fitted, residual=fit.whitened[at])
    found = tuple(sorted(int(s) for s in table["session"].unique()))
    return VisitFit(fit, found, tuple(columns), cells, done)


def complete_subjects(rows: ModelRows) -> int:
    """Subjects with all sides at both of two visits, for the two that have fewest."""
    figures = rows.table.groupby(["subject", "session"]).size().unstack(fill_value=0)
    whole = (figures == figures.to_numpy().max()).to_numpy(np.int64)
    return int((whole.T @ whole).min())


def complete_at(rows: ModelRows, visit: int) -> ModelRows:
    """One visit of those subjects who have as many sides at it as any subject has."""
    here = rows.table["session"] == visit
    sides = rows.table[here].groupby("subject")["side"].nunique()
    whole = sides.index[sides == sides.max()]
    return restricted(rows, here & rows.table["subject"].isin(whole))


def least_complete(rows: ModelRows, *, baseline: bool = True) -> int:
    """Such subjects from which on visits are fitted together.

    It is told from who is there, never from what was found: a covariance without a shape needs
    subjects to be seen in, twice as many degrees of freedom as visits after what a visit's means
    and slopes take up.
    """
    first = rows.table[rows.table["session"] == rows.sessions[-1]]
    _, columns = design_columns(rows, first.reset_index(drop=True), baseline=baseline)
    return len(columns) + _LEAST_PER_VISIT * len(rows.sessions)


def design_columns(
    rows: ModelRows, table: pd.DataFrame, *, baseline: bool
) -> tuple[dict[Cell, int], dict[str, Floats]]:
    """The design: one indicator an arm and visit, then slopes, all centred.

    Parameters
    ----------
    rows : ModelRows
    table : DataFrame
        Those of its rows that are fitted.
    baseline : bool
        As in :func:`fit_visits`.

    Returns
    -------
    cells : dict of (arm, session) to int
        Where each adjusted mean stands among the columns.
    columns : dict of str to ndarray
    """
    pairs = sorted({(str(a), int(s)) for a, s in zip(table["arm"], table["session"], strict=True)})
    arm, session = table["arm"].to_numpy(), table["session"].to_numpy()
    columns: dict[str, Floats] = {}
    for name, visit in pairs:
        columns[f"{name} at visit {visit}"] = ((arm == name) & (session == visit)).astype(float)
    for slope in ("between", "within") if baseline else ():
        values = table[slope].to_numpy(np.float64)
        if slope == "between":
            values = values - float(table.drop_duplicates("subject")[slope].mean())
        for visit in sorted(set(session)):
            own = np.where(session == visit, values, 0.0)
            if np.ptp(own[session == visit]) > _TINY:
                columns[f"baseline {slope} subjects at visit {visit}"] = own
    for name in rows.covariates:
        columns[name] = table[name].to_numpy(np.float64)
    return {pair: place for place, pair in enumerate(pairs)}, columns


def _grid(table: pd.DataFrame) -> tuple[tuple[NDArray[np.int64], ...], tuple[int, int]]:
    """Where each row stands among subjects, and among sides and visits of its subject."""
    subject = pd.factorize(table["subject"], sort=True)[0]
    side = np.zeros(len(table), np.int64)
    for _, own in table.groupby(subject):
        side[own.index] = pd.factorize(own["side"], sort=True)[0]
    visit, visits = pd.factorize(table["session"], sort=True)
    shape = (int(subject.max()) + 1, (int(side.max()) + 1) * len(visits))
    return (subject.astype(np.int64), side * len(visits) + visit), shape


def _covariance(sides: int, visits: int) -> tuple[Floats, Floats]:
    """The matrices of A and B, and a start at which they are positive definite."""
    same, other = np.eye(sides), 1 - np.eye(sides)
    basis, start = [], []
    for which, diagonal, beside in ((same, 1.0, 0.4), (other, 0.3, 0.2)):
        for k in range(visits):
            for later in range(k, visits):
                step = np.zeros((visits, visits))
                step[k, later] = step[later, k] = 1.0
                basis.append(np.kron(which, step))
                start.append(diagonal if k == later else beside)
    return np.stack(basis), np.array(start)
