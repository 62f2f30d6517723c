"""From pairs of photos to the unit of analysis: a subject's side, or a subject's arm.

Views of the same skin, and two sides that had the same treatment, are no independent observations:
they are averaged before anything is counted or tested, photos to sides first and then sides to
arms, so that a photo that is refused does not change how much its side counts.

Photos of one visit share its light, so that their errors go together in part: the mean of k has the
standard error, and the MDC95, of one by ``√((1 + (k - 1) ρ) / k)`` with ρ = :data:`SHARED_ERROR`
(independent errors, ρ = 0, would give √k: Weir 2005, J Strength Cond Res 19:231). Photos that are
held against one and the same photo of the baseline share its error altogether, half of the variance
of a change.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.change.words import quartile
from scarscope.errors import ParamsError
from scarscope.study.response import NOT_COMPARABLE, better_of

# Correlation of the errors of two photos of one visit; stated, as planning has it: retests of
# single views cannot tell it.
SHARED_ERROR = 0.3
SIDE = ("subject", "side")
ARM = ("subject", "arm")

UNIT = {
    "session": "Number of the follow-up's visit.",
    "days": "Days since baseline, mean over the photos that count.",
    "measure": "What was measured.",
    "n_photos": "Follow-up photos that count.",
    "n_not_comparable": "Follow-up photos that do not, see response.csv.",
    "comparable": "`yes`, `caution` where a photo that counts is so, `no` where none counts.",
    "before": "Mean figure at baseline.",
    "after": "Mean figure at the follow-up.",
    "change": "After minus before.",
    "change_pct": "Change in percent of `before`; blank where that is not above 0.",
    "change_se": "Standard error of the change; blank where one of them is not known.",
    "mdc95": "Smallest detectable change of the mean; blank where one of them is not known.",
    "verdict": "The verdict on the mean.",
    "quartile": "Quartile of improvement; blank where nothing is known to have improved.",
}


def combine(response: pd.DataFrame, by: Sequence[str] = SIDE) -> pd.DataFrame:
    """One row a unit and session: the mean of its photos that can be compared.

    Parameters
    ----------
    response : DataFrame
        From :func:`scarscope.study.response.response_table`, of one measure.
    by : sequence of str
        What makes a unit: :data:`SIDE` or :data:`ARM`, or other columns of the table. Photos of one
        side are averaged before sides are.

    Returns
    -------
    DataFrame
        `by`, for sides also ``arm``, then columns :data:`UNIT`; sorted.

    Raises
    ------
    ParamsError
        For a column that the table does not have.
    """
    missing = [name for name in by if name not in response]
    if missing:
        raise ParamsError(
            f"by names {', '.join(missing)}, which the table does not have.",
            remedy=f"Choose from {', '.join(map(str, response))}.",
        )
    # A side has one arm; where a manifest says two, both are named rather than one chosen.
    place = [*by, *(["arm"] if "side" in by and "arm" not in by else []), "session"]
    columns = [*place[:-1], *UNIT]
    if response.empty:
        return response.reindex(columns=columns)
    of_sides = "side" in response and "side" not in by
    if of_sides:
        response = combine(response, [*by, "side"])
    groups = response.groupby(place, sort=True, dropna=False)
    rows = [{**dict(zip(place, key, strict=True)), **_mean(own, of_sides)} for key, own in groups]
    made = pd.DataFrame(rows, columns=columns)
    return made.astype({"session": "Int64", "n_photos": "Int64", "n_not_comparable": "Int64"})


def _mean(rows: pd.DataFrame, of_sides: bool) -> dict[str, object]:
    """The mean of one unit's photos of one session, or of its sides."""
    measure = str(rows["measure"].iloc[0])
    usable = rows[(rows["comparable"] != "no") & rows["change"].notna()]
    count = len(usable)
    counts = ("n_photos", "n_not_comparable")
    numbers = [int(rows[n].sum()) for n in counts] if of_sides else [count, len(rows) - count]
    told: dict[str, object] = {"measure": measure, **dict(zip(counts, numbers, strict=True))}
    days = usable["days"] if count else rows["days"]
    told["days"] = float(days.astype("float64").mean())
    if not count:
        return {**told, "comparable": "no", "verdict": NOT_COMPARABLE, "quartile": ""}
    before, after = float(usable["before"].mean()), float(usable["after"].mean())
    shared = _shared(usable)
    change, mdc95 = after - before, _error_of_mean(usable["mdc95"], shared)
    percent = 100 * change / before if before > 0 else float("nan")
    verdict = judge(change, mdc95, better_of(measure))
    return {
        **told,
        "comparable": "caution" if (usable["comparable"] == "caution").any() else "yes",
        "before": before,
        "after": after,
        "change": change,
        "change_pct": percent,
        "change_se": _error_of_mean(usable["change_se"], shared),
        "mdc95": mdc95,
        "verdict": verdict,
        "quartile": quartile(percent, verdict) if percent < 0 else "",
    }


def _shared(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Correlations of the errors of changes, shape (k, k)."""
    same = np.eye(len(rows))
    if "baseline" in rows:
        paths = rows["baseline"].to_numpy(str)
        same = (paths[:, None] == paths[None, :]).astype(np.float64)
    first, second = (SHARED_ERROR + (1 - SHARED_ERROR) * own for own in (same, np.eye(len(rows))))
    return np.asarray((first + second) / 2)


def _error_of_mean(errors: pd.Series, shared: NDArray[np.float64]) -> float:
    values = errors.to_numpy(np.float64)
    return float(np.sqrt(values @ shared @ values)) / len(values)


def judge(change: float, mdc95: float, better: str | None) -> str:
    """The verdict on a change; blank where its error is not known or neither direction is better.

    Examples
    --------
    >>> judge(-5.0, 2.0, "lower"), judge(1.0, 2.0, "lower")
    ('improved', 'no detectable change')
    """
    if np.isnan(mdc95) or np.isnan(change) or better is None:
        return ""
    if abs(change) <= mdc95:
        return "no detectable change"
    return "improved" if (change < 0) == (better == "lower") else "worse"


def last_session(units: pd.DataFrame) -> pd.DataFrame:
    """Of each unit the last session that has figures.

    Parameters
    ----------
    units : DataFrame
        From :func:`combine`.
    """
    known = units[units["change"].notna()]
    place = [name for name in ("subject", "side", "arm") if name in known]
    return known.sort_values("session").drop_duplicates(place, keep="last").sort_index()


def count_subjects(table: pd.DataFrame) -> dict[object, int]:
    """Subjects of each arm."""
    return {arm: int(own["subject"].nunique()) for arm, own in table.groupby("arm")}
