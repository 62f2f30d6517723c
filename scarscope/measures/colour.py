"""Colour of the skin and of the scars in it (erythema and pigment that come with scars)."""

from __future__ import annotations

import numpy as np

from scarscope.measures.surround import contrast_in_scars, unscarred
from scarscope.photo.colour import ita_deg as ita_of
from scarscope.photo.colour import linear_to_lab, tone_class
from scarscope.scars.model import Scars


def melanin_contrast(scars: Scars) -> float:
    """Melanin density in scars minus around them; above 0 is darker scars."""
    return contrast_in_scars(scars.skin.melanin, scars)


def haemoglobin_contrast(scars: Scars) -> float:
    """Haemoglobin density in scars minus around them; above 0 is redder scars."""
    return contrast_in_scars(scars.skin.haemoglobin, scars)


def ita_deg(scars: Scars) -> float:
    """Individual typology angle of the unscarred region's median colour; NaN where undefined."""
    skin = scars.skin
    if np.isnan(skin.ita_deg):  # a grey photo, or a cast beyond the angle's definition
        return float("nan")
    pixels = skin.rgb[unscarred(scars)]
    if not len(pixels):
        return skin.ita_deg
    lab = linear_to_lab(np.median(pixels, axis=0))
    return float(ita_of(lab[..., 0], lab[..., 2]))


def tone(scars: Scars) -> str:
    """Chardon's class of :func:`ita_deg`; empty where that is NaN."""
    return tone_class(ita_deg(scars)) or ""
