"""How well photos of the same skin are aligned, and whether failures say so, on simulated pairs.

python -m benchmarks.align_pairs [--n N] [--seed-start S] [--groups NAME ...] [--validation]

Every pair knows where each pixel of its skin lies in the other photo. Landmarks are the points of
a lattice, 2 mm apart, that both photos show. Seeds are those for tuning unless ``--validation``
asks for those that nothing may be chosen by.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.change.align.alignment import Alignment
from scarscope.change.align.register import register
from scarscope.phantom import Hair, Rendered, render
from scarscope.phantom.noise import stream
from scarscope.phantom.pairs import CONFOUNDERS, confounder_pair, retest_pair, treated_pair
from scarscope.phantom.places import true_places
from scarscope.phantom.seeds import TUNING, VALIDATION
from scarscope.phantom.wide_pairs import wide_pair
from scarscope.photo import read_photo
from scarscope.skin import find_skin
from scarscope.skin.model import Skin

_FIRST = {False: TUNING.start + 500, True: VALIDATION.start}
_LANDMARKS_MM = 2.0
_WRONG_MM = 0.5  # an alignment that is farther off and called good is a wrong one


@dataclass(frozen=True, eq=False)
class Pair:
    """Two photos; `same` is whether they show the same skin, `scaled` whether scales are stated."""

    before: Rendered
    after: Rendered
    same: bool = True
    scaled: bool = True


def _treated(seed: int) -> Pair:
    return Pair(*treated_pair(seed, float(stream(seed, "wanted").uniform(0.1, 0.8))))


def _wide(seed: int, *, other_light: bool) -> Pair:
    """Up to 15 degrees, 20 % and half of the view away, all at once."""
    rng = stream(seed, "how wide")
    turn = float(rng.uniform(-15, 15))
    zoom = float(np.exp(rng.uniform(-1, 1) * np.log(1.2)))
    away, direction = float(rng.uniform(0, 17)), float(rng.uniform(0, 2 * np.pi))
    shift = away * np.cos(direction), away * np.sin(direction)
    return Pair(*wide_pair(seed, turn_deg=turn, zoom=zoom, shift_mm=shift, other_light=other_light))


def _shaved(seed: int) -> Pair:
    """Treated, and without the hairs of the first photo, which would be landmarks."""
    pair = _treated(seed)
    skin = replace(pair.after.recipe.skin, hair=Hair())
    return Pair(pair.before, render(replace(pair.after.recipe, skin=skin), compress=True))


def _half(seed: int) -> Pair:
    """Half of the view in common, turned by 15 degrees and 20 % nearer."""
    sign = 1 if seed % 2 else -1
    return Pair(*wide_pair(seed, turn_deg=15 * sign, zoom=1.2**sign, shift_mm=(16.0 * sign, 0)))


def _coarse(seed: int) -> Pair:
    """0.05 and 0.10 mm per pixel, in either order."""
    pair = retest_pair(seed, mm_per_px=0.05)
    recipes = [replace(p.recipe, mm_per_px=0.10, supersample=2) for p in pair]
    coarse = [render(recipe, compress=True) for recipe in recipes]
    return Pair(pair[0], coarse[1]) if seed % 2 else Pair(coarse[0], pair[1])


def _other_skin(seed: int) -> Pair:
    return Pair(retest_pair(seed)[0], retest_pair(seed + 1)[1], same=False)


def _beside(seed: int) -> Pair:
    """The same person and set-up, but another place: nothing in common."""
    return Pair(*wide_pair(seed, shift_mm=(40.0, 0.0)), same=False)


def _mirrored(seed: int) -> Pair:
    before, after = retest_pair(seed)
    flipped = np.ascontiguousarray(after.rgb[:, ::-1])
    return Pair(before, replace(after, rgb=flipped), same=False)


def _confounded(seed: int, *, kind: str) -> Pair:
    return Pair(*confounder_pair(seed, kind))  # type: ignore[arg-type]


GROUPS: dict[str, Callable[[int], Pair]] = {
    "retest": lambda seed: Pair(*retest_pair(seed)),
    "treated": _treated,
    "treated, shaved": _shaved,
    **{kind: partial(_confounded, kind=kind) for kind in CONFOUNDERS},
    "wide": partial(_wide, other_light=False),
    "wide, other light": partial(_wide, other_light=True),
    "half": _half,
    "resolution": _coarse,
    "no scale": lambda seed: replace(_wide(seed, other_light=False), scaled=False),
    "other skin": _other_skin,
    "beside": _beside,
    "mirrored": _mirrored,
}


def skin_of(photo: Rendered, *, scaled: bool = True) -> Skin:
    """The skin that the program sees in a simulated photo."""
    return find_skin(read_photo(photo.rgb, mm_per_px=photo.mm_per_px if scaled else None))


def landmark_errors(pair: Pair, alignment: Alignment) -> NDArray[np.float64]:
    """Distance from the true place, mm, of every landmark that both photos show."""
    step = _LANDMARKS_MM / pair.before.mm_per_px
    height, width = pair.before.rgb.shape[:2]
    across, down = (np.arange(step / 2, size, step) for size in (width, height))
    points = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    truth = true_places(pair.before, pair.after, points)
    shown = ((truth >= 0) & (truth <= np.array(pair.after.rgb.shape[1::-1]) - 1)).all(axis=1)
    off = np.linalg.norm(alignment.map(points[shown]) - truth[shown], axis=1)
    return np.asarray(off * pair.after.mm_per_px)


def measure(pair: Pair) -> dict[str, float]:
    """One pair's figures."""
    before, after = (skin_of(p, scaled=pair.scaled) for p in (pair.before, pair.after))
    start = time.perf_counter()
    found = register(before, after)
    row = {
        "ok": float(found.ok),
        "seconds": time.perf_counter() - start,
        "confidence": found.confidence,
        "residual_mm": found.residual_mm,
        "median_mm": np.nan,
        "worst_mm": np.nan,
        "wrong": float(found.ok and not pair.same),
    }
    if found.ok and pair.same:
        errors = landmark_errors(pair, found)
        row |= {"median_mm": float(np.median(errors)), "worst_mm": float(errors.max())}
        row["wrong"] = float(np.median(errors) > _WRONG_MM)
    return row


def _line(name: str, rows: pd.DataFrame) -> str:
    return (
        f"{name:<20}{len(rows):>5}{100 * rows['ok'].mean():>8.1f}{100 * rows['wrong'].mean():>8.1f}"
        f"{rows['median_mm'].median():>9.3f}{rows['median_mm'].quantile(0.9):>9.3f}"
        f"{rows['worst_mm'].quantile(0.9):>9.3f}{rows['confidence'].median():>8.2f}"
        f"{rows['seconds'].median():>8.2f}\n"
    )


_HEAD = (
    f"{'group':<20}{'n':>5}{'ok %':>8}{'wrong %':>8}{'median':>9}{'90 %':>9}{'worst90':>9}"
    f"{'conf':>8}{'s':>8}\n"
)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10, help="pairs a group")
    parser.add_argument("--seed-start", type=int, help="first seed")
    parser.add_argument("--groups", nargs="+", choices=list(GROUPS), default=list(GROUPS))
    parser.add_argument("--validation", action="store_true", help="seeds for reporting only")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    seeds = VALIDATION if options.validation else TUNING
    first = _FIRST[options.validation] if options.seed_start is None else options.seed_start
    if first not in seeds or first + options.n not in seeds:
        parser.error(f"seeds are {seeds.start} to {seeds.stop - 1}")
    sys.stdout.write("Errors in mm: median landmark of a pair, and its worst one.\n" + _HEAD)
    for name in options.groups:
        rows = pd.DataFrame([measure(GROUPS[name](first + k)) for k in range(options.n)])
        sys.stdout.write(_line(name, rows))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
