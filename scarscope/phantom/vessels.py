"""Telangiectases: fine red branching vessels under flat skin.

Facial ones are 0.1 to 1 mm wide; those that cameras show on cheeks are mostly under 0.3 mm.
"""

from __future__ import annotations

import cv2
import numpy as np

from scarscope.phantom.noise import Field, Grid, stream

_SHIFT = 4  # cv2.polylines' fixed-point bits
_POINTS = 28  # Corners of a vessel's path.


def vessel_blood(per_cm2: float, grid: Grid, seed: int) -> Field:
    """Extra blood in OD of wandering vessels, most of them with a branch."""
    rng = stream(seed, "vessels")
    width, height = grid.extent_mm
    total = grid.zeros()
    for _ in range(int(rng.poisson(per_cm2 * width * height / 100))):
        start = rng.uniform(-0.5, 0.5, 2) * (width, height)
        heading, strength = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.07, 0.26))
        thick = float(rng.uniform(0.06, 0.16))
        trunk = _path(rng, start, heading, float(rng.uniform(1.5, 7)))
        _draw(total, grid, trunk, thick, strength)
        if rng.random() < 0.7:
            joint = trunk[int(rng.integers(6, 20))]
            turned = heading + float(rng.choice((-1, 1))) * float(rng.uniform(0.4, 1.1))
            branch = _path(rng, joint, turned, float(rng.uniform(0.8, 3)))
            _draw(total, grid, branch, 0.7 * thick, 0.8 * strength)
    return total


def _path(rng: np.random.Generator, start: Field, heading: float, length: float) -> Field:
    bends = heading + np.cumsum(0.22 * rng.standard_normal(_POINTS))
    steps = length / _POINTS * np.column_stack([np.cos(bends), np.sin(bends)])
    return np.asarray(start + np.cumsum(steps, axis=0))


def _draw(total: Field, grid: Grid, path: Field, thick: float, strength: float) -> None:
    low, high = path.min(axis=0), path.max(axis=0)
    middle, reach = (low + high) / 2, float((high - low).max()) / 2 + 4 * thick + 2 * grid.step
    at = grid.window(float(middle[0]), float(middle[1]), reach)
    part = total[at]
    if part.size == 0:
        return
    corner = np.array([grid.x[at[1]][0], grid.y[at[0]][0]])
    canvas = np.zeros(part.shape, dtype=np.uint8)
    points = np.rint((path - corner) / grid.step * (1 << _SHIFT)).astype(np.int32)
    width = max(1, round(thick / grid.step))
    cv2.polylines(canvas, [points], False, 255, width, cv2.LINE_AA, _SHIFT)
    # It lies some 0.1 mm deep, so its borders are soft.
    soft = cv2.GaussianBlur(canvas.astype(np.float32), (0, 0), max(0.05 / grid.step, 0.5))
    cover = np.asarray(soft) / 255 * min(1.0, thick / grid.step)
    np.maximum(part, (strength * cover).astype(part.dtype), out=part)
