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
_CELLS = 40_000  # In a strip; more than elsewhere, for margins cost.

_Offsets = set[tuple[int, int]]


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
    for part in strips(total.shape, _CELLS):
        seen = np.empty_like(total[part])
        for plane in horizon[:, part]:
            np.square(plane, out=seen)
            seen += 1
            total[part] += np.divide(1, seen, out=seen)
    total /= len(horizon)
    return total


def _horizons(height: Field, mm_per_px: float, reach_mm: float) -> Field:
    reach = max(int(reach_mm / mm_per_px), 3)
    pad, half = reach + 1, AZIMUTHS // 2
    padded = np.pad(height, pad, mode="edge")
    steps = np.unique(np.geomspace(1, reach, 12).round().astype(int))
    looks = [_offsets(angle, steps) for angle in np.arange(AZIMUTHS) * 2 * np.pi / AZIMUTHS]
    horizon = np.empty((AZIMUTHS, *height.shape), dtype=height.dtype)
    for part in strips(height.shape, _CELLS):
        around = padded[part.start : part.stop + 2 * pad]
        for k in range(half):
            behind = {(-right, -down) for right, down in looks[k + half]}
            both = _opposite_horizons(around, pad, (looks[k], behind), mm_per_px)
            horizon[k, part], horizon[k + half, part] = (rows[:, pad:-pad] for rows in both)
    return horizon


def _opposite_horizons(
    around: Field, pad: int, offsets: tuple[_Offsets, _Offsets], mm_per_px: float
) -> tuple[Field, Field]:
    """Horizons towards two opposite azimuths; a rise seen from one end is a fall from the other.

    Parameters
    ----------
    around : ndarray, shape (h + 2 pad, w)
        Heights with a margin.
    offsets : tuple of set of (right, down)
        From pixels to what they see ahead, and to pixels from what they see behind.

    Returns
    -------
    ahead, behind : ndarray, shape (h, w)
    """
    # Whole rows end to end, so that an offset is one number and every step a single long loop.
    heights, wide = around.ravel(), around.shape[1]
    first, count = pad * wide, around.size - 2 * pad * wide
    highest, lowest = np.zeros(count, around.dtype), np.zeros(count, around.dtype)
    room = np.empty_like(heights)
    for right, down in offsets[0] | offsets[1]:
        ahead = down * wide + right
        before, rise = max(ahead, 0), room[: count + abs(ahead)]
        near = heights[first - before :]
        far = heights[first - before + ahead :]
        np.subtract(far[: rise.size], near[: rise.size], out=rise)
        rise *= 1 / (float(np.hypot(right, down)) * mm_per_px)
        if (right, down) in offsets[0]:
            np.maximum(highest, rise[before:][:count], out=highest)
        if (right, down) in offsets[1]:
            np.minimum(lowest, rise[before - ahead :][:count], out=lowest)
    np.negative(lowest, out=lowest)
    return highest.reshape(-1, wide), lowest.reshape(-1, wide)


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


def _offsets(angle: float, steps: np.ndarray) -> _Offsets:
    return {(round(float(s * np.cos(angle))), round(float(s * np.sin(angle)))) for s in steps}


def horizons_towards(
    shape: Shape, azimuth: float
) -> tuple[tuple[float, Field], tuple[float, Field]]:
    """Horizons at the two azimuths next to one, each with its weight."""
    place = (azimuth / (2 * np.pi) * AZIMUTHS) % AZIMUTHS
    low, part = int(place) % AZIMUTHS, place - int(place)
    high = (low + 1) % AZIMUTHS
    return (1 - part, shape.horizon[low]), (part, shape.horizon[high])


def cut(shape: Shape, part: slice) -> Shape:
    """Some rows of it."""
    return Shape(
        shape.height[part],
        shape.normal[:, part],
        shape.horizon[:, part],
        shape.openness[part],
        shape.mm_per_px,
    )
