"""How good it must be, and whether it is: each question with its figure and its bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from scarscope.validation.bootstrap import Floats, Interval, of_sums
from scarscope.validation.page import Block, Table, number, with_interval
from scarscope.validation.result import GRADED, Validation
from scarscope.validation.standard_segmenter import SegmenterName

Side = Literal["least", "most", "within"]


# Verdicts on what reaches its bar, and what they mean.
PASSED = ("PASS", "PASS, not surely")
_MOST_DIGITS = 6
PASSED_WORDS = (
    "A verdict goes by the figure itself; *not surely*: its 95 % interval reaches beyond the bar."
)


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
    side : {"least", "most", "within"}
        Whether a bar is the least or the most that is good enough, or how far from `middle` the
        figure may lie.
    first, then : float
        What the classical segmenter is to reach, and what the learned one is to reach, as the best
        instruments and people do; NaN where there is none.
    digits : int
        After the decimal point.
    middle : float
        What a figure with bars on both sides should be.
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
    middle: float = 0.0

    def of(self, segmenter: SegmenterName) -> float:
        """The bar that a segmenter is to reach; NaN where it has none."""
        return self.first if segmenter == "relief" else self.then

    def verdict(self, limit: float) -> str:
        """One of :data:`PASSED`, or by how much it is missed."""
        if math.isnan(limit):
            return "–"
        if math.isnan(self.value):
            return "not known"
        beyond = self._beyond(self.value, limit)
        if beyond > 0:
            told = {"least": "short", "most": "over", "within": "outside"}[self.side]
            return f"{told} by {_shown(beyond, self.digits)}"
        sure = not any(self._beyond(end, limit) > 0 for end in (self.low, self.high))
        return PASSED[0] if sure else PASSED[1]

    def _beyond(self, value: float, limit: float) -> float:
        """By how much a figure lies on the wrong side of a bar; 0 or less on the right one."""
        if self.side == "within":
            return abs(value - self.middle) - limit
        return limit - value if self.side == "least" else value - limit

    def limit(self, value: float) -> str:
        """A bar in words."""
        if math.isnan(value):
            return "–"
        if self.side == "within":
            ends = (number(self.middle + way * value, self.digits) for way in (-1, 1))
            return " to ".join(ends)
        return f"{'≥' if self.side == 'least' else '≤'} {number(value, self.digits)}"

    def told(self) -> str:
        """The figure in words, with its interval."""
        return with_interval(self.value, self.low, self.high, self.digits)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; what is not known is None."""
        names = ("value", "low", "high", "first", "then", "middle")
        numbers = {name: getattr(self, name) for name in names}
        # Many more digits than are shown: what is rounded twice may come out another way.
        plain = {n: None if math.isnan(v) else float(f"{v:.8g}") for n, v in numbers.items()}
        return {"question": self.question, "side": self.side, "digits": self.digits, **plain}


def _shown(beyond: float, digits: int) -> str:
    """By how much, with as many digits as it takes not to say 0."""
    while digits < _MOST_DIGITS and float(f"{beyond:.{digits}f}") == 0:
        digits += 1
    return f"{beyond:.{digits}f}"


class _Asked(NamedTuple):
    """What is asked of one figure."""

    key: str
    question: str
    figure: str
    side: Side
    first: float
    then: float
    digits: int = 2
    middle: float = 0.0


_FIGURES = (
    _Asked("f1", "Is a scar found (F1, centres within 3 mm)?", "f1_3mm", "least", 0.70, 0.85),
    _Asked("dice", "Which pixels (Dice over all photos)?", "dice", "least", 0.55, 0.75),
    _Asked(
        "type", "Which type (share of matched scars)?", "type_accuracy", "least", math.nan, 0.85
    ),
    _Asked(
        "spearman",
        "Does burden rank photos (Spearman with true burden)?",
        "spearman_burden",
        "least",
        0.85,
        0.95,
    ),
    _Asked(
        "volume",
        "How far off is the volume of matched scars (bias, %)?",
        "volume_bias_pct",
        "within",
        math.nan,
        10.0,
        digits=0,
    ),
    _Asked(
        "burden",
        "How far off is the volume over all skin (bias of burden, %)?",
        "burden_bias_pct",
        "within",
        math.nan,
        10.0,
        digits=0,
    ),
    _Asked(
        "depth_held",
        "How often does a depth's 90 % interval hold the true depth (% of matched scars)?",
        "depth_in_90_pct",
        "within",
        math.nan,
        5.0,
        digits=0,
        middle=90.0,
    ),
    _Asked(
        "change_error",
        "How wrong is a percent change of burden (mean absolute error, points)?",
        "change_mae",
        "most",
        math.nan,
        15.0,
        digits=1,
    ),
    _Asked(
        "false_clean",
        "False scars per 10 cm² of scar-free skin",
        "false_per_10cm2",
        "most",
        2.0,
        1.0,
        digits=1,
    ),
    _Asked(
        "false_beside",
        "False scars per 10 cm² where freckles, naevi, acne, wrinkles or hairs abound",
        "false_beside_per_10cm2",
        "most",
        math.nan,
        1.0,
        digits=1,
    ),
)
_RETESTS = (
    _Asked("icc", "Same skin again (ICC(2,1) of burden)", "icc_2_1", "least", 0.90, 0.95, 3),
    _Asked("cv", "Same skin again (CV of burden, %)", "cv_of_mean_pct", "most", math.nan, 7.0, 1),
)


def bars(result: Validation) -> list[Bar]:
    """Every question with its figure, for photos under comparable light.

    Parameters
    ----------
    result : Validation
        Of the standard set, without uncontrolled light.

    Returns
    -------
    list of Bar
        The same questions in the same order for every result.
    """
    overall = result.figures[result.figures["by"] == "all"]
    again = result.repeatability[result.repeatability["measure"] == "burden_um"]
    found = [_answered(asked, overall) for asked in _FIGURES]
    found += [_answered(asked, again) for asked in _RETESTS]
    return [*found, _tone_gap(result), _calls(result)]


def _answered(asked: _Asked, figures: pd.DataFrame) -> Bar:
    own = figures[figures["figure"] == asked.figure]
    values = own[["value", "low", "high"]].to_numpy(float)
    value, low, high = values[0].tolist() if len(values) else [math.nan] * 3
    return Bar(
        asked.key,
        asked.question,
        value,
        low,
        high,
        asked.side,
        asked.first,
        asked.then,
        asked.digits,
        asked.middle,
    )


def tone_gap(result: Validation) -> Interval:
    """Largest difference of F1 between classes of skin tone; NaN with fewer than two.

    A largest difference is above 0 by chance alone, and so is all of its interval: see what tones
    dealt at random would give, beside it in "Behind the bars".
    """
    photos = result.photos[result.photos["set"].isin(GRADED) & (result.photos["tone"] != "")]
    tones = sorted(set(photos["tone"]))
    if len(tones) < 2:
        return Interval(math.nan, math.nan, math.nan, 0)
    outcomes = ("hit_3mm", "false_3mm", "missed_3mm")
    own = pd.DataFrame({"subject": photos["subject"]})
    for tone in tones:
        for name in outcomes:
            own[f"{name} {tone}"] = photos[name].where(photos["tone"] == tone, 0.0)

    def gap(sums: Mapping[str, Floats]) -> Floats:
        hits, false, missed = (np.stack([sums[f"{n} {t}"] for t in tones]) for n in outcomes)
        f1 = 2 * hits / (2 * hits + false + missed)
        return np.asarray(np.nanmax(f1, axis=0) - np.nanmin(f1, axis=0))

    return of_sums(own, list(own.columns[1:]), gap)


def _tone_gap(result: Validation) -> Bar:
    question = "Same on every skin tone (largest gap of F1 between classes)?"
    gap = tone_gap(result)
    return Bar("tone_gap", question, gap.value, gap.low, gap.high, "most", math.nan, 0.05)


def _calls(result: Validation) -> Bar:
    share = 100 * float(result.calls["called"].mean()) if len(result.calls) else math.nan
    question = "Nothing changed but the photograph: called a change (% of pairs)"
    return Bar("false_calls", question, share, math.nan, math.nan, "most", math.nan, 0.0, 0)


def table(found: Mapping[SegmenterName, Sequence[Bar]]) -> Block:
    """The bars as a table of a page: each segmenter beside its own bar.

    Questions that no segmenter is asked, and to which none has an answer, are left out.
    """
    rows = []
    for asked in zip(*found.values(), strict=True):
        own = [(bar, bar.of(name)) for name, bar in zip(found, asked, strict=True)]
        if all(math.isnan(bar.value) and math.isnan(limit) for bar, limit in own):
            continue
        cells = ((bar.limit(limit), bar.told(), bar.verdict(limit)) for bar, limit in own)
        rows.append((asked[0].question, *(cell for three in cells for cell in three)))
    heads = ((f"bar of {name}", f"{name} (95 % interval)", "") for name in found)
    return Table(("question", *(head for three in heads for head in three)), tuple(rows))
