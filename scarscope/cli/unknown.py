"""Arguments that a command does not know, and what may have been meant."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NoReturn

_LIKE = 0.7  # of the letters must agree, in order: "--mm_per_px" and "--mm-per-px" do by 0.82


def complaint(parser: argparse.ArgumentParser) -> Callable[[Sequence[str]], NoReturn]:
    """Ends the program over arguments that `parser` did not know, with its usage."""
    return partial(_complain, parser)


def _complain(parser: argparse.ArgumentParser, unknown: Sequence[str]) -> NoReturn:
    told = f"unrecognized arguments: {' '.join(unknown)}"
    meant = list(dict.fromkeys(_meant(parser, unknown)))
    if meant:
        told += f"\n  Did you mean {' and '.join(meant)}? See {parser.prog} --help."
    parser.error(told)


def _meant(parser: argparse.ArgumentParser, unknown: Sequence[str]) -> Iterator[str]:
    known = [name for action in parser._actions for name in action.option_strings]
    for argument in unknown:
        if argument.startswith("-"):
            name = argument.partition("=")[0].replace("_", "-")
            yield from difflib.get_close_matches(name, known, n=1, cutoff=_LIKE)
