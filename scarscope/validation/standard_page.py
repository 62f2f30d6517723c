"""The page of the standard set: ``docs/validation.md``, its pictures and ``validation.json``."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import scarscope.phantom
from scarscope._version import __version__
from scarscope.batch.write import write_bytes
from scarscope.errors import ParamsError
from scarscope.phantom.seeds import STOPPING, TRAINING, TUNING, VALIDATION
from scarscope.validation import few, sections
from scarscope.validation.bars import PASSED_WORDS, Bar, bars, table
from scarscope.validation.bootstrap import FEW_UNITS
from scarscope.validation.flagged import flagged
from scarscope.validation.gallery import Show, Shown, gallery
from scarscope.validation.page import Block, Heading, Picture, Table, Text
from scarscope.validation.result import Validation
from scarscope.validation.scrutiny import scrutiny
from scarscope.validation.shortfall import shortfalls
from scarscope.validation.standard import comparable
from scarscope.validation.standard_item import code_digest, score_rendered
from scarscope.validation.standard_segmenter import SegmenterName, segmenter_of, weights_digest
from scarscope.validation.standard_set import FEW_SCARS, Item, Size, photograph, plan
from scarscope.validation.write import write_pages, write_tables

COMMAND = "python3 tasks.py validation"
_NOTE = (
    "Written by `{command}`: every figure comes from that run, none is typed. Do not edit this "
    "page."
)
_KINDS: Mapping[SegmenterName, str] = {
    "relief": "classical: relief from shading, four figures of evidence",
    "network": "learned on simulated skin",
}
_MADE_ON: Mapping[SegmenterName, str] = {
    "relief": f"tuning uses {TUNING.start} to {TUNING.stop - 1}",
    "network": f"training uses {TRAINING.start} to {TRAINING.stop - 1}, the choice of epoch and "
    f"design {STOPPING.start} to {STOPPING.stop - 1}",
}
_BARS = (
    "Comparable light (ring, twin, off-axis, raking), all tones. Each segmenter has bars of its "
    f"own: the learned one's are what the best people and instruments reach. {PASSED_WORDS}"
)
_CHANCE = (
    "Where scars are dense, some lie within 3 mm of any place. F1 by chance is what the same marks "
    "would reach if they lay mirrored from left to right; F1 by overlap and Dice cannot be had so "
    "cheaply."
)
_OWN = (
    "`scarscope validate RESULTS TRUTH` writes the same tables for a batch and a folder of masks, "
    "LabelMe or COCO files; `scarscope validate --raters A B` compares people."
)
_PARTS = {
    "scars": "patches with scars: five lights, six tones, four densities, four scales",
    "clean": "patches without scars, but with pores, marks, hairs and wrinkles as they come",
    "distractor": "patches without scars and with plenty of one thing that could be taken for them",
    "retest": "pairs: the same skin photographed again",
    "treated": "pairs: before and after a treatment that removed a known share of depth",
    "confounder": "pairs: nothing changed but light, focus, exposure, pose, redness, ...",
    "few": f"patches with few scars ({FEW_SCARS[0]} to {FEW_SCARS[-1]}): five lights, six tones",
}
_LIMITS = """\
- It is not skin. Relief, pigment, light and camera follow published figures and physics, but every
  range was chosen by the authors of the software that is measured here. Figures on real photos can
  be lower, and only real photos with depth from an instrument can tell by how much.
- Segmenters are tuned and trained on the same phantom, on other seeds. That keeps chance out, not
  the phantom's own habits.
- Patches of 36 mm are all skin. Finding the skin of a face, and what eyes, nostrils, hair and
  clothes do, is not in these figures.
- A true scar is where the phantom took skin away: pixels deeper than a tenth of the scar and 10 µm.
  People would outline some of them smaller, and would not see the shallowest at all.
- Types are the phantom's own; on real skin, raters disagree on them (Kang 2016).
- The pairs photograph the same skin with small errors of set-up. Real visits add swelling, weather,
  shaving and whatever else happens in six weeks."""


Results = Mapping[SegmenterName, Validation]


def write_standard(
    wholes: Results, *, out: Path, size: Size = "full", docs: Path | None = None
) -> list[Path]:
    """Write tables and pages of the standard set.

    Parameters
    ----------
    wholes : Mapping of segmenter's name to Validation
        From :func:`scarscope.validation.standard.run_standard`; several are shown side by side.
    out : Path
        ``validation.md`` and ``validation.html``, and each segmenter's tables in a folder of its
        name.
    size : {"full", "quick"}
        Which set it was.
    docs : Path, optional
        The repository's ``docs``: gets ``validation.md``, its pictures and ``validation.json``.

    Returns
    -------
    list of Path
        What was written, pages first.

    Raises
    ------
    ParamsError
        If a quick run is to go into the docs, or there is no result.
    """
    if docs is not None and size != "full":
        raise ParamsError(
            "A quick run is too small to be reported.", remedy="Leave out --size or --docs."
        )
    if not wholes:
        raise ParamsError("No segmenter's result was given.", remedy="Name one or more.")
    goods = {name: comparable(whole) for name, whole in wholes.items()}
    found = {name: bars(good) for name, good in goods.items()}
    blocks = page(wholes, goods, found, size)
    files = write_pages(blocks, out, title="Validation")
    if docs is not None:
        files = _write_docs(docs, blocks, summary(wholes, goods, found)) + files
    tables = (write_tables(whole, out / name) for name, whole in wholes.items())
    return [*files, *(file for written in tables for file in written)]


def _write_docs(docs: Path, blocks: Sequence[Block], content: Mapping[str, Any]) -> list[Path]:
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    pages = write_pages(blocks, docs, title="Validation", html=False)
    shown = {block.name for block in blocks if isinstance(block, Picture)}
    for file in (docs / "validation").iterdir():  # an earlier page may have had others
        if file.suffix in (".svg", ".jpg") and file.name not in shown:
            file.unlink()
    write_bytes(docs / "validation.json", f"{text}\n".encode())
    return [docs / "validation.json", *pages]


def summary(
    wholes: Results, goods: Results, found: Mapping[SegmenterName, Sequence[Bar]]
) -> dict[str, Any]:
    """What ``validation.json`` holds: the bars with their figures, and where they come from."""
    first = next(iter(wholes.values()))
    return {
        "command": _command(wholes),
        "version": __version__,
        "code": code_digest(),  # of everything that decides a figure: other digits, other figures
        "seeds": [VALIDATION.start, VALIDATION.stop - 1],
        "photos": len(first.photos),
        "photos_by_part": dict(Counter(first.photos["set"].tolist())),
        "segmenters": {
            name: {
                "weights": weights_digest(name),  # empty for what is all code
                "f1_by_chance": float(f"{good.value('f1_by_chance'):.4g}"),
                "figures": {bar.key: bar.to_dict() for bar in found[name]},
                "few": few.told(good),
            }
            for name, good in goods.items()
        },
    }


def _command(names: Iterable[SegmenterName]) -> str:
    asked = list(names)
    return COMMAND if asked == ["relief"] else f"{COMMAND} -- --segmenter {' '.join(asked)}"


def page(
    wholes: Results, goods: Results, found: Mapping[SegmenterName, list[Bar]], size: Size
) -> list[Block]:
    """All blocks of the page."""
    alone = len(goods) == 1
    blocks = [
        *_head(wholes, size),
        Heading("Against the bars"),
        Text(_BARS),
        table(found),
        *(shortfalls(goods["relief"], found["relief"]) if "relief" in goods else []),
        Heading("Detection, outlines and burden"),
        Text(_CHANCE),
        *(sections.overall(*goods.values()) if alone else sections.side_by_side(goods)),
        *few.section(goods),
        *scrutiny(goods),
    ]
    for name in goods:
        own = _details(name, wholes[name], goods[name], size)
        blocks += [_belonging(block, name, alone=alone) for block in own]
    return [
        *blocks,
        Heading("What the phantom cannot show"),
        Text(_LIMITS),
        *_left_out(),
        Heading("With photos of your own"),
        Text(_OWN),
    ]


def _details(name: SegmenterName, whole: Validation, good: Validation, size: Size) -> list[Block]:
    """What is known of one segmenter alone."""
    return [
        Heading("By light, tone and scale"),
        *sections.tone_by_light(whole),
        *sections.by_photo(whole, ["light"]),
        *sections.by_photo(good, ["tone", "mm_per_px"]),
        *sections.burden_scatter(whole),
        *flagged(good),
        Heading("Types, sizes and depths"),
        *sections.types(good),
        *sections.by_scar(good),
        *sections.false_scars(good),
        *sections.retests(good),
        *sections.courses(good),
        *sections.confounders(good),
        *gallery(good.photos, _show(plan(size), name)),
    ]


def _belonging(block: Block, name: SegmenterName, *, alone: bool) -> Block:
    """The block with its segmenter's name: pictures in their files, headings where several are."""
    match block:
        case Picture(file, data, shows):
            return Picture(f"{name}-{file}", data, shows if alone else f"{name}: {shows}")
        case Heading(text, level):
            return block if alone else Heading(f"{text}: {name}", level)
    return block


def _head(wholes: Results, size: Size) -> list[Block]:
    photos = next(iter(wholes.values())).photos
    counts = Counter(photos["set"].tolist())
    rows = tuple((str(counts[part]), told) for part, told in _PARTS.items())
    small = " This is a quick run: too few photos to report." if size == "quick" else ""
    told = (
        f"ScarScope {__version__} on {len(photos)} simulated photos with known truth, from "
        f"seeds {VALIDATION.start} to {VALIDATION.stop - 1}, which nothing was tuned or trained on "
        f"({'; '.join(_MADE_ON[name] for name in wholes)}).{small} Scars are the same when their "
        "centres lie within 3 mm, one to one (Kang 2016), or when outlines overlap by more than "
        "0.3 (intersection over union). Scars that the frame cuts off neither help nor hurt. "
        "Intervals are 95 %, bootstrapped over patches and pairs with a fixed seed (of ICC, SEM "
        "and MDC95 those of the analysis of variance). "
        f"{FEW_UNITS}"
    )
    names = (
        (name, f"{_KINDS[name]}{weights and f'; weights {weights}'}")
        for name in wholes
        for weights in [weights_digest(name)]
    )
    return [
        Heading("Validation", 1),
        Text(_NOTE.format(command=_command(wholes))),
        Text(told),
        Table(("segmenter", "what it is"), tuple(names)),
        Table(("photos", "of what"), rows),
    ]


def _left_out() -> list[Block]:
    """What the phantom says of itself."""
    about = (scarscope.phantom.__doc__ or "").split("\n\n")
    told = [" ".join(part.split()) for part in about if "left out" in part]
    return [Text(re.sub(r"``([^`]*)``", r"`\1`", text)) for text in told]


def _show(items: Sequence[Item], name: SegmenterName) -> Show:
    """Render and score again what is drawn: nothing but tables was kept."""
    known = {item.name: item for item in items}
    segmenter = segmenter_of(name)

    def show(path: str) -> Shown:
        photo = photograph(known[path])[0]
        found = score_rendered(photo, segmenter).scars.labels_px()
        return Shown(photo.rgb, found, photo.labels)

    return show
