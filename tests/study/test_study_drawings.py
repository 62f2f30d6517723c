"""Drawings on blinded pictures come back under the photos' names, at the photos' size."""

import base64
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rater_fakes import make_batch

from scarscope.errors import ParamsError, StudyError
from scarscope.study.raters.blinding import blind
from scarscope.study.raters.drawings import COLUMNS, unblind_masks
from scarscope.validation import compare_raters, open_folder

WIDTH, HEIGHT = 80, 70


@pytest.fixture
def study(tmp_path):
    """A batch of eight photos, two of them shown twice, and its key."""
    photos, results = make_batch(tmp_path)
    done = blind(results, photos, tmp_path / "for-raters", repeats=2)
    return results, done.key


def mask_of(item, size=(WIDTH, HEIGHT)):
    """White where this picture's one scar is: another place in every photo."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    at = 5 + 6 * (hash_of(item.path) % 8)
    mask[at : at + 6, 10 : 20 + 2 * item.repeat] = 255
    picture = Image.fromarray(mask)
    return picture if size == (WIDTH, HEIGHT) else picture.resize(size, Image.Resampling.NEAREST)


def hash_of(path):
    return int(path.split("/")[0][-2:]) * 2 + int(path.split("/")[1][6])


def draw_masks(key, place, size=(WIDTH, HEIGHT), ending=""):
    place.mkdir()
    for item in key.items:
        mask_of(item, size).save(place / f"{item.code}{ending}.png")
    return place


def labelme_of(item, scale=1.0, **more):
    points = [[10, 10], [30, 10], [30, 20 + hash_of(item.path)], [10, 20]]
    return {
        "version": "5.5.0",
        "flags": {},
        "shapes": [
            {"label": "boxcar", "points": [[scale * x, scale * y] for x, y in points],
             "shape_type": "polygon", "flags": {}}
        ],
        "imagePath": f"..\\anna's desk\\{item.code}.png",
        "imageData": base64.b64encode(b"the picture itself").decode(),
        "imageHeight": round(scale * HEIGHT),
        "imageWidth": round(scale * WIDTH),
        **more,
    }  # fmt: skip


def draw_labelme(key, place, **more):
    place.mkdir(exist_ok=True)
    for item in key.items:
        (place / f"{item.code}.json").write_text(json.dumps(labelme_of(item, **more)))
    return place


def test_masks_bear_the_photos_names_and_fit_them(study, tmp_path):
    results, key = study
    done = unblind_masks(results, [draw_masks(key, tmp_path / "anna")], tmp_path / "out")
    assert list(done.to_frame()) == list(COLUMNS)
    assert [f.name for f in done.folders] == ["anna", "anna-again"]
    own = {item.path: item for item in key.items if item.repeat == 1}
    found = open_folder(tmp_path / "out" / "anna")
    assert sorted(found.names) == sorted(own)
    for path, item in own.items():
        drawing = found.read(path, mm_per_px=0.5, shape=(HEIGHT, WIDTH))
        assert np.array_equal(drawing.labels > 0, np.asarray(mask_of(item)) > 0)
    assert done.notes == ()


def test_what_was_shown_twice_is_kept_apart_and_compares(study, tmp_path):
    results, key = study
    drawn = [draw_masks(key, tmp_path / name) for name in ("anna", "ben")]
    done = unblind_masks(results, drawn, tmp_path / "out")
    twice = {item.path for item in key.items if item.repeat == 2}
    again = tmp_path / "out" / "anna-again"
    assert set(open_folder(again).names) == twice
    # Scales of the photos are known, so that none has to be stated; the second masks are wider.
    found = compare_raters([tmp_path / "out" / "anna", again])
    assert (len(found.counts), found.pairs["n_both"].item()) == (2, 2)
    assert 0.8 < found.pairs["dice"].item() < 1
    same = compare_raters([tmp_path / "out" / name for name in ("anna", "ben")])
    assert same.pairs["dice"].item() == 1
    assert len(same.counts) == 8
    assert done.table["rater"].value_counts().to_dict() == {"anna": 10, "ben": 10}


def test_labelme_names_the_photo_and_loses_the_picture(study, tmp_path):
    results, key = study
    done = unblind_masks(results, [draw_labelme(key, tmp_path / "anna")], tmp_path / "out")
    assert set(done.table["kind"]) == {"labelme"}
    found = open_folder(tmp_path / "out" / "anna")
    for item in key.items:
        if item.repeat == 2:
            continue
        file = tmp_path / "out" / "anna" / item.path.replace(".png", ".json")
        told = json.loads(file.read_text())
        assert told["imagePath"] == "cheek-left.png"
        assert told["imageData"] is None
        assert told["shapes"] == labelme_of(item)["shapes"]
        assert "desk" not in file.read_text()
        name = found.find(item.path)
        drawing = found.read(name, mm_per_px=0.5, shape=(HEIGHT, WIDTH))
        assert drawing.table["type"].tolist() == ["boxcar"]


@pytest.mark.parametrize(("scale", "told"), [(0.5, "0.5"), (2.0, "2")])
def test_drawings_on_resized_pictures_are_brought_back(study, tmp_path, scale, told):
    results, key = study
    size = (int(scale * WIDTH), int(scale * HEIGHT))
    draw_masks(key, tmp_path / "anna", size)
    draw_labelme(key, tmp_path / "ben", scale=scale)
    done = unblind_masks(results, [tmp_path / "anna", tmp_path / "ben"], tmp_path / "out")
    assert done.notes[0].startswith(f"10 drawings by anna were made on pictures of {told} times")
    assert (done.table["scaled"] == 1 / scale).all()
    item = next(item for item in key.items if item.repeat == 1)
    with Image.open(tmp_path / "out" / "anna" / f"{item.path}.png") as image:
        assert image.size == (WIDTH, HEIGHT)
        apart = (np.asarray(image) > 0) != (np.asarray(mask_of(item)) > 0)
        assert apart.mean() < (0.02 if scale < 1 else 1e-9)
        assert set(np.unique(np.asarray(image))) == {0, 255}
    file = tmp_path / "out" / "ben" / item.path.replace(".png", ".json")
    content = json.loads(file.read_text())
    assert content["shapes"][0]["points"] == labelme_of(item)["shapes"][0]["points"]
    assert (content["imageWidth"], content["imageHeight"]) == (WIDTH, HEIGHT)


def test_a_rounded_side_is_no_other_picture(study, tmp_path):
    results, key = study
    draw_masks(key, tmp_path / "anna", (33, 29))  # 28.875
    done = unblind_masks(results, [tmp_path / "anna"], tmp_path / "out")
    assert done.table["scaled"].iloc[0] == pytest.approx(80 / 33)


def test_pictures_beside_their_drawings_are_left_alone(study, tmp_path):
    results, key = study
    place = draw_labelme(key, tmp_path / "anna")
    for file in (tmp_path / "for-raters" / "pictures").iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    (place / "scores.csv").write_text("code\n")
    (place / ".hidden.png").write_text("")
    done = unblind_masks(results, [place], tmp_path / "out")
    assert set(done.table["kind"]) == {"labelme"}
    # Nothing was drawn in one of them, of which LabelMe saves nothing.
    (place / f"{key.items[0].code}.json").unlink()
    with pytest.raises(StudyError, match=f"{key.items[0].code} has no drawing"):
        unblind_masks(results, [place], tmp_path / "other")
    less = unblind_masks(results, [place], tmp_path / "other", allow_missing=True)
    assert len(less.table) == 9
    assert "anna drew in 9 of 10 pictures" in less.notes[0]


def test_endings_of_drawing_programs_and_small_letters_are_understood(study, tmp_path):
    results, key = study
    draw_masks(key, tmp_path / "anna", ending="_mask")
    for file in sorted((tmp_path / "anna").iterdir())[:3]:
        file.rename(file.with_name(file.name.lower()))
    assert len(unblind_masks(results, [tmp_path / "anna"], tmp_path / "out").table) == 10


def test_every_file_that_does_not_fit_is_named(study, tmp_path):
    results, key = study
    place = draw_masks(key, tmp_path / "anna")
    codes = [item.code for item in key.items]
    Image.new("L", (70, 80)).save(place / f"{codes[0]}.png")
    (place / f"{codes[1]}.png").write_text("no picture")
    (place / f"{codes[2]}.json").write_text(json.dumps(labelme_of(key.items[2])))
    (place / f"{codes[3]}.png").unlink()
    (place / f"{codes[3]}.json").write_text("[1]")
    (place / f"{codes[4]}.png").unlink()
    mask_of(key.items[4]).save(place / "left.png")
    with pytest.raises(StudyError) as raised:
        unblind_masks(results, [place], tmp_path / "out")
    for words in (
        f"{codes[0]}.png is 70 x 80 pixels, its picture 80 x 70: it was cropped or turned",
        f"{codes[1]}.png is not a readable picture",
        f"{codes[2]}.json and {codes[2]}.png are both of {codes[2]}",
        f"{codes[3]}.json is not a file of LabelMe",
        f"{codes[4]} has no drawing",
        "left.png is called after no code",
    ):
        assert words in raised.value.message
    assert not (tmp_path / "out").exists()


def test_the_pictures_themselves_are_no_drawings(study, tmp_path):
    results, _ = study
    with pytest.raises(StudyError, match="coloured pictures and no masks"):
        unblind_masks(
            results, [tmp_path / "for-raters" / "pictures"], tmp_path / "out", allow_missing=True
        )


def test_a_mask_within_labelme_cannot_be_resized(study, tmp_path):
    results, key = study
    shapes = [{"label": "", "points": [[1, 1], [3, 3]], "shape_type": "mask", "mask": "iVBOR"}]
    draw_labelme(key, tmp_path / "anna", scale=0.5, shapes=shapes)
    with pytest.raises(StudyError, match="is not a file of LabelMe"):
        unblind_masks(results, [tmp_path / "anna"], tmp_path / "out")


def test_drawings_are_never_mixed_with_others(study, tmp_path):
    results, key = study
    place = draw_masks(key, tmp_path / "anna")
    unblind_masks(results, [place], tmp_path / "out")
    unblind_masks(results, [place], tmp_path / "out")  # the same again is no other
    for file in place.iterdir():
        file.unlink()
    draw_labelme(key, place)
    with pytest.raises(ParamsError, match="which these drawings do not replace"):
        unblind_masks(results, [place], tmp_path / "out")
    with pytest.raises(ParamsError, match="lies in the rater's own folder"):
        unblind_masks(results, [place], place / "out")
    with pytest.raises(ParamsError, match="is not a folder"):
        unblind_masks(results, [place / f"{key.items[0].code}.json"], tmp_path / "new")
    (tmp_path / "anna-masks").mkdir()
    with pytest.raises(ParamsError, match="both by the rater anna"):
        unblind_masks(results, [place, tmp_path / "anna-masks"], tmp_path / "new")


def test_a_rater_is_not_called_as_a_second_look_is(study, tmp_path):
    results, key = study
    places = [draw_masks(key, tmp_path / name) for name in ("anna", "anna-again")]
    with pytest.raises(ParamsError, match="anna-again stands for pictures shown twice"):
        unblind_masks(results, places, tmp_path / "out")


def test_photos_that_differ_in_their_suffix_alone_keep_it(study, tmp_path):
    results, key = study
    table = pd.read_csv(results / "photos.csv", dtype="str")
    paths = sorted(set(table["path"]))
    new = {paths[0]: "a/left.jpg", paths[1]: "a/left.png"}
    table["path"] = table["path"].replace(new)
    table.to_csv(results / "photos.csv", index=False)
    key_file = next((results / "blinding").iterdir())
    text = key_file.read_text()
    for old, name in new.items():
        text = text.replace(old, name)
    key_file.write_text(text)
    unblind_masks(results, [draw_labelme(key, tmp_path / "anna")], tmp_path / "out")
    names = {file.name for file in (tmp_path / "out" / "anna" / "a").iterdir()}
    assert names == {"left.jpg.json", "left.png.json"}
