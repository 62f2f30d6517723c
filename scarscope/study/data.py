"""A finished batch as a study sees it: five tables and where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope.errors import StudyError
from scarscope.study.tables import TABLES, is_number, is_whole, read_tables, told_columns

PROVENANCE = "provenance.json"


@dataclass(frozen=True, eq=False)
class StudyData:
    """What a study is worked out from; see docs/tables.md for the columns.

    Attributes
    ----------
    folder : Path or None
        The batch's output folder; None for tables made by hand.
    photos, scars, changes, scar_changes, failures : DataFrame
        Text without a value is ``""``, a number without one NaN, whole numbers are ``Int64``.
        A table that the folder lacks is empty and has its columns.
    provenance : Mapping
        What ``provenance.json`` says of the run; empty where there is none.
    """

    folder: Path | None
    photos: pd.DataFrame = field(repr=False)
    scars: pd.DataFrame = field(repr=False)
    changes: pd.DataFrame = field(repr=False)
    scar_changes: pd.DataFrame = field(repr=False)
    failures: pd.DataFrame = field(repr=False)
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_frame(self) -> pd.DataFrame:
        """How many rows each table has."""
        rows = [(name, len(getattr(self, name))) for name in TABLES]
        return pd.DataFrame(rows, columns=["table", "rows"])


def read_study(folder: str | Path) -> StudyData:
    """Read a finished batch's tables.

    Parameters
    ----------
    folder : str or Path
        What ``scarscope batch --out`` wrote.

    Returns
    -------
    StudyData

    Raises
    ------
    StudyError
        If the folder holds no ``photos.csv``, or a table cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StudyError(
            f"{folder} is not a folder.",
            remedy="Give the output folder of a finished batch: the one given to "
            "`scarscope batch --out`.",
        )
    found = read_tables(folder)
    tables = {name: found.get(name, empty_table(name)) for name in TABLES}
    return StudyData(folder, **tables, provenance=_provenance(folder / PROVENANCE))


def empty_table(table: str) -> pd.DataFrame:
    """One of a batch's tables without rows, its columns of their kinds."""
    kinds = {name: _dtype(table, name) for name in told_columns(table)}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _dtype(table: str, column: str) -> str:
    if not is_number(table, column):
        return "str"
    return "Int64" if is_whole(column) else "float64"


def _provenance(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(
            f"{file} cannot be read ({error}).",
            remedy="Run the batch again: it writes its tables anew, and scores nothing twice.",
        ) from error
    return told if isinstance(told, dict) else {}
