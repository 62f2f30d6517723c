"""Drawn photos: found, split by subject, brought to the network's spacing, and cut into crops."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scarscope.errors import LayoutError, ParamsError, RegionError, ScaleError
from scarscope.photo import read_photo
from scarscope.training.annotated import Opened, find_drawn, type_of
from scarscope.training.augment import turned
from scarscope.training.example import SIDE
from scarscope.training.sheets import Annotated, sheet_of
from scarscope.training.split import LEAST, split_subjects
from scarscope.validation import mark

HALF = SIDE // 2
names = st.text("abcdefgh", min_size=1, max_size=3)


@given(st.lists(names, max_size=40), st.floats(0.01, 0.99), st.integers(0, 5))
def test_nobody_is_learned_from_and_held_out(subjects, share, seed):
    try:
        split = split_subjects(subjects, share, seed)
    except LayoutError:
        count = len(set(subjects))
        assert count - max(LEAST, round(share * count)) < LEAST
        return
    assert not set(split.learned) & set(split.held_out)
    assert {*split.learned, *split.held_out} == set(subjects)
    assert min(len(split.learned), len(split.held_out)) >= LEAST
    assert split == split_subjects(reversed(subjects), share, seed)


def test_who_is_held_out_depends_on_the_seed():
    subjects = [f"P{n}" for n in range(20)]
    splits = {split_subjects(subjects, 0.25, seed) for seed in range(5)}
    assert len(splits) > 1
    assert {len(split.held_out) for split in splits} == {5}


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_a_share_is_a_share(share):
    with pytest.raises(ParamsError, match="held_out"):
        split_subjects("abcdefgh", share, 0)


def test_one_person_has_one_name():
    with pytest.raises(LayoutError, match="'P 01' and 'p01'"):
        split_subjects(["P 01", "p01", "P02", "P03", "P04"], 0.25, 0)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("icepick", "icepick"),
        ("Ice-pick scar", "icepick"),
        ("BOXCAR", "boxcar"),
        ("rolling scars", "rolling"),
        ("scar", ""),
        ("keloid", ""),
        ("", ""),
    ],
)
def test_types_are_known_by_their_names(name, known):
    assert type_of(name) == known


@pytest.fixture
def folders(tmp_path):
    """Four subjects' photos of 100 x 120 pixels, and a mask of one scar for each."""
    photos, drawn = tmp_path / "photos", tmp_path / "drawn"
    for number in range(4):
        place = f"P{number}/s0"
        (photos / place).mkdir(parents=True)
        (drawn / place).mkdir(parents=True)
        rgb = np.full((100, 120, 3), (200, 150 - 10 * number, 120), np.uint8)
        Image.fromarray(rgb).save(photos / place / "left.jpg")
        Image.fromarray(_mask()).save(drawn / place / "left.png")
    return photos, drawn


def _mask():
    mask = np.zeros((100, 120), np.uint8)
    mask[40:60, 50:70] = 255
    return mask


def test_photos_and_drawings_find_each_other(folders):
    photos, drawn = folders
    (drawn / "P3/s0/left.png").unlink()
    (drawn / "P9").mkdir()
    Image.fromarray(_mask()).save(drawn / "P9" / "right.png")
    found = find_drawn(photos, drawn, mm_per_px=0.2)
    assert [photo.subject for photo in found.photos] == ["P0", "P1", "P2"]
    assert any("P3/s0/left.jpg have no drawing" in note for note in found.notes)
    assert any("P9/right are drawings of no photo" in note for note in found.notes)
    opened = found.photos[0].open()
    assert (opened.photo.scale.mm_per_px, opened.region) == (0.2, None)
    assert len(opened.truth) == 1


def test_nobody_learns_from_the_drawing_of_another_photo(folders, tmp_path):
    photos, _ = folders
    (tmp_path / "one").mkdir()
    Image.fromarray(_mask()).save(tmp_path / "one" / "left.png")
    with pytest.raises(LayoutError, match="could be the drawing of 4 photos"):
        find_drawn(photos, tmp_path / "one", mm_per_px=0.2)


def test_outlines_may_lie_beside_the_photos(folders):
    photos, _ = folders
    for number, label in enumerate(("Icepick", "boxcar scar", "scar", "rolling")):
        shape = {"label": label, "points": [[50, 40], [70, 60]], "shape_type": "rectangle"}
        document = {"imageHeight": 100, "imageWidth": 120, "shapes": [shape]}
        file = photos / f"P{number}/s0/left.json"
        file.write_text(json.dumps(document), encoding="utf-8")
    found = find_drawn(photos, mm_per_px=0.2)
    types = [photo.open().truth.table["type"].tolist() for photo in found.photos]
    assert types == [["icepick"], ["boxcar"], [""], ["rolling"]]


def test_a_region_is_what_was_looked_at(folders):
    photos, drawn = folders
    region = np.zeros((100, 120), np.uint8)
    region[:, 30:] = 255
    Image.fromarray(region).save(photos / "region.png")
    lines = [f"P{n}/s0/left.jpg,P{n},0,,left,0.2,region.png" for n in range(4)]
    text = "\n".join(["path,subject,session,date,view,mm_per_px,roi", *lines])
    (photos / "manifest.csv").write_text(text, encoding="utf-8")
    sheet = sheet_of(find_drawn(photos, drawn).photos[1].open())
    assert not sheet.known[:100, :28].any()
    assert (sheet.known[:100, 32:120] == 255).all()


def test_a_scale_is_needed(folders):
    photos, drawn = folders
    with pytest.raises(ScaleError, match=r"P0/s0/left\.jpg has no scale"):
        find_drawn(photos, drawn)
    for number in range(4):
        sidecar = photos / f"P{number}/s0/left.jpg.json"
        sidecar.write_text('{"mm_per_px": 0.15}', encoding="utf-8")
    photo = find_drawn(photos, drawn, mm_per_px=0.2).photos[0]
    assert photo.open().photo.scale.mm_per_px == 0.15


def test_one_photo_of_two_subjects_is_refused(folders):
    photos, drawn = folders
    (photos / "P1/s0/left.jpg").write_bytes((photos / "P0/s0/left.jpg").read_bytes())
    with pytest.raises(LayoutError, match="the same photo, but of two subjects"):
        find_drawn(photos, drawn, mm_per_px=0.2)


def test_something_must_be_drawn(folders, tmp_path):
    photos, _ = folders
    (tmp_path / "other").mkdir()
    Image.fromarray(_mask()).save(tmp_path / "other" / "elsewhere.png")
    with pytest.raises(LayoutError, match="is drawn on"):
        find_drawn(photos, tmp_path / "other", mm_per_px=0.2)


def _opened(mm_per_px, *, side_mm=30.0, region=None):
    """Bright skin with two dark squares, both drawn as scars, one of a known type."""
    side = round(side_mm / mm_per_px)
    at = (np.arange(side) + 0.5) * mm_per_px
    labels = np.zeros((side, side), np.int32)
    for number, (x, y) in enumerate(((8, 10), (20, 22)), start=1):
        inside = (np.abs(at[:, None] - y) < 1.5) & (np.abs(at[None, :] - x) < 2)
        labels[inside] = number
    rgb = np.where(labels[..., None] > 0, 60, 190).astype(np.uint8).repeat(3, axis=2)
    photo = read_photo(rgb, mm_per_px=mm_per_px)
    truth = mark(labels, mm_per_px=mm_per_px)
    types = ["boxcar", ""][: len(truth)]
    return Opened(photo, region, replace(truth, table=truth.table.assign(type=types)))


@pytest.mark.parametrize("mm_per_px", [0.06, 0.1, 0.15, 0.2])
def test_sheets_have_the_networks_spacing(mm_per_px):
    opened = _opened(mm_per_px)
    sheet = sheet_of(opened)
    assert sheet.rgb.shape == (300, 300, 3)
    assert sheet.labels.shape == (150, 150)
    area_mm2 = sheet.scar.astype(float).sum() / 255 * 0.2**2
    assert area_mm2 == pytest.approx(opened.truth.table["area_mm2"].sum(), rel=0.02)
    for number, (x, y) in enumerate(((8, 10), (20, 22)), start=1):
        rows, cols = np.nonzero(sheet.labels == number)
        middle = (0.2 * (cols.mean() + 0.5), 0.2 * (rows.mean() + 0.5))
        assert middle == pytest.approx((x, y), abs=0.15)
    assert sheet.kinds.tolist() == [0, 2, 0]
    assert (sheet.known == 255).all()


def test_very_coarse_photos_are_not_enlarged_further():
    assert sheet_of(_opened(0.3, side_mm=60.0)).rgb.shape == (400, 400, 3)


def _dark(example):
    small = cv2.resize(example.rgb, (HALF, HALF), interpolation=cv2.INTER_AREA)
    return small.mean(axis=2) < 125


@pytest.mark.parametrize("way", [0, 3, 5])
def test_crops_hold_picture_and_drawing_in_one_place(way):
    sheet = sheet_of(_opened(0.1))
    seen = set()
    for seed in range(8):
        crop = sheet.crop_at_random(np.random.default_rng(seed))
        example = turned(crop, way)
        assert isinstance(example, Annotated)
        assert example.rgb.shape == (SIDE, SIDE, 3)
        assert np.mean(_dark(example) == (example.labels > 0)) > 0.99
        assert set(np.unique(example.kinds)) <= {0, 2}
        assert np.unique(example.labels[example.kinds > 0]).size <= 1
        assert (example.labels[example.kinds > 0] > 0).all()
        assert not example.depth_um.any()
        assert not example.measured
        assert example.surveyed is example.known
        seen |= set(np.unique(crop.labels[crop.labels > 0]).tolist())
    assert seen


def test_crops_lie_about_scars_and_elsewhere():
    sheet = sheet_of(_opened(0.1, side_mm=90.0))
    rng = np.random.default_rng(0)
    with_scars = sum(sheet.crop_at_random(rng).labels.any() for _ in range(60))
    assert 25 < with_scars < 55


def test_a_crop_that_is_all_scar_is_numbered():
    opened = _opened(0.1)
    labels = np.full_like(opened.truth.labels, 7)
    whole = replace(opened, truth=mark(labels, mm_per_px=0.1))
    crop = sheet_of(whole).crop(10, 10)
    assert set(crop.labels.ravel()) == {1}
    assert not crop.kinds.any()


def test_small_photos_are_filled_up_where_nothing_is_known():
    sheet = sheet_of(_opened(0.1, side_mm=12.0))
    assert sheet.rgb.shape == (SIDE, SIDE, 3)
    assert (sheet.known[:60, :60] == 255).all()
    assert not sheet.known[60:].any()
    assert not sheet.known[:, 60:].any()
    assert sheet.crop(0, 0).rgb.shape == (SIDE, SIDE, 3)


def test_a_region_where_nothing_is_seen_is_refused():
    opened = _opened(0.1)
    region = np.zeros(opened.photo.shape, bool)
    region[:50] = True
    clear = replace(opened.photo, opaque=~region)
    with pytest.raises(RegionError, match="both in its region and opaque"):
        sheet_of(Opened(clear, region, opened.truth))
