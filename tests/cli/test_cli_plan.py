"""``scarscope plan``: sizes that behave as sizes must, what is printed, written and refused."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from scarscope.cli import main
from scarscope.cli.plan import _beyond
from scarscope.errors import ParamsError, StudyError
from scarscope.study.data import empty_table, read_study
from scarscope.study.planning.components import stored_spreads
from scarscope.study.planning.plan import Plan, mdc95_of_burden
from scarscope.study.planning.search import find_sizes, first_guess
from scarscope.study.planning.trial import (
    TYPICAL_NOISE_UM,
    Spreads,
    Trial,
    published_spreads,
    simulate_sides,
)

ONE = ("--visits", "1", "--dropout", "0", "--refused", "0")


def planned(capsys, *words, status=0):
    """The JSON document of one plan, of few trials."""
    assert main(["plan", *map(str, words), "--json"]) == status
    return json.loads(capsys.readouterr().out)


# --- sizes --------------------------------------------------------------------------------------


def test_power_follows_subjects_effect_design_and_loss(capsys):
    def power(detect, subjects, *words):
        fixed = ("--detect", detect, "--visits", 1, "--simulations", 40, "--refused", 0)
        told = planned(capsys, *fixed, "--subjects", subjects, "--dropout", 0, *words)
        return told["table"][0]["power"]

    usual = power(9, 20)
    assert 0.3 < usual < 0.95
    assert power(9, 8) < usual - 0.1
    assert power(18, 20) > usual + 0.1
    assert power(9, 20, "--dropout", 0.6) < usual - 0.1
    assert power(9, 20, "--refused", 0.6) < usual - 0.1
    assert power(9, 20, "--response-sd", 0.25) < usual - 0.1
    assert power(9, 20, "--effect-sd", 0.4) < usual - 0.1
    assert power(9, 20, "--design", "parallel") < usual - 0.1
    assert power(9, 20, "--alpha", 0.001) < usual - 0.1


def test_the_search_ends_where_power_passes_what_was_asked():
    # Normal log ratios without loss: the t test's sample size, and two subjects for t.
    spreads = Spreads(baseline_sd=0.1, side_sd=0.0, course_sd=0.0, response_sd=0.1)
    trial = Trial(followups=1, effect_pct=-12.0)
    expected = first_guess(trial, spreads)
    assert expected == math.ceil(2 * (0.1 * 2.8016 / math.log(0.88)) ** 2 + 2)
    seen = []
    plan = find_sizes(trial, spreads, studies=80, progress=lambda row: seen.append(row["subjects"]))
    at = plan.smallest(0.8)["subjects"].item()
    assert abs(at - expected) <= 3
    power = dict(zip(plan.table["subjects"], plan.table["power"], strict=True))
    assert power[at] >= 0.8 > power[at - 1]
    assert sorted(seen) == list(power)
    sure = plan.smallest(0.8, sure=True)
    assert sure["subjects"].item() > at
    assert sure["power_low"].item() >= 0.8


def test_parallel_arms_are_of_one_size(capsys):
    words = ("--detect", 40, "--design", "parallel", *ONE, "--simulations", 5)
    assert {row["subjects"] % 2 for row in planned(capsys, *words)["table"]} == {0}


@pytest.mark.parametrize("design", ["split-face", "parallel"])
@pytest.mark.parametrize("needed", [4, 5, 23, 24, 100])
def test_the_search_ends_at_the_step_itself(monkeypatch, design, needed):
    """With a power that jumps, the search must end on the jump, in few steps."""
    tried = []

    def jump(trial, spreads, studies, level, seed):
        tried.append(trial.subjects)
        there = float(trial.subjects >= needed)
        row = {"subjects": trial.subjects, "followups": 3, "photos": 1}
        return row | {"power": there, "power_low": there}

    monkeypatch.setattr("scarscope.study.planning.search.power_at", jump)
    plan = find_sizes(Trial(design=design, effect_pct=-15.0), published_spreads(), most=100)
    step, least = (1, 4) if design == "split-face" else (2, 6)
    assert plan.smallest()["subjects"].item() == max(least, needed + needed % step)
    assert len(tried) == len(set(tried)) <= 16


def test_where_nothing_is_enough_the_status_says_so(capsys):
    words = ["plan", "--detect", "2", *ONE, "--simulations", "8", "--most", "12"]
    assert main(words) == 1
    assert "NOT ENOUGH up to 12 subjects" in capsys.readouterr().out


def test_a_plan_that_is_sure_asks_for_the_interval():
    table = pd.DataFrame(
        {"subjects": [10, 20, 30], "power": [0.81, 0.85, 0.9], "power_low": [0.7, 0.79, 0.82]}
    ).assign(followups=1, photos=1)
    plan = Plan(table, 0.05, 0, Spreads())
    assert plan.smallest(0.8)["subjects"].tolist() == [10]
    assert plan.smallest(0.8, sure=True)["subjects"].tolist() == [30]


def test_the_same_seed_gives_the_same_plan(capsys):
    words = ("--detect", 10, *ONE, "--simulations", 10, "--subjects", 10)
    told = [planned(capsys, *words, "--seed", seed)["table"] for seed in (1, 1, 2)]
    assert told[0] == told[1] != told[2]


# --- what is printed and written ----------------------------------------------------------------


def test_sizes_errors_and_retests_are_printed(capsys, tmp_path):
    file = tmp_path / "plan.csv"
    words = ["--detect", "30", *ONE, "--simulations", "6", "--photos", "1", "2"]
    assert main(["plan", *words, "--csv", str(file)]) == 0
    said = capsys.readouterr()
    assert "to find a fall of burden by 30 % at the last visit" in said.out
    assert said.out.count("ENROL ") == 2
    assert "1 visit(s), 2 photo(s) each" in said.out
    usual = published_spreads(noise_um=TYPICAL_NOISE_UM)
    three = 100 * mdc95_of_burden(usual, photos=3) / usual.baseline_um
    assert f"3 photo(s) a visit: {three:.1f} %" in said.out
    assert "   10 retests: 0.69 to 1.83" in said.out
    assert "tried " in said.err
    assert "Note: How much subjects and sides vary is assumed" in said.err
    table = pd.read_csv(file)
    assert set(table["photos"]) == {1, 2}
    assert (table["power_low"] <= table["power"]).all()


def test_mdc95_falls_with_the_photos_but_for_what_they_share(capsys):
    document = planned(capsys, "--detect", 20, *ONE, "--simulations", 2, "--subjects", 6)
    one, two, three = (row["mdc95_pct"] for row in document["mdc95"])
    assert one / two == pytest.approx(math.sqrt(2 / 1.3))
    assert one / three == pytest.approx(math.sqrt(3 / 1.6))
    assert document["spreads_from"] is None


# --- from a store -------------------------------------------------------------------------------


def write_store(folder, *, subjects=30, retests=0, sides=2, scale="um"):
    """A finished batch whose sides respond very differently, as CSV."""
    spreads = Spreads(baseline_sd=0.3, course_sd=0.05, response_sd=0.3, error_relative=0.02)
    trial = Trial(subjects=subjects, followups=1, effect_pct=-20.0)
    drawn = simulate_sides(trial, spreads, np.random.default_rng(0))
    if sides == 1:
        drawn = drawn[drawn["side"] == "left"]
    photos, changes = [], []
    for row in drawn.to_dict(orient="records"):
        who = f"{row['subject']}/{{}}/{row['side']}.jpg"
        for visit in (0, 1):
            photos.append({"path": who.format(visit), "subject": row["subject"], "session": visit,
                           "view": row["side"], "kind": "session", "status": "ok",
                           "side": row["side"], "arm": row["arm"]})  # fmt: skip
        changes.append({"subject": row["subject"], "view": row["side"],
                        "baseline": who.format(0), "followup": who.format(1), "session": 1,
                        "kind": "session", "comparable": "yes", "measure": f"burden_{scale}",
                        "before": row["before"], "after": row["after"],
                        "change": row["change"]})  # fmt: skip
    rng = np.random.default_rng(1)
    for k in range(retests):
        path = f"R{k}/0/left.jpg"
        changes.append({"subject": f"R{k}", "view": "left", "baseline": path, "followup": path,
                        "session": 0, "kind": "retest", "comparable": "yes",
                        "measure": "burden_um", "before": 2.0 + k,
                        "after": (2.0 + k) * (1 + rng.normal(0, 0.1))})  # fmt: skip
    folder.mkdir()
    for name, rows in (("photos", photos), ("changes", changes)):
        columns = [*empty_table(name), *(c for c in rows[0] if c not in empty_table(name))]
        pd.DataFrame(rows).reindex(columns=columns).to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_spreads_and_error_come_from_the_store(tmp_path, capsys):
    results = write_store(tmp_path / "results", retests=60)
    found = stored_spreads(read_study(results))
    assert (found.n_subjects, found.sides, found.n_retests) == (30, 2, 60)
    assert found.own_error
    assert found.spreads.response_sd == pytest.approx(0.3, rel=0.3)
    assert mdc95_of_burden(found.spreads, burden_um=20.0) == pytest.approx(1.96 * 2.0, rel=0.4)
    own = published_spreads()
    assert mdc95_of_burden(own, burden_um=20.0) < 1.96  # so that it is not ScarScope's own
    words = ("--detect", 25, *ONE, "--simulations", 20, "--subjects", 12)
    pilot = planned(capsys, results, *words)
    assert pilot["spreads_from"] == {
        "n_subjects": 30, "sides": 2, "n_retests": 60, "own_error": True
    }  # fmt: skip
    assert "true spreads may be 0.8 to 1.3 times theirs" in pilot["notes"][0]
    assert len(pilot["notes"]) == 1
    stated = planned(capsys, results, *words, "--response-sd", 0.05)
    assert stated["table"][0]["power"] > pilot["table"][0]["power"] + 0.2


def test_what_a_store_cannot_tell_is_said(tmp_path, capsys):
    results = write_store(tmp_path / "results", retests=3, sides=1)
    words = ("--detect", 40, *ONE, "--simulations", 2, "--subjects", 8)
    notes = planned(capsys, results, *words)["notes"]
    assert notes[1].startswith("3 retest(s) are too few")
    assert "a split-face study may need fewer" in notes[2]
    parallel = (*words, "--design", "parallel")
    assert "Give --sides 1" in planned(capsys, results, *parallel)["notes"][2]
    assert len(planned(capsys, results, *parallel, "--sides", 1)["notes"]) == 2


def test_photos_without_a_scale_cannot_be_planned_from(tmp_path, capsys):
    results = write_store(tmp_path / "results", scale="px")
    with pytest.raises(StudyError, match="have no scale"):
        stored_spreads(read_study(results))
    assert main(["plan", str(results), "--detect", "25"]) == 1
    assert "State mm_per_px" in capsys.readouterr().err


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--detect", "25", "--design", "cross-over"], "invalid choice: 'cross-over'"),
        (["--detect", "0"], "'0' is not a fall in percent"),
        (["--detect", "100"], "'100' is not a fall in percent"),
        (["--detect", "25", "--dropout", "15"], "'15' is not a share"),
        (["--detect", "25", "--power", "80"], "'80' does not lie between 0 and 1"),
        (["--detect", "25", "--photos", "0"], "'0' is not a whole number"),
        (["--detect", "25", "--response-sd", "nan"], "'nan' is not a standard deviation"),
        (["--detect", "25", "--most", "2"], "most is 2"),
        (["--detect", "25", "--subjects", "1"], "subjects is 1"),
        ([], "required: --detect"),
    ],
)
def test_wrong_options_are_named(capsys, words, told):
    try:
        status = main(["plan", *words])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert told in capsys.readouterr().err


def test_no_batch_is_no_pilot(tmp_path, capsys):
    assert main(["plan", str(tmp_path), "--detect", "25"]) == 1
    assert "holds no photos.csv" in capsys.readouterr().err


def test_a_search_needs_an_effect():
    with pytest.raises(ParamsError, match="effect_pct is 0"):
        find_sizes(Trial(), Spreads())
    with pytest.raises(ParamsError, match="power is 1"):
        find_sizes(Trial(effect_pct=-5.0), Spreads(), power=1)


def test_how_far_chance_decides_is_said():
    row = {"subjects": 12}
    assert _beyond(row, {"subjects": 12}) == "."
    assert _beyond(row, {"subjects": 15}) == "; 15 leave no doubt of the simulation."
    assert _beyond(row, None).endswith("raise --simulations.")
