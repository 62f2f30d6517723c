"""Every measure before and after, over the same skin: change, its error, and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from scarscope.change import marks
from scarscope.change.amount import Amount, step_of
from scarscope.change.common import Pair
from scarscope.change.error import Z95, MeasurementError
from scarscope.change.gate import Comparability
from scarscope.measures.entry import AREA, Better, Dimension, GridUnit
from scarscope.measures.model import Score, Value
from scarscope.measures.registry import MEASURES

IMPROVED, UNCHANGED, WORSE = "improved", "no detectable change", "worse"
NOT_COMPARABLE = "not comparable"
VERDICTS = (IMPROVED, UNCHANGED, WORSE, NOT_COMPARABLE)

COLUMNS = (
    "comparable",
    "reasons",
    "measure",
    "before",
    "after",
    "change",
    "change_pct",
    "change_se",
    "mdc95",
    "mdc95_source",
    "verdict",
)
# Missing volume changes by what both readings say together; these follow it.
COMBINED = ("burden", "scar_volume")


@dataclass(frozen=True)
class _Row:
    """One measure of a pair."""

    name: str
    before: float
    after: float
    better: Better | None
    dimension: Dimension
    se: float = math.nan
    doubt: float = 0.0  # difference of the readings, in the row's unit
    noise: float = 0.0  # what the noise of the photos explains, in the row's unit


@dataclass(frozen=True)
class PairMeasure:
    """A measure that only a pair has: what it was before is nothing.

    Attributes
    ----------
    name : str
        Without its unit.
    dimension : Dimension
    label, definition : str
    """

    name: str
    dimension: Dimension
    label: str
    definition: str

    def column(self, unit: str) -> str:
        """Name with its unit."""
        return f"{self.name}_{self.dimension.mm if unit == 'mm' else self.dimension.px}"


PAIR_MEASURES = (
    PairMeasure(
        "new_dark_area",
        AREA,
        "New dark marks",
        "Area in which melanin rose against its surroundings by 8 % or more since the earlier "
        "photo: after treatment an adverse event.",
    ),
    PairMeasure(
        "new_red_area",
        AREA,
        "New red marks",
        "Area in which haemoglobin rose against its surroundings by 8 % or more since the earlier "
        "photo.",
    ),
)


def measure_names(unit: str) -> tuple[str, ...]:
    """Names of all measures of a pair, with their units, in order; text is left out."""
    grid_unit: GridUnit = "mm" if unit == "mm" else "px"
    own = (entry.column(grid_unit) for entry in MEASURES if not isinstance(entry.blank, str))
    return (
        *(name for name in own if name is not None),
        *(entry.column(unit) for entry in PAIR_MEASURES),
    )


def measure_table(
    pair: Pair,
    before: Score,
    after: Score,
    amount: Amount,
    *,
    comparability: Comparability,
    error: MeasurementError,
) -> pd.DataFrame:
    """One row a measure, columns :data:`COLUMNS`.

    Parameters
    ----------
    pair : Pair
    before, after : Score
        Of the common skin.
    amount : Amount
        Change of the missing volume.
    comparability : Comparability
    error : MeasurementError
    """
    rows = [*_registered(before, after, amount), *_of_pair(pair)]
    return pd.DataFrame(
        [_judged(row, pair, comparability, error) for row in rows], columns=list(COLUMNS)
    )


def refused_table(unit: str, comparability: Comparability) -> pd.DataFrame:
    """The same rows without a figure, for a pair that cannot be compared."""
    rows = [
        {
            "comparable": comparability.verdict,
            "reasons": comparability.codes,
            "measure": name,
            **dict.fromkeys(("before", "after", "change", "change_pct", "change_se"), math.nan),
            "mdc95": math.nan,
            "mdc95_source": "",
            "verdict": NOT_COMPARABLE,
        }
        for name in measure_names(unit)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _registered(before: Score, after: Score, amount: Amount) -> Iterator[_Row]:
    unit = before.skin.grid.unit
    for entry in MEASURES:
        name = entry.column(unit)
        if name is None or isinstance(entry.blank, str):
            continue
        first, second = _number(before.values, name), _number(after.values, name)
        row = _Row(name, first, second, entry.better, entry.dimension)
        step = step_of(first, second, amount)
        if entry.name in COMBINED and not math.isnan(step.change):
            row = replace(
                row, after=first + step.change, se=step.se, doubt=step.doubt, noise=step.noise
            )
        elif entry.name == "burden":
            # No outlined depth to start from: that more is doubted in one photo than in the other
            # is no change of scars.
            row = replace(row, doubt=abs(_faint_part(after) - _faint_part(before)))
        yield row


def _of_pair(pair: Pair) -> Iterator[_Row]:
    found = (marks.new_dark_marks(pair), marks.new_red_marks(pair))
    for entry, where in zip(PAIR_MEASURES, found, strict=True):
        name = entry.column(pair.grid.unit)
        yield _Row(name, 0.0, marks.area(where, pair), "lower", entry.dimension)


def _faint_part(score: Score) -> float:
    """How much of a burden lies beside outlines, in the burden's unit."""
    unit = score.skin.grid.unit
    sure, faint, area = (
        _number(score.values, f"{name}_{unit}{power}")
        for name, power in (("scar_volume", 3), ("faint_volume", 3), ("roi_area", 2))
    )
    burden = _number(score.values, "burden_um" if unit == "mm" else "burden_px")
    return burden * faint / (sure + faint) if area > 0 and sure + faint > 0 else 0.0


def _number(values: Mapping[str, Value], name: str) -> float:
    return float(values[name])


def _judged(
    row: _Row, pair: Pair, comparability: Comparability, error: MeasurementError
) -> dict[str, object]:
    change = row.after - row.before
    # Two readings of one change: what they differ by is error that retests do not show.
    mdc = math.hypot(_mdc95(row, pair, comparability, error), row.doubt)
    se = math.hypot(row.se, mdc / Z95)
    return {
        "comparable": comparability.verdict,
        "reasons": comparability.codes,
        "measure": row.name,
        "before": row.before,
        "after": row.after,
        "change": change,
        "change_pct": 100 * change / row.before if row.before > 0 else math.nan,
        "change_se": se,
        "mdc95": mdc,
        "mdc95_source": "" if math.isnan(mdc) else error.source,
        "verdict": _verdict(change, mdc, row.better, comparability),
    }


def _mdc95(row: _Row, pair: Pair, comparability: Comparability, error: MeasurementError) -> float:
    """Smallest detectable change, in the row's unit.

    Errors are known in mm; without a scale they go to pixels by the nominal size of a pixel.
    """
    mean = (row.before + row.after) / 2
    kind = comparability.spread
    if pair.grid.unit == "mm":
        return error.mdc95(row.name, mean, comparable=kind, noise=row.noise)
    per_mm = pair.grid.step / pair.grid.filter_mm  # pixels in a nominal millimetre
    dimension = row.dimension
    factor = per_mm**dimension.power / dimension.per_mm
    stem = row.name.removesuffix(f"_{dimension.px}") if dimension.px else row.name
    named = f"{stem}_{dimension.mm}" if dimension.mm else row.name
    noise = row.noise / factor
    return factor * error.mdc95(named, mean / factor, comparable=kind, noise=noise)


def _verdict(change: float, mdc: float, better: Better | None, comparability: Comparability) -> str:
    if comparability.verdict == "no":
        return NOT_COMPARABLE
    if better is None or not np.isfinite([change, mdc]).all():
        return ""
    if abs(change) <= mdc:
        return UNCHANGED
    return IMPROVED if (change < 0) == (better == "lower") else WORSE
