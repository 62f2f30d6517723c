"""Who came, came back, and is analysed: nobody goes unseen."""

import pandas as pd
import pytest

from scarscope.study.analysis import analyse
from scarscope.study.enrolment import ENROLMENT, enrolment, never_returned, with_never_returned
from scarscope.study.methods import methods_text
from scarscope.study.models.rows import MISSING, model_rows
from scarscope.study.response import list_subjects, response_table
from scarscope.study.run import dictionary, document, study_notes

# Subject 1 never came back, 2 came back with the left side alone, 3's photos cannot be compared,
# 4's later photos failed, 5 missed the last visit.
LOST = {
    "absent": (
        *((1, side, visit) for side in ("left", "right") for visit in (1, 2)),
        *((2, "right", visit) for visit in (1, 2)),
        *((5, side, 2) for side in ("left", "right")),
    ),
    "refused": tuple((3, side, visit) for side in ("left", "right") for visit in (1, 2)),
    "failed": tuple((4, side, visit) for side in ("left", "right") for visit in (1, 2)),
}


@pytest.fixture
def study(make_study):
    return make_study(subjects=10, **LOST)


def rows_of(table):
    return {row["arm"]: row for row in table.to_dict(orient="records")}


def test_everybody_is_counted_once_in_every_arm(study):
    table = analyse(study).tables["enrolment"]
    assert list(table) == list(ENROLMENT)
    arms = rows_of(table)
    assert arms["needling"] == {
        "arm": "needling", "n_enrolled": 10, "n_never_returned": 1, "n_not_comparable": 2,
        "n_analysed": 7, "n_sides": 10, "n_sides_never_returned": 1, "n_sides_analysed": 7,
    }  # fmt: skip
    control = arms["control"]
    assert (control["n_never_returned"], control["n_analysed"]) == (2, 6)
    assert (control["n_sides_never_returned"], control["n_sides_analysed"]) == (2, 6)
    parts = table[["n_never_returned", "n_not_comparable", "n_analysed"]].sum(axis=1)
    assert (parts == table["n_enrolled"]).all()


def test_other_tables_count_from_the_same_subjects(study):
    tables = analyse(study).tables
    everyone = tables["enrolment"].set_index("arm")["n_enrolled"]
    course = tables["course"]
    of_course = course["n"] + course["n_not_comparable"] + course["n_missing"]
    assert (of_course == course["arm"].map(everyone)).all()
    shares = tables["responders"]
    assert (shares["n"] + shares["n_not_known"] == shares["arm"].map(everyone)).all()
    assert (shares["low_of_all"] <= shares["low"]).all()


def test_the_model_s_missing_sides_add_up(study):
    tables = analyse(study).tables
    missing = tables["model_missing"]
    assert list(missing) == list(MISSING)
    sides = tables["enrolment"].set_index("arm")["n_sides"]
    assert (missing["n_sides"] + missing["n_never_returned"] == missing["arm"].map(sides)).all()
    seen = missing["n_used"] + missing["n_not_comparable"] + missing["n_missing"]
    assert (seen == missing["n_sides"]).all()
    assert missing.groupby("arm")["n_never_returned"].first().to_dict() == {
        "control": 2, "needling": 1
    }  # fmt: skip
    # A model that was given follow-ups alone cannot know of others.
    alone = model_rows(response_table(study)).missing
    assert alone["n_never_returned"].isna().all()


def test_an_arm_that_nobody_came_back_to_is_there(make_study):
    both = ("left", "right")
    gone = tuple((s, side, v) for s in range(1, 9) for side in both[1:] for v in (1, 2))
    study = make_study(subjects=8, absent=gone)
    people, response = list_subjects(study.photos), response_table(study)
    table = enrolment(people, response)
    assert rows_of(table)["control"]["n_never_returned"] == 8
    missing = with_never_returned(model_rows(response).missing, table)
    control = missing[missing["arm"] == "control"]
    assert control["session"].tolist() == [1, 2]
    assert control[["n_sides", "n_used", "n_never_returned"]].to_numpy().tolist() == [[0, 0, 8]] * 2
    assert missing.dtypes.to_dict() == model_rows(response).missing.dtypes.to_dict()


def test_it_is_said_on_the_screen_and_in_the_methods(study):
    found = analyse(study)
    told = (
        "1 of 10 subjects never came back after the first visit (control 2 of 10, needling 1 of "
        "10): no mean and no model counts them."
    )
    notes = study_notes(study, found)
    assert sum(told in note for note in notes) == 1
    text = methods_text(study, found)
    assert told in text
    assert "and so analysed: 6 of 10 in control, 7 of 10 in needling." in text
    assert document(study, found, notes)["enrolment"][0]["n_enrolled"] == 10
    meaning = dictionary(found).set_index(["table", "column"])["meaning"]
    assert "never came back" in meaning[("course.csv", "n_missing")]
    assert "enrolment.csv" in meaning[("responders.csv", "n_not_known")]


def test_nothing_is_said_where_everybody_came_back(make_study):
    study = make_study(subjects=8)
    found = analyse(study)
    assert not any("never came back" in note for note in study_notes(study, found))
    assert "never came back" not in methods_text(study, found)


def test_without_arms_there_are_no_arms_to_name(make_study):
    study = make_study(
        subjects=8,
        sides={"left": ""},
        falls={"": -0.2},
        absent=((1, "left", 1), (1, "left", 2)),
    )
    people, response = list_subjects(study.photos), response_table(study)
    table = enrolment(people, response)
    assert table["arm"].tolist() == [""]
    assert never_returned(people, response, table).startswith(
        "1 of 8 subjects never came back after the first visit: no mean"
    )


def test_a_study_without_followups_has_everybody_lost(make_study):
    study = make_study(subjects=3, sessions=1)
    table = enrolment(list_subjects(study.photos), response_table(study))
    assert (table["n_never_returned"] == table["n_enrolled"]).all()
    assert with_never_returned(pd.DataFrame(columns=list(MISSING)), table).empty
