"""The page of the set of pairs: ``docs/change.md``, its pictures and ``docs/change.json``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope._version import __version__
from scarscope.batch.write import write_bytes
from scarscope.errors import ParamsError
from scarscope.phantom.seeds import TUNING
from scarscope.validation import pair_sections as sections
from scarscope.validation.bars import PASSED_WORDS, Bar, table
from scarscope.validation.bootstrap import FEW_UNITS
from scarscope.validation.page import Block, Heading, Picture, Table, Text
from scarscope.validation.pair_bars import pair_bars
from scarscope.validation.pair_figures import figures
from scarscope.validation.pair_gallery import pair_gallery, shower
from scarscope.validation.pair_item import pair_digest
from scarscope.validation.pair_set import SEEDS, PairSize, plan_pairs
from scarscope.validation.pair_table import PairResult
from scarscope.validation.standard_segmenter import SegmenterName, weights_digest
from scarscope.validation.write import write_pages

Results = Mapping[SegmenterName, PairResult]
COMMAND = "python3 tasks.py change"
_NAME = "change"
_PARTS = {
    "retest": "the same skin again: re-posed by about 1 mm and 1°, new noise",
    "untreated": "the same as a course of treatment without effect",
    "treated": "before and after a treatment that removed 7 to 80 % of depth, or added 20 %",
    "new": "before and after acne left new scars: all of the later photo's, most or half of them",
    "confounder": "nothing changed but light, focus, exposure, pose, redness, ...: one at a time",
    "wide": "turned by 15°, nearer or farther by 20 %, half the skin shared, other pixel sizes",
    "wrong": "other skin of the same tone, or the same skin mirrored: must not be laid over it",
    "copy": "one photo and a copy: other tone curve, exposure, white balance or compression",
}
_MEANING = """\
- Error of the change holds the found change of missing volume against the true one over the
  same skin, for untreated and treated pairs that were compared. It hides what was refused: the
  table below adds those. It is an average; large changes are easier in percent than small ones.
- Called is the verdict improved or worse. A comparison that refuses everything never calls
  anything: read it beside the share that is compared, and the share of compared pairs.
- Compared pairs have the verdict yes or caution. Outright is yes alone.
- Direction asks only for the sign, and only where the true change exceeds the pair's own
  MDC95. A wide MDC95 leaves the large and easy changes: read it beside the power by size.
- Within MDC95 should be 95 % where nothing changed: MDC95 is fitted to such pairs, and says when a
  change is one. It promises nothing for large changes, which are read less exactly. Standard errors
  do: within 1.96 of them should be 95 % whatever changed. More than 95 % says that either is wider
  than need be.
- Status of a scar has five values, and scars near a threshold fall to either side of it for
  no fault of the reading: the second figure forgives changes below MDC95, the third takes
  resolved with improved and new with worse. A scar that nobody found has no status.
- Landmarks lie on a lattice, scars or none. Simulated skin is the same in both photos down to
  the pore, which flatters every alignment.
- Intervals are 95 %, by drawing pairs again. Where none or all of the pairs are counted they are
  exact (Clopper and Pearson)."""
_NAIVE = (
    "What anybody would do without comparing: score both photos on their own and take the "
    "difference of burdens, with an MDC95 from the very retests that it is then judged by. Errors "
    "and right calls are those of the same compared pairs on both sides; calls where nothing "
    "changed are of all pairs."
)
_LIMITS = """\
- There is no real photo in these figures. Only real pairs, with depth from an instrument at both
  visits, can tell how far they carry over.
- Both photos of a pair show the very same skin: pores, lines, freckles and hairs are identical to
  the hundredth of a millimetre. Real skin swells, tans, peels and is shaved between visits, so
  that alignment, coherence and the internal control are all easier here than they will be.
- Healing is one rule: every scar gets shallower and narrower by its share. No scar splits, new
  scars come without those that heal, and nothing inflames.
- Confounders come one at a time. Two small ones together are not tested.
- Limits, weights and MDC95 were set on the same phantom, on other seeds. That keeps chance out,
  not the phantom's own habits.
- Tones and lights are drawn evenly; a study's will not be."""


_NEW = (
    "The same skin before and after acne has left new scars; of those in the later photo all, most "
    "or half are not there in the earlier one. Errors of the change are shares of the true burden "
    "of the later photo, as a percentage of next to nothing says little. The inflammation that "
    "comes with new scars is not in the photos."
)


def write_change(
    results: Results,
    *,
    out: Path,
    size: PairSize,
    seeds: range = SEEDS,
    docs: Path | None = None,
) -> list[Path]:
    """Write the page and the tables, and into the docs if asked.

    Parameters
    ----------
    results : Mapping of str to PairResult
        By segmenter, in the order of the page's columns.
    out : path
        Gets ``change.md`` and ``.html`` with their pictures, and every result's tables in a folder
        of its name.
    size : {"full", "quick"}
    seeds : range
        What the pairs were planned with.
    docs : Path, optional
        The repository's ``docs``.

    Returns
    -------
    list of Path
        What was written, pages first.

    Raises
    ------
    ParamsError
        If there is no result, or one that cannot be reported is to go into the docs.
    """
    if not results:
        raise ParamsError("No segmenter's result was given.", remedy="Name one or more.")
    if docs is not None and (size != "full" or seeds != SEEDS):
        raise ParamsError(
            "Only the full set on validation seeds is reported.",
            remedy="Leave out the size and the seeds, or the docs.",
        )
    tables = {name: figures(result) for name, result in results.items()}
    blocks = page(results, tables, size=size, seeds=seeds)
    files = write_pages(blocks, out, title="Change", name=_NAME)
    if docs is not None:
        files = [*_write_docs(docs, blocks, summary(results)), *files]
    for name, result in results.items():
        files += _write_tables(out / name, result, tables[name])
    return files


def _write_docs(docs: Path, blocks: Sequence[Block], content: Mapping[str, Any]) -> list[Path]:
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    pages = write_pages(blocks, docs, title="Change", name=_NAME, html=False)
    shown = {block.name for block in blocks if isinstance(block, Picture)}
    for file in (docs / _NAME).iterdir():  # an earlier page may have had others
        if file.suffix in (".svg", ".jpg") and file.name not in shown:
            file.unlink()
    write_bytes(docs / f"{_NAME}.json", f"{text}\n".encode())
    return [docs / f"{_NAME}.json", *pages]


def _write_tables(folder: Path, result: PairResult, found: pd.DataFrame) -> list[Path]:
    files = []
    named = {"pairs": result.pairs, "scars": result.scars, "figures": found}
    for name, own in named.items():
        files.append(folder / f"{name}.csv")
        text = own.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        write_bytes(files[-1], text.encode("utf-8"))
    return files


def summary(results: Results) -> dict[str, Any]:
    """What ``change.json`` holds: the bars with their figures, and where they come from."""
    first = next(iter(results.values())).pairs
    return {
        "command": COMMAND,
        "version": __version__,
        "code": pair_digest(),  # of everything that decides a figure: other digits, other figures
        "seeds": [SEEDS.start, SEEDS.stop - 1],
        "pairs": len(first),
        "pairs_by_part": dict(Counter(first["part"].tolist())),
        "segmenters": {
            name: {
                "weights": weights_digest(name),
                "figures": {bar.key: bar.to_dict() for bar in pair_bars(figures(result))},
            }
            for name, result in results.items()
        },
    }


def page(
    results: Results, tables: Mapping[SegmenterName, pd.DataFrame], *, size: PairSize, seeds: range
) -> list[Block]:
    """All blocks of the page."""
    found: dict[SegmenterName, list[Bar]] = {name: pair_bars(each) for name, each in tables.items()}
    blocks: list[Block] = [
        *_head(results, size, seeds),
        Heading("Against the bars"),
        table(found),
        Text(PASSED_WORDS),
        Heading("What each figure means, and what it hides"),
        Text(_MEANING),
        Heading("Against the difference of two scores"),
        Text(_NAIVE),
        sections.naive_table(tables),
    ]
    first = next(iter(tables.values()))
    blocks += sections.alignment(first)
    for name, result in results.items():
        own = _details(name, result, tables[name], size, seeds)
        blocks += [_belonging(block, name, alone=len(results) == 1) for block in own]
    return [
        *blocks,
        *sections.times(tables),
        Heading("What these pairs cannot show"),
        Text(_LIMITS),
    ]


def _details(
    name: SegmenterName, result: PairResult, own: pd.DataFrame, size: PairSize, seeds: range
) -> list[Block]:
    """What is known of one segmenter alone."""
    items = {item.name: item for item in plan_pairs(size, seeds=seeds)}
    beyond = {
        "detectable_same_sign": ("direction right, %", 1),
        "detectable_right": ("called the right way, %", 1),
        "detectable_wrong": ("called the wrong way, %", 1),
    }
    return [
        *sections.errors(result, own, name),
        *sections.calls(own, name),
        *sections.passing(own, result.pairs),
        *sections.directions(result, own, beyond, name),
        *_new_section(own),
        *sections.scars(result, own, name),
        *sections.copies(own),
        *pair_gallery(result.pairs, shower(items, name, seeds)),
    ]


def _new_section(table: pd.DataFrame) -> list[Block]:
    columns = {
        "new_passed": ("compared, %", 1),
        "new_seen": ("called worse, % of these", 1),
        "new_mae": ("mean absolute error, % of the later burden", 1),
        "new_bias": ("bias, %", 1),
    }
    return [Heading("Scars that are new"), Text(_NEW), *sections.levels(table, "kind", columns)]


def _belonging(block: Block, name: SegmenterName, *, alone: bool) -> Block:
    """The block with its segmenter's name, where several stand on the page."""
    match block:
        case Picture(file, data, shows):
            named = file if file.startswith(f"{name}-") else f"{name}-{file}"
            return Picture(named, data, shows if alone else f"{name}: {shows}")
        case Heading(text, level):
            return block if alone else Heading(f"{text}: {name}", level)
    return block


def _head(results: Results, size: PairSize, seeds: range) -> list[Block]:
    pairs = next(iter(results.values())).pairs
    counts = Counter(pairs["part"].tolist())
    rows = tuple((part, f"{counts[part]}", what) for part, what in _PARTS.items())
    reported = size == "full" and seeds == SEEDS
    first = (
        f"Written by `{COMMAND}`: every figure comes from that run, none is typed. Do not edit "
        "this page."
    )
    trial = "A trial, not to be reported: too few pairs, or seeds that limits were set on."
    told = (
        f"ScarScope {__version__} on {len(pairs)} pairs of simulated photos with known truth, from "
        f"seeds {seeds.start} to {seeds.stop - 1}"
    )
    told += (
        f"; limits, weights and MDC95 were set on {TUNING.start} to {TUNING.stop - 1}. "
        "Tones are spread over ITA -50° to 60°, lights are ring, twin, off-axis and raking. "
        f"{'Both segmenters see the same photos. ' if len(results) > 1 else ''}"
        f"Intervals are 95 %, bootstrapped over pairs. {FEW_UNITS}"
    )
    return [
        Heading("Comparing two photos: how right it is", 1),
        Text(first if reported else trial),
        Text(told),
        Table(("pairs", "number", "of what"), rows),
    ]
