import itertools

import numpy as np
import pytest

from scarscope.errors import ParamsError
from scarscope.phantom import seeds
from scarscope.phantom.distractors import DISTRACTORS, distractor_patch
from scarscope.phantom.pairs import (
    CONFOUNDERS,
    confounder_pair,
    retest_pair,
    treated_pair,
    worsened_pair,
)
from scarscope.photo.colour import linear_to_lab, srgb_to_linear

SMALL = {"size_mm": (9.0, 9.0), "mm_per_px": 0.1}
# The field of a recipe that each confounder changes; the skin's scars are never among them.
CHANGED = {
    "light": lambda r: r.light,
    "focus": lambda r: r.camera.defocus_px,
    "exposure": lambda r: r.camera.exposure,
    "pose": lambda r: r.pose.tilt_x_deg,
    "redness": lambda r: r.skin.tone.erythema_od,
    "makeup": lambda r: r.skin.makeup,
    "white_balance": lambda r: r.camera.white_balance,
    "compression": lambda r: r.camera.jpeg_quality,
    "tan": lambda r: r.skin.tone.tan_od,
}


@pytest.mark.parametrize("kind", CONFOUNDERS)
def test_a_confounder_changes_the_photo_and_no_scar(kind):
    before, after = confounder_pair(31, kind, **SMALL)
    assert before.recipe.skin.scars == after.recipe.skin.scars
    assert CHANGED[kind](before.recipe) != CHANGED[kind](after.recipe)
    others = {k: v for k, v in CHANGED.items() if k not in (kind, "pose")}
    assert all(get(before.recipe) == get(after.recipe) for get in others.values())
    assert before.rgb.tobytes() != after.rgb.tobytes()
    assert before.rgb.shape == after.rgb.shape == (90, 90, 3)


def test_a_retest_is_posed_anew_and_nothing_else():
    before, after = retest_pair(32, **SMALL)
    assert before.recipe.skin == after.recipe.skin
    assert before.recipe.light == after.recipe.light
    assert before.recipe.camera == after.recipe.camera
    assert before.recipe.pose != after.recipe.pose
    assert before.recipe.noise_seed != after.recipe.noise_seed


def test_treatment_takes_depth_and_area_from_the_same_scars():
    before, after = treated_pair(33, 0.5, size_mm=(16.0, 16.0), mm_per_px=0.1)
    assert after.burden_um < 0.7 * before.burden_um
    both = before.table.merge(after.table, on="scar_id", suffixes=("", "_after"))
    assert len(both) >= 2
    whole = both[~both["at_edge"] & ~both["at_edge_after"]]
    assert (whole["depth_um_after"] < whole["depth_um"]).all()
    assert (whole["type"] == whole["type_after"]).all()
    untouched = treated_pair(33, 0.0, size_mm=(16.0, 16.0), mm_per_px=0.1)[1]
    assert untouched.recipe.skin.scars == before.recipe.skin.scars


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_new_scars_are_not_there_before(share):
    before, after = worsened_pair(33, share, size_mm=(16.0, 16.0), mm_per_px=0.1)
    old, new = set(before.table["scar_id"]), set(after.table["scar_id"])
    assert old < new
    assert bool(old) == (share < 1)
    told = {scar: row.remaining for scar, row in enumerate(before.recipe.skin.scars, start=1)}
    gone = [number for number, left in told.items() if left == 0]
    assert len(gone) == round(share * len(told))
    assert not set(gone) & old
    colour = [before.recipe.skin.scars[number - 1] for number in gone]
    assert all(scar.melanin_od == scar.blood_od == 0 for scar in colour)


def test_make_up_evens_colour_and_takes_shine():
    before, after = confounder_pair(34, "makeup", **SMALL, ita_deg=20.0)
    red = [linear_to_lab(srgb_to_linear(p.rgb))[..., 1].std() for p in (before, after)]
    assert red[1] < red[0]
    assert after.specular_share < 0.8 * before.specular_share


def test_redness_raises_a_star():
    before, after = confounder_pair(35, "redness", **SMALL, ita_deg=40.0)
    a = [linear_to_lab(srgb_to_linear(p.rgb))[..., 1].mean() for p in (before, after)]
    assert a[1] > a[0] + 1.5


def test_defocus_takes_detail():
    before, after = confounder_pair(36, "focus", **SMALL)
    detail = [np.diff(p.rgb.astype(float), axis=1).std() for p in (before, after)]
    assert detail[1] < 0.8 * detail[0]


@pytest.mark.parametrize("kind", DISTRACTORS)
def test_distractors_have_no_scars_and_plenty_of_themselves(kind):
    photo = distractor_patch(41, kind, **SMALL, light="twin", ita_deg=20.0)
    plain = distractor_patch(41, "plain", **SMALL, light="twin", ita_deg=20.0)
    assert len(photo.table) == 0
    assert not photo.depth_mm.any()
    assert not photo.labels.any()
    assert photo.region.all()
    if kind != "plain":  # beyond three grey levels
        changed = np.abs(photo.rgb.astype(int) - plain.rgb).max(axis=2) > 3
        assert changed.mean() > 0.002


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: confounder_pair(1, "weather"), "kind = 'weather'"),
        (lambda: distractor_patch(1, "cats"), "kind = 'cats'"),
        (lambda: treated_pair(1, 2.0), "response = 2.0"),
        (lambda: worsened_pair(1, 1.5), "share = 1.5"),
        (lambda: retest_pair(-1), "seed = -1"),
    ],
)
def test_impossible_pairs_are_refused_by_name(make, name):
    with pytest.raises(ParamsError, match=name):
        make()


def test_ranges_of_seeds_do_not_overlap():
    ranges = [v for v in vars(seeds).values() if isinstance(v, range)]
    assert len(ranges) >= 5
    ends = sorted((r.start, r.stop) for r in ranges)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(ends))
    assert not any(seeds.SAMPLES in r for r in ranges)
