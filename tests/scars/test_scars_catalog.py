"""From labels and depth to rows: known discs, cones and pits give their known figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.scars import TYPES, Scars, Segmenter, columns, type_probabilities
from scarscope.scars.catalog import describe, measure_shape, windows
from scarscope.scars.relief_segmenter import ReliefSegmenter
from scarscope.scars.types import FEATURES, Whole, features, judged
from scarscope.skin.model import Grid

SHAPE = (90, 110)


def grid_of(unit="mm", px=1.0, step=0.1, shape=SHAPE):
    filter_mm = step if unit == "mm" else 0.1
    return Grid(shape=shape, px=px, step=step, filter_mm=filter_mm, unit=unit)


def distance(x=50.0, y=40.0):
    rows, cols = np.indices(SHAPE)
    return np.hypot(cols - x, rows - y)


PROFILES = {
    "cylinder": lambda r: (r <= 1) * 1.0,
    "cone": lambda r: np.clip(1 - r, 0, None),
    "bell": lambda r: np.where(r < 1, np.cos(np.clip(r, 0, 1) * np.pi / 2) ** 2, 0),
}


def scar(profile="cone", radius=15.0, deep=0.3, x=50.0, y=40.0):
    r = distance(x, y) / radius
    depth = (deep * PROFILES[profile](r)).astype(np.float32)
    return (r <= 1).astype(np.int32), depth


def row_of(labels, depth, grid=None, confidence=0.8):
    table = describe(labels, depth, grid or grid_of(), {1: confidence})
    assert len(table) == 1
    return table.iloc[0]


@settings(max_examples=40, deadline=None)
@given(st.floats(5, 30), st.floats(35, 65), st.floats(35, 52), st.sampled_from(sorted(PROFILES)))
def test_a_disc_has_its_own_width_area_and_centre(radius, x, y, profile):
    row = row_of(*scar(profile, radius, x=x, y=y))
    assert row.width_mm == pytest.approx(0.2 * radius, abs=0.12)
    assert row.length_mm == pytest.approx(0.2 * radius, abs=0.25)
    assert row.width_mm <= row.length_mm
    assert row.area_mm2 == pytest.approx(np.pi * (0.1 * radius) ** 2, rel=0.1)
    assert row.x_px == pytest.approx(x, abs=0.3)
    assert row.y_px == pytest.approx(y, abs=0.3)


@pytest.mark.parametrize(
    ("profile", "share"), [("cylinder", 1.0), ("cone", 1 / 3), ("bell", 0.5 - 2 / np.pi**2)]
)
def test_volumes_are_those_of_the_solids(profile, share):
    row = row_of(*scar(profile, radius=20.0, deep=0.4))
    assert row.volume_mm3 == pytest.approx(share * np.pi * 2.0**2 * 0.4, rel=0.02)
    # The 98th percentile of depth lies a little under a cone's point.
    assert row.depth_um == pytest.approx(400, rel=0.15)
    assert row.depth_um <= 400.001


def test_area_and_volume_are_sums_over_the_label():
    labels, depth = scar("bell", 12.3)
    row = row_of(labels, depth)
    assert row.area_mm2 == pytest.approx(labels.sum() * 0.01)
    assert row.volume_mm3 == pytest.approx(depth[labels > 0].sum(dtype=float) * 0.01, rel=1e-5)


def test_a_long_scar_is_longer_than_wide_whichever_way_it_lies():
    for turn in (0, 30, 75):
        angle = np.radians(turn)
        rows, cols = np.indices(SHAPE)
        along = (cols - 50) * np.cos(angle) + (rows - 40) * np.sin(angle)
        across = (rows - 40) * np.cos(angle) - (cols - 50) * np.sin(angle)
        inside = np.hypot(along / 24, across / 8) <= 1
        row = row_of(inside.astype(np.int32), 0.2 * inside.astype(np.float32))
        assert row.length_mm == pytest.approx(4.8, abs=0.3)
        assert row.width_mm == pytest.approx(1.6, abs=0.3)


@pytest.mark.parametrize("radius", [8.0, 15.0, 25.0])
def test_a_cone_has_an_edge_of_one(radius):
    labels, depth = scar("cone", radius)
    # Half of the band along the outline lies outside, where a cone's skin is flat.
    inside_and_out = row_of(labels, depth).edge_steepness
    assert 0.4 < inside_and_out < 1.1
    deeper = np.clip(0.5 * (1.3 - distance() / radius), 0, None).astype(np.float32)
    assert row_of(labels, deeper).edge_steepness == pytest.approx(1 / 1.3, rel=0.15)


@pytest.mark.parametrize("radius", [10.0, 20.0])
def test_edges_go_from_cylinder_over_cone_to_bell(radius):
    edges = [row_of(*scar(name, radius)).edge_steepness for name in ("cylinder", "cone", "bell")]
    assert edges[0] > 1.5 * edges[1]
    assert edges[1] > 1.2 * edges[2]


@settings(max_examples=20, deadline=None)
@given(st.floats(0.02, 3), st.sampled_from(sorted(PROFILES)))
def test_an_edge_does_not_depend_on_depth(deep, profile):
    one = row_of(*scar(profile, deep=0.3)).edge_steepness
    other = row_of(*scar(profile, deep=deep)).edge_steepness
    assert other == pytest.approx(one, rel=1e-3)


def test_places_are_given_in_the_photos_own_pixels():
    labels, depth = scar(x=50, y=40)
    for px in (1.0, 2.0, 2.5):
        row = row_of(labels, depth, grid_of(px=px))
        # Cell 50 covers pixels 50 px to 51 px - 1; its middle is there.
        assert row.x_px == pytest.approx(50 * px + (px - 1) / 2)
        assert row.y_px == pytest.approx(40 * px + (px - 1) / 2)


def test_without_a_scale_the_same_scar_is_measured_in_pixels():
    labels, depth = scar()
    mm = row_of(labels, depth, grid_of(step=0.1))
    px = row_of(labels, depth * 20, grid_of("px", px=2.0, step=2.0))  # 0.05 mm a pixel
    assert px.area_px2 * 0.05**2 == pytest.approx(mm.area_mm2)
    assert px.width_px * 0.05 == pytest.approx(mm.width_mm)
    assert px.depth_px * 50 == pytest.approx(mm.depth_um)
    assert px.volume_px3 * 0.05**3 == pytest.approx(mm.volume_mm3, rel=1e-6)
    assert px.edge_steepness == pytest.approx(mm.edge_steepness)
    assert px.type == mm.type


def test_a_scar_in_the_corner_is_measured_too():
    labels, depth = scar(x=0, y=0)
    row = row_of(labels, depth)
    assert row.area_mm2 == pytest.approx(np.pi * 1.5**2 / 4, rel=0.1)
    assert np.isfinite(row.edge_steepness)


def test_a_single_cell_is_one_cell_wide():
    labels = np.zeros(SHAPE, np.int32)
    labels[3, 4] = 1
    row = row_of(labels, labels.astype(np.float32))
    assert (row.x_px, row.y_px) == (4, 3)
    assert row.width_mm == pytest.approx(0.1)
    assert row.area_mm2 == pytest.approx(0.01)


def test_a_scar_without_depth_has_no_volume_and_no_edge():
    labels, depth = scar()
    row = row_of(labels, 0 * depth)
    assert (row.depth_um, row.volume_mm3, row.edge_steepness) == (0, 0, 0)


def test_a_disc_is_round_and_a_thread_is_not():
    thread = np.zeros(SHAPE, np.int32)
    thread[40, 10:90] = 1
    (round_one,) = windows(scar()[0], margin=2)
    (long_one,) = windows(thread, margin=2)
    assert measure_shape(round_one).circularity > 0.85
    assert measure_shape(long_one).circularity < 0.15


def test_windows_come_in_order_and_stay_on_the_grid():
    labels = np.zeros(SHAPE, np.int32)
    labels[0:5, 0:5] = 2
    labels[80:90, 100:110] = 1
    found = list(windows(labels, margin=30))
    assert [w.label for w in found] == [1, 2]
    assert [int(w.own.sum()) for w in found] == [100, 25]


@pytest.mark.parametrize("unit", ["mm", "px"])
def test_no_scar_is_an_empty_table_with_the_same_columns_and_kinds(unit):
    labels, depth = scar()
    none = describe(np.zeros(SHAPE, np.int32), 0 * depth, grid_of(unit), {})
    some = describe(labels, depth, grid_of(unit), {1: 0.5})
    assert len(none) == 0
    assert list(none.columns) == list(some.columns) == list(columns(unit))
    assert list(none.dtypes) == list(some.dtypes)
    pd.testing.assert_frame_equal(pd.concat([none, some]).reset_index(drop=True), some)


def test_columns_carry_their_unit():
    assert {"area_mm2", "depth_um", "volume_mm3", "width_mm"} <= set(columns("mm"))
    assert {"area_px2", "depth_px", "volume_px3", "width_px"} <= set(columns("px"))
    assert not [name for name in columns("px") if "mm" in name or "um" in name.split("_")]
    assert len(columns("mm")) == len(columns("px"))


@given(st.floats(0.0, 30), st.floats(0, 6))
def test_type_probabilities_are_probabilities(diameter, steepness):
    chances = type_probabilities(diameter, steepness)
    assert sum(chances) == pytest.approx(1)
    assert min(chances) >= 0


def likeliest(diameter, steepness):
    return TYPES[int(np.argmax(type_probabilities(diameter, steepness)))]


@pytest.mark.parametrize(
    ("diameter", "steepness", "kind"),
    [
        (0.8, 1.0, "icepick"),
        (1.3, 1.2, "icepick"),
        (2.8, 1.6, "boxcar"),
        (3.5, 1.6, "boxcar"),
        (6.0, 0.6, "rolling"),
        (10.0, 0.8, "rolling"),
    ],
)
def test_clear_cases_have_the_name_that_jacob_gives_them(diameter, steepness, kind):
    assert likeliest(diameter, steepness) == kind


@given(st.floats(0.3, 12), st.floats(0, 3), st.floats(0.05, 2))
def test_a_steeper_edge_speaks_for_a_boxcar_against_rolling(diameter, steepness, more):
    _, boxcar, rolling = type_probabilities(diameter, steepness)
    _, boxcar_then, rolling_then = type_probabilities(diameter, steepness + more)
    assert boxcar_then * rolling >= boxcar * rolling_then * (1 - 1e-9)


@given(st.floats(0.3, 12), st.floats(1.01, 2), st.floats(0, 3))
def test_a_wider_scar_is_never_more_of_an_icepick(diameter, factor, steepness):
    narrow = type_probabilities(diameter, steepness)[0]
    wide = type_probabilities(diameter * factor, steepness)[0]
    assert wide <= narrow + 1e-9


def test_label_and_depth_pictures_have_the_photos_shape(make_skin, make_scars):
    cones = [(40, 50, 12, 0.3, "boxcar"), (110, 80, 6, 0.2, "icepick")]
    scars = make_scars(make_skin(oversample=3), cones)
    labels, depth = scars.labels_px(), scars.depth_px()
    assert labels.shape == depth.shape == scars.skin.photo.shape == (360, 480)
    assert labels.dtype == np.uint16
    assert depth.dtype == np.float32
    assert set(np.unique(labels)) == {0, *scars.table["scar_id"]}
    assert not depth[labels == 0].any()
    assert depth.max() == pytest.approx(0.3, rel=0.05)
    for scar_row in scars.table.itertuples():
        rows, cols = np.nonzero(labels == scar_row.scar_id)
        assert cols.mean() == pytest.approx(scar_row.x_px, abs=0.01)
        assert rows.mean() == pytest.approx(scar_row.y_px, abs=0.01)
        assert len(rows) == 9 * (scars.labels == scar_row.scar_id).sum()


def test_a_copy_of_the_table_is_handed_out(make_skin, make_scars):
    scars = make_scars(make_skin(), [(40, 50, 12, 0.3, "boxcar")])
    table = scars.to_frame()
    table.loc[0, "depth_um"] = -1
    assert scars.table.loc[0, "depth_um"] > 0
    assert len(scars) == 1


def test_the_relief_segmenter_is_a_segmenter_and_keeps_its_params_frozen():
    assert isinstance(ReliefSegmenter(), Segmenter)
    assert ReliefSegmenter() == ReliefSegmenter()
    with pytest.raises(AttributeError):
        ReliefSegmenter().params = None  # type: ignore[misc]
    assert Scars.__dataclass_params__.frozen


def test_types_are_judged_by_the_whole_scar():
    whole = Whole(diameter_mm=1.0, deepness=0.5, edge_steepness=1.2)
    cells = (0.2, 0.5, 0.3)
    assert judged(cells, whole, ()) == cells
    told = features(cells, whole)
    assert told.shape == (FEATURES,)
    only_cells = tuple(tuple(float(k == 1 + row) for k in range(FEATURES)) for row in range(3))
    assert judged(cells, whole, only_cells) == pytest.approx(cells)
    by_size = ((0,) * 4 + (-3.0, 0, 0, 0), (0,) * 8, (0,) * 4 + (3.0, 0, 0, 0))
    small, large = (judged(cells, replace(whole, diameter_mm=d), by_size) for d in (0.5, 6.0))
    assert int(np.argmax(small)) == 0
    assert int(np.argmax(large)) == 2
    assert sum(small) == pytest.approx(1)
    assert np.isfinite(features((1.0, 0.0, 0.0), Whole(1.0, 0.0, 0.0))).all()
