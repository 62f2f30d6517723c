import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scarscope.errors import ParamsError
from scarscope.phantom import Camera, Hair, Mark, Pose, Recipe, ScarShape, Skin, make_light, render
from scarscope.phantom.camera import photograph
from scarscope.phantom.courses import Habits, make_course, scar_truth
from scarscope.phantom.geometry import relief
from scarscope.phantom.healing import erythema_od, healed, oedema_share
from scarscope.phantom.noise import Grid, polygons, stream
from scarscope.phantom.sampler import random_recipe, random_skin
from scarscope.phantom.scar_sampler import confluent_scars, random_scar
from scarscope.phantom.scars import profile, stamp
from scarscope.phantom.scene import lay_out, seen_from
from scarscope.phantom.study import plan_study

GRID = Grid.covering((10.0, 10.0), 0.1)


def scar(kind="boxcar", **changes):
    given = {"kind": kind, "x_mm": 0.0, "y_mm": 0.0, "width_mm": 4.0, "length_mm": 4.0}
    return ScarShape(**{**given, "depth_mm": 0.4, "wall_mm": 0.4, **changes})


@pytest.fixture(scope="module")
def both_precisions():
    recipe = random_recipe(11, size_mm=(12, 12), n_scars=6, light="twin", ita_deg=20.0)
    quiet = replace(recipe, camera=Camera(full_well=1e9, read_noise=0))
    return render(quiet), render(quiet, dtype=np.float32)


def test_single_precision_shows_the_same_photo_and_truth(both_precisions):
    double, single = both_precisions
    apart = np.abs(double.rgb.astype(int) - single.rgb)
    # A skin line's depth wraps round now and then, so a handful of pixels differ by more.
    assert np.percentile(apart, 99) <= 1
    assert apart.mean() < 0.1
    assert single.depth_mm == pytest.approx(double.depth_mm, abs=1e-5)
    assert (single.labels != double.labels).mean() < 1e-3


def test_single_precision_stays_single():
    skin = random_skin(3, size_mm=(8, 8), ita_deg=10.0, n_scars=3)
    skin = replace(skin, makeup=0.3, oedema=0.2, vessels_per_cm2=2.0, hair=Hair(long_per_cm2=3))
    skin = replace(skin, shine=replace(skin.shine, sweat_per_cm2=20.0))
    sheet = lay_out(skin, 0.1, np.float32)
    kinds = {n: v.dtype for n, v in vars(sheet).items() if isinstance(v, np.ndarray)}
    assert kinds.pop("labels") == np.int32
    assert set(kinds.values()) == {np.dtype(np.float32)}


@pytest.mark.parametrize("length", [7.0, 20.0])
def test_waves_are_as_long_and_as_high_as_stated_and_part_of_the_form(length):
    grid = Grid.covering((200.0, 200.0), 0.5)
    flat = replace(random_skin(5, size_mm=(200, 200), ita_deg=10.0, n_scars=0), marks=())
    wavy = replace(flat, surface=replace(flat.surface, wave_mm=0.05, wave_length_mm=length))
    before, after = relief(flat, grid), relief(wavy, grid)
    waves = after.form - before.form
    crests = (waves[:, 1:-1] > waves[:, :-2]) & (waves[:, 1:-1] > waves[:, 2:])
    assert waves.std() == pytest.approx(0.05, rel=0.15)
    assert 200 / crests.sum(axis=1).mean() == pytest.approx(length, rel=0.1)
    assert (after.texture == before.texture).all()


def test_packed_polygons_are_those_of_double_precision():
    u, v = np.meshgrid(np.linspace(0, 20, 150), np.linspace(0, 20, 150))
    double = polygons(stream(1, "p"), u, v)
    single = polygons(stream(1, "p"), u.astype(np.float32), v.astype(np.float32))
    assert single[0] == pytest.approx(double[0], abs=1e-4)
    assert np.median(np.abs(single[1] - double[1])) < 0.01


def test_an_uneven_scar_is_as_deep_as_asked():
    shapes = (scar(uneven=1.0), scar("icepick", width_mm=1.5, length_mm=1.5, uneven=0.5))
    for shape in shapes:
        assert stamp((shape,), GRID, 1).missing.max() == pytest.approx(0.4, abs=1e-9)


def test_an_uneven_scar_is_steep_on_one_side():
    axis = np.linspace(-2.5, 2.5, 501)

    def steepest(uneven):
        one = scar(uneven=uneven, warp=((2, 0.0, 0.0),))  # the slope lies towards x
        slope = np.abs(np.gradient(profile(one, axis[None, :], np.zeros((1, 1)))[0], axis))
        return slope[:250].max() / slope[251:].max()

    assert steepest(0.0) == pytest.approx(1, abs=0.02)
    assert steepest(1.0) > 1.5


@pytest.mark.parametrize("fullness", [0.6, 1.0, 1.8])
def test_a_full_rolling_scar_has_a_floor_and_the_same_edge_and_depth(fullness):
    dx, dy = np.arange(-2.5, 2.55, 0.1), np.zeros((1, 1))
    depth = profile(scar("rolling", fullness=fullness), dx[None, :], dy)[0]
    cosine = profile(scar("rolling"), dx[None, :], dy)[0]
    assert depth.max() == pytest.approx(0.4)
    assert depth[np.abs(dx) > 2.01].max() < 1e-12
    assert np.sign(depth.sum() - cosine.sum()) == np.sign(fullness - 1)


def test_a_nested_scar_adds_its_depth_and_keeps_its_label():
    inner = scar("icepick", width_mm=1.2, length_mm=1.2, depth_mm=0.2, nested=True)
    field = stamp((scar(), inner), GRID, 1)
    assert field.missing.max() > 0.5
    assert set(np.unique(field.labels)) == {0, 1, 2}
    assert field.labels[50, 50] == 2


def test_a_bridge_brings_skin_back_to_the_surface():
    bridged = scar(bridges=((0.0, 0.0, 0.8, 1.0),))
    axis = np.linspace(-2, 2, 81)
    depth = profile(bridged, axis[None, :], axis[:, None])
    assert depth[40, 40] == pytest.approx(0, abs=1e-9)
    assert depth[60, 40] > 0.3


def test_confluent_fields_leave_little_plain_skin():
    scars = confluent_scars(stream(1, "field"), (20.0, 20.0), 1.0)
    field = stamp(scars, Grid.covering((20.0, 20.0), 0.1), 1)
    assert (field.labels > 0).mean() > 0.7
    assert any(s.nested for s in scars)
    assert any(s.bridges for s in scars)


def test_severe_cases_are_drawn_sometimes():
    many = [len(random_skin(s, size_mm=(19, 19), ita_deg=20.0).scars) for s in range(60)]
    assert 1 <= sum(n > 30 for n in many) <= 15
    assert 2 <= sum(n == 0 for n in many) <= 20


def test_depths_are_those_of_ultrasound_with_tails():
    rng = stream(5, "depths")
    depths = np.array(
        [random_scar(rng, k, (10, 10)).depth_mm for k in ("icepick", "boxcar") for _ in range(500)]
    )
    assert ((depths > 0.2) & (depths < 0.5)).mean() == pytest.approx(0.958, abs=0.025)
    assert depths.min() < 0.17
    assert depths.max() > 0.55


def test_raised_lesions_are_not_missing_skin():
    lump = Mark(kind="hypertrophic", x_mm=0, y_mm=0, width_mm=4.0, strength_od=0.1, height_mm=0.8)
    flat = Skin(seed=1, size_mm=(10, 10))
    low, high = (lay_out(s, 0.1) for s in (flat, replace(flat, marks=(lump,))))
    assert (high.height - low.height)[50, 50] == pytest.approx(0.8, abs=0.15)
    assert not high.missing.any()


def test_a_hair_keeps_light_from_the_skin_beside_it():
    hair = Hair(long_per_cm2=6.0, shadow=0.0)
    recipe = Recipe(skin=Skin(seed=2, size_mm=(10, 10), hair=hair), light=make_light("offaxis"))
    shaded = replace(recipe, skin=replace(recipe.skin, hair=replace(hair, shadow=0.8)))
    lighter, darker = (render(r).rgb.astype(float) for r in (recipe, shaded))
    assert (lighter - darker).mean() > 0.1
    assert (lighter - darker).max() > 10


@pytest.mark.parametrize("supersample", [1, 2])
def test_the_share_that_hair_hides_is_told_and_matches_the_photo(supersample):
    skin = Skin(seed=2, size_mm=(10, 10), hair=Hair(long_per_cm2=6.0, vellus_per_cm2=20.0))
    bare = Recipe(
        skin=replace(skin, hair=Hair()), light=make_light("twin"), supersample=supersample
    )
    covered, clean = render(replace(bare, skin=skin)), render(bare)
    assert clean.hair is None
    assert covered.hair.dtype == np.float32
    assert covered.hair.shape == covered.labels.shape
    assert 0 <= covered.hair.min() < 0.01 < 0.3 < covered.hair.max() <= 1
    same = (covered.rgb == clean.rgb).all(axis=2)
    assert same[covered.hair == 0].mean() > 0.9
    assert same[covered.hair > 0.3].mean() < 0.1


def test_pale_hair_hides_skin_as_dark_hair_does():
    vellus = Skin(seed=2, size_mm=(10, 10), hair=Hair(vellus_per_cm2=20.0))
    cover = lay_out(vellus, 0.1).hair
    assert cover.min() < 0 == cover.max()
    photo = render(Recipe(skin=vellus, light=make_light("twin")))
    assert photo.hair == pytest.approx(-cover, abs=1e-6)


def test_perspective_shows_what_lies_nearer_larger():
    skin = Skin(seed=1, size_mm=(40, 40), scars=(scar(x_mm=-11.0), scar(x_mm=11.0)))
    straight = lay_out(skin, 0.1)
    pose = Pose(tilt_x_deg=20.0, distance_mm=150.0)  # the right side comes towards the camera
    seen = seen_from(straight, pose, None)
    left, right = (float((seen.labels == k).sum()) for k in (1, 2))
    assert right > 1.05 * left
    flat = (straight.labels > 0).sum()
    assert (left + right) / flat == pytest.approx(math.cos(math.radians(20)), abs=0.04)


def test_a_straight_pose_in_perspective_changes_nothing():
    skin = Skin(seed=1, size_mm=(10, 10), scars=(scar(),))
    sheet = lay_out(skin, 0.1)
    assert seen_from(sheet, Pose(distance_mm=300.0), None) is sheet


def test_phones_even_large_differences_of_brightness():
    ramp = np.broadcast_to(np.linspace(0.1, 0.6, 200), (3, 120, 200)).copy()
    plain, phone = (
        photograph(ramp, Camera(full_well=1e9, read_noise=0, local_tone=t), 1) for t in (0.0, 1.0)
    )
    spread = [float(np.ptp(p[60, 5:-5, 1].astype(float))) for p in (plain, phone)]
    assert spread[1] < 0.8 * spread[0]


def test_resampling_takes_detail_and_keeps_the_grid():
    noise = 0.3 + 0.1 * stream(1, "n").standard_normal((3, 60, 60))
    fine, coarse = (
        photograph(noise, Camera(full_well=1e9, read_noise=0, resample=f), 1) for f in (1.0, 0.5)
    )
    assert fine.shape == coarse.shape
    assert coarse.std() < 0.7 * fine.std()


def test_walls_that_light_each_other_are_brighter():
    pit = Skin(seed=1, size_mm=(8, 8), scars=(scar("icepick", width_mm=1.5, depth_mm=1.0),))
    once, thrice = (
        render(Recipe(skin=pit, light=make_light("twin"), bounces=n)).rgb[38:42, 38:42].mean()
        for n in (2, 5)
    )
    assert thrice > once


def test_swelling_fills_scars_in_the_photo_not_in_the_truth():
    skin = Skin(seed=1, size_mm=(10, 10), scars=(scar(),))
    firm, swollen = lay_out(skin, 0.1), lay_out(replace(skin, oedema=0.5), 0.1)
    assert np.array_equal(firm.missing, swollen.missing)
    assert swollen.height[50, 50] > firm.height[50, 50] + 0.1


def test_healing_takes_depth_and_width():
    half = healed(scar(), 0.5)
    truth = scar_truth([scar(), half])
    assert truth["depth_um"].tolist() == pytest.approx([400, 200])
    assert truth["remaining"].tolist() == [1.0, 0.5]
    assert truth["area_mm2"][0] == pytest.approx(math.pi * 4, rel=0.12)
    assert truth["area_mm2"][1] < 0.75 * truth["area_mm2"][0]
    assert truth["volume_mm3"][1] < 0.4 * truth["volume_mm3"][0]


def test_redness_and_swelling_fade():
    days = (0, 2, 7, 42)
    assert sorted(map(erythema_od, days), reverse=True) == [erythema_od(d) for d in days]
    assert oedema_share(0) > 0.3
    assert oedema_share(7) < 0.15
    assert erythema_od(-1) == oedema_share(-1) == 0


def test_early_photos_show_redness_and_come_in_order():
    visits = plan_study(subjects=1, sessions=3, seed=4, retests=0, view_mm=(9, 9), early_days=(3,))
    assert [v.session for v in visits] == [0, 1, 2, 3, 4]
    assert [v.date for v in visits] == sorted(v.date for v in visits)
    red = [v.recipe.skin.tone.erythema_od > 0 for v in visits]
    assert red == [False, True, False, True, False]
    assert visits[1].treated_on == visits[0].date
    with pytest.raises(ParamsError, match="early_days = 60"):
        plan_study(early_days=(60,))


def test_new_scars_arise_and_numbers_stay():
    habits = Habits(new_scars=3.0, tan_od=0.05, stubble_per_cm2=20.0)
    course = make_course(
        7, 0, ita_deg=10.0, view_mm=(20, 20), response=0.4, sessions=4, habits=habits
    )
    first, last = (course.skin_at(s) for s in (0, 3))
    assert len(first.scars) == len(last.scars)
    assert [s.kind for s in first.scars] == [s.kind for s in last.scars]
    hidden = [s.remaining == 0 for s in first.scars]
    assert any(hidden)
    assert not any(s.remaining == 0 for s in last.scars)
    assert first.tone.tan_od != last.tone.tan_od
    assert course.skin_at(3) == last


def test_types_respond_by_their_own():
    courses = [make_course(s, 0, ita_deg=0.0, view_mm=(42, 42), response=0.4) for s in range(12)]
    rows = pd.DataFrame(
        [(s.kind, r) for c in courses for s, r in zip(c.skin.scars, c.responses, strict=True)],
        columns=["kind", "response"],
    )
    means = rows.groupby("kind")["response"].mean()
    assert means["icepick"] < means["boxcar"]
    assert means.mean() == pytest.approx(0.4, abs=0.08)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: scar(uneven=2.0), "uneven"),
        (lambda: scar("rolling", fullness=0.1), "fullness"),
        (lambda: Skin(seed=1, makeup=1.5), "makeup"),
        (lambda: Skin(seed=1, oedema=-0.1), "oedema"),
        (lambda: Camera(resample=0.0), "resample"),
        (lambda: Habits(new_scars=-1.0), "new_scars"),
    ],
)
def test_impossible_features_are_refused_by_name(make, name):
    with pytest.raises(ParamsError, match=name):
        make()
