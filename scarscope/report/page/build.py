"""``report.html``: from a finished batch to a page that needs no network."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from scarscope._version import __version__
from scarscope.batch.write import write_bytes
from scarscope.errors import StudyError
from scarscope.report.change_style import STATUS_STYLES, signed_colours
from scarscope.report.depth import FAINT_WORDS, colour_table
from scarscope.report.page import names as naming
from scarscope.report.page.gather import Source, eyes_told, gather_subjects
from scarscope.report.page.headline import headline
from scarscope.report.page.model import Page, Subject
from scarscope.report.page.words import head_of, number, percent
from scarscope.report.style import SCAR_STYLES
from scarscope.study.data import StudyData, read_study

REPORT, FOLDER = "report.html", "report"
# Not the same name: a page with names must never be sent for one without, or written over it.
HIDDEN = "report-pseudonyms"
MOST_PHOTOS = 100  # in one file; beyond, each subject has a file of its own
_NO_CHANGE = (70, 70, 74)
# In this order: each uses what those before it define.
_SCRIPTS = ("tables.js", "viewer.js", "pages.js", "review.js")

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ReportResult:
    """What was written.

    Attributes
    ----------
    page : Path
        What to open.
    files : tuple of Path
        All that was written.
    notes : tuple of str
        What to know before the page is given away.
    """

    page: Path
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def write_report(
    folder: str | Path,
    *,
    pseudonyms: bool = False,
    cover_eyes: bool = False,
    most_photos: int = MOST_PHOTOS,
    progress: Told | None = None,
) -> ReportResult:
    """Write ``report.html`` of a finished batch.

    Parameters
    ----------
    folder : str or Path
        The batch's output folder.
    pseudonyms : bool
        Write ``report-pseudonyms.html`` instead: subjects are called by numbers, and file names and
        dates are left out; ``report-key.csv`` says who is who, and must stay apart from the page.
    cover_eyes : bool
        Paint over the eyes of faces that are seen from the front.
    most_photos : int
        Photos in one file. With more, ``report.html`` is an index, and every subject has a file of
        its own in ``report/``.
    progress : callable, optional
        Told what is done now, how many steps are done, and how many there are.

    Returns
    -------
    ReportResult

    Raises
    ------
    StudyError
        If the folder is no finished batch, or holds no photo.
    StoreError
        If something cannot be read or written.
    """
    out = Path(folder)
    tell = progress or (lambda *_: None)
    tell("reading the tables", 0, 3)
    study = read_study(out)
    if study.photos.empty:
        raise StudyError(
            f"{out} holds no photo, so that there is nothing to report.",
            remedy="See failures.csv, and run the batch again.",
        )
    called = _names(study, out) if pseudonyms else naming.plain_names()
    tell("reading pictures", 1, 3)
    page = _page(Source(study, out, called, cover_eyes))
    tell("writing", 2, 3)
    files = list(_write(page, out, most_photos))
    if pseudonyms:
        files.append(naming.write_key(called, out / naming.KEY_FILE))
    notes = tuple(filter(None, (page.eyes, _key_note(out) if pseudonyms else "")))
    tell("done", 3, 3)
    return ReportResult(files[0], tuple(files), notes)


def _names(study: StudyData, out: Path) -> naming.Names:
    return naming.pseudonyms(study.photos["subject"], naming.read_key(out / naming.KEY_FILE))


def _key_note(out: Path) -> str:
    return f"{out / naming.KEY_FILE} says who is who: keep it apart from the report."


def _page(source: Source) -> Page:
    subjects = gather_subjects(source)
    sentences, note = headline(source.study, subjects)
    hidden = source.names.hidden
    failures = source.study.failures.to_dict(orient="records")
    return Page(
        subjects=subjects,
        headline=sentences,
        notes=tuple(filter(None, (note, _missing_layers(subjects)))),
        made=_made(source.study),
        hidden=hidden,
        eyes=eyes_told(subjects, asked=source.cover_eyes),
        photos=len(source.study.photos),
        # An error may name the file.
        failures=()
        if hidden
        else tuple((str(f["path"]), str(f["error"]), str(f["remedy"])) for f in failures),
    )


def _missing_layers(subjects: tuple[Subject, ...]) -> str:
    visits = [v for s in subjects for view in s.views for v in view.visits if v.status == "ok"]
    lost = sum(visit.viewer is None for visit in visits)
    if not lost:
        return ""
    return (
        f"{lost} of {len(visits)} photos have no pictures: the batch was made by an older version, "
        "or its folder `layers` is gone. Run the same batch command again."
    )


def _made(study: StudyData) -> dict[str, str]:
    told = study.provenance
    names = ("version", "segmenter", "weights", "params_hash", "pair_params_hash")
    return {name: str(told[name]) for name in names if told.get(name)}


def _write(page: Page, out: Path, most_photos: int) -> Iterator[Path]:
    templates = _environment()
    index, folder = (f"{HIDDEN}.html", HIDDEN) if page.hidden else (REPORT, FOLDER)
    shared = {"version": __version__, "page": page, **_assets(), "single": True, "up": ""}
    shared |= {"index": index, "folder": folder, "shown": page.subjects}
    if page.photos <= most_photos:
        _remove(out / folder, set())
        yield _render(templates, "report.html.j2", out / index, shared)
        return
    none = {**shared, "shown": (), "single": False}
    yield _render(templates, "report.html.j2", out / index, none)
    _remove(out / folder, {f"{s.key}.html" for s in page.subjects})
    for subject in page.subjects:
        one = replace(page, subjects=(subject,))
        told = {**shared, "page": one, "shown": (subject,), "single": False, "up": "../"}
        yield _render(templates, "report.html.j2", out / folder / f"{subject.key}.html", told)


def _remove(folder: Path, kept: set[str]) -> None:
    """Pages of subjects that an earlier report had."""
    for file in folder.glob("s*.html"):
        if file.name not in kept:
            file.unlink()
    if not kept:
        with contextlib.suppress(OSError):
            folder.rmdir()  # unless somebody keeps something there


def _render(templates: Environment, name: str, target: Path, told: dict[str, Any]) -> Path:
    text = templates.get_template(name).render(**told)
    write_bytes(target, text.encode("utf-8"))
    return target


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("scarscope.report.page"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"head": head_of, "percent": percent, "number": number, "svg": Markup}
    made.globals |= {"line_styles": line_styles(), "faint_words": FAINT_WORDS}
    return made


def line_styles() -> dict[str, dict[str, str]]:
    """How outlines are drawn: colour, dashes and width by type and by status."""
    plain = {kind: (style, 1) for kind, style in SCAR_STYLES.items()}
    statuses = {status: (style.line, style.weight) for status, style in STATUS_STYLES.items()}
    return {
        name: {
            "colour": _hex(style.colour),
            "dash": f"{style.dash * 1.6:g} {style.gap * 1.6:g}" if style.gap else "none",
            "width": f"{1.6 * weight:g}",
        }
        for name, (style, weight) in (plain | statuses).items()
    }


def ramps() -> dict[str, str]:
    """Colours of the maps, for the bars beside them."""
    depths = colour_table()[:: 255 // 5]
    changes = signed_colours(np.linspace(-1, 1, 9))
    changes[4] = _NO_CHANGE
    return {
        "@DEPTHS@": ", ".join(map(_hex, depths.tolist())),
        "@CHANGES@": ", ".join(map(_hex, np.rint(changes).astype(int).tolist())),
    }


def _hex(colour: Iterable[int]) -> str:
    return "#" + "".join(f"{c:02x}" for c in colour)


def _assets() -> dict[str, Markup | str]:
    """Style and script as they stand in the page, and their hashes for its security policy."""
    told: dict[str, Markup | str] = {}
    for kind, text in (("css", _style()), ("js", _script())):
        told[kind] = Markup(text)  # noqa: S704  # our own files
        digest = hashlib.sha256(text.encode("utf-8")).digest()
        told[f"{kind}_hash"] = base64.b64encode(digest).decode("ascii")
    return told


def _style() -> str:
    text = _static("report.css")
    for place, colours in ramps().items():
        text = text.replace(place, colours)
    return text


def _script() -> str:
    """All scripts in a scope of their own, so that the page has no names of theirs."""
    parts = "\n".join(_static(name) for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _static(name: str) -> str:
    return (Path(__file__).parent / "static" / name).read_text(encoding="utf-8")
