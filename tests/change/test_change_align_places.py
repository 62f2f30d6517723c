"""The truth that alignments are measured against: what lies where in two simulated photos."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from scarscope.errors import ParamsError
from scarscope.phantom.noise import Grid
from scarscope.phantom.pairs import confounder_pair
from scarscope.phantom.places import true_places
from scarscope.phantom.render import render
from scarscope.phantom.wide_pairs import wide_pair

SMALL = {"size_mm": (16.0, 13.0), "mm_per_px": 0.1}


def depth_off(before, after, shift=(0.0, 0.0)):
    """Mean difference of the true depths, um, when one is laid over the other with a shift."""
    height, width = before.depth_mm.shape
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    places = true_places(before, after, np.column_stack([x.ravel(), y.ravel()]))
    inside = ((places > 1) & (places < np.array(after.depth_mm.shape[::-1]) - 2)).all(axis=1)
    there = (places + shift).reshape(height, width, 2).astype(np.float32)
    depth = cv2.remap(after.depth_mm, there, None, cv2.INTER_LINEAR)
    return 1000 * np.abs(depth - before.depth_mm).ravel()[inside].mean()


@pytest.mark.parametrize("mm_per_px", [0.1, 0.05])
def test_true_depths_coincide(mm_per_px):
    before, after = confounder_pair(20_901, "pose", **SMALL)
    if mm_per_px != 0.1:
        pose = replace(after.recipe.pose, turn_deg=7.0)
        other = replace(after.recipe, mm_per_px=0.05, supersample=1, pose=pose)
        before = render(replace(before.recipe, mm_per_px=0.1, supersample=2))
        after = render(other)
    right = depth_off(before, after)
    assert right < 1.0
    for shift in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)):
        assert depth_off(before, after, shift) > 2 * right


def test_a_photo_lies_over_itself():
    before, _ = confounder_pair(20_902, "tan", **SMALL)
    points = np.array([[0.0, 0.0], [77.5, 20.25]])
    np.testing.assert_allclose(true_places(before, before, points), points, atol=1e-9)


def test_other_skin_has_no_true_places():
    before, after = confounder_pair(20_903, "tan", **SMALL)
    skin = replace(after.recipe.skin, seed=1)
    other = replace(after, recipe=replace(after.recipe, skin=skin))
    with pytest.raises(ParamsError, match="skin 20903"):
        true_places(before, other, np.zeros((1, 2)))


@pytest.mark.parametrize("zoom", [0.8, 1.25])
def test_a_wide_pair_shows_the_same_skin(zoom):
    before, after = wide_pair(20_904, turn_deg=15.0, zoom=zoom, shift_mm=(4.0, -2.0), **SMALL)
    assert after.mm_per_px == pytest.approx(0.1 / zoom, rel=2e-3)
    assert depth_off(before, after) < 1.5
    assert set(before.table["scar_id"]) & set(after.table["scar_id"])
    middle = np.array([[79.5, 64.5], [80.5, 64.5]])
    (x0, y0), (x1, y1) = true_places(before, after, middle)
    turn = np.degrees(np.arctan2(y1 - y0, x1 - x0))
    assert abs(turn) == pytest.approx(15, abs=3)
    assert np.hypot(x1 - x0, y1 - y0) == pytest.approx(zoom, rel=0.02)


def test_pores_and_mottle_do_not_hang_on_the_pixel_size():
    before, after = wide_pair(20_905, zoom=1.1, **SMALL, ita_deg=30.0)
    # Both sheets must span the same distance, from which pores and lines are drawn.
    spans = [Grid.covering(p.recipe.skin.size_mm, p.mm_per_px).extent_mm for p in (before, after)]
    np.testing.assert_allclose(*spans, rtol=1e-9)
    height, width = before.rgb.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    places = true_places(before, after, np.column_stack([x.ravel(), y.ravel()]))
    there = places.reshape(height, width, 2).astype(np.float32)
    inside = ((there > 3) & (there < np.array(after.rgb.shape[1::-1]) - 4)).all(axis=2)
    tone = [
        np.log(p.rgb[..., 0] + 5.0).astype(np.float32)
        - np.log(p.rgb[..., 1] + 5.0).astype(np.float32)
        for p in (before, after)
    ]
    tone[1] = cv2.remap(tone[1], there, None, cv2.INTER_LINEAR)
    fine = [cv2.GaussianBlur(t, (0, 0), 2) - cv2.GaussianBlur(t, (0, 0), 8) for t in tone]
    assert np.corrcoef(fine[0][inside], fine[1][inside])[0, 1] > 0.5


@pytest.mark.parametrize("change", [{"zoom": 3.0}, {"turn_deg": 200.0}])
def test_views_out_of_range_are_refused(change):
    with pytest.raises(ParamsError, match=next(iter(change))):
        wide_pair(20_905, **change)
