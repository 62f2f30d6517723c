"""The standard validation set: what is photographed, from which seeds.

Every photo is simulated from a seed of :data:`scarscope.phantom.seeds.VALIDATION`. Each part of the
set has a thousand seeds of its own, so that adding to one part leaves the others as they were.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from scarscope.phantom import random_patch
from scarscope.phantom.distractors import DISTRACTORS, Distractor, distractor_patch
from scarscope.phantom.lights import LIGHT_NAMES, LightName
from scarscope.phantom.pairs import (
    CONFOUNDERS,
    Confounder,
    confounder_pair,
    retest_pair,
    treated_pair,
)
from scarscope.phantom.render import Rendered
from scarscope.phantom.seeds import VALIDATION
from scarscope.validation.result import COMPARABLE_LIGHTS

Size = Literal["full", "quick"]
SIZES: tuple[Size, ...] = ("full", "quick")
Part = Literal["scars", "clean", "distractor", "retest", "treated", "confounder", "few"]
PARTS: tuple[Part, ...] = get_args(Part)

TONES_DEG = (50.0, 30.0, 10.0, -15.0, -35.0, -48.0)
SCALES_MM_PER_PX = (0.05, 0.06, 0.08, 0.10)
# Confluent fields hold some 4 per cm2.
SCARS_PER_CM2 = (0.8, 1.6, 2.5, 4.0)
# In one patch where scars are few: 0.3 to 1.1 per cm2.
FEW_SCARS = (4, 6, 9, 12, 14)
# Mean share of depth that treatment removes; microneedling trials report 20 to 60 %.
RESPONSES = (0.0, 0.15, 0.3, 0.45, 0.6, -0.2)
PATCH_MM = 36.0
_SEEDS_A_PART = 1000


@dataclass(frozen=True, kw_only=True)
class Item:
    """One patch, or one pair of photos of it.

    Attributes
    ----------
    part : str
        Of the set.
    seed : int
    size_mm : float
        Side of the patch.
    mm_per_px, ita_deg : float
    light : str
        ``""`` where the pair draws its own.
    n_scars : int
    kind : str
        Distractor or confounder.
    response : float
        Share of depth that treatment removes.
    """

    part: Part
    seed: int
    size_mm: float
    mm_per_px: float
    ita_deg: float
    light: str = ""
    n_scars: int = 0
    kind: str = ""
    response: float = 0.0

    @property
    def name(self) -> str:
        """Its name in tables and files."""
        return f"{self.part}-{self.seed}"


def plan(size: Size = "full") -> tuple[Item, ...]:
    """Every item of the set, in order.

    Parameters
    ----------
    size : {"full", "quick"}
        Quick is a small sample of every part for tests: its figures are not to be reported.
    """
    items = [*_patches(size), *_distractors(size), *_pairs(size), *_few(size)]
    assert all(item.seed in VALIDATION for item in items)
    return tuple(items)


def _seed(part: Part, number: int) -> int:
    return VALIDATION.start + _SEEDS_A_PART * PARTS.index(part) + number


def _patches(size: Size) -> Iterator[Item]:
    quick = size == "quick"
    side, tones = (24.0, (30.0, -35.0)) if quick else (PATCH_MM, TONES_DEG)
    densities = SCARS_PER_CM2[1:2] if quick else SCARS_PER_CM2
    for number, (i, j, k) in enumerate(_indices(len(LIGHT_NAMES), len(tones), len(densities))):
        yield Item(
            part="scars",
            seed=_seed("scars", number),
            size_mm=side,
            mm_per_px=0.1 if quick else SCALES_MM_PER_PX[(i + j + k) % len(SCALES_MM_PER_PX)],
            ita_deg=tones[j],
            light=LIGHT_NAMES[i],
            n_scars=round(densities[k] * side**2 / 100),
        )
    repeats = 1 if quick else 2
    lights = LIGHT_NAMES[:2] if quick else LIGHT_NAMES
    for number, (i, j, k) in enumerate(_indices(len(lights), len(tones), repeats)):
        yield Item(
            part="clean",
            seed=_seed("clean", number),
            size_mm=side,
            mm_per_px=0.1 if quick else SCALES_MM_PER_PX[(i + j + 2 * k) % len(SCALES_MM_PER_PX)],
            ita_deg=tones[j],
            light=lights[i],
        )


def _few(size: Size) -> Iterator[Item]:
    quick = size == "quick"
    side, tones, lights = (
        (24.0, TONES_DEG[:3], LIGHT_NAMES[:2]) if quick else (PATCH_MM, TONES_DEG, LIGHT_NAMES)
    )
    repeats = 1 if quick else 2
    for number, (i, j, k) in enumerate(_indices(len(lights), len(tones), repeats)):
        yield Item(
            part="few",
            seed=_seed("few", number),
            size_mm=side,
            mm_per_px=0.1 if quick else SCALES_MM_PER_PX[(i + j + 2 * k) % len(SCALES_MM_PER_PX)],
            ita_deg=tones[j],
            light=lights[i],
            # By tone and repeat first, so that each light meets every number.
            n_scars=round(
                FEW_SCARS[(j + len(tones) * k + i) % len(FEW_SCARS)] * (side / PATCH_MM) ** 2
            ),
        )


def _indices(*counts: int) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(n) for n in counts))


def _distractors(size: Size) -> Iterator[Item]:
    quick = size == "quick"
    kinds, rounds, repeats = (("naevi", "stubble"), 1, 1) if quick else (DISTRACTORS, 2, 4)
    for number, (again, i, k) in enumerate(_indices(rounds, len(kinds), repeats)):
        yield Item(
            part="distractor",
            seed=_seed("distractor", number),
            size_mm=24.0 if quick else PATCH_MM,
            mm_per_px=0.1 if quick else SCALES_MM_PER_PX[k % len(SCALES_MM_PER_PX)],
            # Three steps of tone and one of light, so that each kind meets light and dark skin and
            # all lights, each of these at one scale.
            ita_deg=TONES_DEG[(i + 3 * k + again) % len(TONES_DEG)] - (k // 2) * 5.0,
            light=COMPARABLE_LIGHTS[(i + k) % len(COMPARABLE_LIGHTS)],
            kind=kinds[i],
        )


def _pairs(size: Size) -> Iterator[Item]:
    quick = size == "quick"
    kinds = ("light", "redness") if quick else CONFOUNDERS
    plans: tuple[tuple[Part, list[tuple[str, float]]], ...] = (
        ("retest", [("", 0.0)] * (3 if quick else 48)),
        ("treated", [("", r) for r in (RESPONSES[2:4] if quick else RESPONSES * 4)]),
        ("confounder", [(kind, 0.0) for kind in kinds for _ in range(1 if quick else 3)]),
    )
    for part, cases in plans:
        for number, (kind, response) in enumerate(cases):
            yield Item(
                part=part,
                seed=_seed(part, number),
                size_mm=24.0 if quick else PATCH_MM,
                mm_per_px=0.1 if quick else 0.07,
                ita_deg=TONES_DEG[(number + number // len(TONES_DEG)) % len(TONES_DEG)],
                kind=kind,
                response=response,
            )


def photograph(item: Item) -> tuple[Rendered, ...]:
    """Render an item: one photo, or both of a pair."""
    side = (item.size_mm, item.size_mm)
    if item.part in ("scars", "clean", "few"):
        return (_patch(item),)
    if item.part == "distractor":
        return (_distractor(item),)
    scale, tone = item.mm_per_px, item.ita_deg
    if item.part == "retest":
        return retest_pair(item.seed, size_mm=side, mm_per_px=scale, ita_deg=tone)
    if item.part == "treated":
        response = item.response
        return treated_pair(item.seed, response, size_mm=side, mm_per_px=scale, ita_deg=tone)
    kind: Confounder = next(name for name in CONFOUNDERS if name == item.kind)
    return confounder_pair(item.seed, kind, size_mm=side, mm_per_px=scale, ita_deg=tone)


def _patch(item: Item) -> Rendered:
    return random_patch(
        item.seed,
        size_mm=(item.size_mm, item.size_mm),
        mm_per_px=item.mm_per_px,
        light=_light(item),
        ita_deg=item.ita_deg,
        n_scars=item.n_scars,
    )


def _distractor(item: Item) -> Rendered:
    kind: Distractor = next(name for name in DISTRACTORS if name == item.kind)
    return distractor_patch(
        item.seed,
        kind,
        size_mm=(item.size_mm, item.size_mm),
        mm_per_px=item.mm_per_px,
        light=_light(item),
        ita_deg=item.ita_deg,
    )


def _light(item: Item) -> LightName:
    return next(name for name in LIGHT_NAMES if name == item.light)
