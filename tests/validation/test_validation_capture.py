"""Protocols tried on simulated skin: the same skin under each, strict files, a small trial."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace

import pandas as pd
import pytest

from scarscope.errors import ParamsError, StudyError
from scarscope.phantom import make_light, seeds
from scarscope.study.planning.protocol import compare_protocols
from scarscope.validation import capture
from scarscope.validation.capture import Capture, CapturePlan, recipes, try_captures
from scarscope.validation.capture_file import EXAMPLE, plan_of, read_plan

RAKING = Capture(name="raking", light=make_light("raking"))
RING = Capture(name="ring", light=make_light("ring"))
PLAN = CapturePlan(captures=(RAKING, RING), skins=3)


def test_every_protocol_photographs_the_same_skin_and_poses():
    one, two = (recipes(PLAN, each, 1) for each in (RAKING, RING))
    assert [r.skin for r in one] == [r.skin for r in two]
    assert [r.pose for r in one] == [r.pose for r in two]
    before, again, treated = one
    assert before.skin == again.skin
    assert before.pose != again.pose
    assert before.noise_seed != again.noise_seed
    pairs = zip(before.skin.scars, treated.skin.scars, strict=True)
    assert all(b.remaining == pytest.approx(a.remaining * 0.6) for a, b in pairs)
    assert recipes(PLAN, RAKING, 2)[0].skin != before.skin
    assert recipes(replace(PLAN, seed=1), RAKING, 1)[0].skin != before.skin


def test_what_is_kept_exactly_does_not_move():
    first, again, _ = recipes(PLAN, RAKING, 0)
    assert first.light == again.light
    assert first.camera == again.camera
    loose = replace(RAKING, lamp_sd_deg=3.0, exposure_sd_stops=0.3, repose=0.0)
    first, again, _ = recipes(PLAN, loose, 0)
    assert first.light.lamps[0].zenith_deg != again.light.lamps[0].zenith_deg
    assert first.camera.exposure != again.camera.exposure
    assert first.pose.shift_mm == again.pose.shift_mm == (0.0, 0.0)
    fixed = recipes(PLAN, replace(RING, lamp_sd_deg=3.0), 0)
    assert {r.light.lamps[0].zenith_deg for r in fixed} == {0}  # a ring stays round the lens


def test_its_skin_is_nobody_elses():
    ranges = [r for r in vars(seeds).values() if isinstance(r, range)]
    assert ranges
    assert all(r.stop <= capture.SEEDS_FROM for r in ranges)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"captures": (RAKING,)}, "protocols"),
        ({"captures": (RAKING, RAKING)}, "protocols"),
        ({"skins": 1}, "skins"),
        ({"seed": -1}, "seed"),
        ({"response": 0.0}, "response"),
        ({"ita_deg": (40.0, 10.0)}, "ita_deg"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(change, words):
    with pytest.raises(ParamsError, match=words):
        replace(PLAN, **change)


def test_the_example_is_a_plan(tmp_path):
    (tmp_path / "p.toml").write_text(EXAMPLE, encoding="utf-8")
    plan = read_plan(tmp_path / "p.toml")
    assert [c.name for c in plan.captures] == ["one lamp from the side", "ring flash"]
    assert plan.captures[0].light == make_light("raking", zenith_deg=60.0)
    # What the example writes out are the defaults.
    assert replace(plan, captures=PLAN.captures) == CapturePlan(captures=PLAN.captures)
    lamp = "{ zenith_deg = 50.0, azimuth_deg = 180, spread_deg = 6 }"
    own = f"light = {{ ambient = 0.1, lamps = [{lamp}] }}"
    plan = plan_of(tomllib.loads(EXAMPLE.replace('light = { name = "ring" }', own, 1)))
    assert plan.captures[1].light.lamps[0].azimuth_deg == 180.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("skins = 8 ", "skin = 8 ", "unknown name 'skin'"),
        ("skins = 8 ", "skins = 8.5 ", "skins = 8.5 is not a int"),
        ("skins = 8 ", "skins = true ", "skins = True is not a int"),
        ("[24.0, 24.0]", "[24.0]", "size_mm"),
        ('name = "raking"', 'name = "sun"', "'sun' is no light"),
        ("zenith_deg = 60.0", "zenit = 60.0", "unknown name 'zenit'"),
        ("zenith_deg = 60.0", 'zenith_deg = "60"', "zenith_deg = '60' is not a float"),
        ("jpeg_quality = 92", "jpeg_quality = 500", "jpeg_quality"),
        ("jpeg_quality", "quality", "unknown name 'quality'"),
        ('light = { name = "ring" }', "", "no light of protocol 2"),
        ('name = "ring flash"', "", "not complete"),
        ("[[protocol]]", "[protocol]", "TOML|No protocol"),
        ("camera = {", "camera = 3 #", "camera of protocol 1 is 3"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path, old, new, words):
    assert old in EXAMPLE
    (tmp_path / "p.toml").write_text(EXAMPLE.replace(old, new), encoding="utf-8")
    with pytest.raises(ParamsError, match=words):
        read_plan(tmp_path / "p.toml")


def test_no_file_is_said(tmp_path):
    with pytest.raises(ParamsError, match="cannot be read"):
        read_plan(tmp_path / "none.toml")


def pairs_of(rows):
    names = ["protocol", "kind", "comparable", "before", "after", "change_pct", "true_pct"]
    return pd.DataFrame(rows, columns=names).assign(reasons="")


def test_the_error_is_held_against_what_is_seen():
    rows = []
    for name, share in (("a", 1.0), ("b", 0.5)):
        for before, after in ((10.0, 10.5), (20.0, 19.0), (30.0, 30.6)):
            rows.append((name, "retest", "yes", before, after, 100 * (after / before - 1), 0.0))
            rows.append((name, "treated", "yes", 10.0, 10 - 4 * share, -40 * share, -40.0))
        rows.append((name, "treated", "no", *[math.nan] * 3, -40.0))
    pairs = pairs_of(rows)
    retests = pairs[pairs["kind"] == "retest"]
    table = capture._answer(pairs, compare_protocols(retests, by="protocol", reference="b"))
    a, b = table.set_index("protocol").loc["a"], table.set_index("protocol").loc["b"]
    assert (a["seen"], b["seen"]) == pytest.approx((1.0, 0.5))
    assert a["mdc95_pct"] == pytest.approx(b["mdc95_pct"])
    assert b["true_mdc95_pct"] == pytest.approx(2 * a["true_mdc95_pct"])
    assert a["n_pairs_refused"] == 1
    assert table["protocol"].tolist() == ["a", "b"]


def test_a_protocol_whose_retests_are_refused_is_named():
    rows = [("raking", "retest", "yes", 10.0, 10.0 + k, 0.0, 0.0) for k in range(3)]
    rows += [("ring", "retest", "no", *[math.nan] * 3, 0.0)] * 3
    pairs = pairs_of(rows)
    pairs.loc[pairs["comparable"] == "no", "reasons"] = "LIGHT_CHANGED|FOCUS"
    with pytest.raises(StudyError, match=r"3 of 6 retests were refused \(FOCUS, LIGHT_CHANGED\)"):
        capture._error(pairs, PLAN)


@pytest.mark.slow
def test_a_small_trial_from_skin_to_answer():
    told = []
    plan = CapturePlan(
        captures=(RAKING, RING), skins=2, seed=1, size_mm=(16.0, 16.0), ita_deg=(20.0, 50.0)
    )
    trial = try_captures(plan, progress=lambda *at: told.append(at))
    assert told == [(k, 4) for k in range(1, 5)]
    assert len(trial.pairs) == 8
    assert trial.to_frame()["protocol"].tolist() == ["raking", "ring"]
    assert (trial.table["mdc95_pct"] > 0).all()
    assert trial.table["true_mdc95_pct"].notna().all()
