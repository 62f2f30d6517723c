"""How blurred skin is, judged from its own texture.

Legend
------
s : scale of a Gaussian that the photo is smoothed with, in pixels
sigma : standard deviation of the photo's own blur (lens, motion, resizing), in pixels
E(s) : variance of the Laplacian of the photo smoothed with s
C, p : strength and steepness of the skin's texture
N : white noise

Skin has texture at every size that a photo shows, with a spectrum close to a power law. Blurs add
in quadrature, so that ``E(s) = C (s^2 + sigma^2)^-p + N s^-6``: the texture flattens below s =
sigma while noise keeps rising. The model is fitted to E at several scales, tile by tile, and the
median tile counts. It works on logarithms of light, which makes it blind to exposure and tone.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SCALES_PX = (1.0, 1.4, 2.0, 2.8, 4.0, 5.6)
_TILE_PX = 128
_MAX_TILES = 24
_MIN_COVER = 0.9  # of a tile's area that must be skin
# Photos finer than this are averaged down first: blur that matters is several times larger.
_FINEST_MM = 0.04
# Grid of blurs and steepnesses tried; skin without noise or blur lies around the prior steepness.
_SIGMAS_PX = np.geomspace(0.3, 8.0, 48)
_STEEPNESS = np.linspace(0.6, 2.6, 11)
_PRIOR_STEEPNESS, _PRIOR_SD, _FIT_SD = 1.3, 0.35, 0.08


def focus_blur_px(
    light: NDArray[Any], region: NDArray[np.bool_], *, mm_per_px: float | None = None
) -> float:
    """Standard deviation of the blur in skin, in the photo's pixels.

    Parameters
    ----------
    light : ndarray, shape (height, width)
        Linear light of one channel at the photo's own resolution.
    region : ndarray of bool, shape (h, w)
        Skin, on the photo's grid or a coarser one of the same frame.
    mm_per_px : float, optional
        Lets fine photos be averaged down first, which is faster and less noisy.

    Returns
    -------
    float
        NaN where the region holds no tile of skin with texture. Between 0.3 and 8 pixels after
        averaging down: more cannot be told apart.
    """
    step = 1 if mm_per_px is None else max(1, int(_FINEST_MM / mm_per_px))
    blurs = []
    for rows, columns in _tiles(light.shape, region, _TILE_PX * step):
        tile = np.log(np.maximum(light[rows, columns], 1e-3), dtype=np.float32)
        if step > 1:
            tile = cv2.resize(tile, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_AREA)
        blurs.append(_fit(_energies(tile)))
    known = [blur for blur in blurs if math.isfinite(blur)]
    return float(np.median(known)) * step if known else math.nan


def _tiles(
    shape: tuple[int, ...], region: NDArray[np.bool_], side: int
) -> list[tuple[slice, slice]]:
    """Tiles of the photo that lie in the region, at most _MAX_TILES, spread evenly."""
    cover = region.astype(np.float32)
    found = []
    for top in range(0, shape[0] - side + 1, side):
        for left in range(0, shape[1] - side + 1, side):
            rows = _scaled(top, side, region.shape[0] / shape[0])
            columns = _scaled(left, side, region.shape[1] / shape[1])
            if cover[rows, columns].mean() >= _MIN_COVER:
                found.append((slice(top, top + side), slice(left, left + side)))
    every = np.linspace(0, len(found) - 1, min(len(found), _MAX_TILES)).round().astype(int)
    return [found[i] for i in every]


def _scaled(start: int, length: int, factor: float) -> slice:
    first = math.floor(start * factor)
    return slice(first, max(first + 1, math.floor((start + length) * factor)))


def _energies(tile: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean square of the Laplacian at each scale; clear of the tile's border."""
    energies = []
    for s in _SCALES_PX:
        smooth = cv2.GaussianBlur(tile, (0, 0), s)
        edges = cv2.Laplacian(smooth, cv2.CV_32F)[8:-8, 8:-8]
        energies.append(float(np.mean(edges * edges)))
    return np.array(energies)


def _fit(energies: NDArray[np.float64]) -> float:
    if energies.min() <= 0:
        return math.nan
    s2 = np.square(_SCALES_PX)
    noise = s2**-3.0 / energies
    best, cost = math.nan, math.inf
    for p in _STEEPNESS:
        for sigma in _SIGMAS_PX:
            texture = (s2 + sigma**2) ** -p / energies
            misfit = _least_squares(texture, noise) / _FIT_SD**2
            total = misfit + ((p - _PRIOR_STEEPNESS) / _PRIOR_SD) ** 2
            if total < cost:
                best, cost = float(sigma), total
    return best


def _least_squares(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Least square of ``1 - x a - y b`` over x > 0, y >= 0."""
    aa, ab, bb, at, bt = a @ a, a @ b, b @ b, a.sum(), b.sum()
    det = aa * bb - ab * ab
    x, y = (at * bb - bt * ab) / det, (bt * aa - at * ab) / det
    if y < 0 or det <= 0:
        x, y = at / aa, 0.0
    if x <= 0:
        return float(len(a))
    return float(np.square(1 - x * a - y * b).sum())
