"""The tables that ``scarscope study`` wrote, read back with kinds for their columns.

A study's registries say what its columns mean, and not of which kind they are: that is told from
what stands in them, but for names, which stay text even where all of them are digits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from scarscope.errors import StudyError
from scarscope.study.run import DICTIONARY, DOCUMENT, FOLDER
from scarscope.study.tables import is_whole

_AGAIN = "Run `scarscope study` again."
# Names of subjects, arms and the like: "007" is none of seven.
_NAMES = {
    *("subject", "side", "view", "arm", "reference", "path", "baseline", "followup", "measure"),
    *("reasons", "verdict", "quartile", "note", "device", "adjunct", "rule", "class", "type"),
}
# Counts whose names do not begin with n_.
_COUNTS = {"n", "number", "responders", "resolved", "improved", "unchanged", "worse", "new"}
_NUMBER = r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?"
_DATE = r"\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True, eq=False)
class WrittenStudy:
    """A study's tables as they lie in a batch's output.

    Attributes
    ----------
    files : dict of str to Path
        By the table's name, in the order of the study's dictionary.
    tables : dict of str to DataFrame
        Text without a value is ``""``, a number without one NaN; whole numbers are ``Int64``.
    meanings : dict of (str, str) to str
        What each column of each table means.
    notes : tuple of str
        What the reader should know of them.
    """

    files: dict[str, Path] = field(repr=False)
    tables: dict[str, pd.DataFrame] = field(repr=False)
    meanings: dict[tuple[str, str], str] = field(repr=False)
    notes: tuple[str, ...] = ()


def read_written(folder: str | Path) -> WrittenStudy:
    """Read the study that lies in a batch's output.

    Parameters
    ----------
    folder : path
        A batch's output.

    Returns
    -------
    WrittenStudy
        Without tables where ``scarscope study`` was not run.

    Raises
    ------
    StudyError
        If the study's dictionary names a table that is not there, or one cannot be read.
    """
    place = Path(folder) / FOLDER
    dictionary = place / DICTIONARY
    if not dictionary.is_file():
        told = (
            (f"{place} holds no {DICTIONARY} and is left out. {_AGAIN}",) if place.is_dir() else ()
        )
        return WrittenStudy({}, {}, {}, told)
    told_of = _text(dictionary)
    if list(told_of)[:3] != ["table", "column", "meaning"]:
        raise StudyError(f"{dictionary} is not a study's dictionary.", remedy=_AGAIN)
    names = [str(name).removesuffix(".csv") for name in told_of["table"].drop_duplicates()]
    files = {name: place / f"{name}.csv" for name in names}
    tables = {name: _read(file) for name, file in files.items()}
    meanings = {
        (str(table).removesuffix(".csv"), str(column)): str(meaning)
        for table, column, meaning in zip(
            *(told_of[name] for name in ("table", "column", "meaning")), strict=True
        )
    }
    return WrittenStudy(files, tables, meanings, _older(Path(folder), place))


def _text(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise StudyError(f"{file} cannot be read ({error}).", remedy=_AGAIN) from error


def _read(file: Path) -> pd.DataFrame:
    text = _text(file)
    return pd.DataFrame({str(name): _kind(text[name]) for name in text}, index=text.index)


def _kind(column: pd.Series) -> pd.Series:
    name = str(column.name)
    stated = column[column != ""]
    if name in _NAMES or not stated.str.fullmatch(_NUMBER).all():
        return column
    if stated.empty and not _says_number(name):
        return column
    numbers = pd.to_numeric(column.mask(column == ""))
    whole = _counts(name) and bool((numbers.dropna() % 1 == 0).all())
    return numbers.astype("Int64") if whole else numbers.astype("float64")


def _says_number(name: str) -> bool:
    """Whether a column without any value is one of numbers, by its name."""
    endings = ("_pct", "_um", "_px", "_low", "_high", "_se", "_mm", "_share", "_holm")
    plain = ("before", "after", "change", "mdc95", "days", "low", "high", "p", "share", "slope")
    return _counts(name) or name in plain or name.endswith(endings)


def _counts(name: str) -> bool:
    return is_whole(name) or name in _COUNTS


def kind_of(column: pd.Series) -> str:
    """``text``, ``number``, ``whole number`` or ``date``, for a dictionary.

    Examples
    --------
    >>> kind_of(pd.Series(["2026-01-12", ""]))
    'date'
    """
    if pd.api.types.is_integer_dtype(column.dtype):
        return "whole number"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "number"
    stated = column[column != ""]
    return "date" if len(stated) and stated.str.fullmatch(_DATE).all() else "text"


def _older(folder: Path, place: Path) -> tuple[str, ...]:
    """A note where the batch was run again since."""
    written = place / DOCUMENT
    changed = [folder / name for name in ("photos.csv", "changes.csv")]
    times = [file.stat().st_mtime for file in changed if file.is_file()]
    if written.is_file() and times and written.stat().st_mtime < max(times):
        return (f"The study's tables are older than the batch's. {_AGAIN}",)
    return ()
