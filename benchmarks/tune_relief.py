"""Fit the classical segmenter's weights and its depth scale on the phantom's tuning seeds.

Run: python benchmarks/tune_relief.py [--patches N]. It prints what to put into
scarscope/scars/relief_segmenter.py, how well the evidence separates scars from texture on patches
that the fit did not see, and how far depth is off. Nothing here may look at validation seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from scarscope.params import Params
from scarscope.phantom import LIGHT_NAMES, Rendered, random_patch
from scarscope.phantom.distractors import DISTRACTORS, distractor_patch
from scarscope.phantom.lights import LightName
from scarscope.phantom.seeds import TUNING
from scarscope.photo import read_photo
from scarscope.scars.evidence import Weights
from scarscope.scars.relief_segmenter import candidates, read_relief
from scarscope.skin import find_skin
from scarscope.skin.grid import to_grid

Floats = NDArray[np.float64]

TONES_DEG = (50.0, 30.0, 10.0, -15.0, -35.0, -48.0)
IS_SCAR, IS_NOT = 0.35, 0.10  # share of a depression that lies on true scars; between is left out
PER_DISTRACTOR, DISTRACTOR_SEEDS = 5, 700  # patches of each kind, and where their seeds begin
ONE_LAMP: tuple[LightName, ...] = ("offaxis", "raking", "window")
SIDE_PATCHES, SIDE_SEEDS = 75, 800  # patches on which the light's side is counted; not fitted on
RIDGE = 0.5  # keeps weights finite on small runs


@dataclass(frozen=True, eq=False)
class Evidences:
    """Terms of every depression (n, 4), whether it is a scar (n,), and its patch (n,)."""

    terms: Floats
    scar: NDArray[np.bool_]
    patch: NDArray[np.int64]
    depth_ratio: Floats


def main() -> None:
    """Fit, cross-validate, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patches", type=int, default=120, help="tuning patches (default 120)")
    count = parser.parse_args().patches
    found = collect(count)
    weights = fit(found.terms, found.scar)
    print(f"{count} patches, {len(found.scar)} depressions, {found.scar.mean():.0%} scars")
    print(
        f"WEIGHTS = Weights(response={weights.response:.2f}, width={weights.width:.2f}, "
        f"circularity={weights.circularity:.2f}, edge={weights.edge:.2f}, "
        f"offset={weights.offset:.2f})"
    )
    print(f"area under the ROC curve on patches not fitted: {cross_validate(found):.3f}")
    print(f"estimated over true depth, median: {np.median(found.depth_ratio):.2f}")
    right, asked = lamp_sides()
    print(f"side of a single lamp right on seeds not fitted: {right} of {asked}")


def collect(count: int) -> Evidences:
    """Evidence for every depression of `count` tuning patches of all tones and lights."""
    terms, scar, patch, ratio = [], [], [], []
    for index, rendered in enumerate(_patches(count)):
        for values, share, deep in _evidence(rendered):
            if IS_NOT <= share <= IS_SCAR:
                continue
            terms.append(values)
            scar.append(share > IS_SCAR)
            patch.append(index)
            if share > 0.8:
                ratio.append(deep)
    return Evidences(np.array(terms), np.array(scar), np.array(patch), np.array(ratio))


def _patches(count: int) -> Iterator[Rendered]:
    """Scarred patches, then a few of each thing that is no scar."""
    for index in range(count):
        yield _patch(index)
    for number, kind in enumerate(DISTRACTORS * PER_DISTRACTOR):
        seed = TUNING[DISTRACTOR_SEEDS + number]
        tone = TONES_DEG[number % len(TONES_DEG)]
        light = LIGHT_NAMES[(number // len(DISTRACTORS)) % len(LIGHT_NAMES)]
        yield distractor_patch(seed, kind, size_mm=(30.0, 30.0), light=light, ita_deg=tone)


def _patch(index: int) -> Rendered:
    scale = np.random.default_rng(TUNING[index]).uniform(0.05, 0.10)
    return random_patch(
        TUNING[index],
        size_mm=(36.0, 36.0),
        mm_per_px=float(scale),
        light=LIGHT_NAMES[index % len(LIGHT_NAMES)],
        ita_deg=TONES_DEG[(index // len(LIGHT_NAMES)) % len(TONES_DEG)],
    )


def _evidence(rendered: Rendered) -> list[tuple[Floats, float, float]]:
    """Terms, share on true scars, and depth over true depth of each depression."""
    params = Params()
    photo = read_photo(rendered.rgb, mm_per_px=rendered.mm_per_px, name="tuning")
    skin = find_skin(photo, params=params.skin)
    reading = read_relief(skin, params.scars)
    truth = to_grid(rendered.depth_mm.astype(np.float32), skin.grid)
    on_scar = to_grid((rendered.labels > 0).astype(np.float32), skin.grid) > 0.5
    rows = []
    for window, evidence in candidates(reading, skin, params.scars):
        own = (window.box, window.own)
        deep = float(np.percentile(reading.pieces.depth[own[0]][own[1]], 98))
        true = float(np.percentile(truth[own[0]][own[1]], 98))
        share = float(on_scar[own[0]][own[1]].mean())
        rows.append((evidence.terms(), share, deep / true if true > 0 else np.nan))
    return rows


def lamp_sides() -> tuple[int, int]:
    """How often the light's side is right under one lamp, and of how many patches."""
    params = Params()
    right = 0
    for index in range(SIDE_PATCHES):
        light = ONE_LAMP[index % len(ONE_LAMP)]
        rendered = random_patch(
            TUNING[SIDE_SEEDS + index], size_mm=(30.0, 30.0), mm_per_px=0.08, light=light
        )
        lamps = rendered.recipe.light.lamps
        lamp = max(lamps, key=lambda one: one.power * np.sin(np.radians(one.zenith_deg)))
        photo = read_photo(rendered.rgb, mm_per_px=rendered.mm_per_px, name="tuning")
        reading = read_relief(find_skin(photo, params=params.skin), params.scars)
        right += bool(np.cos(np.radians(lamp.azimuth_deg) - reading.light.azimuth) > 0)
    return right, SIDE_PATCHES


def fit(terms: Floats, scar: NDArray[np.bool_]) -> Weights:
    """Logistic regression with a light ridge."""
    design = np.c_[terms, np.ones(len(terms))]
    sign = 2.0 * scar - 1.0

    def loss(w: Floats) -> float:
        return float(np.logaddexp(0, -sign * (design @ w)).sum() + RIDGE * (w[:-1] ** 2).sum() / 2)

    best = optimize.minimize(loss, np.zeros(design.shape[1]), method="L-BFGS-B").x
    return Weights(*(float(value) for value in best))


def cross_validate(found: Evidences) -> float:
    """Area under the ROC curve over four folds of patches."""
    score = np.zeros(len(found.scar))
    for fold in range(4):
        out = found.patch % 4 == fold
        w = fit(found.terms[~out], found.scar[~out])
        score[out] = found.terms[out] @ w.slopes() + w.offset
    result = stats.mannwhitneyu(score[found.scar], score[~found.scar])
    return float(result.statistic / (found.scar.sum() * (~found.scar).sum()))


if __name__ == "__main__":
    main()
