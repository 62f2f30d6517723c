"""What a pooled figure can hide: worth of single depths, bias by density, size of real changes.

A bar can be passed for a poor reason: errors that cancel over photos, an interval as wide as the
population, a rank that the number of scars alone would give. These figures look behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from scarscope.validation.figures import matched
from scarscope.validation.matching import LEAST_IOU
from scarscope.validation.page import Block, Heading, Table, Text
from scarscope.validation.result import Validation
from scarscope.validation.standard_segmenter import SegmenterName

_LEAST = 8  # rows below which a slope or a correlation says nothing
_PARTS = 4  # of photos, by how densely they are scarred
_DEEP_UM = 500.0
_DEALS, _SEED = 500, 20261130

_WHY = """\
A pooled figure can look better than what it is made of. These look behind the bars: a single \
depth is worth what it tells beyond the average of all scars; of two scars whose centres are close \
one can be the other's neighbour, and their volumes are then not those of the same scar; a burden \
without bias can be the sum of too little where scars are few and too much where they are dense; a \
rank of burdens can come from how many scars there are, whatever their depth; a slope below one \
means that a true change is understated; and a few photos of each tone differ by chance alone."""


def scrutiny(results: Mapping[SegmenterName, Validation]) -> list[Block]:
    """The section, one column a segmenter; empty where nothing can be told."""
    rows = []
    for title, digits, figure in _FIGURES:
        cells = [_text(figure(result), digits) for result in results.values()]
        if set(cells) != {"–"}:
            rows.append((title, *cells))
    if not rows:
        return []
    return [Heading("Behind the bars"), Text(_WHY), Table(("figure", *results), tuple(rows))]


def _text(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def _depths(result: Validation) -> pd.DataFrame:
    scars = result.scars
    # Of pairs of photos the same scars would count twice.
    scars = scars[(scars["criterion"] == "3mm") & (scars["set"] == "scars")]
    return matched(scars).dropna(subset=["true_depth_um", "found_depth_um"])


def _depth_r(result: Validation) -> float:
    return _slope(_depths(result), "true_depth_um", "found_depth_um")[1]


def _depth_slope(result: Validation) -> float:
    return _slope(_depths(result), "true_depth_um", "found_depth_um")[0]


def _depth_error(result: Validation) -> float:
    return float(_depths(result)["depth_off_um"].mean())


def _error_of_a_guess(result: Validation) -> float:
    """Mean error of calling every scar as deep as the median one."""
    depth = _depths(result)["true_depth_um"]
    return float((depth - depth.median()).abs().mean())


def _deep_held(result: Validation) -> float:
    pairs = _depths(result)
    deep = pairs[(pairs["true_depth_um"] > _DEEP_UM) & (pairs["depth_stated"] > 0)]
    return 100 * float(deep["depth_held"].mean()) if len(deep) >= _LEAST else math.nan


def _overlapping_bias(result: Validation) -> float:
    """Of scars that are surely the same: a neighbour can be what is found near a centre."""
    scars = result.scars
    pairs = matched(scars[(scars["criterion"] == "iou") & (scars["set"] == "scars")])
    if len(pairs) < _LEAST:
        return math.nan
    return 100 * float(pairs["volume_error_mm3"].sum() / pairs["true_volume_mm3"].sum())


def _scarred(result: Validation) -> pd.DataFrame:
    photos = result.photos
    return photos[(photos["set"] == "scars") & (photos["true_burden_um"] > 0)]


def _parts(result: Validation) -> list[pd.DataFrame]:
    """Photos with scars, from the least to the most densely scarred."""
    photos = _scarred(result)
    if len(photos) < _LEAST * _PARTS:
        return []
    rank = (photos["true_n_scars"] / photos["area_mm2"]).rank(method="first")
    part = np.ceil(rank * _PARTS / len(photos)).astype(int)
    return [photos[part == number] for number in range(1, _PARTS + 1)]


def _bias(part: int) -> Callable[[Validation], float]:
    def figure(result: Validation) -> float:
        parts = _parts(result)
        if not parts:
            return math.nan
        own = parts[part]
        return 100 * float(own["found_burden_um"].sum() / own["true_burden_um"].sum() - 1)

    return figure


def _rank_within(result: Validation) -> float:
    """Mean rank correlation of burdens among photos about as densely scarred."""
    found = [_rank(part, "found_burden_um") for part in _parts(result)]
    return float(np.mean(found)) if found else math.nan


def _rank_of_area(result: Validation) -> float:
    return _rank(_scarred(result), "found_scar_area_fraction")


def _rank(photos: pd.DataFrame, column: str) -> float:
    if len(photos) < _LEAST:
        return math.nan
    return float(stats.spearmanr(photos[column], photos["true_burden_um"]).statistic)


def _change(result: Validation) -> float:
    return _slope(result.courses, "true_change_pct", "found_change_pct")[0]


def _slope(frame: pd.DataFrame, true: str, found: str) -> tuple[float, float]:
    """Least-squares slope of found on true, and their correlation."""
    pairs = frame[[true, found]].dropna()
    if len(pairs) < _LEAST:
        return math.nan, math.nan
    fit = stats.linregress(pairs[true], pairs[found])
    return float(fit.slope), float(fit.rvalue)


def _gap_by_chance(quantile: float) -> Callable[[Validation], float]:
    """Gap of F1 between tones if tones were dealt at random to photos under the same light."""

    def figure(result: Validation) -> float:
        photos = _scarred(result)
        photos = photos[photos["tone"] != ""]
        counts = photos[["hit_3mm", "false_3mm", "missed_3mm"]].to_numpy(np.float64)
        tones, own = np.unique(photos["tone"].to_numpy(str), return_inverse=True)
        if len(photos) < _LEAST or len(tones) < 2:
            return math.nan
        rng = np.random.default_rng(_SEED)
        lights = [np.flatnonzero(photos["light"] == name) for name in photos["light"].unique()]
        gaps = []
        for _ in range(_DEALS):
            dealt = own.copy()
            for at in lights:
                dealt[at] = rng.permutation(own[at])
            gaps.append(_gap(counts, dealt, len(tones)))
        return float(np.quantile(gaps, quantile))

    return figure


def _bare_burden(result: Validation) -> float:
    bare = result.photos[result.photos["set"].isin(["clean", "distractor"])]
    return float(bare["found_burden_um"].mean())


def _gap(counts: NDArray[np.float64], own: NDArray[np.intp], tones: int) -> float:
    sums = np.stack([np.bincount(own, weights=count, minlength=tones) for count in counts.T])
    hit, false, missed = sums
    f1 = 2 * hit / np.maximum(2 * hit + false + missed, 1.0)
    return float(f1.max() - f1.min())


_FIGURES: tuple[tuple[str, int, Callable[[Validation], float]], ...] = (
    ("depth of a matched scar: correlation with the truth", 2, _depth_r),
    ("depth of a matched scar: slope of found on true", 2, _depth_slope),
    ("depth of a matched scar: mean error, µm", 0, _depth_error),
    ("the same, if every scar were called as deep as the median one, µm", 0, _error_of_a_guess),
    (f"depth in its 90 % interval where truly above {_DEEP_UM:.0f} µm, %", 0, _deep_held),
    (
        f"volume of scars whose outlines overlap by more than {LEAST_IOU:g}, bias, %",
        0,
        _overlapping_bias,
    ),
    ("burden bias of the quarter of photos with fewest scars, %", 0, _bias(0)),
    ("second quarter, %", 0, _bias(1)),
    ("third quarter, %", 0, _bias(2)),
    ("quarter with most scars, %", 0, _bias(3)),
    ("Spearman of burden within such quarters, mean", 2, _rank_within),
    ("Spearman of true burden with the found scarred area alone", 2, _rank_of_area),
    ("percent change after treatment: slope of found on true", 2, _change),
    ("burden of photos without scars, mean, µm", 1, _bare_burden),
    ("gap of F1 between tones, if tones were dealt at random: median", 2, _gap_by_chance(0.5)),
    ("the same, 95 of 100 deals stay below", 2, _gap_by_chance(0.95)),
)
