"""Rendering a set, one photo after another or several at a time, from where it stopped."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from scarscope.phantom.seeds import SECOND_RENDERER, SECOND_RENDERER_TUNING

from .photo import photograph
from .plan import plan
from .shot import Quality, Shot
from .store import is_done, path_of, write_photo, write_tables
from .trace import require_mitsuba

MANY, FEW, FREE = 40, 20, 8


def add_options(parser: argparse.ArgumentParser) -> None:
    """What says which set is rendered, and where to."""
    parser.add_argument("--out", type=Path, required=True, help="folder; made if needed")
    parser.add_argument(
        "--many",
        type=int,
        default=MANY,
        help=f"photos of skin as densely scarred as in the validation set (default {MANY})",
    )
    parser.add_argument(
        "--few", type=int, default=FEW, help=f"photos of skin with few scars (default {FEW})"
    )
    parser.add_argument(
        "--free", type=int, default=FREE, help=f"photos of skin without scars (default {FREE})"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument(
        "--tuning", action="store_true", help="seeds for trying things out, not for reporting"
    )


def shots_of(options: argparse.Namespace) -> tuple[Shot, ...]:
    """The set that the options ask for."""
    seeds = SECOND_RENDERER_TUNING if options.tuning else SECOND_RENDERER
    return plan(seeds, many=options.many, few=options.few, free=options.free)


def render_set(out: Path, shots: Sequence[Shot], *, workers: int, quality: Quality) -> Path:
    """Render what is missing and write the tables; returns the manifest.

    Parameters
    ----------
    out : Path
        Folder of the set.
    shots : sequence of Shot
    workers : int
        Processes; the photos are the same with any number.
    quality : Quality
    """
    require_mitsuba()
    wanted = [shot for shot in shots if not is_done(out, shot, quality)]
    start = time.monotonic()
    for number, shot in enumerate(_each(partial(_one, out, quality), wanted, workers), start=1):
        took = (time.monotonic() - start) / number
        said = f"{number} of {len(wanted)}  {path_of(shot)}  {shot.light}  {took:.0f} s each"
        print(said, file=sys.stderr, flush=True)
    return write_tables(out, shots)


def _each(task: partial[Shot], shots: Sequence[Shot], workers: int) -> Iterator[Shot]:
    if workers == 1:
        yield from map(task, shots)
        return
    # A fresh process each: Mitsuba's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(task, shots)


def _one(out: Path, quality: Quality, shot: Shot) -> Shot:
    write_photo(out, photograph(shot, quality), quality)
    return shot
