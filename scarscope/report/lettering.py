"""Text by the scalable font that comes with Pillow: the same on every machine.

The font has no µ, superscripts or dashes; they are set from the letters it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from PIL import ImageDraw, ImageFont

from scarscope.report.style import Colour

_SUPERSCRIPTS = {"²": "2", "³": "3"}
_PLAIN = str.maketrans({"–": "-", "—": "-", "≥": ">=", "≤": "<=", "\u03bc": "µ", "…": "..."})
_SUPERSCRIPT_SIZE = 0.62
_RAISE = -0.02  # of the font size, from the line's top
_STEM = 0.075  # width of the font's stems, in font sizes
_BEARING = 0.04  # of the letter u, whose box begins left of its stem


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def line_height(size: int) -> int:
    """Height of a line of text with its leading, in pixels."""
    return round(1.42 * size)


def text_width(text: str, size: int) -> int:
    """Width of `text` in pixels at a font size in pixels."""
    return round(sum(_advance(kind, chunk, size) for kind, chunk in _runs(text)))


def draw_text(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, *, size: int, ink: Colour
) -> None:
    """Write one line with its top left corner at `place`."""
    x, y = place
    for kind, chunk in _runs(text):
        if kind == "raised":
            small = round(_SUPERSCRIPT_SIZE * size)
            draw.text((x, y + _RAISE * size), chunk, font=_font(small), fill=ink)
        elif kind == "micro":
            _draw_micro(draw, (x, y), size=size, ink=ink)
        else:
            draw.text((x, y), chunk, font=_font(size), fill=ink)
        x += _advance(kind, chunk, size)


def wrap(text: str, *, size: int, width: int) -> list[str]:
    """Break text between words into lines no wider than `width` where words allow."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _runs(text: str) -> Iterator[tuple[str, str]]:
    plain = ""
    for letter in text.translate(_PLAIN):
        if letter not in _SUPERSCRIPTS and letter != "µ":
            plain += letter
            continue
        if plain:
            yield "plain", plain
        plain = ""
        yield ("micro", "u") if letter == "µ" else ("raised", _SUPERSCRIPTS[letter])
    if plain:
        yield "plain", plain


def _advance(kind: str, chunk: str, size: int) -> float:
    return _font(round(_SUPERSCRIPT_SIZE * size) if kind == "raised" else size).getlength(chunk)


def _draw_micro(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], *, size: int, ink: Colour
) -> None:
    """A ``u`` whose left stem goes below the line."""
    draw.text(place, "u", font=_font(size), fill=ink)
    left, top, _, bottom = draw.textbbox(place, "u", font=_font(size))
    left, stem = round(left + _BEARING * size), max(1, round(_STEM * size))
    draw.rectangle((left, top + 2, left + stem - 1, round(bottom + 0.2 * size)), fill=ink)
