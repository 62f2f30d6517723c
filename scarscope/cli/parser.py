"""What can be typed, and the help that teaches it. Imports nothing heavy: help comes at once."""

from __future__ import annotations

import argparse
import re
import typing
from pathlib import Path

from scarscope._version import __version__
from scarscope.cli.compare_help import COMPARE, COMPARE_EXAMPLES
from scarscope.cli.plan_parser import add_plan
from scarscope.cli.raters_parser import add_export, add_protocol, add_unblind
from scarscope.cli.report_parser import add_report
from scarscope.cli.review_parser import add_review, add_review_file
from scarscope.cli.study_parser import add_study
from scarscope.cli.train_help import TRAIN, TRAIN_EXAMPLES
from scarscope.cli.unknown import complaint
from scarscope.params import Params, SegmenterName

_MAIN = """\
Find atrophic acne scars in photos and turn them into numbers: how many, how deep, how wide, and
their burden, in millimetres where the photo's scale is stated.

start here:
  scarscope doctor                                  does everything work on this computer?
  scarscope batch data/samples --out results        score a folder of photos
  scarscope report results --open                   look at what changed
  scarscope study results                           what changed: tables, figures, methods
  scarscope COMMAND --help                          more about one command, with examples
"""
_STATUS = """\
exit status: 0 all done; 1 nothing could be done; 2 wrong usage; 3 some photos failed (each is
named at the end). Set SCARSCOPE_DEBUG=1 to see where an unexpected error comes from.
"""
_SCORE = """\
Score single photos and print their numbers.

Without a scale (--mm-per-px, or a file left.jpg.json beside left.jpg that holds
{"mm_per_px": 0.06}) sizes are in pixels and cannot be compared between photos. To find it, divide
a known length in mm by its length in pixels of the upright photo.
"""
_SCORE_EXAMPLES = """\
examples:
  scarscope score data/samples/P01/2026-01-12/left.jpg
  scarscope score data/samples/P01/2026-01-12/left.jpg --mm-per-px 0.06 --out scored
  scarscope score data/samples/P01/2026-01-12/left.jpg --segmenter relief
  scarscope score data/samples/P01/2026-01-12/left.jpg --json

with --out DIR:
  DIR/photos.csv            one row a photo: every number
  DIR/scars.csv             one row a scar
  DIR/overlays/left.jpg.jpg the photo with its scars outlined; named after the whole file name, and
                            in subfolders where photos come from several
  DIR/masks/left.jpg.png    scar_id of each pixel of the upright photo (16 bits)
  DIR/depth/left.jpg.png    missing depth in outlined scars (16 bits): micrometres, without a scale
                            thousandths of a pixel
"""
_BATCH = """\
Score every photo of a folder. Run the same command again to continue where it was left, or after
adding photos: only what is new or changed is scored.

The folder is understood by one of:
  a manifest.csv in it      columns path,subject,session,date,view; further ones are carried along:
                            mm_per_px, roi, kind (session or retest), side, arm, treated_on, notes
  folders' names            <subject>/<session or ISO date>/<view>.jpg, such as P01/s0/left.jpg
                            or P01/2026-03-01/left.jpg; session 0 is baseline
  --layout TEMPLATE         any other order of names, such as "{subject}/{date}_{view}"
  photos in a heap          each photo lying directly in the folder is a subject of its own
"""
_BATCH_EXAMPLES = """\
examples:
  scarscope batch data/samples --out results
  scarscope batch data/samples --out results --workers 1
  scarscope batch data/samples --out results --mm-per-px 0.06
  scarscope batch data/samples --out results-layout --layout "{subject}/{session}/{view}"

look at:
  DIR/report.html     what changed, in one page that needs no network
  DIR/photos.csv      one row a photo        DIR/overlays/       the photos, scars outlined
  DIR/scars.csv       one row a scar         DIR/failures.csv    what failed, and what to do
"""
_PHANTOM = """\
Make a study of simulated skin with known scars: photos, manifest, and the truth. Good for trying
things out and for testing; the same seed gives the same photos.
"""
_PHANTOM_EXAMPLES = """\
examples:
  scarscope phantom --out phantom
  scarscope phantom --out phantom --subjects 1 --sessions 2 --seed 7
  scarscope phantom --out trial --split-face --subjects 12 --sessions 4
"""
_VALIDATE = """\
Say how right the scars of a batch are, against the truth of simulated photos or against scars that
people drew; or, with --raters, how far people agree with each other.

Drawings are named like the photos (P01/s0/left.png for P01/s0/left.jpg): masks as PNG, TIFF or BMP
(black and white, or one number a scar with 16 bits), LabelMe's JSON, or one COCO file for all.
"""
_VALIDATE_EXAMPLES = """\
examples:
  scarscope validate results data/samples/truth
  scarscope validate results drawn --out validation --photos photos
  scarscope validate --raters drawn/anna drawn/ben --mm-per-px 0.06

with --out DIR:
  DIR/validation.html   one page with figures, works offline (and the same as validation.md)
  DIR/figures.csv       every figure with its 95 % interval
  DIR/photos.csv, scars.csv, ...
"""
_DOCTOR = """\
Check that everything ScarScope needs is installed and works, and say what to do where not.
"""
_DOCTOR_EXAMPLES = """\
examples:
  scarscope doctor
  scarscope doctor --params > params.toml      all parameters with their defaults, to edit
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="scarscope",
        description=_MAIN,
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"scarscope {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_score(commands)
    _add_batch(commands)
    _add_compare(commands)
    for add in (add_report, add_study, add_review, add_plan, add_export, add_unblind, add_protocol):
        add(commands, _command)
    _add_phantom(commands)
    _add_validate(commands)
    _add_train(commands)
    _add_doctor(commands)
    return parser


_Commands = argparse._SubParsersAction  # argparse gives its own type no public name


def _command(
    commands: _Commands[argparse.ArgumentParser], name: str, text: str, examples: str, brief: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=brief,
        description=text,
        epilog=f"{examples}\n{_STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # What a command does not know is reported with that command's usage, not the program's.
    parser.set_defaults(complain=complaint(parser))
    return parser


def _add_score(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "score", _SCORE, _SCORE_EXAMPLES, "score single photos")
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="JPEG, PNG or TIFF")
    parser.add_argument(
        "--mm-per-px", type=_positive, metavar="F", help="millimetres per pixel of the photos"
    )
    parser.add_argument(
        "--roi",
        type=Path,
        metavar="FILE",
        help="region to measure: a mask image, GeoJSON or LabelMe file (default: found by itself)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write tables and pictures here")
    _add_params(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document and nothing else"
    )


def _add_batch(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "batch", _BATCH, _BATCH_EXAMPLES, "score a folder of photos")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the photos")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where results are written"
    )
    parser.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="photos scored at the same time (default: as many as processors and memory bear)",
    )
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="dask scheduler, such as tcp://127.0.0.1:8786"
    )
    parser.add_argument(
        "--mm-per-px",
        type=_positive,
        metavar="F",
        help="millimetres per pixel of all photos for which manifest and sidecar state none",
    )
    _add_params(parser)
    parser.add_argument("--layout", metavar="T", help='such as "{subject}/{date}_{view}"')
    add_review_file(parser)
    parser.add_argument(
        "--no-compare", dest="compare", action="store_false", help="score only, compare no visits"
    )


def _add_compare(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands, "compare", COMPARE, COMPARE_EXAMPLES, "say what changed between two photos"
    )
    parser.add_argument("before", type=Path, metavar="BEFORE", help="the earlier photo")
    parser.add_argument("after", type=Path, metavar="AFTER", help="the later photo, same skin")
    parser.add_argument(
        "--mm-per-px", type=_positive, metavar="F", help="millimetres per pixel of both photos"
    )
    parser.add_argument(
        "--mm-per-px-after",
        type=_positive,
        metavar="F",
        help="of the later photo, where it is another",
    )
    for which, words in (("before", "earlier"), ("after", "later")):
        parser.add_argument(
            f"--roi-{which}",
            type=Path,
            metavar="FILE",
            help=f"region of the {words} photo, as for score (default: found by itself)",
        )
    for which, words in (("before", "earlier"), ("after", "later")):
        parser.add_argument(
            f"--days-{which}",
            type=_days,
            metavar="N",
            help=f"days from the last treatment before the {words} photo to that photo",
        )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write pictures and tables here")
    _add_params(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document and nothing else"
    )


def _add_phantom(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands, "phantom", _PHANTOM, _PHANTOM_EXAMPLES, "make photos with known scars"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to")
    parser.add_argument("--subjects", type=_count, default=3, metavar="N", help="default: 3")
    parser.add_argument("--sessions", type=_count, default=3, metavar="N", help="default: 3")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default: 0")
    parser.add_argument(
        "--split-face",
        action="store_true",
        help="a trial: one side treated before every session but the first, the other not",
    )


def _add_validate(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands, "validate", _VALIDATE, _VALIDATE_EXAMPLES, "hold results against known scars"
    )
    parser.add_argument(
        "results", nargs="?", type=Path, metavar="RESULTS", help="output folder of a batch"
    )
    parser.add_argument(
        "truth", nargs="?", type=Path, metavar="TRUTH", help="truth/ of a phantom, or drawings"
    )
    parser.add_argument(
        "--raters", nargs="+", type=Path, metavar="DIR", help="two or more people's drawings"
    )
    parser.add_argument(
        "--mm-per-px", type=_positive, metavar="F", help="scale of photos that state none"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write tables and a page here")
    parser.add_argument(
        "--photos", type=Path, metavar="DIR", help="the folder that was scored, for pictures"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document and nothing else"
    )


def _add_train(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "train", TRAIN, TRAIN_EXAMPLES, "fit the network to your photos")
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="a folder, as for batch")
    parser.add_argument(
        "drawings",
        nargs="?",
        type=Path,
        metavar="DRAWN",
        help="scars drawn in them, as for validate (default: beside the photos)",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where the new weights go"
    )
    parser.add_argument(
        "--epochs",
        type=_count,
        default=20,
        metavar="N",
        help="times that every photo is looked at in eight places (default: %(default)s)",
    )
    parser.add_argument(
        "--rate", type=float, default=1e-4, metavar="F", help="of learning (default: %(default)s)"
    )
    parser.add_argument(
        "--held-out",
        type=float,
        default=0.25,
        metavar="F",
        help="share of subjects that are not learned from (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="S", help="of split and order (default: 0)"
    )
    parser.add_argument(
        "--mm-per-px", type=_positive, metavar="F", help="scale of photos that state none"
    )
    parser.add_argument("--layout", metavar="T", help='such as "{subject}/{date}_{view}"')
    parser.add_argument(
        "--weights", type=Path, metavar="DIR", help="begin with these (default: the shipped ones)"
    )
    parser.add_argument(
        "--workers",
        type=_count,
        default=1,
        metavar="N",
        help="processes that render simulated skin meanwhile (default: 1)",
    )


def _add_doctor(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "doctor", _DOCTOR, _DOCTOR_EXAMPLES, "check the installation")
    parser.add_argument(
        "--params", action="store_true", help="print all parameters as TOML instead"
    )


def _add_params(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--params", type=Path, metavar="FILE", help="TOML file (see: scarscope doctor --params)"
    )
    parser.add_argument(
        "--segmenter",
        choices=typing.get_args(SegmenterName),
        help="what finds the scars: the learned network, or relief read from shading (default: "
        f"{Params().scars.segmenter}, or what the parameter file says)",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="DIR",
        help="let the network find scars by other weights, which scarscope train has written",
    )


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return value


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _days(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days of 0 or more")
    return value


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
        point = text.replace(",", ".")
        if re.fullmatch(r"\d*\.\d+", point):
            raise argparse.ArgumentTypeError(
                f"{text!r} has a decimal comma: write {point}, with a point"
            ) from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of millimetres")
    return value
