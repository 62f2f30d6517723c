"""The primary contrast by other analyses: what the result owes to how it was worked out.

Legend
------
d : a subject's difference between two arms, or the subject's mean in one of them
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scarscope.errors import DependencyError, StudyError
from scarscope.study.checks import Floats
from scarscope.study.models.assumptions import primary_figures
from scarscope.study.models.design import design_columns
from scarscope.study.models.fit import ResponseModel, fit_rows
from scarscope.study.models.reml import Estimate
from scarscope.study.models.rows import ModelRows, restricted

SENSITIVITY = {
    "arm": "Arm of the trial.",
    "reference": "What it is compared with; blank with one arm, whose mean is tested.",
    "analysis": "How it was worked out; the first is the study's own.",
    "n_subjects": "Subjects who contribute.",
    "estimate": "Log of the ratio of ratios, or difference in the measure's unit; of ranks the "
    "Hodges-Lehmann estimate.",
    "low": "Lower end of its interval; blank for ranks.",
    "high": "Upper end.",
    "change_pct": "The estimate in percent; blank on the scale of differences.",
    "p": "Two-sided p.",
    "note": "Why there is no figure, or what to beware of.",
}
DEFAULT = "default model"
NO_BASELINE = "without baseline as covariate"
ONE_VISIT = "primary visit by itself"
T_TEST = "t test of subjects at the primary visit"
RANKS = "rank test of subjects at the primary visit"
NESTED = "random subject and side (statsmodels MixedLM)"
# All visits are pooled into one spread, so that the last, where responses have parted most, looks
# surer than it is; a test holds the widths of both intervals side by side.
_BEWARE = {
    NESTED: "Takes spread to be the same at all visits. Where it grows from visit to visit the "
    "interval is too narrow in parallel arms: no substitute for the default."
}


@dataclass(frozen=True)
class _Found:
    n: int
    estimate: float
    low: float
    high: float
    p: float


def sensitivity(model: ResponseModel) -> pd.DataFrame:
    """The primary contrast by the default model and by five other analyses.

    Parameters
    ----------
    model : ResponseModel

    Returns
    -------
    DataFrame
        Columns :data:`SENSITIVITY`. An analysis that cannot be made has blank figures and a note.

    Raises
    ------
    DependencyError
        If statsmodels is not installed.

    Notes
    -----
    The t test is that of paired differences where subjects have both arms, else Welch's; the rank
    test Wilcoxon's signed ranks or Mann and Whitney's. MixedLM takes every visit of a side to
    share one random effect, and is given the degrees of freedom of subjects. It takes spread to be
    the same at all visits: where responses part over time its interval is too narrow at the last,
    so that it is no substitute for the default.
    """
    _require_statsmodels()
    reference, *others = model.rows.arms
    rows = []
    for arm in others or [reference]:
        against = reference if others else ""
        for name, analysis in _ANALYSES.items():
            try:
                found, note = analysis(model, arm, against), _BEWARE.get(name, "")
            except StudyError as error:
                found, note = _Found(0, np.nan, np.nan, np.nan, np.nan), error.message
            percent = 100 * np.expm1(found.estimate) if model.rows.scale == "ratio" else np.nan
            figures = (found.n, found.estimate, found.low, found.high, percent, found.p)
            rows.append((arm, against, name, *figures, note))
    return pd.DataFrame(rows, columns=list(SENSITIVITY))


def _require_statsmodels() -> None:
    try:
        import statsmodels  # noqa: F401
    except ImportError as error:
        raise DependencyError(
            "Other analyses of the response need statsmodels, which is not installed.",
            remedy='Install it with: pip install "scarscope[study]"',
        ) from error


def _default(model: ResponseModel, arm: str, against: str) -> _Found:
    return _of_model(model, arm, against)


def _no_baseline(model: ResponseModel, arm: str, against: str) -> _Found:
    again = fit_rows(model.rows, session=model.session, baseline=False, confidence=model.confidence)
    return _of_model(again, arm, against)


def _one_visit(model: ResponseModel, arm: str, against: str) -> _Found:
    rows = _at_primary(model)
    again = fit_rows(
        rows, session=model.session, baseline=model.baseline, confidence=model.confidence
    )
    return _of_model(again, arm, against)


def _at_primary(model: ResponseModel) -> ModelRows:
    rows = restricted(model.rows, model.rows.table["session"] == model.session)
    if rows.table.empty:
        raise StudyError(f"Nobody has a figure at visit {model.session}.", remedy="")
    return rows


def _of_model(model: ResponseModel, arm: str, against: str) -> _Found:
    found = primary_figures(model).get(arm)
    if found is None:
        raise StudyError(f"The model says nothing of {arm} at visit {model.session}.", remedy="")
    own = model.rows.table
    n = int(own.loc[own["arm"].isin([arm, against]), "subject"].nunique())
    return _Found(n, found.estimate, found.low, found.high, found.p)


def _t_test(model: ResponseModel, arm: str, against: str) -> _Found:
    one, two = _groups(model, arm, against)
    found: Any  # two result classes with the same fields
    if two is None:
        found = stats.ttest_1samp(one, 0.0)
    else:
        found = stats.ttest_ind(one, two, equal_var=False)
    interval = found.confidence_interval(model.confidence)
    n = len(one) + (0 if two is None else len(two))
    value = float(one.mean()) - (0.0 if two is None else float(two.mean()))
    return _Found(n, value, float(interval.low), float(interval.high), float(found.pvalue))


def _ranks(model: ResponseModel, arm: str, against: str) -> _Found:
    one, two = _groups(model, arm, against)
    if two is None:
        p = float(stats.wilcoxon(one).pvalue)
        sums = np.add.outer(one, one)[np.triu_indices(len(one))] / 2
        return _Found(len(one), float(np.median(sums)), np.nan, np.nan, p)
    p = float(stats.mannwhitneyu(one, two).pvalue)
    apart = float(np.median(np.subtract.outer(one, two)))
    return _Found(len(one) + len(two), apart, np.nan, np.nan, p)


def _groups(model: ResponseModel, arm: str, against: str) -> tuple[Floats, Floats | None]:
    """Differences of paired subjects; or both arms' subjects, where nobody has both."""
    table = _at_primary(model).table
    means = table.groupby(["subject", "arm"])["y"].mean().unstack()
    wanted = [arm, against] if against else [arm]  # an arm that is not stated is named ""
    means = means.reindex(columns=wanted)
    if not against:
        return _enough(means[arm]), None
    both = means.dropna()
    if len(both):
        return _enough(both[arm] - both[against]), None
    return _enough(means[arm]), _enough(means[against])


def _enough(values: pd.Series) -> Floats:
    known = values.dropna().to_numpy(np.float64)
    if len(known) < 2 or np.ptp(known) == 0:
        raise StudyError(
            f"{len(known)} subjects with figures that differ are too few.", remedy="Include more."
        )
    return known


def _nested(model: ResponseModel, arm: str, against: str) -> _Found:
    rows = model.rows.table
    cells, columns = design_columns(model.rows, rows, baseline=model.baseline)
    if any((name, model.session) not in cells for name in (arm, against) if name):
        raise StudyError(f"An arm has no figure at visit {model.session}.", remedy="")
    weights = np.zeros(len(columns))
    weights[cells[arm, model.session]] = 1.0
    if against:
        weights[cells[against, model.session]] = -1.0
    result = _mixed(rows, list(columns.values()))
    n, taken = rows["subject"].nunique(), len(columns) // len(model.rows.sessions)
    value = float(weights @ np.asarray(result.fe_params))
    covariance = np.asarray(result.cov_params())[: len(columns), : len(columns)]
    variance = float(weights @ covariance @ weights)
    if not variance > 0:  # few subjects, or no spread: then it is not even a number
        raise StudyError("MixedLM has no standard error for these figures.", remedy="")
    estimate = Estimate(value, float(np.sqrt(variance)), max(n - taken, 1))
    return _Found(n, value, *estimate.interval(model.confidence), estimate.p)


def _mixed(rows: pd.DataFrame, columns: list[Floats]) -> Any:  # noqa: ANN401  # untyped there
    """A MixedLM fit with a random subject and, where a side has several visits, a random side."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    names = [f"x{place}" for place in range(len(columns))]
    data = rows[["subject", "side", "y"]].assign(**dict(zip(names, columns, strict=True)))
    visits = data.groupby(["subject", "side"]).size().max()
    sides = data.groupby("subject")["side"].nunique().max()
    nested = {"side": "0 + C(side)"} if visits > 1 and sides > 1 else None
    if visits == 1 and sides == 1:
        raise StudyError("With one figure a subject there is nothing to nest.", remedy="")
    with warnings.catch_warnings(record=True):
        # It warns where a variance is 0, which is no fault; whether it has settled is asked below.
        warnings.simplefilter("always")
        try:
            made = MixedLM.from_formula(
                f"y ~ 0 + {' + '.join(names)}", data, groups="subject", vc_formula=nested
            )
            result = made.fit(reml=True)
        except (np.linalg.LinAlgError, ValueError) as error:
            raise StudyError(f"MixedLM failed ({error}).", remedy="") from error
    if not result.converged:
        raise StudyError("MixedLM did not converge.", remedy="")
    return result


_ANALYSES = {
    DEFAULT: _default,
    NO_BASELINE: _no_baseline,
    ONE_VISIT: _one_visit,
    T_TEST: _t_test,
    RANKS: _ranks,
    NESTED: _nested,
}
