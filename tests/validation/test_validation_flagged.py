"""Figures with and without the photos that carry a flag."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scarscope.validation.compare import SCAR_COLUMNS
from scarscope.validation.flagged import flagged
from scarscope.validation.page import Table
from scarscope.validation.result import draw_together


def table(flags, found, tones=(30.0,)):
    """The rows of photos of true burdens 10, 20, ... whose flags and burdens found are given."""
    count = len(flags)
    photos = pd.DataFrame(
        {
            "path": [f"p{n}" for n in range(count)],
            "subject": [f"p{n}" for n in range(count)],
            "set": "scars",
            "light": "ring",
            "ita_deg": np.resize(tones, count),
            "mm_per_px": 0.1,
            "area_mm2": 1000.0,
            "true_burden_um": 10.0 * (1 + np.arange(count)),
            "found_burden_um": found,
            "flags": flags,
            "hit_3mm": np.where(np.array(found) > 0, 8, 0),
            "missed_3mm": np.where(np.array(found) > 0, 2, 10),
            "n_true": 10,
        }
    )
    scars = pd.DataFrame(columns=["path", *SCAR_COLUMNS])
    scars["path"] = photos["path"]
    scars["criterion"], scars["status"] = "3mm", "found"
    scars["true_type"] = scars["found_type"] = "boxcar"
    scars["true_volume_mm3"] = 1.0
    scars["found_volume_mm3"] = np.where(np.array(found) > 0, 1.2, 0.2)
    blocks = flagged(draw_together(photos, scars))
    tables = [block for block in blocks if isinstance(block, Table)]
    return {row[0]: dict(zip(tables[0].head, row, strict=True)) for row in tables[0].rows}


def test_photos_that_hide_relief_are_told_apart():
    flags = ["", "RELIEF_HIDDEN", "", "", "", "AUTO_REGION"]
    rows = table(flags, [10.0, 0.0, 30.0, 40.0, 50.0, 60.0], tones=(30.0, -40.0))
    assert list(rows) == ["all", "with `RELIEF_HIDDEN`", "without `RELIEF_HIDDEN`"]
    assert [row["n"] for row in rows.values()] == ["6", "1", "5"]
    assert rows["with `RELIEF_HIDDEN`"]["burden bias, %"] == "-100"
    assert rows["without `RELIEF_HIDDEN`"]["burden bias, %"] == "0"
    biases = [row["volume bias, %"] for row in rows.values()]
    assert biases == ["3", "-80", "20"]  # of the scars of those photos alone
    assert rows["without `RELIEF_HIDDEN`"]["gap between tones"] == "0.00"
    assert float(rows["all"]["gap between tones"]) > 0.1


def test_several_flags_are_told_together_too():
    flags = ["SOFT_FOCUS", "RELIEF_HIDDEN|SOFT_FOCUS", "", "RELIEF_HIDDEN"]
    rows = table(flags, [10.0, 0.0, 30.0, 0.0])
    assert rows["without any of these flags"]["n"] == "1"
    assert rows["with `SOFT_FOCUS`"]["n"] == rows["with `RELIEF_HIDDEN`"]["n"] == "2"


def test_flags_that_merely_inform_are_not_told():
    photos = pd.DataFrame({"path": ["a"], "set": "scars", "flags": ["AUTO_REGION"]})
    assert flagged(draw_together(photos, pd.DataFrame(columns=["path", *SCAR_COLUMNS]))) == []
