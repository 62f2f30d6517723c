"""From a file to its numbers."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from scarscope.errors import ParamsError, PhotoError
from scarscope.flags import Flag
from scarscope.measures import score
from scarscope.params import Params, SkinParams
from scarscope.photo import read_photo


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(3)
    pixels = np.array([196, 150, 128]) + rng.normal(0, 3, (160, 200, 1))
    path = tmp_path / "皮肤 a.png"
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def segmenter(make_scars):
    class Hand:
        name = "hand"

        def __call__(self, skin):
            return make_scars(skin, [(50, 50, 10, 0.2, "boxcar")])

    return Hand()


WHOLE = np.ones((160, 200), bool)


def test_a_path_and_its_photo_score_alike(file, segmenter):
    by_path = score(file, roi=WHOLE, segmenter=segmenter)
    by_text = score(str(file), roi=WHOLE, segmenter=segmenter)
    by_photo = score(read_photo(file), roi=WHOLE, segmenter=segmenter)
    assert by_path.to_frame().equals(by_photo.to_frame())
    assert by_path.to_frame().equals(by_text.to_frame())
    assert by_path.n_scars == 1


def test_a_segmenter_may_be_named(file):
    assert score(file, roi=WHOLE, segmenter="relief").scars.segmenter == "relief"
    assert score(file, roi=WHOLE, segmenter="network").scars.segmenter == "network"
    with pytest.raises(ParamsError, match="segmenter = 'relif'"):
        score(file, roi=WHOLE, segmenter="relif")


def test_an_array_scores_like_its_photo_without_a_scale(file, segmenter):
    with Image.open(file) as picture:
        array = np.asarray(picture)
    found = score(array, roi=WHOLE, segmenter=segmenter)
    assert found.values == pytest.approx(
        score(file, roi=WHOLE, segmenter=segmenter).values, nan_ok=True
    )
    with pytest.raises(PhotoError, match="list"):
        score([1, 2])


def test_a_dictionary_of_parameters_is_refused_with_a_remedy(file):
    with pytest.raises(ParamsError, match="not a Params object") as caught:
        score(file, params={"skin": {"grid_mm": 0.1}})
    assert "from_dict" in caught.value.remedy


def test_results_are_shown_on_one_line_and_as_a_table(file, segmenter):
    found = score(read_photo(file, mm_per_px=0.2), roi=WHOLE, segmenter=segmenter)
    for thing in (found, found.scars, found.skin, found.photo):
        assert file.name in repr(thing)
        assert len(repr(thing)) < 160
        assert "\n" not in repr(thing)
    assert "burden_um" in repr(found)
    assert repr(dataclasses.replace(found, flags=Flag.NONE)).endswith("no flags>")
    assert "burden_um" in found._repr_html_()


def test_a_stated_scale_turns_into_millimetres(file, segmenter):
    found = score(read_photo(file, mm_per_px=0.2), roi=WHOLE, segmenter=segmenter)
    assert found.values["roi_area_mm2"] == pytest.approx(160 * 200 * 0.04)


def test_the_sidecar_names_scale_and_region(file, segmenter):
    half = np.zeros((160, 200), np.uint8)
    half[:, :100] = 255
    Image.fromarray(half).save(file.with_name("roi.png"))
    sidecar = file.with_name(file.name + ".json")
    sidecar.write_text(json.dumps({"mm_per_px": 0.2, "roi": "roi.png"}), encoding="utf-8")
    found = score(file, segmenter=segmenter)
    assert found.values["roi_area_mm2"] == pytest.approx(160 * 100 * 0.04)
    whole = score(file, roi=WHOLE, segmenter=segmenter)
    assert whole.values["roi_area_mm2"] == pytest.approx(160 * 200 * 0.04)


def test_parameters_reach_their_stage(file, segmenter):
    params = Params(skin=SkinParams(grid_mm=0.3))
    photo = read_photo(file, mm_per_px=0.1)
    found = score(photo, roi=WHOLE, params=params, segmenter=segmenter)
    assert found.skin.grid.step == pytest.approx(0.3, rel=0.02)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PhotoError, match=r"nowhere\.jpg"):
        score(tmp_path / "nowhere.jpg")
