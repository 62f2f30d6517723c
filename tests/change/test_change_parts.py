"""The parts of a comparison, held against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student_t

from scarscope.change.align import Alignment
from scarscope.change.amount import (
    ScarWeights,
    Weights,
    profile_change,
    relative_change,
    scar_change,
)
from scarscope.change.common import Pair, common_region, labels_over, lay_over
from scarscope.change.control import control_skin, measure_control
from scarscope.change.error import (
    SCAR,
    MeasurementError,
    Spread,
    fit_spread,
    of_study,
    published,
)
from scarscope.change.harmonise import harmonise
from scarscope.change.marks import area, new_dark_marks, new_red_marks
from scarscope.change.matching import Match, assign, match_scars
from scarscope.change.scars import Judge
from scarscope.change.words import gais, quartile
from scarscope.photo import read_photo
from scarscope.skin import find_skin

MM = 0.1
SHAPE = (300, 320)


def textured(seed: int = 3, *, contrast: float = 0.12) -> np.ndarray:
    """Skin-coloured linear light with texture at every size from 0.1 to 3 mm."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft2(rng.standard_normal(SHAPE))
    k = np.hypot(np.fft.fftfreq(SHAPE[0])[:, None], np.fft.rfftfreq(SHAPE[1])[None, :])
    field = np.fft.irfft2(spectrum / np.maximum(k, 0.01), s=SHAPE)
    shade = contrast * field / field.std()
    pigment = np.roll(shade, (90, 70), axis=(0, 1))
    log = np.log([0.42, 0.25, 0.17]) + shade[..., None] + pigment[..., None] * [0.3, 0.6, 0.8]
    return np.clip(np.exp(log), 0, 0.98).astype(np.float32)


def skin_of(rgb: np.ndarray):
    photo = read_photo(rgb, mm_per_px=MM)
    return find_skin(photo, roi=np.ones(rgb.shape[:2], bool))


def straight(before, after, matrix: np.ndarray | None = None) -> Alignment:
    return Alignment(
        matrix=np.eye(3) if matrix is None else matrix,
        field=None,
        before_shape=before.photo.shape,
        after_shape=after.photo.shape,
        ok=True,
        scale=1.0,
    )


def pair_of(before: np.ndarray, after: np.ndarray) -> Pair:
    skins = skin_of(before), skin_of(after)
    return lay_over(*skins, straight(*skins))


def tone_curved(rgb: np.ndarray, power: float) -> np.ndarray:
    return np.clip(0.3 * (rgb / 0.3) ** power, 0, 1).astype(np.float32)


# --- one grid ---------------------------------------------------------------------------------


def test_the_same_photo_is_read_the_same_from_both_sides():
    pair = pair_of(textured(), textured())
    assert np.array_equal(pair.before.rgb, pair.after.rgb)
    assert np.array_equal(pair.before.region, pair.after.region)
    # 0.4 mm at every side are left out.
    assert pair.area == pytest.approx((300 - 8) * (320 - 8) * MM**2)


def test_a_shifted_photo_is_brought_back():
    rgb = textured()
    moved = np.roll(rgb, (-4, 6), axis=(0, 1))
    skins = skin_of(rgb), skin_of(moved)
    matrix = np.array([[1, 0, 6], [0, 1, -4], [0, 0, 1.0]])
    pair = lay_over(*skins, straight(*skins, matrix))
    assert np.abs(pair.after.rgb - pair.before.rgb)[pair.region].max() < 1e-5
    assert not pair.region[:8].any()  # 4 cells lost to the shift and 4 to the margin
    assert pair.region[9, 100]


def test_skin_that_only_one_photo_shows_is_not_common():
    rgb = textured()
    photo = read_photo(rgb, mm_per_px=MM)
    left = np.zeros(SHAPE, bool)
    left[:, :200] = True
    before, after = find_skin(photo, roi=left), skin_of(rgb)
    region = common_region(before, after, straight(before, after).grid_maps(before.grid))
    assert region[150, 150]
    assert not region[:, 197:].any()


def test_labels_beyond_32_bits_of_float_survive_the_way_over():
    labels = np.zeros((50, 60), np.int32)
    labels[10:20, 10:20] = 16_777_217  # the first whole number that float32 has not
    there = tuple(a.astype(np.float32) for a in np.indices((50, 60))[::-1])
    assert np.array_equal(labels_over(labels, there), labels)


# --- the control skin -------------------------------------------------------------------------


def test_nothing_differs_between_a_photo_and_itself():
    pair = pair_of(textured(), textured())
    control = measure_control(pair, pair.region)
    assert control.mid.gain == control.coarse.gain == control.turn == control.fall == 0
    assert control.fine.coherence == pytest.approx(1)
    assert control.exposure == (0, 0, 0)


@pytest.mark.parametrize("power", [0.8, 1.25])
def test_a_tone_curve_is_the_same_gain_at_every_size_and_is_undone(power):
    rgb = textured()
    pair = pair_of(rgb, tone_curved(rgb, power))
    control = measure_control(pair, pair.region)
    for contrast in (control.fine, control.mid, control.coarse, *control.tones):
        assert contrast.gain == pytest.approx(math.log(power), abs=0.02)
        assert contrast.coherence > 0.999
    undone, harmony = harmonise(pair, control, pair.region)
    assert harmony.contrast[1] == pytest.approx(1 / power, rel=0.02)
    off = np.log(undone.after.rgb) - np.log(undone.before.rgb)
    assert np.abs(off[pair.region]).max() < 0.02


def test_exposure_and_white_balance_are_undone():
    rgb = textured()
    gains = np.array([0.7, 0.6, 0.5], np.float32)
    pair = pair_of(rgb, rgb * gains)
    control = measure_control(pair, pair.region)
    assert control.exposure == pytest.approx(tuple(np.log(gains)), abs=0.02)  # a floor below
    undone, harmony = harmonise(pair, control, pair.region)
    assert harmony.stops == pytest.approx(math.log2(0.6), abs=0.02)
    assert np.abs(undone.after.rgb - undone.before.rgb)[pair.region].max() < 0.01


def test_blur_is_a_matter_of_the_fine_band_and_is_not_undone():
    cv2 = pytest.importorskip("cv2")
    rgb = textured()
    pair = pair_of(rgb, cv2.GaussianBlur(rgb, (0, 0), 1.5))
    control = measure_control(pair, pair.region)
    assert control.fine.gain < -0.4
    assert abs(control.coarse.gain) < 0.05
    assert harmonise(pair, control, pair.region)[1].contrast[1] == pytest.approx(1, abs=0.06)


def test_light_that_falls_off_another_way_shows_as_a_plane():
    rgb = textured()
    slope = np.exp(0.2 * (np.arange(SHAPE[1]) * MM / 30)).astype(np.float32)
    pair = pair_of(rgb, rgb * slope[None, :, None] * 0.8)
    control = measure_control(pair, pair.region)
    assert control.fall == pytest.approx(0.2, abs=0.02)
    assert control.bend < 0.01


def test_a_lamp_from_another_side_turns_the_contrast():
    """Shading by slope: lit from the left, then from above."""
    height = np.log(textured()[..., 1])
    down, across = np.gradient(height)
    colour = np.array([0.42, 0.25, 0.17])

    def lit(slope: np.ndarray) -> np.ndarray:
        return np.clip(np.exp(2 * slope)[..., None] * colour, 0, 1).astype(np.float32)

    pair = pair_of(lit(across), lit(down))
    control = measure_control(pair, pair.region)
    assert control.turn > 0.3
    assert control.mid.coherence < 0.5


def ringed() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Plain skin, far skin, and where treatment changed the skin around scars."""
    scarred = np.zeros(SHAPE, bool)
    scarred[20::30, 20::30] = True
    every = np.ones(SHAPE, bool)
    plain, far = (control_skin(every, scarred, filter_mm=MM, rim_mm=rim) for rim in (0.3, 1.2))
    return plain, far, plain & ~far


def test_coherence_is_judged_far_from_scars():
    plain, far, near = ringed()
    rgb = textured()
    other = np.where(near[..., None], textured(seed=9), rgb)
    pair = pair_of(rgb, other)
    apart = measure_control(pair, plain, far).mid.coherence
    assert apart > 0.9 > measure_control(pair, plain).mid.coherence + 0.05
    # Too little far skin says nothing: all control skin counts.
    few = far & (np.indices(SHAPE)[0] < 60) & (np.indices(SHAPE)[1] < 60)
    lost = measure_control(pair, plain, few)
    assert lost.mid.coherence == measure_control(pair, plain).mid.coherence


def test_control_skin_keeps_clear_of_scars():
    scarred = np.zeros((60, 60), bool)
    scarred[30, 30] = True
    plain = control_skin(np.ones((60, 60), bool), scarred, filter_mm=MM)
    assert not plain[30, 23:38].any()
    assert plain[30, 20]


# --- the amount -------------------------------------------------------------------------------


def test_readings_are_weighed():
    volumes = np.array([10.0, 7.0, 8.0, 4.0])
    f, network, relief = relative_change(volumes, Weights(0.6, 0.5))
    assert network == pytest.approx(-0.3)
    assert relief == pytest.approx(-0.5)
    assert f == pytest.approx(0.6 * -0.3 + 0.5 * -0.5)


def test_no_more_than_all_can_be_gone():
    assert relative_change(np.array([10.0, 0.0, 10.0, 0.0]), Weights(0.7, 0.7))[0] == -1


def test_one_reading_stands_alone_where_the_other_has_none():
    alone = relative_change(np.array([np.nan, np.nan, 8.0, 4.0]), Weights(0.0, 1.03))
    assert alone[0] == pytest.approx(-0.515)
    flat = relative_change(np.array([10.0, 7.0, -1.0, 4.0]), Weights(0.6, 0.5))
    assert flat[0] == pytest.approx(1.1 * -0.3)


def test_little_relief_is_no_denominator():
    """Flat light: a tenth of what the network reads must not make a change ten times as large."""
    _, _, relief = relative_change(np.array([10.0, 10.0, 1.0, 0.5]), Weights(0.5, 0.5))
    assert relief == pytest.approx(-0.5 / 2.5)


def test_the_network_stands_in_for_relief_that_flat_light_hides():
    """Beyond its noise of 0.10, and in the same direction only."""
    plain, flat = Weights(0.3, 0.8), Weights(0.3, 0.8, excess=1.0)
    more = np.array([10.0, 4.0, 8.0, 6.0])  # -0.6 and -0.25
    assert relative_change(more, flat)[0] == pytest.approx(relative_change(more, plain)[0] - 0.25)
    for volumes in (
        [10.0, 6.6, 8.0, 6.0],  # -0.34 and -0.25: within its noise
        [10.0, 8.0, 8.0, 2.0],  # less than relief shows
        [10.0, 4.0, 8.0, 8.0],  # relief bears nothing out
        [10.0, 16.0, 8.0, 6.0],  # the other way
    ):
        volumes = np.array(volumes)
        assert relative_change(volumes, flat)[0] == pytest.approx(
            relative_change(volumes, plain)[0]
        )


def test_the_excess_is_at_most_what_relief_bears_out():
    plain, flat = Weights(0.3, 0.8), Weights(0.3, 0.8, excess=1.0)
    volumes = np.array([10.0, 4.0, 8.0, 7.6])  # -0.6 and -0.05
    gained = relative_change(volumes, plain)[0] - relative_change(volumes, flat)[0]
    assert gained == pytest.approx(0.05)


def test_nothing_missing_before_is_no_share():
    assert math.isnan(relative_change(np.array([0.0, 5.0, 0.0, 5.0]), Weights(0.5, 0.5))[0])


# --- a single scar ----------------------------------------------------------------------------

SCAR_WEIGHTS = ScarWeights(network=0.3, relief=0.5, profile=0.5, noise=0.1, noisy=0.9)
JUDGE = Judge(SCAR_WEIGHTS, 0.25)


def test_a_scar_is_read_by_network_relief_and_profile():
    volumes = np.array([10.0, 7.0, 8.0, 4.0])  # -0.3 and -0.5
    assert scar_change(volumes, -0.4, 0.0, SCAR_WEIGHTS) == pytest.approx(-0.09 - 0.25 - 0.2)
    assert scar_change(volumes, math.nan, 0.0, SCAR_WEIGHTS) == pytest.approx(-0.09 - 0.5)
    half = 0.6 * -0.3 + 0.5 * (-0.25 - 0.2)
    assert scar_change(volumes, -0.4, 0.1, SCAR_WEIGHTS) == pytest.approx(half)
    assert scar_change(volumes, -0.4, 1e6, SCAR_WEIGHTS) == pytest.approx(0.9 * -0.3)
    assert scar_change(volumes, -0.4, math.nan, SCAR_WEIGHTS) == pytest.approx(0.9 * -0.3)


def test_a_scar_without_a_network_is_read_by_relief():
    volumes = np.array([np.nan, np.nan, 8.0, 4.0])
    alone = replace(SCAR_WEIGHTS, network=0.0, noisy=0.0)
    for noise in (0.0, 5.0):
        assert scar_change(volumes, -0.4, noise, alone) == pytest.approx(-0.45)
    assert scar_change(np.array([10.0, 7.0, 8.0, 0.0]), -1.2, 0.0, alone) == -1
    assert math.isnan(scar_change(np.zeros(4), math.nan, math.nan, SCAR_WEIGHTS))


def test_a_profile_is_followed_through_level_and_noise():
    y, x = np.indices((60, 60))
    pit = np.exp(-((x - 30) ** 2 + (y - 30) ** 2) / 60).astype(np.float32)
    around = (x - 30) ** 2 + (y - 30) ** 2 < 400
    noise = np.random.default_rng(2).normal(0, 0.02, pit.shape).astype(np.float32)
    assert profile_change(pit, 0.6 * pit + 0.3, around) == pytest.approx(-0.4)
    assert profile_change(pit, 0.6 * pit + noise, around) == pytest.approx(-0.4, abs=0.02)
    assert math.isnan(profile_change(-pit, 3 * pit, around))
    assert math.isnan(profile_change(pit, pit, np.zeros(pit.shape, bool)))


# --- matching ---------------------------------------------------------------------------------


def squares(*places: tuple[int, int, int]) -> np.ndarray:
    labels = np.zeros((80, 80), np.int32)
    for number, (row, col, side) in enumerate(places, start=1):
        if side:
            labels[row : row + side, col : col + side] = number
    return labels


def test_each_scar_is_matched_once():
    before = squares((5, 5, 10), (5, 40, 10), (50, 5, 12))
    after = squares((6, 41, 9), (52, 7, 6), (60, 60, 8))
    assert match_scars(before, after) == (
        Match(1, 0),
        Match(2, 1),
        Match(3, 2),
        Match(0, 3),
    )


def test_pieces_are_named():
    whole = squares((10, 10, 30))
    pieces = np.zeros_like(whole)
    pieces[10:40, 10:30] = 1
    pieces[10:40, 31:40] = 2
    assert match_scars(whole, pieces) == (Match(1, 1), Match(1, 2, "split"))
    assert match_scars(pieces, whole) == (Match(1, 1), Match(2, 1, "merged"))


def test_no_scars_are_no_matches():
    empty = squares()
    assert match_scars(empty, empty) == ()
    assert match_scars(empty, squares((5, 5, 10))) == (Match(0, 1),)
    assert match_scars(squares((5, 5, 10)), empty) == (Match(1, 0),)


def test_as_many_pairs_as_can_be():
    cost = np.array([[0.1, 0.2], [0.1, 0.9]])
    allowed = np.array([[True, True], [True, False]])
    assert assign(cost, allowed).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("change", "only_later", "status"),
    [
        (-0.9, False, "resolved"),
        (-0.3, False, "improved"),
        (-0.1, False, "unchanged"),
        (0.1, True, "unchanged"),
        (0.3, False, "worse"),
        (1.5, False, "worse"),
        (1.5, True, "new"),
        (math.nan, True, "new"),
        (math.nan, False, "unchanged"),
    ],
)
def test_status_follows_the_reading_and_not_the_threshold(change, only_later, status):
    assert JUDGE.status(change, 0.2, only_later=only_later) == status


def test_what_counts_as_change_is_each_scar_s_own_matter():
    assert JUDGE.status(-0.3, 0.1, only_later=False) == "improved"
    assert JUDGE.status(-0.3, 0.4, only_later=False) == "unchanged"
    assert JUDGE.status(-0.9, 1.2, only_later=False) == "unchanged"


# --- measurement error ------------------------------------------------------------------------


def test_the_error_of_a_measure_has_two_parts():
    rng = np.random.default_rng(5)
    mean = rng.uniform(1, 60, 4000)
    change = rng.normal(0, np.hypot(0.8, 0.06 * mean))
    spread = fit_spread(mean - change / 2, mean + change / 2)
    assert spread.absolute == pytest.approx(0.8, rel=0.25)
    assert spread.relative == pytest.approx(0.06, rel=0.1)
    assert spread.mdc95(20.0) == pytest.approx(1.96 * math.hypot(0.8, 1.2), rel=0.08)


def test_what_the_photos_noise_explains_is_a_part_of_its_own():
    rng = np.random.default_rng(8)
    noise = rng.uniform(0.1, 3, 4000)
    change = rng.normal(0, np.hypot(0.5, 2.5 * noise))
    before = np.full(4000, 20.0)
    spread = fit_spread(before, before + change, noise)
    assert math.hypot(spread.absolute, 20 * spread.relative) == pytest.approx(0.5, rel=0.4)
    assert spread.noise == pytest.approx(2.5, rel=0.1)
    assert spread.mdc95(20.0, 2.0) == pytest.approx(1.96 * math.hypot(0.5, 5.0), rel=0.1)
    assert spread.mdc95(20.0, 2.0) > 2 * spread.mdc95(20.0, 0.5)


def test_heavy_tails_widen_the_error():
    rng = np.random.default_rng(6)
    change = rng.normal(0, 1, 500)
    change[:15] *= 8  # three in a hundred
    spread = fit_spread(np.full(500, 10.0), 10.0 + change)
    covered = np.abs(change) <= spread.mdc95(10.0)
    assert covered.mean() >= 0.97


def test_gaps_and_single_pairs_tell_no_error():
    spread = fit_spread(np.array([1.0, np.nan]), np.array([2.0, 3.0]))
    assert math.isnan(spread.absolute)
    assert fit_spread(np.array([3.0, 3.0]), np.array([3.0, 3.0])) == Spread(0.0, 0.0)


def retest(before: float, after: float, comparable: str = "yes") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "comparable": [comparable],
            "measure": ["burden_um"],
            "before": [before],
            "after": [after],
        }
    )


def test_a_study_s_own_error_needs_enough_retests_that_compare():
    tables = [retest(20.0, 20.0 + d) for d in (-1.0, 1.0, -2.0, 2.0, 1.5)]
    assert of_study(tables, least=6) is None
    assert of_study([*tables, retest(20, 90, "no")], least=6) is None
    own = of_study([*tables, retest(20.0, 18.5)], least=6)
    assert own is not None
    assert (own.source, own.pairs) == ("study", 6)
    # At least what its own retests say, wider as they are few; visits weeks apart add to it.
    sd = math.sqrt(np.mean(np.square([1, 1, 2, 2, 1.5, 1.5])))
    assert own.mdc95("burden_um", 20.0, comparable="yes") >= 2.44 * sd
    assert own.to_json()["spreads"]["yes"]["burden_um"][3]  # visits, and retests
    assert own.mdc95(SCAR, 1.0, comparable="yes") == published().mdc95(SCAR, 1.0, comparable="yes")


def test_few_retests_without_an_error_do_not_make_a_measure_perfect():
    steady = [retest(20.0, 20.0) for _ in range(6)]
    own = of_study(steady, least=6)
    ours = published().spreads
    assert own.spreads["yes"]["burden_um"].sd(20.0) >= ours["retest"]["burden_um"].sd(20.0) > 0


def test_few_retests_have_the_shape_of_simulated_ones():
    shape = published().spreads["retest"]["burden_um"]
    pairs = [(5.0, 5.5), (10.0, 9.2), (20.0, 23.0), (40.0, 36.0), (15.0, 15.2), (8.0, 8.9)]
    own = of_study([retest(*pair) for pair in pairs], least=6).spreads["yes"]["burden_um"]
    assert own.absolute / own.relative == pytest.approx(shape.absolute / shape.relative)
    off = [(b - a) / math.hypot(shape.absolute, shape.relative * (a + b) / 2) for a, b in pairs]
    factor = math.sqrt(np.mean(np.square(off)))
    wider = student_t.ppf(0.975, 6) / 1.96
    assert own.relative == pytest.approx(wider * factor * shape.relative)


def test_visits_add_what_they_are_more_than_retests():
    own = Spread(0.0, 0.05, visits=(Spread(0.5, 0.0), Spread(0.3, 0.0)))
    assert own.sd(20.0) == pytest.approx(math.hypot(1.0, 0.4))
    less = Spread(0.0, 0.05, visits=(Spread(0.2, 0.0), Spread(0.3, 0.0)))
    assert less.sd(20.0) == pytest.approx(1.0)


def test_what_was_nothing_before_has_an_error_of_its_own():
    """A share of the mean would be a share of the change itself, and hide any."""
    after = np.zeros(60)
    after[:3] = (1.0, 2.0, 3.0)
    spread = fit_spread(np.zeros(60), after)
    assert spread.relative == 0
    assert 0 < spread.mdc95(250.0) < 20
    assert spread.mdc95(250.0) == spread.mdc95(1.0)


def test_caution_widens_the_published_error():
    error = published()
    assert error.pairs > 100
    for name, mean in (("burden_um", 20.0), ("scar_area_fraction", 0.1), (SCAR, 1.0)):
        careful = error.mdc95(name, mean, comparable="caution")
        assert careful > error.mdc95(name, mean, comparable="yes") > 0
    assert math.isnan(error.mdc95("no_such_measure", 1.0, comparable="yes"))


def test_an_error_goes_to_json_and_says_what_it_holds():
    error = MeasurementError("study", 7, {"yes": {"burden_um": Spread(0.5, 0.1)}})
    assert error.to_json() == {
        "source": "study",
        "pairs": 7,
        "spreads": {"yes": {"burden_um": [0.5, 0.1]}},
    }


def test_an_error_with_noise_goes_to_json_and_back():
    spread = Spread(0.5, 0.1, 2.0)
    told = MeasurementError("study", 7, {"yes": {"burden_um": spread}}).to_json()
    assert Spread(*told["spreads"]["yes"]["burden_um"]) == spread


# --- marks and words --------------------------------------------------------------------------


def marked(rgb: np.ndarray, factors: tuple[float, float, float]) -> np.ndarray:
    out = rgb.copy()
    rows, cols = np.indices(SHAPE)
    disc = np.hypot(rows - 150, cols - 160) < 20  # 2 mm radius
    out[disc] *= np.array(factors, np.float32)
    return out


def test_a_new_brown_mark_is_found_and_measured():
    rgb = textured(contrast=0.03)
    pair = pair_of(rgb, marked(rgb, (0.85, 0.72, 0.62)))
    assert area(new_dark_marks(pair), pair) == pytest.approx(math.pi * 2**2, rel=0.25)
    back = pair_of(marked(rgb, (0.85, 0.72, 0.62)), rgb)
    assert area(new_dark_marks(back), back) == 0  # a mark that fades is no adverse event


def test_a_new_red_mark_is_red_and_not_dark():
    rgb = textured(contrast=0.03)
    pair = pair_of(rgb, marked(rgb, (0.97, 0.72, 0.78)))
    assert area(new_red_marks(pair), pair) == pytest.approx(math.pi * 2**2, rel=0.35)
    assert area(new_dark_marks(pair), pair) < 2


def test_a_tan_is_no_mark():
    rgb = textured(contrast=0.03)
    pair = pair_of(rgb, rgb * np.array([0.9, 0.82, 0.75], np.float32))
    assert area(new_dark_marks(pair), pair) == 0


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        (-62.0, "improved", ("51-75 %", "much improved")),
        (-25.0, "improved", ("0-25 %", "improved")),
        (-76.0, "improved", ("76-100 %", "very much improved")),
        (-100.0, "improved", ("76-100 %", "very much improved")),
        (-9.0, "no detectable change", ("", "no change")),
        (30.0, "worse", ("", "worse")),
        (math.nan, "not comparable", ("", "")),
    ],
)
def test_words_follow_the_verdict(change, verdict, words):
    assert (quartile(change, verdict), gais(change, verdict)) == words
