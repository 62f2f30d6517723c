"""Statistics of agreement: closed forms, invariances, degenerate input, coverage of intervals."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scarscope.errors import ParamsError, StudyError
from scarscope.study import agreement
from scarscope.study.agreement import (
    FORMS,
    bland_altman,
    bland_altman_repeated,
    cohen_kappa,
    icc,
    icc_table,
    kappa_of_table,
    lin_concordance,
    mdc95_of,
    sem_and_mdc,
)

RATINGS = arrays(np.float64, (6, 3), elements=st.integers(0, 20).map(float))
SERIES = arrays(np.float64, 8, elements=st.integers(1, 40).map(float))
TWO = (bland_altman, sem_and_mdc, lin_concordance)


def same(one, two):
    names = [f.name for f in dataclasses.fields(one)]
    for name in names:
        a, b = getattr(one, name), getattr(two, name)
        assert a == b or a == pytest.approx(b, rel=1e-6, abs=1e-8, nan_ok=True), name


# --- intraclass correlation ---------------------------------------------------------------------


@given(RATINGS, st.sampled_from(FORMS), st.floats(0.5, 20), st.floats(-100, 100))
def test_icc_ignores_unit_and_origin(ratings, form, factor, offset):
    one, two = icc(ratings, form=form), icc(ratings * factor + offset, form=form)
    assume(not math.isnan(one.value) and abs(one.value) < 1e3)
    assert two.value == pytest.approx(one.value, rel=1e-6, abs=1e-8)


@given(RATINGS, st.sampled_from(FORMS))
def test_icc_ignores_the_order_of_targets_and_raters(ratings, form):
    one, two = icc(ratings, form=form), icc(ratings[::-1, ::-1], form=form)
    assume(not math.isnan(one.value) and abs(one.value) < 1e3)
    assert two.value == pytest.approx(one.value, rel=1e-6, abs=1e-8)


@given(RATINGS)
def test_icc_intervals_hold_the_value(ratings):
    for form in FORMS:
        found = icc(ratings, form=form)
        if 0 < found.value < 1:
            assert found.low <= found.value <= found.high


@pytest.mark.parametrize("form", FORMS)
def test_perfect_agreement(form):
    # Tenths are not exact in binary: what their means leave over must not count as disagreement.
    found = icc(np.repeat([[0.1], [0.7], [0.2], [1e3 / 7]], 3, axis=1), form=form)
    assert (found.value, found.low, found.high, found.p) == (1.0, 1.0, 1.0, 0.0)
    assert found.f == math.inf


def test_a_constant_offset_costs_absolute_agreement_only():
    true = np.arange(8.0)
    ratings = np.stack([true, true + 2], axis=1)
    assert icc(ratings, form="ICC(3,1)").value == pytest.approx(1)
    # Between-target variance 6 against 6 + 2 of the raters (variance of 0 and 2).
    assert icc(ratings, form="ICC(2,1)").value == pytest.approx(6 / (6 + 2))


def test_equal_ratings_have_no_icc():
    found = icc(np.full((4, 3), 7.0))
    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert math.isnan(found.p)


def test_more_confidence_is_a_wider_interval():
    ratings = np.random.default_rng(0).normal(size=(12, 1)) + np.random.default_rng(1).normal(
        size=(12, 3)
    )
    narrow, wide = icc(ratings, confidence=0.8), icc(ratings, confidence=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("form", FORMS)
def test_icc_intervals_cover_as_stated(form):
    rng = np.random.default_rng(7)
    single = 1.0 / (1.0 + 0.25)  # no rater variance: all three single forms estimate this
    truth = single if form.endswith("1)") else 3 * single / (1 + 2 * single)
    hits = 0
    for _ in range(200):
        found = icc(rng.normal(0, 1, (20, 1)) + rng.normal(0, 0.5, (20, 3)), form=form)
        hits += found.low <= truth <= found.high
    assert 0.90 <= hits / 200 <= 0.99


def test_icc_table_has_all_forms_in_order():
    table = icc_table([[1, 2], [3, 3], [5, 4]])
    assert tuple(table["form"]) == FORMS
    assert table["value"].between(-1, 1).all()


def test_icc_takes_a_frame_and_names_gaps():
    frame = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [1.0, 2.0, 3.0]})
    with pytest.raises(StudyError, match=r"\(2, 0\)"):
        icc(frame)
    assert icc(frame.dropna()).n_targets == 2


@pytest.mark.parametrize("ratings", [[[1.0, 2.0]], [[1.0], [2.0]], [1.0, 2.0], [["x", "y"]] * 3])
def test_icc_refuses_what_it_cannot_use(ratings):
    with pytest.raises(StudyError):
        icc(ratings)


def test_unknown_forms_and_confidences_are_refused():
    with pytest.raises(ParamsError, match=r"ICC\(2,1\)"):
        icc([[1, 2], [3, 4]], form="ICC2")
    with pytest.raises(ParamsError, match="between 0 and 1"):
        icc([[1, 2], [3, 4]], confidence=95)


# --- kappa --------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30))
def test_kappa_does_not_care_who_is_who(pairs):
    a, b = zip(*pairs, strict=True)
    for weights in (None, "linear", "quadratic"):
        same(cohen_kappa(a, b, weights=weights), cohen_kappa(b, a, weights=weights))


@given(st.lists(st.sampled_from("xyz"), min_size=4, max_size=20))
def test_full_agreement_is_one(classes):
    assume(len(set(classes)) > 1)
    found = cohen_kappa(classes, classes)
    assert found.value == pytest.approx(1)
    assert found.se == pytest.approx(0, abs=1e-7)


def test_chance_agreement_is_zero_and_its_opposite_minus_one():
    assert kappa_of_table([[10, 10], [10, 10]]).value == pytest.approx(0)
    assert kappa_of_table([[0, 5], [5, 0]]).value == pytest.approx(-1)
    assert kappa_of_table([[10, 10], [10, 10]]).p == pytest.approx(1)


def test_raters_who_share_no_class_leave_no_dust():
    found = cohen_kappa([1, 2, 3], [0, 0, 1], weights="linear")
    assert found.value == pytest.approx(0, abs=1e-12)
    assert found.se == 0.0


def test_one_class_throughout_has_no_kappa():
    found = cohen_kappa(["a", "a"], ["a", "a"])
    assert math.isnan(found.value)
    assert math.isnan(found.low)


def test_weights_of_two_classes_change_nothing():
    a, b = [0, 0, 1, 1, 1, 0], [0, 1, 1, 1, 0, 0]
    plain = cohen_kappa(a, b)
    assert cohen_kappa(a, b, weights="linear").value == pytest.approx(plain.value)
    assert cohen_kappa(a, b, weights="quadratic").se == pytest.approx(plain.se)


def test_quadratic_kappa_is_nearly_the_icc():
    # Fleiss & Cohen 1973: the same but for 1/n.
    rng = np.random.default_rng(2)
    a = rng.integers(0, 5, 400)
    b = np.clip(a + rng.integers(-1, 2, 400), 0, 4)
    kappa = cohen_kappa(a, b, weights="quadratic").value
    assert kappa == pytest.approx(icc(np.stack([a, b], axis=1)).value, abs=0.003)


def test_grades_that_nobody_used_count_in_a_stated_scale():
    a, b = [1, 3, 3, 1], [1, 3, 1, 1]
    assert cohen_kappa(a, b, weights="linear").value == pytest.approx(
        cohen_kappa(a, b, weights="linear", labels=(1, 2, 3)).value
    )


def test_kappa_intervals_cover_as_stated():
    rng = np.random.default_rng(9)
    p = np.array([[0.3, 0.05, 0.02], [0.06, 0.2, 0.05], [0.02, 0.05, 0.25]])
    truth = kappa_of_table(p * 1e6, weights="linear").value
    tables = rng.multinomial(150, p.ravel(), size=300).reshape(-1, 3, 3)
    found = [kappa_of_table(table, weights="linear") for table in tables]
    assert 0.91 <= np.mean([k.low <= truth <= k.high for k in found]) <= 0.985


@pytest.mark.parametrize(
    ("a", "b", "options"),
    [
        ([1, 2], [1, 2, 3], {}),
        ([1], [1], {}),
        ([1, None], [1, 2], {}),
        ([1.0, math.nan], [1, 2], {}),
        (["x", "y"], ["x", "z"], {"labels": ("x", "y")}),
        (["x", "y"], ["x", "y"], {"labels": ("x", "y", "y")}),
        ([[1, 2]], [[1, 2]], {}),
    ],
)
def test_kappa_refuses_what_it_cannot_use(a, b, options):
    with pytest.raises(StudyError):
        cohen_kappa(a, b, **options)


def test_weights_need_an_order():
    with pytest.raises(ParamsError, match="labels="):
        cohen_kappa(["mild", "severe"], ["mild", "mild"], weights="linear")
    with pytest.raises(ParamsError, match="cubic"):
        cohen_kappa([1, 2], [1, 2], weights="cubic")


@pytest.mark.parametrize("table", [[[1, 2, 3], [4, 5, 6]], [[1, -1], [2, 2]], [[1, 0], [0, 0]]])
def test_tables_that_are_none_are_refused(table):
    with pytest.raises(StudyError):
        kappa_of_table(table)


@pytest.mark.parametrize("weights", [[[0, 1], [1, 1]], [[0, -1], [1, 0]], [[0]], [[0, 0], [0, 0]]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(ParamsError, match="diagonal"):
        kappa_of_table([[3, 1], [1, 3]], weights=weights)


# --- limits of agreement ------------------------------------------------------------------------


@given(SERIES, SERIES)
def test_limits_swap_with_the_methods(a, b):
    for options in ({}, {"intervals": "exact"}):
        one, two = bland_altman(a, b, **options), bland_altman(b, a, **options)
        assert (one.bias, one.lower, one.upper) == pytest.approx(
            (-two.bias, -two.upper, -two.lower)
        )
        assert (one.upper_low, one.upper_high) == pytest.approx((-two.lower_high, -two.lower_low))


@given(SERIES, st.floats(0.1, 10))
def test_log_limits_are_ratios(a, factor):
    b = a[::-1] + 1
    one, two = bland_altman(a, b, log=True), bland_altman(a * factor, b * factor, log=True)
    assert (two.bias, two.lower, two.upper) == pytest.approx((one.bias, one.lower, one.upper))
    assert bland_altman(3 * a, a, log=True).bias == pytest.approx(3)


def test_equal_differences_have_no_width():
    found = bland_altman([3.0, 5.0], [1.0, 3.0])
    assert (found.lower, found.bias, found.upper, found.upper_high) == (2, 2, 2, 2)


def test_exact_intervals_are_the_quantiles_of_the_noncentral_t():
    # Carkeet 2015: the pivot (limit - mean) / sd, drawn here instead of looked up.
    d = np.random.default_rng(1).normal(size=10)
    found = bland_altman(d, np.zeros(10), intervals="exact")
    steps = np.array([found.upper_low, found.upper, found.upper_high]) - found.bias
    draws = np.random.default_rng(2)
    mean, spread = (
        draws.normal(size=200_000) / np.sqrt(10),
        np.sqrt(draws.chisquare(9, 200_000) / 9),
    )
    simulated = np.quantile((1.959964 - mean) / spread, [0.025, 0.975])
    np.testing.assert_allclose(steps[[0, 2]] / found.sd, simulated, rtol=0.01)
    assert steps[1] == pytest.approx(1.959964 * found.sd)


def test_exact_and_published_intervals_meet_in_large_studies():
    d = np.random.default_rng(3).normal(size=4000)
    one, two = (bland_altman(d, np.zeros(4000), intervals=k) for k in ("exact", "bland-altman"))
    assert one.upper_high == pytest.approx(two.upper_high, abs=0.01)


def test_one_pair_a_subject_is_no_repeat():
    with pytest.raises(StudyError, match="second pairs"):
        bland_altman_repeated([1, 2, 3], [1, 2, 2], ["a", "b", "c"])


def test_repeats_closed_form():
    # Means 1 and 3, within-subject variance 2 (differences of 2), two pairs a subject.
    found = bland_altman_repeated([0, 2, 2, 4], [0, 0, 0, 0], ["a", "a", "b", "b"])
    assert found.bias == 2
    assert found.sd == pytest.approx(math.sqrt(2 + (1 - 1 / 2) * 2))
    assert (found.n, found.n_subjects) == (4, 2)


def test_repeats_intervals_cover_as_stated():
    rng = np.random.default_rng(11)
    truth = 1.959964 * math.sqrt(1 + 0.6**2)
    limits = biases = 0
    for _ in range(200):
        subject = np.repeat(np.arange(15), rng.integers(1, 5, 15))
        d = rng.normal(0, 1, 15)[subject] + rng.normal(0, 0.6, len(subject))
        found = bland_altman_repeated(d, np.zeros(len(d)), subject)
        limits += found.upper_low <= truth <= found.upper_high
        biases += found.bias_low <= 0 <= found.bias_high
    assert 0.90 <= limits / 200 <= 0.99
    assert 0.90 <= biases / 200 <= 0.99


def test_counting_repeats_as_subjects_would_be_too_sure():
    subject = np.repeat(np.arange(10), 20)
    d = np.random.default_rng(12).normal(size=10)[subject]
    d = d + np.random.default_rng(13).normal(0, 0.1, 200)
    naive, right = bland_altman(d, np.zeros(200)), bland_altman_repeated(d, np.zeros(200), subject)
    assert right.bias_high - right.bias_low > 3 * (naive.bias_high - naive.bias_low)


@pytest.mark.parametrize("subject", [["a", "a"], ["a", None, "b"], ["a", "a", "a"]])
def test_pairs_need_subjects(subject):
    with pytest.raises(StudyError):
        bland_altman_repeated([1, 2, 3], [1, 2, 2], subject)


def test_logs_of_nothing_are_refused():
    with pytest.raises(StudyError, match="without scars"):
        bland_altman([0.0, 1.0], [1.0, 1.0], log=True)
    with pytest.raises(ParamsError, match="bland-altman"):
        bland_altman([0.0, 1.0], [1.0, 1.0], intervals="bootstrap")


# --- measurement error --------------------------------------------------------------------------


def test_sem_and_mdc_closed_form():
    found = sem_and_mdc([10.0, 20.0, 30.0], [12.0, 20.0, 28.0])
    assert found.sem == pytest.approx(2 / math.sqrt(2))
    assert found.mdc95 == pytest.approx(1.96 * 2)
    assert found.cv_of_mean_pct == pytest.approx(100 * found.sem / 20)


def test_mdc_of_a_shift_is_none_but_within_sd_counts_it():
    found = sem_and_mdc([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert (found.sem, found.mdc95, found.bias) == (0, 0, -1)
    assert found.within_sd == pytest.approx(math.sqrt(0.5))


@pytest.mark.parametrize(("cv", "mdc"), [(3.4, 9.4), (5.7, 15.8), (7.3, 20.2), (10, 27.7)])
def test_mdc_of_known_instruments(cv, mdc):
    assert round(mdc95_of(cv), 1) == mdc


def test_proportional_error_ignores_the_unit():
    rng = np.random.default_rng(4)
    true = np.exp(rng.normal(0, 1, 2000))
    first, second = (true * np.exp(rng.normal(0, 0.1, 2000)) for _ in range(2))
    one, two = sem_and_mdc(first, second), sem_and_mdc(1000 * first, 1000 * second)
    assert one.sem_log == pytest.approx(0.1, rel=0.05)
    assert (two.cv_pct, two.mdc95_fall_pct) == pytest.approx((one.cv_pct, one.mdc95_fall_pct))
    step = 1.96 * math.sqrt(2) * one.sem_log
    assert one.mdc95_rise_pct == pytest.approx(100 * (math.exp(step) - 1))
    assert one.mdc95_fall_pct == pytest.approx(100 * (1 - math.exp(-step)))


def test_a_subject_without_scars_leaves_no_ratio():
    found = sem_and_mdc([0.0, 5.0], [0.0, 6.0])
    assert found.sem > 0
    assert all(math.isnan(x) for x in (found.cv_pct, found.mdc95_rise_pct, found.sem_log))
    assert math.isnan(sem_and_mdc([-1.0, 1.0], [1.0, -1.0]).cv_of_mean_pct)


def test_sem_interval_closed_form():
    found = sem_and_mdc([1.0, 2.0], [2.0, 5.0])  # one degree of freedom
    assert found.sem_low == pytest.approx(found.sem / math.sqrt(5.023886), rel=1e-6)
    assert found.sem_high == pytest.approx(found.sem / math.sqrt(0.000982069), rel=1e-5)


def test_sem_interval_covers_as_stated():
    rng = np.random.default_rng(5)
    found = [sem_and_mdc(*rng.normal(0, 2, (2, 12))) for _ in range(300)]
    assert 0.91 <= np.mean([r.sem_low <= 2 <= r.sem_high for r in found]) <= 0.985


@given(SERIES, SERIES)
def test_concordance_lies_below_correlation(a, b):
    found = lin_concordance(a, b)
    assume(not math.isnan(found.pearson))
    assert abs(found.value) <= abs(found.pearson) + 1e-12
    same(found, lin_concordance(b, a))


def test_concordance_closed_forms():
    x = np.array([1.0, 2.0, 3.0])
    assert lin_concordance(x, x).value == 1
    assert (lin_concordance(x, x).low, lin_concordance(x, x).high) == (1, 1)
    assert lin_concordance(x, -x + 4).value == pytest.approx(-1)
    assert lin_concordance(x, x + 1).value == pytest.approx((4 / 3) / (4 / 3 + 1))
    assert math.isnan(lin_concordance(x, [2.0, 2.0, 2.0]).low)
    assert lin_concordance(x, [2.0, 2.0, 2.0]).value == 0
    assert math.isnan(lin_concordance([2.0] * 3, [2.0] * 3).value)


def test_concordance_interval_covers_as_stated():
    rng = np.random.default_rng(6)
    truth = 2 * 1.0 / (1 + 1.25 + 0.3**2)
    hits = 0
    for _ in range(300):
        true = rng.normal(0, 1, 60)
        found = lin_concordance(true, true + 0.3 + rng.normal(0, 0.5, 60))
        hits += found.low <= truth <= found.high
    assert 0.91 <= hits / 300 <= 0.985


@pytest.mark.parametrize("function", TWO)
@pytest.mark.parametrize(
    ("a", "b"), [([1.0, 2.0, 3.0], [1.0, 2.0]), ([1.0], [1.0]), ([], []),
                 ([1.0, math.inf, 2.0], [1.0, 2.0, 3.0]), ([1.0, 2.0, None], [1.0, 2.0, 3.0]),
                 (["a", "b", "c"], [1, 2, 3])]
)  # fmt: skip
def test_pairs_that_cannot_be_used_are_refused(function, a, b):
    with pytest.raises(StudyError) as caught:
        function(a, b)
    assert caught.value.remedy


@pytest.mark.parametrize("name", agreement.__all__)
def test_every_name_is_there_and_explained(name):
    assert getattr(agreement, name).__doc__ or name in ("FORMS", "Form")


def test_results_become_one_row_with_their_fields():
    for found in (
        icc([[1, 2], [3, 4], [5, 5]]),
        kappa_of_table([[3, 1], [1, 3]]),
        *(function([1.0, 2.0, 4.0], [1.0, 3.0, 4.0]) for function in TWO),
    ):
        table = found.to_frame()
        assert list(table.columns) == [field.name for field in dataclasses.fields(found)]
        assert len(table) == 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            found.confidence = 0.9
