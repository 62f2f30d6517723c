"""The classical segmenter: relief from shading, pits out of relief, four figures of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scarscope.flags import Flag
from scarscope.params import ScarParams
from scarscope.scars.catalog import Window, describe, measure_shape, windows
from scarscope.scars.contrast import light_flags, relief_share
from scarscope.scars.evidence import RIM_OUT_MM, Evidence, Weights, robust_spread, weigh
from scarscope.scars.model import MAX_SCARS, Scars
from scarscope.scars.relief import Light, estimate_axis, flatten, recover
from scarscope.scars.segment import Cut, Depression, cut, depress, region_rim
from scarscope.skin.model import Skin

Image = NDArray[np.float32]
Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

# Fitted by benchmarks/tune_relief.py on the phantom's tuning seeds.
WEIGHTS = Weights(response=0.03, width=1.68, circularity=3.47, edge=2.03, offset=-4.63)


@dataclass(frozen=True, eq=False)
class Reading:
    """What the relief of a photo says, before anything is called a scar."""

    shading: Image
    light: Light
    found: Depression
    pieces: Cut


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
        grid = skin.grid
        reading = read_relief(skin, self.params)
        quality = _quality(reading, skin)
        labels, confidence = _believe(reading, skin, self.params)
        # Relief is solved in mm of the filters; without a scale that is nominal, so it goes back
        # to pixels of the photo.
        depth = np.maximum(reading.pieces.depth, 0) * np.float32(grid.step / grid.filter_mm)
        return Scars(
            skin=skin,
            labels=labels,
            depth=np.where(labels > 0, depth, np.float32(0)),
            table=describe(labels, depth, grid, confidence),
            segmenter=self.name,
            quality=quality,
            flags=skin.flags | _flags(quality, self.params),
        )


def read_relief(skin: Skin, params: ScarParams) -> Reading:
    """Recover relief and cut it into depressions; many of them are texture.

    Parameters
    ----------
    skin : Skin
    params : ScarParams
    """
    step = skin.grid.filter_mm
    shading = flatten(skin.shading, skin.region, filter_mm=step, params=params)
    axis = estimate_axis(shading, skin.region, filter_mm=step)
    height, light = recover(shading, skin.shading, skin.region, axis, filter_mm=step, params=params)
    found = depress(height, skin.region, filter_mm=step, params=params)
    return Reading(shading, light, found, cut(found, skin.region, filter_mm=step, params=params))


def candidates(
    reading: Reading, skin: Skin, params: ScarParams
) -> Iterator[tuple[Window, Evidence]]:
    """Depressions that are not plainly something else, with the evidence for each.

    Left out are those along the region's border and those too long for a scar.
    """
    step = skin.grid.filter_mm
    spread = robust_spread(reading.shading[skin.region])
    rim = region_rim(skin.region, filter_mm=step)
    for window in windows(reading.pieces.labels, margin=int(np.ceil(RIM_OUT_MM / step)) + 1):
        shape = measure_shape(window)
        on_border = float(rim[window.box][window.own].mean())
        if on_border > params.most_on_border or shape.length > params.longest * shape.width:
            continue
        yield (
            window,
            weigh(window, reading.found.response, reading.shading, spread=spread, filter_mm=step),
        )


def _believe(reading: Reading, skin: Skin, params: ScarParams) -> tuple[Labels, dict[int, float]]:
    """Keep the depressions that are likely scars, renumber them, and say how likely each is."""
    renumber = np.zeros(int(reading.pieces.labels.max()) + 1, np.int32)
    confidence: dict[int, float] = {}
    for window, evidence in candidates(reading, skin, params):
        sure = WEIGHTS.confidence(evidence)
        if sure >= params.least_confidence and len(confidence) < MAX_SCARS:
            number = len(confidence) + 1
            renumber[window.label] = number
            confidence[number] = sure
    return renumber[reading.pieces.labels], confidence


def _quality(reading: Reading, skin: Skin) -> dict[str, float]:
    return {
        "light_azimuth_deg": float(np.degrees(reading.light.azimuth) % 360),
        "light_directedness": reading.light.directed,
        "light_vote": reading.light.vote,
        "relief_share": relief_share(skin.rgb, skin.region, filter_mm=skin.grid.filter_mm),
        "relief_noise_um": reading.found.noise * 1000,
    }


def _flags(quality: dict[str, float], params: ScarParams) -> Flag:
    flat = light_flags(quality, 0.0, params)  # it says of no scar that it is doubtful
    return flat or (Flag.LIGHT_UNSURE if quality["light_vote"] < params.sure_vote else Flag.NONE)
