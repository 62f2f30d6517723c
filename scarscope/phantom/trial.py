"""Split-face trials with known truth: one side of every subject treated, the other left alone.

Which side is treated is drawn, half of the subjects left and half right. Skin of both sides has one
tone and is photographed under the lamps as they stood that day. Both sides change a little by
themselves; what treatment adds is the true effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from scarscope.phantom.courses import Course, make_course
from scarscope.phantom.lights import LightName
from scarscope.phantom.noise import Grid, stream
from scarscope.phantom.recipe import Recipe, require
from scarscope.phantom.scars import stamp
from scarscope.phantom.store import write_table
from scarscope.phantom.study import Shot, Visit, take, tone_of, write_visits

TREATED, CONTROL = "microneedling", "control"
SIDES = ("left", "right")
BURDEN_COLUMNS = ("subject", "side", "arm", "session", "date", "burden_um")
BURDEN_TABLE = "burden.csv"
_LEAST_SHARE, _GREATEST_SHARE = -0.5, 0.9


@dataclass(frozen=True, kw_only=True)
class SplitFace:
    """What a split-face trial is drawn from.

    Attributes
    ----------
    subjects : int
    treatments : int
        Every treatment has a photo just before it, the first one of which is the baseline.
    weeks_between : int
        From one treatment to the next.
    followup_weeks : int
        From the last treatment to the last photo.
    retests : int
        How many subjects are photographed twice at baseline, both sides.
    seed : int
    effect, effect_sd : float
        Share of depth that a full course removes beyond what goes by itself: mean and standard
        deviation over subjects. An assumption to test statistics with.
    drift, drift_sd : float
        Share of depth that goes by itself in the same time, on both sides of a subject alike.
    ita_deg : sequence of float, optional
        Tones, repeated as needed; None draws them from -50 to 60.
    light : str
    view_mm : tuple of float
        Width and height of skin in a photo.
    mm_per_px : float

    Raises
    ------
    ParamsError
        If a number is out of range.
    """

    subjects: int = 24
    treatments: int = 3
    weeks_between: int = 5
    followup_weeks: int = 12
    retests: int = 6
    seed: int = 0
    effect: float = 0.20
    effect_sd: float = 0.10
    drift: float = 0.03
    drift_sd: float = 0.04
    ita_deg: Sequence[float] | None = None
    light: LightName = "offaxis"
    view_mm: tuple[float, float] = (42.0, 42.0)
    mm_per_px: float = 0.06

    def __post_init__(self) -> None:
        for name in ("subjects", "treatments", "weeks_between", "followup_weeks"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("retests", "seed", "effect_sd", "drift_sd"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "zero or more")
        for name in ("effect", "drift"):
            share = getattr(self, name)
            bounds = f"between {_LEAST_SHARE} and {_GREATEST_SHARE}"
            require(_LEAST_SHARE <= share <= _GREATEST_SHARE, name, share, bounds)


def plan_trial(trial: SplitFace) -> tuple[Visit, ...]:
    """The photos of a trial, without rendering them.

    Parameters
    ----------
    trial : SplitFace

    Returns
    -------
    tuple of Visit
        Subject by subject, visit by visit, left before right.
    """
    return tuple(
        visit
        for number, treated in enumerate(_treated_sides(trial))
        for visit in _photos_of(trial, number, treated)
    )


def _treated_sides(trial: SplitFace) -> list[str]:
    """The treated side of every subject: as many left as right, in an order that is drawn."""
    sides = [SIDES[number % 2] for number in range(trial.subjects)]
    order = stream(trial.seed, "allocation").permutation(trial.subjects)
    return [sides[at] for at in order]


def _photos_of(trial: SplitFace, number: int, treated: str) -> Iterator[Visit]:
    courses = {side: _course(trial, number, side, side == treated) for side in SIDES}
    for shot in _shots(trial, twice=number < trial.retests):
        light = None
        for side, course in courses.items():
            visit = take(
                course,
                shot,
                usual=trial.light,
                view_mm=trial.view_mm,
                mm_per_px=trial.mm_per_px,
                side=side,
            )
            light = light or visit.recipe.light
            yield replace(
                visit,
                side=side,
                arm=TREATED if side == treated else CONTROL,
                treated_on=visit.treated_on if side == treated else "",
                recipe=replace(visit.recipe, light=light),
            )


def _course(trial: SplitFace, number: int, side: str, treated: bool) -> Course:
    rng = stream(trial.seed, f"response {number}")
    # Drawn for either arm, so that who is treated where leaves all else as it was.
    drift, effect = rng.normal((trial.drift, trial.effect), (trial.drift_sd, trial.effect_sd))
    share = 1 - (1 - drift) * (1 - effect) if treated else drift
    course = make_course(
        trial.seed,
        len(SIDES) * number + SIDES.index(side),
        ita_deg=tone_of(trial.seed, number, trial.ita_deg),
        view_mm=trial.view_mm,
        response=float(np.clip(share, _LEAST_SHARE, _GREATEST_SHARE)),
    )
    return replace(course, subject=f"P{number + 1:02d}")


def _shots(trial: SplitFace, *, twice: bool) -> Iterator[Shot]:
    """A photo before every treatment and one after the last, in order of date."""
    gap, wait = 7 * trial.weeks_between, 7 * trial.followup_weeks
    for session in range(trial.treatments):
        shot = Shot(session, session, float(gap), gap * session, "session", trial.light)
        yield shot
        if twice and session == 0:
            yield replace(shot, kind="retest")
    last = trial.treatments
    yield Shot(last, last, float(wait), gap * (last - 1) + wait, "session", trial.light)


def true_burden(visits: Sequence[Visit]) -> pd.DataFrame:
    """The true burden of every side at every visit, over the same skin each time.

    Parameters
    ----------
    visits : sequence of Visit
        Retests show what the visit shows, and are left out.

    Returns
    -------
    DataFrame
        Columns :data:`BURDEN_COLUMNS`. The skin is what the photo would show if the subject took
        the same place to a hair; the photos' own truth is of what each happens to show.
    """
    rows = [
        (v.subject, v.side, v.arm, v.session, v.date, _burden_um(v.recipe))
        for v in visits
        if v.kind == "session"
    ]
    return pd.DataFrame(rows, columns=list(BURDEN_COLUMNS))


def _burden_um(recipe: Recipe) -> float:
    grid = Grid.covering(recipe.skin.size_mm, recipe.mm_per_px / recipe.supersample)
    missing = stamp(recipe.skin.scars, grid, recipe.skin.seed).missing
    wide, high = recipe.view_mm or recipe.skin.size_mm
    seen = (np.abs(grid.y) <= high / 2)[:, None] & (np.abs(grid.x) <= wide / 2)
    return 1000 * float(missing[seen].mean())


def write_trial(
    out: Path | str,
    trial: SplitFace | None = None,
    *,
    truth: bool = True,
    progress: Callable[[int, int, str], None] | None = None,
) -> Path:
    """Write a simulated split-face trial with its truth.

    Parameters
    ----------
    out : Path or str
        Folder to write; made if needed. Files of the same names are replaced.
    trial : SplitFace, optional
        None: the default one.
    truth : bool, optional
        Whether to write ``out/truth``: what :func:`scarscope.phantom.write_study` writes, and
        ``burden.csv`` with the true burden of every side at every visit.
    progress : callable, optional
        Called as ``progress(done, total, path)`` after each photo.

    Returns
    -------
    Path
        The manifest, with ``side`` and ``arm``.

    Examples
    --------
    >>> write_trial("trial", SplitFace(subjects=2, seed=3))  # doctest: +SKIP
    PosixPath('trial/manifest.csv')
    """
    visits = plan_trial(trial or SplitFace())
    if truth:
        write_table(Path(out) / "truth" / BURDEN_TABLE, true_burden(visits), BURDEN_COLUMNS)
    return write_visits(out, visits, truth=truth, progress=progress)
