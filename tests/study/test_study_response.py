"""From tables to responses: nothing dropped, sides and arms, responders, scars, course."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from scarscope.errors import ParamsError, StudyError
from scarscope.study.analysis import TABLES, analyse
from scarscope.study.course import COURSE, time_course
from scarscope.study.data import read_study
from scarscope.study.regression import regression_to_mean
from scarscope.study.responders import ResponseRules, responder_table, unit_responses
from scarscope.study.response import (
    RESPONSE,
    list_subjects,
    measure_words,
    primary_measure,
    response_table,
)
from scarscope.study.scar_response import better_shares, scar_outcomes, scar_response, size_class
from scarscope.study.units import ARM, SIDE, combine, judge, last_session


def with_column(study, name, values):
    return dataclasses.replace(study, photos=study.photos.assign(**{name: values}))


# --- reading --------------------------------------------------------------------------------------


def test_a_store_is_read_as_it_was_written(make_study, write_store, tmp_path):
    study = make_study(subjects=2, sessions=2)
    found = read_study(write_store(study, tmp_path / "results"))
    assert found.to_frame()["rows"].tolist() == study.to_frame()["rows"].tolist()
    pd.testing.assert_frame_equal(
        response_table(found), response_table(study), check_dtype=False, rtol=1e-9
    )
    assert found.provenance["params_hash"] == "0123456789ab"


def test_a_folder_that_is_no_batch_is_named(tmp_path):
    with pytest.raises(StudyError, match="is not a folder"):
        read_study(tmp_path / "nowhere")
    with pytest.raises(StudyError, match=r"holds no photos\.csv"):
        read_study(tmp_path)


def test_broken_provenance_is_told(make_study, write_store, tmp_path):
    folder = write_store(make_study(subjects=1), tmp_path / "results")
    (folder / "provenance.json").write_text("{", encoding="utf-8")
    with pytest.raises(StudyError, match=r"provenance\.json cannot be read"):
        read_study(folder)


# --- the response table ---------------------------------------------------------------------------


def test_every_followup_is_one_row(make_study):
    table = response_table(make_study(subjects=4, sessions=3))
    assert len(table) == 4 * 2 * 2
    assert list(table)[: len(RESPONSE)] == list(RESPONSE)
    assert not table.duplicated(["subject", "side", "view", "session"]).any()
    assert set(table["arm"]) == {"needling", "control"}


def test_nothing_is_dropped_silently(make_study):
    study = make_study(
        subjects=3,
        sessions=3,
        refused=((1, "left", 1),),
        failed=((2, "left", 2), (3, "right", 0)),
    )
    table = response_table(study).set_index(["subject", "side", "session"])
    assert len(table) == 12
    assert table.loc[("S01", "left", 1), "reasons"] == "LIGHT_TURNED"
    assert table.loc[("S02", "left", 2), "reasons"] == "PHOTO_FAILED"
    lost = table[table["comparable"] == "no"]
    assert lost[["before", "after", "change", "mdc95"]].isna().all().all()
    assert set(lost["verdict"]) == {"not comparable"}


def test_a_failed_baseline_and_a_pair_that_never_was_are_told(make_study):
    study = make_study(subjects=2, sessions=2)
    photos = study.photos.copy()
    photos.loc[photos["path"] == "S01/s0/left.jpg", "status"] = "failed"
    changes = study.changes[~study.changes["followup"].isin(["S01/s1/left.jpg", "S02/s1/left.jpg"])]
    table = response_table(dataclasses.replace(study, photos=photos, changes=changes))
    table = table.set_index(["subject", "side"])
    assert table.loc[("S01", "left"), "reasons"] == "BASELINE_FAILED"
    assert table.loc[("S02", "left"), "reasons"] == "NOT_COMPARED"
    assert table.loc[("S02", "left"), "days"] == 42


def test_a_pair_without_the_measure_stays_in(make_study):
    study = make_study(subjects=2, sessions=2)
    gone = (study.changes["followup"] == "S01/s1/left.jpg") & (
        study.changes["measure"] == "burden_um"
    )
    table = response_table(dataclasses.replace(study, changes=study.changes[~gone]))
    row = table.set_index(["subject", "side"]).loc[("S01", "left")]
    assert (row["reasons"], row["comparable"]) == ("NOT_MEASURED", "no")


def test_an_unknown_measure_is_refused_with_those_that_there_are(make_study):
    with pytest.raises(ParamsError, match="Choose one of burden_um, new_dark_area_mm2"):
        response_table(make_study(subjects=1), measure="burden_mm")


def test_photos_without_scale_have_another_endpoint(make_study):
    study = make_study(subjects=1)
    renamed = study.changes.assign(
        measure=study.changes["measure"].replace("burden_um", "burden_px")
    )
    study = dataclasses.replace(study, changes=renamed)
    assert primary_measure(study) == "burden_px"
    assert response_table(study, measure="burden_px")["change"].notna().all()


def test_without_side_and_arm_the_view_is_the_side(make_study):
    study = make_study(subjects=2, sessions=2)
    study = dataclasses.replace(study, photos=study.photos.drop(columns=["side", "arm"]))
    table = response_table(study)
    assert table["side"].tolist() == table["view"].tolist()
    assert set(table["arm"]) == {""}


def test_an_arm_stated_once_holds_for_all_visits(make_study):
    study = make_study(subjects=1, sessions=3)
    photos = study.photos
    study = with_column(study, "arm", photos["arm"].where(photos["session"] == 0, ""))
    table = response_table(study)
    assert (table["arm"] == np.where(table["side"] == "left", "needling", "control")).all()


def test_a_column_that_differs_holds_for_its_own_row(make_study):
    study = make_study(subjects=1, sessions=3, sides={"left": "needling"})
    study = with_column(study, "operator", ["anna", "", "ben"])
    assert response_table(study)["operator"].tolist() == ["", "ben"]


def test_settings_hold_until_stated_otherwise(make_study):
    study = make_study(subjects=1, sessions=4, sides={"left": "needling"})
    study = with_column(study, "needle_mm", [np.nan, 1.5, np.nan, 2.0])
    assert response_table(study)["needle_mm"].tolist() == [1.5, 1.5, 2.0]


def test_a_range_of_depths_stays_as_it_was_written(make_study, write_store, tmp_path):
    study = make_study(subjects=1, sessions=2, sides={"left": "needling"})
    study = with_column(study, "needle_mm", ["", "1.5-2"])
    found = read_study(write_store(study, tmp_path / "results"))
    assert response_table(found)["needle_mm"].tolist() == ["1.5-2"]


def test_further_columns_are_numbers_only_where_all_is(make_study):
    study = make_study(subjects=2, sessions=2, sides={"left": "needling"})
    study = with_column(study, "age", ["31", "31", "", ""])
    study = with_column(study, "site", ["007", "007", "008", "008"])
    study = with_column(study, "verdict", ["a", "b", "c", "d"])
    table = response_table(study)
    assert table["age"].tolist()[0] == 31
    assert np.isnan(table["age"].iloc[1])
    assert table["site"].tolist() == ["007", "008"]
    assert table["manifest_verdict"].tolist() == ["b", "d"]


def test_treatments_are_counted_by_their_days(make_study):
    table = response_table(make_study(subjects=1, sessions=4))
    treated = table[table["arm"] == "needling"]
    assert treated["n_treatments"].tolist() == [1, 2, 3]
    assert table.loc[table["arm"] == "control", "n_treatments"].tolist() == [0, 0, 0]


def test_a_treatment_before_the_study_is_none_of_its_own(make_study):
    study = make_study(subjects=1, sessions=2, sides={"left": "needling"})
    study = with_column(study, "treated_on", ["2025-06-01", "2026-01-12"])
    assert response_table(study)["n_treatments"].tolist() == [1]


def test_a_stated_number_of_treatments_is_taken(make_study):
    study = make_study(subjects=1, sessions=2, sides={"left": "needling"})
    assert response_table(with_column(study, "n_treatments", ["0", "3"]))["n_treatments"][0] == 3


def test_without_days_of_treatment_their_number_is_not_known(make_study):
    assert response_table(make_study(subjects=1, dates=False))["n_treatments"].isna().all()


def test_quartiles_are_those_of_the_comparison(make_study):
    table = response_table(make_study(falls={"needling": -0.5}, subjects=2, sessions=2))
    fallen = table[table["arm"] == "needling"]
    assert set(fallen["quartile"]) <= {"26-50 %", "51-75 %"}
    assert set(table.loc[table["verdict"] == "no detectable change", "quartile"]) == {""}


# --- units ----------------------------------------------------------------------------------------


def two_views():
    row = {
        "subject": "S01", "arm": "needling", "session": 1, "days": 42, "measure": "burden_um",
        "comparable": "yes", "change": -2.0, "change_se": 0.6, "mdc95": 3.0, "before": 10.0,
        "after": 8.0, "change_pct": -20.0,
    }  # fmt: skip
    return pd.DataFrame([{**row, "side": "left", "view": view} for view in ("front", "oblique")])


def test_two_views_have_one_figure_with_less_error():
    (row,) = combine(two_views(), SIDE).to_dict("records")
    assert (row["n_photos"], row["change"], row["change_pct"]) == (2, -2.0, -20.0)
    # Errors of one visit correlate by 0.3.
    assert row["mdc95"] == pytest.approx(3 * np.sqrt(1.3 / 2))
    assert row["change_se"] == pytest.approx(0.6 * np.sqrt(1.3 / 2))
    assert row["verdict"] == "no detectable change"


def test_a_view_that_cannot_be_compared_does_not_count():
    table = two_views()
    table.loc[1, ["comparable", "change", "mdc95"]] = ["no", np.nan, np.nan]
    (row,) = combine(table, SIDE).to_dict("records")
    assert (row["n_photos"], row["n_not_comparable"], row["mdc95"]) == (1, 1, 3.0)


def test_views_held_against_one_photo_share_its_error():
    table = two_views().assign(baseline="first.jpg")
    (row,) = combine(table, SIDE).to_dict("records")
    assert row["mdc95"] == pytest.approx(3 * np.sqrt((1 + 0.65) / 2))
    apart = combine(table.assign(baseline=["one.jpg", "two.jpg"]), SIDE)
    assert apart["mdc95"].iloc[0] == pytest.approx(3 * np.sqrt(1.3 / 2))


def test_a_subject_is_the_mean_of_its_sides_however_many_photos_each_has():
    sides = two_views().assign(after=5.0, change=-5.0, side="left")
    other = sides.iloc[:1].assign(after=10.0, change=0.0, side="right")
    table = pd.concat([sides, other], ignore_index=True)
    (row,) = combine(table, ARM).to_dict("records")
    assert (row["change_pct"], row["n_photos"]) == (pytest.approx(-25), 3)
    own = combine(table, SIDE)["mdc95"].to_numpy()
    assert row["mdc95"] == pytest.approx(np.sqrt(own @ [[1, 0.3], [0.3, 1]] @ own) / 2)


def test_a_baseline_below_nothing_has_no_percentage():
    table = two_views().assign(
        before=-0.02, after=0.02, change=0.04, measure="haemoglobin_contrast", mdc95=0.01
    )
    (row,) = combine(table, SIDE).to_dict("records")
    assert np.isnan(row["change_pct"])
    assert (row["verdict"], row["quartile"]) == ("worse", "")


def test_who_got_worse_from_nothing_did_not_respond():
    units = units_of([0.0, 10.0, 8.0, 0.0], [4.0, 4.0, 6.0, 0.0], measure="n_scars")
    units["change_pct"] = units["change_pct"].mask(units["before"] == 0)
    none = pd.DataFrame(columns=["subject", "side", "view", "arm", "session", "status"])
    met = unit_responses(units, none)["threshold"]
    assert met.tolist() == [False, True, False, pd.NA]


def test_two_sides_of_one_arm_are_one_subject():
    table = two_views().assign(side=["left", "right"])
    assert len(combine(table, SIDE)) == 2
    assert len(combine(table, ARM)) == 1


def test_units_by_what_is_not_there_are_refused():
    with pytest.raises(ParamsError, match="centre"):
        combine(two_views(), ["centre"])


@pytest.mark.parametrize(
    ("change", "mdc", "better", "verdict"),
    [(-2, 1, "lower", "improved"), (2, 1, "lower", "worse"), (2, 1, "higher", "improved"),
     (1, 1, "lower", "no detectable change"), (-2, np.nan, "lower", ""), (-2, 1, None, "")],
)  # fmt: skip
def test_verdicts(change, mdc, better, verdict):
    assert judge(change, mdc, better) == verdict


def test_the_last_session_is_each_subjects_own(make_study):
    study = make_study(subjects=3, sessions=3, absent=((2, "left", 2),), refused=((3, "left", 2),))
    found = analyse(study)
    last = last_session(found.tables["subjects"])
    treated = last[last["arm"] == "needling"].set_index("subject")["session"]
    assert treated.to_dict() == {"S01": 2, "S02": 1, "S03": 1}
    assert not last.duplicated(["subject", "arm"]).any()


# --- responders -----------------------------------------------------------------------------------


def test_responders_are_counted_by_three_rules(make_study):
    study = make_study(subjects=10, sessions=2, falls={"needling": -0.8}, refused=((4, "left", 1),))
    table = analyse(study, rules=ResponseRules(threshold_pct=30)).tables["responders"]
    own = table[table["arm"] == "needling"].set_index("rule")
    assert own["n"].tolist() == [9, 9, 9]
    assert own["responders"].tolist() == [9, 9, 9]
    assert own["n_not_known"].tolist() == [1, 1, 1]
    # Had the tenth not responded, 9 of 10.
    assert (own["low_of_all"] < own["low"]).all()
    assert (own["high_of_all"] == 1).all()
    nobody = table[table["arm"] == "control"]["responders"]
    assert nobody.sum() == 0


def test_those_who_never_came_back_are_counted(make_study):
    study = make_study(subjects=3, sessions=2, absent=((2, "left", 1), (2, "right", 1)))
    found = analyse(study)
    assert found.tables["responders"]["n_not_known"].tolist() == [1] * 6
    assert found.tables["course"]["n_missing"].tolist() == [1, 1]


def test_half_of_the_scars_is_half_of_those_found_before():
    units = combine(two_views().iloc[:1], ARM)
    outcomes = pd.DataFrame(
        {
            "subject": "S01", "side": "left", "arm": "needling", "session": 1,
            "status": ["improved", "resolved", "unchanged", "worse", "new", "new"],
        }
    )  # fmt: skip
    (row,) = unit_responses(units, outcomes).to_dict("records")
    assert (row["n_scars"], row["better_share"], row["half_of_scars"]) == (4, 0.5, True)
    strict = unit_responses(units, outcomes, ResponseRules(scars_share=0.6))
    assert not strict["half_of_scars"].iloc[0]


@pytest.mark.parametrize(
    "options", [{"threshold_pct": 0}, {"threshold_pct": 101}, {"scars_share": 0}]
)
def test_rules_that_mean_nothing_are_refused(options):
    with pytest.raises(ParamsError, match=next(iter(options))):
        ResponseRules(**options)


def test_a_higher_threshold_has_fewer_responders(make_study):
    study = make_study(subjects=12, sessions=2, falls={"needling": -0.5})
    counts = [
        analyse(study, rules=ResponseRules(threshold_pct=percent))
        .tables["responders"]
        .query("arm == 'needling' and rule == 'threshold'")["responders"]
        .iloc[0]
        for percent in (10, 40, 80)
    ]
    assert counts[0] > counts[1] > counts[2]


# --- scars ----------------------------------------------------------------------------------------


def test_a_split_scar_counts_once(make_study):
    study = make_study(subjects=1, sessions=2, sides={"left": "needling"})
    whole = study.scar_changes.iloc[[0]]
    piece = whole.assign(after_id=9, relation="split", status="worse")
    both = pd.concat([piece, study.scar_changes], ignore_index=True)
    outcomes = scar_outcomes(both, response_table(study))
    assert len(outcomes) == 5
    first = outcomes[outcomes["type"] == "icepick"].iloc[0]
    assert first["status"] == whole["status"].iloc[0]


def test_new_scars_are_told_apart(make_study):
    study = make_study(subjects=1, sessions=2, sides={"left": "needling"})
    new = study.scar_changes.iloc[[0]].assign(
        before_id=pd.NA, status="new", type_before="", type_after="boxcar",
        width_before_mm=np.nan, width_after_mm=3.0, volume_before_mm3=np.nan,
        volume_change_pct=np.nan,
    )  # fmt: skip
    both = pd.concat([study.scar_changes, new], ignore_index=True)
    both = both.astype({"before_id": "Int64"})
    table = scar_response(scar_outcomes(both, response_table(study))).set_index("class")
    assert (table.loc["all", "n_scars"], table.loc["all", "new"]) == (5, 1)
    assert table.loc["boxcar", "new"] == 1
    assert table.loc["2 to 4 mm", "new"] == 1


def test_scars_of_refused_pairs_do_not_count(make_study):
    study = make_study(subjects=2, sessions=2)
    refused = study.changes["followup"] == "S01/s1/left.jpg"
    changes = study.changes.assign(comparable=np.where(refused, "no", "yes"))
    response = response_table(dataclasses.replace(study, changes=changes))
    outcomes = scar_outcomes(study.scar_changes, response)
    assert "S01/s1/left.jpg" not in set(outcomes["followup"])


def test_classes_add_up(make_study):
    found = analyse(make_study(subjects=6, sessions=3))
    table = found.tables["scar_response"]
    counts = table.groupby(["arm", "session", "by"])["n_scars"].sum().unstack()
    assert (counts["all"] == counts["type"]).all()
    assert (counts["all"] == counts["size"]).all()
    statuses = table[["resolved", "improved", "unchanged", "worse"]].sum(axis=1)
    assert (statuses == table["n_scars"]).all()


@pytest.mark.parametrize(
    ("width", "name"), [(1.99, "< 2 mm"), (2.0, "2 to 4 mm"), (4.0, "2 to 4 mm"), (4.01, "> 4 mm")]
)
def test_size_classes_are_those_of_the_measures(width, name):
    assert size_class(width) == name


def test_scars_in_pixels_have_no_size_class(make_study):
    study = make_study(subjects=2, sessions=2)
    names = {n: n.replace("_mm3", "_px3").replace("_mm", "_px") for n in study.scar_changes}
    outcomes = scar_outcomes(study.scar_changes.rename(columns=names), response_table(study))
    assert set(outcomes["size"]) == {"not known"}
    assert outcomes["volume_change"].notna().all()


def test_shares_of_units_know_their_scars(make_study):
    study = make_study(subjects=2, sessions=2)
    shares = better_shares(scar_outcomes(study.scar_changes, response_table(study)), ["subject"])
    assert shares["n_scars"].tolist() == [10, 10]


# --- course and baseline --------------------------------------------------------------------------


def units_of(before, after, **columns):
    table = pd.DataFrame({"before": before, "after": after})
    table["change"] = table["after"] - table["before"]
    table["change_pct"] = 100 * table["change"] / table["before"]
    base = {
        "subject": [f"S{i}" for i in range(len(table))], "arm": "", "session": 1, "days": 42.0,
        "measure": "burden_um", "mdc95": 2.0, "verdict": "improved", **columns,
    }  # fmt: skip
    return table.assign(**base)


def test_the_course_is_mean_geometric_mean_and_spread():
    (row,) = time_course(units_of([10.0, 20.0, 40.0], [5.0, 10.0, 10.0])).to_dict("records")
    assert row["change_pct"] == pytest.approx(np.mean([-50, -50, -75]))
    assert row["ratio_pct"] == pytest.approx(100 * (np.cbrt(0.5 * 0.5 * 0.25) - 1))
    assert (row["n"], row["n_improved"], row["median_pct"]) == (3, 3, -50)
    assert row["change_low"] < row["change"] < row["change_high"]


def test_a_figure_of_nothing_has_no_ratio():
    (row,) = time_course(units_of([10.0, 20.0], [5.0, 0.0])).to_dict("records")
    assert np.isnan(row["ratio_pct"])
    assert row["change_pct"] == -75
    (row,) = time_course(units_of([10.0, 0.0], [5.0, 4.0]).replace(np.inf, np.nan)).to_dict(
        "records"
    )
    assert (row["n"], row["n_pct"], row["change_pct"]) == (2, 1, -50)


def test_visits_without_figures_are_counted():
    units = units_of([10.0, np.nan, 30.0], [9.0, np.nan, 20.0])
    (row,) = time_course(units).to_dict("records")
    assert (row["n"], row["n_not_comparable"], row["n_missing"]) == (2, 1, 0)


def test_error_alone_is_seen_as_regression_to_the_mean():
    rng = np.random.default_rng(3)
    truth = rng.normal(20, 5, 20_000)
    before, after = (truth + rng.normal(0, 2, truth.size) for _ in range(2))
    units = units_of(before, after, mdc95=1.96 * np.sqrt(2) * 2)
    (row,) = regression_to_mean(units).to_dict("records")
    assert row["error_slope"] == pytest.approx(-4 / 29, abs=0.005)
    assert row["slope"] == pytest.approx(row["error_slope"], abs=0.02)
    assert row["true_slope"] == pytest.approx(0, abs=0.02)
    assert row["oldham_r"] == pytest.approx(0, abs=0.02)


def test_a_true_fall_in_proportion_is_not_taken_for_error():
    truth = np.linspace(10, 30, 40)
    (row,) = regression_to_mean(units_of(truth, 0.7 * truth, mdc95=1e-9)).to_dict("records")
    assert row["slope"] == pytest.approx(-0.3)
    assert row["true_slope"] == pytest.approx(-0.3)
    assert row["oldham_r"] == pytest.approx(-1)


def test_the_slope_is_freed_of_error_as_blomqvist_has_it():
    before = np.linspace(10, 30, 21)
    error = 0.2 * before.var(ddof=1)  # a fifth of the baseline's spread
    units = units_of(before, 0.6 * before, mdc95=1.96 * np.sqrt(2 * error))
    (row,) = regression_to_mean(units).to_dict("records")
    assert row["error_slope"] == pytest.approx(-0.2)
    assert row["true_slope"] == pytest.approx((-0.4 + 0.2) / 0.8)


def test_change_is_compared_at_the_same_baseline():
    low, high = np.linspace(10, 20, 11), np.linspace(20, 30, 11)
    one = units_of(low, 0.8 * low, arm="a", subject=[f"a{i}" for i in range(11)])
    two = units_of(high, 0.8 * high, arm="b", subject=[f"b{i}" for i in range(11)])
    table = regression_to_mean(pd.concat([one, two], ignore_index=True)).set_index("arm")
    assert table["change"].tolist() == pytest.approx([-3.0, -5.0])
    assert table["adjusted_change"].tolist() == pytest.approx([-4.0, -4.0])


@pytest.mark.parametrize("before", [[10.0, 11.0, 12.0], [10.0] * 6])
def test_without_a_line_nothing_is_claimed(before):
    (row,) = regression_to_mean(units_of(before, [9.0] * len(before))).to_dict("records")
    assert np.isnan(row["slope"])
    assert np.isnan(row["adjusted_change"])
    assert row["n"] == len(before)


# --- all of it ------------------------------------------------------------------------------------


def poor_studies():
    return {
        "no follow-up": {"sessions": 1},
        "no arm": {"sides": {"left": ""}},
        "no dates": {"dates": False},
        "one subject": {"subjects": 1},
        "all refused": {"subjects": 1, "sessions": 2, "refused": ((1, "left", 1), (1, "right", 1))},
        "no photos": {"subjects": 0},
    }


@pytest.mark.parametrize("name", poor_studies())
def test_poor_studies_have_clear_tables(make_study, name):
    found = analyse(make_study(**poor_studies()[name]))
    for info in TABLES:
        assert set(info.columns) <= set(found.tables[info.name]), info.name


def test_every_column_is_explained(make_study):
    found = analyse(make_study(subjects=4))
    for info in TABLES:
        told = set(info.columns)
        extra = set(found.tables[info.name]) - told
        assert extra <= {"treated_on", "notes"}, info.name
        assert all(text.endswith(".") for text in info.columns.values()), info.name


def test_subjects_are_listed_with_those_who_came_once(make_study):
    study = make_study(subjects=2, sessions=2, absent=((2, "left", 1),))
    listed = list_subjects(study.photos).set_index(["subject", "side"])["n_visits"]
    assert listed.to_dict() == {
        ("S01", "left"): 2, ("S01", "right"): 2, ("S02", "left"): 1, ("S02", "right"): 2,
    }  # fmt: skip


def test_exclusions_are_explained(make_study):
    study = make_study(subjects=3, sessions=2, refused=((1, "left", 1),), failed=((2, "left", 1),))
    table = analyse(study).tables["exclusions"].set_index("reason")
    assert table["n_pairs"].to_dict() == {"LIGHT_TURNED": 1, "PHOTO_FAILED": 1}
    assert (table["meaning"] != "").all()


def test_measures_have_words():
    assert measure_words("scar_area_fraction") == "scarred area"
    assert measure_words("of_ones_own") == "of_ones_own"


def test_responders_without_anyone_are_an_empty_table(make_study):
    units = analyse(make_study(subjects=0)).tables["subjects"]
    assert responder_table(units).empty
    assert list(time_course(units)) == list(COURSE)
