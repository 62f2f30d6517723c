"""Planning: simulated tables have the spreads that were stated, power is that of closed forms."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scarscope.change.error import published
from scarscope.errors import ParamsError, StudyError
from scarscope.study.agreement.intervals import wilson
from scarscope.study.planning.components import spreads_of
from scarscope.study.planning.plan import (
    PLAN,
    RETESTS,
    Plan,
    mdc95_of_burden,
    plan_study,
    retest_precision,
)
from scarscope.study.planning.trial import Spreads, Trial, published_spreads, simulate_sides
from scarscope.study.response import RESPONSE
from scarscope.study.units import SIDE, combine

STILL = Spreads(baseline_sd=0.0, side_sd=0.0, course_sd=0.0, response_sd=0.0)


def drawn(trial, spreads, seed=0):
    return simulate_sides(trial, spreads, np.random.default_rng(seed))


def normal(count):
    """As many figures with the spread of a normal distribution, exactly."""
    figures = stats.norm.ppf((np.arange(count) + 0.5) / count)
    return figures / np.sqrt(np.mean(figures**2))


def logs(sides):
    return np.log(sides["after"] / sides["before"])


# --- what is drawn ------------------------------------------------------------------------------


def test_nothing_varies_where_nothing_is_stated():
    sides = drawn(Trial(effect_pct=-40.0, drift_pct=-10.0, followups=2), STILL)
    last = sides[sides["session"] == 2]
    assert np.allclose(last["before"], STILL.baseline_um)
    treated = last["arm"] == "treated"
    assert np.allclose(last.loc[treated, "after"], 12.0 * 0.9 * 0.6)
    assert np.allclose(last.loc[~treated, "after"], 12.0 * 0.9)
    # Most of it comes with the first visits.
    first = sides[(sides["session"] == 1) & (sides["arm"] == "treated")]
    share = logs(first).mean() / logs(last[treated]).mean()
    assert 0.5 < share < 1


def test_each_component_is_found_again():
    spreads = dataclasses.replace(
        STILL, baseline_sd=0.6, side_sd=0.2, course_sd=0.15, response_sd=0.1
    )
    sides = drawn(Trial(subjects=4000, followups=1), spreads)
    start = np.log(sides.pivot(index="subject", columns="side", values="before"))
    assert (start["left"] - start["right"]).std() == pytest.approx(0.2 * math.sqrt(2), rel=0.05)
    assert start.mean(axis=1).std() == pytest.approx(math.hypot(0.6, 0.2 / math.sqrt(2)), rel=0.05)
    change = sides.assign(y=logs(sides)).pivot(index="subject", columns="side", values="y")
    assert (change["left"] - change["right"]).std() == pytest.approx(0.1 * math.sqrt(2), rel=0.05)
    assert change.cov().loc["left", "right"] == pytest.approx(0.15**2, rel=0.1)
    assert np.exp(start.stack()).skew() > 1


@pytest.mark.parametrize("tail_df", [math.inf, 5.0])
def test_errors_have_the_spread_of_a_change_and_shared_parts(tail_df):
    error = dataclasses.replace(
        STILL, error_absolute_um=0.5, error_relative=0.03, shared_error=0.4, tail_df=tail_df
    )
    sides = drawn(Trial(subjects=20000, followups=1), error)
    d = sides.pivot(index="subject", columns="side", values="change")
    assert d["left"].std() == pytest.approx(math.hypot(0.5, 0.03 * 12), rel=0.03)
    assert d["left"].corr(d["right"]) == pytest.approx(0.4, abs=0.03)
    heavy = stats.kurtosis(d["left"])
    assert heavy > 0.5 if tail_df == 5.0 else abs(heavy) < 0.2


@pytest.mark.parametrize(("shared", "ratio"), [(0.0, 2.0), (0.3, 1 / math.sqrt(1.9 / 4))])
def test_more_photos_make_errors_smaller_but_for_what_they_share(shared, ratio):
    error = dataclasses.replace(STILL, error_relative=0.1, shared_error=shared)
    one, four = (drawn(Trial(subjects=4000, photos=k), error)["change"].std() for k in (1, 4))
    assert one / four == pytest.approx(ratio, rel=0.05)
    planned = [mdc95_of_burden(error, photos=k) for k in (1, 4)]
    assert planned[0] / planned[1] == pytest.approx(ratio)


def test_plans_and_studies_know_the_same_error_of_several_photos():
    row = {
        "subject": "P", "side": "left", "arm": "", "session": 1, "days": 42.0, "change": -1.0,
        "measure": "burden_um", "comparable": "yes", "before": 12.0, "after": 11.0,
        "change_se": 0.5, "mdc95": 1.0,
    }  # fmt: skip
    for count in (1, 2, 3, 5):
        views = pd.DataFrame([{**row, "view": f"front_{k}"} for k in range(count)])
        spreads = Spreads(baseline_um=12.0, error_absolute_um=1 / 1.96)
        planned = mdc95_of_burden(spreads, photos=count)
        assert combine(views, SIDE)["mdc95"].iloc[0] == pytest.approx(planned)


def test_sides_of_several_photos_have_less_error_to_take_out():
    truth = Spreads(course_sd=0.0, response_sd=0.08, error_relative=0.12)
    first = np.repeat([6.0, 12.0, 24.0], 15)
    retests = pd.DataFrame({"before": first, "after": first * (1 + 0.12 * np.tile(normal(15), 3))})
    told = []
    for photos in (1, 3):
        sides = drawn(Trial(subjects=600, photos=photos, followups=1), truth)
        sides["comparable"], sides["view"], sides["change_se"] = "yes", "front", 0.5
        sides["mdc95"] = 1.0
        views = [sides.assign(view=f"front_{k}") for k in range(photos)]
        told.append(spreads_of(pd.concat(views, ignore_index=True), retests).response_sd)
    assert told == pytest.approx([0.08, 0.08], abs=0.02)


def test_readings_of_true_changes_are_off_by_a_share_of_them():
    sides = drawn(
        Trial(subjects=4000, followups=1, effect_pct=-50.0),
        dataclasses.replace(STILL, reading_relative=0.2),
    )
    treated = sides["arm"] == "treated"
    assert sides.loc[treated, "change"].std() == pytest.approx(0.2 * 6.0, rel=0.05)
    assert sides.loc[~treated, "change"].std() == pytest.approx(0.0, abs=1e-12)


def test_who_leaves_does_not_return_and_started_worse():
    trial = Trial(subjects=4000, followups=3, dropout=0.3, refused=0.1)
    sides = drawn(trial, dataclasses.replace(STILL, baseline_sd=0.6))
    visits = sides.groupby("subject")["session"].agg(["max", "nunique"])
    assert (visits["max"] == visits["nunique"]).all()
    left = 1 - (sides["session"] == 3).sum() / (2 * 4000)
    assert left == pytest.approx(0.3, abs=0.04)
    assert sides["change"].isna().mean() == pytest.approx(0.1, abs=0.01)
    stayed = set(sides.loc[sides["session"] == 3, "subject"])
    start = np.log(sides[sides["session"] == 1].groupby("subject")["before"].mean())
    assert start[~start.index.isin(stayed)].mean() > start[start.index.isin(stayed)].mean() + 0.1


def test_every_subject_has_one_treated_side_or_is_in_one_arm():
    split = drawn(Trial(), STILL).drop_duplicates(["subject", "side"])
    assert (split.groupby("subject")["arm"].nunique() == 2).all()
    assert split.groupby("side")["arm"].nunique().tolist() == [2, 2]  # sides by chance
    parallel = drawn(Trial(design="parallel"), STILL).drop_duplicates("subject")
    assert (parallel["arm"] == "treated").sum() == 12


def test_the_published_error_is_that_of_the_file():
    spreads = published_spreads(noise_um=0.1)
    burden = published().spreads["yes"]["burden_um"]
    assert spreads.error_relative == burden.relative
    assert spreads.error_absolute_um == pytest.approx(
        math.hypot(burden.absolute, 0.1 * burden.noise)
    )
    one = mdc95_of_burden(spreads, burden_um=20.0)
    assert one == pytest.approx(burden.mdc95(20.0, 0.1))


@pytest.mark.parametrize(
    ("made", "match"),
    [
        (lambda: Trial(design="cross-over"), "design is 'cross-over'"),
        (lambda: Trial(subjects=1), "subjects is 1"),
        (lambda: Trial(dropout=1.0), "dropout = 1.0"),
        (lambda: Trial(effect_pct=-100.0), "nothing would be left"),
        (lambda: Spreads(side_sd=-0.1), "side_sd is -0.1"),
        (lambda: Spreads(tail_df=2.0), "tail_df = 2.0"),
        (lambda: published_spreads(comparable="no"), "comparable is 'no'"),
        (lambda: plan_study(Trial(), STILL), "effect_pct is 0"),
        (lambda: plan_study(Trial(effect_pct=-5.0), STILL, studies=0), "studies is 0"),
        (lambda: retest_precision([1]), "1 retests tell no spread"),
        (lambda: mdc95_of_burden(STILL, photos=0), "photos is 0"),
    ],
)
def test_what_is_no_trial_is_refused(made, match):
    with pytest.raises(ParamsError, match=match):
        made()


# --- power --------------------------------------------------------------------------------------


def test_power_is_that_of_the_t_test():
    # Normal log ratios, nothing missing: power of the paired t test in closed form. The baseline
    # takes one degree of freedom and a little of the precision.
    spreads = dataclasses.replace(STILL, response_sd=0.1, side_sd=0.2)
    trial = Trial(followups=1, effect_pct=-7.0)
    row = plan_study(trial, spreads, subjects=(16,), studies=200).table.iloc[0]
    shift = abs(trial.effect) / (0.1 * math.sqrt(2) / math.sqrt(16))
    critical = stats.t.ppf(0.975, 14)
    expected = stats.nct.sf(critical, 14, shift)
    assert 0.4 < expected < 0.6
    assert row["power_low"] < expected < row["power_high"]
    counted = wilson(round(row["power"] * 200), 200)
    assert (counted.low, counted.high) == pytest.approx((row["power_low"], row["power_high"]))


def test_more_subjects_and_photos_find_more():
    spreads = Spreads(error_relative=0.12, response_sd=0.02)
    plan = plan_study(
        Trial(followups=1, effect_pct=-8.0),
        spreads,
        subjects=(8, 30),
        photos=(1, 4),
        studies=40,
    )
    power = plan.table.set_index(["photos", "subjects"])["power"]
    assert power[1, 30] > power[1, 8] + 0.2
    assert power[4, 8] > power[1, 8] + 0.2
    mdc = plan.table.groupby("photos")["mdc95_pct"].first()
    assert mdc[1] / mdc[4] == pytest.approx(1 / math.sqrt(1.9 / 4))
    assert list(plan.to_frame()) == list(PLAN)
    widths = plan.table.set_index(["photos", "subjects"])["interval_pct"]
    assert widths[1, 8] > widths[1, 30]


def test_the_same_seed_gives_the_same_plan():
    told = [
        plan_study(
            Trial(followups=1, effect_pct=-8.0), Spreads(), subjects=(8,), studies=20, seed=seed
        ).table
        for seed in (3, 3, 4)
    ]
    pd.testing.assert_frame_equal(told[0], told[1])
    assert told[0]["interval_pct"].iloc[0] != told[2]["interval_pct"].iloc[0]


def test_progress_is_told():
    seen = []
    plan_study(
        Trial(followups=1, effect_pct=-8.0),
        Spreads(),
        subjects=(6, 8),
        studies=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]


def test_the_smallest_study_keeps_its_power_beyond():
    table = pd.DataFrame(
        {"subjects": [10, 20, 30, 40, 50], "power": [0.82, 0.7, 0.81, 0.85, 0.9]}
    ).assign(followups=1, photos=1)
    plan = Plan(table, 0.05, 0, STILL)
    assert plan.smallest(0.8)["subjects"].tolist() == [30]
    assert plan.smallest(0.95).empty


def test_retests_needed_are_the_chi_squared_interval():
    table = retest_precision([10, 30])
    assert list(table) == list(RETESTS)
    # Simulated: in 95 % of samples of ten the true SD lies within the interval.
    rng = np.random.default_rng(0)
    sds = rng.normal(size=(20000, 10)).std(axis=1, ddof=1)
    low, high = table.loc[0, ["low_ratio", "high_ratio"]]
    assert np.mean((sds * low < 1) & (sds * high > 1)) == pytest.approx(0.95, abs=0.006)
    assert table["high_ratio"].iloc[1] < high


# --- components of a study that is there --------------------------------------------------------


def response_of(sides):
    blank = {name: "" for name in RESPONSE if name not in sides}
    table = sides.assign(**{**blank, "view": sides["side"]})
    table["comparable"] = np.where(table["change"].isna(), "no", "yes")
    for name in ("change_pct", "change_se", "mdc95"):
        table[name] = np.nan
    return table


def test_components_are_found_again():
    true = Spreads(
        baseline_um=15.0,
        baseline_sd=0.5,
        side_sd=0.2,
        course_sd=0.2,
        response_sd=0.15,
        error_relative=0.06,
    )
    sides = drawn(Trial(subjects=300, followups=1, effect_pct=-20.0), true)
    rng = np.random.default_rng(1)
    before = rng.lognormal(2.7, 0.5, 300)
    retests = pd.DataFrame({"before": before, "after": before * (1 + rng.normal(0, 0.06, 300))})
    found = spreads_of(response_of(sides), retests)
    for name in ("baseline_um", "baseline_sd", "side_sd", "course_sd", "response_sd"):
        assert getattr(found, name) == pytest.approx(getattr(true, name), rel=0.12), name
    assert found.error_relative == pytest.approx(0.06, rel=0.2)


def test_few_retests_are_not_believed():
    sides = drawn(Trial(followups=1), Spreads(error_relative=0.05))
    retests = pd.DataFrame({"before": [10.0, 20.0], "after": [20.0, 10.0]})
    burden = published().spreads["yes"]["burden_um"]
    for given in (None, retests):
        assert spreads_of(response_of(sides), given).error_relative == burden.relative


def test_spread_that_error_explains_is_not_counted_twice():
    only_error = dataclasses.replace(STILL, baseline_sd=0.3, error_relative=0.1)
    sides = drawn(Trial(subjects=400, followups=1), only_error)
    rng = np.random.default_rng(1)
    before = rng.lognormal(2.5, 0.3, 400)
    retests = pd.DataFrame({"before": before, "after": before * (1 + rng.normal(0, 0.1, 400))})
    found = spreads_of(response_of(sides), retests)
    assert found.response_sd < 0.035
    assert found.course_sd < 0.035


def test_figures_of_nothing_cannot_be_planned_from():
    sides = drawn(Trial(followups=1), Spreads())
    sides.loc[0, "after"] = 0.0
    with pytest.raises(StudyError, match="0 or less"):
        spreads_of(response_of(sides))
