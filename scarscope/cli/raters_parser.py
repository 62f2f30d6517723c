"""What can be typed after export, unblind and protocol. Imports nothing, as the parser wants it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

_EXPORT = """\
Export a finished batch: its tables with a dictionary of every column, those of its study (written
by scarscope study) in OUT/study; or, with --blind, its photos for people who rate them without
knowing whose they are and when they were taken.

Tables bear the subjects' names as the manifest has them. Raters get none of them.
"""
_EXPORT_EXAMPLES = """\
examples:
  scarscope export results --out tables
  scarscope export results --out tables --format parquet
  scarscope export results --out for-raters --blind --repeats 10
  scarscope export results --out for-raters --blind --ask n_scars roughness=0-10
  scarscope export results --out for-raters --blind --together

with --blind, OUT is what raters get:
  OUT/pictures/CODE.png     pixels alone: no name, date, metadata; files of one size and time
  OUT/scores.csv            the sheet to fill in, one row a picture
  OUT/marks.csv             a sheet for the places of single scars
  OUT/README.txt            what to do
and raters must never get:
  DIR/blinding/OUT-KEY-not-for-raters.json    which picture is which; scarscope unblind reads it

What lies in the pixels stays: look at the pictures for dates and names before you give them away.
"""
_UNBLIND = """\
Read what raters filled in, by the key, and say how far they agree: with each other, with themselves
where pictures were shown twice, and with ScarScope; photo by photo, and scar by scar where they
marked scars (centres within 3 mm are the same scar).

Sheets that do not fit the key are refused, and every row that does not fit is named. Name each
sheet after its rater: anna.csv, and anna-marks.csv for marks.

Outlines that raters drew (--masks: a folder each, files called after the codes, masks or LabelMe)
are written under the names of the photos, for scarscope validate and scarscope train.
"""
_UNBLIND_EXAMPLES = """\
examples:
  scarscope unblind results anna.csv ben.csv
  scarscope unblind results anna.csv ben.csv --marks anna-marks.csv ben-marks.csv
  scarscope unblind results anna.csv --allow-missing --out ratings
  scarscope unblind results --masks anna ben
  scarscope validate results results/ratings/masks/anna

writes (to DIR/ratings, or to --out):
  ratings.csv           one row a rater and photo      agreement.csv        photo by photo
  marks.csv, scars.csv  marks; all scars marked        scar_agreement.csv   scar by scar
  masks/RATER/          drawings, named like photos    drawings.csv         whose, of which photo
"""
_PROTOCOL = """\
Say which way of photographing has the smaller measurement error.

With a TOML file of protocols (light, camera, how exactly both are kept): tried on simulated skin,
which is photographed before, again, and after a treatment of known effect. The error is held
against how much of the true change is seen. This is a forecast; your own retests are the proof.

With a batch's output: from its retests (kind `retest` in the manifest), by a column of the manifest
that says how they were photographed.
"""
_PROTOCOL_EXAMPLES = """\
examples:
  scarscope protocol --example > protocols.toml     a file to begin with
  scarscope protocol protocols.toml --out tried
  scarscope protocol results --by device
"""

Commands = Any  # argparse gives its own type no public name
Maker = Callable[[Any, str, str, str, str], argparse.ArgumentParser]


def add_export(commands: Commands, make: Maker) -> None:
    """Add ``scarscope export``; `make` is the parser's own maker of commands."""
    parser = make(commands, "export", _EXPORT, _EXPORT_EXAMPLES, "tables, or photos for raters")
    parser.add_argument("results", type=Path, metavar="DIR", help="output folder of a batch")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="where to")
    parser.add_argument(
        "--format", choices=("csv", "parquet"), default="csv", help="of tables (default: csv)"
    )
    blind = parser.add_argument_group("for human raters")
    blind.add_argument("--blind", action="store_true", help="photos instead of tables")
    blind.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="the photos (default: where they were scored)"
    )
    blind.add_argument(
        "--key", type=Path, metavar="FILE", help="where the key is kept (default: DIR/blinding)"
    )
    blind.add_argument(
        "--ask",
        nargs="+",
        metavar="Q",
        help="n_scars, goodman_baron_grade, scar_s_face, ecca_atrophic, or NAME=LOW-HIGH",
    )
    blind.add_argument("--view", nargs="+", default=(), metavar="V", help="only these views")
    blind.add_argument(
        "--repeats", type=_whole, default=0, metavar="N", help="photos shown twice (default: 0)"
    )
    blind.add_argument(
        "--together",
        action="store_true",
        help="visits of the same skin side by side, their order drawn (default: each by itself)",
    )
    blind.add_argument(
        "--picture", choices=("png", "jpg"), default="png", help="every pixel, or small files"
    )
    _add_json(parser)


def add_unblind(commands: Commands, make: Maker) -> None:
    """Add ``scarscope unblind``."""
    parser = make(commands, "unblind", _UNBLIND, _UNBLIND_EXAMPLES, "read raters' scores")
    parser.add_argument("results", type=Path, metavar="DIR", help="output folder of the batch")
    parser.add_argument(
        "sheets", nargs="*", type=Path, metavar="SHEET", help="score sheets, one a rater"
    )
    parser.add_argument(
        "--marks", nargs="+", type=Path, default=(), metavar="SHEET", help="marks, one a rater"
    )
    parser.add_argument(
        "--masks", nargs="+", type=Path, default=(), metavar="FOLDER", help="drawings, one a rater"
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="default: the only one in DIR/blinding"
    )
    parser.add_argument(
        "--allow-missing", action="store_true", help="accept pictures that were not rated"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where tables go (default: DIR/ratings)"
    )
    _add_json(parser)


def add_protocol(commands: Commands, make: Maker) -> None:
    """Add ``scarscope protocol``."""
    parser = make(
        commands, "protocol", _PROTOCOL, _PROTOCOL_EXAMPLES, "which way of photographing is better"
    )
    parser.add_argument(
        "source", nargs="?", type=Path, metavar="FILE", help="TOML file, or a batch's output"
    )
    parser.add_argument("--example", action="store_true", help="print a file to begin with")
    parser.add_argument("--by", metavar="COLUMN", help="of the manifest, for a batch's output")
    parser.add_argument("--reference", metavar="NAME", help="protocol that others are held against")
    parser.add_argument(
        "--measure", default="burden_um", metavar="M", help="of retests (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write tables here")
    _add_json(parser)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document and nothing else"
    )


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)
