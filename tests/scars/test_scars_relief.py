"""Relief from shading, held against closed forms: the right sign, place and light."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from scarscope.flags import Flag
from scarscope.params import ScarParams
from scarscope.photo.model import Photo, Scale
from scarscope.scars.relief import flatten, remove_threads
from scarscope.scars.relief_segmenter import read_relief
from scarscope.scars.segment import cut, depress
from scarscope.skin.model import Grid, Skin

STEP_MM = 0.1
SHAPE = (180, 200)
EVERYWHERE = np.ones(SHAPE, bool)
PARAMS = ScarParams()
LAMPS = [pytest.param(np.radians(a), id=f"lamp at {a}") for a in range(0, 360, 45)]


def texture(seed, spread_mm=0.01):
    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 2)
    return spread_mm * field / field.std()


def pit(x_mm=10.0, y_mm=9.0, sigma_mm=0.8, depth_mm=0.3):
    y, x = np.indices(SHAPE) * STEP_MM
    return -depth_mm * np.exp(-((x - x_mm) ** 2 + (y - y_mm) ** 2) / 2 / sigma_mm**2)


def lambert(height, azimuth, tau=0.5):
    """Log shading of a matt surface under one far lamp and a little light from all round.

    `azimuth` is where the light comes from, x to the right and y down; walls that face it are
    bright. What lies deeper than its surroundings gets less of the light from all round.
    """
    down, across = np.gradient(height, STEP_MM)
    direct = 1 - tau * (across * np.cos(azimuth) + down * np.sin(azimuth))
    open_sky = 0.3 * (height - ndimage.gaussian_filter(height, 15))
    return np.log(np.maximum(direct / np.sqrt(1 + across**2 + down**2), 0.05)) + open_sky


def skin_with(shading):
    """Skin of one colour whose shading is known."""
    shading = shading.astype(np.float32)
    rgb = (np.exp(shading)[..., None] * np.array([0.45, 0.25, 0.17])).astype(np.float32)
    photo = Photo(rgb, "made", "0" * 64, scale=Scale(STEP_MM, "argument"))
    grid = Grid(shape=SHAPE, px=1.0, step=STEP_MM, filter_mm=STEP_MM, unit="mm")
    none = np.zeros(SHAPE, np.float32)
    return Skin(
        photo, grid, rgb, EVERYWHERE, none, none, shading, "mask", 30.0, {}, Flag.AUTO_REGION
    )


def relief_of(shading):
    """Height in mm over the unscarred surface, and the light."""
    reading = read_relief(skin_with(shading), PARAMS)
    return -reading.found.depth, reading.light


def turn_between(a, b):
    return abs((np.degrees(a - b) + 180) % 360 - 180)


@pytest.mark.parametrize("azimuth", LAMPS)
@pytest.mark.parametrize("tau", [0.3, 0.8])
def test_a_pit_is_a_pit_in_its_place_whichever_side_the_lamp_stands(azimuth, tau):
    height, light = relief_of(lambert(pit() + texture(1), azimuth, tau))
    assert turn_between(light.azimuth, azimuth) < 15
    assert light.directed > 0.6
    row, col = np.unravel_index(height.argmin(), SHAPE)
    assert np.hypot(col - 100, row - 90) < 8  # the pit is 16 cells wide
    assert -height.min() > 2 * height.max()
    assert np.corrcoef(height.ravel(), (pit() + texture(1)).ravel())[0, 1] > 0.6


@pytest.mark.parametrize("azimuth", LAMPS)
def test_among_many_pits_the_light_is_found_and_a_bump_stands_up(azimuth):
    pits = [pit(x, y, 0.6) for x, y in ((3, 3), (16, 4), (4, 14), (16, 15), (10, 3))]
    bump = -pit(10.0, 10.0, 0.8, 0.25)
    height, light = relief_of(lambert(sum(pits) + bump + texture(2), azimuth))
    assert turn_between(light.azimuth, azimuth) < 15
    assert height[95:106, 95:106].max() > 0.08
    assert height[28:33, 28:33].min() < -0.08


def test_without_a_lamp_dark_is_deep_and_bright_is_high():
    blob = pit(depth_mm=0.1) + texture(1, 0.002)
    deep, light = relief_of(blob)
    high, _ = relief_of(-blob)
    assert light.directed < 0.5
    assert deep[88:93, 98:103].max() < 0
    assert high[88:93, 98:103].min() > 0


@pytest.mark.parametrize("azimuth", LAMPS[::3])
def test_deeper_pits_come_out_deeper_in_order(azimuth):
    depths = (0.1, 0.2, 0.3, 0.4)
    places = ((4, 5), (15, 5), (4, 13), (15, 13))
    pits = sum(pit(x, y, 0.8, d) for (x, y), d in zip(places, depths, strict=True))
    height, _ = relief_of(lambert(pits + texture(4, 0.003), azimuth))
    found = [
        -height[int(10 * y) - 9 : int(10 * y) + 9, int(10 * x) - 9 : int(10 * x) + 9].min()
        for x, y in places
    ]
    assert found == sorted(found)
    assert found[3] > 2 * found[0]


def test_the_cheeks_own_curve_and_fall_of_light_are_taken_away():
    y, x = np.indices(SHAPE) * STEP_MM
    slow = -((x - 10) ** 2 + (y - 9) ** 2) / 400 + 0.02 * x
    flat = flatten(slow.astype(np.float32), EVERYWHERE, filter_mm=STEP_MM, params=PARAMS)
    assert np.ptp(slow) > 0.4
    assert np.ptp(flat[60:-60, 60:-60]) < 0.05


def test_what_is_outside_the_region_is_flat_and_does_not_leak_in():
    region = np.zeros(SHAPE, bool)
    region[:, :120] = True
    shading = np.where(region, texture(1), -3.0).astype(np.float32)
    flat = flatten(shading, region, filter_mm=STEP_MM, params=PARAMS)
    assert not flat[~region].any()
    assert flat[region].std() < 0.03


@settings(max_examples=10, deadline=None)
@given(st.floats(0.05, 20), st.floats(-3, 3))
def test_a_shift_of_shading_changes_nothing(scale, shift):
    shading = lambert(pit() + texture(1), 0.7)
    usual, _ = relief_of(shading)
    shifted, _ = relief_of(shading + shift)
    np.testing.assert_allclose(shifted, usual, atol=2e-3)


def test_a_dark_hair_is_shaved_and_a_pit_is_not():
    shading = (pit(depth_mm=0.3) + texture(1, 0.005)).astype(np.float32)
    haired = shading.copy()
    haired[40, 20:180] -= 0.6  # a hair of 0.1 mm
    shaved = remove_threads(haired, EVERYWHERE, filter_mm=STEP_MM)
    assert np.abs(shaved[40, 20:180] - shading[40, 20:180]).max() < 0.1
    kept = remove_threads(shading, EVERYWHERE, filter_mm=STEP_MM)
    assert np.abs(kept - shading).max() < 0.05


def test_nothing_to_see_is_no_light_and_no_relief():
    height, light = relief_of(np.zeros(SHAPE))
    assert light.directed == 0
    assert np.abs(height).max() < 1e-6


def cut_out(height):
    found = depress(height.astype(np.float32), EVERYWHERE, filter_mm=STEP_MM, params=PARAMS)
    return found, cut(found, EVERYWHERE, filter_mm=STEP_MM, params=PARAMS)


def test_depth_is_read_from_the_unscarred_surface():
    found, _ = cut_out(pit() + texture(1, 0.005))
    assert found.depth[90, 100] == pytest.approx(0.3, rel=0.2)
    assert abs(np.median(found.depth)) < 0.02


def test_pits_apart_are_two_and_a_bump_is_none():
    two = pit(5.0, 9.0) + pit(13.0, 9.0) - pit(9.0, 3.0)
    _, pieces = cut_out(two + texture(1, 0.005))
    assert pieces.labels.max() == 2
    assert {pieces.labels[90, 50], pieces.labels[90, 130]} == {1, 2}
    assert pieces.labels[30, 90] == 0


def test_a_label_is_centred_on_its_pit():
    # Opening with an even kernel once shifted every scar by one cell.
    _, pieces = cut_out(pit() + texture(1, 0.002))
    rows, cols = np.nonzero(pieces.labels)
    assert rows.mean() == pytest.approx(90, abs=0.4)
    assert cols.mean() == pytest.approx(100, abs=0.4)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_relief_is_cut_into_mirrored_pieces(axis):
    height = pit() + pit(4.0, 4.0, 0.5) + texture(1)
    _, one = cut_out(height)
    _, other = cut_out(np.ascontiguousarray(np.flip(height, axis)))
    assert np.array_equal(np.flip(one.labels > 0, axis), other.labels > 0)


def walls_only(radius_mm):
    """What light from the front shows of a flat-floored scar: its walls alone look deep."""
    y, x = np.indices(SHAPE) * STEP_MM
    distance = np.hypot(x - 10, y - 9)
    return -0.3 * np.exp(-(((distance - radius_mm) / 0.35) ** 2)) + texture(1, 0.003)


@pytest.mark.parametrize("radius_mm", [1.5, 2.4])
def test_a_flat_floor_belongs_to_the_scar_whose_walls_surround_it(radius_mm):
    _, pieces = cut_out(walls_only(radius_mm))
    label = pieces.labels[90, 100]
    assert label > 0
    assert (pieces.labels == label).sum() * STEP_MM**2 > np.pi * (0.85 * radius_mm) ** 2


@pytest.mark.parametrize("radius_mm", [1.5, 2.4])
def test_a_flat_floor_is_as_deep_as_the_walls_around_it(radius_mm):
    _, pieces = cut_out(walls_only(radius_mm))
    assert pieces.depth[90, 100] > 0.1
