"""Which morphological type a scar resembles, as probabilities (Jacob 2001).

Width decides first, because people agree on size better than on shape (Kang 2016); where the
widths overlap (1.5 to 2 mm and around 4 mm), the steepness of the edge does. Many real scars carry
traits of two types, so the answer is three probabilities and never only a name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scarscope.scars.model import TYPES

Probabilities = tuple[float, float, float]
Weights = tuple[tuple[float, ...], ...]

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


@dataclass(frozen=True)
class Whole:
    """What a scar is like as a whole.

    Attributes
    ----------
    diameter_mm : float
        Of the disc of equal area, mm (nominal mm where the photo has no scale).
    deepness : float
        Greatest depth over that diameter.
    edge_steepness : float
        As in :func:`type_probabilities`.
    """

    diameter_mm: float
    deepness: float
    edge_steepness: float


def type_probabilities(diameter_mm: float, edge_steepness: float) -> Probabilities:
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
    [0.82, 0.18, 0.0]
    """
    size = np.log(max(diameter_mm, 0.05))
    logits = []
    for name in TYPES:
        offset = (size - np.log(_CENTRE_MM[name])) / _SPREAD_LOG[name]
        beyond = (name == "icepick" and offset < 0) or (name == "rolling" and offset > 0)
        fit = 0.0 if beyond else -0.5 * float(offset) ** 2
        logits.append(fit + _STEEP_WEIGHT[name] * (edge_steepness - _CONE))
    return _shares(np.array(logits))


FEATURES = 8  # of :func:`features`
_LEAST = 1e-3  # of a probability, a slope or a size, before logarithms


def features(cells: Probabilities, whole: Whole) -> NDArray[np.float64]:
    """What a type is judged by: what cells say, size, depth and edge, as logarithms.

    Parameters
    ----------
    cells : tuple of 3 float
        Mean probabilities of the types over the scar's cells.
    whole : Whole

    Returns
    -------
    ndarray of float64, shape (8,)
    """
    told = np.log(np.maximum(np.array(cells), _LEAST))
    size, deepness, edge = np.log(
        np.maximum([whole.diameter_mm, whole.deepness, whole.edge_steepness], _LEAST)
    )
    return np.array([1.0, *(told - told.mean()), size, size * size, deepness, edge])


def judged(cells: Probabilities, whole: Whole, weights: Weights) -> Probabilities:
    """Probabilities of the types of a whole scar, by weights that were fitted to known scars.

    Cells see little more than what is near them; whether a pit is an icepick or a boxcar is told
    by the size, the depth and the edge of all of it.

    Parameters
    ----------
    cells : tuple of 3 float
        Mean probabilities of the types over the scar's cells.
    whole : Whole
    weights : tuple of 3 tuples of 8 float
        Of :func:`features`, a row a type; empty leaves `cells` as they are.

    Returns
    -------
    tuple of 3 float
        In the order of :data:`scarscope.scars.TYPES`; they sum to 1.

    Examples
    --------
    >>> judged((0.5, 0.25, 0.25), Whole(1.5, 0.2, 1.0), ())
    (0.5, 0.25, 0.25)
    """
    if not weights:
        return cells
    return _shares(np.array(weights) @ features(cells, whole))


def _shares(logits: NDArray[np.float64]) -> Probabilities:
    """Probabilities from logits, safe from overflow."""
    odds = np.exp(logits - logits.max())
    icepick, boxcar, rolling = (odds / odds.sum()).tolist()
    return icepick, boxcar, rolling
