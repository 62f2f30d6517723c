from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scarscope.validation.page import Table
from scarscope.validation.repeat import course_pairs
from scarscope.validation.scrutiny import scrutiny


def _scars(true, found, sd=100.0):
    n = len(true)
    return pd.DataFrame(
        {
            "criterion": ["3mm"] * n,
            "set": "scars",
            "status": ["found"] * n,
            "true_depth_um": true,
            "found_depth_um": found,
            "found_depth_sd_um": [sd] * n,
            "true_volume_mm3": 1.0,
            "found_volume_mm3": 1.0,
            "true_type": "boxcar",
            "found_type": "boxcar",
        }
    )


def _photos(true, found, count):
    n = len(true)
    own = {"true_burden_um": true, "found_burden_um": found, "true_n_scars": count}
    own |= {"area_mm2": 100.0, "found_scar_area_fraction": count, "set": "scars", "kind": "session"}
    own |= {"tone": "light", "light": "ring", "hit_3mm": 0, "false_3mm": 0, "missed_3mm": 0}
    return pd.DataFrame({**own, "subject": range(n), "view": "a", "session": 0})


def _result(photos, scars):
    return SimpleNamespace(photos=photos, scars=scars, courses=course_pairs(photos))


def _shown(photos, scars):
    blocks = scrutiny({"network": _result(photos, scars)})
    tables = [block for block in blocks if isinstance(block, Table)]
    return dict(tables[0].rows) if tables else {}


def test_errors_that_cancel_over_density_are_seen():
    count = np.repeat([1, 2, 3, 4], 10)
    true = np.linspace(10, 20, 40)
    rows = _shown(_photos(true, true * np.repeat([0.5, 0.9, 1.1, 1.4], 10), count), _scars([], []))
    quarters = [
        value for name, value in rows.items() if "quarter" in name and "Spearman" not in name
    ]
    assert quarters == ["-50", "-10", "10", "40"]


def test_a_constant_depth_is_worth_no_more_than_a_guess():
    true = [100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0]
    rows = _shown(_photos([], [], []), _scars(true, [500.0] * 9))
    error = rows["depth of a matched scar: mean error, µm"]
    assert error == rows["the same, if every scar were called as deep as the median one, µm"]
    assert rows["depth of a matched scar: slope of found on true"] == "0.00"


def test_volumes_of_neighbours_do_not_count_where_outlines_must_overlap():
    depth = np.linspace(100, 900, 10)
    same = _scars(depth, depth).assign(criterion="iou", found_volume_mm3=1.1)
    beside = _scars(depth, depth).assign(found_volume_mm3=7.0)
    rows = _shown(_photos([], [], []), pd.concat([same, beside]))
    assert rows["volume of scars whose outlines overlap by more than 0.3, bias, %"] == "10"


def test_intervals_that_miss_all_deep_scars_are_seen():
    deep = np.linspace(600, 900, 10)
    rows = _shown(_photos([], [], []), _scars(deep, deep - 400.0, sd=100.0))
    assert rows["depth in its 90 % interval where truly above 500 µm, %"] == "0"


def test_a_change_that_is_halved_has_half_the_slope():
    before = _photos(np.full(10, 20.0), np.full(10, 20.0), 5)
    cut = np.linspace(0.1, 0.8, 10)
    after = _photos(20 * (1 - cut), 20 * (1 - cut / 2), 5).assign(session=1)
    both = pd.concat([before, after]).assign(set="treated")
    assert _shown(both, _scars([], []))[
        "percent change after treatment: slope of found on true"
    ] == ("0.50")


@pytest.mark.parametrize("rows", [0, 3])
def test_too_little_tells_nothing(rows):
    photos = _photos([1.0] * rows, [1.0] * rows, 1)
    assert scrutiny({"network": _result(photos, _scars([], []))}) == []


def test_scars_photographed_twice_count_once():
    true = np.linspace(100, 900, 10)
    twice = _scars(true, true[::-1]).assign(set="retest")
    rows = _shown(_photos([], [], []), pd.concat([_scars(true, true), twice]))
    assert rows["depth of a matched scar: slope of found on true"] == "1.00"


def test_the_gap_between_tones_is_held_against_that_of_tones_dealt_at_random():
    true = np.linspace(10, 20, 24)
    alike = _photos(true, true, np.arange(24) % 5).assign(tone=["light", "dark"] * 12, false_3mm=0)
    alike = alike.assign(hit_3mm=8, missed_3mm=2)
    middle = "gap of F1 between tones, if tones were dealt at random: median"
    high = "the same, 95 of 100 deals stay below"
    assert _shown(alike, _scars([], []))[middle] == "0.00"
    uneven = alike.assign(missed_3mm=np.where(np.arange(24) < 12, 32, 0), light="ring")
    dealt = _shown(uneven, _scars([], []))
    assert 0.02 < float(dealt[middle]) < float(dealt[high]) < 0.6
    # Within a light all photos are alike: whoever is dealt which tone, each has six of either.
    parted = uneven.assign(light=np.where(np.arange(24) < 12, "ring", "twin"))
    assert _shown(parted, _scars([], []))[high] == "0.00"
    assert middle not in _shown(uneven.assign(tone="light"), _scars([], []))
