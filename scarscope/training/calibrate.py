"""Thresholds and calibration of trained weights, on seeds that nothing was learned from.

What the network says is turned into scars by a handful of numbers. They are chosen here, by trying
them on photos of the stopping seeds, and never on what is reported.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from scarscope.measures.relief import faint_volume
from scarscope.measures.surround import Scene
from scarscope.phantom.distractors import DISTRACTORS, distractor_patch
from scarscope.phantom.lights import LIGHT_NAMES
from scarscope.phantom.render import Rendered
from scarscope.phantom.sampler import random_patch
from scarscope.phantom.seeds import STOPPING
from scarscope.photo import read_photo
from scarscope.scars.card import Card
from scarscope.scars.model import TYPES
from scarscope.scars.network import Net
from scarscope.scars.network_segmenter import Look, NetworkSegmenter
from scarscope.scars.types import FEATURES, Weights, Whole, features
from scarscope.skin import find_skin
from scarscope.skin.model import Skin
from scarscope.validation.compare import PhotoComparison, compare_photo
from scarscope.validation.marked import Marked, mark

_FIRST = STOPPING.start + 5000  # beyond what training's own test examples use
_SIDE_MM = 30.0
_SPACINGS = (0.05, 0.06, 0.075, 0.09, 0.10, 0.12)
_DENSITIES = (0.8, 1.6, 2.5, 4.0)
_NORMAL_90 = 1.645
# What is tried, one group of numbers at a time, until nothing gets better. The smoother markers
# are, the lower their peaks, so that these two have to be tried together.
_TRIED: tuple[dict[str, tuple[float, ...]], ...] = (
    {"scar_threshold": (0.3, 0.4, 0.5, 0.6)},
    {"core_peak": (0.2, 0.25, 0.3, 0.35, 0.4), "core_smooth_mm": (0.1, 0.15, 0.2)},
    {"core_saddle": (0.65, 0.75, 0.85, 0.92)},
)
_FEWEST_OF_A_TYPE, _RIDGE = 30, 1e-3
# What a false scar per 10 cm2 of clear skin costs, in F1: among many scars one more hardly shows in
# F1, but where there is none it is all that is told.
_PRICE = 0.1


@dataclass(frozen=True, eq=False)
class Case:
    """One photo that the network has looked at, and what is true of it."""

    skin: Skin
    look: Look
    truth: Marked


@dataclass(frozen=True, eq=False)
class Compared:
    """What was found in one photo beside what is there.

    Attributes
    ----------
    found : PhotoComparison
    faint_mm3 : float
        Volume that is expected beside what was outlined.
    """

    found: PhotoComparison
    faint_mm3: float


@dataclass(frozen=True)
class Marks:
    """How good some thresholds are."""

    f1_3mm: float
    f1_overlap: float
    dice: float
    false_per_10cm2: float

    @property
    def worth(self) -> float:
        """What is made as large as can be."""
        right = self.f1_3mm + 0.5 * self.f1_overlap + self.dice
        return right - _PRICE * self.false_per_10cm2


def photos(count: int) -> Iterator[Rendered]:
    """Photos to calibrate on: three of four with scars, the others with what looks like them."""
    for number in range(count):
        seed, spacing = _FIRST + number, _SPACINGS[number % len(_SPACINGS)]
        size = (_SIDE_MM, _SIDE_MM)
        light = LIGHT_NAMES[number % len(LIGHT_NAMES)]
        if number % 4 == 3:
            kind = DISTRACTORS[number // 4 % len(DISTRACTORS)]
            yield distractor_patch(seed, kind, size_mm=size, mm_per_px=spacing, light=light)
            continue
        scars = round(_DENSITIES[number // 4 % len(_DENSITIES)] * _SIDE_MM**2 / 100)
        yield random_patch(seed, size_mm=size, mm_per_px=spacing, light=light, n_scars=scars)


def look_at(photo: Rendered, segmenter: NetworkSegmenter) -> Case:
    """Let the network look at a photo."""
    skin = find_skin(read_photo(photo.rgb, mm_per_px=photo.mm_per_px, name="phantom"))
    depth = photo.depth_mm * 1000
    truth = mark(photo.labels, mm_per_px=photo.mm_per_px, table=photo.table, depth_um=depth)
    return Case(skin, segmenter.look(skin), truth)


def calibrated(
    net: Net,
    card: Card,
    cases: Sequence[Case],
    *,
    say: Callable[[str], object] = lambda _: None,
) -> Card:
    """The card with thresholds and factors that suit the cases best.

    Parameters
    ----------
    net : Net
    card : Card
        Where the search starts.
    cases : sequence of Case
    say : callable, optional
        Called with a line a step.
    """
    card = replace(card, depth_scale=1.0, depth_given=1.0, sd_factor=1.0, kind_weights=())
    best = _marks(net, card, cases)
    improved = True
    while improved:
        improved = False
        for group in _TRIED:
            for values in itertools.product(*group.values()):
                trial = replace(card, **dict(zip(group, values, strict=True)))  # type: ignore[arg-type]
                marks = _marks(net, trial, cases)
                if marks.worth > best.worth + 1e-4:
                    card, best, improved = trial, marks, True
            told = ", ".join(f"{name} = {getattr(card, name)}" for name in group)
            say(f"{told}: {best}")
    # Inside outlines depth is then that of a scar, and beyond them it stays bounded.
    card = _scaled(net, replace(card, depth_given=card.scar_threshold), cases)
    return replace(card, kind_weights=kind_weights(*known_types(net, card, cases)))


def known_types(
    net: Net, card: Card, cases: Sequence[Case]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What is told of the type of every scar that lies on a true one, and the true type.

    Returns
    -------
    told : ndarray of float64, shape (n, 8)
        :func:`scarscope.scars.types.features`.
    true : ndarray of int64, shape (n,)
        Index of the type.
    """
    segmenter = NetworkSegmenter(net=net, card=replace(card, kind_weights=()))
    told: list[NDArray[np.float64]] = [np.zeros((0, FEATURES))]
    true: list[int] = []
    for case in cases:
        scars = segmenter.decide(case.skin, case.look)
        own = mark(scars.labels_px(), mm_per_px=case.truth.mm_per_px, table=scars.table)
        pairs = compare_photo(own, case.truth).scars
        hits = pairs[(pairs["criterion"] == "iou") & (pairs["status"] == "found")]
        known = scars.table.set_index("scar_id")
        for found, kind in zip(hits["found_id"], hits["true_type"], strict=True):
            told.append(_told(known.loc[found])[None])
            true.append(TYPES.index(kind))
    return np.concatenate(told), np.array(true, np.int64)


def _told(row: pd.Series) -> NDArray[np.float64]:
    """Features of one row of a table in millimetres whose types are those of cells."""
    diameter = 2 * math.sqrt(row["area_mm2"] / math.pi)
    whole = Whole(diameter, row["depth_um"] / 1000 / diameter, row["edge_steepness"])
    icepick, boxcar, rolling = (float(row[f"p_{name}"]) for name in TYPES)
    return features((icepick, boxcar, rolling), whole)


def kind_weights(told: NDArray[np.float64], true: NDArray[np.int64]) -> Weights:
    """Weights by which types are judged: logistic regression with a small penalty.

    Parameters
    ----------
    told : ndarray of float64, shape (n, 8)
    true : ndarray of int64, shape (n,)

    Returns
    -------
    tuple of 3 tuples of 8 float
        Empty where some type has too few scars to learn from.
    """
    if np.bincount(true, minlength=len(TYPES)).min() < _FEWEST_OF_A_TYPE:
        return ()
    kinds = np.eye(len(TYPES))[true]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(len(TYPES), -1)
        logits = told @ weights.T
        log_odds = logits - logsumexp(logits, axis=1, keepdims=True)
        penalty = _RIDGE * float((weights**2).sum())
        slope = (np.exp(log_odds) - kinds).T @ told / len(told) + 2 * _RIDGE * weights
        return penalty - float((kinds * log_odds).sum(axis=1).mean()), slope.ravel()

    found = minimize(loss, np.zeros(len(TYPES) * FEATURES), jac=True, method="L-BFGS-B")
    rows = np.round(found.x.reshape(len(TYPES), -1), 4)
    return tuple(tuple(row) for row in rows.tolist())


def _compared(net: Net, card: Card, cases: Sequence[Case]) -> list[Compared]:
    segmenter = NetworkSegmenter(net=net, card=card)
    found = []
    for case in cases:
        scars = segmenter.decide(case.skin, case.look)
        own = mark(scars.labels_px(), mm_per_px=case.truth.mm_per_px, table=scars.table)
        faint = faint_volume(Scene(scars))
        found.append(Compared(compare_photo(own, case.truth), faint))
    return found


def _marks(net: Net, card: Card, cases: Sequence[Case]) -> Marks:
    rows = [c.found.to_frame() for c in _compared(net, card, cases)]
    compared = pd.concat(rows, ignore_index=True)
    clear = compared["n_true"] + compared["n_cut"] == 0
    area_cm2 = sum(c.skin.area / 100 for c, none in zip(cases, clear, strict=True) if none)
    return Marks(
        f1_3mm=_f1(compared, "3mm"),
        f1_overlap=_f1(compared, "iou"),
        dice=_dice(compared),
        false_per_10cm2=10 * float(compared.loc[clear, "false_3mm"].sum()) / max(area_cm2, 1e-9),
    )


def _f1(compared: pd.DataFrame, by: str) -> float:
    hit, false, missed = (float(compared[f"{what}_{by}"].sum()) for what in _OUTCOMES)
    return 2 * hit / max(2 * hit + false + missed, 1.0)


_OUTCOMES = ("hit", "false", "missed")


def _dice(compared: pd.DataFrame) -> float:
    sums = compared[["shared_area_mm2", "true_area_mm2", "found_area_mm2"]].sum()
    return float(2 * sums.iloc[0] / max(sums.iloc[1] + sums.iloc[2], 1e-9))


def _scaled(net: Net, card: Card, cases: Sequence[Case]) -> Card:
    """Depths that add up, and intervals that hold nine of ten scars.

    What is found is found because it reads deep, and what is missed reads shallow: found scars add
    up to more than their truth where all skin, with what is faint, is right. The factor is half-way
    between that of found scars and that of all skin.
    """
    compared = _compared(net, card, cases)
    scars = pd.concat([c.found.scars for c in compared], ignore_index=True)
    near = scars[(scars["criterion"] == "3mm") & (scars["status"] == "found")]
    within = float(near["true_volume_mm3"].sum() / near["found_volume_mm3"].sum())
    volumes = pd.DataFrame([dict(c.found.photo) for c in compared])
    found = volumes["found_volume_mm3"].sum() + sum(c.faint_mm3 for c in compared)
    all_skin = float(volumes["true_volume_mm3"].sum() / found)
    scale = math.sqrt(within * all_skin)
    hits = scars[(scars["criterion"] == "iou") & (scars["status"] == "found")]
    wrong = (scale * hits["found_depth_um"] - hits["true_depth_um"]).abs()
    share = (wrong / (scale * hits["found_depth_sd_um"])).dropna()
    factor = float(np.quantile(share, 0.90)) / _NORMAL_90
    return replace(card, depth_scale=round(scale, 3), sd_factor=round(factor, 3))


def cases_of(net: Net, card: Card, count: int) -> list[Case]:
    """Photos of the stopping seeds, each looked at once."""
    segmenter = NetworkSegmenter(net=net, card=card)
    return [look_at(photo, segmenter) for photo in itertools.islice(photos(count), count)]
