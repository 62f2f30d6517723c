"""The study in a few sentences, for who has ten seconds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from scarscope.change.measures import IMPROVED, UNCHANGED, WORSE
from scarscope.errors import ScarScopeError
from scarscope.report.page.model import Subject
from scarscope.report.page.words import known, percent, signed
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
    careful = sum(view.comparable == "caution" for view in views if view.verdict)
    told += f"; {careful} of these with caution" if careful else ""
    sentences = [first, f"At the last visit, of {places} view{_s(places)} of skin: {told}."]
    if people < _LEAST_SUBJECTS:
        return tuple(sentences), ""
    try:
        found = analyse(study)
    except ScarScopeError as error:
        return tuple(sentences), f"The arms were not compared. {error}"
    several = found.tables["course"]["arm"].nunique() > 1
    # Whatever stands in the way of the comparison stands beside it, also where nothing was found.
    doubts = " ".join(found.effects.notes) if several else ""
    return (*sentences, *_arms(found), *_contrasts(found)), doubts


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _arms(found: Analysis) -> Iterator[str]:
    """Mean change of each arm at its last visit."""
    table = found.tables["course"]
    for arm, own in table[table["n"] >= _LEAST_SUBJECTS].groupby("arm"):
        row = own.sort_values("session").iloc[-1]
        told = _interval(row, "change_pct")
        if told:
            alone = table["arm"].nunique() == 1
            name = f"Arm {arm!s}" if arm else "All together" if alone else "Without a stated arm"
            visit, count = int(row["session"]), int(row["n"])
            lost = int(row["n_not_comparable"]) + int(row["n_missing"])
            of = f"n = {count} of {count + lost} subjects"
            yield f"{name}, visit {visit}: mean change of burden {told}, {of}."


def _contrasts(found: Analysis) -> Iterator[str]:
    """What the study is about: arms against the reference at the primary visit."""
    table = found.tables["contrasts"]
    own = table[(table["measure"] == found.measure) & table["primary"].astype(bool)]
    many = len(own) > 1
    for _, row in own.iterrows():
        told = _interval(row, "change_pct") or _difference(row)
        value = float(row["p_holm" if many else "p"])
        p = f"p = {value:.3f}" if value >= 0.001 else "p < 0.001"
        p += ", adjusted for all arms" if many else ""
        ends = [float(row[f"true_pct_{end}"]) for end in ("low", "high")]
        true = " to ".join(map(percent, ends)) if all(map(math.isfinite, ends)) else ""
        also = f" With errors of reading as on simulated photos: {true}." if true else ""
        arms = f"{row['arm']!s} relative to {row['reference']!s}, visit {int(row['session'])}"
        yield f"{arms}: burden {told}, {p} (mixed model, adjusted for baseline).{also}"
    if own.empty and found.tables["course"]["arm"].nunique() > 1:
        yield "Arms could not be compared at the visit that the study is about."


def _difference(row: pd.Series) -> str:
    """On the scale of differences, which is taken where a figure is 0."""
    mean, low, high = (signed(float(row[name])) for name in ("estimate", "low", "high"))
    return f"{mean} µm (95 % interval {low} to {high} µm)"


def _interval(row: pd.Series, name: str) -> str:
    figures = [row[name], row[f"{name}_low"], row[f"{name}_high"]]
    if not all(known(f) and math.isfinite(float(f)) for f in figures):
        return ""
    mean, low, high = (percent(float(f)) for f in figures)
    return f"{mean} (95 % interval {low} to {high})"
