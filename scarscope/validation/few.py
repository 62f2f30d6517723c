"""Skin with few scars, apart from the bars: there each scar that is missed or invented counts more.

The bars are about skin as densely scarred as the worst cheeks. Trials counted some 12 scars on half
a face (Dreno 2018), so that most photos hold few, and what is averaged over thirty scars in a dense
one rests on ten. How much of a figure is owed to density is told here; the benchmarks' second
renderer draws both kinds too, so that like is held against like.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scarscope.validation import sections
from scarscope.validation.page import Block, Heading, Text
from scarscope.validation.result import Validation, draw_together
from scarscope.validation.standard_segmenter import SegmenterName
from scarscope.validation.standard_set import FEW_SCARS, PATCH_MM

# What is worth telling of a small set.
FIGURES = (
    *("f1_3mm", "precision_3mm", "recall_3mm", "f1_by_chance", "dice", "type_accuracy"),
    *("spearman_burden", "burden_bias_pct", "burden_in_90_pct", "depth_bias_um"),
)
_WHY = (
    "The figures above are of skin as densely scarred as the worst cheeks. Trials counted some 12 "
    "scars on half a face (Dreno 2018): in most photos scars are few, and a burden then rests on a "
    f"handful of them. These patches hold {FEW_SCARS[0]} to {FEW_SCARS[-1]} scars in "
    f"{PATCH_MM:g} mm; all five lights count."
)
_RANKS = (
    "A rank over such photos stands or falls with their few rolling scars, whose volume outweighs "
    "that of all others, and which flat light hides: where ranks matter, light from the side."
)


def few_scars(whole: Validation) -> Validation:
    """The figures of the photos with few scars alone, every light."""
    photos = whole.photos[whole.photos["set"] == "few"]
    return draw_together(photos.assign(set="scars"), whole.scars)


def section(wholes: Mapping[SegmenterName, Validation]) -> list[Block]:
    """What the page says of them; nothing where the set holds none."""
    found = {name: few_scars(whole) for name, whole in wholes.items()}
    if not any(len(result.photos) for result in found.values()):
        return []
    last, result = list(found.items())[-1]
    return [
        Heading("Where scars are few"),
        Text(_WHY),
        *sections.side_by_side(found, figures=FIGURES),
        Text(f"{_RANKS} By light, {last}:"),
        *sections.by_photo(result, ["light"]),
    ]


def told(whole: Validation) -> dict[str, dict[str, float | None]]:
    """The figures as ``validation.json`` holds them; what is not known is None."""
    figures = few_scars(whole).figures
    own = figures[(figures["by"] == "all") & figures["figure"].isin(FIGURES)]
    rows = own.set_index("figure")[["value", "low", "high"]].to_dict(orient="index")
    return {
        str(name): {str(k): float(f"{v:.8g}") if math.isfinite(v) else None for k, v in row.items()}
        for name, row in rows.items()
    }
