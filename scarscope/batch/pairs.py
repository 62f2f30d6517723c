"""Which photos are compared: follow-ups with the baseline, retests with their own visit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scarscope.batch.entry import Entry, parse_day

Place = tuple[str, str, int]


@dataclass(frozen=True)
class PhotoPair:
    """Two photos of the same subject and view.

    Attributes
    ----------
    baseline : Entry
        The earlier one; of a retest the visit's own photo.
    followup : Entry
        The later one.
    """

    baseline: Entry
    followup: Entry

    @property
    def key(self) -> tuple[str, str]:
        """Paths of both."""
        return self.baseline.path, self.followup.path

    @property
    def kind(self) -> str:
        """``session``, or ``retest``: nothing can have changed in between."""
        return self.followup.kind

    @property
    def days(self) -> tuple[float, float]:
        """Days that each was taken after the treatment before it; NaN where it is not known."""
        return since_treatment(self.baseline), since_treatment(self.followup)


def list_pairs(entries: Iterable[Entry]) -> tuple[PhotoPair, ...]:
    """Pairs of the photos of a folder, in its order.

    The baseline of a subject and view is the first photo of its lowest session, whether or not that
    one can be scored: a study's baseline must not move because a file is damaged.
    """
    entries = tuple(entries)
    visits = _visits(entries)
    baselines = _baselines(visits)
    pairs = []
    for entry in entries:
        first = visits.get(_place(entry))
        if entry.kind == "session":
            first = baselines[entry.subject, entry.view]
            if first.session == entry.session:
                continue
        if first is not None:
            pairs.append(PhotoPair(first, entry))
    return tuple(pairs)


def since_treatment(entry: Entry) -> float:
    """Days from the last treatment to the photo; NaN where it is not known or came later."""
    days = days_since(entry)
    return days if days >= 0 else math.nan


def days_since(entry: Entry) -> float:
    """The same as stated: below zero where the treatment came after the photo."""
    stated = dict(entry.extra).get("treated_on", "")
    if entry.day is None or not stated:
        return math.nan
    return float((entry.day - parse_day(stated)).days)  # checked when the manifest was read


def lone_retests(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Retests of visits that have no photo of their own to be compared with."""
    entries = tuple(entries)
    visits = _visits(entries)
    return tuple(e for e in entries if e.kind == "retest" and _place(e) not in visits)


def _visits(entries: tuple[Entry, ...]) -> dict[Place, Entry]:
    """The first photo of each visit, retests left out."""
    visits: dict[Place, Entry] = {}
    for entry in entries:
        if entry.kind == "session":
            visits.setdefault(_place(entry), entry)
    return visits


def _baselines(visits: Mapping[Place, Entry]) -> dict[tuple[str, str], Entry]:
    baselines: dict[tuple[str, str], Entry] = {}
    for subject, view, session in sorted(visits):
        baselines.setdefault((subject, view), visits[subject, view, session])
    return baselines


def _place(entry: Entry) -> Place:
    return entry.subject, entry.view, entry.session or 0
