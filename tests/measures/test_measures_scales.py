"""Counts and clinical scales at their bands' borders."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope.measures import counts, measure, scales
from scarscope.measures.surround import Scene
from scarscope.scars.model import Scars, columns


def row(kind="boxcar", *, width=3.0, length=None, depth=300.0, number=1):
    chances = dict.fromkeys(("icepick", "boxcar", "rolling"), 0.0) | {kind: 1.0}
    values = [number, kind, *chances.values(), 0, 0, width, length or width]
    return [*values, 1.0, depth, 0.1 * depth, 0.1, 0.5, 0.9]


@pytest.fixture
def with_rows(make_skin):
    def build(rows):
        skin = make_skin()
        zero = np.zeros(skin.grid.shape)
        table = pd.DataFrame(rows, columns=list(columns("mm")))
        labels, depth = zero.astype(np.int32), zero.astype(np.float32)
        return Scene(Scars(skin, labels, depth, table, "hand", {}, skin.flags))

    return build


@pytest.mark.parametrize(("n", "points"), [(0, 0), (1, 1), (4, 1), (5, 2), (20, 2), (21, 3)])
@pytest.mark.parametrize(("kind", "weight"), [("icepick", 15), ("boxcar", 20), ("rolling", 25)])
def test_ecca_bands(with_rows, kind, weight, n, points):
    scars = with_rows([row(kind)] * n)
    assert scales.ecca_atrophic(scars) == weight * points
    assert scales.ecca_atrophic_expected(scars) == pytest.approx(weight * points)


def test_ecca_reaches_its_stated_maximum(with_rows):
    scars = with_rows([row(kind) for kind in scales.ECCA_WEIGHTS for _ in range(21)])
    assert scales.ecca_atrophic(scars) == 180


def test_expected_ecca_weighs_the_types(with_rows):
    doubtful = row()
    doubtful[2:5] = [0.5, 0.5, 0.0]
    # One scar: half a chance of 15, half of 20.
    assert scales.ecca_atrophic_expected(with_rows([doubtful])) == pytest.approx(17.5)


@pytest.mark.parametrize(("n", "band"), [(0, 0), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_goodman_baron_bands(with_rows, n, band):
    assert scales.goodman_baron_atrophic(with_rows([row("icepick")] * n)) == 3 * band


ROWS = {
    "mildly atrophic dish-like": row("rolling", width=5, depth=199),
    "moderately atrophic dish-like": row("rolling", width=5, depth=200),
    "punched-out, shallow base, small": row("boxcar", width=4.9, depth=499),
    "shallow but broad": row("boxcar", width=5, depth=499),
    "punched-out, deep": row("boxcar", width=4.9, depth=500),
    "linear or troughed": row("boxcar", width=1, length=3),
    "deep and broad": row("rolling", width=10, depth=500),
}


@pytest.mark.parametrize("name", ROWS)
def test_goodman_baron_rows(with_rows, name):
    assert scales.goodman_baron_rows(with_rows([ROWS[name]])) == [name]


def test_goodman_baron_reaches_its_stated_maximum(with_rows):
    assert set(ROWS) == set(scales.GB_ROWS)
    everything = with_rows([one for one in ROWS.values() for _ in range(21)])
    assert scales.goodman_baron_atrophic(everything) == 48 == 3 * sum(scales.GB_ROWS.values())


def test_icepick_scars_are_punched_out_and_deep_at_any_depth(with_rows):
    assert scales.goodman_baron_rows(with_rows([row("icepick", width=1, depth=150)])) == [
        "punched-out, deep"
    ]


def test_size_classes(with_rows):
    scars = with_rows([row(width=w) for w in (1.0, 1.99, 2.0, 4.0, 4.01)])
    assert [counts.n_of_size(scars, size_class=k) for k in range(3)] == [2, 2, 1]


@given(st.lists(st.floats(0, 1), max_size=7))
def test_count_distribution_is_the_sum_over_all_outcomes(chances):
    brute = np.zeros(4)
    for outcome in itertools.product((0, 1), repeat=len(chances)):
        weight = math.prod(p if hit else 1 - p for p, hit in zip(chances, outcome, strict=True))
        brute[min(3, sum(outcome))] += weight
    found = counts.count_distribution(np.array(chances), up_to=3)
    np.testing.assert_allclose(found, brute, atol=1e-12)


def with_shading(make_skin, make_scars, contrast, *, n):
    """Scars whose floor is `contrast` darker (log units) in one half."""
    cones = [(30 + 40 * k, 60, 12, 0.3, "boxcar") for k in range(n)]
    skin = make_skin(shape=(120, 400), texture=0.001)
    scars = make_scars(skin, cones)
    left = np.indices(skin.grid.shape)[1] % 40 < 30
    skin.shading[(scars.labels > 0) & left] -= contrast
    return scars


@pytest.mark.parametrize(
    ("contrast", "n", "grade"),
    [(0.3, 3, ">=3"), (0.3, 2, "2"), (0.03, 5, "2"), (0.3, 0, "<=1")],
)
def test_grade_by_what_is_obvious_at_50_cm(make_skin, make_scars, contrast, n, grade):
    scars = with_shading(make_skin, make_scars, contrast, n=n)
    assert measure(scars)["goodman_baron_grade"] == grade


def test_the_curve_of_a_cheek_does_not_hide_scars(make_skin, make_scars):
    scars = with_shading(make_skin, make_scars, 0.3, n=3)
    scars.skin.shading[:] += np.linspace(-1, 1, 400, dtype=np.float32)
    assert measure(scars)["n_obvious_50cm"] == 3


def test_texture_hides_scars(make_skin, make_scars):
    cones = [(30 + 40 * k, 60, 12, 0.3, "boxcar") for k in range(3)]
    rough = make_scars(make_skin(shape=(120, 400), texture=0.3), cones)
    assert measure(rough)["n_obvious_50cm"] == 0


def test_fine_detail_is_not_seen_from_50_cm(make_skin, make_scars):
    # Stripes of 0.04 mm in the scar: far below an arc minute at 50 cm.
    skin = make_skin(shape=(200, 200), mm_per_px=0.02, texture=0.0)
    scars = make_scars(skin, [(100, 100, 60, 0.3, "boxcar")])
    stripes = np.where(np.arange(200) % 2, 0.4, -0.4).astype(np.float32)
    skin.shading[:] = np.where(scars.labels > 0, stripes, 0)
    assert measure(scars)["n_obvious_50cm"] == 0


@pytest.mark.parametrize(
    ("fraction", "category"), [(0.002, 1), (0.004, 2), (0.012, 3), (0.04, 4), (0.09, 5)]
)
def test_scar_s_by_scarred_fraction(make_skin, make_scars, fraction, category):
    radius = math.sqrt(fraction * 200 * 200 / math.pi)
    scars = make_scars(make_skin(shape=(200, 200)), [(99.5, 99.5, radius, 0.2, "boxcar")])
    assert measure(scars)["scar_s_face"] == category


def test_scales_are_blank_without_millimetres(make_skin, make_scars):
    values = measure(make_scars(make_skin(mm_per_px=None), [(60, 60, 10, 2.0, "boxcar")]))
    for name in ("ecca_atrophic", "goodman_baron_atrophic", "scar_s_face", "n_obvious_50cm"):
        assert math.isnan(values[name])
    assert values["goodman_baron_grade"] == ""
    assert "n_below_2mm" not in values
    assert "n_per_10cm2" not in values
