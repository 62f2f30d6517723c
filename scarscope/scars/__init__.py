"""Where skin is missing, how deep, and of which type."""

from scarscope.scars.model import TYPES, Scars, Segmenter, columns
from scarscope.scars.relief_segmenter import ReliefSegmenter
from scarscope.scars.types import type_probabilities

__all__ = ["TYPES", "ReliefSegmenter", "Scars", "Segmenter", "columns", "type_probabilities"]
