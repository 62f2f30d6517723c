"""Melanin, haemoglobin and shading come back from the colours they make, and stay apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from scarscope.photo.model import Photo, Scale
from scarscope.skin import find_skin
from scarscope.skin.chromophores import blur, masked_blur, unmix
from scarscope.skin.pigments import pigment_vectors, skin_colour

SHAPE = (160, 200)
STEP_MM = 0.1
MAPS = ("melanin", "haemoglobin", "shading")
TONES = {"light": (0.02, 0.01), "brown": (0.10, 0.02), "dark": (0.35, 0.03)}
EVERYWHERE = np.ones(SHAPE, bool)


def skin_of(melanin=0.0, haemoglobin=0.0, shading=0.0, tone="brown"):
    """Linear light of a skin with these fields of natural-log density."""
    melanin, haemoglobin, shading = (
        np.broadcast_to(field, SHAPE)[..., None] for field in (melanin, haemoglobin, shading)
    )
    v_m, v_h = (np.array(v) for v in pigment_vectors())
    density = melanin * v_m + haemoglobin * v_h - shading
    return (np.array(skin_colour(*TONES[tone])) * np.exp(-density)).astype(np.float32)


def unmixed(rgb):
    return unmix(rgb, EVERYWHERE, filter_mm=STEP_MM)


def blob(sigma_mm, peak=0.3):
    y, x = np.indices(SHAPE)
    squared = (x - 100) ** 2 + (y - 80) ** 2
    return peak * np.exp(-squared / 2 / (sigma_mm / STEP_MM) ** 2)


def at_blob(rgb):
    """Melanin, haemoglobin and shading from a corner to a blob's middle, per unit of its peak."""
    maps = [getattr(unmixed(rgb), name) for name in MAPS]
    return [float(field[80, 100] - field[3, 3]) / 0.3 for field in maps]


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("sigma_mm", [0.5, 1.0, 3.0])
def test_a_brown_mark_is_melanin_and_not_a_shadow(tone, sigma_mm):
    melanin, haemoglobin, shading = at_blob(skin_of(melanin=blob(sigma_mm), tone=tone))
    assert melanin == pytest.approx(0.9, abs=0.2)
    assert abs(haemoglobin) < 0.15
    assert abs(shading) < 0.2  # a shadow of the same green darkening would be -1


@pytest.mark.parametrize("sigma_mm", [2.0, 4.0])
def test_a_wide_red_mark_is_blood_and_not_a_shadow(sigma_mm):
    melanin, haemoglobin, shading = at_blob(skin_of(haemoglobin=blob(sigma_mm)))
    assert haemoglobin == pytest.approx(0.8, abs=0.2)
    assert abs(melanin) < 0.1
    assert abs(shading) < 0.2


def test_a_small_red_mark_is_blood_sooner_than_a_shadow():
    # Below a millimetre a loss of green and blue with little red is also what relief looks like.
    melanin, haemoglobin, shading = at_blob(skin_of(haemoglobin=blob(0.5)))
    assert haemoglobin > abs(shading)
    assert abs(shading) < 0.5
    assert abs(melanin) < 0.1


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("sigma_mm", [0.3, 1.0, 4.0])
def test_a_shadow_is_no_pigment(tone, sigma_mm):
    melanin, haemoglobin, shading = at_blob(skin_of(shading=-blob(sigma_mm), tone=tone))
    assert shading == pytest.approx(-0.95, abs=0.15)
    assert abs(melanin) < 0.06
    assert abs(haemoglobin) < 0.15


@pytest.mark.parametrize("tone", TONES)
def test_a_ramp_of_light_across_the_picture_is_no_pigment(tone):
    ramp = np.linspace(-0.4, 0.4, SHAPE[1])[None, :]
    maps = unmixed(skin_of(shading=ramp, tone=tone))
    assert np.ptp(maps.shading) == pytest.approx(0.8, rel=0.1)
    assert np.ptp(maps.melanin) < 0.03
    assert np.ptp(maps.haemoglobin) < 0.05


def test_three_random_fields_come_back_at_once():
    rng = np.random.default_rng(0)
    fields = [
        spread * field / field.std()
        for sigma, spread in ((8, 0.1), (10, 0.1), (4, 0.15))
        for field in [ndimage.gaussian_filter(rng.standard_normal(SHAPE), sigma)]
    ]
    maps = unmixed(skin_of(*fields))
    found = np.stack([getattr(maps, name).ravel() for name in MAPS])
    table = np.corrcoef(found, np.stack([f.ravel() for f in fields]))[:3, 3:]
    truth = np.corrcoef(np.stack([f.ravel() for f in fields]))
    assert np.all(np.diag(table) > 0.93)
    assert np.abs(table - truth).max() < 0.3


def test_plain_skin_is_zero_everywhere():
    maps = unmixed(skin_of())
    for name in MAPS:
        np.testing.assert_allclose(getattr(maps, name), 0, atol=1e-5)
        assert getattr(maps, name).dtype == np.float32
        assert getattr(maps, name).shape == SHAPE


TEXTURED = skin_of(
    *(
        0.2 * ndimage.gaussian_filter(np.random.default_rng(3).standard_normal(SHAPE), s) * s
        for s in (4, 5, 2)
    )
)


@settings(max_examples=12, deadline=None)
@given(exposure=st.floats(0.2, 2), red=st.floats(0.7, 1.4), blue=st.floats(0.7, 1.4))
def test_exposure_and_white_balance_change_no_map(exposure, red, blue):
    usual = unmixed(TEXTURED)
    other = unmixed((TEXTURED * exposure * np.array([red, 1, blue])).astype(np.float32))
    for name in MAPS:
        np.testing.assert_allclose(getattr(other, name), getattr(usual, name), atol=5e-6)


def test_twice_the_exposure_gives_the_same_skin_from_a_photo():
    rgb = np.clip(TEXTURED, 0, 0.5)
    once, twice = (
        find_skin(Photo(light.astype(np.float32), "made", "0" * 64, Scale(0.1, "argument")))
        for light in (rgb, 2 * rgb)
    )
    assert np.array_equal(once.region, twice.region)
    for name in MAPS:
        np.testing.assert_allclose(getattr(once, name), getattr(twice, name), atol=2e-5)


def test_what_lies_outside_the_region_sets_no_zero():
    region = np.zeros(SHAPE, bool)
    region[:, :100] = True
    rgb = skin_of()
    rgb[:, 100:] = (0.1, 0.2, 0.8)
    maps = unmix(rgb, region, filter_mm=STEP_MM)
    for name in MAPS:
        # Nor does it bleed in: the blur that parts coarse from fine minds the region.
        np.testing.assert_allclose(getattr(maps, name)[region], 0, atol=1e-4)


def test_black_pixels_do_not_become_infinite():
    rgb = skin_of()
    rgb[40:60, 40:60] = 0
    maps = unmixed(rgb)
    assert all(np.isfinite(getattr(maps, name)).all() for name in MAPS)


def test_pigments_darken_as_pigments_do():
    melanin, haemoglobin = pigment_vectors()
    assert melanin[0] < melanin[1] == 1 < melanin[2]  # melanin absorbs most in blue
    assert haemoglobin[0] < haemoglobin[2] < haemoglobin[1] == 1  # blood most in green
    light, dark = (np.array(skin_colour(*TONES[t])) for t in ("light", "dark"))
    assert np.all(dark < light)
    assert np.all(np.diff(light) < 0)  # red over green over blue
    assert np.all(np.diff(dark) < 0)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 30), st.integers(0, 5))
def test_a_blur_keeps_what_is_constant_and_the_mean(sigma, seed):
    constant = np.full((60, 70), 0.3, np.float32)
    np.testing.assert_allclose(blur(constant, sigma), 0.3, rtol=1e-5)
    noise = np.random.default_rng(seed).standard_normal((96, 96)).astype(np.float32)
    assert blur(noise, sigma).std() < noise.std()
    mask = np.random.default_rng(seed).random((60, 70)) > 0.5
    spoilt = np.where(mask, constant, np.float32(9))
    np.testing.assert_allclose(masked_blur(spoilt, mask, sigma)[mask], 0.3, rtol=1e-4)


def test_a_wide_blur_on_a_reduced_grid_is_the_full_one():
    image = np.random.default_rng(0).standard_normal((240, 300)).astype(np.float32)
    image = ndimage.gaussian_filter(image, 3)
    full = ndimage.gaussian_filter(image, 20, mode="reflect", truncate=5)
    assert np.abs(blur(image, 20) - full).max() < 0.05 * full.std() + 0.002
