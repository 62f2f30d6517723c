"""A plain head and shoulders seen from the front: form in mm and what lies where.

Legend
------
x, y : mm from the bridge of the nose's foot, x to the right of the picture and y down
form : height in mm of head, neck and shoulders towards the camera
materials : one code a pixel, :class:`Material`

Sizes are those of an average adult (face 145 mm wide, iris 11.7 mm, pupils 63 mm apart), and so
are the proportions: eyes at half the head's height, thirds between hairline, brows, nose and chin,
the mouth's line a third of the way from nose to chin. The shapes are a few smooth bumps, enough to
try what finds skin, not to recognise anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.noise import Field, Grid, smooth_noise, stream

IRIS_MM = 11.7  # Rufer 2005, n = 390
_PUPILS_MM = 63.0  # Dodgson 2004
EYE_Y_MM = -17.0
MOUTH_Y_MM, CHIN_Y_MM, NOSE_Y_MM, VERTEX_Y_MM = 52.0, 90.0, 33.0, -125.0
_BACK_MM = -120.0  # How far the wall lies behind the bridge of the nose.


class Material(IntEnum):
    """What a pixel of a face shows."""

    BACKGROUND = 0
    SKIN = 1
    NECK = 2
    EYE = 3
    BROW = 4
    LIP = 5
    NOSTRIL = 6
    HAIR = 7
    CLOTHES = 8


@dataclass(frozen=True, eq=False)
class Head:
    """A head on a grid.

    Attributes
    ----------
    form : ndarray, shape (h, w)
        Height in mm.
    materials : ndarray of uint8, shape (h, w)
        Codes of :class:`Material`.
    paint : ndarray, shape (3, h, w)
        Linear reflectance of everything that is not skin.
    gloss : ndarray, shape (h, w)
        Factor on surface reflection.
    flush : ndarray, shape (h, w)
        Extra blood in OD on cheeks and nose.
    """

    form: Field
    materials: NDArray[np.uint8]
    paint: Field
    gloss: Field
    flush: Field


def make_head(grid: Grid, seed: int) -> Head:
    """Draw a head; the seed moves its proportions and colours."""
    rng = stream(seed, "head")
    x, y = np.meshgrid(grid.x, grid.y)
    wide, long = 72 * rng.uniform(0.94, 1.06), 102 * rng.uniform(0.96, 1.05)
    skull = _skull(x, y, wide, long)
    form = np.maximum(skull + _features(x, y), _body(x, y))
    materials = _materials(x, y, skull, form, grid, rng)
    form = np.where(materials == Material.HAIR, _cap(x, y), form)
    paint, gloss = _paint(materials, x, y, grid, seed)
    cheeks = _bump(np.abs(x), y, 42, 18, 20, 20) + _bump(x, y, 0, 20, 10, 9)
    return Head(form, materials, paint, gloss, 0.03 * cheeks)


def _bump(x: Field, y: Field, cx: float, cy: float, sx: float, sy: float) -> Field:
    return np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2)


def _step(value: Field, start: float, end: float) -> Field:
    t = np.clip((value - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _skull(x: Field, y: Field, wide: float, long: float) -> Field:
    jaw = wide * (1 - 0.22 * _step(y, 15, 95))
    inside = 1 - (x / jaw) ** 2 - ((y + 12) / long) ** 2
    return np.where(inside > 0, 85 * np.sqrt(np.clip(inside, 0, None)), _BACK_MM)


def _features(x: Field, y: Field) -> Field:
    side = np.abs(x)
    ridge = np.exp(-((x / 8.5) ** 2)) * _step(y, -22, 18) * (1 - _step(y, 24, 34))
    nose = 17 * ridge + 4 * _bump(side, y, 10, 22, 5, 6)
    eyes = -7 * _bump(side, y, _PUPILS_MM / 2, EYE_Y_MM, 15, 10)
    eyes = eyes + 5 * _bump(side, y, _PUPILS_MM / 2, EYE_Y_MM, 11, 8)
    brow = 3 * _bump(side, y, 27, -33, 22, 6)
    cheek = 4 * _bump(side, y, 44, 0, 16, 16) - 2.0 * np.exp(-((_fold(side, y) / 2.2) ** 2))
    mouth = 4 * _bump(x, y, 0, 47.5, 20, 6) + 4 * _bump(x, y, 0, 57.5, 17, 6)
    mouth = mouth - 3 * _bump(x, y, 0, MOUTH_Y_MM, 22, 1.6) + 6 * _bump(x, y, 0, 84, 16, 11)
    return np.asarray(nose + eyes + brow + cheek + mouth)


def _fold(side: Field, y: Field) -> Field:
    # The nasolabial fold: from the wing of the nose down past the corner of the mouth.
    fading = 4 * (1 - _step(y, 18, 30) + _step(y, 44, 60))
    return np.asarray(np.abs(side - 15 - 0.42 * (y - 20)) + fading)


def _cap(x: Field, y: Field) -> Field:
    return np.asarray(92 * np.sqrt(np.clip(_cap_inside(x, y), 0, None)))


def _cap_inside(x: Field, y: Field) -> Field:
    return np.asarray(1 - (x / 84) ** 2 - ((y + 14) / 111) ** 2)


def _body(x: Field, y: Field) -> Field:
    neck = np.where(y > 40, -45 + 52 * np.sqrt(np.clip(1 - (x / 54) ** 2, 0, None)), _BACK_MM)
    neck = np.where(np.abs(x) < 54, neck, _BACK_MM)
    top = _collar(x)
    slope = np.clip((y - top) / 60, 0, 1)
    chest = np.where(y > top, -40 + 45 * np.sqrt(slope) - (x / 60) ** 2, _BACK_MM)
    return np.maximum(neck, chest)


def _collar(x: Field) -> Field:
    # Edge of the clothes: a round neckline, then shoulders that fall away.
    side = np.abs(x)
    return np.where(side < 54, 142 - 0.006 * side**2, 124 + 0.35 * (side - 54))


def _materials(
    x: Field, y: Field, skull: Field, form: Field, grid: Grid, rng: np.random.Generator
) -> NDArray[np.uint8]:
    side = np.abs(x)
    wobble = 1.2 * smooth_noise(rng, grid, 3.0) + 0.8 * smooth_noise(rng, grid, 0.6)
    codes = np.full(x.shape, Material.BACKGROUND, dtype=np.uint8)
    codes[form > _BACK_MM + 1] = Material.NECK
    codes[skull > _BACK_MM + 1] = Material.SKIN
    codes[(y > _collar(x)) & (skull <= _BACK_MM + 1)] = Material.CLOTHES
    cap = _cap_inside(x, y) > 0
    front = -88 + 0.010 * side**2 + wobble
    codes[cap & ((y < front) | ((side > 64 + 0.5 * wobble) & (y < 25)))] = Material.HAIR
    lid = (side - _PUPILS_MM / 2) / 14.5
    opening = np.clip(1 - lid**2, 0, None)
    rise = y - EYE_Y_MM
    codes[(rise > -5.5 * opening) & (rise < 4.5 * opening)] = Material.EYE
    arch = y + 34 - 0.012 * (side - 34) ** 2
    codes[(np.abs(arch) < 3.2 + 0.3 * wobble) & (side > 13) & (side < 51)] = Material.BROW
    curve = np.clip(1 - (x / 24) ** 2, 0, None)
    bow = 1 - 0.3 * np.exp(-((x / 4) ** 2))
    codes[(y > MOUTH_Y_MM - 7 * curve * bow) & (y < MOUTH_Y_MM + 9 * curve)] = Material.LIP
    codes[((side - 6.5) / 3.8) ** 2 + ((y - 31) / 2.4) ** 2 < 1] = Material.NOSTRIL
    return codes


# Linear reflectance ranges: black to blond hair, dark to light shirts, grey to bluish walls.
_HAIR_COLOURS = ((0.010, 0.008, 0.007), (0.05, 0.028, 0.016), (0.24, 0.15, 0.07))
_IRIS_COLOURS = ((0.05, 0.022, 0.010), (0.10, 0.14, 0.20), (0.09, 0.10, 0.05))


def _paint(
    materials: NDArray[np.uint8], x: Field, y: Field, grid: Grid, seed: int
) -> tuple[Field, Field]:
    rng = stream(seed, "dress")
    hair = np.array(_HAIR_COLOURS[int(rng.choice(3, p=(0.5, 0.35, 0.15)))])
    paint = np.zeros((3, *materials.shape), dtype=grid.x.dtype)
    bare = np.isin(materials, (Material.SKIN, Material.NECK, Material.LIP))
    gloss = bare.astype(grid.x.dtype)
    wall = rng.uniform(0.15, 0.6) * np.array([1, 1, 1]) + rng.uniform(-0.04, 0.04, 3)
    shirt = np.clip(rng.uniform(0.02, 0.6, 3) ** 1.5, 0.01, 0.7)
    streaks = np.exp(0.5 * _streaks(rng, grid))
    weave = np.exp(0.06 * smooth_noise(rng, grid, 0.6))
    eye = materials == Material.EYE
    paint[:, eye] = _eye(x[eye], y[eye], rng)
    plain = np.ones((1, 1), dtype=grid.x.dtype)
    parts: tuple[tuple[Material, Field, Field, float], ...] = (
        (Material.BACKGROUND, wall, plain, 0.0),
        (Material.CLOTHES, shirt, weave, 0.0),
        (Material.HAIR, hair, streaks, 0.0),
        (Material.BROW, hair, streaks, 0.02),
        (Material.NOSTRIL, np.array([0.03, 0.012, 0.010]), plain, 0.0),
    )
    for code, colour, pattern, offset in parts:
        inside = materials == code
        shade = np.broadcast_to(pattern, materials.shape)[inside]
        for channel in range(3):
            paint[channel, inside] = float(colour[channel]) * shade + offset
    gloss[materials == Material.HAIR] = 0.6
    return paint, gloss


def _streaks(rng: np.random.Generator, grid: Grid) -> Field:
    white = rng.standard_normal(grid.shape).astype(grid.x.dtype, copy=False)
    across, along = max(0.35 / grid.step, 0.4), 6.0 / grid.step
    drawn = cv2.GaussianBlur(white, (0, 0), sigmaX=across, sigmaY=along)
    return np.asarray(drawn / drawn.std())


def _eye(x: Field, y: Field, rng: np.random.Generator) -> Field:
    iris = np.array(_IRIS_COLOURS[int(rng.choice(3, p=(0.6, 0.25, 0.15)))])
    away = np.hypot(np.abs(x) - _PUPILS_MM / 2, y - EYE_Y_MM)
    colour = np.repeat(np.array([[0.62], [0.56], [0.53]]), x.size, axis=1)
    colour[:, away < IRIS_MM / 2] = iris[:, None]
    colour[:, (away < IRIS_MM / 2) & (away > IRIS_MM / 2 - 0.6)] *= 0.4
    colour[:, away < 2.0] = 0.005
    glint = np.hypot(np.abs(x) - _PUPILS_MM / 2 + 1.5, y - EYE_Y_MM + 1.5) < 0.7
    colour[:, glint] = 0.95
    return colour
