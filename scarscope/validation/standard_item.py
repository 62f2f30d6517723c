"""One item of the standard set: rendered, scored, held against its truth."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np

import scarscope.phantom
from scarscope.measures import score
from scarscope.measures.model import Score
from scarscope.phantom.render import Rendered
from scarscope.photo import read_photo
from scarscope.scars.model import Segmenter
from scarscope.validation.compare import PhotoComparison, compare_photo
from scarscope.validation.marked import mark
from scarscope.validation.standard_segmenter import SegmenterName, segmenter_of
from scarscope.validation.standard_set import Item, photograph

# What decides an item's figures; a change of any of it makes kept items stale.
_CODE = (
    *("params", "flags.py", "photo", "skin", "scars", "measures", "phantom"),
    *("study/agreement/centres.py", "change/matching.py"),
    *(f"validation/{name}.py" for name in ("marked", "matching", "compare")),
    *(f"validation/standard_{name}.py" for name in ("set", "item", "segmenter")),
)

Rows = dict[str, list[dict[str, Any]]]


def run_item(item: Item, segmenter: SegmenterName = "relief") -> Rows:
    """Render and score one item and hold it against its truth.

    Parameters
    ----------
    item : Item
    segmenter : {"relief", "network"}
        What finds the scars.

    Returns
    -------
    dict
        Rows of ``photos`` and ``scars`` that JSON can hold.
    """
    return held_against_truth(item, segmenter_of(segmenter))


def held_against_truth(item: Item, finder: Segmenter) -> Rows:
    """The same of a segmenter of any kind and weights."""
    rows: Rows = {"photos": [], "scars": []}
    for number, photo in enumerate(photograph(item)):
        path = f"{item.name}-{number}" if item.part in ("retest", "treated", "confounder") else ""
        place = {**_place(item, number), "path": path or item.name}
        found = score_rendered(photo, finder, name=place["path"])
        rows["photos"].append({**place, **_figures(photo, found)})
        compared = compare_rendered(photo, found)
        rows["photos"][-1] |= dict(compared.photo)
        scars = compared.scars.to_dict(orient="records")
        rows["scars"] += [{"path": place["path"], **_plain(scar)} for scar in scars]
    rows["photos"] = [_plain(row) for row in rows["photos"]]
    return rows


def score_rendered(photo: Rendered, segmenter: Segmenter, *, name: str = "phantom") -> Score:
    """Score a simulated photo as a user's would be."""
    read = read_photo(photo.rgb, mm_per_px=photo.mm_per_px, name=name)
    return score(read, segmenter=segmenter)


def compare_rendered(photo: Rendered, found: Score) -> PhotoComparison:
    """Hold a score against the truth of the simulated photo."""
    scale = photo.mm_per_px
    own = mark(found.scars.labels_px(), mm_per_px=scale, table=found.scars.table)
    depth_um = photo.depth_mm * 1000
    truth = mark(photo.labels, mm_per_px=scale, table=photo.table, depth_um=depth_um)
    return compare_photo(own, truth)


def _place(item: Item, number: int) -> dict[str, Any]:
    retest = item.part == "retest" and number == 1
    return {
        "set": item.part,
        "subject": item.name,
        "session": 0 if item.part == "retest" else number,
        "view": "patch",
        "kind": "retest" if retest else "session",
        "distractor": item.kind if item.part == "distractor" else "",
        "confounder": item.kind if item.part == "confounder" else "",
    }


def _figures(photo: Rendered, found: Score) -> dict[str, Any]:
    area = float(np.count_nonzero(photo.region)) * photo.mm_per_px**2
    return {
        "light": photo.light,
        "ita_deg": photo.ita_deg,
        "mm_per_px": photo.mm_per_px,
        "area_mm2": found.skin.area,
        "true_burden_um": photo.burden_um,
        "found_burden_um": found.burden_um,
        "found_burden_sd_um": found.values.get("burden_sd_um", math.nan),
        "flags": found.flags.text,
        "true_scar_area_fraction": float(photo.table["area_mm2"].sum()) / area,
        "found_scar_area_fraction": found.scar_area_fraction,
        "true_n_scars": len(photo.table),
        "found_n_scars": found.n_scars,
    }


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """What JSON can hold; NaN becomes null."""
    plain = {str(k): v.item() if isinstance(v, np.generic) else v for k, v in row.items()}
    return {
        k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in plain.items()
    }


def code_digest() -> str:
    """Twelve hexadecimal digits that change with the code that makes figures.

    Learned weights decide as much, for those who use them: see
    :func:`scarscope.validation.standard_segmenter.weights_digest`.
    """
    package = Path(scarscope.phantom.__file__).parents[1]
    digest = hashlib.sha256()
    for name in _CODE:
        at = package / name
        for file in [at] if at.suffix else sorted(at.rglob("*.py")):
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]
