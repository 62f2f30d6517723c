"""Before and after side by side on one frame, each scar outlined by what became of it."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scarscope.change import Change
from scarscope.report.canvas import Canvas, Picture
from scarscope.report.change_strip import (
    Rows,
    below,
    footer_row,
    scale_item,
    side_by_side,
    status_row,
    text_room,
    verdict_rows,
)
from scarscope.report.change_style import STATUS_STYLES
from scarscope.report.change_views import SIDE_PX, Views, make_views
from scarscope.report.files import write_jpeg
from scarscope.report.outlines import Curve, blend_polylines, draw, halo, trace_scars
from scarscope.report.overlay import _shade, region_curves
from scarscope.report.style import REGION_STYLE

BEFORE, AFTER = "Before", "After, laid over the earlier photo"

Curves = dict[str, list[Curve]]


def aligned_pair(change: Change, *, max_px: int = SIDE_PX) -> NDArray[np.uint8]:
    """Draw both photos side by side on the earlier one's frame.

    The later photo's own pixels are laid over the earlier photo and get its exposure, colour and
    contrast, as they were measured. Skin that is not in both photos is dimmed. Each scar is
    outlined in both photos by its status: as it was found there, or where only the other photo
    shows it, as it was found in that one. The strip below says the verdict, its reasons and what
    to do about them. No file name is printed.

    Parameters
    ----------
    change : Change
    max_px : int, optional
        Longest side of each photo in the picture, in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        sRGB.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other.
    """
    views = make_views(change, max_px=max_px, what="aligned picture")
    before, after = curves_by_status(change, views.before)
    pictures = [
        _outlined(canvas, views, curves)
        for canvas, curves in ((views.before, before), (views.after, after))
    ]
    picture = side_by_side(pictures, (BEFORE, AFTER))
    return below(picture, _rows(change, views, picture))


def write_aligned_pair(
    change: Change, path: str | os.PathLike[str], *, max_px: int = SIDE_PX
) -> None:
    """Write :func:`aligned_pair` as a JPEG without metadata, whole or not at all.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other.
    StoreError
        If the system does not let the file be written.
    """
    write_jpeg(aligned_pair(change, max_px=max_px), path)


def curves_by_status(change: Change, canvas: Canvas) -> tuple[Curves, Curves]:
    """Outlines of each status in the earlier and in the later photo, in output coordinates."""
    found: tuple[Curves, Curves] = ({s: [] for s in STATUS_STYLES}, {s: [] for s in STATUS_STYLES})
    if change.reading is None:
        return found
    own = _statuses(change, "before_id", "split"), _statuses(change, "after_id", "merged")
    for side, labels in enumerate((change.reading.before.labels, change.reading.after.labels)):
        alone = _alone(change, side)
        for number, curves in trace_scars(labels):
            shown = [canvas.from_grid(curve) for curve in curves]
            status = own[side][number]
            found[side][status] += shown
            if number in alone:  # drawn where it would be in the other photo
                found[1 - side][status] += shown
    return found


def curves_by_row(change: Change, canvas: Canvas) -> list[dict[str, list[Curve]]]:
    """Outlines of each row of the table of scars in both photos, in output coordinates.

    A scar that only one photo shows has that photo's outline in both.
    """
    if change.reading is None:
        return []
    traced = [
        {number: [canvas.from_grid(c) for c in curves] for number, curves in trace_scars(labels)}
        for labels in (change.reading.before.labels, change.reading.after.labels)
    ]
    rows = []
    for first, second in zip(change.scars["before_id"], change.scars["after_id"], strict=True):
        own = [
            traced[side].get(int(number), []) if isinstance(number, int | np.integer) else []
            for side, number in enumerate((first, second))
        ]
        rows.append({"before": own[0] or own[1], "after": own[1] or own[0]})
    return rows


def draw_statuses(picture: Picture, curves: Curves, *, line: int) -> None:
    """Draw outlines onto a picture, in place; what asks for attention comes last, on top."""
    for status, style in STATUS_STYLES.items():
        draw(picture, curves[status], style.line, width=line * style.weight)


def _statuses(change: Change, column: str, elsewhere: str) -> dict[int, str]:
    """Status by a photo's scar numbers; a scar in several rows has that of its own row."""
    table = change.scars[change.scars[column].notna()]
    # A piece's row comes later than the whole's, so that the whole's is taken where both are.
    own = table[table["relation"] != elsewhere]
    pairs = [*zip(table[column], table["status"], strict=True)]
    pairs += zip(own[column], own["status"], strict=True)
    return {int(number): str(status) for number, status in pairs}


def _alone(change: Change, side: int) -> set[int]:
    """Numbers of the scars that only this photo shows."""
    own, other = ("before_id", "after_id")[:: 1 if side == 0 else -1]
    table = change.scars
    return {int(number) for number in table.loc[table[other].isna(), own].dropna()}


def _outlined(canvas: Canvas, views: Views, curves: Curves) -> Picture:
    lines = [curve for same in curves.values() for curve in same]
    picture = _shade(canvas, views.skin, halo(replace(canvas, line=canvas.line + 1), lines))
    border = region_curves(canvas, views.skin)
    # Fainter than in an overlay: unchanged scars are dashed as well.
    blend_polylines(picture, border, REGION_STYLE, width=canvas.line, strength=0.3)
    draw_statuses(picture, curves, line=canvas.line)
    return picture


def _rows(change: Change, views: Views, picture: Picture) -> Rows:
    size, width = text_room(picture)
    rows = verdict_rows(change, size=size, width=width)
    legend = status_row(change, views.before, size=size) if change.reading is not None else []
    rows.append([*legend, *scale_item(views.before, change, size=size)])
    return rows + footer_row(change, size=size, width=width)
