"""Scoring a folder: list, skip what is done, run the rest, store, export."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from scarscope._version import __version__
from scarscope.batch.entry import Entry
from scarscope.batch.layout import list_photos
from scarscope.batch.pools import cluster as cluster_pools
from scarscope.batch.pools import processes
from scarscope.batch.provenance import homeless, provenance
from scarscope.batch.results import BatchResult, Tables, export_tables
from scarscope.batch.runner import run_inline, run_pooled
from scarscope.batch.store import Key, Record, Store
from scarscope.batch.task import (
    Failure,
    Outcome,
    Outputs,
    Painter,
    Scorer,
    Task,
    file_hash,
    score_file,
)
from scarscope.batch.write import make_folder, remove_leftovers
from scarscope.errors import LayoutError, ParamsError, PhotoError, ScarScopeError, StoreError
from scarscope.machine import default_workers, require_opencv
from scarscope.params import Params
from scarscope.photo import read_sidecar, sidecar_path
from scarscope.photo.model import Scale

Status = Literal["start", "kept", "ok", "failed"]
_FOLDER = "folder"  # the store's name for where its photos lie
_COMPARED = 20  # photos that are looked at to tell a moved folder from another one

Runner = Callable[[Sequence[Task]], Generator[Outcome, None, None]]


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    done, total : int
        Photos.
    path : str
        The photo that this is about; empty at the start.
    status : {"start", "kept", "ok", "failed"}
        What became of it; ``kept`` is a result of an earlier run.
    seconds : float
        How long it took its worker.
    """

    done: int
    total: int
    path: str = ""
    status: Status = "start"
    seconds: float = 0.0


@dataclass(frozen=True)
class _Job:
    """What every photo of a run shares."""

    folder: Path
    out: Path
    params: Params
    scorer: Scorer
    paint: Painter | None
    scale: Scale | None = None
    weights: str = ""  # digest of what was learned; empty where nothing was

    def task(self, entry: Entry, file: Path) -> Task:
        return Task(
            path=entry.path,
            file=file,
            params=self.params,
            scorer=self.scorer,
            scale=entry.scale or self._fallback(file),
            roi=self.folder / entry.roi if entry.roi else None,
            outputs=self.outputs(entry.path),
            paint=self.paint,
        )

    def _fallback(self, file: Path) -> Scale | None:
        """The scale stated for the whole folder, where the photo's sidecar states none."""
        if self.scale is None:
            return None
        try:
            return None if read_sidecar(file).scale else self.scale
        except ScarScopeError:  # reading the photo finds it again and reports it
            return None

    def outputs(self, path: str) -> Outputs:
        return Outputs.under(self.out, path, overlay=self.paint is not None)


def score_folder(
    folder: str | Path,
    *,
    out: str | Path,
    workers: int | None = 1,
    cluster: str | None = None,
    params: Params | None = None,
    layout: str | None = None,
    mm_per_px: float | None = None,
    progress: Callable[[Progress], object] | None = None,
    paint: Painter | None = None,
    scorer: Scorer = score_file,
) -> BatchResult:
    """Score every photo of a folder into an output folder.

    Running it again continues: a photo is done when its bytes, the scale and region stated for
    it, the parameters and the version are those of the stored result, and its pictures exist.
    Failures are tried again. The tables and pictures are exactly those of the photos that the
    folder holds now.

    Parameters
    ----------
    folder : str or Path
        Photos with a ``manifest.csv``, or laid out as
        ``<subject>/<session or ISO date>/<view>.<ext>``.
    out : str or Path
        Made where it does not exist. It may lie inside `folder`.
    workers : int or None, optional
        Processes; 1 runs everything in this one, None takes as many as the machine bears. The
        tables do not depend on it. In a script, guard the call by
        ``if __name__ == "__main__":`` where it is not 1.
    cluster : str or None, optional
        Address of a ``dask.distributed`` scheduler whose workers share the file system.
    params : Params, optional
        All stages' parameters. Defaults to ``Params()``.
    layout : str or None, optional
        Template of the photos' paths, such as ``{subject}/{date}_{view}``.
    mm_per_px : float or None, optional
        Scale of all photos for which neither the manifest nor a sidecar states one.
    progress : callable, optional
        Called with a :class:`Progress` at the start and after every photo.
    paint : callable, optional
        ``paint(score, path)`` writes the overlay; it must be importable by workers. None: no
        overlays.
    scorer : Scorer, optional
        What scores one photo; it must be importable by workers.

    Returns
    -------
    BatchResult
        The tables; :attr:`BatchResult.failures` names the photos that could not be scored.

    Raises
    ------
    LayoutError
        If the folder or its manifest cannot be understood.
    ScaleError
        If `mm_per_px` is not a plausible size for a pixel of skin.
    StoreError
        If the output folder is in use, damaged, cannot be written, or holds the results of
        another folder of photos.
    DependencyError
        If the network is to find the scars and its weights are missing or damaged.
    ScarScopeError
        If no worker can start.
    """
    start = datetime.now(UTC)
    _check_workers(workers)
    require_opencv()
    _check_folder(Path(folder))
    root, target = Path(folder).resolve(), Path(out).resolve()
    listing = list_photos(root, layout=layout)
    scale = None if mm_per_px is None else Scale(mm_per_px, "argument")
    job = _Job(root, target, Params.given(params), scorer, paint, scale, _weights(params))
    options: dict[str, str | float | None] = {"folder": str(root), "layout": layout}
    options |= {"workers": workers, "cluster": cluster, "mm_per_px": mm_per_px}
    make_folder(target)
    with Store(target) as store:
        _check_same_folder(store, root)
        remove_leftovers(target)
        wanted = [skipped for skipped in listing.skipped if skipped.expected]
        for path in store.list_entries(listing.entries, wanted):
            job.outputs(path).remove()
        store.put_fact(_FOLDER, _identity(root))
        runner = _runner(job, workers, cluster, len(listing.entries))
        kept = _run(store, job, listing.entries, runner, progress)
        tables = export_tables(store)
        counts = _counts(tables, kept)
        told = provenance(
            job.params, start=start, counts=counts, options=options, weights=job.weights
        )
        store.put_run(told)
        tables.write(target, store.last_run() or {})
    return tables.result(target, skipped=listing.skipped, notes=listing.notes, kept=kept)


def _weights(params: Params | None) -> str:
    from scarscope.scars import weights_digest

    return weights_digest(Params.given(params))


def _check_folder(folder: Path) -> None:
    """Refuse what is no folder while its path is still as the user wrote it."""
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.is_file() else "does not exist"
        raise LayoutError(
            f"{folder} {what}.",
            remedy="Give the folder that holds the photos; single photos are scored by "
            "`scarscope score`.",
        )


def _check_workers(workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise ParamsError(
            f"workers = {workers!r} is out of range.",
            remedy="Give 1 or more, or leave it out for as many as the machine bears.",
        )


def _identity(folder: Path) -> str:
    return str(homeless(os.path.normcase(folder)))


def _check_same_folder(store: Store, folder: Path) -> None:
    """Refuse to replace one study's results by another's."""
    known, records = store.fact(_FOLDER), store.records()
    if known in (None, _identity(folder)) or not records:
        return
    if not _holds_any(folder, records):
        raise StoreError(
            f"{store.path.parent} holds the results of another folder of photos, {known}.",
            remedy="Give another folder with --out (out=), one for each folder of photos.",
        )


def _holds_any(folder: Path, records: Sequence[Record]) -> bool:
    """Whether a photo lies where it did: then the folder was moved, or is named differently."""
    there = (r for r in records if r.key.sha256 and (folder / r.path).is_file())
    return any(file_hash(folder / r.path) == r.key.sha256 for r in islice(there, _COMPARED))


def _runner(job: _Job, workers: int | None, cluster: str | None, photos: int) -> Runner:
    if cluster is not None:
        return partial(run_pooled, make=cluster_pools(cluster), workers=1, out=job.out)
    count = default_workers() if workers is None else workers
    if count == 1:
        return run_inline
    # More processes than photos would only take time to start.
    return partial(run_pooled, make=processes, workers=min(count, photos), out=job.out)


def _run(
    store: Store,
    job: _Job,
    entries: Sequence[Entry],
    runner: Runner,
    progress: Callable[[Progress], object] | None,
) -> int:
    """Score what is not done yet and store it as it comes; how many were done already."""
    tell = progress or _silent
    total, done = len(entries), 0
    tell(Progress(0, total))
    tasks, inputs = [], {}
    for entry in entries:
        step = _prepare(store, job, entry)
        if isinstance(step, Task):
            tasks.append(step)
            inputs[step.path] = _inputs_hash(step, job.weights)
            continue
        done += 1
        tell(Progress(done, total, entry.path, step))
    kept = done - sum(entry.problem is not None for entry in entries)
    store.begin([task.path for task in tasks])
    with closing(iter(runner(tasks))) as outcomes:
        for outcome in outcomes:
            key = Key(outcome.sha256, inputs[outcome.path], job.params.hash, __version__)
            store.put(outcome, key)
            if outcome.failure:
                job.outputs(outcome.path).remove()
            done += 1
            status: Status = "failed" if outcome.failure else "ok"
            tell(Progress(done, total, outcome.path, status, outcome.seconds))
    return kept


def _silent(_: Progress) -> None:
    return None


def _prepare(store: Store, job: _Job, entry: Entry) -> Task | Status:
    """The task of a photo, or what became of it without one."""
    if entry.problem is not None or entry.file is None:
        failure = Failure.of(entry.path, entry.problem or PhotoError(f"{entry.path} is missing."))
        outcome = Outcome(entry.path, "", failure=failure)
        store.put(outcome, Key("", "", job.params.hash, __version__))
        job.outputs(entry.path).remove()
        return "failed"
    task = job.task(entry, entry.file)
    return "kept" if _is_done(store, job, task) else task


def _is_done(store: Store, job: _Job, task: Task) -> bool:
    key = store.done(task.path)
    if key is None or task.outputs is None or not task.outputs.exist():
        return False
    # Hashing reads the whole file, so what is cheap to compare comes first.
    if (key.params_hash, key.version) != (job.params.hash, __version__):
        return False
    try:
        return key.inputs == _inputs_hash(task, job.weights) and key.sha256 == file_hash(task.file)
    except ScarScopeError:
        return False


def _inputs_hash(task: Task, weights: str) -> str:
    """Hash of what a score depends on beside the photo.

    Those are the stated scale, the region file, the sidecar, and the network's weights.
    """
    digest = hashlib.sha256(repr(task.scale).encode() + weights.encode())
    for file in (task.roi, sidecar_path(task.file)):
        present = file is not None and file.is_file()
        digest.update(file_hash(file).encode() if file is not None and present else b"-")
    return digest.hexdigest()[:16]


def _counts(tables: Tables, kept: int) -> dict[str, int]:
    photos = tables.photos.rows
    failed = sum(row["status"] != "ok" for row in photos)
    skipped = len(tables.failures.rows) - failed
    return {
        "photos": len(photos),
        "ok": len(photos) - failed,
        "failed": failed,
        "skipped": skipped,
        "kept": kept,
    }
