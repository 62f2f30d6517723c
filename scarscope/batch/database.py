"""The SQLite file of a batch: opened, claimed, checked; its errors said in words.

Only the process that runs the batch writes it. It is held locked for as long as that process
lives, so that two runs cannot write to one folder, and a killed run leaves no lock behind. The
journal is SQLite's ordinary one: write-ahead logging does not work on the network drives on which
clinics keep photos.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scarscope.batch.scan import STORE_NAME
from scarscope.batch.task import Cell
from scarscope.errors import StoreError

SCHEMA = 4
_PATIENCE_S = 1.0  # how long another program may hold the store
_TABLES = """
CREATE TABLE photos (
    path TEXT PRIMARY KEY,
    position INTEGER NOT NULL,     -- order of the tables
    entry TEXT NOT NULL,           -- JSON: what the manifest or layout says
    status TEXT NOT NULL,          -- waiting, ok, failed or excluded
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
CREATE TABLE pairs (
    baseline TEXT NOT NULL REFERENCES photos(path),
    followup TEXT NOT NULL REFERENCES photos(path),
    position INTEGER NOT NULL,     -- order of the tables
    kind TEXT NOT NULL,            -- session or retest
    status TEXT NOT NULL,          -- waiting, ok or failed
    inputs TEXT NOT NULL DEFAULT '',  -- hash of all that the comparison depends on
    seconds REAL,
    measures TEXT NOT NULL DEFAULT '[]',  -- JSON: one row a measure
    scars TEXT NOT NULL DEFAULT '[]',     -- JSON: one row a scar
    stage TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    remedy TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (baseline, followup)
);
CREATE INDEX pairs_followup ON pairs (followup);
CREATE TABLE skipped (
    position INTEGER PRIMARY KEY,
    path TEXT NOT NULL,            -- a picture that is not part of the study but seems meant to be
    error TEXT NOT NULL,
    remedy TEXT NOT NULL
);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE runs (id INTEGER PRIMARY KEY, provenance TEXT NOT NULL);
"""
_REMEDY_BROKEN = (
    "Restore it from a copy, or move it away and run again: every photo is then redone."
)


class Database:
    """The open file; closed by :meth:`close`.

    Parameters
    ----------
    folder : Path
        Output folder of the batch; it must exist.
    readonly : bool, optional
        Open an existing store for reading only.

    Raises
    ------
    StoreError
        If the store is missing, locked by another run, damaged, or of another ScarScope.
    """

    def __init__(self, folder: Path, *, readonly: bool = False) -> None:
        self.path = folder / STORE_NAME
        if readonly and not self.path.is_file():
            raise StoreError(
                f"{folder} holds no {STORE_NAME}.",
                remedy="Give the output folder of a `scarscope batch` run.",
            )
        with _explained(self.path):
            # No file: URI, since SQLite refuses those of Windows' network shares.
            self._db = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)
        try:
            with _explained(self.path):
                if readonly:
                    self._db.execute("PRAGMA query_only = ON")
                    self._check_schema()
                else:
                    self._claim()
        except StoreError:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file, which lets go of the lock."""
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
    def explained(self) -> Iterator[sqlite3.Connection]:
        """The connection; SQLite's errors in this block become a StoreError with a remedy."""
        with _explained(self.path):
            yield self._db

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection; what is done in this block happens whole or not at all."""
        with self.explained():
            self._db.execute("BEGIN")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise StoreError(
                f"{path} is in use by another run or program.",
                remedy="Wait until it is done, or close the program that has it open.",
            ) from error
        raise StoreError(
            f"{path} cannot be used ({error}).",
            remedy="Check free space and permissions of the output folder.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is damaged ({error}).", remedy=_REMEDY_BROKEN) from error


def loaded(text: str) -> dict[str, Cell]:
    """A stored row; JSON has no NaN, so null stands for it."""
    row: dict[str, Cell] = json.loads(text)
    return {name: math.nan if value is None else value for name, value in row.items()}
