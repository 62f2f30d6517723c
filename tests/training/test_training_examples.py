"""Examples keep the phantom's truth, and what is done to the picture keeps it too."""

from __future__ import annotations

from dataclasses import fields

import cv2
import numpy as np
import pytest

from scarscope.phantom.recipe import SCAR_TYPES
from scarscope.phantom.render import render
from scarscope.phantom.sampler import random_recipe
from scarscope.training import augment, faces
from scarscope.training.augment import augmented, turned
from scarscope.training.example import FIELDS, SIDE, Example, example_of
from scarscope.training.faces import face_examples
from scarscope.training.recipes import SIDE_MM, opposed_light, strange_light, training_recipe

HALF = SIDE // 2


@pytest.fixture(scope="module", params=[0.075, 0.10, 0.19])
def pair(request):
    """A rendered photo with many scars, and the example that is made of it."""
    size = (SIDE_MM, SIDE_MM)
    recipe = random_recipe(7, size_mm=size, mm_per_px=request.param, n_scars=9)
    photo = render(recipe, dtype=np.float32)
    return photo, example_of(photo)


def test_volume_is_kept(pair):
    photo, example = pair
    true = photo.depth_mm.astype(float).sum() * photo.mm_per_px**2
    assert example.depth_um.astype(float).sum() / 1000 * 0.2**2 == pytest.approx(true, rel=0.02)


def test_area_is_kept(pair):
    photo, example = pair
    true = np.count_nonzero(photo.labels) * photo.mm_per_px**2
    assert example.scar.astype(float).sum() / 255 * 0.2**2 == pytest.approx(true, rel=0.02)


def test_labels_kinds_and_shares_lie_on_each_other(pair):
    photo, example = pair
    assert example.rgb.shape[:2] == tuple(2 * n for n in example.labels.shape)
    assert np.array_equal(example.labels > 0, example.kinds > 0)
    assert example.scar[example.labels > 0].mean() > 200
    assert example.scar[example.labels == 0].mean() < 10
    for number, kind in zip(photo.table["scar_id"], photo.table["type"], strict=True):
        assert set(example.kinds[example.labels == number]) == {1 + SCAR_TYPES.index(kind)}
    for number in photo.table["scar_id"]:
        found, true = (_middle_mm(a.labels == number, mm) for a, mm in _spaced(photo, example))
        assert found == pytest.approx(true, abs=0.15)  # a coarse pixel does not fit the side


def _spaced(photo, example):
    return (example, 0.2), (photo, photo.mm_per_px)


def _middle_mm(mask, mm):
    return [mm * (float(at.mean()) + 0.5) for at in np.nonzero(mask)]


def test_a_recipe_is_a_function_of_its_seed():
    assert training_recipe(1_000_003) == training_recipe(1_000_003)
    assert training_recipe(1_000_003) != training_recipe(1_000_004)


def test_recipes_hold_what_they_are_to_hold():
    recipes = [training_recipe(seed) for seed in range(1_000_000, 1_000_120)]
    depths = [scar.depth_mm for r in recipes for scar in r.skin.scars]
    assert 0.04 <= min(depths) < 0.08
    assert 0.7 < max(depths) <= 1.6
    scarred = [r for r in recipes if r.skin.scars]
    fullness = [scar.fullness for r in scarred for scar in r.skin.scars if scar.kind == "rolling"]
    assert 0.4 < min(fullness) < 0.75 < 1.35 < max(fullness) < 2
    assert 15 < sum(not r.skin.scars for r in recipes) < 60
    assert len({r.mm_per_px for r in recipes}) >= 4
    assert 5 < sum(r.light.name == "strange" for r in recipes) < 40
    assert 12 < sum(r.light.name == "opposed" for r in recipes) < 45
    waves = [r.skin.surface for r in recipes if r.skin.surface.wave_mm > 0]
    assert 50 < len(waves) < 95
    slopes = [surface.wave_mm / surface.wave_length_mm for surface in waves]
    assert 0.0007 <= min(slopes) < 0.0015 < 0.003 < max(slopes) <= 0.005
    lengths = [surface.wave_length_mm for surface in waves]
    assert 6 <= min(lengths) < 9 < 18 < max(lengths) <= 24


def test_papules_of_training_are_red_about_or_ripe():
    skins = [training_recipe(seed).skin for seed in range(1_000_000, 1_000_120)]
    marks = [mark for skin in skins for mark in skin.marks]
    papules = sum(mark.kind == "papule" for mark in marks)
    heads = sum(mark.strength_od < 0 for mark in marks)
    assert papules > 30
    assert 0.15 * papules < heads < 0.45 * papules
    assert all(mark.kind == "red" and mark.height_mm == 0 for mark in marks if mark.strength_od < 0)
    assert max(mark.strength_od for mark in marks if mark.kind == "papule") > 0.22


def test_strange_lights_are_possible_lights():
    lights = [strange_light(np.random.default_rng(seed)) for seed in range(40)]
    assert {len(light.lamps) for light in lights} == {1, 2, 3}
    assert all(0 <= lamp.zenith_deg < 90 for light in lights for lamp in light.lamps)


def test_shading_of_opposed_lamps_mostly_cancels():
    left = []
    for seed in range(60):
        lamps = opposed_light(np.random.default_rng(seed)).lamps
        sides = [
            lamp.power
            * np.tan(np.radians(lamp.zenith_deg))
            * np.exp(1j * np.radians(lamp.azimuth_deg))
            for lamp in lamps
        ]
        left.append(abs(sum(sides)) / sum(map(abs, sides)))
    assert np.median(left) < 0.25
    assert max(left) < 0.6


def test_crops_of_a_face_show_skin_and_what_is_none(monkeypatch):
    monkeypatch.setattr(faces, "_SPACINGS_MM", (0.4,))
    crops = list(face_examples(1_000_007, 8))
    assert {crop.rgb.shape for crop in crops} == {(SIDE, SIDE, 3)}
    assert {crop.depth_um.shape for crop in crops} == {(HALF, HALF)}
    hidden = [float(np.mean(crop.hidden > 127)) for crop in crops]
    assert any(0.02 < share < 0.98 for share in hidden)
    assert all(share < 1 for share in hidden)


def marked(way=0):
    """A dark spot off the middle on bright skin, and truth that lies on it."""
    rows, cols = np.indices((SIDE, SIDE))
    spot = np.hypot(rows - 40, cols - 130) < 12
    rgb = np.full((SIDE, SIDE, 3), (200, 160, 130), np.uint8)
    rgb[spot] //= 3
    half = np.ascontiguousarray(spot[::2, ::2])
    example = Example(
        rgb=rgb,
        depth_um=half * np.uint16(300),
        scar=half * np.uint8(255),
        labels=half * np.uint8(4),
        kinds=half * np.uint8(2),
        hidden=np.zeros((HALF, HALF), np.uint8),
    )
    return turned(example, way) if way else example


def dark(example):
    """Where the picture is dark against its surroundings, at the truth's spacing."""
    small = cv2.resize(example.rgb, (HALF, HALF), interpolation=cv2.INTER_AREA)
    light = np.log(small.astype(np.float32).mean(axis=2) + 1)
    return light - cv2.GaussianBlur(light, (0, 0), 15) < -0.35


@pytest.mark.parametrize("way", range(8))
def test_truth_turns_with_the_picture(way):
    example = marked(way)
    assert np.array_equal(dark(example), dark(marked(way))), way
    assert np.mean(dark(example) == (example.labels > 0)) > 0.995
    for name in FIELDS:
        assert getattr(example, name).dtype == getattr(marked(), name).dtype
        assert getattr(example, name).flags["C_CONTIGUOUS"]


def test_there_are_eight_ways_to_turn():
    assert len({marked(way).labels.tobytes() for way in range(8)}) == 8


@pytest.mark.parametrize("seed", range(12))
def test_augmentation_leaves_truth_where_it_was(seed, monkeypatch):
    # Blots and covers are dark too, so that nobody could tell them from the spot.
    monkeypatch.setattr(augment, "_BLOTS", 0.0)
    monkeypatch.setattr(augment, "_COVERED", 0.0)
    monkeypatch.setattr(augment, "_SHADOW", 0.0)
    example = augmented(marked(), np.random.default_rng(seed))
    found, true = dark(example), example.labels > 0
    assert 2 * np.count_nonzero(found & true) / (found.sum() + true.sum()) > 0.9
    assert example.rgb.dtype == np.uint8
    assert set(np.unique(example.labels)) == {0, 4}
    assert np.array_equal(example.depth_um > 0, true)


def test_augmentation_is_a_function_of_its_seed():
    one, two, other = (augmented(marked(), np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert all(np.array_equal(getattr(one, n), getattr(two, n)) for n in FIELDS)
    assert not np.array_equal(one.rgb, other.rgb)


def test_what_is_covered_is_no_scar_and_no_plain_skin(monkeypatch):
    monkeypatch.setattr(augment, "_COVERED", 1.0)
    seen = 0
    for seed in range(20):
        example = augmented(marked(), np.random.default_rng(seed))
        covered = example.hidden > 127
        assert not example.labels[covered].any()
        assert not example.depth_um[covered].any()
        assert np.array_equal(example.labels > 0, example.kinds > 0)
        seen += covered.any()
    assert seen > 10


def test_fields_are_what_is_kept():
    assert tuple(field.name for field in fields(Example)) == FIELDS
    assert set(marked().surveyed.ravel()) == {255}
