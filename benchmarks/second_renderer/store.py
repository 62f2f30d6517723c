"""The set on disk: photos, manifest and truth, as `scarscope batch` and `validate` read them.

A photo is whole once its record is written, which comes last; a later run continues from there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scarscope.phantom.scars import TRUTH_COLUMNS
from scarscope.phantom.store import MANIFEST_COLUMNS, PHOTO_COLUMNS, png_bytes, replace_bytes

from .photo import Taken
from .shot import Quality, Shot

# Raise it when a change to this folder alters what a seed gives: photos of before are drawn again.
DRAWING = 1
_DATE = "2026-01-12"
_UM_MAX = 65535


def path_of(shot: Shot) -> str:
    """Path of the photo within the set; every photo shows another person."""
    return f"S{shot.seed}/{_DATE}/left.jpg"


def is_done(out: Path, shot: Shot, quality: Quality) -> bool:
    """Whether the photo lies there as it would be drawn now."""
    record = _record(out, shot)
    return record.is_file() and _read(record)["made"] == _made(shot, quality)


def write_photo(out: Path, taken: Taken, quality: Quality) -> None:
    """One photo, its truth, and its record."""
    shot, truth, path = taken.shot, out / "truth", path_of(taken.shot)
    replace_bytes(out / path, taken.jpeg)
    micrometres = np.rint(np.clip(taken.depth_mm * 1000, 0, _UM_MAX)).astype(np.uint16)
    replace_bytes(truth / "depth" / f"{path}.png", png_bytes(micrometres))
    replace_bytes(truth / "masks" / f"{path}.png", png_bytes(taken.labels.astype(np.uint16)))
    record = {
        "made": _made(shot, quality),
        "photo": _photo_row(taken),
        "scars": taken.table.assign(path=path).to_dict(orient="records"),
    }
    replace_bytes(_record(out, shot), json.dumps(record, indent=1).encode("utf-8"))


def write_tables(out: Path, shots: Sequence[Shot]) -> Path:
    """The manifest, which is returned, and the tables of truth."""
    records = [_read(_record(out, shot)) for shot in shots]
    scars = [row for record in records for row in record["scars"]]
    photos = [record["photo"] for record in records]
    _write(out / "truth" / "scars.csv", scars, ("path", *TRUTH_COLUMNS))
    _write(out / "truth" / "photos.csv", photos, (*PHOTO_COLUMNS, "shows", "scarring"))
    rows = [_manifest_row(shot) for shot in shots]
    _write(out / "manifest.csv", rows, MANIFEST_COLUMNS)
    return out / "manifest.csv"


def _record(out: Path, shot: Shot) -> Path:
    return out / "truth" / "records" / f"S{shot.seed}.json"


def _read(record: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return content


def _made(shot: Shot, quality: Quality) -> dict[str, Any]:
    made = {"drawing": DRAWING, "shot": asdict(shot), "quality": asdict(quality)}
    return dict(json.loads(json.dumps(made)))  # as it is read back: tuples become lists


def _photo_row(taken: Taken) -> dict[str, object]:
    shot = taken.shot
    return {
        "path": path_of(shot),
        "light": shot.light,
        "ita_deg": shot.ita_deg,
        "mm_per_px": shot.mm_per_px,
        "region_area_mm2": taken.labels.size * shot.mm_per_px**2,
        "n_scars": len(taken.table),
        "scar_area_mm2": float(taken.table["area_mm2"].sum()),
        "scar_volume_mm3": float(taken.table["volume_mm3"].sum()),
        "burden_um": float(taken.depth_mm.mean(dtype=np.float64) * 1000),
        "shows": shot.subject,
        "scarring": shot.scarring,
    }


def _manifest_row(shot: Shot) -> dict[str, object]:
    return {
        "path": path_of(shot),
        "subject": f"S{shot.seed}",
        "session": 0,
        "date": _DATE,
        "view": "left",
        "mm_per_px": shot.mm_per_px,
        "kind": "session",
    }


def _write(target: Path, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    table = pd.DataFrame(rows).reindex(columns=list(columns))
    text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    replace_bytes(target, text.encode("utf-8"))
