"""How blurred skin is, judged from its own texture.

Legend
------
s : scale of a Gaussian that the photo is smoothed with, in pixels
sigma : standard deviation of the photo's own blur (lens, motion, resizing), in pixels
E(s) : variance of the Laplacian of the photo smoothed with s
C, p : strength and steepness of the skin's texture
N : noise

Skin has texture at every size that a photo shows, and its contrast hardly depends on size: smoothed
by s, the Laplacian falls as s^-2, so that p is close to 2. Blurs add in quadrature. Noise rises
towards small s, more slowly than white noise would because JPEG and in-camera denoising take its
finest part. So ``E(s) = C (s^2 + sigma^2)^-p + N s^-5`` is fitted tile by tile, and the median tile
counts. Logarithms of light make it blind to exposure and tone.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SCALES_PX = np.array([1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0])
_TILE_SIDES_PX = (192, 128, 96)  # the largest that fits the region somewhere
_BORDER_PX = 16  # of a tile, where smoothing has reflected its edge
_MAX_TILES = 24
_MIN_COVER = 0.9  # of a tile's area that must be skin
# Photos finer than this are averaged down first: blur that matters is several times larger.
_FINEST_MM = 0.04
# Blurs and steepnesses tried, and how far they may stray: fitted on patches of scarscope.phantom of
# four tones under four lights, where blurs of 0.5 to 4.5 px came back within 30 % (80 % of cases).
_SIGMAS_PX = np.geomspace(0.3, 10.0, 48)
_STEEPNESS = np.linspace(1.4, 2.4, 11)
_PRIOR_STEEPNESS, _PRIOR_SD = 2.0, 0.2
_FIT_SD = 0.1  # relative misfit of E that is expected
_NOISE_POWER = 5.0
# N of noise of 5 % per pixel, after the smoothing with s = 1 that leaves 0.4 of it. What is
# stronger is fine texture: the microrelief of shiny skin.
_MOST_NOISE = 0.02**2


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
        NaN where the region holds no tile of skin with texture. Between 0.3 and 10 pixels
        after averaging down: less and more cannot be told apart.
    """
    step = 1 if mm_per_px is None else max(1, int(_FINEST_MM / mm_per_px))
    for side in _TILE_SIDES_PX:
        tiles = _tiles(light.shape, region, side * step)
        if tiles:
            break
    blurs = [_fit(_energies(_shrunk(light[tile], step))) for tile in tiles]
    known = [blur for blur in blurs if math.isfinite(blur)]
    return float(np.median(known)) * step if known else math.nan


def _shrunk(light: NDArray[Any], step: int) -> NDArray[np.float32]:
    tile = light.astype(np.float32)
    if step > 1:
        size = (tile.shape[1] // step, tile.shape[0] // step)
        tile = np.asarray(cv2.resize(tile, size, interpolation=cv2.INTER_AREA))
    return np.log(np.maximum(tile, np.float32(1e-3)))


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
    """Mean square of the Laplacian at each scale."""
    inside = slice(_BORDER_PX, -_BORDER_PX)
    energies = []
    for s in _SCALES_PX:
        smooth = cv2.GaussianBlur(tile, (0, 0), float(s))
        edges = cv2.Laplacian(smooth, cv2.CV_32F)[inside, inside]
        energies.append(float(np.mean(edges * edges)))
    return np.array(energies)


def _fit(energies: NDArray[np.float64]) -> float:
    """The blur whose model, with the best C and N >= 0, fits in relative terms."""
    if energies.min() <= 0:
        return math.nan
    s2 = _SCALES_PX**2
    spread = s2 + _SIGMAS_PX[:, None, None] ** 2
    texture = spread ** -_STEEPNESS[:, None] / energies
    misfit = _misfit(texture, _SCALES_PX**-_NOISE_POWER / energies) / _FIT_SD**2
    cost = misfit + ((_STEEPNESS - _PRIOR_STEEPNESS) / _PRIOR_SD) ** 2
    return float(_SIGMAS_PX[cost.min(axis=1).argmin()])


def _misfit(texture: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least sum over scales of ``(1 - C texture - N noise)^2`` with C and N not negative."""
    tt, tn, nn = (texture**2).sum(-1), texture @ noise, noise @ noise
    t1, n1 = texture.sum(-1), noise.sum()
    n = (n1 * tt - t1 * tn) / (tt * nn - tn**2)
    n = np.clip(n, 0, _MOST_NOISE)
    c = np.maximum((t1 - n * tn) / tt, 0)  # the best C for that N
    rest = 1 - c[..., None] * texture - n[..., None] * noise
    return np.asarray((rest**2).sum(-1))
