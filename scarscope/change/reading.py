"""How much of the missing skin is gone: two readings of the same pair, and their mean.

Both compare the photos over one outline, that of all scars found in either, so that no threshold
makes a difference. The network's reading is its depth there. The relief reading inverts the shading
of both photos by one linear model with one light, so that whatever the true light is, it cancels in
the ratio; what stays the same, such as pigment, cancels in the difference.

Legend
------
n, r : missing depth by the network and by relief
ratio : missing volume of the later photo over that of the earlier one
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scarscope.change.common import Image, Mask, Pair
from scarscope.change.control import FLOOR, control_skin, least_difference
from scarscope.params import ScarParams
from scarscope.scars import relief
from scarscope.scars.find import Found
from scarscope.scars.model import Scars
from scarscope.skin.chromophores import blur, masked_blur

# A scar's walls reach beyond its outline by about this much.
RIM_MM = 0.2
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear light; ITU-R BT.709
_PIGMENT_SHARE = np.float32(0.5)
PIGMENT_BLUR_MM = 1.0


@dataclass(frozen=True, eq=False)
class Reading:
    """Both photos read over the common skin.

    Attributes
    ----------
    before, after : Scars
        Found in each photo by itself, on the common grid and region.
    network : tuple of 2 ndarray of float32, or None
        Missing depth of the earlier and of the later photo, also beyond outlines; None where the
        segmenter has no such map.
    relief : tuple of 2 ndarray of float32
        The same from shading; negative where the skin stands above its surroundings. Its scale is
        that of an assumed light.
    outline : ndarray of bool
        Cells of scars found in either photo.
    rimmed : ndarray of bool
        The same with the scars' walls, over which relief is summed.
    noise : float
        By how much the photos' log light differs where nothing changed.
    """

    before: Scars
    after: Scars
    network: tuple[Image, Image] | None
    relief: tuple[Image, Image]
    outline: Mask
    rimmed: Mask
    noise: float


def read_pair(
    pair: Pair, before: Found, after: Found, params: ScarParams, *, luma_alone: bool = False
) -> Reading:
    """Read both photos of a pair.

    Parameters
    ----------
    pair : Pair
        Harmonised.
    before, after : Found
        In the pair's photos.
    params : ScarParams
        How relief is read from shading.
    luma_alone : bool, optional
        As in :func:`relief_light`.
    """
    first, second = before.scars, after.scars
    outline = ((first.labels > 0) | (second.labels > 0)) & pair.region
    plain = control_skin(pair.region, outline, filter_mm=pair.grid.filter_mm)
    depths = before.depth, after.depth
    network = None if depths[0] is None or depths[1] is None else (depths[0], depths[1])
    light = relief_light(pair, luma_alone=luma_alone)
    return Reading(
        before=first,
        after=second,
        network=network,
        relief=read_relief(pair, light, plain, params),
        outline=outline,
        rimmed=with_walls(outline, filter_mm=pair.grid.filter_mm) & pair.region,
        noise=least_difference(*light, plain, pair.grid.filter_mm),
    )


def with_walls(outline: Mask, *, filter_mm: float) -> Mask:
    """An outline widened by :data:`RIM_MM`."""
    return widened(outline, RIM_MM, filter_mm=filter_mm)


def widened(outline: Mask, by_mm: float, *, filter_mm: float) -> Mask:
    """An outline widened by `by_mm`, by a cell at least."""
    reach = max(1, round(by_mm / filter_mm))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(outline.astype(np.uint8), disc) > 0)


def read_relief(
    pair: Pair, light: tuple[Image, Image], plain: Mask, params: ScarParams
) -> tuple[Image, Image]:
    """Missing depth of both photos by one linear inverse, in the grid's unit.

    Parameters
    ----------
    pair : Pair
    light : tuple of 2 ndarray of float32
        From :func:`relief_light`.
    plain : ndarray of bool
        Control skin: its height counts as the unscarred surface.
    params : ScarParams
    """
    step, region = pair.grid.filter_mm, pair.region
    flat = [relief.flatten(image, region, filter_mm=step, params=params) for image in light]
    mean = ((flat[0] + flat[1]) / 2).astype(np.float32)
    axis = relief.estimate_axis(mean, region, filter_mm=step)
    parts = [relief.invert(image, axis, filter_mm=step, params=params) for image in flat]
    lean = np.float32(0)
    if axis.directed > 0:
        odd = (parts[0][1] + parts[1][1]).astype(np.float32)
        raw = ((light[0] + light[1]) / 2).astype(np.float32)
        vote = relief.side_vote(odd, raw, region, axis, filter_mm=step)
        lean = np.float32(np.tanh(vote / 2))
    sigma = params.background_mm / step
    unit = np.float32(pair.grid.step / step)
    first, second = (
        (masked_blur(height, plain, sigma) - height) * unit
        for height in (even + lean * odd for even, odd in parts)
    )
    return first, second


def relief_light(pair: Pair, *, luma_alone: bool = False) -> tuple[Image, Image]:
    """Log light of both photos that shows relief.

    Luma less half of its pigment, so that redness or a mark that fades does not look like relief.
    Pigment is what separation takes from luma, but that is noisy from pixel to pixel, and half of
    what it takes from a scar is relief: so it is blurred, and halved.

    Parameters
    ----------
    pair : Pair
    luma_alone : bool, optional
        Take luma as it is: where colour has lost its detail to noise or compression, which files
        and sensors keep worst.
    """
    first, second = (_log_luma(skin.rgb) for skin in (pair.before, pair.after))
    if luma_alone:
        return first, second
    sigma = PIGMENT_BLUR_MM / pair.grid.filter_mm
    less = (
        np.asarray(luma - _PIGMENT_SHARE * blur(luma - skin.shading, sigma), np.float32)
        for luma, skin in ((first, pair.before), (second, pair.after))
    )
    return next(less), next(less)


def _log_luma(rgb: Image) -> Image:
    return np.asarray(np.log(rgb @ _LUMA + np.float32(FLOOR)), np.float32)
