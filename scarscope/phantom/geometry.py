"""Relief of unscarred skin: curvature, swell, lines, pores, wrinkles, and raised lesions.

All heights in mm, up towards the camera. Sizes: lines 20 to 60 um deep between cells of 0.3 to
0.8 mm; pores from 0.2 mm (visible from 0.25 mm, Flament 2015); a nasolabial wrinkle of grade 1 is
under 0.2 mm deep (Bibb, Medical Modelling).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from scarscope.phantom.harmonics import bearing
from scarscope.phantom.noise import Field, Grid, polygons, smooth_noise, stream
from scarscope.phantom.recipe import Mark, Skin, Surface
from scarscope.phantom.stamping import Stamps, stamps

_BATCH = 2000  # Pores drawn at a time; bounds memory.
# Mean distance of crests along a line through Gaussian noise, in sigmas of its kernel (Rice 1944).
_WAVE_PER_SIGMA = 2 * math.pi * math.sqrt(2 / 3)
_TAUT = 0.8  # Share of its lines that a hypertrophic scar has lost.


@dataclass(frozen=True, eq=False)
class Relief:
    """Parts of the unscarred surface.

    Attributes
    ----------
    form : ndarray
        Curvature, swell and wrinkles: what a scar's edge does not interrupt.
    texture : ndarray
        Lines, pores and grain: what scar tissue loses.
    plugs : ndarray
        0 to 1, how far a pixel is the dark content of a pore.
    raised : ndarray
        Height of papules and naevi.
    """

    form: Field
    texture: Field
    plugs: Field
    raised: Field


def relief(skin: Skin, grid: Grid) -> Relief:
    """The surface of `skin` without its scars, on `grid`."""
    surface = skin.surface
    pores, plugs = _pores(surface, grid, skin.seed)
    texture = _lines(surface, grid, skin.seed) + _grain(surface, grid, skin.seed) + pores
    raised = grid.zeros()
    for mark in skin.marks:
        if mark.height_mm != 0:
            at, cover = mark_cover(mark, grid)
            raised[at] += mark.height_mm * cover
            if mark.kind == "hypertrophic":
                texture[at] *= 1 - _TAUT * cover
    if skin.shine.sweat_per_cm2 > 0:
        texture = texture + sweat_beads(skin, grid)
    form = _form(surface, grid, skin.seed) + _wrinkles(surface, grid, skin.seed)
    return Relief(form, texture, plugs, raised)


def _form(surface: Surface, grid: Grid, seed: int) -> Field:
    bowl = (grid.x**2 / (2 * surface.radius_x_mm))[None, :]
    bowl = bowl + (grid.y**2 / (2 * surface.radius_y_mm))[:, None]
    rng = stream(seed, "swell")
    # Fat pads and muscle: waves several times longer than the widest rolling scar.
    broad = smooth_noise(rng, grid, 9.0) + 0.2 * smooth_noise(rng, grid, 4.5)
    form = np.asarray(surface.swell_mm * broad - bowl)
    return form + _waves(surface, grid, seed) if surface.wave_mm > 0 else form


def _waves(surface: Surface, grid: Grid, seed: int) -> Field:
    rng = stream(seed, "waves")
    return surface.wave_mm * smooth_noise(rng, grid, surface.wave_length_mm / _WAVE_PER_SIGMA)


def _lines(surface: Surface, grid: Grid, seed: int) -> Field:
    rng = stream(seed, "lines")
    drift = [0.35 * smooth_noise(rng, grid, 0.9 * surface.cell_mm) for _ in range(2)]
    coarse = _network(surface, grid, rng, drift, surface.cell_mm)
    fine = _network(surface, grid, rng, drift, 0.5 * surface.cell_mm)
    patchy = np.clip(1 + 0.3 * smooth_noise(rng, grid, 3.0), 0.3, 1.8)
    return np.asarray(-surface.line_depth_mm * patchy * (0.75 * coarse + 0.35 * fine))


def _network(
    surface: Surface, grid: Grid, rng: np.random.Generator, drift: list[Field], cell: float
) -> Field:
    turn = math.radians(surface.angle_deg)
    across = (grid.x * math.cos(turn))[None, :] + (grid.y * math.sin(turn))[:, None]
    along = (grid.y * math.cos(turn))[:, None] - (grid.x * math.sin(turn))[None, :]
    longer = math.sqrt(surface.stretch)
    u = across / (cell / longer) + drift[0]
    v = along / (cell * longer) + drift[1]
    distance, strength = polygons(rng, u, v)
    groove = np.exp(-((distance * cell / surface.line_width_mm) ** 2))
    # Between lines the skin bulges a little; the bulge is what catches the light.
    return np.asarray((0.35 + 0.65 * strength) * groove + 0.5 * np.clip(0.5 - distance, 0, 1))


def _grain(surface: Surface, grid: Grid, seed: int) -> Field:
    rng = stream(seed, "grain")
    white = rng.standard_normal(grid.shape).astype(grid.x.dtype, copy=False)
    sigma = 0.05 / grid.step
    if sigma < 0.35:
        return np.asarray(surface.rough_mm * 0.4 * white)
    blurred = cv2.GaussianBlur(white, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(surface.rough_mm * 2 * math.sqrt(math.pi) * sigma * blurred)


def _pores(surface: Surface, grid: Grid, seed: int) -> tuple[Field, Field]:
    rng = stream(seed, "pores")
    width, height = grid.extent_mm
    count = int(rng.poisson(surface.pore_per_cm2 * width * height / 100))
    place = rng.uniform(-0.5, 0.5, (count, 2)) * (width, height)
    size = surface.pore_width_mm * np.exp(0.28 * rng.standard_normal(count))
    depth = surface.pore_depth_mm * (size / surface.pore_width_mm) * rng.uniform(0.4, 1.3, count)
    plug = rng.random(count) ** 2
    turn = np.radians(surface.angle_deg) + 0.4 * rng.standard_normal(count)
    both = np.zeros((2, *grid.shape), dtype=grid.x.dtype)  # Lowest heights, and plugs below zero.
    for first in range(0, count, _BATCH):
        some = slice(first, first + _BATCH)
        spots = stamps(grid, place[some], 1.3 * size[some])
        pits = _pits(spots, size[some], turn[some])
        forms = np.empty((pits.shape[0], 2, *pits.shape[1:]), dtype=pits.dtype)
        forms[:, 0] = _column(-depth[some], grid) * np.exp(-1.5 * np.sqrt(pits * np.sqrt(pits)))
        forms[:, 1] = _column(-plug[some], grid) * np.exp(-2.5 * pits)
        spots.merge(np.minimum, both, forms)
    return both[0], np.negative(both[1], out=both[1])


def _column(values: Field, grid: Grid) -> Field:
    return values.astype(grid.x.dtype, copy=False)[:, None, None]


def _pits(spots: Stamps, size: Field, turn: Field) -> Field:
    """Squared distance from the middle of every pore, 1 at its edge."""
    t, w = (v.astype(spots.dx.dtype, copy=False)[:, None, None] for v in (turn, size))
    a = spots.dx * np.cos(t) + spots.dy * np.sin(t)
    b = spots.dy * np.cos(t) - spots.dx * np.sin(t)
    return np.asarray((a / (0.5 * w)) ** 2 + (b / (0.64 * w)) ** 2)


def _wrinkles(surface: Surface, grid: Grid, seed: int) -> Field:
    rng = stream(seed, "wrinkles")
    total = grid.zeros()
    turn = np.radians(surface.angle_deg)
    for _ in range(surface.wrinkles):
        t = float(turn + 0.25 * rng.standard_normal())
        middle = (rng.uniform(-0.4, 0.4, 2) * grid.extent_mm).tolist()
        length, width = float(rng.uniform(4, 14)), float(rng.uniform(0.15, 0.45))
        curve, share = float(rng.normal(0, 0.012)), float(rng.uniform(0.5, 1.3))
        dx, dy = grid.x[None, :] - middle[0], grid.y[:, None] - middle[1]
        along, across = dx * math.cos(t) + dy * math.sin(t), dy * math.cos(t) - dx * math.sin(t)
        bend = across - curve * along**2 - 0.15 * np.sin(along / 1.7)
        depth = surface.wrinkle_depth_mm * share
        ends = (along / length) ** 2
        # The floor keeps exp() from numbers too small to be computed fast.
        total -= depth * np.exp(np.maximum(-((bend / width) ** 2) - ends * ends, -40))
    return total


def mark_cover(mark: Mark, grid: Grid) -> tuple[tuple[slice, slice], Field]:
    """Where a mark lies, and how fully, 0 to 1: a plateau with an edge, or a dome if raised."""
    reach = 1.3 * mark.width_mm * max(mark.aspect, 1.0)
    at = grid.window(mark.x_mm, mark.y_mm, reach)
    dx, dy = grid.offsets(at, mark.x_mm, mark.y_mm)
    turn = math.radians(mark.angle_deg)
    along = (dx * math.cos(turn) + dy * math.sin(turn)) / (mark.width_mm / 2 * mark.aspect)
    across = (dy * math.cos(turn) - dx * math.sin(turn)) / (mark.width_mm / 2)
    r, _, _, waves = bearing(along, across, mark.warp)
    r = r / np.maximum(1 + waves, 0.3)
    if mark.kind == "hypertrophic":
        return at, _plateau(r)
    if mark.height_mm != 0:
        return at, np.clip(1 - r**2, 0, None) ** 1.5
    inside = np.clip((1 + mark.edge / 2 - r) / mark.edge, 0, 1)
    return at, inside**2 * (3 - 2 * inside)


def _plateau(r: Field) -> Field:
    # Firm and flat on top, with flanks that fall off over the outer half.
    rise = np.clip((1 - r) / 0.55, 0, 1)
    return np.asarray(rise**2 * (3 - 2 * rise))


def sweat_beads(skin: Skin, grid: Grid) -> Field:
    """Height of drops in mm: caps 0.15 to 0.6 mm wide and a quarter as high."""
    rng = stream(skin.seed, "sweat")
    width, height = grid.extent_mm
    count = int(rng.poisson(skin.shine.sweat_per_cm2 * width * height / 100))
    place = rng.uniform(-0.5, 0.5, (count, 2)) * (width, height)
    radius = 0.5 * np.exp(rng.uniform(math.log(0.15), math.log(0.60), count))
    total = grid.zeros()
    for first in range(0, count, _BATCH):
        some = slice(first, first + _BATCH)
        spots = stamps(grid, place[some], 1.1 * radius[some])
        size = _column(radius[some], grid)
        cap = np.clip(1 - (spots.dx**2 + spots.dy**2) / size**2, 0, None)
        spots.merge(np.maximum, total, 0.5 * size * np.sqrt(cap))
    return total
