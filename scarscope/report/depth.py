"""How deep the scars are, as colour over the grey photo."""

from __future__ import annotations

import math
import os

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scarscope.errors import ParamsError
from scarscope.measures.model import Score
from scarscope.report.canvas import Canvas, Picture, make_canvas
from scarscope.report.files import write_jpeg
from scarscope.report.lettering import draw_text, line_height, text_width
from scarscope.report.outlines import blend_polylines
from scarscope.report.overlay import MAX_PX, region_curves
from scarscope.report.strip import (
    Item,
    font_size,
    join,
    lay_out,
    scale_row_item,
    strip_width,
    text_item,
    text_rows,
)
from scarscope.report.style import FAINT_INK, INK, REGION_STYLE
from scarscope.report.words import flag_lines, footer, headline

# Perceptually uniform, and even for colour-blind readers. Its darkest quarter is left out, so that
# shallow scars stand out from the ground.
COLOUR_MAP = cv2.COLORMAP_VIRIDIS
_FIRST_CODE = 64
# The photo stays as a faint grey ground of the same level for every skin tone: colour is depth and
# nothing else.
GROUND_LEVEL = 80.0
_LEAST_MEDIAN = 10.0  # a black photo is not brightened into noise
COVER = 0.92
# What is expected where nothing was outlined is in the burden too, and is seen to be doubtful.
FAINT_COVER = 0.45
FAINT_WORDS = (
    "paler, if any: no scar was sure enough to be outlined, but it counts in the burden, as does "
    "what is too shallow to be seen here"
)
DEPTH_WORDS = f"Missing depth in colour; {FAINT_WORDS}."
_LEAST_FAINT_SHARE = 0.01  # of the bar: what adds next to nothing is not worth a look
_UM_PER_MM = 1000.0
_EMPTY_TOP = 0.5  # end of the bar where there are no scars, in the grid's unit
# Round figures for the end of the bar (times a power of ten), and the steps that divide them.
_STEPS = {1: 5, 2: 4, 3: 3, 4: 4, 5: 5, 6: 3, 8: 4, 10: 5}


def depth_picture(
    score: Score, *, max_px: int = MAX_PX, top: float | None = None
) -> NDArray[np.uint8]:
    """Missing depth in colour over the grey photo, with a colour bar below.

    Parameters
    ----------
    score : Score
    max_px : int, optional
        Longest side of the photo in the picture, in pixels; the strip comes on top of it.
    top : float, optional
        Depth at the bar's bright end, in µm (in photo pixels without a scale); deeper skin keeps
        that colour. None: a round figure just above the deepest scar. State it to compare photos.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        sRGB.

    Raises
    ------
    ParamsError
        If `top` is not a finite figure above 0.
    """
    if top is not None and not (math.isfinite(top) and top > 0):
        raise ParamsError(
            f"top = {top!r} is not a depth.", remedy="Give a figure above 0 in µm, such as 500."
        )
    canvas = make_canvas(score.skin, max_px=max_px)
    top = top or depth_top(score)
    return join(depth_layer(canvas, score, top), _strip(canvas, score, top))


def write_depth_picture(
    score: Score,
    path: str | os.PathLike[str],
    *,
    max_px: int = MAX_PX,
    top: float | None = None,
) -> None:
    """Write :func:`depth_picture` as a JPEG without metadata, whole or not at all.

    Raises
    ------
    ParamsError
        If `top` is not a finite figure above 0.
    StoreError
        If the system does not let the file be written.
    """
    write_jpeg(depth_picture(score, max_px=max_px, top=top), path)


def depth_top(score: Score) -> float:
    """A round figure just above the deepest scar, in µm (in photo pixels without a scale)."""
    per_unit = _per_unit(score)
    return round_up(float(score.scars.depth.max()) * per_unit or _EMPTY_TOP * per_unit)


def _per_unit(score: Score) -> float:
    return _UM_PER_MM if score.skin.grid.unit == "mm" else 1.0


def round_up(value: float) -> float:
    """The next round figure at or above `value`, such as 300 or 0.05."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _STEPS if step * power >= value * (1 - 1e-6))


def depth_layer(canvas: Canvas, score: Score, top: float) -> Picture:
    """The picture part of :func:`depth_picture`, without the strip."""
    scars = score.scars
    depth = scars.depth if scars.faint is None else scars.depth + scars.faint
    share = depth * np.float32(_per_unit(score) / top)
    grey = _ground(canvas)
    codes = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
    full = canvas.resample(codes)
    cover = canvas.cover(scars.labels > 0) * np.float32(COVER / 255)
    if scars.faint is not None:
        doubtful = canvas.cover(scars.faint > _LEAST_FAINT_SHARE * top / _per_unit(score))
        cover = np.maximum(cover, doubtful * np.float32(FAINT_COVER / 255))
    picture = np.repeat(grey[..., None], 3, axis=2)
    rows, columns = np.nonzero(cover)
    tint = colour_table()[full[rows, columns]].astype(np.float32)
    under = picture[rows, columns]
    picture[rows, columns] = under + cover[rows, columns, None] * (tint - under)
    out = np.rint(picture).astype(np.uint8)
    blend_polylines(
        out, region_curves(canvas, score.skin), REGION_STYLE, width=canvas.line, strength=0.4
    )
    return out


def _ground(canvas: Canvas) -> NDArray[np.float32]:
    grey = cv2.cvtColor(canvas.rgb, cv2.COLOR_RGB2GRAY)
    gain = GROUND_LEVEL / max(_LEAST_MEDIAN, float(np.median(grey[::4, ::4])))
    return np.asarray(np.minimum(grey * np.float32(gain), np.float32(2 * GROUND_LEVEL)))


def colour_table() -> Picture:
    """The 256 colours from shallow to deep as sRGB, shape (256, 3)."""
    codes = np.linspace(_FIRST_CODE, 255, 256).round().astype(np.uint8)[:, None]
    return np.asarray(cv2.applyColorMap(codes, COLOUR_MAP)[:, 0, ::-1], dtype=np.uint8)


def _strip(canvas: Canvas, score: Score, top: float) -> Picture:
    width = strip_width(canvas)
    size = font_size(width)
    unit = "µm" if score.skin.grid.unit == "mm" else "px"
    rows = [[text_item(part, size=size) for part in headline(score).split(" · ")]]
    rows += [[colour_bar(top, unit, width=width, size=size)], []]  # its figures take a row
    rows[0] += scale_row_item(canvas, score.photo.scale, size=size)
    if score.scars.faint is not None and score.scars.faint.any():
        rows += text_rows(FAINT_WORDS, size=size, width=width - 2 * size)
    for _, words in flag_lines(score)[:1]:
        rows += text_rows(words, size=size, width=width - 2 * size)
    rows += text_rows(footer(score), size=size, width=width - 2 * size, ink=FAINT_INK)
    return lay_out(rows, width=width, size=size)


def colour_bar(top: float, unit: str, *, width: int, size: int) -> Item:
    """Colours from 0 to `top` with ticks, whose figures stand one row below."""
    label = f"missing depth, {unit}"
    start = text_width(label, size) + size
    length = min(round(0.5 * width), 20 * size, width - start - 4 * size)

    def paint(image: Image.Image, place: tuple[int, int]) -> None:
        canvas = ImageDraw.Draw(image)
        draw_text(canvas, place, label, size=size, ink=INK)
        x, y = place[0] + start, place[1] + round(0.3 * size)
        steps = np.linspace(0, 255, length).astype(np.uint8)
        band = np.repeat(colour_table()[steps][None], round(0.8 * size), axis=0)
        image.paste(Image.fromarray(band), (x, y))
        for figure in ticks(top):
            at = x + round(figure / top * (length - 1))
            canvas.line(
                (at, y + 0.8 * size, at, y + 1.1 * size), fill=INK, width=max(1, size // 14)
            )
            text = f"{figure:g}"
            left = at - text_width(text, size) / 2
            draw_text(canvas, (left, place[1] + line_height(size)), text, size=size, ink=INK)

    return Item(start + length + size, paint)


def ticks(top: float) -> list[float]:
    """Figures at even steps from 0 to `top`."""
    number = _STEPS.get(int(f"{top:e}"[0]), 4)
    return [top * k / number for k in range(number + 1)]
