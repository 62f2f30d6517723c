"""From hand-made maps to scars: what is one, what is two, what is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scarscope.params import NetworkParams
from scarscope.scars.card import Card
from scarscope.scars.instances import Reading, cut_scars

SHAPE = (80, 100)
MM = 0.1
CARD = Card(name="hand", version="1", scar_threshold=0.5, depth_scale=1.0, sd_factor=1.0)
ROWS, COLS = np.indices(SHAPE)


def pit(x, y, radius, deep=0.3):
    """Depth of a round bowl, and how deep it is as a share of its own depth."""
    share = np.clip(1 - (np.hypot(COLS - x, ROWS - y) / radius) ** 2, 0, None)
    return (deep * share).astype(np.float32), share.astype(np.float32)


def reading(*pits, kind=1, sd=0.04, inside=0.9):
    """What a perfect network would say of some pits."""
    none = np.zeros(SHAPE, np.float32)
    depths, shares = zip(*pits, strict=True) if pits else ((none,), (none,))
    core = np.maximum.reduce(shares)
    scar = np.where(core > 0, np.float32(inside), np.float32(0.02))
    kinds = np.full((3, *SHAPE), 0.1, np.float32)
    kinds[kind] = 0.8
    blank = np.full(SHAPE, sd, np.float32)
    deepest = np.maximum.reduce(depths)
    return Reading(scar, deepest, blank, deepest, kinds, 0 * none, core)


def cut(made, region=None, *, card=CARD, **options):
    region = np.ones(SHAPE, bool) if region is None else region
    return cut_scars(made, region, filter_mm=MM, card=card, params=NetworkParams(**options))


def areas(found):
    return sorted(np.bincount(found.labels.ravel())[1:])


def test_nothing_is_no_scar():
    found = cut(reading())
    assert not found.labels.any()
    assert found.labels.dtype == np.int32
    assert found.traits == ()


def test_one_pit_is_one_scar_with_its_own_cells_and_traits():
    made = reading(pit(50, 40, 12))
    found = cut(made)
    assert np.array_equal(found.labels > 0, made.core > 0)
    (about,) = found.traits
    assert about.confidence == pytest.approx(0.9)
    assert about.kinds == pytest.approx((0.1, 0.8, 0.1))
    assert about.depth_sd == pytest.approx(0.04)


@pytest.mark.parametrize("core", [0.9, 0.1])
def test_what_cannot_be_a_scar_is_left_out_with_and_without_a_clear_middle(core):
    scar = np.full(SHAPE, np.float32(0.02))
    lumps = {
        "pore": np.hypot(COLS - 15, ROWS - 15) < 2,
        "border": (ROWS >= 74) & (COLS > 5) & (COLS < 60),
        "hair": (COLS == 80) & (ROWS < 50),
        "wide": np.hypot(COLS - 40, ROWS - 40) < 12,
        "thread": (ROWS == 40) & (COLS > 51) & (COLS < 70),
    }
    for own in lumps.values():
        scar[own] = 0.9
    made = replace(reading(), scar=scar, core=np.where(scar > 0.5, np.float32(core), 0))
    region = np.ones(SHAPE, bool)
    region[78:] = False
    found = cut(made, region)
    assert len(found.traits) == (core > 0.5)
    for name, own in lumps.items():
        share = found.left_out[own & region].mean()
        assert share == (0 if name == "wide" else pytest.approx(1, abs=0.1)), name
    assert not found.left_out[scar < 0.5].any()
    assert not (found.left_out & (found.labels > 0)).any()


def test_a_type_counts_by_how_surely_it_is_a_scar():
    made = reading(pit(50, 40, 12), kind=0)
    sure = np.where(COLS < 50, np.float32(0.95), np.float32(0.55))
    kinds = np.stack([COLS < 50, COLS >= 50, 0 * COLS]).astype(np.float32)
    (about,) = cut(replace(made, scar=np.where(made.core > 0, sure, 0), kinds=kinds)).traits
    own = made.core > 0
    left, right = (own & (COLS < 50)).sum(), (own & (COLS >= 50)).sum()
    wanted = 0.95 * left / (0.95 * left + 0.55 * right)
    assert about.kinds == pytest.approx((wanted, 1 - wanted, 0.0), abs=1e-6)


@pytest.mark.parametrize("apart", [18, 22])
def test_two_touching_pits_are_two_scars_with_a_border_half_way(apart):
    found = cut(reading(pit(50 - apart / 2, 40, 12), pit(50 + apart / 2, 40, 12)))
    assert len(found.traits) == 2
    left, right = found.labels[40, 40], found.labels[40, 60]
    assert left != right
    assert (found.labels[:, :49][found.labels[:, :49] > 0] == left).all()
    assert (found.labels[:, 52:][found.labels[:, 52:] > 0] == right).all()


def test_a_large_and_a_small_pit_that_touch_are_two():
    found = cut(reading(pit(40, 40, 18), pit(63, 40, 7, 0.15)))
    assert len(found.traits) == 2
    small, large = areas(found)
    assert small > 0.6 * np.pi * 7**2
    assert large > 0.85 * np.pi * 18**2


def test_an_uneven_floor_is_one_scar():
    depth, share = pit(50, 40, 20)
    floor = np.where(share > 0, 0.75 + 0.2 * np.sin(COLS / 3) * np.sin(ROWS / 3), 0)
    found = cut(reading((depth, np.minimum(floor, 3 * share).astype(np.float32))))
    assert len(found.traits) == 1


def test_the_saddle_decides_and_the_card_says_where():
    bent = reading(pit(43, 40, 12), pit(57, 40, 12))
    numbers = [
        len(cut(bent, card=replace(CARD, core_saddle=share)).traits)
        for share in (0.3, 0.6, 0.9, 0.999)
    ]
    assert numbers == sorted(numbers)
    assert numbers[0] == 1
    assert numbers[-1] == 2


def test_a_tail_is_cut_off():
    made = reading(pit(40, 40, 12))
    tail = replace(made, scar=made.scar.copy())
    tail.scar[39:41, 50:90] = 0.9
    found = cut(tail)
    assert len(found.traits) == 1
    assert not found.labels[:, 54:].any()
    assert (found.labels != cut(made).labels).sum() < 6


def hair(made, across=3):
    hidden = np.zeros(SHAPE, np.float32)
    hidden[:, 50 - across // 2 : 51 + across // 2] = 0.95
    return replace(made, hidden=hidden)


def test_a_pit_under_a_hair_is_still_one_scar_and_whole():
    made = reading(pit(50, 40, 12))
    found = cut(hair(made))
    assert len(found.traits) == 1
    assert (found.labels > 0).sum() > 0.97 * (made.core > 0).sum()


def test_what_a_wide_patch_hides_is_no_part_of_a_scar():
    made = hair(reading(pit(50, 40, 14)), across=9)
    found = cut(made)
    assert len(found.traits) == 1
    assert not found.labels[38:43, 48:53].any()
    assert found.labels[40, 40] == found.labels[40, 60] == 1


def test_a_pit_that_is_mostly_hidden_is_left_out():
    made = reading(pit(50, 40, 12))
    assert len(cut(hair(made, across=15)).traits) == 0
    assert len(cut(hair(made, across=15), least_visible=0.1).traits) == 1
    assert len(cut(hair(made, across=15), most_hidden=1.0).traits) == 1


def test_the_threshold_of_the_mask_is_the_cards():
    slope = reading(pit(50, 40, 15))
    slope = replace(slope, scar=slope.core.copy())
    low, high = (cut(slope, card=replace(CARD, scar_threshold=t)) for t in (0.2, 0.6))
    assert np.array_equal(low.labels > 0, slope.core > 0.2)
    assert np.array_equal(high.labels > 0, slope.core > 0.6)


def test_unlikely_narrow_and_flat_ones_are_left_out():
    assert len(cut(reading(pit(50, 40, 10), inside=0.55), least_confidence=0.6).traits) == 0
    assert len(cut(reading(pit(50, 40, 3.0))).traits) == 0
    assert len(cut(reading(pit(50, 40, 6.0))).traits) == 1
    assert len(cut(reading(pit(50, 40, 6.0)), least_width_mm=2.0).traits) == 0
    depth, share = pit(50, 40, 12)
    assert len(cut(reading((depth, 0.2 * share))).traits) == 0


def test_nothing_is_found_outside_the_region_or_along_its_border():
    region = np.ones(SHAPE, bool)
    region[:, 60:] = False
    made = reading(pit(30, 40, 12), pit(64, 40, 10))
    found = cut(made, region)
    assert not found.labels[~region].any()
    assert len(found.traits) == 1
    assert len(cut(made, region, most_on_border=1.0).traits) == 2


def test_the_photos_own_edge_is_no_border():
    assert len(cut(reading(pit(0, 40, 14))).traits) == 1


def test_a_level_block_is_one_scar_also_where_it_fills_the_photo():
    level = reading((0.2 * np.ones(SHAPE, np.float32), np.ones(SHAPE, np.float32)))
    assert areas(cut(level)) == [SHAPE[0] * SHAPE[1] - 4]  # its corners are rounded


@pytest.mark.parametrize("step", [0.05, 0.1, 0.15])
def test_sizes_are_physical(step):
    radius = 0.5 / step  # 1 mm across
    made = reading(pit(50, 40, radius))
    params = NetworkParams(least_width_mm=0.8)
    narrow = NetworkParams(least_width_mm=1.4)
    region = np.ones(SHAPE, bool)
    assert len(cut_scars(made, region, filter_mm=step, card=CARD, params=params).traits) == 1
    assert len(cut_scars(made, region, filter_mm=step, card=CARD, params=narrow).traits) == 0


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
        lambda shape: st.tuples(
            arrays.arrays(np.float32, (3, *shape), elements=st.floats(0, 1, width=16)),
            arrays.arrays(bool, shape),
        )
    )
)
def test_any_maps_are_cut_into_numbered_pieces_within_the_region(made):
    (scar, core, hidden), region = made
    kinds = np.full((3, *scar.shape), 1 / 3, np.float32)
    maps = Reading(scar, core, core, core, kinds, hidden, core)
    params = NetworkParams(least_width_mm=0.01, least_width_cells=1.0, most_on_border=1.0)
    found = cut_scars(maps, region, filter_mm=MM, card=CARD, params=params)
    assert not found.labels[~region].any()
    numbers = np.unique(found.labels[found.labels > 0])
    assert list(numbers) == list(range(1, len(found.traits) + 1))
    assert all(0.5 <= about.confidence <= 1 for about in found.traits)
    assert all(sum(about.kinds) == pytest.approx(1) for about in found.traits)
