"""Where skin is missing, how deep, and of which type."""

from scarscope.scars.choose import choose_segmenter, make_segmenter, weights_digest
from scarscope.scars.model import TYPES, Scars, Segmenter, columns
from scarscope.scars.network_segmenter import NetworkSegmenter
from scarscope.scars.relief_segmenter import ReliefSegmenter
from scarscope.scars.types import type_probabilities

__all__ = [
    "TYPES",
    "NetworkSegmenter",
    "ReliefSegmenter",
    "Scars",
    "Segmenter",
    "choose_segmenter",
    "columns",
    "make_segmenter",
    "type_probabilities",
    "weights_digest",
]
