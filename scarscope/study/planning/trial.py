"""Trials that are simulated as tables: what planning draws from, and what tests of models need.

Legend
------
L : true log burden of a side
e : error of one photo, of variance half that of a change without cause
τ : treatment effect, log of the ratio of ratios
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from scarscope.change.error import READING, published
from scarscope.errors import ParamsError
from scarscope.study.checks import Floats, one_of
from scarscope.study.units import SHARED_ERROR

# Noise of a usual photo explains about this much of its burden, in micrometres.
TYPICAL_NOISE_UM = 0.07

TrialDesign = Literal["split-face", "parallel"]
TREATED, CONTROL = "treated", "control"


@dataclass(frozen=True, kw_only=True)
class Spreads:
    """Variance components of a trial; the defaults are stated, not measured, but for the error.

    Attributes
    ----------
    baseline_um : float
        Median burden at baseline.
    baseline_sd : float
        Standard deviation of its log between subjects: 0.6 makes one subject in six 1.8 times the
        median or more.
    side_sd : float
        Of the log between the sides of a subject.
    course_sd : float
        Of the change of log burden by the last visit that both sides of a subject share: healing,
        ageing, new acne, how photos are taken.
    response_sd : float
        Of the change of a single side beyond that: how far it responds, treated or not.
    error_absolute_um, error_relative : float
        Standard deviation of the change between two photos of unchanged skin, in micrometres and as
        a share of the figure.
    reading_relative : float
        What readings of a true change are off by, as a share of it.
    shared_error : float
        Correlation of the errors of two sides, or two photos of one side, at one visit.
    tail_df : float
        Degrees of freedom of the errors' t distribution; infinite is normal.
    """

    baseline_um: float = 12.0
    baseline_sd: float = 0.6
    side_sd: float = 0.25
    course_sd: float = 0.10
    response_sd: float = 0.10
    error_absolute_um: float = 0.0
    error_relative: float = 0.0
    reading_relative: float = 0.0
    shared_error: float = SHARED_ERROR
    tail_df: float = math.inf

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value >= 0:
                raise ParamsError(f"{name} is {value!r}.", remedy="Give 0 or more.")
        if self.baseline_um == 0 or self.shared_error > 1 or self.tail_df <= 2:
            raise ParamsError(
                f"baseline_um = {self.baseline_um!r}, shared_error = {self.shared_error!r}, "
                f"tail_df = {self.tail_df!r}: one of them is out of range.",
                remedy="Give a median above 0, a correlation up to 1, degrees of freedom above 2.",
            )

    def parts_of_error(self, photos: int) -> tuple[float, float]:
        """Of a mean of photos of one visit: what each errs by alone, and what all of them share.

        Shares of one photo's standard deviation. Only the first shrinks with the number of photos.
        """
        return math.sqrt((1 - self.shared_error) / photos), math.sqrt(self.shared_error)


def published_spreads(
    *, comparable: str = "yes", noise_um: float = 0.0, tail_df: float = math.inf
) -> Spreads:
    """Spreads with ScarScope's own measurement error of burden.

    Parameters
    ----------
    comparable : str
        ``yes``, ``caution`` or ``retest``: whose error.
    noise_um : float
        What the noise of a pair's photos explains, standard deviation in micrometres of burden;
        0: photos without noise.
    tail_df : float
        As in :class:`Spreads`.

    Returns
    -------
    Spreads
        Change others with :func:`dataclasses.replace`.
    """
    spreads = published().spreads
    one_of(comparable, "comparable", tuple(spreads))
    own = spreads[comparable]
    burden = own["burden_um"]
    return Spreads(
        error_absolute_um=math.hypot(burden.absolute, burden.noise * noise_um),
        error_relative=burden.relative,
        reading_relative=own[READING].relative if READING in own else 0.0,
        tail_df=tail_df,
    )


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A trial as it is planned.

    Attributes
    ----------
    design : {"split-face", "parallel"}
        One side of every subject treated; or half of the subjects, both sides alike.
    subjects : int
        How many are enrolled.
    followups : int
        Visits after baseline.
    photos : int
        Photos of each side that are averaged at every visit, baseline too.
    effect_pct : float
        Change of burden by treatment at the last visit, in percent of what it would be without.
    drift_pct : float
        Change of burden at the last visit without treatment.
    effect_sd : float
        Standard deviation of τ between treated sides.
    dropout : float
        Share of subjects who have left by the last visit; they leave at any visit alike, and more
        easily the higher their baseline.
    refused : float
        Share of follow-up photos that cannot be compared.
    sides : int
        Sides of a subject in parallel arms: 1 or 2.
    """

    design: TrialDesign = "split-face"
    subjects: int = 24
    followups: int = 3
    photos: int = 1
    effect_pct: float = 0.0
    drift_pct: float = 0.0
    effect_sd: float = 0.0
    dropout: float = 0.0
    refused: float = 0.0
    sides: int = 2

    def __post_init__(self) -> None:
        one_of(self.design, "design", ("split-face", "parallel"))
        one_of(self.sides, "sides", (1, 2))
        least = {"subjects": 2, "followups": 1, "photos": 1}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise ParamsError(
                    f"{name} is {getattr(self, name)!r}.", remedy=f"Give {value} or more."
                )
        if not (0 <= self.dropout < 1 and 0 <= self.refused < 1 and self.effect_sd >= 0):
            raise ParamsError(
                f"dropout = {self.dropout!r}, refused = {self.refused!r}, effect_sd = "
                f"{self.effect_sd!r}: one of them is out of range.",
                remedy="Give shares from 0 up to 1, and a standard deviation of 0 or more.",
            )
        if min(self.effect_pct, self.drift_pct) <= -100:
            raise ParamsError(
                f"effect_pct = {self.effect_pct!r}, drift_pct = {self.drift_pct!r}: nothing would "
                "be left.",
                remedy="Give changes above -100 %.",
            )

    @property
    def effect(self) -> float:
        """τ at the last visit."""
        return math.log1p(self.effect_pct / 100)


def simulate_sides(
    trial: Trial, spreads: Spreads, rng: np.random.Generator, *, measure: str = "burden_um"
) -> pd.DataFrame:
    """One trial's figures, one row a side and follow-up.

    Parameters
    ----------
    trial : Trial
    spreads : Spreads
    rng : Generator
        Where chance comes from.
    measure : str
        Name of the figure.

    Returns
    -------
    DataFrame
        ``subject, side, arm, session, days, measure, before, after, change``: what
        :func:`scarscope.study.models.rows.rows_of_sides` needs. Photos that cannot be compared have
        blank figures, those of subjects who left are not there.
    """
    n, k = trial.subjects, trial.followups
    sides = 2 if trial.design == "split-face" else trial.sides
    treated = _allocation(trial, sides, rng)
    start = np.log(spreads.baseline_um) + spreads.baseline_sd * rng.standard_normal((n, 1))
    start = start + spreads.side_sd * rng.standard_normal((n, sides))
    # Most of a course's change comes with its first sessions.
    share = -np.expm1(-np.arange(1, k + 1) / 1.5)
    share = share / share[-1]
    change = _true_changes(trial, spreads, treated, rng)[..., None] * share
    level = np.concatenate([start[..., None], start[..., None] + change], axis=2)
    read = np.exp(level) + _errors(spreads, level, trial.photos, rng)
    off = spreads.reading_relative * rng.standard_normal((n, sides, k))
    read[..., 1:] += off * (np.exp(level[..., 1:]) - np.exp(level[..., :1]))
    there = _stay(trial, start.mean(axis=1), rng)
    compared = rng.random((n, sides, k)) >= trial.refused
    return _table(read, treated, there, compared, measure)


def _allocation(trial: Trial, sides: int, rng: np.random.Generator) -> np.ndarray:
    """Which sides are treated, (subjects, sides)."""
    if trial.design == "split-face":
        first = rng.random(trial.subjects) < 0.5
        return np.stack([first, ~first], axis=1)
    order = rng.permutation(trial.subjects) < trial.subjects // 2
    return np.repeat(order[:, None], sides, axis=1)


def _true_changes(
    trial: Trial, spreads: Spreads, treated: np.ndarray, rng: np.random.Generator
) -> Floats:
    """True change of L by the last visit, (subjects, sides)."""
    course = spreads.course_sd * rng.standard_normal((trial.subjects, 1))
    own = spreads.response_sd * rng.standard_normal(treated.shape)
    effect = trial.effect + trial.effect_sd * rng.standard_normal(treated.shape)
    return np.asarray(math.log1p(trial.drift_pct / 100) + course + own + treated * effect)


def _errors(spreads: Spreads, level: Floats, photos: int, rng: np.random.Generator) -> Floats:
    """Errors of single visits in micrometres: √½ of a change's, less with several photos.

    What photos of a visit share, such as its light, its sides share too.
    """
    n, sides, visits = level.shape
    own, shared = _draw(spreads, (n, sides, visits), rng), _draw(spreads, (n, 1, visits), rng)
    alone, common = spreads.parts_of_error(photos)
    unit = alone * own + common * shared
    sd = np.hypot(spreads.error_absolute_um, spreads.error_relative * np.exp(level))
    return np.asarray(unit * sd / math.sqrt(2))


def _draw(spreads: Spreads, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Errors of variance 1."""
    if math.isinf(spreads.tail_df):
        return rng.standard_normal(shape)
    return rng.standard_t(spreads.tail_df, shape) / math.sqrt(
        spreads.tail_df / (spreads.tail_df - 2)
    )


def _stay(trial: Trial, start: Floats, rng: np.random.Generator) -> np.ndarray:
    """Whether each subject is there, (subjects, followups); those who left do not return."""
    standing = (start - start.mean()) / max(float(start.std()), 1e-12)
    leaving = trial.dropout * np.clip(1 + 0.5 * standing, 0, 2) / trial.followups
    gone = rng.random((len(start), trial.followups)) < leaving[:, None]
    return ~np.logical_or.accumulate(gone, axis=1)


def _table(
    read: Floats, treated: np.ndarray, there: np.ndarray, compared: np.ndarray, measure: str
) -> pd.DataFrame:
    n, sides, visits = read.shape
    subject, side, visit = (a.ravel() for a in np.indices((n, sides, visits - 1)))
    seen = compared[subject, side, visit]
    before = np.where(seen, read[subject, side, 0], np.nan)
    after = np.where(seen, read[subject, side, visit + 1], np.nan)
    table: pd.DataFrame = pd.DataFrame(
        {
            "subject": np.array([f"P{i + 1:03d}" for i in range(n)])[subject],
            "side": np.array(["left", "right"])[side],
            "arm": np.where(treated[subject, side], TREATED, CONTROL),
            "session": visit + 1,
            "days": 42 * (visit + 1),  # a treatment every six weeks
            "measure": measure,
            "before": before,
            "after": after,
            "change": after - before,
        }
    )
    kept: pd.DataFrame = table[pd.Series(there[subject, visit])]
    return kept.reset_index(drop=True)
