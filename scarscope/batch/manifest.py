"""Reading ``manifest.csv`` the way people write it: by hand, by script, or in Excel."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from scarscope.batch.entry import KINDS, Entry, inside, locate, parse_day, parse_session
from scarscope.errors import LayoutError, PhotoError, ScaleError
from scarscope.photo.model import Scale

REQUIRED = ("path", "subject", "session", "date", "view")
KNOWN = (
    *REQUIRED,
    *("mm_per_px", "side", "roi", "kind", "arm", "treated_on", "device", "needle_mm", "adjunct"),
    "notes",
)
_OWN = (*REQUIRED, "mm_per_px", "roi", "kind")  # become attributes; the rest are carried as text
_ACTING = ("mm_per_px", "roi", "kind", "treated_on")  # misspelt, they would silently do nothing
_SHOWN = 10  # problems listed before "and so on"

_EXCEL = " In Excel, format date cells as yyyy-mm-dd, or as text, before saving."

T = TypeVar("T")


@dataclass
class _Row:
    """One line of the manifest; collects what is wrong with it."""

    line: int
    cells: dict[str, str]
    comma: bool
    problems: list[str] = field(default_factory=list)

    def read(self, column: str, parse: Callable[[str], T]) -> T | None:
        """Parse a cell; None where it is blank or wrong (then the problem is noted)."""
        text = self.cells.get(column, "")
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as error:
            self.complain(column, f"{text!r} is not {error}")
        except ScaleError as error:
            self.complain(column, f"{text!r} is not plausible: {error.message}")
        return None

    def number(self, text: str) -> float:
        """A number, with the decimal comma where semicolons part the cells."""
        try:
            return float(text.replace(",", ".") if self.comma else text)
        except ValueError:
            raise ValueError("a number with a decimal point") from None

    def complain(self, column: str, what: str) -> None:
        self.problems.append(f"line {self.line}, column {column}: {what}")


def read_manifest(manifest: Path) -> tuple[Entry, ...]:
    """Read a manifest into entries, in its own order.

    UTF-8 with or without byte order mark and Excel's UTF-16 are read; cells may be parted by
    comma, semicolon or tab. A photo that is missing becomes an entry with a problem.

    Parameters
    ----------
    manifest : Path
        Its folder is the root of the paths that it lists.

    Raises
    ------
    LayoutError
        If the file is not such a table; up to ten problems are listed by line, column and value.
    """
    rows = _rows(_text(manifest), manifest.name)
    seen: dict[str, int] = {}
    entries = [_entry(row, manifest.parent, seen) for row in rows]
    problems = [problem for row in rows for problem in row.problems]
    if problems:
        more = f"\n  and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        listed = "".join(f"\n  {problem.rstrip('.')}" for problem in problems[:_SHOWN])
        dates = any("YYYY-MM-DD" in problem for problem in problems)
        raise LayoutError(
            f"{manifest.name} has mistakes:{listed}{more}",
            remedy="Correct these cells and run the same command again." + (_EXCEL * dates),
        )
    return tuple(entry for entry in entries if entry is not None)


def _text(manifest: Path) -> str:
    try:
        data = manifest.read_bytes()
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise LayoutError(
            f"{manifest} cannot be read ({error.strerror}).", remedy="Check its permissions."
        ) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LayoutError(
            f"{manifest.name} is not UTF-8 text (line {line}).",
            remedy="In Excel, save it as 'CSV UTF-8 (comma delimited)'.",
        ) from error


def _rows(text: str, name: str) -> list[_Row]:
    lines = text.lstrip("\r\n")
    skipped = text[: len(text) - len(lines)].count("\n")
    if lines.lower().startswith("sep="):  # Excel's own hint
        lines, skipped = lines.partition("\n")[2], skipped + 1
    delimiter = max(",;\t", key=lines.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, strict=True)
    try:
        header = _header(next(reader, []), name)
        rows, start = [], reader.line_num
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(start + 1 + skipped, header, cells, delimiter))
            start = reader.line_num
    except csv.Error as error:
        line = reader.line_num + skipped
        raise LayoutError(
            f"{name}, line {line}, cannot be read as CSV ({error}).",
            remedy="Save it again as 'CSV UTF-8' from a spreadsheet program.",
        ) from error
    return rows


def _header(cells: list[str], name: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    header = [cell.lower() if cell.lower() in KNOWN else cell for cell in header]
    while header and not header[-1]:  # trailing delimiters of a spreadsheet
        header.pop()
    missing = [column for column in REQUIRED if column not in header]
    twice = sorted({cell for cell in header if header.count(cell) > 1})
    if missing or twice or "" in header:
        meant = [f"{near!r} for {name}" for name in missing if (near := _near(name, header))]
        what = (
            f"lacks the column(s) {', '.join(missing)}"
            + (f" (did you mean {', '.join(meant)}?)" if meant else "")
            if missing
            else f"has the column(s) {', '.join(twice)} twice"
            if twice and twice != [""]
            else "has a column without a name"
        )
        raise LayoutError(
            f"The first line of {name} {what}; it reads: {', '.join(header) or '(nothing)'}.",
            remedy=f"It must name at least {','.join(REQUIRED)}, each once.",
        )
    return header


def near_misses(names: Iterable[str]) -> list[tuple[str, str]]:
    """Columns that are not known, each with the one that was probably meant.

    Only for columns that change what is done.
    """
    pairs = ((name, _near(name, _ACTING)) for name in names if name not in KNOWN)
    return [(name, meant) for name, meant in pairs if meant]


def _near(name: str, others: Iterable[str]) -> str:
    """The one of `others` that differs from `name` in little but its punctuation, or nothing."""
    plain = {re.sub(r"[\W_]", "", other.casefold()): other for other in others}
    found = difflib.get_close_matches(
        re.sub(r"[\W_]", "", name.casefold()), list(plain), n=1, cutoff=0.8
    )
    return plain[found[0]] if found else ""


def _row(line: int, header: list[str], cells: list[str], delimiter: str) -> _Row:
    values = [cell.strip() for cell in cells]
    row = _Row(line, dict(zip(header, values, strict=False)), comma=delimiter == ";")
    if any(values[len(header) :]):
        row.problems.append(
            f"line {line} has {len(values)} cells for {len(header)} columns "
            "(quote a cell that holds the delimiter)"
        )
    return row


def _entry(row: _Row, folder: Path, seen: dict[str, int]) -> Entry | None:
    for column in ("path", "subject", "view"):
        if not row.cells.get(column):
            row.complain(column, "is blank")
    path = row.read("path", inside)
    session, day = row.read("session", parse_session), row.read("date", parse_day)
    row.read("treated_on", parse_day)
    if not (row.cells.get("session") or row.cells.get("date")):
        row.complain("session", "is blank, and so is the date")
    kind = row.read("kind", _kind) or "session"
    scale = row.read("mm_per_px", lambda text: Scale(row.number(text), "manifest"))
    roi = row.read("roi", inside)
    if path is None or row.problems:
        return None
    if path in seen:
        row.complain("path", f"{path!r} is listed already on line {seen[path]}")
    seen.setdefault(path, row.line)
    return _build(row, folder, path, (session, day), kind, scale, roi)


def _kind(text: str) -> str:
    if text.lower() not in KINDS:
        raise ValueError(f"one of {', '.join(KINDS)}")
    return text.lower()


def _build(
    row: _Row,
    folder: Path,
    path: str,
    when: tuple[int | None, date | None],
    kind: str,
    scale: Scale | None,
    roi: str | None,
) -> Entry:
    # A name may hold a backslash where the system allows it, so what is written comes first.
    written = row.cells["path"]
    file = locate(folder, written) or locate(folder, path)
    return Entry(
        path=path,
        subject=row.cells["subject"],
        view=row.cells["view"],
        session=when[0],
        day=when[1],
        kind=kind,
        scale=scale,
        roi=roi,
        extra=tuple((name, text) for name, text in row.cells.items() if name not in _OWN),
        file=file,
        problem=None if file else _missing(row, path),
    )


def _missing(row: _Row, path: str) -> PhotoError:
    return PhotoError(
        f"{path} does not exist (line {row.line} of the manifest).",
        remedy="Correct the path, which is relative to the manifest, or add the file.",
    )
