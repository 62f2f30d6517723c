"""Choosing between weights: other seeds than any report's, the same patches on both sides."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from scarscope.phantom.seeds import STOPPING, VALIDATION
from scarscope.training import calibrate
from scarscope.training.store import BLOCK
from scarscope.validation import draw_together
from scarscope.validation.compare import SCAR_COLUMNS
from scarscope.validation.result import Validation
from scarscope.validation.standard_set import PARTS, plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def weights() -> ModuleType:
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module("benchmarks.compare_weights")
    finally:
        sys.path.remove(str(ROOT))


def test_weights_are_chosen_on_seeds_that_nothing_else_uses(weights):
    moved, whole = weights.items(), plan()
    seeds = [item.seed for item in moved]
    assert len(set(seeds)) == len(seeds) == len(whole)
    assert all(seed in STOPPING for seed in seeds)
    assert not any(seed in VALIDATION for seed in seeds)
    # Calibration begins with its own first seed, training's test examples with the range's.
    assert min(seeds) >= calibrate._FIRST + 1000 > STOPPING.start + 8 * BLOCK
    assert [item.part for item in moved] == [item.part for item in whole]
    few = weights.items(["few"])
    assert few == tuple(item for item in moved if item.part == "few")
    assert set(PARTS) == {item.part for item in moved}


def _read(factor: float, *, seed: int) -> Validation:
    """Twenty photos whose scars are all found, and whose burden is read with a factor and noise."""
    rng = np.random.default_rng(0)
    burden = rng.uniform(5, 50, 20)
    noise = np.random.default_rng(seed).normal(0, 8, 20) if seed else 0.0
    paths = [f"p{k}" for k in range(20)]
    counts = {"hit_3mm": 4, "false_3mm": 1, "missed_3mm": 1, "n_true": 5, "n_found": 5}
    areas = {"shared_area_mm2": 6.0, "true_area_mm2": 8.0, "found_area_mm2": 8.0}
    photos = pd.DataFrame({"path": paths, "subject": paths, "set": "scars", **counts, **areas})
    photos = photos.assign(true_burden_um=burden, found_burden_um=factor * burden + noise)
    scar = {"criterion": "3mm", "status": "found", "true_type": "boxcar", "found_type": "boxcar"}
    sizes = {"true_volume_mm3": 1.0, "found_volume_mm3": factor}
    rows = [{"path": path, **scar, **sizes} for path in paths]
    return draw_together(photos, pd.DataFrame(rows, columns=["path", *SCAR_COLUMNS]))


def test_a_difference_is_that_of_the_figures_and_nothing_between_equals(weights):
    exact, low = _read(1.0, seed=0), _read(0.8, seed=3)
    gaps = weights.differences(exact, low)
    for name in ("f1_3mm", "dice", "burden_bias_pct", "volume_bias_pct", "spearman_burden"):
        assert gaps[name].value == pytest.approx(low.value(name) - exact.value(name), abs=1e-9)
    assert gaps["volume_bias_pct"].value == pytest.approx(-20)
    burden = gaps["spearman_burden"]
    assert burden.low <= burden.value <= burden.high < 0
    same = weights.differences(exact, exact)
    assert all(gap.value == 0 for name, gap in same.items() if name != "false_per_10cm2")
    assert same["false_per_10cm2"].n == 0  # no photo without scars: nothing to say


def test_what_is_shown_names_both_sides_and_the_difference(weights, capsys):
    weights.show({"old": _read(1.0, seed=0), "new": _read(0.8, seed=3)})
    told = capsys.readouterr().out
    assert "new - old, many scars, every light" in told
    row = next(line for line in told.splitlines() if line.startswith("volume_bias_pct"))
    assert row.split()[1:4] == ["0.000", "-20.000", "-20.000"]


@pytest.mark.parametrize(
    ("told", "says"), [(["old=gone"], "holds no network.onnx"), (["a={0}", "a={0}"], "same name")]
)
def test_folders_without_weights_or_of_one_name_are_told(weights, tmp_path, capsys, told, says):
    for name in ("network.onnx", "network.json"):
        (tmp_path / name).write_bytes(b"")
    named = [each.format(tmp_path) for each in told]
    with pytest.raises(SystemExit) as ended:
        weights.main([*named, "--out", str(tmp_path)])
    assert ended.value.code == 2
    assert says in capsys.readouterr().err
