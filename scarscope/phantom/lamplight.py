"""Light of lamps on a surface: what enters the skin, and what its surface throws back.

Legend
------
n : unit normal of the surface; l : unit direction to a light; v = (0, 0, 1) towards the camera
h : unit vector half-way between l and v
m : root mean square slope of unresolved facets

In double precision every lamp sample is worked out by the textbook, and its bytes stay what they
are. In single precision the same formulas are arranged for speed: what does not depend on the ray
is worked out once, and rays of one colour are summed before they are coloured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import groupby

import cv2
import numpy as np

from scarscope.phantom.noise import Field, strips
from scarscope.phantom.rays import Ray, rays
from scarscope.phantom.recipe import Light, Shine
from scarscope.phantom.surface import Shape, cut, horizons_towards

Shade = Callable[[float], Field]

_PENUMBRA = 0.06  # In tangent of elevation: one lamp sample stands for a small area.
_STEEPEST = 0.2  # Of n and v; a surface that faces away would shine without bounds.
_FACING = 1e-3  # Likewise of n and h.


def lamplight(
    shape: Shape, light: Light, shine: Shine, oil: Field, shade: Shade | None
) -> tuple[Field, Field]:
    """Irradiance that enters and radiance mirrored, each of shape (3, h, w).

    Arguments are those of :func:`scarscope.phantom.optics.radiance`.
    """
    kind = shape.height.dtype
    sums: tuple[Field, Field] = (np.zeros((3, *oil.shape), kind), np.zeros((3, *oil.shape), kind))
    if kind == np.float64:
        for ray in rays(light):
            strength = _strength(ray, shape, shade)
            for part in strips(oil.shape):
                rows = (sums[0][:, part], sums[1][:, part])
                _add_ray(ray, cut(shape, part), shine, oil[part], rows, _rows(strength, part))
    else:
        film = _film(shape, shine, oil)
        for colour, some in groupby(rays(light), key=lambda ray: ray.colour):
            for total, white in zip(sums, _white(some, shape, shine, film, shade), strict=True):
                for channel, share in zip(total, colour, strict=True):
                    channel += white * share
    return sums


def _strength(ray: Ray, shape: Shape, shade: Shade | None, *, power: float = 1.0) -> Field | float:
    """What distance and shadows of hair leave of a lamp sample's light."""
    fall = _falloff(ray, shape, power)
    return fall if shade is None else np.asarray(fall * shade(_azimuth(ray)))


def _rows(strength: Field | float, part: slice) -> Field | float:
    return strength[part] if isinstance(strength, np.ndarray) else strength


def _add_ray(
    ray: Ray,
    shape: Shape,
    shine: Shine,
    oil: Field,
    sums: tuple[Field, Field],
    strength: Field | float,
) -> None:
    """By the textbook."""
    entering, specular = sums
    lx, ly, lz = ray.direction
    nx, ny, nz = shape.normal
    cosine = np.clip(nx * lx + ny * ly + nz * lz, 0, None)
    elevation = _elevation(ray)
    (before, near), (after, beyond) = horizons_towards(shape, _azimuth(ray))
    towards = before * near + after * beyond
    lit = np.clip((elevation - towards) / (_PENUMBRA * (1 + elevation**2)) + 0.5, 0, 1)
    flux = ray.power * lit * strength
    colour = np.asarray(ray.colour, dtype=cosine.dtype)[:, None, None]
    # Less enters at a grazing angle (Schlick); 1 at normal incidence by the albedo's definition.
    grazing = (1 - cosine) ** 2
    entry = 1 - grazing * grazing * (1 - cosine)
    entering += colour * (flux * cosine * entry)
    specular += colour * (flux * _gloss(ray, shape, shine, oil))


def _azimuth(ray: Ray) -> float:
    return math.atan2(ray.direction[1], ray.direction[0])


def _elevation(ray: Ray) -> float:
    """Tangent."""
    lx, ly, lz = ray.direction
    return lz / max(float(np.hypot(lx, ly)), 1e-6)


def _falloff(ray: Ray, shape: Shape, power: float) -> Field | float:
    if not np.isfinite(ray.distance_mm):
        return power
    rows, cols = shape.height.shape
    kind = shape.height.dtype
    x = ((np.arange(cols) - (cols - 1) / 2)[None, :] * shape.mm_per_px).astype(kind, copy=False)
    y = ((np.arange(rows) - (rows - 1) / 2)[:, None] * shape.mm_per_px).astype(kind, copy=False)
    sx, sy, sz = (ray.distance_mm * d for d in ray.direction)
    return np.asarray(power * ray.distance_mm**2 / ((sx - x) ** 2 + (sy - y) ** 2 + sz**2))


def _gloss(ray: Ray, shape: Shape, shine: Shine, oil: Field) -> Field:
    lx, ly, lz = ray.direction
    size = _size(ray)
    hx, hy, hz = lx / size, ly / size, (lz + 1) / size
    nx, ny, nz = shape.normal
    facing = np.clip(nx * hx + ny * hy + nz * hz, _FACING, 1)
    dry, film = _beckmann(facing, shine.roughness), _beckmann(facing, shine.oil_roughness)
    lobe = (1 - oil) * dry + oil * film
    toward = np.clip(nx * lx + ny * ly + nz * lz, 0, None)
    visible = np.minimum(1, 2 * facing * np.minimum(nz, toward) / hz)
    # pi: the units are those of a white card; 4 nz: projected area (Torrance-Sparrow).
    return np.asarray(
        np.pi * lobe * _fresnel(shine, hz) * visible / (4 * np.maximum(nz, _STEEPEST))
    )


def _size(ray: Ray) -> float:
    """Of l + v, which points along h."""
    lx, ly, lz = ray.direction
    return math.sqrt(lx**2 + ly**2 + (lz + 1) ** 2)


def _fresnel(shine: Shine, hz: float) -> float:
    return shine.f0 + (1 - shine.f0) * (1 - hz) ** 5


def _beckmann(facing: Field, m: float) -> Field:
    square = facing**2
    return np.asarray(np.exp(-(1 - square) / (square * m**2)) / (math.pi * m**2 * square**2))


def _film(shape: Shape, shine: Shine, oil: Field) -> list[tuple[float, Field]]:
    """Roughness and weight of dry skin and of oil: all of :func:`_gloss` that no ray changes."""
    below = 4 * np.clip(shape.normal[2], _STEEPEST, 1)
    film = [(shine.roughness, (1 - oil) / (below * shine.roughness**2))]
    if oil.any():
        film.append((shine.oil_roughness, oil / (below * shine.oil_roughness**2)))
    return film


def _white(
    some: Iterable[Ray],
    shape: Shape,
    shine: Shine,
    film: list[tuple[float, Field]],
    shade: Shade | None,
) -> tuple[Field, Field]:
    """What enters and what is mirrored of rays of one colour, before they are coloured."""
    entering, mirrored = np.zeros_like(shape.height), np.zeros_like(shape.height)
    for ray in some:
        strength = _strength(ray, shape, shade, power=ray.power)
        for part in strips(shape.height.shape):
            here, lobes = cut(shape, part), [(m, weight[part]) for m, weight in film]
            _add_white(
                ray, here, shine, lobes, (entering[part], mirrored[part]), _rows(strength, part)
            )
    return entering, mirrored


def _add_white(
    ray: Ray,
    shape: Shape,
    shine: Shine,
    lobes: list[tuple[float, Field]],
    sums: tuple[Field, Field],
    strength: Field | float,
) -> None:
    """As :func:`_add_ray`, in place and with what is common taken out."""
    entering, mirrored = sums
    (lx, ly, lz), (nx, ny, nz), size = ray.direction, shape.normal, _size(ray)
    cosine = _blend(nx, lx, ny, ly, 0)
    cosine = _blend(cosine, 1, nz, lz, 0)
    facing = _blend(cosine, 1 / size, nz, 1 / size, 0)
    np.clip(facing, _FACING, 1, out=facing)
    np.clip(cosine, 0, 1, out=cosine)
    flux = _lit(ray, shape)
    flux *= strength
    hz = (lz + 1) / size
    gloss = _lobes(facing, lobes)
    visible = np.minimum(nz, cosine)
    cv2.multiply(visible, facing, dst=visible, scale=2 / hz)
    gloss *= np.clip(visible, 0, 1, out=visible)
    mirrored += cv2.multiply(gloss, flux, dst=gloss, scale=_fresnel(shine, hz))
    grazing = np.subtract(1, cosine, out=facing)
    entry = np.square(grazing, out=visible)
    entry *= entry
    entry *= grazing
    flux *= cosine
    entering += np.multiply(flux, np.subtract(1, entry, out=entry), out=flux)


def _lit(ray: Ray, shape: Shape) -> Field:
    elevation = _elevation(ray)
    steep = 1 / (_PENUMBRA * (1 + elevation**2))
    (before, near), (after, beyond) = horizons_towards(shape, _azimuth(ray))
    lit = _blend(near, -before * steep, beyond, -after * steep, elevation * steep + 0.5)
    return np.clip(lit, 0, 1, out=lit)


def _blend(first: Field, share: float, second: Field, other: float, more: float) -> Field:
    """A weighted sum in one pass."""
    blended: Field = cv2.addWeighted(first, share, second, other, more)  # type: ignore[assignment]
    return blended


def _lobes(facing: Field, lobes: list[tuple[float, Field]]) -> Field:
    """Sum of Beckmann's distributions, by the squared secant of n and h."""
    secant = np.square(facing)
    np.divide(1, secant, out=secant)
    flat, total = 1 - secant, np.zeros_like(facing)
    for m, weight in lobes:
        lobe: Field = cv2.exp(flat * (1 / m**2))  # type: ignore[assignment]
        lobe *= weight
        total += lobe
    total *= np.square(secant, out=secant)
    return total
