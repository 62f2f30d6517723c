"""Which decisions of a review are about which photos of a folder, and what became of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from scarscope.batch.entry import Entry
from scarscope.batch.review import ACTIONS, REVIEW_NAME, Action, Decision, Review, read_review
from scarscope.batch.task import file_hash
from scarscope.errors import ScarScopeError
from scarscope.scars.edits import Edit, Edits

_TAKE_BACK = "To have it counted again, take the decision back and run the same command again."
_SHOWN = 5  # decisions left that a note names


@dataclass(frozen=True)
class Left:
    """A decision that was not applied.

    Attributes
    ----------
    path : str
        The photo.
    what, why : str
        In words.
    """

    path: str
    what: str
    why: str


@dataclass(frozen=True)
class Plan:
    """A review as the photos of a folder take it; empty where there is none.

    Attributes
    ----------
    file : Path or None
        Where it was read from.
    sha256 : str
        Of the file's bytes.
    review : Review
    excluded : Mapping of str to Decision
        Photos that are left out, by path.
    edits : Mapping of str to Edits
        What is decided about other photos, by path.
    left : tuple of Left
        Decisions that no photo takes.
    """

    file: Path | None = None
    sha256: str = ""
    review: Review = field(default_factory=Review)
    excluded: Mapping[str, Decision] = field(default_factory=dict)
    edits: Mapping[str, Edits] = field(default_factory=dict)
    left: tuple[Left, ...] = ()


def read_plan(file: str | Path | None, out: Path, entries: Iterable[Entry]) -> Plan:
    """The plan of a review file.

    Parameters
    ----------
    file : str or Path or None
        None: ``review.json`` in `out`, where there is one.
    out : Path
        Output folder of the batch.
    entries : iterable of Entry
        Photos of the folder.

    Raises
    ------
    ReviewError
        If the file cannot be read or understood.
    """
    if file is None:
        file = out / REVIEW_NAME
        if not file.is_file():
            return Plan()
    file = Path(file)
    review = read_review(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return make_plan(review, entries, file=file, sha256=digest)


def make_plan(
    review: Review, entries: Iterable[Entry], *, file: Path | None = None, sha256: str = ""
) -> Plan:
    """Which photo takes which decision: the one of that path with those bytes."""
    known = {entry.path: entry for entry in entries}
    by_path: dict[str, list[Decision]] = {}
    for decision in review.decisions:
        by_path.setdefault(decision.path, []).append(decision)
    excluded, edits, left = {}, {}, []
    for path, decisions in by_path.items():
        hashed = _hash(known.get(path))
        taken = [decision for decision in decisions if decision.sha256 == hashed]
        why = "the photo's bytes are others now" if hashed else "there is no such photo to be read"
        left += [Left(path, words(d), why) for d in decisions if d not in taken]
        out = next((d for d in taken if d.action == "exclude"), None)
        if out is not None:
            excluded[path] = out  # whatever else is decided waits until it is taken back
        elif taken:
            edits[path], lost = _edits(taken)
            left += lost
    return Plan(file, sha256, review, excluded, edits, tuple(left))


def _hash(entry: Entry | None) -> str:
    if entry is None or entry.file is None or entry.problem is not None:
        return ""
    try:
        return file_hash(entry.file)
    except ScarScopeError:  # scoring finds it again and reports it
        return ""


def _edits(decisions: Sequence[Decision]) -> tuple[Edits, list[Left]]:
    region = next((d.outline for d in decisions if d.action == "region"), ())
    own, lost = [], []
    for decision in decisions:
        if decision.action == "region":
            continue
        # Another region has its scars numbered anew.
        if region and not decision.outline:
            why = "the region is another one, so that its number says nothing without an outline"
            lost.append(Left(decision.path, words(decision), why))
            continue
        action = cast('Literal["reject", "retype", "add"]', decision.action)
        own.append(Edit(action, decision.scar_id, decision.type, decision.outline))
    return Edits(tuple(own), region), lost


def words(decision: Decision) -> str:
    """What a decision is, in a few words."""
    if decision.action == "exclude":
        return "exclude the photo"
    if decision.action == "region":
        return "redraw the region"
    return Edit(decision.action, decision.scar_id, decision.type, decision.outline).words


def excluded_words(decision: Decision) -> tuple[str, str]:
    """Error and remedy of a photo that a person left out."""
    return f"Excluded by review ({decision.by}): {decision.reason}", _TAKE_BACK


def told(plan: Plan, photos: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What provenance says of a review; None where there was none.

    Parameters
    ----------
    plan : Plan
    photos : sequence of mapping
        Rows of ``photos.csv`` after the run.
    """
    if plan.file is None:
        return None
    left = [vars(each) for each in (*plan.left, *_left_of(plan, photos))]
    all_of = Counter(decision.action for decision in plan.review.decisions)
    return {
        "file": plan.file.name,
        "sha256": plan.sha256,
        "study": plan.review.study,
        "reviewers": sorted({decision.by for decision in plan.review.decisions}),
        "decisions": {action: all_of[action] for action in ACTIONS},
        "applied": _applied(all_of, left),
        "left": left,
        "notes": [
            {"path": str(row["path"]), "note": note}
            for row in photos
            for note in str(row.get("review_notes") or "").split("|")
            if note
        ],
    }


def _left_of(plan: Plan, photos: Sequence[Mapping[str, Any]]) -> Iterable[Left]:
    """What photos did not take although it was meant for them."""
    for row in photos:
        path = str(row["path"])
        for text in filter(None, str(row.get("review_left") or "").split("|")):
            what, _, why = text.partition(": ")
            yield Left(path, what, why)
        if path in plan.excluded:
            out = plan.excluded[path]
            for other in plan.review.decisions:
                if (other.path, other.sha256) == (path, out.sha256) and other is not out:
                    yield Left(path, words(other), "the photo is excluded")
        elif path in plan.edits and row["status"] != "ok":
            edits = plan.edits[path]
            whats = [edit.words for edit in edits.scars]
            whats += ["redraw the region"] if edits.region else []
            for what in whats:
                yield Left(path, what, "the photo could not be scored")


def _applied(all_of: Mapping[Action, int], left: Sequence[Mapping[str, str]]) -> dict[str, int]:
    first = {"redraw": "region"}
    lost = Counter(word for each in left for word in [str(each["what"]).split()[0]])
    named = {first.get(word, word): count for word, count in lost.items()}
    return {action: all_of[action] - named.get(action, 0) for action in ACTIONS}


def review_notes(review: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> list[str]:
    """What the reader should know of the review of a run.

    Parameters
    ----------
    review : mapping or None
        From :func:`told`.
    before : mapping or None
        The same of the run before.
    """
    if review is None:
        if not before:
            return []
        return [
            f"The run before applied decisions of {before['file']}; this one has none, so that "
            "those photos were scored as they are."
        ]
    notes = [f"{review['file']}: {applied_words(review)}."]
    if review["left"]:
        first = [f"{e['what']} in {e['path']} ({e['why']})" for e in review["left"][:_SHOWN]]
        more = len(review["left"]) - _SHOWN
        notes.append(
            f"{len(review['left'])} decision(s) could not be applied: {'; '.join(first)}"
            + (f"; and {more} more." if more > 0 else ".")
        )
    notes += [f"{each['path']}: {each['note']}." for each in review["notes"][:_SHOWN]]
    return notes


def applied_words(review: Mapping[str, Any]) -> str:
    """How many decisions of which kind by whom were applied.

    Examples
    --------
    >>> applied_words({"applied": {"exclude": 1, "reject": 2}, "reviewers": ["AB"]})
    '1 photo(s) excluded, 2 scar(s) rejected, decided by AB'
    """
    names = {
        "exclude": "photo(s) excluded",
        "reject": "scar(s) rejected",
        "retype": "scar(s) retyped",
        "add": "scar(s) added",
        "region": "region(s) redrawn",
    }
    counts = [f"{n} {names[action]}" for action, n in review["applied"].items() if n]
    who = ", ".join(review["reviewers"])
    return (", ".join(counts) or "no decision applied") + (f", decided by {who}" if who else "")
