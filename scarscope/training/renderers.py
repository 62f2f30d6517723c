"""Processes that render examples while something else learns from them.

They take one block after the other in the order in which it is wanted, so that learning can begin
with the first; what is rendered stays, whatever happens to them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

import cv2

from scarscope.errors import ScarScopeError
from scarscope.machine import ONE_THREAD
from scarscope.training.store import Store

Job = tuple[Store, int]
_PATIENCE_S = 5.0
_LESS_URGENT = 5  # what learns goes first: rendering catches up while it waits


@dataclass(frozen=True, eq=False)
class Crew:
    """Renderers at work.

    Attributes
    ----------
    jobs : int
        Blocks of all stores, ready or not.
    """

    jobs: int
    _stores: Sequence[Store]
    _workers: Sequence[BaseProcess]

    @property
    def done(self) -> int:
        """Blocks that are ready."""
        return self.jobs - sum(len(store.missing()) for store in self._stores)

    def check(self) -> None:
        """Complain if a renderer has failed.

        Raises
        ------
        ScarScopeError
            If one has ended before its work, or all have and some of it is not done.
        """
        ended = [worker.exitcode for worker in self._workers]
        failed = [str(status) for status in ended if status not in (None, 0)]
        lost = bool(ended) and None not in ended and self.done < self.jobs
        if failed or lost:
            raise ScarScopeError(
                f"A process that renders examples has failed (status {', '.join(failed) or '0'}).",
                remedy="What it said stands above. Run the same command again to go on.",
                stage="render",
            )


@contextmanager
def renderers(stores: Sequence[Store], workers: int) -> Iterator[Crew]:
    """Lay out the stores and render what they lack while the block runs.

    Parameters
    ----------
    stores : sequence of Store
        Blocks of all of them are rendered side by side, in proportion.
    workers : int
        Processes; with 0, everything is rendered here first.
    """
    for store in stores:
        store.create()
    jobs = jobs_of(stores)
    context = multiprocessing.get_context("spawn")
    taken = context.Value("i", 0)
    if workers == 0:
        _render(jobs, taken)
    crew = [
        context.Process(target=_work, args=(jobs, taken), daemon=True)
        for _ in range(min(workers, len(jobs)))
    ]
    with _one_thread():
        for worker in crew:
            worker.start()
    try:
        yield Crew(sum(store.blocks for store in stores), stores, crew)
    finally:
        for worker in crew:
            worker.terminate()
            worker.join(_PATIENCE_S)


def jobs_of(stores: Sequence[Store]) -> list[Job]:
    """What is to be rendered, in order."""
    jobs = [(store, block) for store in stores for block in store.missing()]
    return sorted(jobs, key=lambda job: (job[1] + 1) / job[0].blocks)


@contextmanager
def _one_thread() -> Iterator[None]:
    """What is started in this block uses one thread; libraries ask for it when they are loaded."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(jobs: Sequence[Job], taken: Any) -> None:  # noqa: ANN401
    # Ctrl-C reaches every process of a terminal; the one that learns decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    with contextlib.suppress(AttributeError, OSError):  # there is none on Windows
        os.nice(_LESS_URGENT)
    _render(jobs, taken)


def _render(jobs: Sequence[Job], taken: Any) -> None:  # noqa: ANN401
    parent = multiprocessing.parent_process()
    while parent is None or parent.is_alive():
        with taken.get_lock():
            number = taken.value
            taken.value += 1
        if number >= len(jobs):
            return
        store, block = jobs[number]
        if not store.ready(block):
            store.render_block(block)
