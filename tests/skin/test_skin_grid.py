"""The working grid: a physical spacing, no area lost, and nothing in mm without a scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.params import SkinParams
from scarscope.photo.model import Photo, Scale
from scarscope.skin import find_skin
from scarscope.skin.grid import make_grid, mask_to_grid, to_grid

SKIN_COLOUR = (0.45, 0.25, 0.17)


def photo_of(shape, mm_per_px=None, rgb=None):
    if rgb is None:
        rgb = np.broadcast_to(np.float32(SKIN_COLOUR), (*shape, 3))
    scale = None if mm_per_px is None else Scale(mm_per_px, "argument")
    return Photo(rgb, "made", "0" * 64, scale=scale)


sides = st.integers(64, 3000)


@given(sides, sides, st.floats(0.004, 2.0))
def test_the_grid_covers_the_photo_exactly(height, width, mm_per_px):
    grid = make_grid(photo_of((height, width), mm_per_px), 9.9, SkinParams())
    area = grid.step**2 * grid.shape[0] * grid.shape[1]
    assert area == pytest.approx(height * width * mm_per_px**2, rel=1e-9)
    assert grid.unit == "mm"
    assert grid.filter_mm == pytest.approx(grid.step, rel=1e-12)


@given(sides, sides, st.floats(0.004, 0.0999))
def test_finer_photos_are_averaged_to_a_tenth_of_a_millimetre(height, width, mm_per_px):
    grid = make_grid(photo_of((height, width), mm_per_px), 9.9, SkinParams())
    # Each side is rounded to whole cells, by at most half a cell on each.
    slack = 0.5 / min(grid.shape) + 1e-9
    assert grid.step == pytest.approx(0.1, rel=2 * slack)
    assert grid.px >= 1


@given(sides, sides, st.floats(0.1, 2.0))
def test_coarser_photos_keep_their_own_pixels(height, width, mm_per_px):
    grid = make_grid(photo_of((height, width), mm_per_px), 9.9, SkinParams())
    assert grid.shape == (height, width)
    assert grid.px == 1
    assert grid.step == mm_per_px


@given(sides, sides, st.floats(0.004, 2.0))
def test_without_a_scale_the_nominal_figure_chooses_cells_and_is_never_a_length(h, w, nominal):
    grid = make_grid(photo_of((h, w)), nominal, SkinParams())
    scaled = make_grid(photo_of((h, w), nominal), 9.9, SkinParams())
    assert grid.unit == "px"
    assert grid.shape == scaled.shape
    assert grid.step == grid.px
    assert grid.filter_mm == pytest.approx(scaled.filter_mm)


def test_another_spacing_can_be_asked_for():
    grid = make_grid(photo_of((400, 600), 0.05), 9.9, SkinParams(grid_mm=0.2))
    assert grid.shape == (100, 150)
    assert grid.step == pytest.approx(0.2)
    assert grid.sigma(1.0) == pytest.approx(5.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(64, 140), st.integers(64, 140), st.floats(0.02, 0.1), st.integers(0, 9))
def test_averaging_keeps_the_light(height, width, mm_per_px, seed):
    rgb = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    photo = photo_of((height, width), mm_per_px, rgb)
    small = to_grid(rgb, make_grid(photo, 9.9, SkinParams()))
    np.testing.assert_allclose(small.mean(axis=(0, 1)), rgb.mean(axis=(0, 1)), rtol=5e-4)
    assert small.dtype == np.float32


def test_whole_factors_average_whole_blocks():
    rgb = np.random.default_rng(0).random((80, 120, 3)).astype(np.float32)
    grid = make_grid(photo_of((80, 120), 0.025, rgb), 9.9, SkinParams())
    blocks = rgb.reshape(20, 4, 30, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(to_grid(rgb, grid), blocks, atol=1e-6)


@pytest.mark.parametrize(("covered", "kept"), [(7, False), (8, False), (9, True), (16, True)])
def test_a_cell_belongs_to_a_mask_that_covers_more_than_half_of_it(covered, kept):
    mask = np.zeros((80, 80), bool)
    mask[:4, :4].flat[:covered] = True
    block = np.zeros(16, bool)
    block[:covered] = True
    mask[:4, :4] = block.reshape(4, 4)
    grid = make_grid(photo_of((80, 80), 0.025), 9.9, SkinParams())
    assert mask_to_grid(mask, grid)[0, 0] == kept
    assert mask_to_grid(mask, grid).sum() == kept


@settings(max_examples=15, deadline=None)
@given(st.floats(0.02, 0.15), st.integers(120, 190))
def test_the_area_of_a_drawn_region_comes_out_in_square_millimetres(mm_per_px, side_px):
    photo = photo_of((220, 230), mm_per_px)
    roi = np.zeros(photo.shape, bool)
    roi[20 : 20 + side_px, 25 : 25 + side_px] = True
    skin = find_skin(photo, roi=roi)
    side = side_px * mm_per_px
    # Rounding to cells moves each border by at most half a cell.
    assert skin.area == pytest.approx(side**2, abs=2 * side * skin.grid.step)


def test_without_a_scale_areas_are_in_the_photos_pixels():
    photo = photo_of((1300, 1200))  # nominal 120 mm over 1300 pixels: averaged 1.08 times
    roi = np.zeros(photo.shape, bool)
    roi[200:800, 100:700] = True
    skin = find_skin(photo, roi=roi)
    assert skin.grid.px > 1
    assert skin.area == pytest.approx(600 * 600, rel=0.01)
