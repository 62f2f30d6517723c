"""How sure we are that a depression is a scar: four figures and a sum.

A scar stands out of the skin's own roughness, is wider than a pore, is compact (wrinkles and hairs
are not), and has an edge that shows in the shading (flat marks and slow unevenness have less). The
four are ratios or millimetres, so that neither tone nor exposure enters. Their weights are a
logistic regression on tuning phantoms; ``benchmarks/tune_relief.py`` makes them again.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.scars.catalog import Window, measure_shape

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Coarser grids do not earn the width that they cannot resolve: a pit of n cells counts as n times
# this at most. The coarsest scale that ScarScope is validated on, mm.
WIDEST_CELL_MM = 0.15
RIM_OUT_MM, RIM_IN_MM = 0.3, 0.2  # band along the outline in which the edge's shading is read


@dataclass(frozen=True)
class Evidence:
    """What speaks for a depression being a scar.

    Attributes
    ----------
    response : float
        Largest depth over the skin's own roughness, 1.
    width_mm : float
        Diameter of the disc of equal area, on grids no coarser than :data:`WIDEST_CELL_MM`.
    circularity : float
        1 for a disc, near 0 for a thread.
    edge : float
        Spread of shading along the outline over the spread on unscarred skin, 1.
    """

    response: float
    width_mm: float
    circularity: float
    edge: float

    def terms(self) -> NDArray[np.float64]:
        """The four figures as they are summed: three logarithms and the circularity."""
        logs = np.log(np.maximum([self.response, self.width_mm, self.edge], 1e-3))
        return np.array([logs[0], logs[1], self.circularity, logs[2]])


@dataclass(frozen=True)
class Weights:
    """Log-odds per unit of each term, and at zero."""

    response: float
    width: float
    circularity: float
    edge: float
    offset: float

    def slopes(self) -> NDArray[np.float64]:
        """Log-odds per unit, in the order of :meth:`Evidence.terms`."""
        return np.array([self.response, self.width, self.circularity, self.edge])

    def confidence(self, evidence: Evidence) -> float:
        """Probability of being a scar, 0 to 1."""
        odds = float(self.slopes() @ evidence.terms()) + self.offset
        return float(1.0 / (1.0 + np.exp(-odds)))


def weigh(
    window: Window, response: Image, shading: Image, *, spread: float, filter_mm: float
) -> Evidence:
    """Read the evidence for one depression.

    Parameters
    ----------
    window : Window
        The depression with a margin of at least :data:`RIM_OUT_MM`.
    response, shading : ndarray of float32, the grid's shape
        Depth over noise, and flattened shading.
    spread : float
        Robust standard deviation of the flattened shading over the region.
    filter_mm : float
        Grid step in mm.
    """
    own = window.own.astype(np.uint8)
    outside = cv2.distanceTransform(1 - own, cv2.DIST_L2, 3)
    inside = cv2.distanceTransform(own, cv2.DIST_L2, 3)
    out, into = max(RIM_OUT_MM / filter_mm, 1.0), max(RIM_IN_MM / filter_mm, 1.0)
    rim = (outside <= out) & (inside <= into)
    shape = measure_shape(window)
    return Evidence(
        response=float(response[window.box][window.own].max()),
        width_mm=2 * float(np.sqrt(shape.area / np.pi)) * min(filter_mm, WIDEST_CELL_MM),
        circularity=shape.circularity,
        edge=float(shading[window.box][rim].std()) / max(spread, 1e-6),
    )


def robust_spread(values: NDArray[np.float32]) -> float:
    """Standard deviation by the median absolute deviation: scars do not move it."""
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
