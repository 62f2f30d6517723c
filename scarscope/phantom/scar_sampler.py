"""Random scars: singly, merging, nested, bridged, and the confluent fields of severe cases.

Ranges: widths Jacob 2001; depths of icepick and boxcar scars 22 MHz ultrasound, of which 95.8 % lie
between 0.2 and 0.5 mm, with tails to both sides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from scarscope.phantom.recipe import ScarShape, ScarType


@dataclass(frozen=True)
class _Kind:
    """Ranges of one scar type; `depth_mm` is the median and the log spread."""

    width_mm: tuple[float, float]
    aspect: float
    depth_mm: tuple[float, float]
    wall_mm: tuple[float, float]
    ragged: float


_KINDS: dict[ScarType, _Kind] = {
    "icepick": _Kind((0.8, 2.0), 1.5, (0.33, 0.20), (0.15, 0.35), 0.10),
    "boxcar": _Kind((1.5, 4.0), 1.7, (0.31, 0.20), (0.35, 1.30), 0.13),
    "rolling": _Kind((4.0, 9.0), 1.9, (0.26, 0.45), (0.5, 0.6), 0.14),
}
# What ultrasound has not covered: this share of depths is drawn evenly in log from these limits.
_TAIL_SHARE, _TAIL_MM = 0.03, (0.08, 1.2)
_ROLLING_MM = (0.10, 0.60)
# Shallower for its width than this nobody would call it a scar: 2 % of shading at 45 degrees.
_ROLLING_SLOPE = 0.025

# Order of frequency in clinics: icepick 60-70 %, boxcar 20-30 %, rolling 15-25 % (Jacob 2001);
# evened out here so that every type is seen often.
_TYPE_SHARE = (0.42, 0.34, 0.24)
_TYPES: tuple[ScarType, ...] = ("icepick", "boxcar", "rolling")

# Shares of scars that carry a bridge, and that hold a smaller scar in their floor.
_BRIDGED, _NESTING = 0.12, 0.10
_CLOSE = 1.15  # Distance of neighbours that do not merge, in mean radii.


def random_scars(
    rng: np.random.Generator, size_mm: tuple[float, float], count: int
) -> tuple[ScarShape, ...]:
    """`count` scars of mixed type; most keep apart, some merge or nest."""
    placed: list[ScarShape] = []
    for _attempt in range(4 * count):
        if len(placed) >= count:
            break
        kind = _TYPES[int(rng.choice(3, p=_TYPE_SHARE))]
        may_merge = rng.random() < 0.2
        scar = _placed(rng, kind, size_mm, () if may_merge else placed)
        if scar is None:  # no room for one so large
            continue
        placed.append(scar)
        if len(placed) < count and scar.width_mm > 2.2 and rng.random() < _NESTING:
            placed.append(_inside(rng, scar))
    return tuple(placed)


def confluent_scars(
    rng: np.random.Generator, size_mm: tuple[float, float], severity: float
) -> tuple[ScarShape, ...]:
    """Scars that run into each other until hardly any plain skin is left.

    Parameters
    ----------
    rng : Generator
    size_mm : tuple of float
    severity : float
        0 to 1: 9 to 22 scars per cm2.
    """
    area_cm2 = size_mm[0] * size_mm[1] / 100
    shares: dict[ScarType, float] = {
        "rolling": 2.4,
        "boxcar": 4.5 + 7.0 * severity,
        "icepick": 2.0 + 6.0 * severity,
    }
    scars: list[ScarShape] = []
    for kind in _TYPES:
        count = int(rng.poisson(shares[kind] * area_cm2))
        scars += [random_scar(rng, kind, size_mm) for _ in range(count)]
    wide = [s for s in scars if s.kind == "boxcar" and s.width_mm > 2.2]
    return (*scars, *(_inside(rng, s) for s in wide if rng.random() < 0.2))


def _placed(
    rng: np.random.Generator,
    kind: ScarType,
    size_mm: tuple[float, float],
    others: Iterable[ScarShape],
) -> ScarShape | None:
    for _attempt in range(20):
        scar = random_scar(rng, kind, size_mm)
        if all(_apart(scar, other) for other in others):
            return scar
    return None


def _apart(a: ScarShape, b: ScarShape) -> bool:
    reach = 0.5 * (math.sqrt(a.width_mm * a.length_mm) + math.sqrt(b.width_mm * b.length_mm))
    return math.hypot(a.x_mm - b.x_mm, a.y_mm - b.y_mm) > _CLOSE * reach


def _inside(rng: np.random.Generator, outer: ScarShape) -> ScarShape:
    """A small scar in the floor of another one."""
    kind: ScarType = "icepick" if rng.random() < 0.7 or outer.width_mm < 3.5 else "boxcar"
    inner = random_scar(rng, kind, (1.0, 1.0))
    shrink = min(1.0, 0.45 * outer.width_mm / inner.width_mm)
    away = 0.22 * outer.width_mm
    return replace(
        inner,
        x_mm=outer.x_mm + float(rng.uniform(-away, away)),
        y_mm=outer.y_mm + float(rng.uniform(-away, away)),
        width_mm=inner.width_mm * shrink,
        length_mm=inner.length_mm * shrink,
        wall_mm=inner.wall_mm * shrink,
        depth_mm=inner.depth_mm * float(rng.uniform(0.4, 0.9)),
        nested=True,
    )


def random_scar(
    rng: np.random.Generator, kind: ScarType, size_mm: tuple[float, float]
) -> ScarShape:
    """One scar of a type, anywhere on a sheet."""
    ranges = _KINDS[kind]
    width = float(rng.uniform(*ranges.width_mm))
    depth = _depth(rng, kind, width)
    x, y = (rng.uniform(-0.48, 0.48, 2) * size_mm).tolist()
    melanin, blood = _scar_colour(rng)
    return ScarShape(
        kind=kind,
        x_mm=x,
        y_mm=y,
        width_mm=width,
        length_mm=width * float(rng.uniform(1, ranges.aspect)),
        angle_deg=float(rng.uniform(0, 180)),
        depth_mm=depth,
        wall_mm=min(float(rng.uniform(*ranges.wall_mm)), 0.45 * width),
        warp=_warp(rng, ranges.ragged),
        tilt=float(rng.uniform(-0.8, 0.8)),
        melanin_od=melanin,
        blood_od=blood,
        smoothness=float(rng.uniform(0.2, 0.85)),
        uneven=float(rng.uniform(0.5, 1.0)),
        bridges=_bridges(rng, width) if kind != "icepick" else (),
    )


def _depth(rng: np.random.Generator, kind: ScarType, width: float) -> float:
    median, spread = _KINDS[kind].depth_mm
    depth = median * math.exp(spread * rng.standard_normal())
    if kind == "rolling":
        return max(float(np.clip(depth, *_ROLLING_MM)), _ROLLING_SLOPE * width)
    if rng.random() < _TAIL_SHARE:
        return math.exp(rng.uniform(*np.log(_TAIL_MM)))
    return float(np.clip(depth, *_TAIL_MM))


def _bridges(
    rng: np.random.Generator, width: float
) -> tuple[tuple[float, float, float, float], ...]:
    if width < 1.8 or rng.random() > _BRIDGED:
        return ()
    return (
        (
            float(rng.uniform(0, 180)),
            float(rng.uniform(-0.2, 0.2)) * width,
            float(rng.uniform(0.5, 1.1)),
            float(rng.uniform(0.6, 1.0)),
        ),
    )


def _scar_colour(rng: np.random.Generator) -> tuple[float, float]:
    # Half of all scars have the colour of the skin around them: colour alone must not find them.
    draw = rng.random()
    if draw < 0.5:
        return 0.0, 0.0
    if draw < 0.65:
        return float(rng.uniform(0.02, 0.12)), 0.0
    if draw < 0.75:
        return float(rng.uniform(-0.08, -0.02)), 0.0
    return 0.0, float(rng.uniform(0.03, 0.14))


def _warp(rng: np.random.Generator, ragged: float) -> tuple[tuple[int, float, float], ...]:
    size = rng.uniform(0.3, 1.0) * ragged
    return tuple(
        (k, float(size * rng.standard_normal() * (2 / k) ** 1.3), float(rng.uniform(0, 2 * np.pi)))
        for k in range(2, 10)
    )


def random_outline(rng: np.random.Generator, ragged: float) -> tuple[tuple[int, float, float], ...]:
    """Harmonics of an irregular outline, of relative size `ragged`."""
    return _warp(rng, ragged)
