"""The second task of a batch: compare two photos of the same skin.

Scored photos are not kept, since a photo's maps are a thousand times larger than its figures; so
both are read again here, with the scale and the region that their scores have.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scarscope.batch.scar_ids import with_stored_ids
from scarscope.batch.task import REVIEW, Failure, Row, Task, one_opencv_thread, plain_rows
from scarscope.errors import PhotoError
from scarscope.machine import print_debug
from scarscope.params import Params
from scarscope.photo.model import Scale
from scarscope.scars.edits import Edits

if TYPE_CHECKING:
    from scarscope.change import Change, MeasurementError
    from scarscope.skin.model import Skin

STAGE = "change"


@dataclass(frozen=True)
class Shot:
    """One photo of a pair, as it was scored.

    Attributes
    ----------
    path : str
        Its key in every table.
    file : Path
        The photo.
    sha256 : str
        Of the bytes that were scored.
    scale : Scale or None
        Stated scale; None leaves it to a sidecar, or to pixels.
    roi : Path or None
        Region file; None for an automatic region.
    mask : Path or None
        Its scars as they were numbered; None where no mask was written.
    edits : Edits
        What a person decided about its scars and its region.
    """

    path: str
    file: Path
    sha256: str
    scale: Scale | None = None
    roi: Path | None = None
    mask: Path | None = None
    edits: Edits = field(default_factory=Edits)

    @classmethod
    def of(cls, task: Task, sha256: str) -> Shot:
        """The photo of a task that has been run."""
        mask = task.outputs.mask if task.outputs is not None else None
        return cls(task.path, task.file, sha256, task.scale, task.roi, mask, task.edits)


class Comparer(Protocol):
    """Anything picklable that compares two scored photos."""

    def __call__(
        self,
        before: Shot,
        after: Shot,
        *,
        days: tuple[float, float],
        error: MeasurementError,
        params: Params,
    ) -> Change:
        """Compare `before` with `after`."""
        ...


@dataclass(frozen=True)
class PairTask:
    """Two photos to compare.

    Attributes
    ----------
    before, after : Shot
        The earlier and the later photo.
    days : tuple of 2 float
        Days that each was taken after the treatment before it; NaN where it is not known.
    error : MeasurementError
        What a change must exceed.
    params : Params
        All stages' parameters.
    comparer : Comparer
        What compares them.
    paint : callable or None
        ``paint(change, folder)`` writes what the report shows of them.
    folder : Path or None
        Where to.
    """

    before: Shot
    after: Shot
    days: tuple[float, float]
    error: MeasurementError
    params: Params
    comparer: Comparer
    paint: Callable[[Change, Path], object] | None = None
    folder: Path | None = None

    @property
    def path(self) -> str:
        """Path of the later photo."""
        return self.after.path

    def run(self) -> PairOutcome:
        """Do it."""
        return run_pair(self)

    def failed(self, failure: Failure) -> PairOutcome:
        """What became of it when it could not even say so itself."""
        return not_compared(self.before.path, failure)


@dataclass(frozen=True)
class PairOutcome:
    """What became of a pair.

    Attributes
    ----------
    baseline, path : str
        Paths of the earlier and of the later photo.
    measures, scars : tuple of mapping
        One a measure, and one a scar with its numbers in the two photos' own tables.
    failure : Failure or None
        None when all went well; that photos cannot be compared is no failure.
    seconds : float
        How long it took; never part of a table.
    """

    baseline: str
    path: str
    measures: tuple[Row, ...] = ()
    scars: tuple[Row, ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0


def run_pair(task: PairTask) -> PairOutcome:
    """Compare two photos and say what became of it.

    Never raises but for an interrupt: whatever goes wrong is in the outcome.
    """
    start = time.perf_counter()
    try:
        with one_opencv_thread():
            change = task.comparer(
                task.before, task.after, days=task.days, error=task.error, params=task.params
            )
            scars = with_stored_ids(change, task.before.mask, task.after.mask)
            if task.paint is not None and task.folder is not None:
                task.paint(change, task.folder)
        measures = plain_rows(change.measures)
    except Exception as error:
        print_debug()
        return task.failed(Failure.of(task.path, error))
    seconds = time.perf_counter() - start
    return PairOutcome(task.before.path, task.path, measures, scars, seconds=seconds)


def not_compared(baseline: str, failure: Failure) -> PairOutcome:
    """The outcome of a pair that failed, which says what was compared with what."""
    left = failure.stage == REVIEW
    error = f"It {'was not' if left else 'could not be'} compared with {baseline}. {failure.error}"
    told = Failure(failure.path, failure.stage if left else STAGE, error, failure.remedy)
    return PairOutcome(baseline, failure.path, failure=told)


def compare_files(
    before: Shot,
    after: Shot,
    *,
    days: tuple[float, float],
    error: MeasurementError,
    params: Params,
) -> Change:
    """Read and compare two photos with the library's own verbs."""
    from scarscope.change import compare

    first, second = _skin(before, params), _skin(after, params)
    return compare(
        first,
        second,
        days=days,
        error=error,
        edits_before=before.edits.scars,
        edits_after=after.edits.scars,
        params=params,
    )


def _skin(shot: Shot, params: Params) -> Skin:
    from scarscope.photo import read_photo, read_sidecar
    from scarscope.skin import find_skin

    photo = read_photo(shot.file, mm_per_px=shot.scale, name=shot.path, params=params.photo)
    if photo.sha256 != shot.sha256:
        raise PhotoError(
            f"{shot.path} is not the file any more that was scored.",
            remedy="Leave photos alone while they are scored, and run the same command again.",
        )
    drawn = shot.edits.roi(photo.shape)
    roi = (shot.roi or read_sidecar(shot.file).roi) if drawn is None else drawn
    return find_skin(photo, roi=roi, params=params.skin, capture=params.photo)
