"""Regression to the mean, shown: how much of a change follows from the baseline.

Whoever starts high tends to fall, since a high first figure is partly a high error. This module
shows how large that part can be here, and what the change is at equal baselines.

Legend
------
x : figure at baseline, y : at the follow-up, d : y - x
SEM : standard error of one measurement, MDC95 / (1.96 √2)
λ : SEM² / var(x), the share of the baseline's spread that is error
b : slope of d on x

Sources: Bland & Altman 1994, BMJ 309:780 (regression to the mean); Blomqvist 1977, J Am Stat Assoc
72:746 (slope freed of it); Oldham 1962, J Chronic Dis 15:969 (change against the mean of both);
Vickers & Altman 2001, BMJ 323:1123 (baseline as covariate).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from scarscope.study.agreement.repeatability import Z95
from scarscope.study.checks import Floats

LEAST = 4  # units, below which a line has too few degrees of freedom to say anything

REGRESSION = {
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
    "n": "Subjects with figures.",
    "baseline_mean": "Mean at baseline.",
    "baseline_sd": "Standard deviation at baseline.",
    "sem": "Standard error of one measurement, from the mean square of MDC95.",
    "slope": "Slope of the change on the baseline: a fall of a fixed share of each baseline has "
    "minus that share.",
    "slope_low": "Lower end of its 95 % interval.",
    "slope_high": "Upper end.",
    "error_slope": "Slope that measurement error alone would give, with errors of equal size "
    "at both visits: -(sem / baseline_sd)².",
    "true_slope": "Slope without that part (Blomqvist).",
    "oldham_r": "Correlation of the change with the mean of both visits: near 0 where the slope is "
    "only regression to the mean and both visits spread alike.",
    "change": "Mean change.",
    "common_baseline": "Mean baseline of all arms of the session.",
    "adjusted_change": "Change at that baseline, by this arm's own line.",
    "adjusted_low": "Lower end of its 95 % interval.",
    "adjusted_high": "Upper end.",
}


@dataclass(frozen=True)
class _Line:
    """Least squares of d on x."""

    n: int
    centre: float
    height: float  # of the line at the centre
    slope: float
    spread: float  # residual standard deviation
    sxx: float

    def at(self, x: float, confidence: float) -> tuple[float, float, float]:
        """Height at x, with its interval."""
        middle = self.height + self.slope * (x - self.centre)
        error = self.spread * float(np.sqrt(1 / self.n + (x - self.centre) ** 2 / self.sxx))
        return _around(middle, error, self.n - 2, confidence)

    def slope_interval(self, confidence: float) -> tuple[float, float, float]:
        """Slope, with its interval."""
        return _around(self.slope, self.spread / float(np.sqrt(self.sxx)), self.n - 2, confidence)


def _around(value: float, se: float, df: int, confidence: float) -> tuple[float, float, float]:
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * se
    return value, value - half, value + half


def _line(x: Floats, d: Floats) -> _Line | None:
    """The line; None where there are too few points, or all have the same x."""
    n = len(x)
    sxx = float(np.sum((x - x.mean()) ** 2)) if n else 0.0
    if n < LEAST or sxx <= 0:
        return None
    slope = float(np.sum((x - x.mean()) * (d - d.mean()))) / sxx
    rest = d - d.mean() - slope * (x - x.mean())
    spread = float(np.sqrt(np.sum(rest**2) / (n - 2)))
    return _Line(n, float(x.mean()), float(d.mean()), slope, spread, sxx)


def regression_to_mean(units: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """How change depends on the baseline, and how much of that is measurement error.

    Parameters
    ----------
    units : DataFrame
        From :func:`scarscope.study.units.combine`, one row a subject, arm and session.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Columns :data:`REGRESSION`. With fewer than four subjects, or no spread at baseline, what
        needs a line is NaN.

    Notes
    -----
    The intervals are those of a single arm. Arms are compared by a model that knows which subjects
    are in both.
    """
    known = units[units["change"].notna()]
    rows = []
    for session, visit in known.groupby("session"):
        common = float(visit.groupby("subject")["before"].mean().mean())
        for arm, own in visit.groupby("arm"):
            told = _regressed(own, common, confidence)
            rows.append({"arm": arm, "session": session, **told})
    made = pd.DataFrame(rows, columns=list(REGRESSION)).astype({"session": "Int64", "n": "Int64"})
    return made.sort_values(["arm", "session"], ignore_index=True)


def _regressed(own: pd.DataFrame, common: float, confidence: float) -> dict[str, float]:
    x, y = (own[name].to_numpy(np.float64) for name in ("before", "after"))
    d, line = y - x, _line(x, y - x)
    variance = float(x.var(ddof=1)) if len(x) > 1 else float("nan")
    sem = float(np.sqrt(np.mean((own["mdc95"].to_numpy(np.float64) / Z95) ** 2) / 2))
    nothing = (float("nan"),) * 3
    slope, slope_low, slope_high = line.slope_interval(confidence) if line else nothing
    adjusted, low, high = line.at(common, confidence) if line else nothing
    share = sem**2 / variance if variance > 0 else float("nan")
    return {
        "n": len(x),
        "baseline_mean": float(x.mean()),
        "baseline_sd": float(np.sqrt(variance)),
        "sem": sem,
        "slope": slope,
        "slope_low": slope_low,
        "slope_high": slope_high,
        "error_slope": -share,
        "true_slope": (slope + share) / (1 - share) if share < 1 else float("nan"),
        "oldham_r": _correlation(d, (x + y) / 2) if line else float("nan"),
        "change": float(d.mean()),
        "common_baseline": common,
        "adjusted_change": adjusted,
        "adjusted_low": low,
        "adjusted_high": high,
    }


def _correlation(a: Floats, b: Floats) -> float:
    both = float(a.std() * b.std())
    return float(np.mean((a - a.mean()) * (b - b.mean()))) / both if both > 0 else float("nan")
