"""Two photos of the same skin are laid over each other, or it is said why not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from scarscope.change import Alignment
from scarscope.change.align import register
from scarscope.change.align.alignment import COLUMNS
from scarscope.change.align.blocks import make_lattice, match_blocks
from scarscope.change.align.dense import Evidence, find_mapping
from scarscope.change.align.views import make_view
from scarscope.errors import ParamsError
from scarscope.params.align import AlignParams
from scarscope.phantom.pairs import confounder_pair, retest_pair
from scarscope.phantom.places import true_places
from scarscope.phantom.render import render
from scarscope.phantom.wide_pairs import wide_pair
from scarscope.photo import read_photo
from scarscope.skin import find_skin

SEED, MM = 20_900, 0.1
SIZE = {"size_mm": (24.0, 24.0), "mm_per_px": MM}


def skin_of(rgb, mm_per_px=MM, roi=None):
    roi = np.ones(rgb.shape[:2], bool) if roi is None else roi
    return find_skin(read_photo(rgb, mm_per_px=mm_per_px), roi=roi)


def points_of(shape, step=12):
    x, y = np.arange(step, shape[1] - step, step), np.arange(step, shape[0] - step, step)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(float)


def errors_mm(alignment, before, after):
    """Distance from the truth of a lattice of points that both photos show."""
    points = points_of(before.rgb.shape)
    truth = true_places(before, after, points)
    inside = ((truth > 0) & (truth < np.array(after.rgb.shape[1::-1]) - 1)).all(axis=1)
    off = alignment.map(points[inside]) - truth[inside]
    return np.linalg.norm(off, axis=1) * after.mm_per_px


def moved(rgb, matrix, shape=None, noise=1.5):
    """A photo through a similarity, shape (2, 3), with noise of its own, and where it has skin."""
    height, width = shape or rgb.shape[:2]
    out = cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_CUBIC)
    skin = cv2.warpAffine(np.ones(rgb.shape[:2], np.uint8), matrix, (width, height)) > 0
    grain = np.random.default_rng(5).normal(0, noise, out.shape)
    return np.clip(out + grain, 0, 255).astype(np.uint8), skin


def similarity(shape, turn_deg, scale, shift):
    turn = np.radians(turn_deg)
    spin = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = (np.array(shape[1::-1]) - 1) / 2
    return np.column_stack([spin, middle - spin @ middle + shift])


@pytest.fixture(scope="module")
def pair():
    """A retest without hairs, which would be landmarks that grow and are shaved."""
    both = retest_pair(SEED, **SIZE, ita_deg=30.0)
    hair = replace(both[0].recipe.skin.hair, stubble_per_cm2=0.0, vellus_per_cm2=0.0)
    recipes = [replace(p.recipe, skin=replace(p.recipe.skin, hair=hair)) for p in both]
    return tuple(render(recipe, compress=True) for recipe in recipes)


@pytest.fixture(scope="module")
def skins(pair):
    return skin_of(pair[0].rgb), skin_of(pair[1].rgb)


@pytest.fixture(scope="module")
def found(skins):
    return register(*skins)


@pytest.mark.parametrize(
    ("turn", "scale", "shift"),
    [(0.0, 1.0, (0.0, 0.0)), (15.0, 1.2, (30.0, -12.0)), (-12.0, 0.82, (-8.0, 25.0))],
)
def test_a_known_similarity_is_found(pair, skins, turn, scale, shift):
    rgb = pair[0].rgb
    matrix = similarity(rgb.shape, turn, scale, shift)
    after, skin = moved(rgb, matrix)
    found = register(skins[0], skin_of(after, roi=skin))
    assert found.ok, found.reason
    points = points_of(rgb.shape)
    truth = points @ matrix[:, :2].T + matrix[:, 2]
    inside = ((truth > 0) & (truth < 239)).all(axis=1)
    off = np.linalg.norm(found.map(points) - truth, axis=1)[inside]
    assert np.median(off) < 0.4
    assert off.max() < 1
    assert found.scale == pytest.approx(scale, rel=3e-3)
    assert found.turn_deg == pytest.approx(turn, abs=0.15)
    assert found.scale_agreement == pytest.approx(scale, rel=3e-3)
    back = cv2.warpAffine(np.ones((240, 240)), matrix, (240, 240), flags=cv2.WARP_INVERSE_MAP)
    assert found.overlap == pytest.approx(back.mean(), abs=0.01)


def test_a_retest_is_aligned_to_a_tenth_of_a_millimetre(pair, found):
    assert found.ok
    assert found.reason == ""
    assert np.median(errors_mm(found, *pair)) < 0.03
    assert errors_mm(found, *pair).max() < 0.1
    assert found.confidence > 0.8
    assert found.residual_mm < 0.025  # a sixth of a cell: peaks are found between cells
    assert found.residual_mm == pytest.approx(found.residual_px * MM)
    assert found.scale_agreement == pytest.approx(1, abs=0.003)


def test_both_ways_are_each_other_s_inverse(pair, skins, found):
    back = register(skins[1], skins[0])
    points = points_of(pair[0].rgb.shape, 40)
    assert np.abs(back.map(found.map(points)) - points).max() < 0.5


def test_far_views_of_the_same_skin_are_aligned():
    before, after = wide_pair(
        SEED, turn_deg=14.0, zoom=1.2, shift_mm=(9.0, 4.0), **SIZE, ita_deg=25.0
    )
    found = register(skin_of(before.rgb), skin_of(after.rgb, after.mm_per_px))
    assert found.ok, found.reason
    assert np.median(errors_mm(found, before, after)) < 0.05
    assert 0.3 < found.overlap < 0.7
    assert found.scale_agreement == pytest.approx(1, abs=0.005)


def test_another_light_does_not_mislead():
    before, after = confounder_pair(SEED + 3, "light", **SIZE, ita_deg=25.0)
    assert before.recipe.light != after.recipe.light
    found = register(skin_of(before.rgb), skin_of(after.rgb))
    assert found.ok, found.reason
    assert np.median(errors_mm(found, before, after)) < 0.2


def test_different_resolutions_are_aligned(pair, skins):
    fine = render(replace(pair[1].recipe, mm_per_px=0.05), compress=True)
    found = register(skins[0], skin_of(fine.rgb, 0.05))
    assert found.ok, found.reason
    # The fine photo's pores and lines are not the same draws; marks, scars and most mottle are.
    assert np.median(errors_mm(found, pair[0], fine)) < 0.1
    assert found.scale == pytest.approx(2, rel=0.01)


def test_photos_without_scale_are_aligned(pair):
    after, _ = moved(pair[1].rgb, np.array([[1.5, 0, 0.25], [0, 1.5, 0.25]]), (360, 360))
    found = register(skin_of(pair[0].rgb, None), skin_of(after, None))
    assert found.ok, found.reason
    assert found.scale == pytest.approx(1.5, rel=0.01)
    points = points_of(pair[0].rgb.shape)
    truth = true_places(*pair, points) * 1.5 + 0.25
    assert np.median(np.linalg.norm(found.map(points) - truth, axis=1)) < 0.75
    assert np.isnan(found.residual_mm)
    assert np.isnan(found.scale_agreement)
    assert found.residual_px < 1.5


@pytest.mark.parametrize("wave_mm", [30.0, 50.0])
def test_skin_that_bends_is_followed(pair, skins, wave_mm):
    rgb = pair[0].rgb
    k, most = 2 * np.pi * MM / wave_mm, 0.6 / MM

    def bent(x, y):
        return x + most * np.sin(k * y), y + most * np.cos(k * x)

    y, x = np.indices(rgb.shape[:2]).astype(np.float32)
    u, v = x, y
    for _ in range(30):
        (fu, fv) = bent(u, v)
        u, v = (u + x - fu).astype(np.float32), (v + y - fv).astype(np.float32)
    after = cv2.remap(rgb, u, v, cv2.INTER_CUBIC)
    inside = (u >= 0) & (v >= 0) & (u <= 239) & (v <= 239)
    found = register(skins[0], skin_of(after, roi=inside))
    assert found.ok, found.reason
    points = points_of(rgb.shape, 30)
    truth = np.column_stack(bent(*points.T))
    off = np.linalg.norm(found.map(points) - truth, axis=1) * MM
    assert np.median(off) < 0.12
    assert found.field is not None
    assert found.bend_px > 1
    flat = np.linalg.norm(replace(found, field=None).map(points) - truth, axis=1) * MM
    assert np.median(off) < 0.6 * np.median(flat)


def test_a_tilt_shows_in_the_figures(pair, skins):
    matrix = similarity(pair[0].rgb.shape, 0, 1, (0, 0))
    matrix[0] = 0.92, 0.0, 0.04 * 239
    after, skin = moved(pair[0].rgb, matrix)
    found = register(skins[0], skin_of(after, roi=skin))
    assert found.ok
    assert found.anisotropy == pytest.approx(1 / 0.92 - 1, abs=0.01)
    assert register(*skins).anisotropy < 0.01


def test_other_skin_is_refused(skins):
    other = retest_pair(SEED + 7, **SIZE, ita_deg=30.0)[1]
    _is_refused(register(skins[0], skin_of(other.rgb)))


def test_a_mirror_image_is_refused(pair, skins):
    _is_refused(register(skins[0], skin_of(np.ascontiguousarray(pair[1].rgb[:, ::-1]))))


def test_blank_skin_is_refused(pair, skins):
    blank = np.full_like(pair[1].rgb, pair[1].rgb.mean(axis=(0, 1)).astype(np.uint8))
    _is_refused(register(skins[0], skin_of(blank)))
    _is_refused(register(skin_of(blank), skins[1]))
    _is_refused(register(skin_of(blank), skin_of(blank)))


def test_noise_is_refused(pair, skins):
    noise = np.random.default_rng(1).normal(0, 4, pair[1].rgb.shape)
    grey = np.clip(pair[1].rgb.mean(axis=(0, 1)) + noise, 0, 255).astype(np.uint8)
    _is_refused(register(skins[0], skin_of(grey)))


def test_what_is_blurred_beyond_use_is_refused(pair, skins):
    soft = cv2.GaussianBlur(pair[1].rgb, (0, 0), 3.0 / MM)
    _is_refused(register(skins[0], skin_of(soft)))


def test_too_little_common_skin_is_refused(pair, skins):
    after, skin = moved(pair[0].rgb, similarity(pair[0].rgb.shape, 0, 1, (205.0, 0.0)))
    _is_refused(register(skins[0], skin_of(after, roi=skin)))


def _is_refused(found):
    assert not found.ok
    assert found.reason.endswith(".")
    assert found.confidence < 0.2
    assert np.isnan(found.map(np.zeros((3, 2)))).all()
    assert found.to_frame().loc[0, "reason"] == found.reason


def test_the_overlap_decides_when_all_else_is_good(skins, found):
    wanted = AlignParams(least_overlap=0.99)
    refused = register(*skins, params=wanted)
    assert not refused.ok
    assert "earlier photo's skin" in refused.reason
    assert refused.overlap == pytest.approx(found.overlap)


def test_the_share_of_blocks_that_agree_decides(skins, found):
    refused = register(*skins, params=AlignParams(least_agreement=0.99))
    assert not refused.ok
    assert refused.reason.startswith(f"Only {found.n_blocks} of ")
    assert refused.confidence == pytest.approx(found.confidence)


def test_blocks_are_found_between_cells(skins):
    params = AlignParams()
    view = make_view(skins[0], None, params)
    slide = np.array([[1, 0, 3.4], [0, 1, -1.7]])
    bands = tuple(cv2.warpAffine(b, slide, view.mask.shape[::-1]) for b in view.bands)
    lattice = make_lattice(view, params)
    blocks = match_blocks(view, bands, view.mask, lattice, np.ones(3), params)
    assert blocks.sure.mean() > 0.9
    off = blocks.shift[blocks.sure] - (3.4, -1.7)
    assert np.abs(np.median(off, axis=0)).max() < 0.1


@pytest.mark.parametrize("bend", [0.0, 3.0])
def test_a_mapping_is_no_more_flexible_than_blocks_bear_out(bend):
    rows, cols = np.divmod(np.arange(100), 10)
    points = np.column_stack([20.0 * cols + 10, 20.0 * rows + 10])
    noise = np.random.default_rng(8).normal(0, 0.6, (100, 2))
    wave = np.column_stack([np.sin(points[:, 1] / 35), np.cos(points[:, 0] / 35)])
    there = points + (5, -3) + noise + bend * wave
    nodes = np.column_stack([rows, cols])
    mapping = find_mapping(Evidence(nodes, points, there, (10, 10), (200, 200), 1.5)).warp
    truth = points + (5, -3) + bend * wave
    off = np.linalg.norm(mapping.points(points) - truth, axis=1)
    if bend == 0:
        assert mapping.field is None
        assert mapping.matrix[2, :2] == pytest.approx(0, abs=1e-12)
        assert off.max() < 0.3
    else:
        assert mapping.field is not None
        assert np.median(off) < 0.6


def test_skin_that_is_left_out_has_no_say(pair, skins, found):
    # Half of the later photo is other skin, stuck on; left out, the rest aligns as before.
    other = retest_pair(SEED + 7, **SIZE, ita_deg=30.0)[1].rgb
    mixed = pair[1].rgb.copy()
    mixed[:, :100] = other[:, :100]
    hidden = np.zeros((240, 240), bool)
    hidden[:, :104] = True
    whole = register(skins[0], skin_of(mixed))
    part = register(skins[0], skin_of(mixed), ignore_after=hidden)
    assert part.ok
    assert np.median(errors_mm(part, *pair)) < 0.05
    assert part.confidence > whole.confidence + 0.1
    assert part.overlap < 0.65 < found.overlap
    nothing = register(*skins, ignore_before=np.ones((240, 240), bool))
    assert not nothing.ok
    assert "earlier photo shows too little skin" in nothing.reason


def test_where_it_is_borne_out_is_told(pair, skins):
    other = retest_pair(SEED + 7, **SIZE, ita_deg=30.0)[1].rgb
    mixed = pair[1].rgb.copy()
    mixed[:, :60] = other[:, :60]
    support = register(skins[0], skin_of(mixed)).support
    assert np.nanmean(support[:, 0]) < 0.3
    assert np.nanmean(support[:, 3:]) > 0.8


def test_skin_outside_the_region_has_no_say(pair):
    # The same frame around different skin: only what the regions hold may count.
    frame = np.random.default_rng(2).integers(0, 255, pair[0].rgb.shape, dtype=np.uint8)
    inside = np.zeros(frame.shape[:2], bool)
    inside[60:180, 60:180] = True
    other = retest_pair(SEED + 7, **SIZE, ita_deg=30.0)[1].rgb
    photos = [np.where(inside[..., None], rgb, frame) for rgb in (pair[0].rgb, other)]
    _is_refused(register(*(skin_of(rgb, roi=inside) for rgb in photos)))


def test_a_small_region_is_refused(pair, skins):
    roi = np.zeros((240, 240), bool)
    roi[:60, :60] = True
    found = register(skins[0], skin_of(pair[1].rgb, roi=roi))
    assert found.reason == "The later photo shows too little skin to compare."


def test_it_is_deterministic_and_leaves_random_states_alone(skins, found):
    cv2.setRNGSeed(3)
    np.random.seed(3)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    again = register(*skins)
    assert again.matrix.tobytes() == found.matrix.tobytes()
    assert again.to_frame().equals(found.to_frame())
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


@pytest.mark.parametrize("mm_per_px", [0.1, 0.05])
def test_grid_maps_agree_with_map(pair, found, mm_per_px):
    # At 0.05 mm per pixel the grid is coarser than the photo.
    grid = skin_of(np.repeat(np.repeat(pair[0].rgb, 2, 0), 2, 1)[:471, :480], mm_per_px).grid
    field = np.random.default_rng(4).normal(0, 3, (5, 6, 2)).astype(np.float32)
    bent = replace(found, field=field, before_shape=(471, 480))
    x, y = bent.grid_maps(grid)
    assert x.shape == y.shape == grid.shape
    rows, cols = (np.array(v) for v in zip((0, 0), (3, 7), (100, 31), (-1, -1), strict=True))
    rows, cols = rows % grid.shape[0], cols % grid.shape[1]
    at = np.column_stack(grid.to_photo(cols.astype(float), rows.astype(float)))
    np.testing.assert_allclose(
        np.column_stack([x[rows, cols], y[rows, cols]]), bent.map(at), atol=1e-3
    )


def test_the_field_is_linear_between_its_nodes():
    field = np.zeros((2, 4, 2), np.float32)
    field[..., 0] = np.arange(4)
    alignment = Alignment(np.eye(3), field, (20, 40), (20, 40), ok=True)
    # Nodes lie at x = 4.5, 14.5, 24.5 and 34.5; beyond the photo's edge nothing is added any more.
    points = np.array([[4.5, 3.0], [9.5, 18.0], [34.5, 0.0], [-0.5, 5.0], [39.5, 5.0], [60, 5]])
    np.testing.assert_allclose(
        (alignment.map(points) - points)[:, 0], [0, 0.5, 3, -0.5, 3.5, 3.5], atol=1e-6
    )


def test_a_frame_has_one_row_of_plain_figures(found):
    frame = found.to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 1
    assert frame.loc[0, "n_blocks"] == np.nansum(found.support)


def test_masks_of_another_shape_are_refused(skins):
    with pytest.raises(ParamsError, match="ignore_after has shape"):
        register(*skins, ignore_after=np.zeros((3, 3), bool))
    with pytest.raises(ParamsError, match="ignore_before"):
        register(*skins, ignore_before=np.zeros((240, 240), np.uint8))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("work_mm", 0.0),
        ("fine_mm", 0.9),
        ("ratio", 1.0),
        ("search_mm", 0.3),
        ("least_blocks", 2),
        ("coarser", 0.5),
        ("most_scale", 1.0),
    ],
)
def test_parameters_out_of_range_are_refused(name, value):
    with pytest.raises(ParamsError, match=name):
        AlignParams(**{name: value})
