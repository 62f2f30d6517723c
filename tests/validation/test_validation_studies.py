"""The command that simulates studies: what it draws, counts, writes and refuses."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from scarscope.errors import ParamsError
from scarscope.study.data import read_study
from scarscope.study.models.assumptions import Figures
from scarscope.study.planning.trial import Trial
from scarscope.study.response import response_table
from scarscope.study.tables import TABLES
from scarscope.validation import studies, study_draws
from scarscope.validation.study_draws import DRAWS, Task, check_studies, run_task, verdict_on
from scarscope.validation.study_set import COVERAGE, EFFECT_PCT, SIZE, scenarios
from scarscope.validation.study_store import store_tables, time_study


def figures(estimate, half, p=0.5):
    return Figures(estimate, half / 2, estimate - half, estimate + half, p)


def test_a_hit_is_an_interval_that_holds_or_a_test_that_errs():
    with_effect, without = Trial(effect_pct=-15.0), Trial()
    assert study_draws._hit(figures(-0.1, 0.1), with_effect)
    assert not study_draws._hit(figures(0.1, 0.1), with_effect)
    assert study_draws._hit(figures(0.1, 0.1, p=0.01), without)
    assert not study_draws._hit(figures(0.1, 0.1, p=0.2), without)


def test_verdicts_are_met_missed_or_open():
    assert verdict_on(0.041, 0.03, 0.07, SIZE) == "met"
    assert verdict_on(0.065, 0.055, 0.075, SIZE) == "open"
    assert verdict_on(0.10, 0.07, 0.13, SIZE) == "missed"
    assert verdict_on(0.91, 0.90, 0.92, COVERAGE) == "missed"


def test_the_default_model_covers_and_keeps_its_level():
    # Few trials, so that it is quick: bounds are those of chance at 5 % (99.9 %).
    found = check_studies(60, names=["split-face"])
    assert list(found) == list(DRAWS)
    assert found["studies"].tolist() == [60, 60]
    rows = found.set_index("question")
    assert rows.loc["coverage", "value"] >= 0.83
    assert rows.loc["type I error", "value"] <= 0.17
    assert rows.loc["coverage", "low"] < 0.95 < rows.loc["coverage", "high"]


def test_too_narrow_an_interval_would_be_seen(monkeypatch):
    monkeypatch.setattr(study_draws, "LEVEL", 0.5)
    found = check_studies(60, names=["split-face"]).set_index("question")
    assert found.loc["coverage", "verdict"] == "missed"


def test_serial_and_parallel_draw_the_same(monkeypatch):
    monkeypatch.setattr(study_draws, "CHUNK", 2)
    one, two = (check_studies(4, names=["small parallel"], workers=workers) for workers in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_tasks_split_without_changing_anything():
    name, seed = "small", 3
    whole = run_task(Task(name, EFFECT_PCT, 0, 6, seed))
    parts = [run_task(Task(name, EFFECT_PCT, first, 3, seed)) for first in (0, 3)]
    assert whole.hits == sum(part.hits for part in parts)
    assert whole.analysed == 6


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ParamsError, match="no scenario 'x'"):
        check_studies(1, names=["x"])
    with pytest.raises(ParamsError, match="studies is 0"):
        check_studies(0)


def test_headlines_are_the_small_split_face_and_parallel_trial():
    asked = {s.name: s.trial for s in scenarios() if s.headline}
    assert set(asked) == {"split-face", "parallel"}
    assert {t.subjects for t in asked.values()} == {24}
    assert all(t.dropout > 0 and t.refused > 0 and t.followups == 3 for t in asked.values())
    names = [s.name for s in scenarios()]
    assert len(names) == len(set(names))


def test_a_store_is_read_as_a_batchs_is(tmp_path):
    tables = store_tables(60)
    assert set(tables) == set(TABLES)
    assert len(tables["photos"]) >= 60
    timing = time_study(tmp_path, lambda folder: response_table(read_study(folder)), photos=60)
    study = read_study(tmp_path)
    assert (timing.photos, timing.scars) == (len(study.photos), len(study.scars))
    assert timing.seconds > 0
    response = response_table(study)
    assert set(response["arm"]) == {"treated", "control"}
    assert np.isfinite(response["change"]).all()
    sides = response.drop_duplicates(["subject", "side"])
    assert timing.pairs == len(response) + sides["subject"].nunique() * 2
    with pytest.raises(ParamsError, match="photos is 3"):
        store_tables(3)


def test_the_command_writes_and_prints(tmp_path, capsys):
    arguments = ["--out", str(tmp_path), "--studies", "4", "--scenario", "small", "--photos", "0"]
    arguments += ["--subjects", "0"]
    assert studies.main(arguments) == 0  # no headline was asked
    said = capsys.readouterr()
    assert "small, coverage:" in said.out
    assert "no bar" in said.out
    assert "min left" in said.err
    told = json.loads((tmp_path / "studies.json").read_text(encoding="utf-8"))
    assert [row["question"] for row in told["results"]] == ["coverage", "type I error"]
    assert told["store"] is None
    page = (tmp_path / "studies.md").read_text(encoding="utf-8")
    assert "| small | coverage | 4 |" in page
    assert (tmp_path / "studies.html").is_file()
    assert len(pd.read_csv(tmp_path / "studies.csv")) == 2


def test_a_missed_bar_is_the_commands_status():
    row = {"headline": True, "verdict": "met"}
    assert studies._status(pd.DataFrame([row]), None) == 0
    assert studies._status(pd.DataFrame([{**row, "verdict": "missed"}]), None) == 1
    assert studies._status(pd.DataFrame([{**row, "verdict": "open"}]), None) == 1
    slow = studies.Timing(500, 1, 1, studies.MOST_SECONDS + 1)
    assert studies._status(pd.DataFrame([row]), slow) == 1
    assert math.isfinite(studies.MOST_SECONDS)


def test_an_error_is_said_not_thrown(tmp_path, capsys):
    assert studies.main(["--out", str(tmp_path), "--studies", "0", "--photos", "0"]) == 2
    assert "studies is 0" in capsys.readouterr().err
