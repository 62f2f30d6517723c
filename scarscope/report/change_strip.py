"""The strips of pictures of a change: verdict, reasons, what to do, legend, and colour bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from scarscope._version import __version__
from scarscope.change import Change
from scarscope.photo.model import Scale
from scarscope.report.canvas import Canvas, Picture
from scarscope.report.change_style import STATUS_STYLES, over_ground
from scarscope.report.depth import GROUND_LEVEL
from scarscope.report.lettering import draw_text, line_height, text_width
from scarscope.report.strip import (
    MIN_WIDTH_PX,
    Item,
    font_size,
    key_item,
    lay_out,
    scale_row_item,
    text_item,
    text_rows,
)
from scarscope.report.style import ALARM_INK, FAINT_INK, INK, PAPER

GAP_PX = 12  # of paper between pictures side by side
_LEAST_FONT_PX = 10
# Reasons printed below a picture; the tables have them all.
MOST_REASONS = 3
_QUIET = ("improved", "no detectable change")

Rows = list[list[Item]]


def side_by_side(pictures: Sequence[Picture], titles: Sequence[str]) -> Picture:
    """Pictures in a row on paper, each below its title; lower ones hang from the top."""
    width = sum(p.shape[1] for p in pictures) + GAP_PX * (len(pictures) - 1)
    size = font_size(max(MIN_WIDTH_PX, width))
    # Small pictures: a title must not run into the next one's.
    while size > _LEAST_FONT_PX and any(
        text_width(title, size) + size > picture.shape[1]
        for title, picture in zip(titles, pictures, strict=True)
    ):
        size -= 1
    head = round(1.2 * size) + line_height(size) // 2
    height = head + max(p.shape[0] for p in pictures)
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    left, places = 0, []
    for picture in pictures:
        sheet[head : head + picture.shape[0], left : left + picture.shape[1]] = picture
        places.append(left)
        left += picture.shape[1] + GAP_PX
    image = Image.fromarray(sheet)
    for title, place in zip(titles, places, strict=True):
        at = (place + size // 2, round(0.2 * size))
        draw_text(ImageDraw.Draw(image), at, title, size=size, ink=INK)
    return np.asarray(image)


def verdict_rows(change: Change, *, size: int, width: int) -> Rows:
    """The answer, then each reason with what to do about it."""
    calm = change.comparable == "yes" and change.verdict in _QUIET
    rows = text_rows(headline(change), size=size, width=width, ink=INK if calm else ALARM_INK)
    reasons, told = change.comparability.reasons, set[str]()
    for reason in reasons[:MOST_REASONS]:
        caution = reason.weight == "caution"
        text = f"Caution: {reason.text}" if caution else reason.text
        rows += text_rows(text, size=size, width=width, ink=INK if caution else ALARM_INK)
        if reason.info.remedy not in told:
            remedy = f"What to do: {reason.info.remedy}."
            rows += text_rows(remedy, size=size, width=width, ink=FAINT_INK)
        told.add(reason.info.remedy)
    if len(reasons) > MOST_REASONS:
        more = ", ".join(reason.code for reason in reasons[MOST_REASONS:])
        rows += text_rows(f"And: {more}.", size=size, width=width)
    return rows


def headline(change: Change) -> str:
    """The answer in one line."""
    if change.comparable == "no":
        return "Not comparable: no change is reported."
    told = change.text[0].upper() + change.text[1:]
    if change.quartile:
        told += f" · quartile of improvement {change.quartile} · GAIS-style: {change.gais}"
    return told


def status_row(change: Change, canvas: Canvas, *, size: int) -> list[Item]:
    """How many scars have which status, beside the line that outlines them."""
    counts = change.scars["status"].value_counts()
    return [
        key_item(
            f"{counts.get(status, 0)} {status}",
            style.line,
            size=size,
            line=canvas.line * style.weight,
        )
        for status, style in STATUS_STYLES.items()
    ]


def footer_row(change: Change, *, size: int, width: int) -> Rows:
    """What made the picture, and what it is not."""
    found = change.before.scars if change.before is not None else None
    by = " ".join(part for part in (found.segmenter, found.weights) if part) if found else ""
    parts = (
        "All figures are estimated from the photos",
        f"ScarScope {__version__}",
        by,
        "research software, not a medical device",
    )
    text = " · ".join(part for part in parts if part)
    return text_rows(text, size=size, width=width, ink=FAINT_INK)


def scale_of(change: Change) -> Scale | None:
    """The scale of the earlier photo, whose frame pictures have."""
    return change.pair.before.photo.scale if change.pair is not None else None


def below(picture: Picture, rows: Rows) -> Picture:
    """A picture above its strip; a narrow one is set on paper wide enough for text."""
    width = max(MIN_WIDTH_PX, picture.shape[1])
    missing = width - picture.shape[1]
    wide = np.pad(picture, ((0, 0), (missing // 2, missing - missing // 2), (0, 0)))
    if missing:
        wide[:, : missing // 2] = PAPER
        wide[:, missing // 2 + picture.shape[1] :] = PAPER
    return np.concatenate([wide, lay_out(rows, width=width, size=font_size(width))])


def text_room(picture: Picture) -> tuple[int, int]:
    """Font size of the strip below a picture, and the width that its text has."""
    width = max(MIN_WIDTH_PX, picture.shape[1])
    size = font_size(width)
    return size, width - 2 * size


def scale_item(canvas: Canvas, change: Change, *, size: int) -> list[Item]:
    """The scale bar as a list; empty without a scale."""
    return scale_row_item(canvas, scale_of(change), size=size)


@dataclass(frozen=True)
class Bar:
    """A colour bar of a signed map.

    Attributes
    ----------
    label : str
        What is shown, with its unit.
    less, more : str
        What the ends mean.
    ticks : tuple of (float, str)
        Share of the scale, -1 to 1, and what is written below it.
    signed : bool
        False leaves out the half below 0.
    """

    label: str
    less: str
    more: str
    ticks: tuple[tuple[float, str], ...]
    signed: bool = True


def even_ticks(top: float) -> tuple[tuple[float, str], ...]:
    """Ticks of a symmetric bar from ``-top`` to ``top``."""
    shares = (-1.0, -0.5, 0.0, 0.5, 1.0)
    return tuple((share, f"{share * top:+g}" if share else "0") for share in shares)


def bar_rows(bar: Bar, *, size: int, width: int) -> Rows:
    """The bar on a row, and one for its figures; the label above where it would not fit beside."""
    sides = text_width(bar.less, size) + text_width(bar.more, size) + 2 * size
    length = min(22 * size, width - sides - 2 * size)
    beside = text_width(bar.label, size) + 2 * size + sides + length <= width
    label = text_item(bar.label, size=size)
    item = Item(sides + length, _BarPainter(bar, size, length))
    return [[label, item], []] if beside else [[label], [item], []]


@dataclass(frozen=True)
class _BarPainter:
    """Draws a bar: words at its ends, ticks and figures below."""

    bar: Bar
    size: int
    length: int

    def __call__(self, image: Image.Image, place: tuple[int, int]) -> None:
        bar, size = self.bar, self.size
        canvas = ImageDraw.Draw(image)
        draw_text(canvas, place, bar.less, size=size, ink=INK)
        x = place[0] + round(text_width(bar.less, size) + 0.6 * size)
        y = place[1] + round(0.3 * size)
        image.paste(Image.fromarray(self._band()), (x, y))
        end = (x + self.length + 0.6 * size, place[1])
        draw_text(canvas, end, bar.more, size=size, ink=INK)
        for share, text in bar.ticks:
            self._tick(canvas, x + round(self._part(share) * (self.length - 1)), y, text)

    def _tick(self, canvas: ImageDraw.ImageDraw, at: int, y: int, text: str) -> None:
        size = self.size
        ends = (at, y + 0.8 * size, at, y + 1.1 * size)
        canvas.line(ends, fill=INK, width=max(1, size // 14))
        left = at - text_width(text, size) / 2
        top = y - round(0.3 * size) + line_height(size)
        draw_text(canvas, (left, top), text, size=size, ink=INK)

    def _part(self, share: float) -> float:
        return (share + 1) / 2 if self.bar.signed else share

    def _band(self) -> Picture:
        low = -1.0 if self.bar.signed else 0.0
        share = np.repeat(np.linspace(low, 1, self.length)[None], round(0.8 * self.size), axis=0)
        ground = np.full(share.shape, GROUND_LEVEL, np.float32)
        return over_ground(ground, share, np.ones_like(share))
