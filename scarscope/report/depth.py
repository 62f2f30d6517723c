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
from scarscope.report.canvas import Canvas, Picture, make_canvas, resize_mask
from scarscope.report.files import write_jpeg
from scarscope.report.lettering import draw_text, text_width
from scarscope.report.outlines import blend_polylines
from scarscope.report.overlay import MAX_PX, region_curves
from scarscope.report.strip import Item, font_size, lay_out, scale_row_item, text_item, text_rows
from scarscope.report.style import FAINT_INK, FOOTER, INK, REGION_STYLE
from scarscope.report.words import flag_lines, headline

# Perceptually uniform, and even for colour-blind readers; dark end for shallow skin.
COLOUR_MAP = cv2.COLORMAP_VIRIDIS
# The photo stays as a faint, darkened ground, so that colour is depth and nothing else.
GROUND_GAIN = 0.55
COVER = 0.92
_UM_PER_MM = 1000.0
_NICE = (1.0, 2.0, 5.0, 10.0)


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
    per_unit = _UM_PER_MM if score.skin.grid.unit == "mm" else 1.0
    depth = score.scars.depth * np.float32(per_unit)
    top = top or round_up(float(depth.max()))
    picture = _paint(canvas, score, depth / np.float32(top))
    return np.concatenate([picture, _strip(canvas, score, top)])


def write_depth_picture(
    score: Score,
    path: str | os.PathLike[str],
    *,
    max_px: int = MAX_PX,
    top: float | None = None,
) -> None:
    """Write :func:`depth_picture` as a JPEG without metadata, under a temporary name first."""
    write_jpeg(depth_picture(score, max_px=max_px, top=top), path)


def round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten at or above `value`; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _NICE if step * power >= value * (1 - 1e-6))


def _paint(canvas: Canvas, score: Score, share: NDArray[np.float32]) -> Picture:
    grey = cv2.cvtColor(canvas.rgb, cv2.COLOR_RGB2GRAY) * np.float32(GROUND_GAIN)
    codes = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
    full = cv2.resize(codes, canvas.size, interpolation=cv2.INTER_LINEAR)
    cover = resize_mask(score.scars.labels > 0, canvas.size) * np.float32(COVER / 255)
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


def colour_table() -> Picture:
    """The 256 colours of the map as sRGB, shape (256, 3)."""
    codes = np.arange(256, dtype=np.uint8)[:, None]
    return np.asarray(cv2.applyColorMap(codes, COLOUR_MAP)[:, 0, ::-1], dtype=np.uint8)


def _strip(canvas: Canvas, score: Score, top: float) -> Picture:
    width = canvas.size[0]
    size = font_size(width)
    unit = "µm" if score.skin.grid.unit == "mm" else "px"
    rows = [[text_item(part, size=size) for part in headline(score).split(" · ")]]
    rows.append([colour_bar(top, unit, width=width, size=size)])
    rows[0] += scale_row_item(canvas, score.photo.scale, size=size)
    for _, words in flag_lines(score)[:1]:
        rows += text_rows(words, size=size, width=width - 2 * size)
    rows += text_rows(FOOTER, size=size, width=width - 2 * size, ink=FAINT_INK)
    return lay_out(rows, width=width, size=size)


def colour_bar(top: float, unit: str, *, width: int, size: int) -> Item:
    """Colours from 0 to `top` with figures at both ends."""
    left, right = "missing depth  0", f"{top:g} {unit}"
    start = text_width(left, size) + size // 2
    length = min(round(0.4 * width), 18 * size)

    def paint(image: Image.Image, place: tuple[int, int]) -> None:
        canvas = ImageDraw.Draw(image)
        draw_text(canvas, place, left, size=size, ink=INK)
        steps = np.linspace(0, 255, length).astype(np.uint8)
        band = np.repeat(colour_table()[steps][None], round(0.8 * size), axis=0)
        image.paste(Image.fromarray(band), (place[0] + start, place[1] + round(0.25 * size)))
        after = place[0] + start + length + size // 2
        draw_text(canvas, (after, place[1]), right, size=size, ink=INK)

    return Item(start + length + size // 2 + text_width(right, size), paint)
