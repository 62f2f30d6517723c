"""A score in words, for the strip below a picture."""

from __future__ import annotations

import math

from scarscope._version import __version__
from scarscope.flags import describe
from scarscope.measures.model import Score
from scarscope.scars.model import TYPES

_MM2_PER_CM2 = 100.0


def headline(score: Score) -> str:
    """Number of scars, scarred area and burden in one line."""
    number = score.n_scars
    scars = "No scars found" if number == 0 else f"{number} scar{'s' if number > 1 else ''}"
    return f"{scars} · {_area(score)} · {_burden(score)}"


def footer(score: Score) -> str:
    """What made the picture, and what it is not."""
    maker = " ".join(part for part in (score.scars.segmenter, score.scars.weights) if part)
    return f"ScarScope {__version__} · {maker} · research software, not a medical device"


def type_counts(score: Score) -> dict[str, int]:
    """Number of scars by likeliest type."""
    return {kind: int(score.values[f"n_{kind}"]) for kind in TYPES}


def flag_lines(score: Score) -> list[tuple[bool, str]]:
    """What the flags mean, gravest first: whether it is serious, and the words."""
    order = ("serious", "caution", "info")
    found = sorted(describe(score.flags), key=lambda info: order.index(info.severity))
    names = {"serious": "Serious", "caution": "Caution", "info": "Note"}
    return [
        (info.severity == "serious", f"{names[info.severity]}: {info.meaning}") for info in found
    ]


def _area(score: Score) -> str:
    share = f"{100 * score.scar_area_fraction:.1f} % of"
    if "roi_area_mm2" in score.values:
        return f"{share} {float(score.values['roi_area_mm2']) / _MM2_PER_CM2:.1f} cm² scarred"
    return f"{share} the region scarred"


def _burden(score: Score) -> str:
    if "burden_um" in score.values:
        return f"burden {_number(score.burden_um)} µm"
    return f"burden {_number(float(score.values['burden_px']))} px (no scale)"


def _number(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
