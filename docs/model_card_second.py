"""The second renderer's figures, taken over from a study that was rendered and evaluated."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_card_inputs import SECOND, read_json, read_table

from scarscope.errors import StoreError
from scarscope.phantom.seeds import SECOND_RENDERER
from scarscope.validation.standard_segmenter import SEGMENTERS

_SCARRING = {"many": "many", "few": "few", "free": "none"}


def read_study(study: Path) -> Mapping[str, Any]:
    """What ``docs/second-renderer.json`` is to hold.

    Parameters
    ----------
    study : Path
        Output folder of ``benchmarks.second_renderer.evaluate``.

    Raises
    ------
    StoreError
        If a file is missing, or a photo's seed is not for reporting.
    """
    photos = read_table(study / "truth" / "photos.csv")
    seeds = [int(str(path).partition("/")[0].removeprefix("S")) for path in photos["path"]]
    wrong = sorted(seed for seed in seeds if seed not in SECOND_RENDERER)
    if wrong:
        raise StoreError(
            f"The study shows seed {wrong[0]}, which is not for reporting.",
            remedy="Render it without --tuning.",
        )
    found = {name: _results(study, name) for name in SEGMENTERS if _table(study, name).is_file()}
    told = photos["scarring"].tolist() if "scarring" in photos else []
    shown = {name: told.count(own) for name, own in _SCARRING.items()}
    missing = [name for name in ("many", "few") if not shown[name]]
    if missing:
        raise StoreError(
            f"The study has no photos with {' or '.join(missing)} scars.",
            remedy=f"Make it again: {SECOND} --out DIR, without --many and --few.",
        )
    return {
        "command": f"{SECOND} --out DIR --segmenter network",
        "renderer": "Mitsuba 3",
        "seeds": [SECOND_RENDERER.start, SECOND_RENDERER.stop - 1],
        **shown,
        "segmenters": found,
    }


def _table(study: Path, segmenter: str) -> Path:
    return study / f"results-{segmenter}.csv"


def _results(study: Path, segmenter: str) -> Mapping[str, Any]:
    made = read_json(study / f"results-{segmenter}" / "provenance.json", f"Run {SECOND} again.")
    rows = read_table(_table(study, segmenter)).to_dict(orient="records")
    return {
        "version": made["version"],
        "weights": made["weights"],
        "figures": [{str(k): _plain(v) for k, v in row.items()} for row in rows],
    }


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def text_of(found: Mapping[str, Any]) -> str:
    """The file's text: one line a row of figures, so that changes can be read."""
    blocks = []
    for name, own in found["segmenters"].items():
        rows = ",\n   ".join(json.dumps(row, ensure_ascii=False) for row in own["figures"])
        head = json.dumps({k: v for k, v in own.items() if k != "figures"})[1:-1]
        blocks.append(f'  "{name}": {{{head}, "figures": [\n   {rows}]}}')
    head = json.dumps({k: v for k, v in found.items() if k != "segmenters"}, indent=1)[1:-2]
    joined = ",\n".join(blocks)
    return f'{{{head},\n "segmenters": {{\n{joined}}}}}\n'
