"""Who responded, by rules that are stated before anyone looks.

No validated smallest change that matters to patients is known for acne scars, so three rules stand
side by side: a change that exceeds measurement error, a fall by a share that the study chose, and
half of the scars better, after the rule of the Acne Scar Rating Scale (ASRS; there a scar is better
by 2 of 4 points, here by more than its own MDC95).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scarscope.errors import ParamsError
from scarscope.study.agreement.intervals import wilson
from scarscope.study.response import better_of, measure_words
from scarscope.study.scar_response import better_shares
from scarscope.study.units import count_subjects

BEYOND_MDC, THRESHOLD, SCARS = "beyond_mdc95", "threshold", "half_of_scars"
RULES = (BEYOND_MDC, THRESHOLD, SCARS)

RESPONDERS = {
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
    "rule": "`beyond_mdc95`, `threshold` or `half_of_scars`.",
    "meaning": "The rule in words.",
    "n": "Subjects for whom it can be said; those who never came back are not among them.",
    "responders": "Subjects who meet the rule.",
    "share": "Their share of `n`.",
    "low": "Lower end of its 95 % interval (Wilson).",
    "high": "Upper end.",
    "n_not_known": "Subjects of the arm of whom it is not known: no photo of this visit, or none "
    "that can be compared; those who never came back are among them. With `n` they are all of "
    "enrolment.csv.",
    "low_of_all": "Lower end of the share of all, `n` and `n_not_known`, if none of those had "
    "responded.",
    "high_of_all": "Upper end of the share of all if all of those had.",
}


@dataclass(frozen=True)
class ResponseRules:
    """What counts as a response.

    Attributes
    ----------
    threshold_pct : float
        Fall of the measure, in percent of baseline, from which on a subject responds.
    scars_share : float
        Share of the scars found at baseline, from which on a subject responds when that many are
        resolved or improved.
    """

    threshold_pct: float = 50.0
    scars_share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.threshold_pct <= 100:
            raise ParamsError(
                f"threshold_pct is {self.threshold_pct!r}.",
                remedy="Give a fall in percent of baseline, above 0 and up to 100.",
            )
        if not 0 < self.scars_share <= 1:
            raise ParamsError(
                f"scars_share is {self.scars_share!r}.", remedy="Give a share above 0 and up to 1."
            )

    def meaning(self, rule: str, measure: str) -> str:
        """A rule in words."""
        name = measure_words(measure)
        return {
            BEYOND_MDC: f"{name} improved by more than MDC95",
            THRESHOLD: f"{name} better by {self.threshold_pct:g} % or more",
            SCARS: f"{100 * self.scars_share:g} % or more of the scars resolved or improved",
        }[rule]


def unit_responses(
    units: pd.DataFrame, outcomes: pd.DataFrame, rules: ResponseRules | None = None
) -> pd.DataFrame:
    """Whether each unit meets each rule at each session.

    Parameters
    ----------
    units : DataFrame
        From :func:`scarscope.study.units.combine`.
    outcomes : DataFrame
        From :func:`scarscope.study.scar_response.scar_outcomes`.
    rules : ResponseRules, optional

    Returns
    -------
    DataFrame
        `units` with ``n_scars, better_share`` and one column a rule: true, false, or NA where it
        cannot be said.
    """
    rules = rules or ResponseRules()
    by = [name for name in ("subject", "side", "arm") if name in units]
    shares = better_shares(outcomes, by)[[*by, "session", "n_scars", "better_share"]]
    table = units.merge(shares.astype({"session": "Int64"}), on=[*by, "session"], how="left")
    measure = str(units["measure"].iloc[0]) if len(units) else ""
    sign = -1 if better_of(measure) == "higher" else 1
    judged = table["verdict"].isin(("improved", "no detectable change", "worse"))
    met = {
        BEYOND_MDC: (table["verdict"] == "improved", judged),
        THRESHOLD: (
            sign * table["change_pct"] <= -rules.threshold_pct,
            # Who got worse from next to nothing has no percentage, and did not respond.
            table["change_pct"].notna() | (sign * table["change"] > 0),
        ),
        SCARS: (table["better_share"] >= rules.scars_share, table["better_share"].notna()),
    }
    for rule, (yes, known) in met.items():
        table[rule] = yes.astype("boolean").mask(~known)
    return table.astype({"n_scars": "Int64"})


def responder_table(
    responses: pd.DataFrame,
    rules: ResponseRules | None = None,
    subjects: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Responders of each arm at each session, by each rule.

    Parameters
    ----------
    responses : DataFrame
        From :func:`unit_responses`, with one row a subject, arm and session, so that observations
        are independent.
    rules : ResponseRules, optional
        The same as there.
    subjects : DataFrame, optional
        All subjects with their arm, :func:`scarscope.study.response.list_subjects`; without it,
        those who came to a baseline only are not counted.

    Returns
    -------
    DataFrame
        Columns :data:`RESPONDERS`. Nobody is left out unseen: `n_not_known` counts the arm's
        subjects of whom the session tells nothing, and the last two columns what they could change.
    """
    rules = rules or ResponseRules()
    of_arm = count_subjects(responses if subjects is None else subjects)
    measure = str(responses["measure"].iloc[0]) if len(responses) else ""
    rows = [
        {"arm": arm, "session": session, "rule": rule, "meaning": rules.meaning(rule, measure)}
        | _counted(own[rule], of_arm[arm])
        for (arm, session), own in responses.groupby(["arm", "session"])
        for rule in RULES
    ]
    made = pd.DataFrame(rows, columns=list(RESPONDERS))
    return made.astype(dict.fromkeys(("session", "n", "responders", "n_not_known"), "Int64"))


def _counted(met: pd.Series, everyone: int) -> dict[str, float]:
    known = met.dropna()
    count, n = int(known.sum()), len(known)
    share = wilson(count, n)
    return {
        "n": n,
        "responders": count,
        "share": share.share,
        "low": share.low,
        "high": share.high,
        "n_not_known": everyone - n,
        "low_of_all": wilson(count, everyone).low,
        "high_of_all": wilson(count + everyone - n, everyone).high,
    }
