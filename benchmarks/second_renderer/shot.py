"""What a photo of the set shows, drawn from its seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from .sheet import dice

# The names under which the phantom's photos are reported, so that figures stand side by side.
LightName = Literal["ring", "offaxis", "twin", "raking", "window"]
Subject = Literal["scars", "clean", "freckles", "naevi", "papules", "marks", "wrinkles", "hair"]
Scarring = Literal["many", "few", "none"]
LIGHTS: tuple[LightName, ...] = get_args(LightName)
SCAR_FREE: tuple[Subject, ...] = get_args(Subject)[1:]


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What a picture may cost.

    Attributes
    ----------
    step_mm : float
        Distance of the points of the surface. Skin lines of 0.1 mm need 0.04 or less.
    diffuse_rays, specular_rays : int
        Paths a pixel: scatter in the skin evens the noise of the first, not that of the second.
    bounces : int
        Times that light may strike the skin.
    view_mm : float
        Side of the piece of skin in the photo.
    """

    step_mm: float = 0.035
    diffuse_rays: int = 16
    specular_rays: int = 24
    bounces: int = 2
    view_mm: float = 36.0


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One photo: who, under which light, from how far.

    Attributes
    ----------
    seed : int
    light : str
    ita_deg : float
        Tone of the diffuse colour.
    subject : str
        ``"scars"``, or what scar-free skin has instead.
    mm_per_px : float
        At the point of the skin on the camera's axis.
    distance_mm : float
        From there to the camera.
    tilt_deg : tuple of float
        By which the skin in the middle leans right and up, away from the camera.
    scars_per_cm2 : float
        Asked for; 0: few, see :mod:`benchmarks.second_renderer.pits`.
    """

    seed: int
    light: LightName
    ita_deg: float
    subject: Subject = "scars"
    mm_per_px: float = 0.06
    distance_mm: float = 420.0
    tilt_deg: tuple[float, float] = (0.0, 0.0)
    scars_per_cm2: float = 0.0

    @property
    def scarring(self) -> Scarring:
        """How many scars it shows, in a word."""
        if self.subject != "scars":
            return "none"
        return "many" if self.scars_per_cm2 > 0 else "few"


def draw_shot(
    seed: int,
    light: LightName,
    ita_deg: float,
    subject: Subject = "scars",
    scars_per_cm2: float = 0.0,
) -> Shot:
    """A photo with scale, distance and pose drawn from `seed`, its tone near the one asked for."""
    rng = dice(seed, "shot")
    right, up = rng.normal(0, 4.0, 2).clip(-9, 9).tolist()
    return Shot(
        seed=seed,
        light=light,
        ita_deg=float(np.clip(ita_deg + rng.uniform(-6, 6), -47, 56)),
        subject=subject,
        mm_per_px=round(float(rng.uniform(0.05, 0.09)), 4),
        distance_mm=float(rng.uniform(300, 600)),
        tilt_deg=(right, up),
        scars_per_cm2=scars_per_cm2,
    )
