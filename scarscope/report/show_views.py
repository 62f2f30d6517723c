"""The pictures that `show` lays over each other, and the words beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scarscope.change import Change
from scarscope.change.shown import details_html
from scarscope.flags import Flag
from scarscope.measures.model import Score
from scarscope.measures.shown import flag_list
from scarscope.photo.model import Photo
from scarscope.report.canvas import MAX_ENLARGEMENT, MIN_SIDE_PX, Canvas, Picture, make_canvas
from scarscope.report.canvas import _encode as encode
from scarscope.report.canvas import _resize as resize
from scarscope.report.change_depth import map_legend, map_with_lines, paint_signed
from scarscope.report.change_pair import _outlined, aligned_pair, curves_by_status
from scarscope.report.change_strip import (
    bar_rows,
    below,
    scale_item,
    status_row,
    text_room,
    verdict_rows,
)
from scarscope.report.change_strip import headline as change_headline
from scarscope.report.change_views import Views, make_views
from scarscope.report.change_why import Difference, difference, why_picture
from scarscope.report.depth import DEPTH_WORDS, colour_bar, depth_layer, depth_picture, depth_top
from scarscope.report.outlines import blend_polylines
from scarscope.report.overlay import _key_row, _shade, draw_scars, overlay, region_curves
from scarscope.report.strip import (
    Item,
    font_size,
    join,
    lay_out,
    scale_row_item,
    strip_width,
    text_item,
)
from scarscope.report.style import REGION_STYLE
from scarscope.report.words import headline
from scarscope.scars.model import TYPES, Scars
from scarscope.skin.model import Skin

# Of a picture that is words alone, where photos could not be laid over each other.
_WORDS_PX = 900


@dataclass(frozen=True, eq=False)
class View:
    """One picture of several of the same frame.

    Attributes
    ----------
    label : str
        What its button says.
    text : str
        What it shows, for those who do not see it.
    picture : ndarray of uint8, shape (height, width, 3)
        sRGB.
    """

    label: str
    text: str
    picture: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Sheet:
    """What `show` has to show.

    Attributes
    ----------
    caption : str
        The answer in one line, without names.
    names : tuple of str
        Of the photos.
    picture : ndarray of uint8
        The whole in one picture, for a file.
    views : tuple of View
        At least one but where there is nothing to see.
    words : str
        HTML below the pictures, escaped, without names.
    """

    caption: str
    names: tuple[str, ...]
    picture: NDArray[np.uint8]
    views: tuple[View, ...]
    words: str


def sheet_of_score(score: Score, max_px: int) -> Sheet:
    """Scars outlined, the photo alone to check them by, and depth."""
    canvas = make_canvas(score.skin, max_px=max_px)
    drawn, told = overlay(score, max_px=max_px), headline(score)
    views = (
        View("Scars", "The photo with its scars outlined by type.", drawn),
        View("Photo", "The same photo without outlines.", _with_scale(canvas, canvas.rgb, score)),
        View("Depth", DEPTH_WORDS, depth_picture(score, max_px=max_px)),
    )
    return Sheet(told, (score.photo.name,), drawn, views, score._repr_html_())


def sheet_of_scars(scars: Scars, max_px: int) -> Sheet:
    """As of a score, but for what is measured over the region."""
    counts = {f"n_{kind}": int((scars.table["type"] == kind).sum()) for kind in TYPES}
    score = Score(scars, counts, scars.flags)
    canvas = make_canvas(scars.skin, max_px=max_px)
    size = font_size(strip_width(canvas))
    told = f"{len(scars)} scar{'' if len(scars) == 1 else 's'}"
    key = [*_key_row(canvas, score, size), *_scale(canvas, scars.skin.photo, size)]
    drawn = _with_row(canvas, draw_scars(canvas, score), key)
    depth = depth_picture_of(canvas, score, depth_top(score))
    views = (
        View("Scars", "The photo with its scars outlined by type.", drawn),
        View("Photo", "The same photo without outlines.", _with_scale(canvas, canvas.rgb, score)),
        View("Depth", DEPTH_WORDS, depth),
    )
    words = scars._repr_html_() + flag_list(scars.flags)
    return Sheet(told, (scars.skin.photo.name,), drawn, views, words)


def sheet_of_skin(skin: Skin, max_px: int) -> Sheet:
    """The photo with the border of its measured region."""
    canvas = make_canvas(skin, max_px=max_px)
    curves = region_curves(canvas, skin)
    picture = _shade(canvas, skin, np.zeros(canvas.rgb.shape[:2], np.uint8))
    blend_polylines(picture, curves, REGION_STYLE, width=canvas.line)
    told = (
        f"{skin.area / 100:.1f} cm² of skin"
        if skin.grid.unit == "mm"
        else f"{skin.area:.0f} px² of skin"
    )
    told += f", ITA {skin.ita_deg:.0f}°, region: {skin.region_source}"
    size = font_size(strip_width(canvas))
    row = [text_item(told.replace("°", " degrees"), size=size), *_scale(canvas, skin.photo, size)]
    drawn = _with_row(canvas, picture, row)
    return _alone(told, skin.photo.name, drawn, "The photo, dimmed outside the region.", skin.flags)


def sheet_of_photo(photo: Photo, max_px: int) -> Sheet:
    """The photo as it was read."""
    height, width = photo.shape
    side = max(height, width)
    factor = min(max(1.0, MIN_SIDE_PX / side), MAX_ENLARGEMENT, max_px / side)
    size_px = max(1, round(width * factor)), max(1, round(height * factor))
    canvas = Canvas(encode(resize(photo.rgb, size_px)), size_px[0] / width, (1.0, 1.0))
    told = f"{width} x {height} pixels, "
    told += f"{photo.scale.mm_per_px:g} mm each" if photo.scale else "no stated scale"
    size = font_size(strip_width(canvas))
    row = [text_item(told, size=size), *_scale(canvas, photo, size)]
    drawn = _with_row(canvas, canvas.rgb, row)
    return _alone(told, photo.name, drawn, "The photo as it was read.", photo.flags)


def sheet_of_change(change: Change, max_px: int) -> Sheet:
    """Both photos on one frame, what changed, and where there is a reason, what differs."""
    told, words = change_headline(change), details_html(change)
    if change.pair is None:
        size = font_size(_WORDS_PX)
        rows = verdict_rows(change, size=size, width=_WORDS_PX - 2 * size)
        picture = lay_out(rows, width=_WORDS_PX, size=size)
        return Sheet(told, change.names, picture, (), words)
    compared = change.reading is not None
    drawn = make_views(change, max_px=max_px, what="picture", harmonised=compared)
    views = _flip(change, drawn)
    if change.before is not None and change.after is not None:
        views.append(_view_of_map(change, max_px))
        views += _depths(drawn.before, (change.before, change.after))
    found = None if change.comparable == "yes" else difference(change)
    if found is not None:
        views.append(_view_of_difference(change, drawn.before, found))
    return Sheet(told, change.names, _whole(change, max_px), tuple(views), words)


def small_picture(thing: Score | Scars | Change, max_px: int) -> Picture | None:
    """One picture that says most; None where there is none."""
    if isinstance(thing, Change):
        return None if thing.pair is None else _whole(thing, max_px)
    if isinstance(thing, Score):
        return overlay(thing, max_px=max_px)
    return sheet_of_scars(thing, max_px).picture


def depth_picture_of(canvas: Canvas, score: Score, top: float) -> Picture:
    """Depth over the grey photo with its colour bar alone below."""
    width = strip_width(canvas)
    size = font_size(width)
    unit = "µm" if score.skin.grid.unit == "mm" else "px"
    bar = colour_bar(top, unit, width=width, size=size)
    rows = [[bar, *_scale(canvas, score.photo, size)], []]  # the bar's figures take a row
    return join(depth_layer(canvas, score, top), lay_out(rows, width=width, size=size))


def _whole(change: Change, max_px: int) -> Picture:
    """A change in one picture."""
    if change.reading is None:
        return why_picture(change, max_px=max_px)
    return aligned_pair(change, max_px=max_px)


def _flip(change: Change, drawn: Views) -> list[View]:
    """Before and after, with the same strip, so that nothing but the skin changes."""
    before, after = curves_by_status(change, drawn.before)
    pictures = [
        _outlined(canvas, drawn, curves)
        for canvas, curves in ((drawn.before, before), (drawn.after, after))
    ]
    size, _ = text_room(pictures[0])
    legend = status_row(change, drawn.before, size=size) if change.reading is not None else []
    row = [*legend, *scale_item(drawn.before, change, size=size)]
    told = (
        "The earlier photo",
        "The later photo, laid over the earlier one",
    )
    ending = ", scars outlined by what became of them." if change.reading is not None else "."
    return [
        View(label, text + ending, below(picture, [row]))
        for label, text, picture in zip(("Before", "After"), told, pictures, strict=True)
    ]


def _view_of_map(change: Change, max_px: int) -> View:
    picture, canvas, top = map_with_lines(change, max_px=max_px)
    text = "Where missing depth became less (blue) and more (orange)."
    return View("Change map", text, below(picture, map_legend(change, canvas, picture, top)))


def _view_of_difference(change: Change, canvas: Canvas, found: Difference) -> View:
    """The picture part of `why_picture` on the frame of the other views."""
    where = found.where & change.pair.region if change.pair is not None else found.where
    picture = paint_signed(canvas, found.share, where)
    size, width = text_room(picture)
    rows = [[text_item(found.title, size=size)], *bar_rows(found.bar, size=size, width=width)]
    rows.append(scale_item(canvas, change, size=size))
    return View("What differs", f"{found.title}.", below(picture, rows))


def _depths(canvas: Canvas, scores: tuple[Score, Score]) -> list[View]:
    top = max(depth_top(score) for score in scores)  # one scale for both
    return [
        View(f"Depth {when}", f"Missing depth {when}, in colour.", picture)
        for when, picture in zip(
            ("before", "after"),
            (depth_picture_of(canvas, score, top) for score in scores),
            strict=True,
        )
    ]


def _alone(told: str, name: str, drawn: Picture, text: str, flags: Flag) -> Sheet:
    view = View("Photo", f"{text} {told}.", drawn)
    return Sheet(told, (name,), drawn, (view,), flag_list(flags))


def _scale(canvas: Canvas, photo: Photo, size: int) -> list[Item]:
    return scale_row_item(canvas, photo.scale, size=size)


def _with_scale(canvas: Canvas, picture: Picture, score: Score) -> Picture:
    size = font_size(strip_width(canvas))
    row = [text_item("Without outlines", size=size), *_scale(canvas, score.photo, size)]
    return _with_row(canvas, picture, row)


def _with_row(canvas: Canvas, picture: Picture, row: list[Item]) -> Picture:
    width = strip_width(canvas)
    return join(picture, lay_out([row], width=width, size=font_size(width)))
