"""Height parameters against closed forms and a published seeded surface."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope.errors import ParamsError, RegionError
from scarscope.measures.surface import height_parameters


def named(found):
    row = found.to_frame().iloc[0]
    return {name: float(row[name]) for name in ("Sa", "Sq", "Ssk", "Sku", "Sp", "Sv", "Sz")}


def test_sinusoid_has_its_closed_forms(published):
    told = published("surface")["sinusoid"]
    wave = told["amplitude"] * np.sin(2 * np.pi * np.arange(2000) / 200)
    found = named(height_parameters(np.tile(wave, (100, 1))))
    assert found == pytest.approx(told["values"], abs=1e-3)


def test_seeded_surface_to_six_decimals(published):
    told = published("surface")["seeded"]["values"]
    noise = np.random.RandomState(0).standard_normal((700, 1000)) / 5
    x, y = np.meshgrid(np.arange(1000), np.arange(700))
    slow = np.sin(2 * np.pi * x / 200)
    lag = np.sin(2 * np.pi * (x - 100) / 200) + 1
    fast = 0.15 * lag * np.sin(2 * np.pi * (np.sin(y / 10) + x) / 10)
    found = named(height_parameters(slow + fast + noise))
    assert {name: round(value, 6) for name, value in found.items()} == told


@given(st.floats(0.1, 50), st.floats(-1e4, 1e4))
def test_heights_scale_and_shapes_do_not(factor, offset):
    z = np.random.default_rng(3).normal(size=(12, 9)) ** 2
    one, two = named(height_parameters(z)), named(height_parameters(z * factor + offset))
    for name in ("Sa", "Sq", "Sp", "Sv", "Sz"):
        assert two[name] == pytest.approx(one[name] * factor, rel=1e-5)
    assert (two["Ssk"], two["Sku"]) == pytest.approx((one["Ssk"], one["Sku"]), rel=1e-5)


def test_turned_inside_out():
    z = np.random.default_rng(4).normal(size=(12, 9)) ** 2
    one, two = named(height_parameters(z)), named(height_parameters(-z))
    assert (one["Sp"], one["Sv"], one["Ssk"]) == pytest.approx((two["Sv"], two["Sp"], -two["Ssk"]))


def test_outside_the_mask_nothing_is_read():
    z = np.random.default_rng(5).normal(size=(8, 8))
    mask = np.zeros(z.shape, bool)
    mask[2:6, 1:7] = True
    inside = height_parameters(z[2:6, 1:7])
    spoilt = np.where(mask, z, np.nan)
    assert named(height_parameters(spoilt, mask)) == pytest.approx(named(inside))
    assert height_parameters(spoilt, mask).n == 24


def test_a_plane_is_flat_once_its_tilt_is_off():
    y, x = np.mgrid[:30, :40]
    tilted = 5.0 + 0.3 * x - 0.2 * y
    mask = (x - 20) ** 2 + (y - 10) ** 2 < 90
    flat = height_parameters(tilted, mask, reference="plane")
    assert (flat.sa, flat.sz) == (0.0, 0.0)
    assert np.isnan(flat.ssk)
    assert height_parameters(tilted, mask).sa > 1
    pit = np.where((x == 20) & (y == 10), -1.0, 0.0)
    found = height_parameters(tilted + pit, mask, reference="plane")
    assert found.sv == pytest.approx(1, abs=0.02)
    assert found.ssk < -10


def test_what_cannot_be_evaluated_is_refused():
    z = np.zeros((4, 4))
    with pytest.raises(RegionError, match="shape"):
        height_parameters(z, np.ones((4, 3)))
    with pytest.raises(RegionError, match="0 points"):
        height_parameters(z, z)
    with pytest.raises(RegionError, match="1 of them not finite"):
        height_parameters(np.where(np.eye(4), np.nan, z)[:1].repeat(1, axis=0))
    with pytest.raises(ParamsError, match="'mean' or 'plane'"):
        height_parameters(z, reference="median")
