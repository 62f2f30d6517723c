"""Which pairs the set holds: for every skin one of each kind, and one skin under many lamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from .lamps import Lighting, Panel, set_up
from .pair_scenes import Setting, Sitting, another_light, draw_pose, moved
from .plan import TONES_DEG
from .sheet import dice
from .shot import LIGHTS, Shot, draw_shot

RESPONSES = (0.4, 0.2, 0.6, -0.2)
LAMP_MOVES = ("azimuth", "zenith", "other")
_MANY_LAMPS_STEP = 137.5  # degrees of azimuth from lamp to lamp: no two lie side by side


@dataclass(frozen=True, kw_only=True)
class PairCase:
    """One pair: two sittings of a skin, and how the camera was set at the second.

    Attributes
    ----------
    group : str
        ``"retest"``, ``"treated"``, ``"lamp"``, ``"exposure"``, ``"focus"`` or ``"many lamps"``.
    told : str
        What differs, for tables.
    before, after : Sitting
    setting : Setting
    """

    group: str
    told: str
    before: Sitting
    after: Sitting
    setting: Setting = field(default_factory=Setting)

    @property
    def changed(self) -> bool:
        """Whether the skin itself changed."""
        return self.after.response != self.before.response


@dataclass(frozen=True, eq=False)
class Subject:
    """One skin and its pairs."""

    shot: Shot
    cases: tuple[PairCase, ...]


def plan_pairs(seeds: Sequence[int], *, count: int, lamps: int) -> tuple[Subject, ...]:
    """All skins with their pairs.

    Parameters
    ----------
    seeds : sequence of int
        The first `count` are used, and the last one for the skin under many lamps.
    count : int
        Skins; twenty show each light on each tone once.
    lamps : int
        Directions of the skin that is lit by many lamps; none below 2.

    Raises
    ------
    SystemExit
        If there are not enough seeds.
    """
    if not 0 <= count < len(seeds):
        raise SystemExit(f"--count goes to {len(seeds) - 1}: there are no more seeds.")
    subjects = tuple(_subject(seeds[k], k) for k in range(count))
    return (*subjects, _many_lamps(seeds[-1], lamps)) if lamps > 1 else subjects


def _subject(seed: int, number: int) -> Subject:
    shot = draw_shot(seed, LIGHTS[number % len(LIGHTS)], TONES_DEG[number % len(TONES_DEG)])
    rng, light = dice(seed, "pair"), set_up(shot)
    before = Sitting(name="before", lighting=light)
    again, visit, later = (draw_pose(rng) for _ in range(3))
    retest = Sitting(name="retest", lighting=light, pose=again)
    # In twenty skins every response meets every light once and every tone.
    response = RESPONSES[(2 * number + number // len(LIGHTS)) % len(RESPONSES)]
    healed = Sitting(name="treated", lighting=light, pose=visit, response=response)
    told, elsewhere = _lamp_moved(rng, shot, light, number)
    lit = Sitting(name="lamp", lighting=elsewhere, pose=later)
    cases = (
        PairCase(group="retest", told="", before=before, after=retest),
        PairCase(group="treated", told=f"{response:+.1f}", before=before, after=healed),
        PairCase(group="lamp", told=told, before=before, after=lit),
        *_cameras(rng, before, retest),
    )
    return Subject(shot, cases)


def _sign(rng: np.random.Generator) -> float:
    return float(rng.choice((-1.0, 1.0)))


def _lamp_moved(
    rng: np.random.Generator, shot: Shot, light: Lighting, number: int
) -> tuple[str, Lighting]:
    turn, lift = _sign(rng) * float(rng.uniform(15, 60)), _sign(rng) * float(rng.uniform(8, 16))
    kind = LAMP_MOVES[number % len(LAMP_MOVES)]
    if shot.light == "ring":
        # A ring round the lens looks the same however it is turned, and can only get wider.
        kind, lift = ("zenith" if kind == "azimuth" else kind), abs(lift)
    if kind == "azimuth":
        return f"azimuth {turn:+.0f}", moved(light, azimuth_deg=turn)
    if kind == "zenith":
        return f"zenith {lift:+.0f}", moved(light, zenith_deg=lift)
    return "another light", another_light(shot, number)


def _cameras(
    rng: np.random.Generator, before: Sitting, retest: Sitting
) -> tuple[PairCase, PairCase]:
    stops, warmth = _sign(rng) * float(rng.uniform(0.4, 0.9)), float(rng.uniform(-0.15, 0.15))
    told = f"{stops:+.1f} stops, warmth {warmth:+.2f}"
    blur = float(rng.uniform(0.15, 0.40))
    return (
        PairCase(
            group="exposure",
            told=told,
            before=before,
            after=retest,
            setting=Setting(stops=stops, warmth=warmth),
        ),
        PairCase(
            group="focus",
            told=f"disc of {blur:.2f} mm",
            before=before,
            after=retest,
            setting=Setting(defocus_mm=blur),
        ),
    )


def _many_lamps(seed: int, count: int) -> Subject:
    shot = draw_shot(seed, "offaxis", 22.0)
    rng = dice(seed, "many lamps")
    zeniths = rng.permutation(np.linspace(20, 65, count))
    sittings = []
    for number, zenith in enumerate(zeniths.tolist()):
        azimuth = (number * _MANY_LAMPS_STEP) % 360
        lamp = Panel(zenith, azimuth, 600.0, 40.0, 40.0)
        sittings.append(Sitting(name=f"lamp{number}", lighting=Lighting((lamp,), 0.03)))
    cases = tuple(
        PairCase(group="many lamps", told=_apart(one, two), before=one, after=two)
        for one, two in combinations(sittings, 2)
    )
    return Subject(shot, cases)


def _apart(one: Sitting, two: Sitting) -> str:
    """Angle between two lamps."""
    first, second = (np.array(s.lighting.panels[0].place) for s in (one, two))
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    return f"{np.degrees(np.arccos(cosine)):.0f} degrees apart"


def sittings_of(subject: Subject) -> tuple[Sitting, ...]:
    """Every sitting of a skin once."""
    found = {s.name: s for case in subject.cases for s in (case.before, case.after)}
    return tuple(found.values())
