"""Pigment: the tone of the skin, its mottling, and marks that are no atrophic scars.

Colours are linear sRGB. Density is decadic, in green; melanin and blood weigh on red and blue by
fixed ratios (melanin absorbs as wavelength^-3.33, flattened by scatter; blood hardly absorbs red).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.color import lab2rgb

from .pits import Pits
from .sheet import Field, Sheet, bump, dice, ramp, waves
from .shot import Shot

_MELANIN = np.array([0.62, 1.0, 1.38], np.float32)
_BLOOD = np.array([0.16, 1.0, 0.80], np.float32)
_MOST_ALBEDO = 0.92


@dataclass(frozen=True, eq=False)
class Colour:
    """Diffuse colour of a sheet.

    Attributes
    ----------
    albedo : ndarray of float32, shape (count, count, 3)
    tone : ndarray of float32, shape (3,)
        Colour that was asked for, without mottling and marks.
    raised : ndarray of float32, shape (count, count)
        Height in mm of naevi and papules.
    """

    albedo: NDArray[np.float32]
    tone: NDArray[np.float32]
    raised: Field


def tone_of(ita_deg: float, chroma: float, redness: float) -> NDArray[np.float32]:
    """Linear RGB of skin whose individual typology angle is `ita_deg`.

    Parameters
    ----------
    ita_deg : float
        atan((L* - 50) / b*).
    chroma : float
        Factor on b*: 0.85 for rosy, 1.15 for sallow skin.
    redness : float
        Added to a*.
    """
    light = np.interp(ita_deg, (-50, -20, 15, 35, 55), (0, 0.25, 0.55, 0.75, 1.0))
    b = chroma * float(np.interp(light, (0, 0.25, 0.55, 0.8, 1), (14.5, 18.5, 20.5, 17.5, 14.5)))
    a = redness + float(np.interp(light, (0, 0.25, 0.55, 0.8, 1), (11.0, 12.0, 11.0, 9.5, 8.5)))
    lab = np.array([50 + b * np.tan(np.radians(ita_deg)), a, b])
    rgb = lab2rgb(lab[None, None, :])[0, 0]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear, dtype=np.float32)


def draw_colour(shot: Shot, sheet: Sheet, pits: Pits, plugs: Field) -> Colour:
    """The colour of one seed's skin."""
    rng = dice(shot.seed, "tone")
    tone = tone_of(shot.ita_deg, rng.uniform(0.88, 1.12), rng.normal(0, 1.2))
    brown, red = _mottled(shot, sheet)
    marks = _Marks.on(shot, sheet)
    brown += marks.brown + pits.brown + rng.uniform(0.03, 0.14) * plugs
    red += marks.red + pits.red
    density = brown[..., None] * _MELANIN + red[..., None] * _BLOOD * _veil(shot.ita_deg)
    albedo = np.minimum(tone * 10.0**-density, _MOST_ALBEDO)
    return Colour(albedo.astype(np.float32), tone, marks.raised)


def _veil(ita_deg: float) -> float:
    """Blood shows less below more melanin."""
    return float(np.interp(ita_deg, (-45, 20), (0.45, 1.0)))


def _mottled(shot: Shot, sheet: Sheet) -> tuple[Field, Field]:
    """Uneven melanin and blood, with vessels too fine to tell apart."""
    rng = dice(shot.seed, "mottle")
    brown = rng.uniform(0.008, 0.026) * waves(sheet, rng, 0.5, 18.0, fall=1.4)
    red = rng.uniform(0.010, 0.030) * waves(sheet, rng, 0.6, 14.0, fall=1.3)
    threads = np.exp(-((np.abs(waves(sheet, rng, 0.7, 3.0)) / 0.16) ** 2))
    red += rng.uniform(0, 0.02) * threads * ramp(waves(sheet, rng, 4.0, 14.0))
    return brown, red


@dataclass(frozen=True, eq=False)
class _Marks:
    brown: Field
    red: Field
    raised: Field

    @classmethod
    def on(cls, shot: Shot, sheet: Sheet) -> _Marks:
        rng = dice(shot.seed, "marks")
        marks = cls(*(np.zeros((sheet.count, sheet.count), np.float32) for _ in range(3)))
        ragged = waves(sheet, rng, 0.7, 4.0, fall=1.8)
        for name, few, many in _HOW_MANY:
            wanted = shot.subject == name or (shot.subject == "scars" and name != "wrinkles")
            mean = many if shot.subject == name else few * wanted
            for _ in range(int(rng.poisson(mean))):
                _STAMP[name](marks, rng, sheet, ragged, shot.ita_deg)
        return marks


# Subject, how many among scars, how many where it is the subject itself.
_HOW_MANY = (
    ("freckles", 5.0, 60.0),
    ("naevi", 0.6, 6.0),
    ("papules", 0.7, 7.0),
    ("marks", 2.0, 9.0),
)


def _blob(
    rng: np.random.Generator, sheet: Sheet, ragged: Field, wide_mm: float, uneven: float = 0.08
) -> tuple[tuple[slice, slice], Field]:
    """A window, and distance from the middle of an irregular spot there, 1 on its edge."""
    half = sheet.half_mm - 3
    x, y = rng.uniform(-half, half, 2).tolist()
    at = sheet.window(x, y, 1.3 * wide_mm + 0.5)
    turn, aspect = rng.uniform(0, np.pi), rng.uniform(1.0, 1.4)
    dx, dy = sheet.x[:, at[1]] - x, sheet.y[at[0]] - y
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    r = np.hypot(u / np.sqrt(aspect), v * np.sqrt(aspect)) / (wide_mm / 2)
    return at, np.asarray(r + uneven * ragged[at] * np.clip(r, 0, 1.2), dtype=np.float32)


def _freckle(
    marks: _Marks, rng: np.random.Generator, sheet: Sheet, ragged: Field, ita_deg: float
) -> None:
    at, r = _blob(rng, sheet, ragged, float(np.exp(rng.normal(0.35, 0.4)).clip(0.6, 3.5)))
    marks.brown[at] += rng.uniform(0.04, 0.20) * ramp((1.3 - r) / rng.uniform(0.5, 1.1))


def _naevus(
    marks: _Marks, rng: np.random.Generator, sheet: Sheet, ragged: Field, ita_deg: float
) -> None:
    wide, edge = rng.uniform(1.5, 5.0), rng.uniform(0.15, 0.5)
    at, r = _blob(rng, sheet, ragged, wide, 0.06)
    speckled = 1 + 0.15 * ragged[at]
    marks.brown[at] += rng.uniform(0.25, 0.85) * speckled * ramp((1 + edge / 2 - r) / edge)
    if rng.uniform() < 0.45:
        marks.raised[at] += rng.uniform(0.08, 0.20) * wide * bump(r / 1.15) ** 0.6


def _papule(
    marks: _Marks, rng: np.random.Generator, sheet: Sheet, ragged: Field, ita_deg: float
) -> None:
    wide = rng.uniform(1.8, 5.0)
    at, r = _blob(rng, sheet, ragged, wide, 0.04)
    marks.raised[at] += rng.uniform(0.06, 0.14) * wide * bump(r / 1.1)
    marks.red[at] += rng.uniform(0.10, 0.30) * np.exp(-((r / 1.2) ** 2))
    if rng.uniform() < 0.35:  # A head of pus is paler than what surrounds it.
        pale = bump(r / 0.4)
        marks.red[at] -= 0.22 * pale
        marks.brown[at] -= 0.06 * pale


def _flat_mark(
    marks: _Marks, rng: np.random.Generator, sheet: Sheet, ragged: Field, ita_deg: float
) -> None:
    edge = rng.uniform(0.6, 1.8)
    at, r = _blob(rng, sheet, ragged, rng.uniform(1.8, 6.5))
    spot = ramp((1 + edge / 2 - r) / edge) * np.clip(1 + 0.2 * ragged[at], 0, 2)
    if rng.uniform() < (0.3 if ita_deg < 10 else 0.65):
        marks.red[at] += rng.uniform(0.06, 0.24) * spot
    else:
        marks.brown[at] += rng.uniform(0.08, 0.32) * spot


_STAMP = {"freckles": _freckle, "naevi": _naevus, "papules": _papule, "marks": _flat_mark}
