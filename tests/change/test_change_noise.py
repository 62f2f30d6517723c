"""What the noise of two photos explains of a change, and the light that relief is read from."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from scarscope.change.amount import Weights, measure_amount, relief_noise, scar_noise
from scarscope.change.common import Pair
from scarscope.change.control import least_difference
from scarscope.change.gate import colour_detail_lost
from scarscope.change.reading import relief_light
from scarscope.flags import Flag
from scarscope.params import ChangeParams

MM = 0.1


def pair_of(before, after) -> Pair:
    return Pair(before=before, after=after, alignment=None)


def reading_of(noise: float) -> SimpleNamespace:
    return SimpleNamespace(noise=noise)


# --- how far the photos differ where nothing changed ------------------------------------------


def noisy(sd: float, *, shape=(240, 240), seed: int = 4) -> np.ndarray:
    """Noise of the size of middle relief."""
    field = cv2.GaussianBlur(
        np.random.default_rng(seed).standard_normal(shape).astype(np.float32), (0, 0), 4.0
    )
    return (sd * field / field.std()).astype(np.float32)


def test_photos_that_are_alike_do_not_differ():
    light = noisy(0.1)
    assert least_difference(light, light, np.ones(light.shape, bool), MM) == 0


def test_the_difference_grows_with_the_noise():
    light, everywhere = np.zeros((240, 240), np.float32), np.ones((240, 240), bool)
    small, large = (least_difference(light, noisy(sd), everywhere, MM) for sd in (0.01, 0.03))
    assert 0 < small < 0.01
    assert large == pytest.approx(3 * small, rel=1e-3)


def test_what_changed_in_a_part_of_the_skin_does_not_count():
    quiet, everywhere = noisy(0.01), np.ones((240, 240), bool)
    treated = quiet.copy()
    treated[:, :120] += noisy(0.3, seed=5)[:, :120]
    still = np.zeros_like(quiet)
    alone = least_difference(still, quiet, everywhere, MM)
    assert least_difference(still, treated, everywhere, MM) == pytest.approx(alone, rel=0.2)


@pytest.mark.parametrize("plain", [False, True])
def test_little_skin_without_scars_still_tells_something(plain):
    mask = np.zeros((240, 240), bool)
    mask[100:104, 100:104] = plain
    found = least_difference(np.zeros((240, 240), np.float32), noisy(0.02), mask, MM)
    assert 0 < found < 0.1


# --- what that explains -----------------------------------------------------------------------


def test_noise_grows_more_slowly_than_the_area(make_skin):
    pair = pair_of(make_skin(), make_skin())
    small, large = (relief_noise(reading_of(0.01), pair, np.array([a])) for a in (50.0, 200.0))
    assert 2 < large / small < 4
    both = relief_noise(reading_of(0.01), pair, np.array([50.0, 50.0]))
    assert both == pytest.approx(math.sqrt(2) * small)
    assert relief_noise(reading_of(0.02), pair, np.array([50.0])) == pytest.approx(2 * small)


def test_a_coarser_grid_explains_as_much(make_skin):
    """Noise over relief, both in cells: four times fewer cells of twice the side."""
    fine = pair_of(make_skin(), make_skin())
    coarse = pair_of(make_skin(mm_per_px=0.2), make_skin(mm_per_px=0.2))
    one = relief_noise(reading_of(0.01), fine, np.array([400.0])) * fine.grid.filter_mm**2
    two = relief_noise(reading_of(0.01), coarse, np.array([100.0])) * coarse.grid.filter_mm**2
    assert coarse.grid.filter_mm > 1.5 * fine.grid.filter_mm
    area = 400 * fine.grid.filter_mm**2, 100 * coarse.grid.filter_mm**2
    assert two / one == pytest.approx((area[1] / area[0]) ** 0.58)


def test_noise_is_in_the_unit_of_the_grid(make_skin):
    """Relief without a scale is in pixels: the share of it that is noise must stay the same."""
    scaled, bare = pair_of(make_skin(), make_skin()), pair_of(*[make_skin(mm_per_px=None)] * 2)
    assert (scaled.grid.unit, bare.grid.unit) == ("mm", "px")
    areas = np.array([80.0])
    per_step = [
        relief_noise(reading_of(0.01), pair, areas * (0.1 / pair.grid.filter_mm) ** 2)
        * (pair.grid.filter_mm / 0.1) ** 2
        * (pair.grid.filter_mm / pair.grid.step)
        for pair in (scaled, bare)
    ]
    assert per_step[1] == pytest.approx(per_step[0])


@pytest.mark.parametrize(
    ("later", "differ", "excess"),
    [
        ((7.0, 5.0), 0.15, 0.0),  # -0.3 and -0.5: 0.05 of that is taken as known of the network
        ((5.0, 4.0), 0.04, 0.0),
        ((9.5, 9.5), 0.0, 0.0),
        ((9.5, 5.0), 0.4, 0.0),  # 0.45 apart, 0.05 of that known
        ((12.0, 8.0), 0.38, 0.0),  # in opposite directions
        ((4.0, 8.0), 0.34, 0.2),  # 0.4 apart, 0.06 known; the excess of 0.2 on top
    ],
)
def test_readings_that_differ_more_than_is_known_are_in_doubt(make_skin, later, differ, excess):
    pair = pair_of(make_skin(), make_skin())
    outline = np.zeros(pair.region.shape, bool)
    outline[40:80, 40:80] = True

    def level(depth: float) -> np.ndarray:
        return np.where(outline, np.float32(depth), np.float32(0))

    network, relief = later
    reading = SimpleNamespace(
        network=(level(10.0), level(network)),
        relief=(level(10.0), level(relief)),
        outline=outline,
        rimmed=outline,
        noise=0.01,
    )
    amount = measure_amount(pair, reading, Weights(0.25, 0.9, 1.0))
    assert amount.doubt == pytest.approx(differ + excess, abs=1e-6)
    assert amount.noise > 0
    # What the network says is doubt also where its reading is not part of the change.
    alone = measure_amount(pair, reading, Weights(0.0, 1.1))
    assert alone.change == pytest.approx(1.1 * (relief / 10 - 1))
    assert alone.doubt == pytest.approx(differ, abs=1e-6)


def test_a_deep_scar_is_followed_better_than_a_faint_one(make_skin):
    pair, walls = pair_of(make_skin(), make_skin()), np.ones((10, 10), bool)
    deep, faint = (
        scar_noise(reading_of(0.01), pair, walls, np.array([r, r, r, r])) for r in (20.0, 2.0)
    )
    assert faint == pytest.approx(10 * deep)
    # Relief that shows next to nothing of what the network reads counts as a quarter of that.
    flat = scar_noise(reading_of(0.01), pair, walls, np.array([20.0, 20.0, 0.1, 0.1]))
    assert flat == pytest.approx(4 * deep)
    assert math.isnan(scar_noise(reading_of(0.01), pair, walls, np.zeros(4)))


# --- light that shows relief ------------------------------------------------------------------


def luma_of(skin) -> np.ndarray:
    return np.log(skin.rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32) + 0.002)


def test_half_of_the_pigment_is_taken_off_the_light(make_skin):
    skin = make_skin()
    marked = replace(skin, shading=luma_of(skin) + np.float32(0.4))  # pigment takes 0.4 of light
    first, second = relief_light(pair_of(marked, marked))
    assert np.allclose(first, luma_of(skin) + 0.2, atol=1e-5)
    assert np.array_equal(first, second)


def test_noise_of_the_separation_stays_out_of_the_light(make_skin):
    skin = make_skin()
    noise = np.random.default_rng(3).normal(0, 0.3, skin.shading.shape).astype(np.float32)
    calm = replace(skin, shading=luma_of(skin))
    rough = replace(calm, shading=calm.shading + noise)
    one, two = (relief_light(pair_of(s, s))[0] for s in (calm, rough))
    assert (two - one).std() < 0.02


def test_where_colour_lost_its_detail_luma_stands_alone(make_skin):
    skin = make_skin()
    odd = replace(skin, shading=skin.shading + np.float32(0.4))
    first, _ = relief_light(pair_of(odd, odd), luma_alone=True)
    assert np.allclose(first, luma_of(skin), atol=1e-6)


@pytest.mark.parametrize(
    ("figures", "flags", "lost"),
    [
        ({"focus": 0.0, "coherence_fine": 0.99}, Flag.NONE, False),
        ({"focus": -0.05, "coherence_fine": 0.99}, Flag.NONE, True),
        ({"focus": 0.0, "coherence_fine": 0.95}, Flag.NONE, True),
        ({"focus": 0.0, "coherence_fine": 0.99}, Flag.HEAVY_COMPRESSION, True),
    ],
)
def test_detail_is_lost_to_blur_noise_or_files(figures, flags, lost):
    assert colour_detail_lost(figures, flags, ChangeParams()) is lost
