"""The accuracy figures of the README, taken from ``docs/validation.json`` and nowhere else.

python -m scarscope.validation.readme                 write them
python -m scarscope.validation.readme --check         exit status 1 where they are not the same
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from scarscope.validation.bars import PASSED_WORDS, Bar
from scarscope.validation.page import number, with_interval
from scarscope.validation.readme_block import ReadmeBlock, bar_of
from scarscope.validation.standard_set import FEW_SCARS, PATCH_MM

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def block(summary: Mapping[str, Any]) -> str:
    """The marked block of the README.

    Parameters
    ----------
    summary : Mapping
        The content of ``docs/validation.json``.
    """
    found = summary["segmenters"]
    low, high = summary["seeds"]
    bars = {name: [bar_of(k, v) for k, v in own["figures"].items()] for name, own in found.items()}
    lines = [
        BEGIN,
        f"On {summary['photos']} simulated photos with known truth (seeds {low} to {high}, none "
        "used for tuning),",
        f"under comparable light and on all skin tones; of them, {_graded(summary)}:",
        "",
        *_table(bars),
        "",
        PASSED_WORDS,
        "Where scars are dense, some lie near any place: marks that know nothing of the skin "
        f"would reach an F1 of {number(list(found.values())[-1]['f1_by_chance'])}.",
        *_few(*list(found.items())[-1]),
    ]
    return "\n".join([*lines, END])


def _graded(summary: Mapping[str, Any]) -> str:
    """How many photos the rows rest on."""
    parts = summary["photos_by_part"]
    return (
        f"{parts.get('scars', 0)} hold many scars, {parts.get('retest', 0) // 2} pairs are retests "
        f"and {parts.get('treated', 0) // 2} treated"
    )


def _few(name: str, own: Mapping[str, Any]) -> list[str]:
    """How a segmenter does where scars are few, in a sentence; none where that is not known."""
    asked = {"f1_3mm": 2, "dice": 2, "spearman_burden": 2, "burden_bias_pct": 0, "f1_by_chance": 2}
    told = []
    for figure, digits in asked.items():
        row = own.get("few", {}).get(figure, {})
        ends = (row.get(end) for end in ("value", "low", "high"))
        value, low, high = (math.nan if end is None else end for end in ends)
        told.append(with_interval(value, low, high, digits))
    if "–" in told:
        return []
    f1, dice, rank, bias, chance = told
    return [
        f"Where scars are few ({FEW_SCARS[0]} to {FEW_SCARS[-1]} in {PATCH_MM:g} mm), the {name}",
        f"segmenter's F1 is {f1} (by chance {chance.partition(' ')[0]}), Dice {dice},",
        f"Spearman {rank} and the bias of burden {bias} %.",
    ]


def _table(bars: Mapping[str, Sequence[Bar]]) -> list[str]:
    """Every segmenter beside the bar of the best; whether the last one reaches it."""
    names = list(bars) if len(bars) > 1 else ["ScarScope"]
    bar = "next bar" if list(bars) == ["relief"] else "bar"
    heads = ["question", *(f"{name} (95 % interval)" for name in names), bar]
    lines = [f"| {' | '.join(heads)} | |", f"| {' | '.join(['---'] * (len(heads) + 1))} |"]
    for asked in zip(*bars.values(), strict=True):
        last = asked[-1]
        told = (one.told() for one in asked)
        cells = (last.question, *told, last.limit(last.then), last.verdict(last.then))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


README = ReadmeBlock(BEGIN, END, "validation.json", block)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    return README.run(
        "python -m scarscope.validation.readme", (__doc__ or "").split("\n")[0], arguments
    )


if __name__ == "__main__":
    sys.exit(main())
