"""Agreement against published tables."""

import numpy as np
import pytest

from scarscope.study.agreement import (
    FORMS,
    bland_altman,
    cohen_kappa,
    icc,
    kappa_of_table,
    sem_and_mdc,
)
from scarscope.study.agreement.intraclass import mean_squares


def test_shrout_and_fleiss_analysis_of_variance(published):
    told = published("shrout_fleiss")
    found = mean_squares(told["ratings"])
    squares = {"MSB": found.bms, "MSW": found.wms, "MSJ": found.jms, "MSE": found.ems}
    assert squares == pytest.approx(told["mean_squares"])


@pytest.mark.parametrize("form", FORMS)
def test_shrout_and_fleiss_table_4(published, form):
    table = published("shrout_fleiss")
    told, found = table["forms"][form], icc(table["ratings"], form=form)
    assert round(found.value, 2) == told["published"]
    assert found.value == pytest.approx(told["unrounded"], abs=1e-12)
    assert (round(found.low, 2), round(found.high, 2)) == (told["low"], told["high"])
    assert (found.df1, found.df2) == (told["df1"], told["df2"])
    assert found.f == pytest.approx(told["f"], abs=0.05)
    assert found.p == pytest.approx(told["p"], abs=6e-5)


def test_bland_and_altman_1986(published):
    told = published("bland_altman")
    paper = told["published"]
    two_sd = 0.9544997361036416  # part of a normal distribution within 2 SD
    found = bland_altman(told["wright_1"], told["mini_1"], coverage=two_sd)
    assert round(found.bias, 1) == paper["mean"]
    assert round(found.sd, 1) == paper["sd"]
    assert (found.bias_low, found.bias_high) == pytest.approx(paper["ci95_mean"], abs=0.1)
    assert (found.lower, found.upper) == pytest.approx(paper["limits_with_2sd"], abs=0.1)
    t = 2.12  # 16 degrees of freedom, as the paper has it
    assert (found.upper_high - found.upper) / t == pytest.approx(paper["se_limit"], abs=0.05)
    assert (found.upper - found.upper_low) / t == pytest.approx(paper["se_limit"], abs=0.05)


def test_bland_and_altman_limits_of_95_percent(published):
    told = published("bland_altman")
    found = bland_altman(told["wright_1"], told["mini_1"])
    limits = told["computed"]["limits_with_1.96sd"]
    assert (found.lower, found.upper) == pytest.approx(limits, abs=0.002)  # 1.96 is 1.95996


@pytest.mark.parametrize("meter", ["wright", "mini"])
def test_bland_and_altman_repeats_of_one_meter(published, meter):
    told = published("bland_altman")
    found = sem_and_mdc(told[f"{meter}_1"], told[f"{meter}_2"])
    assert found.within_sd == pytest.approx(told["computed"][f"within_subject_sd_{meter}"])


def test_cohen_1968(published):
    told = published("kappa")["cohen"]
    counts = np.array(told["proportions"]) * told["n"]
    for weights, name in (
        (None, "kappa"),
        (told["disagreement_weights"], "weighted_kappa"),
        (told["asymmetric_disagreement_weights"], "weighted_kappa_asymmetric"),
    ):
        assert round(kappa_of_table(counts, weights=weights).value, 3) == told[name]


def test_two_dermatologists(published):
    told = published("kappa")["dermatologists"]
    plain = kappa_of_table(told["table"])
    assert round(plain.value, 4) == told["kappa"]
    assert [round(plain.low, 4), round(plain.high, 4)] == told["kappa_ci95"]
    linear = kappa_of_table(told["table"], weights="linear")
    assert linear.value == pytest.approx(told["linear"])
    assert [linear.low, linear.high] == pytest.approx(told["linear_ci95"])
    assert kappa_of_table(told["table"], weights="quadratic").value == pytest.approx(
        told["quadratic"]
    )


@pytest.mark.parametrize(
    ("weights", "name", "of"), [(None, "kappa", "kappa"), ("linear", "linear_weighted_kappa",
    "weighted")]
)  # fmt: skip
def test_printed_standard_errors(published, weights, name, of):
    told = published("kappa")["printout"]
    found = kappa_of_table(told["table"], weights=weights)
    assert round(found.value, 4) == told[name]
    assert round(found.se, 4) == told[f"{of}_ase"]
    assert round(found.se0, 4) == told[f"{of}_ase0"]
    assert [round(found.low, 4), round(found.high, 4)] == told[f"{of}_ci95"]


def test_rows_of_ratings_give_the_table_s_kappa(published):
    told = published("kappa")["dermatologists"]
    cells = [(i, j) for i in range(4) for j in range(4) for _ in range(told["table"][i][j])]
    a, b = zip(*cells, strict=True)
    grades = ("terrible", "poor", "marginal", "clear")
    found = cohen_kappa(
        [grades[i] for i in a], [grades[j] for j in b], weights="linear", labels=grades
    )
    assert found.value == pytest.approx(told["linear"])
    assert found == cohen_kappa(a, b, weights="linear")
