"""What light needs to know of a surface: which way it faces and what stands around it.

Legend
------
horizon : greatest tangent of elevation of surrounding skin, seen from a pixel towards an azimuth
openness : cosine-weighted share of the sky that a pixel sees
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scarscope.phantom.noise import Field, strips

AZIMUTHS = 12
REACH_MM = 3.0  # Farther skin does not shade a pit at the angles that photographs use.
_COARSE_MM = 1.5


@dataclass(frozen=True, eq=False)
class Shape:
    """What the optics need of a height map.

    Attributes
    ----------
    height : ndarray, shape (h, w)
        In mm, towards the camera.
    normal : ndarray, shape (3, h, w)
    horizon : ndarray, shape (AZIMUTHS, h, w)
        Tangents, >= 0.
    openness : ndarray, shape (h, w)
    """

    height: Field
    normal: Field
    horizon: Field
    openness: Field
    mm_per_px: float


def shape_of(height: Field, mm_per_px: float, *, reach_mm: float = REACH_MM) -> Shape:
    """Normals, horizons and openness of a height map in mm; shadows fall up to `reach_mm` far."""
    horizon = _horizons(height, mm_per_px, min(reach_mm, REACH_MM))
    if reach_mm > REACH_MM:
        _raise_horizons(horizon, height, mm_per_px, reach_mm)
    return Shape(height, _normals(height, mm_per_px), horizon, _openness(horizon), mm_per_px)


def _normals(height: Field, mm_per_px: float) -> Field:
    down, right = (np.asarray(slope) for slope in np.gradient(height, mm_per_px))
    normal: Field = np.empty((3, *height.shape), dtype=height.dtype)
    x, y, up = (np.asarray(part) for part in normal)
    np.square(right, out=up)
    up += 1
    up += np.square(down, out=x)
    np.divide(1, np.sqrt(up, out=up), out=up)
    np.multiply(np.negative(right, out=right), up, out=x)
    np.multiply(np.negative(down, out=down), up, out=y)
    return normal


def _openness(horizon: Field) -> Field:
    """Of the hemisphere about the camera's axis, the part above the horizon, cosine-weighted."""
    total = np.zeros(horizon.shape[1:], dtype=horizon.dtype)
    for part in strips(total.shape):
        seen = np.empty_like(total[part])
        for plane in horizon[:, part]:
            np.square(plane, out=seen)
            seen += 1
            total[part] += np.divide(1, seen, out=seen)
    total /= len(horizon)
    return total


def _horizons(height: Field, mm_per_px: float, reach_mm: float) -> Field:
    reach = max(int(reach_mm / mm_per_px), 3)
    padded = np.pad(height, reach + 1, mode="edge")
    steps = np.unique(np.geomspace(1, reach, 12).round().astype(int))
    horizon = np.zeros((AZIMUTHS, *height.shape), dtype=height.dtype)
    for part in strips(height.shape):
        around = padded[part.start : part.stop + 2 * (reach + 1)]
        here = height[part]
        rise = np.empty_like(here)
        for k, angle in enumerate(np.arange(AZIMUTHS) * 2 * np.pi / AZIMUTHS):
            highest = horizon[k, part]
            for right, down in _offsets(angle, steps):
                far = float(np.hypot(right, down)) * mm_per_px
                np.subtract(_shifted(around, reach + 1, down, right, here.shape), here, out=rise)
                rise *= 1 / far
                np.maximum(highest, rise, out=highest)
    return horizon


def _raise_horizons(horizon: Field, height: Field, mm_per_px: float, reach_mm: float) -> None:
    """Add what lies farther off, seen on a grid of about 1.5 mm."""
    rows, cols = height.shape
    small = (
        max(round(cols * mm_per_px / _COARSE_MM), 4),
        max(round(rows * mm_per_px / _COARSE_MM), 4),
    )
    coarse: Field = cv2.resize(height, small, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    far = _horizons(coarse, cols * mm_per_px / small[0], reach_mm)
    for k in range(AZIMUTHS):
        np.maximum(horizon[k], cv2.resize(far[k], (cols, rows)), out=horizon[k])


def _offsets(angle: float, steps: np.ndarray) -> set[tuple[int, int]]:
    return {(round(float(s * np.cos(angle))), round(float(s * np.sin(angle)))) for s in steps}


def _shifted(padded: Field, pad: int, down: int, right: int, shape: tuple[int, int]) -> Field:
    return padded[pad + down : pad + down + shape[0], pad + right : pad + right + shape[1]]


def horizon_towards(shape: Shape, azimuth: float) -> Field:
    """Horizon between the two nearest azimuths, in a new array."""
    place = (azimuth / (2 * np.pi) * AZIMUTHS) % AZIMUTHS
    low, part = int(place) % AZIMUTHS, place - int(place)
    high = (low + 1) % AZIMUTHS
    mixed = (1 - part) * shape.horizon[low]
    mixed += part * shape.horizon[high]
    return np.asarray(mixed)


def cut(shape: Shape, part: slice) -> Shape:
    """Some rows of it."""
    return Shape(
        shape.height[part],
        shape.normal[:, part],
        shape.horizon[:, part],
        shape.openness[part],
        shape.mm_per_px,
    )
