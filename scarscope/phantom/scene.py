"""The sheet: a piece of skin laid out in its own frame, and the view a camera has of it.

Everything that belongs to the skin is drawn in the skin's frame, so that photographing the same
skin again from a slightly different place moves pores, lines, marks and scars together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.geometry import relief, sweat_beads
from scarscope.phantom.hair import hair_cover
from scarscope.phantom.noise import Field, Grid, Precision, smooth_noise, stream
from scarscope.phantom.pigment import pigments, veil
from scarscope.phantom.recipe import Pose, Skin
from scarscope.phantom.scars import stamp

_PLUG_MELANIN_OD = 0.10  # A pore's content is darker; about as much as a freckle.
_MAKEUP_FILL = 0.35  # A foundation of some 10 um evens lines of 20 to 50 um by about a third.


@dataclass(frozen=True, eq=False)
class Sheet:
    """Skin in one frame; every array has shape (h, w).

    Attributes
    ----------
    height : ndarray of float64
        Surface in mm, scars included.
    missing : ndarray of float64
        Missing depth in mm, scars only.
    labels : ndarray of int32
        0 or 1 + index of the scar in the recipe.
    melanin, blood : ndarray of float64
        Extra OD.
    oil : ndarray of float64
        Share of oil film, 0 to 1.
    hair : ndarray of float64
        Dark stubble (positive) and pale vellus (negative) cover, -1 to 1.
    mm_per_px : float
    """

    height: Field
    missing: Field
    labels: NDArray[np.int32]
    melanin: Field
    blood: Field
    oil: Field
    hair: Field
    mm_per_px: float


def lay_out(skin: Skin, mm_per_px: float, dtype: Precision = np.float64) -> Sheet:
    """Draw a skin recipe on a grid of `mm_per_px`."""
    grid = Grid.covering(skin.size_mm, mm_per_px, dtype)
    scars, surface = stamp(skin.scars, grid, skin.seed), relief(skin, grid)
    melanin, blood = pigments(skin, grid)
    fade = np.clip(scars.fade, 0.1, 1)
    if skin.oedema > 0 or skin.makeup > 0:
        fade = fade * ((1 - 0.6 * skin.oedema) * (1 - _MAKEUP_FILL * skin.makeup))
    # Swelling lifts the surface; the tissue that is missing is still missing, so truth stays.
    filled = scars.missing * (1 - skin.oedema) if skin.oedema > 0 else scars.missing
    height = surface.form + surface.raised + surface.texture * fade - filled
    melanin = melanin + scars.melanin + _PLUG_MELANIN_OD * surface.plugs * fade
    blood = blood + veil(skin.tone.ita_deg) * scars.blood
    melanin, blood = _coloured(skin, grid, melanin, blood)
    return Sheet(
        height,
        scars.missing,
        scars.labels,
        melanin,
        blood,
        _oil(skin, grid),
        hair_cover(skin.hair, grid, skin.seed),
        mm_per_px,
    )


def _coloured(skin: Skin, grid: Grid, melanin: Field, blood: Field) -> tuple[Field, Field]:
    """Tan and erythema over all, make-up over that."""
    tone = skin.tone
    if tone.tan_od != 0:
        melanin = melanin + tone.tan_od
    if tone.erythema_od != 0:
        patchy = 1 + 0.3 * smooth_noise(stream(skin.seed, "flush"), grid, 5.0)
        blood = blood + veil(tone.ita_deg) * tone.erythema_od * patchy
    if skin.makeup == 0:
        return melanin, blood
    rng = stream(skin.seed, "makeup")
    patchy = 1 + 0.12 * smooth_noise(rng, grid, 3.0) + 0.08 * smooth_noise(rng, grid, 0.4)
    seen = 1 - np.clip(skin.makeup * patchy, 0, 0.97)
    return melanin * seen, blood * seen


def _oil(skin: Skin, grid: Grid) -> Field:
    rng = stream(skin.seed, "oil")
    patchy = 0.8 * smooth_noise(rng, grid, 3.5) + 0.6 * smooth_noise(rng, grid, 0.5)
    oil = np.clip(skin.shine.oil * np.exp(0.6 * patchy - 0.3), 0, 0.9)
    if skin.makeup > 0:
        oil = oil * (1 - 0.8 * skin.makeup)  # Powder takes up the film.
    if skin.shine.sweat_per_cm2 > 0:
        oil = np.maximum(oil, 0.95 * (sweat_beads(skin, grid) > 0))
    return np.asarray(oil, dtype=grid.x.dtype)


def seen_from(sheet: Sheet, pose: Pose, view_mm: tuple[float, float] | None) -> Sheet:
    """The sheet as a posed camera frames it: shifted, turned, cropped and tilted.

    Tilt enters as a slope, and in perspective where the pose states a distance; that relief itself
    shifts with tilt (0.04 mm for a pit of 0.5 mm at 5 degrees) is left out.
    """
    moved = sheet if _straight(pose) and view_mm is None else _move(sheet, pose, view_mm)
    if pose.tilt_x_deg == 0 and pose.tilt_y_deg == 0:
        return moved
    rows, cols = moved.height.shape
    kind = sheet.height.dtype
    x = ((np.arange(cols) - (cols - 1) / 2)[None, :] * sheet.mm_per_px).astype(kind, copy=False)
    y = ((np.arange(rows) - (rows - 1) / 2)[:, None] * sheet.mm_per_px).astype(kind, copy=False)
    slope_x, slope_y = _slopes(pose)
    fields = {**vars(moved), "height": moved.height + slope_x * x + slope_y * y}
    return Sheet(**fields)


def _straight(pose: Pose) -> bool:
    flat = math.isinf(pose.distance_mm) or pose.tilt_x_deg == pose.tilt_y_deg == 0
    return pose.shift_mm == (0.0, 0.0) and pose.turn_deg == 0 and flat


def _slopes(pose: Pose) -> tuple[float, float]:
    x, y = np.tan(np.radians([pose.tilt_x_deg, pose.tilt_y_deg])).tolist()
    return x, y


def _move(sheet: Sheet, pose: Pose, view_mm: tuple[float, float] | None) -> Sheet:
    rows, cols = sheet.height.shape
    if view_mm is not None:
        cols, rows = (round(s / sheet.mm_per_px) for s in view_mm)
    matrix = to_sheet(sheet, pose, (rows, cols))

    def warp(layer: Field, how: int) -> Field:
        flags, border = how | cv2.WARP_INVERSE_MAP, cv2.BORDER_REFLECT
        move = cv2.warpAffine if matrix.shape[0] == 2 else cv2.warpPerspective
        return np.asarray(move(layer, matrix, (cols, rows), flags=flags, borderMode=border))

    labels = warp(sheet.labels.astype(sheet.height.dtype), cv2.INTER_NEAREST).astype(np.int32)
    smooth = {
        name: warp(getattr(sheet, name), cv2.INTER_CUBIC)
        for name in ("height", "melanin", "blood", "oil", "hair")
    }
    missing = warp(sheet.missing, cv2.INTER_LINEAR)
    return Sheet(missing=missing, labels=labels, mm_per_px=sheet.mm_per_px, **smooth)


def to_sheet(sheet: Sheet, pose: Pose, shape: tuple[int, int]) -> NDArray[np.float64]:
    """From pixels of a photo of that shape to pixels of the sheet, shape (2, 3) or (3, 3)."""
    turn = np.radians(pose.turn_deg)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = np.asarray(pose.shift_mm) / sheet.mm_per_px
    here = (np.array(shape[::-1]) - 1) / 2
    there = (np.array(sheet.height.shape[::-1]) - 1) / 2
    if math.isinf(pose.distance_mm):
        return np.column_stack([spin, there + shift - spin @ here])
    before = np.array([[1, 0, -here[0]], [0, 1, -here[1]], [0, 0, 1]])
    after = np.array([[*spin[0], (there + shift)[0]], [*spin[1], (there + shift)[1]], [0, 0, 1]])
    return np.asarray(after @ _perspective(pose, sheet.mm_per_px) @ before)


def _perspective(pose: Pose, mm_per_px: float) -> NDArray[np.float64]:
    """Pixels from the photo's middle to pixels on the tilted skin, as a homography.

    A ray through (u, v) meets the plane z = ax x + ay y at D / (D + ax u + ay v) times (u, v).
    """
    ax, ay = _slopes(pose)
    length = math.sqrt(1 + ax * ax + ay * ay)
    # Turn the plane's normal into the camera's axis by the shortest way (Rodrigues).
    nx, ny, nz = -ax / length, -ay / length, 1 / length
    k = 1 / (1 + nz)
    lift = np.array([[1 - k * nx * nx, -k * nx * ny, -nx], [-k * nx * ny, 1 - k * ny * ny, -ny]])
    flat = lift @ np.array([[1, 0], [0, 1], [ax, ay]])
    strain = mm_per_px / pose.distance_mm
    return np.array([[*flat[0], 0.0], [*flat[1], 0.0], [strain * ax, strain * ay, 1.0]])
