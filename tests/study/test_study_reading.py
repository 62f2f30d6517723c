"""The interval of the true change: what it adds to chance, and what it cannot do."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from scarscope.study.models.reading import reading_share, reading_told, true_ends
from scarscope.study.tables import read_table


class Told:
    """An estimate of which only value and interval are asked."""

    def __init__(self, value, half=0.0):
        self.value, self.half = value, half

    def interval(self, confidence):
        assert confidence == 0.95
        return self.value - self.half, self.value + self.half


def rows(measure="burden_um", scale="ratio", arms=("control", "treated")):
    return SimpleNamespace(measure=measure, scale=scale, arms=arms)


def ends(treated, control, half=0.0, **told):
    own, other = math.log1p(treated / 100), math.log1p(control / 100)
    found = Told(own - other, half)
    return true_ends(found, Told(own), Told(other), rows(**told), 0.95)


def shifted(treated, control, share):
    """By hand: both arms' true changes are the read ones over 1 + share."""
    one, two = (1 + change / 100 / (1 + share) for change in (treated, control))
    return one / two


def test_without_chance_it_is_what_a_share_of_both_changes_does():
    share = reading_share("burden_um")
    for treated, control in ((-40.0, 0.0), (-50.0, -30.0), (-30.0, 10.0)):
        low, high = ends(treated, control)
        ratio = math.exp(math.log1p(treated / 100) - math.log1p(control / 100))
        small = 1e-4  # by how much the contrast moves with the share, at no share
        slope = (math.log(shifted(treated, control, small)) - math.log(ratio)) / small
        half = 1.959964 * share * abs(slope)
        assert math.log1p(low / 100) == pytest.approx(math.log(ratio) - half, abs=2e-4)
        assert math.log1p(high / 100) == pytest.approx(math.log(ratio) + half, abs=2e-4)


def test_no_change_is_read_without_such_error():
    low, high = ends(0.0, 0.0, half=0.1)
    assert (low, high) == pytest.approx((100 * math.expm1(-0.1), 100 * math.expm1(0.1)))


def test_an_interval_that_no_number_holds_is_endless():
    assert ends(-30.0, -5.0, half=1e4) == (-100.0, math.inf)
    gone, stayed = Told(-1000.0), Told(0.0)
    low, high = true_ends(Told(-1000.0, 1.0), gone, stayed, rows(), 0.95)
    assert (low, high) == (-100.0, 0.0)  # chance leaves it below 0, and so does this


def test_it_is_never_narrower_than_chance():
    low, high = ends(-30.0, -5.0, half=0.1)
    value = math.log(0.7 / 0.95)
    assert low < 100 * math.expm1(value - 0.1)
    assert high > 100 * math.expm1(value + 0.1)


def test_a_share_does_not_turn_a_change_round():
    low, high = ends(-20.0, 0.0, half=0.22)  # chance alone just excludes no change
    assert low < -30
    assert high == 0.0


def test_it_is_blank_where_the_share_is_not_known():
    assert all(map(math.isnan, ends(-20.0, 0.0, measure="n_scars")))
    assert all(map(math.isnan, ends(-20.0, 0.0, scale="difference")))
    assert math.isnan(reading_share("burden_sd_um"))
    assert reading_share("scar_volume_mm3") == reading_share("burden_um") > 0


def test_methods_say_what_it_holds():
    assert "are off by" in reading_told(rows())
    assert reading_told(rows(arms=("all",))) == ""
    assert reading_told(rows(measure="n_scars")) == ""


def test_the_guard_against_formulas_is_no_part_of_a_name(make_study, write_store, tmp_path):
    write_store(make_study(subjects=2), tmp_path)
    text = pd.read_csv(tmp_path / "photos.csv", dtype=str, keep_default_na=False)
    text["arm"] = "'+PRP"
    text.loc[0, "path"] = "'+a/left.jpg"  # paths are written as they are
    text.loc[0, "arm"] = "'quoted"
    text.to_csv(tmp_path / "photos.csv", index=False)
    photos = read_table(tmp_path / "photos.csv", "photos")
    assert photos["arm"].tolist()[:2] == ["'quoted", "+PRP"]
    assert photos["path"][0] == "'+a/left.jpg"
