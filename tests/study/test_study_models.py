"""The model of response: closed forms, published figures, invariances, fall-backs."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scarscope.errors import ParamsError, StudyError
from scarscope.study.models.assumptions import CHECKS, INFLUENCE, check_model, influence
from scarscope.study.models.endpoints import ENDPOINTS, fit_endpoints
from scarscope.study.models.fit import (
    BY_ITSELF,
    CONTRASTS,
    MEANS,
    TOGETHER,
    fit_response,
    fit_rows,
)
from scarscope.study.models.multiple import holm
from scarscope.study.models.reml import fit_reml
from scarscope.study.models.rows import MISSING, model_rows, rows_of_sides
from scarscope.study.models.sensitivity import (
    NESTED,
    RANKS,
    SENSITIVITY,
    T_TEST,
    sensitivity,
)
from scarscope.study.planning.trial import Spreads, Trial, simulate_sides
from scarscope.study.response import RESPONSE

SPREADS = Spreads(error_relative=0.04)

# Extra hours of sleep by two drugs in the same ten people; Student 1908, Biometrika 6:1, from
# Cushny & Peebles 1905. As R's paired t.test of its data set `sleep` prints them: mean difference
# 1.58, t = 4.0621, df = 9, p-value = 0.002833, interval 0.7001142 to 2.4598858.
SLEEP = (
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)


def drawn(*, seed=1, spreads=SPREADS, **trial):
    return simulate_sides(Trial(**trial), spreads, np.random.default_rng(seed))


def as_response(sides):
    """The columns that a response table has, one view a side."""
    blank = {name: "" for name in RESPONSE if name not in sides}
    table = sides.assign(**{**blank, "view": sides["side"]})
    table["comparable"] = np.where(table["change"].isna(), "no", "yes")
    for name in ("change_pct", "change_se", "mdc95"):
        table[name] = np.nan
    return table


def model_of(sides, **options):
    last = int(sides["session"].max())
    return fit_rows(rows_of_sides(sides), **{"session": last, **options})


def primary(model):
    table = model.to_frame()
    return table[table["primary"]].iloc[0]


def outcomes(sides, session):
    """Log ratios, subjects by arms."""
    own = sides[sides["session"] == session].assign(
        y=lambda t: np.log(t["after"] / t["before"]), b=lambda t: np.log(t["before"])
    )
    wide = own.groupby(["subject", "arm"])[["y", "b"]].mean().unstack()
    return wide["y"], wide["b"]


def least_squares(y, *columns):
    """Estimate, standard error and degrees of freedom of the first column's coefficient."""
    x = np.column_stack(columns)
    beta, _, _, _ = np.linalg.lstsq(x, y, rcond=None)
    df = len(y) - x.shape[1]
    variance = np.sum((y - x @ beta) ** 2) / df
    return beta[0], math.sqrt(variance * np.linalg.inv(x.T @ x)[0, 0]), df


# --- closed forms -------------------------------------------------------------------------------


def test_students_own_figures():
    one, two = SLEEP
    rows = [
        (f"P{i}", side, side, 1, "x", 10.0, 10.0 + v, v)
        for side, values in (("soporific A", one), ("soporific B", two))
        for i, v in enumerate(values)
    ]
    columns = ["subject", "side", "arm", "session", "measure", "before", "after", "change"]
    sides = pd.DataFrame(rows, columns=columns)
    model = fit_rows(rows_of_sides(sides, scale="difference"), session=1, baseline=False)
    found = primary(model)
    assert round(found["estimate"], 2) == 1.58
    assert round(found["estimate"] / found["se"], 4) == 4.0621
    assert found["df"] == pytest.approx(9)
    assert round(found["p"], 6) == 0.002833
    assert round(found["low"], 7) == 0.7001142
    assert round(found["high"], 7) == 2.4598858


@pytest.mark.parametrize("followups", [1, 3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_complete_split_face_without_baseline_is_the_paired_t_test(followups, seed):
    sides = drawn(followups=followups, effect_pct=-10.0, seed=seed)
    model = model_of(sides, baseline=False)
    for _, row in model.contrasts.iterrows():
        y, _ = outcomes(sides, row["session"])
        found = stats.ttest_rel(y["treated"], y["control"])
        assert row["estimate"] / row["se"] == pytest.approx(found.statistic, rel=1e-7)
        assert row["df"] == pytest.approx(23, rel=1e-7)
        assert row["p"] == pytest.approx(found.pvalue, rel=1e-6)
        interval = found.confidence_interval()
        assert (row["low"], row["high"]) == pytest.approx(tuple(interval), rel=1e-6)


def test_sides_that_correlate_negatively_are_paired_all_the_same():
    rng = np.random.default_rng(4)
    sides = drawn(followups=1)
    wave = rng.normal(0, 1, 24).repeat(2) * np.where(sides["arm"] == "treated", 1, -1)
    sides["after"] = sides["before"] * np.exp(0.3 * wave + rng.normal(0, 0.02, 48))
    sides["change"] = sides["after"] - sides["before"]
    y, _ = outcomes(sides, 1)
    found = primary(model_of(sides, baseline=False))
    assert np.corrcoef(y["treated"], y["control"])[0, 1] < -0.9
    assert found["p"] == pytest.approx(stats.ttest_rel(y["treated"], y["control"]).pvalue, rel=1e-6)


@pytest.mark.parametrize("followups", [1, 3])
def test_complete_split_face_with_baseline_is_the_regression_of_differences(followups):
    sides = drawn(followups=followups, effect_pct=-10.0)
    for _, row in model_of(sides).contrasts.iterrows():
        y, b = outcomes(sides, row["session"])
        d, e = y["treated"] - y["control"], b["treated"] - b["control"]
        # At sides with the same baseline: the intercept of the line on the difference.
        value, se, df = least_squares(d.to_numpy(), np.ones(24), e.to_numpy())
        figures = (row["estimate"], row["se"], row["df"])
        assert figures == pytest.approx((value, se, df), rel=1e-6)


@pytest.mark.parametrize("sides_each", [1, 2])
@pytest.mark.parametrize("followups", [1, 3])
def test_complete_parallel_arms_are_the_analysis_of_covariance(followups, sides_each):
    sides = drawn(design="parallel", sides=sides_each, followups=followups, effect_pct=-10.0)
    for _, row in model_of(sides).contrasts.iterrows():
        y, b = outcomes(sides, row["session"])
        arm = y["treated"].notna().to_numpy(float)
        # Two sides of a subject that had the same treatment are one observation: their mean.
        value, se, df = least_squares(
            y.mean(axis=1).to_numpy(), arm, np.ones(24), b.mean(axis=1).to_numpy()
        )
        figures = (row["estimate"], row["se"], row["df"])
        assert figures == pytest.approx((value, se, df), rel=1e-6)
        assert df == 21


def test_one_arm_is_the_one_sample_t_test():
    sides = drawn(followups=1).assign(arm="")
    y = np.ravel(outcomes(sides, 1)[0])
    found = primary(model_of(sides, baseline=False))
    expected = stats.ttest_1samp(y, 0)
    assert found["p"] == pytest.approx(expected.pvalue, rel=1e-6)
    assert found["df"] == pytest.approx(23)
    assert "no control" in model_of(sides).notes[-1]


def test_unequal_variances_give_welchs_degrees_of_freedom():
    # One row a subject, of which each arm has its own variance: then Kenward and Roger's degrees
    # of freedom are Satterthwaite's, and those Welch's.
    rng = np.random.default_rng(0)
    one, two = rng.normal(0, 1, 9), rng.normal(1, 3, 17)
    y = np.zeros((26, 2))
    y[:9, 0], y[9:, 1] = one, two
    known = np.zeros((26, 2), bool)
    known[:9, 0], known[9:, 1] = True, True
    basis = np.stack([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])])
    design = np.tile(np.eye(2), (26, 1, 1))
    found = fit_reml(y, design, basis, np.ones(2), known).contrast(np.array([1.0, -1.0]))
    expected = stats.ttest_ind(one, two, equal_var=False)
    assert found.df == pytest.approx(expected.df, rel=1e-7)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6)


def test_unbalanced_data_have_kenward_and_rogers_error_and_degrees_of_freedom():
    # The same from dense matrices and differences of θ, as the paper writes them.
    rng = np.random.default_rng(5)
    n, m = 9, 3
    design = np.stack([np.ones((n, m)), rng.normal(size=(n, m))], axis=2)
    y = rng.normal(size=(n, m)) + rng.normal(size=(n, 1))
    known = rng.random((n, m)) < 0.75
    basis = np.stack([np.ones((m, m)), np.eye(m), np.diag([0.0, 0.0, 1.0])])
    fit = fit_reml(y, design, basis, np.array([0.3, 1.0, 0.1]), known)
    x, at = design[known], np.nonzero(known)
    same = at[0][:, None] == at[0][None, :]
    parts = [np.where(same, g[np.ix_(at[1], at[1])], 0.0) for g in basis]

    def phi(theta):
        v = sum(t * g for t, g in zip(theta, parts, strict=True))
        return np.linalg.inv(x.T @ np.linalg.inv(v) @ x)

    vi = np.linalg.inv(sum(t * g for t, g in zip(fit.theta, parts, strict=True)))
    plain = phi(fit.theta)
    projection = vi - vi @ x @ plain @ x.T @ vi
    # REML's own equations hold: the estimate is where the slopes vanish.
    left = projection @ y[known]
    for g in parts:
        assert left @ g @ left == pytest.approx(np.trace(projection @ g), rel=1e-4)
    information = [[np.trace(projection @ a @ projection @ b) / 2 for b in parts] for a in parts]
    w = np.linalg.inv(np.array(information))
    p = [-x.T @ vi @ g @ vi @ x for g in parts]
    q = [[x.T @ vi @ a @ vi @ b @ vi @ x for b in parts] for a in parts]
    inner = sum(w[i, j] * (q[i][j] - p[i] @ plain @ p[j]) for i in range(3) for j in range(3))
    assert fit.covariance == pytest.approx(plain + 2 * plain @ inner @ plain, rel=1e-5)
    for weights in np.eye(2):
        variance = weights @ plain @ weights
        step = 1e-5 * np.eye(3)
        slopes = [
            (weights @ (phi(fit.theta + d) - phi(fit.theta - d)) @ weights) / 2e-5 for d in step
        ]
        expected = 2 * variance**2 / (np.array(slopes) @ w @ np.array(slopes))
        assert fit.contrast(weights).df == pytest.approx(expected, rel=1e-4)


def test_means_are_those_at_the_mean_baseline_of_all():
    sides = drawn(design="parallel", sides=1, followups=1, effect_pct=-20.0)
    y, b = (each.mean(axis=1).to_numpy() for each in outcomes(sides, 1))
    arm = outcomes(sides, 1)[0]["treated"].notna().to_numpy()
    centred = b - b.mean()
    for name, chosen in (("treated", arm), ("control", ~arm)):
        value, se, _ = least_squares(y, chosen.astype(float), (~chosen).astype(float), centred)
        row = model_of(sides).means.set_index("arm").loc[name]
        assert (row["estimate"], row["se"]) == pytest.approx((value, se), rel=1e-6)


def test_variances_and_coefficients_are_those_of_statsmodels():
    from statsmodels.regression.mixed_linear_model import MixedLM

    rng = np.random.default_rng(2)
    n, m = 30, 4
    x = rng.normal(size=(n, m))
    y = 1 + 0.5 * x + rng.normal(0, 1.5, (n, 1)) + rng.normal(0, 1, (n, m))
    known = rng.random((n, m)) < 0.8  # unbalanced
    basis = np.stack([np.ones((m, m)), np.eye(m)])
    found = fit_reml(y, np.stack([np.ones((n, m)), x], axis=2), basis, np.array([0.3, 1.0]), known)
    rows = np.nonzero(known)
    fixed = np.column_stack([np.ones(known.sum()), x[known]])
    other = MixedLM(y[known], fixed, groups=rows[0]).fit(reml=True)
    assert found.beta == pytest.approx(other.fe_params, rel=1e-4)
    assert found.theta[0] == pytest.approx(float(other.cov_re[0, 0]), rel=1e-3)
    assert found.theta[1] == pytest.approx(float(other.scale), rel=1e-3)
    # It knows of no correction for variances that were estimated: ours is never the smaller.
    plain = other.cov_params()[:2, :2]
    assert np.all(np.diag(found.covariance) > np.diag(plain))
    assert np.diag(found.covariance) == pytest.approx(np.diag(plain), rel=0.05)


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(0).random(9) ** 3
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert np.isnan(holm([0.01, np.nan])[1])
    assert holm([0.01, np.nan])[0] == 0.01
    with pytest.raises(StudyError, match="outside 0 to 1"):
        holm([1.5])


# --- what must not matter -----------------------------------------------------------------------


def test_unit_order_and_names_do_not_matter():
    sides = drawn(dropout=0.1, refused=0.1, effect_pct=-10.0)
    base = primary(model_of(sides))
    shuffled = sides.sample(frac=1, random_state=0).reset_index(drop=True)
    renamed = shuffled.assign(
        subject=shuffled["subject"].map(lambda name: f"Q{hash(name) % 97}{name}"),
        side=shuffled["side"].map({"left": "z", "right": "a"}),
        before=shuffled["before"] * 1000,
        after=shuffled["after"] * 1000,
        change=shuffled["change"] * 1000,
    )
    found = primary(model_of(renamed))
    for name in ("estimate", "se", "df", "p"):
        assert found[name] == pytest.approx(base[name], rel=1e-5)


def test_swapping_the_arms_turns_the_sign():
    rows = as_response(drawn(effect_pct=-20.0))
    one = primary(fit_response(rows))
    two = primary(fit_response(rows, control="treated"))
    assert (one["reference"], two["reference"]) == ("control", "treated")
    assert two["estimate"] == pytest.approx(-one["estimate"])
    assert two["p"] == pytest.approx(one["p"])


def test_what_happens_to_both_sides_alike_is_no_effect():
    sides = drawn(followups=2)
    shift = pd.Series(np.random.default_rng(0).normal(0, 2, 24), sides["subject"].unique())
    moved = sides.assign(after=sides["after"] * np.exp(sides["subject"].map(shift)))
    moved["change"] = moved["after"] - moved["before"]
    one, two = (primary(model_of(each, baseline=False)) for each in (sides, moved))
    assert two["estimate"] == pytest.approx(one["estimate"], rel=1e-6)
    assert two["se"] == pytest.approx(one["se"], rel=1e-5)


def test_contrasts_are_differences_of_means():
    model = model_of(drawn(dropout=0.1, refused=0.1, effect_pct=-10.0))
    means = model.means[model.means["primary"]].set_index("arm")["estimate"]
    assert means["treated"] - means["control"] == pytest.approx(primary(model)["estimate"])
    assert list(model.means) == list(MEANS)
    assert list(model.contrasts) == list(CONTRASTS)


def test_earlier_visits_help_where_the_last_is_missing():
    sides = drawn(effect_pct=-10.0, seed=5, subjects=30)
    gone = (sides["session"] == 3) & sides["subject"].isin(sides["subject"].unique()[:8])
    sides.loc[gone, ["before", "after", "change"]] = np.nan
    model = model_of(sides)
    alone = model_of(sides[sides["session"] == 3])
    assert model.method == TOGETHER
    assert primary(model)["df"] > primary(alone)["df"]


# --- design, missing figures, fall-backs --------------------------------------------------------


def test_designs_are_told_from_the_sides():
    split, parallel = drawn(), drawn(design="parallel")
    parallel["subject"] = "R" + parallel["subject"]
    assert rows_of_sides(split).design == "split-face"
    assert rows_of_sides(parallel).design == "parallel"
    assert rows_of_sides(pd.concat([split, parallel])).design == "partly split-face"
    assert rows_of_sides(split.assign(arm="")).design == "one arm"
    refused = split.copy()
    refused.loc[refused["arm"] == "control", ["before", "after", "change"]] = np.nan
    assert rows_of_sides(refused).design == "split-face"


def test_both_kinds_of_subjects_count():
    split, parallel = drawn(effect_pct=-20.0), drawn(design="parallel", effect_pct=-20.0, seed=9)
    parallel["subject"] = "R" + parallel["subject"]
    both = primary(model_of(pd.concat([split, parallel], ignore_index=True)))
    assert both["se"] < primary(model_of(split))["se"]
    assert both["low"] < math.log(0.8) < both["high"]


def test_missing_visits_are_counted():
    sides = drawn(subjects=20, refused=0.0, dropout=0.0)
    sides.loc[(sides["subject"] == "P001") & (sides["session"] == 2), "change"] = np.nan
    sides = sides[~((sides["subject"] == "P002") & (sides["session"] == 3))]
    model = model_of(sides)
    table = model.rows.missing.set_index(["arm", "session"]).drop(columns="n_never_returned")
    assert list(model.rows.missing) == list(MISSING)
    for arm in ("treated", "control"):
        assert table.loc[(arm, 1)].tolist() == [20, 20, 0, 0]
        assert table.loc[(arm, 2)].tolist() == [20, 19, 1, 0]
        assert table.loc[(arm, 3)].tolist() == [20, 19, 0, 1]
    assert model.notes[-1].startswith("2 of 40 sides with a follow-up have no figure")
    visit = model.means[model.means["session"] == 2]
    assert visit["n_sides"].tolist() == [19, 19]


def test_too_few_subjects_are_fitted_visit_by_visit_and_that_is_said():
    sides = drawn(subjects=8, followups=3)
    model = model_of(sides)
    assert model.method == BY_ITSELF
    assert "each was modelled by itself" in model.notes[0]
    alone = model_of(sides[sides["session"] == 3])
    assert primary(model)["p"] == pytest.approx(primary(alone)["p"])
    assert "each visit by itself" in model.sentence
    assert model_of(drawn()).method == TOGETHER
    assert "all visits together" in model_of(drawn()).sentence


def test_where_no_covariance_fits_pairs_alone_count_and_that_is_said():
    # Of 14 subjects seven have a pair: with the single sides a correlation of 1 would fit best.
    sides = drawn(subjects=14, followups=1, refused=0.4, seed=18)
    model = model_of(sides)
    assert "7 subjects without figures of all sides are left out" in model.notes[0]
    y, b = (each.dropna() for each in outcomes(sides, 1))
    d, e = (each["treated"] - each["control"] for each in (y, b))
    value, se, df = least_squares(d.to_numpy(), np.ones(len(d)), e.to_numpy())
    found = primary(model)
    assert (found["estimate"], found["se"], found["df"]) == pytest.approx((value, se, df), rel=1e-6)


def test_a_figure_of_nothing_makes_it_differences():
    sides = drawn()
    sides.loc[5, "after"] = 0.0
    sides["change"] = sides["after"] - sides["before"]
    model = model_of(sides)
    assert model.rows.scale == "difference"
    assert "1 of 144 figures are 0 or less" in model.notes[0]
    assert np.isnan(primary(model)["change_pct"])
    assert not model_of(drawn()).rows.notes


def test_a_figure_of_nothing_is_half_of_what_can_be_detected():
    sides = drawn(effect_pct=-30.0).assign(mdc95=1.0)
    whole = primary(model_of(sides))["estimate"]
    for near in (0.0, 1e-9, 0.5):
        sides.loc[5, "after"] = near
        sides["change"] = sides["after"] - sides["before"]
        model = model_of(sides)
        assert model.rows.scale == "ratio"
        assert model.rows.table["y"].min() == pytest.approx(math.log(0.5 / sides["before"][5]))
        told = [
            note for note in model.rows.notes if note.startswith("1 of 144 pairs have a figure")
        ]
        assert len(told) == (near < 0.5)
        assert primary(model)["estimate"] == pytest.approx(whole, abs=0.3)


@pytest.mark.parametrize("out_of_reach", [-0.1, 0.0])
def test_where_one_figure_has_no_ratio_differences_are_of_what_was_read(out_of_reach):
    sides = drawn().assign(mdc95=1.0)
    sides.loc[5, "after"], sides.loc[7, "after"] = out_of_reach, 0.1
    sides.loc[5, "mdc95"] = np.nan  # nothing to take in place of 0
    sides["change"] = sides["after"] - sides["before"]
    rows = model_of(sides).rows
    assert rows.scale == "difference"
    assert rows.table["y"].tolist() == pytest.approx(sides["change"].tolist())
    assert not any("taken for that half" in note for note in rows.notes)


def test_percent_is_that_of_the_ratio():
    found = primary(model_of(drawn(effect_pct=-30.0, subjects=60)))
    assert found["change_pct"] == pytest.approx(100 * math.expm1(found["estimate"]))
    assert found["change_pct_low"] < -30 < found["change_pct_high"]
    assert found["change_pct"] == pytest.approx(-30, abs=5)


def test_nobody_at_the_last_visit_is_seen():
    sides = drawn()
    sides.loc[sides["session"] == 3, ["before", "after", "change"]] = np.nan
    model = fit_response(as_response(sides))
    assert model.session == 3
    assert not model.contrasts["primary"].any()
    assert "Nobody has a figure at visit 3" in model.notes[-1]
    assert check_model(model).empty
    assert list(check_model(model)) == list(CHECKS)
    assert primary(fit_response(as_response(sides), session=2))["session"] == 2


def test_follow_ups_without_an_arm_are_left_out_and_said():
    rows = as_response(drawn())
    rows.loc[rows["subject"] == "P003", "arm"] = ""
    model = fit_response(rows)
    assert "6 follow-ups of 1 subjects have no arm" in model.notes[0]
    assert model.rows.table["subject"].nunique() == 23


def test_the_reference_is_named_or_guessed_and_said():
    rows = as_response(drawn())
    assert model_rows(rows).arms == ("control", "treated")
    other = rows.assign(arm=rows["arm"].map({"control": "laser", "treated": "needles"}))
    found = model_rows(other)
    assert found.arms == ("laser", "needles")
    assert "No arm is called control" in found.notes[0]
    sham = rows.assign(arm=rows["arm"].map({"control": "Sham", "treated": "active"}))
    assert model_rows(sham).arms == ("Sham", "active")
    assert model_rows(sham).notes == ()
    with pytest.raises(ParamsError, match="No side is in the arm 'placebo'"):
        model_rows(sham, control="placebo")


def test_three_arms_are_adjusted_for_each_other():
    one, two = drawn(design="parallel", subjects=20), drawn(design="parallel", subjects=20, seed=7)
    two = two.assign(subject="R" + two["subject"], arm=two["arm"].replace("treated", "other"))
    model = model_of(pd.concat([one, two], ignore_index=True))
    last = model.contrasts[model.contrasts["primary"]]
    assert last["arm"].tolist() == ["other", "treated"]
    assert last["p_holm"].tolist() == pytest.approx(holm(last["p"]).tolist())
    assert last["p_holm"].min() == pytest.approx(min(1, 2 * last["p"].min()))
    assert model.contrasts.loc[~model.contrasts["primary"], "p_holm"].isna().all()


def test_covariates_explain_what_they_should():
    sides = drawn(design="parallel", subjects=40, followups=1)
    age = pd.Series(np.random.default_rng(0).uniform(20, 60, 40), sides["subject"].unique())
    rows = as_response(sides).assign(age=sides["subject"].map(age))
    rows["after"] = rows["after"] * np.exp(0.05 * rows["age"])
    rows["change"] = rows["after"] - rows["before"]
    plain, adjusted = fit_response(rows), fit_response(rows, covariates=["age"])
    assert adjusted.rows.covariates == ("age",)
    assert primary(adjusted)["se"] < primary(plain)["se"] / 3
    names = adjusted.fits[0].coefficients
    assert adjusted.fits[0].fit.beta[names.index("age")] == pytest.approx(0.05, abs=0.003)
    assert "age as covariates" in adjusted.sentence


def test_classes_are_covariates_too():
    rows = as_response(drawn(subjects=30))
    device = {s: "ABC"[i % 3] for i, s in enumerate(rows["subject"].unique())}
    found = fit_response(rows.assign(device=rows["subject"].map(device)), covariates=["device"])
    assert found.rows.covariates == ("device=B", "device=C")


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        ({}, {"covariates": ["age"]}, ParamsError, "no column 'age'"),
        ({}, {"covariates": ["after"]}, ParamsError, "'after' is no covariate"),
        ({"arm": ""}, {"control": "sham"}, ParamsError, "No side is in the arm 'sham'"),
        ({}, {"scale": "log"}, ParamsError, "scale is 'log'"),
        ({}, {"session": 9}, ParamsError, "No subject has visit 9"),
        ({}, {"confidence": 95}, ParamsError, "confidence is 95"),
        ({"copy": 1.0}, {"covariates": ["copy"]}, StudyError, "cannot tell"),
        ({"gaps": np.nan}, {"covariates": ["gaps"]}, StudyError, "covariate gaps has gaps"),
        ({"change": np.nan}, {}, StudyError, "No pair of photos has figures"),
        ({"before": 5.0, "after": 4.0, "change": -1.0}, {}, StudyError, "do not vary"),
    ],
)
def test_what_cannot_be_done_is_refused(change, options, error, match):
    with pytest.raises(error, match=match):
        fit_response(as_response(drawn(followups=1)).assign(**change), **options)


def test_a_covariate_that_says_the_arm_again_is_refused():
    rows = as_response(drawn(followups=1))
    rows["device"] = np.where(rows["arm"] == "treated", "pen", "")
    with pytest.raises(StudyError, match="cannot tell the model's"):
        fit_response(rows, covariates=["device"])


def test_a_side_in_two_arms_is_refused():
    rows = as_response(drawn())
    rows.loc[0, "arm"] = "other"
    with pytest.raises(StudyError, match=r"Subject P001, side left is in more than one arm"):
        fit_response(rows)


# --- checks, other analyses, endpoints ----------------------------------------------------------


def test_checks_find_what_is_wrong():
    clean = check_model(model_of(drawn(subjects=40, followups=1))).set_index("check")
    assert list(clean["verdict"]) == ["holds"] * 4
    sides = drawn(subjects=40, followups=1)
    factor = np.where(sides["arm"] == "treated", 8.0, 1.0)
    noise = np.random.default_rng(0).standard_t(2.1, len(sides)) * 0.05 * factor
    sides["after"] = sides["before"] * np.exp(noise)
    sides["change"] = sides["after"] - sides["before"]
    found = check_model(model_of(sides)).set_index("check")
    assert found.loc["normal residuals", "verdict"] == "doubtful"
    assert found.loc["equal spread in all arms", "verdict"] == "doubtful"
    few = check_model(model_of(drawn(subjects=3, followups=1), baseline=False))
    assert few["verdict"].tolist()[0] == "cannot be told"


def test_spread_that_grows_with_size_is_found_on_the_wrong_scale():
    sides = drawn(subjects=40, followups=1, spreads=dataclasses.replace(SPREADS, baseline_sd=0.9))
    ratio, difference = (
        check_model(fit_rows(rows_of_sides(sides, scale=scale), session=1)).set_index("check")
        for scale in ("ratio", "difference")
    )
    name = "spread does not depend on size"
    assert ratio.loc[name, "verdict"] == "holds"
    assert difference.loc[name, "verdict"] == "doubtful"


def test_the_subject_who_decides_alone_is_named():
    sides = drawn(subjects=12, followups=1)
    odd = (sides["subject"] == "P007") & (sides["arm"] == "treated")
    sides.loc[odd, "after"] = sides["before"] * 0.05
    sides["change"] = sides["after"] - sides["before"]
    model = model_of(sides)
    table = influence(model)
    assert list(table) == list(INFLUENCE)
    assert len(table) == 12
    worst = table.loc[table["shift"].abs().idxmax()]
    assert worst["subject"] == "P007"
    without = model_of(sides[sides["subject"] != "P007"])
    assert worst["estimate"] == pytest.approx(primary(without)["estimate"])
    checked = check_model(model).set_index("check").loc["no subject decides alone"]
    assert checked["verdict"] == "doubtful"
    assert "P007" in checked["meaning"]


def test_other_analyses_stand_beside_the_default():
    sides = drawn(followups=2, effect_pct=-10.0)
    table = sensitivity(model_of(sides)).set_index("analysis")
    assert list(table.reset_index()[list(SENSITIVITY)]) == list(SENSITIVITY)
    y, _ = outcomes(sides, 2)
    d = y["treated"] - y["control"]
    assert table.loc[T_TEST, "p"] == pytest.approx(stats.ttest_1samp(d, 0).pvalue)
    assert table.loc[RANKS, "p"] == pytest.approx(stats.wilcoxon(d).pvalue)
    assert table.loc[RANKS, "estimate"] == pytest.approx(d.median(), abs=0.05)
    assert (table["n_subjects"] == 24).all()
    assert (table["note"].drop(NESTED) == "").all()
    assert "no substitute for the default" in table.loc[NESTED, "note"]
    assert table["estimate"].between(-0.3, 0.05).all()


def test_mixedlm_agrees_where_it_is_right():
    # One visit, nothing missing, sides that correlate positively: one and the same model.
    sides = drawn(followups=1, spreads=dataclasses.replace(SPREADS, course_sd=0.3))
    table = sensitivity(model_of(sides, baseline=False)).set_index("analysis")
    for name in ("estimate", "low", "high"):
        assert table.loc[NESTED, name] == pytest.approx(
            table.loc["default model", name], rel=0.02, abs=0.002
        )


def test_mixedlm_is_too_narrow_where_responses_part():
    # Why it is not the default: all visits pooled, the last with the most spread looks too sure.
    spreads = dataclasses.replace(SPREADS, course_sd=0.3, response_sd=0.0)
    tables = [
        sensitivity(model_of(drawn(design="parallel", seed=seed, spreads=spreads))).set_index(
            "analysis"
        )
        for seed in range(4)
    ]
    widths = [table["high"] - table["low"] for table in tables]
    assert all(each[NESTED] < 0.85 * each["default model"] for each in widths)


def test_ranks_of_parallel_arms_are_mann_and_whitneys():
    sides = drawn(design="parallel", followups=1)
    table = sensitivity(model_of(sides)).set_index("analysis")
    y, _ = outcomes(sides, 1)
    found = stats.mannwhitneyu(y["treated"].dropna(), y["control"].dropna())
    assert table.loc[RANKS, "p"] == pytest.approx(found.pvalue)


def test_an_analysis_that_cannot_be_made_says_why():
    sides = drawn(design="parallel", sides=1, followups=1)
    table = sensitivity(model_of(sides)).set_index("analysis")
    assert np.isnan(table.loc[NESTED, "p"])
    assert "nothing to nest" in table.loc[NESTED, "note"]


def test_several_endpoints_are_adjusted_together():
    tables = {
        name: as_response(drawn(seed=seed, effect_pct=effect)).assign(measure=name)
        for name, seed, effect in (("burden_um", 1, -10.0), ("n_scars", 2, 0.0), ("x", 3, -15.0))
    }
    tables["empty"] = as_response(drawn()).assign(change=np.nan, measure="empty")
    found = fit_endpoints(tables)
    assert list(found.table) == list(ENDPOINTS)
    assert sorted(found.table["measure"]) == sorted(tables)
    rows = found.table.set_index("measure")
    assert rows.loc["empty", "note"].startswith("No pair of photos has figures")
    assert np.isnan(rows.loc["empty", "p_holm"])
    known = rows.drop(index="empty")
    assert known["p_holm"].min() == pytest.approx(3 * known["p"].min())
    assert (known["p_holm"] >= known["p"]).all()
    assert set(found.models) == set(tables) - {"empty"}
    assert fit_endpoints({}).to_frame().empty
    assert list(fit_endpoints({}).to_frame()) == list(ENDPOINTS)
