"""The tables of what changed: one row a pair and measure, and one a pair and scar."""

from __future__ import annotations

from datetime import date

from scarscope.batch.columns import CHANGES, PAIR_PLACE, SCAR_CHANGES
from scarscope.batch.export import Table, merge_columns
from scarscope.batch.pair_store import PairRecord
from scarscope.batch.store import Store
from scarscope.batch.task import Cell, Row

NOT_COMPARABLE = "not comparable"


def change_table(store: Store) -> Table:
    """One row a pair and measure, in the folder's order."""
    rows = tuple(
        {**_place(record), **_unjudged(record, row, "verdict")}
        for record in store.pairs.records()
        for row in record.measures
    )
    return Table(tuple(CHANGES), rows)


def scar_change_table(store: Store) -> Table:
    """One row a pair and scar, in the folder's order."""
    rows = tuple(
        {**_place(record, *PAIR_PLACE), **_unjudged(record, row, "status")}
        for record in store.pairs.records()
        for row in record.scars
    )
    distinct = {tuple(row): list(row) for row in rows}
    found = merge_columns(distinct.values())
    return Table(tuple(found or (*PAIR_PLACE, *SCAR_CHANGES)), rows)


def _place(record: PairRecord, *names: str) -> dict[str, Cell]:
    """What a pair's rows begin with; `names` are all that is wanted of it."""
    place = {
        "subject": record.after["subject"],
        "view": record.after["view"],
        "baseline": record.baseline,
        "followup": record.followup,
        "session": record.after["session"],
        "kind": record.kind,
        "days": _days(record.before["date"], record.after["date"]),
    }
    return {name: place[name] for name in names or place}


def _days(before: Cell, after: Cell) -> Cell:
    """Days between two dates; None where one was not stated."""
    if not before or not after:
        return None
    return (date.fromisoformat(str(after)) - date.fromisoformat(str(before))).days


def _unjudged(record: PairRecord, row: Row, column: str) -> Row:
    """A row without its judgement where it is a retest's: nothing was done between its photos.

    Whoever counts improvements must not count measurement error.
    """
    if record.kind == "retest" and row[column] != NOT_COMPARABLE:
        return {**row, column: ""}
    return row
