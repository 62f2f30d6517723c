"""Single precision takes other ways round; each must arrive where double precision does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.phantom import Camera, ScarShape
from scarscope.phantom.camera import photograph
from scarscope.phantom.harmonics import bearing
from scarscope.phantom.noise import Grid, smooth_noise, stream
from scarscope.phantom.optics import scatter
from scarscope.phantom.scars import stamp
from scarscope.phantom.surface import AZIMUTHS, shape_of

WAVES = ((2, 0.1, 1.0), (5, -0.05, 4.0), (2, 0.02, 0.0))


@settings(deadline=None, max_examples=40)
@given(
    width=st.integers(8, 60),
    height=st.integers(8, 60),
    step=st.floats(0.05, 0.4),
    sigma=st.floats(0.1, 9.0),
)
def test_noise_is_the_same_field(width, height, step, sigma):
    fields = [
        smooth_noise(
            stream(1, "n"), Grid.covering((width * step, height * step), step, kind), sigma
        )
        for kind in (np.float64, np.float32)
    ]
    assert fields[1].dtype == np.float32
    assert fields[1] == pytest.approx(fields[0], abs=2e-3)


@pytest.mark.parametrize(("shape", "step"), [((133, 10), 0.1), ((289, 330), 0.07)])
def test_noise_is_the_same_where_a_pixel_lies_on_the_lattice(shape, step):
    # In single precision the last pixel seems to lie this or that side of a lattice point.
    size = (shape[0] * step, shape[1] * step)
    double, single = (
        smooth_noise(stream(1, "n"), Grid.covering(size, step, kind), 0.18)
        for kind in (np.float64, np.float32)
    )
    assert single == pytest.approx(double, abs=2e-3)


def test_noise_on_a_grid_drawn_before_is_not_changed_by_its_user():
    grid = Grid.covering((10.0, 10.0), 0.1, np.float32)
    first = smooth_noise(stream(1, "n"), grid, 0.5)
    kept = first.copy()
    first *= 0
    assert np.array_equal(smooth_noise(stream(1, "n"), grid, 0.5), kept)


def test_waves_round_an_outline_are_the_same():
    axis = np.linspace(-2, 2, 41)  # the middle is one of the places
    along, across = np.broadcast_arrays(axis[None, :], axis[:, None])
    double = bearing(along, across, WAVES, start=1.0)
    single = bearing(along.astype(np.float32), across.astype(np.float32), WAVES, start=1.0)
    for exact, fast in zip(double, single, strict=True):
        assert fast == pytest.approx(exact, abs=1e-5)
    assert np.ptp(double.waves) > 0.1


def test_a_circle_has_no_waves():
    circle = bearing(np.ones((1, 3), np.float32), np.ones((1, 3), np.float32), (), start=1.0)
    assert np.array_equal(circle.waves, np.ones((1, 3), np.float32))


@pytest.mark.parametrize("size", [(40, 50), (31, 64), (97, 33)])
@pytest.mark.parametrize("step", [0.1, 0.13])
def test_light_scatters_alike(size, step):
    light = stream(1, "light").random((3, *size))
    double, single = scatter(light, step), scatter(light.astype(np.float32), step)
    assert single.dtype == np.float32
    # Spectra are padded to other sizes, over which the last percent of red wraps round.
    assert single == pytest.approx(double, abs=3e-3)
    assert single[1:] == pytest.approx(double[1:], abs=1e-5)


def test_tabled_noise_of_the_sensor_is_that_of_the_camera():
    grey = np.full((3, 200, 200), 0.2)
    camera = Camera(full_well=2000.0, read_noise=6.0, vignette=0)
    double, single = (photograph(g, camera, 1) for g in (grey, grey.astype(np.float32)))
    assert not np.array_equal(double, single)
    assert single.mean() == pytest.approx(double.mean(), abs=0.05)
    assert single.std() == pytest.approx(double.std(), rel=0.02)
    share = [np.mean(np.abs(p - p.mean()) > 2 * p.std()) for p in (double, single)]
    assert share[1] == pytest.approx(share[0], rel=0.05)
    neighbours = np.corrcoef(single[:, :-1, 0].ravel(), single[:, 1:, 0].ravel())[0, 1]
    assert abs(neighbours) < 0.02


def test_a_mirrored_surface_has_mirrored_horizons():
    height = 0.2 * stream(1, "h").random((30, 40))
    horizon = shape_of(height, 0.1).horizon
    turned = shape_of(height[::-1, ::-1].copy(), 0.1).horizon[:, ::-1, ::-1]
    across = (0, AZIMUTHS // 2)  # other azimuths' offsets are rounded, not quite symmetrically
    assert horizon[across[0]] == pytest.approx(turned[across[1]], abs=1e-12)
    assert horizon[across[1]] == pytest.approx(turned[across[0]], abs=1e-12)
    steep = np.max(height[:, 1:] - height[:, :-1], axis=1).max() / 0.1
    assert horizon[0].max() == pytest.approx(steep)


def test_scars_are_drawn_as_far_as_they_reach():
    wide = tuple(
        ScarShape(kind=kind, x_mm=0.5, y_mm=-0.3, width_mm=w, length_mm=5.0, depth_mm=0.4)
        for kind, w in (("rolling", 5.0), ("boxcar", 2.0))
    )
    for one in wide:
        double, single = (
            stamp((one,), Grid.covering((14.0, 14.0), 0.1, kind), 3)
            for kind in (np.float64, np.float32)
        )
        assert single.missing == pytest.approx(double.missing, abs=5e-5)
        assert single.fade == pytest.approx(double.fade, abs=1e-4)


def test_skin_without_scars_misses_nothing():
    field = stamp((), Grid.covering((9.0, 8.0), 0.1, np.float32), 3)
    assert field.missing.dtype == np.float32
    assert not field.missing.any()
    assert not field.labels.any()
    assert (field.fade == 1).all()
