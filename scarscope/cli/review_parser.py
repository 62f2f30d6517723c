"""What can be typed after review, and about decisions elsewhere. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

_REVIEW = """\
Look at a batch's report and decide: this scar is none, that one is of another type, one was missed,
the region is wrong, the photo must be left out. Every decision has a reason and your initials.
Decisions are written to DIR/review.json; running the same scarscope batch command again applies
them and says so. Needs: pip install "scarscope[review]"

The page is served on this computer alone, to whoever has the address that is printed. Photos and
decisions do not leave it.
"""
_REVIEW_EXAMPLES = """\
examples:
  scarscope report results            makes the page, once
  scarscope review results            opens it; Ctrl-C ends
  scarscope batch photos --out results --mm-per-px 0.06      the same as before: applies them

see docs/review.md: how decisions change figures, and why a reviewer should not know which visit is
which.
"""
Commands = Any  # argparse gives its own type no public name
Maker = Callable[[Any, str, str, str, str], argparse.ArgumentParser]


def add_review(commands: Commands, make: Maker) -> None:
    """Add ``scarscope review``; `make` is the parser's own maker of commands."""
    parser = make(commands, "review", _REVIEW, _REVIEW_EXAMPLES, "correct what a batch found")
    parser.add_argument("results", type=Path, metavar="DIR", help="output folder of a batch")
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="to listen at (default: a free one)"
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address"
    )


def add_review_file(parser: argparse.ArgumentParser) -> None:
    """Add ``--review`` to what applies decisions."""
    parser.add_argument(
        "--review",
        type=Path,
        metavar="FILE",
        help="decisions of a reviewer to apply (default: DIR/review.json where it is there)",
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)
