"""Does treatment work: follow-up against baseline, arm against arm, visit by visit.

The default test of response is the contrast of an arm with the reference at the last visit. Its
degrees of freedom are Kenward and Roger's, for trials are small; what it keeps and what it covers
is measured by ``python -m scarscope.validation.studies``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scarscope.errors import ParamsError, StudyError
from scarscope.study.checks import in_unit_interval
from scarscope.study.models.design import (
    VisitFit,
    complete_at,
    complete_subjects,
    fit_visits,
    least_complete,
)
from scarscope.study.models.multiple import holm
from scarscope.study.models.reading import reading_told, true_ends
from scarscope.study.models.reml import Estimate
from scarscope.study.models.rows import ModelRows, Scale, model_rows

TOGETHER, BY_ITSELF = "visits together", "each visit by itself"

_FIGURES = {
    "estimate": "Its figure: log of follow-up over baseline, or the difference in the measure's "
    "unit.",
    "se": "Standard error.",
    "df": "Degrees of freedom (Kenward-Roger).",
    "low": "Lower end of the interval.",
    "high": "Upper end.",
    "change_pct": "The figure in percent; blank on the scale of differences.",
    "change_pct_low": "Lower end in percent.",
    "change_pct_high": "Upper end in percent.",
    "p": "Two-sided p of its being 0.",
}
MEANS = {
    "measure": "What was measured.",
    "scale": "`ratio` or `difference`.",
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
    "primary": "Whether this is the visit that the study is about.",
    "n_sides": "Sides with a figure.",
    "n_subjects": "Their subjects.",
    **_FIGURES,
}
CONTRASTS = {
    "measure": "What was measured.",
    "scale": "`ratio` or `difference`.",
    "arm": "Arm of the trial.",
    "reference": "What it is compared with.",
    "session": "Number of the follow-up's visit.",
    "primary": "Whether this is the visit that the study is about.",
    **_FIGURES,
    "true_pct_low": "Lower end in percent of an interval for the true change: besides chance it "
    "holds that readings of a true change are off by a share of it on simulated photos. That share "
    "is taken to be the same in all sides; where arms are read differently it does not hold. Of "
    "burden and volume on the scale of ratios; else blank.",
    "true_pct_high": "Upper end.",
    "p_holm": "p adjusted for all contrasts of the primary visit (Holm); blank elsewhere.",
}


@dataclass(frozen=True, eq=False)
class ResponseModel:
    """Adjusted means and contrasts of a study, and what they rest on.

    Attributes
    ----------
    means : DataFrame
        Columns :data:`MEANS`: change of each arm at each visit, at the mean baseline.
    contrasts : DataFrame
        Columns :data:`CONTRASTS`: arms against the reference. Empty with one arm.
    rows : ModelRows
        Figures, design, missing visits.
    fits : tuple of VisitFit
        One of all visits, or one a visit.
    method : str
        :data:`TOGETHER` or :data:`BY_ITSELF`.
    session : int
        The primary visit.
    baseline : bool
        Whether baseline is a covariate.
    confidence : float
        Coverage of the intervals.
    notes : tuple of str
        What the reader has to know: fall-backs, and what was left out.
    """

    means: pd.DataFrame = field(repr=False)
    contrasts: pd.DataFrame = field(repr=False)
    rows: ModelRows
    fits: tuple[VisitFit, ...] = field(repr=False)
    method: str
    session: int
    baseline: bool
    confidence: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The contrasts, or with one arm the means."""
        return self.contrasts if len(self.rows.arms) > 1 else self.means

    @property
    def sentence(self) -> str:
        """What was done, for a methods section."""
        return _sentence(self)


def fit_response(
    response: pd.DataFrame,
    *,
    scale: Scale = "ratio",
    control: str | None = None,
    covariates: Sequence[str] = (),
    baseline: bool = True,
    session: int | None = None,
    confidence: float = 0.95,
) -> ResponseModel:
    """Model a measure's change by arm and visit.

    Parameters
    ----------
    response : DataFrame
        From :func:`scarscope.study.response.response_table`, of one measure.
    scale, control, covariates
        As in :func:`scarscope.study.models.rows.model_rows`.
    baseline : bool
        Whether baseline is a covariate.
    session : int, optional
        The visit that the study is about. None: its last one. Choose it before looking.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    ResponseModel

    Raises
    ------
    ParamsError
        For an option, column or visit that does not exist.
    StudyError
        If there are no figures, or too few.

    Notes
    -----
    ``y = arm x visit + baseline x visit + covariates + e`` with an unstructured covariance of the
    visits, within sides and between the sides of a subject, see
    :mod:`scarscope.study.models.design`. The baseline enters as the subject's mean and as each
    side's difference from it, whose slopes differ. Figures that are missing are taken to be missing
    at random, given those that are there.
    """
    in_unit_interval(confidence, "confidence")
    rows = model_rows(response, scale=scale, control=control, covariates=covariates)
    # The last visit of the plan, also if nobody could be measured then: that has to be seen.
    planned = sorted(int(s) for s in response["session"].unique())
    primary = planned[-1] if session is None else session
    if primary not in planned:
        raise ParamsError(
            f"No subject has visit {primary}.",
            remedy=f"Choose from {', '.join(map(str, planned))}.",
        )
    return fit_rows(rows, session=primary, baseline=baseline, confidence=confidence)


def fit_rows(
    rows: ModelRows, *, session: int, baseline: bool = True, confidence: float = 0.95
) -> ResponseModel:
    """The same from rows that are made already.

    Parameters
    ----------
    rows : ModelRows
    session : int
        The primary visit.
    baseline, confidence
        As in :func:`fit_response`.

    Returns
    -------
    ResponseModel

    Raises
    ------
    StudyError
        As :func:`fit_response` does.
    """
    fits, told = _fits(rows, baseline=baseline)
    means = _means(rows, fits, session, confidence)
    contrasts = _contrasts(rows, fits, session, confidence)
    notes = (*rows.notes, *told, *_warnings(rows, session))
    together = len(fits) == 1 and len(rows.sessions) > 1
    method = TOGETHER if together else BY_ITSELF
    return ResponseModel(means, contrasts, rows, fits, method, session, baseline, confidence, notes)


def _fits(rows: ModelRows, *, baseline: bool) -> tuple[tuple[VisitFit, ...], tuple[str, ...]]:
    """All visits together, or each by itself where there are too few subjects for that."""
    why = ""
    if len(rows.sessions) > 1:
        have, need = complete_subjects(rows), least_complete(rows, baseline=baseline)
        why = f"two of them have only {have} subjects with all sides in common, {need} are needed"
        if have >= need:
            try:
                return (_tested(rows, rows.sessions, baseline),), ()
            except StudyError as error:
                why = error.message.rstrip(".")
    fits, told = [], []
    for visit in rows.sessions:
        try:
            fit, notes = _one_visit(rows, visit, baseline)
        except StudyError as error:
            if len(rows.sessions) == 1:
                raise
            told.append(f"Visit {visit} could not be modelled: {error.message}")
            continue
        fits.append(fit)
        told += notes
    if not fits:
        raise StudyError(
            f"No visit can be modelled. {told[-1]}",
            remedy="Include more subjects, or report single figures.",
        )
    first = (
        f"The visits could not be modelled together ({why}): each was modelled by itself, which "
        "makes no use of a subject's other visits."
    )
    return tuple(fits), (*([first] if why else []), *told)


def _one_visit(rows: ModelRows, visit: int, baseline: bool) -> tuple[VisitFit, list[str]]:
    """One visit; without subjects who lack a side where their covariance cannot be estimated."""
    try:
        return _tested(rows, [visit], baseline), []
    except StudyError as error:
        whole = complete_at(rows, visit)
        lost = rows.table.loc[rows.table["session"] == visit, "subject"].nunique()
        lost -= whole.table["subject"].nunique()
        if not lost or whole.table.empty:
            raise
        why = error.message.rstrip(".")
    told = f"At visit {visit}, {lost} subjects without figures of all sides are left out ({why})."
    return _tested(whole, [visit], baseline), [told]


def _tested(rows: ModelRows, sessions: Sequence[int], baseline: bool) -> VisitFit:
    """A fit all of whose means have a standard error."""
    fit = fit_visits(rows, sessions, baseline=baseline)
    for arm, session in fit.cells:
        fit.mean(arm, session)
        if arm != rows.arms[0]:
            fit.difference(arm, rows.arms[0], session)
    return fit


def _means(
    rows: ModelRows, fits: Sequence[VisitFit], primary: int, confidence: float
) -> pd.DataFrame:
    made = []
    for arm in rows.arms:
        for fit in fits:
            for session in fit.sessions:
                own = fit.rows[(fit.rows["arm"] == arm) & (fit.rows["session"] == session)]
                if (found := fit.mean(arm, session)) is None:
                    continue
                place = (rows.measure, rows.scale, arm, session, session == primary)
                counts = (len(own), own["subject"].nunique())
                made.append((*place, *counts, *_figures(found, rows.scale, confidence)))
    table = pd.DataFrame(made, columns=list(MEANS))
    return table.astype(dict.fromkeys(("session", "n_sides", "n_subjects"), "Int64"))


def _contrasts(
    rows: ModelRows, fits: Sequence[VisitFit], primary: int, confidence: float
) -> pd.DataFrame:
    reference, *others = rows.arms
    made = []
    for arm in others:
        for fit in fits:
            for session in fit.sessions:
                found = fit.difference(arm, reference, session)
                own, other = fit.mean(arm, session), fit.mean(reference, session)
                if found is None or own is None or other is None:
                    continue
                place = (rows.measure, rows.scale, arm, reference, session, session == primary)
                figures = _figures(found, rows.scale, confidence)
                true = true_ends(found, own, other, rows, confidence)
                made.append((*place, *figures, *true, float("nan")))
    table = pd.DataFrame(made, columns=list(CONTRASTS)).astype({"session": "Int64"})
    chosen = table["primary"].astype(bool)
    table.loc[chosen, "p_holm"] = holm(table.loc[chosen, "p"])
    return table


def _figures(found: Estimate, scale: Scale, confidence: float) -> tuple[float, ...]:
    low, high = found.interval(confidence)
    values = (found.value, low, high)
    with np.errstate(over="ignore"):  # of hardly any subjects, an interval can be endless
        percent = 100 * np.expm1(values) if scale == "ratio" else np.full(3, np.nan)
    return (found.value, found.se, found.df, low, high, *percent.tolist(), found.p)


def _warnings(rows: ModelRows, primary: int) -> tuple[str, ...]:
    visit = rows.missing[rows.missing["session"] == primary]
    lost = int((visit["n_not_comparable"] + visit["n_missing"]).sum())
    told = []
    if lost:
        told.append(
            f"{lost} of {int(visit['n_sides'].sum())} sides with a follow-up have no figure at "
            f"visit {primary}: what the others tell of them holds if figures are missing at "
            "random."
        )
    if len(rows.arms) == 1:
        told.append(
            "There is no control: change over time, by chance or in the way photos were taken "
            "cannot be told from treatment."
        )
    lost_arms = sorted(set(rows.arms) - set(rows.table["arm"]))
    if lost_arms:
        told.append(f"No side of the arm {' or '.join(lost_arms)} has a figure at any visit.")
    if primary not in rows.sessions:
        told.append(f"Nobody has a figure at visit {primary}, which the study is about.")
    return tuple(told)


def _sentence(model: ResponseModel) -> str:
    rows = model.rows
    outcome = "log of follow-up over baseline" if rows.scale == "ratio" else "change from baseline"
    covariates = [
        *(["the subject's baseline and each side's difference from it"] if model.baseline else []),
        *rows.covariates,
    ]
    given = f", with {', '.join(covariates)} as covariates" if covariates else ""
    how = (
        "all visits together, with an unstructured covariance within sides and between the sides "
        "of a subject"
        if model.method == TOGETHER
        else "each visit by itself, with correlated sides of a subject"
    )
    design = {"one arm": "one arm, without control"}.get(rows.design, f"{rows.design} design")
    return (
        f"The {outcome} of {rows.measure} ({design}) was modelled by arm and visit{given}, {how} "
        f"(REML; intervals and tests with Kenward-Roger degrees of freedom). The primary contrast "
        f"was that at visit {model.session}.{reading_told(rows)}"
    )
