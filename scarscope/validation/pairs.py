"""Photograph and compare the set of pairs, and write what it says.

python -m scarscope.validation.pairs --out validation/change --workers 2
python -m scarscope.validation.pairs --out validation/change --docs docs --readme README.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from scarscope._version import __version__
from scarscope.errors import ParamsError
from scarscope.validation.kept import Lines, Progress, run_kept
from scarscope.validation.pair_item import pair_digest, run_pair
from scarscope.validation.pair_set import (
    PAIR_SIZES,
    SEEDS,
    TRIAL_SEEDS,
    PairSize,
    plan_pairs,
)
from scarscope.validation.pair_table import PairResult, draw_pairs
from scarscope.validation.standard_segmenter import SegmenterName, segmenter_of, weights_digest

SeedName = Literal["validation", "tuning"]
SEED_RANGES: dict[SeedName, range] = {"validation": SEEDS, "tuning": TRIAL_SEEDS}
SEGMENTERS: tuple[SegmenterName, ...] = ("network", "relief")  # the default first


def run_pairs(
    out: str | Path,
    *,
    segmenter: SegmenterName = "network",
    size: PairSize = "full",
    seeds: range = SEEDS,
    workers: int = 1,
    progress: Progress | None = None,
) -> PairResult:
    """Photograph and compare the set, pair by pair.

    Parameters
    ----------
    out : path
        Where finished pairs are kept, in a folder named after the segmenter; running again with
        the same code, data and weights continues.
    segmenter : {"network", "relief"}
        What finds the scars.
    size : {"full", "quick"}
    seeds : range
        As in :func:`scarscope.validation.pair_set.plan_pairs`.
    workers : int
        Processes; 1 runs everything in this one.
    progress : callable, optional
        Called as ``progress(done, total, seconds_left)`` after each pair.

    Returns
    -------
    PairResult

    Raises
    ------
    ParamsError
        If there is no such segmenter.
    StoreError
        If a kept pair cannot be read.
    """
    segmenter_of(segmenter)  # fails before anything is rendered
    found = run_kept(
        plan_pairs(size, seeds=seeds),
        partial(run_pair, segmenter=segmenter, seeds=seeds),
        folder=Path(out) / segmenter / "items",
        stamp=_stamp(segmenter, seeds),
        workers=workers,
        progress=progress,
    )
    pairs, scars = ([row for each in found for row in each[part]] for part in ("pairs", "scars"))
    return draw_pairs(pairs, scars)


def _stamp(segmenter: SegmenterName, seeds: range) -> dict[str, str]:
    """What a kept pair was made with; with anything else it is made again."""
    return {
        "code": pair_digest(),
        "version": __version__,
        "segmenter": segmenter,
        # Alignment and relief are all code; the network's weights count for its own rows alone.
        "weights": weights_digest(segmenter),
        "seeds": repr(seeds),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scarscope.validation.pairs", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, help="where pairs and tables go")
    parser.add_argument(
        "--segmenter",
        choices=SEGMENTERS,
        nargs="+",
        default=list(SEGMENTERS),
        help="what finds the scars; the page shows all that are named side by side",
    )
    parser.add_argument("--size", choices=PAIR_SIZES, default="full", help="quick is for tests")
    parser.add_argument(
        "--seeds",
        choices=tuple(SEED_RANGES),
        default="validation",
        help="tuning tries the command out and cannot be reported",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--docs", type=Path, help="also write change.md, its pictures, change.json")
    parser.add_argument("--readme", type=Path, help="also write the figures between its two marks")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    from scarscope.validation.pair_page import summary, write_change
    from scarscope.validation.pair_readme import README

    options = _parser().parse_args(arguments)
    reported = options.size == "full" and options.seeds == "validation"
    if (options.docs or options.readme) and not reported:
        raise ParamsError(
            "Only the full set on validation seeds is reported.",
            remedy="Leave out --docs and --readme, or --size and --seeds.",
        )
    if options.readme:
        README.check_marks(options.readme)  # before an hour's work, not after it
    results: dict[SegmenterName, PairResult] = {}
    seeds = SEED_RANGES[options.seeds]
    for name in (name for name in SEGMENTERS if name in options.segmenter):
        results[name] = run_pairs(
            options.out,
            segmenter=name,
            size=options.size,
            seeds=seeds,
            workers=options.workers,
            progress=Lines(name),
        )
    files = write_change(
        results, out=options.out, size=options.size, seeds=seeds, docs=options.docs
    )
    if options.readme:
        files.append(README.write(options.readme, summary(results)))
    for file in files:
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
