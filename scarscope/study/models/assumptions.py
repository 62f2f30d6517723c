"""Whether the model's assumptions hold, and whether one subject decides alone.

Legend
------
standardised residual : uncorrelated and of variance 1 where the model is right
residual : figure minus fitted, in its own scale
shift : contrast without a subject minus contrast with, in standard errors of the former
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from scarscope.errors import StudyError
from scarscope.study.models.fit import ResponseModel, fit_rows
from scarscope.study.models.rows import ModelRows, restricted

HOLDS, DOUBTFUL, UNKNOWN = "holds", "doubtful", "cannot be told"
CHECKS = {
    "check": "What is assumed.",
    "statistic": "What was worked out at the primary visit.",
    "value": "Its figure.",
    "p": "p of a departure that large by chance; blank where there is none.",
    "verdict": "`holds`, `doubtful`, or `cannot be told` with too few figures. Small studies show "
    "gross departures only.",
    "meaning": "What follows where it is doubtful.",
}
INFLUENCE = {
    "subject": "Who was left out.",
    "arm": "Arm of the contrast; with one arm of the mean.",
    "estimate": "The figure without this subject.",
    "shift": "How much that moves it, in standard errors of the figure without this subject.",
    "p": "p without this subject.",
    "turns": "Whether p crosses 0.05.",
}
_LEVEL = 0.05
_LEAST = 8  # figures below which tests of shape say nothing
_RATIO = 2.0  # of standard deviations between arms; t tests of equal groups bear that
_SHIFT = 1.0  # standard errors


def check_model(model: ResponseModel) -> pd.DataFrame:
    """Residual normality and spread, and the influence of single subjects.

    Parameters
    ----------
    model : ResponseModel

    Returns
    -------
    DataFrame
        Columns :data:`CHECKS`; empty where the primary visit has no figures.
    """
    own = [fit.rows for fit in model.fits if model.session in fit.sessions]
    if not own:
        return pd.DataFrame(columns=list(CHECKS))
    rows = own[0][own[0]["session"] == model.session]
    return pd.DataFrame(
        [_normality(rows), _by_arm(rows), _by_size(rows), _by_subject(model)], columns=list(CHECKS)
    )


def _normality(rows: pd.DataFrame) -> tuple[object, ...]:
    values = rows["residual"].to_numpy(np.float64)
    meaning = "Compare with the rank test in the table of other analyses."
    name, statistic = "normal residuals", "skewness of standardised residuals (p: Shapiro-Wilk)"
    if len(values) < _LEAST:
        return name, statistic, np.nan, np.nan, UNKNOWN, meaning
    p = float(stats.shapiro(values).pvalue)
    return name, statistic, float(stats.skew(values)), p, _verdict(p < _LEVEL), meaning


def _by_arm(rows: pd.DataFrame) -> tuple[object, ...]:
    left = rows["y"] - rows["fitted"]
    groups = [own.to_numpy(np.float64) for _, own in left.groupby(rows["arm"])]
    name, statistic = "equal spread in all arms", "largest over smallest SD (p: Brown-Forsythe)"
    meaning = (
        "Intervals of single arms' means are too wide for one and too narrow for the other; "
        "contrasts of paired sides are not touched."
    )
    if len(groups) < 2 or min(map(len, groups)) < _LEAST // 2:
        return name, statistic, np.nan, np.nan, UNKNOWN, meaning
    sds = [float(group.std(ddof=1)) for group in groups]
    ratio = max(sds) / min(sds) if min(sds) > 0 else float("inf")
    p = float(stats.levene(*groups, center="median").pvalue)
    return name, statistic, ratio, p, _verdict(p < _LEVEL or ratio > _RATIO), meaning


def _by_size(rows: pd.DataFrame) -> tuple[object, ...]:
    name = "spread does not depend on size"
    statistic = "rank correlation of |residual| with baseline (p: Spearman)"
    meaning = "Try the other scale: ratios where spread grows with the figure, else differences."
    sizes = (rows["between"] + rows["within"]).to_numpy(np.float64)
    if len(rows) < _LEAST or np.ptp(sizes) == 0:
        return name, statistic, np.nan, np.nan, UNKNOWN, meaning
    found = stats.spearmanr((rows["y"] - rows["fitted"]).abs().to_numpy(np.float64), sizes)
    value, p = float(found.statistic), float(found.pvalue)
    return name, statistic, value, p, _verdict(p < _LEVEL), meaning


def _by_subject(model: ResponseModel) -> tuple[object, ...]:
    table = influence(model)
    name, statistic = "no subject decides alone", "largest shift in standard errors"
    if table["shift"].notna().sum() == 0:
        return name, statistic, np.nan, np.nan, UNKNOWN, "Too few subjects to leave one out."
    worst = table.iloc[int(np.nanargmax(table["shift"].abs().to_numpy(np.float64)))]
    turning = sorted(set(table.loc[table["turns"].astype(bool), "subject"]))
    told = f" p crosses {_LEVEL} without {', '.join(turning)}." if turning else ""
    meaning = f"Look at the photos of {worst['subject']}.{told}"
    return (
        name,
        statistic,
        float(worst["shift"]),
        np.nan,
        _verdict(abs(worst["shift"]) > _SHIFT),
        meaning,
    )


def _verdict(doubt: bool) -> str:
    return DOUBTFUL if doubt else HOLDS


def influence(model: ResponseModel) -> pd.DataFrame:
    """The primary contrast without each subject in turn; with one arm, the mean.

    Parameters
    ----------
    model : ResponseModel

    Returns
    -------
    DataFrame
        Columns :data:`INFLUENCE`, one row a subject and arm. Figures are blank where the model
        cannot be fitted without a subject.
    """
    whole = primary_figures(model)
    rows = []
    for subject in sorted(model.rows.table["subject"].unique()):
        kept = model.rows.table["subject"] != subject
        without = _refitted(model, restricted(model.rows, kept))
        for arm, found in whole.items():
            rows.append((subject, arm, *_moved(found, without.get(arm))))
    return pd.DataFrame(rows, columns=list(INFLUENCE))


def _moved(whole: Figures, without: Figures | None) -> tuple[float, float, float, bool]:
    if without is None:
        return np.nan, np.nan, np.nan, False
    # By the error without: one who stands apart widens the error with, and so hides in it.
    shift = (without.estimate - whole.estimate) / without.se
    turns = (without.p < _LEVEL) != (whole.p < _LEVEL)
    return without.estimate, shift, without.p, turns


def _refitted(model: ResponseModel, rows: ModelRows) -> dict[str, Figures]:
    try:
        again = fit_rows(
            rows, session=model.session, baseline=model.baseline, confidence=model.confidence
        )
    except StudyError:
        return {}
    return primary_figures(again)


@dataclass(frozen=True)
class Figures:
    """What a model says of one arm at the primary visit; `true_low`, `true_high` in percent."""

    estimate: float
    se: float
    low: float
    high: float
    p: float
    true_low: float = math.nan
    true_high: float = math.nan


def primary_figures(model: ResponseModel) -> dict[str, Figures]:
    """What the study is about: contrasts of the primary visit by arm, with one arm its mean."""
    table = model.to_frame()
    own = table[table["primary"].astype(bool)]
    names = ["estimate", "se", "low", "high", "p"]
    true = [f"true_pct_{end}" for end in ("low", "high")]
    figures = own.reindex(columns=[*names, *true]).to_numpy(np.float64).tolist()
    return {str(arm): Figures(*each) for arm, each in zip(own["arm"], figures, strict=True)}
