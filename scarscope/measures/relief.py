"""Missing skin: how much, how deep, over which area.

Every function takes :class:`~scarscope.scars.model.Scars` and returns a figure in the unit of its
grid (mm, or photo pixels where there is no scale); :mod:`scarscope.measures.registry` names it.

Legend
------
d : missing depth at a grid point, 0 outside scars
a : area of one grid step, step squared
R : the region of measurable skin
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scarscope.scars.model import Scars


def scarred(scars: Scars) -> NDArray[np.bool_]:
    """True where a scar lies within the region, shape of the grid."""
    return (scars.labels > 0) & scars.skin.region


def roi_area(scars: Scars) -> float:
    """Area of the region, in the grid's unit squared."""
    return scars.skin.area


def scar_area(scars: Scars) -> float:
    """Area of all scars inside the region, in the grid's unit squared."""
    return float(np.count_nonzero(scarred(scars))) * scars.skin.grid.step**2


def scar_area_fraction(scars: Scars) -> float:
    """Scarred part of the region, 0 to 1; NaN for an empty region."""
    return _ratio(scar_area(scars), roi_area(scars))


def scar_volume(scars: Scars) -> float:
    """Sum of ``d * a`` over the scars inside the region, in the grid's unit cubed."""
    missing = np.sum(scars.depth, where=scarred(scars), dtype=np.float64)
    return float(missing) * scars.skin.grid.step**2


def burden(scars: Scars) -> float:
    """Missing volume divided by the region's area: the mean missing depth of the region."""
    return _ratio(scar_volume(scars), roi_area(scars))


def mean_depth(scars: Scars) -> float:
    """Missing volume divided by the scars' area; NaN without scars."""
    return _ratio(scar_volume(scars), scar_area(scars))


def max_depth(scars: Scars) -> float:
    """The deepest point of any scar; NaN without scars."""
    inside = scars.depth[scarred(scars)]
    return float(inside.max()) if inside.size else float("nan")


def mean_edge_steepness(scars: Scars) -> float:
    """Mean of the scars' edge steepness, each scar counting once; NaN without scars."""
    return float(scars.table["edge_steepness"].mean()) if len(scars) else float("nan")


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")
