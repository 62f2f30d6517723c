"""How ``scarscope compare`` tells people what changed: verdict, reasons, a short table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from scarscope.cli.console import micrometres

if TYPE_CHECKING:
    import pandas as pd

    from scarscope.change import Change

# Measures of the table, without their units; a blank line parts the primary ones from the rest.
_PRIMARY = ("burden", "scar_area_fraction", "n_scars")
_FURTHER = (
    *("scar_volume", "ecca_atrophic", "goodman_baron_atrophic"),
    *("haemoglobin_contrast", "melanin_contrast", "new_dark_area", "new_red_area"),
)
_SHORT = {
    "ecca_atrophic": "ECCA (estimate)",
    "goodman_baron_atrophic": "Goodman-Baron (estimate)",
}
_TITLES = ("", "before", "after", "change", "%", "detectable from", "%", "verdict")


def print_change(change: Change) -> None:
    """The verdict and its reasons first, then what was measured, on standard output."""
    print(change.text[0].upper() + change.text[1:])
    _print_reasons(change)
    if change.reading is None:
        return
    print()
    _print_table(change)
    print()
    for line in _summary(change):
        print(line)


def _print_reasons(change: Change) -> None:
    told = {"yes": "can be compared", "caution": "can be compared with caution"}
    print(f"The photos {told.get(change.comparable, 'cannot be compared')}.")
    told_remedies = set[str]()
    for reason in change.comparability.reasons:
        weight = "not comparable" if reason.weight == "no" else "caution"
        print(f"  {reason.code} ({weight}): {reason.text}")
        if reason.info.remedy not in told_remedies:
            print(f"    -> {reason.info.remedy}.")
        told_remedies.add(reason.info.remedy)


def _print_table(change: Change) -> None:
    rows = [list(_TITLES)]
    rows += [_line(row) for row in _chosen(change, _PRIMARY)]
    rows.append([""] * len(_TITLES))
    rows += [_line(row) for row in _chosen(change, _FURTHER)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_TITLES))]
    for row in rows:
        last = len(row) - 1
        cells = [
            cell.ljust(width) if i in (0, last) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(("  " + "  ".join(cells)).rstrip())


def _chosen(change: Change, stems: tuple[str, ...]) -> Iterator[pd.Series]:
    units = ("", *(f"_{unit}" for unit in ("um", "mm2", "mm3", "px", "px2", "px3")))
    table = change.measures.set_index("measure", drop=False)
    for stem in stems:
        for row in (table.loc[[stem + unit]] for unit in units if stem + unit in table.index):
            if row[["before", "after"]].notna().any(axis=None):
                yield row.iloc[0]


def _line(row: pd.Series) -> list[str]:
    label, unit = _named(str(row["measure"]))
    form = _percent if row["measure"] == "scar_area_fraction" else _figure
    values = [float(row[name]) for name in ("before", "after")]
    return [
        f"{label}, {unit}" if unit else label,
        *(form(value) for value in values),
        _signed(float(row["change"]), form),
        f"{float(row['change_pct']):+.0f}" if math.isfinite(row["change_pct"]) else "",
        form(float(row["mdc95"])),
        f"{100 * row['mdc95'] / row['before']:.0f}" if row["before"] > 0 < row["mdc95"] else "",
        str(row["verdict"]),
    ]


def _named(column: str) -> tuple[str, str]:
    """What a measure is called, and its unit."""
    from scarscope.change.measures import PAIR_MEASURES
    from scarscope.measures.registry import by_column

    for entry in PAIR_MEASURES:
        for unit in ("mm", "px"):
            if entry.column(unit) == column:
                return entry.label, entry.dimension.mm if unit == "mm" else entry.dimension.px
    known = by_column(column)
    unit = known.unit("mm") if known.column("mm") == column else known.unit("px")
    if column == "scar_area_fraction":
        unit = "%"
    return _SHORT.get(known.name, known.label), micrometres() if unit == "um" else unit


def _figure(value: float) -> str:
    """Three significant digits, never in powers of ten; blank where there is none."""
    if not math.isfinite(value):
        return ""
    if value == 0:
        return "0"
    text = f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
    return text.partition(".")[0] if value == round(value) else text


def _percent(value: float) -> str:
    return f"{100 * value:.1f}" if math.isfinite(value) else ""


def _signed(value: float, form: Callable[[float], str]) -> str:
    text = form(value)
    return f"+{text}" if value > 0 and text else text


def _summary(change: Change) -> Iterator[str]:
    from scarscope.change import STATUSES

    counts = change.scars["status"].value_counts()
    yield "Scars: " + ", ".join(f"{counts.get(status, 0)} {status}" for status in STATUSES)
    words = [f"quartile of improvement {change.quartile}"] if change.quartile else []
    words += [f"in words of the GAIS: {change.gais}"] if change.gais else []
    if words:
        yield "Burden: " + "; ".join(words) + " (derived from the figure, no rater's judgement)"
    harmony = change.comparability.harmony
    if harmony is not None:
        yield f"Undone in the later photo: {harmony.text}"
