"""How large a change must be to exceed measurement error: from retests, a study's own or ours.

Legend
------
sd : standard deviation of the change between two photos of unchanged skin, ``√2 SEM``
MDC95 : ``1.96 sd = 1.96 √2 SEM``; Weir 2005, J Strength Cond Res 19:231

The error of a measure has a part that does not depend on its size, one that is a share of it, and,
for missing volume, one that the noise of these very photos explains, as skin without scars shows:
``sd² = absolute² + (relative · mean)² + (noise · σ)²``.

Retests of one visit show what posing and noise do. Visits weeks apart differ in more: lamps move a
little, skin tans. What of that the gate lets through is known from simulated pairs only, so it is
added to a study's own error too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import t as student_t

from scarscope.errors import DependencyError

FILE = "measurement_error.json"
SCAR = "scar_volume_share"  # single scars: their relative change of volume
Z95 = 1.96
# What a reading of a true change is off by, as a share of the change: no part of MDC95 nor of a
# pair's standard error, but of how large a trial has to be.
READING = "true_change_share"
Source = Literal["scarscope", "study"]
_LEAST_MEAN = 1e-12
_ENOUGH_FOR_TAIL = 50
# Fewer pairs part an error at random into what grows with the figure and what does not.
_ENOUGH_FOR_SHAPE = 30
_REWEIGHTED = 6  # times; it settles after three or four
_LEAST_PART = 0.01  # of the median error is absolute
_LEAST_SCALE = 0.1  # of the median: pairs with next to no error do not decide alone either


@dataclass(frozen=True)
class Spread:
    """Standard deviation of a change that is none.

    Attributes
    ----------
    absolute : float
        In the measure's unit.
    relative : float
        As a share of the mean of both photos.
    noise : float
        Factor on what the noise of the photos explains.
    visits : tuple of 2 Spread, or None
        Of visits and of retests: what the first is more than the second comes on top.
    """

    absolute: float
    relative: float
    noise: float = 0.0
    visits: tuple[Spread, Spread] | None = None

    def sd(self, mean: float, noise: float = 0.0) -> float:
        """Standard deviation around a mean, `noise` in the measure's unit."""
        own = math.hypot(self.absolute, self.relative * mean, self.noise * noise)
        if self.visits is None:
            return own
        visit, retest = (spread.sd(mean, noise) for spread in self.visits)
        return math.sqrt(own**2 + max(0.0, visit**2 - retest**2))

    def mdc95(self, mean: float, noise: float = 0.0) -> float:
        """Smallest detectable change around a mean."""
        return Z95 * self.sd(mean, noise)


@dataclass(frozen=True, eq=False)
class MeasurementError:
    """Spreads of all measures, for pairs that compare well and for those that need caution.

    Attributes
    ----------
    source : {"scarscope", "study"}
        ScarScope's simulated retests, or the study's own retest photos.
    pairs : int
        How many pairs it rests on.
    spreads : Mapping of str to Mapping of str to Spread
        By comparability (``yes``, ``caution``), then by measure; ScarScope's own also for retests
        of one visit (``retest``).
    """

    source: Source
    pairs: int
    spreads: Mapping[str, Mapping[str, Spread]]

    def mdc95(self, measure: str, mean: float, *, comparable: str, noise: float = 0.0) -> float:
        """Smallest detectable change of a measure; NaN where its error is not known.

        Parameters
        ----------
        measure : str
        mean : float
            Of both photos.
        comparable : str
            Verdict on the pair.
        noise : float, optional
            Standard deviation that the noise of the photos explains, in the measure's unit.
        """
        spread = self.spreads.get(comparable, {}).get(measure)
        return math.nan if spread is None else spread.mdc95(mean, noise)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        spreads = {
            kind: {name: _parts(spread) for name, spread in table.items()}
            for kind, table in self.spreads.items()
        }
        return {"source": self.source, "pairs": self.pairs, "spreads": spreads}


@cache
def published() -> MeasurementError:
    """ScarScope's own measurement error, from simulated pairs in which nothing changed.

    Raises
    ------
    DependencyError
        If the file that comes with the package is missing or damaged.
    """
    try:
        told = json.loads((files("scarscope.change") / FILE).read_text(encoding="utf-8"))
        spreads = {
            kind: {name: _spread_of(parts) for name, parts in table.items()}
            for kind, table in told["spreads"].items()
        }
        return MeasurementError("scarscope", int(told["pairs"]), spreads)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DependencyError(
            f"{FILE}, which comes with ScarScope, cannot be read ({error}).",
            remedy="Reinstall ScarScope.",
        ) from error


def _spread_of(parts: Sequence[float]) -> Spread:
    absolute, relative, noise = map(float, [*parts, 0.0][:3])
    return Spread(absolute, relative, noise)


def _parts(spread: Spread) -> list[Any]:
    parts: list[Any] = [spread.absolute, spread.relative]
    if spread.noise > 0 or spread.visits is not None:
        parts.append(spread.noise)
    return parts if spread.visits is None else [*parts, [_parts(each) for each in spread.visits]]


def fit_spread(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    noise: NDArray[np.float64] | None = None,
) -> Spread:
    """The spread of a measure over pairs in which nothing changed.

    Parameters
    ----------
    before, after : ndarray of float, shape (n,)
        The measure in both photos; pairs with a gap are left out.
    noise : ndarray of float, shape (n,), optional
        Standard deviation that the noise of each pair's photos explains. None: not known.
    """
    explained = np.zeros(len(before)) if noise is None else np.nan_to_num(noise)
    known = np.isfinite(before) & np.isfinite(after)
    first, second, explained = before[known], after[known], explained[known]
    if len(first) < 2:
        return Spread(math.nan, math.nan)
    square, mean = (second - first) ** 2, (first + second) / 2
    if not square.any():
        return Spread(0.0, 0.0)
    # Least squares of d² on its parts, none below zero, each pair weighted by what d² varies by,
    # which is what is fitted: so that large means do not decide alone.
    parts = np.stack([np.ones(len(mean)), mean**2, explained**2], axis=1)
    if not first.any():  # what was nothing before has a mean that is its own change
        parts[:, 1] = 0.0
    fitted = np.maximum(mean**2, _LEAST_MEAN)
    for _ in range(_REWEIGHTED):
        scale = np.maximum(fitted + _LEAST_SCALE * np.median(fitted), _LEAST_MEAN)
        shares, _ = nnls(parts / scale[:, None], square / scale)
        fitted = parts @ shares
    # A measure that passes through zero has an error there too.
    shares[0] = max(shares[0], _LEAST_PART * float(np.median(fitted)))
    fitted = parts @ shares
    # What is fitted keeps the mean square of the pairs.
    ratio = max(square.sum() / fitted.sum(), _tail(square / np.maximum(fitted, _LEAST_MEAN)))
    absolute, relative, factor = np.sqrt(shares * ratio).tolist()
    return Spread(absolute, relative, factor)


def _tail(square: NDArray[np.float64]) -> float:
    """Factor on the variance that 99 % of the errors need, where they have heavy tails.

    99 % of a normal distribution lie within 2.576 sd. Few pairs cannot tell.
    """
    if len(square) < _ENOUGH_FOR_TAIL:
        return 0.0
    return float(np.quantile(square, 0.99)) / 2.576**2


def of_study(changes: Iterable[pd.DataFrame], *, least: int) -> MeasurementError | None:
    """A study's own measurement error, from the measures of its retest pairs.

    Parameters
    ----------
    changes : iterable of DataFrame
        ``Change.measures`` of a retest photo against the photo of the same visit. Pairs that cannot
        be compared say nothing.
    least : int
        Pairs from which on the study's own figure is used. They should be of as many subjects.

    Returns
    -------
    MeasurementError or None
        None with too few pairs.
    """
    tables = [table for table in changes if len(table) and (table["comparable"] != "no").all()]
    if len(tables) < least:
        return None
    rows = pd.concat(tables, ignore_index=True)
    ours = published().spreads
    own = {
        str(name): _own_spread(group, ours["retest"].get(str(name)), len(tables))
        for name, group in rows.groupby("measure")
    }
    own = {name: spread for name, spread in own.items() if not math.isnan(spread.absolute)}
    spreads = {
        kind: {
            **{
                name: _with_visits(spread, ours[kind].get(name), ours["retest"].get(name))
                for name, spread in own.items()
            },
            SCAR: ours[kind][SCAR],
        }
        for kind in ("yes", "caution")
    }
    return MeasurementError("study", len(tables), spreads)


def _own_spread(group: pd.DataFrame, retest: Spread | None, pairs: int) -> Spread:
    """A study's own spread of one measure, wider for few pairs and never below simulated retests.

    Of few pairs the spread is itself uncertain: Student's t with as many degrees of freedom as
    pairs stands in place of 1.96, and how the error grows with the figure is taken from simulated
    retests, scaled by one factor. Simulated photos differ in less than real ones, and a count that
    happened not to change in a few retests has an error all the same.
    """
    before, after = (group[name].to_numpy(np.float64) for name in ("before", "after"))
    own = _scaled(retest, before, after) if pairs < _ENOUGH_FOR_SHAPE else None
    own = own or fit_spread(before, after)
    if math.isnan(own.absolute):
        return own
    wider = float(student_t.ppf(0.975, pairs)) / Z95
    own = Spread(own.absolute * wider, own.relative * wider)
    middle = float(np.nanmedian((before + after) / 2))
    return own if retest is None or own.sd(middle) >= retest.sd(middle) else retest


def _scaled(
    shape: Spread | None, before: NDArray[np.float64], after: NDArray[np.float64]
) -> Spread | None:
    """The spread of this shape that has the pairs' mean square; None where it has no shape."""
    known = np.isfinite(before) & np.isfinite(after)
    if shape is None or known.sum() < 2:
        return None
    first, second = before[known], after[known]
    variance = shape.absolute**2 + (shape.relative * (first + second) / 2) ** 2
    if not (variance > 0).all():
        return None
    factor = math.sqrt(float(np.mean((second - first) ** 2 / variance)))
    return Spread(factor * shape.absolute, factor * shape.relative)


def _with_visits(own: Spread, visits: Spread | None, retest: Spread | None) -> Spread:
    """A study's own error with what visits add to retests."""
    if visits is None or retest is None:
        return own
    return replace(own, visits=(visits, retest))
