"""Hand-made studies: tables as a batch writes them, with known changes, without a photo."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scarscope.study.data import StudyData, empty_table
from scarscope.study.tables import is_number

# Hand-made batches of raters' tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

START = date(2026, 1, 12)
WEEKS = 6


@pytest.fixture
def make_study() -> Callable[..., StudyData]:
    """A study of some subjects; see :func:`build_study`."""
    return build_study


@pytest.fixture
def write_store() -> Callable[[StudyData, Path], Path]:
    """Writes a study's tables as a batch would."""
    return write_tables


@pytest.fixture(scope="session")
def built_once() -> tuple[Callable[..., StudyData], Callable[[StudyData, Path], Path]]:
    """Both, for fixtures that last longer than a test."""
    return build_study, write_tables


def build_study(
    *,
    subjects: int = 8,
    sessions: int = 3,
    sides: dict[str, str] | None = None,
    falls: dict[str, float] | None = None,
    refused: tuple[tuple[int, str, int], ...] = (),
    absent: tuple[tuple[int, str, int], ...] = (),
    failed: tuple[tuple[int, str, int], ...] = (),
    dates: bool = True,
    extra: Callable[[int, str, int], dict[str, object]] = lambda s, side, v: {},
    seed: int = 1,
) -> StudyData:
    """Photos, changes and scars of a study.

    ``sides`` gives the arm of each side; ``falls`` each arm's mean log change a visit. ``refused``,
    ``absent`` and ``failed`` name subject, side and visit.
    """
    rng = np.random.default_rng(seed)
    sides = {"left": "needling", "right": "control"} if sides is None else sides
    falls = {"needling": -0.2, "control": 0.0} if falls is None else falls
    photos, changes, scars = [], [], []
    for subject in range(1, subjects + 1):
        own = float(np.exp(rng.normal(2.7, 0.4)))
        for side, arm in sides.items():
            base = own * float(np.exp(rng.normal(0, 0.1)))
            slope = falls.get(arm, 0.0) * float(np.exp(rng.normal(0, 0.3)))
            for visit in range(sessions):
                place = (subject, side, visit)
                if place in absent:
                    continue
                photo = _photo(place, arm, dates) | extra(*place)
                if place in failed:
                    photo["status"] = "failed"
                photos.append(photo)
                if visit == 0 or place in failed:
                    continue
                after = base * float(np.exp(slope * visit + rng.normal(0, 0.03)))
                pair = _pair(photo, dates, place in refused)
                changes += _changes(pair, base, after)
                if place not in refused:
                    scars += _scars(pair, after / base, rng)
    return StudyData(
        None,
        _table("photos", photos),
        empty_table("scars"),
        _table("changes", changes),
        _table("scar_changes", scars),
        empty_table("failures"),
        PROVENANCE,
    )


PROVENANCE = {
    "software": "scarscope",
    "version": "0.0.1",
    "params_hash": "0123456789ab",
    "pair_params_hash": "ba9876543210",
    "params": {"change": {"unusable_days": 7.0, "caution_days": 14.0}},
    "segmenter": "network",
    "weights": "abcdef012345",
    "changes": {"measurement_error": {"source": "scarscope", "pairs": 194}},
}


def _table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    empty = empty_table(name)
    if not rows:
        return empty
    made = pd.DataFrame(rows)
    made = made.reindex(columns=[*empty, *(n for n in made if n not in empty)])
    kinds = {str(n): kind for n, kind in empty.dtypes.items()}
    for column in kinds:
        if not is_number(name, column):
            made[column] = made[column].astype("object").fillna("")
    return made.astype(kinds)


def _day(visit: int) -> str:
    return (START + timedelta(weeks=WEEKS * visit)).isoformat()


def _photo(place: tuple[int, str, int], arm: str, dates: bool) -> dict[str, object]:
    subject, side, visit = place
    treated = arm == "needling" and visit > 0 and dates
    return {
        "path": f"S{subject:02}/s{visit}/{side}.jpg",
        "subject": f"S{subject:02}",
        "session": visit,
        "date": _day(visit) if dates else "",
        "view": side,
        "kind": "session",
        "side": side,
        "arm": arm,
        "treated_on": _day(visit - 1) if treated else "",
        "status": "ok",
        "flags": "",
        "version": "0.0.1",
        "params_hash": "0123456789ab",
    }


def _pair(photo: dict[str, object], dates: bool, refused: bool) -> dict[str, object]:
    visit = int(str(photo["session"]))
    return {
        "subject": photo["subject"],
        "view": photo["view"],
        "baseline": f"{photo['subject']}/s0/{photo['view']}.jpg",
        "followup": photo["path"],
        "session": visit,
        "kind": "session",
        "days": 7 * WEEKS * visit if dates else np.nan,
        "comparable": "no" if refused else "yes",
        "reasons": "LIGHT_TURNED" if refused else "",
    }


def _changes(pair: dict[str, object], before: float, after: float) -> list[dict[str, object]]:
    if pair["comparable"] == "no":
        blank = {"measure": "burden_um", "mdc95_source": "", "verdict": "not comparable"}
        return [{**pair, **blank}]
    change, mdc = after - before, 0.1 * (before + after) / 2
    verdict = "improved" if change < -mdc else "worse" if change > mdc else "no detectable change"
    burden = {
        "measure": "burden_um", "before": before, "after": after, "change": change,
        "change_pct": 100 * change / before, "change_se": 0.06 * before, "mdc95": mdc,
        "mdc95_source": "scarscope", "verdict": verdict,
    }  # fmt: skip
    marks = [
        {
            "measure": f"new_{colour}_area_mm2", "before": 0.0, "after": 0.0, "change": 0.0,
            "mdc95": 0.0, "mdc95_source": "scarscope", "verdict": "no detectable change",
        }
        for colour in ("dark", "red")
    ]  # fmt: skip
    return [{**pair, **row} for row in (burden, *marks)]


def _scars(
    pair: dict[str, object], ratio: float, rng: np.random.Generator
) -> list[dict[str, object]]:
    rows = []
    place = {n: pair[n] for n in ("subject", "view", "baseline", "followup", "session", "kind")}
    for number, (kind, width) in enumerate(
        [("icepick", 1.2), ("icepick", 1.5), ("boxcar", 2.5), ("boxcar", 3.4), ("rolling", 5.0)],
        start=1,
    ):
        percent = 100 * (ratio * float(np.exp(rng.normal(0, 0.1))) - 1)
        status = "improved" if percent < -12 else "worse" if percent > 12 else "unchanged"
        rows.append(
            {
                **place, "before_id": number, "after_id": number, "relation": "",
                "status": status, "type_before": kind, "type_after": kind,
                "width_before_mm": width, "width_after_mm": width,
                "volume_before_mm3": width**2 / 10, "volume_change_pct": percent,
            }
        )  # fmt: skip
    return rows


def write_tables(study: StudyData, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("photos", "scars", "changes", "scar_changes", "failures"):
        getattr(study, name).to_csv(folder / f"{name}.csv", index=False)
    (folder / "provenance.json").write_text(json.dumps(dict(study.provenance)), encoding="utf-8")
    return folder
