"""The relief segmenter on photos: what turn, light and scale may not change, what is no scar."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.flags import Flag
from scarscope.params import SkinParams
from scarscope.phantom import Hair, Mark, Recipe, ScarShape, Skin, Tone, make_light, render
from scarscope.photo import read_photo
from scarscope.photo.model import Photo, Scale
from scarscope.scars import ReliefSegmenter, Scars, columns
from scarscope.skin import find_skin

SIZE_MM = (18.0, 18.0)
SCARS = tuple(
    ScarShape(
        kind=kind,
        x_mm=x,
        y_mm=y,
        width_mm=width,
        length_mm=1.2 * width,
        depth_mm=deep,
        angle_deg=20,
    )
    for kind, x, y, width, deep in (
        ("boxcar", -4.0, -4.0, 3.0, 0.35),
        ("icepick", 3.0, -5.0, 1.6, 0.45),
        ("rolling", 3.0, 3.0, 5.0, 0.35),
        ("boxcar", -5.0, 4.0, 2.5, 0.30),
    )
)


def recipe(light="raking", seed=3, **skin):
    skin = {"size_mm": SIZE_MM, **skin}
    return Recipe(skin=Skin(seed=seed, **skin), light=make_light(light), noise_seed=1)


@functools.cache
def picture(light="raking", mm_per_px=0.1):
    rendered = render(replace(recipe(light, scars=SCARS), mm_per_px=mm_per_px), compress=False)
    return read_photo(rendered.rgb, mm_per_px=mm_per_px).rgb, rendered


def segment(rgb, mm_per_px: float | None = 0.1, *, roi=None, params=None) -> Scars:
    scale = None if mm_per_px is None else Scale(mm_per_px, "argument")
    photo = Photo(np.ascontiguousarray(rgb, np.float32), "made", "0" * 64, scale=scale)
    roi = np.ones(photo.shape, bool) if roi is None else roi
    return ReliefSegmenter()(find_skin(photo, roi=roi, params=params))


@functools.cache
def usual(light="raking"):
    return segment(picture(light)[0])


def overlap(a, b):
    a, b = a > 0, b > 0
    return (a & b).sum() / max((a | b).sum(), 1)


def burden_um(scars):
    return 1000 * scars.table["volume_mm3"].sum() / scars.skin.area


@pytest.mark.parametrize("light", ["raking", "offaxis"])
def test_every_scar_is_found_in_its_place(light):
    truth = picture(light)[1].table
    found = usual(light).table
    assert len(found) == len(truth) == 4
    for scar in truth.itertuples():
        gap_px = np.hypot(found["x_px"] - scar.x_px, found["y_px"] - scar.y_px).min()
        assert gap_px < 10  # a millimetre


@pytest.mark.parametrize("light", ["raking", "offaxis"])
def test_depth_is_of_the_right_size(light):
    truth, found = picture(light)[1].table, usual(light).table
    assert 0.4 < found["depth_um"].median() / truth["depth_um"].median() < 2.0
    true_burden = 1000 * truth["volume_mm3"].sum() / (SIZE_MM[0] * SIZE_MM[1])
    assert 0.35 < burden_um(usual(light)) / true_burden < 2.0


def test_the_lamp_is_found():
    light = make_light("raking")
    found = usual("raking").quality["light_azimuth_deg"]
    off = abs((found - light.lamps[0].azimuth_deg + 180) % 360 - 180)
    assert off < 15
    assert Flag.FLAT_LIGHT not in usual("raking").flags


@settings(max_examples=6, deadline=None)
@given(st.floats(0.3, 1.0), st.floats(0.75, 1.3), st.floats(0.75, 1.3))
def test_exposure_and_white_balance_change_no_label(exposure, red, blue):
    gains = exposure * np.array([red, 1.0, blue])
    other = segment(picture()[0] * gains)
    assert len(other) == len(usual())
    assert overlap(other.labels, usual().labels) > 0.98
    np.testing.assert_allclose(other.table["depth_um"], usual().table["depth_um"], rtol=0.01)


@pytest.mark.parametrize("light", ["raking", "twin", "ring"])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_photo_shows_the_turned_scars(light, turns):
    turned = segment(np.rot90(picture(light)[0], turns))
    assert len(turned) == len(usual(light))
    # Under a ring the light has hardly a direction, so rounding sways what little slopes count.
    least = 0.8 if light == "ring" else 0.95
    assert overlap(turned.labels, np.rot90(usual(light).labels, turns)) > least


@pytest.mark.parametrize("light", ["raking", "twin", "ring"])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_photo_shows_the_mirrored_scars(light, axis):
    mirrored = segment(np.flip(picture(light)[0], axis))
    assert len(mirrored) == len(usual(light))
    assert overlap(mirrored.labels, np.flip(usual(light).labels, axis)) > 0.95
    assert burden_um(mirrored) == pytest.approx(burden_um(usual(light)), rel=0.05)


def test_without_a_scale_the_same_scars_are_measured_in_pixels():
    nominal = SkinParams(nominal_view_mm=SIZE_MM[0])  # happens to be the truth
    plain = segment(picture()[0], None, params=nominal)
    assert list(plain.table.columns) == list(columns("px"))
    assert np.array_equal(plain.labels, usual().labels)
    table, known = plain.table, usual().table
    np.testing.assert_allclose(table["area_px2"] * 0.1**2, known["area_mm2"], rtol=1e-6)
    np.testing.assert_allclose(table["width_px"] * 0.1, known["width_mm"], rtol=1e-6)
    np.testing.assert_allclose(table["volume_px3"] * 0.1**3, known["volume_mm3"], rtol=1e-4)
    np.testing.assert_allclose(table["depth_px"] * 100, known["depth_um"], rtol=1e-4)
    assert list(table["type"]) == list(known["type"])


def test_without_a_scale_a_fine_photo_is_still_measured_in_its_own_pixels():
    fine, _ = picture(mm_per_px=0.05)
    nominal = SkinParams(nominal_view_mm=SIZE_MM[0])
    plain, known = segment(fine, None, params=nominal), segment(fine, 0.05)
    assert plain.skin.grid.px == 2
    np.testing.assert_allclose(plain.table["area_px2"] * 0.05**2, known.table["area_mm2"])
    np.testing.assert_allclose(plain.table["x_px"], known.table["x_px"])


# Under two equal lamps most scars are near the limit of what is believed, and some tip over.
@pytest.mark.parametrize("light", ["raking", "offaxis"])
def test_burden_is_the_same_at_half_the_pixel_size(light):
    fine = segment(picture(light, 0.05)[0], 0.05)
    assert abs(len(fine) - len(usual(light))) <= 1
    assert burden_um(fine) == pytest.approx(burden_um(usual(light)), rel=0.35)


def test_labels_depth_and_table_agree():
    scars = segment(picture(mm_per_px=0.05)[0], 0.05)
    ids = np.unique(scars.labels)
    assert list(ids[ids > 0]) == list(scars.table["scar_id"]) == list(range(1, len(scars) + 1))
    assert scars.labels.shape == scars.depth.shape == scars.skin.grid.shape == (180, 180)
    assert scars.labels.dtype == np.int32
    assert scars.depth.dtype == np.float32
    assert scars.depth.min() == 0
    assert not scars.depth[scars.labels == 0].any()
    cells = scars.skin.grid.step**2
    for row in scars.table.itertuples():
        own = scars.labels == row.scar_id
        assert row.area_mm2 == pytest.approx(own.sum() * cells)
        assert row.volume_mm3 == pytest.approx(scars.depth[own].sum(dtype=float) * cells, rel=1e-4)
        assert ReliefSegmenter().params.least_confidence <= row.confidence <= 1
    full = scars.labels_px()
    assert full.shape == scars.depth_px().shape == (360, 360)
    assert np.array_equal(full[::2, ::2], scars.labels)


def test_scars_stay_within_the_region():
    roi = np.zeros((180, 180), bool)
    roi[20:160, 20:100] = True
    scars = segment(picture()[0], roi=roi)
    assert not scars.labels[~roi].any()
    assert len(scars) >= 1


def test_what_lies_outside_the_region_does_not_matter():
    roi = np.zeros((180, 180), bool)
    roi[:, :100] = True
    rgb = picture()[0].copy()
    one = segment(rgb, roi=roi)
    rgb[:, 100:] = (0.05, 0.1, 0.6)
    other = segment(rgb, roi=roi)
    assert overlap(one.labels, other.labels) > 0.98


def test_the_same_photo_gives_the_same_numbers_twice():
    again = segment(picture()[0])
    assert np.array_equal(again.labels, usual().labels)
    assert again.table.equals(usual().table)


@functools.cache
def blank(light, seed, **skin):
    """Scars found on a patch of 15 x 15 mm that has none."""
    tone = Tone(ita_deg=(50.0, 20.0, -10.0, -40.0)[seed % 4])
    made = render(recipe(light, seed, size_mm=(15.0, 15.0), tone=tone, **skin))
    return segment(read_photo(made.rgb, mm_per_px=0.1).rgb)


LIGHTS = ("ring", "twin", "offaxis", "raking")


def test_skin_without_scars_has_next_to_none():
    found = [len(blank(light, seed)) for light in LIGHTS for seed in range(4)]
    area_cm2 = 2.25 * len(found)
    assert sum(found) / area_cm2 < 0.1  # the bar is one in 10 cm2


@pytest.mark.parametrize("value", [0.0, 1e-4])
def test_a_plain_wall_of_skin_colour_has_no_scar_and_an_empty_table(value):
    noise = np.random.default_rng(0).normal(0, value, (150, 150, 1))
    scars = segment(np.array([0.45, 0.25, 0.17]) * np.exp(noise))
    assert len(scars) == 0
    assert list(scars.table.columns) == list(columns("mm"))
    assert scars.table["depth_um"].dtype == np.float64
    assert scars.table["scar_id"].dtype == np.int64
    assert not scars.labels.any()
    assert not scars.depth.any()


def test_pixel_noise_is_no_scar():
    for spread in (0.01, 0.03, 0.1):
        noise = np.random.default_rng(0).normal(0, spread, (200, 200, 3))
        assert len(segment(np.array([0.45, 0.25, 0.17]) * np.exp(noise))) == 0


def hits(kind, **shape):
    """Share of patches in which a mark in the middle becomes a scar."""
    mark = Mark(kind=kind, x_mm=0, y_mm=0, **shape)
    found = [
        bool(blank(light, seed, marks=(mark,)).labels[67:83, 67:83].any())
        for light in LIGHTS
        for seed in range(2)
    ]
    return np.mean(found)


def test_a_flat_red_mark_is_no_scar():
    assert hits("red", width_mm=4.0, strength_od=0.12) <= 0.3


def test_vellus_hairs_are_no_scars():
    hair = Hair(vellus_per_cm2=10)
    found = [len(blank(light, seed, hair=hair)) for light in LIGHTS for seed in range(2)]
    assert sum(found) <= 2


@pytest.mark.xfail(
    reason="a lone flat brown mark leaks a third of its density into shading", strict=False
)
@pytest.mark.parametrize(("kind", "strength"), [("brown", 0.15), ("naevus", 0.6)])
def test_a_flat_brown_mark_is_no_scar(kind, strength):
    assert hits(kind, width_mm=3.0, strength_od=strength) <= 0.1


@pytest.mark.xfail(
    reason="a lone bump under one lamp looks like a pit under the opposite one", strict=False
)
def test_a_papule_is_no_scar():
    assert hits("papule", width_mm=3.0, strength_od=0.1, height_mm=0.5) <= 0.1


@pytest.mark.xfail(reason="clumps of stubble are taken for pits", strict=False)
def test_stubble_is_no_scar():
    hair = Hair(stubble_per_cm2=30)
    found = [len(blank(light, seed, hair=hair)) for light in LIGHTS for seed in range(2)]
    assert sum(found) <= 1
