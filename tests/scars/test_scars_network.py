"""The network segmenter with nets whose answer is known, on skin with spots where we put them."""

from __future__ import annotations

import pickle
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.batch import columns as told
from scarscope.flags import Flag
from scarscope.measures import score_scars
from scarscope.params import NetworkParams, Params, SkinParams
from scarscope.photo.model import Photo, Scale
from scarscope.scars import (
    NetworkSegmenter,
    ReliefSegmenter,
    Segmenter,
    columns,
    make_segmenter,
    type_probabilities,
)
from scarscope.scars.card import Card
from scarscope.scars.channels import channels
from scarscope.scars.tiles import onto_grid, read_tiles, view_of
from scarscope.scars.turned import Tally
from scarscope.skin import find_skin
from scarscope.skin.grid import make_grid, mask_to_grid, to_grid
from scarscope.skin.model import Skin

CARD = Card(name="fake", version="1", scar_threshold=0.5, depth_scale=1.0, sd_factor=1.0)
SD_MM = 0.05
COLOUR = (0.45, 0.25, 0.17)


def darkness(seen):
    """How much darker each cell is than its surroundings, natural log, shape (h / 2, w / 2)."""
    dark = -seen[1] / 5
    return dark.reshape(dark.shape[0] // 2, 2, dark.shape[1] // 2, 2).mean(axis=(1, 3))


class Spots:
    """Takes every dark spot for a scar as deep in mm as it is dark; sees one pixel at a time."""

    kinds = (2.0, 0.0, 0.0)

    def __init__(self):
        self.calls = 0
        self.shapes = set()

    def __call__(self, seen):
        assert seen.dtype == np.float32
        assert seen.shape[1] % 32 == seen.shape[2] % 32 == 0
        self.calls += 1
        self.shapes.add(seen.shape[1:])
        dark = darkness(seen)
        maps = np.zeros((8, *dark.shape), np.float32)
        maps[0] = 80 * (dark - 0.1)
        maps[1] = dark
        maps[2] = np.log(SD_MM)
        maps[3:6] = np.reshape(self.kinds, (3, 1, 1))
        maps[6] = 40 * (-dark - 0.2)  # bright is glare
        maps[7] = dark / 0.4
        return maps


class Wide(Spots):
    """Sees 20 pixels around, and nothing beyond its tile."""

    def __call__(self, seen):
        soft = cv2.blur(seen.transpose(1, 2, 0), (41, 41), borderType=cv2.BORDER_CONSTANT)
        return super().__call__(soft.transpose(2, 0, 1))


class Upright(Spots):
    """Takes only what is darker than what lies below it for a scar, as under a lamp from above."""

    def __call__(self, seen):
        maps = super().__call__(seen)
        maps[0] += 400 * (maps[1] - np.roll(maps[1], -3, axis=0)) - 40
        return maps


def skin_of(shape=(150, 180), spots=(), *, mm_per_px=0.1, roi=None, params=None):
    """Skin with dark discs: x, y, radius in mm, darkness."""
    step = mm_per_px or 0.1
    rows, cols = (np.indices(shape) + 0.5) * step
    dark = np.zeros(shape)
    for x, y, radius, deep in spots:
        dark = np.maximum(dark, np.where(np.hypot(cols - x, rows - y) < radius, deep, 0))
    rgb = np.exp(-dark)[..., None] * np.array(COLOUR)
    scale = None if mm_per_px is None else Scale(mm_per_px, "argument")
    photo = Photo(rgb.astype(np.float32), "made", "0" * 64, scale=scale)
    return find_skin(photo, roi=np.ones(shape, bool) if roi is None else roi, params=params)


THREE = ((4.0, 4.0, 1.0, 0.3), (13.0, 5.0, 1.5, 0.4), (9.0, 11.0, 0.7, 0.25))


def segment(skin, net=None, card=CARD, **options):
    return NetworkSegmenter(NetworkParams(**options), net=net or Spots(), card=card)(skin)


def test_it_is_a_segmenter_that_workers_can_be_sent():
    made = NetworkSegmenter()
    assert isinstance(made, Segmenter)
    assert made.name == "network"
    assert pickle.loads(pickle.dumps(made)) == made
    with pytest.raises(AttributeError):
        made.params = None  # type: ignore[misc]


def test_the_parameters_choose_the_segmenter():
    assert make_segmenter().name == Params().scars.segmenter
    for name, kind in (("network", NetworkSegmenter), ("relief", ReliefSegmenter)):
        params = Params.from_dict({"scars": {"segmenter": name}, "network": {"tile_px": 352}})
        made = make_segmenter(params)
        assert isinstance(made, kind)
        assert made.name == name
    usual = Params.from_dict({"scars": {"segmenter": "network"}})
    assert make_segmenter(usual) == NetworkSegmenter(light=usual.scars)


def test_spots_are_found_in_place_and_size():
    scars = segment(skin_of(spots=THREE))
    table = scars.table.sort_values("y_px")
    assert list(table.columns) == list(columns("mm"))
    assert len(scars) == 3
    for row, (x, y, radius, _) in zip(table.itertuples(), THREE, strict=True):
        assert (0.1 * row.x_px + 0.05, 0.1 * row.y_px + 0.05) == pytest.approx((x, y), abs=0.05)
        assert row.area_mm2 == pytest.approx(np.pi * radius**2, rel=0.15)
        assert row.confidence > 0.9


def test_depth_and_its_spread_are_the_networks_own_scaled_by_the_card():
    skin = skin_of(spots=THREE)
    plain = segment(skin)
    card = replace(CARD, depth_scale=1.5, sd_factor=2.0)
    scaled = segment(skin, card=card)
    assert plain.table["depth_um"].max() == pytest.approx(400, rel=0.15)
    assert list(plain.table["depth_sd_um"]) == pytest.approx([1000 * SD_MM] * 3, rel=1e-4)
    np.testing.assert_allclose(scaled.table["depth_um"], 1.5 * plain.table["depth_um"], rtol=1e-5)
    np.testing.assert_allclose(
        scaled.table["depth_sd_um"], 3 * plain.table["depth_sd_um"], rtol=1e-5
    )


def test_types_come_from_the_network_and_not_from_width_and_edge():
    table = segment(skin_of(spots=((8.0, 8.0, 2.5, 0.3),))).table  # by size no icepick
    shares = np.exp(Spots.kinds) / np.exp(Spots.kinds).sum()
    found = table[["p_icepick", "p_boxcar", "p_rolling"]].iloc[0]
    assert list(found) == pytest.approx(list(shares), rel=1e-4)
    assert table["type"].item() == "icepick"
    assert type_probabilities(5.0, table["edge_steepness"].item())[0] < 0.1


def test_labels_depth_and_table_agree():
    scars = segment(skin_of(spots=THREE))
    assert scars.labels.dtype == np.int32
    assert scars.depth.dtype == np.float32
    assert scars.depth.min() == 0
    assert not scars.depth[scars.labels == 0].any()
    for row in scars.table.itertuples():
        own = scars.labels == row.scar_id
        assert row.area_mm2 == pytest.approx(own.sum() * 0.01)
        assert row.volume_mm3 == pytest.approx(scars.depth[own].sum(dtype=float) * 0.01, rel=1e-4)


def test_who_read_it_with_which_weights_is_on_the_scars():
    scars = segment(skin_of(), card=replace(CARD, digest="0123456789ab"))
    assert (scars.segmenter, scars.weights) == ("network", "0123456789ab")
    assert set(scars.quality) <= set(told.QUALITY)


def test_plain_skin_has_no_scar_and_an_empty_table():
    scars = segment(skin_of())
    assert len(scars) == 0
    assert list(scars.table.columns) == list(columns("mm"))
    assert not scars.labels.any()
    assert scars.quality["turn_disagreement"] == 0


def test_without_a_scale_the_same_scars_are_measured_in_pixels():
    plain = segment(skin_of(spots=THREE, mm_per_px=None, params=SkinParams(nominal_view_mm=18.0)))
    known = segment(skin_of(spots=THREE))
    assert list(plain.table.columns) == list(columns("px"))
    assert np.array_equal(plain.labels, known.labels)
    for name in ("depth", "depth_sd"):
        np.testing.assert_allclose(
            plain.table[f"{name}_px"] * 100, known.table[f"{name}_um"], rtol=1e-5
        )


@pytest.mark.parametrize("mm_per_px", [0.05, 0.12, 0.2])
def test_sizes_and_depths_do_not_depend_on_the_photos_scale(mm_per_px):
    shape = tuple(round(n / mm_per_px) for n in (15, 18))
    spots = ((5.0, 5.0, 1.5, 0.3), (12.0, 9.0, 2.0, 0.4))
    found = segment(skin_of(shape, spots, mm_per_px=mm_per_px)).table
    usual = segment(skin_of(spots=spots)).table
    assert len(found) == 2
    np.testing.assert_allclose(found["area_mm2"], usual["area_mm2"], rtol=0.12)
    np.testing.assert_allclose(found["depth_um"], usual["depth_um"], rtol=0.12)


def bare(photo, region):
    """Skin as it comes, however little of it there is."""
    grid = make_grid(photo, 0.1, SkinParams())
    zeros = np.zeros(grid.shape, np.float32)
    rgb, small = to_grid(photo.rgb, grid), mask_to_grid(region, grid)
    return Skin(photo, grid, rgb, small, zeros, zeros, zeros, "mask", 30.0, {}, Flag.NONE)


def rough(shape):
    """Skin with seeded lumps and hollows of about a millimetre."""
    noise = np.random.default_rng(5).normal(0, 3.0, shape).astype(np.float32)
    rgb = np.exp(cv2.GaussianBlur(noise, (0, 0), 5))[..., None] * np.array(COLOUR, np.float32)
    photo = Photo(rgb, "made", "0" * 64, scale=Scale(0.1, "argument"))
    return bare(photo, np.ones(shape, bool))


def test_a_photo_too_coarse_to_be_enlarged_is_read_as_smaller_skin_and_scaled_back():
    found = segment(skin_of((60, 70), ((14.0, 12.0, 6.0, 0.3),), mm_per_px=0.4)).table
    # At 0.4 mm a pixel the network is shown 0.2 mm as if they were 0.1: relief twice as deep.
    assert found["depth_um"].item() == pytest.approx(2 * 300, rel=0.25)
    assert found["area_mm2"].item() == pytest.approx(np.pi * 36, rel=0.15)


@pytest.mark.parametrize("net", [Spots, Wide])
def test_the_maps_do_not_depend_on_the_size_of_tiles(net):
    view = view_of(rough((300, 420)))
    one = whole(net(), view, tile_px=96, overlap_px=32)
    for tile_px, overlap_px in ((320, 32), (256, 64), (1024, 32)):
        other = whole(net(), view, tile_px=tile_px, overlap_px=overlap_px)
        np.testing.assert_allclose(other, one, atol=2e-4)
    assert one[1].std() > 0.01


def whole(net, view, **options):
    shape = [-(-n // 2) for n in view.region.shape]
    maps = np.full((8, *shape), np.nan, np.float32)
    for piece in read_tiles(net, view, NetworkParams(check_turned=False, most_ways=1, **options)):
        assert np.isnan(maps[(0, *piece.place)]).all(), "no cell is kept twice"
        maps[(slice(None), *piece.place)] = piece.maps
    assert np.isfinite(maps).all()
    return maps


@pytest.mark.parametrize("shape", [(1100, 200), (61, 1301)])
def test_the_channels_of_blocks_are_those_of_the_whole_photo(shape):
    view = view_of(rough(shape))
    rows, cols = (-(-n // 2) * 2 for n in shape)
    seen = np.pad(
        channels(view.rgb), ((0, 0), (0, rows - shape[0]), (0, cols - shape[1])), "reflect"
    )
    seen = np.pad(seen, ((0, 0), (0, -rows % 32), (0, -cols % 32)), "reflect")
    wanted = Spots()(seen)[1, : rows // 2, : cols // 2]
    np.testing.assert_allclose(whole(Spots(), view)[1], wanted, atol=3e-3)


def test_only_tiles_that_hold_some_of_the_region_are_read():
    roi = np.zeros((600, 600), bool)
    roi[40:140, 40:140] = True
    net = Spots()
    small = {"tile_px": 320, "overlap_px": 32, "check_turned": False, "most_ways": 1}
    segment(skin_of((600, 600), roi=roi), net, **small)
    assert net.calls == 1
    roi[550:, 550:] = True
    segment(skin_of((600, 600), roi=roi), net := Spots(), **small)
    assert net.calls == 2


def test_of_a_tile_only_what_holds_some_of_the_region_is_read():
    roi = np.zeros((500, 500), bool)
    roi[140:240, 270:280] = True
    net = Spots()
    spots = ((27.5, 19.0, 0.7, 0.3),)
    scars = segment(skin_of((500, 500), spots, roi=roi), net, overlap_px=32, most_on_border=1.0)
    assert net.shapes == {(128 + 64, 128 + 64)}
    (x,), (y,) = scars.table["x_px"], scars.table["y_px"]
    assert (x, y) == pytest.approx((274.5, 189.5), abs=0.6)


def test_scars_stay_within_the_region():
    roi = np.zeros((150, 180), bool)
    roi[:, :90] = True
    scars = segment(skin_of(spots=THREE, roi=roi))
    assert not scars.labels[~roi].any()
    assert len(scars) == 1


def test_the_same_skin_gives_the_same_numbers_twice():
    skin = skin_of(spots=THREE)
    one, other = segment(skin), segment(skin)
    assert np.array_equal(one.labels, other.labels)
    assert np.array_equal(one.depth, other.depth)
    pd.testing.assert_frame_equal(one.table, other.table)


def test_a_reading_that_turns_with_the_photo_is_flagged():
    skin = skin_of(spots=THREE)
    steady, swayed = segment(skin), segment(skin, Upright())
    assert steady.quality["turn_disagreement"] < 0.02
    assert Flag.UNSTABLE_READING not in steady.flags
    assert 0.35 < swayed.quality["turn_disagreement"] <= 1
    assert Flag.UNSTABLE_READING in swayed.flags
    patient = segment(skin, Upright(), most_disagreement=1.0)
    assert Flag.UNSTABLE_READING not in patient.flags


def test_only_plain_skin_of_the_region_is_compared():
    one, other = np.zeros((2, 8, 10, 10), np.float32)
    one[0], other[0] = 5.0, -5.0
    one[6] = other[6] = -5.0
    region = np.zeros((10, 10), bool)
    assert Tally().count(one, other, region, logit=0.0) == Tally()
    region[:5] = True
    assert Tally().count(one, other, region, logit=0.0).plain == 50
    one[6] = 5.0  # hidden
    assert Tally().count(one, other, region, logit=0.0) == Tally()
    one[6], one[1] = -5.0, 0.2
    assert Tally().count(one, other, region, logit=0.0).plain_mm == pytest.approx(10.0)


def test_light_without_a_side_is_flagged_as_relief_would_flag_it(make_skin):
    grain = make_skin(texture=0.03)
    ring, limit = segment(grain), ReliefSegmenter().params.flat_light
    assert ring.quality["light_directedness"] < limit
    assert Flag.FLAT_LIGHT in ring.flags
    lamp = replace(grain, shading=cv2.blur(grain.shading, (1, 15)))  # streaks: one side is lit
    raking = segment(lamp)
    assert raking.quality["light_directedness"] > 2 * limit
    assert Flag.FLAT_LIGHT not in raking.flags


@pytest.mark.parametrize(("every", "again"), [(1, 9), (2, 5), (4, 3), (100, 1)])
def test_the_second_look_costs_what_it_is_given(every, again):
    net = Spots()
    small = {"tile_px": 320, "overlap_px": 32, "most_ways": 1}
    segment(skin_of((600, 600)), net, turned_every=every, **small)
    assert net.calls == 9 + again


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        # The region has the area of 5.5 tiles, though it lies over nine.
        ({"most_tiles": 22}, 4 * 9),
        ({"most_tiles": 21}, 2 * 9),
        ({"most_tiles": 22, "most_ways": 2}, 2 * 9),
        ({"most_tiles": 10}, 9 + 3),  # one way, and one tile in four again
        ({"most_tiles": 10, "check_turned": False}, 9),
        ({"most_tiles": 1}, 9 + 3),
    ],
)
def test_photos_of_few_tiles_are_read_in_several_ways(options, calls):
    net = Spots()
    scars = segment(skin_of((600, 600)), net, tile_px=320, overlap_px=32, **options)
    assert net.calls == calls
    assert scars.quality["ways_read"] == (calls // 9 if calls > 12 else 1)


def test_the_mean_of_all_ways_counts_and_lies_where_the_skin_lies():
    class Corner(Spots):
        """Takes what lies in the upper left quarter of what it sees for deeper."""

        def __call__(self, seen):
            maps = super().__call__(seen)
            rows, cols = maps.shape[1] // 2, maps.shape[2] // 2
            maps[1, :rows, :cols] += 0.4
            return maps

    skin = skin_of((192, 256), spots=THREE)  # whole cells: nothing is mirrored beyond the edge
    view = view_of(skin)
    (plain,) = read_tiles(Spots(), view, NetworkParams(most_ways=1))
    for ways, most in ((1, 0.4), (2, 0.2), (4, 0.1)):
        (piece,) = read_tiles(Corner(), view, NetworkParams(most_ways=ways))
        more = piece.maps[1] - plain.maps[1]
        assert more.max() == pytest.approx(most, abs=1e-6)
        assert more.mean() == pytest.approx(0.1, abs=1e-6)
    np.testing.assert_allclose(more, 0.1, atol=1e-6)
    upright, turned = piece.twice
    assert upright[1, 0, 0] - plain.maps[1, 0, 0] == pytest.approx(0.4)
    assert turned[1, -1, -1] - plain.maps[1, -1, -1] == pytest.approx(0.4)
    assert turned[1, 0, 0] == pytest.approx(plain.maps[1, 0, 0])


def test_no_second_look_leaves_its_figure_blank():
    scars = segment(skin_of(spots=THREE), Upright(), check_turned=False)
    assert np.isnan(scars.quality["turn_disagreement"])
    assert Flag.UNSTABLE_READING not in scars.flags


def test_burden_has_a_standard_deviation_that_adds_up():
    scars = segment(skin_of(spots=THREE))
    score, table = score_scars(scars), scars.table
    parts = table["volume_mm3"] * table["depth_sd_um"] / table["depth_um"]
    faint = score.values["faint_volume_mm3"]
    wanted = 1000 * (parts.sum() + faint) / scars.skin.area
    assert score.values["burden_sd_um"] == pytest.approx(wanted)
    assert 0.05 < score.values["burden_sd_um"] / score.burden_um < 0.5
    assert np.isnan(score_scars(segment(skin_of())).values["burden_sd_um"])
    assert np.isnan(score_scars(ReliefSegmenter()(skin_of(spots=THREE))).values["burden_sd_um"])


class Doubts(Spots):
    """Doubts every spot: one chance in ten that it is a scar, and a tenth of the depth."""

    def __call__(self, seen):
        maps = super().__call__(seen)
        maps[0] = np.where(maps[0] > 0, np.log(0.1 / 0.9), maps[0])
        maps[1] *= 0.1
        return maps


def test_doubtful_scars_are_not_outlined_and_count_with_what_is_expected_of_them():
    skin = skin_of(spots=THREE)
    sure, doubtful = segment(skin), segment(skin, Doubts(), least_faint=0.0)
    assert (len(sure), len(doubtful)) == (3, 0)
    assert (sure.faint[sure.labels > 0] == 0).all()
    assert doubtful.faint.sum() == pytest.approx(0.1 * (sure.depth + sure.faint).sum(), rel=0.05)
    assert segment(skin, Doubts(), least_faint=0.2).faint.sum() == 0
    scored = score_scars(doubtful).values
    assert scored["faint_volume_mm3"] == pytest.approx(0.1**2 * doubtful.faint.sum(), rel=1e-5)
    given = replace(CARD, depth_given=0.2)  # tells of scars, not of doubts
    given = segment(skin, Doubts(), card=given, least_faint=0.0)
    np.testing.assert_array_equal(given.faint, doubtful.faint)
    scaled = segment(skin, Doubts(), card=replace(CARD, depth_scale=2.0), least_faint=0.0)
    np.testing.assert_allclose(scaled.faint, 2 * doubtful.faint, rtol=1e-5)


def test_what_has_no_clear_middle_or_is_not_sure_enough_counts_with_what_is_expected_of_it():
    class Level(Spots):
        def __call__(self, seen):
            maps = super().__call__(seen)
            maps[7] = 0.0
            return maps

    skin = skin_of(spots=THREE)
    sure, level = segment(skin), segment(skin, Level())
    unsure = segment(skin, least_confidence=1.0)
    for scars in (level, unsure):
        assert len(scars) == 0
        np.testing.assert_allclose(scars.faint, sure.depth + sure.faint, atol=1e-6)


def test_what_was_left_out_of_the_outlines_on_purpose_is_not_expected_either():
    small = ((4.0, 4.0, 0.2, 0.3), (13.0, 5.0, 1.5, 0.4))  # 0.4 mm wide: a pore
    scars = segment(skin_of(spots=small), least_width_mm=1.0)
    assert len(scars) == 1
    around = scars.faint[30:50, 30:50]
    assert around.sum() < 0.1 * 0.3 * np.pi * 2**2  # its rim at most, of 0.3 mm over 13 cells


class Wash(Spots):
    """Sees spots, and everywhere beside them a chance of a scar with plenty of depth."""

    def __init__(self, chance):
        super().__init__()
        self.chance = chance

    def __call__(self, seen):
        maps = super().__call__(seen)
        beside = maps[0] < 16  # the skin is blotchy
        maps[0] = np.where(beside, np.log(self.chance / (1 - self.chance)), maps[0])
        maps[1] = np.where(beside, 0.05, maps[1])
        return maps


@pytest.mark.parametrize(
    ("spots", "chance", "hidden"),
    [(THREE, 0.0001, False), ((), 0.0001, True), (THREE, 0.03, False), (THREE, 0.10, True)],
)
def test_relief_is_hidden_where_little_is_shared_and_next_to_nothing_is_sure(
    make_skin, spots, chance, hidden
):
    grain = make_skin(shape=(150, 180))
    blotchy = np.random.default_rng(5).normal(0, 0.15, (*grain.grid.shape, 3))
    dark = skin_of(spots=spots).rgb * np.exp(blotchy)
    photo = replace(grain, rgb=dark.astype(np.float32))
    scars = segment(photo, Wash(chance), least_faint=0.01)
    assert scars.quality["relief_share"] < 0.5
    assert bool(scars.faint.mean() > 0.04) == (chance > 0.01)
    assert Flag.FLAT_LIGHT in scars.flags
    assert (Flag.RELIEF_HIDDEN in scars.flags) == hidden


def test_a_reading_that_is_mostly_doubtful_is_flagged():
    skin, bare = skin_of(spots=THREE), skin_of()
    sure, washed = segment(skin, Wash(0.0001)), segment(skin, Wash(0.10))
    assert Flag.DOUBTFUL_READING not in sure.flags
    assert sure.quality["doubtful_share"] < 0.05
    assert Flag.DOUBTFUL_READING in washed.flags
    told = washed.quality
    assert told["doubtful_um"] == pytest.approx(1000 * washed.faint.sum() / skin.region.sum())
    whole = washed.faint.sum() + washed.depth.sum()
    assert told["doubtful_share"] == pytest.approx(washed.faint.sum() / whole)
    # What is a scar with less than 1 in 20 is no doubt, whether it counts or not.
    slight = segment(skin, Wash(0.03), least_faint=0.01)
    assert slight.faint.sum() == pytest.approx(washed.faint.sum(), rel=0.05)
    assert slight.quality["doubtful_share"] < 0.05
    assert Flag.DOUBTFUL_READING not in slight.flags
    # Neither a share of next to nothing nor a small share of much is.
    for net, options in (
        (Wash(0.10), {"least_doubtful_um": 60.0}),
        (Wash(0.10), {"most_doubtful": 1.0}),
    ):
        assert Flag.DOUBTFUL_READING not in segment(skin, net, **options).flags
    assert segment(bare, Wash(0.0001)).quality["doubtful_share"] == 1.0
    assert Flag.DOUBTFUL_READING not in segment(bare, Wash(0.0001)).flags
    assert Flag.DOUBTFUL_READING in segment(bare, Wash(0.10)).flags


def test_doubt_without_a_scale_is_judged_by_the_nominal_one_and_told_in_no_unit():
    plain = skin_of(mm_per_px=None, params=SkinParams(nominal_view_mm=18.0))
    scars = segment(plain, Wash(0.10))
    assert np.isnan(scars.quality["doubtful_um"])
    assert Flag.DOUBTFUL_READING in scars.flags
    assert Flag.DOUBTFUL_READING not in segment(plain, Wash(0.10), least_doubtful_um=60.0).flags


def test_nothing_is_expected_outside_the_region_and_where_skin_is_hidden():
    roi = np.ones((150, 180), bool)
    roi[:, 90:] = False
    faint = segment(skin_of(spots=THREE, roi=roi), Doubts()).faint
    assert (faint[:, 95:] == 0).all()
    assert faint[:, :80].sum() > 0

    class Covered(Doubts):
        def __call__(self, seen):
            maps = super().__call__(seen)
            maps[6] = 5.0
            return maps

    assert segment(skin_of(spots=THREE), Covered()).faint.sum() == 0


def test_a_map_of_cells_lies_on_the_grid_without_a_shift():
    view = view_of(skin_of((64, 80)))
    rows, cols = np.indices((32, 40), dtype=np.float32)
    across = onto_grid(2 * cols + 0.5, view)  # what the middle of a cell would say
    np.testing.assert_allclose(across[:, 1:-1], np.tile(np.arange(1.0, 79), (64, 1)), atol=1e-4)
    down = onto_grid(2 * rows + 0.5, view)
    np.testing.assert_allclose(down[1:-1], np.tile(np.arange(1.0, 63)[:, None], (1, 80)), atol=1e-4)


sizes = st.tuples(st.integers(1, 70), st.integers(1, 70)) | st.sampled_from([(1, 400), (400, 2)])


@settings(max_examples=30, deadline=None)
@given(sizes, st.sampled_from([0.03, 0.1, 0.103, 0.15, 0.4, None]), st.integers(0, 2**16))
def test_photos_of_any_shape_are_read(shape, mm_per_px, seed):
    rng = np.random.default_rng(seed)
    rgb = rng.uniform(0, 1, (*shape, 3)).astype(np.float32)
    scale = None if mm_per_px is None else Scale(mm_per_px, "argument")
    photo = Photo(rgb, "made", "0" * 64, scale=scale)
    region = rng.random(shape) < 0.8
    skin = bare(photo, region)
    scars = segment(skin, least_width_mm=0.05, least_width_cells=1.0)
    assert scars.labels.shape == scars.depth.shape == skin.grid.shape
    assert not scars.labels[~skin.region].any()
    assert np.isfinite(scars.depth).all()
    assert list(scars.table["scar_id"]) == list(range(1, len(scars) + 1))
    assert set(np.unique(scars.labels)) - {0} == set(scars.table["scar_id"])


def test_depth_is_that_of_a_scar_where_one_is_likely():
    skin = skin_of(spots=((6.0, 6.0, 1.5, 0.13),))
    cards = CARD, replace(CARD, depth_given=0.5)
    plain, told = (segment(skin, card=card).table["depth_um"].item() for card in cards)
    assert 1.1 * plain < told < 2 * plain  # likely, and no more
    one = NetworkSegmenter(net=Spots(), card=cards[1])
    beyond = one.depth_beyond(skin, one.look(skin))
    assert beyond.max() * 1000 == pytest.approx(told, rel=0.01)


def test_the_network_sees_nothing_beyond_the_photo():
    net = Spots()
    segment(skin_of((150, 180), spots=THREE), net=net, check_turned=False)
    assert net.shapes == {(160, 192)}  # whole cells, and no rim
    larger = Spots()
    segment(skin_of((700, 400)), net=larger, tile_px=448, overlap_px=96, check_turned=False)
    assert {height for height, _ in larger.shapes} == {352, 448, 288}


def test_the_card_weighs_the_types_of_whole_scars():
    rolling = ((0.0,) * 8, (0.0,) * 8, (9.0, *(0.0,) * 7))
    skin = skin_of(spots=THREE)
    assert set(segment(skin).table["type"]) == {"icepick"}  # as the net's cells say
    told = segment(skin, card=replace(CARD, kind_weights=rolling)).table
    assert set(told["type"]) == {"rolling"}
    assert (told["p_rolling"] > 0.99).all()
