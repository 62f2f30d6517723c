"""Hairs over the skin: stubble (short, dark) and vellus (fine, pale).

A beard hair is 0.05 to 0.12 mm thick, vellus under 0.03 mm; cover below a pixel is fractional.
"""

from __future__ import annotations

import cv2
import numpy as np

from scarscope.phantom.noise import Field, Grid, stream
from scarscope.phantom.recipe import Hair

_SHIFT = 4  # cv2.line's fixed-point bits


def hair_cover(hair: Hair, grid: Grid, seed: int) -> Field:
    """Cover per pixel: dark stubble counts up to 1, pale vellus down to -1."""
    total = np.zeros(grid.shape)
    rng = stream(seed, "hair")
    if hair.stubble_per_cm2 > 0:
        total += _strands(rng, grid, hair.stubble_per_cm2, hair.angle_deg, (0.12, 0.8), 0.08)
    if hair.vellus_per_cm2 > 0:
        total -= 0.5 * _strands(rng, grid, hair.vellus_per_cm2, hair.angle_deg, (1.0, 3.0), 0.02)
    return np.clip(total, -1, 1)


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
    return canvas / 255 * min(1.0, thick_mm / grid.step)


def _fixed(points: Field) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in np.rint(points * (1 << _SHIFT))]
