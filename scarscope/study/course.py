"""The course over the visits: how much each arm changed, on average and in spread."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scarscope.study.agreement.intervals import mean_interval
from scarscope.study.units import count_subjects

COURSE = {
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
    "measure": "What was measured.",
    "n": "Subjects with figures.",
    "n_not_comparable": "Subjects who came, but none of whose photos can be compared.",
    "n_missing": "Subjects of the arm without a photo of this visit, those who never came back "
    "included: with `n` and `n_not_comparable` they are all of enrolment.csv.",
    "days": "Days since baseline, median.",
    "change": "Mean change of the `n` subjects with figures, as all figures that follow.",
    "change_low": "Lower end of its 95 % interval (Student).",
    "change_high": "Upper end.",
    "n_pct": "Subjects of `n` whose baseline is above 0: those that have a percentage.",
    "change_pct": "Mean change of the `n_pct` in percent of each subject's baseline.",
    "change_pct_low": "Lower end of its 95 % interval (Student).",
    "change_pct_high": "Upper end.",
    "ratio_pct": "Change in percent by the geometric mean of follow-up over baseline, which a few "
    "large ratios do not move; blank where a figure is 0.",
    "ratio_pct_low": "Lower end of its 95 % interval (Student, logs).",
    "ratio_pct_high": "Upper end.",
    "median_pct": "Median change of the `n_pct` in percent.",
    "q1_pct": "First quartile of it.",
    "q3_pct": "Third quartile.",
    "mdc95_pct": "Smallest detectable change of one subject in percent, median.",
    "n_improved": "Subjects improved by more than MDC95.",
    "n_unchanged": "Subjects without a detectable change.",
    "n_worse": "Subjects worse by more than MDC95.",
}
_VERDICTS = {
    "n_improved": "improved",
    "n_unchanged": "no detectable change",
    "n_worse": "worse",
}


def time_course(units: pd.DataFrame, subjects: pd.DataFrame | None = None) -> pd.DataFrame:
    """Change since baseline of each arm at each session.

    Parameters
    ----------
    units : DataFrame
        From :func:`scarscope.study.units.combine`, one row a subject, arm and session.
    subjects : DataFrame, optional
        All subjects with their arm, :func:`scarscope.study.response.list_subjects`; without it,
        those who came to a baseline only are not counted as missing.

    Returns
    -------
    DataFrame
        Columns :data:`COURSE`.
    """
    of_arm = count_subjects(units if subjects is None else subjects)
    rows = [
        {"arm": arm, "session": session, **_summary(own, of_arm[arm])}
        for (arm, session), own in units.groupby(["arm", "session"])
    ]
    made = pd.DataFrame(rows, columns=list(COURSE))
    counts = ["session", "n", "n_not_comparable", "n_missing", "n_pct", *_VERDICTS]
    return made.astype(dict.fromkeys(counts, "Int64"))


def _summary(own: pd.DataFrame, everyone: int) -> dict[str, object]:
    usable = own[own["change"].notna()]
    change = mean_interval(usable["change"])
    percent = mean_interval(usable["change_pct"])
    both = usable[(usable["before"] > 0) & (usable["after"] > 0)]
    complete = len(both) == len(usable)
    ratio = mean_interval(np.log(both["after"] / both["before"]) if complete else [])
    q1, median, q3 = (usable["change_pct"].quantile(share) for share in (0.25, 0.5, 0.75))
    return {
        "measure": own["measure"].iloc[0],
        "n": len(usable),
        "n_not_comparable": len(own) - len(usable),
        "n_missing": everyone - len(own),
        "days": own["days"].median(),
        "change": change.mean,
        "change_low": change.low,
        "change_high": change.high,
        "n_pct": int(usable["change_pct"].notna().sum()),
        "change_pct": percent.mean,
        "change_pct_low": percent.low,
        "change_pct_high": percent.high,
        "ratio_pct": _percent(ratio.mean),
        "ratio_pct_low": _percent(ratio.low),
        "ratio_pct_high": _percent(ratio.high),
        "median_pct": median,
        "q1_pct": q1,
        "q3_pct": q3,
        "mdc95_pct": (
            100 * usable["mdc95"] / usable["before"].mask(usable["before"] <= 0)
        ).median(),
        **{name: int((usable["verdict"] == told).sum()) for name, told in _VERDICTS.items()},
    }


def _percent(log_ratio: float) -> float:
    return 100 * float(np.expm1(log_ratio))
