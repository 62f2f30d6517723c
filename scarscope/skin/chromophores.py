"""Melanin, haemoglobin and shading from one colour photo.

Model (Tsumura 2003, on natural-log density of linear light, relative to the region's median)::

    -log rgb = v_m * melanin + v_h * haemoglobin - g * shading + noise

The pigment vectors are near to the shading vector (1, 1, 1), so plain inversion would turn sensor
noise and light scattered in the skin into pigment. Two things keep it honest: each unknown has a
prior spread (a linear maximum a posteriori estimate), and below a millimetre or so the red channel
carries only part of the shading, because red light spreads inside the skin before it leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.skin.pigments import pigment_vectors

Image = NDArray[np.float32]

# Scale that parts coarse from fine, mm: the mean spread of red light in skin (d'Eon's profile has
# half of its weight beyond 0.75 mm).
SPLIT_MM = 1.2
# Share of fine shading left in red; the d'Eon red weights at a wavelength of 3 mm sum to 0.44.
FINE_RED_GAIN = 0.5
# Added to every channel as a share of the region's median before the log, so that noise near black
# (blue, on dark skin) is not blown up.
LOG_FLOOR = 0.03


@dataclass(frozen=True)
class Prior:
    """Spread (1 sd, natural-log density) expected of each unknown and of the noise."""

    melanin: float
    haemoglobin: float
    shading: float
    noise: float


# Tsumura's and our phantom's skin: uneven tone of 0.1 to 0.3, light falling off by up to 0.5.
# FINE was picked among seven by how well scars stand out on tuning phantoms, not measured on skin.
COARSE = Prior(melanin=0.15, haemoglobin=0.15, shading=0.4, noise=0.02)
FINE = Prior(melanin=0.12, haemoglobin=0.10, shading=0.12, noise=0.03)


@dataclass(frozen=True, eq=False)
class Chromophores:
    """Maps of density (float32, the grid's shape), each relative to the region's median."""

    melanin: Image
    haemoglobin: Image
    shading: Image


def unmixing_matrix(prior: Prior, *, red_gain: float = 1.0) -> NDArray[np.float64]:
    """Rows give melanin, haemoglobin and shading from the three channels' density, shape (3, 3)."""
    melanin, haemoglobin = pigment_vectors()
    forward = np.array([melanin, haemoglobin, (-red_gain, -1.0, -1.0)]).T
    spread = np.diag(np.square([prior.melanin, prior.haemoglobin, prior.shading]))
    noise = np.eye(3) * prior.noise**2
    gain = spread @ forward.T @ np.linalg.inv(forward @ spread @ forward.T + noise)
    return np.asarray(gain)


def median_colour(rgb: Image, region: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Median linear colour of a region, shape (3,), by channel."""
    return np.median(rgb[region], axis=0).astype(np.float64)


def unmix(rgb: Image, region: NDArray[np.bool_], *, filter_mm: float) -> Chromophores:
    """Separate pigment from shading.

    Parameters
    ----------
    rgb : ndarray of float32, shape (h, w, 3)
        Linear light on the working grid.
    region : ndarray of bool, shape (h, w)
        Skin; sets the colour that counts as zero.
    filter_mm : float
        Grid step in mm.

    Returns
    -------
    Chromophores
        Melanin and haemoglobin (more is darker) and shading (less is darker).
    """
    middle = np.maximum(median_colour(rgb, region), 1e-4)
    floor = (LOG_FLOOR * middle).astype(np.float32)
    density = -np.log(np.maximum(rgb, 0) + floor) + np.log(middle + floor).astype(np.float32)
    coarse = masked_blur(density, region, SPLIT_MM / filter_mm)
    fine = density - coarse
    low = cv2.transform(coarse, unmixing_matrix(COARSE))
    high = cv2.transform(fine, unmixing_matrix(FINE, red_gain=FINE_RED_GAIN))
    maps = np.moveaxis(np.asarray(low + high, dtype=np.float32), 2, 0)
    melanin, haemoglobin, shading = (np.ascontiguousarray(m) for m in maps)
    return Chromophores(melanin, haemoglobin, shading)


def masked_blur(image: Image, mask: NDArray[np.bool_], sigma: float) -> Image:
    """Gaussian blur that takes only masked pixels into account (normalised convolution).

    Where no masked pixel is near, the plain blur is returned.
    """
    weight = blur(mask.astype(np.float32), sigma)
    plain = blur(image, sigma)
    shown = mask if image.ndim == 2 else mask[..., None]
    near = weight if image.ndim == 2 else weight[..., None]
    inside = blur(np.where(shown, image, np.float32(0)), sigma)
    return np.asarray(np.where(near > 0.02, inside / np.maximum(near, 0.02), plain), np.float32)


def blur(image: Image, sigma: float) -> Image:
    """Gaussian blur with mirrored borders; wide ones run on a reduced grid, which is as exact.

    Parameters
    ----------
    image : ndarray of float32, shape (h, w) or (h, w, c)
    sigma : float
        In pixels.
    """
    factor = int(max(1, min(sigma // 4, min(image.shape[:2]) // 8)))
    if factor <= 1:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT))
    height, width = image.shape[:2]
    small = cv2.resize(
        image, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_AREA
    )
    soft = cv2.GaussianBlur(small, (0, 0), sigma / factor, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR))
