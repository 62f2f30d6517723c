"""Which morphological type a scar resembles, as probabilities (Jacob 2001).

Width decides first, because people agree on size better than on shape (Kang 2016); where the
widths overlap (1.5 to 2 mm and around 4 mm), the steepness of the edge does. Many real scars carry
traits of two types, so the answer is three probabilities and never only a name.
"""

from __future__ import annotations

import numpy as np

from scarscope.scars.model import TYPES

# Widths that Jacob 2001 prints: icepick < 2 mm, boxcar 1.5 to 4 mm, rolling > 4 to 5 mm. Each type
# is a log-normal bell about those limits, open towards the outer side. Where it sits within them
# was chosen by a small search for balanced accuracy on tuning phantoms. Rolling scars have soft
# rims that are outlined short of their true extent, so their bell sits at the lower limit.
_CENTRE_MM = {"icepick": 1.4, "boxcar": 2.3, "rolling": 4.5}
_SPREAD_LOG = {"icepick": 0.40, "boxcar": 0.45, "rolling": 0.45}
# Steepness 1 is a cone. A unit above or below it multiplies the odds of
# boxcar over rolling by e^2.
_STEEP_WEIGHT = {"icepick": 0.0, "boxcar": 1.0, "rolling": -1.0}
_CONE = 1.0


def type_probabilities(diameter_mm: float, edge_steepness: float) -> tuple[float, float, float]:
    """Probabilities of icepick, boxcar and rolling.

    Parameters
    ----------
    diameter_mm : float
        Of the disc of equal area, mm (nominal mm where the photo has no scale).
    edge_steepness : float
        Mean slope of the rim over the slope of a cone of the same depth and width, 1.

    Returns
    -------
    tuple of 3 float
        In the order of :data:`scarscope.scars.TYPES`; they sum to 1.

    Examples
    --------
    >>> [round(p, 2) for p in type_probabilities(1.0, 1.2)]
    [0.89, 0.11, 0.0]
    """
    size = np.log(max(diameter_mm, 0.05))
    logits = []
    for name in TYPES:
        offset = (size - np.log(_CENTRE_MM[name])) / _SPREAD_LOG[name]
        beyond = (name == "icepick" and offset < 0) or (name == "rolling" and offset > 0)
        fit = 0.0 if beyond else -0.5 * float(offset) ** 2
        logits.append(fit + _STEEP_WEIGHT[name] * (edge_steepness - _CONE))
    odds = np.exp(np.array(logits) - max(logits))
    icepick, boxcar, rolling = (odds / odds.sum()).tolist()
    return icepick, boxcar, rolling
