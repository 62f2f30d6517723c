"""The figures of a study: course, every subject's change, responders, scars, baselines, visits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scarscope.study.agreement.repeatability import Z95
from scarscope.study.figure_style import (
    BAND,
    FAINT,
    INK,
    ONE_COLUMN,
    TALLEST,
    TWO_COLUMNS,
    VERDICT_COLOURS,
    VERDICT_MARKERS,
    arm_name,
    arm_style,
    legend_below,
    new_figure,
)
from scarscope.study.response import measure_words
from scarscope.study.units import last_session

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Tables = Mapping[str, pd.DataFrame]
_MOST_PANELS = 3  # side by side on a page
_LABELLED = 40  # subjects whose names can be read beside each other
_ROW = 0.15  # inches
_UNITS = {"um": "µm", "px": "px", "mm2": "mm²", "px2": "px²", "mm3": "mm³", "deg": "degrees"}


def course_figure(tables: Tables) -> Figure | None:
    """Every subject's course and each arm's mean with its interval, beside MDC95."""
    units, course = tables["units"], tables["course"]
    course = course[course["n"] > 0]
    if course.empty:
        return None
    arms = arms_of(units)
    by_days = bool(course["days"].notna().all())
    rows, columns = _panels(len(arms))
    width = ONE_COLUMN if columns == 1 else TWO_COLUMNS
    figure, grid = new_figure(width, 0.5 + 2.4 * rows, rows, columns)
    for at, axes in enumerate(grid.flat):
        if at >= len(arms):
            axes.set_visible(False)
            continue
        axes.tick_params(labelbottom=at + columns >= len(arms))
        _course_panel(axes, units, course, arms, arms[at], by_days)
    for axes in grid.flat[max(0, len(arms) - columns) : len(arms)]:
        axes.set_xlabel("days since baseline" if by_days else "visit")
    for axes in grid[:, 0]:
        axes.set_ylabel(f"change of {_short(units)}, % of baseline")
    legend_below(figure)
    return figure


def _panels(count: int) -> tuple[int, int]:
    """Rows and columns for so many panels, evenly filled."""
    rows = math.ceil(count / _MOST_PANELS)
    return rows, math.ceil(count / rows)


def _course_panel(
    axes: Axes, units: pd.DataFrame, course: pd.DataFrame, arms: list[str], arm: str, by_days: bool
) -> None:
    own, mean = units[units["arm"] == arm], course[course["arm"] == arm]
    place = "days" if by_days else "session"
    x = np.array([0.0, *mean[place].astype("float64")])
    mdc = np.array([mean["mdc95_pct"].iloc[0] if len(mean) else np.nan, *mean["mdc95_pct"]])
    axes.fill_between(x, -mdc, mdc, color=BAND, lw=0, label="within MDC95 of one subject (median)")
    axes.axhline(0, color=INK, lw=0.6)
    known = own[own["change_pct"].notna()]
    for _, line in known.groupby("subject"):
        axes.plot(
            [0.0, *line[place].astype("float64")], [0.0, *line["change_pct"]],
            color=FAINT, lw=0.6, label="one subject",
        )  # fmt: skip
    middle, low, high = (
        mean[name].to_numpy(np.float64)
        for name in ("change_pct", "change_pct_low", "change_pct_high")
    )
    look = arm_style(arms, arm)
    axes.plot(x, [0.0, *middle], **look, ms=4, zorder=4)
    axes.plot([], [], color=INK, label="mean and 95 % interval")  # of whichever colour
    # A mean without an interval (one subject) has no bar, and not one of no length.
    bars = np.nan_to_num(np.array([middle - low, high - middle]))
    axes.errorbar(
        x[1:], middle, yerr=bars, fmt="none", ecolor=look["color"], capsize=2.5, zorder=4,
    )  # fmt: skip
    lost = int(mean["n_not_comparable"].sum())
    axes.set_title(arm_name(arm))
    counts = ", ".join(str(n) for n in mean["n"])
    note = f"n at the visits: {counts}" + (f"; not comparable: {lost}" if lost else "")
    axes.annotate(note, (0.02, 0.02), xycoords="axes fraction", fontsize=6.5, color=INK)


def effect_figure(tables: Tables) -> Figure | None:
    """Each arm against the reference at every visit, as the model has it."""
    table = tables["contrasts"]
    table = table[(table["measure"] == _measure(tables)) & table["change_pct"].notna()]
    if table.empty:
        return None
    everyone, arms = arms_of(tables["units"]), arms_of(table)
    figure, grid = new_figure(ONE_COLUMN, 2.5)
    axes: Axes = grid[0, 0]
    axes.axhline(0, color=INK, lw=0.6)
    for at, arm in enumerate(arms):
        own, look = table[table["arm"] == arm], arm_style(everyone, arm)
        middle, low, high = (
            own[f"change_pct{end}"].to_numpy(np.float64) for end in ("", "_low", "_high")
        )
        x = own["session"].to_numpy(np.float64) + 0.12 * (at - (len(arms) - 1) / 2)
        axes.errorbar(
            x, middle, yerr=[middle - low, high - middle], fmt=look["marker"], ms=4,
            color=look["color"], capsize=2.5, label=f"{arm} against {own['reference'].iloc[0]}",
        )  # fmt: skip
    visits = sorted(int(visit) for visit in table["session"].unique())
    axes.set_xticks(visits)
    axes.set_xlim(visits[0] - 0.6, visits[-1] + 0.6)
    axes.set_xlabel("visit")
    axes.set_ylabel(f"difference of {measure_words(_measure(tables))}, %\n(95 % interval)")
    legend_below(figure)
    return figure


def _measure(tables: Tables) -> str:
    named = tables["response"]["measure"]
    return str(named.iloc[0]) if len(named) else ""


def subjects_figure(tables: Tables) -> Figure | None:
    """Each subject's change at the last visit with its error, against its own MDC95."""
    last = last_session(tables["units"])
    if last.empty:
        return None
    arms = arms_of(last)
    most = max(int((last["arm"] == arm).sum()) for arm in arms)
    rows, columns = _panels(len(arms))
    width = ONE_COLUMN if columns == 1 else TWO_COLUMNS
    figure, grid = new_figure(width, 0.6 + rows * (0.7 + _ROW * most), rows, columns)
    for at, axes in enumerate(grid.flat):
        if at >= len(arms):
            axes.set_visible(False)
            continue
        axes.tick_params(labelbottom=at + columns >= len(arms))
        own = last[last["arm"] == arms[at]].sort_values("change_pct", ascending=False)
        # Panels share their axes, so that names would be those of one panel only.
        _subjects_panel(axes, own, labelled=most <= _LABELLED)
        axes.set_title(arm_name(arms[at]))
        axes.set_ylim(-0.8, most - 0.2)
    for axes in grid.flat[max(0, len(arms) - columns) : len(arms)]:
        axes.set_xlabel(f"change of {_short(last)}, % of baseline")
    legend_below(figure)
    return figure


def _subjects_panel(axes: Axes, own: pd.DataFrame, *, labelled: bool) -> None:
    percent = 100 / own["before"].mask(own["before"] <= 0).to_numpy(np.float64)
    y = np.arange(len(own), dtype=np.float64)
    mdc, error = own["mdc95"].to_numpy() * percent, Z95 * own["change_se"].to_numpy() * percent
    axes.barh(y, 2 * mdc, left=-mdc, height=0.8, color=BAND, lw=0, label="within its MDC95")
    axes.axvline(0, color=INK, lw=0.6)
    for verdict, colour in VERDICT_COLOURS.items():
        of = (own["verdict"] == verdict).to_numpy()
        if not of.any():
            continue
        bars = np.nan_to_num(error[of])
        axes.errorbar(
            own["change_pct"].to_numpy()[of], y[of], xerr=bars, fmt=VERDICT_MARKERS[verdict],
            ms=3, color=colour, elinewidth=0.8, label=verdict or "no verdict",
        )  # fmt: skip
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.spines["left"].set_visible(False)
    if labelled:
        for at, name in zip(y, own["subject"], strict=True):
            axes.annotate(
                str(name), (-0.01, at), xycoords=("axes fraction", "data"), ha="right",
                va="center", fontsize=6.5,
            )  # fmt: skip


def responders_figure(tables: Tables) -> Figure | None:
    """Shares of responders at each arm's last visit, by each rule, with Wilson's intervals."""
    table = tables["responders"]
    table = table[table["n"] > 0]
    if table.empty:
        return None
    last = table[table["session"] == table.groupby("arm")["session"].transform("max")]
    rules = list(dict.fromkeys(last["meaning"]))
    everyone = arms_of(tables["units"])
    label = "share of subjects who respond"
    return _shares_figure(last, everyone, ("meaning", "responders"), rules, label)


def scars_figure(tables: Tables) -> Figure | None:
    """Share of scars that are better at each arm's last visit, by type and by size class."""
    table = tables["scar_response"]
    table = table[table["n_scars"] > 0]
    if table.empty:
        return None
    last = table[table["session"] == table.groupby("arm")["session"].transform("max")]
    names = {"better_share": "share", "better_low": "low", "better_high": "high", "n_scars": "n"}
    last = last.rename(columns=names).assign(count=last["resolved"] + last["improved"])
    groups = list(dict.fromkeys(last["class"]))
    everyone = arms_of(tables["units"])
    label = "share of scars resolved or improved"
    return _shares_figure(last, everyone, ("class", "count"), groups, label)


def _shares_figure(
    table: pd.DataFrame,
    everyone: list[str],
    columns: tuple[str, str],
    groups: list[str],
    label: str,
) -> Figure:
    """Shares with intervals, one row an arm in each group; `everyone` decides on the colours."""
    arms, (by, count) = arms_of(table), columns
    step = len(arms) + 0.8
    height = 0.9 + 0.17 * step * len(groups)
    figure, grid = new_figure(ONE_COLUMN * 1.25, height)
    axes: Axes = grid[0, 0]
    for arm_at, arm in enumerate(arms):
        own = table[table["arm"] == arm].drop_duplicates(by).set_index(by)
        own = own.reindex([name for name in groups if name in own.index])
        y = np.array([-step * groups.index(str(name)) - arm_at for name in own.index])
        share, low, high = (own[name].to_numpy(np.float64) for name in ("share", "low", "high"))
        look = arm_style(everyone, arm)
        bars = np.nan_to_num(np.array([share - low, high - share]))
        axes.errorbar(
            100 * share, y, xerr=100 * np.maximum(bars, 0), fmt=look["marker"], ms=4,
            color=look["color"], elinewidth=0.9, capsize=2, label=arm_name(arm),
        )  # fmt: skip
        for at, met, n in zip(y, own[count], own["n"], strict=True):
            axes.annotate(
                f"{met}/{n}", (1.02, at), xycoords=("axes fraction", "data"), va="center",
                fontsize=6.5, color=look["color"],
            )  # fmt: skip
    middle = (len(arms) - 1) / 2
    axes.set_yticks([-step * at - middle for at in range(len(groups))], _wrapped(groups))
    axes.set_ylim(-step * len(groups) + 1, 0.9)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(-2, 102)
    axes.set_xlabel(f"{label}, % (95 % interval)")
    axes.grid(axis="x", color=BAND, lw=0.5)
    axes.set_axisbelow(True)
    if len(arms) > 1:
        legend_below(figure)
    return figure


def _wrapped(texts: list[str]) -> list[str]:
    import textwrap

    return [textwrap.fill(text, 26) for text in texts]


def regression_figure(tables: Tables) -> Figure | None:
    """Change against baseline at the last visit, with the slope that error alone would give."""
    lines, units = tables["regression"], tables["units"]
    last = lines.sort_values("session").groupby("arm").tail(1).sort_values("arm")
    if last.empty:
        return None
    figure, grid = new_figure(ONE_COLUMN * 1.1, 3.2)
    axes: Axes = grid[0, 0]
    everyone = arms_of(units)
    known = units[units["change"].notna()]
    shown = known.merge(last[["arm", "session"]], on=["arm", "session"])
    mdc = float(shown["mdc95"].median())
    axes.axhspan(-mdc, mdc, color=BAND, lw=0, label="within MDC95 (median)")
    axes.axhline(0, color=INK, lw=0.6)
    for _, line in last.iterrows():
        own, look = shown[shown["arm"] == line["arm"]], arm_style(everyone, str(line["arm"]))
        axes.plot(own["before"], own["change"], ls="", ms=4, **look, label=arm_name(line["arm"]))
        # No farther than this arm's own baselines.
        reach = np.array([own["before"].min(), own["before"].max()])
        for name, dash in (("slope", "-"), ("error_slope", ":")):
            height = line["change"] + line[name] * (reach - line["baseline_mean"])
            if not last["slope"].isna().all():
                axes.plot(reach, height, color=look["color"], ls=dash, lw=1.0)
    if last["slope"].notna().any():
        axes.plot([], [], color=INK, lw=1.0, label="slope on baseline")
        axes.plot([], [], color=INK, ls=":", lw=1.0, label="slope by error alone")
    unit = _unit(shown)
    axes.set_xlabel(f"{_short(shown)} at baseline, {unit}")
    axes.set_ylabel(f"change, {unit}")
    legend_below(figure)
    return figure


_VISIT_LOOKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("baseline", "baseline", {"marker": "o", "mfc": "white", "mec": INK}),
    ("yes", "comparable", {"marker": "o", "mfc": "#0072b2", "mec": "#0072b2"}),
    ("caution", "with caution", {"marker": "^", "mfc": "#e69f00", "mec": "#e69f00"}),
    ("no", "not comparable", {"marker": "x", "mfc": INK, "mec": INK}),
)


def visits_figure(tables: Tables) -> Figure | None:
    """When every subject was photographed and treated, and which photos count."""
    response, log = tables["response"], tables["treatments"]
    dated = response[response["days"].notna()]
    if dated.empty:
        return None
    rows = dated[["subject", "side"]].drop_duplicates().sort_values(["subject", "side"])
    place = {key: -at for at, key in enumerate(rows.itertuples(index=False, name=None))}
    height = min(TALLEST, 1.0 + _ROW * len(place))
    figure, grid = new_figure(TWO_COLUMNS, height)
    axes: Axes = grid[0, 0]
    start = _first_days(dated, tables["windows"])
    needles = [
        ((pd.Timestamp(day) - start[key]).days, place[key])
        for *key_parts, day in log[["subject", "side", "treated_on"]].itertuples(index=False)
        if (key := tuple(key_parts)) in place
    ]
    if needles:
        x, y = np.array(needles, np.float64).T
        # Above its photo, which is mostly taken on the same day.
        needle: dict[str, Any] = {"marker": "v", "ms": 3, "mew": 0, "color": "#d55e00"}
        axes.plot(x, y + 0.36, ls="", label="treatment", **needle)
    worst = dated.assign(_rank=dated["comparable"].map({"no": 0, "caution": 1, "yes": 2}))
    best = worst.sort_values("_rank").drop_duplicates(["subject", "side", "session"], keep="last")
    for kind, told, look in _VISIT_LOOKS:
        own = best[best["comparable"] == kind]
        x = own["days"].to_numpy(np.float64)
        y = np.array([place[key] for key in zip(own["subject"], own["side"], strict=True)])
        if kind == "baseline":
            x, y = np.zeros(len(place)), np.array(list(place.values()))
        if len(x):
            axes.plot(x, y, ls="", ms=4, label=told, **look)
    _name_rows(axes, list(place))
    axes.set_xlabel("days since baseline")
    legend_below(figure)
    return figure


def _first_days(dated: pd.DataFrame, windows: pd.DataFrame) -> dict[Any, pd.Timestamp]:
    """Day of each side's baseline."""
    days = pd.to_datetime(windows.set_index("path")["date"], errors="coerce")
    first = dated["baseline"].map(days).groupby([dated["subject"], dated["side"]]).min()
    return dict(first.items())


def _name_rows(axes: Axes, keys: list[tuple[str, str]]) -> None:
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-len(keys) + 0.3, 0.7)
    if len(keys) * _ROW > TALLEST - 1.0:
        axes.set_yticks([])
        axes.set_ylabel(f"{len(keys)} subjects and sides, in order of their names")
        return
    names = [f"{subject}  {side}" for subject, side in keys]
    axes.set_yticks([-at for at in range(len(keys))], names)
    axes.tick_params(axis="y", length=0)


FIGURES: dict[str, tuple[Callable[[Tables], Figure | None], str]] = {
    "course": (course_figure, "Change since baseline at every visit, subject by subject."),
    "effect": (effect_figure, "Arm against arm at every visit, from the model."),
    "subjects": (subjects_figure, "Each subject's change at the last visit, with its error."),
    "responders": (responders_figure, "Responders at the last visit by three rules."),
    "scars": (scars_figure, "Scars that are better at the last visit, by type and by size."),
    "baseline": (regression_figure, "Change against baseline: regression to the mean."),
    "visits": (visits_figure, "Photos and treatments of every subject."),
}


def arms_of(table: pd.DataFrame) -> list[str]:
    """The arms in their order: a stable one, so that colours do not change from run to run."""
    return sorted({str(arm) for arm in table["arm"]})


def _short(table: pd.DataFrame) -> str:
    """What was measured, in words."""
    return measure_words(str(table["measure"].iloc[0]))


def _unit(table: pd.DataFrame) -> str:
    unit = str(table["measure"].iloc[0]).rpartition("_")[2]
    return _UNITS.get(unit, "as measured")
