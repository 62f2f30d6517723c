"""From light to a file: lens, colour filter mosaic, noise, development, sharpening, JPEG.

The sensor sees one colour a pixel, as those of real cameras do; OpenCV develops the mosaic. The
tone curve is Naka and Rushton's, which is what film and many phones come close to.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .sheet import dice

Picture = NDArray[np.float32]

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_BLACK, _WHITE = 512, 65535


@dataclass(frozen=True, kw_only=True)
class Camera:
    """How light becomes numbers.

    Attributes
    ----------
    key : float
        Linear value that the mean of the photo is exposed to.
    gains : tuple of float
        Errors of white balance, as factors on red and blue.
    blur_px : float
        Sigma of the lens.
    full_well : float
        Electrons at white.
    read_noise : float
        Electrons.
    film : float
        Share of the film curve against the plain sRGB curve, 0 to 1.
    sharpen, sharpen_px : float
        Amount and sigma of unsharp masking.
    quality, subsampling : int
        Pillow's, of the JPEG.
    """

    key: float
    gains: tuple[float, float]
    blur_px: float
    full_well: float
    read_noise: float
    film: float
    sharpen: float
    sharpen_px: float
    quality: int
    subsampling: int


def draw_camera(seed: int, brightness: float) -> Camera:
    """A camera; skin of low `brightness` (0 to 1, luminance of its tone) is exposed darker."""
    rng = dice(seed, "camera")
    grey = 0.32 * (brightness / 0.35) ** 0.75
    return Camera(
        key=float(np.clip(grey * np.exp(rng.normal(0, 0.14)), 0.05, 0.45)),
        gains=(float(np.exp(rng.normal(0, 0.03))), float(np.exp(rng.normal(0, 0.04)))),
        blur_px=rng.uniform(0.40, 0.75),
        full_well=float(np.exp(rng.uniform(np.log(8e3), np.log(4e4)))),
        read_noise=rng.uniform(2.0, 8.0),
        film=rng.uniform(0.0, 0.9),
        sharpen=rng.uniform(0.0, 0.7),
        sharpen_px=rng.uniform(0.7, 1.3),
        quality=int(rng.integers(86, 97)),
        subsampling=int(rng.choice([0, 2])),
    )


def take(light: Picture, camera: Camera, seed: int) -> bytes:
    """A JPEG of linear light, shape (h, w, 3)."""
    seen = cv2.GaussianBlur(light, (0, 0), camera.blur_px, borderType=cv2.BORDER_REFLECT)
    seen = seen * _falloff(seen.shape[:2])[..., None]
    exposed = seen * (camera.key / float((seen @ _LUMA).mean()))
    exposed = exposed * np.array([camera.gains[0], 1.0, camera.gains[1]], np.float32)
    developed = _through_mosaic(exposed, camera, dice(seed, "sensor"))
    shown = _sharpened(_curve(developed, camera.film), camera)
    image = Image.fromarray(np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=camera.quality, subsampling=camera.subsampling)
    return buffer.getvalue()


def _falloff(shape: tuple[int, int]) -> Picture:
    """Corners get less light, by the fourth power of the cosine of a short telephoto lens."""
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    return np.asarray((1 + (x[None, :] ** 2 + y[:, None] ** 2) * 0.018) ** -2)


def _through_mosaic(light: Picture, camera: Camera, rng: np.random.Generator) -> Picture:
    rows, columns = np.indices(light.shape[:2])
    channel = np.where((rows + columns) % 2 == 1, 1, np.where(rows % 2 == 0, 0, 2))
    one = np.take_along_axis(light, channel[..., None], axis=2)[..., 0]
    electrons = rng.poisson(np.clip(one, 0, 4) * camera.full_well).astype(np.float32)
    electrons += rng.normal(0, camera.read_noise, one.shape).astype(np.float32)
    # Headroom of a stop above white, as raw files keep it, so that highlights can be rolled off.
    counts = _BLACK + electrons / camera.full_well * (_WHITE - _BLACK) / 2
    mosaic = np.clip(np.rint(counts), 0, _WHITE).astype(np.uint16)
    full = cv2.demosaicing(mosaic, cv2.COLOR_BayerRGGB2RGB_EA).astype(np.float32)
    return np.asarray((full - _BLACK) * 2 / (_WHITE - _BLACK), dtype=np.float32)


def _curve(linear: Picture, film: float) -> Picture:
    """Values as sRGB shows them, between the plain curve and one with a toe and a shoulder."""
    light = np.maximum(linear, 0)
    power, half = 1.18, 0.85
    rolled = light**power * (1 + half**power) / (light**power + half**power)
    rolled *= 0.18 / (0.18**power * (1 + half**power) / (0.18**power + half**power))
    mixed = np.clip((1 - film) * light + film * np.minimum(rolled, 1.2), 0, 1)
    return np.asarray(
        np.where(mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055)
    )


def _sharpened(shown: Picture, camera: Camera) -> Picture:
    luma = np.clip(shown, 0, 1) @ _LUMA
    detail = luma - cv2.GaussianBlur(luma, (0, 0), camera.sharpen_px)
    return np.asarray(shown + camera.sharpen * detail[..., None], dtype=np.float32)
