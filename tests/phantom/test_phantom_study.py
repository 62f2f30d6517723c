import io
import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scarscope.errors import ParamsError
from scarscope.phantom import Material, random_face, render
from scarscope.phantom.camera import jpeg_bytes
from scarscope.phantom.head import EYE_Y_MM, IRIS_MM, make_head
from scarscope.phantom.noise import Grid
from scarscope.phantom.samples import TONES_DEG, differences, main, sample_visits
from scarscope.phantom.scars import TRUTH_COLUMNS
from scarscope.phantom.study import plan_study, write_study, write_visits

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
SMALL = {"view_mm": (10.0, 8.0), "mm_per_px": 0.1}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    out = tmp_path_factory.mktemp("phantom") / "Studie ü"
    write_study(out, subjects=1, sessions=2, seed=7, **SMALL)
    return out


def test_the_sample_studys_page_tells_its_true_burdens():
    truth = pd.read_csv(SAMPLES / "truth" / "photos.csv")
    page = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for subject in ("P01", "P02", "P03"):
        own = truth["path"].str.match(rf"{subject}/[^/]+/left\.jpg")
        told = ", ".join(f"{burden:.1f}" for burden in truth.loc[own, "burden_um"])
        assert re.search(rf"\| {subject} \| [^|]* \| {re.escape(told)} \|", page), (subject, told)


def test_a_study_has_the_contracts_layout(study):
    manifest = pd.read_csv(study / "manifest.csv")
    assert manifest["path"].tolist() == [
        "P01/2026-01-12/left.jpg",
        "P01/2026-01-12/left_retest.jpg",
        "P01/2026-02-23/left.jpg",
    ]
    assert manifest["kind"].tolist() == ["session", "retest", "session"]
    assert manifest["session"].tolist() == [0, 0, 1]
    assert manifest["treated_on"].fillna("").tolist() == ["", "", "2026-01-12"]
    assert (manifest["mm_per_px"] == 0.1).all()
    for path in manifest["path"]:
        with Image.open(study / path) as image:
            assert image.size == (100, 80)
    assert not list(study.rglob("*.tmp"))


def test_stored_truth_is_the_rendered_truth(study):
    visit = plan_study(subjects=1, sessions=2, seed=7, **SMALL)[0]
    photo = render(visit.recipe)
    depth = np.asarray(Image.open(study / "truth" / "depth" / f"{visit.path}.png"))
    labels = np.asarray(Image.open(study / "truth" / "masks" / f"{visit.path}.png"))
    assert depth == pytest.approx(photo.depth_mm * 1000, abs=0.51)
    assert np.array_equal(labels, photo.labels)
    photos = pd.read_csv(study / "truth" / "photos.csv").set_index("path")
    assert photos.loc[visit.path, "burden_um"] == pytest.approx(photo.burden_um, rel=1e-5)
    scars = pd.read_csv(study / "truth" / "scars.csv")
    assert tuple(scars.columns) == ("path", *TRUTH_COLUMNS)
    assert (scars["path"] == visit.path).sum() == len(photo.table)


def test_treatment_makes_scars_shallower_and_retests_do_not():
    before, retest, *_, after = plan_study(subjects=1, sessions=4, seed=5, **SMALL)
    depths = [
        sum(s.depth_mm * s.remaining for s in v.recipe.skin.scars) for v in (before, retest, after)
    ]
    assert depths[0] == depths[1]
    assert depths[2] < 0.8 * depths[0]
    assert before.recipe.skin == retest.recipe.skin
    assert before.recipe.pose != retest.recipe.pose


def test_a_non_responder_does_not_change():
    visits = [v for v in plan_study(subjects=3, sessions=3, seed=5, **SMALL) if v.subject == "P03"]
    assert all(s.remaining == 1 for v in visits for s in v.recipe.skin.scars)


def test_another_light_has_its_own_view():
    visits = plan_study(subjects=2, sessions=2, seed=5, other_light="ring", retests=0, **SMALL)
    odd = [v for v in visits if v.notes]
    assert [v.path for v in odd] == ["P02/2026-02-23/left_ring.jpg"]
    assert odd[0].view == "left_ring"
    assert len({v.path for v in visits}) == len(visits) == 5


def test_a_study_without_scars_keeps_its_columns(tmp_path):
    visit = plan_study(subjects=1, sessions=1, seed=1, retests=0, view_mm=(4.0, 4.0))[0]
    bare = _without_scars(visit)
    write_visits(tmp_path, [bare])
    scars = pd.read_csv(tmp_path / "truth" / "scars.csv")
    assert tuple(scars.columns) == ("path", *TRUTH_COLUMNS)
    assert len(scars) == 0


def _without_scars(visit):
    recipe = replace(visit.recipe, skin=replace(visit.recipe.skin, scars=()))
    return replace(visit, recipe=recipe)


def test_truth_can_be_left_out_or_put_elsewhere(tmp_path):
    seen = []
    options = {"subjects": 1, "sessions": 1, "seed": 2, "view_mm": (4.0, 4.0), "mm_per_px": 0.2}
    write_study(tmp_path / "a", truth=False, progress=lambda *a: seen.append(a), **options)
    write_study(tmp_path / "b", truth=tmp_path / "elsewhere", **options)
    assert not (tmp_path / "a" / "truth").exists()
    assert (tmp_path / "elsewhere" / "scars.csv").is_file()
    assert seen == [(1, 2, "P01/2026-01-12/left.jpg"), (2, 2, "P01/2026-01-12/left_retest.jpg")]


@pytest.mark.parametrize(("name", "value"), [("subjects", 0), ("sessions", 0), ("seed", -1)])
def test_impossible_studies_are_refused(name, value):
    with pytest.raises(ParamsError, match=f"{name} = {value}"):
        plan_study(**{name: value})


def test_samples_are_what_the_stated_command_makes():
    visits = sample_visits()
    assert [v.recipe.skin.tone.ita_deg for v in visits[::4]] == list(TONES_DEG)
    manifest = pd.read_csv(SAMPLES / "manifest.csv", keep_default_na=False)
    assert manifest["path"].tolist() == [v.path for v in visits]
    assert sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file()) <= 8e6
    one = visits[-1]
    again = jpeg_bytes(render(one.recipe).rgb, one.recipe.camera)
    if cv2.__version__.startswith("5."):
        assert again == (SAMPLES / one.path).read_bytes()
    else:  # OpenCV 4 warps with other rounding
        assert np.abs(_codes(again) - _codes((SAMPLES / one.path).read_bytes())).mean() < 1


def _codes(jpeg):
    with Image.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture).astype(float)


def test_check_names_what_differs(tmp_path, monkeypatch, capsys):
    few = plan_study(subjects=1, sessions=1, seed=2, view_mm=(4.0, 4.0), mm_per_px=0.2)
    monkeypatch.setattr("scarscope.phantom.samples.sample_visits", lambda: few)
    assert main(["--out", str(tmp_path)]) == 0
    assert differences(tmp_path) == []
    (tmp_path / "stray.txt").write_text("?", encoding="utf-8")
    (tmp_path / few[0].path).write_bytes(b"spoilt")
    assert main(["--out", str(tmp_path), "--check"]) == 1
    printed = capsys.readouterr().out
    assert "stray.txt" in printed
    assert few[0].path in printed


@pytest.fixture(scope="module")
def face():
    return random_face(2, mm_per_px=0.8, ita_deg=20.0, light="offaxis")


def test_a_face_has_skin_and_things_that_are_not(face):
    assert set(np.unique(face.materials)) == {int(m) for m in Material}
    assert np.array_equal(face.region, face.materials == Material.SKIN)
    assert 0.15 < face.region.mean() < 0.4
    assert (face.labels[~face.region] == 0).all()
    assert (face.depth_mm[~face.region] == 0).all()
    assert len(face.table) > 5


def test_an_iris_has_its_size():
    grid = Grid.covering((100.0, 90.0), 0.25)
    head = make_head(grid, 2)
    row = int(np.abs(grid.y - EYE_Y_MM).argmin())
    left = (head.materials[row] == Material.EYE) & (grid.x < 0) & (head.paint[0, row] < 0.3)
    across = grid.x[left].max() - grid.x[left].min() + 0.25
    assert across == pytest.approx(IRIS_MM, abs=0.5)


def test_recipes_are_plain_values():
    visit = plan_study(subjects=1, sessions=1, seed=2)[0]
    text = json.dumps(asdict(visit.recipe.skin), sort_keys=True)
    assert '"ita_deg"' in text
