"""The model of single scars: other people's fits, closed forms, resolved scars, what is missing."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scarscope.errors import ParamsError, StudyError
from scarscope.study.analysis import analyse
from scarscope.study.methods import methods_text
from scarscope.study.models.effects import ModelOptions, scar_effects
from scarscope.study.models.multiple import holm
from scarscope.study.models.reml import fit_reml
from scarscope.study.models.scar_design import SCAR, SIDE, SIDE_TYPE, SUBJECT, fit_cells
from scarscope.study.models.scar_rows import COUNTS, ScarRows, scar_rows
from scarscope.study.models.scars import (
    ALL,
    APART,
    SCAR_CONTRASTS,
    SCAR_MEANS,
    SCAR_TABLES,
    SCAR_VARIANCE,
    TYPE,
    fit_scars,
)
from scarscope.study.response import response_table
from scarscope.study.scar_response import scar_outcomes
from scarscope.validation import scar_studies
from scarscope.validation.scar_set import draw_scars, scar_scenarios
from scarscope.validation.scar_studies import ScarTask, check_scar_studies, run_scar_task

KINDS = ("icepick", "boxcar", "rolling")
NO_COUNTS = pd.DataFrame(columns=list(COUNTS)).astype({"n_scars": "int64"})


def rows_of(table, arms=("control", "needling"), counts=NO_COUNTS):
    found = set(table["type"])
    kinds = tuple(k for k in KINDS if k in found)
    return ScarRows(table.reset_index(drop=True), counts, arms, kinds, 1)


def drawn(
    seed=1, *, subjects=16, scars=12, kinds=KINDS, subject=8.0, side=10.0, own=20.0, effect=-15.0,
    balanced=True, views=1, parallel=False,
):  # fmt: skip
    """Scars of sides of subjects; unbalanced: a third of them is missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(subjects):
        shared = rng.normal(0, subject)
        for place, name in enumerate(("left", "right")):
            treated = number % 2 if parallel else (number + place) % 2
            level = -5 + shared + rng.normal(0, side) + treated * effect
            for scar in range(scars):
                view = f"{name} {scar % views}"
                kind = kinds[(scar // views) % len(kinds)]
                before = float(np.exp(rng.normal(0, 0.5)))
                y = level + rng.normal(0, own) - 8 * np.log(before)
                arm = "needling" if treated else "control"
                rows.append((f"S{number:02}", name, view, arm, kind, y, before, y < -75))
    names = ["subject", "side", "view", "arm", "type", "y", "before", "resolved"]
    table = pd.DataFrame(rows, columns=names)
    return table if balanced else table[rng.random(len(table)) < 0.67].reset_index(drop=True)


def mixed_lm(table, covariates, parts):
    """statsmodels' REML fit with arms by types, and its variance components by name."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    data = table.assign(
        cell=table["arm"] + " " + table["type"],
        own_side=table["subject"] + table["side"],
        own_type=table["subject"] + table["side"] + table["type"],
        **covariates,
    )
    formula = " + ".join(["y ~ 0 + C(cell)", *covariates])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = MixedLM.from_formula(
            formula, data, groups="subject", re_formula="1", vc_formula=parts
        )
        return made.fit(reml=True, method=["bfgs", "powell", "nm"], gtol=1e-10, maxiter=4000)


def baselines(table):
    size = np.log(table["before"])
    side = size.groupby([table["subject"], table["side"]]).transform("mean")
    sides = side.groupby([table["subject"], table["side"]]).first()
    subject = table["subject"].map(sides.groupby(level=0).mean())
    return {"b_subject": subject - subject.mean(), "b_side": side - subject, "b_scar": size - side}


# --- held against others --------------------------------------------------------------------------


@pytest.mark.parametrize("balanced", [True, False])
def test_one_type_is_the_fit_of_statsmodels(balanced):
    table = drawn(kinds=("boxcar",), balanced=balanced, subject=15, seed=3)
    fit = fit_cells(rows_of(table))
    other = mixed_lm(table, baselines(table), {"side": "0 + C(own_side)"})
    assert fit.components[SUBJECT, ""] == pytest.approx(float(other.cov_re.iloc[0, 0]), rel=1e-3)
    assert fit.components[SIDE, ""] == pytest.approx(float(other.vcomp[0]), rel=1e-3)
    assert fit.components[SCAR, ""] == pytest.approx(float(other.scale), rel=1e-4)
    difference = fit.contrast({("needling", "boxcar"): 1.0, ("control", "boxcar"): -1.0})
    means = other.fe_params
    theirs = means["C(cell)[needling boxcar]"] - means["C(cell)[control boxcar]"]
    assert difference.value == pytest.approx(float(theirs), rel=1e-4)
    slope = other.fe_params["b_scar"]
    assert fit.fit.beta[-1] == pytest.approx(float(slope), rel=1e-4)


def test_types_in_sides_are_those_of_statsmodels():
    table = drawn(balanced=False, seed=5, subjects=24)
    rng = np.random.default_rng(8)
    cell = table.groupby(["subject", "side", "type"]).ngroup()
    table["y"] += rng.normal(0, 12, cell.max() + 1)[cell]
    parts = {"side": "0 + C(own_side)", "type": "0 + C(own_type)"}
    other = mixed_lm(table, {}, parts)
    found = fit_cells(rows_of(table), baseline=False, spread="common").components
    # Beside theirs this model has types in subjects, whose share is small here.
    assert found[SIDE_TYPE, ""] == pytest.approx(float(other.vcomp[1]), rel=0.35)
    assert found[SCAR, ""] == pytest.approx(float(other.scale), rel=1e-2)
    nested = fit_cells(rows_of(table), baseline=False, spread="nested")
    plain = mixed_lm(table, {}, {"side": "0 + C(own_side)"})
    assert nested.components[SIDE, ""] == pytest.approx(float(plain.vcomp[0]), rel=1e-3)
    assert nested.components[SCAR, ""] == pytest.approx(float(plain.scale), rel=1e-4)
    means = np.asarray(plain.fe_params)
    assert nested.fit.beta == pytest.approx(means, rel=1e-4)


@pytest.mark.parametrize("spread", ["common", "nested"])
def test_balanced_sides_are_the_paired_t_test_of_their_means(spread):
    table = drawn(seed=2)
    model = fit_scars(rows_of(table), baseline=False, spread=spread)
    means = table.groupby(["subject", "arm"])["y"].mean().unstack()
    expected = stats.ttest_rel(means["needling"], means["control"])
    (row,) = model.contrasts[model.contrasts["by"] == ALL].to_dict("records")
    assert row["estimate"] == pytest.approx((means["needling"] - means["control"]).mean())
    assert row["df"] == pytest.approx(15, rel=1e-5)
    assert row["p"] == pytest.approx(expected.pvalue, rel=1e-4)
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected.confidence_interval()))
    # Scars taken for independent would have 382 degrees of freedom.
    assert row["design_effect"] > 1.2


def test_types_with_spreads_of_their_own_stay_near_the_paired_t_test():
    # Where types differ in spread, sides' means are no longer all there is, but nearly so.
    table = drawn(seed=2)
    found = fit_scars(rows_of(table), baseline=False).contrasts.set_index("class")
    for name, own in (("all", table), *table.groupby("type")):
        means = own.groupby(["subject", "arm"])["y"].mean().unstack()
        se = (means["needling"] - means["control"]).std() / 4
        row = found.loc[name]
        assert row["estimate"] == pytest.approx((means["needling"] - means["control"]).mean())
        assert row["se"] == pytest.approx(se, rel=0.35), name
        assert 12 < row["df"] <= 15  # there are 384 scars of 16 subjects


def test_balanced_parallel_arms_are_the_t_test_of_subjects():
    table = drawn(seed=4, parallel=True)
    model = fit_scars(rows_of(table), baseline=False, spread="common")
    means = table.groupby(["arm", "subject"])["y"].mean()
    expected = stats.ttest_ind(means["needling"], means["control"])
    (row,) = model.contrasts[model.contrasts["by"] == ALL].to_dict("records")
    assert row["df"] == pytest.approx(14, rel=1e-5)
    assert row["p"] == pytest.approx(expected.pvalue, rel=1e-4)


def test_cells_are_the_fit_of_all_scars_one_by_one():
    table = drawn(balanced=False, seed=6, subjects=8, subject=15.0).sort_values(
        ["subject", "side", "type"], kind="stable"
    )
    fit = fit_cells(rows_of(table), baseline=True, spread="nested")
    people = sorted(set(table["subject"]))
    most = int(table.groupby("subject").size().max())
    own, kind = baselines(table), list(fit.cells)
    y, known = np.zeros((8, most)), np.zeros((8, most), bool)
    x, basis = np.zeros((8, most, len(kind) + 3)), np.zeros((3, 8, most, most))
    subject_means = {}
    for at, name in enumerate(people):
        part = table[table["subject"] == name]
        n = len(part)
        y[at, :n], known[at, :n] = part["y"], True
        for place, (arm, which) in enumerate(kind):
            x[at, :n, place] = (part["arm"] == arm) & (part["type"] == which)
        for place, slope in enumerate(own):
            x[at, :n, len(kind) + place] = own[slope][part.index]
        subject_means[name] = float(own["b_subject"][part.index[0]])
        side = part["side"].to_numpy()
        basis[0, at, :n, :n] = 1.0
        basis[1, at, :n, :n] = side[:, None] == side[None, :]
        basis[2, at, :n, :n] = np.eye(n)
    x[..., len(kind)] -= np.mean(list(subject_means.values())) * known
    whole = fit_reml(y, x, basis, np.array([0.2, 0.2, 1.0]), known)
    assert fit.fit.beta == pytest.approx(whole.beta, rel=1e-8, abs=1e-8)
    assert list(fit.components.values()) == pytest.approx(whole.theta.tolist(), rel=1e-6)
    assert fit.fit.covariance == pytest.approx(whole.covariance, rel=1e-6, abs=1e-6)
    row = np.eye(len(kind) + 3)[0] - np.eye(len(kind) + 3)[3]
    assert fit.fit.contrast(row).df == pytest.approx(whole.contrast(row).df, rel=1e-6)


# --- what the covariance means --------------------------------------------------------------------


def test_more_scars_of_the_same_sides_are_no_more_subjects():
    few, many = (
        fit_scars(rows_of(drawn(scars=n, side=15.0, seed=9)), baseline=False, spread="common")
        for n in (6, 300)
    )
    one, two = (m.contrasts[m.contrasts["by"] == ALL].iloc[0] for m in (few, many))
    assert two["df"] == pytest.approx(15, rel=1e-4)
    assert two["se"] > 0.5 * one["se"]  # a root of 50 times as many would give a seventh
    assert two["design_effect"] > 10 * one["design_effect"]


def test_effects_of_types_have_the_spread_of_sides():
    # The same scars eight times over: what is known of a type does not grow with copies.
    table = drawn(seed=12)
    copies = pd.concat([table.assign(y=table["y"] + 1e-3 * k) for k in range(8)])
    one, two = (fit_scars(rows_of(t), baseline=False) for t in (table, copies))
    for by in (TYPE, APART):
        first, second = (
            m.contrasts.loc[m.contrasts["by"] == by, "se"].to_numpy() for m in (one, two)
        )
        assert second == pytest.approx(first, rel=0.25)


def test_shares_add_up_and_correlations_build_on_each_other():
    table = fit_scars(rows_of(drawn(seed=3, subject=15.0, views=2))).variance
    assert list(table) == list(SCAR_VARIANCE)
    for _, own in table.groupby("class"):
        assert own["share"].sum() == pytest.approx(1)
        assert own["icc"].dropna().to_numpy() == pytest.approx(own["share"].cumsum()[:-1])
        assert own["component"].iloc[-1] == SCAR
        assert np.isnan(own["icc"].iloc[-1])
        assert "view" in set(own["component"])


def test_one_view_a_side_has_no_spread_of_its_own():
    named = {name for name, _ in fit_cells(rows_of(drawn())).components}
    assert "view" not in named
    assert {SUBJECT, SIDE, SIDE_TYPE, SCAR} <= named
    one_side = drawn(parallel=True).query("side == 'left'")
    assert SIDE not in {name for name, _ in fit_cells(rows_of(one_side)).components}


def test_what_sides_share_is_held_at_0():
    # Sides lie far closer together than their scars' spread lets them.
    table = drawn(seed=1, subjects=6, subject=0.0, side=0.0, balanced=False, scars=30)
    side = table.groupby(["subject", "side"])["y"].transform("mean")
    table["y"] = table["y"] - side + (table["arm"] == "needling") * -10.0
    table["y"] += np.random.default_rng(0).normal(0, 1, len(table))
    fit = fit_cells(rows_of(table), baseline=False, spread="nested")
    assert fit.components[SIDE, ""] == 0
    cell = {("needling", "boxcar"): 1.0, ("control", "boxcar"): -1.0}
    assert fit.contrast(cell).se > 0


def test_steps_that_swing_to_and_fro_come_to_rest():
    # Of 2000 such trials this one did not settle in 60 steps by expected information alone.
    rows, _ = draw_scars(scar_scenarios()[0], np.random.default_rng([0, 1307]), effect=True)
    model = fit_scars(rows)
    assert model.fit.spread == "by type"
    assert model.notes == ()


def test_sides_that_differ_in_opposite_ways_are_not_taken_for_alike():
    # What helps one side harms the other: the paired t test knows, a variance held at 0 would not.
    table = drawn(seed=3, kinds=("boxcar",), subject=0.0, side=0.0, own=10.0, effect=0.0)
    wave = dict(
        zip(sorted(set(table["subject"])), np.random.default_rng(1).normal(0, 25, 16), strict=True)
    )
    sign = np.where(table["arm"] == "needling", 1, -1)
    table["y"] += sign * table["subject"].map(wave)
    model = fit_scars(rows_of(table), baseline=False)
    means = table.groupby(["subject", "arm"])["y"].mean().unstack()
    expected = stats.ttest_rel(means["needling"], means["control"])
    row = model.contrasts.iloc[0]
    assert model.fit.components[SUBJECT, ""] < -100
    assert row["p"] == pytest.approx(expected.pvalue, rel=1e-4)


# --- figures --------------------------------------------------------------------------------------


def test_p_of_types_are_adjusted_among_themselves():
    table = drawn(seed=2, effect=-12.0)
    third = table.assign(subject="T" + table["subject"], arm=table["arm"].replace("needling", "x"))
    model = fit_scars(rows_of(pd.concat([table, third]), arms=("control", "needling", "x")))
    found = model.contrasts
    assert list(found) == list(SCAR_CONTRASTS)
    assert found.groupby("by").size().to_dict() == {ALL: 2, TYPE: 6, APART: 6}
    for by in (ALL, TYPE, APART):
        own = found[found["by"] == by]
        assert own["p_holm"].to_numpy() == pytest.approx(holm(own["p"]))
    assert (found["p_holm"] >= found["p"]).all()


def test_effects_of_types_average_to_that_of_all_and_differences_are_theirs():
    table = drawn(seed=2, balanced=False)
    found = fit_scars(rows_of(table)).contrasts.set_index("class")["estimate"]
    mix = table["type"].value_counts(normalize=True)
    assert found["all"] == pytest.approx(sum(mix[k] * found[k] for k in KINDS))
    apart = found["icepick"] - found["rolling"]
    assert found["icepick against rolling"] == pytest.approx(apart)


def test_an_arm_against_itself_shifted_is_the_shift():
    table = drawn(seed=7, effect=0.0)
    moved = table.assign(y=table["y"] - 20.0 * (table["arm"] == "needling"))
    one, two = (fit_scars(rows_of(t)).contrasts for t in (table, moved))
    shift = two["estimate"] - one["estimate"]
    assert shift[two["by"] != APART].to_numpy() == pytest.approx(-20.0)
    assert shift[two["by"] == APART].to_numpy() == pytest.approx(0.0, abs=1e-8)
    assert two["se"].to_numpy() == pytest.approx(one["se"].to_numpy(), rel=1e-6)


def test_means_have_no_p_and_say_why():
    model = fit_scars(rows_of(drawn()))
    assert list(model.means) == list(SCAR_MEANS)
    assert "p" not in model.means
    assert "regression to the mean" in model.sentence
    assert "regression to the mean" in SCAR_MEANS["estimate"]


def test_a_type_that_one_arm_lacks_is_in_no_contrast():
    table = drawn()
    table = table[(table["type"] != "rolling") | (table["arm"] == "control")]
    model = fit_scars(rows_of(table))
    assert set(model.contrasts["class"]) == {"all", "icepick", "boxcar", "icepick against boxcar"}
    assert model.contrasts.iloc[0]["n_scars"] == len(table[table["type"] != "rolling"])
    assert set(model.means.query("arm == 'control'")["class"]) == {"all", *KINDS}
    assert "rolling scars are in the model in one of needling and control" in model.notes[-1]


def test_one_arm_has_means_and_no_contrasts():
    model = fit_scars(rows_of(drawn().assign(arm=""), arms=("",)))
    assert model.contrasts.empty
    assert list(model.contrasts) == list(SCAR_CONTRASTS)
    assert model.to_frame() is model.means
    assert len(model.means) == 4


def test_too_little_is_refused_by_name():
    table = drawn()
    with pytest.raises(StudyError, match="one subject"):
        fit_scars(rows_of(table[table["subject"] == "S01"]))
    with pytest.raises(StudyError, match="do not vary"):
        fit_scars(rows_of(table.assign(y=-10.0)), baseline=False)
    with pytest.raises(ParamsError, match="spread is 'x'"):
        fit_scars(rows_of(table), spread="x")
    with pytest.raises(ParamsError, match="confidence"):
        fit_scars(rows_of(table), confidence=95)


# --- from a study ---------------------------------------------------------------------------------


def parts_of(study):
    response = response_table(study)
    return scar_outcomes(study.scar_changes, response), response


def test_resolved_scars_count_like_all_others(make_study):
    study = make_study(subjects=8, sessions=2)
    changes = study.scar_changes.copy()
    gone = changes["followup"].str.contains("left") & (changes["before_id"] == 1)
    resolved = {"after_id": pd.NA, "status": "resolved", "type_after": "", "width_after_mm": np.nan}
    for name, value in {**resolved, "volume_change_pct": -100.0}.items():
        changes.loc[gone, name] = value
    outcomes, response = parts_of(dataclasses.replace(study, scar_changes=changes))
    rows = scar_rows(outcomes, response)
    assert len(rows.table) == 80
    assert rows.table["resolved"].sum() == 8
    assert (rows.table.loc[rows.table["resolved"], "y"] == -100).all()
    model = fit_scars(rows)
    means = model.means.set_index(["arm", "class"])
    assert means.loc[("needling", "icepick"), "n_resolved"] == 8
    # Leaving them out would have missed half of the icepicks' fall.
    assert means.loc[("needling", "icepick"), "estimate"] < -50
    effect = model.contrasts.set_index("class").loc["icepick", "estimate"]
    assert effect < -45


def test_new_scars_pieces_and_retests_do_not_count(make_study):
    study = make_study(subjects=4, sessions=2)
    first = study.scar_changes.iloc[[0]]
    new = first.assign(before_id=pd.NA, after_id=9, status="new", volume_change_pct=np.nan)
    piece = first.assign(after_id=8, relation="split", volume_change_pct=50.0)
    retest = first.assign(kind="retest", status="")
    every = pd.concat([piece, study.scar_changes, new, retest], ignore_index=True)
    every = every.astype({"before_id": "Int64"})
    rows = scar_rows(*parts_of(dataclasses.replace(study, scar_changes=every)))
    assert len(rows.table) == 40
    assert first["volume_change_pct"].iloc[0] in rows.table["y"].tolist()
    assert 50.0 not in rows.table["y"].tolist()


def test_what_is_left_out_is_counted_by_reason(make_study):
    study = make_study(subjects=6, sessions=3, refused=((1, "left", 2),), absent=((2, "left", 2),))
    changes = study.scar_changes.copy()
    at = changes.index[changes["followup"] == "S03/s2/left.jpg"]
    changes.loc[at[0], "volume_change_pct"] = np.nan
    changes = changes.drop(index=at[1])
    rare = changes.index[(changes["followup"] == "S04/s2/left.jpg")][4]
    changes.loc[rare, "type_before"] = ""
    rows = scar_rows(*parts_of(dataclasses.replace(study, scar_changes=changes)))
    told = rows.counts.set_index(["arm", "what"])["n_scars"]
    assert told["needling"].to_dict() == {
        "used": 17, "no comparable photo": 10, "not followed": 1, "no figure": 1,
        "too few subjects": 1,
    }  # fmt: skip
    assert told["control"].to_dict() == {
        "used": 30, "no comparable photo": 0, "not followed": 0, "no figure": 0,
        "too few subjects": 0,
    }  # fmt: skip
    assert len(rows.table) == 47
    assert any("13 of 60 scars" in note for note in fit_scars(rows).notes)


def test_scars_that_were_never_followed_are_counted_too(make_study):
    study = make_study(subjects=4, sessions=2)
    outcomes, response = parts_of(study)
    lone = pd.DataFrame({"path": ["S01/s0/left.jpg"] * 2, "scar_id": [1, 77]})
    rows = scar_rows(outcomes, response, lone)
    told = rows.counts.set_index(["arm", "what"])["n_scars"]
    assert told["needling", "not followed"] == 1
    assert told["needling", "used"] == 20


def test_the_visit_and_the_reference_are_those_of_the_study(make_study):
    outcomes, response = parts_of(make_study(subjects=4, sessions=3))
    assert scar_rows(outcomes, response).session == 2
    rows = scar_rows(outcomes, response, control="needling", session=1)
    assert (rows.session, rows.arms) == (1, ("needling", "control"))
    with pytest.raises(ParamsError, match="visit 7"):
        scar_rows(outcomes, response, session=7)
    with pytest.raises(ParamsError, match="arm 'x'"):
        scar_rows(outcomes, response, control="x")


@pytest.mark.parametrize(
    "options", [{"subjects": 0}, {"subjects": 1}, {"sessions": 1}, {"sides": {"left": ""}}]
)
def test_poor_studies_have_empty_tables_and_a_note(make_study, options):
    found = analyse(make_study(**options))
    for name, (_, columns) in SCAR_TABLES.items():
        assert list(found.tables[name]) == list(columns)
    if "sides" in options:
        assert found.scars.sentence
        assert found.tables["scar_contrasts"].empty
        assert len(found.tables["scar_means"]) == 4
    else:
        assert found.scars.sentence == ""
        assert "Single scars could not be modelled" in found.scars.notes[0]
        assert found.tables["scar_contrasts"].empty


def test_scars_without_numbers_are_no_crash(make_study):
    study = make_study(subjects=4, sessions=2)
    changes = study.scar_changes.assign(before_id=pd.array([pd.NA] * 40, dtype="Int64"))
    found = scar_effects(*parts_of(dataclasses.replace(study, scar_changes=changes)))
    assert found.tables["scar_means"].empty
    assert "could not be modelled" in found.notes[0]


def test_the_study_finds_the_fall_of_scars_that_was_made(make_study):
    study = make_study(subjects=12, sessions=3, falls={"needling": -0.2, "control": 0.0})
    found = analyse(study, model=ModelOptions(session=1))
    (row,) = found.tables["scar_contrasts"].query("by == 'all'").to_dict("records")
    assert (row["arm"], row["reference"], row["session"]) == ("needling", "control", 1)
    assert row["low"] < 100 * np.expm1(-0.2) < row["high"]
    assert row["p"] < 0.001
    text = methods_text(study, found)
    assert "Scar by scar" in text
    assert "120 scars found at baseline, 24 sides, 12 subjects" in text


# --- simulated studies ----------------------------------------------------------------------------


def test_headlines_cover_and_keep_their_level():
    # Few trials, so that it is quick: bounds are those of chance at 5 % (99.9 %).
    found = check_scar_studies(25, names=["split-face"])
    assert list(found) == list(scar_studies.SCAR_DRAWS)
    rows = found[found["contrast"] == ALL].set_index("question")
    assert rows.loc["coverage", "value"] >= 0.79
    assert rows.loc["type I error", "value"] <= 0.21
    assert rows["headline"].all()


def test_scars_taken_for_independent_err_where_sides_differ():
    found = run_scar_task(ScarTask("unlike sides", False, 0, 30, 0))
    own = found[found["contrast"] == ALL]
    assert own["independent"].astype(bool).mean() > 0.25
    assert own["hit"].astype(bool).mean() < 0.2


def test_the_truth_of_a_trial_is_what_its_scars_show_on_average():
    scenario = dataclasses.replace(scar_scenarios()[0], subjects=4000)
    rows, truth = draw_scars(scenario, np.random.default_rng(3), effect=True)
    means = rows.table.groupby(["type", "arm"])["y"].mean().unstack()
    apart = means["treated"] - means["control"]
    for kind in KINDS:
        assert apart[kind] == pytest.approx(truth[kind], abs=1.2)
    # Chosen because they were found: untreated scars fall by more than without a choice.
    assert means.loc["icepick", "control"] < 100 * (0.95 * np.exp(0.2**2) - 1) - 1


def test_trials_split_without_changing_anything_and_what_is_unknown_is_refused(monkeypatch):
    whole = run_scar_task(ScarTask("small", True, 0, 4, 3))
    parts = pd.concat([run_scar_task(ScarTask("small", True, k, 2, 3)) for k in (0, 2)])
    pd.testing.assert_frame_equal(whole, parts.reset_index(drop=True))
    with pytest.raises(ParamsError, match="no scenario 'x'"):
        check_scar_studies(1, names=["x"])
    with pytest.raises(ParamsError, match="studies is 0"):
        check_scar_studies(0)


def test_the_command_writes_and_prints(tmp_path, capsys):
    arguments = ["--out", str(tmp_path), "--studies", "2", "--scenario", "few scars"]
    assert scar_studies.main(arguments) == 0  # no headline was asked
    assert "few scars, coverage:" in capsys.readouterr().out
    page = (tmp_path / "scar-studies.md").read_text(encoding="utf-8")
    assert "| few scars | all | coverage | 2 |" in page
    assert len(pd.read_csv(tmp_path / "scar-studies.csv")) == 10
    assert scar_studies.main(["--out", str(tmp_path), "--studies", "0"]) == 2
