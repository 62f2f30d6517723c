"""Figures as the page says them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from scarscope.change.measures import IMPROVED, UNCHANGED, WORSE
from scarscope.study.response import NOT_COMPARABLE

MINUS = "−"
_HEADS = {
    IMPROVED: "Improved",
    UNCHANGED: "No detectable change",
    WORSE: "Worse",
    NOT_COMPARABLE: "Not comparable",
}


def known(value: Any) -> bool:  # noqa: ANN401  # whatever a table's cell holds
    """Whether a table's cell holds something."""
    return value is not None and bool(pd.notna(value))


def head_of(verdict: str) -> str:
    """A verdict as a heading."""
    return _HEADS.get(verdict, "No verdict")


def number(value: object, digits: int = 3) -> str:
    """So many significant digits, never in powers of ten; blank where nothing is known.

    Examples
    --------
    >>> number(0.012345), number(-1234.5), number(17.0), number(float("nan"))
    ('0.0123', '−1234', '17', '')
    """
    if not isinstance(value, int | float) or not known(value):
        return ""
    if value == int(value):  # counts
        return f"{int(value):d}".replace("-", MINUS)
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{places}f}".replace("-", MINUS)


def percent(value: object) -> str:
    """A signed percentage; blank where it is not known.

    Examples
    --------
    >>> percent(-12.4), percent(0.2), percent(None)
    ('−12 %', '0 %', '')
    """
    if not isinstance(value, int | float) or not known(value):
        return ""
    whole = round(value)
    return f"{whole:+d} %".replace("-", MINUS) if whole else "0 %"


def signed(value: object, digits: int = 3) -> str:
    """A signed figure; blank where it is not known."""
    told = number(value, digits)
    return f"+{told}" if told and isinstance(value, int | float) and value > 0 else told


def days_words(days: object) -> str:
    """Days since baseline, as people say them.

    Examples
    --------
    >>> days_words(1), days_words(42), days_words(400)
    ('1 day', '6 weeks', '13 months')
    """
    count = int(float(str(days)))
    if count < 14:
        return f"{count} day{'' if count == 1 else 's'}"
    if count < 84:
        return f"{round(count / 7)} weeks"
    return f"{round(count / 30.44)} months"


def change_words(row: Mapping[Any, Any], unit: str) -> str:
    """What changed between two photos in one or two sentences.

    Parameters
    ----------
    row : Mapping
        Of the response table.
    unit : {"mm", "px"}
    """
    if str(row["comparable"]) == "no":
        return "These photos cannot be compared, so that nothing is said about the skin."
    before = float(row["before"])
    if not math.isfinite(before) or before <= 0:
        return "No scars were found at baseline, so that there is no percentage."
    se, mdc = (100 * float(row[name]) / before for name in ("change_se", "mdc95"))
    change = float(row["change_pct"])
    told = f"Burden {percent(change)}"
    if math.isfinite(se):
        low, high = (max(change + side * 1.96 * se, -100.0) for side in (-1, 1))
        told += f" (95 % interval {percent(low)} to {percent(high)})"
        if low < 0 < high and str(row["verdict"]) in (IMPROVED, WORSE):
            told += ", more than repeated photos differ by, but by how much is uncertain"
    least = f"A change is detected from {mdc:.0f} % on." if math.isfinite(mdc) else ""
    missing = "µm" if unit == "mm" else "px"
    figures = f"{number(before)} to {number(float(row['after']))} {missing} of missing depth"
    quartile = f" Quartile of improvement: {row['quartile']}." if row["quartile"] else ""
    return f"{told}, {figures}. {least}{quartile}"
