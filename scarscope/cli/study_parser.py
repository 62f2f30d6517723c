"""What can be typed after study. Imports nothing heavy, as the parser wants it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STUDY = """\
Say what changed in a finished batch: every subject's response with its error, responders, the
course of each arm, single scars by type and size, the difference between arms, safety, and a
methods paragraph. Figures need: pip install "scarscope[study]"

Arms and sides come from the columns `arm` and `side` of the manifest, treatments from `treated_on`.
Without them all subjects are taken together. Photos that could not be compared stay in the tables
as such and count nowhere.
"""
_STUDY_EXAMPLES = """\
examples:
  scarscope study results
  scarscope study results --threshold 30 --control sham
  scarscope study results --covariate age device --visit 3
  scarscope study results --measure n_scars --no-figures

writes into DIR/study:
  response.csv      one row a follow-up and measure   course.csv       each arm at each visit
  subjects.csv      one row a subject and visit       responders.csv   who responded, by three rules
  contrasts.csv     arm against arm, from a model     means.csv        adjusted means of that model
  endpoints.csv     all endpoints, p values adjusted  model_checks.csv, other_analyses.csv
  marks.csv, treatments.csv, windows.csv, contraindications.csv        safety
  exclusions.csv    what could not be compared, why   dictionary.csv   what every column means
  methods.md        what was done, to be read and used
  *.svg, *.png      figures at print size (300 dots an inch)
"""
Commands = Any  # argparse gives its own type no public name
Maker = Callable[[Any, str, str, str, str], argparse.ArgumentParser]


def add_study(commands: Commands, make: Maker) -> None:
    """Add ``scarscope study``; `make` is the parser's own maker of commands."""
    parser = make(commands, "study", _STUDY, _STUDY_EXAMPLES, "what changed over a finished batch")
    parser.add_argument("results", type=Path, metavar="DIR", help="output folder of a batch")
    parser.add_argument(
        "--measure", metavar="M", help="the endpoint, as in changes.csv (default: burden_um)"
    )
    parser.add_argument(
        "--threshold",
        type=_percent,
        default=50.0,
        metavar="P",
        help="fall in percent of baseline from which on a subject responds (default: 50)",
    )
    parser.add_argument(
        "--control", metavar="ARM", help="arm that others are held against (default: by its name)"
    )
    parser.add_argument(
        "--covariate",
        nargs="+",
        default=(),
        metavar="C",
        help="columns of the manifest that the model takes into account",
    )
    parser.add_argument(
        "--visit",
        type=int,
        metavar="N",
        help="session that the study is about (default: the last; choose before looking)",
    )
    parser.add_argument(
        "--no-figures", dest="figures", action="store_false", help="tables and words only"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document and nothing else"
    )


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 100:  # 0.5 is a share, and would let everybody respond
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage from 1 to 100, such as 50")
    return value
