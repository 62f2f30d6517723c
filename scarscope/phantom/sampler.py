"""Random recipes: wide, physical, one seed each.

Ranges: scar widths Jacob 2001; depths 22 MHz ultrasound with tails beyond; pores and lines as in
``geometry.py``; tones ITA 60 to -50.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scarscope.phantom.lights import LIGHT_NAMES, LightName, make_light
from scarscope.phantom.noise import Precision, stream
from scarscope.phantom.recipe import (
    Camera,
    Hair,
    Light,
    Mark,
    MarkKind,
    Pose,
    Recipe,
    ScarShape,
    Shine,
    Skin,
    Surface,
    Tone,
    require,
)
from scarscope.phantom.render import Rendered, render
from scarscope.phantom.scar_sampler import confluent_scars, random_outline, random_scars

_ITA_RANGE_DEG = (-50.0, 60.0)
_CONFLUENT = 0.10  # Share of random patches that show a severe case.
_CROSSED, _PARALLEL = 0.06, 0.08  # Shares of photos through polarisers.


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
        None draws 0 to about 4 per cm2, one patch in eight without any, and one in ten confluent:
        with hardly any plain skin left.

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
        pose=_random_pose(stream(seed, "pose")),
        mm_per_px=mm_per_px,
        noise_seed=seed,
        bounces=3,
    )


def _random_pose(rng: np.random.Generator) -> Pose:
    # No perspective: it would need skin beyond the view, and moves nothing in a patch by 0.1 mm.
    x, y = (float(np.clip(v, -10, 10)) for v in rng.normal(0, 3.5, 2))
    return Pose(tilt_x_deg=x, tilt_y_deg=y)


def random_face(
    seed: int,
    *,
    mm_per_px: float = 0.2,
    light: LightName | None = None,
    ita_deg: float | None = None,
    n_scars: int = 20,
    compress: bool = True,
    dtype: Precision = np.float64,
) -> Rendered:
    """A photo of a plain head and shoulders with scars on both cheeks, 220 x 280 mm.

    Parameters
    ----------
    seed : int
    mm_per_px : float
        0.15 to 0.25 is what whole faces are photographed at; 0.07 makes 12.6 megapixels.
    light, ita_deg, compress
        As in :func:`random_patch`.
    n_scars : int
        On both cheeks together.
    dtype : type
        As in :func:`scarscope.phantom.render.render`; float32 for large photos.

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
    straight = replace(recipe, skin=skin, scene="face", pose=Pose())
    return render(straight, compress=compress, dtype=dtype)


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
    severe = stream(seed, "severity")
    confluent = n_scars is None and severe.random() < _CONFLUENT
    if n_scars is None:
        density = float(rng.gamma(1.6, 1.0)) * (rng.random() > 1 / 8)
        n_scars = int(rng.poisson(min(density, 5.0) * area_cm2))
    own = stream(seed, "scars")
    covering = stream(seed, "covering")
    sweat = float(covering.uniform(5, 60)) * (covering.random() < 0.07) * (not clean)
    makeup = float(covering.uniform(0.2, 0.95)) * (covering.random() < 0.12) * (not clean)
    vessels = float(covering.uniform(0.2, 1.2)) * (covering.random() < 0.18)
    return Skin(
        seed=seed,
        size_mm=size_mm,
        tone=_tone(stream(seed, "tone"), ita_deg),
        surface=_surface(stream(seed, "surface")),
        shine=replace(_shine(stream(seed, "shine"), clean=clean), sweat_per_cm2=sweat),
        hair=_hair(stream(seed, "hairiness")),
        scars=confluent_scars(own, size_mm, float(severe.random()))
        if confluent
        else random_scars(own, size_mm, n_scars),
        marks=random_marks(stream(seed, "marks"), size_mm),
        vessels_per_cm2=vessels,
        makeup=makeup,
    )


def _tone(rng: np.random.Generator, ita_deg: float) -> Tone:
    return Tone(
        ita_deg=ita_deg,
        chroma=float(rng.uniform(0.8, 1.2)),
        redness=float(rng.normal(0, 1.5)),
        mottle_melanin=float(rng.uniform(0.005, 0.022)) * (1.3 if ita_deg < 10 else 1.0),
        mottle_blood=float(rng.uniform(0.010, 0.038)),
        scatter=scatter_width(ita_deg) * float(rng.uniform(0.85, 1.15)),
    )


def scatter_width(ita_deg: float) -> float:
    """Factor on scattering distances by tone: 1 on light skin, 0.75 on the darkest.

    Light that has travelled far has crossed the pigmented epidermis twice at a slant; melanin takes
    the far-travelled share first. The size of the effect is an estimate, not a measurement.
    """
    return float(np.interp(ita_deg, (-50.0, 45.0), (0.75, 1.0)))


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
        pore_depth_mm=float(rng.uniform(0.02, 0.10)),
        wrinkles=int(rng.integers(1, 5)) if rng.random() < 0.3 else 0,
        wrinkle_depth_mm=float(rng.uniform(0.02, 0.10)),
    )


def _shine(rng: np.random.Generator, *, clean: bool) -> Shine:
    shine = Shine(
        roughness=float(rng.uniform(0.25, 0.40)),
        f0=float(rng.uniform(0.026, 0.034)),
        oil=float(rng.uniform(0.0, 0.45)),
        oil_roughness=float(rng.uniform(0.12, 0.22)),
    )
    filtered = rng.random()
    if clean or filtered > _CROSSED + _PARALLEL:
        return shine
    # Crossed filters never block quite all; parallel ones double the share of shine.
    crossed = filtered < _CROSSED
    return replace(shine, polarised=float(rng.uniform(0, 0.1) if crossed else rng.uniform(1.6, 2)))


def _hair(rng: np.random.Generator) -> Hair:
    stubble = float(rng.uniform(5, 60)) if rng.random() < 0.15 else 0.0
    vellus = float(rng.uniform(3, 20)) if rng.random() < 0.4 else 0.0
    return Hair(
        stubble_per_cm2=stubble,
        vellus_per_cm2=vellus,
        angle_deg=float(rng.uniform(0, 360)),
        long_per_cm2=float(rng.uniform(0.3, 2)) if rng.random() < 0.08 else 0.0,
        growth=float(rng.uniform(0.4, 2.0)),
        shadow=float(rng.uniform(0.2, 0.7)),
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
    raised = int(rng.poisson(0.25 * area_cm2)) if rng.random() < 0.06 else 0
    return (*marks, *random_marks_of(rng, "hypertrophic", raised, size_mm))


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
        warp=random_outline(rng, 0.12),
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
        defocus_px=float(rng.uniform(0.06, 0.20)) / mm_per_px if rng.random() < 0.12 else 0.0,
        local_tone=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.35 else 0.0,
        resample=float(rng.uniform(0.5, 0.95)) if rng.random() < 0.15 else 1.0,
    )
