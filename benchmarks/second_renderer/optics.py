"""What the skin does to light: it spreads it, each colour by its own length, and colours it.

The profile is Burley's normalised diffusion: with d the shaping length, the share of light that
leaves at distance r is (exp(-r/d) + exp(-r/3d)) / (8 pi d r), of mean distance 2.5 d. Its
transform is known in closed form, so the spread is exact on any grid of pixels.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Picture = NDArray[np.float32]

# Mean distance in mm between where light enters and leaves: red goes far, green and blue do not.
MEAN_PATH_MM = (0.70, 0.30, 0.20)


def spread(light: Picture, mm_per_px: float, mean_path_mm: tuple[float, float, float]) -> Picture:
    """Light that entered the skin at one place and leaves it at another.

    Parameters
    ----------
    light : ndarray of float32, shape (h, w, 3)
        Radiance as if none were spread.
    mm_per_px : float
    mean_path_mm : tuple of float
        Mean distance, per channel.

    Returns
    -------
    ndarray of float32, shape (h, w, 3)
        Of the same sum; the frame's edges mirror.
    """
    rows, columns = light.shape[:2]
    qy = np.pi * np.arange(rows)[:, None] / (rows * mm_per_px)
    qx = np.pi * np.arange(columns)[None, :] / (columns * mm_per_px)
    q2 = qx**2 + qy**2
    out = np.empty_like(light)
    for channel, mean in enumerate(mean_path_mm):
        waves = scipy.fft.dctn(light[..., channel], type=2)
        out[..., channel] = scipy.fft.idctn(waves * transform(q2, mean), type=2)
    return out


def transform(q2: NDArray[np.floating], mean_path_mm: float) -> NDArray[np.float32]:
    """Fourier transform of the profile at squared angular frequencies `q2` (per mm2)."""
    d2 = (mean_path_mm / 2.5) ** 2
    narrow, wide = 1 / np.sqrt(1 + d2 * q2), 1 / np.sqrt(1 + 9 * d2 * q2)
    return np.asarray(0.25 * narrow + 0.75 * wide, dtype=np.float32)


def leaving(
    irradiance: Picture,
    albedo: Picture,
    tone: NDArray[np.float32],
    bare: NDArray[np.float32],
    mm_per_px: float,
    scale: float,
) -> Picture:
    """Diffuse radiance: light is coloured on its way in and again on its way out.

    Parameters
    ----------
    irradiance : ndarray of float32, shape (h, w, 3)
        Over pi; 0 under hairs.
    albedo : ndarray of float32, shape (h, w, 3)
    tone : ndarray of float32, shape (3,)
        Colour that half of the way in and out has at least, so that a dark mark stays sharp.
    bare : ndarray of float32, shape (h, w)
        Share of a pixel that no hair covers.
    mm_per_px, scale : float
        `scale` multiplies the mean paths.
    """
    paths = (scale * MEAN_PATH_MM[0], scale * MEAN_PATH_MM[1], scale * MEAN_PATH_MM[2])
    half = np.sqrt(albedo / tone)
    inside = spread(irradiance * half, mm_per_px, paths)
    # What hairs hide must not darken the skin beside them a second time.
    free = spread(np.repeat(bare[..., None], 3, axis=2), mm_per_px, paths) if bare.min() < 1 else 1
    return np.asarray(inside / np.maximum(free, 0.05) * half * tone * bare[..., None])
