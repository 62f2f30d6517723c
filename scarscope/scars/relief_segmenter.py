"""The classical segmenter: relief from shading, pits out of relief, four figures of evidence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scarscope.flags import Flag
from scarscope.params import ScarParams
from scarscope.scars.catalog import describe, windows
from scarscope.scars.evidence import RIM_OUT_MM, Weights, robust_spread, weigh
from scarscope.scars.model import Scars
from scarscope.scars.relief import Light, estimate_axis, flatten, recover
from scarscope.scars.segment import Depression, cut, depress
from scarscope.skin.model import Skin

Image = NDArray[np.float32]
Labels = NDArray[np.int32]

# Fitted by benchmarks/tune_relief.py on tuning seeds of the phantom.
WEIGHTS = Weights(response=0.6, width=1.45, circularity=1.75, edge=2.4, offset=-4.3)
MAX_SCARS = 65535  # what a 16-bit label image can number


@dataclass(frozen=True)
class ReliefSegmenter:
    """Find scars by the relief that shading shows.

    Explainable, and without learned weights beyond four coefficients.

    Parameters
    ----------
    params : ScarParams, optional
        None means the defaults.

    Examples
    --------
    >>> ReliefSegmenter().name
    'relief'
    """

    params: ScarParams = field(default_factory=ScarParams)

    @property
    def name(self) -> str:
        """Short name written into provenance."""
        return "relief"

    def __call__(self, skin: Skin) -> Scars:
        """Find the scars of `skin`."""
        params, grid = self.params, skin.grid
        shading = flatten(skin.shading, skin.region, filter_mm=grid.filter_mm, params=params)
        axis = estimate_axis(shading, skin.region, filter_mm=grid.filter_mm)
        height, light = recover(shading, skin.region, axis, filter_mm=grid.filter_mm, params=params)
        found = depress(height, skin.region, filter_mm=grid.filter_mm, params=params)
        pieces = cut(found, skin.region, filter_mm=grid.filter_mm, params=params)
        labels, confidence = _believe(pieces.labels, found, shading, skin, params)
        # Relief is solved in mm of the filters; without a scale that is nominal, so it goes back
        # to pixels of the photo.
        depth = np.maximum(pieces.depth, 0) * np.float32(grid.step / grid.filter_mm)
        table = describe(labels, depth, grid, confidence)
        return Scars(
            skin=skin,
            labels=labels,
            depth=np.where(labels > 0, depth, np.float32(0)),
            table=table,
            segmenter=self.name,
            quality=_quality(light, found),
            flags=skin.flags | _flags(light, params),
        )


def _believe(
    labels: Labels, found: Depression, shading: Image, skin: Skin, params: ScarParams
) -> tuple[Labels, dict[int, float]]:
    """Keep the depressions that are likely scars, renumber them, and say how likely each is."""
    filter_mm = skin.grid.filter_mm
    spread = robust_spread(shading[skin.region])
    margin = int(np.ceil(RIM_OUT_MM / filter_mm)) + 1
    renumber = np.zeros(int(labels.max()) + 1, np.int32)
    confidence: dict[int, float] = {}
    for window in windows(labels, margin=margin):
        evidence = weigh(window, found.response, shading, spread=spread, filter_mm=filter_mm)
        sure = WEIGHTS.confidence(evidence)
        if sure >= params.least_confidence and len(confidence) < MAX_SCARS:
            number = len(confidence) + 1
            renumber[window.label] = number
            confidence[number] = sure
    return renumber[labels], confidence


def _quality(light: Light, found: Depression) -> dict[str, float]:
    azimuth = float(np.degrees(light.azimuth) % 360)
    return {
        "light_azimuth_deg": azimuth,
        "light_directedness": light.directed,
        "relief_noise_um": found.noise * 1000,
    }


def _flags(light: Light, params: ScarParams) -> Flag:
    return Flag.FLAT_LIGHT if light.directed < params.flat_light else Flag.NONE
