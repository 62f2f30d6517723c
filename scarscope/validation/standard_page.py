"""The page of the standard set: ``docs/validation.md``, its pictures and ``validation.json``."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import scarscope.phantom
from scarscope._version import __version__
from scarscope.batch.write import write_bytes
from scarscope.errors import ParamsError
from scarscope.phantom.seeds import TUNING, VALIDATION
from scarscope.validation import sections
from scarscope.validation.bars import Bar, bars, table
from scarscope.validation.gallery import Show, Shown, gallery
from scarscope.validation.page import Block, Heading, Table, Text
from scarscope.validation.result import Validation
from scarscope.validation.standard import comparable
from scarscope.validation.standard_item import code_digest, score_rendered
from scarscope.validation.standard_set import Item, Size, photograph, plan
from scarscope.validation.write import write_pages, write_tables

COMMAND = "python3 tasks.py validation"
_NOTE = (
    f"Written by `{COMMAND}`: every figure comes from that run, none is typed. Do not edit this "
    "page."
)
_PARTS = {
    "scars": "patches with scars: five lights, six tones, four densities, four scales",
    "clean": "patches without scars, but with pores, marks, hairs and wrinkles as they come",
    "distractor": "patches without scars and with plenty of one thing that could be taken for them",
    "retest": "pairs: the same skin photographed again",
    "treated": "pairs: before and after a treatment that removed a known share of depth",
    "confounder": "pairs: nothing changed but light, focus, exposure, pose, redness, ...",
}
_LIMITS = """\
- It is not skin. Relief, pigment, light and camera follow published figures and physics, but every
  range was chosen by the authors of the software that is measured here. Figures on real photos can
  be lower, and only real photos with depth from an instrument can tell by how much.
- The segmenter was tuned on the same phantom, on other seeds. That keeps chance out, not the
  phantom's own habits.
- Patches of 36 mm are all skin. Finding the skin of a face, and what eyes, nostrils, hair and
  clothes do, is not in these figures.
- A true scar is where the phantom took skin away: pixels deeper than a tenth of the scar and 10 µm.
  People would outline some of them smaller, and would not see the shallowest at all.
- Types are the phantom's own; on real skin, raters disagree on them (Kang 2016).
- The pairs photograph the same skin with small errors of set-up. Real visits add swelling, weather,
  shaving and whatever else happens in six weeks."""


def write_standard(
    whole: Validation, *, out: Path, size: Size = "full", docs: Path | None = None
) -> list[Path]:
    """Write tables and pages of the standard set.

    Parameters
    ----------
    whole : Validation
        From :func:`scarscope.validation.standard.run_standard`.
    out : Path
        Tables, ``validation.md`` and ``validation.html``.
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
        If a quick run is to go into the docs.
    """
    if docs is not None and size != "full":
        raise ParamsError(
            "A quick run is too small to be reported.", remedy="Leave out --size or --docs."
        )
    good = comparable(whole)
    found = bars(good)
    blocks = page(whole, good, found, size)
    files = write_pages(blocks, out, title="Validation")
    if docs is not None:
        files = write_pages(blocks, docs, title="Validation", html=False) + files
        files.insert(0, docs / "validation.json")
        text = json.dumps(
            summary(whole, good, found), indent=2, ensure_ascii=False, allow_nan=False
        )
        write_bytes(files[0], f"{text}\n".encode())
    return [*files, *write_tables(whole, out)]


def summary(whole: Validation, good: Validation, found: Sequence[Bar]) -> dict[str, Any]:
    """What ``validation.json`` holds: the bars with their figures, and where they come from."""
    return {
        "command": COMMAND,
        "version": __version__,
        "code": code_digest(),  # of everything that decides a figure: other digits, other figures
        "seeds": [VALIDATION.start, VALIDATION.stop - 1],
        "photos": len(whole.photos),
        "photos_by_part": dict(Counter(whole.photos["set"].tolist())),
        "f1_by_chance": float(f"{good.value('f1_by_chance'):.4g}"),
        "figures": {bar.key: bar.to_dict() for bar in found},
    }


def page(whole: Validation, good: Validation, found: list[Bar], size: Size) -> list[Block]:
    """All blocks of the page."""
    return [
        *_head(whole, size),
        Heading("Against the bars"),
        Text(
            "Comparable light (ring, twin, off-axis, raking), all tones. The first bar is for the "
            "segmenter without learning, the next is what the best people and instruments reach."
        ),
        table(found),
        Heading("Detection, outlines and burden"),
        Text(
            "Where scars are dense, some lie within 3 mm of any place. F1 by chance is what the "
            "same marks would reach if they lay mirrored from left to right; F1 by overlap and "
            "Dice cannot be had so cheaply."
        ),
        *sections.overall(good),
        *sections.tone_by_light(whole),
        *sections.by_photo(whole, ["light"]),
        *sections.by_photo(good, ["tone", "mm_per_px"]),
        *sections.burden_scatter(whole),
        Heading("Types, sizes and depths"),
        *sections.types(good),
        *sections.by_scar(good),
        *sections.false_scars(good),
        *sections.retests(good),
        *sections.courses(good),
        *sections.confounders(good),
        *gallery(good.photos, _show(plan(size))),
        Heading("What the phantom cannot show"),
        Text(_LIMITS),
        *_left_out(),
        Heading("With photos of your own"),
        Text(
            "`scarscope validate RESULTS TRUTH` writes the same tables for a batch and a folder of "
            "masks, LabelMe or COCO files; `scarscope validate --raters A B` compares people."
        ),
    ]


def _head(whole: Validation, size: Size) -> list[Block]:
    counts = Counter(whole.photos["set"].tolist())
    rows = tuple((str(counts[part]), told) for part, told in _PARTS.items())
    small = " This is a quick run: too few photos to report." if size == "quick" else ""
    told = (
        f"ScarScope {__version__} on {len(whole.photos)} simulated photos with known truth, from "
        f"seeds {VALIDATION.start} to {VALIDATION.stop - 1}, which nothing was tuned or trained on "
        f"(tuning uses {TUNING.start} to {TUNING.stop - 1}).{small} Scars are the same when their "
        "centres lie within 3 mm, one to one (Kang 2016), or when outlines overlap by more than "
        "0.3 (intersection over union). Scars that the frame cuts off neither help nor hurt. "
        "Intervals are 95 %, bootstrapped over patches and pairs with a fixed seed."
    )
    return [
        Heading("Validation", 1),
        Text(_NOTE),
        Text(told),
        Table(("photos", "of what"), rows),
    ]


def _left_out() -> list[Block]:
    """What the phantom says of itself."""
    about = (scarscope.phantom.__doc__ or "").split("\n\n")
    told = [" ".join(part.split()) for part in about if "left out" in part]
    return [Text(re.sub(r"``([^`]*)``", r"`\1`", text)) for text in told]


def _show(items: Sequence[Item]) -> Show:
    """Render and score again what is drawn: nothing but tables was kept."""
    known = {item.name: item for item in items}

    def show(path: str) -> Shown:
        photo = photograph(known[path])[0]
        found = score_rendered(photo).scars.labels_px()
        return Shown(photo.rgb, found, photo.labels)

    return show
