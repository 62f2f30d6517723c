"""Reading what people drew: masks, LabelMe, COCO, folders; and what is refused."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scarscope.errors import LayoutError, ScarScopeError
from scarscope.validation import open_folder, read_drawing
from scarscope.validation.drawings import coco, labelme
from scarscope.validation.folder import stem
from scarscope.validation.outlines import run_lengths, to_run_lengths

SHAPE = (40, 60)


def two_squares(dtype=np.uint8, values=(1, 2)):
    image = np.zeros(SHAPE, dtype)
    image[5:10, 5:10], image[20:30, 40:50] = values
    return image


def save(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image, **options).save(path)
    return path


@pytest.mark.parametrize("white", [1, 255])
def test_black_and_white_masks_are_cut_into_patches(tmp_path, white):
    path = save(tmp_path / "ä.png", two_squares(values=(white, white)))
    drawing = read_drawing(path, shape=SHAPE)
    assert np.bincount(drawing.labels.ravel()).tolist()[1:] == [25, 100]


def test_one_bit_masks_work(tmp_path):
    Image.fromarray(two_squares() > 0).save(tmp_path / "a.png")
    assert read_drawing(tmp_path / "a.png").labels.max() == 2


def test_sixteen_bits_keep_their_numbers(tmp_path):
    path = save(tmp_path / "a.png", two_squares(np.uint16, (7, 300)))
    assert np.unique(read_drawing(path).labels).tolist() == [0, 7, 300]
    # One scar in two pieces stays one scar: a number is a scar.
    path = save(tmp_path / "b.png", two_squares(np.uint16, (3, 3)))
    assert np.unique(read_drawing(path).labels).tolist() == [0, 3]


def test_palettes_and_counted_greys_are_numbers(tmp_path):
    image = Image.fromarray(two_squares())
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "p.png")
    assert np.unique(read_drawing(tmp_path / "p.png").labels).tolist() == [0, 1, 2]
    path = save(tmp_path / "g.png", two_squares())
    assert np.unique(read_drawing(path).labels).tolist() == [0, 1, 2]


def test_smoothed_masks_are_refused(tmp_path):
    path = save(tmp_path / "a.png", two_squares(values=(128, 255)))
    with pytest.raises(LayoutError, match="levels of grey"):
        read_drawing(path)


def test_an_empty_mask_is_no_scar(tmp_path):
    path = save(tmp_path / "a.png", np.zeros(SHAPE, np.uint8))
    assert read_drawing(path).labels.max() == 0


def test_a_mask_of_another_size_is_refused(tmp_path):
    path = save(tmp_path / "a.png", two_squares())
    with pytest.raises(LayoutError, match="60 x 40 pixels, the upright photo 61 x 40"):
        read_drawing(path, shape=(40, 61))


def labelme_document(*shapes, size=SHAPE):
    return {"imageHeight": size[0], "imageWidth": size[1], "shapes": list(shapes)}


def test_labelme_shapes_are_scars_with_types():
    drawing = labelme(
        labelme_document(
            {"label": "icepick", "points": [[5, 5], [10, 5], [10, 10], [5, 10]]},
            {"label": "rolling", "shape_type": "rectangle", "points": [[40, 20], [50, 30]]},
            {"label": "", "shape_type": "circle", "points": [[25, 15], [28, 15]]},
        ),
        "a.json",
    )
    areas = np.bincount(drawing.labels.ravel()).tolist()
    assert areas[1] == 25
    assert areas[2] == 100
    assert areas[3] == pytest.approx(np.pi * 9, rel=0.15)
    assert drawing.types == {1: "icepick", 2: "rolling"}


def test_outlines_lie_where_the_photos_corner_says():
    labels = labelme(
        labelme_document({"points": [[0, 0], [3.6, 0], [3.6, 2.4], [0, 2.4]]}), "a.json"
    ).labels
    assert np.argwhere(labels).max(axis=0).tolist() == [1, 3]
    assert labels.sum() == 8


def test_small_scars_lie_over_large_ones():
    inner = {"points": [[20, 15], [25, 15], [25, 20], [20, 20]]}
    outer = {"points": [[10, 5], [40, 5], [40, 30], [10, 30]]}
    for shapes in ((inner, outer), (outer, inner)):
        labels = labelme(labelme_document(*shapes), "a.json").labels
        assert sorted(np.unique(labels).tolist()) == [0, 1, 2]
        assert min(np.bincount(labels.ravel())[1:]) == 25


@pytest.mark.parametrize(
    "shape",
    [
        None,
        {"points": []},
        {"points": [[1, 2], [3, 4]]},
        {"points": [[1, 2], [3, float("nan")], [5, 5]]},
        {"points": [[1, 2], [3, 1e300], [5, 5]]},
        {"shape_type": "line", "points": [[1, 2], [3, 4]]},
        {"shape_type": "circle", "points": [[1, 2]]},
        {"points": "abc"},
        {"points": {"a": 1}},
    ],
)
def test_labelme_outlines_that_cannot_be_used_are_named(shape):
    with pytest.raises(LayoutError, match=r"a\.json holds an outline"):
        labelme(labelme_document(shape), "a.json")


@pytest.mark.parametrize("size", [(None, 5), (0, 5), (5, True), ("5", 5), (10**7, 5)])
def test_labelme_needs_the_photos_size(size):
    with pytest.raises(LayoutError, match=r"a\.json"):
        labelme(labelme_document(size=size), "a.json")
    assert labelme({"shapes": []}, "a.json", shape=SHAPE).labels.shape == SHAPE


def coco_document(*annotations, **image):
    return {
        "images": [{"id": 1, "file_name": "P/a.jpg", "height": 40, "width": 60, **image}],
        "annotations": [{"image_id": 1, "category_id": 4, **a} for a in annotations],
        "categories": [{"id": 4, "name": "boxcar"}],
    }


def test_coco_polygons_and_run_lengths():
    mask = two_squares() == 2
    rle = {"size": list(SHAPE), "counts": to_run_lengths(mask)}
    found = coco(
        coco_document({"segmentation": [[5, 5, 10, 5, 10, 10, 5, 10]]}, {"segmentation": rle}), "c"
    )
    drawing = found["P/a.jpg"]
    assert np.bincount(drawing.labels.ravel()).tolist()[1:] == [25, 100]
    assert ((drawing.labels == 2) == mask).all()
    assert drawing.types == {1: "boxcar", 2: "boxcar"}


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ({"size": [40, 60], "counts": "abc"}, "compressed"),
        ({"size": [40, 60], "counts": [1, 2]}, "do not fill"),
        ({"size": [40, 60], "counts": [2400.0]}, "do not fill"),
        ({"size": [40, 60], "counts": [-1, 2401]}, "do not fill"),
        ({"size": [60, 40], "counts": [2400]}, "size"),
        ([], "outline"),
        ([[1, 2, 3]], "outline"),
        (None, "outline"),
    ],
)
def test_coco_segmentations_that_cannot_be_used_are_named(segmentation, said):
    with pytest.raises(LayoutError, match=said):
        coco(coco_document({"segmentation": segmentation}), "c.json")


@given(st.binary(max_size=60).map(lambda b: np.frombuffer(b, np.uint8) % 2 == 1))
def test_run_lengths_round_trip(flat):
    for shape in ((1, flat.size), (flat.size, 1)):
        mask = flat.reshape(shape)
        region = run_lengths(to_run_lengths(mask), shape)
        assert (region(shape) == mask).all()


_KEYS = (
    "images annotations categories segmentation counts size id image_id file_name height width "
    "shapes points label imageHeight imageWidth shape_type"
)
_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_json = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_KEYS.split()), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(_json)
@settings(max_examples=150)
def test_whatever_stands_in_a_json_file_is_read_or_refused(document):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        for read in (open_folder, lambda _: read_drawing(path, shape=(4, 4))):
            with contextlib.suppress(ScarScopeError):
                read(folder)


@given(st.lists(st.tuples(*[st.floats(-20, 80)] * 2), min_size=3, max_size=8))
def test_any_polygon_is_painted(points):
    drawing = labelme(labelme_document({"points": [list(p) for p in points]}), "a.json")
    assert drawing.labels.shape == SHAPE
    assert set(np.unique(drawing.labels)) <= {0, 1}


def test_stems():
    assert stem("P01/s0/left.jpg.png") == stem("P01\\s0\\left.jpg") == stem("P01/s0/left")
    assert stem("left.v2.png") == "left.v2"
    assert stem(".png") == ".png"


def test_a_folder_of_drawings_finds_photos_by_name(tmp_path):
    save(tmp_path / "P1" / "left.png", two_squares())
    (tmp_path / "P2").mkdir()
    document = labelme_document({"label": "boxcar", "points": [[5, 5], [9, 5], [9, 9]]})
    (tmp_path / "P2" / "left.jpg.json").write_text(json.dumps(document), encoding="utf-8")
    save(tmp_path / ".hidden" / "x.png", two_squares())
    folder = open_folder(tmp_path)
    assert folder.names == ["P1/left", "P2/left.jpg"]
    assert folder.find("P1/left.jpg") == "P1/left"
    assert folder.find("P2/left.jpg") == "P2/left.jpg"
    assert folder.find("P3/left.jpg") is None
    assert folder.find("left.jpg") is None  # which of the two?
    assert len(folder.read("P1/left", mm_per_px=0.1)) == 2
    assert folder.read("P2/left.jpg", mm_per_px=0.1).table["type"].tolist() == ["boxcar"]


def test_a_flat_folder_stands_for_photos_in_folders(tmp_path):
    save(tmp_path / "left.png", two_squares())
    found = open_folder(tmp_path)
    assert found.find("P1/s0/left.jpg") == "left"
    # One drawing is that of one photo: which, nobody knows.
    with pytest.raises(LayoutError, match=r"left of .* 2 photos: P1/s0/left.jpg, P2/s0/left.jpg"):
        found.find_each(["P1/s0/left.jpg", "P2/s0/left.jpg", "P2/s0/right.jpg"])
    assert found.find_each(["left.jpg", "P2/s0/left.jpg"]) == {
        "left.jpg": "left",
        "P2/s0/left.jpg": None,
    }


def test_a_coco_file_stands_for_a_folder(tmp_path):
    path = tmp_path / "all.json"
    document = coco_document({"segmentation": [[5, 5, 9, 5, 9, 9]]})
    path.write_text(json.dumps(document), encoding="utf-8")
    folder = open_folder(path)
    assert folder.find("P/a.jpg") == "P/a.jpg"
    assert len(folder.read("P/a.jpg", mm_per_px=0.1, shape=SHAPE)) == 1
    with pytest.raises(LayoutError, match="upright photo"):
        folder.read("P/a.jpg", mm_per_px=0.1, shape=(41, 60))


def test_what_is_no_folder_of_drawings_is_refused(tmp_path):
    with pytest.raises(LayoutError, match="no folder"):
        open_folder(tmp_path / "nowhere")
    with pytest.raises(LayoutError, match="no drawing"):
        open_folder(tmp_path)
    save(tmp_path / "a.png", two_squares())
    save(tmp_path / "a.tif", two_squares())
    with pytest.raises(LayoutError, match="Two files"):
        open_folder(tmp_path)


def test_what_is_no_drawing_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    with pytest.raises(LayoutError, match="readable"):
        read_drawing(tmp_path / "a.png")
    with pytest.raises(LayoutError, match="cannot be read"):
        read_drawing(tmp_path / "b.png")
    (tmp_path / "c.txt").write_text("x", encoding="utf-8")
    with pytest.raises(LayoutError, match="not a drawing"):
        read_drawing(tmp_path / "c.txt")
