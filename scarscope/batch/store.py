"""The SQLite store of a batch: what was scored, from which bytes, with which parameters.

Only the process that runs the batch writes it. It is held locked for as long as that process
lives, so that two runs cannot write to one folder, and a killed run leaves no lock behind. The
journal is SQLite's ordinary one: write-ahead logging does not work on the network drives on which
clinics keep photos.

One row a photo is kept, since its mask and overlay exist only once. A photo that has left the
folder leaves the store as well.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from scarscope.batch.columns import SCAR_PLACE
from scarscope.batch.entry import Entry
from scarscope.batch.scan import STORE_NAME, Skipped, printable
from scarscope.batch.task import Cell, Failure, Outcome, Row
from scarscope.errors import StoreError

SCHEMA = 3
_PATIENCE_S = 1.0  # how long another program may hold the store
_TABLES = """
CREATE TABLE photos (
    path TEXT PRIMARY KEY,
    position INTEGER NOT NULL,     -- order of the tables
    entry TEXT NOT NULL,           -- JSON: what the manifest or layout says
    status TEXT NOT NULL,          -- waiting, ok or failed
    sha256 TEXT NOT NULL DEFAULT '',
    inputs TEXT NOT NULL DEFAULT '',  -- hash of scale, region file, sidecar, weights
    params_hash TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '',
    seconds REAL,
    row TEXT NOT NULL DEFAULT '{}' -- JSON: flags, scale, measures
);
CREATE TABLE scars (
    path TEXT NOT NULL REFERENCES photos(path),
    number INTEGER NOT NULL,
    row TEXT NOT NULL,             -- JSON: one scar
    PRIMARY KEY (path, number)
);
CREATE TABLE failures (
    path TEXT PRIMARY KEY REFERENCES photos(path),
    stage TEXT NOT NULL,
    error TEXT NOT NULL,
    remedy TEXT NOT NULL
);
CREATE TABLE skipped (
    position INTEGER PRIMARY KEY,
    path TEXT NOT NULL,            -- a picture that is not part of the study but seems meant to be
    error TEXT NOT NULL,
    remedy TEXT NOT NULL
);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE runs (id INTEGER PRIMARY KEY, provenance TEXT NOT NULL);
"""
_SELECT = "SELECT path, entry, status, sha256, inputs, params_hash, version, row FROM photos WHERE "
_REMEDY_BROKEN = (
    "Restore it from a copy, or move it away and run again: every photo is then redone."
)


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

    Raises
    ------
    StoreError
        If the store is missing, locked by another run, damaged, or of a newer ScarScope.
    """

    def __init__(self, folder: Path, *, readonly: bool = False) -> None:
        self.path = folder / STORE_NAME
        if readonly and not self.path.is_file():
            raise StoreError(
                f"{folder} holds no {STORE_NAME}.",
                remedy="Give the output folder of a `scarscope batch` run.",
            )
        with self._explained():
            # No file: URI, since SQLite refuses those of Windows' network shares.
            self._db = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)
        try:
            with self._explained():
                if readonly:
                    self._db.execute("PRAGMA query_only = ON")
                    self._check_schema()
                else:
                    self._claim()
        except StoreError:
            self._db.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def _claim(self) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        # What is deleted is overwritten: a photo that left the study leaves nothing behind.
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute("BEGIN EXCLUSIVE")  # held until the connection closes
        fresh = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if fresh:
            for statement in _TABLES.split(";\n"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {SCHEMA:d}")
        self._db.execute("COMMIT")
        self._check_schema()

    def _check_schema(self) -> None:
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found > SCHEMA:
            raise StoreError(
                f"{self.path.name} was written by a newer ScarScope (schema {found}, this one "
                f"knows {SCHEMA}).",
                remedy="Update ScarScope, or use another output folder.",
            )
        if 1 <= found < SCHEMA:
            raise StoreError(
                f"{self.path.name} was written by an older ScarScope (schema {found}, this one "
                f"writes {SCHEMA}).",
                remedy="Use another output folder, or delete this one: every photo is then redone.",
            )
        if found < 1:
            raise StoreError(
                f"{self.path.name} is a database, but not one of ScarScope's.",
                remedy="Use another output folder.",
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise StoreError(
                    f"{self.path} is in use by another run or program.",
                    remedy="Wait until it is done, or close the program that has it open.",
                ) from error
            raise StoreError(
                f"{self.path} cannot be used ({error}).",
                remedy="Check free space and permissions of the output folder.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} is damaged ({error}).", remedy=_REMEDY_BROKEN) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            self._db.execute("BEGIN")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

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
        with self._transaction() as db:
            gone = [p for (p,) in db.execute("SELECT path FROM photos") if p not in listed]
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
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def fact(self, name: str) -> str | None:
        """What was kept under that name; None where nothing was."""
        with self._explained():
            for (value,) in self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)):
                return str(value)
        return None

    def done(self, path: str) -> Key | None:
        """What a finished photo's result depends on; None where it has none."""
        for record in self._records("path = ? AND status = 'ok'", path):
            return record.key
        return None

    def begin(self, paths: Sequence[str]) -> None:
        """Forget the results of photos that are about to be scored again.

        Their pictures are replaced before the new result is stored; whoever is interrupted in
        between must not find an old result beside a new picture.
        """
        keys = [(path,) for path in paths]
        with self._transaction() as db:
            db.executemany(
                "UPDATE photos SET status = 'waiting', sha256 = '', inputs = '', "
                "params_hash = '', version = '', seconds = NULL, row = '{}' WHERE path = ?",
                keys,
            )
            db.executemany("DELETE FROM scars WHERE path = ?", keys)
            db.executemany("DELETE FROM failures WHERE path = ?", keys)

    def put(self, outcome: Outcome, key: Key) -> None:
        """Record what became of a photo, in place of anything older."""
        failure = outcome.failure
        with self._transaction() as db:
            db.execute(
                "UPDATE photos SET status = ?, sha256 = ?, inputs = ?, params_hash = ?, "
                "version = ?, seconds = ?, row = ? WHERE path = ?",
                (
                    "failed" if failure else "ok",
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
        with self._transaction() as db:
            db.execute("INSERT INTO runs (provenance) VALUES (?)", (json.dumps(provenance),))

    def last_run(self) -> dict[str, Any] | None:
        """Provenance of the latest finished run; None where there is none."""
        with self._explained():
            found = self._db.execute("SELECT provenance FROM runs ORDER BY id DESC LIMIT 1")
            for (text,) in found:
                provenance: dict[str, Any] = json.loads(text)
                return provenance
        return None

    def records(self) -> list[Record]:
        """The photos of the folder, in its order."""
        return list(self._records("1"))

    def scars(self) -> Iterator[Row]:
        """The scars of the folder's photos, in its order, each with its photo's place."""
        with self._explained():
            cursor = self._db.execute(
                "SELECT s.path, p.entry, s.row FROM scars s JOIN photos p ON p.path = s.path "
                "ORDER BY p.position, s.number"
            )
            for path, text, row in cursor:
                entry = _loaded(text)
                yield {
                    "path": path,
                    **{name: entry[name] for name in SCAR_PLACE if name != "path"},
                    **_loaded(row),
                }

    def failures(self) -> list[Failure]:
        """The folder's photos that have no score, in its order, then pictures passed over."""
        with self._explained():
            cursor = self._db.execute(
                "SELECT f.path, f.stage, f.error, f.remedy FROM failures f "
                "JOIN photos p ON p.path = f.path ORDER BY p.position"
            )
            failed = [Failure(*values) for values in cursor]
            cursor = self._db.execute("SELECT path, error, remedy FROM skipped ORDER BY position")
            return failed + [Failure(path, "folder", *told) for path, *told in cursor]

    def _records(self, condition: str, *values: object) -> Iterable[Record]:
        with self._explained():
            cursor = self._db.execute(_SELECT + condition + " ORDER BY position", values)
            return [
                Record(path, _loaded(entry), status, Key(*key), _loaded(row))
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


def _loaded(text: str) -> dict[str, Cell]:
    """A stored row; JSON has no NaN, so null stands for it."""
    row: dict[str, Cell] = json.loads(text)
    return {name: math.nan if value is None else value for name, value in row.items()}
