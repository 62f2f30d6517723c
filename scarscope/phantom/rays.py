"""Lamps as points: directions, power and colour of the light that they send."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scarscope.phantom.noise import Field
from scarscope.phantom.recipe import Lamp, Light


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
    total, white = sum(lamp.power for lamp in light.lamps), balance(light)
    return tuple(
        ray for lamp in light.lamps for ray in _lamp_rays(lamp, direct / total, lamp.colour / white)
    )


def balance(light: Light) -> Field:
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
