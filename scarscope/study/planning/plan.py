"""How many subjects, photos and retests a study needs, by simulation of the default test.

Legend
------
power : share of simulated trials whose default test finds the effect
SEM, MDC95 : as in :mod:`scarscope.study.agreement.repeatability`
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scarscope.change.error import Z95
from scarscope.errors import ParamsError, StudyError
from scarscope.study.agreement.intervals import wilson
from scarscope.study.checks import in_unit_interval
from scarscope.study.models.assumptions import primary_figures
from scarscope.study.models.fit import fit_rows
from scarscope.study.models.rows import rows_of_sides
from scarscope.study.planning.trial import TREATED, Spreads, Trial, simulate_sides

Progress = Callable[[int, int], object]

PLAN = {
    "design": "`split-face` or `parallel`.",
    "subjects": "Subjects enrolled.",
    "followups": "Visits after baseline.",
    "photos": "Photos of each side that are averaged at every visit.",
    "effect_pct": "Change of burden by treatment, percent, that is to be found.",
    "mdc95_pct": "Smallest detectable change of one side at the median baseline, percent.",
    "studies": "Simulated trials.",
    "failed": "Those that could not be analysed; they count as not finding it.",
    "power": "Share whose default test finds the effect, in its direction.",
    "power_low": "Lower end of its 95 % interval (Wilson): what chance the simulation leaves.",
    "power_high": "Upper end.",
    "interval_pct": "Median width of the interval of the effect, percentage points.",
}
RETESTS = {
    "retests": "Pairs of photos of the same visit.",
    "low_ratio": "Lower end of the 95 % interval of SEM and MDC95, as a multiple of the estimate.",
    "high_ratio": "Upper end.",
}


@dataclass(frozen=True, eq=False)
class Plan:
    """Power by size of the study.

    Attributes
    ----------
    table : DataFrame
        Columns :data:`PLAN`.
    level : float
        Two-sided level of the test.
    seed : int
    spreads : Spreads
        What was drawn from.
    """

    table: pd.DataFrame = field(repr=False)
    level: float
    seed: int
    spreads: Spreads

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def smallest(self, power: float = 0.8, *, sure: bool = False) -> pd.DataFrame:
        """The smallest studies with a power, one row for each number of follow-ups and photos.

        Parameters
        ----------
        power : float
            What is wanted.
        sure : bool
            Whether all of the interval that the simulation leaves has to reach it.

        Returns
        -------
        DataFrame
            Rows of the table: of each group the fewest subjects from which on every larger size
            that was tried has it too; none where no size has.
        """
        in_unit_interval(power, "power")
        figure = "power_low" if sure else "power"
        found = []
        for _, own in self.table.groupby(["followups", "photos"]):
            ordered = own.sort_values("subjects", ascending=False)
            enough = (ordered[figure] >= power).cummin()
            found.append(ordered[enough].tail(1))
        return pd.concat(found, ignore_index=True)


def plan_study(
    trial: Trial,
    spreads: Spreads,
    *,
    subjects: Sequence[int] = (12, 16, 20, 24, 30, 36, 48),
    followups: Sequence[int] = (),
    photos: Sequence[int] = (),
    studies: int = 400,
    level: float = 0.05,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """Power of the default test over sizes of a trial.

    Parameters
    ----------
    trial : Trial
        All but the size; its own `followups` and `photos` where none are listed.
    spreads : Spreads
        From :func:`scarscope.study.planning.components.spreads_of`, or stated.
    subjects, followups, photos : sequence of int
        Sizes to try, all with each other.
    studies : int
        Simulated trials of each size.
    level : float
        Two-sided level of the test.
    seed : int
        Of chance; the same seed gives the same table.
    progress : callable, optional
        Called as ``progress(done, total)`` after each size.

    Returns
    -------
    Plan

    Raises
    ------
    ParamsError
        For sizes that are none, or a trial without an effect.
    """
    checked(trial, studies, level)
    sizes = [
        dataclasses.replace(trial, subjects=n, followups=k, photos=m)
        for k in followups or (trial.followups,)
        for m in photos or (trial.photos,)
        for n in subjects
    ]
    rows = []
    for done, size in enumerate(sizes, start=1):
        rows.append(power_at(size, spreads, studies, level, seed))
        if progress is not None:
            progress(done, len(sizes))
    return Plan(pd.DataFrame(rows, columns=list(PLAN)), level, seed, spreads)


def checked(trial: Trial, studies: int, level: float) -> None:
    """Refuse what no power can be worked out from.

    Raises
    ------
    ParamsError
        For a trial without an effect, no simulated trials, or a level that is none.
    """
    in_unit_interval(level, "level")
    if studies < 1:
        raise ParamsError(f"studies is {studies!r}.", remedy="Give 1 or more, better hundreds.")
    if trial.effect == 0:
        raise ParamsError("effect_pct is 0.", remedy="State the effect that is to be found.")


def power_at(
    trial: Trial, spreads: Spreads, studies: int, level: float, seed: int
) -> dict[str, Any]:
    """Power of one size of a trial: a row of :data:`PLAN`."""
    found, failed = 0, 0
    widths: list[float] = []
    for study in range(studies):
        # Studies of the same number draw alike whatever their size, so that sizes can be compared.
        table = simulate_sides(trial, spreads, np.random.default_rng([seed, study]))
        try:
            model = fit_rows(rows_of_sides(table), session=trial.followups, confidence=1 - level)
            told = primary_figures(model)[TREATED]
        except (StudyError, KeyError):
            failed += 1
            continue
        found += told.p < level and (told.estimate < 0) == (trial.effect < 0)
        with np.errstate(over="ignore"):  # of hardly any sides, an interval can be endless
            widths.append(100 * float(np.exp(told.high) - np.exp(told.low)))
    share = wilson(found, studies)
    width = float(np.median(widths)) if widths else math.nan
    mdc = 100 * mdc95_of_burden(spreads, photos=trial.photos) / spreads.baseline_um
    size = (trial.design, trial.subjects, trial.followups, trial.photos, trial.effect_pct, mdc)
    row = (*size, studies, failed, share.share, share.low, share.high, width)
    return dict(zip(PLAN, row, strict=True))


def mdc95_of_burden(spreads: Spreads, *, burden_um: float | None = None, photos: int = 1) -> float:
    """Smallest detectable change of one side, in micrometres.

    Parameters
    ----------
    spreads : Spreads
    burden_um : float, optional
        Around which burden. None: the median baseline.
    photos : int
        Photos that are averaged at every visit, each follow-up against a baseline of its own: k
        leave ``√((1 + (k - 1) ρ) / k)`` of it, ρ the error that photos of one visit share.

    Examples
    --------
    >>> spreads = Spreads(baseline_um=10.0, error_relative=0.1)
    >>> round(mdc95_of_burden(spreads), 3), round(mdc95_of_burden(spreads, photos=4), 3)
    (1.96, 1.351)
    """
    if photos < 1:
        raise ParamsError(f"photos is {photos!r}.", remedy="Give 1 or more.")
    burden = spreads.baseline_um if burden_um is None else burden_um
    sd = math.hypot(spreads.error_absolute_um, spreads.error_relative * burden)
    return Z95 * sd * math.hypot(*spreads.parts_of_error(photos))


def retest_precision(
    retests: Iterable[int] = (6, 10, 15, 20, 30, 50), *, confidence: float = 0.95
) -> pd.DataFrame:
    """How well a number of retests tells the measurement error.

    Parameters
    ----------
    retests : iterable of int
        Numbers of pairs, each 2 or more.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    DataFrame
        Columns :data:`RETESTS`; the chi-squared interval of a standard deviation of normal errors.

    Raises
    ------
    ParamsError
        For fewer than two pairs.

    Examples
    --------
    >>> retest_precision([10]).round(3).to_numpy().tolist()
    [[10.0, 0.688, 1.826]]
    """
    in_unit_interval(confidence, "confidence")
    rows = []
    for n in retests:
        if n < 2:
            raise ParamsError(f"{n} retests tell no spread.", remedy="Give 2 pairs or more.")
        tails = (1 + confidence) / 2, (1 - confidence) / 2
        low, high = (math.sqrt((n - 1) / float(stats.chi2.ppf(tail, n - 1))) for tail in tails)
        rows.append((n, low, high))
    return pd.DataFrame(rows, columns=list(RETESTS))
