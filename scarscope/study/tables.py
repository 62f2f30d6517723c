"""A batch's CSV tables as frames whose columns have the kinds that the registries give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from scarscope.batch import columns
from scarscope.batch.export import GUARDED, PATHS
from scarscope.errors import StudyError
from scarscope.measures import MEASURES
from scarscope.measures.entry import Measure

TABLES = ("photos", "scars", "changes", "scar_changes", "failures")

# Everything else that the registries know is a number; what they do not know stays text, so that
# a manifest's "007" is not made 7.
_TEXT = {
    *("path", "subject", "date", "view", "kind", "roi", "status", "flags", "scale_source"),
    *("version", "params_hash", "segmenter", "weights", "sha256", "type", "baseline", "followup"),
    *("comparable", "reasons", "measure", "mdc95_source", "verdict", "relation", "type_before"),
    *("type_after", "stage", "error", "remedy", "tone", "goodman_baron_grade"),
    *columns.REVIEWED,
    *("review_left", "review_notes"),
}
_CARRIED = ("needle_mm",)  # columns of the manifest that are numbers
_WHOLE = {"session", "scar_id", "before_id", "after_id", "review"}
_COUNT = re.compile(r"n_(?!per_)(?!.*_expected$)\w+")


def told_columns(table: str) -> dict[str, str]:
    """Meaning of each column of a table by its name with a scale, in order."""
    place = {name: columns.PLACE[name] for name in columns.SCAR_PLACE}
    measures = {m.column("mm") or "": f"{m.label}. {m.definition}" for m in MEASURES}
    return {
        "photos": {
            **columns.PLACE,
            **columns.RESULT,
            **measures,
            **columns.QUALITY,
            **columns.REVIEW,
            **columns.PROVENANCE,
        },
        "scars": {**place, **columns.SCARS, **columns.REVIEWED},
        "changes": columns.CHANGES,
        "scar_changes": {**columns.PAIR_PLACE, **columns.SCAR_CHANGES},
        "failures": columns.FAILURES,
    }[table]


def meaning_of(table: str, column: str) -> str | None:
    """What a column means, with a scale or without; None where the registries do not know it."""
    told = told_columns(table)
    if column in told:
        return told[column]
    twins = {columns.without_scale(name): text for name, text in told.items()}
    return twins.get(column)


def measure_of(column: str) -> Measure | None:
    """The registered measure behind a column's name, if there is one."""
    return next((m for m in MEASURES if column in (m.column("mm"), m.column("px"))), None)


def is_whole(column: str) -> bool:
    """Whether a column holds whole numbers."""
    return column in _WHOLE or _COUNT.fullmatch(column) is not None


def is_number(table: str, column: str) -> bool:
    """Whether a column of a table holds numbers."""
    known = meaning_of(table, column) is not None and column not in _TEXT
    return known or column in _CARRIED


def read_tables(folder: str | Path) -> dict[str, pd.DataFrame]:
    """The tables of a finished batch, by name.

    Parameters
    ----------
    folder : path
        A batch's output.

    Returns
    -------
    dict of str to DataFrame
        Of :data:`TABLES` those that are there. Text without a value is ``""``, a number without
        one NaN; whole numbers are ``Int64``.

    Raises
    ------
    StudyError
        If the folder is no batch's output, or a table cannot be read.
    """
    folder = Path(folder)
    if not (folder / "photos.csv").is_file():
        raise StudyError(
            f"{folder} holds no photos.csv, so it is not the output of a finished batch.",
            remedy="Give the folder that `scarscope batch --out` wrote.",
        )
    files = {name: folder / f"{name}.csv" for name in TABLES}
    return {name: read_table(file, name) for name, file in files.items() if file.is_file()}


# Without these a table is not a batch's: `scarscope score` and spreadsheets write others.
_NEEDED = {
    "photos": ("path", "subject", "session", "view", "kind", "status"),
    "changes": ("followup", "baseline", "kind", "measure"),
}


def read_table(file: Path, table: str) -> pd.DataFrame:
    """One of them, see :func:`read_tables`."""
    try:
        text = pd.read_csv(file, dtype="str", keep_default_na=False, encoding="utf-8-sig")
        made = {str(name): _kind(_plain(text[name]), table) for name in text}
    except (ValueError, OSError) as error:
        raise StudyError(
            f"{file} cannot be read as the table {table} ({error}).",
            remedy="Run the batch again: it writes its tables anew.",
        ) from error
    lacking = [name for name in _NEEDED.get(table, ()) if name not in made]
    if lacking:
        raise StudyError(
            f"{file} is not the table {table} of a batch: it has no column {lacking[0]}.",
            remedy="Give the folder that `scarscope batch --out` wrote: `scarscope score` and "
            "`scarscope compare` write other tables. If another program saved this one anew, run "
            "the batch again.",
        )
    return pd.DataFrame(made, index=text.index)


def _plain(column: pd.Series) -> pd.Series:
    """Without the apostrophe that keeps spreadsheets from taking text for a formula."""
    if str(column.name) in PATHS:
        return column
    guarded = column.str.startswith(GUARDED)
    return column.where(~guarded, column.str[1:])


def _kind(column: pd.Series, table: str) -> pd.Series:
    name = str(column.name)
    if not is_number(table, name):
        return column
    stated = column.mask(column == "")
    # People write "1.5 to 2" into the manifest's columns, and no batch forbids it.
    if name in _CARRIED and (pd.to_numeric(stated, errors="coerce").isna() & stated.notna()).any():
        return column
    numbers = pd.to_numeric(stated, errors="raise")
    return numbers.astype("Int64") if is_whole(name) else numbers.astype("float64")


def columns_of(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, str]]:
    """Every table's columns, in order."""
    return [(table, str(name)) for table, frame in tables.items() for name in frame]
