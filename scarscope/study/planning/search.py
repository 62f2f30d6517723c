"""The smallest study that finds an effect: sizes are tried where the last one points.

Legend
------
power : share of simulated trials whose default test finds the effect
z : quantile of the normal distribution; power is nearly Φ(c √subjects - z), which points to the
    next size to try
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from scipy import stats

from scarscope.errors import ParamsError
from scarscope.study.checks import in_unit_interval
from scarscope.study.planning.plan import PLAN, Plan, checked, power_at
from scarscope.study.planning.trial import Spreads, Trial

SizeTold = Callable[[Mapping[str, Any]], object]

LEAST = {"split-face": 4, "parallel": 6}  # below, no model can be fitted
_STEP = {"split-face": 1, "parallel": 2}  # arms of a parallel trial are of one size
_EXTREME = 0.02  # a power of 0 or 1 points nowhere
_EVERY_HALVED = 3  # of steps: so that no search creeps along by single subjects
_MORE = 3  # sizes beyond the smallest that are tried for one without doubt of the simulation


def find_sizes(
    trial: Trial,
    spreads: Spreads,
    *,
    power: float = 0.8,
    followups: Sequence[int] = (),
    photos: Sequence[int] = (),
    most: int = 200,
    studies: int = 400,
    level: float = 0.05,
    seed: int = 0,
    progress: SizeTold | None = None,
) -> Plan:
    """Search the smallest number of subjects that reaches a power.

    Parameters
    ----------
    trial : Trial
        All but the size; its own `followups` and `photos` where none are listed.
    spreads : Spreads
        From :func:`scarscope.study.planning.components.spreads_of`, or stated.
    power : float
        What is wanted.
    followups, photos : sequence of int
        A search for each of them, all with each other.
    most : int
        Subjects beyond which the search gives up.
    studies : int
        Simulated trials of each size.
    level : float
        Two-sided level of the test.
    seed : int
        Of chance; the same seed gives the same table.
    progress : callable, optional
        Given the row of each size that was tried, columns
        :data:`scarscope.study.planning.plan.PLAN`.

    Returns
    -------
    Plan
        The sizes that were tried. :meth:`~scarscope.study.planning.plan.Plan.smallest` is the
        answer, its table empty where `most` subjects are too few; with ``sure`` it is a size at
        which simulating again would hardly fall short.

    Raises
    ------
    ParamsError
        For sizes that are none, or a trial without an effect.

    Notes
    -----
    Each size is simulated, so that the answer is off by what chance leaves of a power: with 400
    trials 4 points either way near 0.8, a few subjects in twenty.
    """
    in_unit_interval(power, "power")
    checked(trial, studies, level)
    if most < LEAST[trial.design]:
        raise ParamsError(
            f"most is {most!r}.", remedy=f"Give {LEAST[trial.design]} subjects or more."
        )
    rows: list[Mapping[str, Any]] = []
    for count in followups or (trial.followups,):
        for number in photos or (trial.photos,):
            own = dataclasses.replace(trial, followups=count, photos=number)
            tried = _Tried(own, spreads, studies, level, seed, progress)
            _search(tried, power, most)
            rows += tried.rows()
    return Plan(pd.DataFrame(rows, columns=list(PLAN)), level, seed, spreads)


def first_guess(trial: Trial, spreads: Spreads, *, power: float = 0.8, level: float = 0.05) -> int:
    """How many subjects the normal approximation asks for, from the last visit alone.

    Who leaves and which photos are refused is made up for; the search begins here.

    Parameters
    ----------
    trial : Trial
    spreads : Spreads
    power, level : float
        As in :func:`find_sizes`.

    Examples
    --------
    >>> still = Spreads(baseline_sd=0, side_sd=0, course_sd=0, response_sd=0.1)
    >>> first_guess(Trial(effect_pct=-10.0), still)  # 2 (0.1 · 2.80 / log 0.9)² and two for t
    17
    """
    burden = spreads.baseline_um
    error = (spreads.error_absolute_um / burden) ** 2 + spreads.error_relative**2
    error /= trial.photos
    own = spreads.response_sd**2 + (1 - spreads.shared_error) * error
    shared = spreads.course_sd**2 + spreads.shared_error * error
    # What effects and readings differ by is there on the treated side alone.
    treated = trial.effect_sd**2 + (spreads.reading_relative * math.expm1(trial.effect)) ** 2
    if trial.design == "split-face":
        variance = 2 * own + treated
    else:
        variance = 4 * shared + (4 * own + 2 * treated) / trial.sides
    wanted = float(stats.norm.ppf(power) + stats.norm.ppf(1 - level / 2))
    kept = (1 - trial.dropout) * (1 - trial.refused)
    return math.ceil((variance * (wanted / trial.effect) ** 2 + 2) / kept)


class _Tried:
    """Sizes of one trial, each simulated once."""

    def __init__(
        self,
        trial: Trial,
        spreads: Spreads,
        studies: int,
        level: float,
        seed: int,
        told: SizeTold | None,
    ) -> None:
        self.trial, self.spreads, self.level = trial, spreads, level
        self._studies, self._seed, self._told = studies, seed, told
        self._rows: dict[int, Mapping[str, Any]] = {}

    def __call__(self, subjects: int) -> Mapping[str, Any]:
        if subjects not in self._rows:
            size = dataclasses.replace(self.trial, subjects=subjects)
            found = power_at(size, self.spreads, self._studies, self.level, self._seed)
            self._rows[subjects] = found
            if self._told is not None:
                self._told(found)
        return self._rows[subjects]

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """What was found, by size."""
        for subjects in sorted(self._rows):
            yield self._rows[subjects]


def _search(tried: _Tried, power: float, most: int) -> None:
    """Close in on the smallest size with the power, then try some beyond it."""
    trial, level = tried.trial, tried.level
    step, least = _STEP[trial.design], LEAST[trial.design]
    too_few, enough = least - step, most + step - (most - least) % step
    at = first_guess(trial, tried.spreads, power=power, level=level)
    for turn in range(1, most):
        at = _on_grid(at, too_few + step, enough - step, step)
        found = float(tried(at)["power"])
        if found >= power:
            enough = at
        else:
            too_few = at
        if enough - too_few <= step:
            break
        half = (too_few + enough) // 2 if enough <= most else 2 * at
        at = half if turn % _EVERY_HALVED == 0 else _pointed(at, found, power, level)
    if enough > most:
        return
    at = enough
    for _ in range(_MORE):
        row = tried(at)
        if row["power_low"] >= power or at + step > most:
            return
        # The interval's lower end is to be where the power is now.
        aim = min(power + float(row["power"]) - float(row["power_low"]), 1 - _EXTREME)
        at = _on_grid(_pointed(at, float(row["power"]), aim, level), at + step, most, step)


def _pointed(at: int, found: float, wanted: float, level: float) -> int:
    """The size at which a power is to be expected after what was found at another."""
    critical = float(stats.norm.ppf(1 - level / 2))
    seen = float(stats.norm.ppf(min(max(found, _EXTREME), 1 - _EXTREME))) + critical
    aim = float(stats.norm.ppf(wanted)) + critical
    # A power near the level itself says little: no more than four times as many at once.
    ratio = (aim / seen) ** 2 if seen > 0 and aim > 0 else math.inf
    return math.ceil(at * min(max(ratio, 0.25), 4.0))


def _on_grid(at: int, low: int, high: int, step: int) -> int:
    """The nearest size from `low` up to `high`, counted in steps from `low`."""
    inside = min(max(at, low), high)
    return low + (inside - low) // step * step
