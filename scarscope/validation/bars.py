"""How good it must be, and whether it is: each question with its figure and its bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from scarscope.validation.page import Block, Table, number, with_interval
from scarscope.validation.result import Validation

Side = Literal["least", "most"]


@dataclass(frozen=True)
class Bar:
    """One question with its answer.

    Attributes
    ----------
    key : str
        Name in ``validation.json``.
    question : str
    value, low, high : float
        The figure with its 95 % interval; NaN where it has none.
    side : {"least", "most"}
        Whether a bar is the least or the most that is good enough.
    first, then : float
        What the classical segmenter is to reach now, and what the best instruments and people
        reach, the next bar; NaN where there is none.
    digits : int
        After the decimal point.
    """

    key: str
    question: str
    value: float
    low: float
    high: float
    side: Side
    first: float
    then: float
    digits: int = 2

    def verdict(self, limit: float) -> str:
        """PASS, or by how much it is short."""
        if math.isnan(limit):
            return "–"
        if math.isnan(self.value):
            return "not known"
        short = limit - self.value if self.side == "least" else self.value - limit
        told = f"{short:.{self.digits}f}"
        if short <= 0:
            return "PASS"
        return f"short by {told}" if self.side == "least" else f"over by {told}"

    def limit(self, value: float) -> str:
        """A bar in words."""
        if math.isnan(value):
            return "–"
        return f"{'≥' if self.side == 'least' else '≤'} {number(value, self.digits)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values; what is not known is None."""
        numbers = {n: getattr(self, n) for n in ("value", "low", "high", "first", "then")}
        plain = {n: None if math.isnan(v) else float(f"{v:.4g}") for n, v in numbers.items()}
        return {"question": self.question, "side": self.side, "digits": self.digits, **plain}


# Key, question, figure, side, first bar, next bar, digits.
_FIGURES: tuple[tuple[str, str, str, Side, float, float, int], ...] = (
    ("f1", "Is a scar found (F1, centres within 3 mm)?", "f1_3mm", "least", 0.70, 0.85, 2),
    ("dice", "Which pixels (Dice over all photos)?", "dice", "least", 0.55, 0.75, 2),
    (
        "type",
        "Which type (share of matched scars)?",
        "type_accuracy",
        "least",
        math.nan,
        0.85,
        2,
    ),
    (
        "spearman",
        "Does burden rank photos (Spearman with true burden)?",
        "spearman_burden",
        "least",
        0.85,
        0.90,
        2,
    ),
    (
        "change_error",
        "How wrong is a percent change of burden (mean absolute error, points)?",
        "change_mae",
        "most",
        math.nan,
        15.0,
        1,
    ),
    (
        "false_clean",
        "False scars per 10 cm² of scar-free skin",
        "false_per_10cm2",
        "most",
        2.0,
        1.0,
        1,
    ),
)


def bars(result: Validation) -> list[Bar]:
    """Every question with its figure, for photos under comparable light.

    Parameters
    ----------
    result : Validation
        Of the standard set, without uncontrolled light.
    """
    overall = result.figures[result.figures["by"] == "all"]
    found = [
        _of_row(overall[overall["figure"] == figure], key, question, side, first, then, digits)
        for key, question, figure, side, first, then, digits in _FIGURES
    ]
    return [*found, *_of_retests(result), _tone_gap(result), _calls(result)]


def _of_row(
    rows: pd.DataFrame,
    key: str,
    question: str,
    side: Side,
    first: float,
    then: float,
    digits: int,
) -> Bar:
    values = rows[["value", "low", "high"]].to_numpy(float)
    value, low, high = values[0].tolist() if len(values) else [math.nan] * 3
    return Bar(key, question, value, low, high, side, first, then, digits)


def _of_retests(result: Validation) -> list[Bar]:
    own = result.repeatability
    of_burden = own[own["measure"] == "burden_um"]
    icc, cv = (of_burden[of_burden["figure"] == n] for n in ("icc_2_1", "cv_of_mean_pct"))
    return [
        _of_row(icc, "icc", "Same skin again (ICC(2,1) of burden)", "least", 0.90, 0.95, 3),
        _of_row(cv, "cv", "Same skin again (CV of burden, %)", "most", math.nan, 7.0, 1),
    ]


def _tone_gap(result: Validation) -> Bar:
    own = result.figures
    f1 = own[(own["figure"] == "f1_3mm") & (own["by"] == "tone")]["value"].dropna()
    gap = float(f1.max() - f1.min()) if len(f1) > 1 else math.nan
    question = "Same on every skin tone (largest gap of F1 between classes)?"
    return Bar("tone_gap", question, gap, math.nan, math.nan, "most", math.nan, 0.05)


def _calls(result: Validation) -> Bar:
    share = 100 * float(result.calls["called"].mean()) if len(result.calls) else math.nan
    question = "Nothing changed but the photograph: called a change (% of pairs)"
    return Bar("false_calls", question, share, math.nan, math.nan, "most", math.nan, 0.0, 0)


def table(found: list[Bar]) -> Block:
    """The bars as a table of a page."""
    rows = [
        (
            bar.question,
            with_interval(bar.value, bar.low, bar.high, bar.digits),
            bar.limit(bar.first),
            bar.verdict(bar.first),
            bar.limit(bar.then),
            bar.verdict(bar.then),
        )
        for bar in found
    ]
    head = ("question", "ScarScope (95 % interval)", "first bar", "", "next bar", "")
    return Table(head, tuple(rows))
