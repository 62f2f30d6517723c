"""Render, score and compare the standard validation set, and write what it says.

python -m scarscope.validation.standard --out validation --workers 2
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope._version import __version__
from scarscope.batch.pools import processes
from scarscope.batch.write import write_bytes
from scarscope.errors import StoreError
from scarscope.validation.compare import SCAR_COLUMNS
from scarscope.validation.result import Validation, draw_together
from scarscope.validation.standard_item import Rows, code_digest, run_item
from scarscope.validation.standard_set import SIZES, Item, Size, plan

Progress = Callable[[int, int, float], object]


def run_standard(
    out: str | Path,
    *,
    size: Size = "full",
    workers: int = 1,
    progress: Progress | None = None,
) -> Validation:
    """Render, score and compare the set, item by item.

    Parameters
    ----------
    out : path
        Where finished items are kept; running again with the same code continues.
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
    """
    items = plan(size)
    kept = {item.name: _kept(Path(out), item) for item in items}
    todo = [item for item in items if kept[item.name] is None]
    start, code = time.monotonic(), code_digest()
    for done, (item, rows) in enumerate(_each(todo, workers), start=1):
        _keep(Path(out), item, rows, code)
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


def _each(items: Sequence[Item], workers: int) -> Iterator[tuple[Item, Rows]]:
    if workers <= 1 or len(items) <= 1:
        yield from ((item, run_item(item)) for item in items)
        return
    with processes(workers) as pool:
        waiting: dict[Future[Rows], Item] = {}
        for item in items:
            waiting[pool.executor.submit(run_item, item)] = item
            if len(waiting) >= 2 * pool.size:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def _finished(waiting: dict[Future[Rows], Item]) -> Iterator[tuple[Item, Rows]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        yield waiting.pop(future), future.result()


def _file(out: Path, item: Item) -> Path:
    return out / "items" / f"{item.name}.json"


def _key(item: Item, code: str) -> dict[str, Any]:
    return {"item": repr(item), "code": code, "version": __version__}


def _keep(out: Path, item: Item, rows: Rows, code: str) -> None:
    content = {"key": _key(item, code), **rows}
    write_bytes(_file(out, item), json.dumps(content, allow_nan=False).encode("utf-8"))


def _kept(out: Path, item: Item) -> Rows | None:
    try:
        content = json.loads(_file(out, item).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{_file(out, item)} cannot be read ({error}).", remedy="Delete it and run again."
        ) from error
    if content.get("key") != _key(item, code_digest()):
        return None
    return {"photos": content["photos"], "scars": content["scars"]}


class _Lines:
    """A line of progress every few seconds."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, done: int, total: int, left: float) -> None:
        if done < total and time.monotonic() - self._said < 5:
            return
        self._said = time.monotonic()
        print(f"[{done}/{total}] about {left / 60:.1f} min left", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scarscope.validation.standard", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, help="where items and tables go")
    parser.add_argument("--size", choices=SIZES, default="full", help="quick is for tests only")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--docs", type=Path, help="also write the pages of this docs folder")
    options = parser.parse_args(arguments)
    whole = run_standard(options.out, size=options.size, workers=options.workers, progress=_Lines())
    from scarscope.validation.standard_page import write_standard

    for file in write_standard(whole, out=options.out, size=options.size, docs=options.docs):
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
