"""What the reader should know about how a folder was understood: remarks that stop nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path

from scarscope.batch import manifest
from scarscope.batch.entry import Entry
from scarscope.batch.pairs import days_since, lone_retests

_SHEETS = (".xlsx", ".xls", ".ods", ".numbers", ".tsv", ".txt")
_DOUBLE = "manifest.csv"  # Windows hides suffixes, so that one is easily written twice
_SHOWN = 3  # names given as examples

IGNORED_MANIFEST = (
    "manifest.csv is not read, since a layout was given: scales and kinds stated there do not "
    "count."
)


def loose(count: int) -> tuple[str, ...]:
    """On photos that lie directly in the folder."""
    if not count:
        return ()
    return (
        f"{count} photo(s) lie directly in the folder: each counts as a subject of its own, named "
        "after its file, at session 0. For follow-up, sort them into "
        "<subject>/<session>/<view>.jpg or write a manifest.csv.",
    )


def near_misses(names: Iterable[str]) -> tuple[str, ...]:
    """On columns of the manifest that look like misspelt ones."""
    return tuple(
        f"Column {name!r} of manifest.csv is not known and only carried along: did you mean "
        f"{meant}?"
        for name, meant in manifest.near_misses(names)
    )


def other_manifests(folder: Path) -> tuple[str, ...]:
    """On manifests in formats that are not read."""
    names = sorted(f.name for f in folder.iterdir() if f.stem.lower() in ("manifest", _DOUBLE))
    return tuple(
        f"{name} is not read: save it as 'CSV UTF-8 (comma delimited)' under the name "
        "manifest.csv, and run again."
        for name in names
        if Path(name).suffix.lower() in _SHEETS
    )


def on_entries(entries: Iterable[Entry]) -> tuple[str, ...]:
    """What stands in the way of comparing: places, views, dates and retests that do not fit."""
    entries = tuple(entries)
    return (
        *_ambiguous(entries),
        *_views_that_never_return(entries),
        *_backwards(entries),
        *_lone_retests(entries),
        *_treatments(entries),
    )


_OPTIONS = {
    "mm_per_px": "--mm-per-px",
    "layout": "--layout",
    "compare": "comparing (--no-compare)",
    "segmenter": "--segmenter",
}


def other_options(now: Mapping[str, object], before: Mapping[str, object]) -> tuple[str, ...]:
    """What this run was asked otherwise than the last one, whose figures it replaces.

    Parameters
    ----------
    now, before : Mapping
        Options of both runs; what one of them does not state is not told.
    """
    differ = [
        f"{told} was {_worded(before[name])} and is {_worded(now[name])}"
        for name, told in _OPTIONS.items()
        if name in now and name in before and now[name] != before[name]
    ]
    if not differ:
        return ()
    return (
        f"This run was asked otherwise than the last one: {'; '.join(differ)}. Its results replace "
        "those of the last run; to have them back, run again with the same options.",
    )


def _worded(value: object) -> str:
    if value is None:
        return "not given"
    return str(value) if not isinstance(value, bool) else ("on" if value else "off")


def _ambiguous(entries: tuple[Entry, ...]) -> list[str]:
    places = Counter((e.subject, e.session, e.view) for e in entries if e.kind == "session")
    return [
        f"Subject {subject!r}, session {session}, view {view!r} has {count} photos: "
        "if they repeat the same visit, mark all but one as kind 'retest' in the manifest."
        for (subject, session, view), count in places.items()
        if count > 1
    ]


def _views_that_never_return(entries: tuple[Entry, ...]) -> list[str]:
    """Names that a phone gave its files are taken for views, and then nothing can be compared."""
    sessions: dict[str, dict[str, set[int | None]]] = {}
    for entry in entries:
        sessions.setdefault(entry.subject, {}).setdefault(entry.view, set()).add(entry.session)
    found = {name: list(views) for name, views in sessions.items() if _never(views)}
    if not found:
        return []
    subject, views = next(iter(found.items()))
    return [
        f"{len(found)} subject(s), such as {subject!r}, have several sessions but no view that is "
        f"in two of them ({', '.join(views[:_SHOWN])}{', ...' if len(views) > _SHOWN else ''}): "
        "their sessions cannot be compared. A photo's view is the part of the skin that it "
        "shows: give files of the same part the same name (left.jpg), or state the views in a "
        "manifest.csv."
    ]


def _never(views: Mapping[str, set[int | None]]) -> bool:
    return len(set().union(*views.values())) > 1 and all(len(s) == 1 for s in views.values())


def _backwards(entries: tuple[Entry, ...]) -> list[str]:
    days: dict[str, dict[int, date]] = {}
    for entry in entries:
        if entry.session is not None and entry.day is not None:
            of_subject = days.setdefault(entry.subject, {})
            first = of_subject.get(entry.session, entry.day)
            of_subject[entry.session] = min(first, entry.day)
    notes = []
    for subject, dated in days.items():
        order = sorted(dated.items())
        for (before, early), (after, late) in pairwise(order):
            if late < early:
                notes.append(
                    f"Subject {subject!r}: session {after} is dated {late}, before session "
                    f"{before} of {early}. One of them is wrong, and changes over time with it."
                )
    return notes


def _lone_retests(entries: tuple[Entry, ...]) -> list[str]:
    lone = lone_retests(entries)
    if not lone:
        return []
    return [
        f"{len(lone)} retest photo(s), such as {lone[0].path}, have no photo of kind 'session' of "
        "the same subject, session and view: they are not compared."
    ]


def _treatments(entries: tuple[Entry, ...]) -> list[str]:
    """Days of treatment that say nothing of the swelling in a photo, or perhaps too much."""
    since = [(entry, days_since(entry)) for entry in entries]
    later = [entry.path for entry, days in since if days < 0]
    same = [entry.path for entry, days in since if days == 0]
    notes = []
    if later:
        notes.append(
            f"{len(later)} photo(s), such as {later[0]}, are dated before their treated_on, which "
            "is not counted: it is the day of the last treatment before the photo."
        )
    if same:
        notes.append(
            f"{len(same)} photo(s), such as {same[0]}, were taken on the day that treated_on "
            "states: they count as taken after that treatment, too soon to be compared. If they "
            "were taken before it, state the treatment before that one, or none."
        )
    return notes
