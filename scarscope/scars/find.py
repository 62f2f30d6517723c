"""Scars with the depth around them: what comparing and people's corrections need beside scars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scarscope.scars.model import Scars, Segmenter
from scarscope.scars.network_segmenter import NetworkSegmenter
from scarscope.skin.model import Skin

Image = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Found:
    """What a segmenter found in one photo: scars, and its depth also beyond their outlines.

    Attributes
    ----------
    scars : Scars
    depth : ndarray of float32, or None
        Missing depth on the whole grid; None where the segmenter has no such map.
    """

    scars: Scars
    depth: Image | None


def find(skin: Skin, segmenter: Segmenter) -> Found:
    """Find the scars of a photo, with the depth around them where the segmenter knows it."""
    if isinstance(segmenter, NetworkSegmenter):
        look = segmenter.look(skin)
        return Found(segmenter.decide(skin, look), segmenter.depth_beyond(skin, look))
    return Found(segmenter(skin), None)
