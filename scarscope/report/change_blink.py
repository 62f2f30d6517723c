"""Before and after in the same place: alternating in time, or in bands that meet at seams.

Nothing is outlined, so that nobody sees what is suggested. The moving picture is WebP where the
name says so: full colours, a tenth of the size of an animated PNG, and shown by every browser of
the last years and by mail programs that use one. A name that ends in ``.png`` gives an animated
PNG: large, but whoever cannot animate it still shows its first picture. GIF has 256 colours, which
on skin look like a change.
"""

from __future__ import annotations

import io
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, features

from scarscope.batch.write import write_bytes
from scarscope.change import Change
from scarscope.errors import ParamsError
from scarscope.report.canvas import Canvas, Picture
from scarscope.report.change_strip import (
    below,
    footer_row,
    headline,
    scale_item,
    side_by_side,
    text_room,
)
from scarscope.report.change_views import Views, make_views
from scarscope.report.files import write_jpeg
from scarscope.report.lettering import draw_text, line_height, text_width
from scarscope.report.overlay import MAX_PX, _shade
from scarscope.report.strip import font_size, text_item, text_rows
from scarscope.report.style import INK, PAPER

BLINK_PX = 1200  # as large as most screens show it at once
# Slow enough to look at each, fast enough to see what moves; below three flashes a second, which
# WCAG 2.3.1 sets as the limit for people with photosensitive epilepsy.
BLINK_MS = 700
_WEBP_QUALITY = 88
BANDS = 6
_SEAM: tuple[int, int, int] = (255, 255, 255)


def blink_frames(change: Change, *, max_px: int = BLINK_PX) -> tuple[Picture, Picture]:
    """Both photos as pictures of the same layout, to be shown in turns.

    Parameters
    ----------
    change : Change
    max_px : int, optional
        Longest side of the photo, in pixels.

    Returns
    -------
    before, after : ndarray of uint8, shape (height, width, 3)
        sRGB.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other.
    """
    views = make_views(change, max_px=max_px, what="blinking picture")
    before, after = (
        _frame(change, views, canvas, place)
        for place, canvas in enumerate((views.before, views.after))
    )
    return before, after


def write_blink(change: Change, path: str | os.PathLike[str], *, max_px: int = BLINK_PX) -> None:
    """Write :func:`blink_frames` as a moving picture that goes on for ever, without metadata.

    Parameters
    ----------
    change : Change
    path : path
        Ends in ``.webp`` or, for an animated PNG, in ``.png``.
    max_px : int, optional
        As in :func:`blink_frames`.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other, or the name ends in something else.
    StoreError
        If the system does not let the file be written.
    """
    kind = Path(path).suffix.lower()
    if kind not in (".webp", ".png"):
        raise ParamsError(
            f"A moving picture cannot be written as {Path(path).name!r}.",
            remedy="Give a name that ends in .webp, or in .png for an animated PNG.",
        )
    first, second = map(Image.fromarray, blink_frames(change, max_px=max_px))
    file = io.BytesIO()
    moving = {"save_all": True, "append_images": [second], "duration": BLINK_MS, "loop": 0}
    if kind == ".webp":
        first.save(file, format="WEBP", quality=_WEBP_QUALITY, method=2, **moving)
    else:
        first.save(file, format="PNG", **moving)
    write_bytes(Path(path), file.getvalue())


def blink_suffix() -> str:
    """``.webp``, or ``.png`` where Pillow was built without WebP."""
    return ".webp" if features.check("webp") else ".png"


def wipe(change: Change, *, max_px: int = MAX_PX, bands: int = BANDS) -> NDArray[np.uint8]:
    """Draw one picture of bands from either photo in turns, to judge the alignment by.

    Where the photos lie well over each other, pores, lines and scars go on across the seams.

    Parameters
    ----------
    change : Change
    max_px : int, optional
        Longest side of the photo, in pixels.
    bands : int, optional
        Number of bands; the first is the earlier photo.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        sRGB.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other, or there are fewer than two bands.
    """
    if bands < 2:
        raise ParamsError(f"bands = {bands!r} shows one photo only.", remedy="Give 2 or more.")
    views = make_views(change, max_px=max_px, what="picture in bands")
    before, after = (_dimmed(canvas, views) for canvas in (views.before, views.after))
    edges = np.linspace(0, before.shape[1], bands + 1).round().astype(int)
    mixed = before.copy()
    for start, stop in zip(edges[1::2], edges[2::2], strict=False):
        mixed[:, start:stop] = after[:, start:stop]
    _draw_seams(mixed, edges[1:-1])
    picture = np.concatenate([_band_titles(edges), mixed])
    size, width = text_room(picture)
    rows = text_rows(headline(change), size=size, width=width)
    rows.append(
        [
            text_item("Lines should go on across the seams.", size=size),
            *scale_item(views.before, change, size=size),
        ]
    )
    return below(picture, rows + footer_row(change, size=size, width=width))


def write_wipe(
    change: Change, path: str | os.PathLike[str], *, max_px: int = MAX_PX, bands: int = BANDS
) -> None:
    """Write :func:`wipe` as a JPEG without metadata, whole or not at all.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other, or there are fewer than two bands.
    StoreError
        If the system does not let the file be written.
    """
    write_jpeg(wipe(change, max_px=max_px, bands=bands), path)


def _frame(change: Change, views: Views, canvas: Canvas, place: int) -> Picture:
    """One photo with its name at its own end of the line, so that names blink apart."""
    title = ("Before", "After")[place]
    picture = side_by_side([_dimmed(canvas, views)], [""])
    size, width = text_room(picture)
    image = Image.fromarray(picture)
    left = 0.5 * size if place == 0 else picture.shape[1] - text_width(title, size) - 0.5 * size
    draw_text(ImageDraw.Draw(image), (left, 0.2 * size), title, size=size, ink=INK)
    rows = text_rows(headline(change), size=size, width=width)
    rows.append(scale_item(views.before, change, size=size))
    rows += footer_row(change, size=size, width=width)
    return below(np.asarray(image), rows)


def _dimmed(canvas: Canvas, views: Views) -> Picture:
    nothing = np.zeros(canvas.rgb.shape[:2], np.uint8)
    return _shade(canvas, views.skin, nothing)


def _draw_seams(picture: Picture, places: NDArray[np.int_]) -> None:
    """Short dashes, so that what lies at the seam stays to be seen."""
    rows = np.arange(picture.shape[0]) % 40 < 8
    for place in places:
        picture[rows, max(place - 1, 0) : place + 1] = _SEAM


def _band_titles(edges: NDArray[np.int_]) -> Picture:
    """The name of each band's photo above it, where it has room."""
    width = int(edges[-1])
    size = font_size(width)
    image = Image.new("RGB", (width, round(1.2 * size) + line_height(size) // 2), PAPER)
    for band, (start, stop) in enumerate(pairwise(edges)):
        title = ("before", "after")[band % 2]
        if text_width(title, size) < stop - start:
            middle = (start + stop - text_width(title, size)) / 2
            place = (float(middle), 0.2 * size)
            draw_text(ImageDraw.Draw(image), place, title, size=size, ink=INK)
    return np.asarray(image)
