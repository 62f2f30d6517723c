"""Colour maths: sRGB, linear light, CIE XYZ and L*a*b* (D65, 2°), ITA and tone classes.

Legend
------
linear : light in sRGB primaries, 0 to 1, proportional to photons
encoded : the same after the sRGB transfer curve, as files carry it
XYZ : CIE 1931 tristimulus values, Y of white is 1
Lab : CIE 1976 L*a*b* relative to D65 white; L* 0 to 100

Arrays end in an axis of length 3 where they hold colours. float32 stays float32 and float64 stays
float64; other kinds become float64.

Sources: IEC 61966-2-1:1999 (sRGB: primaries, white point and curve), CIE 015:2018 (L*a*b*),
Chardon 1991 and Del Bino 2006 (ITA and its six classes), Sharma, Wu & Dalal 2005, Color Res Appl
30:21 (CIEDE2000).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]
ToneClass = Literal["very light", "light", "intermediate", "tan", "brown", "dark"]

# xy chromaticities of Rec. 709 red, green, blue and of D65, as IEC 61966-2-1 states them.
_SRGB_PRIMARIES = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_D65_XY = (0.3127, 0.3290)

# IEC 61966-2-1: a straight piece near black, then a power law.
_LINEAR_SLOPE = 12.92
_OFFSET = 0.055
_EXPONENT = 2.4
_ENCODED_JOIN = 0.04045
_LINEAR_JOIN = 0.0031308

# CIE 015: the cube root gives way to a line below (6/29)^3.
_LAB_DELTA = 6.0 / 29.0

# Lower edges in degrees (Chardon 1991; Del Bino 2006), lightest first; the last has none.
_TONE_EDGES_DEG = (55.0, 41.0, 28.0, 10.0, -30.0)
TONE_CLASSES: tuple[ToneClass, ...] = get_args(ToneClass)


def rgb_to_xyz_matrix(
    primaries: ArrayLike = _SRGB_PRIMARIES, white_xy: tuple[float, float] = _D65_XY
) -> NDArray[np.float64]:
    """The matrix that turns linear RGB columns into XYZ, from chromaticities.

    Parameters
    ----------
    primaries : array_like, shape (3, 2)
        xy of red, green and blue.
    white_xy : tuple of float
        xy of the white that RGB (1, 1, 1) shall have, with Y = 1.

    Returns
    -------
    ndarray of float64, shape (3, 3)
    """
    xy = np.asarray(primaries, dtype=np.float64)
    columns = np.stack([xy[:, 0] / xy[:, 1], np.ones(3), (1 - xy.sum(axis=1)) / xy[:, 1]])
    x, y = white_xy
    white = np.array([x / y, 1.0, (1 - x - y) / y])
    return np.asarray(columns * np.linalg.solve(columns, white))


LINEAR_TO_XYZ: NDArray[np.float64] = rgb_to_xyz_matrix()
LINEAR_TO_XYZ.setflags(write=False)
D65_XYZ: NDArray[np.float64] = LINEAR_TO_XYZ.sum(axis=1)
D65_XYZ.setflags(write=False)


def srgb_to_linear(encoded: ArrayLike) -> Floats:
    """Undo the sRGB curve.

    Parameters
    ----------
    encoded : array_like
        uint8 (0 to 255) or uint16 (0 to 65535) by a table, giving float32; or floats, 0 to 1.
        Floats outside that range are carried through smoothly, not clipped.

    Returns
    -------
    ndarray of float32 or float64, same shape
        Linear light.

    Examples
    --------
    >>> float(srgb_to_linear(0.5).round(4))
    0.214
    """
    codes = np.asarray(encoded)
    if codes.dtype in (np.uint8, np.uint16):
        return np.take(decoding_table(codes.dtype.itemsize * 8), codes)
    values = _floats(codes)
    bent = np.asarray(np.maximum(values, _ENCODED_JOIN))  # asarray keeps 0-d an array
    bent += _OFFSET
    bent *= 1 / (1 + _OFFSET)
    np.power(bent, _EXPONENT, out=bent)
    return np.where(values <= _ENCODED_JOIN, values / _LINEAR_SLOPE, bent)


@cache
def decoding_table(bits: int) -> NDArray[np.float32]:
    """Linear light of every sRGB code, shape (2**bits,); read-only, made once."""
    table: NDArray[np.float32] = srgb_to_linear(np.linspace(0, 1, 1 << bits)).astype(np.float32)
    table.setflags(write=False)
    return table


def linear_to_srgb(linear: ArrayLike) -> Floats:
    """Apply the sRGB curve to floats, 0 to 1; the inverse of :func:`srgb_to_linear`.

    Values outside 0 to 1 are carried through smoothly, not clipped. Multiply by 255 or 65535 and
    round to make codes.

    Examples
    --------
    >>> float(linear_to_srgb(0.18).round(4))
    0.4614
    """
    values = _floats(np.asarray(linear))
    bent = np.asarray(np.maximum(values, _LINEAR_JOIN))
    np.power(bent, 1 / _EXPONENT, out=bent)
    bent *= 1 + _OFFSET
    bent -= _OFFSET
    return np.where(values <= _LINEAR_JOIN, values * _LINEAR_SLOPE, bent)


def linear_to_xyz(linear: ArrayLike) -> Floats:
    """Linear sRGB, shape (..., 3), to XYZ of the same shape (white has Y = 1)."""
    return _apply(LINEAR_TO_XYZ, linear)


def xyz_to_linear(xyz: ArrayLike) -> Floats:
    """XYZ, shape (..., 3), to linear sRGB; colours outside sRGB come out below 0 or above 1."""
    return _apply(np.linalg.inv(LINEAR_TO_XYZ), xyz)


def xyz_to_lab(xyz: ArrayLike) -> Floats:
    """XYZ, shape (..., 3), to L*a*b* relative to D65 (CIE 015)."""
    scaled = _floats(np.asarray(xyz))
    t = scaled / D65_XYZ.astype(scaled.dtype)
    line = t / (3 * _LAB_DELTA**2) + 4 / 29
    f = np.where(t > _LAB_DELTA**3, np.cbrt(t), line)
    fx, fy, fz = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


def lab_to_xyz(lab: ArrayLike) -> Floats:
    """L*a*b* relative to D65, shape (..., 3), to XYZ."""
    values = _floats(np.asarray(lab))
    fy = (values[..., 0] + 16) / 116
    f = np.stack([fy + values[..., 1] / 500, fy, fy - values[..., 2] / 200], axis=-1)
    t = np.where(f > _LAB_DELTA, f**3, 3 * _LAB_DELTA**2 * (f - 4 / 29))
    return np.asarray(t * D65_XYZ.astype(values.dtype))


def linear_to_lab(linear: ArrayLike) -> Floats:
    """Linear sRGB, shape (..., 3), to L*a*b* relative to D65.

    Examples
    --------
    >>> linear_to_lab([1.0, 1.0, 1.0]).round(6).tolist()
    [100.0, 0.0, 0.0]
    """
    return xyz_to_lab(linear_to_xyz(linear))


def lab_to_linear(lab: ArrayLike) -> Floats:
    """L*a*b* relative to D65, shape (..., 3), to linear sRGB (may leave 0 to 1)."""
    return xyz_to_linear(lab_to_xyz(lab))


def ciede2000(lab1: ArrayLike, lab2: ArrayLike) -> Floats:
    """Colour difference CIEDE2000, with all three weights 1.

    Parameters
    ----------
    lab1, lab2 : array_like, shape (..., 3)
        L*a*b* under the same white; shapes broadcast.

    Returns
    -------
    ndarray of float64 or float32, shape (...)
        0 for equal colours; about 1 is just seen. Not a metric: use it for small differences.
        NaN where a colour holds NaN.

    Notes
    -----
    Source: Sharma, Wu & Dalal 2005, whose 34 pairs it meets to four decimals.

    Examples
    --------
    >>> float(ciede2000([50, 2.6772, -79.7751], [50, 0, -82.7485]).round(4))
    2.0425
    """
    one, two = np.broadcast_arrays(_floats(np.asarray(lab1)), _floats(np.asarray(lab2)))
    stretch = _neutral_stretch(one, two)
    (c1, h1), (c2, h2) = _polar(one, stretch), _polar(two, stretch)
    turn = h2 - h1
    turn = np.where(np.abs(turn) > np.pi, turn - np.copysign(2 * np.pi, turn), turn)
    sum_c, light = (c1 + c2) / 2, (one[..., 0] + two[..., 0]) / 2
    hue = _mean_hue(h1, h2)
    off = (light - 50) ** 2
    dl = (two[..., 0] - one[..., 0]) / (1 + 0.015 * off / np.sqrt(20 + off))
    dc = (c2 - c1) / (1 + 0.045 * sum_c)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2) / (1 + 0.015 * sum_c * _hue_weight(hue))
    blue = 60 * np.exp(-(((np.degrees(hue) - 275) / 25) ** 2))  # the turn in the blue, degrees
    rotation = -2 * np.sqrt(_seventh(sum_c)) * np.sin(np.radians(blue))
    squared = dl**2 + dc**2 + dh**2 + rotation * dc * dh
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def _seventh(chroma: Floats) -> Floats:
    """CIEDE2000's ``C⁷ / (C⁷ + 25⁷)``."""
    power = chroma**7
    return np.asarray(power / (power + 25.0**7))


def _neutral_stretch(one: Floats, two: Floats) -> Floats:
    """Factor ``1 + G`` of a*, which makes near-neutral colours rounder."""
    mean = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(two[..., 1], two[..., 2])) / 2
    return np.asarray(1 + 0.5 * (1 - np.sqrt(_seventh(mean))))


def _polar(lab: Floats, stretch: Floats) -> tuple[Floats, Floats]:
    """Chroma, and hue from 0 to 2 pi (0 for neutral colours)."""
    a, b = lab[..., 1] * stretch, lab[..., 2]
    return np.hypot(a, b), np.arctan2(b, a) % (2 * np.pi)


def _mean_hue(h1: Floats, h2: Floats) -> Floats:
    """Middle of the shorter arc between two hues (of no account where a colour is neutral)."""
    half = (h1 + h2) / 2
    return np.where(np.abs(h1 - h2) > np.pi, half + np.pi, half) % (2 * np.pi)


def _hue_weight(hue: Floats) -> Floats:
    """CIEDE2000's T."""
    return np.asarray(
        1
        - 0.17 * np.cos(hue - math.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + math.radians(6))
        - 0.20 * np.cos(4 * hue - math.radians(63))
    )


def ita_deg(lightness: ArrayLike, b_star: ArrayLike) -> Floats:
    """Individual typology angle, ``atan((L* - 50) / b*)`` in degrees (Chardon 1991).

    Parameters
    ----------
    lightness, b_star : array_like
        L* and b* of skin under D65.

    Returns
    -------
    ndarray of float64 or float32
        Between -90 and 90. NaN where b* is not above 0: the angle is defined on the yellow side
        that all skin lies on, and folding bluish colours back onto it would call a cast a tone.

    Examples
    --------
    >>> float(ita_deg(70, 15).round(2))
    53.13
    """
    light, yellow = np.broadcast_arrays(_floats(np.asarray(lightness)), _floats(np.asarray(b_star)))
    angle = np.degrees(np.arctan2(light - 50, yellow))
    return np.where(yellow > 0, angle, np.asarray(np.nan, dtype=angle.dtype))


def tone_class(ita: float) -> ToneClass | None:
    """Chardon's class of an individual typology angle in degrees; None where it is NaN.

    Very light > 55 >= light > 41 >= intermediate > 28 >= tan > 10 >= brown > -30 >= dark.

    Examples
    --------
    >>> tone_class(34.0)
    'intermediate'
    """
    if np.isnan(ita):
        return None
    above = sum(ita <= edge for edge in _TONE_EDGES_DEG)
    return TONE_CLASSES[above]


def _floats(values: NDArray[Any]) -> Floats:
    if values.dtype in (np.float32, np.float64):
        return values
    return values.astype(np.float64)


def _apply(matrix: NDArray[Any], colours: ArrayLike) -> Floats:
    values = _floats(np.asarray(colours))
    return np.asarray(values @ matrix.T.astype(values.dtype))
