"""Decisions of a reviewer applied to a folder: what is scored again, what counts, what is told."""

import hashlib
import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
from batch_fakes import fake_comparer, fake_painter, fake_scorer, make_study
from PIL import Image

from scarscope import batch
from scarscope.batch.layers import layers_of
from scarscope.batch.pair_task import Shot, _skin, compare_files
from scarscope.batch.review import Decision, Review, write_review
from scarscope.change import compare
from scarscope.cli import main
from scarscope.errors import ReviewError
from scarscope.params import Params
from scarscope.phantom.pairs import treated_pair
from scarscope.photo import read_photo
from scarscope.report import LAYERS
from scarscope.scars.edits import Edit, Edits
from scarscope.study.analysis import exclusions
from scarscope.study.data import read_study
from scarscope.study.response import response_table

TABLES = ("photos.csv", "scars.csv", "changes.csv", "scar_changes.csv", "failures.csv")
FIRST, SECOND, OTHER = "P01/s0/left.png", "P01/s1/left.png", "P02/s0/left.png"
HALF = ((0, 0), (143, 0), (143, 285), (0, 285))  # of a photo of 286 pixels
FREE = ((150, 130), (180, 130), (180, 160), (150, 160))


@pytest.fixture(scope="module")
def rendered():
    """Two visits of a patch of simulated skin, 20 mm wide."""
    return treated_pair(20_525, 0.4, size_mm=(20.0, 20.0))


@pytest.fixture(scope="module")
def scored(rendered, tmp_path_factory):
    """A study of three photos, scored once."""
    folder = tmp_path_factory.mktemp("review") / "photos"
    lines = ["path,subject,session,date,view,mm_per_px\n"]
    for path, photo in ((FIRST, rendered[0]), (SECOND, rendered[1]), (OTHER, rendered[0])):
        (folder / path).parent.mkdir(parents=True)
        Image.fromarray(photo.rgb).save(folder / path)
        subject, session, _ = path.split("/")
        lines.append(f"{path},{subject},{session[1:]},,left,{photo.mm_per_px}\n")
    (folder / "manifest.csv").write_text("".join(lines), encoding="utf-8")
    return batch.score_folder(folder, out=folder.parent / "out", comparer=bold_comparer)


def bold_comparer(before, after, *, days, error, params):
    """Compares all the same: the gate refuses patches as small as these."""
    skins = _skin(before, params), _skin(after, params)
    edits = {"edits_before": before.edits.scars, "edits_after": after.edits.scars}
    return compare(*skins, days=days, error=error, refuse=False, params=params, **edits)


@pytest.fixture
def study(scored, tmp_path):
    """A copy of that study, to be changed."""
    shutil.copytree(scored.out.parent, tmp_path / "study")
    return tmp_path / "study"


def run(study, **options):
    return batch.score_folder(
        study / "photos", out=study / "out", comparer=bold_comparer, **options
    )


def decide(study, *decisions, name="out/review.json"):
    made = []
    for path, action, more in decisions:
        digest = hashlib.sha256((study / "photos" / path).read_bytes()).hexdigest()
        known = {"sha256": digest, "reason": "a naevus", "by": "AB", "at": "2026-03-01"} | more
        made.append(Decision(path=path, action=action, **known))
    write_review(Review("", tuple(made)), study / name)


def tables(study):
    return {name: (study / "out" / name).read_text() for name in TABLES}


def photo(result, path):
    return result.photos.set_index("path").loc[path]


def scars(result, path):
    return result.scars[result.scars["path"] == path].set_index("scar_id")


def told(study):
    return json.loads((study / "out/provenance.json").read_text())["review"]


def burden(result):
    changes = result.changes.set_index("measure")
    return changes.loc["burden_um"]


def test_an_empty_review_changes_no_table_and_scores_nothing_again(study):
    before = tables(study)
    decide(study)
    result = run(study)
    assert result.kept == 3
    assert tables(study) == before
    assert "no decision applied" in result.notes[-1]
    assert set(result.photos["review"]) == {0}
    assert set(result.scars["reviewed"]) == {""}


def test_rejecting_lowers_the_burden_by_that_scars_share(scored, study):
    decide(study, (FIRST, "reject", {"scar_id": 3}))
    result = run(study)
    assert result.kept == 2  # the others were not looked at again
    before, after = scars(scored, FIRST), scars(result, FIRST)
    assert list(after.index) == [n for n in before.index if n != 3]
    pd.testing.assert_frame_equal(after, before.drop(index=3))
    was, now = photo(scored, FIRST), photo(result, FIRST)
    lost = was["scar_volume_mm3"] - now["scar_volume_mm3"]
    assert lost == pytest.approx(before.loc[3, "volume_mm3"])
    faint = was["faint_volume_mm3"] - now["faint_volume_mm3"]  # what is about that scar goes too
    assert 0 < faint < was["faint_volume_mm3"]
    fall = 1000 * (lost + faint) / was["roi_area_mm2"]
    assert was["burden_um"] - now["burden_um"] == pytest.approx(fall)
    assert (photo(result, FIRST)["review"], photo(result, OTHER)["review"]) == (1, 0)
    with Image.open(study / f"out/masks/{FIRST}.png") as mask:
        assert set(np.unique(np.asarray(mask))) == {0, *after.index}
    pd.testing.assert_frame_equal(scars(result, OTHER), scars(scored, OTHER))


def test_taking_a_decision_back_returns_to_the_former_figures(study):
    before = tables(study)
    decide(study, (FIRST, "reject", {"scar_id": 3}), (SECOND, "exclude", {}))
    run(study)
    assert tables(study) != before
    decide(study)
    result = run(study)
    assert tables(study) == before
    assert result.kept == 1
    (study / "out/review.json").unlink()
    assert "The run before applied decisions of review.json" in run(study).notes[-1]


def test_scars_are_retyped_and_added(scored, study):
    decide(
        study,
        (FIRST, "retype", {"scar_id": 2, "type": "rolling"}),
        (FIRST, "add", {"type": "icepick", "outline": FREE}),
    )
    result = run(study)
    own = scars(result, FIRST)
    assert list(own.index) == [1, 2, 3, 4]
    assert dict(own["reviewed"]) == {1: "", 2: "retyped", 3: "", 4: "added"}
    assert (own.loc[2, "type"], own.loc[2, "p_rolling"]) == ("rolling", 1)
    assert own.loc[4, "area_mm2"] == pytest.approx((30 * 0.07) ** 2, rel=0.15)
    assert own.loc[4, ["x_px", "y_px"]].tolist() == pytest.approx([165, 145], abs=1)
    row = photo(result, FIRST)
    assert (row["n_scars"], row["n_rolling"], row["review"]) == (4, 1, 2)
    assert row["scar_volume_mm3"] == pytest.approx(own["volume_mm3"].sum())
    assert list(read_study(study / "out").scars["reviewed"].unique()) == ["", "retyped", "added"]


def test_a_region_that_was_drawn_takes_the_place_of_the_found_one(scored, study):
    places = scars(scored, FIRST)["y_px"]
    inside, other = places[places < 110].index[0], places[places > 160].index[0]
    upper = ((0, 0), (285, 0), (285, 143), (0, 143))
    decide(
        study,
        (FIRST, "region", {"outline": upper}),
        (FIRST, "reject", {"scar_id": int(other)}),
        (
            FIRST,
            "retype",
            {"scar_id": int(inside), "type": "icepick", "outline": around(scored, inside)},
        ),
    )
    result = run(study)
    row = photo(result, FIRST)
    assert row["roi_area_mm2"] == pytest.approx(0.5 * 20**2, rel=0.02)
    assert "AUTO_REGION" not in row["flags"]
    assert row["review"] == 2
    assert "retyped" in set(scars(result, FIRST)["reviewed"])
    (left,) = told(study)["left"]
    assert (left["path"], left["what"]) == (FIRST, f"reject scar {other}")
    assert "without an outline" in left["why"]


def around(result, number):
    x, y = scars(result, FIRST).loc[number, ["x_px", "y_px"]]
    return ((x - 20, y - 20), (x + 20, y - 20), (x + 20, y + 20), (x - 20, y + 20))


def test_a_region_outside_the_skin_fails_as_any_other(study):
    decide(
        study,
        (FIRST, "region", {"outline": ((500, 500), (600, 500), (600, 600))}),
        (FIRST, "reject", {"scar_id": 1, "outline": FREE}),
    )
    result = run(study)
    assert photo(result, FIRST)["status"] == "failed"
    assert result.failures["stage"].tolist() == ["skin", "change"]
    assert {each["why"] for each in told(study)["left"]} == {"the photo could not be scored"}
    assert set(told(study)["applied"].values()) == {0}


def test_an_excluded_follow_up_counts_nowhere(study):
    decide(study, (SECOND, "exclude", {"reason": "hand cream"}), (SECOND, "reject", {"scar_id": 1}))
    result = run(study)
    row = photo(result, SECOND)
    assert (row["status"], row["n_scars"]) == ("excluded", pytest.approx(np.nan, nan_ok=True))
    assert result.changes.empty
    (failure,) = result.failures.to_dict(orient="records")
    assert (failure["path"], failure["stage"]) == (SECOND, "review")
    assert failure["error"] == "Excluded by review (AB): hand cream"
    assert not (study / f"out/masks/{SECOND}.png").exists()
    assert told(study)["left"] == [
        {"path": SECOND, "what": "reject scar 1", "why": "the photo is excluded"}
    ]
    response = response_table(read_study(study / "out"))
    assert response[["followup", "reasons"]].values.tolist() == [[SECOND, "PHOTO_EXCLUDED"]]
    assert "excluded by review" in exclusions(response)["meaning"][0]


def test_pictures_of_an_excluded_baseline_are_gone_with_it(study):
    """Those of a pair show the baseline too, and lie with the later photo."""
    run(study, layers=LAYERS)
    first, second = (layers_of(study / "out", path) for path in (FIRST, SECOND))
    assert (second / "pair-before.webp").is_file()
    decide(study, (FIRST, "exclude", {}))
    run(study, layers=LAYERS)
    assert not first.exists()
    assert list(second.glob("pair*")) == []
    assert (second / "photo.webp").is_file()
    (study / "out" / "review.json").unlink()
    run(study, layers=LAYERS)
    assert (second / "pair.json").is_file()
    run(study, layers=LAYERS, compare=False)  # keeps no comparison
    assert list(second.glob("pair*")) == []


def test_an_excluded_baseline_does_not_move_the_baseline(study):
    decide(study, (FIRST, "exclude", {}))
    result = run(study)
    assert result.changes.empty
    assert result.failures["path"].tolist() == [FIRST, SECOND]
    assert set(result.failures["stage"]) == {"review"}
    assert f"It was not compared with {FIRST}" in result.failures["error"][1]
    response = response_table(read_study(study / "out"))
    assert response[["baseline", "reasons"]].values.tolist() == [[FIRST, "BASELINE_EXCLUDED"]]
    counts = json.loads((study / "out/provenance.json").read_text())["counts"]
    assert (counts["ok"], counts["failed"], counts["excluded"]) == (2, 0, 1)


def test_provenance_tells_who_decided_what(study):
    decide(
        study,
        (FIRST, "reject", {"scar_id": 3}),
        (FIRST, "reject", {"scar_id": 77, "by": "CD"}),
        (OTHER, "reject", {"scar_id": 1, "sha256": "0" * 64}),
    )
    result = run(study)
    review = told(study)
    data = (study / "out/review.json").read_bytes()
    assert (review["file"], review["sha256"]) == ("review.json", hashlib.sha256(data).hexdigest())
    assert review["reviewers"] == ["AB", "CD"]
    assert (review["decisions"]["reject"], review["applied"]["reject"]) == (3, 1)
    whys = {each["what"]: each["why"] for each in review["left"]}
    assert whys == {
        "reject scar 77": "no such scar is there any more",
        "reject scar 1": "the photo's bytes are others now",
    }
    assert any("2 decision(s) could not be applied" in note for note in result.notes)
    # What was kept is told again.
    assert run(study).kept == 3
    assert told(study) == review


def test_a_file_can_be_given_and_comes_before_the_folders_own(study):
    decide(study, (FIRST, "exclude", {}))
    decide(study, (FIRST, "reject", {"scar_id": 1}), name="other.json")
    result = run(study, review=study / "other.json")
    assert photo(result, FIRST)["status"] == "ok"
    assert told(study)["file"] == "other.json"
    with pytest.raises(ReviewError, match="gone"):
        run(study, review=study / "gone.json")


def test_a_damaged_review_stops_the_run_before_anything_is_changed(study):
    before = tables(study)
    (study / "out/review.json").write_text("{", encoding="utf-8")
    with pytest.raises(ReviewError, match="JSON"):
        run(study)
    assert tables(study) == before


def test_a_photo_of_another_folder_is_left(study):
    decide(study, (FIRST, "exclude", {}))
    shutil.rmtree(study / "photos/P01")
    manifest = study / "photos/manifest.csv"
    lines = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join([lines[0], lines[3]]))
    run(study)
    assert told(study)["left"][0]["why"] == "there is no such photo to be read"


# --- compared -------------------------------------------------------------------------------------


def test_what_is_rejected_at_baseline_counts_in_neither_photo(scored, study):
    was, followed = burden(scored), set(scored.scar_changes["before_id"].dropna())
    number = max(followed)
    decide(study, (FIRST, "reject", {"scar_id": int(number)}))  # found by its number alone
    result = run(study)
    assert set(result.scar_changes["before_id"].dropna()) == followed - {number}
    now = burden(result)
    assert 0 < now["before"] < was["before"]
    lost = was["before"] - now["before"]
    share = scars(scored, FIRST).loc[number, "volume_mm3"] * 1000 / now_area(result)
    assert 0.9 * share < lost < 1.25 * share  # what is faint about it goes, too


def now_area(result):
    return result.changes.set_index("measure").loc["roi_area_mm2", "before"]


def test_what_is_added_counts_in_both_photos(scored, study):
    decide(study, (FIRST, "add", {"type": "boxcar", "outline": FREE}))
    result = run(study)
    new = result.scar_changes[result.scar_changes["before_id"] == 4]
    assert len(new) == 1
    count = result.changes.set_index("measure").loc["n_scars", ["before", "after"]]
    was = scored.changes.set_index("measure").loc["n_scars", ["before", "after"]]
    # This place has no depth in either photo, so that it has not healed.
    assert (count - was).tolist() == [1, 1]


def test_an_edit_that_meets_no_scar_leaves_a_comparison_as_it_was(rendered):
    photos = [read_photo(r.rgb, mm_per_px=r.mm_per_px, name="x") for r in rendered]
    nothing = Edit("reject", None, "", FREE)
    plain = compare(*photos, refuse=False)
    edited = compare(*photos, refuse=False, edits_before=[nothing], edits_after=[nothing])
    pd.testing.assert_frame_equal(plain.measures, edited.measures, check_exact=True)
    pd.testing.assert_frame_equal(plain.scars, edited.scars, check_exact=True)
    assert plain.reading.before.review is None


def test_the_batchs_own_comparer_knows_regions_and_edits(study):
    edits = Edits((Edit("reject", 1),), HALF)
    digest = hashlib.sha256((study / "photos" / FIRST).read_bytes()).hexdigest()
    shot = Shot(FIRST, study / "photos" / FIRST, digest, edits=edits)
    skin = _skin(shot, Params())
    assert skin.region_source == "mask"
    assert skin.region.mean() == pytest.approx(0.5, abs=0.02)
    change = compare_files(shot, shot, days=(math.nan, math.nan), error=None, params=Params())
    assert change.names == (FIRST, FIRST)


# --- without rooms before it ----------------------------------------------------------------------


def test_the_command_applies_decisions_and_ends_well(tmp_path, monkeypatch, capsys):
    folder = make_study(tmp_path / "photos")
    monkeypatch.setattr("scarscope.batch.folder.score_file", fake_scorer)
    monkeypatch.setattr("scarscope.api.write_overlay", fake_painter)
    real = batch.score_folder
    fakes = {"scorer": fake_scorer, "comparer": fake_comparer, "layers": None}
    monkeypatch.setattr(batch, "score_folder", lambda *a, **k: real(*a, **{**k, **fakes}))
    for file in folder.rglob("*.jpg"):
        file.write_text(f"good 20 {file.parent}", encoding="utf-8")
    decide(tmp_path, ("P01/s1/left.jpg", "exclude", {"reason": "blurred"}), name="mine.json")
    arguments = ["batch", str(folder), "--workers", "1", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--review", str(tmp_path / "mine.json")]) == 0
    printed = capsys.readouterr()
    assert "3 photo(s) scored, 0 failed, 1 excluded by review" in printed.out
    assert "mine.json: 1 photo(s) excluded, decided by AB." in printed.err
    assert "Excluded by review (AB): blurred" in printed.err
    decide(tmp_path, ("P01/s1/left.jpg", "exclude", {}), name="out/review.json")
    assert main(arguments) == 0
    assert "Note: review.json: 1 photo(s) excluded" in capsys.readouterr().err
    (tmp_path / "out/review.json").write_text("[]", encoding="utf-8")
    assert main(arguments) == 1
    assert "holds no decisions of a review" in capsys.readouterr().err
