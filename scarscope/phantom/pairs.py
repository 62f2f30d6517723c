"""Pairs of photos of the same skin: with nothing, with one confounder, or with true change.

What a comparison must not call a response is drawn by :func:`confounder_pair` and
:func:`retest_pair`; what it must call one by :func:`treated_pair` and :func:`worsened_pair`. Both
photos carry their truth, with scar numbers that mean the same scar in both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from scarscope.phantom.healing import absent, healed
from scarscope.phantom.lights import LightName, make_light
from scarscope.phantom.noise import stream
from scarscope.phantom.recipe import Camera, Light, Pose, Recipe, require
from scarscope.phantom.render import Rendered, render
from scarscope.phantom.sampler import random_skin

Confounder = Literal[
    "light",
    "focus",
    "exposure",
    "pose",
    "redness",
    "makeup",
    "white_balance",
    "compression",
    "tan",
]
CONFOUNDERS: tuple[Confounder, ...] = get_args(Confounder)

_MARGIN_MM = 11.0  # Skin beyond the view, for re-posing.
ITA_RANGE_DEG = (-50.0, 60.0)
LIGHTS: tuple[LightName, ...] = ("ring", "twin", "offaxis", "raking")
# Scars per cm2: enough that a change has something to show on.
SCARS_PER_CM2 = (1.2, 3.0)

_Change = Callable[[np.random.Generator, Recipe], Recipe]


def confounder_pair(
    seed: int,
    kind: Confounder,
    *,
    size_mm: tuple[float, float] = (36.0, 36.0),
    mm_per_px: float = 0.07,
    ita_deg: float | None = None,
) -> tuple[Rendered, Rendered]:
    """Two photos of the same skin between which nothing changed but one thing.

    Parameters
    ----------
    seed : int
    kind : str
        One of :data:`CONFOUNDERS`.
    size_mm : tuple of float
        Width and height that the photos show.
    mm_per_px : float
    ita_deg : float, optional
        Tone; None draws one from -50 to 60.

    Returns
    -------
    before, after : Rendered
        After JPEG. Both also differ by a small re-posing and by noise, as photos do.

    Raises
    ------
    ParamsError
        If `kind` is unknown.

    Examples
    --------
    >>> before, after = confounder_pair(3, "exposure", size_mm=(10, 10))
    >>> bool(abs(after.rgb.mean() - before.rgb.mean()) > 5)
    True
    """
    require(kind in CONFOUNDERS, "kind", kind, f"one of {', '.join(CONFOUNDERS)}")
    before, again = base_pair(seed, size_mm, mm_per_px, ita_deg)
    after = confounded(again, kind, seed)
    return _photo(before), _photo(after)


def confounded(recipe: Recipe, kind: Confounder, seed: int) -> Recipe:
    """The same skin with one thing changed about the photograph, or about its colour."""
    return _CHANGES[kind](stream(seed, f"confounder {kind}"), recipe)


def retest_pair(
    seed: int,
    *,
    size_mm: tuple[float, float] = (36.0, 36.0),
    mm_per_px: float = 0.07,
    ita_deg: float | None = None,
) -> tuple[Rendered, Rendered]:
    """Photograph the same skin again with the same set-up.

    The second photo is posed anew (about 1 mm, 1 degree) and has noise of its own; parameters as
    in :func:`confounder_pair`.
    """
    before, after = base_pair(seed, size_mm, mm_per_px, ita_deg)
    return _photo(before), _photo(after)


def treated_pair(
    seed: int,
    response: float,
    *,
    size_mm: tuple[float, float] = (36.0, 36.0),
    mm_per_px: float = 0.07,
    ita_deg: float | None = None,
) -> tuple[Rendered, Rendered]:
    """The same skin before and after treatment, photographed with the same set-up.

    Parameters
    ----------
    seed : int
    response : float
        Mean share of depth that is gone, 0 to 0.95; negative for scars that got deeper. Single
        scars differ around it, and shrink in width by a third of their share.
    size_mm, mm_per_px, ita_deg
        As in :func:`confounder_pair`.

    Raises
    ------
    ParamsError
        If `response` is out of range.
    """
    require(-0.9 <= response <= 0.95, "response", response, "between -0.9 and 0.95")
    before, after = base_pair(seed, size_mm, mm_per_px, ita_deg)
    return _photo(before), _photo(treated(after, response, seed))


def worsened_pair(
    seed: int,
    share: float,
    *,
    size_mm: tuple[float, float] = (36.0, 36.0),
    mm_per_px: float = 0.07,
    ita_deg: float | None = None,
) -> tuple[Rendered, Rendered]:
    """The same skin before and after acne has left new scars, photographed with the same set-up.

    Parameters
    ----------
    seed : int
    share : float
        Share of the later photo's scars that are not there in the earlier one, 0 to 1.
    size_mm, mm_per_px, ita_deg
        As in :func:`confounder_pair`.

    Raises
    ------
    ParamsError
        If `share` is out of range.
    """
    require(0 <= share <= 1, "share", share, "between 0 and 1")
    before, after = base_pair(seed, size_mm, mm_per_px, ita_deg)
    scars = list(before.skin.scars)
    order = stream(seed, "new scars").permutation(len(scars))
    for at in order[: round(share * len(scars))].tolist():
        scars[at] = absent(scars[at])
    fewer = replace(before, skin=replace(before.skin, scars=tuple(scars)))
    return _photo(fewer), _photo(after)


def treated(recipe: Recipe, response: float, seed: int) -> Recipe:
    """The recipe with `response` of the depth of its scars gone, each scar's share drawn."""
    rng = stream(seed, "response")
    scars = tuple(
        healed(scar, float(np.clip(response * math.exp(0.3 * rng.standard_normal()), -0.9, 0.95)))
        for scar in recipe.skin.scars
    )
    return replace(recipe, skin=replace(recipe.skin, scars=scars))


def _photo(recipe: Recipe) -> Rendered:
    return render(recipe, compress=True)


def base_pair(
    seed: int, size_mm: tuple[float, float], mm_per_px: float, ita_deg: float | None = None
) -> tuple[Recipe, Recipe]:
    """Recipes of two photos of the same skin and set-up, posed anew, each with its own noise."""
    require(seed >= 0, "seed", seed, "zero or more")
    rng = stream(seed, "pair")
    ita = float(rng.uniform(*ITA_RANGE_DEG)) if ita_deg is None else ita_deg
    sheet = (size_mm[0] + _MARGIN_MM, size_mm[1] + _MARGIN_MM)
    count = max(2, round(float(rng.uniform(*SCARS_PER_CM2)) * sheet[0] * sheet[1] / 100))
    skin = random_skin(seed, size_mm=sheet, ita_deg=ita, n_scars=count, clean=True)
    light = draw_light(rng, LIGHTS[int(rng.integers(len(LIGHTS)))])
    first = Recipe(
        skin=skin,
        light=light,
        camera=draw_camera(rng),
        pose=draw_pose(rng, 1.0),
        mm_per_px=mm_per_px,
        view_mm=size_mm,
        noise_seed=int(rng.integers(2**31)),
        bounces=3,
        keep_ids=True,
    )
    again = replace(first, pose=draw_pose(rng, 1.0), noise_seed=int(rng.integers(2**31)))
    return first, again


def draw_light(rng: np.random.Generator, name: LightName) -> Light:
    """A light of that name, a little off its usual place."""
    zenith = {"ring": 0.0, "twin": 45.0, "offaxis": 38.0, "raking": 62.0}.get(name, 45.0)
    return make_light(
        name,
        zenith_deg=zenith + float(rng.uniform(-4, 4)) * (name != "ring"),
        azimuth_deg=195.0 + float(rng.uniform(-15, 15)),
        distance_mm=float(rng.uniform(700, 1200)),
    )


def draw_camera(rng: np.random.Generator) -> Camera:
    """A camera as studies have it."""
    return Camera(
        exposure=float(rng.uniform(0.9, 1.1)),
        blur_px=float(rng.uniform(0.5, 0.8)),
        vignette=0.05,
        full_well=float(rng.uniform(15e3, 4e4)),
        contrast=float(rng.uniform(0, 0.25)),
        sharpen=float(rng.uniform(0, 0.35)),
        jpeg_quality=int(rng.integers(90, 96)),
    )


def draw_pose(rng: np.random.Generator, size: float) -> Pose:
    """A re-posing of about `size` mm and degrees."""
    x, y, turn, tilt_x, tilt_y = rng.standard_normal(5).tolist()
    return Pose(
        shift_mm=(0.8 * size * x, 0.8 * size * y),
        turn_deg=1.0 * size * turn,
        tilt_x_deg=0.7 * size * tilt_x,
        tilt_y_deg=0.7 * size * tilt_y,
        distance_mm=900.0,
    )


def _sign(rng: np.random.Generator) -> float:
    return float(rng.choice((-1.0, 1.0)))


def light_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    """The same skin under another light, or under lamps that were moved."""
    others = tuple(n for n in LIGHTS if n != recipe.light.name)
    if rng.random() < 0.5 or recipe.light.name == "ring":
        return replace(recipe, light=draw_light(rng, others[int(rng.integers(len(others)))]))
    lift = _sign(rng) * float(rng.uniform(8, 16))
    lamps = tuple(
        replace(p, zenith_deg=float(np.clip(p.zenith_deg + lift, 5, 72)))
        for p in recipe.light.lamps
    )
    return replace(recipe, light=replace(recipe.light, lamps=lamps))


def _focus_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    # A disc of 0.15 to 0.4 mm radius: a step back of the patient at f/4.
    radius = float(rng.uniform(0.15, 0.40)) / recipe.mm_per_px
    return replace(recipe, camera=replace(recipe.camera, defocus_px=radius))


def _exposure_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    stops = _sign(rng) * float(rng.uniform(0.4, 0.9))
    camera = replace(recipe.camera, exposure=recipe.camera.exposure * 2.0**stops)
    return replace(recipe, camera=camera)


def _pose_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    x, y = (float(v) for v in rng.uniform(4, 9, 2))
    pose = replace(
        recipe.pose,
        shift_mm=(_sign(rng) * float(rng.uniform(1, 3)), _sign(rng) * float(rng.uniform(1, 3))),
        turn_deg=_sign(rng) * float(rng.uniform(2, 4)),
        tilt_x_deg=_sign(rng) * x,
        tilt_y_deg=_sign(rng) * y,
    )
    return replace(recipe, pose=pose)


def _redness_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    tone = replace(recipe.skin.tone, erythema_od=float(rng.uniform(0.05, 0.14)))
    return replace(recipe, skin=replace(recipe.skin, tone=tone))


def _makeup_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    return replace(recipe, skin=replace(recipe.skin, makeup=float(rng.uniform(0.5, 0.95))))


def _balance_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    warmth = _sign(rng) * float(rng.uniform(0.10, 0.25))
    gains = (math.exp(warmth), 1.0, math.exp(-warmth))
    return replace(recipe, camera=replace(recipe.camera, white_balance=gains))


def _compression_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    camera = replace(
        recipe.camera,
        jpeg_quality=int(rng.integers(35, 65)),
        jpeg_subsampling=2,
        resample=float(rng.uniform(0.5, 0.8)),
    )
    return replace(recipe, camera=camera)


def _tan_changed(rng: np.random.Generator, recipe: Recipe) -> Recipe:
    tone = replace(recipe.skin.tone, tan_od=float(rng.uniform(0.04, 0.12)))
    return replace(recipe, skin=replace(recipe.skin, tone=tone))


_CHANGES: dict[Confounder, _Change] = {
    "light": light_changed,
    "focus": _focus_changed,
    "exposure": _exposure_changed,
    "pose": _pose_changed,
    "redness": _redness_changed,
    "makeup": _makeup_changed,
    "white_balance": _balance_changed,
    "compression": _compression_changed,
    "tan": _tan_changed,
}
