"""Intervals of shares and means: published figures, closed forms, coverage."""

import numpy as np
import pytest
from scipy import stats

from scarscope.errors import ParamsError, StudyError
from scarscope.study.agreement.intervals import clustered_share, mean_interval, wilson


# Newcombe 1998, Stat Med 17:857, table I, method 3 (score without continuity correction).
@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_meets_the_printed_intervals(count, n, low, high):
    found = wilson(count, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_wilson_is_the_same_seen_from_the_other_side():
    yes, no = wilson(3, 11), wilson(8, 11)
    assert yes.low == pytest.approx(1 - no.high)
    assert yes.high == pytest.approx(1 - no.low)


def test_nobody_is_no_share():
    found = wilson(0, 0)
    assert (found.n, np.isnan(found.share), np.isnan(found.low)) == (0, True, True)
    with pytest.raises(ParamsError, match="no share"):
        wilson(4, 3)


def test_clusters_of_one_are_independent_but_for_the_quantile():
    values = np.array([1.0] * 40 + [0.0] * 60)
    found, plain = clustered_share(values, np.ones(100)), wilson(40, 100)
    assert found.share == plain.share
    # k / (k - 1) of the ratio's variance, and t instead of z: little with 100 clusters.
    assert plain.low - 0.01 < found.low < plain.low
    assert plain.high < found.high < plain.high + 0.01


def test_scars_that_are_all_alike_count_once_a_subject():
    alike = clustered_share([10, 0, 10, 0, 10, 0, 0, 10], [10] * 8)
    mixed = clustered_share([5, 4, 6, 5, 5, 4, 6, 5], [10] * 8)
    assert alike.share == mixed.share == 0.5
    assert alike.high - alike.low > 2 * (mixed.high - mixed.low)


def test_all_scars_better_is_no_certainty():
    found = clustered_share([5, 5, 5, 5], [5, 5, 5, 5])
    assert found.high == 1.0
    # Four subjects, not twenty scars.
    assert found.low < wilson(4, 4).low


def test_one_subject_says_nothing_of_others():
    found = clustered_share([3], [7])
    assert found.share == pytest.approx(3 / 7)
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_clustered_shares_need_a_count_for_each_size():
    with pytest.raises(StudyError, match="counts has 1 figures but sizes has 2"):
        clustered_share([1], [2, 3])


def test_clustered_interval_covers_as_stated():
    rng = np.random.default_rng(5)
    hits = []
    for _ in range(600):
        chance = rng.beta(2, 3, 15)  # subjects differ: mean 0.4
        sizes = rng.integers(3, 25, 15)
        found = clustered_share(rng.binomial(sizes, chance), sizes)
        hits.append(found.low <= 0.4 <= found.high)
    assert 0.92 <= np.mean(hits) <= 0.98


def test_mean_interval_is_students():
    values = [1.0, 2.0, 4.0, np.nan, 7.0]
    found = mean_interval(values)
    low, high = stats.t.interval(0.95, 3, 3.5, stats.sem([1.0, 2.0, 4.0, 7.0]))
    assert (found.n, found.mean) == (4, 3.5)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize("values", [[], [np.nan], [3.0]])
def test_too_few_for_an_interval_have_none(values):
    assert np.isnan(mean_interval(values).low)
