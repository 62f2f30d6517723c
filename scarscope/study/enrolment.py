"""Who was enrolled, who came back, and who is analysed: what stands behind every other count.

A subject without a follow-up has no row in a table of responses, and would go unseen there. Who was
enrolled and never photographed is not known here.
"""

from __future__ import annotations

import pandas as pd

from scarscope.study.units import SIDE

ENROLMENT = {
    "arm": "Arm of the trial; blank where none is stated.",
    "n_enrolled": "Subjects of the arm with a photo of any visit: what `n_missing` of course.csv "
    "and `n_not_known` of responders.csv are counted from. Who was never photographed is unknown.",
    "n_never_returned": "Those among them without a photo after the first visit, scored or not.",
    "n_not_comparable": "Those who came back, but none of whose photos can be compared.",
    "n_analysed": "Those with a figure at one visit or more. In a split-face trial a subject is in "
    "more than one arm, and is counted in each.",
    "n_sides": "Sides of the enrolled subjects in this arm.",
    "n_sides_never_returned": "Sides without a photo after the first visit.",
    "n_sides_analysed": "Sides with a figure at one visit or more.",
}
_COUNTS = [name for name in ENROLMENT if name != "arm"]


def enrolment(people: pd.DataFrame, response: pd.DataFrame) -> pd.DataFrame:
    """Subjects and sides of each arm: enrolled, never back, analysed.

    Parameters
    ----------
    people : DataFrame
        Every subject, side and view, :func:`scarscope.study.response.list_subjects`.
    response : DataFrame
        Of the endpoint, :func:`scarscope.study.response.response_table`.

    Returns
    -------
    DataFrame
        Columns :data:`ENROLMENT`; ``n_enrolled`` is the sum of the three after it.
    """
    known = response[response["change"].notna()]
    rows = []
    for arm, own in people.groupby("arm"):
        everyone = set(own["subject"])
        back = everyone & set(response.loc[response["arm"] == arm, "subject"])
        counted = everyone & set(known.loc[known["arm"] == arm, "subject"])
        sides = _sides(own)
        of_subjects = len(everyone), len(everyone - back), len(back - counted), len(counted)
        of_sides = len(sides), len(sides - _sides(response)), len(sides & _sides(known))
        rows.append((arm, *of_subjects, *of_sides))
    made = pd.DataFrame(rows, columns=list(ENROLMENT))
    return made.astype(dict.fromkeys(_COUNTS, "Int64"))


def _sides(table: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(table[list(SIDE)].itertuples(index=False, name=None))


def with_never_returned(missing: pd.DataFrame, enrolled: pd.DataFrame) -> pd.DataFrame:
    """The model's table of missing visits with the sides that no visit after the first has.

    Parameters
    ----------
    missing : DataFrame
        Columns :data:`scarscope.study.models.rows.MISSING`.
    enrolled : DataFrame
        From :func:`enrolment`.

    Returns
    -------
    DataFrame
        The same with ``n_never_returned``, and with rows for an arm that nobody came back to.
    """
    if missing.empty:
        return missing
    lost = enrolled.set_index("arm")["n_sides_never_returned"]
    told = missing.assign(n_never_returned=missing["arm"].map(lost).astype("Int64"))
    absent = [arm for arm in lost.index if arm and arm not in set(missing["arm"]) and lost[arm]]
    counts = dict.fromkeys(("n_sides", "n_used", "n_not_comparable", "n_missing"), 0)
    rows = [
        {"arm": arm, "session": session, **counts, "n_never_returned": lost[arm]}
        for arm in absent
        for session in missing["session"].unique()
    ]
    if not rows:
        return told
    more = pd.DataFrame(rows, columns=list(told)).astype(told.dtypes.to_dict())
    return pd.concat([told, more], ignore_index=True)


def never_returned(people: pd.DataFrame, response: pd.DataFrame, enrolled: pd.DataFrame) -> str:
    """A sentence on the subjects who came to the first visit only; empty where there is none."""
    everyone = set(people["subject"])
    gone = everyone - set(response["subject"])
    if not gone:
        return ""
    lost = enrolled[(enrolled["n_never_returned"] > 0) & (enrolled["arm"] != "")]
    arms = ", ".join(
        f"{arm} {count} of {total}"
        for arm, count, total in zip(
            *(lost[name] for name in ("arm", "n_never_returned", "n_enrolled")), strict=True
        )
    )
    return (
        f"{len(gone)} of {len(everyone)} subjects never came back after the first visit"
        f"{f' ({arms})' if arms else ''}: no mean and no model counts them. enrolment.csv has who "
        "is analysed, course.csv counts them as missing, and responders.csv says what they could "
        "change."
    )


def analysed_words(enrolled: pd.DataFrame) -> str:
    """Enrolled and analysed, arm by arm, in a sentence."""
    told = [
        f"{count} of {total}{f' in {arm}' if arm else ''}"
        for arm, count, total in zip(
            *(enrolled[name] for name in ("arm", "n_analysed", "n_enrolled")), strict=True
        )
    ]
    return (
        f"Subjects with a figure at one visit or more, and so analysed: {', '.join(told)}. No "
        "figure was made up: where some are missing, this is no intention-to-treat analysis."
    )
