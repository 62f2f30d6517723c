"""Treatment log, photos too soon, new marks, contraindications."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from scarscope.study.contraindications import (
    CONTRAINDICATIONS,
    contraindications,
    judge,
    not_asked,
)
from scarscope.study.safety import new_marks, photo_windows, treatment_log, window_days


@pytest.fixture
def one_side(make_study):
    """One subject's treated side over three visits, with columns of the manifest."""

    def make(**columns):
        study = make_study(subjects=1, sessions=3, sides={"left": "needling"})
        return dataclasses.replace(study, photos=study.photos.assign(**columns))

    return make


def test_the_log_counts_days_between_treatments(one_side):
    log = treatment_log(one_side())
    assert log["treated_on"].tolist() == ["2026-01-12", "2026-02-23"]
    assert log["days_since_last"].tolist() == [pd.NA, 42]
    assert log["spacing"].tolist() == ["first", "4 to 6 weeks"]
    assert log["number"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("second", "spacing"),
    [("2026-02-08", "too close"), ("2026-02-09", "4 to 6 weeks"), ("2026-02-24", "too far apart")],
)
def test_spacing_has_its_limits(one_side, second, spacing):
    log = treatment_log(one_side(treated_on=["", "2026-01-12", second]))
    assert log["spacing"].iloc[1] == spacing


def test_untreated_sides_have_no_log(make_study):
    log = treatment_log(make_study(subjects=2))
    assert set(log["arm"]) == {"needling"}


@pytest.mark.parametrize(
    ("treated", "window"),
    [
        ("2026-04-05", "unusable"), ("2026-03-31", "unusable"), ("2026-03-30", "caution"),
        ("2026-03-24", "caution"), ("2026-03-23", "clear"), ("2026-04-06", "same day"),
        ("2026-04-07", "treatment after the photo"), ("", "not known"),
    ],
)  # fmt: skip
def test_photos_soon_after_a_treatment_are_flagged(one_side, treated, window):
    windows = photo_windows(one_side(treated_on=["", "", treated]))
    assert windows.set_index("session").loc[2, "window"] == window


def test_windows_are_those_that_the_batch_was_run_with(one_side):
    study = one_side(treated_on=["", "", "2026-03-30"])
    own = {"params": {"change": {"unusable_days": 10.0, "caution_days": 20.0}}}
    study = dataclasses.replace(study, provenance=own)
    assert window_days(study) == (10.0, 20.0)
    assert photo_windows(study)["window"].iloc[2] == "unusable"
    assert window_days(dataclasses.replace(study, provenance={})) == (7.0, 14.0)


def marked(study, measure, areas):
    """The study with areas of new marks at its visits, of which 1 mm² and more exceed error."""
    changes = study.changes.copy()
    own = changes["measure"] == measure
    changes.loc[own, "after"] = areas
    changes.loc[own, "mdc95"] = 0.9
    return dataclasses.replace(study, changes=changes)


def test_new_dark_marks_are_those_beyond_error(one_side):
    marks = new_marks(marked(one_side(), "new_dark_area_mm2", [0.8, 5.0]))
    assert marks["new_dark"].tolist() == ["no", "yes"]
    assert marks["new_dark_area"].tolist() == [0.8, 5.0]
    assert marks["new_red"].tolist() == ["no", "no"]


@pytest.mark.parametrize(
    ("days", "areas", "told"),
    [
        ((3, 3), (0, 5), ["no", "no"]),  # every treatment leaves some
        ((3, 14), (0, 5), ["no", "yes"]),
        ((3, 3), (5, 5), ["no", "yes"]),  # twice in a row
        ((3, None), (0, 5), ["no", "not known"]),
        ((3, None), (5, 5), ["no", "yes"]),
    ],
)
def test_redness_persists_late_or_twice(one_side, days, areas, told):
    visits = pd.to_datetime(["2026-02-23", "2026-04-06"])
    treated = [
        "" if n is None else str((visit - pd.Timedelta(days=n)).date())
        for visit, n in zip(visits, days, strict=True)
    ]
    study = marked(one_side(treated_on=["", *treated]), "new_red_area_mm2", [*areas])
    assert new_marks(study)["persistent_red"].tolist() == told


def test_marks_of_photos_that_were_not_compared_are_not_known(make_study):
    study = make_study(
        subjects=1, sessions=2, sides={"left": "needling"}, refused=((1, "left", 1),)
    )
    marks = new_marks(study)
    assert marks[["new_dark", "new_red", "persistent_red"]].iloc[0].tolist() == ["not known"] * 3
    assert np.isnan(marks["new_dark_area"].iloc[0])


def test_marks_of_photos_without_scale_are_in_pixels(one_side):
    study = one_side()
    renamed = study.changes["measure"].str.replace("_mm2", "_px2")
    marks = new_marks(dataclasses.replace(study, changes=study.changes.assign(measure=renamed)))
    assert set(marks["unit"]) == {"px2"}
    assert set(marks["new_dark"]) == {"no"}


ISOTRETINOIN, ACNE = CONTRAINDICATIONS[0], CONTRAINDICATIONS[1]


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("yes", ACNE, "recorded"), ("TRUE", ACNE, "recorded"), ("no", ACNE, ""), ("", ACNE, ""),
        ("0", ACNE, ""), ("0.0", ACNE, ""), ("2026-01-01", ACNE, "recorded"),
        ("mild?", ACNE, "unclear"),
        ("2025-07-14", ISOTRETINOIN, "recorded"), ("2025-07-13", ISOTRETINOIN, "passed"),
        ("stopped in spring", ISOTRETINOIN, "unclear"),
    ],
)  # fmt: skip
def test_cells_are_read_as_people_write_them(text, kind, told):
    assert judge(text, kind, "2026-01-12") == told


def test_a_date_without_the_photos_own_is_unclear():
    assert judge("2025-12-01", ISOTRETINOIN, "") == "unclear"


def test_contraindications_are_listed_once_a_subject(one_side):
    study = one_side(**{"Isotretinoin stopped": ["2025-12-01"] * 3, "keloids": ["no", "", "yes"]})
    table = contraindications(study)
    assert table[["contraindication", "value", "first_session", "judged"]].values.tolist() == [
        ["isotretinoin within 6 months", "2025-12-01", 0, "recorded"],
        ["keloid tendency", "yes", 2, "recorded"],
    ]
    assert not_asked(study) == ["active acne", "active infection", "radiotherapy", "pregnancy"]
