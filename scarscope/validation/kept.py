"""Long runs over many items: what is finished is kept, and a run that was stopped goes on."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any, Protocol, TypeVar

from scarscope.batch.pools import processes
from scarscope.batch.write import write_bytes
from scarscope.errors import StoreError

Content = dict[str, Any]
Progress = Callable[[int, int, float], object]
_SAY_EVERY_S = 5.0


class Named(Protocol):
    """Something to be done; its ``repr`` says all that it is."""

    @property
    def name(self) -> str:
        """Its own, as a file may be called."""


_Item = TypeVar("_Item", bound=Named)


def run_kept(
    items: Sequence[_Item],
    work: Callable[[_Item], Content],
    *,
    folder: Path,
    stamp: Mapping[str, str],
    workers: int = 1,
    progress: Progress | None = None,
) -> list[Content]:
    """Do what is not done yet.

    Parameters
    ----------
    items : sequence
        With names of their own.
    work : callable
        Does one; what it gives JSON can hold. With several workers it must be importable by them.
    folder : Path
        Gets one file an item.
    stamp : Mapping of str to str
        What results depend on besides the item; with anything else they are made again.
    workers : int
        Processes; 1 runs everything in this one.
    progress : callable, optional
        Called as ``progress(done, total, seconds_left)`` after each item.

    Returns
    -------
    list of dict
        What `work` gave, in the order of `items`.

    Raises
    ------
    StoreError
        If a kept result cannot be read.
    """
    kept = {item.name: _kept(folder, item, stamp) for item in items}
    todo = [item for item in items if kept[item.name] is None]
    start = time.monotonic()
    for done, (item, content) in enumerate(_each(todo, work, workers), start=1):
        _keep(folder, item, content, stamp)
        kept[item.name] = content
        if progress is not None:
            left = (time.monotonic() - start) / done * (len(todo) - done)
            progress(len(items) - len(todo) + done, len(items), left)
    return [each for item in items if (each := kept[item.name]) is not None]


def _each(
    items: Sequence[_Item], work: Callable[[_Item], Content], workers: int
) -> Iterator[tuple[_Item, Content]]:
    if workers <= 1 or len(items) <= 1:
        yield from ((item, work(item)) for item in items)
        return
    with processes(workers) as pool:
        waiting: dict[Future[Content], _Item] = {}
        for item in items:
            waiting[pool.executor.submit(work, item)] = item
            if len(waiting) >= 2 * pool.size:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def _finished(waiting: dict[Future[Content], _Item]) -> Iterator[tuple[_Item, Content]]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        yield waiting.pop(future), future.result()


def _key(item: Named, stamp: Mapping[str, str]) -> dict[str, str]:
    return {"item": repr(item), **stamp}


def _file(folder: Path, item: Named) -> Path:
    return folder / f"{item.name}.json"


def _keep(folder: Path, item: Named, content: Content, stamp: Mapping[str, str]) -> None:
    data = json.dumps({"key": _key(item, stamp), **content}, allow_nan=False)
    write_bytes(_file(folder, item), data.encode("utf-8"))


def _kept(folder: Path, item: Named, stamp: Mapping[str, str]) -> Content | None:
    file = _file(folder, item)
    try:
        content: Content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{file} cannot be read ({error}).", remedy="Delete it and run again."
        ) from error
    return content if content.pop("key", None) == _key(item, stamp) else None


class Lines:
    """A line of progress every few seconds, on the error stream."""

    def __init__(self, name: str) -> None:
        self._name, self._said = name, 0.0

    def __call__(self, done: int, total: int, left: float) -> None:
        """Say how far a run is."""
        if done < total and time.monotonic() - self._said < _SAY_EVERY_S:
            return
        self._said = time.monotonic()
        told = f"{self._name} [{done}/{total}] about {left / 60:.1f} min left"
        print(told, file=sys.stderr, flush=True)
