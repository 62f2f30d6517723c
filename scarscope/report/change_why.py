"""Why two photos are compared with caution or not at all: both as taken, and what differs.

Which difference is drawn follows from the gravest reason that a map can show: uneven light, relief
lit from elsewhere, softer or bolder detail, colour, or where the alignment is not borne out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change import Change
from scarscope.change.common import Pair
from scarscope.change.control import (
    FINE_MM,
    LIGHT_MM,
    MID_MM,
    band,
    control_skin,
    log_light,
)
from scarscope.errors import ParamsError
from scarscope.report.canvas import Picture, make_canvas
from scarscope.report.change_depth import paint_signed
from scarscope.report.change_pair import AFTER, BEFORE
from scarscope.report.change_strip import (
    Bar,
    Rows,
    bar_rows,
    below,
    even_ticks,
    footer_row,
    scale_item,
    side_by_side,
    text_room,
    verdict_rows,
)
from scarscope.report.change_views import make_views, need_pair
from scarscope.report.files import write_jpeg
from scarscope.report.outlines import blend_polylines
from scarscope.report.overlay import region_curves
from scarscope.report.style import REGION_STYLE
from scarscope.skin.chromophores import masked_blur
from scarscope.skin.model import Skin

WHY_PX = 1100  # of each photo: up to three stand in a row
_WINDOW_MM = 2.0  # sigma over which two contrasts are compared, as wide as the judge's tiles

Field = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Difference:
    """A map of what differs between two photos.

    Attributes
    ----------
    title : str
        Above the map.
    share : ndarray of float32, shape of the grid
        -1 to 1 of the bar's scale.
    where : ndarray of bool, shape of the grid
        Where it is known.
    bar : Bar
        What colours mean.
    """

    title: str
    share: Field
    where: NDArray[np.bool_]
    bar: Bar


def why_picture(
    change: Change, photos: tuple[Skin, Skin] | None = None, *, max_px: int = WHY_PX
) -> NDArray[np.uint8]:
    """Draw both photos as they were taken, what differs most, and the reasons in words.

    Parameters
    ----------
    change : Change
        With a reason; without one the picture shows the photos and that they compare.
    photos : tuple of 2 Skin, optional
        Of the earlier and the later photo; needed where they could not be laid over each other,
        since the change does not keep them then.
    max_px : int, optional
        Longest side of each photo in the picture, in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        sRGB.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other, and `photos` is not given.
    """
    if change.pair is None:
        return _apart(change, photos, max_px=max_px)
    views = make_views(change, max_px=max_px, what="picture of reasons", harmonised=False)
    pictures = [views.before.rgb, views.after.rgb]
    titles = ["Before, as it was taken", "After, as it was taken, laid over the earlier photo"]
    found = difference(change)
    if found is not None:
        drawn = paint_signed(views.before, found.share, found.where)
        border = region_curves(views.before, views.skin)
        blend_polylines(drawn, border, REGION_STYLE, width=views.before.line, strength=0.3)
        pictures.append(drawn)
        titles.append(found.title)
    picture = side_by_side(pictures, titles)
    size, width = text_room(picture)
    rows = verdict_rows(change, size=size, width=width)
    rows += bar_rows(found.bar, size=size, width=width) if found is not None else []
    rows.append(scale_item(views.before, change, size=size))
    return below(picture, rows + footer_row(change, size=size, width=width))


def write_why_picture(
    change: Change,
    path: str | os.PathLike[str],
    photos: tuple[Skin, Skin] | None = None,
    *,
    max_px: int = WHY_PX,
) -> None:
    """Write :func:`why_picture` as a JPEG without metadata, whole or not at all.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other, and `photos` is not given.
    StoreError
        If the system does not let the file be written.
    """
    write_jpeg(why_picture(change, photos, max_px=max_px), path)


def difference(change: Change) -> Difference | None:
    """The map that belongs to the gravest reason that has one; None where none has.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other.
    """
    need_pair(change, "map of what differs")
    codes = [reason.code for reason in change.comparability.reasons]
    if "FOCUS" in codes and "FINE_DETAIL" in codes:  # which focus explains
        codes.remove("FINE_DETAIL")
    return next((_MAPS[code](change) for code in codes if code in _MAPS), None)


def _apart(change: Change, photos: tuple[Skin, Skin] | None, *, max_px: int) -> Picture:
    if photos is None:
        raise ParamsError(
            "The photos could not be laid over each other, and the change does not keep them.",
            remedy="Give photos=(skin of the earlier photo, skin of the later one).",
        )
    pictures = [make_canvas(skin, max_px=max_px).rgb for skin in photos]
    height = min(p.shape[0] for p in pictures)  # as high as each other, whatever their sizes
    scaled = [_of_height(p, height) for p in pictures]
    picture = side_by_side(scaled, (BEFORE, AFTER.split(",")[0]))
    size, width = text_room(picture)
    rows: Rows = verdict_rows(change, size=size, width=width)
    return below(picture, rows + footer_row(change, size=size, width=width))


def _of_height(picture: Picture, height: int) -> Picture:
    if picture.shape[0] == height:
        return picture
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _plain(change: Change, pair: Pair) -> NDArray[np.bool_]:
    """Skin without scars, as far as scars are known; all common skin where they are not."""
    if change.reading is None:
        return pair.region
    return control_skin(pair.region, change.reading.outline, filter_mm=pair.grid.filter_mm)


def _as_taken(change: Change, pair: Pair) -> Field:
    """Log light of the later photo before it was harmonised, but for a constant a channel."""
    log = log_light(pair.after.rgb)
    harmony = change.comparability.harmony
    if harmony is None:
        return log
    return np.asarray(log / np.asarray(harmony.contrast, np.float32), np.float32)


def _light(change: Change) -> Difference:
    """How unevenly the light changed: slow log ratio of green, its median taken off."""
    pair = need_pair(change, "map of light")
    plain, step = _plain(change, pair), pair.grid.filter_mm
    ratio = _as_taken(change, pair)[..., 1] - log_light(pair.before.rgb)[..., 1]
    slow = masked_blur(ratio, plain, LIGHT_MM / step)
    return _percent("How the light differs", slow - np.median(slow[plain]), pair, 40.0, _LIGHT)


def _colour(change: Change) -> Difference:
    """Log ratio of red over green, later photo against earlier one."""
    pair = need_pair(change, "map of colour")
    plain, step = _plain(change, pair), pair.grid.filter_mm
    one, two = log_light(pair.before.rgb), _as_taken(change, pair)
    ratio = (two[..., 0] - two[..., 1]) - (one[..., 0] - one[..., 1])
    harmony = change.comparability.harmony
    shift = harmony.red if harmony is not None else float(np.median(ratio[plain]))
    slow = masked_blur(ratio, plain, 0.5 / step)
    even = slow - np.median(slow[plain]) + np.float32(shift)
    return _percent("How the colour differs", even, pair, 40.0, _RED)


def _coherence(mm: tuple[float, float], title: str) -> Callable[[Change], Difference]:
    """How far relief of one size is not the same picture in both photos."""

    def made(change: Change) -> Difference:
        pair = need_pair(change, "map of relief")
        one, two = _bands(change, pair, mm)
        plain = _plain(change, pair)
        both, first, second = (
            _local(image, plain, pair) for image in (one * two, one * one, two * two)
        )
        same = both / np.sqrt(np.maximum(first * second, 1e-16))
        # Half the pattern lost is the end of the scale: the limits lie near 0.9.
        share = np.clip((1 - same) / 0.5, 0, 1)
        return Difference(title, share.astype(np.float32), pair.region, _COHERENCE)

    return made


def _gain(mm: tuple[float, float], title: str) -> Callable[[Change], Difference]:
    """How much bolder relief of one size is in the later photo."""

    def made(change: Change) -> Difference:
        pair = need_pair(change, "map of contrast")
        gain = _log_gain(change, pair, mm)
        return _percent(title, gain, pair, 80.0, _BOLD)

    return made


def _focus(change: Change) -> Difference:
    """Gain of the finest relief beyond that of coarser relief."""
    pair = need_pair(change, "map of focus")
    gain = _log_gain(change, pair, FINE_MM) - _log_gain(change, pair, MID_MM)
    return _percent("Where the later photo is softer or sharper", gain, pair, 80.0, _SHARP)


def _support(change: Change) -> Difference:
    """Blocks of skin that lie where the others say, and those that do not."""
    pair = need_pair(change, "map of the alignment")
    support = change.alignment.support
    if support is None:
        support = np.full((1, 1), np.nan, np.float32)
    size = pair.grid.shape[::-1]
    full = np.asarray(cv2.resize(support, size, interpolation=cv2.INTER_NEAREST), np.float32)
    share = np.where(full > 0.5, np.float32(-0.5), np.float32(0.7))
    known = np.isfinite(full) & pair.region
    return Difference("Where the alignment is borne out", share, known, _SUPPORT)


def _log_gain(change: Change, pair: Pair, mm: tuple[float, float]) -> Field:
    one, two = _bands(change, pair, mm)
    plain = _plain(change, pair)
    first, second = (_local(image * image, plain, pair) for image in (one, two))
    gain = 0.5 * np.log(np.maximum(second, 1e-12) / np.maximum(first, 1e-12))
    return np.asarray(gain, np.float32)


def _bands(change: Change, pair: Pair, mm: tuple[float, float]) -> tuple[Field, Field]:
    step = pair.grid.filter_mm
    one = band(log_light(pair.before.rgb)[..., 1], mm, step)
    return one, band(_as_taken(change, pair)[..., 1], mm, step)


def _local(image: Field, plain: NDArray[np.bool_], pair: Pair) -> Field:
    return masked_blur(image, plain, _WINDOW_MM / pair.grid.filter_mm)


def _percent(title: str, log: Field, pair: Pair, top: float, words: tuple[str, ...]) -> Difference:
    """A difference of logs as percent of the earlier photo."""
    label, less, more = words
    share = np.clip(100 * np.expm1(log) / top, -1, 1).astype(np.float32)
    return Difference(title, share, pair.region, Bar(label, less, more, even_ticks(top)))


_LIGHT = ("light of the later photo, % (its median apart)", "darker", "brighter")
_RED = ("red over green of the later photo, %", "less red", "redder")
_BOLD = ("contrast of the later photo, %", "weaker", "stronger")
_SHARP = ("contrast of fine relief in the later photo, %", "softer", "sharper")
_COHERENCE = Bar(
    "relief of both photos (coherence)",
    "the same",
    "differs",
    ((0.0, "1"), (0.2, "0.9"), (0.5, "0.75"), (1.0, "0.5")),
    signed=False,
)
_SUPPORT = Bar(
    "blocks of skin", "lie where the others say", "do not", ((-0.5, ""), (0.0, ""), (0.7, ""))
)
_MAPS: dict[str, Callable[[Change], Difference]] = {
    "LIGHT_FIELD": _light,
    "LIGHT_DIRECTION": _coherence(MID_MM, "Where relief is lit from elsewhere"),
    "LIGHT_TURNED": _coherence(MID_MM, "Where relief is lit from elsewhere"),
    "FINE_DETAIL": _coherence(FINE_MM, "Where fine detail is not the same"),
    "FOCUS": _focus,
    "CONTRAST": _gain(MID_MM, "Where contrast differs"),
    "COVERED": _gain(MID_MM, "Where contrast differs"),
    "COLOUR": _colour,
    "ALIGNMENT_UNSURE": _support,
    "LITTLE_OVERLAP": _support,
    "POSE": _support,
}
