"""Atrophic scars as implicit shapes, and what they do to the skin.

An icepick is an oblique cone on a warped ellipse, a boxcar the union of superellipses with walls
that rise over a stated run from its edge, a rolling scar a sum of soft lobes that tethers pull
down. Widths follow Jacob 2001 (icepick below 2 mm, boxcar 1.5 to 4 mm, rolling above 4 mm), depths
22 MHz ultrasound (icepick and boxcar scars 0.2 to 0.5 mm, nearly all).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import scipy.ndimage

from .sheet import Field, Sheet, bump, dice, ramp, waves
from .shot import Shot

Kind = Literal["icepick", "boxcar", "rolling"]
_SHARES: dict[Kind, float] = {"icepick": 0.40, "boxcar": 0.35, "rolling": 0.25}
_FEWEST, _MOST = 4, 14  # in a picture of 36 mm, where scars are few

# The definition of scarscope.phantom.render.Rendered: a point belongs to a scar where its missing
# depth exceeds this share of that scar's greatest, and this depth.
LABEL_SHARE, LABEL_FLOOR_MM = 0.10, 0.010

_IN_ROLLING = 0.2  # how often a small scar may lie in a rolling one


@dataclass(frozen=True, eq=False)
class Pits:
    """All scars of a sheet; arrays of shape (count, count).

    Attributes
    ----------
    missing : ndarray of float32
        Missing depth in mm along the normal of the unscarred surface.
    owner : ndarray of int32
        0, or 1 + the index into `kinds`.
    kinds : tuple of str
    rim : ndarray of float32
        Height in mm of what is raised around scars.
    worn : ndarray of float32
        0 to 1: how far lines and pores are lost.
    red, brown : ndarray of float32
        Density of blood and melanin more than around (less: below 0).
    """

    missing: Field
    owner: np.ndarray
    kinds: tuple[Kind, ...]
    rim: Field
    worn: Field
    red: Field
    brown: Field


@dataclass(frozen=True)
class _Place:
    kind: Kind
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class _Warp:
    """By how many mm, at most, outlines wander; shape (count, count) each."""

    x: Field
    y: Field


def draw_pits(shot: Shot, sheet: Sheet, view_mm: float) -> Pits:
    """The scars of one seed; none where the subject is something else."""
    shape = (sheet.count, sheet.count)
    missing, rim, worn, red, brown = (np.zeros(shape, np.float32) for _ in range(5))
    owner = np.zeros(shape, np.int32)
    places = _places(shot, view_mm) if shot.subject == "scars" else []
    warp_of = dice(shot.seed, "warp")
    warp = _Warp(*(waves(sheet, warp_of, 1.0, 5.0, fall=2.2) for _ in range(2)))
    # Wide ones first, so that a small scar within a wide one keeps its own ground.
    for number, place in enumerate(sorted(places, key=lambda p: -p.radius), start=1):
        rng = dice(shot.seed, f"pit {number}")
        at = sheet.window(place.x, place.y, 1.9 * place.radius + 1.2)
        own = _DRAW[place.kind](rng, place, sheet, at, warp)
        deepest = float(own.max(initial=0))
        if deepest == 0:
            continue
        inside = own > max(LABEL_SHARE * deepest, LABEL_FLOOR_MM)
        missing[at] += own
        owner[at][inside] = number
        cover = ramp(own / (0.35 * deepest))
        worn[at] = np.maximum(worn[at], cover * rng.uniform(0.3, 0.95))
        rim[at] += _rim(rng, inside, sheet.step_mm) * (place.kind != "rolling")
        more_red, more_brown = _colours(rng, shot.ita_deg)
        soft = cv2.GaussianBlur(cover, (0, 0), 0.15 / sheet.step_mm)
        red[at] += more_red * soft
        brown[at] += more_brown * soft
    kinds = tuple(p.kind for p in sorted(places, key=lambda p: -p.radius))
    return Pits(missing, owner, kinds, rim, worn, red, brown)


def _places(shot: Shot, view_mm: float) -> list[_Place]:
    """Where scars lie: apart from each other, but for small ones within rolling ones."""
    rng, reach = dice(shot.seed, "places"), view_mm / 2 + 1.0
    few = int(rng.integers(_FEWEST, _MOST + 1))
    if shot.scars_per_cm2 > 0:
        count = max(1, round(shot.scars_per_cm2 * (2 * reach) ** 2 / 100))
    else:  # A picture smaller than the usual one has its share of scars, and one at least.
        count = max(1, round(few * min(1.0, (view_mm / 36) ** 2)))
    kinds = rng.choice(list(_SHARES), count, p=list(_SHARES.values())).tolist()
    places: list[_Place] = []
    for kind in sorted(kinds, key=["rolling", "boxcar", "icepick"].index):
        radius = _RADII[kind](rng)
        for _ in range(60):
            x, y = rng.uniform(-reach, reach, 2).tolist()
            if not any(_clash(rng, (x, y, radius), other) for other in places):
                places.append(_Place(kind, x, y, radius))
                break
    return places


_RADII: dict[Kind, Callable[[np.random.Generator], float]] = {
    "icepick": lambda rng: float(np.exp(rng.normal(np.log(1.45), 0.25)).clip(0.95, 2.0)) / 2,
    "boxcar": lambda rng: float(rng.uniform(1.6, 3.4)) / 2,
    "rolling": lambda rng: float(rng.uniform(5.0, 8.5)) / 2,
}


def _clash(rng: np.random.Generator, one: tuple[float, float, float], other: _Place) -> bool:
    x, y, radius = one
    apart = float(np.hypot(x - other.x, y - other.y))
    if other.kind == "rolling" and radius < 1.2 and rng.uniform() < _IN_ROLLING:
        return False
    return apart < 1.15 * (radius + other.radius) + 0.3


def _local(
    place: _Place, sheet: Sheet, at: tuple[slice, slice], warp: _Warp, turn: float
) -> tuple[Field, Field]:
    """Offsets from the middle along and across `turn`, on warped ground."""
    size = 0.08 * np.sqrt(place.radius)
    dx = sheet.x[:, at[1]] - place.x + size * warp.x[at]
    dy = sheet.y[at[0]] - place.y + size * warp.y[at]
    return dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)


def _icepick(
    rng: np.random.Generator, place: _Place, sheet: Sheet, at: tuple[slice, slice], warp: _Warp
) -> Field:
    u, v = _local(place, sheet, at, warp, rng.uniform(0, np.pi))
    aspect = rng.uniform(1.0, 1.35)
    u, v = u / (place.radius * np.sqrt(aspect)), v / (place.radius / np.sqrt(aspect))
    lean, towards = rng.uniform(0, 0.45), rng.uniform(0, 2 * np.pi)
    ax, ay = lean * np.cos(towards), lean * np.sin(towards)
    # The greatest t with |q - t a| = 1 - t: how far down the oblique cone the point lies.
    b, c = 1 - (u * ax + v * ay), 1 - (u * u + v * v)
    t = (b - np.sqrt(np.maximum(b * b - (1 - lean**2) * c, 0))) / (1 - lean**2)
    t = np.where(c > 0, np.clip(t, 0, 0.94), 0) / 0.94
    rounded = t * t / (t + 0.07) * 1.07
    depth = np.exp(rng.normal(np.log(0.34), 0.28)).clip(0.18, 0.60)
    return np.asarray(depth * rounded ** rng.uniform(0.6, 1.15), dtype=np.float32)


def _boxcar(
    rng: np.random.Generator, place: _Place, sheet: Sheet, at: tuple[slice, slice], warp: _Warp
) -> Field:
    u, v = _local(place, sheet, at, warp, rng.uniform(0, np.pi))
    inside = np.zeros(u.shape, np.bool_)
    for part in range(int(rng.integers(1, 4))):
        size = place.radius * (1.0 if part == 0 else rng.uniform(0.5, 0.8))
        off = np.zeros(2) if part == 0 else rng.normal(0, 0.4 * place.radius, 2)
        aspect, power = rng.uniform(0.9, 1.45), rng.uniform(1.8, 2.6)
        inside |= (
            np.abs((u - off[0]) / (size * aspect)) ** power + np.abs((v - off[1]) / size) ** power
        ) < 1
    steps = scipy.ndimage.distance_transform_edt(inside).astype(np.float32)
    # Corners of the union are not sharper than skin can be.
    away = sheet.step_mm * cv2.GaussianBlur(steps, (0, 0), 0.06 / sheet.step_mm)
    # One side of a scar is undermined, the other has healed to a slope.
    gentle = rng.uniform(0, 2 * np.pi)
    side = np.clip((u * np.cos(gentle) + v * np.sin(gentle)) / place.radius, -1.2, 1.2)
    run = rng.uniform(0.20, 0.55) * np.exp(rng.uniform(0, 0.8) * side + 0.25 * warp.y[at])
    wall = np.clip(away / run.clip(0.12, 0.8 * place.radius), 0, 1)
    steep = 0.55 * ramp(wall) + 0.45 * np.sin(wall * np.pi / 2)
    bowl = rng.uniform(0, 0.6) * (away / place.radius - 0.5)
    floor = 1 - rng.uniform(0, 0.2) * side + 0.08 * warp.x[at] + bowl
    depth = rng.uniform(0.16, 0.48)
    return np.asarray(depth * steep * np.clip(floor, 0.5, 1.3), dtype=np.float32)


def _rolling(
    rng: np.random.Generator, place: _Place, sheet: Sheet, at: tuple[slice, slice], warp: _Warp
) -> Field:
    u, v = _local(place, sheet, at, warp, rng.uniform(0, np.pi))
    total = np.zeros(u.shape, np.float32)
    for lobe in range(int(rng.integers(2, 5))):
        size = place.radius * (1.15 if lobe == 0 else rng.uniform(0.55, 0.9))
        off = np.zeros(2) if lobe == 0 else rng.normal(0, 0.4 * place.radius, 2)
        r2 = ((u - off[0]) / (size * rng.uniform(1.0, 1.3))) ** 2 + ((v - off[1]) / size) ** 2
        total += rng.uniform(0.5, 1.0) * bump(np.sqrt(r2))
    for _ in range(int(rng.integers(0, 4))):  # Where bands pull the skin to what lies below.
        x, y = rng.normal(0, 0.4 * place.radius, 2)
        r = np.hypot(u - x, v - y) / rng.uniform(0.7, 1.4)
        total += rng.uniform(0.10, 0.30) * bump(r) * (total > 0.2)
    depth = float(np.exp(rng.normal(np.log(0.32), 0.4)).clip(0.14, 0.60))
    return np.asarray(depth * total / max(float(total.max(initial=0)), 1e-6), dtype=np.float32)


_Draw = Callable[[np.random.Generator, _Place, Sheet, tuple[slice, slice], _Warp], Field]
_DRAW: dict[Kind, _Draw] = {"icepick": _icepick, "boxcar": _boxcar, "rolling": _rolling}


def _rim(rng: np.random.Generator, inside: np.ndarray, step_mm: float) -> Field:
    """A low wall round some scars."""
    height = rng.uniform(0.01, 0.05) if rng.uniform() < 0.3 else 0.0
    broad = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), rng.uniform(0.2, 0.5) / step_mm)
    out = cv2.GaussianBlur((~inside).astype(np.float32), (0, 0), 0.06 / step_mm)
    return np.asarray(2 * height * broad * out, dtype=np.float32)


def _colours(rng: np.random.Generator, ita_deg: float) -> tuple[float, float]:
    """Extra density of blood and of melanin in one scar."""
    red = rng.uniform(0.02, 0.11) if rng.uniform() < 0.4 else rng.uniform(-0.02, 0.02)
    kind, dark = rng.uniform(), 1.0 if ita_deg < 15 else 0.6
    if kind < 0.22:
        return red, -dark * rng.uniform(0.03, 0.12)
    return red, dark * rng.uniform(0.03, 0.14) if kind < 0.5 else rng.uniform(-0.02, 0.02)
