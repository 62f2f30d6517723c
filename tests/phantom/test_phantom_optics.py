from dataclasses import replace

import numpy as np
import pytest

from scarscope.errors import ParamsError
from scarscope.phantom import (
    Camera,
    Light,
    Recipe,
    ScarShape,
    Shine,
    Skin,
    Surface,
    Tone,
    make_light,
    render,
)
from scarscope.phantom.lamplight import lamplight
from scarscope.phantom.optics import SCATTER_WEIGHTS, radiance, scatter
from scarscope.phantom.rays import rays
from scarscope.phantom.surface import shape_of
from scarscope.photo.colour import ita_deg, linear_to_lab, srgb_to_linear

SMOOTH = Surface(
    radius_x_mm=1e9,
    radius_y_mm=1e9,
    swell_mm=0,
    line_depth_mm=0,
    rough_mm=0,
    pore_per_cm2=0,
)
PIT = ScarShape(kind="rolling", x_mm=0, y_mm=0, width_mm=5, length_mm=5, depth_mm=0.5)
MATT = Shine(polarised=0.0)
QUIET = Camera(full_well=1e9, read_noise=0, vignette=0)


def plain(*, scars=(), ita=30.0, light="twin", shine=MATT, zenith=None, azimuth=None, ambient=None):
    tone = Tone(ita_deg=ita, mottle_blood=0, mottle_melanin=0)
    skin = Skin(
        seed=1, size_mm=(12, 12), tone=tone, surface=SMOOTH, shine=shine, scars=tuple(scars)
    )
    lamp = make_light(light, zenith_deg=zenith, azimuth_deg=azimuth, ambient=ambient)
    return Recipe(skin=skin, light=lamp, camera=QUIET, mm_per_px=0.1)


def without_falloff(recipe):
    lamps = tuple(replace(lamp, distance_mm=np.inf) for lamp in recipe.light.lamps)
    return replace(recipe, light=replace(recipe.light, lamps=lamps))


@pytest.mark.parametrize("ita", [60.0, 45.0, 20.0, -10.0, -35.0, -50.0])
@pytest.mark.parametrize("light", ["twin", "window", "ring"])
def test_tone_asked_for_is_the_tone_that_a_grey_card_exposure_shows(ita, light):
    photo = render(plain(ita=ita, light=light))
    colour = linear_to_lab(srgb_to_linear(photo.rgb)[20:-20, 20:-20].mean(axis=(0, 1)))
    assert float(ita_deg(colour[0], colour[2])) == pytest.approx(ita, abs=4)


@pytest.mark.parametrize("light", ["ring", "twin", "offaxis", "raking", "window"])
def test_a_plane_that_faces_the_camera_receives_irradiance_one(light):
    lamp = make_light(light)
    flux = sum(ray.power * ray.direction[2] * np.array(ray.colour) for ray in rays(lamp))
    assert float(flux @ np.ones(3) / 3) == pytest.approx(1 - lamp.ambient, rel=0.15)
    flat = shape_of(np.zeros((20, 20)), 0.1)
    albedo = np.full((3, 20, 20), 0.3)
    far = without_falloff(plain(light=light)).light
    diffuse, _ = radiance(flat, albedo, far, MATT, np.zeros((20, 20)))
    # Schlick's entry factor takes a little at high zenith angles.
    assert diffuse.mean() == pytest.approx(0.3, rel=0.08)


def test_turning_the_light_round_swaps_the_bright_and_the_dark_wall():
    left, right = (
        srgb_to_linear(render(plain(scars=[PIT], light="offaxis", azimuth=a)).rgb)[60, :, 1]
        for a in (180.0, 0.0)
    )
    assert left[45:52].mean() < 0.95 * left[68:75].mean()
    assert right[45:52].mean() > 1.05 * right[68:75].mean()


def test_lower_light_gives_more_contrast():
    def contrast(zenith):
        photo = render(plain(scars=[PIT], light="offaxis", azimuth=180.0, zenith=zenith))
        green = srgb_to_linear(photo.rgb)[60, 30:90, 1]
        return float(green.std() / green.mean())

    assert contrast(20) < contrast(40) < contrast(60)


def test_red_is_blurred_more_than_green():
    edge = np.zeros((3, 40, 200))
    edge[:, :, 100:] = 1.0
    red, green, blue = np.abs(np.diff(scatter(edge, 0.1)[:, 20], axis=1)).max(axis=1)
    assert red < 0.7 * green
    assert green <= blue


def test_scatter_keeps_energy():
    assert SCATTER_WEIGHTS.sum(axis=1) == pytest.approx(np.ones(3))
    assert scatter(np.full((3, 50, 60), 0.7), 0.1) == pytest.approx(np.full((3, 50, 60), 0.7))


def test_surface_shine_takes_a_larger_share_of_dark_skin():
    shares = [
        render(plain(ita=i, shine=Shine(), light="ring")).specular_share for i in (50, 0, -45)
    ]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.3


def test_crossed_polarisers_leave_no_shine():
    assert render(plain(shine=Shine(polarised=0.0))).specular_share == 0


@pytest.mark.parametrize("shade", [None, lambda azimuth: np.full((40, 60), 0.5 + 0.1 * azimuth)])
@pytest.mark.parametrize("light", ["ring", "twin", "window"])
def test_single_precision_lights_a_surface_as_double_precision_does(light, shade):
    height = 0.3 * np.random.default_rng(1).random((40, 60))  # steep, with shadows
    oil = np.random.default_rng(2).random((40, 60))
    lamps, shine = make_light(light), Shine(polarised=1.0)
    double = lamplight(shape_of(height, 0.1), lamps, shine, oil, shade)
    rough = shape_of(height.astype(np.float32), 0.1)
    single = lamplight(rough, lamps, shine, oil.astype(np.float32), shade)
    for exact, fast in zip(double, single, strict=True):
        assert exact.max() > 0.01
        assert fast.dtype == np.float32
        assert fast == pytest.approx(exact, rel=1e-3, abs=1e-3)


def test_a_steep_wall_casts_a_shadow_away_from_the_light():
    height = np.zeros((80, 120))
    height[:, :60] = 1.0  # a step 1 mm high, light from the left at 60 degrees: 1.7 mm of shadow
    light = Light(
        name="one", lamps=make_light("raking", zenith_deg=60, azimuth_deg=180).lamps, ambient=0.0
    )
    light = replace(light, lamps=tuple(replace(p, distance_mm=np.inf) for p in light.lamps))
    albedo = np.full((3, 80, 120), 1e-6)
    entering, _ = radiance(shape_of(height, 0.1), albedo, light, MATT, np.zeros((80, 120)), width=0)
    row = entering[1, 40] / entering[1, 40, 110]
    assert row[64:72].max() < 0.2
    assert row[85:].min() > 0.9


def test_pits_are_occluded():
    x = np.arange(101) - 50
    bowl = -2.0 * np.exp(-(x[None, :] ** 2 + x[:, None] ** 2) / (2 * 8.0**2))
    openness = shape_of(bowl, 0.1).openness
    assert openness[50, 50] < 0.6
    assert openness[5, 5] > 0.97


def test_an_unknown_light_is_refused():
    with pytest.raises(ParamsError, match="light = 'candle'"):
        make_light("candle")
