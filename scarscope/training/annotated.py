"""Photos in which people drew scars: where they lie, whose they are, and what was drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.batch.entry import Entry
from scarscope.batch.layout import list_photos
from scarscope.batch.task import file_hash
from scarscope.errors import LayoutError, ScaleError
from scarscope.photo import Photo, Scale, read_photo, read_sidecar
from scarscope.scars.model import TYPES
from scarscope.skin import read_roi
from scarscope.validation import Marked, MarkedFolder, open_folder

Mask = NDArray[np.bool_]
_SHOWN = 5  # photos left out that are named


@dataclass(frozen=True, eq=False)
class Opened:
    """A photo, the region in which all scars were drawn (None: all of it), and the scars."""

    photo: Photo
    region: Mask | None
    truth: Marked


@dataclass(frozen=True, eq=False)
class Drawn:
    """A photo with drawings, not yet opened.

    Attributes
    ----------
    path, subject : str
        As in the folder's manifest or layout.
    file : Path
    scale : Scale or None
        From the manifest, or stated for all; None leaves it to the sidecar.
    roi : Path or None
        File of the region, from the manifest; None leaves it to the sidecar.
    name : str
        Of the drawing in `drawings`.
    drawings : MarkedFolder
    """

    path: str
    subject: str
    file: Path
    scale: Scale | None
    roi: Path | None
    name: str
    drawings: MarkedFolder = field(repr=False)

    def open(self) -> Opened:
        """Read the photo and its scars.

        Raises
        ------
        ScarScopeError
            If any of it cannot be read, or does not fit the rest.
        """
        photo = read_photo(self.file, mm_per_px=self.scale, name=self.path)
        if photo.scale is None:
            raise _no_scale(self.path)
        roi = self.roi or read_sidecar(self.file).roi
        region = None if roi is None else read_roi(roi, photo.shape)[0]
        mm = photo.scale.mm_per_px
        truth = self.drawings.read(self.name, mm_per_px=mm, shape=photo.shape)
        return Opened(photo, region, replace(truth, table=_with_known_types(truth.table)))


@dataclass(frozen=True)
class Collection:
    """Photos with drawings in the order of the folder, and what the reader should know."""

    photos: tuple[Drawn, ...]
    notes: tuple[str, ...] = ()


def find_drawn(
    photos: Path,
    drawings: Path | None = None,
    *,
    mm_per_px: float | None = None,
    layout: str | None = None,
) -> Collection:
    """Find the photos of a folder in which scars were drawn.

    Parameters
    ----------
    photos : Path
        Laid out as for :func:`scarscope.score_folder`.
    drawings : Path, optional
        In any form that :func:`scarscope.validation.open_folder` reads. None: they lie beside the
        photos.
    mm_per_px : float, optional
        Scale of photos for which neither manifest nor sidecar states one.
    layout : str, optional
        Template of the photos' paths.

    Raises
    ------
    LayoutError
        If a folder cannot be understood, no photo is drawn on, or the same photo belongs to two
        subjects.
    ScaleError
        If a photo has no scale.
    """
    listing = list_photos(photos, layout=layout)
    folder = open_folder(photos if drawings is None else drawings)
    scale = None if mm_per_px is None else Scale(mm_per_px, "argument")
    found, problems, alone = [], [], []
    names = folder.find_each([entry.path for entry in listing.entries])
    for entry in listing.entries:
        name = names[entry.path]
        if entry.problem is not None or entry.file is None:
            problems.append(entry.path)
        elif name is None:
            alone.append(entry.path)
        else:
            found.append(_drawn(entry, entry.file, photos, scale, name, folder))
    if not found:
        raise LayoutError(
            f"No photo of {photos} is drawn on in {folder.folder}.",
            remedy="Name the drawings like the photos, such as P01/s0/left.png for "
            "P01/s0/left.jpg; an empty one says that there is no scar.",
        )
    _check_copies(found)
    unused = sorted(set(folder.names) - {photo.name for photo in found})
    left_out = (
        *_left_out(problems, "cannot be read and are left out"),
        *_left_out(alone, "have no drawing and are left out"),
        *_left_out(unused, "are drawings of no photo here"),
    )
    return Collection(tuple(found), (*listing.notes, *left_out))


def _drawn(
    entry: Entry, file: Path, photos: Path, scale: Scale | None, name: str, folder: MarkedFolder
) -> Drawn:
    sidecar = read_sidecar(file)
    own = entry.scale or (None if sidecar.scale else scale)
    if own is None and sidecar.scale is None:
        raise _no_scale(entry.path)
    roi = photos / entry.roi if entry.roi else None
    return Drawn(entry.path, entry.subject, file, own, roi, name, folder)


def _no_scale(path: str) -> ScaleError:
    return ScaleError(
        f"{path} has no scale, and the network sees skin at 0.1 mm a pixel.",
        remedy="State mm_per_px in the manifest or a sidecar, or pass --mm-per-px.",
    )


def _check_copies(photos: Iterable[Drawn]) -> None:
    """Refuse one photo under two subjects, which a split by subject could not keep apart."""
    owners: dict[str, Drawn] = {}
    for photo in photos:
        first = owners.setdefault(file_hash(photo.file), photo)
        if first.subject != photo.subject:
            raise LayoutError(
                f"{first.path} and {photo.path} are the same photo, but of two subjects.",
                remedy="Keep one of them, or state the right subject.",
            )


def _left_out(paths: Sequence[str], why: str) -> Iterator[str]:
    if paths:
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        yield f"{', '.join(paths[:_SHOWN])}{more} {why}."


def _with_known_types(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(type=[type_of(name) for name in table["type"]])


def type_of(name: str) -> str:
    """What people call a type, as ScarScope spells it; empty for anything else.

    Examples
    --------
    >>> type_of("Ice-pick"), type_of("scar")
    ('icepick', '')
    """
    letters = "".join(filter(str.isalpha, str(name).lower()))
    plain = letters.removesuffix("scars").removesuffix("scar")
    return plain if plain in TYPES else ""
