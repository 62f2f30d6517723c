"""What the set of pairs says of comparing: every figure with its interval, in one long table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import chain

import pandas as pd

from scarscope.validation.bootstrap import Interval
from scarscope.validation.pair_new import new_scars
from scarscope.validation.pair_stats import (
    FIGURE_COLUMNS,
    Row,
    mean,
    mean_abs,
    median,
    row,
    share,
    slope,
    strata,
)
from scarscope.validation.pair_table import (
    COURSES,
    SAME_SET_UP,
    UNTOUCHED,
    WRONG_MM,
    PairResult,
)

_PHOTO = ("light", "tone")
_CHANGED = (*_PHOTO, "size", "way", "comparable")
_SCAR = ("size", "type", "change_size", "part", "comparable", "light", "tone")
_ON_SCAR = 0.1  # a found scar of which less lies on true ones lies over nothing
COPY_PCT = 5.0  # burdens of one photo and its copy agree within this


def figures(result: PairResult) -> pd.DataFrame:
    """All figures.

    Parameters
    ----------
    result : PairResult

    Returns
    -------
    DataFrame
        ``figure``, ``by``, ``level``, ``value``, ``low``, ``high``, ``n`` (pairs). Shares are in
        percent.
    """
    pairs, scars = result.pairs, result.scars
    parts = (
        *(_alignment(pairs), _passing(pairs), _calls(pairs)),
        *(_errors(pairs), _directions(pairs), _coverage(pairs), new_scars(pairs)),
        *(_scars(scars), _copies(pairs), _times(pairs)),
    )
    return pd.DataFrame(list(chain(*parts)), columns=list(FIGURE_COLUMNS))


def _of(pairs: pd.DataFrame, *parts: str, compared: bool = False) -> pd.DataFrame:
    own = pairs[pairs["part"].isin(parts)]
    return own[own["passed"] == 1] if compared else own


def _alignment(pairs: pd.DataFrame) -> Iterator[Row]:
    """Landmarks of the same skin; whether different skin was laid over each other."""
    same = pairs[pairs["part"] != "wrong"]
    off = ~(same["landmark_mm"] <= WRONG_MM)
    same = same.assign(
        group=_groups(same),
        failed=off.astype(float),
        unaware=(off & (same["aligned"].astype(bool)) & (same["passed"] == 1)).astype(float),
    )
    for name in ("landmark_mm", "landmark_p95_mm"):
        yield from strata(name, same, partial(median, column=name), ["part", "group"])
    for name in ("failed", "unaware"):
        yield from strata(f"alignment_{name}", same, partial(share, column=name), ["part", "group"])
    wrong = _of(pairs, "wrong")
    wrong = wrong.assign(taken=wrong["aligned"].astype(float))
    yield from strata("wrong_aligned", wrong, partial(share, column="taken"), ["kind"])
    failures = pd.concat([same[same["failed"] == 1], wrong])
    yield from strata("failure_told", failures, partial(share, column="refused"))


def _groups(pairs: pd.DataFrame) -> pd.Series:
    named = pairs["part"] + ": " + pairs["kind"].fillna("")
    return named.where(pairs["kind"].fillna("") != "", "")


def _passing(pairs: pd.DataFrame) -> Iterator[Row]:
    """Share of pairs that can be compared and are."""
    own = _of(pairs, *SAME_SET_UP)
    for name in ("passed", "passed_yes"):
        yield from strata(name, own, partial(share, column=name), ["part", "response", *_PHOTO])
    rest = _of(pairs, "confounder", "wide", "copy")
    rest = rest.assign(group=_groups(rest))
    for name in ("passed", "passed_yes"):
        levels = strata(f"rest_{name}", rest, partial(share, column=name), ["part", "group"])
        yield from levels[1:]


def _calls(pairs: pd.DataFrame) -> Iterator[Row]:
    """Calls of a change where there was none, of all pairs and of those that were compared."""
    for name, parts in (
        ("untouched", UNTOUCHED),
        ("confounder", ("confounder",)),
        ("wide", ("wide",)),
    ):
        own = _of(pairs, *parts)
        by = ["kind"] if name != "untouched" else ["part", "comparable", *_PHOTO]
        for column in ("called", "naive_called"):
            yield from strata(f"{name}_{column}", own, partial(share, column=column), by)
        compared = own[own["passed"] == 1]
        told = partial(share, column="called")
        yield from strata(f"{name}_called_of_compared", compared, told, by)


def _errors(pairs: pd.DataFrame) -> Iterator[Row]:
    """Error of the percent change, over pairs that were compared unless it says otherwise."""
    own = _of(pairs, *COURSES, compared=True)
    for prefix in ("", "naive_"):
        column, found = f"{prefix}error", "found_pct" if not prefix else "naive_pct"
        yield from strata(f"{prefix}change_mae", own, partial(mean_abs, column=column), _CHANGED)
        yield from strata(f"{prefix}change_bias", own, partial(mean, column=column), _CHANGED)
        line = partial(slope, x="true_pct", y=found)
        yield from strata(f"{prefix}change_slope", own, line, [*_PHOTO, "comparable"])
    everything = _of(pairs, *COURSES)
    for prefix in ("", "naive_"):
        told = mean_abs(everything, f"{prefix}error")
        yield row(f"{prefix}change_mae_refused_too", "all", "all", told)
    for part in ("network", "relief"):
        alone = own.assign(off=own[f"{part}_pct"] - own["true_pct"])
        yield row(f"{part}_alone_mae", "all", "all", mean_abs(alone, "off"))
        fitted = slope(alone, "true_pct", f"{part}_pct")
        yield row(f"{part}_alone_slope", "all", "all", fitted)
    again = _of(pairs, "retest", compared=True)
    for prefix in ("", "naive_"):
        yield row(f"{prefix}retest_mae", "all", "all", mean_abs(again, f"{prefix}error"))
        yield row(f"{prefix}retest_bias", "all", "all", mean(again, f"{prefix}error"))


def _directions(pairs: pd.DataFrame) -> Iterator[Row]:
    """Whether a change that is there is called, and called the right way."""
    own = _of(pairs, "treated", compared=True)
    beyond = own[own["detectable"].astype(bool)]
    for name in ("same_sign", "right", "wrong"):
        told = partial(share, column=name)
        yield from strata(f"detectable_{name}", beyond, told, ["way", "comparable", *_PHOTO])
    for name in ("right", "wrong", "naive_right", "naive_wrong"):
        yield from strata(f"treated_{name}", own, partial(share, column=name), ["way"])
    # By size, healing alone: what got deeper is read worse, and would mix with it.
    for name in ("right", "wrong", "naive_right", "naive_wrong"):
        yield from strata(f"healed_{name}", _healed(own), partial(share, column=name), ["size"])
    everything = _healed(_of(pairs, "treated"))
    told = partial(share, column="right")
    yield from strata("healed_right_refused_too", everything, told, ["size"])


def _healed(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs[pairs["true_pct"] < 0]


def _coverage(pairs: pd.DataFrame) -> Iterator[Row]:
    """How often the true change lies within MDC95, and within 1.96 SE, of the found one."""
    own = _of(pairs, *SAME_SET_UP, compared=True)
    by = ["part", "comparable", "size", *_PHOTO]
    yield from strata("within_mdc95", own, partial(share, column="within"), by)
    yield from strata("within_se", own, partial(share, column="within_se"), by)
    yield from strata("mdc95_pct", own, partial(median, column="mdc95_pct"), by)
    yield row("naive_mdc95_pct", "all", "all", median(own, "naive_mdc95_pct"))


def _scars(scars: pd.DataFrame) -> Iterator[Row]:
    """Single scars of pairs that were compared.

    How often a status is right is asked of courses, treated or not: in retests nearly every scar is
    unchanged, and is called so.
    """
    own = scars[scars["part"].isin(SAME_SET_UP) & (scars["comparable"] != "no")]
    true = own[own["known"].astype(bool)]
    true = true.assign(seen=true["found"].astype(float))
    yield from strata("scar_followed", true, partial(share, column="seen"), ["size", "type"])
    followed = true[true["found"].astype(bool)]
    courses = followed[followed["part"].isin(COURSES)]
    for name in ("strict", "lenient", "three"):
        yield from strata(f"scar_{name}", courses, partial(share, column=name), _SCAR)
    still = courses.assign(still=(courses["true_status"] == "unchanged").astype(float))
    yield row("scar_always_unchanged", "all", "all", share(still, "still"))
    yield from strata("scar_sensitivity", courses, partial(share, column="strict"), ["true_status"])
    yield from strata("scar_precision", courses, partial(share, column="strict"), ["status"])
    again = followed[followed["part"].isin(UNTOUCHED)]
    again = again.assign(off=(again["status"] != "unchanged").astype(float))
    yield from strata("scar_false_change", again, partial(share, column="off"), ["part", "size"])
    treated = followed[followed["part"] == "treated"]
    for name in ("strict", "lenient", "three"):
        yield row(f"scar_{name}", "only", "treated", share(treated, name))
    yield row("scar_strict_treated", "all", "all", share(treated, "strict"))
    yield from strata("scar_mae", followed, partial(mean_abs, column="error"), _SCAR)
    yield from strata("scar_bias", followed, partial(mean, column="error"), _SCAR)
    yield from strata("scar_cover_mae", followed, partial(mean_abs, column="cover_error"), _SCAR)
    yield from strata("scar_within_mdc95", followed, partial(share, column="within"), _SCAR)
    yield row("scar_slope", "all", "all", slope(followed, "true_pct", "found_pct"))
    found = own[own["status"].fillna("") != ""]
    found = found.assign(nothing=(found["on_scar"] < _ON_SCAR).astype(float))
    yield row("scar_over_nothing", "all", "all", share(found, "nothing"))


def _copies(pairs: pd.DataFrame) -> Iterator[Row]:
    """One photo against an edited copy of itself."""
    own = _of(pairs, "copy")
    alike = (own["found_pct"].abs() <= COPY_PCT) & (own["passed"] == 1)
    own = own.assign(
        agrees=alike.astype(float),
        sound=(alike | (own["refused"] == 1)).astype(float),
    )
    for name in ("agrees", "refused", "sound", "called"):
        yield from strata(f"copy_{name}", own, partial(share, column=name), ["kind"])
    yield from strata("copy_mae", own, partial(mean_abs, column="found_pct"), ["kind"])


def _times(pairs: pd.DataFrame) -> Iterator[Row]:
    """Seconds on this machine: only their ratio is worth comparing."""
    own = _of(pairs, *SAME_SET_UP)
    compare, one = (median(own, name) for name in ("compare_s", "score_s"))
    yield row("compare_s", "all", "all", compare)
    yield row("score_s", "all", "all", one)
    ratio = compare.value / one.value if one.value > 0 else math.nan
    yield row("compare_over_score", "all", "all", Interval(ratio, math.nan, math.nan, compare.n))


def value(table: pd.DataFrame, figure: str, *, by: str = "all", level: str = "all") -> Interval:
    """One figure of the table; NaN where it is not there."""
    own = table[(table["figure"] == figure) & (table["by"] == by) & (table["level"] == level)]
    if own.empty:
        return Interval(math.nan, math.nan, math.nan, 0)
    first = own.iloc[0]
    return Interval(
        float(first["value"]), float(first["low"]), float(first["high"]), int(first["n"])
    )


def confusion(scars: pd.DataFrame, statuses: tuple[str, ...]) -> pd.DataFrame:
    """Followed scars of compared pairs by true status (rows) and found status (columns)."""
    own = scars[scars["part"].isin(SAME_SET_UP) & (scars["comparable"] != "no")]
    own = own[own["found"].astype(bool)]
    table = pd.crosstab(own["true_status"], own["status"])
    return table.reindex(index=list(statuses), columns=list(statuses)).fillna(0.0)
