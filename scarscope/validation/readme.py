"""The accuracy figures of the README, taken from ``docs/validation.json`` and nowhere else.

python -m scarscope.validation.readme                 write them
python -m scarscope.validation.readme --check         exit status 1 where they are not the same
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scarscope.batch.write import write_bytes
from scarscope.errors import LayoutError
from scarscope.validation.bars import Bar
from scarscope.validation.page import number

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
    bars = {name: [_bar(k, v) for k, v in own["figures"].items()] for name, own in found.items()}
    lines = [
        BEGIN,
        f"On {summary['photos']} simulated photos with known truth (seeds {low} to {high}, none "
        "used for tuning),",
        "under comparable light and on all skin tones:",
        "",
        *_table(bars),
        "",
        "Where scars are dense, some lie near any place: marks that know nothing of the skin "
        f"would reach an F1 of {number(list(found.values())[-1]['f1_by_chance'])}.",
    ]
    return "\n".join([*lines, END])


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


def _bar(key: str, found: Mapping[str, Any]) -> Bar:
    names = ("value", "low", "high", "first", "then", "middle")
    values = {n: math.nan if found[n] is None else float(found[n]) for n in names}
    return Bar(key, found["question"], side=found["side"], digits=int(found["digits"]), **values)


def replaced(readme: str, summary: Mapping[str, Any]) -> str:
    """The README with its block as it should be.

    Raises
    ------
    LayoutError
        If the README has no marked block.
    """
    before, found, rest = readme.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise LayoutError(
            f"The README has no block between {BEGIN} and {END}.", remedy="Add the two marks."
        )
    return f"{before}{block(summary)}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scarscope.validation.readme", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--root", type=Path, default=Path(), help="of the repository")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    readme = options.root / "README.md"
    content = (options.root / "docs" / "validation.json").read_text(encoding="utf-8")
    old = readme.read_text(encoding="utf-8")
    new = replaced(old, json.loads(content))
    if options.check or new == old:
        return int(new != old)
    write_bytes(readme, new.encode("utf-8"))
    print(readme)
    return 0


if __name__ == "__main__":
    sys.exit(main())
