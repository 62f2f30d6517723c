"""Running tasks to their end, whatever a photo does to the worker that holds it."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from scarscope.batch.pools import Pool, PoolMaker, check
from scarscope.batch.task import Failure
from scarscope.errors import ScarScopeError

WINDOW = 2  # tasks handed out per worker: none idles, and memory stays flat however long the list

KILLED = (
    "The worker process died at work on this; the system most likely stopped it because memory ran "
    "out."
)
KILLED_REMEDY = "Use fewer workers, close other programs, or make the photo smaller, and run again."

Done = TypeVar("Done")
Made = TypeVar("Made", covariant=True)


class Work(Protocol[Made]):
    """A task: anything picklable that runs by itself and never raises."""

    @property
    def path(self) -> str:
        """The photo that it is about."""
        ...

    def run(self) -> Made:
        """Do it, and say what became of it."""
        ...

    def failed(self, failure: Failure) -> Made:
        """What became of it when it could not even say so itself."""
        ...


@dataclass(frozen=True)
class Runner:
    """Where a batch's tasks run.

    Attributes
    ----------
    make : callable or None
        Opens a pool of a given size; None runs everything in this process.
    workers : int
        Size of the pool; a cluster decides for itself.
    out : Path or None
        Folder that every worker must see.
    """

    make: PoolMaker | None = None
    workers: int = 1
    out: Path | None = None

    def __call__(self, tasks: Sequence[Work[Done]]) -> Generator[Done, None, None]:
        """Run tasks and yield outcomes as they come."""
        if self.make is None:
            return run_inline(tasks)
        # More processes than tasks would only take time to start.
        workers = max(1, min(self.workers, len(tasks)))
        return run_pooled(tasks, self.make, workers=workers, out=self.out)


def run_one(task: Work[Done]) -> Done:
    """What a worker is given to do."""
    return task.run()


def run_inline(tasks: Sequence[Work[Done]]) -> Generator[Done, None, None]:
    """Run tasks one after another in this process."""
    yield from map(run_one, tasks)


def run_pooled(
    tasks: Sequence[Work[Done]], make: PoolMaker, *, workers: int, out: Path | None = None
) -> Generator[Done, None, None]:
    """Run tasks in a pool and yield outcomes as they come.

    A worker that dies takes its whole pool along and nobody knows which photo did it. So the
    photos that were in hand run again, one at a time in a pool of one, until the guilty one is
    named; then the rest goes on in a fresh pool.

    Parameters
    ----------
    tasks : sequence of Work
        In the order in which they start.
    make : callable
        Opens a pool of a given size.
    workers : int
        Size of the pool; a cluster decides for itself.
    out : Path or None, optional
        Folder that every worker must see.

    Raises
    ------
    ScarScopeError
        If no worker can start.
    """
    waiting = deque(tasks)
    checked = False
    while waiting:
        held: dict[Future[Done], Work[Done]] = {}
        with make(workers) as pool:
            if not checked:
                check(pool, out)
                checked = True
            with contextlib.suppress(BrokenExecutor):
                yield from _drain(pool, waiting, held)
                continue
        # A pool that broke before it took anything must not be tried for ever.
        yield from _alone(list(held.values()) or [waiting.popleft()], make)


def _drain(
    pool: Pool, waiting: deque[Work[Done]], held: dict[Future[Done], Work[Done]]
) -> Generator[Done, None, None]:
    """Keep a bounded window of tasks in the pool; what is left in `held` did not come back."""
    while waiting or held:
        while waiting and len(held) < WINDOW * pool.size:
            held[pool.executor.submit(run_one, waiting[0])] = waiting[0]
            waiting.popleft()
        done, _ = wait(held, return_when=FIRST_COMPLETED)
        for future in done:
            outcome = _outcome(future, held[future])
            del held[future]
            yield outcome


def _alone(suspects: Sequence[Work[Done]], make: PoolMaker) -> Generator[Done, None, None]:
    waiting = deque(suspects)
    while waiting:
        with make(1) as pool:
            while waiting:
                task = waiting.popleft()
                try:
                    outcome = _outcome(pool.executor.submit(run_one, task), task)
                except BrokenExecutor:
                    yield _killed(task)
                    break
                yield outcome


def _outcome(future: Future[Done], task: Work[Done]) -> Done:
    try:
        return future.result()
    except BrokenExecutor:
        raise
    except CancelledError as error:
        raise ScarScopeError(
            "The cluster's scheduler has gone away.",
            remedy="Start it again and run the same command: what is done is kept.",
            stage="cluster",
        ) from error
    except Exception as error:
        # A cluster gives up a task after some of its workers died; it may have been a bystander.
        if type(error).__name__ == "KilledWorker":
            raise BrokenExecutor(str(error)) from error
        return task.failed(Failure.of(task.path, error))


def _killed(task: Work[Done]) -> Done:
    return task.failed(Failure(task.path, "worker", KILLED, KILLED_REMEDY))
