"""Failures in pictures: both photos of a pair on one grid, true change and found change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.change import compare
from scarscope.photo.colour import linear_to_srgb
from scarscope.validation.page import Block, Heading, Picture, Text, number
from scarscope.validation.pair_item import read_both, truth_of
from scarscope.validation.pair_set import PairItem, take
from scarscope.validation.pair_table import COURSES, SAME_SET_UP
from scarscope.validation.pictures import jpeg
from scarscope.validation.standard_segmenter import SegmenterName, segmenter_of

SIDE_PX = 200
_GAP_PX = 4
_DEEP_MM = 0.25  # change of depth at full colour
# Shallower blue, deeper orange: told apart with every colour vision.
_SHALLOWER, _DEEPER = np.array([0, 114, 178]), np.array([213, 94, 0])

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ShownPair:
    """What is drawn of one pair; all of one shape but for their scale.

    Attributes
    ----------
    before, after : ndarray of uint8
        sRGB; `after` laid over `before` where that is possible.
    true, found : ndarray of float, or None
        Change of missing depth, mm, below zero where it got shallower; None where there is none.
    """

    before: Rgb
    after: Rgb
    true: NDArray[np.floating] | None
    found: NDArray[np.floating] | None


ShowPair = Callable[[str], ShownPair]


def pair_gallery(pairs: pd.DataFrame, show: ShowPair) -> list[Block]:
    """The worst errors, false calls and comparable pairs that were refused.

    Parameters
    ----------
    pairs : DataFrame
        Of a result.
    show : callable
        Gives what is drawn of a pair, by its name.

    Returns
    -------
    list of Block
        Empty where nothing went wrong.
    """
    blocks: list[Block] = [
        Heading("Failures"),
        Text(
            "Before, after laid over it, true change of depth, found change of depth: blue got "
            "shallower, orange deeper, full colour at "
            f"{_DEEP_MM:g} mm. The found change is that of the network, or of relief."
        ),
    ]
    for name, pair, told in _chosen(pairs):
        blocks.append(Picture(f"{name}.jpg", jpeg(strip(show(pair))), told))
    return blocks if len(blocks) > 2 else []


def _chosen(pairs: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    compared = pairs[pairs["passed"] == 1]
    own = compared[compared["part"].isin(COURSES)]
    worst = own.assign(far=own["error"].abs()).sort_values(["far", "pair"], ascending=[False, True])
    yield from _rows("error", "worst error", worst.head(3))
    unchanged = ("retest", "untreated", "confounder", "wide", "copy")
    false = compared[compared["part"].isin(unchanged) & (compared["called"] == 1)]
    false = false.assign(far=false["found_pct"].abs())
    false = false.sort_values(["far", "pair"], ascending=[False, True])
    yield from _rows("false", "false call", false.head(3))
    refused = pairs[pairs["part"].isin(SAME_SET_UP) & (pairs["refused"] == 1)]
    yield from _rows("refused", "refused though comparable", refused.sort_values("pair").head(3))


def _rows(name: str, word: str, rows: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    for at, row in enumerate(rows.to_dict(orient="records"), start=1):
        what = " ".join(filter(None, (str(row["part"]), str(row["kind"] or "").strip())))
        told = (
            f"{word}: {what}, {row['light']}, {row['tone']}; true {number(row['true_pct'], 0)} %, "
            f"found {number(row['found_pct'], 0)} %, MDC95 {number(row['mdc95_pct'], 0)} %"
        )
        codes = f" ({row['codes']})" if row["codes"] else ""
        yield f"{name}-{at}", str(row["pair"]), told + codes


def strip(shown: ShownPair) -> Rgb:
    """The four pictures side by side; what is not known is grey."""
    grey = np.full((SIDE_PX, SIDE_PX, 3), 118, np.uint8)
    changes = (_coloured(change) for change in (shown.true, shown.found))
    small = [_small(image) for image in (shown.before, shown.after)]
    small += [grey if change is None else _small(change) for change in changes]
    gap = np.full((SIDE_PX, _GAP_PX, 3), 255, np.uint8)
    parts = [part for image in small for part in (image, gap)]
    return np.hstack(parts[:-1])


def _small(image: Rgb) -> Rgb:
    done = cv2.resize(image, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(done, np.uint8)


def _coloured(change: NDArray[np.floating] | None) -> Rgb | None:
    if change is None:
        return None
    share = np.clip(change / _DEEP_MM, -1, 1)[..., None]
    ends = np.where(share < 0, _SHALLOWER, _DEEPER)
    return np.asarray(np.rint(255 + np.abs(share) * (ends - 255.0)), np.uint8)


def shower(items: dict[str, PairItem], segmenter: SegmenterName, seeds: range) -> ShowPair:
    """Photograph and compare again what is drawn: nothing but tables was kept."""
    finder = segmenter_of(segmenter)

    def show(name: str) -> ShownPair:
        taken = take(items[name], seeds=seeds)
        first, second = read_both(taken)
        change = compare(first, second, segmenter=finder, refuse=False)
        truth = truth_of(items[name], taken, change)
        true = None if truth is None else np.where(truth.region, truth.after - truth.before, 0.0)
        if change.pair is None or change.reading is None:
            return ShownPair(_srgb(first.rgb), _srgb(second.rgb), true, None)
        one, two = change.reading.network or change.reading.relief
        where = change.reading.outline
        found = np.where(where, np.maximum(two, 0) - np.maximum(one, 0), np.float32(0))
        pair = change.pair
        return ShownPair(_srgb(pair.before.rgb), _srgb(pair.after.rgb), true, found)

    return show


def _srgb(linear: NDArray[np.floating]) -> Rgb:
    return np.rint(255 * np.clip(linear_to_srgb(linear), 0, 1)).astype(np.uint8)
