"""Hairs over the skin: stubble (short, dark) and vellus (fine, pale).

A beard hair is 0.05 to 0.12 mm thick, vellus under 0.03 mm; cover below a pixel is fractional.
"""

from __future__ import annotations

import cv2
import numpy as np

from scarscope.phantom.noise import Field, Grid, stream
from scarscope.phantom.recipe import Hair

_SHIFT = 4  # cv2.line's fixed-point bits
_LIFT_MM = 0.16  # How far beside a hair its shadow falls: hairs lie a little above the skin.


def hair_cover(hair: Hair, grid: Grid, seed: int) -> Field:
    """Cover per pixel: dark stubble counts up to 1, pale vellus down to -1."""
    total = grid.zeros()
    rng = stream(seed, "hair")
    if hair.stubble_per_cm2 > 0:
        length = (0.12 * hair.growth, 0.8 * hair.growth)
        total += _strands(rng, grid, hair.stubble_per_cm2, hair.angle_deg, length, 0.08)
    if hair.vellus_per_cm2 > 0:
        total -= 0.5 * _strands(rng, grid, hair.vellus_per_cm2, hair.angle_deg, (1.0, 3.0), 0.02)
    if hair.long_per_cm2 > 0:
        own = stream(seed, "long hair")
        total += _curls(own, grid, hair.long_per_cm2, hair.angle_deg)
    return np.clip(total, -1, 1)


def hair_shadow(cover: Field, azimuth: float, step_mm: float) -> Field:
    """Where dark hairs keep a lamp's light away, 0 to 1: beside them, and softer.

    Parameters
    ----------
    cover : ndarray, shape (h, w)
        As from :func:`hair_cover`.
    azimuth : float
        Direction to the lamp in radians.
    step_mm : float
        Pixel size.
    """
    away = _LIFT_MM / step_mm
    matrix = np.array([[1, 0, -away * np.cos(azimuth)], [0, 1, -away * np.sin(azimuth)]])
    dark = np.ascontiguousarray(np.clip(cover, 0, 1))
    moved = cv2.warpAffine(dark, matrix, dark.shape[::-1], borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), max(0.05 / step_mm, 0.4)))


def _curls(rng: np.random.Generator, grid: Grid, per_cm2: float, angle_deg: float) -> Field:
    """Whole dark hairs, 6 to 25 mm long and 0.07 mm thick, as bent lines."""
    width, height = grid.extent_mm
    canvas = np.zeros(grid.shape, dtype=np.uint8)
    along = np.linspace(0, 1, 24)
    for _ in range(int(rng.poisson(per_cm2 * width * height / 100))):
        root = rng.uniform(0, 1, 2) * (width, height)
        heading = np.radians(angle_deg + 35 * rng.standard_normal()) + 2 * rng.normal() * along
        step = float(rng.uniform(6, 25)) / along.size
        path = root + np.cumsum(step * np.column_stack([np.cos(heading), np.sin(heading)]), axis=0)
        points = np.rint(path / grid.step * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, 1, cv2.LINE_AA, _SHIFT)
    return canvas.astype(grid.x.dtype) / 255 * min(1.0, 0.07 / grid.step)


def _strands(
    rng: np.random.Generator,
    grid: Grid,
    per_cm2: float,
    angle_deg: float,
    length_mm: tuple[float, float],
    thick_mm: float,
) -> Field:
    width, height = grid.x[-1] - grid.x[0], grid.y[-1] - grid.y[0]
    count = int(rng.poisson(per_cm2 * width * height / 100))
    root = rng.uniform(0, 1, (count, 2)) * (width, height) / grid.step
    angle = np.radians(angle_deg + 22 * rng.standard_normal(count))
    # Hairs differ in thickness and in how much of them lies under the surface.
    shade = np.rint(255 * rng.uniform(0.3, 1.0, count)).astype(int).tolist()
    length = rng.uniform(*length_mm, count) / grid.step
    tip = root + np.column_stack([np.cos(angle), np.sin(angle)]) * length[:, None]
    canvas = np.zeros(grid.shape, dtype=np.uint8)
    for a, b, tone in zip(_fixed(root), _fixed(tip), shade, strict=True):
        cv2.line(canvas, a, b, tone, 1, cv2.LINE_AA, _SHIFT)
    return canvas.astype(grid.x.dtype) / 255 * min(1.0, thick_mm / grid.step)


def _fixed(points: Field) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in np.rint(points * (1 << _SHIFT))]
