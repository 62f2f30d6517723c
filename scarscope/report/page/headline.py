"""The study in a few sentences, for who has ten seconds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from scarscope.change.measures import IMPROVED, UNCHANGED, WORSE
from scarscope.errors import ScarScopeError
from scarscope.report.page.model import Subject
from scarscope.report.page.words import known, percent
from scarscope.study.analysis import Analysis, analyse
from scarscope.study.data import StudyData
from scarscope.study.response import NOT_COMPARABLE

_LEAST_SUBJECTS = 3  # below that a mean says next to nothing
_WORDS = {
    IMPROVED: "improved",
    UNCHANGED: "without a detectable change",
    WORSE: "worse",
    NOT_COMPARABLE: "not comparable",
}


def headline(study: StudyData, subjects: tuple[Subject, ...]) -> tuple[tuple[str, ...], str]:
    """What became of everyone at the last visit, and of the arms.

    Parameters
    ----------
    study : StudyData
    subjects : tuple of Subject

    Returns
    -------
    tuple of str
        Sentences; the first says how many there are.
    str
        A note where the arms could not be told; blank otherwise.
    """
    views = [view for subject in subjects for view in subject.views]
    counts = Counter(view.verdict for view in views if view.verdict)
    people, places = len(subjects), sum(counts.values())
    first = f"{people} subject{_s(people)}, {len(study.photos)} photo{_s(len(study.photos))}."
    if not counts:
        return (first, "No follow-up photo: nothing can be said about change."), ""
    told = ", ".join(f"{counts[v]} {word}" for v, word in _WORDS.items() if counts[v])
    sentences = [first, f"At the last visit, of {places} view{_s(places)} of skin: {told}."]
    if people < _LEAST_SUBJECTS:
        return tuple(sentences), ""
    try:
        found = analyse(study)
    except ScarScopeError as error:
        return tuple(sentences), f"The arms were not compared. {error}"
    arms = tuple(_contrasts(found))
    # Whatever stands in the way of the comparison stands beside it.
    doubts = " ".join(found.effects.notes) if arms else ""
    return (*sentences, *_arms(found), *arms), doubts


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _arms(found: Analysis) -> Iterator[str]:
    """Mean change of each arm at its last visit."""
    table = found.tables["course"]
    for arm, own in table[table["n"] >= _LEAST_SUBJECTS].groupby("arm"):
        row = own.sort_values("session").iloc[-1]
        told = _interval(row, "change_pct")
        if told:
            name = f"Arm {arm!s}" if arm else "All together"
            visit, count = int(row["session"]), int(row["n"])
            yield f"{name}, visit {visit}: mean change of burden {told}, n = {count}."


def _contrasts(found: Analysis) -> Iterator[str]:
    """What the study is about: arms against the reference at the primary visit."""
    table = found.tables["contrasts"]
    own = table[(table["measure"] == found.measure) & table["primary"].astype(bool)]
    for _, row in own.iterrows():
        told = _interval(row, "change_pct")
        if told:
            p = f"p = {row['p']:.3f}" if row["p"] >= 0.001 else "p < 0.001"
            arms = f"{row['arm']!s} against {row['reference']!s}"
            ends = [float(row[f"true_pct_{end}"]) for end in ("low", "high")]
            true = " to ".join(map(percent, ends)) if all(map(math.isfinite, ends)) else ""
            also = f" With errors of reading as well: {true}." if true else ""
            yield f"{arms}: {told}, {p} (mixed model).{also}"


def _interval(row: pd.Series, name: str) -> str:
    figures = [row[name], row[f"{name}_low"], row[f"{name}_high"]]
    if not all(known(f) and math.isfinite(float(f)) for f in figures):
        return ""
    mean, low, high = (percent(float(f)) for f in figures)
    return f"{mean} (95 % interval {low} to {high})"
