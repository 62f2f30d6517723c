"""Pairs of photos of the same skin from viewpoints that differ by much more than a re-posing.

What an alignment must cope with where nobody held to a protocol: turned, nearer or farther, and
showing only part of the same skin.
"""

from __future__ import annotations

import math
from dataclasses import replace

from scarscope.phantom.noise import stream
from scarscope.phantom.pairs import (
    ITA_RANGE_DEG,
    LIGHTS,
    SCARS_PER_CM2,
    draw_camera,
    draw_light,
    draw_pose,
    light_changed,
)
from scarscope.phantom.recipe import Recipe, require
from scarscope.phantom.render import Rendered, render
from scarscope.phantom.sampler import random_skin

_MARGIN_MM = 3.0  # for the small re-posing that every photo has


def wide_pair(
    seed: int,
    *,
    turn_deg: float = 0.0,
    zoom: float = 1.0,
    shift_mm: tuple[float, float] = (0.0, 0.0),
    other_light: bool = False,
    size_mm: tuple[float, float] = (36.0, 36.0),
    mm_per_px: float = 0.07,
    ita_deg: float | None = None,
) -> tuple[Rendered, Rendered]:
    """Photograph the same skin twice, the second time from elsewhere.

    Parameters
    ----------
    seed : int
    turn_deg : float
        How far the skin is turned between the photos.
    zoom : float
        How much larger the second photo shows the skin: its pixels are so many times smaller, and
        as many of them show less skin. Rounded by up to 0.1 %.
    shift_mm : tuple of float
        How far the view moves over the skin; half of `size_mm` in one direction leaves half of
        the first photo's skin in the second.
    other_light : bool
        Whether the second photo has another light as well.
    size_mm : tuple of float
        Width and height that the first photo shows.
    mm_per_px : float
        Of the first photo.
    ita_deg : float, optional
        Tone; None draws one from -50 to 60.

    Returns
    -------
    before, after : Rendered
        After JPEG. :func:`scarscope.phantom.places.true_places` knows what lies where.

    Raises
    ------
    ParamsError
        If a number is out of range.
    """
    require(seed >= 0, "seed", seed, "zero or more")
    require(0.55 <= zoom <= 1.8, "zoom", zoom, "between 0.55 and 1.8")
    require(abs(turn_deg) <= 180, "turn_deg", turn_deg, "between -180 and 180")
    sheet_mm, step = _sheet(size_mm, mm_per_px, zoom, shift_mm)
    first = _first(seed, sheet_mm, size_mm, mm_per_px, ita_deg)
    rng = stream(seed, "wide")
    pose = draw_pose(rng, 0.6)
    again = replace(
        first,
        mm_per_px=step,
        view_mm=(size_mm[0] / zoom, size_mm[1] / zoom),
        noise_seed=int(rng.integers(2**31)),
        pose=replace(
            pose,
            turn_deg=pose.turn_deg + turn_deg,
            shift_mm=(pose.shift_mm[0] + shift_mm[0], pose.shift_mm[1] + shift_mm[1]),
        ),
    )
    if other_light:
        again = light_changed(rng, again)
    return render(first, compress=True), render(again, compress=True)


def _first(
    seed: int,
    sheet_mm: float,
    size_mm: tuple[float, float],
    mm_per_px: float,
    ita_deg: float | None,
) -> Recipe:
    rng = stream(seed, "wide pair")
    ita = float(rng.uniform(*ITA_RANGE_DEG)) if ita_deg is None else ita_deg
    count = max(2, round(float(rng.uniform(*SCARS_PER_CM2)) * sheet_mm**2 / 100))
    skin = random_skin(seed, size_mm=(sheet_mm, sheet_mm), ita_deg=ita, n_scars=count, clean=True)
    return Recipe(
        skin=skin,
        light=draw_light(rng, LIGHTS[int(rng.integers(len(LIGHTS)))]),
        camera=draw_camera(rng),
        pose=draw_pose(rng, 0.6),
        mm_per_px=mm_per_px,
        view_mm=size_mm,
        noise_seed=int(rng.integers(2**31)),
        bounces=3,
        keep_ids=True,
    )


def _sheet(
    size_mm: tuple[float, float], mm_per_px: float, zoom: float, shift_mm: tuple[float, float]
) -> tuple[float, float]:
    """Side of a square sheet that holds both views however they are turned, and the second step.

    Pores, lines and mottle are drawn from the distance between the first and the last pixel of
    the sheet: it must be the same in both photos, or they would not show the same skin.
    """
    half = math.hypot(*size_mm) / 2
    reach = max(half, half / zoom + math.hypot(*shift_mm)) + _MARGIN_MM
    extent = math.ceil(2 * reach / mm_per_px) * mm_per_px
    step = extent / round(extent / mm_per_px * zoom)
    # Rounds to one pixel more than there are steps, with either step.
    return extent + (mm_per_px + step) / 2, step
