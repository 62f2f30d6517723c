"""The README's figures of studies are those of docs/studies.json."""

import json
from pathlib import Path

import pytest

from scarscope.errors import LayoutError
from scarscope.validation.study_readme import BEGIN, END, README, block, main

ROOT = Path(__file__).parents[2]


def row(name, question, value, *, headline=True, verdict="met"):
    told = {"scenario": name, "question": question, "headline": headline, "verdict": verdict}
    return {**told, "value": value, "low": 0.9 * value, "high": 1.1 * value} | {
        "bar_low": 0.04,
        "bar_high": 0.06,
    }


def content():
    drawn = [row("split-face", "type I error", 0.05), row("rough", "coverage", 0.9, headline=False)]
    taken = [row("photos, parallel", "coverage of the true change", 0.94, headline=False)]
    photos = {"subjects": 160, "true_pct": -34.2, "read_pct": -30.7, "results": taken}
    return {"version": "9.8.7", "studies": 2000, "results": drawn, "photos": photos}


def test_headlines_and_all_photos_are_shown():
    text = block(content())
    asked = "no effect, and the test at 5 % finds one (%)"
    assert f"| split-face | {asked} | 5.0 (4.5 to 5.5) | 4 to 6 | met |" in text
    assert "rough" not in text
    assert "run with ScarScope 9.8.7" in text
    assert "| photos, parallel | 95 % interval of the true change holds it (%) | 94.0" in text
    assert "160 simulated subjects" in text
    assert "took 34 % of" in text
    assert "read as 31 %" in text
    assert "photos" not in block({**content(), "photos": None})


def test_the_readme_is_checked_and_written(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "studies.json").write_text(json.dumps(content()), encoding="utf-8")
    readme = tmp_path / "README.md"
    readme.write_text(f"# A\n{BEGIN}\nold\n{END}\nrest\n", encoding="utf-8")
    where = ["--root", str(tmp_path)]
    assert main([*where, "--check"]) == 1
    assert main(where) == 0
    assert main([*where, "--check"]) == 0
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("# A\n")
    assert text.endswith("rest\n")
    with pytest.raises(LayoutError, match="no block"):
        README.replaced("nothing", content())


def test_the_readmes_figures_are_those_of_the_studies():
    stored = json.loads((ROOT / "docs" / "studies.json").read_text(encoding="utf-8"))
    assert block(stored) in (ROOT / "README.md").read_text(encoding="utf-8")
