"""Lamps as Mitsuba emitters: flat panels of a stated size, place and colour, and the room.

Angles are those of the direction to a lamp: `zenith` from the camera's axis, `azimuth` from x (to
the right) towards y (up). The skin's middle is the origin, the camera looks down from +z.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .sheet import dice
from .shot import Shot

Colour = tuple[float, float, float]
WHITE: Colour = (1.0, 1.0, 1.0)
_DAYLIGHT: Colour = (0.92, 0.99, 1.10)
_LAMPLIGHT: Colour = (1.18, 0.97, 0.78)


@dataclass(frozen=True)
class Panel:
    """An evenly bright rectangle that faces the skin.

    Attributes
    ----------
    zenith_deg, azimuth_deg, distance_mm : float
        Where its middle is.
    width_mm, height_mm : float
    power : float
        Irradiance that it alone gives a surface in the middle that faces it.
    colour : tuple of float
        Linear RGB.
    """

    zenith_deg: float
    azimuth_deg: float
    distance_mm: float
    width_mm: float
    height_mm: float
    power: float = 1.0
    colour: Colour = WHITE

    @property
    def place(self) -> tuple[float, float, float]:
        """Its middle, in mm."""
        sin, cos = np.sin(np.radians(self.zenith_deg)), np.cos(np.radians(self.zenith_deg))
        turn = np.radians(self.azimuth_deg)
        d = self.distance_mm
        return (float(d * sin * np.cos(turn)), float(d * sin * np.sin(turn)), float(d * cos))


@dataclass(frozen=True)
class Lighting:
    """Panels, and the irradiance of a room that shines evenly from everywhere."""

    panels: tuple[Panel, ...]
    room: float
    room_colour: Colour = WHITE


def set_up(shot: Shot) -> Lighting:
    """The lamps of one photo."""
    return _SET_UP[shot.light](dice(shot.seed, "lamps"), shot)


def _ring(rng: np.random.Generator, shot: Shot) -> Lighting:
    """Eight panels round the lens make a ring flash."""
    radius, near = rng.uniform(32, 48), shot.distance_mm - rng.uniform(0, 15)
    chord = 2 * radius * np.tan(np.pi / 8)
    zenith, far = np.degrees(np.arctan2(radius, near)), float(np.hypot(radius, near))
    panels = tuple(
        Panel(zenith, 45.0 * k, far, rng.uniform(10, 11), chord, 1 / 8) for k in range(8)
    )
    return Lighting(panels, rng.uniform(0.01, 0.06), _LAMPLIGHT)


def _offaxis(rng: np.random.Generator, shot: Shot) -> Lighting:
    """One flash beside the camera."""
    flash = Panel(rng.uniform(30, 45), rng.uniform(0, 360), rng.uniform(450, 900), 45.0, 75.0)
    return Lighting((flash,), rng.uniform(0.03, 0.12), _LAMPLIGHT)


def _twin(rng: np.random.Generator, shot: Shot) -> Lighting:
    """Two softboxes left and right, one a little stronger."""
    share, turn = rng.uniform(0.38, 0.62), rng.normal(0, 8)
    sides = ((0.0, share), (180.0, 1 - share))
    panels = tuple(
        Panel(rng.uniform(35, 52), turn + side, rng.uniform(800, 1100), 400.0, 600.0, power)
        for side, power in sides
    )
    return Lighting(panels, rng.uniform(0.03, 0.10))


def _raking(rng: np.random.Generator, shot: Shot) -> Lighting:
    """A narrow lamp that grazes the skin."""
    lamp = Panel(rng.uniform(60, 70), rng.uniform(0, 360), rng.uniform(450, 800), 40.0, 120.0)
    return Lighting((lamp,), rng.uniform(0.03, 0.10))


def _window(rng: np.random.Generator, shot: Shot) -> Lighting:
    """Daylight through a window from one side, and what the room returns."""
    azimuth = rng.choice([0.0, 180.0]) + rng.normal(0, 25)
    window = Panel(
        rng.uniform(40, 66), azimuth, rng.uniform(1200, 2200), 900.0, 1400.0, 1.0, _DAYLIGHT
    )
    return Lighting((window,), rng.uniform(0.15, 0.40), _LAMPLIGHT)


_SET_UP: dict[str, Callable[[np.random.Generator, Shot], Lighting]] = {
    "ring": _ring,
    "offaxis": _offaxis,
    "twin": _twin,
    "raking": _raking,
    "window": _window,
}
