"""Pairs of the second renderer: the same skin twice, with a change that is known."""

from __future__ import annotations

import importlib
import importlib.util
import json
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scarscope.phantom.seeds import SECOND_RENDERER, SECOND_RENDERER_TUNING

SEED = SECOND_RENDERER_TUNING[40]

needs_mitsuba = pytest.mark.skipif(
    importlib.util.find_spec("mitsuba") is None,
    reason='Mitsuba is not installed (pip install -e ".[second]")',
)


@pytest.fixture(scope="module")
def quality(get):
    """As coarse as can be, of enough skin to be compared."""
    return get("shot").Quality(
        step_mm=0.12, diffuse_rays=4, specular_rays=4, bounces=1, view_mm=20.0
    )


@pytest.fixture(scope="module")
def person(get, quality):
    shot = get("shot").draw_shot(SEED, "raking", 22.0)
    return get("pair_scenes").draw_person(replace(shot, mm_per_px=0.1), quality)


def _plan(get, count, lamps):
    return get("pair_plan").plan_pairs(SECOND_RENDERER_TUNING, count=count, lamps=lamps)


def test_every_skin_has_one_pair_of_each_kind_and_one_lies_under_many_lamps(get):
    subjects = _plan(get, 20, 10)
    groups = get("pairs").GROUPS
    assert len(subjects) == 21
    for subject in subjects[:-1]:
        assert tuple(case.group for case in subject.cases) == groups[:-1]
    assert len(subjects[-1].cases) == 45
    seeds = [subject.shot.seed for subject in subjects]
    assert len(set(seeds)) == 21
    assert set(seeds) <= set(SECOND_RENDERER_TUNING)


def test_responses_meet_every_light_alike(get):
    subjects = _plan(get, 20, 0)
    met = {(s.shot.light, s.cases[1].after.response) for s in subjects}
    assert len(met) == 20


def test_nothing_but_treatment_changes_the_skin(get):
    cases = [case for subject in _plan(get, 8, 4) for case in subject.cases]
    assert {case.group for case in cases if case.after.response != 0} == {"treated"}
    assert all(case.before.response == 0 for case in cases)
    for case in cases:
        moved = case.after.lighting != case.before.lighting
        assert moved == (case.group in ("lamp", "many lamps"))


def test_a_larger_set_keeps_the_pairs_of_a_smaller_one(get):
    small, large = _plan(get, 3, 0), _plan(get, 9, 0)
    assert [s.shot for s in small] == [s.shot for s in large[:3]]
    assert small[2].cases == large[2].cases
    with pytest.raises(SystemExit, match="--count"):
        _plan(get, len(SECOND_RENDERER_TUNING), 0)


def test_reported_seeds_are_not_those_of_other_sets(get):
    plan = get("plan").plan(SECOND_RENDERER, many=400, few=60, free=40)
    chosen = get("pairs")._seeds(Namespace(tuning=False))
    assert not {shot.seed for shot in plan} & set(chosen)
    assert set(chosen) <= set(SECOND_RENDERER)


def test_a_response_takes_its_share_of_every_scar(get, person):
    before = person.pits
    after = get("pair_scenes").treated(person, 0.4)
    shares = []
    for number in np.unique(before.owner)[1:]:
        own = before.owner == number
        shares.append(1 - after.missing[own].sum() / before.missing[own].sum())
    assert len(shares) > 1
    assert 0.2 < np.mean(shares) < 0.7
    assert np.std(shares) > 0.02
    assert get("pair_scenes").treated(person, 0.0) is before
    deeper = get("pair_scenes").treated(person, -0.2)
    assert deeper.missing.sum() > 1.05 * before.missing.sum()


def test_scars_of_several_draws_do_not_lie_on_each_other(get, quality):
    shot, sheet = get("shot").draw_shot(SEED, "ring", 22.0), get("sheet").Sheet.of_side(40.0, 0.12)
    one = get("pits").draw_pits(shot, sheet, 36.0)
    two = get("pits").draw_pits(replace(shot, seed=SEED + 1), sheet, 36.0)
    both = get("pair_scenes")._joined(one, two, sheet.step_mm)
    first = one.owner > 0
    assert (both.owner[first] == one.owner[first]).all()
    assert both.missing[first] == pytest.approx(one.missing[first])
    added = np.unique(both.owner[~first])
    added = added[added > 0]
    assert 0 < len(added) < len(two.kinds)
    for number in added:
        own = two.owner == number - len(one.kinds)
        assert not (own & first).any()
        assert both.missing[own] == pytest.approx(two.missing[own], abs=1e-3)
    assert len(both.kinds) == len(one.kinds) + len(two.kinds)


def test_posing_is_rigid(get, person):
    scenes = get("pair_scenes")
    skin = scenes._skin(person, person.pits)
    pose = scenes.Pose(right_mm=1.0, up_mm=-2.0, turn_deg=3.0, tilt_deg=(4.0, -5.0))
    moved = scenes._posed(skin, pose)
    some = np.s_[::40, ::40]
    first, second = skin.points[some].reshape(-1, 3), moved.points[some].reshape(-1, 3)
    apart = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (first, second)]
    assert apart[0] == pytest.approx(apart[1], abs=1e-3)
    middle = second[np.linalg.norm(first[:, :2], axis=1).argmin()]
    assert np.linalg.norm(middle[:2] - [1.0, -2.0]) < 2
    # Turned from x towards y, seen from the camera.
    along = moved.points[100, -1] - moved.points[100, 0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(3.0, abs=0.5)


def test_lamps_move_but_not_below_the_horizon(get):
    lamps, scenes = get("lamps"), get("pair_scenes")
    lighting = lamps.Lighting((lamps.Panel(60.0, 10.0, 500.0, 40.0, 40.0),), 0.1)
    panel = scenes.moved(lighting, azimuth_deg=-30.0, zenith_deg=8.0).panels[0]
    assert (panel.azimuth_deg, panel.zenith_deg) == (-20.0, 68.0)
    assert scenes.moved(lighting, zenith_deg=30.0).panels[0].zenith_deg == 72.0


def _frame():
    rows = [
        ("retest", "yes", "", "no detectable change", 0.0, 0.02, 0.0),
        ("retest", "caution", "FOCUS", "worse", 0.0, 0.30, 0.0),
        ("treated", "yes", "", "improved", 0.4, -0.30, -0.40),
        ("treated", "no", "FOCUS|COLOUR", "not comparable", 0.6, 0.90, -0.60),
    ]
    names = ["group", "comparable", "reasons", "verdict", "response", "change", "true"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(
        network=np.nan, relief=table["change"], misplaced_mm=0.01, mdc95=0.2, seed=SEED
    )


def test_figures_are_of_what_was_not_refused_and_false_calls_of_all(get):
    table = get("pairs").summary(_frame())
    assert table.loc["retest", ["yes", "caution", "no"]].tolist() == [0.5, 0.5, 0.0]
    assert table.loc["retest", "false_calls"] == 1
    assert table.loc["treated", "false_calls"] == 0
    assert table.loc["treated", "true_calls"] == 0.5
    assert np.isnan(table.loc["retest", "true_calls"])
    assert table.loc["treated", "mdc95"] == pytest.approx(20)
    assert table.loc["treated", "change_mae"] == pytest.approx(10)
    assert table.loc["treated", "change_bias"] == pytest.approx(10)
    assert table.loc["treated", "change_slope"] == pytest.approx(0.75)
    assert np.isnan(table.loc["treated", "network_mae"])
    contrary = get("pairs").summary(_frame().assign(response=-0.2))
    assert contrary.loc["treated", "false_calls"] == 1
    assert contrary.loc["retest", "true_calls"] == 0.5
    counts = get("pairs").reasons(_frame())
    assert counts.loc["FOCUS"].tolist() == [1, 1]
    assert counts.loc["COLOUR", "treated"] == 1


def test_the_report_is_json_without_gaps_that_json_does_not_know(get):
    options = Namespace(tuning=True, count=2, lamps=0)
    told = json.loads(json.dumps(get("pairs").report(_frame(), options), allow_nan=False))
    assert told["groups"]["retest"]["change_slope"] is None
    assert told["reasons"]["treated"] == {"COLOUR": 1, "FOCUS": 1}
    assert told["command"].endswith("--tuning")


@needs_mitsuba
def test_a_pair_is_rendered_once_and_compared_with_its_truth(get, person, quality, tmp_path):
    get("trace").require_mitsuba()
    scenes, plan = get("pair_scenes"), get("pair_plan")
    light = get("lamps").set_up(person.shot)
    before = scenes.Sitting(name="before", lighting=light)
    pose = scenes.Pose(right_mm=1.0, up_mm=-0.5, turn_deg=1.5, tilt_deg=(0.5, 0.5))
    after = scenes.Sitting(name="after", lighting=light, pose=pose, response=0.5)
    case = plan.PairCase(group="treated", told="", before=before, after=after)
    subject = plan.Subject(person.shot, (case,))
    (row,) = get("pairs").compare_subject(subject, out=tmp_path, quality=quality)
    files = sorted((tmp_path / "looks").iterdir())
    made = [file.stat().st_mtime_ns for file in files]
    (again,) = get("pairs").compare_subject(subject, out=tmp_path, quality=quality)
    assert [file.stat().st_mtime_ns for file in files] == made
    assert again["true"] == row["true"]
    # Where the comparison looks is where the skin was put, to a pixel.
    assert row["misplaced_mm"] < 0.1
    assert row["turn_deg"] == pytest.approx(-1.5, abs=0.3)
    left = scenes.treated(person, 0.5).missing.sum() / person.pits.missing.sum()
    assert row["true"] == pytest.approx(left - 1, abs=0.15)
    assert len(list((tmp_path / "photos").iterdir())) == 2
    table = get("pairs").summary(pd.DataFrame([row]))
    assert table.loc["treated", "pairs"] == 1


@needs_mitsuba
def test_treatment_shows_in_the_scars_and_nowhere_else(get, person, quality):
    get("trace").require_mitsuba()
    scenes = get("pair_scenes")
    light = get("lamps").set_up(person.shot)
    before, after = (
        scenes.look(person, scenes.Sitting(name="one", lighting=light, response=share), quality)
        for share in (0.0, 0.9)
    )
    rows, columns = np.rint(np.moveaxis(before.place, 2, 0)).astype(int)
    scarred = person.pits.owner[rows, columns] > 0
    differs = np.abs(after.light - before.light)[..., 1] / before.light[..., 1]
    assert np.median(differs[scarred]) > 5 * np.median(differs[~scarred])
