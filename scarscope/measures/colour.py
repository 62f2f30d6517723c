"""Colour of the skin and of the scars in it (erythema and pigment that come with scars)."""

from __future__ import annotations

import numpy as np

from scarscope.measures.surround import Scene, contrast_in_scars, sampled
from scarscope.photo.colour import ita_deg as ita_of
from scarscope.photo.colour import linear_to_lab, tone_class


def melanin_contrast(scene: Scene) -> float:
    """Melanin density in scars minus around them; above 0 is darker scars."""
    return contrast_in_scars(scene.skin.melanin, scene)


def haemoglobin_contrast(scene: Scene) -> float:
    """Haemoglobin density in scars minus around them; above 0 is redder scars."""
    return contrast_in_scars(scene.skin.haemoglobin, scene)


def ita_deg(scene: Scene) -> float:
    """Individual typology angle of the unscarred region's median colour; NaN where undefined."""
    skin = scene.skin
    if np.isnan(skin.ita_deg):  # a grey photo, or a cast beyond the angle's definition
        return float("nan")
    pixels = sampled(skin.rgb, scene.unscarred)
    if not len(pixels):
        return skin.ita_deg
    lab = linear_to_lab(np.median(pixels, axis=0))
    return float(ita_of(lab[..., 0], lab[..., 2]))


def tone(scene: Scene) -> str:
    """Chardon's class of :func:`ita_deg`; empty where that is NaN."""
    return tone_class(ita_deg(scene)) or ""
