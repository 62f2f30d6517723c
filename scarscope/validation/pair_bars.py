"""How good comparing must be, and whether it is: the pairs' questions with figures and bars."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from scarscope.validation.bars import Bar, Side
from scarscope.validation.pair_figures import value


class _Asked(NamedTuple):
    """What is asked of one figure; the bars are relief's and the network's."""

    key: str
    question: str
    figure: str
    side: Side
    first: float
    then: float
    digits: int = 0
    naive: str = ""  # the same figure of the naive way


_NONE = math.nan
_ASKED = (
    _Asked(
        "change_error",
        "How wrong is the percent change of missing volume (mean absolute error, points)?",
        *("change_mae", "most", 15.0, 10.0, 1, "naive_change_mae"),
    ),
    _Asked(
        "confounder_calls",
        "Nothing changed but the photograph: called improved or worse (% of pairs)",
        *("confounder_called", "most", 0.0, 0.0, 1, "confounder_naive_called"),
    ),
    _Asked(
        "untouched_calls",
        "Nothing changed, same set-up: called improved or worse (% of pairs)",
        *("untouched_called", "most", 5.0, 5.0, 1, "untouched_naive_called"),
    ),
    _Asked(
        "pass",
        "Comparable pairs that are compared, outright or with caution (%)",
        *("passed", "least", 95.0, 95.0, 1),
    ),
    _Asked(
        "pass_yes",
        "Comparable pairs that are compared outright (%)",
        *("passed_yes", "least", _NONE, _NONE, 1),
    ),
    _Asked(
        "direction",
        "True change beyond MDC95: direction right (% of compared pairs)",
        *("detectable_same_sign", "least", 95.0, 95.0, 1),
    ),
    _Asked(
        "sensitivity",
        "True change beyond MDC95: called, and the right way (% of compared pairs)",
        *("detectable_right", "least", _NONE, _NONE, 1),
    ),
    _Asked(
        "wrong_way",
        "Treated pairs called the wrong way (% of compared pairs)",
        *("treated_wrong", "most", _NONE, _NONE, 1, "treated_naive_wrong"),
    ),
    _Asked(
        "within_mdc95",
        "True change within MDC95 of the found one (% of compared pairs)",
        *("within_mdc95", "least", _NONE, _NONE, 1),
    ),
    _Asked(
        "within_se",
        "True change within 1.96 standard errors of the found one (% of compared pairs)",
        *("within_se", "least", _NONE, _NONE, 1),
    ),
    _Asked(
        "scar_status",
        "Status of a single scar, of five (% of followed scars of courses)",
        *("scar_strict", "least", 85.0, 85.0, 1),
    ),
    _Asked(
        "scar_status_treated",
        "The same in treated pairs alone",
        *("scar_strict_treated", "least", _NONE, _NONE, 1),
    ),
    _Asked(
        "scar_status_mdc",
        "In courses, with a true change below the scar's MDC95 right either way",
        *("scar_lenient", "least", 85.0, 85.0, 1),
    ),
    _Asked(
        "scar_false_change",
        "Nothing changed, same set-up: scars called other than unchanged (% of followed scars)",
        *("scar_false_change", "most", _NONE, _NONE, 1),
    ),
    _Asked(
        "copies",
        "One photo and an edited copy: burden within 5 %, or refused (% of copies)",
        *("copy_sound", "least", 100.0, 100.0, 1),
    ),
    _Asked(
        "wrong_skin",
        "Other or mirrored skin laid over each other (% of pairs)",
        *("wrong_aligned", "most", 0.0, 0.0, 1),
    ),
    _Asked(
        "unaware",
        "Same skin laid wrong by over 0.5 mm, and compared all the same (% of pairs)",
        *("alignment_unaware", "most", 0.0, 0.0, 1),
    ),
)
# Figures that only one of the two sides has are no comparison.
NAIVE = tuple((asked.question, asked.figure, asked.naive) for asked in _ASKED if asked.naive)


def pair_bars(table: pd.DataFrame) -> list[Bar]:
    """Every question with its figure.

    Parameters
    ----------
    table : DataFrame
        From :func:`scarscope.validation.pair_figures.figures`.

    Returns
    -------
    list of Bar
        The same questions in the same order for every result.
    """
    return [_answered(asked, table) for asked in _ASKED]


def _answered(asked: _Asked, table: pd.DataFrame) -> Bar:
    told = value(table, asked.figure)
    return Bar(
        asked.key,
        asked.question,
        told.value,
        told.low,
        told.high,
        asked.side,
        asked.first,
        asked.then,
        asked.digits,
    )
