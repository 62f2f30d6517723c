"""From radiance to an 8-bit photo and a JPEG file.

Legend
------
radiance : linear RGB; 1 is a white card that faces the camera
electrons : what a pixel holds; noise is Poisson (photon) plus Gaussian (read)
"""

from __future__ import annotations

import io
from functools import lru_cache

import cv2
import numpy as np
import scipy.special
from numpy.typing import NDArray
from PIL import Image

from scarscope.phantom.noise import Field, stream
from scarscope.phantom.recipe import Camera
from scarscope.photo.colour import linear_to_srgb

# Local tone mapping at full strength: exponent on the broad brightness, gain of what is finer.
_EVEN, _RAISE = 0.45, 0.5
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
    kind = light.dtype
    light = _lens(light, camera)
    vignette = camera.exposure * _vignette(light.shape[:2], camera.vignette)
    light = light * vignette.astype(kind, copy=False)[:, :, None]
    light = _expose(light, camera, seed)
    light *= np.asarray(camera.white_balance, dtype=kind)
    encoded = np.asarray(linear_to_srgb(np.clip(light, 0, 1, out=light)))
    encoded = _local_tone(_tone(encoded, camera.contrast), camera.local_tone)
    encoded = _resampled(_sharpen(encoded, camera.sharpen), camera.resample)
    encoded = np.clip(encoded, 0, 1)
    encoded *= 255
    return np.asarray(np.rint(encoded, out=encoded), dtype=np.uint8)


def _lens(light: Field, camera: Camera) -> Field:
    if camera.defocus_px > 0.5:
        disc = _disc(camera.defocus_px).astype(light.dtype)
        light = np.asarray(cv2.filter2D(light, -1, disc, borderType=cv2.BORDER_REFLECT))
    return _soften(light, camera.blur_px) if camera.blur_px > 0.2 else light


def _disc(radius: float) -> Field:
    reach = int(np.ceil(radius))
    away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    cover = np.clip(radius + 0.5 - away, 0, 1)
    return np.asarray(cover / cover.sum())


def _soften(image: Field, sigma: float) -> Field:
    blurred = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred)


def _vignette(shape: tuple[int, int], strength: float) -> Field:
    y = np.linspace(-1, 1, shape[0])[:, None]
    x = np.linspace(-1, 1, shape[1])[None, :]
    return np.asarray(1 - strength * (x**2 + y**2) / 2, dtype=np.float64)


def _expose(light: Field, camera: Camera, seed: int) -> Field:
    # The normal approximation to Poisson is exact enough above some twenty electrons, and unlike
    # the exact draw it cannot jump when the mean differs in the last bit.
    rng = stream(seed, "sensor")
    if light.dtype == np.float32:  # Its own draws, at a tenth of the cost.
        return _expose_single(light, camera, rng)
    electrons = np.clip(light, 0, None) * camera.full_well
    spread = np.sqrt(electrons + camera.read_noise**2)
    noisy = electrons + spread * rng.standard_normal(light.shape)
    return np.asarray(np.clip(noisy / camera.full_well, 0, 1))


def _expose_single(light: Field, camera: Camera, rng: np.random.Generator) -> Field:
    draws = np.frombuffer(rng.bytes(2 * light.size), dtype="<u2").reshape(light.shape)
    noise = _normal_quantiles()[draws]
    kept = np.maximum(light, 0)
    spread = kept * (1 / camera.full_well)
    spread += (camera.read_noise / camera.full_well) ** 2
    noise *= np.sqrt(spread, out=spread)
    kept += noise
    return np.clip(kept, 0, 1, out=kept)


@lru_cache(maxsize=1)
def _normal_quantiles() -> NDArray[np.float32]:
    """Of 65536 equal parts; they reach to 4.3, which is more than 8 bits can tell apart."""
    middles = (np.arange(1 << 16) + 0.5) / (1 << 16)
    return scipy.special.ndtri(middles).astype(np.float32)


def _tone(encoded: Field, contrast: float) -> Field:
    if contrast == 0:
        return encoded
    curve = encoded * encoded * (3 - 2 * encoded)
    return np.asarray((1 - contrast) * encoded + contrast * curve)


def _sharpen(encoded: Field, amount: float) -> Field:
    if amount == 0:
        return encoded
    luma = encoded @ _LUMA.astype(encoded.dtype, copy=False)
    soft = _soften(luma, 1.0)
    return np.asarray(encoded + amount * (luma - soft)[:, :, None])


def _local_tone(encoded: Field, amount: float) -> Field:
    """Even the large differences of brightness, raise the small ones, as phones do."""
    if amount == 0:
        return encoded
    rows, cols = encoded.shape[:2]
    luma = encoded @ _LUMA.astype(encoded.dtype, copy=False)
    base = np.maximum(_broad(luma, 0.08 * max(rows, cols)), 0.02)
    near = _broad(luma, 0.015 * max(rows, cols))
    even = (base / base.mean()) ** (-_EVEN * amount)
    return np.asarray((encoded + _RAISE * amount * (luma - near)[:, :, None]) * even[:, :, None])


def _broad(image: Field, sigma: float) -> Field:
    """A wide blur, done on a smaller picture."""
    shrink = max(1, int(sigma / 3))
    small = tuple(max(2, n // shrink) for n in image.shape[::-1])
    less = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    less = cv2.GaussianBlur(less, (0, 0), sigma / shrink, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(less, image.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _resampled(encoded: Field, factor: float) -> Field:
    if factor >= 1:
        return encoded
    rows, cols = encoded.shape[:2]
    small = (max(8, round(cols * factor)), max(8, round(rows * factor)))
    less = cv2.resize(np.clip(encoded, 0, 1), small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(less, (cols, rows), interpolation=cv2.INTER_CUBIC))


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
