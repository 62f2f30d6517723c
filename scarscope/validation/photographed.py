"""Subjects whose sides are photographed and scored for simulated trials.

Every subject has two sides, alike in tone, light and camera. Both are photographed at baseline and
at two follow-ups; at each follow-up the same thing may be wrong with both sides' photos, as a moved
lamp or a tan is. The last follow-up is photographed in every way that a trial may call for: without
treatment, with it, and without it but red, so that any side can be drawn as treated or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from scarscope._version import __version__
from scarscope.batch.columns import PLACE
from scarscope.batch.folder import score_folder
from scarscope.batch.progress import Progress as BatchProgress
from scarscope.batch.task import file_hash
from scarscope.batch.write import write_bytes
from scarscope.errors import ParamsError
from scarscope.phantom.camera import jpeg_bytes
from scarscope.phantom.noise import stream
from scarscope.phantom.pairs import (
    CONFOUNDERS,
    Confounder,
    base_pair,
    confounded,
    draw_pose,
    treated,
)
from scarscope.phantom.recipe import Recipe
from scarscope.phantom.render import render
from scarscope.phantom.seeds import STUDIES
from scarscope.study.data import StudyData, read_study
from scarscope.validation.kept import Content, Progress, run_kept
from scarscope.validation.pair_item import pair_digest

BASELINE, FIRST, LAST, LAST_TREATED, LAST_RED = range(5)
SIDES = ("left", "right")
CONFOUNDED = 0.5  # share of follow-ups with which something is wrong
RESPONSE, RESPONSE_SD = 0.20, 0.35  # share of depth that treatment removes; SD of its log
VIEW_MM, MM_PER_PX = (34.0, 34.0), 0.08
_DATES = ("2026-01-12", "2026-04-13", "2026-07-13", "2026-07-14", "2026-07-15")
_RED_OD = (0.05, 0.14)  # as the confounder `redness`


@dataclass(frozen=True)
class Subject:
    """One person to be photographed.

    Attributes
    ----------
    number : int
        From 0.
    seed : int
        Of the left side; the right side's is the next.
    """

    number: int
    seed: int

    @property
    def name(self) -> str:
        """What tables call the subject."""
        return f"P{self.number + 1:03d}"


@dataclass(frozen=True, eq=False)
class Photographed:
    """A scored folder of simulated subjects, and what is true of it.

    Attributes
    ----------
    study : StudyData
        Sessions are :data:`BASELINE` to :data:`LAST_RED`.
    truth : DataFrame
        ``subject, side, session, burden_um`` of every photo, ``light``, the subject's own, and
        ``wrong``: what is wrong with it besides, blank for nothing.
    """

    study: StudyData
    truth: pd.DataFrame


def plan_subjects(count: int, *, seeds: range = STUDIES) -> tuple[Subject, ...]:
    """The first subjects of a range of seeds.

    Raises
    ------
    ParamsError
        If the range has not as many.
    """
    most = len(seeds) // 2
    if not 2 <= count <= most:
        raise ParamsError(f"{count} subjects were asked for.", remedy=f"Ask for 2 to {most}.")
    return tuple(Subject(n, seeds.start + 2 * n) for n in range(count))


def photograph(
    out: str | Path,
    subjects: Sequence[Subject],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    scored: Callable[[BatchProgress], object] | None = None,
) -> Photographed:
    """Take all photos, and score and compare them as ``scarscope batch`` does.

    Parameters
    ----------
    out : str or Path
        Gets ``photos``, ``kept`` and ``results``; running again continues.
    subjects : sequence of Subject
    workers : int
        Processes.
    progress : callable, optional
        Called as ``progress(done, total, seconds_left)`` after each subject's photos.
    scored : callable, optional
        Told how far scoring is, as :func:`scarscope.batch.score_folder` tells it.

    Returns
    -------
    Photographed
    """
    out = Path(out)
    found = run_kept(
        subjects,
        partial(_take, folder=out / "photos"),
        folder=out / "kept",
        stamp={"code": pair_digest(), "own": file_hash(Path(__file__)), "version": __version__},
        workers=workers,
        progress=progress,
    )
    truth = pd.DataFrame([row for each in found for row in each["photos"]])
    manifest = truth[[name for name in truth if name in (*PLACE, "side", "mm_per_px")]]
    write_bytes(out / "photos" / "manifest.csv", manifest.to_csv(index=False).encode("utf-8"))
    score_folder(out / "photos", out=out / "results", workers=workers, progress=scored)
    columns = ["subject", "side", "session", "light", "burden_um", "wrong"]
    return Photographed(read_study(out / "results"), truth[columns])


def _take(subject: Subject, folder: Path) -> Content:
    """Photograph one subject; rows of the manifest and what is true."""
    rows = []
    shots = list(_shots(subject))
    light = shots[0][2].light.name  # of the baseline; a follow-up may have another
    for side, session, recipe, wrong in shots:
        photo = render(recipe, dtype=np.float32)
        path = f"{subject.name}/{_DATES[session]}/{side}.jpg"
        write_bytes(folder / path, jpeg_bytes(photo.rgb, recipe.camera))
        place = {"path": path, "subject": subject.name, "session": session}
        rows.append(
            {
                **place,
                "date": _DATES[session],
                "view": side,
                "side": side,
                "kind": "session",
                "mm_per_px": recipe.mm_per_px,
                "burden_um": photo.burden_um,
                "wrong": wrong,
                "light": light,
            }
        )
    return {"photos": rows}


def _shots(subject: Subject) -> Iterator[tuple[str, int, Recipe, str]]:
    rng = stream(subject.seed, "subject")
    wrong = [_drawn(rng) for _ in range(2)]
    response = float(np.clip(RESPONSE * math.exp(RESPONSE_SD * rng.standard_normal()), 0, 0.9))
    red = float(rng.uniform(*_RED_OD))
    first, _ = base_pair(subject.seed, VIEW_MM, MM_PER_PX)
    for number, side in enumerate(SIDES):
        before, again = _like(first, subject.seed + number)
        poses = stream(subject.seed + number, "visits")
        visits = [replace(again, pose=draw_pose(poses, 1.0)) for _ in wrong]
        visits = [
            recipe if kind is None else confounded(recipe, kind, subject.seed + visit)
            for visit, (recipe, kind) in enumerate(zip(visits, wrong, strict=True))
        ]
        at_first, at_last = visits
        tone = replace(at_last.skin.tone, erythema_od=red)
        shots = {
            BASELINE: before,
            FIRST: at_first,
            LAST: at_last,
            LAST_TREATED: treated(at_last, response, subject.seed + number),
            LAST_RED: replace(at_last, skin=replace(at_last.skin, tone=tone)),
        }
        for session, recipe in shots.items():
            told = {BASELINE: None, FIRST: wrong[0]}.get(session, wrong[1])
            noise = int(poses.integers(2**31))
            yield side, session, replace(recipe, noise_seed=noise), told or ""


def _drawn(rng: np.random.Generator) -> Confounder | None:
    kind = CONFOUNDERS[int(rng.integers(len(CONFOUNDERS)))]
    return kind if rng.random() < CONFOUNDED else None


def _like(first: Recipe, seed: int) -> tuple[Recipe, Recipe]:
    """Skin of that seed in the tone, light and camera of another side of the same person."""
    both = base_pair(seed, VIEW_MM, MM_PER_PX, first.skin.tone.ita_deg)
    before, again = (replace(r, light=first.light, camera=first.camera) for r in both)
    return before, again
