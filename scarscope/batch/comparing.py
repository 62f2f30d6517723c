"""The second pass of a run: compare what was scored, and store it as it comes.

Retest photos are compared first: what differs between two photos of one visit is measurement error,
and follow-ups are judged by it. So a follow-up's result depends on all retests, and is made anew
where that error has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from scarscope._version import __version__
from scarscope.batch.job import Job
from scarscope.batch.layers import PAIR, layers_of
from scarscope.batch.pair_task import Comparer, PairTask, Shot, not_compared
from scarscope.batch.pairs import PhotoPair
from scarscope.batch.progress import Meter, Status
from scarscope.batch.runner import Runner
from scarscope.batch.store import Record, Store
from scarscope.batch.task import REVIEW, Failure

if TYPE_CHECKING:
    from scarscope.change import MeasurementError

_FAILED = (
    "That photo could not be scored.",
    "Correct what failures.csv says of that photo, and run the same command again.",
)
_EXCLUDED = (
    "That photo was excluded by review.",
    "Nothing takes the place of a baseline: take the decision back, or leave these visits out.",
)
_IN_MM = "burden_um"  # only pairs with a scale have it


@dataclass(frozen=True)
class Compared:
    """What the second pass did.

    Attributes
    ----------
    kept : int
        Pairs whose result is from an earlier run.
    error : MeasurementError or None
        What follow-ups were judged by; None where no pair was compared.
    """

    kept: int = 0
    error: MeasurementError | None = None


@dataclass(frozen=True)
class _Pass:
    """What the pairs of one pass share."""

    store: Store
    job: Job
    photos: Mapping[str, Record]
    comparer: Comparer
    runner: Runner
    meter: Meter

    def run(self, pairs: Sequence[PhotoPair], error: MeasurementError) -> int:
        """Compare what is not compared yet; how many were done already."""
        told, todo, inputs = digest(error), [], {}
        for pair in pairs:
            key = self._inputs(pair, told)
            if self.store.pairs.done(pair) == key and self._painted(pair):
                self.meter.step(pair.followup.path, "kept", stage="comparing")
                continue
            todo.append(pair)
            inputs[pair.key] = key
        self.store.pairs.begin(todo)
        tasks = [self._task(pair, error) for pair in todo]
        with closing(self.runner(tasks)) as outcomes:
            for outcome in outcomes:
                self.store.pairs.put(outcome, inputs[outcome.baseline, outcome.path])
                status: Status = "failed" if outcome.failure else "ok"
                self.meter.step(outcome.path, status, outcome.seconds, stage="comparing")
        return len(pairs) - len(todo)

    def _task(self, pair: PhotoPair, error: MeasurementError) -> PairTask:
        first, second = self._shots(pair)
        told = (first, second, pair.days, error, self.job.params, self.comparer)
        folder = self._folder(pair)
        if self.job.layers is None or folder is None:
            return PairTask(*told)
        return PairTask(*told, self.job.layers.pair, folder)

    def _folder(self, pair: PhotoPair) -> Path | None:
        """Where its pictures go; retests are measurement error, and nobody looks at them."""
        if self.job.layers is None or pair.kind == "retest":
            return None
        return layers_of(self.job.out, pair.followup.path)

    def _painted(self, pair: PhotoPair) -> bool:
        folder = self._folder(pair)
        return folder is None or (folder / PAIR).is_file()

    def _shots(self, pair: PhotoPair) -> Iterator[Shot]:
        for entry in (pair.baseline, pair.followup):
            if entry.file is not None:  # it was scored, so it is there
                yield Shot.of(self.job.task(entry, entry.file), self.photos[entry.path].key.sha256)

    def _inputs(self, pair: PhotoPair, error: str) -> str:
        """Hash of all that a comparison depends on."""
        keys = [astuple(self.photos[path].key) for path in pair.key]
        known = (keys, pair.days, self.job.params.pair_hash, __version__, error)
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def compare_pairs(
    store: Store, job: Job, pairs: Sequence[PhotoPair], runner: Runner, meter: Meter
) -> Compared:
    """Compare the pairs whose photos have both been scored."""
    if job.comparer is None or not pairs:
        return Compared()
    from scarscope.change import of_study, published

    photos = {record.path: record for record in store.records()}
    ready = _ready(store, photos, pairs)
    meter.drop(len(pairs) - len(ready))
    share = _Pass(store, job, photos, job.comparer, runner, meter)
    kept = share.run([pair for pair in ready if pair.kind == "retest"], published())
    least = job.params.change.least_retests
    error = of_study(_retests(store), least=least) or published()
    kept += share.run([pair for pair in ready if pair.kind != "retest"], error)
    return Compared(kept, error if ready else None)


def _ready(
    store: Store, photos: Mapping[str, Record], pairs: Sequence[PhotoPair]
) -> list[PhotoPair]:
    """Pairs of two scored photos; those without a baseline become failures."""
    ready = []
    for pair in pairs:
        if photos[pair.followup.path].status != "ok":
            continue  # that it failed is told already
        if photos[pair.baseline.path].status == "ok":
            ready.append(pair)
            continue
        excluded = photos[pair.baseline.path].status == "excluded"
        told = (REVIEW, *_EXCLUDED) if excluded else ("", *_FAILED)
        failure = Failure(pair.followup.path, *told)
        store.pairs.put(not_compared(pair.baseline.path, failure), "")
    return ready


def _retests(store: Store) -> Iterator[pd.DataFrame]:
    """Measures of retests in millimetres: pixels of different photos are not of one size."""
    for record in store.pairs.records():
        if record.kind == "retest":
            table = pd.DataFrame([dict(row) for row in record.measures])
            if (table["measure"] == _IN_MM).any():
                yield table


def _rounded(parts: list[Any]) -> list[Any]:
    """Figures as text of nine digits, in lists within lists."""
    return [_rounded(part) if isinstance(part, list) else f"{part:.9g}" for part in parts]


def digest(error: MeasurementError) -> str:
    """Hash of a measurement error, to the digits that matter.

    Its last digits depend on the machine, and need no photo be compared again.
    """
    told = error.to_json()
    spreads = {
        kind: {name: _rounded(parts) for name, parts in table.items()}
        for kind, table in told["spreads"].items()
    }
    text = json.dumps([told["source"], told["pairs"], spreads], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
