"""Colour maths against published constants and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope.photo import colour

# ColorChecker after Nov 2014: sRGB codes (D65, Bradford from the published D50 Lab), neutral row.
NEUTRALS = [(201, 202, 201, 81.29), (161, 163, 163, 66.89), (121, 121, 121, 50.76)]


def test_matrix_is_the_published_one():
    published = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    np.testing.assert_allclose(colour.LINEAR_TO_XYZ, published, atol=6e-5)
    np.testing.assert_allclose(colour.D65_XYZ, [0.9505, 1.0, 1.0890], atol=1e-4)


def test_curve_has_the_published_values():
    # IEC 61966-2-1: linear 0.0031308 joins at code 0.04045; mid grey 0.18 is code 118 of 255.
    assert float(colour.linear_to_srgb(0.0031308)) == pytest.approx(0.04045, abs=1e-6)
    assert round(float(colour.linear_to_srgb(0.18)) * 255) == 118
    assert float(colour.srgb_to_linear(1.0)) == pytest.approx(1.0)
    assert float(colour.srgb_to_linear(np.uint8([188]))[0]) == pytest.approx(0.50289, abs=1e-5)


@pytest.mark.parametrize(("kind", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_tables_equal_the_formula(kind, top):
    codes = np.linspace(0, top, 97).astype(kind).reshape(97, 1)
    got = colour.srgb_to_linear(codes)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, colour.srgb_to_linear(codes / top), rtol=1e-6)


@given(st.floats(-0.2, 2.0))
def test_curve_is_undone(value):
    assert float(colour.srgb_to_linear(colour.linear_to_srgb(value))) == pytest.approx(
        value, abs=1e-5
    )


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_lab_is_undone(rgb):
    np.testing.assert_allclose(colour.lab_to_linear(colour.linear_to_lab(rgb)), rgb, atol=1e-9)


def test_white_black_and_primaries_in_lab():
    np.testing.assert_allclose(colour.linear_to_lab([1, 1, 1]), [100, 0, 0], atol=1e-9)
    np.testing.assert_allclose(colour.linear_to_lab([0, 0, 0]), [0, 0, 0], atol=1e-9)
    # Lindbloom's values for the sRGB primaries under D65.
    red, blue = colour.linear_to_lab([[1.0, 0, 0], [0, 0, 1.0]])
    np.testing.assert_allclose(red, [53.24, 80.09, 67.20], atol=0.02)
    np.testing.assert_allclose(blue, [32.30, 79.19, -107.86], atol=0.02)


@pytest.mark.parametrize(("r", "g", "b", "lightness"), NEUTRALS)
def test_colorchecker_neutrals(r, g, b, lightness):
    lab = colour.linear_to_lab(colour.srgb_to_linear(np.array([r, g, b], np.uint8)))
    assert lab[0] == pytest.approx(lightness, abs=0.35)
    assert np.abs(lab[1:]).max() < 1.3


def test_colorchecker_light_skin_is_near_its_d65_lab():
    # Patch 2, D50 Lab (64.66, 19.27, 17.50); adaptation moves skin colours little.
    lab = colour.linear_to_lab(colour.srgb_to_linear(np.array([197, 144, 127], np.uint8)))
    np.testing.assert_allclose(lab, [64.66, 19.27, 17.50], atol=3.0)


@pytest.mark.parametrize(
    ("lightness", "b", "angle"),
    [(70, 15, 53.13010235), (60, 17, 30.46554492), (50, 15, 0.0), (35, 12, -51.34019175)],
)
def test_ita_examples(lightness, b, angle):
    assert float(colour.ita_deg(lightness, b)) == pytest.approx(angle)


def test_ita_is_nan_where_it_is_not_defined():
    assert np.isnan(colour.ita_deg([60.0, 40.0, 50.0], [0.0, -5.0, -0.1])).all()


@pytest.mark.parametrize(
    ("ita", "name"),
    [(55.1, "very light"), (55, "light"), (41, "intermediate"), (28, "tan"), (10, "brown"),
     (-29.9, "brown"), (-30, "dark"), (-80, "dark")],
)  # fmt: skip
def test_tone_classes_at_their_edges(ita, name):
    assert colour.tone_class(ita) == name


def test_no_tone_without_an_angle():
    assert colour.tone_class(math.nan) is None


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_float_kind_is_kept(kind):
    rgb = np.full((2, 3, 3), 0.4, kind)
    for function in (
        colour.srgb_to_linear, colour.linear_to_srgb, colour.linear_to_xyz, colour.xyz_to_linear,
        colour.linear_to_lab, colour.lab_to_xyz,
    ):  # fmt: skip
        got = function(rgb)
        assert got.dtype == kind
        assert got.shape == rgb.shape
