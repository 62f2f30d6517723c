"""``scarscope study``: what is printed, written and refused."""

import json

import pytest

from scarscope.cli import main
from scarscope.study.data import empty_table

pytest.importorskip("matplotlib")


@pytest.fixture
def results(tmp_path):
    """A finished batch of two treated subjects with one follow-up each, as CSV."""
    photos = empty_table("photos")
    photos["arm"] = ""
    rows, changes = [], []
    for subject, arm, after in (
        ("P1", "needling", 6.0),
        ("P2", "needling", 7.0),
        ("P3", "sham", 9.9),
    ):
        for visit, day in enumerate(("2026-01-12", "2026-02-23")):
            rows.append({"path": f"{subject}/{visit}.jpg", "subject": subject, "session": visit,
                         "date": day, "view": "left", "kind": "session", "status": "ok",
                         "arm": arm})  # fmt: skip
        changes.append({"subject": subject, "view": "left", "baseline": f"{subject}/0.jpg",
                        "followup": f"{subject}/1.jpg", "session": 1, "kind": "session",
                        "days": 42, "comparable": "yes", "measure": "burden_um", "before": 10.0,
                        "after": after, "change": after - 10, "change_pct": 10 * after - 100,
                        "change_se": 0.5, "mdc95": 1.0, "mdc95_source": "scarscope",
                        "verdict": ("no detectable change", "improved")[after < 9]})  # fmt: skip
    folder = tmp_path / "results"
    folder.mkdir()
    for name, made, columns in (
        ("photos", rows, photos),
        ("changes", changes, empty_table("changes")),
    ):
        columns.reindex(range(len(made))).assign(
            **{key: [row[key] for row in made] for key in made[0]}
        ).to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_figures_tables_and_words(results, capsys):
    assert main(["study", str(results)]) == 0
    said = capsys.readouterr()
    assert "needling, visit 1: -35.0 %" in said.out
    assert "(n = 2); improved 2, no detectable change 0, worse 0" in said.out
    assert "Note: 3 subject(s)" in said.err
    assert "drawing course" in said.err
    assert {"methods.md", "course.svg", "course.png", "response.csv"} <= {
        file.name for file in (results / "study").iterdir()
    }


def test_json_is_one_document_and_nothing_else(results, capsys):
    assert main(["study", str(results), "--json", "--no-figures", "--threshold", "35"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rules"]["threshold_pct"] == 35
    own = [row for row in told["responders"] if row["arm"] == "needling"]
    assert [(row["rule"], row["responders"]) for row in own] == [
        ("beyond_mdc95", 2), ("threshold", 1), ("half_of_scars", 0),
    ]  # fmt: skip
    assert told["course"][1]["change_pct_low"] is None  # one subject has no interval
    assert not list((results / "study").glob("*.svg"))


def test_what_cannot_be_read_is_said(tmp_path, capsys):
    assert main(["study", str(tmp_path)]) == 1
    assert "holds no photos.csv" in capsys.readouterr().err


def test_without_a_followup_nothing_could_be_done(results, capsys):
    changes = results / "changes.csv"
    changes.write_text(changes.read_text().partition("\n")[0] + "\n")
    assert main(["study", str(results), "--no-figures"]) == 1
    assert "No pair of photos could be compared" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--threshold", "0"], "not a percentage from 1"),
        (["--control", "laser"], "No side is in the arm 'laser'"),
        (["--covariate", "age"], "no column 'age'"),
        (["--visit", "7"], "No subject has visit 7"),
    ],
)
def test_wrong_options_are_named(results, capsys, words, told):
    try:
        status = main(["study", str(results), "--no-figures", *words])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert told in capsys.readouterr().err
