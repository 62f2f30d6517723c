"""Which way of photographing has the smaller measurement error: from retests of each.

Legend
------
d : difference of two measurements of the same unchanged skin, of their logs on the ratio scale
SEM, MDC95 : as in :mod:`scarscope.study.agreement.repeatability`
s1 / s2 : ratio of the SDs of d of two protocols, which is that of their SEMs and, nearly, MDC95s

Source of the interval of a ratio of variances: the F distribution, for normal differences of
different skin or visits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from scarscope.errors import ParamsError, StudyError
from scarscope.study.agreement.repeatability import mdc95_of, sem_and_mdc
from scarscope.study.checks import Floats, in_unit_interval, one_of

ErrorScale = Literal["ratio", "difference"]
SCALES: tuple[ErrorScale, ...] = get_args(ErrorScale)

GROUP_COLUMNS = (
    *("protocol", "n_retests", "n_refused", "n_without_figure", "n", "mean", "sem", "sem_low"),
    *("sem_high", "mdc95", "mdc95_low", "mdc95_high", "unit"),
)
RATIO_COLUMNS = ("protocol", "reference", "sd_ratio", "low", "high", "p", "verdict")
PAIR_COLUMNS = ("subject", "view", "baseline", "followup", "comparable", "before", "after")
SMALLER, LARGER, OPEN = "smaller error", "larger error", "cannot be told"


@dataclass(frozen=True, eq=False)
class ProtocolComparison:
    """Measurement error of several protocols.

    Attributes
    ----------
    groups : DataFrame
        One row a protocol, columns :data:`GROUP_COLUMNS`: retests, those that the comparison
        refused, those without a figure (0 on the ratio scale), and the error of the rest with its
        interval. On the ratio scale figures are in percent: `mdc95` is the smallest detectable
        fall.
    ratios : DataFrame
        One row a protocol but the reference, columns :data:`RATIO_COLUMNS`: its SD divided by the
        reference's, with interval and two-sided p, not adjusted for several protocols.
    scale : {"ratio", "difference"}
        What errors are thought to be proportional to.
    confidence : float
        Coverage of the intervals.
    """

    groups: pd.DataFrame = field(repr=False)
    ratios: pd.DataFrame = field(repr=False)
    scale: ErrorScale
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Protocols with their ratio to the reference beside them."""
        return self.groups.merge(self.ratios, on="protocol", how="left")


def retest_pairs(
    changes: pd.DataFrame, photos: pd.DataFrame, *, measure: str = "burden_um"
) -> pd.DataFrame:
    """A batch's retests with what the manifest says of them.

    Parameters
    ----------
    changes, photos : DataFrame
        As changes.csv and photos.csv have them.
    measure : str
        A row's ``measure`` in changes.csv.

    Returns
    -------
    DataFrame
        One row a retest, columns :data:`PAIR_COLUMNS` and those of the earlier photo; refused
        ones too, with blank figures.

    Raises
    ------
    StudyError
        If there is no retest of that measure.
    """
    wanted = changes[(changes["kind"] == "retest") & (changes["measure"] == measure)]
    if wanted.empty:
        raise StudyError(
            f"There is no retest of {measure}.",
            remedy="Photograph some visits twice, mark the second photo as `retest` in the "
            "manifest (column kind), and run the batch again.",
        )
    kept = wanted[list(PAIR_COLUMNS)]
    about = photos.drop(columns=["subject", "view"]).rename(columns={"path": "baseline"})
    return kept.merge(about, on="baseline", how="left", validate="many_to_one")


def compare_protocols(
    pairs: pd.DataFrame,
    *,
    by: str,
    reference: str | None = None,
    scale: ErrorScale = "ratio",
    confidence: float = 0.95,
) -> ProtocolComparison:
    """Measurement error by protocol, and its ratio to that of one of them.

    Parameters
    ----------
    pairs : DataFrame
        One row a retest: ``before, after, comparable`` and the column `by`.
    by : str
        Column that says how a pair was photographed, such as ``device``.
    reference : str, optional
        Protocol that the others are held against. None: the one with the most retests.
    scale : {"ratio", "difference"}
        Whether errors grow with the figure (of logs, reported in percent) or do not.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    ProtocolComparison

    Raises
    ------
    StudyError
        If the column is not there, names fewer than two protocols, or one has fewer than two
        retests with figures.
    ParamsError
        If the reference is no protocol, or an option is unknown.

    Notes
    -----
    A protocol under which scars are hardly seen repeats well and measures nothing: hold the error
    against what is seen of a true change (:mod:`scarscope.validation.capture`), not alone.
    """
    one_of(scale, "scale", SCALES)
    in_unit_interval(confidence, "confidence")
    groups = _groups(pairs, by)
    reference = _reference(groups, reference)
    differences = {name: _figures(own, scale) for name, own in groups.items()}
    for name, (first, _) in differences.items():
        if len(first) < 2:
            raise StudyError(
                f"{name!r} has {len(first)} retest(s) with a figure: two are the least, and ten a "
                "beginning.",
                remedy="Photograph more visits twice under it.",
            )
    rows = [_group_row(n, own, differences[n], scale, confidence) for n, own in groups.items()]
    ratios = list(_ratio_rows(differences, reference, confidence))
    return ProtocolComparison(
        pd.DataFrame(rows, columns=list(GROUP_COLUMNS)),
        pd.DataFrame(ratios, columns=list(RATIO_COLUMNS)),
        scale,
        confidence,
    )


def _groups(pairs: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    if by not in pairs:
        raise StudyError(
            f"There is no column {by!r} to tell protocols by.",
            remedy="Name a column of the manifest, such as device.",
        )
    named = pairs[pairs[by].notna() & (pairs[by].astype("str") != "")]
    groups = {str(name): own for name, own in named.groupby(named[by].astype("str"))}
    if len(groups) < 2:
        raise StudyError(
            f"The column {by!r} names {len(groups)} protocol(s) among the retests.",
            remedy="Two are needed: photograph retests under both, and say which in the manifest.",
        )
    return groups


def _reference(groups: dict[str, pd.DataFrame], reference: str | None) -> str:
    if reference is None:
        return max(groups, key=lambda name: len(groups[name]))
    if reference not in groups:
        raise ParamsError(
            f"{reference!r} is no protocol.", remedy=f"Choose from {', '.join(groups)}."
        )
    return reference


def _figures(own: pd.DataFrame, scale: ErrorScale) -> tuple[Floats, Floats]:
    """Both measurements of the pairs that have them, as logs on the ratio scale."""
    table = own.loc[own["comparable"] != "no", ["before", "after"]].to_numpy(np.float64)
    table = table[np.isfinite(table).all(axis=1)]
    if scale == "ratio":
        table = np.log(table[(table > 0).all(axis=1)])
    return table[:, 0], table[:, 1]


def _group_row(
    name: str,
    own: pd.DataFrame,
    both: tuple[Floats, Floats],
    scale: ErrorScale,
    confidence: float,
) -> dict[str, Any]:
    found = sem_and_mdc(*both, confidence=confidence)
    sems = {"sem": found.sem, "sem_low": found.sem_low, "sem_high": found.sem_high}
    mdcs = {key.replace("sem", "mdc95"): mdc95_of(value) for key, value in sems.items()}
    refused = int((own["comparable"] == "no").sum())
    ratio = scale == "ratio"
    return {
        "protocol": name,
        "n_retests": len(own),
        "n_refused": refused,
        "n_without_figure": len(own) - refused - found.n,
        "n": found.n,
        "mean": math.exp(found.mean) if ratio else found.mean,
        **{key: 100 * math.expm1(value) if ratio else value for key, value in sems.items()},
        **{key: -100 * math.expm1(-value) if ratio else value for key, value in mdcs.items()},
        "unit": "%" if ratio else "the measure's own",
    }


def _ratio_rows(
    differences: dict[str, tuple[Floats, Floats]], reference: str, confidence: float
) -> Iterator[dict[str, Any]]:
    base = differences[reference]
    for name, own in differences.items():
        if name != reference:
            yield {
                "protocol": name,
                "reference": reference,
                **sd_ratio(own[0] - own[1], base[0] - base[1], confidence=confidence),
            }


def sd_ratio(a: Floats, b: Floats, *, confidence: float = 0.95) -> dict[str, Any]:
    """SD of `a` over that of `b` with its F interval and test; a row of :data:`RATIO_COLUMNS`.

    NaN where neither varies, or `b` does not.
    """
    df_a, df_b = len(a) - 1, len(b) - 1
    top, bottom = float(np.var(a, ddof=1)), float(np.var(b, ddof=1))
    if bottom == 0:
        return {"sd_ratio": math.nan, "low": math.nan, "high": math.nan, "verdict": OPEN}
    f, tail = top / bottom, (1 + confidence) / 2
    low = math.sqrt(f / float(stats.f.ppf(tail, df_a, df_b)))
    high = math.sqrt(f * float(stats.f.ppf(tail, df_b, df_a)))
    p = min(1.0, 2 * min(float(stats.f.cdf(f, df_a, df_b)), float(stats.f.sf(f, df_a, df_b))))
    verdict = SMALLER if high < 1 else LARGER if low > 1 else OPEN
    return {"sd_ratio": math.sqrt(f), "low": low, "high": high, "p": p, "verdict": verdict}
