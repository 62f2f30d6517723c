"""Whether a photo shows relief: contrast that all colours share, against what they do not."""

import cv2
import numpy as np
import pytest

from scarscope.flags import Flag
from scarscope.params import ScarParams
from scarscope.scars.contrast import light_flags, relief_share

SKIN = np.array([0.45, 0.25, 0.17])
MELANIN, BLOOD = np.array([0.45, 1.0, 1.6]), np.array([0.1, 1.0, 0.9])  # of log light, about
WHOLE = np.ones((200, 240), bool)


def grain(seed, *, sigma=1.5):
    """Random contrast of 0.1 to 0.35 mm on a grid of 0.1 mm, standard deviation 1."""
    noise = np.random.default_rng(seed).normal(size=WHOLE.shape)
    soft = cv2.GaussianBlur(noise, (0, 0), sigma)
    return (soft / soft.std())[..., None]


def photo(*parts):
    return (SKIN * np.exp(sum(parts))).astype(np.float32)


def share(rgb, region=WHOLE, *, mm=0.1):
    return relief_share(rgb, region, filter_mm=mm)


RELIEF = -0.03 * grain(1) * np.ones(3)


def test_relief_alone_is_all_of_the_contrast():
    assert share(photo(RELIEF)) == pytest.approx(1.0, abs=0.01)
    assert share(0.2 * photo(3 * RELIEF)) == pytest.approx(1.0, abs=0.05)  # in any exposure


def test_relief_that_scatters_in_the_skin_shares_less_and_grey_noise_is_taken_for_relief():
    sheet = photo(RELIEF)
    sigmas = (3.5, 2.0, 1.5)  # of the light in red, green and blue, cells of 0.1 mm
    inside = [cv2.GaussianBlur(sheet[..., k], (0, 0), sigma) for k, sigma in enumerate(sigmas)]
    assert share(np.stack(inside, axis=-1)) < 0.8
    grey = 0.03 * np.random.default_rng(3).normal(size=(*WHOLE.shape, 1)) * np.ones(3)
    assert share(photo(grey)) == pytest.approx(1.0, abs=0.05)


def test_colour_and_noise_are_not_relief():
    noise = 0.03 * np.random.default_rng(3).normal(size=(*WHOLE.shape, 3))
    assert share(photo(-0.03 * grain(2) * BLOOD)) < 0.2
    assert share(photo(noise)) < 0.05
    assert share(photo(RELIEF, noise)) < 0.9
    mixed = [share(photo(part * RELIEF, -0.03 * grain(2) * BLOOD)) for part in (0, 0.5, 1, 2)]
    assert mixed == sorted(mixed)
    brown = -0.03 * grain(2) * MELANIN
    assert share(photo(brown)) == pytest.approx(MELANIN[0] * MELANIN[2] / MELANIN[1] ** 2, abs=0.01)
    assert share(photo(brown)) < share(photo(RELIEF, brown))


def test_the_share_does_not_depend_on_the_grid():
    fine = photo(RELIEF, -0.02 * grain(2) * BLOOD)
    doubled = cv2.resize(fine, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    twice = share(doubled, np.ones(doubled.shape[:2], bool), mm=0.05)
    assert twice == pytest.approx(share(fine), abs=0.05)
    noise = 0.15 * np.random.default_rng(3).normal(size=(*WHOLE.shape, 3))
    noisy = photo(2 * RELIEF, noise)  # of pixels half as wide there is more in a blur of 0.1 mm
    assert share(noisy, mm=0.1) == pytest.approx(0.46, abs=0.03)
    assert share(noisy, mm=0.05) == pytest.approx(0.73, abs=0.03)


def test_single_marks_do_not_outweigh_the_skin():
    marked = photo(RELIEF)
    marked[::40, ::40] *= np.array([0.9, 0.3, 0.2], np.float32)
    assert share(marked) > 0.9


def test_too_little_skin_or_no_contrast_tells_nothing():
    few = np.zeros(WHOLE.shape, bool)
    few[:5, :5] = True
    assert np.isnan(share(photo(RELIEF), few))
    assert np.isnan(share(np.full((*WHOLE.shape, 3), 0.25, np.float32)))


@pytest.mark.parametrize(
    ("directed", "shared", "doubt", "wanted"),
    [
        (0.5, 0.2, 1.0, Flag.NONE),  # one side is lit: relief shows
        (0.0, 0.9, 1.0, Flag.FLAT_LIGHT),
        (0.0, 0.2, 1.0, Flag.FLAT_LIGHT | Flag.RELIEF_HIDDEN),
        (0.0, 0.2, 0.1, Flag.FLAT_LIGHT),  # the scars are seen all the same
        (0.0, float("nan"), 1.0, Flag.FLAT_LIGHT),
        (float("nan"), 0.2, 1.0, Flag.NONE),
    ],
)
def test_relief_is_hidden_where_nothing_shows_it(directed, shared, doubt, wanted):
    quality = {"light_directedness": directed, "relief_share": shared}
    assert light_flags(quality, doubt, ScarParams()) == wanted
