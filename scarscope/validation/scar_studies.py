"""Simulate trials of single scars, model them, and say how often the model was right.

python -m scarscope.validation.scar_studies --out validation --workers 2
python -m scarscope.validation.scar_studies --out validation --studies 200 --scenario split-face
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from scarscope._version import __version__
from scarscope.batch.pools import processes
from scarscope.batch.write import write_bytes
from scarscope.errors import ParamsError, ScarScopeError, StudyError
from scarscope.machine import ONE_THREAD
from scarscope.study.agreement.intervals import wilson
from scarscope.study.models.scars import ALL, APART, TYPE, ScarModel, fit_scars
from scarscope.study.planning.trial import CONTROL, TREATED
from scarscope.validation.page import Block, Heading, Table, Text, number, with_interval
from scarscope.validation.scar_set import EFFECT_POINTS, ScarScenario, draw_scars, scar_scenarios
from scarscope.validation.study_draws import MISSES, OPEN, verdict_on
from scarscope.validation.study_set import COVERAGE, SIZE
from scarscope.validation.write import write_pages

STUDIES = 2000
LEVEL = 0.05
CHUNK = 50  # trials a task
COMMAND = "python -m scarscope.validation.scar_studies"
_NAME = "scar-studies"
QUESTIONS = ("coverage", "type I error")
SCAR_DRAWS = {
    "scenario": "What was drawn.",
    "contrast": f"`{ALL}` scars, one type, or `{APART}`: all three differences of two types.",
    "question": "`coverage` of the 95 % interval with an effect, or `type I error` without one.",
    "headline": "Whether the bar is asked of it: of all scars, in the plain scenarios.",
    "studies": "Simulated trials.",
    "failed": "Those that could not be analysed; not counted.",
    "value": "Share of the contrasts.",
    "low": "Lower end of its 95 % interval (Wilson; three contrasts of a trial count as three).",
    "high": "Upper end.",
    "independent": "The same share if all scars were taken for independent (Welch's t test).",
    "bar_low": "What it must not fall below.",
    "bar_high": "What it must not exceed.",
    "verdict": "`met`, `missed` or `open`, as of studies of sides.",
}
_LIMITS = """\
- Figures are drawn as tables; no photo was rendered, and how much subjects, sides and scars differ
  is stated, not measured.
- A scar is in a trial if its baseline photo shows it above a threshold, so that all arms fall by
  themselves. Types are known; a photo takes some for others, which makes types more alike.
- Scenarios and types without a bar show where the method's limits are. They are told, not tuned."""


@dataclass(frozen=True)
class ScarTask:
    """Some trials of one kind."""

    scenario: str
    effect: bool
    first: int
    count: int
    seed: int


def run_scar_task(task: ScarTask) -> pd.DataFrame:
    """Draw and model some trials.

    Parameters
    ----------
    task : ScarTask

    Returns
    -------
    DataFrame
        ``contrast, hit, independent``, one row a contrast; one blank row for a trial that could
        not be analysed.
    """
    scenario = next(s for s in scar_scenarios() if s.name == task.scenario)
    rows: list[tuple[str, object, object]] = []
    for study in range(task.first, task.first + task.count):
        rng = np.random.default_rng([task.seed, study])
        made, truth = draw_scars(scenario, rng, effect=task.effect)
        try:
            model = fit_scars(made, confidence=1 - LEVEL)
        except StudyError:
            rows.append(("", None, None))
            continue
        rows += _hits(model, truth, effect=task.effect)
    return pd.DataFrame(rows, columns=["contrast", "hit", "independent"])


def _hits(
    model: ScarModel, truth: dict[str, float], *, effect: bool
) -> Iterator[tuple[str, object, object]]:
    """With an effect: the interval holds it; without: the test finds one all the same."""
    for row in model.contrasts.to_dict(orient="records"):
        by, kind = str(row["by"]), str(row["class"])
        true = _true(by, kind, truth, model)
        hit = row["low"] <= true <= row["high"] if effect else row["p"] < LEVEL
        plain = None if by == APART else _independent(model, kind, true, effect=effect)
        yield (kind if by == TYPE else by), hit, plain


def _true(by: str, kind: str, truth: dict[str, float], model: ScarModel) -> float:
    if by == ALL:
        # At the mix of types that this trial happens to have, as the model is.
        weights = model.fit.weights
        return sum(weights[k] * truth[k] for k in weights) / sum(weights.values())
    if by == TYPE:
        return truth[kind]
    one, other = kind.split(" against ")
    return truth[one] - truth[other]


def _independent(model: ScarModel, kind: str, true: float, *, effect: bool) -> bool:
    """What the t test of scars would have said."""
    table = model.rows.table
    own = table if kind == ALL else table[table["type"] == kind]
    one, two = (own.loc[own["arm"] == arm, "y"] for arm in (TREATED, CONTROL))
    found = stats.ttest_ind(one, two, equal_var=False)
    interval = found.confidence_interval(1 - LEVEL)
    return bool(interval.low <= true <= interval.high) if effect else bool(found.pvalue < LEVEL)


def check_scar_studies(
    studies: int = STUDIES, *, names: Sequence[str] = (), seed: int = 0, workers: int = 1
) -> pd.DataFrame:
    """Coverage and type I error of the model of scars over simulated trials.

    Parameters
    ----------
    studies : int
        Trials for each question and scenario.
    names : sequence of str
        Scenarios; none: all.
    seed : int
    workers : int
        Processes.

    Returns
    -------
    DataFrame
        Columns :data:`SCAR_DRAWS`.

    Raises
    ------
    ParamsError
        For a scenario that does not exist, or no trials.
    """
    known = {s.name: s for s in scar_scenarios()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ParamsError(
            f"There is no scenario {unknown[0]!r}.", remedy=f"Choose from {', '.join(known)}."
        )
    if studies < 1:
        raise ParamsError(f"studies is {studies!r}.", remedy="Give 1 or more.")
    chosen = [known[name] for name in names or known]
    tasks = [
        ScarTask(s.name, effect, first, min(CHUNK, studies - first), seed)
        for s in chosen
        for effect in (True, False)
        for first in range(0, studies, CHUNK)
    ]
    found: dict[tuple[str, bool], list[pd.DataFrame]] = {}
    for task, told in zip(tasks, _run(tasks, workers), strict=True):
        found.setdefault((task.scenario, task.effect), []).append(told)
    rows = [
        row
        for s in chosen
        for effect in (True, False)
        for row in _rows(s, effect, pd.concat(found[s.name, effect]), studies)
    ]
    return pd.DataFrame(rows, columns=list(SCAR_DRAWS))


def _run(tasks: Sequence[ScarTask], workers: int) -> Iterator[pd.DataFrame]:
    if workers <= 1:
        yield from map(run_scar_task, tasks)
        return
    with processes(workers) as pool:
        yield from pool.executor.map(run_scar_task, tasks)


def _rows(
    scenario: ScarScenario, effect: bool, told: pd.DataFrame, studies: int
) -> Iterator[tuple[object, ...]]:
    failed = int((told["contrast"] == "").sum())
    bar = COVERAGE if effect else SIZE
    for name in (ALL, *EFFECT_POINTS, APART):
        own = told[told["contrast"] == name]
        share = wilson(int(own["hit"].astype(bool).sum()), len(own))
        plain = float("nan") if name == APART else own["independent"].astype(bool).mean()
        figures = (share.share, share.low, share.high)
        place = (scenario.name, name, QUESTIONS[not effect], scenario.headline and name == ALL)
        yield (*place, studies - failed, failed, *figures, plain, *bar, verdict_on(*figures, bar))


def page(found: pd.DataFrame, *, studies: int, seed: int) -> list[Block]:
    """Blocks of the page.

    Parameters
    ----------
    found : DataFrame
        From :func:`check_scar_studies`.
    studies, seed : int
        As they were asked for.

    Returns
    -------
    list of Block
    """
    points = ", ".join(f"{kind} {value:g}" for kind, value in EFFECT_POINTS.items())
    return [
        Heading("Simulated studies of single scars", 1),
        Text(
            f"Written by `{COMMAND}` (version {__version__}, {studies} trials a question, seed "
            f"{seed}); change that, not this page."
        ),
        Text(
            "How often the 95 % interval of the model of scars holds the true difference of two "
            f"arms (points of a scar's own volume: {points}), and how often its test at 5 % finds "
            "one where there is none. The last column but two says what would come of taking scars "
            "for independent."
        ),
        _results(found),
        Heading("What was drawn"),
        _drawn(set(found["scenario"])),
        Heading("What this cannot tell"),
        Text(_LIMITS),
    ]


def _results(found: pd.DataFrame) -> Table:
    rows = []
    for row in found.to_dict(orient="records"):
        bar = f"{100 * row['bar_low']:g} to {100 * row['bar_high']:g} %" if row["headline"] else ""
        figure = with_interval(100 * row["value"], 100 * row["low"], 100 * row["high"], 1)
        told = (str(row["scenario"]), str(row["contrast"]), str(row["question"]))
        counts = (str(row["studies"]), str(row["failed"]))
        plain = number(100 * row["independent"], 1)
        verdict = str(row["verdict"]) if row["headline"] else ""
        rows.append((*told, *counts, figure, plain, bar, verdict))
    head = ("trials of", "contrast", "question", "n", "failed", "% (95 % interval)")
    return Table((*head, "scars taken for independent, %", "bar", ""), tuple(rows))


def _drawn(names: set[str]) -> Table:
    rows = []
    for s in scar_scenarios():
        if s.name in names:
            spreads = (s.subject, s.subject_type, s.side, s.side_type, s.own)
            size = (s.name, s.text, str(s.subjects), f"{s.scars:g}")
            rows.append((*size, *(f"{value:g}" for value in spreads)))
    head = ("name", "what", "subjects", "scars a side", "SD of subjects, points")
    return Table((*head, "of a type in them", "of sides", "of a type in them", "of scars"),
                 tuple(rows))  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="where table and page go")
    parser.add_argument("--studies", type=int, default=STUDIES, metavar="N")
    parser.add_argument(
        "--scenario", nargs="+", default=[], choices=[s.name for s in scar_scenarios()],
        help="kinds of trials; all if left out",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of chance")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status: 1 where a bar is missed."""
    options = _parser().parse_args(arguments)
    for name, value in ONE_THREAD.items():  # of processes that are started from here
        os.environ.setdefault(name, value)
    try:
        found = check_scar_studies(
            options.studies, names=options.scenario, seed=options.seed, workers=options.workers
        )
        write_bytes(options.out / f"{_NAME}.csv", found.to_csv(index=False).encode())
        blocks = page(found, studies=options.studies, seed=options.seed)
        write_pages(blocks, options.out, title="Studies of scars", name=_NAME)
    except ScarScopeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for row in found[found["contrast"] == ALL].to_dict(orient="records"):
        figure = with_interval(100 * row["value"], 100 * row["low"], 100 * row["high"], 1)
        print(f"{row['scenario']}, {row['question']}: {figure} % of {row['studies']}")
    asked = found[found["headline"].astype(bool)]
    return int(asked["verdict"].isin([MISSES, OPEN]).any())


if __name__ == "__main__":
    sys.exit(main())
