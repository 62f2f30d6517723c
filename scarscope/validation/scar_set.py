"""Trials of single scars as tables: scars in sides in subjects, found in noisy photos.

Legend
------
v, e : true log volume of a scar at baseline, error of its log in one photo
s : true share of the volume that is left at the follow-up, held at 0: a scar that has resolved
y : ``100 (s exp(e2 - e1) - 1)``, what the model gets; never below -100

A scar is in a trial if its baseline photo shows it above a threshold. Those that are found read too
deep on average, e1 above 0, so that y falls by itself in all arms: regression to the mean.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from scarscope.scars.model import TYPES
from scarscope.study.models.scar_rows import COUNTS, ScarRows
from scarscope.study.planning.trial import CONTROL, TREATED, TrialDesign

EFFECT_POINTS = {"icepick": -5.0, "boxcar": -15.0, "rolling": -25.0}
# Stated, not measured; icepicks are many, small, and the least surely read.
_SHARES = (0.5, 0.3, 0.2)
_VOLUMES_MM3 = (0.25, 1.2, 4.0)  # median of a type
_VOLUME_SD = 0.5  # of logs, between scars; half of it between subjects
_ERRORS = (0.20, 0.12, 0.10)  # of logs, one photo
_THRESHOLD_MM3 = (0.15, 0.6, 2.0)
_DRIFT = -5.0
_DRAWS = 400_000  # of the one integral that has no closed form; its error is below 0.1 %


@dataclass(frozen=True, kw_only=True)
class ScarScenario:
    """One kind of trial; standard deviations are in points of a scar's own volume.

    Attributes
    ----------
    name, text : str
    design : {"split-face", "parallel"}
        In parallel arms both sides of a subject are alike.
    subjects : int
    scars : float
        Mean number of a side; it varies as widely as in patients (negative binomial, size 4).
    subject, subject_type, side, side_type, own : float
        Standard deviations of the change: of subjects, of a type in them, of sides, of a type in
        them, of single scars.
    headline : bool
        Whether it is what the bars are about.
    """

    name: str
    text: str
    design: TrialDesign = "split-face"
    subjects: int = 20
    scars: float = 12.0
    subject: float = 8.0
    subject_type: float = 4.0
    side: float = 8.0
    side_type: float = 5.0
    own: float = 20.0
    headline: bool = False

    @property
    def spread(self) -> float:
        """Standard deviation of s between scars, in points."""
        parts = (self.subject, self.subject_type, self.side, self.side_type, self.own)
        return float(np.sqrt(np.sum(np.square(parts))))


def scar_scenarios() -> tuple[ScarScenario, ...]:
    """All kinds of trials that are drawn."""
    return (
        ScarScenario(name="split-face", text="20 subjects, 12 scars a side", headline=True),
        ScarScenario(
            name="parallel", text="24 subjects, both sides alike", design="parallel", subjects=24,
            headline=True,
        ),
        ScarScenario(name="unlike subjects", text="subjects differ more than scars", subject=30.0),
        ScarScenario(name="unlike sides", text="sides differ as much as scars", side=20.0),
        ScarScenario(
            name="alike", text="sides and subjects differ by chance alone",
            subject=0.0, subject_type=0.0, side=0.0, side_type=0.0,
        ),
        ScarScenario(name="many scars", text="40 scars a side", scars=40.0),
        ScarScenario(name="few scars", text="5 scars a side", scars=5.0),
        ScarScenario(name="small", text="8 subjects", subjects=8),
        ScarScenario(
            name="small parallel", text="12 subjects, both sides alike", design="parallel",
            subjects=12,
        ),
    )  # fmt: skip


def draw_scars(
    scenario: ScarScenario, rng: np.random.Generator, *, effect: bool
) -> tuple[ScarRows, dict[str, float]]:
    """One trial's scars, and the true difference of the arms by type in points.

    Parameters
    ----------
    scenario : ScarScenario
    rng : Generator
        Where chance comes from.
    effect : bool
        Whether treatment changes s by :data:`EFFECT_POINTS`.

    Returns
    -------
    rows : ScarRows
    truth : dict of str to float
        Expectation of y, treated minus control.
    """
    n = scenario.subjects
    many = np.maximum(rng.negative_binomial(4, 4 / (4 + scenario.scars), (n, 2)), 1)
    unit = np.repeat(np.arange(2 * n), many.ravel())
    subject, kind = unit // 2, rng.choice(len(TYPES), len(unit), p=_SHARES)
    treated = _allocated(scenario, rng).ravel()[unit]
    points = np.array([EFFECT_POINTS[name] for name in TYPES]) if effect else np.zeros(len(TYPES))
    left = _DRIFT + treated * points[kind] + _course(scenario, subject, unit, kind, rng)
    half = _VOLUME_SD / np.sqrt(2)
    volume = np.log(_VOLUMES_MM3)[kind] + half * rng.standard_normal(n)[subject]
    volume = volume + half * rng.standard_normal(len(unit))
    first, second = np.array(_ERRORS)[kind] * rng.standard_normal((2, len(unit)))
    read = np.exp(volume + first)
    y = 100 * (np.maximum(1 + left / 100, 0.0) * np.exp(second - first) - 1)
    side = np.array(["left", "right"])[unit % 2]
    names = [f"P{number + 1:03d}" for number in subject.tolist()]
    table = pd.DataFrame({"subject": names, "side": side, "view": side})
    table["arm"] = np.where(treated, TREATED, CONTROL)
    table["type"] = np.array(TYPES)[kind]
    table = table.assign(y=y, before=read, resolved=y <= -75)
    table = table[read > np.array(_THRESHOLD_MM3)[kind]].reset_index(drop=True)
    counts = pd.DataFrame(columns=list(COUNTS)).astype({"n_scars": "int64"})
    rows = ScarRows(table, counts, (CONTROL, TREATED), TYPES, 1)
    shown = _shown()
    apart = [100 * shown[k] * (_left(scenario, p) - _left(scenario, 0.0)) for k, p in
             enumerate(points.tolist())]  # fmt: skip
    return rows, dict(zip(TYPES, apart, strict=True))


def _allocated(scenario: ScarScenario, rng: np.random.Generator) -> np.ndarray:
    """Which sides are treated, (subjects, 2)."""
    n = scenario.subjects
    if scenario.design == "split-face":
        first = rng.random(n) < 0.5
        return np.stack([first, ~first], axis=1)
    return np.repeat((rng.permutation(n) < n // 2)[:, None], 2, axis=1)


def _course(
    scenario: ScarScenario,
    subject: np.ndarray,
    unit: np.ndarray,
    kind: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """What a scar's change owes to its subject, its side and itself."""
    n, types = scenario.subjects, len(TYPES)
    drawn = scenario.subject * rng.standard_normal(n)[subject]
    drawn = drawn + scenario.subject_type * rng.standard_normal((n, types))[subject, kind]
    drawn = drawn + scenario.side * rng.standard_normal(2 * n)[unit]
    drawn = drawn + scenario.side_type * rng.standard_normal((2 * n, types))[unit, kind]
    return np.asarray(drawn + scenario.own * rng.standard_normal(len(unit)))


def _left(scenario: ScarScenario, points: float) -> float:
    """Expectation of s: of a normal variable held at 0."""
    mean, sd = 1 + (_DRIFT + points) / 100, scenario.spread / 100
    at = mean / sd
    return float(mean * stats.norm.cdf(at) + sd * stats.norm.pdf(at))


@functools.cache
def _shown() -> tuple[float, ...]:
    """Expectation of ``exp(e2 - e1)`` of the scars of each type that are found."""
    rng = np.random.default_rng(0)
    told = []
    for volume, error, least in zip(_VOLUMES_MM3, _ERRORS, _THRESHOLD_MM3, strict=True):
        first = error * rng.standard_normal(_DRAWS)
        read = np.log(volume) + _VOLUME_SD * rng.standard_normal(_DRAWS) + first
        found = read > np.log(least)
        told.append(float(np.exp(error**2 / 2) * np.exp(-first[found]).mean()))
    return tuple(told)
