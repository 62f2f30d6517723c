"""Where tasks run: here, in spawned processes, or on a cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scarscope._version import __version__
from scarscope.errors import DependencyError, ScarScopeError
from scarscope.machine import ONE_THREAD, require_opencv

_MOST_PROCESSES = 61  # what Windows can wait for at a time (concurrent.futures' own limit)
_CONNECT_S = 30  # how long a scheduler may take to answer


@dataclass(frozen=True)
class Pool:
    """An open executor and how many tasks it runs at a time."""

    executor: Executor
    size: int


PoolMaker = Callable[[int], AbstractContextManager[Pool]]


@contextmanager
def processes(count: int) -> Iterator[Pool]:
    """A pool of `count` spawned processes, each held to one thread.

    Spawned, not forked: threads of numerical libraries do not survive a fork, and all systems
    then behave alike.
    """
    count = min(count, _MOST_PROCESSES)
    executor = ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare_worker
    )
    with _one_thread_each():
        try:
            yield Pool(executor, count)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def cluster(address: str) -> PoolMaker:
    """Pools on the ``dask.distributed`` scheduler at `address`; their size is the cluster's.

    Raises
    ------
    DependencyError
        If the extra ``cluster`` is not installed.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise DependencyError(
            "--cluster needs the package distributed, which is not installed.",
            remedy='Install it with: pip install "scarscope[cluster]"',
        ) from error

    @contextmanager
    def make(_count: int) -> Iterator[Pool]:
        with _client(address) as client:
            executor = client.get_executor(pure=False)  # type: ignore[attr-defined]
            try:
                yield Pool(executor, _slots(client))
            finally:
                executor.shutdown(wait=False)

    return make


@contextmanager
def _client(address: str) -> Iterator[object]:
    from distributed import Client

    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, timeout=_CONNECT_S)
    except (OSError, ValueError, TimeoutError) as error:
        raise ScarScopeError(
            f"No scheduler with workers answers at {address!r} ({error}).",
            remedy="Start `dask scheduler` and `dask worker ADDRESS` and give the address that the "
            "scheduler prints, such as tcp://127.0.0.1:8786.",
            stage="cluster",
        ) from error
    try:
        yield client
    finally:
        client.close()  # type: ignore[no-untyped-call]


def _slots(client: object) -> int:
    threads: dict[str, int] = client.nthreads()  # type: ignore[attr-defined]
    return max(1, sum(threads.values()))


def check(pool: Pool, out: Path | None) -> None:
    """Make sure that workers start, have OpenCV, this version, and see the output folder.

    As many checks as workers, so that all of these start at once and not one after another.

    Raises
    ------
    ScarScopeError
        If not, with what to do about it.
    """
    try:
        checks = [pool.executor.submit(_ready, __version__, out) for _ in range(pool.size)]
        for ready in checks:
            ready.result()
    except BrokenExecutor as error:
        raise ScarScopeError(
            "Worker processes cannot start.",
            remedy="In a script, put the call under `if __name__ == '__main__':`; or run with one "
            "worker, which needs no further process.",
            stage="workers",
        ) from error
    except ImportError as error:
        raise ScarScopeError(
            f"A worker cannot import what it needs ({error}).",
            remedy="Install the same ScarScope, and whatever scores the photos, on every machine.",
            stage="workers",
        ) from error


def _ready(version: str, out: Path | None) -> None:
    require_opencv()
    if version != __version__:
        raise ScarScopeError(
            f"A worker runs ScarScope {__version__}, but this is {version}.",
            remedy="Install the same version on every machine.",
            stage="cluster",
        )
    if out is not None and not out.is_dir():
        raise ScarScopeError(
            f"A worker does not see the output folder {out}.",
            remedy="Photos and output must lie on a file system that every machine shares, under "
            "the same path.",
            stage="cluster",
        )


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started in this block inherit one thread for every numerical library.

    The libraries read these variables when they are first imported, so they must be set before a
    worker starts; inside it would be too late.
    """
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _prepare_worker() -> None:
    # An interrupt from the keyboard reaches every process; only the parent decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
