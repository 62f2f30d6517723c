"""How melanin and haemoglobin colour skin, as directions in optical density.

Symbols
-------
lambda : wavelength, nm
mu_a, mu_s' : absorption and reduced scattering coefficient, 1/mm
R(lambda) : diffuse reflectance of skin
v_m, v_h : change of -log(linear sRGB) per unit of pigment, scaled so that green is 1

Skin is taken as a pigmented sheet over a blood-filled half-space. The camera is taken to be
colorimetric (its pixels are linear sRGB), which is what decoding to linear light aims at.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Molar extinction of haemoglobin, 1/(cm M), at 450..660 nm in steps of 10 nm.
# Source: S. Prahl, "Tabulated molar extinction coefficient for hemoglobin in water", OMLC 1998.
WAVELENGTHS_NM: Floats = np.arange(450.0, 661.0, 10.0)
_HBO2 = (
    62816, 44480, 33209, 26629, 23684, 20933, 20035, 24202, 39957, 53236, 43016,
    32613, 44496, 50104, 14401, 3200, 1506, 942, 610, 442, 368, 320,
)  # fmt: skip
_HB = (
    103292, 23389, 16156, 14550, 16684, 20862, 25774, 31590, 39036, 46592, 53412,
    53788, 45072, 37020, 28325, 14677, 9444, 6510, 5149, 4345, 3750, 3227,
)  # fmt: skip
SATURATION = 0.75  # arterio-venous mix, 1; clinical optics use 0.7 to 0.8 (BioSpec model)
BLOOD_MOLARITY = 150.0 / 64500.0  # mol/l of haemoglobin in whole blood: 150 g/l, 64.5 kg/mol
# Living epidermis of the face, mm: the melanised part of the 80 to 200 um of the BioSpec model.
EPIDERMIS_MM = 0.06
# Light crosses the sheet on its way in and, diffusely and so obliquely, on its way out.
DOUBLE_PASS = 2.5
# Specular share of a white reference that even a well-placed light leaves on skin (F0 = 0.028).
SURFACE = 0.02


def _melanosome(nm: Floats) -> Floats:
    """mu_a of a melanosome, 1/mm (Jacques, OMLC 1998: 6.6e11 lambda^-3.33 per cm)."""
    return 6.6e10 * nm**-3.33


def _blood(nm: Floats) -> Floats:
    """mu_a of whole blood, 1/mm."""
    molar = np.interp(
        nm,
        WAVELENGTHS_NM,
        SATURATION * np.array(_HBO2) + (1 - SATURATION) * np.array(_HB),
    )
    return np.asarray(np.log(10.0) * molar * BLOOD_MOLARITY / 10.0)


def _reflectance(melanin: float, blood: float) -> Floats:
    """R(lambda) for a melanosome fraction of the epidermis and a blood fraction of the dermis."""
    nm = WAVELENGTHS_NM
    base = 0.0244 + 8.53 * np.exp(-(nm - 154.0) / 66.2)  # bloodless skin, 1/mm (Jacques, OMLC)
    scatter = 3.22 * (nm / 475.0) ** -1.7  # mu_s' in vivo, n = 3809 (3.22 at 475, 1.20 at 850 nm)
    ratio = (blood * _blood(nm) + base * 0.1) / scatter
    dermis = 1.0 / (1.0 + 2.0 * ratio + 2.0 * np.sqrt(ratio**2 + ratio) * 1.15)
    sheet = melanin * _melanosome(nm) + (1 - melanin) * base * 0.1
    return np.asarray(dermis * np.exp(-DOUBLE_PASS * EPIDERMIS_MM * sheet))


def _matching(nm: Floats) -> Floats:
    """CIE 1931 colour matching functions, shape (n, 3), by multi-lobe Gaussian fit.

    Source: Wyman, Sloan and Shirley, JCGT 2(2), 2013.
    """

    def lobe(mean: float, below: float, above: float) -> Floats:
        width = np.where(nm < mean, below, above)
        return np.asarray(np.exp(-0.5 * ((nm - mean) * width) ** 2))

    x = (
        0.362 * lobe(442.0, 0.0624, 0.0374)
        + 1.056 * lobe(599.8, 0.0264, 0.0323)
        - 0.065 * lobe(501.1, 0.0490, 0.0382)
    )
    y = 0.821 * lobe(568.8, 0.0213, 0.0247) + 0.286 * lobe(530.9, 0.0613, 0.0322)
    z = 1.217 * lobe(437.0, 0.0845, 0.0278) + 0.681 * lobe(459.0, 0.0385, 0.0725)
    return np.stack([x, y, z], axis=1)


def _linear_rgb(reflectance: Floats) -> Floats:
    """Linear sRGB of a reflectance under equal-energy light, white scaled to (1, 1, 1)."""
    to_rgb = np.array(
        [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    )  # IEC 61966-2-1
    weights = _matching(WAVELENGTHS_NM) @ to_rgb.T
    return np.asarray(reflectance @ weights / weights.sum(axis=0))


@cache
def pigment_vectors() -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Directions of melanin and haemoglobin in -log(linear sRGB), green scaled to 1.

    Returns
    -------
    melanin, haemoglobin : tuple of 3 float
        Red, green and blue density per unit of green density.

    Notes
    -----
    Derivatives of :func:`_reflectance` at light-brown skin (5 % melanosomes, 2 % blood); between
    ITA 50 and -40 the direction turns by a few degrees only.
    """
    vectors = []
    for melanin, blood in ((0.01, 0.0), (0.0, 0.005)):
        low = _linear_rgb(_reflectance(0.05 - melanin, 0.02 - blood))
        high = _linear_rgb(_reflectance(0.05 + melanin, 0.02 + blood))
        density = np.log(low / high)
        vectors.append(density / density[1])
    (m, h) = (tuple(float(x) for x in v) for v in vectors)
    return (m[0], m[1], m[2]), (h[0], h[1], h[2])


def skin_colour(melanin: float, blood: float) -> tuple[float, float, float]:
    """Linear sRGB of plain skin by the same model, for the prior on what skin looks like.

    Parameters
    ----------
    melanin : float
        Volume fraction of melanosomes in the epidermis, 0.01 (very light) to 0.45 (very dark).
    blood : float
        Volume fraction of blood in the dermis, 0.002 to 0.07.
    """
    red, green, blue = _linear_rgb(_reflectance(melanin, blood)) + SURFACE
    return float(red), float(green), float(blue)
