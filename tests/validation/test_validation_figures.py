"""Figures from tables: closed forms, intervals, strata, retests and courses."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scarscope.errors import ParamsError
from scarscope.phantom.distractors import DISTRACTORS
from scarscope.validation import bootstrap
from scarscope.validation.bootstrap import LEAST_UNITS, of_rows, of_sums
from scarscope.validation.compare import SCAR_COLUMNS
from scarscope.validation.figures import COLUMNS, false_figures, spearman
from scarscope.validation.result import PHOTOS, draw_together


def photo(path, **values):
    base = {
        "path": path,
        "subject": path,
        "session": 0,
        "view": "left",
        "kind": "session",
        "light": "ring",
        "ita_deg": 30.0,
        "mm_per_px": 0.1,
        "area_mm2": 1000.0,
        "true_burden_um": 20.0,
        "found_burden_um": 20.0,
        "hit_3mm": 8,
        "false_3mm": 2,
        "missed_3mm": 2,
        "n_true": 10,
        "n_found": 10,
        "n_cut": 0,
        "true_area_mm2": 50.0,
        "found_area_mm2": 50.0,
        "shared_area_mm2": 40.0,
        "dice": 0.8,
    }
    return {**base, **values}


def no_scars():
    return pd.DataFrame(columns=["path", *SCAR_COLUMNS])


def test_pooled_figures_are_those_of_the_sums():
    photos = pd.DataFrame([photo("a"), photo("b", hit_3mm=2, false_3mm=0, missed_3mm=8)])
    result = draw_together(photos, no_scars())
    assert result.value("precision_3mm") == pytest.approx(10 / 12)
    assert result.value("recall_3mm") == pytest.approx(10 / 20)
    assert result.value("f1_3mm") == pytest.approx(20 / 32)
    assert result.value("dice") == pytest.approx(0.8)
    assert math.isnan(result.value("nonsense"))


def test_strata_hold_their_own_photos():
    photos = pd.DataFrame(
        [photo("a"), photo("b", light="window", ita_deg=-40.0, hit_3mm=0, missed_3mm=10)]
    )
    result = draw_together(photos, no_scars())
    assert result.value("recall_3mm", by="light", level="window") == 0
    assert result.value("recall_3mm", by="tone", level="intermediate") == pytest.approx(0.8)
    assert result.value("recall_3mm", by="tone", level="dark") == 0
    assert result.value("recall_3mm", by="mm_per_px", level="0.1") == pytest.approx(0.4)


def test_no_photo_with_scars_gives_no_detection_but_false_scars():
    empty = {"hit_3mm": 0, "missed_3mm": 0, "n_true": 0, "dice": math.nan}
    photos = pd.DataFrame([photo("a", false_3mm=3, n_found=3, **empty)])
    result = draw_together(photos, no_scars())
    assert math.isnan(result.value("recall_3mm"))
    assert result.value("precision_3mm") == 0
    assert result.value("false_per_10cm2") == pytest.approx(3.0)


def test_every_distractor_is_told_however_many_there_are():
    free = {"hit_3mm": 0, "missed_3mm": 0, "n_true": 0, "set": "distractor", "n_cut": 0}
    photos = [photo("", distractor="", n_found=0, **free)]
    photos += [
        photo(kind, distractor=kind, n_found=n, **free) for n, kind in enumerate(DISTRACTORS)
    ]
    found = false_figures(pd.DataFrame(photos))
    own = found[found["by"] == "distractor"]
    assert sorted(own["level"]) == sorted(DISTRACTORS)


def test_distractors_are_told_apart():
    free = {"hit_3mm": 0, "missed_3mm": 0, "n_true": 0, "set": "distractor"}
    photos = pd.DataFrame(
        [
            photo("a", set="clean", n_found=1, **{k: v for k, v in free.items() if k != "set"}),
            photo("b", distractor="naevi", n_found=6, **free),
            photo("c", set="scars"),
        ]
    )
    result = draw_together(photos, no_scars())
    assert result.value("false_per_10cm2") == 1.0
    assert result.value("false_per_10cm2", by="distractor", level="naevi") == 6.0
    assert result.value("f1_3mm") == pytest.approx(0.8)  # of the photos with scars alone


def scar(path, status="found", **values):
    base = {
        "path": path,
        "criterion": "3mm",
        "status": status,
        "true_type": "icepick",
        "found_type": "icepick",
        "true_width_mm": 1.5,
        "found_width_mm": 1.5,
        "true_depth_um": 300.0,
        "found_depth_um": 250.0,
        "true_volume_mm3": 0.2,
        "found_volume_mm3": 0.1,
    }
    return {**base, **values}


def test_types_depths_and_volumes_of_matched_scars():
    rows = [
        scar("a"),
        scar("a", found_type="boxcar", found_depth_um=400.0, found_volume_mm3=0.2),
        scar("b", "missed", true_type="rolling", true_width_mm=5.0, true_depth_um=150.0),
        scar("b", "false", found_type="rolling", found_width_mm=5.0),
        scar("b", criterion="iou"),
    ]
    result = draw_together(pd.DataFrame([photo("a"), photo("b")]), pd.DataFrame(rows))
    assert result.value("type_accuracy") == 0.5
    assert result.value("depth_bias_um") == pytest.approx(25.0)
    assert result.value("depth_mae_um") == pytest.approx(75.0)
    assert result.value("volume_bias_pct") == pytest.approx(-25.0)
    assert result.value("recall_3mm", by="type", level="rolling") == 0
    assert result.value("recall_3mm", by="type", level="icepick") == 1
    assert result.value("precision_3mm", by="size", level="above 4 mm") == 0
    assert result.value("recall_3mm", by="depth", level="below 200 um") == 0
    counts = result.confusion.set_index(["true_type", "found_type"])["n"].to_dict()
    assert counts == {("icepick", "boxcar"): 1, ("icepick", "icepick"): 1}


def test_stated_uncertainty_is_held_against_the_greatest_depth_and_burden():
    # Errors are 50 um: 1.645 standard deviations of 30.4 um reach them, of 30.3 um do not.
    rows = [
        scar("a", found_depth_sd_um=30.4),
        scar("a", found_depth_sd_um=30.3),
        scar("b", found_depth_sd_um=1e9),
        scar("b", found_depth_um=300.0, found_depth_sd_um=0.0),
        scar("b"),  # states no uncertainty, and is not judged
        scar("b", "false", true_depth_um=math.nan, found_depth_sd_um=10.0),
    ]
    photos = [
        photo("a", found_burden_um=24.0, found_burden_sd_um=2.0),
        photo("b", found_burden_um=23.0, found_burden_sd_um=2.0),
        photo("c", found_burden_um=20.0),
    ]
    result = draw_together(pd.DataFrame(photos), pd.DataFrame(rows))
    assert result.value("depth_in_90_pct") == 75.0
    assert result.value("burden_in_90_pct") == 50.0
    assert result.value("depth_in_90_pct", by="type", level="icepick") == 75.0
    without = draw_together(pd.DataFrame([photo("a")]), pd.DataFrame([scar("a")]))
    assert math.isnan(without.value("depth_in_90_pct"))
    assert math.isnan(without.value("burden_in_90_pct"))


def test_spearman():
    x = np.arange(6.0)
    assert spearman(np.stack([x, x**3], axis=1)) == pytest.approx(1.0)
    assert spearman(np.stack([x, -x], axis=1)) == pytest.approx(-1.0)
    assert math.isnan(spearman(np.stack([x, 0 * x], axis=1)))
    # Ties share a rank: worked by hand.
    assert spearman(np.array([[1, 1], [2, 1], [3, 2.0]])) == pytest.approx(math.sqrt(3) / 2)


def rate(frame, **options):
    return of_sums(frame, ["hit", "n"], lambda s: s["hit"] / s["n"], **options)


def many(n=40):
    rng = np.random.default_rng(3)
    hits = rng.binomial(10, 0.7, n)
    return pd.DataFrame({"subject": np.arange(n), "hit": hits, "n": 10.0})


def test_the_bootstrap_gives_the_same_interval_again_and_another_with_another_seed():
    frame = many()
    assert rate(frame) == rate(frame)
    assert rate(frame) != rate(frame, seed=1)
    rows = of_rows(frame, ["hit"], lambda v: v.mean(axis=(-2, -1)))
    assert rows == of_rows(frame, ["hit"], lambda v: v.mean(axis=(-2, -1)))


def test_the_interval_is_that_of_the_normal_approximation():
    found = rate(many(200), draws=4000)
    half = 1.96 * many(200)["hit"].std() / 10 / math.sqrt(200)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)
    by_rows = of_rows(many(200), ["hit"], lambda v: v.mean(axis=(-2, -1)) / 10, draws=2000)
    assert by_rows.high - by_rows.low == pytest.approx(2 * half, rel=0.1)


def test_subjects_are_drawn_whole():
    # Ten photos a subject that all agree: only the subjects count, half of whom say yes.
    subjects = np.repeat(np.arange(20), 10)
    frame = pd.DataFrame({"subject": subjects, "hit": (subjects % 2).astype(float)})
    found = of_rows(frame, ["hit"], lambda v: v.mean(axis=(-2, -1)), draws=4000)
    half = 1.96 * 0.5 / math.sqrt(20)
    assert (found.value, found.n) == (0.5, 20)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)


def test_few_subjects_have_no_interval_and_none_no_figure():
    for n in range(1, LEAST_UNITS):
        found = rate(many(n))
        by_rows = of_rows(many(n), ["hit"], lambda v: v.mean(axis=(-2, -1)) / 10)
        for one in (found, by_rows):
            assert one.value == pytest.approx(many(n)["hit"].mean() / 10)
            assert math.isnan(one.low)
            assert math.isnan(one.high)
            assert one.n == n
    assert rate(many(LEAST_UNITS)).low < rate(many(LEAST_UNITS)).high
    none = rate(many(1).iloc[:0])
    assert math.isnan(none.value)
    assert none.n == 0
    with pytest.raises(ParamsError, match="draws"):
        rate(many(), draws=0)


def normal_mean(rng, n):
    return rng.normal(3.0, 1.0, n), np.ones(n)


def f1_of_subjects(rng, n):
    hit = rng.binomial(12, rng.beta(4, 3, n))
    return 2 * hit, hit + 12 + rng.poisson(rng.gamma(1.5, 2.0, n))  # hit + missed are 12


def skewed_rate(rng, n):
    return rng.poisson(rng.gamma(1.0, 4.0, n)), np.ones(n)


def coverage(draw, n, *, times=500):
    """How often a 95 % interval from n subjects holds the figure of all subjects there are."""
    rng = np.random.default_rng(5)
    every = draw(rng, 400_000)
    truth = every[0].sum() / every[1].sum()
    held = 0
    for _ in range(times):
        frame = pd.DataFrame({"subject": np.arange(n)}).assign(hit=0.0, n=0.0)
        frame["hit"], frame["n"] = draw(rng, n)
        found = rate(frame, draws=300)
        held += found.low <= truth <= found.high
    return held / times


@pytest.mark.slow
@pytest.mark.parametrize("draw", [normal_mean, f1_of_subjects, skewed_rate])
def test_as_many_subjects_as_an_interval_needs(draw, monkeypatch):
    monkeypatch.setattr(bootstrap, "LEAST_UNITS", 2)
    assert coverage(draw, 2) < 0.6
    assert coverage(draw, 3) < 0.8
    assert coverage(draw, LEAST_UNITS) > 0.8
    assert coverage(draw, 3 * LEAST_UNITS) > 0.87


def retested(values, **more):
    rows = []
    for k, (a, b) in enumerate(values):
        for kind, burden in (("session", a), ("retest", b)):
            place = {"subject": f"S{k}", "kind": kind, "found_burden_um": burden, **more}
            rows.append(photo(f"S{k}-{kind}", **place))
    return rows


def test_retests_give_sem_and_mdc95():
    photos = pd.DataFrame(retested([(10.0, 12.0), (30.0, 28.0), (50.0, 54.0)]))
    result = draw_together(photos, no_scars())
    sd = np.std([2.0, -2.0, 4.0], ddof=1)
    assert result.repeat("sem") == pytest.approx(sd / math.sqrt(2))
    assert result.repeat("mdc95") == pytest.approx(1.96 * sd)
    assert result.repeat("cv_of_mean_pct") == pytest.approx(
        100 * sd / math.sqrt(2) / np.mean([10, 12, 30, 28, 50, 54])
    )
    assert 0.9 < result.repeat("icc_2_1") < 1


def test_the_cv_of_retests_is_drawn_by_pair():
    pairs = [(10.0, 11.0), (30.0, 28.0), (50.0, 54.0), (20.0, 20.5), (40.0, 37.0), (15.0, 15.0)]
    found = draw_together(pd.DataFrame(retested(pairs)), no_scars()).repeatability
    row = found[(found["measure"] == "burden_um") & (found["figure"] == "cv_of_mean_pct")].iloc[0]
    assert 0 < row["low"] < row["value"] < row["high"] < 3 * row["value"]
    few = draw_together(pd.DataFrame(retested(pairs[:5])), no_scars()).repeatability
    assert few[few["figure"] == "cv_of_mean_pct"]["low"].isna().all()


def test_courses_and_confounders():
    rows = retested([(10.0, 12.0), (30.0, 28.0), (50.0, 54.0)])
    rows += [
        photo("T0", subject="T", session=0, true_burden_um=40.0, found_burden_um=30.0),
        photo("T1", subject="T", session=1, true_burden_um=20.0, found_burden_um=18.0),
        photo("C0", subject="C", session=0, confounder="light", found_burden_um=30.0),
        photo("C1", subject="C", session=1, confounder="light", found_burden_um=20.0),
        photo("D0", subject="D", session=0, confounder="focus", found_burden_um=30.0),
        photo("D1", subject="D", session=1, confounder="focus", found_burden_um=29.0),
    ]
    result = draw_together(pd.DataFrame(rows), no_scars())
    assert result.courses["subject"].tolist() == ["T"]
    assert result.value("change_mae") == pytest.approx(10.0)  # -50 % taken for -40 %
    assert result.value("change_bias") == pytest.approx(10.0)
    assert result.calls.set_index("confounder")["called"].to_dict() == {
        "light": True,
        "focus": False,
    }


def test_nothing_found_at_baseline_is_no_change_told():
    rows = [
        photo("T0", subject="T", session=0, true_burden_um=40.0, found_burden_um=0.0),
        photo("T1", subject="T", session=1, true_burden_um=20.0, found_burden_um=5.0),
    ]
    assert draw_together(pd.DataFrame(rows), no_scars()).value("change_mae") == 50.0


def test_tables_keep_their_columns_when_there_is_nothing():
    result = draw_together(pd.DataFrame([photo("a")]), no_scars())
    assert list(result.photos.columns) == list(PHOTOS)
    assert list(result.to_frame().columns) == list(COLUMNS)
    assert result.retests.empty
    assert result.repeatability.columns.tolist() == [
        "measure",
        "figure",
        "value",
        "low",
        "high",
        "n",
    ]
    assert set(result.tables()) >= {"figures", "photos", "scars", "retests", "calls"}
