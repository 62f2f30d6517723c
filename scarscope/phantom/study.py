"""Studies with known truth: subjects, courses of treatment, retests, in the contract's layout.

A subject's skin is one recipe; a visit photographs it again from a slightly different place with
what treatment has left of every scar, and with what :class:`~scarscope.phantom.courses.Habits`
change besides.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from scarscope.phantom.courses import Course, Habits, make_course, scar_truth
from scarscope.phantom.lights import LightName, make_light
from scarscope.phantom.noise import stream
from scarscope.phantom.recipe import Camera, Light, Pose, Recipe, require
from scarscope.phantom.render import render
from scarscope.phantom.store import SIDE_COLUMNS, StudyWriter

_FIRST_DAY = datetime.date(2026, 1, 12)
_WEEKS_BETWEEN = 6  # Usual spacing of microneedling sessions: 4 to 6 weeks.
_DEVICE, _NEEDLE_MM = "microneedling (simulated)", 1.5

# Share of the depth that a full course removes, one responder class after another.
_RESPONSES = (0.50, 0.25, 0.0)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One photo of a study: its manifest row and its recipe.

    `side` and `arm` are blank where a study has none.
    """

    path: str
    subject: str
    session: int
    date: str
    view: str
    kind: str
    treated_on: str
    notes: str
    recipe: Recipe
    side: str = ""
    arm: str = ""


@dataclass(frozen=True)
class Shot:
    """One photo to take: the session's number, treatments so far and days since, kind and light."""

    session: int
    treatments: int
    days: float
    day: int
    kind: str
    light: LightName


def plan_study(
    *,
    subjects: int = 3,
    sessions: int = 3,
    seed: int = 0,
    view_mm: tuple[float, float] = (42.0, 42.0),
    mm_per_px: float = 0.06,
    light: LightName = "offaxis",
    ita_deg: Sequence[float] | None = None,
    retests: int | None = None,
    other_light: LightName | None = None,
    responses: Sequence[float] = _RESPONSES,
    habits: Habits | None = None,
    early_days: Sequence[int] = (),
) -> tuple[Visit, ...]:
    """The photos of a study, without rendering them.

    Parameters
    ----------
    subjects, sessions : int
        Sessions count the baseline; they lie six weeks apart.
    seed : int
    view_mm : tuple of float
        Width and height of skin in a photo.
    mm_per_px : float
    light : str
        The study's light, the same at every visit within small errors of set-up.
    ita_deg : sequence of float, optional
        Tones, repeated as needed; None draws them from -50 to 60.
    retests : int, optional
        How many subjects are photographed twice at baseline; None: all.
    other_light : str, optional
        The second subject (or the only one) is photographed at the last session under this light
        as well, as view ``left_<light>``.
    responses : sequence of float
        Share of depth that a full course removes, one responder class after another, repeated as
        needed.
    habits : Habits, optional
        New scars, tan, stubble; None: nothing but the scars changes.
    early_days : sequence of int
        Photos so many days after each treatment as well, while redness and swelling last.

    Returns
    -------
    tuple of Visit

    Raises
    ------
    ParamsError
        If a number is out of range.
    """
    require(subjects >= 1, "subjects", subjects, "at least 1")
    require(sessions >= 1, "sessions", sessions, "at least 1")
    require(seed >= 0, "seed", seed, "zero or more")
    visits: list[Visit] = []
    for number in range(subjects):
        tone = tone_of(seed, number, ita_deg)
        course = make_course(
            seed,
            number,
            ita_deg=tone,
            view_mm=view_mm,
            response=responses[number % len(responses)],
            sessions=sessions,
            habits=habits,
        )
        shots = _shots(sessions, light, early_days)
        if retests is None or number < retests:
            shots.insert(1, replace(shots[0], kind="retest"))
        if other_light is not None and number == min(1, subjects - 1):
            shots.append(replace(shots[-1], light=other_light))
        visits += [
            take(course, shot, usual=light, view_mm=view_mm, mm_per_px=mm_per_px) for shot in shots
        ]
    return tuple(visits)


def _shots(sessions: int, light: LightName, early_days: Sequence[int]) -> list[Shot]:
    """All photos in order of date; a session's photo comes just before its treatment."""
    gap = 7 * _WEEKS_BETWEEN
    for days in early_days:
        require(1 <= days < gap, "early_days", days, f"between 1 and {gap - 1}")
    times = sorted(
        [(gap * s, s, float(gap)) for s in range(sessions)]
        + [(gap * s + d, s + 1, float(d)) for s in range(sessions - 1) for d in set(early_days)]
    )
    return [
        Shot(number, treatments, days, day, "session", light)
        for number, (day, treatments, days) in enumerate(times)
    ]


def tone_of(seed: int, number: int, ita_deg: Sequence[float] | None) -> float:
    """A subject's tone: the one stated, or one drawn."""
    if ita_deg is not None:
        return float(ita_deg[number % len(ita_deg)])
    return float(stream(seed, f"tone {number}").uniform(-50, 60))


def take(
    course: Course,
    shot: Shot,
    *,
    usual: LightName,
    view_mm: tuple[float, float],
    mm_per_px: float,
    side: str = "left",
) -> Visit:
    """Plan one photo: who is seen from where, under which light, on which day."""
    light = shot.light
    view = side if light == usual else f"{side}_{light}"
    name = f"{view}_retest" if shot.kind == "retest" else view
    rng = stream(course.seed, f"visit {shot.session} {name}")
    date = _FIRST_DAY + datetime.timedelta(days=shot.day)
    before = date - datetime.timedelta(days=shot.days)
    recipe = Recipe(
        skin=course.skin_at(shot.treatments, shot.days),
        light=_set_up(rng, light),
        camera=_hold(rng),
        pose=_pose(rng),
        mm_per_px=mm_per_px,
        view_mm=view_mm,
        noise_seed=int(rng.integers(2**31)),
        bounces=3,
        keep_ids=True,
    )
    return Visit(
        path=f"{course.subject}/{date.isoformat()}/{name}.jpg",
        subject=course.subject,
        session=shot.session,
        date=date.isoformat(),
        view=view,
        kind=shot.kind,
        treated_on=before.isoformat() if shot.treatments else "",
        notes="" if light == usual else f"light: {light} instead of {usual}",
        recipe=recipe,
    )


def _set_up(rng: np.random.Generator, light: LightName) -> Light:
    # Lamps return to marks on the floor; the patient does not return to the same half degree.
    zenith = {"ring": 0.0, "twin": 45.0, "offaxis": 40.0, "raking": 65.0, "window": 55.0}[light]
    drift = 0.0 if light == "ring" else float(rng.normal(0, 0.8))
    return make_light(
        light,
        zenith_deg=zenith + drift,
        azimuth_deg=195.0 + float(rng.normal(0, 1.0)),
        balance=0.55 + float(rng.normal(0, 0.01)),
        distance_mm=900.0,
    )


def _hold(rng: np.random.Generator) -> Camera:
    red, blue = np.exp(rng.normal(0, 0.012, 2)).tolist()
    return Camera(
        exposure=float(np.exp(rng.normal(0, 0.03))),
        white_balance=(red, 1.0, blue),
        blur_px=0.65 + float(rng.uniform(0, 0.1)),
        vignette=0.05,
        full_well=25_000.0,
        sharpen=0.25,
        jpeg_quality=94,
        jpeg_subsampling=0,
    )


def _pose(rng: np.random.Generator) -> Pose:
    x, y, turn, tilt_x, tilt_y = rng.standard_normal(5).tolist()
    return Pose(
        shift_mm=(0.9 * x, 0.9 * y),
        turn_deg=1.2 * turn,
        tilt_x_deg=0.8 * tilt_x,
        tilt_y_deg=0.8 * tilt_y,
        distance_mm=900.0,
    )


def write_study(
    out: Path | str,
    *,
    subjects: int = 3,
    sessions: int = 3,
    seed: int = 0,
    light: LightName = "offaxis",
    ita_deg: Sequence[float] | None = None,
    view_mm: tuple[float, float] = (42.0, 42.0),
    mm_per_px: float = 0.06,
    truth: Path | str | bool = True,
    progress: Callable[[int, int, str], None] | None = None,
    responses: Sequence[float] = _RESPONSES,
    habits: Habits | None = None,
    early_days: Sequence[int] = (),
) -> Path:
    """Write a simulated study with its truth; what ``scarscope phantom`` runs.

    Parameters
    ----------
    out : Path or str
        Folder to write; made if needed. Files of the same names are replaced.
    subjects, sessions, seed, light, ita_deg, view_mm, mm_per_px, responses, habits, early_days
        As in :func:`plan_study`; every subject has one retest photo.
    truth : Path, str or bool
        Where truth is written; True is ``out/truth``, False writes none.
    progress : callable, optional
        Called as ``progress(done, total, path)`` after each photo.

    Returns
    -------
    Path
        The manifest.

    Examples
    --------
    >>> write_study("study", subjects=1, sessions=1, seed=3)  # doctest: +SKIP
    PosixPath('study/manifest.csv')
    """
    visits = plan_study(
        subjects=subjects,
        sessions=sessions,
        seed=seed,
        light=light,
        ita_deg=ita_deg,
        view_mm=view_mm,
        mm_per_px=mm_per_px,
        responses=responses,
        habits=habits,
        early_days=early_days,
    )
    return write_visits(out, visits, truth=truth, progress=progress)


def write_visits(
    out: Path | str,
    visits: Sequence[Visit],
    *,
    truth: Path | str | bool = True,
    progress: Callable[[int, int, str], None] | None = None,
) -> Path:
    """Render visits one after another and write photos, manifest and truth."""
    writer = StudyWriter(Path(out), _truth_folder(Path(out), truth))
    for done, visit in enumerate(visits, start=1):
        writer.add(visit.path, render(visit.recipe))
        if progress is not None:
            progress(done, len(visits), visit.path)
    further = SIDE_COLUMNS if any(visit.side for visit in visits) else ()
    rows = [_manifest_row(visit) for visit in visits]
    return writer.finish(rows, _course_truth(visits), further=further)


def _course_truth(visits: Sequence[Visit]) -> pd.DataFrame:
    """Every scar at every session, once."""
    once = {(v.subject, v.side, v.session): v for v in visits}.values()
    tables = [
        scar_truth(v.recipe.skin.scars).assign(
            subject=v.subject, session=v.session, date=v.date, side=v.side, arm=v.arm
        )
        for v in once
    ]
    return pd.concat(tables) if tables else pd.DataFrame()


def _truth_folder(out: Path, truth: Path | str | bool) -> Path | None:
    if isinstance(truth, bool):
        return out / "truth" if truth else None
    return Path(truth)


def _manifest_row(visit: Visit) -> dict[str, object]:
    return {
        "path": visit.path,
        "subject": visit.subject,
        "session": visit.session,
        "date": visit.date,
        "view": visit.view,
        "mm_per_px": visit.recipe.mm_per_px,
        "kind": visit.kind,
        "treated_on": visit.treated_on,
        "device": _DEVICE if visit.treated_on else "",
        "needle_mm": _NEEDLE_MM if visit.treated_on else None,
        "notes": visit.notes,
        "side": visit.side,
        "arm": visit.arm,
    }
