"""What the store knows of pairs of photos: which are to be compared, and what came of it."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scarscope.batch.database import Database, loaded
from scarscope.batch.pair_task import PairOutcome
from scarscope.batch.pairs import PhotoPair
from scarscope.batch.task import Cell, Failure, Row

_FORGOTTEN = (
    "UPDATE pairs SET status = 'waiting', inputs = '', seconds = NULL, measures = '[]', "
    "scars = '[]', stage = '', error = '', remedy = '' WHERE "
)
# A pair counts only where both of its photos do.
_JOINED = (
    "FROM pairs p JOIN photos b ON b.path = p.baseline JOIN photos f ON f.path = p.followup "
    "WHERE f.status = 'ok' AND "
)


@dataclass(frozen=True)
class PairRecord:
    """One pair that was compared.

    Attributes
    ----------
    baseline, followup : str
        Paths of the earlier and of the later photo.
    kind : str
        ``session`` or ``retest``.
    before, after : mapping
        What the manifest or layout says of the two photos.
    measures, scars : tuple of mapping
        One a measure, and one a scar.
    """

    baseline: str
    followup: str
    kind: str
    before: Row
    after: Row
    measures: tuple[Row, ...]
    scars: tuple[Row, ...]


def forget(db: sqlite3.Connection, photos: Sequence[str]) -> None:
    """Forget what was compared with these photos."""
    db.executemany(_FORGOTTEN + "baseline = ?1 OR followup = ?1", [(photo,) for photo in photos])


class PairStore:
    """The pairs of a batch's store.

    Parameters
    ----------
    database : Database
        Open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_pairs(self, pairs: Sequence[PhotoPair]) -> None:
        """Make these the pairs of the folder, in this order; results that exist are kept."""
        listed = {pair.key for pair in pairs}
        with self._database.transaction() as db:
            known = db.execute("SELECT baseline, followup FROM pairs").fetchall()
            db.executemany(
                "DELETE FROM pairs WHERE baseline = ? AND followup = ?",
                [key for key in known if key not in listed],
            )
            db.executemany(
                "INSERT INTO pairs (baseline, followup, position, kind, status) "
                "VALUES (?, ?, ?, ?, 'waiting') ON CONFLICT (baseline, followup) DO UPDATE SET "
                "position = excluded.position, kind = excluded.kind",
                [(*pair.key, i, pair.kind) for i, pair in enumerate(pairs)],
            )

    def done(self, pair: PhotoPair) -> str | None:
        """Hash of what a finished comparison depends on; None where there is none."""
        with self._database.explained() as db:
            found = db.execute(
                "SELECT inputs FROM pairs WHERE baseline = ? AND followup = ? AND status = 'ok'",
                pair.key,
            ).fetchone()
        return None if found is None else str(found[0])

    def begin(self, pairs: Sequence[PhotoPair]) -> None:
        """Forget the results of pairs that are about to be compared again."""
        with self._database.transaction() as db:
            db.executemany(
                _FORGOTTEN + "baseline = ? AND followup = ?", [pair.key for pair in pairs]
            )

    def put(self, outcome: PairOutcome, inputs: str) -> None:
        """Record what became of a pair, in place of anything older."""
        failure = outcome.failure
        told = (failure.stage, failure.error, failure.remedy) if failure else ("", "", "")
        measures, scars = (
            json.dumps([dict(row) for row in rows]) for rows in (outcome.measures, outcome.scars)
        )
        with self._database.transaction() as db:
            db.execute(
                "UPDATE pairs SET status = ?, inputs = ?, seconds = ?, measures = ?, scars = ?, "
                "stage = ?, error = ?, remedy = ? WHERE baseline = ? AND followup = ?",
                (
                    "failed" if failure else "ok",
                    *(inputs, outcome.seconds, measures, scars),
                    *(*told, outcome.baseline, outcome.path),
                ),
            )

    def records(self) -> Iterator[PairRecord]:
        """The pairs that were compared, in the folder's order."""
        with self._database.explained() as db:
            cursor = db.execute(
                "SELECT p.baseline, p.followup, p.kind, b.entry, f.entry, p.measures, p.scars "
                + _JOINED
                + "b.status = 'ok' AND p.status = 'ok' ORDER BY p.position"
            )
            for baseline, followup, kind, before, after, measures, scars in cursor:
                yield PairRecord(
                    *(baseline, followup, kind, loaded(before), loaded(after)),
                    *(_rows(measures), _rows(scars)),
                )

    def failures(self) -> list[Failure]:
        """The pairs that could not be compared, in the folder's order."""
        with self._database.explained() as db:
            cursor = db.execute(
                "SELECT p.followup, p.stage, p.error, p.remedy "
                + _JOINED
                + "p.status = 'failed' ORDER BY p.position"
            )
            return [Failure(*values) for values in cursor]


def _rows(text: str) -> tuple[Row, ...]:
    rows: list[dict[str, Cell]] = json.loads(text)
    return tuple(
        {name: math.nan if value is None else value for name, value in row.items()} for row in rows
    )
