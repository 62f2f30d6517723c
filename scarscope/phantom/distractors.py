"""Skin without a single scar and with plenty of one thing that could be taken for scars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from scarscope.phantom.lights import LightName
from scarscope.phantom.noise import stream
from scarscope.phantom.recipe import Hair, MarkKind, Skin, require
from scarscope.phantom.render import Rendered, render
from scarscope.phantom.sampler import random_marks_of, random_recipe

Distractor = Literal[
    "plain",
    "freckles",
    "naevi",
    "papules",
    "red_marks",
    "brown_marks",
    "wrinkles",
    "hairs",
    "stubble",
    "pores",
    "vessels",
    "waves",
]
DISTRACTORS: tuple[Distractor, ...] = get_args(Distractor)

_Change = Callable[[np.random.Generator, Skin], Skin]


def distractor_patch(
    seed: int,
    kind: Distractor,
    *,
    size_mm: tuple[float, float] = (36.0, 36.0),
    mm_per_px: float = 0.07,
    light: LightName | None = None,
    ita_deg: float | None = None,
) -> Rendered:
    """A photo of skin that has no scars.

    Parameters
    ----------
    seed : int
    kind : str
        One of :data:`DISTRACTORS`; ``"plain"`` has lines and common pores alone.
    size_mm : tuple of float
    mm_per_px : float
    light : str, optional
        A name of :data:`scarscope.phantom.lights.LIGHT_NAMES`; None draws one.
    ita_deg : float, optional
        Tone; None draws one from -50 to 60.

    Returns
    -------
    Rendered
        After JPEG; the table is empty and the depth zero everywhere.

    Raises
    ------
    ParamsError
        If `kind` is unknown.
    """
    require(kind in DISTRACTORS, "kind", kind, f"one of {', '.join(DISTRACTORS)}")
    recipe = random_recipe(
        seed, size_mm=size_mm, mm_per_px=mm_per_px, light=light, ita_deg=ita_deg, n_scars=0
    )
    bare = _bare(recipe.skin)
    skin = _CHANGES[kind](stream(seed, f"distractor {kind}"), bare)
    return render(replace(recipe, skin=skin), compress=True)


def _bare(skin: Skin) -> Skin:
    calm = replace(
        skin.surface,
        wrinkles=0,
        pore_per_cm2=min(skin.surface.pore_per_cm2, 40.0),
        pore_width_mm=min(skin.surface.pore_width_mm, 0.28),
    )
    shine = replace(skin.shine, sweat_per_cm2=0.0)
    return replace(
        skin,
        surface=calm,
        shine=shine,
        hair=Hair(),
        scars=(),
        marks=(),
        vessels_per_cm2=0.0,
        makeup=0.0,
    )


def _plain(rng: np.random.Generator, skin: Skin) -> Skin:
    return skin


def _marked(*densities: tuple[MarkKind, float]) -> _Change:
    def change(rng: np.random.Generator, skin: Skin) -> Skin:
        area_cm2 = skin.size_mm[0] * skin.size_mm[1] / 100
        marks = tuple(
            mark
            for kind, per_cm2 in densities
            for mark in random_marks_of(
                rng, kind, max(2, int(rng.poisson(per_cm2 * area_cm2))), skin.size_mm
            )
        )
        return replace(skin, marks=marks)

    return change


def _wrinkled(rng: np.random.Generator, skin: Skin) -> Skin:
    # One in about 10 mm; grade 1 folds stay under 0.2 mm (Bibb).
    count = max(3, round(skin.size_mm[0] * skin.size_mm[1] / 100 * float(rng.uniform(0.5, 1.2))))
    depth = float(rng.uniform(0.05, 0.18))
    surface = replace(skin.surface, wrinkles=count, wrinkle_depth_mm=depth)
    return replace(skin, surface=surface)


def _hairy(rng: np.random.Generator, skin: Skin) -> Skin:
    hair = Hair(
        long_per_cm2=float(rng.uniform(1, 6)),
        vellus_per_cm2=float(rng.uniform(10, 30)),
        angle_deg=float(rng.uniform(0, 360)),
        shadow=float(rng.uniform(0.3, 0.7)),
    )
    return replace(skin, hair=hair)


def _stubbled(rng: np.random.Generator, skin: Skin) -> Skin:
    hair = Hair(
        stubble_per_cm2=float(rng.uniform(25, 90)),
        angle_deg=float(rng.uniform(0, 360)),
        growth=float(rng.uniform(0.5, 2.5)),
        shadow=float(rng.uniform(0.3, 0.7)),
    )
    return replace(skin, hair=hair)


def _porous(rng: np.random.Generator, skin: Skin) -> Skin:
    # Enlarged pores measure 0.3 to 0.6 mm2: 0.62 to 0.87 mm across at their widest (Flament 2015).
    surface = replace(
        skin.surface,
        pore_per_cm2=float(rng.uniform(50, 110)),
        pore_width_mm=float(rng.uniform(0.32, 0.50)),
        pore_depth_mm=float(rng.uniform(0.06, 0.16)),
    )
    return replace(skin, surface=surface)


def _wavy(rng: np.random.Generator, skin: Skin) -> Skin:
    # As long as rolling scars are wide, and half as steep as the shallowest of them: an estimate.
    length = float(rng.uniform(7, 22))
    height = length * float(rng.uniform(0.0015, 0.0035))
    return replace(skin, surface=replace(skin.surface, wave_mm=height, wave_length_mm=length))


def _vascular(rng: np.random.Generator, skin: Skin) -> Skin:
    return replace(skin, vessels_per_cm2=float(rng.uniform(3.0, 8.0)))


_CHANGES: dict[Distractor, _Change] = {
    "plain": _plain,
    "freckles": _marked(("freckle", 8.0)),
    "naevi": _marked(("naevus", 1.2)),
    "papules": _marked(("papule", 1.0), ("hypertrophic", 0.2)),
    "red_marks": _marked(("red", 1.5)),
    "brown_marks": _marked(("brown", 1.5)),
    "wrinkles": _wrinkled,
    "hairs": _hairy,
    "stubble": _stubbled,
    "pores": _porous,
    "vessels": _vascular,
    "waves": _wavy,
}
