"""Protocols held against each other: closed forms, coverage of the interval, refusals."""

import math

import numpy as np
import pandas as pd
import pytest

from scarscope.errors import ParamsError, StudyError
from scarscope.study.agreement import sem_and_mdc
from scarscope.study.planning.protocol import (
    LARGER,
    OPEN,
    SMALLER,
    compare_protocols,
    retest_pairs,
    sd_ratio,
)


def pairs_of(rng, **sds):
    """Retests of burdens around 20 with errors of so many percent."""
    tables = []
    for name, (sd, n) in sds.items():
        true = rng.uniform(10, 30, n)
        first, second = (true * np.exp(rng.normal(0, sd / 100, n)) for _ in range(2))
        tables.append(
            pd.DataFrame({"device": name, "comparable": "yes", "before": first, "after": second})
        )
    return pd.concat(tables, ignore_index=True)


def test_groups_are_what_repeatability_says():
    pairs = pairs_of(np.random.default_rng(1), lamp=(3, 30), ring=(9, 20))
    found = compare_protocols(pairs, by="device")
    table = found.to_frame().set_index("protocol")
    own = pairs[pairs["device"] == "ring"]
    wanted = sem_and_mdc(own["before"], own["after"])
    assert table.loc["ring", "sem"] == pytest.approx(wanted.cv_pct)
    assert table.loc["ring", "mdc95"] == pytest.approx(wanted.mdc95_fall_pct)
    assert table.loc["ring", ["reference", "verdict"]].tolist() == ["lamp", LARGER]
    assert table.loc["lamp", "unit"] == "%"
    turned = compare_protocols(pairs, by="device", reference="ring").ratios.iloc[0]
    row = found.ratios.iloc[0]
    assert turned["verdict"] == SMALLER
    assert (turned["sd_ratio"], turned["low"], turned["high"], turned["p"]) == pytest.approx(
        (1 / row["sd_ratio"], 1 / row["high"], 1 / row["low"], row["p"])
    )


def test_the_difference_scale_is_in_the_measures_own_unit():
    pairs = pairs_of(np.random.default_rng(2), lamp=(3, 10), ring=(9, 10))
    table = compare_protocols(pairs, by="device", scale="difference").groups.set_index("protocol")
    own = pairs[pairs["device"] == "lamp"]
    assert table.loc["lamp", "mdc95"] == pytest.approx(
        sem_and_mdc(own["before"], own["after"]).mdc95
    )


def test_refused_and_empty_retests_are_counted_and_not_used():
    pairs = pairs_of(np.random.default_rng(3), lamp=(3, 8), ring=(3, 8))
    pairs.loc[0, ["comparable", "before", "after"]] = ["no", math.nan, math.nan]
    pairs.loc[1, "after"] = 0.0
    row = compare_protocols(pairs, by="device").groups.set_index("protocol").loc["lamp"]
    assert row[["n_retests", "n_refused", "n_without_figure", "n"]].tolist() == [8, 1, 1, 6]


def test_intervals_of_the_ratio_cover_and_the_test_holds_its_level():
    rng = np.random.default_rng(4)
    draws, hits, wrong = 2000, 0, 0
    for _ in range(draws):
        a, b = rng.normal(0, 2, 12), rng.normal(0, 1, 18)
        row = sd_ratio(a, b)
        hits += row["low"] <= 2 <= row["high"]
        wrong += sd_ratio(a / 2, b)["p"] < 0.05
    # Three standard errors of a share of 95 % in 2000 draws are 1.5 points.
    assert hits / draws == pytest.approx(0.95, abs=0.015)
    assert wrong / draws == pytest.approx(0.05, abs=0.015)


def test_what_does_not_vary_cannot_be_told():
    row = sd_ratio(np.array([0.0, 1.0]), np.zeros(3))
    assert row["verdict"] == OPEN
    assert math.isnan(row["sd_ratio"])


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"by": "lens"}, StudyError, "no column 'lens'"),
        ({"by": "comparable"}, StudyError, "names 1 protocol"),
        ({"by": "device", "reference": "sun"}, ParamsError, "'sun' is no protocol"),
        ({"by": "device", "scale": "log"}, ParamsError, "scale is 'log'"),
        ({"by": "device", "confidence": 95}, ParamsError, "confidence is 95"),
    ],
)
def test_wrong_questions_are_refused(options, kind, words):
    pairs = pairs_of(np.random.default_rng(5), lamp=(3, 4), ring=(3, 4))
    with pytest.raises(kind, match=words):
        compare_protocols(pairs, **options)
    with pytest.raises(StudyError, match=r"'ring' has 1 retest"):
        compare_protocols(pairs.iloc[:5], by="device")


def test_retests_of_a_batch_carry_their_photos_columns():
    changes = pd.DataFrame(
        {"subject": "s", "view": "left", "baseline": ["a", "b", "a"], "followup": ["c", "d", "e"],
         "kind": ["retest", "retest", "session"], "comparable": ["yes", "no", "yes"],
         "measure": "burden_um", "before": [1.0, math.nan, 1.0], "after": [1.1, math.nan, 2.0]}
    )  # fmt: skip
    photos = pd.DataFrame(
        {"path": list("abcde"), "subject": "s", "view": "left", "device": list("xyxyx")}
    )
    found = retest_pairs(changes, photos)
    assert found["device"].tolist() == ["x", "y"]
    assert found["comparable"].tolist() == ["yes", "no"]
    with pytest.raises(StudyError, match="no retest of n_scars"):
        retest_pairs(changes, photos, measure="n_scars")
