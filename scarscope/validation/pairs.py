"""Photograph and compare the set of pairs, and write what it says.

python -m scarscope.validation.pairs --out validation/change --workers 2
python -m scarscope.validation.pairs --out validation/change --docs docs --readme README.md
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Literal

from scarscope._version import __version__
from scarscope.batch.pools import processes
from scarscope.batch.write import write_bytes
from scarscope.errors import ParamsError, StoreError
from scarscope.validation.pair_item import PairRows, pair_digest, run_pair
from scarscope.validation.pair_set import (
    PAIR_SIZES,
    SEEDS,
    TRIAL_SEEDS,
    PairItem,
    PairSize,
    plan_pairs,
)
from scarscope.validation.pair_table import PairResult, draw_pairs
from scarscope.validation.standard_segmenter import SegmenterName, segmenter_of, weights_digest

Progress = Callable[[int, int, float], object]
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
    items, folder = plan_pairs(size, seeds=seeds), Path(out) / segmenter / "items"
    stamp = _stamp(segmenter, seeds)
    kept = {item.name: _kept(folder, item, stamp) for item in items}
    todo = [item for item in items if kept[item.name] is None]
    start = time.monotonic()
    for done, (item, rows) in enumerate(_each(todo, workers, segmenter, seeds), start=1):
        _keep(folder, item, rows, stamp)
        kept[item.name] = rows
        if progress is not None:
            left = (time.monotonic() - start) / done * (len(todo) - done)
            progress(len(items) - len(todo) + done, len(items), left)
    found = [each for item in items if (each := kept[item.name]) is not None]
    pairs, scars = ([row for each in found for row in each[part]] for part in ("pairs", "scars"))
    return draw_pairs(pairs, scars)


def _each(
    items: Sequence[PairItem], workers: int, segmenter: SegmenterName, seeds: range
) -> Iterator[tuple[PairItem, PairRows]]:
    if workers <= 1 or len(items) <= 1:
        yield from ((item, run_pair(item, segmenter, seeds=seeds)) for item in items)
        return
    with processes(workers) as pool:
        waiting: dict[Future[PairRows], PairItem] = {}
        for item in items:
            waiting[pool.executor.submit(run_pair, item, segmenter, seeds=seeds)] = item
            if len(waiting) >= 2 * pool.size:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def _finished(waiting: dict[Future[PairRows], PairItem]) -> Iterator[tuple[PairItem, PairRows]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        yield waiting.pop(future), future.result()


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


def _key(item: PairItem, stamp: Mapping[str, str]) -> dict[str, str]:
    return {"item": repr(item), **stamp}


def _keep(folder: Path, item: PairItem, rows: PairRows, stamp: Mapping[str, str]) -> None:
    data = json.dumps({"key": _key(item, stamp), **rows}, allow_nan=False).encode("utf-8")
    write_bytes(folder / f"{item.name}.json", data)


def _kept(folder: Path, item: PairItem, stamp: Mapping[str, str]) -> PairRows | None:
    file = folder / f"{item.name}.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{file} cannot be read ({error}).", remedy="Delete it and run again."
        ) from error
    if content.get("key") != _key(item, stamp):
        return None
    return {"pairs": content["pairs"], "scars": content["scars"]}


class _Lines:
    """A line of progress every few seconds."""

    def __init__(self, name: str) -> None:
        self._name, self._said = name, 0.0

    def __call__(self, done: int, total: int, left: float) -> None:
        if done < total and time.monotonic() - self._said < 5:
            return
        self._said = time.monotonic()
        told = f"{self._name} [{done}/{total}] about {left / 60:.1f} min left"
        print(told, file=sys.stderr, flush=True)


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
    from scarscope.validation.pair_readme import check_marks, write_readme

    options = _parser().parse_args(arguments)
    reported = options.size == "full" and options.seeds == "validation"
    if (options.docs or options.readme) and not reported:
        raise ParamsError(
            "Only the full set on validation seeds is reported.",
            remedy="Leave out --docs and --readme, or --size and --seeds.",
        )
    if options.readme:
        check_marks(options.readme)  # before an hour's work, not after it
    results: dict[SegmenterName, PairResult] = {}
    seeds = SEED_RANGES[options.seeds]
    for name in (name for name in SEGMENTERS if name in options.segmenter):
        results[name] = run_pairs(
            options.out,
            segmenter=name,
            size=options.size,
            seeds=seeds,
            workers=options.workers,
            progress=_Lines(name),
        )
    files = write_change(
        results, out=options.out, size=options.size, seeds=seeds, docs=options.docs
    )
    if options.readme:
        files.append(write_readme(options.readme, summary(results)))
    for file in files:
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
