"""Cohen's kappa, plain and weighted: agreement of two raters on classes or grades.

Legend
------
p_ij : proportion of targets that rater a puts in class i and rater b in class j
p_i., p_.j : their margins
w_ij : weight of agreement, 1 on the diagonal
po, pe : weighted agreement observed, and expected from the margins

Sources: Cohen 1960, Educ Psychol Meas 20:37; Cohen 1968, Psychol Bull 70:213 (weights); Fleiss,
Cohen & Everitt 1969, Psychol Bull 72:323 (standard errors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from scarscope.errors import ParamsError, StudyError
from scarscope.study.checks import (
    Floats,
    Result,
    enough,
    in_unit_interval,
    numbers,
    one_of,
    same_length,
)

Weights = Literal["linear", "quadratic"]


@dataclass(frozen=True)
class Kappa(Result):
    """Agreement beyond chance.

    Attributes
    ----------
    value : float
        Kappa; NaN where both raters used one and the same class throughout.
    low, high : float
        ``value ± z se``, not cut at -1 or 1; NaN with `value`.
    se, se0 : float
        Standard error for the interval, and under the hypothesis of no agreement.
    z, p : float
        Test against 0 (two-sided), by `se0`; NaN where that is 0.
    observed, expected : float
        Weighted agreement, 0 to 1.
    n : int
        Targets.
    weights : str
        ``"none"``, ``"linear"``, ``"quadratic"`` or ``"given"``.
    confidence : float
        Coverage of the interval.
    """

    value: float
    low: float
    high: float
    se: float
    se0: float
    z: float
    p: float
    observed: float
    expected: float
    n: int
    weights: str
    confidence: float


def cohen_kappa(
    a: ArrayLike,
    b: ArrayLike,
    *,
    weights: Weights | None = None,
    labels: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Kappa:
    """Agreement of two raters on the same targets.

    Parameters
    ----------
    a, b : array_like, shape (n,)
        Class or grade of every target, as numbers or text; no gaps.
    weights : {None, "linear", "quadratic"}
        None counts exact agreement only; the others give near misses on an ordered scale part of
        the credit.
    labels : sequence, optional
        All classes in their order; None means those that occur, sorted. Needed for weights where
        classes are text. Distances between numbers are their differences, between texts their
        steps in this order.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Kappa

    Raises
    ------
    StudyError
        For series of different length, fewer than two targets, gaps, or a class not in `labels`.
    ParamsError
        For unknown weights, or weights on text without `labels`.

    Notes
    -----
    ``kappa = (po - pe) / (1 - pe)`` with ``po = sum w_ij p_ij`` and ``pe = sum w_ij p_i. p_.j``.
    Linear weights are ``1 - |i - j| / range``, quadratic ones ``1 - (i - j)² / range²``.

    Examples
    --------
    >>> cohen_kappa([1, 1, 2, 2], [1, 1, 2, 1]).value
    0.5
    """
    one_of(weights, "weights", (None, "linear", "quadratic"))
    first, second = _classes(a, "a"), _classes(b, "b")
    same_length(len(first), len(second), ("a", "b"))
    enough(len(first), 2, "targets")
    order = _order(first, second, labels, weights)
    table = np.zeros((len(order), len(order)))
    place = {label: at for at, label in enumerate(order)}
    np.add.at(table, ([place[x] for x in first], [place[x] for x in second]), 1)
    scores = _scores(order)
    return kappa_of_table(table, weights=weights, scores=scores, confidence=confidence)


def kappa_of_table(
    table: ArrayLike,
    *,
    weights: Weights | ArrayLike | None = None,
    scores: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Kappa:
    """Kappa of a cross-table of two raters.

    Parameters
    ----------
    table : array_like, shape (k, k)
        Number of targets that rater a put in the row's and rater b in the column's class.
    weights : {None, "linear", "quadratic"} or array_like, shape (k, k)
        As in :func:`cohen_kappa`, or Cohen's weights of *dis*agreement, 0 on the diagonal.
    scores : array_like, shape (k,), optional
        Positions of the classes on their scale; None means 0, 1, 2, ...
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Kappa

    Raises
    ------
    StudyError
        For a table that is not square, holds less than 0, or fewer than two targets.
    ParamsError
        For weights of another shape, or unknown.
    """
    counts = _square(table)
    in_unit_interval(confidence, "confidence")
    n = float(counts.sum())
    enough(round(n), 2, "targets")
    w, word = _weights(weights, scores, len(counts))
    p = counts / n
    chance = np.outer(p.sum(axis=1), p.sum(axis=0))
    po, pe = float((w * p).sum()), float((w * chance).sum())
    value = (po - pe) / (1 - pe) if pe < 1 - 1e-12 else float("nan")
    se, se0 = _standard_errors(p, chance, w, value, pe, n)
    z = value / se0 if se0 > 0 else float("nan")
    half = float(stats.norm.ppf(1 - (1 - confidence) / 2)) * se
    tail = float(2 * stats.norm.sf(abs(z)))
    return Kappa(
        value, value - half, value + half, se, se0, z, tail, po, pe, round(n), word, confidence
    )


def _standard_errors(
    p: Floats, chance: Floats, w: Floats, value: float, pe: float, n: float
) -> tuple[float, float]:
    """Fleiss, Cohen & Everitt 1969, equations for the interval and for the test."""
    if np.isnan(value):
        return float("nan"), float("nan")
    by_row = (w @ p.sum(axis=0))[:, None]
    by_column = (w.T @ p.sum(axis=1))[None, :]
    mean = by_row + by_column
    scale = n * (1 - pe) ** 2
    spread = (p * (w - mean * (1 - value)) ** 2).sum() - (value - pe * (1 - value)) ** 2
    spread0 = (chance * (w - mean) ** 2).sum() - pe**2
    return _root(float(spread), scale), _root(float(spread0), scale)


def _root(spread: float, scale: float) -> float:
    # Differences of figures near 1: what is left of a zero is rounding, and its root would show.
    return 0.0 if spread < 1e-13 else float(np.sqrt(spread / scale))


def _weights(
    weights: Weights | ArrayLike | None, scores: ArrayLike | None, k: int
) -> tuple[Floats, str]:
    """Weights of agreement, and what to call them."""
    if weights is None:
        return np.eye(k), "none"
    if not isinstance(weights, str):
        return _given(weights, k), "given"
    one_of(weights, "weights", ("linear", "quadratic"))
    at = np.arange(k, dtype=np.float64) if scores is None else numbers(scores, "scores")
    if len(at) != k:
        raise ParamsError(
            f"scores has {len(at)} entries for {k} classes.", remedy="Give one score a class."
        )
    apart = np.abs(at[:, None] - at[None, :]) ** (1 if weights == "linear" else 2)
    return np.asarray(1 - apart / (apart.max() or 1.0)), weights


def _given(weights: ArrayLike, k: int) -> Floats:
    apart = numbers(weights, "weights", ndim=2)
    if apart.shape != (k, k) or (apart < 0).any() or apart.diagonal().any() or not apart.any():
        raise ParamsError(
            f"weights of disagreement have shape {apart.shape} and diagonal {apart.diagonal()}.",
            remedy=f"Give a {k} x {k} table, 0 on the diagonal and nowhere below 0.",
        )
    return np.asarray(1 - apart / apart.max())


def _square(table: ArrayLike) -> Floats:
    counts = numbers(table, "table", ndim=2)
    if counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise StudyError(
            f"The cross-table has shape {counts.shape} and a smallest entry of {counts.min()}.",
            remedy="Give counts, with the same classes in the same order for rows and columns.",
        )
    return counts


def _classes(values: ArrayLike, name: str) -> list[Any]:
    column = np.asarray(values, dtype=object)
    if column.ndim != 1:
        raise StudyError(
            f"{name} has {column.ndim} axes, not 1.",
            remedy="Give one class for each target, as a flat list or a column.",
        )
    gaps = np.flatnonzero(pd.isna(column))
    if len(gaps):
        raise StudyError(
            f"{name} has no class at {gaps[:3].tolist()} (counted from 0).",
            remedy="Leave out the targets that not both raters judged, and say how many.",
        )
    return [value.item() if isinstance(value, np.generic) else value for value in column]


def _order(
    first: list[Any], second: list[Any], labels: Sequence[Any] | None, weights: Weights | None
) -> list[Any]:
    found = set(first) | set(second)
    if labels is not None:
        return _stated(found, labels)
    if weights is not None and not _numeric(found):
        raise ParamsError(
            f"weights={weights!r} needs an order of the classes {sorted(map(str, found))}.",
            remedy="Give labels=(...), from the lowest class to the highest.",
        )
    return sorted(found, key=None if _numeric(found) else str)


def _stated(found: set[Any], labels: Sequence[Any]) -> list[Any]:
    unknown = [label for label in found if label not in labels]
    if unknown or len(set(labels)) != len(labels):
        raise StudyError(
            f"labels {list(labels)} do not hold {unknown} or hold a class twice.",
            remedy="List every class that occurs, once, in order.",
        )
    return list(labels)


def _numeric(labels: set[Any] | list[Any]) -> bool:
    return all(isinstance(x, int | float) and not isinstance(x, bool) for x in labels)


def _scores(order: list[Any]) -> NDArray[np.float64] | None:
    return np.asarray(order, dtype=np.float64) if _numeric(order) else None
