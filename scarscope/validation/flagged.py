"""What quality flags are worth: the figures with and without the photos that carry them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.flags import REGISTRY, Flag
from scarscope.validation.bars import tone_gap
from scarscope.validation.page import Block, Heading, Table, Text, number
from scarscope.validation.result import Validation, draw_together

# Figure: its heading, and digits.
_SHOWN = {
    "f1_3mm": ("F1 (3 mm)", 2),
    "dice": ("Dice", 2),
    "spearman_burden": ("Spearman", 2),
    "burden_bias_pct": ("burden bias, %", 0),
    "volume_bias_pct": ("volume bias, %", 0),
}
_WHY = (
    "A flag is worth setting where the photos that carry it are read worse, and where the rest "
    "are read better without them. Figures of a handful of photos are no more than a hint."
)


def flagged(result: Validation) -> list[Block]:
    """A table of photos with and without each flag; empty where no photo has one.

    Flags that merely inform are left out.

    Parameters
    ----------
    result : Validation
        Photos with scars, and their flags as text.
    """
    photos = result.photos[result.photos["set"].isin(["", "scars"])]
    parts = [(told, photos[mask]) for told, mask in _parts(photos["flags"])]
    if len(parts) < 2:
        return []
    rows = tuple((told, str(len(own)), *_cells(result, own)) for told, own in parts)
    head = ("photos", "n", *(title for title, _ in _SHOWN.values()), "gap between tones")
    return [Heading("With and without flags", 3), Text(_WHY), Table(head, rows)]


def _parts(flags: pd.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    sets = [Flag.parse(text) for text in flags]
    yield "all", np.ones(len(sets), bool)
    told = [info.flag for info in REGISTRY if info.severity != "info"]
    seen = {flag: np.array([flag in own for own in sets], bool) for flag in told}
    seen = {flag: mask for flag, mask in seen.items() if mask.any()}
    for flag, mask in seen.items():
        yield f"with `{flag.name}`", mask
        yield f"without `{flag.name}`", ~mask
    if len(seen) > 1:
        yield "without any of these flags", ~np.logical_or.reduce(list(seen.values()))


def _cells(result: Validation, own: pd.DataFrame) -> Iterator[str]:
    part = draw_together(own, result.scars)  # scars of other photos fall away
    for name, (_, digits) in _SHOWN.items():
        yield number(part.value(name), digits)
    yield number(tone_gap(part).value, 2)
