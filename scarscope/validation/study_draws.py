"""Simulated trials through the default model: how often its interval and its test are right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from scarscope.batch.pools import processes
from scarscope.errors import ParamsError, StudyError
from scarscope.study.agreement.intervals import wilson
from scarscope.study.models.assumptions import Figures, primary_figures
from scarscope.study.models.fit import TOGETHER, fit_rows
from scarscope.study.models.rows import rows_of_sides
from scarscope.study.planning.trial import TREATED, Trial, simulate_sides
from scarscope.validation.study_set import COVERAGE, EFFECT_PCT, SIZE, Scenario, scenarios

LEVEL = 0.05
CHUNK = 50  # trials a task

COVERAGE_ASKED, SIZE_ASKED = "coverage", "type I error"
TRUE_ASKED = "coverage of the true change"
MEETS, MISSES, OPEN = "met", "missed", "open"
DRAWS = {
    "scenario": "What was drawn.",
    "question": "`coverage` of the 95 % interval with an effect, or `type I error` without one; "
    "from photos also `coverage of the true change` by the interval that holds reading too.",
    "headline": "Whether the bar is asked of it.",
    "studies": "Simulated trials.",
    "failed": "Those that could not be analysed; not counted.",
    "together": "Share in which all visits were fitted together.",
    "value": "Share of the trials.",
    "low": "Lower end of its 95 % interval (Wilson).",
    "high": "Upper end.",
    "bar_low": "What it must not fall below.",
    "bar_high": "What it must not exceed.",
    "verdict": "`met` where the figure lies within the bar, `missed` where its whole interval lies "
    "outside, else `open`.",
}
Progress = Callable[[int, int], object]
_Task = TypeVar("_Task")
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Task:
    """Some trials of one kind."""

    scenario: str
    effect_pct: float
    first: int
    count: int
    seed: int


@dataclass(frozen=True)
class Counts:
    """What became of them."""

    hits: int
    analysed: int
    together: int


def check_studies(
    studies: int = 2000,
    *,
    names: Sequence[str] = (),
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Coverage and type I error of the default model over simulated trials.

    Parameters
    ----------
    studies : int
        Trials for each question and scenario. With 200 the figure itself is known to 3 points.
    names : sequence of str
        Scenarios; none: all.
    seed : int
    workers : int
        Processes.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    DataFrame
        Columns :data:`DRAWS`.

    Raises
    ------
    ParamsError
        For a scenario that does not exist, or no trials.
    """
    chosen = _chosen(names)
    if studies < 1:
        raise ParamsError(f"studies is {studies!r}.", remedy="Give 1 or more.")
    tasks = [
        Task(s.name, effect, first, min(CHUNK, studies - first), seed)
        for s in chosen
        for effect in (EFFECT_PCT, 0.0)
        for first in range(0, studies, CHUNK)
    ]
    found: dict[tuple[str, float], list[Counts]] = {}
    for done, (task, counts) in enumerate(each_task(run_task, tasks, workers), start=1):
        found.setdefault((task.scenario, task.effect_pct), []).append(counts)
        if progress is not None:
            progress(done, len(tasks))
    rows = [
        draws_row(
            s.name, COVERAGE_ASKED if e else SIZE_ASKED, found[s.name, e], studies, bar=s.headline
        )
        for s in chosen
        for e in (EFFECT_PCT, 0.0)
    ]
    return pd.DataFrame(rows, columns=list(DRAWS))


def _chosen(names: Sequence[str]) -> list[Scenario]:
    known = {s.name: s for s in scenarios()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ParamsError(
            f"There is no scenario {unknown[0]!r}.", remedy=f"Choose from {', '.join(known)}."
        )
    return [known[name] for name in names or known]


def each_task(
    work: Callable[[_Task], _Made], tasks: Sequence[_Task], workers: int
) -> Iterator[tuple[_Task, _Made]]:
    """Every task with what came of it, in order, in so many processes."""
    if workers <= 1:
        yield from ((task, work(task)) for task in tasks)
        return
    with processes(workers) as pool:
        yield from zip(tasks, pool.executor.map(work, tasks), strict=True)


def run_task(task: Task) -> Counts:
    """Draw and analyse some trials.

    Trials of the same number are drawn alike with an effect and without.
    """
    scenario = next(s for s in scenarios() if s.name == task.scenario)
    trial = scenario.with_effect(task.effect_pct)
    hits = analysed = together = 0
    for study in range(task.first, task.first + task.count):
        told = _analysed(scenario, trial, np.random.default_rng([task.seed, study]))
        if told is None:
            continue
        figures, method = told
        analysed += 1
        together += method == TOGETHER
        hits += _hit(figures, trial)
    return Counts(hits, analysed, together)


def _analysed(
    scenario: Scenario, trial: Trial, rng: np.random.Generator
) -> tuple[Figures, str] | None:
    table = simulate_sides(trial, scenario.spreads, rng)
    try:
        model = fit_rows(rows_of_sides(table), session=trial.followups, confidence=1 - LEVEL)
        return primary_figures(model)[TREATED], model.method
    except (StudyError, KeyError):
        return None


def _hit(figures: Figures, trial: Trial) -> bool:
    """With an effect: the interval holds it; without: the test finds one all the same."""
    if trial.effect:
        return figures.low <= trial.effect <= figures.high
    return figures.p < LEVEL


def draws_row(
    name: str, question: str, counts: Sequence[Counts], studies: int, *, bar: bool
) -> tuple[object, ...]:
    """What became of all trials of one kind, in the columns :data:`DRAWS`.

    Parameters
    ----------
    name : str
        Of the scenario.
    question : str
        :data:`COVERAGE_ASKED`, :data:`TRUE_ASKED` or :data:`SIZE_ASKED`.
    counts : sequence of Counts
    studies : int
        Trials that were asked for.
    bar : bool
        Whether the bar is asked of it.
    """
    hits, analysed, together = (
        sum(getattr(each, name) for each in counts) for name in ("hits", "analysed", "together")
    )
    share = wilson(hits, analysed)
    limits = SIZE if question == SIZE_ASKED else COVERAGE
    told = (name, question, bar, analysed, studies - analysed)
    part = together / analysed if analysed else math.nan
    verdict = verdict_on(share.share, share.low, share.high, limits)
    return (*told, part, share.share, share.low, share.high, *limits, verdict)


def verdict_on(value: float, low: float, high: float, bar: tuple[float, float]) -> str:
    """Whether a share with its interval meets a bar.

    Examples
    --------
    >>> verdict_on(0.05, 0.04, 0.06, (0.04, 0.06)), verdict_on(0.08, 0.07, 0.09, (0.04, 0.06))
    ('met', 'missed')
    """
    if bar[0] <= value <= bar[1]:
        return MEETS
    return MISSES if high < bar[0] or low > bar[1] else OPEN
