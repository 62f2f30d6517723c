"""How a folder of photos is laid out: by manifest, by folders' names, or by a template."""

from __future__ import annotations

import contextlib
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from scarscope.batch import notes
from scarscope.batch.entry import (
    KINDS,
    Entry,
    iso_day,
    locate,
    number_sessions,
    parse_day,
    parse_place,
)
from scarscope.batch.manifest import read_manifest
from scarscope.batch.scan import MANIFEST_NAME, Skipped, is_picture, pictures, printable
from scarscope.errors import LayoutError, ScarScopeError
from scarscope.photo import read_sidecar

DEFAULT_TEMPLATE = "{subject}/{session}/{view}"
_ADD = "Add a line for it to manifest.csv if it belongs to the study."
_SORT = (
    "Move it to <subject>/<session or date>/<view>.jpg, describe the order of names by --layout, "
    "or list the photos in a manifest.csv."
)
_EXTRA_NAMES = ("side", "arm", "device")
NAMES = ("subject", "session", "date", "view", "kind", *_EXTRA_NAMES)
_PATTERNS = {"date": r"\d{4}-\d{2}-\d{2}|\d{8}", "kind": "|".join(KINDS)}


@dataclass(frozen=True)
class Listing:
    """The photos of a folder in the order of every table.

    Attributes
    ----------
    entries : tuple of Entry
        One a photo, missing ones included.
    skipped : tuple of Skipped
        Pictures that are not part of the study, each with the reason.
    notes : tuple of str
        What the reader should know about how the folder was understood.
    source : {"manifest", "layout"}
        Where the entries come from.
    """

    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    source: Literal["manifest", "layout"] = "layout"


@dataclass(frozen=True)
class Template:
    """A layout such as ``{subject}/{date}_{view}``, checked and ready to match paths.

    The photo's extension is left out of `text` and may be any picture's.

    Attributes
    ----------
    text : str
        As the user wrote it.
    """

    text: str

    def __post_init__(self) -> None:
        names = [name for _, name in self._parts if name is not None]
        unknown = sorted({name for name in names if name not in NAMES})
        if unknown:
            self._refuse(f"{{{unknown[0]}}} is not a name it may use")
        if "subject" not in names:
            self._refuse("it has no {subject}")
        if len(names) != len(set(names)):
            self._refuse("it uses a name twice")
        if any(not literal and i > 0 for i, (literal, name) in enumerate(self._parts) if name):
            self._refuse("two names touch, so nobody can tell where one ends")

    @property
    def _parts(self) -> list[tuple[str, str | None]]:
        try:
            parsed = list(string.Formatter().parse(self.text.replace("\\", "/")))
        except ValueError as error:
            self._refuse(str(error))
        if any(spec or conversion for _, _, spec, conversion in parsed):
            self._refuse("names take no format")
        return [(literal, name) for literal, name, _, _ in parsed]

    def _refuse(self, why: str) -> None:
        raise LayoutError(
            f"Layout {self.text!r} cannot be used: {why}.",
            remedy='Write for instance "{subject}/{date}_{view}"; names are: '
            + ", ".join(NAMES)
            + ".",
        )

    def match(self, path: str) -> dict[str, str] | None:
        """The names' values in a relative path; None where the path has another shape."""
        match = re.fullmatch(_pattern(self._parts), self._compared(path))
        return match.groupdict() if match else None

    def mismatch(self, path: str) -> str:
        """Which part of a path does not fit."""
        wanted = self.text.replace("\\", "/").split("/")
        found = self._compared(path).split("/")
        if len(wanted) != len(found):
            return f"it lies {len(found) - 1} folder(s) deep, not {len(wanted) - 1}"
        for part, name in zip(wanted, found, strict=True):
            pieces = [(literal, key) for literal, key, _, _ in string.Formatter().parse(part)]
            if not re.fullmatch(_pattern(pieces), name):
                return f"{name!r} is not {part}"
        return "as a whole"

    def _compared(self, path: str) -> str:
        return path if is_picture(self.text) else Path(path).with_suffix("").as_posix()


def _pattern(parts: Iterable[tuple[str, str | None]]) -> str:
    return "".join(
        re.escape(literal) + (f"(?P<{name}>{_PATTERNS.get(name, '[^/]+?')})" if name else "")
        for literal, name in parts
    )


def list_photos(folder: Path, *, layout: str | None = None) -> Listing:
    """Understand a folder of photos.

    Parameters
    ----------
    folder : Path
        With a ``manifest.csv``, or laid out as ``<subject>/<session or ISO date>/<view>.<ext>``.
        Photos lying directly in it count as one subject each.
    layout : str or None, optional
        Template of the photos' paths, which then counts instead of a manifest.

    Raises
    ------
    LayoutError
        If the folder, its manifest or the template cannot be understood, or holds no photo.
    """
    if not folder.is_dir():
        raise LayoutError(
            f"{folder} is not a folder.", remedy="Give the folder that holds the photos."
        )
    manifest = locate(folder, MANIFEST_NAME)
    if layout is None and manifest is not None:
        listing = _from_manifest(folder, manifest)
    else:
        listing = _from_template(
            folder, Template(DEFAULT_TEMPLATE if layout is None else layout), layout is None
        )
        told = notes.other_manifests(folder) if manifest is None else (notes.IGNORED_MANIFEST,)
        listing = replace(listing, notes=(*listing.notes, *told))
    if not listing.entries:
        _refuse_empty(folder, listing)
    return replace(listing, notes=(*listing.notes, *notes.on_entries(listing.entries)))


def _from_manifest(folder: Path, manifest: Path) -> Listing:
    entries = number_sessions(read_manifest(manifest))
    found, skipped = pictures(folder)
    named = {e.file.relative_to(folder).as_posix() for e in entries if e.file is not None}
    named |= {e.roi for e in entries if e.roi is not None} | _regions(folder, found)
    unlisted = (
        *(Skipped(p, "not in manifest.csv", _ADD) for p in found if p not in named),
        *skipped,
    )
    # A manifest says what the study is, so whatever else lies there is nobody's loss.
    left_out = tuple(replace(s, expected=False) for s in unlisted)
    told = notes.near_misses(name for entry in entries[:1] for name, _ in entry.extra)
    return Listing(entries, left_out, told, source="manifest")


def _from_template(folder: Path, template: Template, loose: bool) -> Listing:
    found, skipped = pictures(folder)
    regions = _regions(folder, found)
    entries: list[Entry] = []
    flat = 0
    for path in found:
        if path in regions:
            continue
        made = _entry(folder, path, template)
        if isinstance(made, Skipped) and loose and "/" not in path:
            made, flat = _loose(folder, path), flat + 1
        if isinstance(made, Entry):
            entries.append(made)
        else:
            skipped.append(made)
    numbered = number_sessions(entries)
    ordered = sorted(numbered, key=lambda e: (e.subject, e.session or 0, e.view, e.path))
    return Listing(tuple(ordered), tuple(skipped), notes.loose(flat))


def _regions(folder: Path, photos: Iterable[str]) -> set[str]:
    """Region masks that sidecars name: pictures beside the photos, but not photos."""
    named: set[str] = set()
    for path in photos:
        with contextlib.suppress(ScarScopeError, ValueError):  # reported when the photo is read
            roi = read_sidecar(folder / path).roi
            if roi is not None:
                named.add(roi.resolve().relative_to(folder.resolve()).as_posix())
    return named


def _entry(folder: Path, path: str, template: Template) -> Entry | Skipped:
    values = template.match(path)
    if values is None:
        why = f"does not fit the layout {template.text} ({template.mismatch(path)})"
        return Skipped(path, why, _SORT)
    try:
        session, day = parse_place(values["session"]) if "session" in values else (None, None)
        day = parse_day(values["date"]) if "date" in values else day
    except ValueError as error:
        place = values.get("date", values.get("session", ""))
        return Skipped(path, f"its session or date {place!r} is not {error}", _rename(place))
    if session is None and day is None:
        session = 0
    return Entry(
        path=path,
        subject=values["subject"],
        view=values.get("view", "photo"),
        session=session,
        day=day,
        kind=values.get("kind", "session"),
        extra=tuple((name, values[name]) for name in _EXTRA_NAMES if name in values),
        file=locate(folder, path),
    )


def _rename(place: str) -> str:
    day = iso_day(place)
    if day:
        return f"Rename {place!r} to {day}."
    return "Rename it to a session (s0, s1, ...; 0 is baseline) or a date such as 2026-03-01."


def _loose(folder: Path, path: str) -> Entry:
    return Entry(path, Path(path).stem, "photo", 0, file=locate(folder, path))


def _refuse_empty(folder: Path, listing: Listing) -> None:
    if listing.source == "manifest":
        raise LayoutError(
            f"{MANIFEST_NAME} in {folder} lists no photo.",
            remedy="Write one line a photo below its first line, or take it away to have the "
            "folder understood by its names.",
        )
    example = ""
    for skipped in listing.skipped[:1]:
        more = "" if skipped.remedy == _SORT else f" {skipped.remedy}"
        example = f" For instance {printable(skipped.path)}: {skipped.reason}.{more}"
    raise LayoutError(
        f"No photos to score in {folder}.{example}",
        remedy="Sort them into <subject>/<session or date>/<view>.jpg, give --layout, or write a "
        "manifest.csv with the columns path,subject,session,date,view.",
    )
