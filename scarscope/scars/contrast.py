"""Whether a photo shows relief at all: what share of its fine contrast relief can have made.

Relief darkens and brightens all colours alike; melanin and blood do not, and noise is another in
every colour. What red and blue light have in common is therefore relief and little else. Crossed
polarising filters with a flash around the lens leave next to none of it, and such photos look
smooth to people, too.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scarscope.flags import Flag
from scarscope.params import ScarParams
from scarscope.skin.chromophores import blur

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Between these sigmas, mm: wider than a sensor's noise, finer than blotches of pigment.
FINE_MM, COARSE_MM = 0.1, 0.35
_CLIPPED_PCT = 95.0  # of absolute contrast: hairs, glints and marks must not outweigh the skin
_LEAST_LIGHT = np.float32(1e-4)  # of linear light, before logarithms
_FEWEST_CELLS = 100


def relief_share(rgb: Image, region: Mask, *, filter_mm: float) -> float:
    """Covariance of log red and log blue over the variance of log green, of fine contrast.

    Parameters
    ----------
    rgb : ndarray of float32, shape (h, w, 3)
        Linear light.
    region : ndarray of bool, shape (h, w)
        Measurable skin.
    filter_mm : float
        Grid step in mm.

    Returns
    -------
    float
        About 1 where relief makes the contrast, near 0 where colour or noise does; NaN where there
        is too little skin, or no contrast.
    """
    if np.count_nonzero(region) < _FEWEST_CELLS:
        return float("nan")
    red, green, blue = (_fine(rgb[..., k], region, filter_mm) for k in range(3))
    variance = float(green.var())
    return float(np.mean(red * blue) - red.mean() * blue.mean()) / variance if variance else np.nan


def _fine(light: Image, region: Mask, filter_mm: float) -> NDArray[np.float64]:
    log = np.log(np.maximum(light, _LEAST_LIGHT)).astype(np.float32)
    values = (blur(log, FINE_MM / filter_mm) - blur(log, COARSE_MM / filter_mm))[region]
    most = np.percentile(np.abs(values), _CLIPPED_PCT)
    return np.asarray(np.clip(values, -most, most), np.float64)


def light_flags(quality: Mapping[str, float], params: ScarParams) -> Flag:
    """What a photo's light hides, from ``light_directedness`` and ``relief_share``.

    Parameters
    ----------
    quality : Mapping of str to float
    params : ScarParams
    """
    if not quality["light_directedness"] < params.flat_light:
        return Flag.NONE
    hidden = quality["relief_share"] < params.least_relief_share  # False for NaN
    return Flag.FLAT_LIGHT | Flag.RELIEF_HIDDEN if hidden else Flag.FLAT_LIGHT
