"""Atrophic scars as missing depth, and their exact truth.

Legend
------
r : distance from a scar's middle relative to its own outline; 1 on the outline
missing depth : unscarred surface minus surface, in mm, of scars alone

Widths and profiles follow Jacob 2001, depths 22 MHz ultrasound (95.8 % of icepick and boxcar
scars lie within 0.2 to 0.5 mm).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.ndimage
from numpy.typing import NDArray

from scarscope.phantom.harmonics import bearing, length
from scarscope.phantom.noise import Field, Grid, smooth_noise, stream
from scarscope.phantom.recipe import ScarShape

# A pixel belongs to a scar where its missing depth exceeds both of these.
LABEL_FRACTION = 0.10
LABEL_FLOOR_MM = 0.010

# Two scars of which this share of the smaller one's pixels lie in the other cannot be told apart.
_SAME_SCAR = 0.6

# Outlines of scars this wide or wider wander by the full drift (about 0.13 mm rms).
_FULL_DRIFT_MM = 2.5

# How much shallower a boxcar's floor is at its wall than in its middle.
_DISH = 0.15

# For a fully uneven scar: how much of its form is a bowl, log spread of the run of its walls, and
# how much of the depth its floor's bumps take.
_BOWL, _WORN, _BUMPS = 0.75, 0.35, 0.34

# Log spread of the run of the wall from one side of a fully uneven scar to the other.
_SECTOR = 1.2
_MOST_SCALE = 2.2

# No wall of an uneven scar is steeper than a shoulder of skin allows.
_SHOULDER_MM = 0.15
# Walls end short of the middle, where the outline's corners would meet in a star.
_WIDEST = 0.75

# Below this area a scar has vanished (fewer pixels than any rater could see at 0.1 mm/px).
_MIN_AREA_MM2 = 0.05

TRUTH_COLUMNS = (
    "scar_id",
    "type",
    "x_px",
    "y_px",
    "width_mm",
    "length_mm",
    "area_mm2",
    "depth_um",
    "volume_mm3",
    "at_edge",
)


@dataclass(frozen=True, eq=False)
class ScarField:
    """What all scars do to a sheet.

    Attributes
    ----------
    missing : ndarray of float64
        Missing depth in mm, >= 0.
    labels : ndarray of int32
        0 or 1 + the index of the scar in the recipe.
    fade : ndarray of float64
        Factor on lines and pores, 1 outside scars.
    melanin, blood : ndarray of float64
        Extra OD.
    """

    missing: Field
    labels: NDArray[np.int32]
    fade: Field
    melanin: Field
    blood: Field


def profile(scar: ScarShape, dx: Field, dy: Field) -> Field:
    """Missing depth in mm of one scar at offsets from its middle (full depth, untreated).

    Parameters
    ----------
    scar : ScarShape
    dx, dy : ndarray, broadcastable
        Offsets in mm.
    """
    return _profile(scar, dx, dy, 1.0)


def _profile(scar: ScarShape, dx: Field, dy: Field, softness: Field | float) -> Field:
    r, radius, side = outline(scar, dx, dy)
    shape = _SHAPES[scar.kind]
    slant = scar.tilt * np.clip(side, -1, 1)
    # Where the floor is shallow the wall is gentle: a rim is never equally sharp all round.
    if scar.uneven > 0:
        # One side of a scar is undermined, the other has healed to a slope.
        phase = scar.warp[0][2] if scar.warp else 0.0
        towards = (dx * math.cos(phase) + dy * math.sin(phase)) / np.maximum(radius, 1e-6)
        sector = _SECTOR * scar.uneven * np.clip(towards, -1.2, 1.2)
        widest = max(_WIDEST * math.sqrt(scar.width_mm * scar.length_mm) / 2, _SHOULDER_MM)
        wall = np.clip(scar.wall_mm * np.exp(sector - slant) * softness, _SHOULDER_MM, widest)
    else:
        wall = np.maximum(scar.wall_mm * (1 - 1.5 * slant) * softness, 0.02)
    form = shape(_filled(scar, r), radius, wall)
    if scar.uneven > 0 and scar.kind != "rolling":
        # Scar tissue contracts to a bowl; only part of it keeps the drilled shape of the textbook.
        bowl = np.clip(1 - r * r, 0, None)
        share = _BOWL * scar.uneven
        form = (1 - share) * form + share * bowl * np.sqrt(bowl)
    for bridge in scar.bridges:
        form = form * (1 - _bridge(bridge, dx, dy))
    return np.asarray(scar.depth_mm * (1 + slant) / (1 + abs(scar.tilt)) * form)


def _filled(scar: ScarShape, r: Field) -> Field:
    # What lies on the outline stays there. 1 is left alone, to the last bit.
    return r if scar.kind != "rolling" or scar.fullness == 1 else np.asarray(r**scar.fullness)


def _bridge(bridge: tuple[float, float, float, float], dx: Field, dy: Field) -> Field:
    angle, offset, width, height = bridge
    turn = math.radians(angle)
    across = dy * math.cos(turn) - dx * math.sin(turn) - offset
    return np.asarray(height * np.exp(-((2 * across / width) ** 4)))


def outline(scar: ScarShape, dx: Field, dy: Field) -> tuple[Field, Field, Field]:
    """Relative distance r, the local radius in mm, and the position along the long axis."""
    turn = math.radians(scar.angle_deg)
    along = (dx * math.cos(turn) + dy * math.sin(turn)) / (scar.length_mm / 2)
    across = (dy * math.cos(turn) - dx * math.sin(turn)) / (scar.width_mm / 2)
    r, cosine, sine, warp = bearing(along, across, scar.warp, start=1.0)
    radius = length(cosine * scar.length_mm, sine * scar.width_mm) / 2
    return r / np.maximum(warp, 0.2), radius * warp, along


def _icepick(r: Field, radius: Field, wall: Field) -> Field:
    # A V, with a rim rounded over a fraction of the wall so that it stays sharp but not singular.
    depth = np.clip(1 - r, 0, None)
    rim = 0.35 * wall / np.maximum(radius, 1e-6)
    rounded = depth**2 / (2 * rim)
    return np.asarray(np.where(depth < rim, rounded, depth - rim / 2) / (1 - rim / 2))


def _boxcar(r: Field, radius: Field, wall: Field) -> Field:
    inside = np.clip((1 - r) * radius / wall, 0, 1)
    dish = 1 - _DISH * np.clip(r, 0, 1) ** 2
    return np.asarray(inside**2 * (3 - 2 * inside) * dish)


def _rolling(r: Field, radius: Field, wall: Field) -> Field:
    return np.asarray(np.cos(np.clip(r, 0, 1) * np.pi / 2) ** 2)


_SHAPES = {"icepick": _icepick, "boxcar": _boxcar, "rolling": _rolling}


def stamp(scars: tuple[ScarShape, ...], grid: Grid, seed: int) -> ScarField:
    """Put all scars on a sheet.

    Scars of one class merge by the deeper; icepick and boxcar scars sit inside rolling ones by
    adding to them, and so do nested scars inside any. `seed` draws the small irregularities of
    their outlines.
    """
    if not scars:
        bare = grid.zeros()
        return ScarField(bare, np.zeros(grid.shape, np.int32), 1 + bare, bare.copy(), bare.copy())
    drift, rough = _drift(grid, seed), _roughness(scars, grid, seed)
    farthest = max(float(np.abs(d).max()) for d in drift)
    depths = tuple(grid.zeros() for _ in range(3))  # rolling, sharp, nested
    owners = np.zeros((3, *grid.shape), dtype=np.int32)
    fade, melanin, blood = 1 + grid.zeros(), grid.zeros(), grid.zeros()
    for number, scar in enumerate(scars, start=1):
        ragged = min(1.0, scar.width_mm / _FULL_DRIFT_MM)
        at = grid.window(scar.x_mm, scar.y_mm, _reach(scar, ragged * farthest, grid))
        dx, dy = grid.offsets(at, scar.x_mm, scar.y_mm)
        dx, dy = dx + ragged * drift[0][at], dy + ragged * drift[1][at]
        full = rough.apply(scar, dx, dy, at)
        if full.size == 0:
            continue
        layer = 2 if scar.nested else int(scar.kind != "rolling")
        _merge(depths[layer][at], owners[layer][at], full * scar.remaining, number)
        cover = full / max(scar.depth_mm, 1e-9)
        fade[at] *= 1 - scar.smoothness * min(scar.remaining, 1.0) * np.clip(cover, 0, 1)
        tint = np.clip(1.6 * cover, 0, 1)
        melanin[at] += scar.melanin_od * tint
        blood[at] += scar.blood_od * tint
    labels = owners[0]
    for upper in owners[1:]:
        np.copyto(labels, upper, where=upper > 0)
    missing = depths[1] + depths[0]
    if any(scar.nested for scar in scars):
        missing = missing + depths[2]
    return ScarField(missing, labels, fade, melanin, blood)


def _reach(scar: ScarShape, drift_mm: float, grid: Grid) -> float:
    """How far from its middle a scar is drawn, in mm."""
    most = 0.85 * scar.length_mm + 0.2
    if grid.x.dtype == np.float64:
        return most  # A rolling scar's cosine is not quite 0 outside of it.
    warp = 1 + sum(abs(amplitude) for _, amplitude, _ in scar.warp)
    return min(most, warp * max(scar.length_mm, scar.width_mm) / 2 + drift_mm + grid.step)


@dataclass(frozen=True, eq=False)
class _Roughness:
    """Factors on walls and floors; `worn` and `bumps` act on scars by their `uneven`."""

    softness: Field
    worn: Field | None
    bumps: Field | None

    def apply(self, scar: ScarShape, dx: Field, dy: Field, at: tuple[slice, slice]) -> Field:
        if self.worn is None or self.bumps is None or scar.uneven == 0:
            return _profile(scar, dx, dy, self.softness[at])
        softness = np.sqrt(self.softness[at]) * np.exp(_WORN * scar.uneven * self.worn[at])
        full = _profile(scar, dx, dy, softness)
        # Rolling scars are tethered from below; their skin stays smooth.
        bumps = _BUMPS * scar.uneven * (0.3 if scar.kind == "rolling" else 1.0)
        full = full * (1 - bumps * np.clip(0.5 + 0.5 * self.bumps[at], 0, 1.4))
        # The deepest point is as deep as the recipe says; a scar cut by the sheet keeps its scale.
        deepest = max(float(full.max(initial=0)), 1e-9)
        return np.asarray(full * min(_MOST_SCALE, scar.depth_mm / deepest))


def _roughness(scars: tuple[ScarShape, ...], grid: Grid, seed: int) -> _Roughness:
    softness = _softness(grid, seed)
    if not any(scar.uneven > 0 for scar in scars):
        return _Roughness(softness, None, None)
    rng = stream(seed, "wear")
    worn = 0.9 * smooth_noise(rng, grid, 1.1) + 0.5 * smooth_noise(rng, grid, 0.4)
    bumps = 0.8 * smooth_noise(rng, grid, 0.45) + 0.5 * smooth_noise(rng, grid, 0.17)
    return _Roughness(softness, worn, bumps)


def _drift(grid: Grid, seed: int) -> tuple[Field, Field]:
    rng = stream(seed, "outlines")
    first, second = (
        0.13 * smooth_noise(rng, grid, 0.55) + 0.035 * smooth_noise(rng, grid, 0.18)
        for _ in range(2)
    )
    return first, second


def _softness(grid: Grid, seed: int) -> Field:
    # Walls are crisp on one side and worn on another.
    return np.asarray(np.exp(0.45 * smooth_noise(stream(seed, "walls"), grid, 0.6)))


def _merge(depth: Field, owner: NDArray[np.int32], new: Field, number: int) -> None:
    floor = max(LABEL_FLOOR_MM, LABEL_FRACTION * float(new.max()))
    belongs = (new > floor) & (new >= depth)
    overlap = np.bincount(owner[(new > floor) & (owner > 0)], minlength=1)
    if overlap.size > 1 and overlap[1:].max() > _SAME_SCAR * max((new > floor).sum(), 1):
        number = int(overlap[1:].argmax()) + 1
    owner[belongs] = number
    np.maximum(depth, new, out=depth)


def truth_table(
    missing: NDArray[np.floating],
    labels: NDArray[np.int32],
    kinds: tuple[str, ...],
    mm_per_px: float,
    *,
    keep_ids: bool = False,
) -> tuple[NDArray[np.int32], pd.DataFrame]:
    """One row a scar that can be seen, and the label image renumbered to match.

    Parameters
    ----------
    missing : ndarray, shape (h, w)
        Missing depth in mm.
    labels : ndarray of int32, shape (h, w)
        0 or 1 + the index into `kinds`.
    kinds : tuple of str
        Type of every scar of the recipe.
    mm_per_px : float
    keep_ids : bool
        Number scars by their place in `kinds`, from 1, with gaps where one cannot be seen; else
        without gaps.

    Returns
    -------
    labels : ndarray of int32
        0 is no scar, k the scar with ``scar_id == k``.
    table : DataFrame
        Columns :data:`TRUTH_COLUMNS`; the middle is weighted by depth, width and length are the
        axes of the ellipse with the region's second moments. ``at_edge`` says that the photo cuts
        the scar off, so that its figures are those of the part shown. No scar: no row, same
        columns.
    """
    counts = np.bincount(labels.ravel(), minlength=len(kinds) + 1)[1:]
    kept = np.flatnonzero(counts * mm_per_px**2 >= _MIN_AREA_MM2) + 1
    renumber = np.zeros(len(kinds) + 1, dtype=np.int32)
    renumber[kept] = kept if keep_ids else np.arange(1, kept.size + 1)
    labels = renumber[labels]
    boxes = scipy.ndimage.find_objects(labels)
    rows = [
        (new, kinds[old - 1], *_measure(missing, labels, (new, boxes[new - 1]), mm_per_px))
        for new, old in zip(renumber[kept].tolist(), kept.tolist(), strict=True)
    ]
    return labels, _typed(rows)


def _typed(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    kinds = ["int64", "str", *["float64"] * (len(TRUTH_COLUMNS) - 3), "bool"]
    values = zip(*rows, strict=True) if rows else [()] * len(TRUTH_COLUMNS)
    columns = zip(TRUTH_COLUMNS, values, kinds, strict=True)
    return pd.DataFrame({name: _column(v, kind) for name, v, kind in columns})


def _column(values: Sequence[object], kind: str) -> object:
    # numpy's columns come together several times as fast as pandas' own, which text needs.
    return pd.Series(list(values), dtype=kind) if kind == "str" else np.array(values, dtype=kind)


def _measure(
    missing: NDArray[np.floating],
    labels: NDArray[np.int32],
    place: tuple[int, tuple[slice, slice]],
    mm_per_px: float,
) -> tuple[float | bool, ...]:
    number, box = place
    rows, cols = np.nonzero(labels[box] == number)
    rows, cols = rows + box[0].start, cols + box[1].start
    depth = missing[rows, cols].astype(np.float64)
    volume = _total(depth)
    weight = depth / volume
    short, long = _axes(rows.astype(np.float64), cols.astype(np.float64))
    # The box is the smallest one.
    cut = any(side.start == 0 or side.stop == n for side, n in zip(box, labels.shape, strict=True))
    return (
        _total(cols * weight),
        _total(rows * weight),
        short * mm_per_px,
        long * mm_per_px,
        rows.size * mm_per_px**2,
        float(depth.max() * 1000),
        volume * mm_per_px**2,
        cut,
    )


def _axes(rows: Field, cols: Field) -> tuple[float, float]:
    """Short and long axis in px of the ellipse with the same second moments; pixels are squares."""
    count = rows.size
    y, x = rows - _total(rows) / count, cols - _total(cols) / count
    xx, yy, xy = (_total(v) / count for v in (x * x, y * y, x * y))
    xx, yy = xx + 1 / 12, yy + 1 / 12
    middle, apart = (xx + yy) / 2, float(np.hypot((xx - yy) / 2, xy))
    return 4 * math.sqrt(middle - apart), 4 * math.sqrt(middle + apart)


def _total(values: Field) -> float:
    # Scars are small: what np.sum() does before it sums would take longer than the sum.
    return float(np.add.reduce(values))
