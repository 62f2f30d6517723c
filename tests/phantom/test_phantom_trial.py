from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scarscope.batch.manifest import read_manifest
from scarscope.cli import main
from scarscope.errors import ParamsError
from scarscope.phantom import Pose, SplitFace, render, write_trial
from scarscope.phantom.trial import BURDEN_COLUMNS, CONTROL, TREATED, plan_trial, true_burden

SMALL = {"view_mm": (10.0, 8.0), "mm_per_px": 0.1}


def _changes(trial):
    burden = true_burden(plan_trial(trial))
    wide = burden.pivot(index=["subject", "arm"], columns="session", values="burden_um")
    return (wide[trial.treatments] / wide[0] - 1).unstack("arm")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("trial") / "Studie ü"
    write_trial(out, SplitFace(subjects=2, treatments=1, retests=1, seed=7, **SMALL))
    return out


def test_a_trial_has_the_contracts_columns_and_reads_back(folder):
    manifest = pd.read_csv(folder / "manifest.csv", keep_default_na=False)
    first = manifest[manifest["subject"] == "P01"]
    assert first["path"].tolist() == [
        "P01/2026-01-12/left.jpg",
        "P01/2026-01-12/right.jpg",
        "P01/2026-01-12/left_retest.jpg",
        "P01/2026-01-12/right_retest.jpg",
        "P01/2026-04-06/left.jpg",
        "P01/2026-04-06/right.jpg",
    ]
    assert (manifest["view"] == manifest["side"]).all()
    treated = manifest["arm"] == TREATED
    last = manifest["session"] == 1
    assert (manifest["treated_on"] != "").equals(treated & last)
    assert (manifest["device"] != "").equals(treated & last)
    assert (manifest["needle_mm"] != "").equals(treated & last)
    assert [entry.problem for entry in read_manifest(folder / "manifest.csv")] == [None] * 10


def test_truth_is_told_side_by_side(folder):
    burden = pd.read_csv(folder / "truth" / "burden.csv")
    assert tuple(burden.columns) == BURDEN_COLUMNS
    assert len(burden) == 2 * 2 * 2  # no retests
    courses = pd.read_csv(folder / "truth" / "courses.csv")
    scars = courses.groupby(["subject", "side", "session"]).size().unstack("session")
    assert scars.shape == (4, 2)
    assert scars[0].equals(scars[1])
    known = courses.drop_duplicates(["subject", "side"])[["subject", "side", "arm"]]
    told = burden.drop_duplicates(["subject", "side"])[["subject", "side", "arm"]]
    assert set(map(tuple, known.to_numpy())) == set(map(tuple, told.to_numpy()))


def test_each_subject_has_one_treated_side_as_often_left_as_right():
    visits = plan_trial(SplitFace(subjects=9, treatments=1, seed=3, **SMALL))
    arms = {(v.subject, v.side): v.arm for v in visits}
    treated = [side for (_, side), arm in arms.items() if arm == TREATED]
    assert len(arms) == 18
    assert len({subject for (subject, _), arm in arms.items() if arm == TREATED}) == 9
    assert sorted((treated.count("left"), treated.count("right"))) == [4, 5]
    orders = {
        tuple(v.arm for v in plan_trial(SplitFace(subjects=9, treatments=1, seed=seed, **SMALL)))
        for seed in range(3)
    }
    assert len(orders) == 3


def test_photos_precede_treatments_and_the_last_one_waits():
    trial = SplitFace(
        subjects=1, treatments=3, weeks_between=4, followup_weeks=10, retests=0, **SMALL
    )
    own = [v for v in plan_trial(trial) if v.arm == TREATED]
    days = pd.to_datetime(pd.Series([v.date for v in own])).diff().dt.days.tolist()[1:]
    assert days == [28, 28, 70]
    assert [v.treated_on for v in own] == ["", *(v.date for v in own[:-1])]
    assert all(v.recipe.skin.oedema == 0 for v in own)


def test_both_sides_have_one_tone_and_the_lamps_of_the_day():
    visits = plan_trial(SplitFace(subjects=3, seed=5, **SMALL))
    for left, right in zip(visits[::2], visits[1::2], strict=True):
        assert (left.side, right.side) == ("left", "right")
        assert left.recipe.light == right.recipe.light
        assert left.recipe.skin.tone.ita_deg == right.recipe.skin.tone.ita_deg
        assert left.recipe.skin.scars != right.recipe.skin.scars
    assert len({v.recipe.light for v in visits}) == len(visits) / 2
    assert len({v.recipe.skin.tone.ita_deg for v in visits}) == 3


def test_without_effect_arms_differ_by_chance_alone():
    none = _changes(SplitFace(subjects=20, retests=0, effect=0.0, effect_sd=0.0, **SMALL))
    some = _changes(SplitFace(subjects=20, retests=0, effect=0.3, effect_sd=0.0, **SMALL))
    assert (none[TREATED] - none[CONTROL]).mean() == pytest.approx(0, abs=0.03)
    assert (some[TREATED] - some[CONTROL]).mean() < -0.3
    assert some[CONTROL].tolist() != some[TREATED].tolist()


def test_untouched_skin_does_not_change():
    trial = SplitFace(subjects=2, effect=0.4, drift=0.0, drift_sd=0.0, **SMALL)
    changes = _changes(trial)
    assert changes[CONTROL].to_numpy() == pytest.approx(0)
    assert (changes[TREATED] < -0.2).all()


def test_true_burden_is_that_of_a_photo_from_the_same_place():
    visit = plan_trial(SplitFace(subjects=1, seed=2, **SMALL))[-1]
    straight = render(replace(visit.recipe, pose=Pose()))
    told = true_burden([visit])["burden_um"].item()
    assert told == pytest.approx(straight.burden_um, rel=1e-6)
    assert not np.isclose(told, render(visit.recipe).burden_um, rtol=1e-6)


def test_truth_can_be_left_out(tmp_path):
    small = {"view_mm": (4.0, 4.0), "mm_per_px": 0.2}
    seen = []
    trial = SplitFace(subjects=1, treatments=1, retests=0, **small)
    write_trial(tmp_path, trial, truth=False, progress=lambda *told: seen.append(told))
    assert not (tmp_path / "truth").exists()
    assert [told[:2] for told in seen] == [(n, 4) for n in range(1, 5)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("subjects", 0), ("treatments", 0), ("retests", -1), ("effect", 0.95), ("drift", -0.6)],
)
def test_impossible_trials_are_refused(name, value):
    with pytest.raises(ParamsError, match=f"{name} = {value}"):
        SplitFace(**{name: value})


def test_the_command_line_draws_a_trial(tmp_path, monkeypatch, capsys):
    drawn = []
    monkeypatch.setattr("scarscope.phantom.trial.write_trial", lambda *told: drawn.append(told))
    more = ["--subjects", "5", "--sessions", "4", "--seed", "2", "--split-face"]
    assert main(["phantom", "--out", str(tmp_path), *more]) == 0
    assert drawn == [(tmp_path, SplitFace(subjects=5, treatments=3, seed=2))]
    assert "5 subject(s), 4 session(s)" in capsys.readouterr().out
