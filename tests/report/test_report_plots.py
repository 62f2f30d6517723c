"""Plots: what is drawn lies where scars are, in millimetres, and bars are at the right figures."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from scarscope.change import compare
from scarscope.errors import DependencyError, ParamsError
from scarscope.measures.score import score_scars
from scarscope.phantom.pairs import confounder_pair, treated_pair
from scarscope.photo import read_photo
from scarscope.report import (
    depth_change,
    plot_change,
    plot_course,
    plot_depth,
    plot_pair,
    plot_profile,
    plot_scars,
    plot_sizes,
)
from scarscope.report.change_style import STATUS_STYLES
from scarscope.report.plot_axes import hex_of
from scarscope.report.profile import profile_of
from scarscope.report.style import SCAR_STYLES
from scarscope.study.run import StudyResult

# x, y, radius in cells of 0.1 mm, depth in mm, type
CONES = [
    (40, 40, 12, 0.3, "boxcar"),
    (110, 30, 8, 0.5, "icepick"),
    (60, 90, 22, 0.2, "rolling"),
]
STEP = 0.1


@pytest.fixture(autouse=True)
def _no_figures_left(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("plt.show was called")

    monkeypatch.setattr(plt, "show", refuse)
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    plt.close("all")


@pytest.fixture
def found(make_skin, make_scars):
    return score_scars(make_scars(make_skin(), CONES))


def photo_of(rendered, name):
    return read_photo(rendered.rgb, mm_per_px=rendered.mm_per_px, name=name)


@pytest.fixture(scope="module")
def change():
    pair = treated_pair(20_442, 0.4, size_mm=(24.0, 24.0))
    told = compare(*(photo_of(rendered, "name.jpg") for rendered in pair))
    assert told.comparable == "yes"
    return told


def curves_of(ax, label):
    """Vertices of the curves under a label of the legend."""
    (lines,) = (
        c for c in ax.collections if isinstance(c, LineCollection) and c.get_label() == label
    )
    return [path.vertices for path in lines.get_paths()]


def area_of(curve):
    x, y = curve.T
    return 0.5 * abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def middle_of(curve):
    """Centre of area of a closed curve."""
    (x0, y0), (x1, y1) = curve[:-1].T, curve[1:].T
    cross = x0 * y1 - x1 * y0
    return np.array([((x0 + x1) * cross).sum(), ((y0 + y1) * cross).sum()]) / (3 * cross.sum())


def drawn(ax):
    """Nothing fails when the figure is painted."""
    ax.figure.canvas.draw()
    return ax


# --- one photo --------------------------------------------------------------------------------


def test_outlines_lie_on_scars_in_millimetres(found):
    ax = drawn(plot_scars(found))
    for x, y, radius, _, kind in CONES:
        (curve,) = curves_of(ax, kind)
        assert middle_of(curve) == pytest.approx([(x + 0.5) * STEP, (y + 0.5) * STEP], abs=0.03)
        assert area_of(curve) == pytest.approx(np.pi * (radius * STEP) ** 2, rel=0.06)
    assert ax.get_xlim() == pytest.approx((0, 16))
    assert ax.get_ylim() == pytest.approx((12, 0))  # downwards, as in the photo
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mm", "mm")
    assert ax.images[0].get_extent() == pytest.approx([0, 16, 12, 0])
    assert ax.get_title() == ""


def test_types_differ_in_colour_and_line(found):
    ax = plot_scars(found)
    looks = {}
    for lines in ax.collections:
        if lines.get_label() in SCAR_STYLES:
            looks[lines.get_label()] = (
                to_hex(lines.get_colors()[0]),
                str(lines.get_linestyle()[0]),
            )
    assert {kind: look[0] for kind, look in looks.items()} == {
        kind: hex_of(style.colour) for kind, style in SCAR_STYLES.items()
    }
    assert len({line for _, line in looks.values()}) == 3
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["1 icepick", "1 boxcar", "1 rolling"]


def test_a_photo_finer_than_the_grid_and_shown_in_part_keeps_its_millimetres(make_skin, make_scars):
    region = np.zeros((120, 160), bool)
    region[20:60, 20:64] = True
    skin = make_skin(oversample=3, region=region)
    ax = drawn(plot_scars(score_scars(make_scars(skin, CONES[:1]))))
    assert ax.get_xlim()[0] > 1  # only what surrounds the region
    assert ax.get_xlim()[1] < 9
    (curve,) = curves_of(ax, "boxcar")
    assert middle_of(curve) == pytest.approx([4.05, 4.05], abs=0.03)
    assert area_of(curve) == pytest.approx(np.pi * 1.2**2, rel=0.06)
    (border,) = curves_of(ax, "_region")
    assert border.min(axis=0) == pytest.approx([2.0, 2.0], abs=0.1)
    assert border.max(axis=0) == pytest.approx([6.4, 6.0], abs=0.1)


def test_without_a_scale_axes_are_in_pixels(make_skin, make_scars):
    plain = score_scars(make_scars(make_skin(mm_per_px=None), [(40, 50, 12, 3.0, "boxcar")]))
    ax = plot_scars(plain)
    (curve,) = curves_of(ax, "boxcar")
    assert middle_of(curve) == pytest.approx([40.5, 50.5], abs=0.3)
    assert ax.get_xlabel() == "px"
    for other in (plot_depth(plain), plot_profile(plain, 1), plot_sizes(plain)):
        texts = [other.get_xlabel(), other.get_ylabel(), *(t.get_text() for t in other.texts)]
        assert not any("mm" in text or "µm" in text for text in texts)


def test_depth_is_in_micrometres_where_scars_are(found):
    ax = drawn(plot_depth(found))
    image = ax.images[-1]
    values = image.get_array()
    assert (values.mask == (found.scars.labels == 0)).all()
    assert values.max() == pytest.approx(1000 * found.scars.depth.max())
    assert image.get_extent() == [0, 16, 12, 0]
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert ((column + 0.5) * STEP, (row + 0.5) * STEP) == pytest.approx((11.05, 3.05))
    assert image.get_clim() == (0, 500)
    assert plot_depth(found, top=900.0).images[-1].get_clim() == (0, 900)
    (bar,) = ax.child_axes
    assert bar.get_ylabel() == "missing depth, µm"


def test_a_scale_must_end_above_zero(found, change):
    for draw, thing in ((plot_depth, found), (plot_change, change)):
        for top in (0.0, -1.0, float("nan")):
            with pytest.raises(ParamsError, match="top"):
                draw(thing, top=top)
    assert plt.get_fignums() == []  # nothing is left half drawn


def test_no_scars_are_no_legend(make_skin, make_scars):
    none = score_scars(make_scars(make_skin()))
    assert drawn(plot_scars(none)).get_legend() is None
    drawn(plot_depth(none))
    drawn(plot_sizes(none))


def test_given_axes_are_used_and_no_figure_is_made(found):
    figure, ((one, two), (three, four)) = plt.subplots(2, 2)
    assert plot_scars(found, one) is one
    assert plot_depth(found, ax=two) is two
    assert plot_profile(found, 1, ax=three) is three
    assert plot_sizes(found, four) is four
    assert plt.get_fignums() == [figure.number]
    figure.canvas.draw()


# --- a profile --------------------------------------------------------------------------------


def test_a_profile_is_the_cone_in_mm_and_micrometres(found):
    sd = found.scars.table.assign(depth_sd_um=[60.0, np.nan, 20.0])
    told = score_scars(replace(found.scars, table=sd))
    ax = drawn(plot_profile(told, 1))
    line = next(line for line in ax.lines if line.get_label() == "missing depth")
    x, y = line.get_data()
    assert y == pytest.approx(np.maximum(0, 300 * (1 - np.abs(x) / 1.2)), abs=16)
    assert y.max() == pytest.approx(300, abs=1)
    assert x[0] < -1.5
    assert x[-1] > 1.5
    rims = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    assert rims == pytest.approx([-1.2, 1.2], abs=0.08)
    low, high = ax.get_ylim()
    assert low > 300 > 0 > high  # deeper is lower
    (band,) = ax.collections
    reach = band.get_paths()[0].vertices[:, 1].max()
    assert reach == pytest.approx(300 * (1 + 1.96 * 60 / 300), rel=0.01)


def test_a_depth_without_an_error_has_no_band(found):
    assert len(plot_profile(found, 2).collections) == 0
    assert np.isnan(profile_of(found, 2).sd_share)


@pytest.mark.parametrize("turn", [0, 30, 90, 145])
def test_a_scar_is_cut_where_it_is_narrowest(make_skin, make_scars, turn):
    skin = make_skin()
    base = make_scars(skin, [(80, 60, 30, 0.3, "boxcar")])
    yy, xx = np.indices(skin.grid.shape)
    angle = np.deg2rad(turn)
    along = (xx - 80) * np.cos(angle) + (yy - 60) * np.sin(angle)
    across = -(xx - 80) * np.sin(angle) + (yy - 60) * np.cos(angle)
    own = (np.abs(along) <= 30) & (np.abs(across) <= 10)
    depth = np.where(own, 0.3 - 0.0001 * np.hypot(along, across), 0).astype(np.float32)
    long = score_scars(replace(base, labels=own.astype(np.int32), depth=depth))
    left, right = profile_of(long, 1).rims
    assert right - left == pytest.approx(2.1, abs=0.25)


def test_a_neighbour_is_no_part_of_a_profile(make_skin, make_scars):
    close = [(40, 40, 12, 0.3, "boxcar"), (66, 40, 12, 0.6, "boxcar")]
    beside = profile_of(score_scars(make_scars(make_skin(), close)), 1)
    assert beside.depth.max() == pytest.approx(300, abs=1)


def test_a_scar_that_is_not_there_is_named(found):
    with pytest.raises(ParamsError, match="scar_id = 9") as caught:
        plot_profile(found, 9)
    assert "1 to 3" in caught.value.remedy


# --- sizes ------------------------------------------------------------------------------------


def test_sizes_are_width_against_depth_by_type(found):
    sd = found.scars.table.assign(depth_sd_um=[60.0, np.nan, 20.0])
    ax = drawn(plot_sizes(score_scars(replace(found.scars, table=sd))))
    boxes = {box.get_label(): box for box in ax.containers}
    assert set(boxes) == {"1 icepick", "1 boxcar", "1 rolling"}
    for (_, _, radius, _, kind), deep in zip(CONES, sd["depth_um"], strict=True):
        points = boxes[f"1 {kind}"].lines[0]
        assert points.get_xdata() == pytest.approx([2 * radius * STEP])
        assert points.get_ydata() == pytest.approx([deep])
    (bar,) = boxes["1 boxcar"].lines[2]
    ends = bar.get_segments()[0][:, 1]
    assert ends == pytest.approx([sd["depth_um"][0] - 60, sd["depth_um"][0] + 60])
    markers = {box.lines[0].get_marker() for box in ax.containers}
    assert len(markers) == 3
    cuts = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert cuts == [2.0, 4.0]
    assert ax.get_ylim()[1] == 0 < ax.get_ylim()[0]
    assert [t.get_text() for t in ax.texts] == ["< 2 mm", "2 to 4 mm", "> 4 mm"]


# --- a pair -----------------------------------------------------------------------------------


def scars_by_status(change):
    mm = change.pair.before.photo.scale.mm_per_px
    table = change.scars.assign(x=(change.scars["x_px"] + 0.5) * mm)
    return table.assign(y=(table["y_px"] + 0.5) * mm).groupby("status")


def test_the_change_map_outlines_each_scar_by_its_status(change):
    ax = drawn(plot_change(change))
    groups = scars_by_status(change)
    assert len(groups) > 1
    for status, own in groups:
        curves = curves_of(ax, status)
        assert len(curves) == len(own)
        middles = np.array([middle_of(curve) for curve in curves])
        for x, y in own[["x", "y"]].to_numpy():
            assert np.hypot(*(middles - [x, y]).T).min() < 0.25
    counts = change.scars["status"].value_counts()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == [f"{counts.get(status, 0)} {status}" for status in STATUS_STYLES]


def test_the_change_map_holds_the_tables_volumes(change):
    image = plot_change(change).images[-1]
    values = image.get_array()
    cell = change.pair.grid.step**2
    once = change.scars[change.scars["relation"] != "split"]  # pieces repeat their scar's figures
    wanted = (once["volume_before_mm3"] * once["volume_change_pct"] / 100).sum()
    assert wanted < 0
    assert values.sum() / 1000 * cell == pytest.approx(wanted, rel=0.02)
    assert (values.mask == (depth_change(change) == 0)).all()
    low, high = image.get_clim()
    assert low == -high < 0
    assert plot_change(change, top=250.0).images[-1].get_clim() == (-250, 250)
    # Blue is filled, orange is deeper.
    colours = image.cmap([0.1, 0.9])
    assert colours[0][2] > colours[0][0]
    assert colours[1][0] > colours[1][2]


def test_unchanged_scars_are_pale(change):
    image = plot_change(change).images[-1]
    alpha, reading = image.get_alpha(), change.reading
    tops = {}
    for status, own in change.scars.dropna(subset=["before_id"]).groupby("status"):
        cells = np.isin(reading.before.labels, own["before_id"].astype(int))
        tops[status] = alpha[cells].max()
    assert tops["unchanged"] < 0.5 < tops["improved"]


def test_a_pair_stands_on_one_frame(change):
    one, two = plot_pair(change)
    drawn(one)
    assert one.get_xlim() == two.get_xlim()
    assert one.get_ylim() == two.get_ylim()
    assert (one.get_title(), two.get_title()) == ("Before", "After, laid over the earlier photo")
    for status, own in scars_by_status(change):
        assert len(curves_of(one, status)) == len(curves_of(two, status)) == len(own)
        middles = np.array([middle_of(curve) for curve in curves_of(one, status)])
        for x, y in own[["x", "y"]].to_numpy():
            assert np.hypot(*(middles - [x, y]).T).min() < 0.25
    pictures = [ax.images[0].get_array().astype(float) for ax in (one, two)]
    assert pictures[0].shape == pictures[1].shape
    # Laid over each other, they are much alike; the same one twice would be no pair.
    middle = np.s_[200:-200, 200:-200]
    unlike = np.abs(pictures[0] - pictures[1])[middle].mean()
    assert 0.1 < unlike < np.abs(pictures[0] - pictures[1][::-1])[middle].mean()


def test_a_pair_takes_two_axes(change):
    figure, axes = plt.subplots(1, 2)
    assert plot_pair(change, axes) == (axes[0], axes[1])
    assert plot_pair(change, axes=[axes[1], axes[0]]) == (axes[1], axes[0])
    assert plt.get_fignums() == [figure.number]
    with pytest.raises(ParamsError, match="these are 1"):
        plot_pair(change, axes=axes[0])


def test_a_refused_pair_has_no_outlines_and_no_map():
    pair = confounder_pair(20_432, "light", size_mm=(20.0, 20.0))
    refused = compare(*(photo_of(rendered, "name.jpg") for rendered in pair))
    assert refused.comparable == "no"
    one, _ = plot_pair(refused)
    assert all(curves_of(one, status) == [] for status in STATUS_STYLES)
    assert one.get_legend() is None
    with pytest.raises(ParamsError, match="not compared"):
        plot_change(refused)
    assert len(plt.get_fignums()) == 1


# --- a course ---------------------------------------------------------------------------------


def course_table(**columns):
    rows = {
        "subject": ["P1", "P1", "P1", "P2"],
        "session": [1, 2, 3, 1],
        "comparable": ["yes", "yes", "no", "yes"],
        "measure": ["burden_um"] * 4,
        "before": [20.0, 20.0, np.nan, 10.0],
        "change": [-1.0, -8.0, np.nan, 3.0],
        "change_pct": [-5.0, -40.0, np.nan, 30.0],
        "change_se": [1.0, 2.0, np.nan, 1.0],
        "mdc95": [4.0, 6.0, np.nan, 2.0],
    }
    return pd.DataFrame({**rows, **columns})


def lines_by_label(ax):
    return {line.get_label(): line for line in ax.lines}


def test_a_course_has_changes_errors_and_what_is_detectable():
    ax = drawn(plot_course(course_table(), "P1"))
    lines = lines_by_label(ax)
    assert lines["change"].get_xydata() == pytest.approx(np.array([[0, 0], [1, -5], [2, -40]]))
    assert lines["no detectable change"].get_xydata() == pytest.approx(np.array([[1, -5]]))
    assert lines["improved"].get_xydata() == pytest.approx(np.array([[2, -40]]))
    (box,) = ax.containers
    (bars,) = box.lines[2]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    half = 100 * 1.96 * np.array([1.0, 2.0]) / 20
    assert ends == pytest.approx(np.array([[-5, -5], [-40, -40]]) + half[:, None] * [-1, 1])
    band = next(c for c in ax.collections if c.get_label() == "within MDC95")
    corners = {tuple(np.round(v, 6)) for v in band.get_paths()[0].vertices}
    assert {(0, 20), (1, 20), (2, 30), (0, -20), (1, -20), (2, -30)} == corners
    assert lines["not comparable"].get_xdata() == pytest.approx([3])
    assert ax.get_xlabel() == "visit"
    assert ax.get_ylabel() == "change of burden, % of baseline"
    assert list(ax.get_xticks()) == [0, 1, 2, 3]


def test_a_course_goes_by_days_where_they_are_known():
    ax = plot_course(course_table(days=[30, 60, 90, 30]), "P1")
    assert lines_by_label(ax)["change"].get_xdata() == pytest.approx([0, 30, 60])
    assert ax.get_xlabel() == "days since baseline"


def test_sides_have_lines_of_their_own():
    table = course_table(subject="P1", session=[1, 2, 2, 1], side=["l", "l", "r", "r"])
    ax = plot_course(table, "P1")
    lines = lines_by_label(ax)
    assert lines["l"].get_ydata() == pytest.approx([0, -5, -40])
    assert lines["r"].get_ydata() == pytest.approx([0, 30])
    assert lines["l"].get_linestyle() != lines["r"].get_linestyle()
    assert lines["l"].get_color() != lines["r"].get_color()


def test_a_study_gives_its_own_table():
    table = course_table()
    study = StudyResult(None, None, SimpleNamespace(to_frame=lambda: table), ())
    lines = lines_by_label(plot_course(study, "P2"))
    assert lines["change"].get_ydata() == pytest.approx([0, 30])
    assert lines["worse"].get_ydata() == pytest.approx([30])


def test_a_course_says_what_it_lacks():
    table = course_table()
    with pytest.raises(ParamsError, match="lacks mdc95"):
        plot_course(table.drop(columns="mdc95"), "P1")
    with pytest.raises(ParamsError, match="no subject 'P9'") as caught:
        plot_course(table, "P9")
    assert "P1, P2" in caught.value.remedy
    with pytest.raises(ParamsError, match="2 measures"):
        plot_course(course_table(measure=["burden_um", "n_scars"] * 2), "P1")
    with pytest.raises(ParamsError, match="no study"):
        plot_course([1], "P1")


# --- what it needs ----------------------------------------------------------------------------


def test_without_matplotlib_the_extra_is_named(found, change, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    calls = (
        lambda: plot_scars(found),
        lambda: plot_depth(found),
        lambda: plot_change(change),
        lambda: plot_pair(change),
        lambda: plot_profile(found, 1),
        lambda: plot_sizes(found),
        lambda: plot_course(course_table(), "P1"),
    )
    for call in calls:
        with pytest.raises(DependencyError, match="matplotlib") as caught:
            call()
        assert "scarscope[study]" in caught.value.remedy
