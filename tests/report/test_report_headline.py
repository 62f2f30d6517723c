"""The study in a few sentences: which figure, of whom, with which doubts beside it."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from scarscope.report.page import headline as module
from scarscope.report.page.headline import headline

RATIO = {"change_pct": -26.0, "change_pct_low": -38.0, "change_pct_high": -10.0}
TRUE = {"true_pct_low": -40.0, "true_pct_high": -7.0}


def contrast(arm, *, p=0.014, p_holm=0.028, **figures):
    told = {"measure": "burden_um", "primary": True, "arm": arm, "reference": "control"}
    told |= {"session": 2, "estimate": -3.25, "low": -5.5, "high": -1.25, "p": p, "p_holm": p_holm}
    return {**told, **RATIO, **TRUE, **figures}


def course(*arms):
    figures = {"change_pct": -20.0, "change_pct_low": -30.0, "change_pct_high": -10.0}
    rows = [
        {"arm": arm, "session": 2, "n": 5, "n_not_comparable": 1, "n_missing": 2, **figures}
        for arm in arms
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def say(monkeypatch):
    """What is said of a made-up analysis of four subjects."""

    def told(arms, contrasts, notes=("Look at P04.",), careful=0):
        columns = list(contrast("a"))
        tables = {
            "course": course(*arms),
            "contrasts": pd.DataFrame(contrasts, columns=columns),
        }
        found = SimpleNamespace(
            tables=tables, measure="burden_um", effects=SimpleNamespace(notes=notes)
        )
        monkeypatch.setattr(module, "analyse", lambda study: found)
        views = [
            SimpleNamespace(verdict="improved", comparable="caution" if n < careful else "yes")
            for n in range(4)
        ]
        subjects = tuple(SimpleNamespace(views=(view,)) for view in views)
        return headline(SimpleNamespace(photos=pd.DataFrame({"path": range(8)})), subjects)

    return told


def test_a_comparison_stands_with_its_doubts(say):
    sentences, doubts = say(["control", "treated"], [contrast("treated")])
    assert sentences[:2] == (
        "4 subjects, 8 photos.",
        "At the last visit, of 4 views of skin: 4 improved.",
    )
    assert "Arm control, visit 2: mean change of burden −20 %" in sentences[2]
    assert "n = 5 of 8 subjects" in sentences[2]
    assert sentences[-1] == (
        "treated relative to control, visit 2: burden −26 % (95 % interval −38 % to −10 %), "
        "p = 0.014 (mixed model, adjusted for baseline). With errors of reading as on simulated "
        "photos: −40 % to −7 %."
    )
    assert doubts == "Look at P04."


def test_caution_is_in_the_headline(say):
    sentences, _ = say(["control", "treated"], [contrast("treated")], careful=3)
    assert sentences[1] == (
        "At the last visit, of 4 views of skin: 4 improved; 3 of these with caution."
    )


def test_several_arms_have_adjusted_p(say):
    sentences, _ = say(["control", "a", "b"], [contrast("a"), contrast("b", p_holm=0.0001)])
    assert "p = 0.028, adjusted for all arms" in sentences[-2]
    assert "p < 0.001, adjusted for all arms" in sentences[-1]


def test_differences_are_told_in_micrometres(say):
    gone = dict.fromkeys((*RATIO, *TRUE), math.nan)
    sentences, _ = say(["control", "treated"], [contrast("treated", **gone)])
    assert "burden −3.25 µm (95 % interval −5.50 to −1.25 µm), p = 0.014" in sentences[-1]
    assert "errors of reading" not in sentences[-1]


def test_a_comparison_that_could_not_be_made_is_not_passed_over(say):
    sentences, doubts = say(["control", "treated"], [])
    assert sentences[-1] == "Arms could not be compared at the visit that the study is about."
    assert doubts == "Look at P04."


def test_one_arm_has_nothing_to_doubt_and_names_without_an_arm(say):
    sentences, doubts = say([""], [])
    assert sentences[-1].startswith("All together, visit 2")
    assert doubts == ""
    sentences, _ = say(["", "treated"], [])
    assert any(sentence.startswith("Without a stated arm") for sentence in sentences)
