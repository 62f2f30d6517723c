"""Render, score and compare the standard validation set, and write what it says.

python -m scarscope.validation.standard --out validation --workers 2
python -m scarscope.validation.standard --out validation --workers 2 --segmenter relief network
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from scarscope._version import __version__
from scarscope.validation.compare import SCAR_COLUMNS
from scarscope.validation.kept import Lines, Progress, run_kept
from scarscope.validation.result import Validation, draw_together
from scarscope.validation.standard_item import Rows, code_digest, run_item
from scarscope.validation.standard_segmenter import (
    SEGMENTERS,
    SegmenterName,
    segmenter_of,
    weights_digest,
)
from scarscope.validation.standard_set import SIZES, Size, plan


def run_standard(
    out: str | Path,
    *,
    segmenter: SegmenterName = "relief",
    size: Size = "full",
    workers: int = 1,
    progress: Progress | None = None,
) -> Validation:
    """Render, score and compare the set, item by item.

    Parameters
    ----------
    out : path
        Where finished items are kept, in a folder named after the segmenter; running again with
        the same code and weights continues.
    segmenter : {"relief", "network"}
        What finds the scars.
    size : {"full", "quick"}
        As in :func:`scarscope.validation.standard_set.plan`.
    workers : int
        Processes; 1 runs everything in this one.
    progress : callable, optional
        Called as ``progress(done, total, seconds_left)`` after each item; the seconds are NaN as
        long as they cannot be told.

    Returns
    -------
    Validation

    Raises
    ------
    ParamsError
        If there is no such segmenter.
    StoreError
        If a kept item cannot be read.
    """
    segmenter_of(segmenter)  # fails before anything is rendered
    found = run_kept(
        plan(size),
        partial(run_item, segmenter=segmenter),
        folder=Path(out) / segmenter / "items",
        stamp=_stamp(segmenter),
        workers=workers,
        progress=progress,
    )
    return rows_together(found)


def rows_together(found: Iterable[Rows]) -> Validation:
    """All figures of items that were held against their truth one by one."""
    found = list(found)
    photos = pd.DataFrame([row for each in found for row in each["photos"]])
    scars = pd.DataFrame(
        [row for each in found for row in each["scars"]], columns=["path", *SCAR_COLUMNS]
    )
    return draw_together(photos, scars)


def comparable(whole: Validation) -> Validation:
    """The same without photos under uncontrolled light: what the bars are about."""
    photos = whole.photos[whole.photos["light_group"] != "uncontrolled"]
    return draw_together(photos, whole.scars, notes=whole.notes)


def _stamp(segmenter: SegmenterName) -> dict[str, str]:
    """What a kept item was made with; with anything else it is made again."""
    return {
        "code": code_digest(),
        "version": __version__,
        "segmenter": segmenter,
        "weights": weights_digest(segmenter),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scarscope.validation.standard", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, help="where items and tables go")
    parser.add_argument(
        "--segmenter",
        choices=SEGMENTERS,
        nargs="+",
        default=["relief"],
        help="what finds the scars; the page shows all that are named side by side",
    )
    parser.add_argument("--size", choices=SIZES, default="full", help="quick is for tests only")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--docs", type=Path, help="also write the pages of this docs folder")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    out, size = options.out, options.size
    wholes: dict[SegmenterName, Validation] = {}
    for name in (name for name in SEGMENTERS if name in options.segmenter):
        wholes[name] = run_standard(
            out, segmenter=name, size=size, workers=options.workers, progress=Lines(name)
        )
    from scarscope.validation.standard_page import write_standard

    for file in write_standard(wholes, out=out, size=size, docs=options.docs):
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
