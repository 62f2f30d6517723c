"""The joints: where rooms on the right are handed to rooms on the left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from scarscope import batch
from scarscope.batch import BatchResult, Progress
from scarscope.batch.task import Failure
from scarscope.machine import print_debug
from scarscope.params import Params
from scarscope.report import LAYERS, write_overlay

__all__ = ["score_folder"]


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
    report: bool = True,
    progress: Callable[[Progress], object] | None = None,
) -> BatchResult:
    """Score and compare the photos of a folder; see :func:`scarscope.batch.score_folder`.

    Parameters
    ----------
    folder : str or Path
        Photos with a ``manifest.csv``, or laid out as
        ``<subject>/<session or ISO date>/<view>.<ext>``.
    out : str or Path
        Output folder. Running again continues where it was left.
    workers : int or None, optional
        Processes; 1 runs everything in this one, None takes as many as the machine bears. In a
        script, guard the call by ``if __name__ == "__main__":`` where it is not 1.
    cluster : str or None, optional
        Address of a ``dask.distributed`` scheduler whose workers share the file system.
    params : Params, optional
        All stages' parameters. Defaults to ``Params()``.
    layout : str or None, optional
        Template of the photos' paths, such as ``{subject}/{date}_{view}``.
    mm_per_px : float or None, optional
        Scale of all photos for which neither the manifest nor a sidecar states one.
    compare : bool, optional
        False only scores the photos, and compares none with the baseline.
    review : str or Path, optional
        Decisions of a person about photos and scars, see docs/review.md. None: ``review.json`` in
        `out`, where there is one.
    report : bool, optional
        Whether to write ``report.html`` at the end, the page that people look at.
    progress : callable, optional
        Called with a :class:`scarscope.batch.Progress` at the start, after every photo and after
        every pair.

    Returns
    -------
    BatchResult
        With ``.photos``, ``.scars``, ``.changes``, ``.scar_changes``, ``.failures`` and ``.out``.

    Raises
    ------
    ScarScopeError
        If nothing could be done; a photo that fails is a row of ``.failures`` instead.
    """
    result = batch.score_folder(
        folder,
        out=out,
        workers=workers,
        cluster=cluster,
        params=params,
        layout=layout,
        mm_per_px=mm_per_px,
        compare=compare,
        review=review,
        progress=progress,
        paint=write_overlay,
        layers=LAYERS,
    )
    return _with_report(result) if report else result


def _with_report(result: BatchResult) -> BatchResult:
    """Write the page; where that fails the batch is none the less done, and says so."""
    from scarscope.report.page.build import write_report

    if result.photos.empty:
        return result
    try:
        write_report(result.out)
    except Exception as error:  # whatever it is: hours of scoring are not lost for a page
        print_debug()
        told = Failure.of("report.html", error)
        note = f"There is no report.html. {told.error} {told.remedy}"
        return replace(result, notes=(*result.notes, note))
    return result
