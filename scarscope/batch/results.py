"""What a batch leaves behind, as tables: written after a run, and read again later."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope.batch.change_tables import change_table, scar_change_table
from scarscope.batch.export import Table, failure_table, photo_table, scar_table, write_table
from scarscope.batch.scan import Skipped
from scarscope.batch.store import Store
from scarscope.batch.write import write_bytes

_SHOWN = 10  # photos in a notebook


@dataclass(frozen=True, eq=False)
class BatchResult:
    """A scored folder.

    Attributes
    ----------
    out : Path
        Where the store, tables and pictures lie.
    photos, scars, failures : DataFrame
        As in the CSV files, at full precision; empty ones keep their columns.
    changes, scar_changes : DataFrame
        The same of what was compared: one row a pair and measure, and one a pair and scar.
    skipped : tuple of Skipped
        Pictures of the folder that are not part of the study. Those that people would expect to
        be are rows of `failures` as well, of stage ``folder``.
    notes : tuple of str
        What the reader should know about how the folder was understood.
    kept : int
        Photos whose result is from an earlier run.
    """

    out: Path
    photos: pd.DataFrame
    scars: pd.DataFrame
    failures: pd.DataFrame
    changes: pd.DataFrame
    scar_changes: pd.DataFrame
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    kept: int = 0

    def __repr__(self) -> str:
        failed = int((~self.photos["status"].isin(("ok", "excluded"))).sum())
        pairs = len(self.changes[["baseline", "followup"]].drop_duplicates())
        counts = f"{len(self.photos)} photos, {failed} failed, {len(self.scars)} scars"
        counts += f", {pairs} pairs" if pairs else ""
        return f"<BatchResult in {str(self.out)!r}: {counts}>"

    def _repr_html_(self) -> str:
        """What there is and the first photos, as a notebook shows them."""
        head = self.photos.head(_SHOWN).dropna(axis="columns", how="all")
        return f"<p>{escape(repr(self))}</p>{head.to_html(index=False)}"


@dataclass(frozen=True)
class Tables:
    """The tables of a batch."""

    photos: Table
    scars: Table
    failures: Table
    changes: Table
    scar_changes: Table

    def write(self, out: Path, provenance: dict[str, Any]) -> None:
        """Write the CSV files and ``provenance.json`` into `out`."""
        for name, table in vars(self).items():
            write_table(table, out / f"{name}.csv")
        text = json.dumps(provenance, indent=2, ensure_ascii=False) + "\n"
        write_bytes(out / "provenance.json", text.encode("utf-8"))

    def result(
        self,
        out: Path,
        *,
        skipped: tuple[Skipped, ...] = (),
        notes: tuple[str, ...] = (),
        kept: int = 0,
    ) -> BatchResult:
        """The same as data frames."""
        frames = {name: table.to_frame() for name, table in vars(self).items()}
        # Blanks would make numbers of scars into fractions, which no other table has.
        whole = dict.fromkeys(("before_id", "after_id"), "Int64")
        frames["scar_changes"] = frames["scar_changes"].astype(whole)
        return BatchResult(out, **frames, skipped=skipped, notes=notes, kept=kept)


def export_tables(store: Store) -> Tables:
    """The tables of the photos that the store lists."""
    from scarscope.measures import columns as measure_columns
    from scarscope.scars.model import columns as scar_columns

    return Tables(
        photo_table(store, measure_columns("mm"), measure_columns("px")),
        scar_table(store, scar_columns("mm")),
        failure_table(store),
        change_table(store),
        scar_change_table(store),
    )


def read_results(out: str | Path) -> BatchResult:
    """Read a finished batch from its store.

    Parameters
    ----------
    out : str or Path
        The batch's output folder.

    Raises
    ------
    StoreError
        If it holds no store, or one that is in use, damaged, or of a newer ScarScope.
    """
    out = Path(out)
    with Store(out, readonly=True) as store:
        return export_tables(store).result(out)
