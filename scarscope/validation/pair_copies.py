"""Copies of one photo that show the same skin and the same moment, but were edited or saved again.

Nothing but the file differs, so that any difference of burden is the software's.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scarscope.phantom.recipe import require
from scarscope.photo.colour import linear_to_srgb, srgb_to_linear

Rgb = NDArray[np.uint8]

COPIES = ("gamma", "S-curve", "exposure", "white balance", "recompression")
LEAST_GAMMA, MOST_GAMMA = 0.8, 1.25
STOPS = 0.7
JPEG_QUALITIES = (50, 86)  # from, to below
_S_CURVE = (0.25, 0.6)  # share of the smooth step that a tone curve is mixed with
_BALANCE = (0.05, 0.15)  # natural log of the gain of red, and of what blue loses


def copied(rgb: Rgb, kind: str, rng: np.random.Generator) -> Rgb | bytes:
    """A copy of a photo.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
        sRGB.
    kind : str
        One of :data:`COPIES`. Exposure and white balance are changed in linear light, and clip
        where they clip; tone curves bend sRGB's codes.
    rng : Generator
        Draws how much.

    Returns
    -------
    ndarray of uint8, or bytes
        A file's bytes for recompression, so that its quality can be read from it.

    Raises
    ------
    ParamsError
        If the kind is unknown.
    """
    require(kind in COPIES, "kind", kind, f"one of {', '.join(COPIES)}")
    if kind == "recompression":
        return _saved(rgb, int(rng.integers(*JPEG_QUALITIES)))
    codes = rgb / 255.0
    if kind == "gamma":
        low, high = np.log(LEAST_GAMMA), np.log(MOST_GAMMA)
        return _codes(codes ** np.exp(rng.uniform(low, high)))
    if kind == "S-curve":
        share = rng.uniform(*_S_CURVE)
        return _codes((1 - share) * codes + share * codes * codes * (3 - 2 * codes))
    gains = np.ones(3) * 2.0 ** (rng.choice((-1.0, 1.0)) * STOPS)
    if kind == "white balance":
        warmth = rng.choice((-1.0, 1.0)) * rng.uniform(*_BALANCE)
        gains = np.exp([warmth, 0.0, -warmth])
    return _codes(linear_to_srgb(np.clip(srgb_to_linear(codes) * gains, 0, 1)))


def _codes(encoded: NDArray[np.floating]) -> Rgb:
    return np.asarray(np.rint(255 * np.clip(encoded, 0, 1)), np.uint8)


def _saved(rgb: Rgb, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()
