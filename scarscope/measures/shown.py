"""A score as a notebook shows it: the primary measures and the flags, in words."""

from __future__ import annotations

import math
from html import escape

from scarscope.flags import Flag, describe
from scarscope.measures.entry import GridUnit, Measure
from scarscope.measures.model import Score, Value
from scarscope.measures.registry import MEASURES

_WRITTEN = {"um": "µm", "px": "px"}
_SEVERITIES = {"serious": "Serious", "caution": "Caution", "info": "Note"}


def score_html(score: Score) -> str:
    """The primary measures as a table and the flags as a list; the photo's name is not in it."""
    return primary_table(score) + flag_list(score.flags)


def primary_table(score: Score) -> str:
    """The primary measures: label, figure with its unit, and the column that holds it."""
    rows = []
    for entry in MEASURES:
        column = entry.column(score.skin.grid.unit)
        if entry.primary and column is not None and column in score.values:
            rows.append(
                f"<tr><th>{escape(entry.label)}</th>"
                f"<td>{escape(_written(entry, score.skin.grid.unit, score.values[column]))}</td>"
                f"<td><code>{escape(column)}</code></td></tr>"
            )
    return f"<table>{''.join(rows)}</table>"


def flag_list(flags: Flag) -> str:
    """What each flag means and what to do about it, gravest first."""
    order = list(_SEVERITIES)
    found = sorted(describe(flags), key=lambda info: order.index(info.severity))
    if not found:
        return "<p>No flags.</p>"
    items = (
        f"<li><b>{_SEVERITIES[info.severity]}</b>, <code>{info.flag.name}</code>: "
        f"{escape(info.meaning)}. <i>{escape(info.remedy)}.</i></li>"
        for info in found
    )
    return f"<ul>{''.join(items)}</ul>"


def _written(entry: Measure, grid_unit: GridUnit, value: Value) -> str:
    if entry.range == "0 to 1" and isinstance(value, float):
        return f"{100 * value:.1f} % of the region"
    unit = entry.unit(grid_unit)
    return f"{_figure(value)} {_WRITTEN.get(unit, unit)}".strip()


def _figure(value: Value) -> str:
    """Three significant digits, never in powers of ten; whole numbers as they are."""
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
