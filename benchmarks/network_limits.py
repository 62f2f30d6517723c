"""Where the learned segmenter ends: other spacings of pixels, and whole faces without a scar.

    python -m benchmarks.network_limits [--skins 10] [--faces 4] [--json FILE]

The same simulated skins are photographed at several spacings, and whole faces without any scar,
where all that is found is false. Seeds are the validation's own range, beyond those that its photos
use, so that nothing was tuned on them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from scarscope.measures import score
from scarscope.phantom import random_face, random_patch
from scarscope.phantom.lights import LIGHT_NAMES, LightName
from scarscope.phantom.seeds import VALIDATION
from scarscope.photo import read_photo
from scarscope.scars import NetworkSegmenter, Segmenter
from scarscope.validation.standard_item import compare_rendered, score_rendered

_LIGHTS: tuple[LightName, ...] = ("ring", "twin", "offaxis", "raking")
SPACINGS = (0.03, 0.04, 0.06, 0.08, 0.10, 0.12, 0.15, 0.20, 0.25)
_ABOUT_SCALE = {"OUTSIDE_SCALE_RANGE", "COARSE_RESOLUTION"}
_SIDE_MM, _SCARS = 30.0, 15
_SKINS, _FACES = VALIDATION.start + 9000, VALIDATION.start + 9500
_FACE_MM_PER_PX = 0.1


def by_spacing(segmenter: Segmenter, skins: int) -> pd.DataFrame:
    """How right the same skins are at each spacing; one row a spacing."""
    return pd.DataFrame([_at(spacing, segmenter, skins) for spacing in SPACINGS])


def _at(spacing: float, segmenter: Segmenter, skins: int) -> dict[str, Any]:
    rows, flags = [], set()
    for number in range(skins):
        photo = random_patch(
            _SKINS + number,
            size_mm=(_SIDE_MM, _SIDE_MM),
            mm_per_px=spacing,
            light=_LIGHTS[number % len(_LIGHTS)],
            n_scars=_SCARS,
        )
        found = score_rendered(photo, segmenter)
        ratio = found.burden_um / max(photo.burden_um, 1e-9)
        rows.append({**compare_rendered(photo, found).photo, "burden_ratio": ratio})
        flags |= {flag.name for flag in found.flags if flag.name}
    table = pd.DataFrame(rows)
    hit, false, missed = (table[f"{what}_3mm"].sum() for what in ("hit", "false", "missed"))
    shared, true, own = table[["shared_area_mm2", "true_area_mm2", "found_area_mm2"]].sum()
    return {
        "mm_per_px": spacing,
        "f1_3mm": float(2 * hit / max(2 * hit + false + missed, 1)),
        "dice": float(2 * shared / max(true + own, 1e-9)),
        "burden_ratio": float(table["burden_ratio"].median()),
        "flags": " ".join(sorted(flags & _ABOUT_SCALE)),
    }


def faces(segmenter: Segmenter, count: int) -> Iterator[dict[str, Any]]:
    """What is found on whole faces that have no scar; one row a face."""
    for number in range(count):
        light = LIGHT_NAMES[number % len(LIGHT_NAMES)]
        face = random_face(
            _FACES + number,
            mm_per_px=_FACE_MM_PER_PX,
            light=light,
            n_scars=0,
            dtype=np.float32,
        )
        found = score(read_photo(face.rgb, mm_per_px=_FACE_MM_PER_PX), segmenter=segmenter)
        cm2 = found.skin.area / 100
        yield {
            "face": number + 1,
            "light": light,
            "ita_deg": round(face.ita_deg),
            "skin_cm2": round(cm2, 1),
            "false": found.n_scars,
            "false_per_10cm2": 10 * found.n_scars / max(cm2, 1e-9),
        }


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--skins", type=int, default=10, help="at each spacing")
    parser.add_argument("--faces", type=int, default=4, help="whole faces without a scar")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    segmenter = NetworkSegmenter()
    spacings = by_spacing(segmenter, options.skins)
    whole = pd.DataFrame(list(faces(segmenter, options.faces)))
    for table in (spacings, whole):
        sys.stdout.write(table.round(2).to_string(index=False) + "\n\n")
    if options.json:
        figures = {"by_spacing": spacings.to_dict("records"), "faces": whole.to_dict("records")}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
