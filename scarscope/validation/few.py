"""Skin with few scars, apart from the bars: there a single scar weighs more.

Bars are asked of patches with many scars. What is averaged over thirty of them there rests on ten
where scars are few, so that a figure says as much of density as of the segmenter. The second
renderer of the benchmarks draws both kinds too: it is held against this part with its few, and
against the bars' part with its many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scarscope.validation import sections
from scarscope.validation.page import Block, Heading, Text
from scarscope.validation.result import Validation, draw_together
from scarscope.validation.standard_segmenter import SegmenterName
from scarscope.validation.standard_set import FEW_SCARS, PATCH_MM, SCARS_PER_CM2


def _density(scars: int) -> str:
    return f"{scars / PATCH_MM**2 * 100:.1f}"


# What is worth telling of a small set.
FIGURES = (
    *("f1_3mm", "precision_3mm", "recall_3mm", "f1_by_chance", "dice", "type_accuracy"),
    *("spearman_burden", "burden_bias_pct", "burden_in_90_pct", "depth_bias_um"),
)
# Before what figures of these photos go by in tables that hold both.
FEW = "few: "
_WHY = (
    f"The patches above hold {SCARS_PER_CM2[0]:g} to {SCARS_PER_CM2[-1]:g} scars per cm2, these "
    f"{FEW_SCARS[0]} to {FEW_SCARS[-1]} in {PATCH_MM:g} mm, which is {_density(FEW_SCARS[0])} to "
    f"{_density(FEW_SCARS[-1])} per cm2, so that the two overlap. Half a face of 70 cm2 with the "
    "12 scars that a trial counted on average (Dreno 2018) holds fewer still. A burden then rests "
    "on a handful of scars. Comparable light, as above."
)


def few_scars(whole: Validation) -> Validation:
    """The figures of the photos with few scars alone."""
    photos = whole.photos[whole.photos["set"] == "few"]
    return draw_together(photos.assign(set="scars"), whole.scars)


def section(goods: Mapping[SegmenterName, Validation]) -> list[Block]:
    """What the page says of them; nothing where the set holds none."""
    found = {name: few_scars(good) for name, good in goods.items()}
    if not any(len(result.photos) for result in found.values()):
        return []
    by_light = [
        block
        for name, result in found.items()
        for block in (Text(f"By light, {name}:"), *sections.by_photo(result, ["light"]))
    ]
    return [
        Heading("Where scars are few"),
        Text(_WHY),
        *sections.side_by_side(found, figures=FIGURES),
        *by_light,
    ]


def told(good: Validation) -> dict[str, dict[str, float | None]]:
    """The figures as ``validation.json`` holds them; what is not known is None."""
    figures = few_scars(good).figures
    own = figures[(figures["by"] == "all") & figures["figure"].isin(FIGURES)]
    rows = own.set_index("figure")[["value", "low", "high"]].to_dict(orient="index")
    return {
        str(name): {str(k): float(f"{v:.8g}") if math.isfinite(v) else None for k, v in row.items()}
        for name, row in rows.items()
    }
