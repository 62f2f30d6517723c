"""Trials drawn from subjects who were photographed: the whole way from photos to the test.

Subjects are drawn with replacement, arms at random, and the default model is fitted to what
``scarscope batch`` made of their photos: its gate decides which pairs count. Nothing is drawn about
errors: they are those of the photos.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from scarscope.errors import ParamsError, StudyError
from scarscope.study.models.assumptions import Figures, primary_figures
from scarscope.study.models.fit import TOGETHER, fit_rows
from scarscope.study.models.rows import Scale, rows_of_sides
from scarscope.study.response import response_table
from scarscope.study.units import SIDE, combine
from scarscope.validation.photographed import (
    FIRST,
    LAST,
    LAST_RED,
    LAST_TREATED,
    SIDES,
    Photographed,
)
from scarscope.validation.study_draws import (
    CHUNK,
    COVERAGE_ASKED,
    DRAWS,
    LEVEL,
    SIZE_ASKED,
    TRUE_ASKED,
    Counts,
    Progress,
    draws_row,
    each_task,
)

CONTROL, TREATED = "control", "treated"
SUBJECTS = 24
_ALL = ""  # all lights
Design = Literal["split-face", "parallel", "one arm"]


@dataclass(frozen=True)
class PhotoTrial:
    """One kind of trial.

    Attributes
    ----------
    name : str
    text : str
        What is special about it.
    design : {"split-face", "parallel", "one arm"}
    treated_at : int
        How treated sides look at the last follow-up: a session of
        :mod:`scarscope.validation.photographed`.
    headline : bool
        Whether the bar is asked of it.
    one_light : bool
        Whether all subjects of a trial have the same light, as a study has; which one is drawn.
    """

    name: str
    text: str
    design: Design
    treated_at: int = LAST
    headline: bool = False
    one_light: bool = False

    @property
    def questions(self) -> tuple[str, ...]:
        """What it can answer."""
        if self.treated_at == LAST_TREATED:
            return COVERAGE_ASKED, TRUE_ASKED
        return (SIZE_ASKED,)


def photo_trials() -> tuple[PhotoTrial, ...]:
    """All kinds that are drawn, chosen before any was looked at."""
    return (
        PhotoTrial("photos, split-face", "no effect", "split-face", headline=True),
        PhotoTrial("photos, parallel", "no effect, both sides alike", "parallel", headline=True),
        PhotoTrial("photos, split-face", "scars fill in", "split-face", LAST_TREATED),
        PhotoTrial("photos, parallel", "scars fill in, both sides alike", "parallel", LAST_TREATED),
        PhotoTrial(
            "photos, one light",
            "split-face, scars fill in, all subjects under one light",
            "split-face",
            LAST_TREATED,
            one_light=True,
        ),
        PhotoTrial(
            "photos, treated sides red",
            "no effect, but treated skin is red",
            "split-face",
            LAST_RED,
        ),
        PhotoTrial("photos, one arm", "no effect, against the own baseline", "one arm"),
    )


@dataclass(frozen=True, eq=False)
class PhotoTask:
    """Some trials of one kind."""

    trial: PhotoTrial
    sides: pd.DataFrame = field(repr=False)
    lights: Mapping[str, str]
    effects: Mapping[str, Mapping[Scale, float]]
    first: int
    count: int
    seed: int


def check_photo_trials(
    taken: Photographed,
    studies: int = 2000,
    *,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Coverage and type I error of the default model over trials with photos.

    Parameters
    ----------
    taken : Photographed
    studies : int
        Trials of each kind.
    seed : int
    workers : int
        Processes.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    DataFrame
        Columns :data:`scarscope.validation.study_draws.DRAWS`.

    Raises
    ------
    ParamsError
        For no trials.
    """
    if studies < 1:
        raise ParamsError(f"studies is {studies!r}.", remedy="Give 1 or more.")
    sides, effects = combine(response_table(taken.study), SIDE), effects_by_light(taken.truth)
    lights = dict(zip(taken.truth["subject"], taken.truth["light"], strict=True))
    kinds = photo_trials()
    tasks = [
        PhotoTask(kind, sides, lights, effects, first, min(CHUNK, studies - first), seed)
        for kind in kinds
        for first in range(0, studies, CHUNK)
    ]
    found: dict[PhotoTrial, list[dict[str, Counts]]] = {kind: [] for kind in kinds}
    for done, (task, counts) in enumerate(each_task(run_task, tasks, workers), start=1):
        found[task.trial].append(counts)
        if progress is not None:
            progress(done, len(tasks))
    rows = [
        draws_row(kind.name, asked, [each[asked] for each in counts], studies, bar=kind.headline)
        for kind, counts in found.items()
        for asked in kind.questions
    ]
    return pd.DataFrame(rows, columns=list(DRAWS))


def true_effects(truth: pd.DataFrame) -> dict[Scale, float]:
    """What treatment truly does to what is missing, mean over all sides.

    Parameters
    ----------
    truth : DataFrame
        Of :class:`~scarscope.validation.photographed.Photographed`.

    Returns
    -------
    dict of str to float
        On the model's scales: the log of what is missing with treatment over what is missing
        without, and their difference in µm.
    """
    burden = truth.pivot_table(index=["subject", "side"], columns="session", values="burden_um")
    with_it, without = burden[LAST_TREATED], burden[LAST]
    return {
        "ratio": float(np.log(with_it / without).mean()),
        "difference": float((with_it - without).mean()),
    }


def effects_by_light(truth: pd.DataFrame) -> dict[str, dict[Scale, float]]:
    """:func:`true_effects` of the subjects of each light, and under ``""`` of all."""
    groups = {str(light): true_effects(own) for light, own in truth.groupby("light")}
    return {_ALL: true_effects(truth), **groups}


def run_task(task: PhotoTask) -> dict[str, Counts]:
    """Draw and analyse some trials; what became of them by question."""
    hits = dict.fromkeys(task.trial.questions, 0)
    analysed, together = dict(hits), dict(hits)
    places = places_of(task.sides)
    for study in range(task.first, task.first + task.count):
        rng = np.random.default_rng([task.seed, study])
        light = _light(task, rng)
        pool = sorted(who for who, own in task.lights.items() if light in (_ALL, own))
        told = _analysed(draw_trial(task.sides, places, pool, task.trial, rng))
        if told is None:
            continue
        figures, method, scale = told
        for asked in hits:
            if asked == TRUE_ASKED and scale != "ratio":
                continue  # there is no such interval of differences
            analysed[asked] += 1
            together[asked] += method == TOGETHER
            hits[asked] += _hit(asked, figures, task.effects[light][scale])
    return {asked: Counts(hits[asked], analysed[asked], together[asked]) for asked in hits}


def _light(task: PhotoTask, rng: np.random.Generator) -> str:
    if not task.trial.one_light:
        return _ALL
    known = sorted(set(task.lights.values()))
    return known[int(rng.integers(len(known)))]


def _hit(asked: str, figures: Figures, effect: float) -> bool:
    if asked == SIZE_ASKED:
        return figures.p < LEVEL
    if asked == TRUE_ASKED:
        return figures.true_low <= 100 * math.expm1(effect) <= figures.true_high
    return figures.low <= effect <= figures.high


def _analysed(table: pd.DataFrame) -> tuple[Figures, str, Scale] | None:
    try:
        model = fit_rows(rows_of_sides(table), session=LAST, confidence=1 - LEVEL)
        figures = primary_figures(model)
        return figures.get(TREATED) or figures[CONTROL], model.method, model.rows.scale
    except (StudyError, KeyError):
        return None


def places_of(sides: pd.DataFrame) -> Mapping[tuple[str, str, int], int]:
    """Which row of a table of sides holds which subject, side and session."""
    keys = zip(sides["subject"], sides["side"], sides["session"], strict=True)
    return {(str(who), str(side), int(n)): at for at, (who, side, n) in enumerate(keys)}


def draw_trial(
    sides: pd.DataFrame,
    places: Mapping[tuple[str, str, int], int],
    pool: Sequence[str],
    trial: PhotoTrial,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The figures of one trial.

    Parameters
    ----------
    sides : DataFrame
        From :func:`scarscope.study.units.combine`, of all that were photographed.
    places : Mapping
        From :func:`places_of`.
    pool : sequence of str
        Who may be drawn.
    trial : PhotoTrial
    rng : Generator

    Returns
    -------
    DataFrame
        Sessions :data:`FIRST` and :data:`LAST`; those who were drawn twice are two subjects.
    """
    drawn = rng.integers(len(pool), size=SUBJECTS)
    treated = _treated_sides(trial.design, rng)
    at, names, arms, sessions = [], [], [], []
    for number, (who, own) in enumerate(zip(drawn, treated, strict=True)):
        for side in SIDES:
            arm = TREATED if side in own else CONTROL
            looks = trial.treated_at if arm == TREATED else LAST
            for session, look in ((FIRST, FIRST), (LAST, looks)):
                at.append(places[pool[who], side, look])
                names.append(f"S{number + 1:02d}")
                arms.append(arm)
                sessions.append(session)
    table = sides.iloc[at].reset_index(drop=True)
    return table.assign(subject=names, arm=arms, session=sessions)


def _treated_sides(design: Design, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Which sides of each subject are treated."""
    if design == "one arm":
        return [()] * SUBJECTS
    if design == "split-face":
        return [(SIDES[side],) for side in rng.integers(len(SIDES), size=SUBJECTS)]
    half = [SIDES] * (SUBJECTS // 2) + [()] * (SUBJECTS - SUBJECTS // 2)
    return [half[i] for i in rng.permutation(SUBJECTS)]
