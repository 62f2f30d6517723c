"""What can be typed after plan. Imports nothing heavy, as the parser wants it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PLAN = """\
Say how many subjects a study needs. Trials are simulated as tables, each is analysed as
`scarscope study` would, and it is counted how often the effect is found.

RESULTS is the output of a batch with follow-ups, such as a pilot: how much its subjects, sides and
retests vary is what is planned from. Without it, the measurement error is ScarScope's own, from
simulated pairs of photos, and how differently subjects change is assumed (docs/planning.md).
"""
_PLAN_EXAMPLES = """\
examples:
  scarscope plan --detect 25
  scarscope plan results --detect 25 --design split-face --power 0.9
  scarscope plan --detect 15 --design parallel --photos 1 2 --response-sd 0.2
  scarscope plan --detect 15 --subjects 12 20 30 --csv plan.csv

It also says what change one subject has to show (MDC95) with 1, 2 and 3 photos a visit, and how
well how many retests tell the measurement error. Shares are written as 0.15, not 15.
"""
Commands = Any  # argparse gives its own type no public name
Maker = Callable[[Any, str, str, str, str], argparse.ArgumentParser]


def add_plan(commands: Commands, make: Maker) -> None:
    """Add ``scarscope plan``; `make` is the parser's own maker of commands."""
    parser = make(commands, "plan", _PLAN, _PLAN_EXAMPLES, "how many subjects a study needs")
    parser.add_argument(
        "results", nargs="?", type=Path, metavar="RESULTS", help="output folder of a batch"
    )
    parser.add_argument(
        "--detect",
        type=_fall,
        required=True,
        metavar="P",
        help="fall of burden by treatment at the last visit that is to be found, in percent of "
        "what it would be without",
    )
    _add_design(parser)
    _add_spreads(parser)
    _add_search(parser)


def _add_design(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the study")
    group.add_argument(
        "--design",
        choices=("split-face", "parallel"),
        default="split-face",
        help="one side of each subject is treated, or half of the subjects (default: split-face)",
    )
    group.add_argument(
        "--visits",
        nargs="+",
        type=_count,
        default=(3,),
        metavar="N",
        help="visits after baseline; several are tried in turn (default: 3)",
    )
    group.add_argument(
        "--photos",
        nargs="+",
        type=_count,
        default=(1,),
        metavar="N",
        help="photos of each side that are averaged at every visit (default: 1)",
    )
    group.add_argument(
        "--sides",
        type=int,
        choices=(1, 2),
        default=2,
        help="of a subject, in parallel arms (default: 2)",
    )
    group.add_argument(
        "--dropout",
        type=_share,
        default=0.15,
        metavar="F",
        help="share of subjects who have left by the last visit (default: 0.15)",
    )
    group.add_argument(
        "--refused",
        type=_share,
        default=0.05,
        metavar="F",
        help="share of follow-up photos that cannot be compared (default: 0.05)",
    )


def _add_spreads(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how much skin varies (log scale: 0.1 is 10 %)")
    group.add_argument(
        "--response-sd",
        type=_sd,
        metavar="F",
        help="how differently sides change (default: of RESULTS, or 0.1)",
    )
    group.add_argument(
        "--effect-sd",
        type=_sd,
        default=0.0,
        metavar="F",
        help="how differently sides respond to the treatment, beyond that (default: 0)",
    )


def _add_search(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the search")
    group.add_argument(
        "--power", type=_inside, default=0.8, metavar="F", help="wanted (default: 0.8)"
    )
    group.add_argument(
        "--alpha", type=_inside, default=0.05, metavar="F", help="two-sided level (default: 0.05)"
    )
    group.add_argument(
        "--subjects",
        nargs="+",
        type=_count,
        default=(),
        metavar="N",
        help="say the power of these sizes instead of searching",
    )
    group.add_argument(
        "--most",
        type=_count,
        default=200,
        metavar="N",
        help="subjects to give up at (default: 200)",
    )
    group.add_argument(
        "--simulations",
        type=_count,
        default=400,
        metavar="N",
        help="trials simulated of each size (default: 400: power to about 4 points)",
    )
    group.add_argument("--seed", type=_whole, default=0, metavar="S", help="of chance (default: 0)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table of sizes here")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document and nothing else"
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _fall(text: str) -> float:
    value = _number(text)
    if not 1 <= value < 100:  # 0.25 is a share
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a fall in percent from 1 and below 100, such as 25"
        )
    return value


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 up to 1, such as 0.15")
    return value


def _inside(text: str) -> float:
    value = _number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} does not lie between 0 and 1, as 0.8 does")
    return value


def _sd(text: str) -> float:
    value = _number(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a standard deviation of 0 or more")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)
