"""Where missing depth became less and where it became more, as colour over the grey photo.

Legend
------
d : change of missing depth at a cell, later minus earlier photo; below 0 is filled
v : change of a scar's missing volume as the table of scars has it
p : share of a scar's depth, both photos together, that a cell has; sums to 1 over the scar
"""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.change import Change
from scarscope.change.gate import fine_detail_differs
from scarscope.change.reading import Reading
from scarscope.errors import ParamsError
from scarscope.params import ChangeParams
from scarscope.report.canvas import Canvas, make_canvas
from scarscope.report.change_pair import curves_by_status, draw_statuses
from scarscope.report.change_strip import (
    Bar,
    Rows,
    bar_rows,
    below,
    even_ticks,
    footer_row,
    scale_item,
    status_row,
    text_room,
    verdict_rows,
)
from scarscope.report.change_style import over_ground
from scarscope.report.change_views import need_pair
from scarscope.report.depth import _ground, round_up
from scarscope.report.files import write_jpeg
from scarscope.report.outlines import blend_polylines
from scarscope.report.overlay import MAX_PX, region_curves
from scarscope.report.strip import text_rows
from scarscope.report.style import REGION_STYLE

_UM_PER_MM = 1000.0
# The scale ends at what this share of scarred cells stays below, so that one pit does not dim all.
_TOP_QUANTILE = 0.98
_EMPTY_TOP = 0.1  # where there is nothing to show, in the grid's unit
_CODES = 127  # steps of either sign in an 8-bit map
# How much colour an unchanged scar keeps: noise must not look like a finding.
UNCHANGED_COVER = 0.45
_PALE = "Unchanged scars are pale: their change is within the error of measurement."


def depth_change(change: Change, *, params: ChangeParams | None = None) -> NDArray[np.float32]:
    """How much missing depth changed, cell by cell, as the table of scars says.

    Where in a scar depth changed is taken from the difference of the network's depths, or of the
    relief read from shading where fine detail differs between the photos or there is no network.
    How much is the table's: over each scar the map sums to ``volume_change_pct`` of
    ``volume_before``, and what the difference lacks for that is spread as the scar's own depth is.
    A scar that only the later photo shows has no volume before; its share is taken of the later
    photo's volume, all of it where it is new. The burden weighs both readings another way than
    single scars do, so that its change need not be the map's sum.

    Parameters
    ----------
    change : Change
    params : ChangeParams, optional
        With which the photos were compared. None: the defaults.

    Returns
    -------
    ndarray of float32, shape of the pair's grid
        In the grid's unit (mm, or px without a scale); 0 outside of scars.

    Raises
    ------
    ParamsError
        If the photos could not be compared.
    """
    pair = need_pair(change, "change map")
    reading = change.reading
    if reading is None:
        raise ParamsError(
            f"There is no change map of photos that were not compared ({change.text}).",
            remedy="Draw scarscope.report.why_picture, which shows what differs.",
        )
    shape = _shape(change, reading, params or ChangeParams())
    depth = reading.before.depth + reading.after.depth
    found = np.zeros(pair.grid.shape, np.float32)
    for row, own in _footprints(change.scars, reading):
        wanted = _volume(row, reading, pair.grid.unit) / pair.grid.step**2
        part = depth[own] / max(float(depth[own].sum(dtype=np.float64)), 1e-12)
        found[own] = shape[own] + (wanted - shape[own].sum(dtype=np.float64)) * part
    return found


def change_map(
    change: Change, *, max_px: int = MAX_PX, top: float | None = None
) -> NDArray[np.uint8]:
    """Draw :func:`depth_change` over the earlier photo in grey, with a colour bar below.

    Blue is filled and orange is deeper; no change has no colour, and unchanged scars are pale. The
    scale ends at the depth that the scars had, so that full blue is a scar all gone.

    Parameters
    ----------
    change : Change
    max_px : int, optional
        Longest side of the photo in the picture, in pixels; the strip comes on top of it.
    top : float, optional
        Change at the bar's ends, in µm (in photo pixels without a scale); more keeps that colour.
        None: a round figure at the depth of the deeper scars. State it to compare pictures.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        sRGB.

    Raises
    ------
    ParamsError
        If the photos could not be compared, or `top` is not a finite figure above 0.
    """
    if top is not None and not (math.isfinite(top) and top > 0):
        raise ParamsError(
            f"top = {top!r} is not a change of depth.",
            remedy="Give a figure above 0 in µm, such as 300.",
        )
    picture, canvas, top = map_with_lines(change, max_px=max_px, top=top)
    size, width = text_room(picture)
    rows = verdict_rows(change, size=size, width=width)
    rows += map_legend(change, canvas, picture, top)
    return below(picture, rows + footer_row(change, size=size, width=width))


def map_with_lines(
    change: Change, *, max_px: int, top: float | None = None
) -> tuple[NDArray[np.uint8], Canvas, float]:
    """The picture part of :func:`change_map`, what it lies on, and the scale's end in its unit."""
    pair = need_pair(change, "change map")
    canvas = make_canvas(pair.before, max_px=max_px)
    picture, top = change_layer(change, canvas, top=top)
    blend_polylines(
        picture, region_curves(canvas, pair.before), REGION_STYLE, width=canvas.line, strength=0.3
    )
    before, after = curves_by_status(change, canvas)
    both = {status: before[status] if status != "new" else after[status] for status in before}
    draw_statuses(picture, both, line=max(1, canvas.line // 2))
    return picture, canvas, top


def change_layer(
    change: Change, canvas: Canvas, *, top: float | None = None
) -> tuple[NDArray[np.uint8], float]:
    """The picture part of :func:`change_map` without lines, and the scale's end in its unit."""
    pair = need_pair(change, "change map")
    per_unit = _UM_PER_MM if pair.grid.unit == "mm" else 1.0
    values = depth_change(change) * np.float32(per_unit)
    top = top or map_top(change, values, per_unit)
    share = values / np.float32(top)
    return paint_signed(canvas, share, map_cover(change, share)), top


def write_change_map(
    change: Change,
    path: str | os.PathLike[str],
    *,
    max_px: int = MAX_PX,
    top: float | None = None,
) -> None:
    """Write :func:`change_map` as a JPEG without metadata, whole or not at all.

    Raises
    ------
    ParamsError
        If the photos could not be compared, or `top` is not a finite figure above 0.
    StoreError
        If the system does not let the file be written.
    """
    write_jpeg(change_map(change, max_px=max_px, top=top), path)


def paint_signed(
    canvas: Canvas, share: NDArray[np.float32], cover: NDArray[np.floating] | NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """A signed map on the working grid, -1 to 1, over the canvas in grey.

    Parameters
    ----------
    canvas : Canvas
    share : ndarray of float32, shape of the grid
    cover : ndarray of float or bool, shape of the grid
        How much of its colour each cell shows, 0 to 1.
    """
    codes = np.rint(np.clip(np.nan_to_num(share), -1, 1) * _CODES) + _CODES
    full = canvas.resample(codes.astype(np.uint8)).astype(np.float32)
    shown = canvas.resample(np.rint(255 * cover).astype(np.uint8)) * np.float32(1 / 255)
    return over_ground(_ground(canvas), full / np.float32(_CODES) - np.float32(1), shown)


def _shape(change: Change, reading: Reading, params: ChangeParams) -> NDArray[np.float32]:
    """Where in the scars depth changed, in the grid's unit; how much is another question."""
    pair = need_pair(change, "change map")
    flags = pair.before.flags | pair.after.flags
    differs = fine_detail_differs(change.comparability.figures, flags, params)
    if reading.network is not None and not differs:
        first, second = (np.maximum(depth, 0) for depth in reading.network)
        return np.asarray(second - first, np.float32)
    first, second = reading.relief
    # Relief is scaled to the depth that the scars have: its own scale is an assumed light's.
    have = float(first[reading.rimmed].sum(dtype=np.float64))
    wanted = float(reading.before.depth.sum(dtype=np.float64))
    scale = wanted / have if have > 0.25 * wanted > 0 else 1.0
    return np.asarray((second - first) * np.float32(scale), np.float32)


def _footprints(table: pd.DataFrame, reading: Reading) -> list[tuple[pd.Series, NDArray[np.bool_]]]:
    """Each scar's row and its cells, every cell once: the earlier photo's scar goes first."""
    before, after = reading.before.labels, reading.after.labels
    found: list[tuple[pd.Series, NDArray[np.bool_]]] = []
    for _, row in table[table["relation"] != "split"].iterrows():
        number = int(row["before_id"]) if pd.notna(row["before_id"]) else 0
        own = (before == number) & (number > 0)
        for later in _later_ids(table, row):
            own |= (after == later) & (before == 0)
        if own.any():
            found.append((row, own))
    return found


def _later_ids(table: pd.DataFrame, row: pd.Series) -> list[int]:
    """Numbers in the later photo of a scar and of the pieces that came off it."""
    own = [] if row["relation"] == "merged" else [row["after_id"]]
    if pd.notna(row["before_id"]):
        pieces = table[(table["relation"] == "split") & (table["before_id"] == row["before_id"])]
        own += list(pieces["after_id"])
    return [int(number) for number in own if pd.notna(number)]


def _volume(row: pd.Series, reading: Reading, unit: str) -> float:
    """Change of a scar's missing volume, in the grid's unit."""
    share = float(row["volume_change_pct"]) / 100
    if pd.notna(row["before_id"]):
        return share * float(row[f"volume_before_{unit}3"]) if math.isfinite(share) else 0.0
    later = reading.after.table.set_index("scar_id")[f"volume_{unit}3"]
    volume = float(later[int(row["after_id"])])
    if row["status"] == "new" or not math.isfinite(share):
        return volume
    return volume * share / (1 + max(share, 0.0))  # later = earlier · (1 + share)


def map_top(change: Change, values: NDArray[np.float32], per_unit: float) -> float:
    """Where the map's scale ends: a round figure at the depth of the deeper scars."""
    reading = change.reading
    if reading is None or not reading.outline.any():
        return round_up(_EMPTY_TOP * per_unit)
    depth = np.maximum(reading.before.depth * per_unit, np.abs(values))[reading.outline]
    return round_up(float(np.quantile(depth, _TOP_QUANTILE)) or _EMPTY_TOP * per_unit)


def map_cover(change: Change, share: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of its colour each cell of the map shows, 0 to 1: unchanged scars are pale."""
    cover: NDArray[np.float32] = (share != 0).astype(np.float32)
    if change.reading is not None:
        for row, own in _footprints(change.scars, change.reading):
            if row["status"] == "unchanged":
                cover[own] *= UNCHANGED_COVER
    return cover


def map_legend(change: Change, canvas: Canvas, picture: NDArray[np.uint8], top: float) -> Rows:
    """What the map's colours and lines mean."""
    size, width = text_room(picture)
    unit = "µm" if change.pair is not None and change.pair.grid.unit == "mm" else "px"
    bar = Bar(f"change of missing depth, {unit}", "filled", "deeper", even_ticks(top))
    rows = bar_rows(bar, size=size, width=width)
    legend = status_row(change, replace(canvas, line=max(1, canvas.line // 2)), size=size)
    rows.append([*legend, *scale_item(canvas, change, size=size)])
    if (change.scars["status"] == "unchanged").any():
        rows += text_rows(_PALE, size=size, width=width)
    return rows
