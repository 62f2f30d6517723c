"""Texture of the skin between the scars."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.measures.surround import Scene, sampled

# Wavelengths kept, in mm: skin lines and pores, below the width of scars.
BAND_MM = (0.3, 2.0)
# A Gaussian passes half the amplitude at a wavelength of 2*pi / sqrt(2 ln 2) sigmas.
HALF_WAVELENGTH_SIGMAS = 5.336
# Median absolute deviation to standard deviation, for a normal distribution.
MAD_TO_SD = 1.4826


def shading_roughness(scene: Scene) -> float:
    """Robust standard deviation of band-passed log shading over the unscarred region.

    The band is 0.3 to 2 mm in wavelength. Blurs are normalised by the unscarred area, so neither
    scars nor the background leak in. NaN without unscarred skin.
    """
    skin, mask = scene.skin, scene.unscarred
    if not mask.any():
        return float("nan")
    fine, coarse = (skin.grid.sigma(mm / HALF_WAVELENGTH_SIGMAS) for mm in BAND_MM)
    band = masked_blur(skin.shading, mask, sigma=fine) - masked_blur(
        skin.shading, mask, sigma=coarse
    )
    return robust_sd(sampled(band, mask))


def masked_blur(
    image: NDArray[np.float32], mask: NDArray[np.bool_], *, sigma: float
) -> NDArray[np.float32]:
    """Gaussian blur of `image` within `mask`, 0 outside it; `sigma` in grid steps."""
    if sigma < 0.3:  # narrower than a pixel: nothing to blur
        return np.where(mask, image, np.float32(0))
    weight = mask.astype(np.float32)
    total = cv2.GaussianBlur(np.where(mask, image, np.float32(0)), (0, 0), sigma)
    share = cv2.GaussianBlur(weight, (0, 0), sigma)
    return np.divide(total, share, out=np.zeros_like(total), where=mask)


def robust_sd(values: NDArray[np.float32]) -> float:
    """Standard deviation from the median absolute deviation: glints and hairs do not count."""
    middle = np.median(values)
    return MAD_TO_SD * float(np.median(np.abs(values - middle)))
