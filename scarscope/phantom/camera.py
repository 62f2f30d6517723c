"""From radiance to an 8-bit photo and a JPEG file.

Legend
------
radiance : linear RGB; 1 is a white card that faces the camera
electrons : what a pixel holds; noise is Poisson (photon) plus Gaussian (read)
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scarscope.phantom.noise import Field, stream
from scarscope.phantom.recipe import Camera
from scarscope.photo.colour import linear_to_srgb

_LUMA = np.array([0.2126, 0.7152, 0.0722])  # IEC 61966-2-1


def photograph(radiance: Field, camera: Camera, seed: int) -> NDArray[np.uint8]:
    """Expose, add noise, develop.

    Parameters
    ----------
    radiance : ndarray, shape (3, h, w)
    camera : Camera
    seed : int
        Of the noise.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        sRGB, before JPEG.
    """
    light = np.ascontiguousarray(np.moveaxis(radiance, 0, 2))
    if camera.blur_px > 0.2:
        light = _soften(light, camera.blur_px)
    light = light * (camera.exposure * _vignette(light.shape[:2], camera.vignette))[:, :, None]
    light = _expose(light, camera, seed) * np.asarray(camera.white_balance)
    encoded = _tone(np.asarray(linear_to_srgb(np.clip(light, 0, 1))), camera.contrast)
    encoded = _sharpen(encoded, camera.sharpen)
    return np.asarray(np.rint(np.clip(encoded, 0, 1) * 255), dtype=np.uint8)


def _soften(image: Field, sigma: float) -> Field:
    blurred = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, dtype=np.float64)


def _vignette(shape: tuple[int, int], strength: float) -> Field:
    y = np.linspace(-1, 1, shape[0])[:, None]
    x = np.linspace(-1, 1, shape[1])[None, :]
    return np.asarray(1 - strength * (x**2 + y**2) / 2)


def _expose(light: Field, camera: Camera, seed: int) -> Field:
    # The normal approximation to Poisson is exact enough above some twenty electrons, and unlike
    # the exact draw it cannot jump when the mean differs in the last bit.
    electrons = np.clip(light, 0, None) * camera.full_well
    spread = np.sqrt(electrons + camera.read_noise**2)
    noisy = electrons + spread * stream(seed, "sensor").standard_normal(light.shape)
    return np.clip(noisy / camera.full_well, 0, 1)


def _tone(encoded: Field, contrast: float) -> Field:
    if contrast == 0:
        return encoded
    curve = encoded * encoded * (3 - 2 * encoded)
    return np.asarray((1 - contrast) * encoded + contrast * curve)


def _sharpen(encoded: Field, amount: float) -> Field:
    if amount == 0:
        return encoded
    luma = encoded @ _LUMA
    soft = _soften(luma, 1.0)
    return np.asarray(encoded + amount * (luma - soft)[:, :, None])


def jpeg_bytes(rgb: NDArray[np.uint8], camera: Camera) -> bytes:
    """The JPEG file of a photo: baseline, Pillow's own Huffman tables, no metadata."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(
        buffer,
        format="JPEG",
        quality=camera.jpeg_quality,
        subsampling=camera.jpeg_subsampling,
        optimize=False,
    )
    return buffer.getvalue()


def through_jpeg(rgb: NDArray[np.uint8], camera: Camera) -> NDArray[np.uint8]:
    """What a reader of the JPEG file sees."""
    with Image.open(io.BytesIO(jpeg_bytes(rgb, camera))) as image:
        return np.asarray(image.convert("RGB"))
