"""The sheet: a piece of skin laid out in its own frame, and the view a camera has of it.

Everything that belongs to the skin is drawn in the skin's frame, so that photographing the same
skin again from a slightly different place moves pores, lines, marks and scars together.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.geometry import relief
from scarscope.phantom.hair import hair_cover
from scarscope.phantom.noise import Field, Grid, smooth_noise, stream
from scarscope.phantom.pigment import pigments, veil
from scarscope.phantom.recipe import Pose, Skin
from scarscope.phantom.scars import stamp

_PLUG_MELANIN_OD = 0.10  # A pore's content is darker; about as much as a freckle.


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


def lay_out(skin: Skin, mm_per_px: float) -> Sheet:
    """Draw a skin recipe on a grid of `mm_per_px`."""
    grid = Grid.covering(skin.size_mm, mm_per_px)
    scars, surface = stamp(skin.scars, grid, skin.seed), relief(skin, grid)
    melanin, blood = pigments(skin, grid)
    fade = np.clip(scars.fade, 0.1, 1)
    height = surface.form + surface.raised + surface.texture * fade - scars.missing
    melanin = melanin + scars.melanin + _PLUG_MELANIN_OD * surface.plugs * fade
    blood = blood + veil(skin.tone.ita_deg) * scars.blood
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


def _oil(skin: Skin, grid: Grid) -> Field:
    rng = stream(skin.seed, "oil")
    patchy = 0.8 * smooth_noise(rng, grid, 3.5) + 0.6 * smooth_noise(rng, grid, 0.5)
    return np.clip(skin.shine.oil * np.exp(0.6 * patchy - 0.3), 0, 0.9)


def seen_from(sheet: Sheet, pose: Pose, view_mm: tuple[float, float] | None) -> Sheet:
    """The sheet as a posed camera frames it: shifted, turned, cropped and tilted.

    Tilt enters as a slope; the foreshortening of small tilts (0.4 % at 5 degrees) is left out.
    """
    moved = sheet if _straight(pose) and view_mm is None else _move(sheet, pose, view_mm)
    if pose.tilt_x_deg == 0 and pose.tilt_y_deg == 0:
        return moved
    rows, cols = moved.height.shape
    x = (np.arange(cols) - (cols - 1) / 2)[None, :] * sheet.mm_per_px
    y = (np.arange(rows) - (rows - 1) / 2)[:, None] * sheet.mm_per_px
    slope_x, slope_y = np.tan(np.radians([pose.tilt_x_deg, pose.tilt_y_deg]))
    fields = {**vars(moved), "height": moved.height + slope_x * x + slope_y * y}
    return Sheet(**fields)


def _straight(pose: Pose) -> bool:
    return pose.shift_mm == (0.0, 0.0) and pose.turn_deg == 0


def _move(sheet: Sheet, pose: Pose, view_mm: tuple[float, float] | None) -> Sheet:
    rows, cols = sheet.height.shape
    if view_mm is not None:
        cols, rows = (round(s / sheet.mm_per_px) for s in view_mm)
    matrix = _to_sheet(sheet, pose, (rows, cols))

    def warp(layer: Field, how: int) -> Field:
        flags = how | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(layer, matrix, (cols, rows), flags=flags, borderMode=cv2.BORDER_REFLECT)
        )

    labels = warp(sheet.labels.astype(np.float64), cv2.INTER_NEAREST).astype(np.int32)
    smooth = {
        name: warp(getattr(sheet, name), cv2.INTER_CUBIC)
        for name in ("height", "melanin", "blood", "oil", "hair")
    }
    missing = warp(sheet.missing, cv2.INTER_LINEAR)
    return Sheet(missing=missing, labels=labels, mm_per_px=sheet.mm_per_px, **smooth)


def _to_sheet(sheet: Sheet, pose: Pose, shape: tuple[int, int]) -> NDArray[np.float64]:
    turn = np.radians(pose.turn_deg)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = np.asarray(pose.shift_mm) / sheet.mm_per_px
    here = (np.array(shape[::-1]) - 1) / 2
    there = (np.array(sheet.height.shape[::-1]) - 1) / 2
    return np.column_stack([spin, there + shift - spin @ here])
