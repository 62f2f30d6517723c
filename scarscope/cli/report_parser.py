"""What can be typed after report. Imports nothing heavy, as the parser wants it."""

from __future__ import annotations

import argparse
from pathlib import Path

from scarscope.cli.study_parser import Commands, Maker

_REPORT = """\
Write report.html of a finished batch: one page that works without a network, for whoever does not
read tables. Every subject's course and verdict; before and after laid over each other with a
slider, outlines, depth and change; why photos can be compared or not; what to do at the next visit;
and a summary of one page for print. `scarscope batch` writes it as well.
"""
_REPORT_EXAMPLES = """\
examples:
  scarscope report results
  scarscope report results --pseudonyms --cover-eyes

Photos are patient data: whoever has the page has the photos in it. --pseudonyms writes another
page, DIR/report-pseudonyms.html, without names, file names and dates; DIR/report-key.csv says who
is who, and must be kept apart from it.
Words that a manifest uses for views and arms stay as they are.
"""


def add_report(commands: Commands, make: Maker) -> None:
    """Add ``scarscope report``; `make` is the parser's own maker of commands."""
    parser = make(commands, "report", _REPORT, _REPORT_EXAMPLES, "one page to look at, offline")
    parser.add_argument("results", type=Path, metavar="DIR", help="output folder of a batch")
    parser.add_argument(
        "--pseudonyms",
        action="store_true",
        help="numbers instead of names, days instead of dates, no file names",
    )
    parser.add_argument(
        "--cover-eyes",
        action="store_true",
        help="paint over the eyes of faces that are seen from the front",
    )
    parser.add_argument(
        "--photos-in-one-file",
        type=_count,
        default=100,
        metavar="N",
        help="with more photos every subject has a file of its own (default: 100)",
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of photos; give 1 or more")
    return value
