"""Random recipes: wide, physical, one seed each.

Ranges: scar widths Jacob 2001; depths 22 MHz ultrasound with tails beyond; pores and lines as in
``geometry.py``; tones ITA 60 to -50.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from scarscope.phantom.lights import LIGHT_NAMES, LightName, make_light
from scarscope.phantom.noise import stream
from scarscope.phantom.recipe import (
    Camera,
    Hair,
    Light,
    Mark,
    MarkKind,
    Recipe,
    ScarShape,
    ScarType,
    Shine,
    Skin,
    Surface,
    Tone,
    require,
)
from scarscope.phantom.render import Rendered, render

_ITA_RANGE_DEG = (-50.0, 60.0)


@dataclass(frozen=True)
class _Kind:
    """Ranges of one scar type: width, longest aspect, log-normal depth, wall, tilt."""

    width_mm: tuple[float, float]
    aspect: float
    depth_mm: tuple[float, float]
    depth_limits_mm: tuple[float, float]
    wall_mm: tuple[float, float]
    ragged: float


_KINDS: dict[ScarType, _Kind] = {
    "icepick": _Kind((0.8, 2.0), 1.5, (0.42, 0.35), (0.2, 0.9), (0.15, 0.30), 0.10),
    "boxcar": _Kind((1.5, 4.0), 1.7, (0.32, 0.45), (0.1, 0.75), (0.25, 0.80), 0.10),
    "rolling": _Kind((4.0, 9.0), 1.9, (0.26, 0.45), (0.10, 0.60), (0.5, 0.6), 0.14),
}
# Shallower for its width than this nobody would call it a scar: 2 % of shading at 45 degrees.
_ROLLING_SLOPE = 0.025

# Order of frequency in clinics: icepick 60-70 %, boxcar 20-30 %, rolling 15-25 % (Jacob 2001);
# evened out here so that every type is seen often.
_TYPE_SHARE = (0.42, 0.34, 0.24)
_TYPES: tuple[ScarType, ...] = ("icepick", "boxcar", "rolling")


def random_patch(
    seed: int,
    *,
    size_mm: tuple[float, float] = (19.0, 19.0),
    mm_per_px: float = 0.1,
    light: LightName | None = None,
    ita_deg: float | None = None,
    n_scars: int | None = None,
    compress: bool = True,
) -> Rendered:
    """A photo of random skin; see :func:`random_recipe` for the options.

    Examples
    --------
    >>> patch = random_patch(1, size_mm=(8, 8))
    >>> patch.rgb.shape
    (80, 80, 3)
    """
    recipe = random_recipe(
        seed, size_mm=size_mm, mm_per_px=mm_per_px, light=light, ita_deg=ita_deg, n_scars=n_scars
    )
    return render(recipe, compress=compress)


def random_recipe(
    seed: int,
    *,
    size_mm: tuple[float, float] = (19.0, 19.0),
    mm_per_px: float = 0.1,
    light: LightName | None = None,
    ita_deg: float | None = None,
    n_scars: int | None = None,
) -> Recipe:
    """Draw a recipe.

    Parameters
    ----------
    seed : int
        The same seed and options give the same recipe on every machine.
    size_mm : tuple of float
        Width and height of the skin.
    mm_per_px : float
    light : str, optional
        A name of :data:`scarscope.phantom.lights.LIGHT_NAMES`; None draws one.
    ita_deg : float, optional
        Tone; None draws one from -50 to 60.
    n_scars : int, optional
        None draws 0 to about 4 per cm2, one patch in eight without any.

    Returns
    -------
    Recipe
    """
    require(seed >= 0, "seed", seed, "zero or more")
    rng = stream(seed, "recipe")
    ita = float(rng.uniform(*_ITA_RANGE_DEG)) if ita_deg is None else ita_deg
    name = LIGHT_NAMES[int(rng.integers(len(LIGHT_NAMES)))] if light is None else light
    skin = random_skin(seed, size_mm=size_mm, ita_deg=ita, n_scars=n_scars)
    return Recipe(
        skin=skin,
        light=random_light(stream(seed, "light"), name),
        camera=random_camera(stream(seed, "camera"), ita, mm_per_px),
        mm_per_px=mm_per_px,
        noise_seed=seed,
    )


def random_face(
    seed: int,
    *,
    mm_per_px: float = 0.2,
    light: LightName | None = None,
    ita_deg: float | None = None,
    n_scars: int = 20,
    compress: bool = True,
) -> Rendered:
    """A photo of a plain head and shoulders with scars on both cheeks, 220 x 280 mm.

    Parameters
    ----------
    seed : int
    mm_per_px : float
        0.15 to 0.25 is what whole faces are photographed at.
    light, ita_deg, compress
        As in :func:`random_patch`.
    n_scars : int
        On both cheeks together.

    Returns
    -------
    Rendered
        With `materials`; `region` is the skin of the face without eyes, brows, lips, nostrils and
        hair. The neck has its own material.
    """
    recipe = random_recipe(
        seed, size_mm=_FACE_MM, mm_per_px=mm_per_px, light=light, ita_deg=ita_deg, n_scars=0
    )
    rng = stream(seed, "face")
    surface = replace(recipe.skin.surface, radius_x_mm=1e9, radius_y_mm=1e9, wrinkles=0)
    skin = replace(
        recipe.skin, surface=surface, scars=_on_cheeks(rng, n_scars), marks=recipe.skin.marks[:60]
    )
    return render(replace(recipe, skin=skin, scene="face"), compress=compress)


# Width and height of the picture, and middle and size of a cheek beside the nose.
_FACE_MM = (220.0, 280.0)
_CHEEK_AT_MM, _CHEEK_MM = (42.0, 26.0), (28.0, 48.0)


def _on_cheeks(rng: np.random.Generator, count: int) -> tuple[ScarShape, ...]:
    left, right = (random_scars(rng, _CHEEK_MM, n) for n in (count // 2, count - count // 2))
    x, y = _CHEEK_AT_MM
    return tuple(
        replace(scar, x_mm=scar.x_mm + side * x, y_mm=scar.y_mm + y)
        for side, scars in ((-1, left), (1, right))
        for scar in scars
    )


def random_skin(
    seed: int,
    *,
    size_mm: tuple[float, float],
    ita_deg: float,
    n_scars: int | None = None,
    clean: bool = False,
) -> Skin:
    """Draw the skin alone: relief, colour, scars, marks, hairs.

    `clean` leaves out what a photo protocol asks to take off: make-up and sweat.
    """
    rng = stream(seed, "skin")
    area_cm2 = size_mm[0] * size_mm[1] / 100
    if n_scars is None:
        density = float(rng.gamma(1.6, 1.0)) * (rng.random() > 1 / 8)
        n_scars = int(rng.poisson(min(density, 5.0) * area_cm2))
    return Skin(
        seed=seed,
        size_mm=size_mm,
        tone=_tone(stream(seed, "tone"), ita_deg),
        surface=_surface(stream(seed, "surface")),
        shine=_shine(stream(seed, "shine")),
        hair=_hair(stream(seed, "hairiness")),
        scars=random_scars(stream(seed, "scars"), size_mm, n_scars),
        marks=random_marks(stream(seed, "marks"), size_mm),
    )


def _tone(rng: np.random.Generator, ita_deg: float) -> Tone:
    return Tone(
        ita_deg=ita_deg,
        chroma=float(rng.uniform(0.8, 1.2)),
        redness=float(rng.normal(0, 1.5)),
        mottle_melanin=float(rng.uniform(0.005, 0.022)) * (1.3 if ita_deg < 10 else 1.0),
        mottle_blood=float(rng.uniform(0.010, 0.038)),
    )


def _surface(rng: np.random.Generator) -> Surface:
    return Surface(
        radius_x_mm=float(rng.uniform(45, 160)),
        radius_y_mm=float(rng.uniform(60, 250)),
        swell_mm=float(rng.uniform(0.05, 0.40)),
        cell_mm=float(rng.uniform(0.3, 0.8)),
        line_depth_mm=float(rng.uniform(0.020, 0.055)),
        line_width_mm=float(rng.uniform(0.07, 0.13)),
        stretch=float(rng.uniform(1.0, 2.0)),
        angle_deg=float(rng.uniform(0, 180)),
        rough_mm=float(rng.uniform(0.002, 0.007)),
        pore_per_cm2=float(rng.uniform(10, 90)),
        pore_width_mm=float(rng.uniform(0.18, 0.36)),
        pore_depth_mm=float(rng.uniform(0.03, 0.13)),
        wrinkles=int(rng.integers(1, 5)) if rng.random() < 0.3 else 0,
        wrinkle_depth_mm=float(rng.uniform(0.02, 0.10)),
    )


def _shine(rng: np.random.Generator) -> Shine:
    return Shine(
        roughness=float(rng.uniform(0.25, 0.40)),
        f0=float(rng.uniform(0.026, 0.034)),
        oil=float(rng.uniform(0.0, 0.45)),
        oil_roughness=float(rng.uniform(0.12, 0.22)),
    )


def _hair(rng: np.random.Generator) -> Hair:
    stubble = float(rng.uniform(5, 60)) if rng.random() < 0.15 else 0.0
    vellus = float(rng.uniform(3, 20)) if rng.random() < 0.4 else 0.0
    return Hair(
        stubble_per_cm2=stubble, vellus_per_cm2=vellus, angle_deg=float(rng.uniform(0, 360))
    )


def random_scars(
    rng: np.random.Generator, size_mm: tuple[float, float], count: int
) -> tuple[ScarShape, ...]:
    """`count` scars of mixed type; most keep apart, some merge or nest."""
    placed: list[ScarShape] = []
    for _ in range(count):
        kind = _TYPES[int(rng.choice(3, p=_TYPE_SHARE))]
        may_merge = rng.random() < 0.2
        for _attempt in range(20):
            scar = random_scar(rng, kind, size_mm)
            if may_merge or all(_apart(scar, other) for other in placed):
                placed.append(scar)
                break
    return tuple(placed)


def _apart(a: ScarShape, b: ScarShape) -> bool:
    reach = 0.5 * (math.sqrt(a.width_mm * a.length_mm) + math.sqrt(b.width_mm * b.length_mm))
    return math.hypot(a.x_mm - b.x_mm, a.y_mm - b.y_mm) > 1.15 * reach


def random_scar(
    rng: np.random.Generator, kind: ScarType, size_mm: tuple[float, float]
) -> ScarShape:
    """One scar of a type, anywhere on a sheet."""
    ranges = _KINDS[kind]
    width = float(rng.uniform(*ranges.width_mm))
    median, spread = ranges.depth_mm
    depth = float(
        np.clip(median * math.exp(spread * rng.standard_normal()), *ranges.depth_limits_mm)
    )
    if kind == "rolling":
        depth = max(depth, _ROLLING_SLOPE * width)
    x, y = (rng.uniform(-0.48, 0.48, 2) * size_mm).tolist()
    melanin, blood = _scar_colour(rng)
    return ScarShape(
        kind=kind,
        x_mm=x,
        y_mm=y,
        width_mm=width,
        length_mm=width * float(rng.uniform(1, ranges.aspect)),
        angle_deg=float(rng.uniform(0, 180)),
        depth_mm=depth,
        wall_mm=min(float(rng.uniform(*ranges.wall_mm)), 0.45 * width),
        warp=_warp(rng, ranges.ragged),
        tilt=float(rng.uniform(-0.45, 0.45)),
        melanin_od=melanin,
        blood_od=blood,
        smoothness=float(rng.uniform(0.2, 0.85)),
    )


def _scar_colour(rng: np.random.Generator) -> tuple[float, float]:
    # Half of all scars have the colour of the skin around them: colour alone must not find them.
    draw = rng.random()
    if draw < 0.5:
        return 0.0, 0.0
    if draw < 0.65:
        return float(rng.uniform(0.02, 0.12)), 0.0
    if draw < 0.75:
        return float(rng.uniform(-0.08, -0.02)), 0.0
    return 0.0, float(rng.uniform(0.03, 0.14))


def _warp(rng: np.random.Generator, ragged: float) -> tuple[tuple[int, float, float], ...]:
    size = rng.uniform(0.3, 1.0) * ragged
    return tuple(
        (k, float(size * rng.standard_normal() * (2 / k) ** 1.3), float(rng.uniform(0, 2 * np.pi)))
        for k in range(2, 10)
    )


# Per cm2 of a patch that has any, the chance that it has any, width in mm, strength in OD.
_MARKS: dict[MarkKind, tuple[float, float, tuple[float, float], tuple[float, float]]] = {
    "brown": (0.8, 0.35, (1.0, 6.0), (0.04, 0.22)),
    "red": (0.8, 0.40, (1.0, 6.0), (0.03, 0.15)),
    "freckle": (2.5, 0.25, (0.4, 1.5), (0.02, 0.12)),
    "naevus": (0.3, 0.20, (1.0, 4.5), (0.20, 0.70)),
    "papule": (0.4, 0.20, (1.5, 4.0), (0.04, 0.20)),
}
_HYPERTROPHIC = ((3.0, 8.0), (0.02, 0.14))  # width in mm and blood in OD


def random_marks_of(
    rng: np.random.Generator, kind: MarkKind, count: int, size_mm: tuple[float, float]
) -> tuple[Mark, ...]:
    """`count` marks of one kind, anywhere on a sheet."""
    width, strength = _HYPERTROPHIC if kind == "hypertrophic" else _MARKS[kind][2:]
    return tuple(_mark(rng, kind, width, strength, size_mm) for _ in range(count))


def random_marks(rng: np.random.Generator, size_mm: tuple[float, float]) -> tuple[Mark, ...]:
    """Flat colour marks and raised lesions that are not scars."""
    area_cm2 = size_mm[0] * size_mm[1] / 100
    marks: list[Mark] = []
    for kind, (density, chance, width, strength) in _MARKS.items():
        count = int(rng.poisson(density * area_cm2)) if rng.random() < chance else 0
        marks += [_mark(rng, kind, width, strength, size_mm) for _ in range(count)]
    return tuple(marks)


def _mark(
    rng: np.random.Generator,
    kind: MarkKind,
    width: tuple[float, float],
    strength: tuple[float, float],
    size_mm: tuple[float, float],
) -> Mark:
    x, y = (rng.uniform(-0.5, 0.5, 2) * size_mm).tolist()
    dome = kind in ("papule", "hypertrophic") or (kind == "naevus" and rng.random() < 0.5)
    return Mark(
        kind=kind,
        x_mm=x,
        y_mm=y,
        width_mm=float(rng.uniform(*width)),
        strength_od=float(rng.uniform(*strength)),
        height_mm=float(rng.uniform(0.15, 0.8)) if dome else 0.0,
        edge=float(rng.uniform(0.8, 1.8) if kind == "red" else rng.uniform(0.3, 1.2)),
        aspect=float(rng.uniform(1, 1.6)),
        angle_deg=float(rng.uniform(0, 180)),
        warp=_warp(rng, 0.12),
    )


def random_light(rng: np.random.Generator, name: LightName) -> Light:
    """A named light with its angles, balance and ambient share drawn."""
    zenith = {"ring": (0, 0), "twin": (35, 55), "offaxis": (15, 50), "raking": (58, 70)}.get(
        name, (35, 70)
    )
    return make_light(
        name,
        zenith_deg=float(rng.uniform(*zenith)),
        azimuth_deg=float(rng.uniform(150, 250) if name == "twin" else rng.uniform(0, 360)),
        ambient=float(rng.uniform(0.25, 0.55) if name == "window" else rng.uniform(0.02, 0.2)),
        balance=float(rng.uniform(0.35, 0.65)),
        distance_mm=float(rng.uniform(500, 2000)),
    )


def random_camera(rng: np.random.Generator, ita_deg: float, mm_per_px: float) -> Camera:
    """A camera; half the draws meter on the skin, the others on a grey card."""
    metered = rng.random() < 0.5
    # A meter lifts dark skin and dims light skin towards the middle, a good third of the way.
    lift = 10 ** (0.2 * (30 - ita_deg) / 100) if metered else 1.0
    gains = np.exp(rng.normal(0, 0.04, 3))
    return Camera(
        exposure=float(lift * rng.uniform(0.8, 1.2)),
        white_balance=(float(gains[0]), 1.0, float(gains[2])),
        blur_px=float(rng.uniform(0.35, 1.3)),
        vignette=float(rng.uniform(0, 0.2)),
        full_well=float(np.exp(rng.uniform(np.log(3e3), np.log(6e4)))),
        read_noise=float(rng.uniform(2, 12)),
        contrast=float(rng.uniform(0, 0.5)) if rng.random() < 0.5 else 0.0,
        sharpen=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.4 else 0.0,
        jpeg_quality=int(rng.integers(72, 98)),
        jpeg_subsampling=2 if rng.random() < 0.6 else 0,
    )
