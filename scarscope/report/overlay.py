"""The photo with its scars outlined: what a dermatologist checks a score by."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from scarscope.measures.model import Score
from scarscope.report.canvas import Canvas, Picture, make_canvas
from scarscope.report.files import write_jpeg
from scarscope.report.outlines import (
    HALO_STRENGTH,
    Curve,
    blend_polylines,
    draw,
    halo,
    trace,
    trace_scars,
)
from scarscope.report.strip import (
    Item,
    font_size,
    join,
    key_item,
    lay_out,
    scale_row_item,
    strip_width,
    text_item,
    text_rows,
)
from scarscope.report.style import ALARM_INK, FAINT_INK, INK, REGION_STYLE, SCAR_STYLES
from scarscope.report.words import flag_lines, footer, headline, type_counts
from scarscope.skin.model import Skin

MAX_PX = 2400
# Outside the region the photo keeps this part of its brightness.
OUTSIDE_GAIN = 0.62
# Borders of the region shorter than this (holes left by hairs and glints) are not drawn.
MIN_BORDER_MM = 12.0


def overlay(score: Score, *, max_px: int = MAX_PX) -> NDArray[np.uint8]:
    """Draw the scars of `score` on its photo, with a legend below.

    Outlines carry the type by colour and line style; the region's border is dashed and faint, and
    what lies outside it is dimmed. Photos smaller than 1200 pixels are enlarged, and a region that
    fills little of its photo is shown alone. The strip below
    states counts, burden, flags in words and, with a scale, a scale bar. No file name is printed.

    Parameters
    ----------
    score : Score
    max_px : int, optional
        Longest side of the photo in the picture, in pixels; the strip comes on top of it.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        sRGB.
    """
    canvas = make_canvas(score.skin, max_px=max_px)
    picture = draw_scars(canvas, score)
    return join(picture, _strip(canvas, score))


def write_overlay(score: Score, path: str | os.PathLike[str], *, max_px: int = MAX_PX) -> None:
    """Write :func:`overlay` as a JPEG without metadata, whole or not at all.

    Parameters
    ----------
    score : Score
    path : path
        An existing file is replaced; missing folders are made.
    max_px : int, optional
        As in :func:`overlay`.

    Raises
    ------
    StoreError
        If the system does not let the file be written.
    """
    write_jpeg(overlay(score, max_px=max_px), path)


def draw_scars(canvas: Canvas, score: Score) -> Picture:
    """The picture part of an overlay: outlines, region and dimming, without the strip."""
    by_type = _curves_by_type(canvas, score)
    region = region_curves(canvas, score.skin)
    everything = [curve for curves in by_type.values() for curve in curves]
    picture = _shade(canvas, score.skin, halo(canvas, everything))
    blend_polylines(picture, region, REGION_STYLE, width=canvas.line)
    for kind in reversed(by_type):  # small types last, on top
        draw(picture, by_type[kind], SCAR_STYLES[kind], width=canvas.line)
    return picture


def region_curves(canvas: Canvas, skin: Skin) -> list[Curve]:
    """Borders of the region in output coordinates, without the short ones."""
    if skin.region.all():
        return []
    shortest = skin.grid.sigma(MIN_BORDER_MM)
    curves = trace(skin.region)
    lengths = [np.hypot(*np.diff(curve, axis=0).T).sum() for curve in curves]
    return [canvas.from_grid(c) for c, n in zip(curves, lengths, strict=True) if n >= shortest]


def _curves_by_type(canvas: Canvas, score: Score) -> dict[str, list[Curve]]:
    kinds = dict(zip(score.scars.table["scar_id"], score.scars.table["type"], strict=True))
    found: dict[str, list[Curve]] = {kind: [] for kind in SCAR_STYLES}
    for number, curves in trace_scars(score.scars.labels):
        found[kinds[number]].extend(canvas.from_grid(curve) for curve in curves)
    return found


def _shade(canvas: Canvas, skin: Skin, seam: Picture) -> Picture:
    """Dim what lies outside the region and lay the dark seams, in one multiplication."""
    gain = np.float32(1) - np.float32(HALO_STRENGTH / 255) * seam
    if not skin.region.all():
        inside = canvas.cover(skin.region)
        gain *= np.float32(OUTSIDE_GAIN) + np.float32((1 - OUTSIDE_GAIN) / 255) * inside
    return np.rint(canvas.rgb * gain[..., None]).astype(np.uint8)


def _strip(canvas: Canvas, score: Score) -> Picture:
    width = strip_width(canvas)
    size = font_size(width)
    rows = [_headline_row(canvas, score, size), _key_row(canvas, score, size)]
    for serious, words in flag_lines(score):
        ink = ALARM_INK if serious else INK
        rows += text_rows(words, size=size, width=width - 2 * size, ink=ink)
    rows += text_rows(footer(score), size=size, width=width - 2 * size, ink=FAINT_INK)
    return lay_out(rows, width=width, size=size)


def _headline_row(canvas: Canvas, score: Score, size: int) -> list[Item]:
    row = [text_item(part, size=size) for part in headline(score).split(" · ")]
    return row + scale_row_item(canvas, score.photo.scale, size=size)


def _key_row(canvas: Canvas, score: Score, size: int) -> list[Item]:
    counts = type_counts(score)
    row = [
        key_item(f"{counts[kind]} {kind}", style, size=size, line=canvas.line)
        for kind, style in SCAR_STYLES.items()
    ]
    if score.skin.region.all():
        return row
    return [*row, key_item("measured region", REGION_STYLE, size=size, line=canvas.line)]
