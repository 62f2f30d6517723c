"""The skin around scars: the internal control of every contrast."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.scars.model import Scars
from scarscope.skin.model import Skin

Map = NDArray[np.float32]

# A scar's rim carries its shadow and its scattered colour: kept out of the control skin. In red,
# skin scatters light further than this, in green and blue mostly less (clinical facts §7).
RIM_MM = 0.5
# Local control skin is averaged over a square this wide: several scars wide, yet small against the
# cheek's own gradients.
WINDOW_MM = 8.0
# The mean over a window changes slowly: it is worked out on cells, this many across a window.
_CELLS_ACROSS = 16


@dataclass(frozen=True, eq=False)
class Scene:
    """Scars and their control skin, worked out once for all measures.

    Attributes
    ----------
    scars : Scars
        What is measured.
    """

    scars: Scars

    @property
    def skin(self) -> Skin:
        """The skin that the scars lie in."""
        return self.scars.skin

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """True where a scar lies within the region, shape of the grid."""
        return (self.scars.labels > 0) & self.skin.region

    @cached_property
    def unscarred(self) -> NDArray[np.bool_]:
        """Region without the scars and their rims, shape of the grid."""
        if not self.inside.any():
            return self.skin.region
        clear = (~self.inside).astype(np.uint8)
        distance = cv2.distanceTransform(clear, cv2.DIST_L2, cv2.DIST_MASK_3)
        return self.skin.region & (distance > self.skin.grid.sigma(RIM_MM))


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
    rows, columns = image.shape
    cell = max(1.0, width / _CELLS_ACROSS)
    shape = max(1, round(columns / cell)), max(1, round(rows / cell))
    side = 2 * max(1, round(width / cell / 2)) + 1
    total = _window(np.where(mask, image, np.float32(0)), shape, side)
    share = _window(mask.astype(np.float32), shape, side)
    # Running sums leave rounding dust where the window is empty.
    mean = np.divide(total, share, out=np.full_like(total, np.nan), where=share > 1e-5)
    return np.asarray(cv2.resize(mean, (columns, rows), interpolation=cv2.INTER_LINEAR))


def _window(image: Map, shape: tuple[int, int], side: int) -> Map:
    cells = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
    mean = cv2.boxFilter(cells, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(mean, dtype=np.float32)


def contrast_in_scars(image: Map, scene: Scene) -> float:
    """Mean of `image` in scars minus its mean in the unscarred skin around each scarred pixel.

    NaN where there is no scar, or no unscarred skin near any.
    """
    if not scene.inside.any():
        return math.nan
    control = local_mean(image, scene.unscarred, width=scene.skin.grid.sigma(WINDOW_MM))
    difference = image[scene.inside] - control[scene.inside]
    known = difference[np.isfinite(difference)]
    return float(known.mean(dtype=np.float64)) if known.size else math.nan


def sampled(
    image: NDArray[np.float32], mask: NDArray[np.bool_], *, at_most: int = 250_000
) -> NDArray[np.float32]:
    """Values of `image` under `mask`, on an even lattice where they are very many.

    A median over 250 000 values is known to a five-hundredth of their spread.
    """
    step = max(1, math.isqrt(mask.size // at_most))
    found = image[::step, ::step][mask[::step, ::step]]
    return found if len(found) else image[mask]
