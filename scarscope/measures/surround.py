"""The skin around scars: the internal control of every contrast."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.measures.relief import scarred
from scarscope.scars.model import Scars

Map = NDArray[np.float32]

# A scar's rim carries its shadow and its scattered colour: kept out of the control skin. In red,
# skin scatters light further than this, in green and blue mostly less (clinical facts §7).
RIM_MM = 0.5
# Local control skin is averaged over a square this wide: several scars wide, yet small against the
# cheek's own gradients.
WINDOW_MM = 8.0


def unscarred(scars: Scars) -> NDArray[np.bool_]:
    """Region without the scars and their rims, shape of the grid."""
    clear = (~scarred(scars)).astype(np.uint8)
    if clear.all():
        return scars.skin.region.copy()
    distance = cv2.distanceTransform(clear, cv2.DIST_L2, cv2.DIST_MASK_3)
    return scars.skin.region & (distance > scars.skin.grid.sigma(RIM_MM))


def local_mean(image: Map, mask: NDArray[np.bool_], *, width: float) -> Map:
    """Mean of `image` over the `mask` in a square window; NaN where the window holds none of it.

    Parameters
    ----------
    image : ndarray of float32, shape (height, width)
    mask : ndarray of bool, same shape
        Pixels that count.
    width : float
        Side of the window in grid steps.
    """
    size = 2 * max(1, round(width / 2)) + 1
    weight = mask.astype(np.float32)
    kept = np.where(mask, image, np.float32(0))
    total = cv2.boxFilter(kept, -1, (size, size), borderType=cv2.BORDER_CONSTANT)
    share = cv2.boxFilter(weight, -1, (size, size), borderType=cv2.BORDER_CONSTANT)
    # Running sums leave rounding dust where the window is empty: less than half a pixel is none.
    enough = share > 0.5 / size**2
    return np.divide(total, share, out=np.full_like(kept, np.nan), where=enough)


def contrast_in_scars(image: Map, scars: Scars) -> float:
    """Mean of `image` in scars minus its mean in the unscarred skin around each scarred pixel.

    NaN where there is no scar, or no unscarred skin near any.
    """
    inside = scarred(scars)
    if not inside.any():
        return float("nan")
    control = local_mean(image, unscarred(scars), width=scars.skin.grid.sigma(WINDOW_MM))
    difference = (image - control)[inside]
    known = difference[np.isfinite(difference)]
    return float(known.mean(dtype=np.float64)) if known.size else float("nan")
