"""Rows of compared pairs as tables, with what every figure needs, and the naive way beside them.

Legend
------
found, true : change of the missing volume, percent of the earlier one
naive : difference of two burdens that were scored without looking at the other photo
MDC95 : smallest change that is not measurement error; the naive way has its own, from the same
    retests that it is then judged by, which is kind to it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scarscope.change.error import Z95, fit_spread
from scarscope.measures.counts import size_classes
from scarscope.photo.colour import tone_class
from scarscope.validation.figures import SIZES

PAIR_COLUMNS = (
    *("pair", "part", "kind", "response", "light", "ita_deg"),
    *("aligned", "landmark_mm", "landmark_p95_mm", "residual_mm", "confidence", "overlap"),
    *("comparable", "codes", "verdict", "found_pct", "mdc95_pct", "se_pct"),
    *("found_before_um", "found_after_um", "network_pct", "relief_pct"),
    *("true_before_um", "true_after_um", "true_pct"),
    *("naive_before_um", "naive_after_um", "score_s", "compare_s"),
)
SCAR_COLUMNS = (
    *(
        "pair",
        "true_id",
        "type",
        "width_mm",
        "true_volume_mm3",
        "true_pct",
        "true_cover_pct",
        "on_scar",
    ),
    *("status", "true_status", "relation", "found_pct", "scar_mdc95_pct", "both", "only_later"),
)
SAME_SET_UP = ("retest", "untreated", "treated")  # nothing in the photos keeps them from comparing
UNTOUCHED = ("retest", "untreated")
COURSES = ("untreated", "treated")
WRONG_MM = 0.5  # an alignment this far off is wrong: half the width of the smallest scars

_NONE_PCT = 1.0  # truth is carried over by interpolation: within this it is no change
_SIZE_EDGES = (5.0, 15.0, 25.0, 40.0, 60.0, 80.0)
CHANGE_SIZES = (
    *("below 5 %", "5 to 15 %", "15 to 25 %", "25 to 40 %"),
    *("40 to 60 %", "60 to 80 %", "above 80 %"),
)
_CALLS = ("improved", "worse")
_SHRUNK, _GROWN = ("improved", "resolved"), ("worse", "new")


@dataclass(frozen=True, eq=False)
class PairResult:
    """All pairs of the set, compared.

    Attributes
    ----------
    pairs : DataFrame
        One row a pair, as :func:`prepared` leaves it.
    scars : DataFrame
        One row a true scar, and one a found scar over none, as :func:`prepared_scars` leaves it.
    """

    pairs: pd.DataFrame
    scars: pd.DataFrame


def draw_pairs(
    pairs: Iterable[Mapping[str, Any]], scars: Iterable[Mapping[str, Any]]
) -> PairResult:
    """Tables from the rows of :func:`scarscope.validation.pair_item.run_pair`."""
    told = prepared(_table(pairs, PAIR_COLUMNS))
    return PairResult(told, prepared_scars(_table(scars, SCAR_COLUMNS), told))


def _table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows))
    missing = [name for name in columns if name not in table]
    return table.assign(**dict.fromkeys(missing, np.nan))


def prepared(pairs: pd.DataFrame) -> pd.DataFrame:
    """Rows of pairs with errors, calls and classes.

    Parameters
    ----------
    pairs : DataFrame
        Columns :data:`PAIR_COLUMNS`.
    """
    numbers = [name for name in PAIR_COLUMNS if name.endswith(("_pct", "_um", "_mm", "_s"))]
    told = pairs.astype(dict.fromkeys(numbers, float))
    true, found = told["true_pct"], told["found_pct"]
    refused = told["comparable"] == "no"
    called = told["verdict"].isin(_CALLS)
    return told.assign(
        tone=[tone_class(float(ita)) or "" for ita in told["ita_deg"]],
        size=_size_classes(true),
        way=np.where(
            true > _NONE_PCT, "got deeper", np.where(true < -_NONE_PCT, "got shallower", "none")
        ),
        refused=refused.astype(float),
        passed=(~refused).astype(float),
        passed_yes=(told["comparable"] == "yes").astype(float),
        called=called.astype(float),
        **_calls(true, called, told["verdict"] == "improved", "right", "wrong"),
        error=found - true,
        within=((found - true).abs() <= told["mdc95_pct"]).where(found.notna()).astype(float),
        within_se=((found - true).abs() <= Z95 * told["se_pct"]).where(found.notna()).astype(float),
        detectable=true.abs() > told["mdc95_pct"],
        same_sign=(np.sign(found) == np.sign(true)).where(found.notna()).astype(float),
        **_naive(told),
    )


def _size_classes(true: pd.Series) -> list[str]:
    at = np.digitize(true.abs().to_numpy(float), _SIZE_EDGES)
    names = (CHANGE_SIZES[k] for k in at.tolist())
    return [n if k else "" for n, k in zip(names, true.notna(), strict=True)]


def _calls(
    true: pd.Series, called: pd.Series, improved: pd.Series, right: str, wrong: str
) -> dict[str, pd.Series]:
    """Calls in the direction of the true change, and in the other one."""
    agrees = (called & improved & (true < 0)) | (called & ~improved & (true > 0))
    return {right: agrees.astype(float), wrong: (called & ~agrees).astype(float)}


def _naive(pairs: pd.DataFrame) -> dict[str, pd.Series]:
    before, after = pairs["naive_before_um"], pairs["naive_after_um"]
    again = pairs["part"] == "retest"
    spread = fit_spread(before[again].to_numpy(float), after[again].to_numpy(float))
    mdc = ((before + after) / 2).map(spread.mdc95)
    change = after - before
    pct = (100 * change / before.where(before > 0)).fillna(0.0)
    called, true = change.abs() > mdc, pairs["true_pct"]
    return {
        "naive_pct": pct,
        "naive_mdc95_pct": 100 * mdc / before.where(before > 0),
        "naive_error": pct - true,
        "naive_called": called.astype(float),
        **_calls(true, called, change < 0, "naive_right", "naive_wrong"),
    }


def prepared_scars(scars: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Rows of scars with what is known of their pair, errors and whether their status is right.

    ``strict`` asks for the very status that the truth has by the same thresholds; ``lenient`` also
    takes "unchanged" and the right direction where the true change is below the scar's own MDC95.
    """
    own = pairs.set_index("pair")[["part", "response", "light", "tone", "comparable"]]
    told = scars.join(own, on="pair")
    numbers = ["true_pct", "true_cover_pct", "on_scar", "found_pct", "scar_mdc95_pct", "width_mm"]
    told = told.astype(dict.fromkeys(numbers, float))
    status, truth, true = told["status"], told["true_status"], told["true_pct"]
    strict = status == truth
    # Truth is carried over by interpolation: what it leaves of no change has no direction.
    direction = (status.isin(_SHRUNK) & (true < -_NONE_PCT)) | (
        status.isin(_GROWN) & (true > _NONE_PCT)
    )
    small = true.abs() < told["scar_mdc95_pct"]
    lenient = strict | (small & ((status == "unchanged") | direction))
    off = told["found_pct"] - true
    sizes = size_classes(told["width_mm"].to_numpy(np.float64))
    return told.assign(
        known=true.notna(),
        found=(status != "") & true.notna(),
        size=[SIZES[min(k, 2)] for k in sizes.tolist()],
        change_size=_size_classes(true),
        strict=strict.astype(float),
        lenient=lenient.astype(float),
        three=(_three(status) == _three(truth)).astype(float),
        error=off,
        cover_error=told["found_pct"] - told["true_cover_pct"],
        within=(off.abs() <= told["scar_mdc95_pct"]).where(off.notna()).astype(float),
    )


def _three(status: pd.Series) -> pd.Series:
    """Resolved and improved taken together, and so worse and new."""
    return status.replace({"resolved": "improved", "new": "worse"})
