"""One photo of a study: where it lies, whose skin it shows, and when it was taken."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath

from scarscope.batch.scan import is_writable
from scarscope.errors import LayoutError, ScarScopeError
from scarscope.photo.model import Scale

KINDS = ("session", "retest")

_SESSION = re.compile(r"(?:(?:session|visit|[svt])[ _-]*)?([0-9]{1,4})(?:\.0+)?", re.IGNORECASE)
_DOTTED_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_COMPACT_DATE = re.compile(r"\d{8}")


@dataclass(frozen=True)
class Entry:
    """What is known of a photo before it is opened.

    Attributes
    ----------
    path : str
        Relative to the folder, with forward slashes; the photo's key in every table.
    subject, view : str
        Whose skin and which part of it.
    session : int or None
        0 is baseline. None only until :func:`number_sessions` has run.
    day : date or None
        Day of the visit; None where it was not stated.
    kind : {"session", "retest"}
        A retest is the same visit photographed again.
    scale : Scale or None
        From the manifest; None where it states none.
    roi : str or None
        Region file, relative to the folder; None for an automatic region.
    extra : tuple of (str, str)
        All further columns, as text, in the manifest's order.
    file : Path or None
        The file on disk; None when it is missing.
    problem : ScarScopeError or None
        Why this photo cannot be scored, known before trying.
    """

    path: str
    subject: str
    view: str
    session: int | None
    day: date | None = None
    kind: str = "session"
    scale: Scale | None = None
    roi: str | None = None
    extra: tuple[tuple[str, str], ...] = ()
    file: Path | None = None
    problem: ScarScopeError | None = None


def parse_session(text: str) -> int:
    """Number of a session: ``0``, ``s1``, ``visit 2``, ``baseline``.

    Raises
    ------
    ValueError
        If `text` names no session.
    """
    text = text.strip()
    if text.lower() == "baseline":
        return 0
    match = _SESSION.fullmatch(text)
    if match is None:
        raise ValueError("a whole number, 0 for baseline")
    return int(match.group(1))


def parse_day(text: str) -> date:
    """ISO date, with or without dashes; a time of day is dropped.

    Day and month in national order are refused: nobody can tell 03/04 from 04/03.

    Raises
    ------
    ValueError
        If `text` is not such a date.
    """
    text = text.strip()
    if _COMPACT_DATE.fullmatch(text) or re.match(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return datetime.fromisoformat(text).date()
        except ValueError:
            pass
    day = iso_day(text)
    raise ValueError("a date written YYYY-MM-DD" + (f": write {day}" if day else ""))


def iso_day(text: str) -> str:
    """``12.01.2026`` as ``2026-01-12``; empty where nobody can tell what is meant.

    Where dots part them, the day comes first in every country that writes so.
    """
    match = _DOTTED_DATE.fullmatch(text.strip())
    if match is None:
        return ""
    day, month, year = map(int, match.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def parse_place(text: str) -> tuple[int | None, date | None]:
    """Session number or day from one name, such as a folder's.

    Raises
    ------
    ValueError
        If `text` is neither.
    """
    for parse in (parse_day, parse_session):
        with contextlib.suppress(ValueError):
            found = parse(text)
            return (found, None) if isinstance(found, int) else (None, found)
    raise ValueError("a session (such as s0 or 1; 0 is baseline) or a date written YYYY-MM-DD")


def inside(text: str) -> str:
    """A relative path with forward slashes that stays in its folder.

    Raises
    ------
    ValueError
        If `text` is absolute or climbs out of the folder.
    """
    windows = PureWindowsPath(text)
    posix = PurePosixPath(text.replace("\\", "/"))
    if windows.drive or windows.root or posix.is_absolute() or ".." in posix.parts:
        raise ValueError("a path inside the folder of the manifest")
    if not posix.parts or not is_writable(text):
        raise ValueError("a path")
    return str(posix)


def locate(folder: Path, path: str) -> Path | None:
    """The file that `path` names in `folder`, whatever form its name has on disk.

    macOS stores names decomposed and spreadsheets write them composed, so both are tried; and
    Windows does not tell capitals from small letters, so a manifest written there need not
    either: then the one file that differs in nothing else is meant.
    """
    for form in (path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path)):
        file = folder / form
        try:
            if file.is_file():
                return file
        except (OSError, ValueError):  # a name too long or impossible on this system
            return None
    return _locate_any_case(folder, path)


def _locate_any_case(folder: Path, path: str) -> Path | None:
    places = [folder]
    for part in PurePosixPath(path).parts:
        wanted = _caseless(part)
        try:
            inside = [child for place in places if place.is_dir() for child in place.iterdir()]
        except OSError:
            return None
        places = [child for child in inside if _caseless(child.name) == wanted]
    files = [place for place in places if place.is_file()]
    return files[0] if len(files) == 1 else None


def _caseless(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def number_sessions(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Number the sessions of entries that have only dates, by the dates of each subject.

    All views of a subject count together: a view that was first photographed at the second visit
    is of session 1 there.

    Raises
    ------
    LayoutError
        If one subject has both numbered and unnumbered sessions.
    """
    entries = tuple(entries)
    days: dict[str, set[date]] = {}
    for entry in entries:
        if entry.session is None and entry.day is not None:
            days.setdefault(entry.subject, set()).add(entry.day)
    _refuse_mixed(entries, days)
    numbers = {subject: sorted(of_subject) for subject, of_subject in days.items()}
    return tuple(
        replace(entry, session=numbers[entry.subject].index(entry.day))
        if entry.session is None and entry.day is not None
        else entry
        for entry in entries
    )


def _refuse_mixed(entries: tuple[Entry, ...], days: dict[str, set[date]]) -> None:
    for entry in entries:
        if entry.session is not None and entry.subject in days:
            raise LayoutError(
                f"Subject {entry.subject!r} has some sessions with a number (such as "
                f"{entry.session} of {entry.path}) and some with only a date.",
                remedy="Number all of them, or none: then they are numbered by date.",
            )
