"""A finished batch's tables without photos, as large as wanted: how long a study takes.

Figures are drawn; only their number, names and kinds are those of a real batch. They say nothing
about how right anything is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from scarscope.batch.write import make_folder
from scarscope.change.measures import VERDICTS, measure_names
from scarscope.change.scars import STATUSES
from scarscope.errors import ParamsError
from scarscope.scars.model import TYPES
from scarscope.study.data import empty_table
from scarscope.study.planning.trial import Trial, published_spreads, simulate_sides

FOLLOWUPS = 4
SCARS = 40  # a photo
_START = date(2026, 1, 12)


@dataclass(frozen=True)
class Timing:
    """How long a study of a store took.

    Attributes
    ----------
    photos, scars, pairs : int
        What was in it.
    seconds : float
    """

    photos: int
    scars: int
    pairs: int
    seconds: float


def time_study(out: str | Path, analyse: Callable[[Path], object], *, photos: int = 500) -> Timing:
    """Write a store's tables and time what analyses them.

    Parameters
    ----------
    out : path
        Gets the tables.
    analyse : callable
        Takes that folder.
    photos : int
        At least this many.

    Returns
    -------
    Timing

    Raises
    ------
    ParamsError
        For fewer photos than two subjects have.
    """
    folder = Path(out)
    tables = store_tables(photos)
    make_folder(folder)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
    start = time.monotonic()
    analyse(folder)
    seconds = time.monotonic() - start
    pairs = tables["changes"].drop_duplicates(["baseline", "followup"])
    return Timing(len(tables["photos"]), len(tables["scars"]), len(pairs), seconds)


def store_tables(photos: int = 500, *, seed: int = 0) -> dict[str, pd.DataFrame]:
    """The tables of a split-face study of that many photos, two of them retests of each subject.

    Parameters
    ----------
    photos : int
        At least this many.
    seed : int

    Returns
    -------
    dict of str to DataFrame
        By the name of the file.
    """
    each = 2 * (FOLLOWUPS + 1) + 2
    if photos < 2 * each:
        raise ParamsError(f"photos is {photos!r}.", remedy=f"Give {2 * each} or more.")
    rng = np.random.default_rng(seed)
    trial = Trial(subjects=-(-photos // each), followups=FOLLOWUPS, effect_pct=-20.0)
    sides = simulate_sides(trial, published_spreads(), rng)
    sides["path"] = _paths(sides, sides["session"])
    return {
        "photos": (taken := _photos(sides)),
        "scars": _scars(taken, rng),
        "changes": (changes := _changes(sides, rng)),
        "scar_changes": _scar_changes(changes, rng),
        "failures": empty_table("failures"),
    }


def _paths(sides: pd.DataFrame, session: pd.Series | int, mark: str = "") -> pd.Series:
    visits = pd.Series(session, index=sides.index).astype("str")
    return sides["subject"] + "/s" + visits + "/" + sides["side"] + mark + ".jpg"


def _photos(sides: pd.DataFrame) -> pd.DataFrame:
    first = sides[sides["session"] == 1].assign(session=0, days=0, after=lambda t: t["before"])
    parts = [
        first.assign(path=_paths(first, 0), kind="session"),
        first.assign(path=_paths(first, 0, "_retest"), kind="retest"),
        sides.assign(kind="session"),
    ]
    taken = pd.concat(parts, ignore_index=True)
    days = [(_START + timedelta(days=int(each))).isoformat() for each in taken["days"]]
    known = {
        **{name: taken[name] for name in ("path", "subject", "side", "arm", "session", "kind")},
        "date": days,
        "view": taken["side"],
        "status": "ok",
        "burden_um": taken["after"],
        "mm_per_px": 0.1,
        "version": "0",
    }
    return _filled("photos", known, len(taken))


def _scars(taken: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    place = taken.loc[taken.index.repeat(SCARS), ["path", "subject", "session", "view"]]
    place = place.reset_index(drop=True)
    known = {
        **{str(name): place[name] for name in place},
        "scar_id": np.tile(np.arange(1, SCARS + 1), len(taken)),
        "type": rng.choice(TYPES, len(place)),
        "width_mm": rng.uniform(0.5, 6.0, len(place)),
        "volume_mm3": rng.lognormal(-1.5, 1.0, len(place)),
    }
    return _filled("scars", known, len(place))


def _changes(sides: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    first = sides[sides["session"] == 1]
    again = first.assign(session=0, days=0, path=_paths(first, 0, "_retest"), kind="retest")
    again["after"] = again["before"] * np.exp(0.03 * rng.standard_normal(len(again)))
    pairs = pd.concat([again, sides.assign(kind="session")], ignore_index=True)
    measures = measure_names("mm")
    rows = pairs.loc[pairs.index.repeat(len(measures))].reset_index(drop=True)
    change = rows["after"] - rows["before"]
    mdc = 0.1 * rows["before"]
    improved, unchanged, worse = VERDICTS[:3]
    verdict = np.select([change < -mdc, change > mdc], [improved, worse], unchanged)
    known = {
        **{name: rows[name] for name in ("subject", "session", "kind", "days", "before", "after")},
        "view": rows["side"],
        "baseline": _paths(rows, 0),
        "followup": rows["path"],
        "comparable": "yes",
        "measure": np.tile(measures, len(pairs)),
        "change": change,
        "change_pct": 100 * change / rows["before"],
        "change_se": mdc / 2,
        "mdc95": mdc,
        "mdc95_source": "study",
        "verdict": np.where(rows["kind"] == "retest", "", verdict),
    }
    return _filled("changes", known, len(rows))


def _scar_changes(changes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    columns = ["subject", "view", "baseline", "followup", "session", "kind"]
    pairs = changes.drop_duplicates(["baseline", "followup"])[columns]
    rows = pairs.loc[pairs.index.repeat(SCARS)].reset_index(drop=True)
    change = rng.normal(-20.0, 25.0, len(rows))
    known = {
        **{str(name): rows[name] for name in rows},
        **{
            name: np.tile(np.arange(1, SCARS + 1), len(pairs)) for name in ("before_id", "after_id")
        },
        "status": np.where(rows["kind"] == "retest", "", rng.choice(STATUSES, len(rows))),
        "type_before": rng.choice(TYPES, len(rows)),
        "width_before_mm": rng.uniform(0.5, 6.0, len(rows)),
        "volume_before_mm3": rng.lognormal(-1.5, 1.0, len(rows)),
        "volume_change_pct": change,
        "mdc95_pct": 20.0,
    }
    return _filled("scar_changes", known, len(rows))


def _filled(table: str, known: dict[str, object], count: int) -> pd.DataFrame:
    """A table with all its columns; numbers that nothing is known of are blank."""
    made = empty_table(table).reindex(range(count))
    made = made.drop(columns=[name for name in known if name in made])
    whole = pd.concat([made, pd.DataFrame(known, index=made.index)], axis=1)
    order = [*empty_table(table), *(name for name in known if name not in empty_table(table))]
    return whole[order]
