"""The README's figures of comparing, taken from ``docs/change.json`` and nowhere else.

python -m scarscope.validation.pair_readme            write them
python -m scarscope.validation.pair_readme --check    exit status 1 where they are not the same
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from scarscope.validation.bars import PASSED_WORDS
from scarscope.validation.readme_block import ReadmeBlock, bar_of

BEGIN, END = "<!-- change figures -->", "<!-- /change figures -->"


def block(summary: Mapping[str, Any]) -> str:
    """The marked block of the README.

    Parameters
    ----------
    summary : Mapping
        The content of ``docs/change.json``.
    """
    low, high = summary["seeds"]
    names = list(summary["segmenters"])
    found = [
        [bar_of(key, told) for key, told in own["figures"].items()]
        for own in summary["segmenters"].values()
    ]
    heads = ["question", *(f"{name} (95 % interval)" for name in names), "bar", ""]
    lines = [
        BEGIN,
        f"On {summary['pairs']} simulated pairs of photos with known truth (seeds {low} to {high},",
        "none used for tuning), all skin tones, four lights:",
        "",
        f"| {' | '.join(heads)} |",
        f"| {' | '.join(['---'] * len(heads))} |",
    ]
    for asked in zip(*found, strict=True):
        bar = asked[0]
        limit = bar.of("relief" if names[0] == "relief" else "network")
        cells = (bar.question, *(one.told() for one in asked), bar.limit(limit), bar.verdict(limit))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", PASSED_WORDS, END])


README = ReadmeBlock(BEGIN, END, "change.json", block)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    return README.run(
        "python -m scarscope.validation.pair_readme", (__doc__ or "").split("\n")[0], arguments
    )


if __name__ == "__main__":
    sys.exit(main())
