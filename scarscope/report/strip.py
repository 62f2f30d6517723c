"""The strip below a picture: what its lines mean, its numbers, its flags and a scale bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from scarscope.photo.model import Scale
from scarscope.report.canvas import Canvas, Picture
from scarscope.report.lettering import draw_text, line_height, text_width, wrap
from scarscope.report.outlines import draw
from scarscope.report.style import INK, PAPER, Colour, LineStyle

# Font size in parts of the picture's width, within bounds that people can read.
_SIZE_PER_WIDTH = 1 / 54
_SIZE_BOUNDS = (18, 36)
SCALE_BARS_MM = (0.5, 1, 2, 5, 10, 20, 50, 100)
MIN_WIDTH_PX = 640  # narrower pictures are set on paper this wide, so that text fits
_BAR_SHARE = 0.22  # a scale bar is at most this part of the picture's width


@dataclass(frozen=True)
class Item:
    """One thing on a row of the strip.

    Attributes
    ----------
    width : int
        Pixels it takes.
    paint : callable
        Draws it onto an image, given its top left corner.
    """

    width: int
    paint: Callable[[Image.Image, tuple[int, int]], None]


def font_size(width: int) -> int:
    """Font size in pixels that suits a picture of this width."""
    low, high = _SIZE_BOUNDS
    return int(np.clip(round(width * _SIZE_PER_WIDTH), low, high))


def text_item(text: str, *, size: int, ink: Colour = INK) -> Item:
    """A run of text."""
    return Item(
        text_width(text, size),
        lambda image, place: draw_text(ImageDraw.Draw(image), place, text, size=size, ink=ink),
    )


def text_rows(text: str, *, size: int, width: int, ink: Colour = INK) -> list[list[Item]]:
    """A paragraph, one item a row."""
    return [[text_item(line, size=size, ink=ink)] for line in wrap(text, size=size, width=width)]


def key_item(label: str, style: LineStyle, *, size: int, line: int) -> Item:
    """A sample of a line, as it is in the picture, and what it stands for."""
    sample = round(2.6 * size)

    def paint(image: Image.Image, place: tuple[int, int]) -> None:
        image.paste(_sample(style, sample, size, line), place)
        right = place[0] + sample + 0.5 * size
        draw_text(ImageDraw.Draw(image), (right, place[1]), label, size=size, ink=INK)

    return Item(sample + round(0.5 * size) + text_width(label, size), paint)


def _sample(style: LineStyle, width: int, size: int, line: int) -> Image.Image:
    patch = np.full((line_height(size), width, 3), PAPER, np.uint8)
    middle = 0.62 * size
    draw(patch, [np.array([[2.0, middle], [width - 3.0, middle]])], style, width=line)
    return Image.fromarray(patch)


def scale_bar(per_mm: float, *, width: int, size: int) -> Item:
    """A bar of 0.5, 1, 2, 5, 10 ... mm, the longest that suits the picture.

    Parameters
    ----------
    per_mm : float
        Output pixels per millimetre.
    width, size : int
        Width of the picture and the font's size, in pixels.
    """
    fitting = [mm for mm in SCALE_BARS_MM if mm * per_mm <= _BAR_SHARE * width]
    length_mm = fitting[-1] if fitting else SCALE_BARS_MM[0]
    length, label = round(length_mm * per_mm), f"{length_mm:g} mm"

    def paint(image: Image.Image, place: tuple[int, int]) -> None:
        canvas = ImageDraw.Draw(image)
        x, y = place[0], place[1] + round(0.62 * size)
        thick, tick = max(2, size // 9), round(0.28 * size)
        canvas.rectangle((x, y - thick // 2, x + length - 1, y + (thick - 1) // 2), fill=INK)
        for end in (x, x + length - thick):
            canvas.rectangle((end, y - tick, end + thick - 1, y + tick), fill=INK)
        draw_text(canvas, (x + length + 0.4 * size, place[1]), label, size=size, ink=INK)

    return Item(length + round(0.4 * size) + text_width(label, size), paint)


def scale_row_item(canvas: Canvas, scale: Scale | None, *, size: int) -> list[Item]:
    """The scale bar of a picture as a list; empty where the photo has no scale."""
    if scale is None:
        return []
    per_mm = canvas.per_photo_px / scale.mm_per_px
    return [scale_bar(per_mm, width=canvas.size[0], size=size)]


def strip_width(canvas: Canvas) -> int:
    """Width of the strip below a picture, in pixels."""
    return max(MIN_WIDTH_PX, canvas.size[0])


def join(picture: Picture, strip: Picture) -> Picture:
    """The picture above its strip; a picture narrower than the strip is set on paper."""
    missing = strip.shape[1] - picture.shape[1]
    paper = np.full((picture.shape[0], missing, 3), PAPER, np.uint8)
    left, right = paper[:, : missing // 2], paper[:, missing // 2 :]
    return np.concatenate([np.concatenate([left, picture, right], axis=1), strip])


def lay_out(rows: list[list[Item]], *, width: int, size: int) -> Picture:
    """Rows of items as a strip `width` pixels wide; a row too long goes on below.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    margin, gap = size, round(1.4 * size)
    flowed = [line for row in rows for line in _flow(row, width - 2 * margin, gap)]
    step = line_height(size)
    height = 2 * round(0.75 * size) + step * len(flowed)
    image = Image.new("RGB", (width, height), PAPER)
    for number, line in enumerate(flowed):
        x, y = margin, round(0.75 * size) + number * step
        for item in line:
            item.paint(image, (x, y))
            x += item.width + gap
    return np.asarray(image)


def _flow(row: list[Item], width: int, gap: int) -> list[list[Item]]:
    lines: list[list[Item]] = [[]]
    used = 0
    for item in row:
        if lines[-1] and used + item.width > width:
            lines.append([])
            used = 0
        lines[-1].append(item)
        used += item.width + gap
    return lines
