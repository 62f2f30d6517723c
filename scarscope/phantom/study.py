"""Studies with known truth: subjects, courses of treatment, retests, in the contract's layout.

A subject's skin is one recipe; a visit photographs it again from a slightly different place with
what treatment has left of every scar. Nothing else about the skin changes between visits.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scarscope.phantom.lights import LightName, make_light
from scarscope.phantom.noise import stream
from scarscope.phantom.recipe import Camera, Light, Pose, Recipe, Skin, require
from scarscope.phantom.render import render
from scarscope.phantom.sampler import random_skin
from scarscope.phantom.store import StudyWriter

_FIRST_DAY = datetime.date(2026, 1, 12)
_WEEKS_BETWEEN = 6  # Usual spacing of microneedling sessions: 4 to 6 weeks.
_MARGIN_MM = 6.0  # Skin beyond the view, for re-posing.
_DEVICE, _NEEDLE_MM = "microneedling (simulated)", 1.5

# Share of the depth that a full course removes, one responder class after another.
_RESPONSES = (0.50, 0.25, 0.0)
# Scars per cm2 of the photographed patch. Trials ask for 10 and more on a half face of 60 to 80 cm2
# (mean 12, Dreno 2018; up to 40 by Kang 2016), most of them on the cheek that is photographed.
_SCARS_PER_CM2 = (1.5, 2.8)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One photo of a study: its manifest row and its recipe."""

    path: str
    subject: str
    session: int
    date: str
    view: str
    kind: str
    treated_on: str
    notes: str
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Course:
    """One subject: skin at baseline and how far each scar responds, as a share of its depth."""

    subject: str
    seed: int
    skin: Skin
    responses: tuple[float, ...]

    def skin_at(self, session: int) -> Skin:
        """The skin before session `session` + 1; most of the change comes with the first ones."""
        done = 1 - float(np.exp(-session / 1.5))
        pairs = zip(self.skin.scars, self.responses, strict=True)
        scars = tuple(replace(scar, remaining=1 - r * done) for scar, r in pairs)
        return replace(self.skin, scars=scars)


def make_course(
    seed: int, number: int, *, ita_deg: float, view_mm: tuple[float, float], response: float
) -> Course:
    """Draw a subject.

    Parameters
    ----------
    seed, number : int
        The study's seed and the subject's place in it, from 0.
    ita_deg : float
        Tone.
    view_mm : tuple of float
        What the photos will show.
    response : float
        Mean share of depth that a full course removes; scars differ around it.
    """
    own = int(stream(seed, f"subject {number}").integers(2**31))
    rng = stream(own, "course")
    size = (view_mm[0] + _MARGIN_MM, view_mm[1] + _MARGIN_MM)
    count = round(float(rng.uniform(*_SCARS_PER_CM2)) * size[0] * size[1] / 100)
    skin = random_skin(own, size_mm=size, ita_deg=ita_deg, n_scars=count)
    spread = np.exp(0.35 * rng.standard_normal(len(skin.scars)))
    responses = tuple(float(min(response * s, 0.95)) for s in spread)
    return Course(subject=f"P{number + 1:02d}", seed=own, skin=skin, responses=responses)


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
        tone = _tone_of(seed, number, ita_deg)
        response = _RESPONSES[number % len(_RESPONSES)]
        course = make_course(seed, number, ita_deg=tone, view_mm=view_mm, response=response)
        shots = [(s, "session", light) for s in range(sessions)]
        if retests is None or number < retests:
            shots.insert(1, (0, "retest", light))
        if other_light is not None and number == min(1, subjects - 1):
            shots.append((sessions - 1, "session", other_light))
        visits += [
            _visit(course, *shot, usual=light, view_mm=view_mm, mm_per_px=mm_per_px)
            for shot in shots
        ]
    return tuple(visits)


def _tone_of(seed: int, number: int, ita_deg: Sequence[float] | None) -> float:
    if ita_deg is not None:
        return float(ita_deg[number % len(ita_deg)])
    return float(stream(seed, f"tone {number}").uniform(-50, 60))


def _visit(
    course: Course,
    session: int,
    kind: str,
    light: LightName,
    *,
    usual: LightName,
    view_mm: tuple[float, float],
    mm_per_px: float,
) -> Visit:
    view = "left" if light == usual else f"left_{light}"
    name = f"{view}_retest" if kind == "retest" else view
    rng = stream(course.seed, f"visit {session} {name}")
    date = _FIRST_DAY + datetime.timedelta(weeks=_WEEKS_BETWEEN * session)
    before = date - datetime.timedelta(weeks=_WEEKS_BETWEEN)
    recipe = Recipe(
        skin=course.skin_at(session),
        light=_set_up(rng, light),
        camera=_hold(rng),
        pose=_pose(rng),
        mm_per_px=mm_per_px,
        view_mm=view_mm,
        noise_seed=int(rng.integers(2**31)),
    )
    return Visit(
        path=f"{course.subject}/{date.isoformat()}/{name}.jpg",
        subject=course.subject,
        session=session,
        date=date.isoformat(),
        view=view,
        kind=kind,
        treated_on=before.isoformat() if session else "",
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
) -> Path:
    """Write a simulated study with its truth; what ``scarscope phantom`` runs.

    Parameters
    ----------
    out : Path or str
        Folder to write; made if needed. Files of the same names are replaced.
    subjects, sessions, seed, light, ita_deg, view_mm, mm_per_px
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
    return writer.finish([_manifest_row(visit) for visit in visits])


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
    }
