"""What the network is shown: the phantom's skin, drawn wider than any real set of photos is.

A network trained on one kind of photo learns that kind. Depths, textures, lights, scales and marks
are therefore spread beyond what is measured in clinics, so that a real photo lies inside.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from scarscope.phantom.noise import stream
from scarscope.phantom.recipe import Hair, Lamp, Light, Mark, MarkKind, Pose, Recipe, Skin, Surface
from scarscope.phantom.sampler import random_marks_of, random_recipe
from scarscope.training.example import SIDE_MM

# Shares of examples.
_CLEAN, _MARKED, _STRANGE_LIGHT, _HAIRY = 0.15, 0.35, 0.15, 0.15
_OPPOSED = 0.25  # Of the others: most shading of two lamps face to face cancels.
# Native spacing in mm/px and how often; what is finer than 0.1 is averaged down, as in use.
_SPACINGS = ((0.10, 0.50), (0.075, 0.20), (0.06, 0.08), (0.12, 0.08), (0.15, 0.09), (0.19, 0.05))
# Log spreads of depth: of a whole patch, and of one scar in it.
_PATCH_SPREAD, _SCAR_SPREAD = 0.30, 0.20
_DEPTH_MM = (0.04, 1.6)
# Of rolling scars, log: from hollows drawn to a point to basins with a floor.
_FULLNESS_SPREAD = 0.25
# Share of patches whose healthy skin is wavy, how long the waves are, and how high for their length
# (root mean square): up to what makes their hollows as steep as the shallowest rolling scar.
_WAVY, _WAVE_LENGTH_MM, _WAVE_SLOPE = 0.6, (6.0, 24.0), (0.0007, 0.005)
# Log spreads of the density and the width of marks; of papules the shares with a red surround and
# with a head of pus.
_MARK_SPREAD, _MARK_SIZE_SPREAD, _INFLAMED, _PUSTULE = 0.35, 0.2, 0.6, 0.3
# Marks a cm2 when a patch is to hold plenty of one kind.
_PLENTY: dict[MarkKind, float] = {
    "brown": 1.5,
    "red": 1.5,
    "freckle": 7.0,
    "naevus": 1.4,
    "papule": 1.2,
    "hypertrophic": 0.5,
}


def training_recipe(seed: int) -> Recipe:
    """The recipe of one training example, `SIDE_MM` wide, at one of several native spacings."""
    rng = stream(seed, "training")
    shares = np.array([share for _, share in _SPACINGS])
    spacing = _SPACINGS[int(rng.choice(len(_SPACINGS), p=shares / shares.sum()))][0]
    clean = rng.random() < _CLEAN
    recipe = random_recipe(
        seed, size_mm=(SIDE_MM, SIDE_MM), mm_per_px=spacing, n_scars=0 if clean else None
    )
    skin = _deeper_or_shallower(stream(seed, "training depth"), recipe.skin)
    skin = _retextured(stream(seed, "training texture"), skin)
    skin = _with_waves(stream(seed, "training waves"), skin)
    skin = _with_distractors(stream(seed, "training marks"), skin)
    skin = _restained(stream(seed, "training stains"), skin)
    light = recipe.light
    if rng.random() < _STRANGE_LIGHT:
        light = strange_light(stream(seed, "training light"))
    elif rng.random() < _OPPOSED:
        light = opposed_light(stream(seed, "opposed light"))
    return replace(recipe, skin=skin, light=light, pose=_leaning(stream(seed, "leaning")))


def _deeper_or_shallower(rng: np.random.Generator, skin: Skin) -> Skin:
    whole = rng.normal(0, _PATCH_SPREAD)
    scars = tuple(
        replace(
            scar,
            depth_mm=float(
                np.clip(scar.depth_mm * math.exp(whole + rng.normal(0, _SCAR_SPREAD)), *_DEPTH_MM)
            ),
            fullness=math.exp(_FULLNESS_SPREAD * float(np.clip(rng.standard_normal(), -2.5, 2.5))),
        )
        for scar in skin.scars
    )
    return replace(skin, scars=scars)


def _retextured(rng: np.random.Generator, skin: Skin) -> Skin:
    surface = skin.surface
    lines, pores, rough = np.exp(rng.normal(0, 0.3, 3)).tolist()
    changed: Surface = replace(
        surface,
        line_depth_mm=surface.line_depth_mm * lines,
        rough_mm=surface.rough_mm * rough,
        pore_depth_mm=surface.pore_depth_mm * pores,
    )
    if rng.random() < 0.15:  # The nose and cheeks of adults with large pores (Flament 2015).
        changed = replace(
            changed,
            pore_per_cm2=float(rng.uniform(50, 110)),
            pore_width_mm=float(rng.uniform(0.32, 0.5)),
            pore_depth_mm=float(rng.uniform(0.06, 0.16)),
        )
    if rng.random() < 0.12:
        depth = float(rng.uniform(0.05, 0.18))
        changed = replace(changed, wrinkles=int(rng.integers(2, 7)), wrinkle_depth_mm=depth)
    shine = replace(
        skin.shine,
        roughness=float(np.clip(skin.shine.roughness * np.exp(rng.normal(0, 0.15)), 0.2, 0.5)),
    )
    return replace(skin, surface=changed, shine=shine)


def _with_waves(rng: np.random.Generator, skin: Skin) -> Skin:
    if rng.random() >= _WAVY:
        return skin
    length, slope = (
        float(np.exp(rng.uniform(*np.log(limits)))) for limits in (_WAVE_LENGTH_MM, _WAVE_SLOPE)
    )
    waves = replace(skin.surface, wave_mm=slope * length, wave_length_mm=length)
    return replace(skin, surface=waves)


def _with_distractors(rng: np.random.Generator, skin: Skin) -> Skin:
    area_cm2 = skin.size_mm[0] * skin.size_mm[1] / 100
    if rng.random() < _MARKED:
        kinds = list(_PLENTY)
        kind = kinds[int(rng.integers(len(kinds)))]
        count = int(rng.poisson(_PLENTY[kind] * area_cm2))
        skin = replace(skin, marks=(*skin.marks, *random_marks_of(rng, kind, count, skin.size_mm)))
    if rng.random() < _HAIRY:
        skin = replace(skin, hair=_thick_hair(rng))
    return skin


def _restained(rng: np.random.Generator, skin: Skin) -> Skin:
    """Marks of any density and size, papules inflamed round about or ripe."""
    marks: list[Mark] = []
    for mark in skin.marks:
        density, size = np.exp(rng.normal(0, (_MARK_SPREAD, _MARK_SIZE_SPREAD))).tolist()
        mark = replace(
            mark,
            strength_od=min(mark.strength_od * density, 1.0),
            width_mm=mark.width_mm * size,
            height_mm=mark.height_mm * size,
        )
        marks.append(mark)
        if mark.kind == "papule":
            marks += _inflammation(rng, mark)
    return replace(skin, marks=tuple(marks))


def _inflammation(rng: np.random.Generator, papule: Mark) -> list[Mark]:
    # Flat marks of blood under the dome; the negative one leaves the head paler than its surround.
    flat = replace(papule, kind="red", height_mm=0.0)
    surround, head = rng.random() < _INFLAMED, rng.random() < _PUSTULE
    wide, pale = float(rng.uniform(1.1, 2.0)), float(rng.uniform(0.25, 0.5))
    red, faded = rng.uniform(0.03, 0.15, 2).tolist()
    return [
        replace(flat, width_mm=flat.width_mm * factor, strength_od=strength, edge=edge)
        for wanted, factor, strength, edge in (
            (surround, wide, red, 1.4),
            (head, pale, -papule.strength_od - faded, 0.7),
        )
        if wanted
    ]


def _thick_hair(rng: np.random.Generator) -> Hair:
    beard = rng.random() < 0.6
    return Hair(
        stubble_per_cm2=float(rng.uniform(15, 100)) if beard else 0.0,
        vellus_per_cm2=float(rng.uniform(0, 30)),
        long_per_cm2=0.0 if beard else float(rng.uniform(0.5, 6)),
        angle_deg=float(rng.uniform(0, 360)),
        growth=float(rng.uniform(0.5, 2.5)),
        shadow=float(rng.uniform(0.2, 0.7)),
    )


def _leaning(rng: np.random.Generator) -> Pose:
    # A cheek turns away from the camera by tens of degrees; the truth stays along the camera axis.
    x, y = np.clip(rng.normal(0, 7, 2), -22, 22).tolist()
    return Pose(tilt_x_deg=x, tilt_y_deg=y)


def strange_light(rng: np.random.Generator) -> Light:
    """One to three lamps of any size, place and tint, and any share of light from all round."""
    count = int(rng.integers(1, 4))
    lamps = tuple(
        Lamp(
            zenith_deg=float(rng.uniform(0, 72)),
            azimuth_deg=float(rng.uniform(0, 360)),
            spread_deg=float(np.exp(rng.uniform(np.log(0.5), np.log(25)))),
            power=float(np.exp(rng.normal(0, 0.6))),
            colour=_tint(rng),
            distance_mm=float(np.exp(rng.uniform(np.log(250), np.log(3000)))),
        )
        for _ in range(count)
    )
    return Light(
        name="strange",
        lamps=lamps,
        ambient=float(rng.uniform(0.0, 0.6)),
        ambient_colour=_tint(rng),
    )


def opposed_light(rng: np.random.Generator) -> Light:
    """Two softboxes face to face, about as strong and as high, in a photo turned any way."""
    azimuth, share = float(rng.uniform(0, 360)), float(rng.uniform(0.38, 0.62))
    lamps = tuple(
        Lamp(
            zenith_deg=float(rng.uniform(30, 58)),
            azimuth_deg=(azimuth + turn) % 360,
            spread_deg=float(rng.uniform(6, 20)),
            power=power,
            distance_mm=float(np.exp(rng.uniform(np.log(500), np.log(2000)))),
        )
        for turn, power in ((0.0, share), (180.0 + float(rng.normal(0, 6)), 1 - share))
    )
    return Light(name="opposed", lamps=lamps, ambient=float(rng.uniform(0.02, 0.2)))


def _tint(rng: np.random.Generator) -> tuple[float, float, float]:
    warmth = float(rng.normal(0, 0.10))
    return (math.exp(warmth), 1.0, math.exp(-1.3 * warmth))
