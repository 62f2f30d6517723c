"""One shot from seed to file, with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.phantom.scars import truth_table

from .camera import draw_camera, take
from .colour import Colour, draw_colour
from .hairs import draw_hairs
from .lamps import Lighting, set_up
from .optics import leaving
from .pits import Pits, draw_pits
from .sheet import Field, Sheet, dice
from .shot import Quality, Shot
from .skin_lines import Surface, draw_surface, normals
from .trace import Picture, Skin, trace

MARGIN_MM = 8.0  # of skin beyond the frame: what it shades, and what a leaning camera sees


@dataclass(frozen=True, eq=False)
class Taken:
    """A photo and what is true of it; arrays on the photo's pixels.

    Attributes
    ----------
    jpeg : bytes
    light : ndarray of float32, shape (h, w, 3)
        What the camera was given.
    reflected : ndarray of float32, shape (h, w, 3)
        The part of it that the surface mirrors.
    depth_mm : ndarray of float32, shape (h, w)
        Missing depth along the normal of the unscarred surface.
    labels : ndarray of int32, shape (h, w)
        As in :class:`scarscope.phantom.render.Rendered`.
    table : DataFrame
        One row a scar, columns of :data:`scarscope.phantom.scars.TRUTH_COLUMNS`.
    shot : Shot
    """

    jpeg: bytes
    light: Picture
    reflected: Picture
    depth_mm: Field
    labels: NDArray[np.int32]
    table: pd.DataFrame
    shot: Shot


def photograph(shot: Shot, quality: Quality, *, pits: Pits | None = None) -> Taken:
    """Draw the skin of a shot, light it, photograph it.

    Parameters
    ----------
    shot : Shot
    quality : Quality
    pits : Pits, optional
        Scars to use instead of those of the seed.
    """
    sheet = Sheet.of_side(quality.view_mm + MARGIN_MM, quality.step_mm)
    scars = draw_pits(shot, sheet, quality.view_mm) if pits is None else pits
    surface = draw_surface(shot, sheet)
    plugs = surface.plugs * (1 - scars.worn)
    colour = draw_colour(shot, sheet, scars, plugs)
    return expose(shot, quality, sheet, scars, surface, colour, set_up(shot))


def expose(
    shot: Shot,
    quality: Quality,
    sheet: Sheet,
    scars: Pits,
    surface: Surface,
    colour: Colour,
    lighting: Lighting,
) -> Taken:
    """The same for skin that is drawn already."""
    raised = surface.coarse + surface.fine * (1 - scars.worn) + colour.raised + scars.rim
    points = displaced(surface.face, raised - scars.missing, sheet)
    hairs = draw_hairs(shot, sheet, points[..., 2])
    skin = Skin(points, _alpha(shot, surface.grease), colour.tone, hairs)
    traced = trace(skin, lighting, shot, quality)
    albedo = looked_up(colour.albedo, traced.place, shot.mm_per_px / sheet.step_mm)
    scale = float(dice(shot.seed, "scatter").uniform(0.8, 1.25))
    diffuse = leaving(traced.irradiance, albedo, colour.tone, traced.bare, shot.mm_per_px, scale)
    depth, labels, table = true_scars(scars, traced.place, shot.mm_per_px, sheet.step_mm)
    light = diffuse + traced.reflected
    bright = float(colour.tone @ np.array([0.2126, 0.7152, 0.0722]))
    jpeg = take(light, draw_camera(shot.seed, bright), shot.seed)
    return Taken(jpeg, light, traced.reflected, depth, labels, table, shot)


def displaced(face: Field, height: Field, sheet: Sheet) -> Picture:
    """Points of the surface: the face's form, moved along its normals by `height`."""
    nx, ny, nz = normals(face, sheet.step_mm)
    x, y = sheet.x + nx * height, sheet.y + ny * height
    return np.stack([x, y, face + nz * height], axis=-1).astype(np.float32)


def _alpha(shot: Shot, grease: Field) -> Field:
    rng = dice(shot.seed, "shine")
    dry, oily = rng.uniform(0.32, 0.45), rng.uniform(0.22, 0.30)
    return np.asarray(dry + (oily - dry) * grease, dtype=np.float32)


def looked_up(field: Picture, place: Picture, points_a_pixel: float) -> Picture:
    """Means of a sheet's field over the points that each pixel shows."""
    size = (points_a_pixel, points_a_pixel)
    broad = cv2.GaussianBlur(field, (0, 0), 0.29 * size[0]) if size[0] > 1 else field
    x, y = np.ascontiguousarray(place[..., 1]), np.ascontiguousarray(place[..., 0])
    return np.asarray(cv2.remap(broad, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def true_scars(
    scars: Pits, place: Picture, mm_per_px: float, step_mm: float
) -> tuple[Field, NDArray[np.int32], pd.DataFrame]:
    """Missing depth, labels and table of what a photo shows."""
    depth = looked_up(scars.missing, place, mm_per_px / step_mm)
    last = scars.owner.shape[0] - 1
    rows, columns = (np.clip(np.rint(place[..., k]), 0, last).astype(int) for k in (0, 1))
    labels, table = truth_table(depth, scars.owner[rows, columns], scars.kinds, mm_per_px)
    return np.maximum(depth, 0), labels, table
