"""Scoring a folder: list, skip what is done, score and compare the rest, store, export."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from scarscope.batch.comparing import Compared, compare_pairs
from scarscope.batch.job import Job
from scarscope.batch.layers import Layers, layers_of, remove_pair_layers
from scarscope.batch.layout import Listing, list_photos
from scarscope.batch.notes import other_options
from scarscope.batch.pair_task import Comparer, compare_files
from scarscope.batch.pairs import PhotoPair, list_pairs
from scarscope.batch.pools import cluster as cluster_pools
from scarscope.batch.pools import processes
from scarscope.batch.progress import Meter, Progress
from scarscope.batch.provenance import homeless, provenance
from scarscope.batch.results import BatchResult, Tables, export_tables
from scarscope.batch.review_plan import read_plan, review_notes
from scarscope.batch.review_plan import told as told_of_review
from scarscope.batch.runner import Runner
from scarscope.batch.scoring import score_photos
from scarscope.batch.store import Record, Store
from scarscope.batch.task import Painter, Scorer, file_hash, score_file
from scarscope.batch.write import make_folder, remove_leftovers
from scarscope.errors import LayoutError, ParamsError, StoreError
from scarscope.machine import default_workers, require_opencv
from scarscope.params import Params
from scarscope.photo.model import Scale

_FOLDER = "folder"  # the store's name for where its photos lie
_COMPARED = 20  # photos that are looked at to tell a moved folder from another one


def score_folder(
    folder: str | Path,
    *,
    out: str | Path,
    workers: int | None = 1,
    cluster: str | None = None,
    params: Params | None = None,
    layout: str | None = None,
    mm_per_px: float | None = None,
    compare: bool = True,
    review: str | Path | None = None,
    progress: Callable[[Progress], object] | None = None,
    paint: Painter | None = None,
    layers: Layers | None = None,
    scorer: Scorer = score_file,
    comparer: Comparer | None = None,
) -> BatchResult:
    """Score every photo of a folder into an output folder, and compare follow-ups with baseline.

    Running it again continues: a photo is done when its bytes, the scale and region stated for
    it, the parameters and the version are those of the stored result, and its pictures exist; a
    pair is done when its photos are, and what judges it is as it was. Failures are tried again.
    The tables and pictures are exactly those of the photos that the folder holds now.

    Within each subject and view, every later session is compared with the lowest one, and every
    retest with the photo of its own visit. Where there are enough retests, changes are judged by
    the study's own measurement error, else by ScarScope's.

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
    compare : bool, optional
        False only scores the photos, and keeps no comparison of an earlier run.
    review : str or Path, optional
        Decisions of a person about photos and scars, see docs/review.md. None: ``review.json`` in
        `out`, where there is one. Photos about which something else is decided than in the run
        before are scored again.
    progress : callable, optional
        Called with a :class:`Progress` at the start, after every photo and after every pair.
    paint : callable, optional
        ``paint(score, path)`` writes the overlay; it must be importable by workers. None: no
        overlays.
    layers : Layers, optional
        What writes the pictures that the report shows. None: none.
    scorer : Scorer, optional
        What scores one photo; it must be importable by workers.
    comparer : Comparer, optional
        What compares two photos; it must be importable by workers. None: the library's own, where
        the library's own scorer scored them, else nothing is compared.

    Returns
    -------
    BatchResult
        The tables; :attr:`BatchResult.failures` names what could not be done.

    Raises
    ------
    LayoutError
        If the folder or its manifest cannot be understood.
    ScaleError
        If `mm_per_px` is not a plausible size for a pixel of skin.
    ReviewError
        If the file of decisions cannot be understood.
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
    if comparer is None and scorer is score_file:
        comparer = compare_files
    job = Job(
        *(root, target, Params.given(params), scorer, comparer if compare else None),
        *(paint, layers, scale, _weights(params)),
        plan=read_plan(review, target, listing.entries),
    )
    options: dict[str, str | float | None] = {"folder": str(root), "layout": layout}
    options |= {"workers": workers, "cluster": cluster, "mm_per_px": mm_per_px, "compare": compare}
    options |= {"review": None if review is None else str(review)}
    make_folder(target)
    with Store(target) as store:
        _check_same_folder(store, root)
        pairs = _list(store, job, listing)
        meter = Meter(progress, len(listing.entries) + len(pairs))
        meter.start()
        runner = _runner(job, workers, cluster)
        kept = score_photos(store, job, listing.entries, runner, meter)
        compared = compare_pairs(store, job, pairs, runner, meter)
        _remove_stale_pairs(store, target, listing)
        tables = export_tables(store)
        reviewed = told_of_review(job.plan, tables.photos.rows)
        last = store.last_run() or {}
        notes = [
            *other_options(options | {"segmenter": job.params.scars.segmenter}, _asked(last)),
            *review_notes(reviewed, last.get("review")),
        ]
        told = provenance(
            *(job.params, start, _counts(tables, kept), options),
            changes=_change_counts(store, compared),
            weights=job.weights,
            review=reviewed,
        )
        store.put_run(told)
        tables.write(target, store.last_run() or {})
    notes = [*listing.notes, *notes]
    return tables.result(target, skipped=listing.skipped, notes=tuple(notes), kept=kept)


def _asked(run: Mapping[str, Any]) -> dict[str, object]:
    """Of the last run; an earlier version's log may hold less."""
    told = {"segmenter": run["segmenter"]} if "segmenter" in run else {}
    return {**run.get("options", {}), **told}


def _list(store: Store, job: Job, listing: Listing) -> tuple[PhotoPair, ...]:
    """Tell the store what the folder holds, and clean up what it holds no longer."""
    remove_leftovers(job.out)
    wanted = [skipped for skipped in listing.skipped if skipped.expected]
    for path in store.list_entries(listing.entries, wanted):
        job.outputs(path).remove()
    pairs = list_pairs(listing.entries) if job.comparer is not None else ()
    store.pairs.list_pairs(pairs)
    store.put_fact(_FOLDER, _identity(job.folder))
    return pairs


def _remove_stale_pairs(store: Store, out: Path, listing: Listing) -> None:
    """Delete pictures of pairs that do not stand any more.

    They show the baseline too, which may have been excluded since, or have failed.
    """
    stand = {record.followup for record in store.pairs.records() if record.kind == "session"}
    for entry in listing.entries:
        if entry.path not in stand:
            remove_pair_layers(layers_of(out, entry.path))


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


def _runner(job: Job, workers: int | None, cluster: str | None) -> Runner:
    if cluster is not None:
        return Runner(cluster_pools(cluster), out=job.out)
    count = default_workers() if workers is None else workers
    return Runner(processes, count, job.out) if count > 1 else Runner()


def _counts(tables: Tables, kept: int) -> dict[str, int]:
    photos = tables.photos.rows
    ok = sum(row["status"] == "ok" for row in photos)
    excluded = sum(row["status"] == "excluded" for row in photos)
    skipped = sum(row["stage"] == "folder" for row in tables.failures.rows)
    return {
        "photos": len(photos),
        "ok": ok,
        "failed": len(photos) - ok - excluded,
        "excluded": excluded,
        "skipped": skipped,
        "kept": kept,
    }


def _change_counts(store: Store, compared: Compared) -> dict[str, Any]:
    """Pairs by what became of them, and what follow-ups were judged by."""
    kinds = [record.kind for record in store.pairs.records()]
    error = compared.error
    return {
        "followups": len(kinds) - kinds.count("retest"),
        "retests": kinds.count("retest"),
        "failed": len(store.pairs.failures()),
        "kept": compared.kept,
        "measurement_error": None
        if error is None
        else {"source": error.source, "pairs": error.pairs},
    }
