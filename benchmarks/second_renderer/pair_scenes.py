"""Photos of one skin again and again: posed anew, treated, under other lamps.

What is drawn from the seed (surface, scars, colour, hairs) is the same in all of them. Each has its
own noise, of the paths and of the sensor.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from scarscope.phantom.store import replace_bytes

from .camera import Camera, draw_camera, take
from .colour import Colour, draw_colour
from .hairs import draw_hairs
from .lamps import Lighting, Panel, set_up
from .optics import leaving
from .photo import displaced, looked_up
from .pits import Pits, draw_pits
from .sheet import Field, Sheet, dice
from .shot import LIGHTS, Quality, Shot
from .skin_lines import Surface, draw_surface
from .store import DRAWING
from .trace import Picture, Skin, trace

# Raise it when a change to this file alters what a seed gives.
PAIR_DRAWING = 1
_MARGIN_MM = 11.0  # of skin beyond the frame, both sides together: more than re-posing needs
# Draws of scars that are laid over each other, and how far apart those of different draws stay.
_DRAWS, _APART_MM = 3, 1.2
_STEEPEST_DEG, _HIGHEST_DEG = 72.0, 5.0  # zenith of lamps: beyond this they are no portrait lamps


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How the skin lies: shifted, turned about the camera's axis, leaning right and up."""

    right_mm: float = 0.0
    up_mm: float = 0.0
    turn_deg: float = 0.0
    tilt_deg: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """What differs from photo to photo before the camera.

    Attributes
    ----------
    name : str
        Unique for a skin.
    lighting : Lighting
    pose : Pose
    response : float
        Mean share of depth that is gone; single scars differ around it.
    """

    name: str
    lighting: Lighting
    pose: Pose = Pose()
    response: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What differs in the camera: exposure, white balance, focus."""

    stops: float = 0.0
    warmth: float = 0.0
    defocus_mm: float = 0.0


@dataclass(frozen=True, eq=False)
class Person:
    """Skin that is drawn already, before anyone lights it."""

    shot: Shot
    sheet: Sheet
    pits: Pits
    surface: Surface
    colour: Colour


@dataclass(frozen=True, eq=False)
class Seen:
    """What the camera was given, and where on the sheet each pixel looks.

    Attributes
    ----------
    light : ndarray of float32, shape (h, w, 3)
    place : ndarray of float32, shape (h, w, 2)
        Row and column of the sheet.
    """

    light: Picture
    place: Picture


def draw_person(shot: Shot, quality: Quality) -> Person:
    """The skin of a seed with its scars."""
    sheet = Sheet.of_side(quality.view_mm + _MARGIN_MM, quality.step_mm)
    pits = draw_scars(shot, sheet, quality.view_mm)
    surface = draw_surface(shot, sheet)
    plugs = surface.plugs * (1 - pits.worn)
    return Person(shot, sheet, pits, surface, draw_colour(shot, sheet, pits, plugs))


def draw_scars(shot: Shot, sheet: Sheet, view_mm: float) -> Pits:
    """Scars of several seeds, none on another's: a change needs something to show on."""
    pits = draw_pits(shot, sheet, view_mm)
    for number in range(1, _DRAWS):
        seed = int(dice(shot.seed, f"scars {number}").integers(2**31))
        pits = _joined(pits, draw_pits(replace(shot, seed=seed), sheet, view_mm), sheet.step_mm)
    return pits


def _joined(first: Pits, second: Pits, step_mm: float) -> Pits:
    """The first scars, and those of the second that are clear of them."""
    reach = scipy.ndimage.distance_transform_edt(first.owner == 0) * step_mm
    hit = np.unique(second.owner[reach < _APART_MM])
    nearest = _nearest(second.owner)
    # What is around a scar goes with it; halfway to the next one there is nothing.
    keep = (~np.isin(nearest, hit) & (reach > _APART_MM / 2)).astype(np.float32)
    own = np.where((second.owner > 0) & (keep > 0), second.owner + len(first.kinds), 0)
    return Pits(
        missing=first.missing + keep * second.missing,
        owner=np.where(first.owner > 0, first.owner, own).astype(np.int32),
        kinds=(*first.kinds, *second.kinds),
        rim=first.rim + keep * second.rim,
        worn=np.maximum(first.worn, keep * second.worn),
        red=first.red + keep * second.red,
        brown=first.brown + keep * second.brown,
    )


def _nearest(owner: NDArray[np.int32]) -> NDArray[np.int32]:
    """The scar that each point is in or next to; 0 everywhere without scars."""
    rows, columns = scipy.ndimage.distance_transform_edt(
        owner == 0, return_distances=False, return_indices=True
    )
    return np.asarray(owner[rows, columns])


def draw_pose(rng: np.random.Generator) -> Pose:
    """A re-posing of about a millimetre and a degree."""
    right, up, turn, lean, nod = rng.standard_normal(5).tolist()
    return Pose(
        right_mm=0.7 * right, up_mm=0.7 * up, turn_deg=turn, tilt_deg=(0.7 * lean, 0.7 * nod)
    )


def treated(person: Person, response: float) -> Pits:
    """The person's scars with a share of depth gone, scar by scar; their colour stays.

    Parameters
    ----------
    person : Person
    response : float
        0 leaves them as they are; below 0 they get deeper.
    """
    pits, step = person.pits, person.sheet.step_mm
    if response == 0:
        return pits
    spread = dice(person.shot.seed, "response").standard_normal(len(pits.kinds))
    shares = np.clip(response * np.exp(0.3 * spread), -0.9, 0.95).astype(np.float32)
    # A scar's skirt, below what counts as its own, goes with the scar next to it.
    nearest = _nearest(pits.owner)
    left = np.where(nearest > 0, 1 - shares[np.maximum(nearest, 1) - 1], np.float32(1))
    # Where a small scar lies in a wide one there must be no step.
    left = cv2.GaussianBlur(left, (0, 0), 0.15 / step)
    return replace(pits, missing=pits.missing * left, rim=pits.rim * left)


def look(person: Person, sitting: Sitting, quality: Quality) -> Seen:
    """Pose the skin, light it, look at it."""
    shot, sheet, colour = person.shot, person.sheet, person.colour
    pits = treated(person, sitting.response)
    skin = _posed(_skin(person, pits), sitting.pose)
    noise = int(dice(shot.seed, f"paths {sitting.name}").integers(2**31))
    traced = trace(skin, sitting.lighting, replace(shot, seed=noise), quality)
    albedo = looked_up(colour.albedo, traced.place, shot.mm_per_px / sheet.step_mm)
    scale = float(dice(shot.seed, "scatter").uniform(0.8, 1.25))
    diffuse = leaving(traced.irradiance, albedo, colour.tone, traced.bare, shot.mm_per_px, scale)
    return Seen(diffuse + traced.reflected, traced.place)


def _skin(person: Person, pits: Pits) -> Skin:
    shot, sheet, surface = person.shot, person.sheet, person.surface
    fine = surface.fine * (1 - pits.worn)
    raised = surface.coarse + fine + person.colour.raised + pits.rim
    points = displaced(surface.face, raised - pits.missing, sheet)
    rng = dice(shot.seed, "shine")
    dry, oily = rng.uniform(0.32, 0.45), rng.uniform(0.22, 0.30)
    alpha = np.asarray(dry + (oily - dry) * surface.grease, dtype=np.float32)
    return Skin(points, alpha, person.colour.tone, draw_hairs(shot, sheet, points[..., 2]))


def _posed(skin: Skin, pose: Pose) -> Skin:
    turn, (lean, nod) = np.radians(pose.turn_deg), np.radians(pose.tilt_deg)
    about_z = _rotation(turn, 0, 1)
    matrix = (about_z @ _rotation(lean, 2, 0) @ _rotation(nod, 1, 2)).astype(np.float32)
    shift = np.array([pose.right_mm, pose.up_mm, 0], np.float32)
    hairs = skin.hairs
    if hairs is not None:
        hairs = replace(hairs, points=hairs.points @ matrix.T + shift)
    return replace(skin, points=skin.points @ matrix.T + shift, hairs=hairs)


def _rotation(angle: float, a: int, b: int) -> NDArray[np.float64]:
    """From axis `a` towards axis `b`."""
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[b, a], matrix[a, b] = np.sin(angle), -np.sin(angle)
    return matrix


def develop(person: Person, seen: Seen, name: str, setting: Setting) -> bytes:
    """The JPEG of one photo; `name` says which noise the sensor has."""
    bright = float(person.colour.tone @ np.array([0.2126, 0.7152, 0.0722]))
    camera = _set(draw_camera(person.shot.seed, bright), setting)
    noise = int(dice(person.shot.seed, f"sensor {name}").integers(2**31))
    light = _defocused(seen.light, setting.defocus_mm / person.shot.mm_per_px)
    return take(light, camera, noise)


def _set(camera: Camera, setting: Setting) -> Camera:
    red, blue = camera.gains
    return replace(
        camera,
        key=camera.key * 2.0**setting.stops,
        gains=(red * float(np.exp(setting.warmth)), blue * float(np.exp(-setting.warmth))),
    )


def _defocused(light: Picture, radius_px: float) -> Picture:
    """Light through a disc, as out of focus."""
    if radius_px < 0.5:
        return light
    reach = int(np.ceil(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(light, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT))


def moved(lighting: Lighting, *, azimuth_deg: float = 0.0, zenith_deg: float = 0.0) -> Lighting:
    """The same lamps elsewhere; zenith stays within what portrait lamps have."""
    panels = tuple(_moved(panel, azimuth_deg, zenith_deg) for panel in lighting.panels)
    return replace(lighting, panels=panels)


def _moved(panel: Panel, azimuth: float, zenith: float) -> Panel:
    low, high = min(_HIGHEST_DEG, panel.zenith_deg), max(_STEEPEST_DEG, panel.zenith_deg)
    return replace(
        panel,
        azimuth_deg=panel.azimuth_deg + azimuth,
        zenith_deg=float(np.clip(panel.zenith_deg + zenith, low, high)),
    )


def another_light(shot: Shot, number: int) -> Lighting:
    """Lamps of another kind than the shot's."""
    others = [name for name in LIGHTS if name != shot.light]
    return set_up(replace(shot, light=others[number % len(others)]))


def kept_look(folder: Path, person: Person, sitting: Sitting, quality: Quality) -> Seen:
    """The same as :func:`look`, from `folder` where it lies there as it would be drawn now."""
    file = folder / f"S{person.shot.seed}-{sitting.name}.npz"
    made = json.dumps(
        {
            "drawing": [DRAWING, PAIR_DRAWING],
            "shot": asdict(person.shot),
            "sitting": asdict(sitting),
            "quality": asdict(quality),
        }
    )
    if file.is_file():
        with np.load(file) as kept:
            if str(kept["made"]) == made:
                return Seen(kept["light"], kept["place"])
    seen = look(person, sitting, quality)
    buffer = io.BytesIO()
    np.savez(buffer, made=np.array(made), light=seen.light, place=seen.place)
    replace_bytes(file, buffer.getvalue())
    return seen


def depth_there(pits: Pits, places: Picture) -> Field:
    """Missing depth in mm at rows and columns of the sheet, shape (h, w, 2)."""
    x, y = (np.ascontiguousarray(places[..., k]) for k in (1, 0))
    return np.asarray(cv2.remap(np.maximum(pits.missing, 0), x, y, cv2.INTER_LINEAR))
