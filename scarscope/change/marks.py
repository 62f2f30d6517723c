"""New dark and new red marks: an adverse event of treatment that a change of relief hides.

Each is looked for in its own pigment map, later minus earlier photo, against its surroundings, so
that a tan or redness of the whole skin, and white balance, do not count.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from scarscope.change.common import Image, Mask, Pair
from scarscope.skin.chromophores import masked_blur

SMOOTH_MM, SURROUND_MM = 0.4, 6.0
LEAST_DENSITY = 0.08  # natural log units: 8 % darker, which people just see
LEAST_SD = 5.0  # robust standard deviations of the difference over the skin
LEAST_MM2 = 0.8  # a disc of 1 mm: less is a hair or a pore


def new_dark_marks(pair: Pair) -> Mask:
    """Where melanin rose against its surroundings (shape of the grid)."""
    return _risen(pair.after.melanin - pair.before.melanin, pair)


def new_red_marks(pair: Pair) -> Mask:
    """Where haemoglobin rose against its surroundings (shape of the grid)."""
    return _risen(pair.after.haemoglobin - pair.before.haemoglobin, pair)


def _risen(difference: Image, pair: Pair) -> Mask:
    step, region = pair.grid.filter_mm, pair.region
    if not region.any():
        return np.zeros_like(region)
    near = masked_blur(difference, region, SMOOTH_MM / step)
    rise = near - masked_blur(difference, region, SURROUND_MM / step)
    middle = float(np.median(rise[region]))
    spread = 1.4826 * float(np.median(np.abs(rise[region] - middle)))
    strong = region & (rise - middle > max(LEAST_DENSITY, LEAST_SD * spread))
    labels, count = ndimage.label(strong)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = sizes >= LEAST_MM2 / step**2
    large[0] = False
    return np.asarray(large[labels])


def area(marks: Mask, pair: Pair) -> float:
    """Area of marks, in the grid's unit squared."""
    return float(cv2.countNonZero(marks.astype(np.uint8))) * pair.grid.step**2
