"""Colour maths against published pairs, patches and angles, and an independent library."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000

from scarscope.photo import colour

BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
COLOURS = st.tuples(st.floats(0, 100), st.floats(-120, 120), st.floats(-120, 120))


def d65_from_d50(lab, white_xy):
    """L*a*b* under D50 to linear sRGB: Bradford's adaptation, then ScarScope's own chain."""
    x, y = white_xy
    d50 = np.array([x / y, 1.0, (1 - x - y) / y])
    xyz = colour.lab_to_xyz(lab) / colour.D65_XYZ * d50
    gain = (BRADFORD @ colour.D65_XYZ) / (BRADFORD @ d50)
    return colour.xyz_to_linear(xyz @ np.linalg.solve(BRADFORD, gain[:, None] * BRADFORD).T)


@pytest.mark.parametrize("swap", [False, True])
def test_sharma_34_pairs_to_four_decimals(published, swap):
    pairs = np.array(published("ciede2000")["pairs"])
    one, two = (pairs[:, 3:6], pairs[:, :3]) if swap else (pairs[:, :3], pairs[:, 3:6])
    assert len(pairs) == 34
    np.testing.assert_array_equal(colour.ciede2000(one, two).round(4), pairs[:, 6])


def test_an_independent_library_agrees_everywhere():
    rng = np.random.default_rng(20)
    one, two = rng.uniform([0, -110, -110], [100, 110, 110], (2, 4000, 3))
    found = colour.ciede2000(one, two)
    np.testing.assert_allclose(found, deltaE_ciede2000(one, two), atol=1e-9)
    near = one + rng.normal(0, 1, one.shape)
    np.testing.assert_allclose(colour.ciede2000(one, near), deltaE_ciede2000(one, near), atol=1e-9)


@given(COLOURS, COLOURS)
def test_difference_is_symmetric_and_none_from_itself(one, two):
    there, back = colour.ciede2000(one, two), colour.ciede2000(two, one)
    assert float(there) == pytest.approx(float(back), abs=1e-6)
    assert float(there) >= 0
    assert float(colour.ciede2000(one, one)) == 0


def test_opposite_hues_are_as_far_either_way():
    one, two = [0.0, 2.0, 0.0], [0.0, -1.0, 0.0]
    assert float(colour.ciede2000(one, two)) == float(colour.ciede2000(two, one))


def test_difference_broadcasts_and_keeps_the_float_kind():
    image = np.full((2, 3, 3), 50, np.float32)
    found = colour.ciede2000(image, np.float32([50, 0, 0]))
    assert found.shape == (2, 3)
    assert found.dtype == np.float32
    assert np.isnan(colour.ciede2000([np.nan, 0, 0], [50, 0, 0]))


def test_the_two_colorcheckers_differ_as_published(published):
    card = published("colorchecker")
    after, before = (np.array(list(card[k].values())) for k in ("after_2014", "before_2014"))
    largest = colour.ciede2000(after, before).max()
    assert largest == pytest.approx(card["largest_de00_between"], abs=1e-9)


def test_colorchecker_patches_get_their_srgb_codes(published):
    card = published("colorchecker")
    lab = np.array(list(card["after_2014"].values()))
    linear = d65_from_d50(lab, card["white_d50_xy"])
    codes = np.round(colour.linear_to_srgb(np.clip(linear, 0, 1)) * 255)
    told = np.array([card["srgb8_after_2014"][name] for name in card["after_2014"]])
    assert len(told) == 24
    assert np.abs(codes - told).max() <= 1  # the library rounds its matrix to four digits
    assert (codes == told).mean() > 0.9


def test_ita_examples(published):
    light, yellow, told = np.array(published("ita")["examples"]).T
    np.testing.assert_allclose(colour.ita_deg(light, yellow), told, rtol=1e-12)


def test_ita_classes_have_the_published_edges(published):
    edges = published("ita")["edges_deg"]
    assert tuple(edges) == colour.TONE_CLASSES
    for name, (low, high) in edges.items():
        assert colour.tone_class(low + 0.01) == name
        assert colour.tone_class(high - 0.01) == name
