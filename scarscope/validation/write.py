"""A validation as files: tables, a Markdown page with pictures, and one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scarscope._version import __version__
from scarscope.batch.write import write_bytes
from scarscope.validation import sections
from scarscope.validation.bootstrap import FEW_UNITS
from scarscope.validation.figures import BY_PHOTO
from scarscope.validation.gallery import Show, gallery
from scarscope.validation.page import Block, Heading, Picture, Text, to_html, to_markdown
from scarscope.validation.raters import Agreement
from scarscope.validation.result import Validation

_DIGITS = "%.6g"


def write_validation(
    result: Validation, out: str | Path, *, show: Show | None = None
) -> list[Path]:
    """Write tables (CSV), ``validation.md`` with its pictures, and ``validation.html``.

    Parameters
    ----------
    result : Validation
    out : path
        Folder; made if needed.
    show : callable, optional
        Gives what is drawn of a photo, such as :func:`scarscope.validation.from_folders`. None
        writes no pictures of photos.

    Returns
    -------
    list of Path
        What was written, pages first.

    Raises
    ------
    StoreError
        If a file cannot be written.
    """
    out = Path(out)
    pictures = [] if show is None else gallery(result.photos, show)
    pages = write_pages([*page_of(result), *pictures], out, title="Validation")
    return [*pages, *write_tables(result, out)]


def page_of(result: Validation) -> list[Block]:
    """The page of a validation of somebody's own photos."""
    n = len(result.photos)
    blocks: list[Block] = [
        Heading("Validation", 1),
        Text(
            f"ScarScope {__version__}, {n} photo(s) of {result.photos['subject'].nunique()} "
            "subject(s). Scars are the same within 3 mm of their centres, or where outlines "
            "overlap by more than 0.3; scars cut by the frame neither help nor hurt. Intervals "
            f"are 95 %, bootstrapped over subjects. {FEW_UNITS}"
        ),
        *(Text(f"Note: {note}") for note in result.notes),
        Heading("Overall"),
        *sections.overall(result),
        *sections.tone_by_light(result),
        *sections.burden_scatter(result),
        Heading("By photo"),
        *sections.by_photo(result, BY_PHOTO),
        Heading("By scar"),
        *sections.types(result),
        *sections.by_scar(result),
        *sections.false_scars(result),
        *sections.retests(result),
        *sections.courses(result),
    ]
    return _without_empty(blocks)


def _without_empty(blocks: Sequence[Block]) -> list[Block]:
    """Leave out headings that nothing follows."""
    kept = []
    for at, block in enumerate(blocks):
        after = blocks[at + 1] if at + 1 < len(blocks) else None
        empty = after is None or (isinstance(after, Heading) and isinstance(block, Heading))
        if not (isinstance(block, Heading) and block.level > 1 and empty):
            kept.append(block)
    return kept


def write_pages(
    blocks: Sequence[Block], out: Path, *, title: str, name: str = "validation", html: bool = True
) -> list[Path]:
    """Write a page as Markdown with a folder of pictures, and as HTML."""
    for block in blocks:
        if isinstance(block, Picture):
            write_bytes(out / name / block.name, block.data)
    pages = {out / f"{name}.md": to_markdown(blocks, folder=name)}
    if html:
        pages[out / f"{name}.html"] = to_html(blocks, title=title)
    for file, text in pages.items():
        write_bytes(file, text.encode("utf-8"))
    return list(pages)


def write_tables(result: Validation, out: Path) -> list[Path]:
    """Write every table as CSV."""
    files = []
    for name, table in result.tables().items():
        files.append(out / f"{name}.csv")
        text = table.to_csv(index=False, float_format=_DIGITS, lineterminator="\n")
        write_bytes(files[-1], text.encode("utf-8"))
    return files


def write_agreement(result: Agreement, out: str | Path) -> list[Path]:
    """Write raters' agreement as CSV tables."""
    tables = {"pairs": result.pairs, "counts": result.counts, "rated_scars": result.scars}
    files = []
    for name, table in tables.items():
        files.append(Path(out) / f"{name}.csv")
        text = table.to_csv(index=False, float_format=_DIGITS, lineterminator="\n")
        write_bytes(files[-1], text.encode("utf-8"))
    return files
