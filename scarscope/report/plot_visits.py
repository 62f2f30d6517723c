"""A subject's course over the visits, as a plot.

Needs matplotlib (extra ``study``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scarscope.errors import ParamsError
from scarscope.report.plot_axes import WIDE, axes_or_new
from scarscope.study.agreement.repeatability import Z95
from scarscope.study.analysis import Analysis
from scarscope.study.data import StudyData
from scarscope.study.figure_style import ARM_COLOURS, BAND, INK, VERDICT_COLOURS, VERDICT_MARKERS
from scarscope.study.response import measure_words, primary_measure, response_table
from scarscope.study.run import StudyResult
from scarscope.study.units import SIDE, combine

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE_DASHES = ("-", "--", ":", "-.")
_NEEDED = ("subject", "session", "before", "change_pct", "change_se", "mdc95")

Study = StudyResult | Analysis | StudyData | pd.DataFrame


def plot_course(study: Study, subject: str, ax: Axes | None = None) -> Axes:
    """Draw one subject's change over the visits, with its error and what is detectable.

    Parameters
    ----------
    study : StudyResult, Analysis, StudyData or DataFrame
        A study, or a table of one measure with the columns ``subject, session, before,
        change_pct, change_se, mdc95`` and, where known, ``side, days, comparable, measure``: as
        ``response.csv`` has it, or rows of :attr:`scarscope.Change.measures` put together.
    subject : str
        As in the table.
    ax : Axes, optional
        Where to draw. None: a new figure.

    Returns
    -------
    Axes
        Across: days since baseline, or the visit's number where a date is not known; up: change in
        percent of baseline, 0 at baseline. Bars are 95 % intervals, the band is MDC95 (of several
        sides the widest), and a cross at the foot is a visit that cannot be compared.

    Raises
    ------
    DependencyError
        If matplotlib is missing.
    ParamsError
        If the table lacks a column or the subject.
    """
    units = combine(_rows_of(study, subject), SIDE)
    ax = axes_or_new(ax, size=WIDE)
    by_days = bool(units["days"].notna().all())
    place = "days" if by_days else "session"
    _draw_detectable(ax, units, place)
    ax.axhline(0, color=INK, lw=0.6)
    sides = list(dict.fromkeys(units["side"]))
    for at, side in enumerate(sides):
        _draw_side(ax, units[units["side"] == side], place, at, str(side))
    lost = units[units["comparable"] == "no"]
    if len(lost):
        foot = np.full(len(lost), 0.04)
        ax.plot(
            lost[place].astype("float64"), foot, ls="", marker="x", color=INK,
            transform=ax.get_xaxis_transform(), label="not comparable",
        )  # fmt: skip
    if not by_days:
        ax.set_xticks([0, *sorted({int(visit) for visit in units["session"]})])
    ax.set_xlabel("days since baseline" if by_days else "visit")
    measure = measure_words(str(units["measure"].iloc[0])) or "the measure"
    ax.set_ylabel(f"change of {measure}, % of baseline")
    ax.legend(fontsize="small")
    return ax


def _rows_of(study: Study, subject: str) -> pd.DataFrame:
    table = _table_of(study)
    missing = [name for name in _NEEDED if name not in table]
    if missing:
        raise ParamsError(
            f"The table lacks {', '.join(missing)}.",
            remedy="Give response.csv of a study, or what scarscope.study.response_table makes.",
        )
    if subject not in set(table["subject"]):
        known = ", ".join(sorted({str(name) for name in table["subject"]}))
        raise ParamsError(f"There is no subject {subject!r}.", remedy=f"There are {known}.")
    blanks: Mapping[str, Any] = {"side": "", "days": np.nan, "comparable": "yes", "measure": ""}
    own = table[table["subject"] == subject]
    own = own.assign(**{name: blank for name, blank in blanks.items() if name not in own})
    if "change" not in own:
        own = own.assign(change=own["before"] * own["change_pct"] / 100)
    if "after" not in own:
        own = own.assign(after=own["before"] + own["change"])
    if "arm" not in own:
        own = own.assign(arm="")
    if own["measure"].nunique() > 1:
        raise ParamsError(
            f"The table holds {own['measure'].nunique()} measures.",
            remedy="Give the rows of one, such as table[table['measure'] == 'burden_um'].",
        )
    return own


def _table_of(study: Study) -> pd.DataFrame:
    if isinstance(study, pd.DataFrame):
        return study
    if isinstance(study, StudyData):
        return response_table(study, measure=primary_measure(study))
    if isinstance(study, StudyResult | Analysis):
        return study.to_frame()
    raise ParamsError(
        f"A {type(study).__name__} is no study.",
        remedy="Give a study's result, scarscope.study.read_study(folder), or a table.",
    )


def _draw_detectable(ax: Axes, units: pd.DataFrame, place: str) -> None:
    """The band of MDC95, from baseline on."""
    known = units[units["mdc95"].notna() & (units["before"] > 0)]
    if known.empty:
        return
    share = (100 * known["mdc95"] / known["before"]).groupby(known[place].astype("float64")).max()
    x = np.array([0.0, *share.index])
    band = np.array([share.iloc[0], *share])
    ax.fill_between(x, -band, band, color=BAND, lw=0, label="within MDC95")


def _draw_side(ax: Axes, own: pd.DataFrame, place: str, at: int, side: str) -> None:
    known = own[own["change_pct"].notna()].sort_values("session")
    if known.empty:
        return
    x, y = (known[name].to_numpy(np.float64) for name in (place, "change_pct"))
    error = 100 * Z95 * known["change_se"].to_numpy(np.float64) / known["before"].to_numpy()
    colour = ARM_COLOURS[at % len(ARM_COLOURS)]
    dashes = _SIDE_DASHES[at % len(_SIDE_DASHES)]
    ax.plot([0.0, *x], [0.0, *y], color=colour, ls=dashes, lw=1.2, label=side or "change")
    # A change whose error is not known has no bar, and not one of no length.
    bars = np.nan_to_num(error)
    ax.errorbar(x, y, yerr=bars, fmt="none", ecolor=colour, capsize=3)
    for verdict, own_colour in VERDICT_COLOURS.items():
        of = (known["verdict"] == verdict).to_numpy()
        if of.any():
            ax.plot(
                x[of], y[of], ls="", marker=VERDICT_MARKERS[verdict], ms=6, color=own_colour,
                label=verdict or "no verdict", zorder=4,
            )  # fmt: skip
