"""A batch's tables for other programs: CSV or Parquet, with a dictionary of every column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from scarscope.batch.write import make_folder, replacing, write_bytes
from scarscope.errors import DependencyError, ParamsError
from scarscope.study.run import FOLDER
from scarscope.study.tables import (
    columns_of,
    is_number,
    is_whole,
    meaning_of,
    measure_of,
    read_tables,
)
from scarscope.study.written import WrittenStudy, kind_of, read_written

FileFormat = Literal["csv", "parquet"]
FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)

DICTIONARY = (
    "table", "column", "kind", "unit", "meaning", "range", "better", "source", "validated_against"
)  # fmt: skip
DICTIONARY_NAME = "dictionary.csv"
_MANIFEST = "From the manifest, as it stands there."
_UNITS = {
    "mm": "mm", "mm2": "mm²", "mm3": "mm³", "um": "µm", "px": "px", "px2": "px²", "px3": "px³",
    "deg": "degrees", "pct": "%",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Export:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
        Tables, and the dictionary last.
    dictionary : DataFrame
        One row a column of a table, columns :data:`DICTIONARY`.
    notes : tuple of str
        What the reader should know of them.
    """

    files: tuple[Path, ...]
    dictionary: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """The dictionary (a copy)."""
        return self.dictionary.copy()


def data_dictionary(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What every column of a batch's tables means, from the registries.

    Parameters
    ----------
    tables : Mapping of str to DataFrame
        By name, as :func:`scarscope.study.tables.read_tables` gives them.

    Returns
    -------
    DataFrame
        Columns :data:`DICTIONARY`. ``kind`` is ``text``, ``number``, ``whole number`` or ``date``;
        what no registry knows is a column of the study's own manifest.
    """
    rows = [_told(table, column) for table, column in columns_of(tables)]
    return pd.DataFrame(rows, columns=list(DICTIONARY), dtype="str")


def _told(table: str, column: str) -> dict[str, str]:
    found = measure_of(column) if table == "photos" else None
    return {
        "table": table,
        "column": column,
        "kind": _kind(table, column),
        "unit": _unit(column),
        "meaning": meaning_of(table, column) or _MANIFEST,
        "range": found.range if found else "",
        "better": (found.better or "") if found else "",
        "source": found.source if found else "",
        "validated_against": found.validated_against if found else "",
    }


def _study_dictionary(study: WrittenStudy) -> pd.DataFrame:
    """The same of a study's tables, which are called ``study/NAME``."""
    rows = [
        {
            "table": f"{FOLDER}/{table}",
            "column": column,
            "kind": kind_of(study.tables[table][column]),
            "unit": _unit(column),
            "meaning": study.meanings.get((table, column), _MANIFEST),
        }
        for table, column in columns_of(study.tables)
    ]
    return pd.DataFrame(rows, columns=list(DICTIONARY), dtype="str").fillna("")


def _kind(table: str, column: str) -> str:
    if column == "date":
        return "date"
    if not is_number(table, column):
        return "text"
    return "whole number" if is_whole(column) else "number"


def _unit(column: str) -> str:
    if column == "mm_per_px":
        return "mm/px"
    if column == "days":
        return "days"
    found = re.search(r"_([a-z]+[23]?)$", column)
    return _UNITS.get(found.group(1), "") if found else ""


def export_tables(folder: str | Path, out: str | Path, *, form: FileFormat = "csv") -> Export:
    """Write a finished batch's tables and their dictionary into a folder.

    Tables of a study that lies in the batch's output go into ``study/``. Names are those of the
    manifest in all of them; nothing of raters, keys or blinded pictures is written.

    Parameters
    ----------
    folder : path
        A batch's output.
    out : path
        Where to; made where it does not exist. Files of the same names are replaced.
    form : {"csv", "parquet"}
        Parquet keeps kinds of columns, so that nothing is guessed when it is read; it needs the
        extra ``study``.

    Returns
    -------
    Export

    Raises
    ------
    StudyError
        If `folder` is no batch's output, or its study cannot be read.
    ParamsError
        If `out` is the batch's own folder or lies in its study, or the form is unknown.
    DependencyError
        If Parquet is wanted and pyarrow is missing.
    """
    folder, out = Path(folder), Path(out)
    if form not in FORMATS:
        raise ParamsError(f"form is {form!r}.", remedy=f"Choose one of {', '.join(FORMATS)}.")
    own = folder.resolve()
    if out.resolve() == own or out.resolve().is_relative_to(own / FOLDER):
        raise ParamsError(
            f"{out} is the batch's own folder, or its study's.",
            remedy="Give another folder for the export.",
        )
    tables, study = read_tables(folder), read_written(folder)
    if form == "parquet":
        _require_pyarrow()
    make_folder(out)
    files = [
        *(_write(folder / f"{n}.csv", out / f"{n}.{form}", t, form) for n, t in tables.items()),
        *(
            _write(study.files[name], out / FOLDER / f"{name}.{form}", table, form)
            for name, table in study.tables.items()
        ),
    ]
    dictionary = pd.concat([data_dictionary(tables), _study_dictionary(study)], ignore_index=True)
    text = dictionary.to_csv(index=False, lineterminator="\n")
    write_bytes(out / DICTIONARY_NAME, text.encode("utf-8"))
    return Export((*files, out / DICTIONARY_NAME), dictionary, study.notes)


def _write(source: Path, target: Path, table: pd.DataFrame, form: FileFormat) -> Path:
    if form == "csv":  # byte for byte, so that no digit changes on the way
        write_bytes(target, source.read_bytes())
        return target
    with replacing(target) as temporary:
        table.to_parquet(temporary, engine="pyarrow", index=False)
    return target


def _require_pyarrow() -> None:
    try:
        import_module("pyarrow")
    except ImportError as error:
        raise DependencyError(
            f"Parquet needs pyarrow, which cannot be imported ({error}).",
            remedy='Run: pip install "scarscope[study]", or export as CSV.',
        ) from error
