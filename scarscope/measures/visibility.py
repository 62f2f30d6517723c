"""Which scars would be obvious to an eye 50 cm away (Goodman & Baron's social distance).

An eye that resolves 1 arc minute sees 0.145 mm at 50 cm, so the shading is blurred to that; a
scar's contrast is Michelson's, between its light and dark parts after the surrounding level is
taken out, and it must stand clear of the skin's own texture under the same eye.

Legend
------
v : log shading as seen from 50 cm, minus the mean of the unscarred skin around
C : tanh((v95 - v5) / 2), Michelson's contrast of a log range
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.measures.surround import WINDOW_MM, Map, Scene, local_mean, sampled
from scarscope.measures.texture import robust_sd

EYE_MM = 0.145  # 1 arc minute at 50 cm
FWHM_TO_SIGMA = 1 / 2.355
# Assumption: "obvious" is ten times the detection threshold of a pattern of this size, which is
# about 0.5 % at 3 cycles per degree (Campbell & Robson 1968); a 3 mm scar spans 0.34 degrees.
OBVIOUS_CONTRAST = 0.05
# Assumption: and twice the contrast of the unscarred skin's own texture.
OBVIOUS_OVER_TEXTURE = 2.0
_TAIL = 0.05
_NORMAL_RANGE = 3.29  # 5th to 95th percentile of a normal distribution, in standard deviations


def seen_contrast(scene: Scene) -> tuple[NDArray[np.float64], float]:
    """Contrast of each scar and of the unscarred skin's texture, seen from 50 cm.

    Returns
    -------
    contrast : ndarray of float, shape (n_scars,)
        Michelson contrast, 0 to 1, in the order of the table.
    texture : float
        The same figure for the skin between the scars; 0 where there is none.
    """
    skin, control = scene.skin, scene.unscarred
    sigma = skin.grid.sigma(EYE_MM * FWHM_TO_SIGMA)
    seen: Map = skin.shading
    if sigma > 0.3:  # else the grid is coarser than the eye
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), sigma), dtype=np.float32)
    level = local_mean(seen, control, width=skin.grid.sigma(WINDOW_MM))
    level[np.isnan(level)] = 0  # no unscarred skin near: the region's median, which is 0
    seen = seen - level
    texture = _NORMAL_RANGE * robust_sd(sampled(seen, control)) if control.any() else 0.0
    return np.tanh(_ranges(seen, scene) / 2), float(np.tanh(texture / 2))


def n_obvious(scene: Scene) -> int:
    """Number of scars that would be obvious at 50 cm."""
    if not len(scene.scars):
        return 0
    contrast, texture = seen_contrast(scene)
    return int(np.count_nonzero(contrast >= max(OBVIOUS_CONTRAST, OBVIOUS_OVER_TEXTURE * texture)))


def _ranges(image: NDArray[np.float32], scene: Scene) -> NDArray[np.float64]:
    """5th to 95th percentile range of `image` in each scar of the table."""
    inside = scene.inside
    labels, values = scene.scars.labels[inside], image[inside]
    order = np.lexsort((values, labels))
    labels, values = labels[order], values[order]
    ids = scene.scars.table["scar_id"].to_numpy()
    first = np.searchsorted(labels, ids, side="left")
    count = np.searchsorted(labels, ids, side="right") - first
    ranges = np.zeros(len(ids))
    some = count > 0
    low = first + np.floor(_TAIL * (count - 1)).astype(int)
    high = first + np.ceil((1 - _TAIL) * (count - 1)).astype(int)
    ranges[some] = values[high[some]] - values[low[some]]
    return ranges
