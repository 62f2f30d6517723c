"""Telling how far a run is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Status = Literal["start", "kept", "ok", "failed", "excluded"]
Stage = Literal["scoring", "comparing"]


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    done, total : int
        Photos to score and pairs of photos to compare, together.
    path : str
        The photo that this is about, of a pair the later one; empty at the start.
    status : {"start", "kept", "ok", "failed", "excluded"}
        What became of it; ``kept`` is a result of an earlier run, ``excluded`` a reviewer's
        decision.
    seconds : float
        How long it took its worker.
    stage : {"scoring", "comparing"}
        Whether a photo was scored or a pair compared.
    """

    done: int
    total: int
    path: str = ""
    status: Status = "start"
    seconds: float = 0.0
    stage: Stage = "scoring"


class Meter:
    """Counts what is done and tells it.

    Parameters
    ----------
    tell : callable or None
        Called with a :class:`Progress`.
    total : int
        Photos and pairs.
    """

    def __init__(self, tell: Callable[[Progress], object] | None, total: int) -> None:
        self._tell, self._done, self._total = tell, 0, total

    def start(self) -> None:
        """Nothing is done yet."""
        self._say(Progress(0, self._total))

    def drop(self, count: int) -> None:
        """So many fewer are to be done than was thought."""
        self._total -= count

    def step(self, path: str, status: Status, seconds: float = 0.0, *, stage: Stage) -> None:
        """One more is done."""
        self._done += 1
        self._say(Progress(self._done, self._total, path, status, seconds, stage))

    def _say(self, progress: Progress) -> None:
        if self._tell is not None:
            self._tell(progress)
