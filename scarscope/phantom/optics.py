"""What leaves the skin: irradiance with shadow and occlusion, scatter, and surface reflection.

Legend
------
n : unit normal of the surface; l : unit direction to a light; v = (0, 0, 1) towards the camera
m : root mean square slope of unresolved facets

Radiance is in units of a white card that faces the camera: flat skin gives its reflectance.
Surfaces are seen straight from above (no perspective within a patch).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from scarscope.phantom.noise import Field, strips
from scarscope.phantom.recipe import Lamp, Light, Shine
from scarscope.phantom.surface import Shape, cut, horizon_towards

_SEEN_MM = 0.8  # Half the side of the surroundings that a pit's walls see.
_PENUMBRA = 0.06  # In tangent of elevation: one lamp sample stands for a small area.

# Sum of Gaussians of light skin, three layers (d'Eon and Luebke, GPU Gems 3, ch. 14): variances
# in mm2 and weights of R, G and B. Weights sum to 1 per channel.
SCATTER_VARIANCES = np.array([0.0064, 0.0484, 0.187, 0.567, 1.99, 7.41])
SCATTER_WEIGHTS = np.array(
    [
        [0.233, 0.100, 0.118, 0.113, 0.358, 0.078],
        [0.455, 0.336, 0.198, 0.007, 0.004, 0.0],
        [0.649, 0.344, 0.0, 0.007, 0.0, 0.0],
    ]
)


@dataclass(frozen=True)
class Ray:
    """One point of a lamp: unit direction to it, its share of power, colour and distance."""

    direction: tuple[float, float, float]
    power: float
    colour: tuple[float, float, float]
    distance_mm: float


def rays(light: Light) -> tuple[Ray, ...]:
    """Point samples of all lamps; a plane that faces the camera receives irradiance 1."""
    direct = 1 - light.ambient
    total, white = sum(lamp.power for lamp in light.lamps), _balance(light)
    return tuple(
        ray for lamp in light.lamps for ray in _lamp_rays(lamp, direct / total, lamp.colour / white)
    )


def _balance(light: Light) -> Field:
    """Colour of the light on a plane that faces the camera, which a grey card would measure."""
    total = sum(lamp.power for lamp in light.lamps)
    direct = sum(np.asarray(lamp.colour) * lamp.power for lamp in light.lamps) / total
    return np.asarray(
        (1 - light.ambient) * direct + light.ambient * np.asarray(light.ambient_colour)
    )


def _lamp_rays(lamp: Lamp, share: float, colour: Field) -> list[Ray]:
    directions = [d for d in _lamp_directions(lamp) if d[2] > 0.05]
    red, green, blue = colour.tolist()
    # The samples' radiances are equal, so that each one's irradiance goes with its cosine.
    scale = lamp.power * share / sum(d[2] for d in directions)
    return [Ray(d, scale, (red, green, blue), lamp.distance_mm) for d in directions]


def _lamp_directions(lamp: Lamp) -> list[tuple[float, float, float]]:
    if lamp.shape == "ring":
        rims: list[tuple[int, float]] = [(8, 1.0)]
    else:
        rims = [(1, 0.0), (6, 0.72)] if lamp.spread_deg > 2 else [(1, 0.0)]
    middle = _turn(lamp.zenith_deg, lamp.azimuth_deg)
    return [
        _normalise(middle @ _tangent(np.radians(lamp.spread_deg) * part, 2 * np.pi * (i + 0.5) / n))
        for n, part in rims
        for i in range(n)
    ]


def _turn(zenith_deg: float, azimuth_deg: float) -> Field:
    t, p = np.radians(zenith_deg), np.radians(azimuth_deg)
    tilt = np.array([[np.cos(t), 0, np.sin(t)], [0, 1, 0], [-np.sin(t), 0, np.cos(t)]])
    spin = np.array([[np.cos(p), -np.sin(p), 0], [np.sin(p), np.cos(p), 0], [0, 0, 1]])
    return np.asarray(spin @ tilt)


def _tangent(radius: float, angle: float) -> Field:
    return np.array([np.tan(radius) * np.cos(angle), np.tan(radius) * np.sin(angle), 1.0])


def _normalise(v: Field) -> tuple[float, float, float]:
    x, y, z = (v / np.linalg.norm(v)).tolist()
    return x, y, z


def scatter(light: Field, mm_per_px: float, *, width: float = 1.0) -> Field:
    """Blur irradiance inside the skin, red most.

    Parameters
    ----------
    light : ndarray, shape (3, h, w)
        What enters, per channel.
    mm_per_px : float
    width : float
        Factor on the distances; 1 is d'Eon's light skin.

    Returns
    -------
    ndarray, same shape
        A flat field stays as it is.
    """
    # Mirrored surroundings: the circular transform then neither loses light nor brings far light
    # in but for the last percent of red, whose widest Gaussian reaches on.
    pad = int(3 * np.sqrt(SCATTER_VARIANCES[-2]) * width / mm_per_px) + 1
    height, across = light.shape[1:]
    shape = tuple(scipy.fft.next_fast_len(n + 2 * pad, real=True) for n in (height, across))
    after = (shape[0] - height - pad, shape[1] - across - pad)
    padded = np.pad(light, ((0, 0), (pad, after[0]), (pad, after[1])), mode="symmetric")
    fy = np.fft.fftfreq(shape[0], mm_per_px)[:, None].astype(light.dtype, copy=False)
    fx = np.fft.rfftfreq(shape[1], mm_per_px)[None, :].astype(light.dtype, copy=False)
    out = np.empty_like(light)
    rows, cols = slice(pad, pad + light.shape[1]), slice(pad, pad + light.shape[2])
    for channel in range(3):
        spectrum = scipy.fft.rfft2(padded[channel], s=shape)
        spectrum = spectrum * _transfer(fx, fy, channel, width)
        out[channel] = scipy.fft.irfft2(spectrum, s=shape)[rows, cols]
    return out


def _transfer(
    fx: NDArray[np.floating], fy: NDArray[np.floating], channel: int, width: float
) -> Field:
    total = np.zeros((fy.shape[0], fx.shape[1]), dtype=fx.dtype)
    weights = SCATTER_WEIGHTS[channel].tolist()
    for variance, weight in zip(SCATTER_VARIANCES.tolist(), weights, strict=True):
        if weight > 0:
            decay = -2 * np.pi**2 * variance * width**2
            total += weight * np.exp(decay * fy**2) * np.exp(decay * fx**2)
    return total


def radiance(
    shape: Shape,
    albedo: Field,
    light: Light,
    shine: Shine,
    oil: Field,
    *,
    width: float = 1.0,
    bounces: int = 1,
    shade: Callable[[float], Field] | None = None,
) -> tuple[Field, Field]:
    """Diffuse and specular light towards the camera.

    Parameters
    ----------
    shape : Shape
    albedo : ndarray, shape (3, h, w)
        Diffuse reflectance.
    light : Light
    shine : Shine
    oil : ndarray, shape (h, w)
        Share of oil film per pixel, 0 to 1.
    width : float
        Factor on scattering distances.
    bounces : int
        Reflections from wall to wall; above 1 a pit takes the light of its own surroundings.
    shade : callable, optional
        Given the azimuth of a lamp in radians, the share of its light that reaches each pixel.

    Returns
    -------
    diffuse, specular : ndarray, shape (3, h, w)
    """
    entering, specular = np.zeros_like(albedo), np.zeros_like(albedo)
    for ray in rays(light):
        shadow = None if shade is None else shade(math.atan2(ray.direction[1], ray.direction[0]))
        fall = _falloff(ray, shape)
        for part in strips(shape.height.shape):
            lit = fall[part] if isinstance(fall, np.ndarray) else fall
            lit = lit if shadow is None else lit * shadow[part]
            sums = (entering[:, part], specular[:, part])
            _add_ray(ray, cut(shape, part), shine, oil[part], sums, lit)
    room = (np.asarray(light.ambient_colour) * light.ambient)[:, None, None]
    room = (room / _balance(light)[:, None, None]).astype(albedo.dtype, copy=False)
    entering += room * shape.openness
    specular += room * shape.openness * shine.f0
    # What walls throw back into a pit: light of the surroundings times what the pit sees of them.
    entering += _bounced(shape, albedo, entering, bounces)
    inside = np.sqrt(albedo)
    diffuse = inside * scatter(inside * entering, shape.mm_per_px, width=width)
    return diffuse, shine.polarised * specular


def _bounced(shape: Shape, albedo: Field, entering: Field, bounces: int) -> Field:
    closed = 1 - shape.openness
    if bounces == 1:
        return np.asarray(closed * albedo * np.mean(entering, axis=(1, 2), keepdims=True))
    share = closed * albedo
    side = 2 * round(_SEEN_MM / shape.mm_per_px) + 1
    around = np.stack([cv2.blur(e, (side, side), borderType=cv2.BORDER_REFLECT) for e in entering])
    total = share
    for _ in range(bounces - 1):
        total = share * (1 + total)
    return np.asarray(total * around)


def _add_ray(
    ray: Ray,
    shape: Shape,
    shine: Shine,
    oil: Field,
    sums: tuple[Field, Field],
    strength: Field | float,
) -> None:
    entering, specular = sums
    cosine = _towards(shape.normal, ray.direction)
    np.maximum(cosine, 0, out=cosine)
    flux = _lit(ray, shape)
    flux *= ray.power
    flux *= strength
    gloss = _gloss(ray, shape, shine, oil, cosine)
    gloss *= flux
    # Less enters at a grazing angle (Schlick); 1 at normal incidence by the albedo's definition.
    grazing = 1 - cosine
    entry = np.square(grazing)
    entry *= entry
    entry *= grazing
    np.subtract(1, entry, out=entry)
    flux *= cosine
    flux *= entry
    for channel, share in enumerate(ray.colour):
        entering[channel] += np.multiply(flux, share, out=entry)
        specular[channel] += np.multiply(gloss, share, out=entry)


def _towards(normal: Field, direction: tuple[float, float, float]) -> Field:
    """Cosine of the angle between a surface and a direction."""
    total = normal[0] * direction[0]
    more = normal[1] * direction[1]
    total += more
    total += np.multiply(normal[2], direction[2], out=more)
    return np.asarray(total)


def _lit(ray: Ray, shape: Shape) -> Field:
    """Share of a lamp sample that stands above the horizon, 0 to 1."""
    lx, ly, lz = ray.direction
    elevation = lz / max(float(np.hypot(lx, ly)), 1e-6)
    lit = horizon_towards(shape, float(np.arctan2(ly, lx)))
    np.subtract(elevation, lit, out=lit)
    lit /= _PENUMBRA * (1 + elevation**2)
    lit += 0.5
    return np.clip(lit, 0, 1, out=lit)


def _falloff(ray: Ray, shape: Shape) -> Field | float:
    if not np.isfinite(ray.distance_mm):
        return 1.0
    rows, cols = shape.height.shape
    kind = shape.height.dtype
    x = ((np.arange(cols) - (cols - 1) / 2)[None, :] * shape.mm_per_px).astype(kind, copy=False)
    y = ((np.arange(rows) - (rows - 1) / 2)[:, None] * shape.mm_per_px).astype(kind, copy=False)
    sx, sy, sz = (ray.distance_mm * d for d in ray.direction)
    return np.asarray(ray.distance_mm**2 / ((sx - x) ** 2 + (sy - y) ** 2 + sz**2))


def _gloss(ray: Ray, shape: Shape, shine: Shine, oil: Field, toward: Field) -> Field:
    lx, ly, lz = ray.direction
    size = math.sqrt(lx**2 + ly**2 + (lz + 1) ** 2)
    hx, hy, hz = lx / size, ly / size, (lz + 1) / size
    nz = shape.normal[2]
    facing = _towards(shape.normal, (hx, hy, hz))
    np.clip(facing, 1e-3, 1, out=facing)
    fresnel = shine.f0 + (1 - shine.f0) * (1 - hz) ** 5
    square = np.square(facing)
    lobe = _beckmann(square, shine.roughness)
    lobe *= 1 - oil
    film = _beckmann(square, shine.oil_roughness)
    film *= oil
    lobe += film
    # pi: the units are those of a white card; 4 nz: projected area (Torrance-Sparrow).
    lobe *= np.pi
    lobe *= fresnel
    visible = np.minimum(nz, toward, out=film)
    facing *= 2
    visible *= facing
    visible /= hz
    lobe *= np.minimum(1, visible, out=visible)
    below = np.maximum(nz, 0.2, out=facing)
    below *= 4
    lobe /= below
    return lobe


def _beckmann(square: Field, m: float) -> Field:
    """Of the squared cosine between a facet and the surface."""
    steep = 1 - square
    below = square * m**2
    steep /= below
    np.negative(steep, out=steep)
    np.exp(steep, out=steep)
    np.square(square, out=below)
    below *= math.pi * m**2
    steep /= below
    return np.asarray(steep)
