"""The README's figures of comparing, taken from ``docs/change.json`` and nowhere else.

python -m scarscope.validation.pair_readme            write them
python -m scarscope.validation.pair_readme --check    exit status 1 where they are not the same
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
        [_bar(key, told) for key, told in own["figures"].items()]
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
    return "\n".join([*lines, END])


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


def check_marks(readme: Path) -> None:
    """Make sure that there is a block to write.

    Raises
    ------
    LayoutError
        If there is no such file, or it has no marked block.
    """
    if not readme.is_file():
        raise LayoutError(f"There is no file {readme}.", remedy="Name the repository's README.")
    text = readme.read_text(encoding="utf-8")
    start = text.find(BEGIN)
    if start < 0 or text.find(END, start) < 0:
        raise LayoutError(
            f"{readme} has no block between {BEGIN} and {END}.", remedy="Add the two marks."
        )


def write_readme(readme: Path, summary: Mapping[str, Any]) -> Path:
    """Write the block; returns the file."""
    new = replaced(readme.read_text(encoding="utf-8"), summary)
    write_bytes(readme, new.encode("utf-8"))
    return readme


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scarscope.validation.pair_readme",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--root", type=Path, default=Path(), help="of the repository")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    readme = options.root / "README.md"
    content = json.loads((options.root / "docs" / "change.json").read_text(encoding="utf-8"))
    old = readme.read_text(encoding="utf-8")
    if options.check:
        return int(replaced(old, content) != old)
    print(write_readme(readme, content))
    return 0


if __name__ == "__main__":
    sys.exit(main())
