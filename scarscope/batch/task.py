"""The first task of a batch: score one photo and write its pictures.

The same function runs inline, in a spawned process, and on a cluster; whatever it is given and
whatever it returns can be pickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from scarscope.batch.layers import PHOTO, Layers, layers_of, remove_layers
from scarscope.batch.write import png16, replacing, write_bytes
from scarscope.errors import PhotoError, ScarScopeError
from scarscope.machine import DEBUG, print_debug, require_opencv
from scarscope.params import Params
from scarscope.photo.model import Scale
from scarscope.scars.edits import Edits
from scarscope.scars.model import Reviewed

if TYPE_CHECKING:
    import pandas as pd

    from scarscope.measures.model import Score

Cell = float | int | str | None
Row = Mapping[str, Cell]

REVIEW = "review"  # the stage of what a person left out
REPORT = f"Run it again with {DEBUG}=1 set and report what is printed."


class Scorer(Protocol):
    """Anything picklable that scores a photo's file.

    Where a person has decided about the photo's scars or region, it is given ``edits`` as well.
    """

    def __call__(
        self, file: Path, *, scale: Scale | None, roi: Path | None, params: Params, name: str
    ) -> Score:
        """Score `file`."""
        ...


Painter = Callable[["Score", Path], object]


@dataclass(frozen=True)
class Outputs:
    """Where a photo's pictures go; `overlay` and `layers` are None where nothing paints them."""

    mask: Path
    depth: Path
    overlay: Path | None
    layers: Path | None = None

    @classmethod
    def under(cls, out: Path, path: str, *, overlay: bool, layers: bool = False) -> Outputs:
        """The contract's places for the photo `path` in the folder `out`."""
        painted = out / "overlays" / f"{path}.jpg" if overlay else None
        places = out / "masks" / f"{path}.png", out / "depth" / f"{path}.png"
        return cls(*places, painted, layers_of(out, path) if layers else None)

    def _all(self) -> list[Path]:
        last = None if self.layers is None else self.layers / PHOTO
        files = (self.mask, self.depth, self.overlay, last)
        return [path for path in files if path is not None]

    def exist(self) -> bool:
        """Whether every picture has been written."""
        return all(path.is_file() for path in self._all())

    def remove(self) -> None:
        """Delete what an earlier run wrote: a photo that fails must not keep an old mask."""
        for path in self._all():
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        if self.layers is not None:
            remove_layers(self.layers)


@dataclass(frozen=True)
class Task:
    """One photo to score.

    Attributes
    ----------
    path : str
        Its key in every table.
    file : Path
        The photo.
    params : Params
        All stages' parameters.
    scorer : Scorer
        What scores it.
    scale : Scale or None
        Stated scale; None leaves it to a sidecar, or to pixels.
    roi : Path or None
        Region file; None for an automatic region.
    outputs : Outputs or None
        Where its pictures go; None writes none.
    paint : callable or None
        Writes the overlay of a score to a path.
    layers : Layers or None
        Writes what the report shows of it.
    edits : Edits
        What a person decided about its scars and its region.
    """

    path: str
    file: Path
    params: Params
    scorer: Scorer
    scale: Scale | None = None
    roi: Path | None = None
    outputs: Outputs | None = None
    paint: Painter | None = None
    layers: Layers | None = None
    edits: Edits = field(default_factory=Edits)

    def run(self) -> Outcome:
        """Do it."""
        return run_task(self)

    def failed(self, failure: Failure) -> Outcome:
        """What became of it when it could not even say so itself."""
        return Outcome(self.path, "", failure=failure)


@dataclass(frozen=True)
class Failure:
    """Why a photo has no score: one row of ``failures.csv``."""

    path: str
    stage: str
    error: str
    remedy: str

    @property
    def status(self) -> Literal["failed", "excluded"]:
        """What became of the photo: what a person left out has not failed."""
        return "excluded" if self.stage == REVIEW else "failed"

    @classmethod
    def of(cls, path: str, error: BaseException) -> Failure:
        """Describe an exception for people."""
        if isinstance(error, ScarScopeError):
            return cls(path, error.stage, error.message, error.remedy)
        if isinstance(error, MemoryError):
            remedy = "Use fewer workers, close other programs, or make the photo smaller."
            return cls(path, "memory", "There was not enough memory for this photo.", remedy)
        return cls(path, "unexpected", f"{type(error).__name__}: {error}", REPORT)


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes
    ----------
    path : str
        The task's key.
    sha256 : str
        Hash of the file's bytes; empty where it could not be read.
    row : mapping
        Flags, scale and measures; empty after a failure.
    scars : tuple of mapping
        One a scar.
    failure : Failure or None
        None when all went well.
    seconds : float
        How long it took; never part of a table.
    """

    path: str
    sha256: str
    row: Row = field(default_factory=dict)
    scars: tuple[Row, ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0


def run_task(task: Task) -> Outcome:
    """Score one photo, write its pictures, and say what became of it.

    Never raises but for an interrupt: whatever goes wrong is in the outcome.
    """
    start = time.perf_counter()
    sha256 = ""
    try:
        sha256 = file_hash(task.file)
        with one_opencv_thread():
            score = _scored(task)
            if task.outputs is not None:
                _write(score, task.outputs, task.paint)
                if task.layers is not None and task.outputs.layers is not None:
                    task.layers.photo(score, task.outputs.layers)
        row, scars = _photo_row(score), _scar_rows(score)
        if task.edits:
            row = {**row, **_review_row(score, task.edits)}
    except Exception as error:
        print_debug()
        failure = Failure.of(task.path, error)
        return Outcome(task.path, sha256, failure=failure, seconds=time.perf_counter() - start)
    return Outcome(task.path, sha256, row, scars, seconds=time.perf_counter() - start)


def _scored(task: Task) -> Score:
    # Scorers that know nothing of reviews must serve where there is none.
    more: dict[str, Any] = {"edits": task.edits} if task.edits else {}
    return task.scorer(
        task.file, scale=task.scale, roi=task.roi, params=task.params, name=task.path, **more
    )


def score_file(
    file: Path,
    *,
    scale: Scale | None,
    roi: Path | None,
    params: Params,
    name: str,
    edits: Edits | None = None,
) -> Score:
    """Read and score one photo with the library's own verbs."""
    from scarscope.measures import score
    from scarscope.photo import read_photo, read_sidecar

    photo = read_photo(file, mm_per_px=scale, name=name, params=params.photo)
    roi = roi or read_sidecar(file).roi
    if not edits:
        return score(photo, roi=roi, params=params)
    return score(photo, roi=roi, params=params, edits=edits)


def file_hash(file: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises
    ------
    PhotoError
        If the file cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise PhotoError(
            f"{file.name} cannot be read ({error.strerror or error}).",
            remedy="Check that the file is there and that you may read it.",
        ) from error


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Hold OpenCV to one thread: photos run side by side, so threads would only compete."""
    require_opencv()
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _write(score: Score, outputs: Outputs, paint: Painter | None) -> None:
    scars = score.scars
    write_bytes(outputs.mask, png16(scars.labels_px(), "scar_id of each pixel; 0 is no scar"))
    # Without a scale there are no micrometres, so the file says thousandths of a pixel.
    unit = "micrometres" if scars.skin.grid.unit == "mm" else "thousandths of a pixel"
    depth = np.clip(np.rint(scars.depth_px() * 1000), 0, np.iinfo(np.uint16).max)
    write_bytes(outputs.depth, png16(depth.astype(np.uint16), f"missing depth in {unit}"))
    if outputs.overlay is not None and paint is not None:
        with replacing(outputs.overlay) as temporary:
            paint(score, temporary)


def _photo_row(score: Score) -> Row:
    scale = score.scars.skin.photo.scale
    return {
        "flags": score.flags.text,
        "mm_per_px": scale.mm_per_px if scale else None,
        "scale_source": scale.source if scale else "",
        "mm_per_px_rel_sd": _plain(scale.rel_sd) if scale else None,
        **{name: _plain(value) for name, value in score.values.items()},
        **{name: _plain(value) for name, value in _quality(score).items()},
        "segmenter": score.scars.segmenter,
        "weights": score.scars.weights,
    }


def _review_row(score: Score, edits: Edits) -> Row:
    """What a person's decisions did, see :data:`scarscope.batch.columns.REVIEW`."""
    told = score.scars.review or Reviewed()
    return {
        "review": told.applied + bool(edits.region),
        "review_left": "|".join(told.left),
        "review_notes": "|".join(told.notes),
    }


def _scar_rows(score: Score) -> tuple[Row, ...]:
    rows, told = plain_rows(score.scars.table), score.scars.review
    if told is None:
        return rows
    numbers = score.scars.table["scar_id"].tolist()
    return tuple(
        {**row, "reviewed": told.marks.get(number, "")}
        for row, number in zip(rows, numbers, strict=True)
    )


def _quality(score: Score) -> dict[str, float]:
    """The figures behind the flags; without a scale those in mm are nominal, so they are left."""
    skin = score.scars.skin
    figures = {**skin.quality, **score.scars.quality}
    if skin.grid.unit == "px":
        figures = {n: v for n, v in figures.items() if not n.endswith(("_mm", "_um"))}
    return {name: value for name, value in figures.items() if name not in score.values}


def plain_rows(table: pd.DataFrame) -> tuple[Row, ...]:
    """A table as rows of values that JSON and SQLite know."""
    records = table.to_dict(orient="records")
    return tuple({str(k): _plain(v) for k, v in record.items()} for record in records)


def _plain(value: object) -> Cell:
    """A value that JSON and SQLite know; None for anything that is not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int):
        return int(value)
    return None if value is None else str(value)
