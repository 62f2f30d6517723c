"""What raters sent back: score sheets and marks, checked against the key row by row.

A sheet that does not fit is refused as a whole, and every row that does not fit is named: half an
import is worse than none. Rows are numbered as spreadsheets number them, the header being row 1.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope.errors import StudyError
from scarscope.study.raters.key import Item, Key
from scarscope.study.raters.questions import Question
from scarscope.study.raters.sheets import MARK_COLUMNS

PLACE = ("rater", "path", "subject", "session", "view", "kind", "repeat", "code")
SCAR_TYPES = ("icepick", "boxcar", "rolling")
_NAMED = 60  # rows that one message lists


@dataclass(frozen=True)
class Row:
    """One row of a sheet: its number in a spreadsheet and its cells by column."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "").strip()


@dataclass(frozen=True)
class Sheet:
    """A CSV file that somebody filled in."""

    file: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def refuse(self, problems: Sequence[str], remedy: str) -> None:
        """Raise for all problems at once; nothing without one."""
        if not problems:
            return
        told = "\n  ".join(problems[:_NAMED])
        more = f"\n  and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        raise StudyError(f"{self.file.name} does not fit the key:\n  {told}{more}\n", remedy=remedy)


def read_scores(
    file: str | Path, key: Key, *, rater: str | None = None, allow_missing: bool = False
) -> pd.DataFrame:
    """One rater's score sheet, unblinded.

    Parameters
    ----------
    file : path
        CSV with a column ``code`` and one for each question; commas, semicolons or tabs between
        cells. Further columns are kept as text.
    key : Key
        Of the set that was rated.
    rater : str, optional
        Name of the rater; None takes the file's.
    allow_missing : bool
        Whether rows that are not there and cells that are blank are accepted as "not rated".

    Returns
    -------
    DataFrame
        One row a picture that was rated, columns :data:`PLACE` and the sheet's, ordered by photo;
        what was not rated is NaN.

    Raises
    ------
    StudyError
        For codes that are unknown, doubled or missing, and answers out of range: all of them, with
        their rows.
    """
    sheet = read_sheet(file)
    names = [question.name for question in key.questions]
    _need_columns(sheet, ["code", *names])
    found = [(row, key.by_code.get(row["code"].upper())) for row in sheet.rows]
    problems = [
        *_wrong_codes(found),
        *_doubled(row for row, item in found if item is not None),
        *(text for row, item in found if item for text in _wrong_answers(row, key.questions)),
    ]
    if not allow_missing:
        problems += _missing(sheet, key)
        problems += [text for row, item in found if item for text in _blank(row, names)]
    sheet.refuse(
        problems,
        "Correct the rows with the rater, who alone knows what was meant; pictures that could not "
        "be rated are accepted with --allow-missing (allow_missing=True).",
    )
    rated = [_rated(row, item, rater or sheet.file.stem, key) for row, item in found if item]
    further = [name for name in sheet.columns if name not in (*PLACE, *names)]
    columns = [*PLACE, *names, *further]
    return _ordered(pd.DataFrame(rated, columns=columns))


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(["rater", "path", "repeat"], kind="stable").reset_index(drop=True)


def _rated(row: Row, item: Item, rater: str, key: Key) -> dict[str, Any]:
    answers = {question.name: number(row[question.name]) for question in key.questions}
    return {**row.cells, **placed(item, rater), **answers}


def placed(item: Item, rater: str) -> dict[str, Any]:
    """Whose picture a code is, as :data:`PLACE` has it."""
    return {"rater": rater, **{name: getattr(item, name) for name in PLACE if name != "rater"}}


def number(text: str) -> float:
    """A cell's number; NaN where it is blank or is none."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _wrong_codes(found: Sequence[tuple[Row, Item | None]]) -> list[str]:
    return [
        f"row {row.number}: the code {row['code']!r} is not in the key"
        for row, item in found
        if item is None
    ]


def _doubled(rows: Iterator[Row]) -> list[str]:
    first: dict[str, int] = {}
    told = []
    for row in rows:
        code = row["code"].upper()
        if code in first:
            told.append(f"row {row.number}: {code} was rated in row {first[code]} already")
        first.setdefault(code, row.number)
    return told


def _missing(sheet: Sheet, key: Key) -> list[str]:
    there = {row["code"].upper() for row in sheet.rows}
    return [f"no row: {code} was not rated" for code in key.by_code if code not in there]


def _wrong_answers(row: Row, questions: Sequence[Question]) -> Iterator[str]:
    for question in questions:
        text = row[question.name]
        if text and not question.allows(number(text)):
            point = " (write a point, not a comma)" if "," in text else ""
            yield (
                f"row {row.number}: {question.name} of {row['code']} is {text!r}, not "
                f"{question.range}{point}"
            )


def _blank(row: Row, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if not row[name]:
            yield f"row {row.number}: {name} of {row['code']} is blank"


def read_marks(
    file: str | Path, key: Key, *, rater: str | None = None, allow_missing: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One rater's marks of single scars, unblinded.

    Parameters
    ----------
    file : path
        CSV with columns ``code, x_px, y_px`` and, where known, ``width_px, type``. A picture
        without scars has one row with blank cells.
    key, rater, allow_missing
        As for :func:`read_scores`; a picture without a row was not looked at.

    Returns
    -------
    marks : DataFrame
        One row a scar, columns :data:`PLACE` and ``x_px, y_px, width_px, type``.
    looked : DataFrame
        One row a picture that was looked at, columns :data:`PLACE`.

    Raises
    ------
    StudyError
        For unknown or missing codes, doubled marks, places outside of the picture and unknown
        types: all of them, with their rows.
    """
    sheet = read_sheet(file)
    _need_columns(sheet, ["code", "x_px", "y_px"])
    found = [(row, key.by_code.get(row["code"].upper())) for row in sheet.rows]
    problems = [
        *_wrong_codes(found),
        *(text for row, item in found if item for text in _wrong_mark(row, item)),
        *_doubled_marks([row for row, item in found if item]),
    ]
    if not allow_missing:
        problems += _missing(sheet, key)
    sheet.refuse(
        problems,
        "Correct the rows with the rater. A picture without scars has one row with blank cells; "
        "pictures that nobody looked at are accepted with --allow-missing (allow_missing=True).",
    )
    name = rater or sheet.file.stem
    looked = {item.code: placed(item, name) for _, item in found if item}
    marks = [_marked(row, item, name) for row, item in found if item and row["x_px"]]
    columns = [*PLACE, *MARK_COLUMNS[1:]]
    return (
        _ordered(pd.DataFrame(marks, columns=columns)),
        _ordered(pd.DataFrame(list(looked.values()), columns=list(PLACE))),
    )


def _marked(row: Row, item: Item, rater: str) -> dict[str, Any]:
    sizes = {name: number(row[name]) for name in ("x_px", "y_px", "width_px")}
    return {**placed(item, rater), **sizes, "type": row["type"].lower()}


def _wrong_mark(row: Row, item: Item) -> Iterator[str]:
    where = f"row {row.number}: "
    if not any(row[name] for name in MARK_COLUMNS[1:]):
        return
    for name, most in (("x_px", item.width_px), ("y_px", item.height_px)):
        if not 0 <= number(row[name]) <= most:  # NaN fails too
            yield f"{where}{name} of {item.code} is {row[name]!r}, not a number from 0 to {most}"
    if row["width_px"] and not number(row["width_px"]) > 0:
        yield f"{where}width_px of {item.code} is {row['width_px']!r}, not a number above 0"
    if row["type"] and row["type"].lower() not in SCAR_TYPES:
        yield f"{where}type of {item.code} is {row['type']!r}, not {', '.join(SCAR_TYPES)}"


def _doubled_marks(rows: Sequence[Row]) -> list[str]:
    first: dict[tuple[str, float, float], int] = {}
    none: dict[str, int] = {}
    told = []
    for row in rows:
        code = row["code"].upper()
        if not row["x_px"] and not row["y_px"]:
            none.setdefault(code, row.number)
            continue
        place = code, number(row["x_px"]), number(row["y_px"])
        if place in first:
            told.append(f"row {row.number}: the same mark stands in row {first[place]}")
        first.setdefault(place, row.number)
    marked = {code for code, _, _ in first}
    told += [
        f"row {at}: {code} has a row without a mark, which says that it shows no scar, and marks"
        for code, at in none.items()
        if code in marked
    ]
    return told


def read_sheet(file: str | Path) -> Sheet:
    """Read a CSV file as spreadsheets save it, in whatever country.

    Raises
    ------
    StudyError
        If it cannot be read, is no table, or names a column twice.
    """
    file = Path(file)
    if not file.is_file():
        raise StudyError(
            f"{file} is not there.", remedy="Give the CSV file that a rater filled in."
        )
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"{file} cannot be read ({error}).", remedy="Save it as CSV in UTF-8."
        ) from error
    head = text.partition("\n")[0]
    comma = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma)
    lines = [[cell.strip() for cell in line] for line in reader]
    whole = lines[0] if lines else []
    columns = whole
    while columns and not columns[-1]:  # spreadsheets leave separators behind the last column
        columns = columns[:-1]
    if "code" not in columns or len(set(columns)) < len(columns):
        raise StudyError(
            f"The first row of {file.name} is {head.strip()!r}: it must name every column once, "
            "among them code.",
            remedy="Save the sheet as it was given, with all its columns.",
        )
    rows = [
        Row(at, dict(zip(columns, cells, strict=False)))
        for at, cells in enumerate(lines[1:], start=2)
        if any(cells)
    ]
    sheet = Sheet(file, tuple(columns), tuple(rows))
    # A comma in a number shifts all that follows: nobody can tell which cell is whose.
    longer = [
        at
        for at, cells in enumerate(lines[1:], start=2)
        if len(cells) > len(whole) or any(cells[len(columns) :])
    ]
    sheet.refuse(
        [f"row {at}: it has more cells than the {len(columns)} columns" for at in longer],
        "Write decimal points, not commas, and put text that holds commas in quotes.",
    )
    return sheet


def _need_columns(sheet: Sheet, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in sheet.columns]
    if missing:
        raise StudyError(
            f"{sheet.file.name} has no column {', '.join(missing)}.",
            remedy="Save the sheet as it was given, with all its columns.",
        )
