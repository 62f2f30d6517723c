"""Regions that people draw: every format, where exactly it lands, and no crash on anything else."""

from __future__ import annotations

import json
import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scarscope.errors import RegionError
from scarscope.photo.model import Photo, Scale
from scarscope.skin import find_skin, read_roi
from scarscope.skin.roi import check_mask

SHAPE = (60, 80)  # height, width


def square(x0, y0, x1, y1):
    """Corners of a closed GeoJSON ring."""
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry):
    return {"type": "Feature", "properties": {"name": "cheek"}, "geometry": geometry}


def labelme(*shapes, **more):
    return {"version": "5.4.1", "shapes": list(shapes), **more}


def labelme_shape(points, kind="polygon"):
    return {"label": "cheek", "points": points, "shape_type": kind, "group_id": None}


def write_json(folder, document, name="roi.json"):
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def read(folder, document, name="roi.json"):
    mask, source = read_roi(write_json(folder, document, name), SHAPE)
    assert source == "polygon"
    assert mask.dtype == bool
    assert mask.shape == SHAPE
    return mask


def box(x0, y0, x1, y1):
    """Pixels whose centres lie in a box, borders included."""
    mask = np.zeros(SHAPE, bool)
    mask[y0 : y1 + 1, x0 : x1 + 1] = True
    return mask


BOX = polygon(square(10, 5, 40, 25))


@pytest.mark.parametrize(
    "document",
    [
        BOX,
        feature(BOX),
        {"type": "FeatureCollection", "features": [feature(BOX)]},
        {"type": "MultiPolygon", "coordinates": [BOX["coordinates"]]},
        polygon(square(10, 5, 40, 25)[:-1]),  # not closed
        polygon(square(10, 5, 40, 25)[::-1]),  # the other way round
        labelme(labelme_shape(square(10, 5, 40, 25)[:-1])),
        labelme({"points": square(10, 5, 40, 25)[:-1]}),  # no shape_type: a polygon
        labelme(labelme_shape([[10, 5], [40, 25]], "rectangle")),
        labelme(labelme_shape([[40, 25], [10, 5]], "rectangle")),
        labelme(labelme_shape([[40, 5], [10, 25]], "rectangle")),
        labelme(labelme_shape([[10, 5], [40, 25]], "rectangle"), imageHeight=60, imageWidth=80),
    ],
)
def test_every_way_to_write_a_box_marks_the_same_pixels(tmp_path, document):
    assert np.array_equal(read(tmp_path, document), box(10, 5, 40, 25))


def test_a_later_ring_is_a_hole(tmp_path):
    mask = read(tmp_path, polygon(square(10, 5, 60, 50), square(20, 15, 40, 35)))
    assert mask[8, 12]
    assert not mask[25, 30]
    assert mask[40, 50]
    assert mask.sum() == pytest.approx(51 * 46 - 20 * 20, abs=90)


def test_a_hole_may_run_either_way_round(tmp_path):
    hole = square(20, 15, 40, 35)
    one = read(tmp_path, polygon(square(10, 5, 60, 50), hole))
    other = read(tmp_path, polygon(square(10, 5, 60, 50), hole[::-1]))
    assert np.array_equal(one, other)


def test_several_polygons_are_added_even_where_they_overlap(tmp_path):
    first, second = square(5, 5, 30, 30), square(20, 20, 50, 50)
    many = {
        "type": "FeatureCollection",
        "features": [feature(polygon(first)), feature(polygon(second))],
    }
    multi = {"type": "MultiPolygon", "coordinates": [[first], [second]]}
    shapes = labelme(labelme_shape(first[:-1]), labelme_shape(second[:-1]))
    wanted = box(5, 5, 30, 30) | box(20, 20, 50, 50)
    for document in (many, multi, shapes):
        assert np.array_equal(read(tmp_path, document), wanted)


def test_a_file_may_be_named_geojson_and_start_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "wange é.geojson"
    path.write_text(json.dumps(BOX), encoding="utf-8-sig")
    assert read_roi(path, SHAPE)[0].sum() == 31 * 21
    assert read_roi(str(path), SHAPE)[0].sum() == 31 * 21


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(20, 60),
    y=st.floats(20, 40),
    radius=st.floats(6, 18),
    angle=st.floats(0, 7),
)
def test_polygons_are_placed_to_a_fraction_of_a_pixel(tmp_path_factory, x, y, radius, angle):
    turns = angle + np.arange(24) * 2 * np.pi / 24
    ring = np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], 1)
    mask = read(tmp_path_factory.mktemp("roi"), polygon(ring.tolist()))
    rows, cols = np.nonzero(mask)
    assert cols.mean() == pytest.approx(x, abs=0.35)
    assert rows.mean() == pytest.approx(y, abs=0.35)
    area = 12 * radius**2 * np.sin(2 * np.pi / 24)
    # Pixels that the outline touches count, so that the area errs outwards, by less than a pixel.
    assert 0 <= mask.sum() - area <= 1.0 * 2 * np.pi * radius


def test_half_a_pixel_decides(tmp_path):
    short = read(tmp_path, polygon(square(10.0, 10.0, 20.4, 20.4)))
    long = read(tmp_path, polygon(square(10.0, 10.0, 20.6, 20.6)))
    assert short[15, 20]
    assert not short[15, 21]
    assert long[15, 21]


def test_what_reaches_over_the_border_is_cut(tmp_path):
    mask = read(tmp_path, polygon(square(-10, -5, 40.0, 30.0)))
    assert np.array_equal(mask, box(0, 0, 40, 30))


def test_what_lies_mostly_outside_the_photo_is_refused(tmp_path):
    with pytest.raises(RegionError, match="mostly outside") as caught:
        read(tmp_path, polygon(square(-500, -500, 40.0, 30.0)))
    assert "upright" in caught.value.remedy
    ring = polygon(square(-10, -10, 40, 30), square(-9, -9, 5, 20))  # the hole lies outside
    assert read(tmp_path, ring).any()


def test_fractions_of_the_picture_are_told_from_pixels(tmp_path):
    with pytest.raises(RegionError, match="fractions of the picture") as caught:
        read(tmp_path, polygon(square(0.1, 0.2, 0.8, 1.0)))
    assert f"x by {SHAPE[1]} and y by {SHAPE[0]}" in caught.value.remedy


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        3,
        "text",
        None,
        {"type": "Point", "coordinates": [3, 4]},
        {"type": "LineString", "coordinates": square(1, 1, 9, 9)},
        {"type": "Feature", "geometry": None},
        {"type": "FeatureCollection", "features": [1]},
        {"type": "FeatureCollection", "features": {}},
        {"type": "FeatureCollection", "features": []},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [3]},
        {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]},
        {"type": "Polygon", "coordinates": [[[1], [3], [4]]]},
        {"type": "Polygon", "coordinates": [["ab", "cd", "ef"]]},
        {"type": "Polygon", "coordinates": [[[1, 2], [3, None], [5, 6]]]},
        {"type": "MultiPolygon", "coordinates": [5]},
        polygon([[1, 1], [1e7, 1], [1, 9]]),
        polygon([[1, 1], [float("inf"), 1], [1, 9]]),
        polygon([[1, 1], [float("nan"), 1], [1, 9]]),
        polygon(square(200, 200, 300, 300)),  # beside the photo
        labelme(),
        {"shapes": 4},
        {"shapes": [4]},
        labelme(labelme_shape([[1, 2], [3, 4]], "circle")),
        labelme(labelme_shape([[1, 2]], "rectangle")),
        labelme(labelme_shape(None)),
        labelme(labelme_shape([[1, 2], [3, 4]])),
        labelme(labelme_shape(square(1, 1, 9, 9)), imageHeight=80, imageWidth=60),
    ],
)
def test_what_marks_no_skin_is_refused_with_the_files_name_and_a_remedy(tmp_path, document):
    with pytest.raises(RegionError, match=r"roi\.json") as caught:
        read_roi(write_json(tmp_path, document), SHAPE)
    assert caught.value.remedy
    assert caught.value.stage == "skin"


def refused_or_mask(path):
    try:
        mask, _ = read_roi(path, SHAPE)
    except RegionError as error:
        return bool(error.remedy)
    return bool(mask.any()) and mask.shape == SHAPE


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([".json", ".geojson", ".png", ".tif", ".bmp"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data, suffix):
    path = tmp_path_factory.mktemp("bytes") / f"roi{suffix}"
    path.write_bytes(data)
    assert refused_or_mask(path)


def png_bytes(array):
    file = BytesIO()
    Image.fromarray(array).save(file, "png")
    return file.getvalue()


WHOLE_PNG = png_bytes(np.where(box(10, 5, 40, 25), 255, 0).astype(np.uint8))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(WHOLE_PNG) - 1), st.binary(min_size=1, max_size=6))
def test_a_damaged_mask_is_read_or_refused(tmp_path_factory, at, junk):
    path = tmp_path_factory.mktemp("png") / "roi.png"
    path.write_bytes(WHOLE_PNG[:at] + junk + WHOLE_PNG[at + len(junk) :])
    assert refused_or_mask(path)
    path.write_bytes(WHOLE_PNG[:at])
    assert refused_or_mask(path)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
words = st.sampled_from(
    ["type", "coordinates", "features", "geometry", "shapes", "points", "shape_type"]
)
kinds = st.sampled_from(
    ["Polygon", "MultiPolygon", "Feature", "FeatureCollection", "polygon", "rectangle"]
)
nodes = st.recursive(
    scalars | kinds | st.lists(st.tuples(st.floats(), st.integers()).map(list), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=15,
)
documents = (
    nodes
    | st.fixed_dictionaries({"type": kinds, "coordinates": nodes})
    | st.fixed_dictionaries({"type": kinds, "features": st.lists(nodes, max_size=3)})
    | st.fixed_dictionaries(
        {
            "shapes": st.lists(
                st.fixed_dictionaries({"points": nodes}, optional={"shape_type": kinds | scalars}),
                max_size=3,
            ),
        },
        optional={"imageHeight": scalars, "imageWidth": scalars},
    )
)


@settings(max_examples=250, deadline=None)
@given(documents)
def test_any_json_is_read_or_refused(tmp_path_factory, document):
    assert refused_or_mask(write_json(tmp_path_factory.mktemp("json"), document))


@pytest.mark.parametrize("depth", [300, 900, 990, 3000, 100_000])
def test_json_nested_too_deep_is_refused(tmp_path, depth):
    (tmp_path / "lists.json").write_text("[" * depth + "]" * depth, encoding="utf-8")
    nested = '{"type":"Feature","geometry":' * depth + "null" + "}" * depth
    (tmp_path / "features.json").write_text(nested, encoding="utf-8")
    for name in ("lists.json", "features.json"):
        with pytest.raises(RegionError):
            read_roi(tmp_path / name, SHAPE)


def save(path, array, **options):
    with path.open("wb") as file:
        Image.fromarray(array).save(file, path.suffix[1:].replace("tif", "tiff"), **options)
    return path


MARKED = box(10, 5, 40, 25)


@pytest.mark.parametrize("name", ["roi.png", "roi.tif", "roi.bmp", "ROI é.PNG"])
def test_mask_pictures_are_read_exactly(tmp_path, name):
    path = tmp_path / name
    with path.open("wb") as file:
        grey = Image.fromarray(np.where(MARKED, 255, 0).astype(np.uint8))
        grey.save(file, {"png": "png", "tif": "tiff", "bmp": "bmp"}[name[-3:].lower()])
    mask, source = read_roi(path, SHAPE)
    assert source == "mask"
    assert np.array_equal(mask, MARKED)


@pytest.mark.parametrize(
    "picture",
    [
        MARKED,  # one bit a pixel
        np.repeat(np.where(MARKED, 255, 0).astype(np.uint8)[..., None], 3, axis=2),
        np.dstack([np.where(MARKED, 255, 0).astype(np.uint8)] * 3 + [np.full(SHAPE, 255, "u1")]),
        np.where(MARKED, 128, 127).astype(np.uint8),  # just more and just less than half of white
    ],
    ids=["1 bit", "RGB", "RGBA", "half"],
)
def test_other_kinds_of_pixels_mean_the_same(tmp_path, picture):
    mask, _ = read_roi(save(tmp_path / "roi.png", picture), SHAPE)
    assert np.array_equal(mask, MARKED)


def test_a_broken_chunk_of_a_png_is_explained(tmp_path):
    data = bytearray(png_bytes(np.where(MARKED, 255, 0).astype(np.uint8)))
    data[36] = 0  # the length of the second chunk
    path = tmp_path / "roi.png"
    path.write_bytes(data)
    with pytest.raises(RegionError, match="not a readable picture"):
        read_roi(path, SHAPE)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_mask_of_0_and_1_means_the_same(tmp_path, dtype):
    path = save(tmp_path / "roi.png", MARKED.astype(dtype))
    assert np.array_equal(read_roi(path, SHAPE)[0], MARKED)


def test_a_mask_of_16_bits_means_the_same(tmp_path):
    path = save(tmp_path / "roi.png", np.where(MARKED, 65535, 0).astype(np.uint16))
    assert np.array_equal(read_roi(path, SHAPE)[0], MARKED)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_dark_mask_of_16_bits_is_not_white(tmp_path, suffix):
    path = save(tmp_path / f"roi{suffix}", np.where(MARKED, 40_000, 20_000).astype(np.uint16))
    assert np.array_equal(read_roi(path, SHAPE)[0], MARKED)


def test_a_transparent_mask_marks_only_what_shows(tmp_path):
    white = np.full((*SHAPE, 4), 255, np.uint8)
    white[..., 3] = np.where(MARKED, 255, 0)
    mask, _ = read_roi(save(tmp_path / "roi.png", white), SHAPE)
    assert np.array_equal(mask, MARKED)


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path):
    path = save(tmp_path / "roi.png", np.full((80, 60), 255, np.uint8))
    with pytest.raises(RegionError, match="60 x 80 pixels, the upright photo 80 x 60"):
        read_roi(path, SHAPE)


def test_a_black_mask_is_refused(tmp_path):
    with pytest.raises(RegionError, match="marks no pixel"):
        read_roi(save(tmp_path / "roi.png", np.zeros(SHAPE, np.uint8)), SHAPE)


@pytest.mark.parametrize("name", ["roi.jpg", "roi.txt", "roi", "roi.png.txt"])
def test_other_kinds_of_files_are_refused_with_those_that_will_do(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(RegionError) as caught:
        read_roi(tmp_path / name, SHAPE)
    assert ".geojson" in caught.value.remedy
    assert ".png" in caught.value.remedy


@pytest.mark.parametrize("name", ["missing.png", "folder.json"])
def test_a_file_that_cannot_be_opened_is_named(tmp_path, name):
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(RegionError, match=name.replace(".", r"\.")):
        read_roi(tmp_path / name, SHAPE)


def test_a_bomb_of_a_mask_is_refused_unopened(tmp_path):
    whole = bytearray(png_bytes(np.zeros((4, 4), np.uint8)))
    whole[16:24] = struct.pack(">II", 60_000, 60_000)
    (tmp_path / "roi.png").write_bytes(bytes(whole))
    with pytest.raises(RegionError):
        read_roi(tmp_path / "roi.png", SHAPE)


@pytest.mark.parametrize(
    "mask",
    [
        np.ones((80, 60), bool),
        np.ones((*SHAPE, 1), bool),
        np.zeros(SHAPE, bool),
        np.full(SHAPE, 0.5),
        np.full(SHAPE, 7),
        np.full(SHAPE, np.nan),
        np.full(SHAPE, "1"),
        True,
    ],
    ids=["turned", "3-d", "empty", "halves", "sevens", "nan", "text", "scalar"],
)
def test_an_array_that_is_no_mask_is_refused(mask):
    with pytest.raises(RegionError) as caught:
        check_mask(mask, SHAPE)
    assert caught.value.remedy


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_zeros_and_ones_of_any_kind_are_a_mask(dtype):
    assert np.array_equal(check_mask(MARKED.astype(dtype), SHAPE), MARKED)
    assert np.array_equal(check_mask((MARKED * 255).astype(np.uint8), SHAPE), MARKED)


def test_a_drawn_region_is_used_as_it_is(tmp_path):
    rgb = np.broadcast_to(np.float32((0.1, 0.2, 0.8)), (*SHAPE, 3))  # blue: no skin at all
    photo = Photo(rgb, "blue", "0" * 64, Scale(0.1, "argument"))
    for roi in (MARKED, write_json(tmp_path, BOX), str(write_json(tmp_path, BOX))):
        assert np.array_equal(find_skin(photo, roi=roi).region, MARKED)
    sources = [find_skin(photo, roi=r).region_source for r in (MARKED, write_json(tmp_path, BOX))]
    assert sources == ["mask", "polygon"]
    assert "AUTO_REGION" not in find_skin(photo, roi=MARKED).flags.text


def test_too_small_a_region_is_refused_with_the_area_that_would_do():
    rgb = np.broadcast_to(np.float32((0.45, 0.25, 0.17)), (*SHAPE, 3))
    photo = Photo(rgb, "skin", "0" * 64, Scale(0.1, "argument"))
    with pytest.raises(RegionError, match=r"only 1 mm2") as caught:
        find_skin(photo, roi=box(0, 0, 9, 9))
    assert "4 mm2" in caught.value.remedy
