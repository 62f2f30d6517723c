"""What leaves the skin: irradiance with shadow and occlusion, scatter, and surface reflection.

Radiance is in units of a white card that faces the camera: flat skin gives its reflectance.
Surfaces are seen straight from above (no perspective within a patch).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from scarscope.phantom.lamplight import lamplight
from scarscope.phantom.noise import Field
from scarscope.phantom.rays import balance
from scarscope.phantom.recipe import Light, Shine
from scarscope.phantom.surface import Shape

_SEEN_MM = 0.8  # Half the side of the surroundings that a pit's walls see.

# Sum of Gaussians of light skin, three layers (d'Eon and Luebke, GPU Gems 3, ch. 14): variances
# in mm2 and weights of R, G and B. Weights sum to 1 per channel.
SCATTER_VARIANCES = np.array([0.0064, 0.0484, 0.187, 0.567, 1.99, 7.41])
SCATTER_WEIGHTS = np.array(
    [
        [0.233, 0.100, 0.118, 0.113, 0.358, 0.078],
        [0.455, 0.336, 0.198, 0.007, 0.004, 0.0],
        [0.649, 0.344, 0.0, 0.007, 0.0, 0.0],
    ]
)


def scatter(light: Field, mm_per_px: float, *, width: float = 1.0) -> Field:
    """Blur irradiance inside the skin, red most.

    Parameters
    ----------
    light : ndarray, shape (3, h, w)
        What enters, per channel.
    mm_per_px : float
    width : float
        Factor on the distances; 1 is d'Eon's light skin.

    Returns
    -------
    ndarray, same shape
        A flat field stays as it is.
    """
    # Mirrored surroundings: the circular transform then neither loses light nor brings far light
    # in but for the last percent of red, whose widest Gaussian reaches on.
    pad = int(3 * np.sqrt(SCATTER_VARIANCES[-2]) * width / mm_per_px) + 1
    if light.dtype == np.float32:
        return _scatter_single(light, mm_per_px, width, pad)
    height, across = light.shape[1:]
    shape = tuple(scipy.fft.next_fast_len(n + 2 * pad, real=True) for n in (height, across))
    after = (shape[0] - height - pad, shape[1] - across - pad)
    padded = np.pad(light, ((0, 0), (pad, after[0]), (pad, after[1])), mode="symmetric")
    fy = np.fft.fftfreq(shape[0], mm_per_px)[:, None]
    fx = np.fft.rfftfreq(shape[1], mm_per_px)[None, :]
    out = np.empty_like(light)
    rows, cols = slice(pad, pad + light.shape[1]), slice(pad, pad + light.shape[2])
    for channel in range(3):
        spectrum = scipy.fft.rfft2(padded[channel], s=shape)
        spectrum = spectrum * _transfer(fx, fy, channel, width)
        out[channel] = scipy.fft.irfft2(spectrum, s=shape)[rows, cols]
    return out


def _scatter_single(light: Field, mm_per_px: float, width: float, pad: int) -> Field:
    """As :func:`scatter`, on OpenCV's packed spectra."""
    rows, cols = (cv2.getOptimalDFTSize(n + 2 * pad) for n in light.shape[1:])
    margins = (pad, rows - light.shape[1] - pad, pad, cols - light.shape[2] - pad)
    decay = -2 * np.pi**2 * SCATTER_VARIANCES[:, None] * width**2
    down, paired, right = (
        np.exp(decay * frequency**2).astype(np.float32)
        for frequency in (
            np.fft.fftfreq(rows, mm_per_px),
            (np.arange(rows) + 1) // 2 / (rows * mm_per_px),
            (np.arange(cols) + 1) // 2 / (cols * mm_per_px),
        )
    )
    alone = [0, -1] if cols % 2 == 0 else [0]  # Columns of real numbers, packed downwards.
    out = np.empty_like(light)
    for channel, weights in enumerate(SCATTER_WEIGHTS.astype(np.float32)[:, :, None]):
        padded = cv2.copyMakeBorder(light[channel], *margins, cv2.BORDER_REFLECT)
        spectrum = cv2.dft(padded, dst=padded)
        transfer = down.T @ (weights * right)
        transfer[:, alone] = paired.T @ (weights * right[:, alone])
        spectrum *= transfer
        blurred = cv2.dft(spectrum, dst=spectrum, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)
        out[channel] = blurred[pad:, pad:][: light.shape[1], : light.shape[2]]
    return out


def _transfer(
    fx: NDArray[np.floating], fy: NDArray[np.floating], channel: int, width: float
) -> Field:
    total = np.zeros((fy.shape[0], fx.shape[1]), dtype=fx.dtype)
    weights = SCATTER_WEIGHTS[channel].tolist()
    for variance, weight in zip(SCATTER_VARIANCES.tolist(), weights, strict=True):
        if weight > 0:
            decay = -2 * np.pi**2 * variance * width**2
            total += weight * np.exp(decay * fy**2) * np.exp(decay * fx**2)
    return total


def radiance(
    shape: Shape,
    albedo: Field,
    light: Light,
    shine: Shine,
    oil: Field,
    *,
    width: float = 1.0,
    bounces: int = 1,
    shade: Callable[[float], Field] | None = None,
) -> tuple[Field, Field]:
    """Diffuse and specular light towards the camera.

    Parameters
    ----------
    shape : Shape
    albedo : ndarray, shape (3, h, w)
        Diffuse reflectance.
    light : Light
    shine : Shine
    oil : ndarray, shape (h, w)
        Share of oil film per pixel, 0 to 1.
    width : float
        Factor on scattering distances.
    bounces : int
        Reflections from wall to wall; above 1 a pit takes the light of its own surroundings.
    shade : callable, optional
        Given the azimuth of a lamp in radians, the share of its light that reaches each pixel.

    Returns
    -------
    diffuse, specular : ndarray, shape (3, h, w)
    """
    entering, specular = lamplight(shape, light, shine, oil, shade)
    room = (np.asarray(light.ambient_colour) * light.ambient)[:, None, None]
    room = (room / balance(light)[:, None, None]).astype(albedo.dtype, copy=False)
    room = room * shape.openness
    entering += room
    room *= shine.f0
    specular += room
    # What walls throw back into a pit: light of the surroundings times what the pit sees of them.
    entering += _bounced(shape, albedo, entering, bounces)
    inside = np.sqrt(albedo)
    entering *= inside
    diffuse = scatter(entering, shape.mm_per_px, width=width)
    diffuse *= inside
    specular *= shine.polarised
    return diffuse, specular


def _bounced(shape: Shape, albedo: Field, entering: Field, bounces: int) -> Field:
    closed = 1 - shape.openness
    if bounces == 1:
        return np.asarray(closed * albedo * np.mean(entering, axis=(1, 2), keepdims=True))
    share = closed * albedo
    side = 2 * round(_SEEN_MM / shape.mm_per_px) + 1
    around = np.empty_like(entering)
    for channel, blurred in zip(entering, around, strict=True):
        cv2.blur(channel, (side, side), dst=blurred, borderType=cv2.BORDER_REFLECT)
    total = share.copy()
    for _ in range(bounces - 1):
        total += 1
        total *= share
    total *= around
    return np.asarray(total)
