"""Two photos of the same skin: where one lies in the other, and what changed between them."""

from scarscope.change.align import Alignment
from scarscope.change.compare import comparability, compare, register
from scarscope.change.error import MeasurementError, of_study, published
from scarscope.change.gate import Comparability
from scarscope.change.measures import COLUMNS, VERDICTS, measure_names
from scarscope.change.model import Change
from scarscope.change.scars import STATUSES, scar_columns

__all__ = [
    "COLUMNS",
    "STATUSES",
    "VERDICTS",
    "Alignment",
    "Change",
    "Comparability",
    "MeasurementError",
    "comparability",
    "compare",
    "measure_names",
    "of_study",
    "published",
    "register",
    "scar_columns",
]
