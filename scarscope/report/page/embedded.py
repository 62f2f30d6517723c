"""Pictures and outlines as they stand in the page."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scarscope.batch.layers import PAIR, PHOTO
from scarscope.errors import StoreError

_QUALITY = 80  # of a picture that is written anew because something in it is covered
# What a file of layers says.
_FRAME = frozenset(
    ("size", "mm_per_px", "px_per_photo_px", "corner", "region", "eyes", "unit", "pictures")
)
_COVER = (70, 70, 74)


@dataclass(frozen=True)
class Viewer:
    """What one viewer of the page shows.

    Attributes
    ----------
    key : str
        Its own within the page.
    kind : {"pair", "photo"}
    size : tuple of int
        Width and height of its pictures in pixels.
    mm_per_px : float or None
    frame : tuple of float
        Picture pixels in one of the photo's, and where the picture begins, across and down, in its
        own pixels.
    pictures : Mapping of str to str
        Base64 of WebP files by layer: ``before, after, change, depth-before, depth-after, why``, or
        ``photo, depth``.
    outlines : tuple of Mapping
        One a row of its table of scars: ``before`` and ``after``, or ``photo``, lists of SVG paths.
    region : tuple of str
        Borders of the measured region.
    unit : str
        Of depths.
    depth_top, change_top : float or None
        Ends of the colour scales.
    why : Mapping of str to str or None
        What the map of differences shows.
    covered : bool or None
        Whether eyes were covered; None where no face was found.
    """

    key: str
    kind: str
    size: tuple[int, int]
    mm_per_px: float | None
    frame: tuple[float, float, float]
    pictures: Mapping[str, str] = field(repr=False)
    outlines: tuple[Mapping[str, list[str]], ...] = field(repr=False)
    region: tuple[str, ...] = field(repr=False)
    unit: str = "µm"
    depth_top: float | None = None
    change_top: float | None = None
    why: Mapping[str, str] | None = None
    covered: bool | None = None

    @property
    def data(self) -> str:
        """What the page's script needs besides the pictures, as JSON."""
        told = {
            "kind": self.kind,
            "size": self.size,
            "mm": self.mm_per_px,
            "frame": self.frame,
            "region": self.region,
            "scars": self.outlines,
        }
        return json.dumps(told, ensure_ascii=True, separators=(",", ":"))


def photo_viewer(key: str, folder: Path, *, cover_eyes: bool) -> Viewer | None:
    """What there is of a photo by itself.

    Parameters
    ----------
    key : str
    folder : Path
        Its layers.
    cover_eyes : bool

    Returns
    -------
    Viewer, or None
        None where a batch wrote no layers of it.

    Raises
    ------
    StoreError
        If they cannot be read.
    """
    told = _told(folder / PHOTO)
    if told is None:
        return None
    outlines = tuple({"photo": told["outlines"][number]} for number in told["outlines"])
    return _viewer(key, "photo", folder, told, outlines, cover_eyes=cover_eyes)


def scar_numbers(folder: Path) -> tuple[int, ...]:
    """Numbers of a photo's scars in the order of its viewer's outlines."""
    told = _told(folder / PHOTO)
    return () if told is None else tuple(int(number) for number in told["outlines"])


def pair_viewer(key: str, folder: Path, *, cover_eyes: bool) -> Viewer | None:
    """What there is of a follow-up laid over its baseline; parameters as of a photo.

    Returns
    -------
    Viewer, or None
        None where they could not be laid over each other.
    """
    told = _told(folder / PAIR)
    if told is None or not told["aligned"]:
        return None
    return _viewer(key, "pair", folder, told, tuple(told["scars"]), cover_eyes=cover_eyes)


def _viewer(
    key: str,
    kind: str,
    folder: Path,
    told: Mapping[str, Any],
    outlines: tuple[Mapping[str, list[str]], ...],
    *,
    cover_eyes: bool,
) -> Viewer:
    eyes = told["eyes"]
    box = eyes if cover_eyes else None
    pictures = {
        name.removeprefix("pair-"): _embedded(folder / f"{name}.webp", box)
        for name in told["pictures"]
    }
    return Viewer(
        key=key,
        kind=kind,
        size=(told["size"][0], told["size"][1]),
        mm_per_px=told["mm_per_px"],
        frame=(told["px_per_photo_px"], *told["corner"]),
        pictures=pictures,
        outlines=outlines,
        region=tuple(told["region"]),
        unit=told["unit"],
        depth_top=told.get("depth_top"),
        change_top=told.get("change_top"),
        why=told.get("why"),
        covered=None if eyes is None else cover_eyes,
    )


def _told(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    try:
        told: dict[str, Any] = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(
            f"{file} cannot be read ({error}).",
            remedy="Delete it and run the batch again: it is made anew.",
        ) from error
    missing = sorted(_needed(file.name, told) - set(told))
    if missing:
        raise StoreError(
            f"{file} does not say {', '.join(missing)}: another version wrote it.",
            remedy="Delete it and run the batch again: it is made anew.",
        )
    return told


def _needed(name: str, told: Mapping[str, Any]) -> frozenset[str]:
    if name == PHOTO:
        return _FRAME | {"outlines"}
    # Of photos that could not be laid over each other there is nothing more to say.
    return _FRAME | {"scars"} if told.get("aligned", True) else frozenset(["aligned"])


def _embedded(file: Path, box: list[int] | None) -> str:
    try:
        data = file.read_bytes()
        if box is not None:
            data = _covered(data, box)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be read ({error}).",
            remedy="Delete its folder and run the batch again: it is made anew.",
        ) from error
    return base64.b64encode(data).decode("ascii")


def _covered(data: bytes, box: list[int]) -> bytes:
    """A picture with a box painted over; written anew, so that nothing lies beneath it."""
    with Image.open(io.BytesIO(data)) as image:
        picture = np.array(image.convert("RGB"))
    left, top, right, bottom = box
    picture[top:bottom, left:right] = _COVER
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="WEBP", quality=_QUALITY, method=4)
    return file.getvalue()
