"""Numbers with a name, a unit, a direction and a source: skin and scars to a score."""

from scarscope.measures.entry import Measure
from scarscope.measures.model import Score, Value
from scarscope.measures.registry import MEASURES, by_column, columns, measure, scale_sd, to_frame
from scarscope.measures.score import score, score_scars

__all__ = [
    "MEASURES",
    "Measure",
    "Score",
    "Value",
    "by_column",
    "columns",
    "measure",
    "scale_sd",
    "score",
    "score_scars",
    "to_frame",
]
