"""Relief of skin without scars: lines, pores, wrinkles, grain; and the form of the face below.

Heights are in mm along the normal of the face's own form. Skin lines are the places where band
noise crosses zero, several families of them at angles to each other; their sizes are those of
facial skin: furrows 20 to 60 um deep and 0.3 to 0.8 mm apart, pores 0.15 to 0.5 mm wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .sheet import Field, Sheet, bump, dice, ramp, to_level, waves
from .shot import Shot


@dataclass(frozen=True, eq=False)
class Surface:
    """Unscarred skin; arrays of shape (count, count).

    Attributes
    ----------
    face : ndarray of float32
        Form of the face in mm towards the camera, 0 in the middle.
    fine : ndarray of float32
        Lines, pores and grain in mm along the normal; scars smooth it.
    coarse : ndarray of float32
        Wrinkles and swellings, which scars leave alone.
    plugs : ndarray of float32
        0 to 1: how far a point lies in a pore.
    grease : ndarray of float32
        0 to 1: oil on the surface.
    """

    face: Field
    fine: Field
    coarse: Field
    plugs: Field
    grease: Field


def draw_surface(shot: Shot, sheet: Sheet) -> Surface:
    """The skin of one seed."""
    grain_um = dice(shot.seed, "grain").uniform(2.0, 5.0)
    grain = grain_um * 1e-3 * waves(sheet, dice(shot.seed, "grain field"), 0.08, 0.5, fall=0.8)
    furrows, cells = _lines(shot, sheet)
    pores, plugs = _pores(shot, sheet)
    return Surface(
        face=_face(shot, sheet),
        fine=cells - np.maximum(furrows, pores) + grain,
        coarse=_swell(shot, sheet) - _wrinkles(shot, sheet),
        plugs=plugs,
        grease=_grease(shot, sheet),
    )


def _face(shot: Shot, sheet: Sheet) -> Field:
    """A cheek or forehead: convex one way, flatter or slightly hollow the other."""
    rng = dice(shot.seed, "face")
    across, along = 1 / rng.uniform(38, 110), rng.uniform(-1 / 160, 1 / 70)
    turn = rng.uniform(0, np.pi)
    u = sheet.x * np.cos(turn) + sheet.y * np.sin(turn)
    v = sheet.y * np.cos(turn) - sheet.x * np.sin(turn)
    lean = np.tan(np.radians(shot.tilt_deg))
    bent = rng.normal(0, 1 / 9000) * u**3 + rng.normal(0, 1 / 9000) * u * v**2
    form = -(across * u**2 + along * v**2) / 2 + bent - lean[0] * sheet.x - lean[1] * sheet.y
    return np.asarray(form, dtype=np.float32)


def _swell(shot: Shot, sheet: Sheet) -> Field:
    rng = dice(shot.seed, "swell")
    size = rng.uniform(0.02, 0.07)
    return np.asarray(size * waves(sheet, rng, 7.0, 22.0, fall=1.5), dtype=np.float32)


def _lines(shot: Shot, sheet: Sheet) -> tuple[Field, Field]:
    """Depth of the furrows, and the bulge of the skin between them."""
    rng = dice(shot.seed, "lines")
    apart, main = rng.uniform(0.35, 0.70), rng.uniform(0, 180)
    depth, width = rng.uniform(0.018, 0.050), rng.uniform(0.05, 0.09)
    furrows = np.zeros((sheet.count, sheet.count), np.float32)
    nearest = np.full_like(furrows, 9.0)
    turns = (0.0, rng.uniform(50, 75), rng.uniform(105, 130))
    for turn, share in zip(turns, (1.0, rng.uniform(0.6, 1.0), rng.uniform(0.3, 0.9)), strict=True):
        # Long waves along a family make its furrows straight; few lengths across keep their beat.
        field = waves(
            sheet,
            rng,
            1.5 * apart,
            2.8 * apart,
            stretch=rng.uniform(2.2, 4.0),
            angle_deg=main + turn,
        )
        away = to_level(field, sheet)
        strength = share * np.clip(0.8 + 0.3 * waves(sheet, rng, 1.5, 8.0), 0.1, 1.5)
        furrows = np.maximum(furrows, strength * np.exp(-((away / width) ** 1.2)))
        nearest = np.minimum(nearest, away / share)
    cells = 0.4 * depth * (1 - np.exp(-nearest / (0.3 * apart)))
    patchy = np.clip(1 + 0.3 * waves(sheet, rng, 5.0, 20.0), 0.3, 1.7)
    return depth * furrows * patchy, np.asarray(cells * patchy, dtype=np.float32)


def _pores(shot: Shot, sheet: Sheet) -> tuple[Field, Field]:
    """Depth of the pores, and how far each point lies in one."""
    rng = dice(shot.seed, "pores")
    size, lean = rng.uniform(0.20, 0.36), rng.uniform(0, np.pi)
    depth, drawn_out = rng.uniform(0.05, 0.14), rng.uniform(1.0, 1.8)
    crowd = np.clip(1 + 0.5 * waves(sheet, rng, 6.0, 25.0), 0.1, 2.0)
    depths, plugs = (np.zeros((sheet.count, sheet.count), np.float32) for _ in range(2))
    for x, y in _scattered(rng, sheet, rng.uniform(25, 75) / 100, crowd):
        wide = size * np.exp(rng.normal(0, 0.25)).clip(0.5, 1.5) / 2
        deep = depth * wide * 2 / size * rng.uniform(0.5, 1.3)
        turn, long = lean + rng.normal(0, 0.3), wide * drawn_out * np.exp(rng.normal(0, 0.12))
        at = sheet.window(x, y, 2.5 * long)
        dx, dy = sheet.x[:, at[1]] - x, sheet.y[at[0]] - y
        u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        r2 = (u / long) ** 2 + (v / wide) ** 2
        funnel = (1 + r2) ** -2.5
        depths[at] = np.maximum(depths[at], (deep * funnel).astype(np.float32))
        plugs[at] = np.maximum(plugs[at], bump(np.sqrt(r2) / 1.1) * rng.uniform(0.2, 1.0))
    return depths, plugs


def _scattered(
    rng: np.random.Generator, sheet: Sheet, per_mm2: float, crowd: Field
) -> list[tuple[float, float]]:
    """Points no closer than pores stand, more of them where `crowd` is high."""
    free = 0.55 / np.sqrt(per_mm2)
    taken: dict[tuple[int, int], tuple[float, float]] = {}
    half = sheet.half_mm
    for x, y in rng.uniform(-half, half, (int(3 * per_mm2 * (2 * half) ** 2), 2)).tolist():
        row, column = (sheet.window(x, y, 0)[k].start for k in (0, 1))
        cell = (int(x // free), int(y // free))
        around = [taken.get((cell[0] + i, cell[1] + j)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        near = any(p is not None and np.hypot(p[0] - x, p[1] - y) < free for p in around)
        if not near and rng.uniform() < 0.42 * crowd[row, column]:
            taken[cell] = (x, y)
    return list(taken.values())


def _wrinkles(shot: Shot, sheet: Sheet) -> Field:
    """Long furrows with a common direction; many where wrinkles are the subject."""
    rng = dice(shot.seed, "wrinkles")
    count = int(rng.integers(6, 13)) if shot.subject == "wrinkles" else int(rng.poisson(0.25))
    depth = np.zeros((sheet.count, sheet.count), np.float32)
    main = rng.uniform(0, np.pi)
    wander = waves(sheet, rng, 6.0, 30.0, fall=1.5)
    for _ in range(count):
        turn = main + rng.normal(0, 0.12)
        u = sheet.x * np.cos(turn) + sheet.y * np.sin(turn)
        v = sheet.y * np.cos(turn) - sheet.x * np.sin(turn) + rng.uniform(0.5, 1.3) * wander
        start, long = rng.uniform(-14, 14), rng.uniform(5, 22)
        away = np.abs(v - rng.uniform(-16, 16)) / rng.uniform(0.14, 0.40)
        ends = ramp(2.5 * (1 - np.abs(u - start) / long))
        deep = rng.uniform(0.05, 0.20) * ends * np.exp(-(away**1.3))
        depth = np.maximum(depth, deep.astype(np.float32))
    return depth


def _grease(shot: Shot, sheet: Sheet) -> Field:
    rng = dice(shot.seed, "grease")
    level = rng.beta(1.6, 3.0)
    patchy = 0.3 * waves(sheet, rng, 4.0, 25.0) + 0.12 * waves(sheet, rng, 0.4, 2.0)
    return np.asarray(np.clip(level + level * patchy, 0, 1), dtype=np.float32)


def normals(height: Field, step_mm: float) -> tuple[Field, Field, Field]:
    """Unit normals of a height field: x, y (up) and z, each of its shape."""
    right = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / (8 * step_mm))
    up = -cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / (8 * step_mm))
    length = np.sqrt(right**2 + up**2 + 1)
    return -right / length, -up / length, 1 / length
