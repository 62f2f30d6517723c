"""Contrast, texture and tone of the skin around scars."""

import math

import numpy as np
import pytest

from scarscope.measures import measure
from scarscope.measures.surround import Scene, local_mean
from scarscope.photo.colour import lab_to_linear

CONES = [(40, 40, 10, 0.2, "boxcar"), (110, 70, 12, 0.2, "boxcar")]


def test_contrast_is_what_was_added_to_the_scars(make_skin, make_scars):
    scars = make_scars(make_skin(), CONES)
    scars.skin.melanin[:] = 1.0 + 0.3 * (scars.labels > 0)
    scars.skin.haemoglobin[:] = 0.5 - 0.1 * (scars.labels > 0)
    values = measure(scars)
    assert values["melanin_contrast"] == pytest.approx(0.3, abs=1e-4)
    assert values["haemoglobin_contrast"] == pytest.approx(-0.1, abs=1e-4)


def test_contrast_ignores_a_gradient_across_the_cheek(make_skin, make_scars):
    scars = make_scars(make_skin(shape=(300, 300)), [(150, 150, 12, 0.2, "boxcar")])
    scars.skin.melanin[:] = np.linspace(0, 2, 300, dtype=np.float32)
    assert measure(scars)["melanin_contrast"] == pytest.approx(0, abs=0.02)


def test_contrast_needs_skin_to_compare_with(make_skin, make_scars):
    scars = make_scars(make_skin(shape=(40, 40)), [(20, 20, 60, 0.2, "rolling")])
    assert math.isnan(measure(scars)["melanin_contrast"])


def test_unscarred_skin_keeps_clear_of_rims(make_skin, make_scars):
    scars = make_scars(make_skin(), CONES)
    clear = Scene(scars).unscarred
    yy, xx = np.nonzero(clear)
    for x, y, radius, *_ in CONES:
        assert np.hypot(xx - x, yy - y).min() > radius + 4  # 0.5 mm is 5 steps


def test_local_mean_is_blank_where_nothing_counts():
    image, mask = np.ones((50, 50), np.float32), np.zeros((50, 50), bool)
    mask[:, :10] = True
    mean = local_mean(image, mask, width=10)
    assert np.isnan(mean[:, 40:]).all()
    np.testing.assert_allclose(mean[:, :10], 1, rtol=1e-5)


def wave(shape, period):
    return np.sin(2 * np.pi * np.arange(shape[1]) / period).astype(np.float32) * np.ones(
        (shape[0], 1), np.float32
    )


def test_roughness_keeps_its_band(make_skin, make_scars):
    skin = make_skin(shape=(200, 400), texture=0.0)

    def roughness(period_mm):
        skin.shading[:] = 0.1 * wave(skin.grid.shape, period_mm / 0.1)
        return measure(make_scars(skin))["shading_roughness"]

    inside = roughness(0.8)
    assert inside > 5 * roughness(12.0)
    assert inside == pytest.approx(0.1 * 1.4826 / math.sqrt(2), rel=0.25)


def test_roughness_does_not_see_scars(make_skin, make_scars):
    skin = make_skin(texture=0.02)
    before = measure(make_scars(skin))["shading_roughness"]
    scars = make_scars(skin, CONES)
    skin.shading[scars.labels > 0] -= 2.0
    assert measure(scars)["shading_roughness"] == pytest.approx(before, rel=0.05)


def test_tone_comes_from_the_unscarred_skin(make_skin, make_scars):
    # ITA of L* 65, b* 17 is atan(15 / 17) = 41.4 degrees.
    colour = lab_to_linear(np.array([65.0, 13.0, 17.0]))
    skin = make_skin(shape=(200, 200), colour=colour, texture=0.0)
    scars = make_scars(skin, [(100, 100, 85, 0.2, "rolling")])  # most of the region
    skin.rgb[scars.labels > 0] *= 0.1
    values = measure(scars)
    assert values["ita_deg"] == pytest.approx(math.degrees(math.atan(15 / 17)), abs=0.01)
    assert values["tone"] == "light"


def test_grey_photos_have_no_tone(make_skin, make_scars):
    import dataclasses

    scars = make_scars(dataclasses.replace(make_skin(), ita_deg=float("nan")))
    assert math.isnan(measure(scars)["ita_deg"])
    assert measure(scars)["tone"] == ""
