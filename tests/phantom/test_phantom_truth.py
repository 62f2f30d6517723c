from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.errors import ParamsError
from scarscope.phantom import Camera, Pose, Recipe, ScarShape, Skin, make_light, render
from scarscope.phantom.noise import Grid, polygons, smooth_noise, stream
from scarscope.phantom.sampler import random_patch, random_recipe
from scarscope.phantom.scar_sampler import random_scars
from scarscope.phantom.scars import TRUTH_COLUMNS, profile, stamp


def scar(kind, **changes):
    given = {"kind": kind, "x_mm": 0.0, "y_mm": 0.0, "width_mm": 3.0, "length_mm": 3.0}
    return ScarShape(**{**given, "depth_mm": 0.4, "wall_mm": 0.02, **changes})


def volume(one, step=0.02):
    axis = np.arange(-5, 5, step) + step / 2
    return float(profile(one, axis[None, :], axis[:, None]).sum() * step**2)


# Closed forms for radius R = 1.5 mm and depth d = 0.4 mm: a cone, a flat disc with a floor dished
# by 15 % of r^2, and a raised cosine.
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("icepick", np.pi * 1.5**2 * 0.4 / 3),
        ("boxcar", np.pi * 1.5**2 * 0.4 * (1 - 0.15 / 2)),
        ("rolling", np.pi * 1.5**2 * 0.4 * (0.5 - 2 / np.pi**2)),
    ],
)
def test_volume_of_a_round_scar_is_its_closed_form(kind, expected):
    assert volume(scar(kind)) == pytest.approx(expected, rel=0.02)


def test_rendered_truth_agrees_with_the_closed_form():
    pit = scar("icepick", width_mm=2.0, length_mm=2.0)
    skin = Skin(seed=3, size_mm=(10, 10), scars=(pit,))
    photo = render(Recipe(skin=skin, light=make_light("twin"), mm_per_px=0.05))
    row = photo.table.iloc[0]
    cone = np.pi * 0.4 / 3
    assert row["type"] == "icepick"
    assert row["volume_mm3"] == pytest.approx(cone, rel=0.25)  # its outline wanders
    assert row["depth_um"] == pytest.approx(400, rel=0.08)
    assert row["x_px"] == pytest.approx(99.5, abs=4)
    assert photo.burden_um == pytest.approx(1000 * photo.depth_mm.sum() * 0.05**2 / 100, rel=1e-5)


def test_remaining_depth_scales_the_truth():
    full = scar("rolling", width_mm=6.0, length_mm=6.0)
    skin = Skin(seed=3, size_mm=(10, 10), scars=(full,))
    recipe = Recipe(skin=skin, light=make_light("ring"))
    half = replace(skin, scars=(replace(full, remaining=0.5),))
    before, after = render(recipe), render(replace(recipe, skin=half))
    assert after.burden_um == pytest.approx(before.burden_um / 2, rel=1e-6)


def test_a_scar_that_the_frame_cuts_says_so():
    inside, cut = scar("rolling", x_mm=-1.0), scar("boxcar", x_mm=4.6)
    skin = Skin(seed=3, size_mm=(10, 10), scars=(inside, cut))
    photo = render(Recipe(skin=skin, light=make_light("ring")))
    assert photo.table["at_edge"].tolist() == [False, True]


def test_finer_sampling_changes_neither_the_truth_nor_the_tone():
    recipe = random_recipe(11, size_mm=(12, 12), n_scars=5, light="twin")
    once, twice = render(recipe), render(replace(recipe, supersample=2))
    assert twice.rgb.shape == once.rgb.shape
    assert twice.burden_um == pytest.approx(once.burden_um, rel=0.02)
    assert (twice.labels > 0).mean() == pytest.approx((once.labels > 0).mean(), rel=0.03)
    assert twice.rgb.mean() == pytest.approx(once.rgb.mean(), rel=0.03)


def test_skin_without_scars_has_zero_depth_and_an_empty_table():
    photo = random_patch(4, size_mm=(8, 8), n_scars=0)
    assert not photo.depth_mm.any()
    assert not photo.labels.any()
    assert tuple(photo.table.columns) == TRUTH_COLUMNS
    assert len(photo.table) == 0
    assert photo.table["area_mm2"].sum() == 0


def test_labels_and_table_tell_the_same_story():
    photo = random_patch(11, size_mm=(24, 24), n_scars=14)
    assert photo.table["scar_id"].tolist() == list(range(1, photo.labels.max() + 1))
    areas = np.bincount(photo.labels.ravel())[1:] * 0.1**2
    assert photo.table["area_mm2"].to_numpy() == pytest.approx(areas)
    assert (photo.depth_mm[photo.labels > 0] > 0.0099).all()
    assert (photo.table["width_mm"] <= photo.table["length_mm"]).all()


def test_a_shifted_camera_moves_truth_and_photo_together():
    base = random_recipe(11, size_mm=(20, 20), n_scars=8)
    base = replace(base, pose=Pose())
    base = replace(base, camera=Camera(), view_mm=(14.0, 14.0))
    moved = replace(base, pose=Pose(shift_mm=(1.0, 0.0)))
    here, there = render(base), render(moved)
    assert there.depth_mm[:, :-10] == pytest.approx(here.depth_mm[:, 10:], abs=1e-3)
    assert (there.labels > 0)[:, :-10] == pytest.approx((here.labels > 0)[:, 10:])


def test_the_same_seed_gives_the_same_photo_and_another_does_not():
    one, again, other = (random_patch(s, size_mm=(8, 8)) for s in (5, 5, 6))
    assert one.rgb.tobytes() == again.rgb.tobytes()
    assert one.depth_mm.tobytes() == again.depth_mm.tobytes()
    assert one.table.equals(again.table)
    assert one.rgb.tobytes() != other.rgb.tobytes()


def test_a_scar_that_touches_another_one_keeps_its_own_label():
    left, right = (scar("boxcar", x_mm=x, wall_mm=0.3) for x in (-1.2, 1.2))
    field = stamp((left, right), Grid.covering((10, 10), 0.1), 1)
    assert set(np.unique(field.labels)) == {0, 1, 2}
    assert field.missing.max() < 0.41  # they merge, they do not add up


def test_two_scars_in_the_same_place_are_one():
    field = stamp((scar("boxcar"), scar("boxcar", x_mm=0.2)), Grid.covering((10, 10), 0.1), 1)
    assert set(np.unique(field.labels)) == {0, 1}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), kind=st.sampled_from(["icepick", "boxcar", "rolling"]))
def test_no_scar_is_deeper_than_asked(seed, kind):
    shapes = random_scars(stream(seed, "scars"), (10.0, 10.0), 1)
    one = replace(shapes[0], kind=kind, x_mm=0.0, y_mm=0.0)
    axis = np.linspace(-14, 14, 281)
    depth = profile(one, axis[None, :], axis[:, None])
    assert depth.min() >= 0
    assert depth.max() <= one.depth_mm * (1 + 1e-9)
    border = np.concatenate([depth[0], depth[-1], depth[:, 0], depth[:, -1]])
    assert border == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("sigma", [0.3, 2.0])
def test_smooth_noise_is_standard_and_the_same_at_any_pixel_size(sigma):
    coarse, fine = (
        smooth_noise(stream(1, "n"), Grid.covering((30.0, 30.0), step), sigma)
        for step in (0.2, 0.1)
    )
    assert fine.std() == pytest.approx(1, abs=0.25)
    middle = fine.reshape(150, 2, 150, 2).mean(axis=(1, 3))
    assert np.corrcoef(middle.ravel(), coarse.ravel())[0, 1] > 0.99


def test_polygons_have_thin_borders():
    axis = np.linspace(0, 10, 300)
    u, v = np.meshgrid(axis, axis)
    distance, strength = polygons(stream(1, "p"), u, v)
    assert distance.min() >= 0
    assert 0.05 < (distance < 0.1).mean() < 0.35
    assert 0 <= strength.min() <= strength.max() <= 1


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: scar("crater"), "kind"),
        (lambda: scar("boxcar", depth_mm=-0.1), "depth_mm"),
        (lambda: scar("boxcar", width_mm=4.0), "length_mm"),
        (lambda: Skin(seed=1, size_mm=(0.0, 3.0)), "size_mm"),
        (lambda: Recipe(skin=Skin(seed=1), light=make_light("ring"), mm_per_px=3.0), "mm_per_px"),
        (lambda: Camera(jpeg_quality=0), "jpeg_quality"),
    ],
)
def test_impossible_recipes_are_refused_by_name(make, name):
    with pytest.raises(ParamsError, match=name):
        make()
