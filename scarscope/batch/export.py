"""The tables of a batch: exports of the store, the same whoever ran it and in what order.

Text cells that a spreadsheet would take for a formula get a leading apostrophe, since names come
from whoever wrote the manifest; line breaks become spaces, so that a row is a line. Paths are left
exact: programs join tables by them.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from scarscope.batch.columns import (
    FAILURES,
    PLACE,
    PROVENANCE,
    QUALITY,
    RESULT,
    REVIEW,
    REVIEWED,
    SCAR_PLACE,
)
from scarscope.batch.store import Record, Store
from scarscope.batch.task import Cell, Row
from scarscope.batch.write import write_bytes

PATHS = ("path", "baseline", "followup")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_FORMULA = ("=", "+", "-", "@", "\t")
GUARDED = tuple(f"'{start}" for start in _FORMULA)  # as such text stands in the files
_DIGITS = 7  # as many as single precision holds; 0.06 stays 0.06
_FIXED_FROM = 1e6  # above this, areas in px² would lose their last digits


@dataclass(frozen=True)
class Table:
    """Rows with their columns' order, which stays when there are no rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """The table at full precision; blank numbers are NaN."""
        frame = pd.DataFrame([dict(row) for row in self.rows])
        return frame.reindex(columns=list(self.columns))

    def to_csv(self) -> str:
        """The table as CSV text, seven digits a number, blank where there is none."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([format_cell(row.get(name), name) for name in self.columns])
        return text.getvalue()


def photo_table(store: Store, measures: Sequence[str], others: Sequence[str] = ()) -> Table:
    """One row a photo, failed ones included.

    Parameters
    ----------
    store : Store
        Of the batch.
    measures : sequence of str
        Columns that are there even where no photo has them.
    others : sequence of str
        Names that measures have on other photos: no column of the manifest may take them.
    """
    records = store.records()
    stated = merge_columns([[n[1:] for n in r.entry if n.startswith("+")] for r in records])
    own = {*PLACE, *RESULT, *REVIEW, *QUALITY, *PROVENANCE}
    found = merge_columns([[n for n in r.row if n not in own] for r in records])
    numbers = found or list(measures)
    carried = _carried(stated, {*own, *numbers, *measures, *others})
    rows = tuple(_photo_row(record, carried) for record in records)
    columns = (*PLACE, *carried.values(), *RESULT, *numbers, *QUALITY, *REVIEW, *PROVENANCE)
    return Table(columns, rows)


def _carried(stated: Sequence[str], own: set[str]) -> dict[str, str]:
    """What each further column of the manifest is called in the table."""
    carried: dict[str, str] = {}
    for name in stated:
        column = name
        while column in own or (column != name and column in stated):
            column = f"manifest_{column}"
        carried[name] = column
    return carried


def _photo_row(record: Record, carried: Mapping[str, str]) -> Row:
    entry, key = record.entry, record.key
    stated = entry["mm_per_px"]
    has_scale = isinstance(stated, float) and math.isfinite(stated)
    return {
        "path": record.path,
        **{name: entry[name] for name in PLACE if name != "path"},
        **{column: entry.get(f"+{name}", "") for name, column in carried.items()},
        "status": record.status,
        "flags": "",
        "mm_per_px": stated,
        "scale_source": "manifest" if has_scale else "",
        **({"review": 0, "review_left": "", "review_notes": ""} if record.status == "ok" else {}),
        **record.row,
        "version": key.version,
        "params_hash": key.params_hash,
        "sha256": key.sha256,
    }


def photo_rows_table(rows: tuple[Row, ...], measures: Sequence[str]) -> Table:
    """Photos without a study: one row each that carries its ``path``.

    Parameters
    ----------
    rows : tuple of mapping
        Results and provenance by column.
    measures : sequence of str
        Columns that are there where no photo has measures.
    """
    own = {"path", *RESULT, *QUALITY, *PROVENANCE}
    found = merge_columns([[name for name in row if name not in own] for row in rows])
    numbers = found or list(measures)
    return Table(("path", *RESULT, *numbers, *QUALITY, *PROVENANCE), rows)


def scar_table(store: Store, columns: Sequence[str]) -> Table:
    """One row a scar; `columns` where there is none."""
    rows = tuple({**row, **_reviewed(row)} for row in store.scars())
    return scar_rows_table(rows, (*SCAR_PLACE, *columns, *REVIEWED))


def _reviewed(row: Row) -> Row:
    """The last column, also of scars that nobody looked at."""
    return {name: row.get(name, "") for name in REVIEWED}


def scar_rows_table(rows: tuple[Row, ...], columns: Sequence[str]) -> Table:
    """Scars that carry their photo's ``path``; `columns` where there is none."""
    found = merge_columns([list(row) for row in _distinct(rows)])
    return Table(tuple(found or columns), rows)


def failure_table(store: Store) -> Table:
    """One row a photo that has no score, and one a pair that could not be compared."""
    rows: tuple[Row, ...] = tuple(vars(failure) for failure in store.failures())
    return Table(tuple(FAILURES), rows)


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return list({tuple(row): row for row in rows}.values())


def merge_columns(lists: Iterable[Sequence[str]]) -> list[str]:
    """All names, each list's order kept: a new name goes after the one that it follows.

    So ``area_px2`` of a photo without a scale stands beside ``area_mm2``.
    """
    merged: list[str] = []
    for names in lists:
        at = 0
        for name in names:
            if name in merged:
                at = merged.index(name) + 1
            else:
                merged.insert(at, name)
                at += 1
    return merged


def format_cell(value: Cell, column: str = "") -> str:
    """A value as it stands in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value if column in PATHS else _harmless(value)
    if isinstance(value, float):
        return _format_float(value)
    return str(value)


def _format_float(value: float) -> str:
    if not math.isfinite(value):
        return ""
    if abs(value) >= _FIXED_FROM:
        return f"{value:.1f}".removesuffix(".0")
    text = f"{value:.{_DIGITS}g}"
    return "0" if text == "-0" else text


def _harmless(text: str) -> str:
    text = _LINE_BREAK.sub(" ", text)
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


def write_table(table: Table, path: Path) -> None:
    """Write a table as UTF-8 CSV, in one step; one that says the same already is left alone.

    Its time then tells when the figures last changed, which a study's tables go by.
    """
    data = table.to_csv().encode("utf-8")
    try:
        same = path.read_bytes() == data
    except OSError:
        same = False
    if not same:
        write_bytes(path, data)
