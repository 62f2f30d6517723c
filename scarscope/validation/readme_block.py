"""A marked block of the README that is written from a file of figures, and from nowhere else."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scarscope.batch.write import write_bytes
from scarscope.errors import LayoutError
from scarscope.validation.bars import Bar

Summary = Mapping[str, Any]


@dataclass(frozen=True)
class ReadmeBlock:
    """One block.

    Attributes
    ----------
    begin, end : str
        Its marks.
    source : str
        The file below ``docs/`` that its figures are taken from.
    draw : callable
        Makes the block, marks and all, from that file's content.
    """

    begin: str
    end: str
    source: str
    draw: Callable[[Summary], str]

    def replaced(self, readme: str, summary: Summary) -> str:
        """The README with its block as it should be.

        Raises
        ------
        LayoutError
            If the README has no marked block.
        """
        before, found, rest = readme.partition(self.begin)
        _, closed, after = rest.partition(self.end)
        if not found or not closed:
            raise LayoutError(
                f"The README has no block between {self.begin} and {self.end}.",
                remedy="Add the two marks.",
            )
        return f"{before}{self.draw(summary)}{after}"

    def check_marks(self, readme: Path) -> None:
        """Make sure that there is a block to write.

        Raises
        ------
        LayoutError
            If there is no such file, or it has no marked block.
        """
        if not readme.is_file():
            raise LayoutError(f"There is no file {readme}.", remedy="Name the repository's README.")
        text = readme.read_text(encoding="utf-8")
        start = text.find(self.begin)
        if start < 0 or text.find(self.end, start) < 0:
            raise LayoutError(
                f"{readme} has no block between {self.begin} and {self.end}.",
                remedy="Add the two marks.",
            )

    def write(self, readme: Path, summary: Summary) -> Path:
        """Write the block; returns the file."""
        new = self.replaced(readme.read_text(encoding="utf-8"), summary)
        write_bytes(readme, new.encode("utf-8"))
        return readme

    def run(self, program: str, text: str, arguments: Sequence[str] | None = None) -> int:
        """Write or check the block of a repository; returns the exit status."""
        parser = argparse.ArgumentParser(prog=program, description=text)
        parser.add_argument("--root", type=Path, default=Path(), help="of the repository")
        parser.add_argument("--check", action="store_true", help="compare instead of writing")
        options = parser.parse_args(arguments)
        readme = options.root / "README.md"
        content = json.loads((options.root / "docs" / self.source).read_text(encoding="utf-8"))
        old = readme.read_text(encoding="utf-8")
        if options.check:
            return int(self.replaced(old, content) != old)
        print(self.write(readme, content))
        return 0


def bar_of(key: str, found: Mapping[str, Any]) -> Bar:
    """A bar as it stands in a file of figures, to be shown."""
    names = ("value", "low", "high", "first", "then", "middle")
    values = {n: math.nan if found[n] is None else float(found[n]) for n in names}
    return Bar(key, found["question"], side=found["side"], digits=int(found["digits"]), **values)
