"""Capture quality on skin-like textures whose blur, exposure and colour are known."""

import math
from functools import cache

import cv2
import numpy as np
import pytest

from scarscope.flags import Flag
from scarscope.params import PhotoParams
from scarscope.photo import assess_capture, colour_cast, find_glare, read_photo
from scarscope.photo.colour import lab_to_linear, linear_to_srgb
from scarscope.photo.focus import focus_blur_px

# L*, a*, b* of facial skin at ITA 63, 34, 12 and -47 degrees.
TONES = {"very light": (71, 7, 11), "intermediate": (62, 12, 18), "tan": (54, 14, 19),
         "dark": (37, 11, 12)}  # fmt: skip


@cache
def spectrum(side):
    """Of a texture with equal contrast at every size and a standard deviation of 1."""
    rng = np.random.default_rng(3)
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    f[0, 0] = np.inf
    texture = np.fft.rfft2(rng.standard_normal((side, side))) / f
    return texture / np.fft.irfft2(texture).std(), np.where(np.isinf(f), 0, f)


def skin(tone="intermediate", *, side=512, blur=0.0, noise=0.0, contrast=0.10):
    """Linear light of a patch of skin-like texture, blurred by a known amount.

    Blur is applied in the frequency domain, so that it is exact below one pixel too.
    """
    texture, f = spectrum(side)
    seen = np.fft.irfft2(texture * np.exp(-2 * (np.pi * f * blur) ** 2)).astype(np.float32)
    light = np.exp(contrast * seen)[..., None] * lab_to_linear(np.float32(TONES[tone]))
    if noise:
        grain = np.random.default_rng(4).standard_normal((side, side, 1), np.float32)
        light += noise * light.mean() * grain
    return np.clip(light, 0, 1)


def everywhere(rgb):
    return np.ones(rgb.shape[:2], bool)


def assessed(rgb, *, mm_per_px=0.06, region=None):
    photo = read_photo(np.round(linear_to_srgb(rgb) * 255).astype(np.uint8), mm_per_px=mm_per_px)
    return assess_capture(
        photo, everywhere(rgb) if region is None else region, filter_mm=mm_per_px or 0.1
    )


@pytest.mark.parametrize("tone", TONES)
def test_a_good_capture_raises_nothing_whatever_the_tone(tone):
    figures, flags = assessed(skin(tone, blur=0.7))
    assert flags == Flag.NONE, figures
    assert figures["clipped_fraction"] == 0
    assert figures["skin_fraction"] == 1


# Focus


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("tone", ["very light", "dark"])
@pytest.mark.parametrize("blur", [0.8, 2.0, 4.0])
def test_blur_is_measured(tone, blur, noise):
    rgb = skin(tone, blur=blur, noise=noise)
    assert focus_blur_px(rgb[..., 1], everywhere(rgb)) == pytest.approx(blur, rel=0.35)


def test_more_blur_measures_more():
    blurs = [focus_blur_px(skin(blur=b)[..., 1], np.ones((512, 512), bool)) for b in (1, 2, 3, 5)]
    assert blurs == sorted(blurs)
    assert len(set(blurs)) == 4


@pytest.mark.parametrize("factor", [2, 3])
def test_the_same_photo_made_smaller_has_the_same_blur_in_mm(factor):
    fine = skin(blur=5.0, side=1026)
    small = cv2.resize(fine, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    a, _ = assessed(fine, mm_per_px=0.05)
    b, _ = assessed(small, mm_per_px=0.05 * factor)
    assert a["focus_blur_mm"] == pytest.approx(0.25, rel=0.3)
    assert b["focus_blur_mm"] == pytest.approx(a["focus_blur_mm"], rel=0.25)


def test_fine_photos_are_averaged_down_first():
    rgb = skin(blur=5.0, side=1024)
    blur = focus_blur_px(rgb[..., 1], everywhere(rgb), mm_per_px=0.013)
    assert blur == pytest.approx(5.0, rel=0.35)


@pytest.mark.parametrize(("blur", "soft"), [(0.7, False), (1.3, False), (4.0, True)])
def test_soft_focus(blur, soft):
    _, flags = assessed(skin(blur=blur), mm_per_px=0.06)
    assert (Flag.SOFT_FOCUS in flags) == soft


def test_without_a_scale_only_plain_blur_is_called_soft():
    # 512 pixels across at least 60 mm is 0.117 mm per pixel or coarser.
    figures, flags = assessed(skin(blur=4.0), mm_per_px=None)
    assert Flag.SOFT_FOCUS in flags
    assert math.isnan(figures["focus_blur_mm"])
    assert figures["focus_blur_px"] == pytest.approx(4.0, rel=0.35)
    assert Flag.SOFT_FOCUS not in assessed(skin(blur=0.8), mm_per_px=None)[1]


def test_focus_looks_at_skin_only():
    rgb = skin(blur=4.0, side=768)
    rgb[:, :384] = skin(blur=0.5, side=768)[:, :384]  # a sharp background
    region = np.zeros((768, 768), bool)
    region[:, 384:] = True
    assert focus_blur_px(rgb[..., 1], region) == pytest.approx(4.0, rel=0.35)
    assert focus_blur_px(rgb[..., 1], region[::2, ::2]) == pytest.approx(4.0, rel=0.35)


def test_no_focus_without_skin_or_texture():
    rgb = skin()
    assert math.isnan(focus_blur_px(rgb[..., 1], np.zeros((512, 512), bool)))
    assert math.isnan(focus_blur_px(np.full((512, 512), 0.5), np.ones((512, 512), bool)))


# Exposure


@pytest.mark.parametrize("tone", TONES)
def test_overexposed(tone):
    rgb = skin(tone)
    gain = 1 / np.quantile(rgb.max(axis=2), 0.85)
    figures, flags = assessed(np.clip(rgb * gain, 0, 1))
    assert Flag.OVEREXPOSED in flags
    assert figures["clipped_fraction"] == pytest.approx(0.17, abs=0.05)


@pytest.mark.parametrize("tone", TONES)
def test_underexposed(tone):
    rgb = skin(tone)
    assert Flag.UNDEREXPOSED not in assessed(rgb)[1]
    assert Flag.UNDEREXPOSED in assessed(rgb * np.float32(0.012 / rgb.max(axis=2).mean()))[1]


@pytest.mark.parametrize("exposure", [1.0, 0.25])
def test_dark_skin_is_not_underexposed_for_being_dark(exposure):
    figures, flags = assessed(skin("dark") * np.float32(exposure))
    assert figures["dark_fraction"] < 0.01
    assert Flag.UNDEREXPOSED not in flags


def test_dark_fraction_counts_the_region_only():
    rgb = skin()
    rgb[:256] *= 0.005
    region = everywhere(rgb)
    assert assessed(rgb)[0]["dark_fraction"] == pytest.approx(0.5)
    region[:256] = False
    assert assessed(rgb, region=region)[0]["dark_fraction"] == 0


# Glare


@pytest.mark.parametrize("tone", TONES)
def test_glare_is_found_where_it_is(tone):
    rgb = skin(tone, blur=0.7)
    shiny = np.zeros(rgb.shape[:2], bool)
    cv2.circle(canvas := shiny.astype(np.uint8), (250, 250), 120, 1, -1)
    shiny = canvas.astype(bool)
    rgb[shiny] += 0.35  # the lamp's white on top of the skin
    glare = find_glare(np.clip(rgb, 0, 1), everywhere(rgb), filter_mm=0.06)
    assert (glare & shiny).sum() > 0.9 * shiny.sum()
    assert (glare & ~shiny).sum() < 0.02 * (~shiny).sum()
    assert Flag.GLARE in assessed(np.clip(rgb, 0, 1))[1]


@pytest.mark.parametrize("tone", TONES)
def test_bright_light_from_one_side_is_not_glare(tone):
    ramp = np.linspace(0.25, 1.3, 512, dtype=np.float32)[None, :, None]
    figures, flags = assessed(np.clip(skin(tone) * ramp, 0, 0.97))
    assert figures["glare_fraction"] < 0.01
    assert Flag.GLARE not in flags


def test_glints_of_fine_lines_are_texture():
    rgb = skin("dark", blur=0.7)
    rgb[::6, ::3] += 0.3  # 0.36 mm apart, far brighter than the skin
    assert find_glare(np.clip(rgb, 0, 1), everywhere(rgb), filter_mm=0.06).mean() < 0.01


def test_white_all_over_is_glare():
    assert find_glare(np.ones((80, 80, 3), np.float32), np.ones((80, 80), bool), filter_mm=1).all()


# Colour


@pytest.mark.parametrize("exposure", [0.3, 1.0])
@pytest.mark.parametrize("tone", TONES)
def test_skin_has_no_cast(tone, exposure):
    rgb = skin(tone) * np.float32(exposure)
    assert colour_cast(rgb, everywhere(rgb)) < 0.1


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize(
    "gains", [(1.0, 1.4, 1.0), (1.0, 0.65, 1.0), (1.5, 1.0, 0.45), (0.5, 1.0, 1.3)]
)
def test_strong_casts(tone, gains):
    _, flags = assessed(np.clip(skin(tone) * 0.6 * np.float32(gains), 0, 1))
    assert Flag.COLOUR_CAST in flags


def test_grey_has_no_colour_to_judge():
    figures, flags = assessed(skin()[..., [1, 1, 1]])
    assert math.isnan(figures["colour_cast"])
    assert Flag.COLOUR_CAST not in flags


# Amount of skin


@pytest.mark.parametrize(
    ("mm_per_px", "share", "little"),
    [(0.06, 0.25, False), (0.06, 0.15, True), (None, 0.04, False), (None, 0.02, True)],
)
def test_little_skin(mm_per_px, share, little):
    # 512 pixels of 0.06 mm: a frame of 944 mm2, 200 mm2 of which are 21 %.
    rgb = skin()
    region = np.zeros(512 * 512, bool)
    region[: int(share * region.size)] = True
    figures, flags = assessed(rgb, mm_per_px=mm_per_px, region=region.reshape(512, 512))
    assert (Flag.LITTLE_SKIN in flags) == little
    assert figures["skin_fraction"] == pytest.approx(share, abs=1e-4)


def test_no_skin_at_all():
    rgb = skin()
    figures, flags = assessed(rgb, region=np.zeros((512, 512), bool))
    assert flags == Flag.LITTLE_SKIN
    assert figures["skin_fraction"] == 0
    assert all(math.isnan(v) for k, v in figures.items() if k != "skin_fraction")


def test_region_on_a_coarser_grid():
    rgb = skin(blur=2.0)
    photo = read_photo(rgb, mm_per_px=0.06)
    grid = cv2.resize(rgb, (256, 256), interpolation=cv2.INTER_AREA)
    full, flags = assess_capture(photo, everywhere(rgb), filter_mm=0.06)
    coarse, flags_too = assess_capture(photo, everywhere(grid), filter_mm=0.12, rgb=grid)
    assert coarse["focus_blur_px"] == full["focus_blur_px"]
    assert flags == flags_too


def test_thresholds_are_parameters():
    photo = read_photo(skin(blur=1.0), mm_per_px=0.06)
    strict = PhotoParams(max_focus_blur_mm=0.01)
    assert Flag.SOFT_FOCUS in assess_capture(
        photo, np.ones((512, 512), bool), filter_mm=0.06, params=strict
    )[1]  # fmt: skip
