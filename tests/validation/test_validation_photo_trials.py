"""Trials drawn from photographed subjects: who is drawn, what counts, and from photos to page."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scarscope.errors import ParamsError
from scarscope.phantom.seeds import STUDIES, TUNING
from scarscope.validation import photo_trials as photo_trials_module
from scarscope.validation import photographed, studies
from scarscope.validation.photo_trial_page import gate_table, untreated_pairs
from scarscope.validation.photo_trials import (
    SUBJECTS,
    PhotoTask,
    draw_trial,
    effects_by_light,
    photo_trials,
    places_of,
    run_task,
    true_effects,
)
from scarscope.validation.photographed import (
    BASELINE,
    FIRST,
    LAST,
    LAST_RED,
    LAST_TREATED,
    SIDES,
    plan_subjects,
)

KINDS = {
    (k.name.removeprefix("photos, "), asked): k for k in photo_trials() for asked in k.questions
}
SPLIT, PARALLEL = KINDS["split-face", "type I error"], KINDS["parallel", "type I error"]
EFFECT = math.log(0.7)


@pytest.fixture(scope="module")
def sides():
    """Figures of 40 subjects: treated sides fall by 30 %, red ones read 20 % too high."""
    rng = np.random.default_rng(4)
    shift = {FIRST: 0.0, LAST: 0.0, LAST_TREATED: EFFECT, LAST_RED: math.log(1.2)}
    rows = []
    for number in range(40):
        course = 0.1 * rng.standard_normal()
        for side in SIDES:
            before = 12 * math.exp(0.5 * rng.standard_normal())
            for session, by in shift.items():
                after = before * math.exp(by + course + 0.05 * rng.standard_normal())
                figures = {"before": before, "after": after, "change": after - before}
                rows.append({"subject": f"P{number}", "side": side, "session": session, **figures})
    return pd.DataFrame(rows).assign(measure="burden_um", arm="")


def drawn(sides, trial, seed=0):
    pool = sorted(set(sides["subject"]))
    return draw_trial(sides, places_of(sides), pool, trial, np.random.default_rng(seed))


def lights_of(sides):
    return {who: "ring" if int(who[1:]) % 2 else "twin" for who in sides["subject"]}


def task(sides, trial, *, effect=EFFECT, first=0, count=60):
    effects = {key: {"ratio": effect, "difference": math.nan} for key in ("", "ring", "twin")}
    return PhotoTask(trial, sides, lights_of(sides), effects, first, count, 1)


def test_split_face_treats_one_side_of_everyone(sides):
    table = drawn(sides, SPLIT)
    assert len(table) == SUBJECTS * 2 * 2
    arms = table.groupby("subject")["arm"].agg(lambda arms: sorted(set(arms)))
    assert len(arms) == SUBJECTS
    assert all(each == ["control", "treated"] for each in arms)
    treated = table[table["arm"] == "treated"].drop_duplicates("subject")["side"]
    assert set(treated) == set(SIDES)  # not the same side of all
    assert set(table["session"]) == {FIRST, LAST}


def test_parallel_arms_are_halves_and_one_arm_is_untreated(sides):
    table = drawn(sides, PARALLEL)
    one_arm = table.groupby("subject")["arm"].nunique()
    assert (one_arm == 1).all()
    counts = table.drop_duplicates("subject")["arm"].value_counts()
    assert counts.to_dict() == {"treated": SUBJECTS // 2, "control": SUBJECTS // 2}
    assert set(drawn(sides, KINDS["one arm", "type I error"])["arm"]) == {"control"}


def test_treated_sides_look_as_the_kind_of_trial_says(sides):
    treated = drawn(sides, KINDS["split-face", "coverage"])
    plain = drawn(sides, SPLIT)
    pd.testing.assert_series_equal(treated["arm"], plain["arm"])
    last = (treated["session"] == LAST) & (treated["arm"] == "treated")
    ratio = treated["after"] / plain["after"]
    assert (ratio[~last] == 1).all()
    assert ratio[last].mean() == pytest.approx(0.7, abs=0.05)


def test_an_even_test_keeps_its_level_and_its_interval_holds(sides):
    # Bounds of chance at 60 trials (99.9 %).
    for trial in (SPLIT, PARALLEL):
        assert run_task(task(sides, trial))["type I error"].hits <= 10
    found = run_task(task(sides, KINDS["split-face", "coverage"], effect=effect_of(sides)))
    assert found["coverage"].hits >= 50
    assert found["coverage"].analysed == 60


def test_the_interval_of_the_true_change_forgives_readings(sides):
    """A truth that is a tenth more than what was read lies in the wider interval alone."""
    found = run_task(task(sides, KINDS["split-face", "coverage"], effect=1.15 * effect_of(sides)))
    assert found["coverage"].hits <= 45
    assert found["coverage of the true change"].hits >= 57


def effect_of(sides):
    wide = sides.pivot_table(index=["subject", "side"], columns="session", values="after")
    return float(np.log(wide[LAST_TREATED] / wide[LAST]).mean())


def test_a_reading_that_errs_in_one_arm_is_called_an_effect(sides):
    found = run_task(task(sides, KINDS["treated sides red", "type I error"]))
    assert found["type I error"].hits >= 55


def test_a_trial_in_which_a_side_lost_all_is_asked_about_differences(sides):
    """Such a side has no ratio, so that the model takes differences: so must the truth."""
    gone = sides.assign(after=sides["after"].where(sides["session"] != LAST_TREATED, 0.0))
    gone["change"] = gone["after"] - gone["before"]
    known = gone[gone["session"] == LAST_TREATED]["change"].mean()
    effects = {"": {"ratio": math.nan, "difference": float(known)}}
    trial = KINDS["split-face", "coverage"]
    told = run_task(PhotoTask(trial, gone, lights_of(gone), effects, 0, 20, 1))
    found = told["coverage"]
    assert found.analysed == 20
    assert found.hits >= 14
    assert told["coverage of the true change"].analysed == 0  # there is none of differences


def test_an_interval_around_another_effect_does_not_hold_it(sides):
    found = run_task(task(sides, KINDS["split-face", "coverage"], effect=0.0))
    assert found["coverage"].hits == found["coverage of the true change"].hits == 0


def test_a_trial_under_one_light_holds_its_subjects_alone(sides, monkeypatch):
    seen = []

    def spy(sides, places, pool, trial, rng):
        seen.append({lights_of(sides)[who] for who in pool})
        return draw_trial(sides, places, pool, trial, rng)

    monkeypatch.setattr(photo_trials_module, "draw_trial", spy)
    run_task(task(sides, KINDS["one light", "coverage"], count=8))
    assert all(len(each) == 1 for each in seen)
    assert len(set().union(*seen)) == 2  # now one, now the other
    seen.clear()
    run_task(task(sides, SPLIT, count=2))
    assert all(len(each) == 2 for each in seen)


def test_effects_are_of_the_subjects_of_a_light():
    rows = [
        {"subject": who, "side": "left", "session": session, "burden_um": burden, "light": light}
        for who, light, treated in (("A", "ring", 5.0), ("B", "twin", 10.0))
        for session, burden in ((LAST, 10.0), (LAST_TREATED, treated))
    ]
    found = effects_by_light(pd.DataFrame(rows))
    assert found["ring"]["ratio"] == pytest.approx(math.log(0.5))
    assert found["twin"]["ratio"] == 0.0
    assert found[""]["ratio"] == pytest.approx(math.log(0.5) / 2)


def test_the_gate_is_told_by_what_was_done():
    told = gate_table(
        pd.DataFrame(
            {"session": [LAST, LAST_TREATED, LAST_RED, LAST_RED], "comparable": ["yes", "no"] * 2}
        )
    ).set_index("skin")
    assert told.loc["untreated", "yes"] == 1
    assert told.loc["untreated, but red", ["pairs", "yes", "no"]].tolist() == [2, 1, 1]


def test_tasks_split_without_changing_anything(sides):
    asked = "type I error"
    whole = run_task(task(sides, SPLIT, count=6))[asked]
    parts = [run_task(task(sides, SPLIT, first=first, count=3))[asked] for first in (0, 3)]
    assert whole.hits == sum(part.hits for part in parts)


def test_what_cannot_be_analysed_is_counted_apart(sides):
    none = sides.assign(before=math.nan, after=math.nan, change=math.nan)
    counts = run_task(task(none, SPLIT, count=2))["type I error"]
    assert (counts.analysed, counts.hits) == (0, 0)


def test_the_true_effect_is_a_mean_of_logs():
    rows = [
        {"subject": who, "side": "left", "session": session, "burden_um": burden}
        for who, last, treated in (("A", 10.0, 5.0), ("B", 40.0, 40.0))
        for session, burden in ((LAST, last), (LAST_TREATED, treated))
    ]
    effects = true_effects(pd.DataFrame(rows))
    assert effects["ratio"] == pytest.approx(math.log(0.5) / 2)
    assert effects["difference"] == -2.5


def test_untreated_pairs_are_told_by_what_is_wrong():
    response = pd.DataFrame(
        [
            ("A", "left", FIRST, "yes", 2.0),
            ("A", "left", LAST, "no", math.nan),
            ("B", "left", FIRST, "caution", 4.0),
            ("B", "left", LAST_RED, "yes", 50.0),
        ],
        columns=["subject", "side", "session", "comparable", "change_pct"],
    )
    truth = response[["subject", "side", "session"]].assign(wrong=["", "tan", "", ""])
    told = untreated_pairs(response, truth).set_index("wrong")
    assert told.loc["nothing", ["pairs", "yes", "caution", "no"]].tolist() == [2, 1, 1, 0]
    assert told.loc["nothing", "change_pct"] == 3.0  # red photos are no part of it
    assert told.loc["tan", ["pairs", "yes", "caution", "no"]].tolist() == [1, 0, 0, 1]


def test_subjects_are_planned_from_seeds_of_their_own():
    subjects = plan_subjects(160)
    seeds = [seed for s in subjects for seed in (s.seed, s.seed + 1)]
    assert len(set(seeds)) == 320
    assert all(seed in STUDIES for seed in seeds)
    for count in (1, len(STUDIES)):
        with pytest.raises(ParamsError, match=f"{count} subjects"):
            plan_subjects(count)


def test_sides_share_set_up_and_what_is_wrong():
    subject = replace(plan_subjects(2)[0], seed=TUNING.start + 401)
    shots = list(photographed._shots(subject))
    assert [(side, session) for side, session, *_ in shots] == [
        (side, session)
        for side in SIDES
        for session in (BASELINE, FIRST, LAST, LAST_TREATED, LAST_RED)
    ]
    by = {(side, session): (recipe, wrong) for side, session, recipe, wrong in shots}
    for session in (BASELINE, FIRST, LAST):
        (left, wrong), (right, also) = (by[side, session] for side in SIDES)
        assert wrong == also
        assert left.light == right.light
        assert left.skin.scars != right.skin.scars
    last, treated, red = (by["left", session][0] for session in (LAST, LAST_TREATED, LAST_RED))
    remaining = [sum(scar.remaining for scar in r.skin.scars) for r in (last, treated, red)]
    assert remaining[1] < remaining[0] == remaining[2]
    assert red.skin.tone.erythema_od >= 0.05
    assert len({r.noise_seed for r, _ in by.values()}) == len(by)


def test_from_photos_to_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(photographed, "VIEW_MM", (14.0, 14.0))
    seeds = range(TUNING.start + 440, TUNING.start + 444)
    monkeypatch.setattr(studies, "plan_subjects", lambda n: plan_subjects(n, seeds=seeds))
    asked = ["--out", str(tmp_path / "out"), "--docs", str(tmp_path / "docs"), "--studies", "2"]
    studies.main([*asked, "--scenario", "small", "--photos", "0", "--subjects", "2"])
    said = capsys.readouterr()
    assert "photographed [2/2]" in said.err
    told = json.loads((tmp_path / "docs" / "studies.json").read_text(encoding="utf-8"))
    assert told["photos"]["subjects"] == 2
    assert told["photos"]["true_pct"] < -5
    assert sum(row["pairs"] for row in told["photos"]["untreated"]) == 8
    page = (tmp_path / "docs" / "studies.md").read_text(encoding="utf-8")
    assert "From photos to the test" in page
    assert not (tmp_path / "docs" / "studies.html").exists()
    photos = sorted((tmp_path / "out" / "photographed" / "photos").rglob("*.jpg"))
    assert len(photos) == 20
