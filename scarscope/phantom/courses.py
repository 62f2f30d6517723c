"""Courses of treatment: one subject's skin from visit to visit, and what is true of each scar.

Everything that changes is a function of the visit: depth and width of every scar by its type and
the subject's response, scars that active acne adds, redness and swelling after a session, tan and
stubble. A scar's number is its place in the course's list and never changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from scarscope.phantom.healing import erythema_od, healed, oedema_share
from scarscope.phantom.noise import stream
from scarscope.phantom.recipe import ScarShape, ScarType, Skin, require
from scarscope.phantom.sampler import random_skin
from scarscope.phantom.scar_sampler import random_scars
from scarscope.phantom.scars import LABEL_FLOOR_MM, LABEL_FRACTION, profile

# Scars per cm2 of the photographed patch. Trials ask for 10 and more on a half face of 60 to 80 cm2
# (mean 12, Dreno 2018; up to 40 by Kang 2016), most of them on the cheek that is photographed.
_SCARS_PER_CM2 = (1.5, 2.8)

# Mean response of a type relative to the subject's. Needling reaches the floor of an icepick least;
# reports on the others contradict each other, so subjects differ more than types do.
_TYPE_FACTOR: dict[ScarType, float] = {"icepick": 0.75, "boxcar": 1.05, "rolling": 1.15}
_TYPE_SPREAD, _SCAR_SPREAD = 0.20, 0.35  # log
_TRACE_OD = 0.002  # Redness and swelling below this are left out.

COURSE_COLUMNS = (
    "subject",
    "session",
    "date",
    "scar_id",
    "type",
    "x_mm",
    "y_mm",
    "remaining",
    "depth_um",
    "area_mm2",
    "volume_mm3",
)


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What changes from visit to visit besides the scars.

    Attributes
    ----------
    new_scars : float
        Mean number of scars that active acne adds between sessions.
    tan_od : float
        Greatest tan in OD of melanin; each visit draws its own.
    stubble_per_cm2 : float
        Beard hairs, as long as the visit's day makes them.
    """

    new_scars: float = 0.0
    tan_od: float = 0.0
    stubble_per_cm2: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            require(value >= 0, name, value, "zero or more")


@dataclass(frozen=True, kw_only=True)
class Course:
    """One subject: skin at baseline, and how far each scar responds, as a share of its depth.

    `fresh` holds the scars that arise later, with the number of sessions after which they show.
    """

    subject: str
    seed: int
    skin: Skin
    responses: tuple[float, ...]
    habits: Habits = Habits()
    fresh: tuple[tuple[int, ScarShape], ...] = ()

    def skin_at(self, session: int, days: float = math.inf) -> Skin:
        """The skin after `session` treatments, `days` after the last of them.

        Most of the change comes with the first sessions.
        """
        done = 1 - math.exp(-session / 1.5)
        pairs = zip(self.skin.scars, self.responses, strict=True)
        old = tuple(healed(scar, share * done) for scar, share in pairs)
        new = tuple(replace(s, remaining=float(session >= first)) for first, s in self.fresh)
        # The state of the day goes by the day itself, so that a retest finds the same skin.
        rng = stream(self.seed, f"day {session} {days}")
        after = days if session > 0 else math.inf
        redness, swelling = erythema_od(after), oedema_share(after)
        tone = replace(
            self.skin.tone,
            tan_od=float(rng.uniform(0, self.habits.tan_od)) if self.habits.tan_od else 0.0,
            erythema_od=redness if redness > _TRACE_OD else 0.0,
        )
        hair = self.skin.hair
        if self.habits.stubble_per_cm2 > 0:
            growth = float(rng.uniform(0.1, 2.5))  # shaved this morning to three days ago
            hair = replace(hair, stubble_per_cm2=self.habits.stubble_per_cm2, growth=growth)
        return replace(
            self.skin,
            scars=old + new,
            tone=tone,
            hair=hair,
            oedema=swelling if swelling > _TRACE_OD else 0.0,
        )


def make_course(
    seed: int,
    number: int,
    *,
    ita_deg: float,
    view_mm: tuple[float, float],
    response: float,
    sessions: int = 3,
    habits: Habits | None = None,
    margin_mm: float = 8.0,
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
        Mean share of depth that a full course removes; types and scars differ around it.
    sessions : int
        How many photos will be taken; bounds when new scars arise.
    habits : Habits, optional
        None: nothing but the scars changes.
    margin_mm : float
        Skin beyond the view, for re-posing.
    """
    own = int(stream(seed, f"subject {number}").integers(2**31))
    rng = stream(own, "course")
    size = (view_mm[0] + margin_mm, view_mm[1] + margin_mm)
    count = round(float(rng.uniform(*_SCARS_PER_CM2)) * size[0] * size[1] / 100)
    skin = random_skin(own, size_mm=size, ita_deg=ita_deg, n_scars=count, clean=True)
    habits = habits or Habits()
    return Course(
        subject=f"P{number + 1:02d}",
        seed=own,
        skin=skin,
        responses=_responses(rng, skin.scars, response),
        habits=habits,
        fresh=_fresh(stream(own, "new scars"), size, habits.new_scars, sessions),
    )


def _responses(
    rng: np.random.Generator, scars: tuple[ScarShape, ...], response: float
) -> tuple[float, ...]:
    factors = {
        kind: factor * math.exp(_TYPE_SPREAD * rng.standard_normal())
        for kind, factor in _TYPE_FACTOR.items()
    }
    spread = np.exp(_SCAR_SPREAD * rng.standard_normal(len(scars)))
    return tuple(
        float(np.clip(response * factors[scar.kind] * s, -0.9, 0.95))
        for scar, s in zip(scars, spread, strict=True)
    )


def _fresh(
    rng: np.random.Generator, size: tuple[float, float], rate: float, sessions: int
) -> tuple[tuple[int, ScarShape], ...]:
    if rate == 0:
        return ()
    return tuple(
        (session, scar)
        for session in range(1, sessions)
        for scar in random_scars(rng, size, int(rng.poisson(rate)))
    )


def scar_truth(scars: Iterable[ScarShape], *, step_mm: float = 0.05) -> pd.DataFrame:
    """What is true of every scar by itself: remaining share, depth, area and volume.

    Parameters
    ----------
    scars : iterable of ScarShape
        Numbered from 1 in their order.
    step_mm : float
        Sampling of the shape.

    Returns
    -------
    DataFrame
        Columns :data:`COURSE_COLUMNS` from ``scar_id`` on. Figures are those of the smooth shape,
        before its outline wanders and before neighbours merge with it; a photo's own truth has
        those.
    """
    rows = [
        (number, scar.kind, scar.x_mm, scar.y_mm, scar.remaining, *_shape_truth(scar, step_mm))
        for number, scar in enumerate(scars, start=1)
    ]
    return pd.DataFrame(rows, columns=list(COURSE_COLUMNS[3:]))


def _shape_truth(scar: ScarShape, step: float) -> tuple[float, float, float]:
    reach = 0.85 * scar.length_mm + step
    axis = np.arange(-reach, reach, step) + step / 2
    depth = profile(scar, axis[None, :], axis[:, None])
    depth = depth * (scar.depth_mm * scar.remaining / max(float(depth.max()), 1e-9))
    deepest = float(depth.max())
    inside = depth > max(LABEL_FLOOR_MM, LABEL_FRACTION * deepest)
    return 1000 * deepest, float(inside.sum()) * step**2, float(depth.sum()) * step**2
