"""The SQLite store of a batch: what was scored, from which bytes, with which parameters.

One row a photo is kept, since its mask and overlay exist only once. A photo that has left the
folder leaves the store as well, and what was compared with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from scarscope.batch.columns import SCAR_PLACE
from scarscope.batch.database import Database, loaded
from scarscope.batch.entry import Entry
from scarscope.batch.pair_store import PairStore, forget
from scarscope.batch.scan import Skipped, printable
from scarscope.batch.task import Cell, Failure, Outcome, Row

_SELECT = "SELECT path, entry, status, sha256, inputs, params_hash, version, row FROM photos WHERE "


@dataclass(frozen=True)
class Key:
    """What a result depends on: done means that all four are as they were."""

    sha256: str
    inputs: str
    params_hash: str
    version: str


@dataclass(frozen=True)
class Record:
    """One listed photo of the store."""

    path: str
    entry: Row
    status: str
    key: Key
    row: Row


class Store:
    """The open store of a batch; use as a context manager.

    Parameters
    ----------
    folder : Path
        Output folder of the batch; it must exist.
    readonly : bool, optional
        Open an existing store for reading only.

    Attributes
    ----------
    path : Path
        Its file.
    pairs : PairStore
        What was compared.

    Raises
    ------
    StoreError
        If the store is missing, locked by another run, damaged, or of another ScarScope.
    """

    def __init__(self, folder: Path, *, readonly: bool = False) -> None:
        self._database = Database(folder, readonly=readonly)
        self.path = self._database.path
        self.pairs = PairStore(self._database)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def list_entries(self, entries: Sequence[Entry], skipped: Sequence[Skipped] = ()) -> list[str]:
        """Make these the photos of the folder, in this order; results that exist are kept.

        Parameters
        ----------
        entries : sequence of Entry
            The photos.
        skipped : sequence of Skipped
            Pictures that people would expect to be among them.

        Returns
        -------
        list of str
            Photos that have left the folder, and now the store.
        """
        listed = {entry.path for entry in entries}
        with self._database.transaction() as db:
            gone = [p for (p,) in db.execute("SELECT path FROM photos") if p not in listed]
            db.executemany(
                "DELETE FROM pairs WHERE baseline = ?1 OR followup = ?1", [(p,) for p in gone]
            )
            db.executemany("DELETE FROM scars WHERE path = ?", [(p,) for p in gone])
            db.executemany("DELETE FROM failures WHERE path = ?", [(p,) for p in gone])
            db.executemany("DELETE FROM photos WHERE path = ?", [(p,) for p in gone])
            db.executemany(
                "INSERT INTO photos (path, position, entry, status) "
                "VALUES (?, ?, ?, 'waiting') ON CONFLICT (path) DO UPDATE SET "
                "position = excluded.position, entry = excluded.entry",
                [(e.path, i, json.dumps(_entry_row(e))) for i, e in enumerate(entries)],
            )
            db.execute("DELETE FROM skipped")
            db.executemany(
                "INSERT INTO skipped (path, error, remedy) VALUES (?, ?, ?)",
                [(printable(s.path), f"Not scored: {s.reason}.", s.remedy) for s in skipped],
            )
        return gone

    def put_fact(self, name: str, value: str) -> None:
        """Keep something about the batch as a whole."""
        with self._database.transaction() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def fact(self, name: str) -> str | None:
        """What was kept under that name; None where nothing was."""
        with self._database.explained() as db:
            for (value,) in db.execute("SELECT value FROM facts WHERE name = ?", (name,)):
                return str(value)
        return None

    def done(self, path: str) -> Key | None:
        """What a finished photo's result depends on; None where it has none."""
        for record in self._records("path = ? AND status = 'ok'", path):
            return record.key
        return None

    def begin(self, paths: Sequence[str]) -> None:
        """Forget the results of photos that are about to be scored again, comparisons included.

        Their pictures are replaced before the new result is stored; whoever is interrupted in
        between must not find an old result beside a new picture.
        """
        keys = [(path,) for path in paths]
        with self._database.transaction() as db:
            db.executemany(
                "UPDATE photos SET status = 'waiting', sha256 = '', inputs = '', "
                "params_hash = '', version = '', seconds = NULL, row = '{}' WHERE path = ?",
                keys,
            )
            db.executemany("DELETE FROM scars WHERE path = ?", keys)
            db.executemany("DELETE FROM failures WHERE path = ?", keys)
            forget(db, paths)

    def put(self, outcome: Outcome, key: Key) -> None:
        """Record what became of a photo, in place of anything older."""
        failure = outcome.failure
        with self._database.transaction() as db:
            db.execute(
                "UPDATE photos SET status = ?, sha256 = ?, inputs = ?, params_hash = ?, "
                "version = ?, seconds = ?, row = ? WHERE path = ?",
                (
                    failure.status if failure else "ok",
                    *(key.sha256, key.inputs, key.params_hash, key.version),
                    *(outcome.seconds, json.dumps(dict(outcome.row)), outcome.path),
                ),
            )
            db.execute("DELETE FROM scars WHERE path = ?", (outcome.path,))
            db.execute("DELETE FROM failures WHERE path = ?", (outcome.path,))
            db.executemany(
                "INSERT INTO scars VALUES (?, ?, ?)",
                [(outcome.path, i, json.dumps(dict(s))) for i, s in enumerate(outcome.scars, 1)],
            )
            if failure:
                db.execute(
                    "INSERT INTO failures VALUES (?, ?, ?, ?)",
                    (failure.path, failure.stage, failure.error, failure.remedy),
                )

    def put_run(self, provenance: dict[str, Any]) -> None:
        """Add a finished run to the log."""
        with self._database.transaction() as db:
            db.execute("INSERT INTO runs (provenance) VALUES (?)", (json.dumps(provenance),))

    def last_run(self) -> dict[str, Any] | None:
        """Provenance of the latest finished run; None where there is none."""
        with self._database.explained() as db:
            found = db.execute("SELECT provenance FROM runs ORDER BY id DESC LIMIT 1")
            for (text,) in found:
                provenance: dict[str, Any] = json.loads(text)
                return provenance
        return None

    def records(self) -> list[Record]:
        """The photos of the folder, in its order."""
        return list(self._records("1"))

    def scars(self) -> Iterator[Row]:
        """The scars of the folder's photos, in its order, each with its photo's place."""
        with self._database.explained() as db:
            cursor = db.execute(
                "SELECT s.path, p.entry, s.row FROM scars s JOIN photos p ON p.path = s.path "
                "ORDER BY p.position, s.number"
            )
            for path, text, row in cursor:
                entry = loaded(text)
                yield {
                    "path": path,
                    **{name: entry[name] for name in SCAR_PLACE if name != "path"},
                    **loaded(row),
                }

    def failures(self) -> list[Failure]:
        """What could not be done: photos without a score, pairs, then pictures passed over."""
        with self._database.explained() as db:
            cursor = db.execute(
                "SELECT f.path, f.stage, f.error, f.remedy FROM failures f "
                "JOIN photos p ON p.path = f.path ORDER BY p.position"
            )
            failed = [Failure(*values) for values in cursor]
        failed += self.pairs.failures()
        with self._database.explained() as db:
            cursor = db.execute("SELECT path, error, remedy FROM skipped ORDER BY position")
            return failed + [Failure(path, "folder", *told) for path, *told in cursor]

    def _records(self, condition: str, *values: object) -> Iterable[Record]:
        with self._database.explained() as db:
            cursor = db.execute(_SELECT + condition + " ORDER BY position", values)
            return [
                Record(path, loaded(entry), status, Key(*key), loaded(row))
                for path, entry, status, *key, row in cursor
            ]


def _entry_row(entry: Entry) -> dict[str, Cell]:
    return {
        "subject": entry.subject,
        "session": entry.session,
        "date": entry.day.isoformat() if entry.day else "",
        "view": entry.view,
        "kind": entry.kind,
        "mm_per_px": entry.scale.mm_per_px if entry.scale else None,
        "roi": entry.roi or "",
        **{f"+{name}": text for name, text in entry.extra},
    }
