"""What a study says of a reviewer's decisions."""

from dataclasses import replace

import pandas as pd
import pytest

from scarscope.study.analysis import analyse, exclusions
from scarscope.study.methods import methods_text
from scarscope.study.response import response_table
from scarscope.study.run import study_notes

REVIEW = {
    "file": "review.json",
    "sha256": "ab" * 32,
    "reviewers": ["AB", "CD"],
    "decisions": {"exclude": 2, "reject": 4, "retype": 0, "add": 1, "region": 0},
    "applied": {"exclude": 2, "reject": 3, "retype": 0, "add": 1, "region": 0},
    "left": [{"path": "S01/s1/left.jpg", "what": "reject scar 9", "why": "no such scar"}],
    "notes": [],
}


@pytest.fixture
def reviewed(make_study):
    """One follow-up and one baseline are left out by a reviewer, one photo failed."""
    places = ((1, "left", 1), (2, "right", 0), (3, "left", 2))
    study = make_study(failed=places, subjects=8)
    excluded = ["S01/s1/left.jpg", "S02/s0/right.jpg"]
    photos = study.photos.copy()
    photos.loc[photos["path"].isin(excluded), "status"] = "excluded"
    changes = study.changes[study.changes["baseline"] != excluded[1]]
    rows = [
        (path, "review", f"Excluded by review (AB): {path[:3]} blurred", "") for path in excluded
    ]
    failures = pd.DataFrame(rows, columns=list(study.failures))
    told = {**study.provenance, "review": REVIEW}
    return replace(study, photos=photos, changes=changes, failures=failures, provenance=told)


def test_response_says_what_was_excluded_by_review(reviewed):
    table = response_table(reviewed).set_index("followup")["reasons"]
    assert table["S01/s1/left.jpg"] == "PHOTO_EXCLUDED"
    assert table["S02/s1/right.jpg"] == table["S02/s2/right.jpg"] == "BASELINE_EXCLUDED"
    assert table["S03/s2/left.jpg"] == "PHOTO_FAILED"


def test_exclusions_name_the_photos_and_why(reviewed):
    table = exclusions(response_table(reviewed), reviewed).set_index("reason")
    assert table.loc["BASELINE_EXCLUDED", "n_pairs"] == 2
    assert (
        "S02/s0/right.jpg (Excluded by review (AB): S02"
        in table.loc["BASELINE_EXCLUDED", "meaning"]
    )
    assert "S01/s1/left.jpg" in table.loc["PHOTO_EXCLUDED", "meaning"]
    assert "S01" not in table.loc["PHOTO_FAILED", "meaning"]


def test_methods_and_notes_tell_who_decided_what(reviewed):
    found = analyse(reviewed)
    text = methods_text(reviewed, found)
    assert (
        "**Review.** After measurement a person could correct what was found: 2 photo(s) " in text
    )
    assert "excluded, 3 scar(s) rejected, 1 scar(s) added, decided by AB, CD (review.json" in text
    assert "1 decision(s) could not be applied" in text
    assert "Excluded photos: S01/s1/left.jpg (Excluded by review (AB): S01 blurred)" in text
    assert "1 could not be scored" in text
    assert "order of visits" in text
    assert any("blinded to the order" in note for note in study_notes(reviewed, found))


def test_without_a_review_nothing_is_said_of_one(make_study):
    study = make_study()
    found = analyse(study)
    assert "Review" not in methods_text(study, found)
    assert not any("reviewer" in note for note in study_notes(study, found))
