"""Which found scar is which true one: one to one, by distance or by overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scarscope.change.matching import assign
from scarscope.errors import ParamsError, ScarsError
from scarscope.study.agreement.centres import RADIUS_MM, match_centres
from scarscope.validation.marked import Marked

Criterion = Literal["3mm", "iou"]
CRITERIA: tuple[Criterion, ...] = ("3mm", "iou")

LEAST_IOU = 0.3  # generous, since scars of 1 mm are 10 to 20 pixels across


@dataclass(frozen=True, eq=False)
class Matching:
    """Found scars laid against true ones.

    Attributes
    ----------
    pairs : ndarray of int64, shape (n, 2)
        ``scar_id`` of the found and of the true scar.
    false : ndarray of int64
        Found scars that are none.
    missed : ndarray of int64
        True scars that were not found.
    ignored : ndarray of int64
        Found scars that belong to a true scar cut by the frame: neither right nor wrong.
    """

    pairs: NDArray[np.int64]
    false: NDArray[np.int64]
    missed: NDArray[np.int64]
    ignored: NDArray[np.int64]


def match_overlap(iou: NDArray[np.floating], *, least: float = LEAST_IOU) -> NDArray[np.int64]:
    """Pair regions one to one by their overlap: as many pairs as can be, then the largest.

    Parameters
    ----------
    iou : ndarray of float, shape (n, m)
        Intersection over union of every pair, from :func:`overlaps`.
    least : float
        Pairs must exceed this, 0 to 1.

    Returns
    -------
    ndarray of int64, shape (k, 2)
        Rows and columns of `iou`.

    Raises
    ------
    ParamsError
        If `least` is out of range.
    """
    if not 0 <= least < 1:
        raise ParamsError(f"least = {least!r} is not an overlap.", remedy="Give 0 to below 1.")
    return assign(1 - iou, iou > least)


def overlaps(a: Marked, b: Marked) -> NDArray[np.float64]:
    """Intersection over union of every scar of `a` with every scar of `b`.

    Returns
    -------
    ndarray of float64, shape (len(a), len(b))

    Raises
    ------
    ScarsError
        If the two label images differ in shape.
    """
    both = intersections(a, b)
    area_a, area_b = (
        np.bincount(side.labels.ravel(), minlength=_size(side))[side.ids] for side in (a, b)
    )
    return np.asarray(both / np.maximum(area_a[:, None] + area_b[None, :] - both, 1))


def intersections(a: Marked, b: Marked) -> NDArray[np.int64]:
    """Pixels that every scar of `a` shares with every scar of `b`, shape (len(a), len(b))."""
    if a.labels.shape != b.labels.shape:
        raise ScarsError(
            f"One label image is {a.labels.shape}, the other {b.labels.shape} (height, width).",
            remedy="Both must be drawn on the upright photo's own pixels.",
        )
    place_a, place_b = _places(a), _places(b)
    shared = (a.labels > 0) & (b.labels > 0)
    at = place_a[a.labels[shared]] * max(len(b), 1) + place_b[b.labels[shared]]
    counts = np.bincount(at, minlength=len(a) * max(len(b), 1))
    return counts.reshape(len(a), max(len(b), 1))[:, : len(b)].astype(np.int64)


def _size(side: Marked) -> int:
    return int(side.ids.max(initial=0)) + 1


def _places(side: Marked) -> NDArray[np.int64]:
    """Row in the table of every label."""
    places = np.zeros(_size(side), np.int64)
    places[side.ids] = np.arange(len(side))
    return places


def match_scars(
    found: Marked,
    truth: Marked,
    *,
    criterion: Criterion = "3mm",
    radius_mm: float = RADIUS_MM,
    least_iou: float = LEAST_IOU,
) -> Matching:
    """Lay found scars against true ones.

    Scars that the frame cuts off neither help nor hurt: whole scars are matched first, then what
    is left over is excused where it belongs to a cut one, by the criterion or by lying in it with
    more than half its area.

    Parameters
    ----------
    found, truth : Marked
        Of the same photo.
    criterion : {"3mm", "iou"}
        By distance of centres, or by overlap.
    radius_mm, least_iou : float
        As in :func:`match_centres` and :func:`match_overlap`.

    Returns
    -------
    Matching
    """
    iou = overlaps(found, truth)

    def pair(rows: NDArray[np.intp], cols: NDArray[np.intp]) -> NDArray[np.int64]:
        if criterion == "iou":
            near = match_overlap(iou[np.ix_(rows, cols)], least=least_iou)
        else:
            a, b = found.centres_mm[rows], truth.centres_mm[cols]
            near = match_centres(a, b, radius=radius_mm)
        return np.stack([rows[near[:, 0]], cols[near[:, 1]]], axis=1)

    every = np.arange(len(found))
    cut = np.flatnonzero(truth.at_edge)
    pairs = pair(every, np.flatnonzero(~truth.at_edge))
    left = np.setdiff1d(every, pairs[:, 0])
    excused = np.union1d(pair(left, cut)[:, 0], left[_inside(found, truth)[left]])
    return _matching(found, truth, pairs, excused.astype(np.intp))


def _inside(found: Marked, truth: Marked) -> NDArray[np.bool_]:
    """Which found scars lie mostly in scars that the frame cuts off."""
    shared = intersections(found, truth)[:, truth.at_edge].sum(axis=1)
    area = np.bincount(found.labels.ravel(), minlength=_size(found))[found.ids]
    return np.asarray(2 * shared > area)


def _matching(
    found: Marked, truth: Marked, pairs: NDArray[np.int64], excused: NDArray[np.intp]
) -> Matching:
    right = np.concatenate([pairs[:, 0], excused])
    false = np.setdiff1d(np.arange(len(found)), right)
    missed = np.setdiff1d(np.flatnonzero(~truth.at_edge), pairs[:, 1])
    ids = np.stack([found.ids[pairs[:, 0]], truth.ids[pairs[:, 1]]], axis=1)
    return Matching(ids, found.ids[false], truth.ids[missed], found.ids[excused])
