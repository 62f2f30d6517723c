"""Write the pages of docs/ that list what the registries hold.

python3 tasks.py docs                 write them
python3 tasks.py docs -- --check      exit status 1 where a page is not current
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scarscope import flags
from scarscope.batch import columns
from scarscope.change import reasons
from scarscope.measures import MEASURES, Measure
from scarscope.params import Params
from scarscope.study.analysis import TABLES as STUDY_TABLES
from scarscope.study.response import REASONS as STUDY_REASONS

DOCS = Path(__file__).resolve().parent
_NOTE = "<!-- Written by docs/generate.py from {source}: change that, not this page. -->"

_FLAGS = """\
What can be wrong with a photo, and what to do about it at the next visit. Flags stand in the column
`flags` of `photos.csv`, joined by `|`; in Python they are bits of `scarscope.Flag`.

A **serious** flag means that the figures should not be compared with those of other photos. A
**caution** means: look at the photo before you use its figures. An **info** states a fact.
"""
_REASONS = """\
Why two photos are compared with caution, or not at all, and what to do about it at the next visit.
Reasons stand in the column `reasons` of `changes.csv`, joined by `|`, the gravest first. Most of
them are a caution beyond one limit and forbid the comparison beyond a second one; the limits are
in docs/parameters.md under `[change]`.
"""
_MEASURES = """\
Every figure of a photo, in the order of the columns of `photos.csv`. The three **primary** measures
are those to plan a study on; the clinical scales are estimates from one photo, and say what a photo
cannot tell.

Column names end in their unit. Without a stated scale nothing is in millimetres: the columns have
the second name given here, and figures that need millimetres are left blank.
"""
_PARAMS = """\
Every option of every stage, with its default. A TOML file given with `--params` holds only what is
to differ; `scarscope doctor --params` prints all of it as such a file. The parameters are hashed
into every row's `params_hash`: figures made with different parameters are never mixed unseen.
"""
_TABLES = """\
Every column of every table that `scarscope batch` reads and writes, in order. Tables are CSV in
UTF-8 with a comma between cells and a point in numbers; a blank cell means that there is no figure.

Columns of millimetres or micrometres end in `_px` (`_px2`, `_px3`) for photos without a stated
scale: those are pixels of the photo, and cannot be compared between photos.

To read them, `scarscope.study.data.read_study("results")` gives `photos`, `scars`, `changes` and
the others as pandas frames with the right kinds; `scarscope export results --out tables --format
parquet` writes them so. Plain `pandas.read_csv` makes 7 of a subject 007 and a gap of one called
NA, unless `dtype=str, keep_default_na=False` is given. Text that a spreadsheet would take for a
formula (it begins with `=`, `+`, `-` or `@` and is no number) has an apostrophe before it in the
CSV files, which ScarScope takes off again when it reads them.

`masks/` and `depth/` hold a 16-bit PNG a photo, on the pixels of the upright photo: a file that
says how it is to be turned (EXIF) is turned first, as viewers do. In `masks/` a pixel is the
`scar_id` of its scar, 0 where there is none; in `depth/` its missing depth in micrometres, for
photos without a stated scale in thousandths of a pixel. Depth is that of outlined scars: what is
expected beside them (`faint_volume_mm3`) counts in the burden, and is not in the image.
"""
_STUDY = """\
Every column of every table that `scarscope study` writes into `study/`, in order. What the figures
mean and how they are worked out: docs/study.md. `dictionary.csv` in the folder says the same of the
study's own tables, those of its manifest included.
"""
_AGAINST = """\
What every figure and formula was held against, and how closely it meets it. The published numbers
lie in `tests/conformance/`, each with its source, and the tests named here run with all others.

**Own truth only** says that no published figures were found to meet: then the code was held against
closed forms, or against simulated skin or studies whose truth ScarScope itself made. That shows
that a figure is computed as defined; it does not show that patients or raters would agree.
"""


def pages() -> dict[str, str]:
    """The text of each generated page, by file name."""
    return {
        "flags.md": _page("Quality flags", "scarscope/flags.py", _FLAGS, _flags()),
        "measures.md": _page("Measures", "scarscope/measures/registry.py", _MEASURES, _measures()),
        "parameters.md": _page("Parameters", "scarscope/params/stages.py", _PARAMS, _params()),
        "reasons.md": _page(
            "Reasons not to compare", "scarscope/change/reasons.py", _REASONS, _reasons()
        ),
        "study-tables.md": _page(
            "Tables of a study", "scarscope/study/analysis.py", _STUDY, _study()
        ),
        "tables.md": _page("Tables", "scarscope/batch/columns.py", _TABLES, _tables()),
        "validated-against.md": _page(
            "Validated against",
            "docs/oracles.toml and scarscope/measures/registry.py",
            _AGAINST,
            _against(),
        ),
    }


def _page(title: str, source: str, text: str, body: str) -> str:
    return "\n".join([_NOTE.format(source=source), f"# {title}", "", text, body.rstrip()]) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    # Of Markdown, only what a cell cannot hold: the rest of the registries' text is plain.
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def _flags() -> str:
    rows = [
        (f"`{info.flag.name}`", info.severity, info.meaning, info.remedy) for info in flags.REGISTRY
    ]
    return _table(("flag", "severity", "meaning", "what to do"), rows)


def _reasons() -> str:
    rows = [
        (f"`{info.code}`", info.meaning, info.figure or "–", info.remedy)
        for info in reasons.REGISTRY
    ]
    return _table(("reason", "meaning", "figure", "what to do"), rows)


def _measures() -> str:
    rows = [(_name(m), _meaning(m), m.range, m.better or "–", m.source) for m in MEASURES]
    tables = [_table(("column", "meaning", "range", "better", "source"), rows), "", _about()]
    return "\n".join(tables)


def _name(entry: Measure) -> str:
    plain = entry.column("px")
    other = "" if plain in (None, entry.column("mm")) else f" or `{plain}`"
    return f"`{entry.column('mm')}`{other}"


def _meaning(entry: Measure) -> str:
    primary = " (primary)" if entry.primary else ""
    return f"{entry.label}{primary}. {entry.definition}"


def _about() -> str:
    held: dict[str, list[str]] = {}
    for entry in MEASURES:
        held.setdefault(entry.validated_against, []).append(f"`{entry.column('mm')}`")
    rows = [(text, ", ".join(columns)) for text, columns in held.items()]
    return "## Held against\n\n" + _table(("what", "columns"), rows)


def oracles() -> dict[str, Any]:
    """What docs/oracles.toml holds: the modules it covers, and one entry an oracle."""
    with (DOCS / "oracles.toml").open("rb") as file:
        return tomllib.load(file)


def _against() -> str:
    formulas = [(_formula(o), o["against"], o["to"], f"`{o['test']}`") for o in oracles()["oracle"]]
    measures = [(f"`{m.column('mm')}`", m.label, m.validated_against) for m in MEASURES]
    return "\n".join(
        [
            "## Formulas and statistics\n",
            _table(("what", "held against", "met to", "shown by"), formulas),
            "\n## Measures of a photo\n",
            _table(("column", "what", "held against"), measures),
        ]
    )


def _formula(oracle: dict[str, Any]) -> str:
    names = ", ".join(f"`{name.removeprefix('scarscope.')}`" for name in oracle["functions"])
    return f"{oracle['what']}: {names}"


def _tables() -> str:
    measures = {m.column("mm") or "": m.label + ", see docs/measures.md." for m in MEASURES}
    further = {"...": "Further columns of the manifest, as they stand there."}
    place = {name: columns.PLACE[name] for name in columns.SCAR_PLACE}
    results = {**columns.RESULT, **measures, **columns.QUALITY, **columns.REVIEW}
    results |= columns.PROVENANCE
    scar_changes = {**columns.PAIR_PLACE, **columns.SCAR_CHANGES}
    parts = {
        "manifest.csv": columns.MANIFEST,
        "photos.csv, one row a photo": {**columns.PLACE, **further, **results},
        "scars.csv, one row a scar": {**place, **columns.SCARS, **columns.REVIEWED},
        "changes.csv, one row a pair of photos and measure": columns.CHANGES,
        "scar_changes.csv, one row a pair of photos and scar": scar_changes,
        "failures.csv, one row for what could not be done": columns.FAILURES,
    }
    return "\n".join(f"## {title}\n\n{_columns(told)}\n" for title, told in parts.items())


def _study() -> str:
    parts = [
        f"## {info.name}.csv, {info.meaning}\n\n{_columns_as_written(info.columns)}\n"
        for info in STUDY_TABLES
    ]
    reasons = [(f"`{code}`", text) for code, text in STUDY_REASONS.items()]
    further = "\n## Reasons beside those of docs/reasons.md\n\n" + _table(
        ("reason", "meaning"), reasons
    )
    return "\n".join(parts) + further


def _columns_as_written(told: Mapping[str, str]) -> str:
    return _table(("column", "meaning"), [(f"`{name}`", text) for name, text in told.items()])


def _columns(told: dict[str, str]) -> str:
    return _table(("column", "meaning"), [(_column(name), text) for name, text in told.items()])


def _column(name: str) -> str:
    plain = columns.without_scale(name)
    twin = plain != name and not (name in columns.QUALITY or name in columns.MANIFEST)
    return f"`{name}` or `{plain}`" if twin else f"`{name}`"


def _params() -> str:
    parts = []
    for stage in dataclasses.fields(Params):
        options = getattr(Params(), stage.name)
        values = dataclasses.asdict(options)
        about = (inspect.getdoc(type(options)) or "").partition("\n")[0]
        told = documented(type(options))
        rows = [(f"`{n}`", f"`{json.dumps(v)}`", told[n]) for n, v in values.items()]
        table = _table(("option", "default", "meaning"), rows) if rows else "No options yet."
        parts.append(f"## `[{stage.name}]`\n\n{_plain(about)}\n\n{table}\n")
    return "\n".join(parts)


def documented(kind: type) -> dict[str, str]:
    """What a class's numpydoc section of attributes says of each, on one line.

    Attributes that share an entry (``low, high : float``) share its text.
    """
    told: dict[str, str] = {}
    names: list[str] = []
    for line in inspect.cleandoc(kind.__doc__ or "").splitlines():
        head = re.fullmatch(r"(\w+(?:, \w+)*) : .*", line)
        if head:
            names = head.group(1).split(", ")
            told.update(dict.fromkeys(names, ""))
        elif line.startswith(" "):
            told.update({name: f"{told[name]} {line.strip()}".strip() for name in names})
        elif line:
            names = []
    return {name: _plain(text) for name, text in told.items()}


def _plain(text: str) -> str:
    """Docstring markup as Markdown."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`")


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write the generated pages of docs/.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    stale = [name for name, text in pages().items() if read(name) != text]
    for name in stale:
        if options.check:
            print(f"docs/{name} is not current: run `python3 tasks.py docs`")
        else:
            (DOCS / name).write_text(pages()[name], encoding="utf-8", newline="\n")
            print(f"docs/{name}")
    return int(options.check and bool(stale))


def read(name: str) -> str:
    """A page as it stands, empty where there is none."""
    file = DOCS / name
    return file.read_text(encoding="utf-8") if file.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
