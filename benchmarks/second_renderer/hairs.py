"""Hairs as thin tubes of triangles that leave the skin at a slant and bend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .sheet import Field, Sheet, dice
from .shot import Shot

_SEGMENTS, _SIDES = 10, 5
_SUNK_MM = 0.1  # so that no hair floats over a pore


@dataclass(frozen=True, eq=False)
class Hairs:
    """A mesh.

    Attributes
    ----------
    points : ndarray of float32, shape (n, 3)
        In mm.
    faces : ndarray of uint32, shape (m, 3)
    below : ndarray of float32, shape (n, 2)
        Row and column of the sheet below each point.
    colour : tuple of float
        Linear RGB.
    """

    points: NDArray[np.float32]
    faces: NDArray[np.uint32]
    below: NDArray[np.float32]
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class _Kind:
    per_cm2: float
    long_mm: float
    thick_mm: float
    slant_deg: float
    bend: float


def draw_hairs(shot: Shot, sheet: Sheet, height: Field) -> Hairs | None:
    """The hairs of one seed on a surface of `height` mm, or None."""
    rng = dice(shot.seed, "hair")
    kinds = _kinds(rng, shot.subject)
    # Hair is as dark as its owner: brown to fair on light skin, black on dark skin.
    dark = float(np.exp(rng.uniform(np.log(0.01), np.log(0.01 + 0.10 * max(shot.ita_deg, 0) / 55))))
    colour = (dark, dark * rng.uniform(0.65, 0.9), dark * rng.uniform(0.4, 0.75))
    main = rng.uniform(0, 2 * np.pi)
    tubes = [
        _tube(rng, kind, sheet, height, main)
        for kind in kinds
        for _ in range(int(rng.poisson(kind.per_cm2 * (2 * sheet.half_mm / 10) ** 2)))
    ]
    if not tubes:
        return None
    points = np.concatenate(tubes)
    each = _tube_faces()
    starts = np.arange(len(tubes), dtype=np.uint32)[:, None, None] * tubes[0].shape[0]
    faces = (each[None] + starts).reshape(-1, 3).astype(np.uint32)
    return Hairs(points, faces, _below(sheet, points), colour)


def _kinds(rng: np.random.Generator, subject: str) -> tuple[_Kind, ...]:
    down = _Kind(rng.uniform(2, 14), rng.uniform(0.8, 2.6), 0.014, 65.0, 0.3)
    stubble = _Kind(rng.uniform(12, 30), rng.uniform(0.4, 1.8), 0.075, rng.uniform(25, 60), 0.1)
    strand = _Kind(0.25, rng.uniform(20, 45), 0.065, 88.0, 0.5)
    if subject == "hair":
        return (down, stubble, strand)
    if subject == "scars" and rng.uniform() < 0.2:
        return (down, stubble)
    return (down,)


def _tube(
    rng: np.random.Generator, kind: _Kind, sheet: Sheet, height: Field, main: float
) -> NDArray[np.float32]:
    """Points of one tube, shape ((segments + 1) * sides, 3)."""
    half = sheet.half_mm - 0.5
    x, y = rng.uniform(-half, half, 2)
    turn = main + rng.normal(0, 0.35)
    slant = np.radians(np.clip(kind.slant_deg + rng.normal(0, 7), 5, 89))
    long = kind.long_mm * np.exp(rng.normal(0, 0.25))
    t = np.linspace(0, 1, _SEGMENTS + 1)[:, None]
    forward = np.array([np.cos(turn), np.sin(turn)])
    aside = np.array([-forward[1], forward[0]]) * rng.normal(0, kind.bend)
    plan = np.array([x, y]) + long * np.sin(slant) * (t * forward + t**2 * aside)
    rise = (long * np.cos(slant) * (t - 0.35 * t**2))[:, 0]
    rows, columns = np.rint(_below(sheet, plan)).astype(int).T
    ground = height[rows, columns]
    thick = kind.thick_mm * (1 - 0.75 * t[:, 0] ** 2) / 2
    z = np.maximum(ground + rise + thick, ground + thick) - _SUNK_MM * (t[:, 0] == 0)
    ring = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
    side = np.array([-forward[1], forward[0], 0.0])
    up = np.cross(np.array([*forward * np.sin(slant), np.cos(slant)]), side)
    round_ = np.cos(ring)[:, None] * side + np.sin(ring)[:, None] * up
    middle = np.column_stack([plan, z])
    points = middle[:, None, :] + thick[:, None, None] * round_[None]
    return np.asarray(points.reshape(-1, 3), dtype=np.float32)


def _below(sheet: Sheet, points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows and columns of the sheet at x and y, shape (n, 2)."""
    middle = (sheet.count - 1) / 2
    rows, columns = middle - points[:, 1] / sheet.step_mm, middle + points[:, 0] / sheet.step_mm
    places = np.clip(np.stack([rows, columns], 1), 0, sheet.count - 1)
    return np.asarray(places, dtype=np.float32)


def _tube_faces() -> NDArray[np.uint32]:
    faces = []
    for segment in range(_SEGMENTS):
        for side in range(_SIDES):
            a, b = segment * _SIDES + side, segment * _SIDES + (side + 1) % _SIDES
            faces += [(a, b, a + _SIDES), (b, b + _SIDES, a + _SIDES)]
    return np.array(faces, np.uint32)
