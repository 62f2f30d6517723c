"""Whether a capture can be measured: exposure, glare, colour, focus and amount of skin.

Every threshold is a ratio or a physical size, so that neither the camera's resolution nor the
skin's tone decides. The figures are reported beside the flags they raise.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.flags import Flag
from scarscope.params import PhotoParams
from scarscope.photo import colour
from scarscope.photo.focus import focus_blur_px
from scarscope.photo.model import Photo

Mask = NDArray[np.bool_]
Rgb = NDArray[np.float32]

# Linear light of code 253 of 255: a channel that clips is rarely recorded at exactly 255.
_CLIPPED = 0.98
# All channels this high is a highlight, whatever surrounds it (code 243).
_NEAR_WHITE = 0.90
# Light reflected at the surface has the lamp's colour. Glare is at least this much brighter than
# the skin around it in its darkest channel, and at least this much bluer.
_GLARE_RATIO, _GLARE_BLUER = 1.8, 1.2
_SHEET_MM = 0.8  # glints of the skin's fine lines are texture; only a sheet of shine hides skin
_SURROUND_MM = 4.0  # wider than any scar's rim, narrower than a cheek's curvature
# Facial skin from ITA 60 to -50 as L*, a*, b* under D65: means of spectrophotometer surveys run
# close to this line (Del Bino 2013; Xiao 2017); the ends are ITA 63 and -52.
_SKIN_LOCUS_LAB = (
    (72.0, 6.0, 11.0), (67.0, 9.5, 15.0), (61.0, 12.0, 17.5), (54.0, 13.5, 19.0),
    (45.0, 13.5, 18.0), (36.0, 11.0, 13.5), (30.0, 8.5, 10.0), (25.0, 7.0, 8.0),
)  # fmt: skip
# Brightest channel below code 34 of 255, where one code is a step of 5 %: as much as the contrast
# of a 0.1 mm deep, 3 mm wide scar under a lamp at 30 degrees. Dark skin (ITA -50) that is properly
# exposed reflects 0.04 and more of red.
_DARK = 0.016
_CLOSEST_VIEW_MM = 60.0  # longer side of the frame in the closest usual view, one cheek
_MIN_SKIN_MM2 = 200.0  # 2 cm2: fewer than about three scars at a trial's usual density
_MIN_SKIN_FRACTION = 0.03
_SAMPLE = 50_000  # pixels that a median needs: its error is then below 0.5 % of the spread


def assess_capture(
    photo: Photo,
    region: Mask,
    *,
    filter_mm: float,
    rgb: Rgb | None = None,
    params: PhotoParams | None = None,
) -> tuple[dict[str, float], Flag]:
    """Judge a capture by the skin that it shows.

    Parameters
    ----------
    photo : Photo
        For the focus, which only the photo's own pixels show, and for its scale.
    region : ndarray of bool, shape (h, w)
        Measurable skin, on the photo's grid or on one averaged down from it.
    filter_mm : float
        Step of the region's grid in mm; may be nominal (it only sizes filters).
    rgb : ndarray of float32, shape (h, w, 3), optional
        Linear light on the region's grid. None: the photo's own.
    params : PhotoParams, optional
        The thresholds.

    Returns
    -------
    figures : dict of str to float
        ``skin_fraction``, ``clipped_fraction``, ``dark_fraction``, ``glare_fraction`` (of the
        region, 0 to 1), ``colour_cast`` (natural log units of chromaticity), ``focus_blur_px``
        (standard deviation in the photo's pixels) and ``focus_blur_mm``. NaN where a figure cannot
        be had: no scale, no colour, no texture, or no skin.
    flags : Flag
        Those that the figures raise.
    """
    params = params or PhotoParams()
    rgb = photo.rgb if rgb is None else rgb
    figures = {
        "skin_fraction": float(region.mean()),
        **_light(rgb, region, filter_mm),
        "colour_cast": math.nan if Flag.GREYSCALE in photo.flags else colour_cast(rgb, region),
        **_focus(photo, region),
    }
    flags = _judge(figures, params)
    if _is_little(photo, region):
        flags |= Flag.LITTLE_SKIN
    if _is_soft(photo, figures, params):
        flags |= Flag.SOFT_FOCUS
    return figures, flags


def _judge(figures: dict[str, float], params: PhotoParams) -> Flag:
    limits = {
        "clipped_fraction": (params.max_clipped_fraction, Flag.OVEREXPOSED),
        "dark_fraction": (params.max_dark_fraction, Flag.UNDEREXPOSED),
        "glare_fraction": (params.max_glare_fraction, Flag.GLARE),
        "colour_cast": (params.max_colour_cast, Flag.COLOUR_CAST),
    }
    flags = Flag.NONE
    for name, (limit, flag) in limits.items():
        if figures[name] > limit:  # False for NaN
            flags |= flag
    return flags


def _light(rgb: Rgb, region: Mask, filter_mm: float) -> dict[str, float]:
    names = ("clipped_fraction", "dark_fraction", "glare_fraction")
    if not region.any():
        return dict.fromkeys(names, math.nan)
    brightest = np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
    glare = find_glare(rgb, region, filter_mm=filter_mm)
    masks = (region & (brightest >= _CLIPPED), region & (brightest < _DARK), glare)
    size = np.count_nonzero(region)
    return {n: float(np.count_nonzero(mask) / size) for n, mask in zip(names, masks, strict=True)}


def find_glare(rgb: Rgb, region: Mask, *, filter_mm: float) -> Mask:
    """Where shine hides the skin.

    Parameters
    ----------
    rgb : ndarray of float32, shape (h, w, 3)
        Linear light.
    region : ndarray of bool, shape (h, w)
        Skin; its median is the colour without shine.
    filter_mm : float
        Grid step in mm.

    Returns
    -------
    ndarray of bool, shape (h, w)
        True inside the region where light has the lamp's colour rather than the skin's and is much
        brighter than the whole region or the skin around it, or where all channels are near white.
        Averaged over 0.8 mm, so that the glints of fine skin lines, which dark skin shows most,
        do not count.
    """
    if not region.any():
        return np.zeros_like(region)
    side = 2 * round(_SHEET_MM / filter_mm / 2) + 1
    smooth = cv2.blur(rgb, (side, side))
    red, green, blue = smooth[..., 0], smooth[..., 1], smooth[..., 2]
    darkest = np.minimum(np.minimum(red, green), blue)
    sample = _sample(rgb, region)
    median = np.median(sample, axis=0) + 1e-4
    bluer = blue > np.float32(_GLARE_BLUER * median[2] / median[0]) * red
    typical = float(np.median(sample.min(axis=1)))
    around = _surround(darkest, region, _SURROUND_MM / filter_mm)
    brighter = (darkest > _GLARE_RATIO * typical) | (darkest > _GLARE_RATIO * around)
    return np.asarray(region & ((bluer & brighter) | (darkest > _NEAR_WHITE)))


def _sample(rgb: Rgb, region: Mask) -> Rgb:
    """Colours of the region, shape (n, 3), thinned out evenly where there are very many."""
    every = max(1, math.isqrt(np.count_nonzero(region) // _SAMPLE))
    thinned = rgb[::every, ::every][region[::every, ::every]]
    return thinned if len(thinned) else rgb[region]


def _surround(values: NDArray[np.float32], region: Mask, sigma: float) -> NDArray[np.float32]:
    """Mean of the region around each pixel; box filters cost the same at any size."""
    side = 2 * max(1, round(1.5 * sigma)) + 1
    weight = region.astype(np.float32)
    total = cv2.blur(values * weight, (side, side))
    return np.asarray(total / np.maximum(cv2.blur(weight, (side, side)), 1e-6))


def colour_cast(rgb: Rgb, region: Mask) -> float:
    """How far the region's median colour is from every colour that skin has.

    Distance in ``(ln r/g, ln b/g)`` of linear light to the line of skin colours from ITA 60 to
    -50, where brightness (exposure, shading) plays no part. 0.1 is about 10 % too much of one
    channel. A cast along the line (towards darker, redder skin) cannot be told from skin.

    Returns
    -------
    float
        NaN without a region.
    """
    if not region.any():
        return math.nan
    median = np.median(_sample(rgb, region), axis=0).astype(np.float64)
    point = _log_chromaticity(median[None])[0]
    line = _log_chromaticity(colour.lab_to_linear(np.array(_SKIN_LOCUS_LAB)))
    start, along = line[:-1], np.diff(line, axis=0)
    share = ((point - start) * along).sum(axis=1) / (along**2).sum(axis=1)
    nearest = start + np.clip(share, 0, 1)[:, None] * along
    return float(np.linalg.norm(nearest - point, axis=1).min())


def _log_chromaticity(linear: NDArray[Any]) -> NDArray[Any]:
    logs = np.log(np.maximum(linear, 1e-4))
    return np.asarray(logs[:, [0, 2]] - logs[:, [1]])


def _focus(photo: Photo, region: Mask) -> dict[str, float]:
    blur = focus_blur_px(photo.rgb[..., 1], region, mm_per_px=_stated(photo))
    return {"focus_blur_px": blur, "focus_blur_mm": blur * (_stated(photo) or math.nan)}


def _stated(photo: Photo) -> float | None:
    return None if photo.scale is None else photo.scale.mm_per_px


def _is_soft(photo: Photo, figures: dict[str, float], params: PhotoParams) -> bool:
    if photo.scale is not None:
        return figures["focus_blur_mm"] > params.max_focus_blur_mm
    # Without a scale only what is soft even in the closest usual view can be called so.
    closest = _CLOSEST_VIEW_MM / max(photo.shape)
    return figures["focus_blur_px"] * closest > params.max_focus_blur_mm


def _is_little(photo: Photo, region: Mask) -> bool:
    if photo.scale is None:
        return float(region.mean()) < _MIN_SKIN_FRACTION
    frame = photo.shape[0] * photo.shape[1] * photo.scale.mm_per_px**2
    return float(region.mean()) * frame < _MIN_SKIN_MM2
