"""What every task of a run shares, and what its result depends on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from scarscope.batch.entry import Entry
from scarscope.batch.layers import Layers
from scarscope.batch.pair_task import Comparer
from scarscope.batch.review_plan import Plan
from scarscope.batch.task import Outputs, Painter, Scorer, Task, file_hash
from scarscope.errors import ScarScopeError
from scarscope.params import Params
from scarscope.photo import read_sidecar, sidecar_path
from scarscope.photo.model import Scale
from scarscope.scars.edits import Edits


@dataclass(frozen=True)
class Job:
    """What every photo and pair of a run shares.

    Attributes
    ----------
    folder, out : Path
        Of the photos, and of what is written.
    params : Params
        All stages' parameters.
    scorer : Scorer
        What scores a photo.
    comparer : Comparer or None
        What compares two photos; None compares none.
    paint : callable or None
        Writes the overlay of a score.
    layers : Layers or None
        Writes what the report shows of photos and pairs.
    scale : Scale or None
        Of all photos for which nothing else states one.
    weights : str
        Digest of what was learned; empty where nothing was.
    plan : Plan
        What a person decided about photos and scars.
    """

    folder: Path
    out: Path
    params: Params
    scorer: Scorer
    comparer: Comparer | None = None
    paint: Painter | None = None
    layers: Layers | None = None
    scale: Scale | None = None
    weights: str = ""
    plan: Plan = field(default_factory=Plan)

    def task(self, entry: Entry, file: Path) -> Task:
        """The task of scoring a photo."""
        return Task(
            path=entry.path,
            file=file,
            params=self.params,
            scorer=self.scorer,
            scale=entry.scale or self._fallback(file),
            roi=self.folder / entry.roi if entry.roi else None,
            outputs=self.outputs(entry.path),
            paint=self.paint,
            layers=self.layers,
            edits=self.plan.edits.get(entry.path, Edits()),
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
        """Where a photo's pictures go."""
        return Outputs.under(
            self.out, path, overlay=self.paint is not None, layers=self.layers is not None
        )

    def inputs(self, task: Task) -> str:
        """Hash of what a score depends on beside the photo.

        Those are the stated scale, the region file, the sidecar, the network's weights, and what a
        person decided about it.
        """
        digest = hashlib.sha256(repr(task.scale).encode() + self.weights.encode())
        for file in (task.roi, sidecar_path(task.file)):
            present = file is not None and file.is_file()
            digest.update(file_hash(file).encode() if file is not None and present else b"-")
        if task.edits:  # what was scored before there were any stays done
            digest.update(repr(task.edits).encode())
        return digest.hexdigest()[:16]
