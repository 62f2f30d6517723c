"""Which files of a folder are photos to score, and which are nobody's business."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STORE_NAME = "scarscope.sqlite"
MANIFEST_NAME = "manifest.csv"

# Read, or refused by name with a remedy: a phone's HEIC must not vanish from a study unseen.
READABLE = frozenset([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff"])
REFUSED = frozenset([".heic", ".heif", ".webp", ".bmp", ".gif", ".avif"])
PICTURES = READABLE | REFUSED
RAW = frozenset([".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"])

_OUTPUTS = frozenset(["masks", "depth", "overlays", "layers", "truth"])
_CLUTTER = frozenset(["__macosx", "@eadir", "thumbnails", "thumbs", "thumb", "checkpoints"])
_THUMBNAILS = ("thumb_", "thumbnail_"), ("_thumb", "-thumb", ".thumb", "_thumbnail", "-checkpoint")
_DEVELOP = "Export it as 16-bit TIFF, or as JPEG of the highest quality."


@dataclass(frozen=True)
class Skipped:
    """A picture that is not scored, and why.

    Attributes
    ----------
    path : str
        Relative to the folder, with forward slashes.
    reason : str
        Why, without a full stop.
    remedy : str
        What to do to have it scored, as a sentence.
    expected : bool
        Whether people would expect it to be scored: then it counts as a failure of the run.
    """

    path: str
    reason: str
    remedy: str = ""
    expected: bool = True


def printable(path: str) -> str:
    """A path that any table can hold: what is no text stands as its escape."""
    return "".join(c if is_writable(c) else ascii(c)[1:-1] for c in path)


def is_writable(path: str) -> bool:
    """Whether a path can be written to every table.

    Linux allows names that are no text at all, and line breaks within names.
    """
    return not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in path)


def is_picture(name: str) -> bool:
    """Whether a file's name is one of a picture."""
    return Path(name).suffix.lower() in PICTURES


def pictures(folder: Path) -> tuple[list[str], list[Skipped]]:
    """All pictures under `folder`, sorted, and those that are passed over with a reason.

    Hidden files, thumbnails, checkpoints and ScarScope's own outputs are passed over silently.

    Returns
    -------
    found : list of str
        Relative paths with forward slashes.
    skipped : list of Skipped
        Camera raw files, which need an export first, and names that no table can hold.
    """
    found, skipped = [], []
    files = sorted(_files(folder))
    developed = {str(Path(path).with_suffix("")) for path in files if is_picture(path)}
    for path in files:
        if is_picture(path) and not is_writable(path):
            skipped.append(Skipped(path, "its name is not plain text", "Rename the file."))
        elif is_picture(path):
            found.append(path)
        elif Path(path).suffix.lower() in RAW:
            lone = str(Path(path).with_suffix("")) not in developed
            skipped.append(Skipped(path, "a camera's raw file", _DEVELOP, expected=lone))
    return found, skipped


def _files(folder: Path) -> Iterator[str]:
    for where, folders, files in os.walk(folder):
        if STORE_NAME in files and Path(where) != folder:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not _ignored_folder(name)]
        base = Path(where).relative_to(folder)
        yield from ((base / name).as_posix() for name in files if not _ignored_file(name))


def _ignored_folder(name: str) -> bool:
    return name.startswith(".") or name.lower() in _OUTPUTS | _CLUTTER


def _ignored_file(name: str) -> bool:
    stem = Path(name).stem.lower()
    starts, ends = _THUMBNAILS
    return name.startswith(".") or stem.startswith(starts) or stem.endswith(ends)
