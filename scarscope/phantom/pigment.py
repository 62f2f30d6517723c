"""Colour of skin: melanin and haemoglobin in optical density over a base tone.

Legend
------
ITA : individual typology angle, ``atan((L* - 50) / b*)``
OD : optical density; reflectance is the base times ``10 ** -(m * MELANIN + b * BLOOD)``

The base follows a line of typical skin through L*a*b* (Chardon's angle fixes L* for a given b*);
marks and mottling move along the two pigments' density vectors (Tsumura 1999, 2003).
"""

from __future__ import annotations

import math

import numpy as np

from scarscope.phantom.geometry import mark_cover
from scarscope.phantom.noise import Field, Grid, smooth_noise, stream
from scarscope.phantom.recipe import Skin, Tone
from scarscope.phantom.vessels import vessel_blood
from scarscope.photo.colour import lab_to_linear

# Density of one unit of pigment in linear R, G, B, green = 1.
# Melanin: melanosome absorption, wavelength^-3.33 (Jacques) at 605, 545 and 465 nm, softened in
# blue where little light is left to absorb. Blood: oxygenated 75 % (BioSpec) over the sRGB bands;
# Tsumura 2003 finds green and blue alike.
MELANIN = np.array([0.62, 1.00, 1.45])
BLOOD = np.array([0.20, 1.00, 0.90])

# Typical b* and a* of facial skin by ITA in degrees; the light end from cohorts of very light skin
# and the dark end beside Monk steps 7 and 8 (L*a*b* 42,12,20 and 31,12,13).
_ITA_NODES = (-75.0, -55.0, -30.0, -10.0, 10.0, 28.0, 41.0, 55.0, 75.0)
_B_NODES = (7.0, 12.0, 16.5, 19.0, 19.5, 18.0, 16.0, 13.0, 8.0)
_A_NODES = (4.5, 8.5, 11.0, 12.0, 11.5, 10.5, 9.5, 8.0, 5.0)


def base_colour(tone: Tone) -> Field:
    """Linear sRGB reflectance of even skin of a tone, shape (3,)."""
    b = float(np.interp(tone.ita_deg, _ITA_NODES, _B_NODES)) * tone.chroma
    a = float(np.interp(tone.ita_deg, _ITA_NODES, _A_NODES)) * tone.chroma + tone.redness
    lightness = 50 + b * np.tan(np.radians(tone.ita_deg))
    return np.clip(np.asarray(lab_to_linear([lightness, a, b]), dtype=np.float64), 0.004, 0.95)


def veil(ita_deg: float) -> float:
    """How strongly blood shows through melanin, 1 on light skin to 0.45 on the darkest.

    In the camera's bands much of the light that dark skin returns never reached the dermis.
    """
    return float(np.interp(ita_deg, (-55.0, 30.0), (0.45, 1.0)))


def pigments(skin: Skin, grid: Grid) -> tuple[Field, Field]:
    """Extra melanin and blood in OD over the sheet, without what lies in scars."""
    tone = skin.tone
    melanin = tone.mottle_melanin * _mottle(skin.seed, "melanin", grid, (0.25, 1.2, 7.0))
    blood = tone.mottle_blood * _mottle(skin.seed, "blood", grid, (0.35, 1.8, 8.0))
    if skin.vessels_per_cm2 > 0:
        blood = blood + vessel_blood(skin.vessels_per_cm2, grid, skin.seed)
    if skin.marks:
        rng = stream(skin.seed, "mark texture")
        speckle = 0.25 * smooth_noise(rng, grid, 0.5) + 0.2 * smooth_noise(rng, grid, 0.18)
    for mark in skin.marks:
        at, cover = mark_cover(mark, grid)
        layer = blood if mark.kind in ("red", "papule", "hypertrophic") else melanin
        layer[at] += mark.strength_od * np.clip(cover * (1 + speckle[at]), 0, 1.4)
    return melanin, veil(tone.ita_deg) * blood


def _mottle(seed: int, name: str, grid: Grid, sigmas_mm: tuple[float, float, float]) -> Field:
    rng = stream(seed, f"mottle {name}")
    fine, middle, broad = (smooth_noise(rng, grid, sigma) for sigma in sigmas_mm)
    return np.asarray(0.6 * fine + 0.55 * middle + 0.58 * broad)


def reflectance(base: Field, melanin: Field, blood: Field) -> Field:
    """Diffuse reflectance, shape (3, h, w)."""
    kind = melanin.dtype
    of_melanin, of_blood, start = (
        v.astype(kind, copy=False)[:, None, None] for v in (MELANIN, BLOOD, base)
    )
    seen = of_melanin * melanin
    seen += of_blood * blood
    if kind == np.float32:  # exp() is several times as fast as a power.
        seen *= -math.log(10)
        np.exp(seen, out=seen)
    else:
        np.power(10.0, np.negative(seen, out=seen), out=seen)
    seen *= start
    return np.clip(seen, 0.002, 0.98, out=seen)
