"""Running tasks to their end, whatever a photo does to the worker that holds it."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from pathlib import Path

from scarscope.batch.pools import Pool, PoolMaker, check
from scarscope.batch.task import Failure, Outcome, Task, run_task
from scarscope.errors import ScarScopeError

WINDOW = 2  # tasks handed out per worker: none idles, and memory stays flat however long the list

KILLED = (
    "The worker process died while it held this photo; the system most likely stopped it because "
    "memory ran out."
)
KILLED_REMEDY = "Use fewer workers, close other programs, or make the photo smaller, and run again."


def run_inline(tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
    """Run tasks one after another in this process."""
    yield from map(run_task, tasks)


def run_pooled(
    tasks: Sequence[Task], make: PoolMaker, *, workers: int, out: Path | None = None
) -> Generator[Outcome, None, None]:
    """Run tasks in a pool and yield outcomes as they come.

    A worker that dies takes its whole pool along and nobody knows which photo did it. So the
    photos that were in hand run again, one at a time in a pool of one, until the guilty one is
    named; then the rest goes on in a fresh pool.

    Parameters
    ----------
    tasks : sequence of Task
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
        held: dict[Future[Outcome], Task] = {}
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
    pool: Pool, waiting: deque[Task], held: dict[Future[Outcome], Task]
) -> Generator[Outcome, None, None]:
    """Keep a bounded window of tasks in the pool; what is left in `held` did not come back."""
    while waiting or held:
        while waiting and len(held) < WINDOW * pool.size:
            held[pool.executor.submit(run_task, waiting[0])] = waiting[0]
            waiting.popleft()
        done, _ = wait(held, return_when=FIRST_COMPLETED)
        for future in done:
            outcome = _outcome(future, held[future])
            del held[future]
            yield outcome


def _alone(suspects: Sequence[Task], make: PoolMaker) -> Generator[Outcome, None, None]:
    waiting = deque(suspects)
    while waiting:
        with make(1) as pool:
            while waiting:
                task = waiting.popleft()
                try:
                    outcome = _outcome(pool.executor.submit(run_task, task), task)
                except BrokenExecutor:
                    yield _killed(task)
                    break
                yield outcome


def _outcome(future: Future[Outcome], task: Task) -> Outcome:
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
        return Outcome(task.path, "", failure=Failure.of(task.path, error))


def _killed(task: Task) -> Outcome:
    return Outcome(task.path, "", failure=Failure(task.path, "worker", KILLED, KILLED_REMEDY))
