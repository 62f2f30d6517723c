"""What the page says, as plain frozen objects that its templates read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scarscope.report.page.embedded import Viewer


@dataclass(frozen=True)
class Notice:
    """A flag or a reason in words.

    Attributes
    ----------
    code : str
    severity : str
        ``serious``, ``caution`` or ``info``.
    meaning, remedy : str
    """

    code: str
    severity: str
    meaning: str
    remedy: str


@dataclass(frozen=True)
class Figure:
    """One measure of a pair, in words.

    Attributes
    ----------
    label, unit, definition : str
    before, after, change, mdc95, verdict : str
        As they are shown; blank where not known.
    """

    label: str
    unit: str
    definition: str
    before: str
    after: str
    change: str
    mdc95: str
    verdict: str


@dataclass(frozen=True)
class Scar:
    """One row of a table of scars.

    Attributes
    ----------
    row : int
        Its place among the outlines of its viewer.
    number : str
        As in scars.csv and in the mask.
    scar_id, later_id : int or None
        The same as a number; of a pair, in the earlier and in the later photo.
    kind, status : str
        Type; of a pair also what became of it.
    width, depth, volume, change, detectable : str
        As they are shown; the last is the smallest change that can be detected of it.
    sort : Mapping of str to float
        The same to sort by.
    """

    row: int
    number: str
    scar_id: int | None
    later_id: int | None
    kind: str
    status: str
    width: str
    depth: str
    volume: str
    change: str
    detectable: str = ""
    sort: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """An estimate of a clinical scale, with what it cannot tell."""

    label: str
    value: str
    definition: str


@dataclass(frozen=True)
class Baseline:
    """The photo that a follow-up is compared with; blank where names are hidden."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Visit:
    """One photo of a view, and if it is a follow-up what changed since baseline.

    Attributes
    ----------
    key : str
        Its own within the page.
    title, when, file : str
        What it is called; file is blank where names are hidden.
    path : str
        The photo's key in the store.
    sha256 : str
        Of its bytes.
    status : str
        ``ok`` or what became of it.
    verdict, comparable, words, change : str
        Of the burden; blank for a baseline.
    figures : tuple of Figure
    baseline : Baseline or None
        Of a follow-up: what it is compared with.
    pair : Viewer or None
        A follow-up laid over its baseline; None where that could not be done.
    followed : tuple of Scar
        Scars of both, with what became of them.
    scars : tuple of Scar
        Of this photo by itself.
    notices, reasons : tuple of Notice
        Flags of the photo, and why a pair is compared with caution or not at all.
    scales : tuple of Scale
    own : tuple of Scale
        Primary measures of the whole photo.
    viewer : Viewer or None
        The photo by itself; None where there is no picture.
    """

    key: str
    title: str
    when: str
    file: str
    path: str
    sha256: str
    status: str
    verdict: str = ""
    comparable: str = ""
    words: str = ""
    change: str = ""
    figures: tuple[Figure, ...] = ()
    baseline: Baseline | None = None
    pair: Viewer | None = None
    followed: tuple[Scar, ...] = ()
    scars: tuple[Scar, ...] = ()
    notices: tuple[Notice, ...] = ()
    reasons: tuple[Notice, ...] = ()
    scales: tuple[Scale, ...] = ()
    own: tuple[Scale, ...] = ()
    viewer: Viewer | None = None


@dataclass(frozen=True)
class View:
    """One part of a subject's skin over all visits.

    Attributes
    ----------
    key, name, arm, treatment : str
    visits : tuple of Visit
        In order.
    course, sparkline : str
        SVG.
    change_pct, low, high : float or None
        Of the last follow-up that has figures, with its 95 % interval.
    mdc95_pct : float or None
    verdict, comparable, words : str
        Of the last follow-up.
    flags : tuple of Notice
        Of all its photos, the gravest first, each once.
    """

    key: str
    name: str
    arm: str
    treatment: str
    visits: tuple[Visit, ...]
    course: str
    sparkline: str
    change_pct: float | None
    low: float | None
    high: float | None
    mdc95_pct: float | None
    verdict: str
    comparable: str
    words: str
    flags: tuple[Notice, ...]

    @property
    def last(self) -> Visit:
        """What is shown first: the last visit."""
        return self.visits[-1]

    @property
    def severity(self) -> str:
        """Of the gravest flag; blank without any."""
        return self.flags[0].severity if self.flags else ""


@dataclass(frozen=True)
class Subject:
    """One person's views."""

    key: str
    name: str
    views: tuple[View, ...]


@dataclass(frozen=True)
class Page:
    """The whole report.

    Attributes
    ----------
    subjects : tuple of Subject
    headline : tuple of str
        The study in a few sentences.
    notes : tuple of str
        What its reader has to know.
    made : Mapping of str to str
        Versions and parameters.
    hidden : bool
        Whether names are pseudonyms.
    eyes : str
        What was done about eyes, in words; blank where nothing was asked.
    photos : int
    failures : tuple of tuple of str
        Photos that have no figures: name, error, remedy.
    """

    subjects: tuple[Subject, ...]
    headline: tuple[str, ...]
    notes: tuple[str, ...]
    made: Mapping[str, str]
    hidden: bool
    eyes: str
    photos: int
    failures: tuple[tuple[str, str, str], ...]
