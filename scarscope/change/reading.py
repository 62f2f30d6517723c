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
from numpy.typing import NDArray

from scarscope.change.common import Image, Mask, Pair
from scarscope.change.control import control_skin, log_light
from scarscope.params import ScarParams
from scarscope.scars import relief
from scarscope.scars.model import Scars, Segmenter
from scarscope.scars.network_segmenter import NetworkSegmenter
from scarscope.skin.chromophores import masked_blur
from scarscope.skin.model import Skin

# A scar's walls reach beyond its outline by about this much.
RIM_MM = 0.2


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
    """

    before: Scars
    after: Scars
    network: tuple[Image, Image] | None
    relief: tuple[Image, Image]
    outline: Mask
    rimmed: Mask


@dataclass(frozen=True, eq=False)
class Found:
    """What a segmenter found in one photo: scars, and its depth also beyond their outlines."""

    scars: Scars
    depth: Image | None


def find(skin: Skin, segmenter: Segmenter) -> Found:
    """Find the scars of one photo of a pair."""
    if isinstance(segmenter, NetworkSegmenter):
        look = segmenter.look(skin)
        return Found(segmenter.decide(skin, look), segmenter.depth_beyond(skin, look))
    return Found(segmenter(skin), None)


def read_pair(pair: Pair, before: Found, after: Found, params: ScarParams) -> Reading:
    """Read both photos of a pair.

    Parameters
    ----------
    pair : Pair
        Harmonised.
    before, after : Found
        In the pair's photos.
    params : ScarParams
        How relief is read from shading.
    """
    first, second = before.scars, after.scars
    outline = ((first.labels > 0) | (second.labels > 0)) & pair.region
    plain = control_skin(pair.region, outline, filter_mm=pair.grid.filter_mm)
    depths = before.depth, after.depth
    network = None if depths[0] is None or depths[1] is None else (depths[0], depths[1])
    return Reading(
        before=first,
        after=second,
        network=network,
        relief=read_relief(pair, plain, params),
        outline=outline,
        rimmed=with_walls(outline, filter_mm=pair.grid.filter_mm) & pair.region,
    )


def with_walls(outline: Mask, *, filter_mm: float) -> Mask:
    """An outline widened by :data:`RIM_MM`."""
    reach = max(1, round(RIM_MM / filter_mm))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(outline.astype(np.uint8), disc) > 0)


def read_relief(pair: Pair, plain: Mask, params: ScarParams) -> tuple[Image, Image]:
    """Missing depth of both photos by one linear inverse, in the grid's unit.

    Parameters
    ----------
    pair : Pair
    plain : ndarray of bool
        Control skin: its height counts as the unscarred surface.
    params : ScarParams
    """
    step, region = pair.grid.filter_mm, pair.region
    light = [_relief_light(skin) for skin in (pair.before, pair.after)]
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


def _relief_light(skin: Skin) -> Image:
    """Log light that shows relief: half green as it is, half what separation calls shading.

    Green alone carries pigment, so that a tan or redness that fades looks like relief; shading
    alone carries the noise of the separation.
    """
    return np.asarray((log_light(skin.rgb)[..., 1] + skin.shading) / 2, dtype=np.float32)


def volume(depth: NDArray[np.float32], where: Mask) -> float:
    """Sum of depth, what stands above the surface included, in cells."""
    return float(depth[where].sum(dtype=np.float64))
