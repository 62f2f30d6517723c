"""Whether a photo shows relief at all: what share of its fine contrast relief can have made.

At the surface relief darkens and brightens all colours alike; melanin and blood do not, and noise
is mostly another in every colour. Light that comes out of the skin has scattered there, red the
furthest, so that relief alone, without any surface reflection, shares little more than half.
Crossed polarising filters take the reflection away; under a flash around the lens next to no relief
is left then. A low share alone proves nothing: it counts where the light has no side and the
network doubts what it sees.
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
        About 1 where relief on the surface makes the contrast, near 0 where colour or the noise of
        a sensor does; grey noise counts as relief. NaN where there is too little skin, or no
        contrast.
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


def light_flags(quality: Mapping[str, float], doubt: float, params: ScarParams) -> Flag:
    """What a photo's light hides.

    Parameters
    ----------
    quality : Mapping of str to float
        With ``light_directedness`` and ``relief_share``.
    doubt : float
        Share of what is outlined or doubtful that is doubtful, 0 to 1; 1 where there is neither.
    params : ScarParams
    """
    if not quality["light_directedness"] < params.flat_light:
        return Flag.NONE
    # Not where most of it is read for sure: then relief shows all the same. False for NaN.
    hidden = quality["relief_share"] < params.least_relief_share and doubt > params.most_doubt
    return Flag.FLAT_LIGHT | Flag.RELIEF_HIDDEN if hidden else Flag.FLAT_LIGHT
