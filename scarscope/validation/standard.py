"""Render, score and compare the standard validation set, and write what it says.

python -m scarscope.validation.standard --out validation --workers 2
python -m scarscope.validation.standard --out validation --workers 2 --segmenter relief network
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

import pandas as pd

from scarscope._version import __version__
from scarscope.batch.pools import processes
from scarscope.batch.write import write_bytes
from scarscope.errors import StoreError
from scarscope.validation.compare import SCAR_COLUMNS
from scarscope.validation.result import Validation, draw_together
from scarscope.validation.standard_item import Rows, code_digest, run_item
from scarscope.validation.standard_segmenter import (
    SEGMENTERS,
    SegmenterName,
    segmenter_of,
    weights_digest,
)
from scarscope.validation.standard_set import SIZES, Item, Size, plan

Progress = Callable[[int, int, float], object]


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
    items, folder, stamp = plan(size), Path(out) / segmenter / "items", _stamp(segmenter)
    kept = {item.name: _kept(folder, item, stamp) for item in items}
    todo = [item for item in items if kept[item.name] is None]
    start = time.monotonic()
    for done, (item, rows) in enumerate(_each(todo, workers, segmenter), start=1):
        _keep(folder, item, rows, stamp)
        kept[item.name] = rows
        if progress is not None:
            left = (time.monotonic() - start) / done * (len(todo) - done)
            progress(len(items) - len(todo) + done, len(items), left)
    found = [each for item in items if (each := kept[item.name]) is not None]
    photos = pd.DataFrame([row for each in found for row in each["photos"]])
    scars = pd.DataFrame(
        [row for each in found for row in each["scars"]], columns=["path", *SCAR_COLUMNS]
    )
    return draw_together(photos, scars)


def comparable(whole: Validation) -> Validation:
    """The same without photos under uncontrolled light: what the bars are about."""
    photos = whole.photos[whole.photos["light_group"] != "uncontrolled"]
    return draw_together(photos, whole.scars, notes=whole.notes)


def _each(
    items: Sequence[Item], workers: int, segmenter: SegmenterName
) -> Iterator[tuple[Item, Rows]]:
    if workers <= 1 or len(items) <= 1:
        yield from ((item, run_item(item, segmenter)) for item in items)
        return
    with processes(workers) as pool:
        waiting: dict[Future[Rows], Item] = {}
        for item in items:
            waiting[pool.executor.submit(run_item, item, segmenter)] = item
            if len(waiting) >= 2 * pool.size:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def _finished(waiting: dict[Future[Rows], Item]) -> Iterator[tuple[Item, Rows]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        yield waiting.pop(future), future.result()


def _stamp(segmenter: SegmenterName) -> dict[str, str]:
    """What a kept item was made with; with anything else it is made again."""
    return {
        "code": code_digest(),
        "version": __version__,
        "segmenter": segmenter,
        "weights": weights_digest(segmenter),
    }


def _key(item: Item, stamp: Mapping[str, str]) -> dict[str, str]:
    return {"item": repr(item), **stamp}


def _keep(folder: Path, item: Item, rows: Rows, stamp: Mapping[str, str]) -> None:
    content = {"key": _key(item, stamp), **rows}
    data = json.dumps(content, allow_nan=False).encode("utf-8")
    write_bytes(folder / f"{item.name}.json", data)


def _kept(folder: Path, item: Item, stamp: Mapping[str, str]) -> Rows | None:
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
    return {"photos": content["photos"], "scars": content["scars"]}


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
            out, segmenter=name, size=size, workers=options.workers, progress=_Lines(name)
        )
    from scarscope.validation.standard_page import write_standard

    for file in write_standard(wholes, out=out, size=size, docs=options.docs):
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
