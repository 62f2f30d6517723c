"""Embedded colour profiles: what a file's codes mean in linear light.

A small reader of ICC matrix/TRC profiles (which is what phones, cameras and raw developers embed:
sRGB, Display P3, Adobe RGB, ProPhoto) in floating point, so that 16-bit photos lose nothing.

Source: ICC.1:2022 (profile version 4.4), sections 7.2, 9.2, 10.6, 10.18; Bradford matrix from
Lam 1985 as ICC.1 Annex E prints it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scarscope.photo import colour

# The profile connection space's white, D50, as ICC.1 fixes it.
_D50_XYZ = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_CURVE_POINTS = 4096
# Closer than this in linear light is sRGB: profile makers round colorants to 1/65536, and curves
# as 1024-entry tables; a code of 8 bits is 4e-3 wide.
_SRGB_TOLERANCE = 2e-3


class ProfileError(ValueError):
    """The bytes are no profile, or one without a matrix and curves."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Codes to linear sRGB: a curve a channel, then a matrix.

    Attributes
    ----------
    curves : ndarray of float64, shape (3, n) or (1, n)
        Linear light of evenly spaced codes from 0 to 1, a row a channel; one row for grey.
    matrix : ndarray of float64, shape (3, 3)
        From the profile's linear RGB to linear sRGB (both with a white of 1, 1, 1).
    """

    curves: colour.Floats
    matrix: colour.Floats

    @property
    def is_srgb(self) -> bool:
        """Whether it is sRGB within rounding."""
        codes = np.linspace(0, 1, self.curves.shape[1])
        same_curve = np.abs(self.curves - colour.srgb_to_linear(codes)).max() < _SRGB_TOLERANCE
        return bool(same_curve and np.abs(self.matrix - np.eye(3)).max() < _SRGB_TOLERANCE)

    def tables(self, bits: int) -> NDArray[np.float32]:
        """Linear light of every code, shape (channels, 2**bits)."""
        grid = np.linspace(0, 1, self.curves.shape[1])
        codes = np.linspace(0, 1, 1 << bits)
        return np.stack([np.interp(codes, grid, curve) for curve in self.curves]).astype(np.float32)


def adobe_rgb() -> Profile:
    """Adobe RGB (1998), which cameras may state in EXIF without embedding a profile."""
    primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
    gamma = 2.0 + 51 / 256  # 2.19921875 exactly, Adobe RGB (1998) §4.3.1.2
    matrix = np.linalg.solve(colour.LINEAR_TO_XYZ, colour.rgb_to_xyz_matrix(primaries))
    curve = np.linspace(0, 1, _CURVE_POINTS) ** gamma
    return Profile(np.stack([curve] * 3), matrix)


def display_p3() -> Profile:
    """Display P3: DCI-P3 primaries, D65 white, the sRGB curve (SMPTE EG 432-1)."""
    primaries = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
    matrix = np.linalg.solve(colour.LINEAR_TO_XYZ, colour.rgb_to_xyz_matrix(primaries))
    curve = colour.srgb_to_linear(np.linspace(0, 1, _CURVE_POINTS))
    return Profile(np.stack([curve] * 3), matrix)


def read_profile(data: bytes) -> Profile:
    """Read an ICC profile with a matrix and curves (or a grey one with a curve).

    Raises
    ------
    ProfileError
        If the bytes are no such profile; the message says what they are.
    """
    if len(data) < 132 or data[36:40] != b"acsp":
        raise ProfileError("not an ICC profile")
    space = data[16:20]
    try:
        tags = _tags(data)
        if space == b"GRAY":
            return Profile(_curve(tags[b"kTRC"])[None], np.eye(3))
        if space != b"RGB ":
            raise ProfileError(f"a profile for {space.decode('latin-1').strip()} colours")
        curves = np.stack([_curve(tags[c + b"TRC"]) for c in (b"r", b"g", b"b")])
        colorants = np.stack([_xyz(tags[c + b"XYZ"]) for c in (b"r", b"g", b"b")], axis=1)
        return Profile(curves, _to_srgb(colorants))
    except ProfileError:
        raise
    except KeyError as error:
        raise ProfileError("a profile of tables, without matrix and curves") from error
    except (struct.error, ValueError) as error:
        raise ProfileError(f"a damaged profile ({error})") from error


def _tags(data: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", data, 128)
    tags = {}
    for number in range(min(count, (len(data) - 132) // 12)):
        name, offset, size = struct.unpack_from(">4sII", data, 132 + 12 * number)
        tags[name] = data[offset : offset + size]
    return tags


def _to_srgb(colorants: NDArray[np.float64]) -> NDArray[np.float64]:
    white = colorants.sum(axis=1)
    if np.abs(white - _D50_XYZ).max() > 0.05:
        raise ValueError(f"colorants that sum to {white.round(3).tolist()}, not D50")
    # Von Kries in Bradford's cone space, from the colorants' own sum so that white stays white.
    cones = (_BRADFORD @ colour.D65_XYZ) / (_BRADFORD @ white)
    adapt = np.linalg.solve(_BRADFORD, cones[:, None] * _BRADFORD)
    return np.asarray(np.linalg.solve(colour.LINEAR_TO_XYZ, adapt @ colorants))


def _fixed(data: bytes, at: int, count: int) -> NDArray[np.float64]:
    return np.array(struct.unpack_from(f">{count}i", data, at)) / 65536


def _xyz(tag: bytes) -> NDArray[np.float64]:
    if tag[:4] != b"XYZ ":
        raise ValueError(f"a colorant of kind {tag[:4]!r}")
    return _fixed(tag, 8, 3)


def _curve(tag: bytes) -> NDArray[np.float64]:
    codes = np.linspace(0, 1, _CURVE_POINTS)
    if tag[:4] == b"para":
        return _parametric(tag, codes)
    if tag[:4] != b"curv":
        raise ValueError(f"a curve of kind {tag[:4]!r}")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return codes
    points = np.frombuffer(tag, ">u2", count, 12).astype(np.float64)
    if count == 1:
        return np.asarray(codes ** (points[0] / 256))
    return np.interp(codes, np.linspace(0, 1, count), points / 65535)


def _parametric(tag: bytes, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """ICC.1 table 68: ``(a x + b)^g + e`` from d upwards, ``c x + f`` below."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    counts = (1, 3, 4, 5, 7)
    if kind >= len(counts):
        raise ValueError(f"a parametric curve of kind {kind}")
    g, a, b, c, d, e, f = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    given = _fixed(tag, 12, counts[kind])
    g = given[0]
    if kind >= 1:
        a, b = given[1:3]
        if a == 0:
            raise ValueError("a parametric curve with a = 0")
        d = -b / a
    if kind == 2:
        c, e, f = 0.0, given[3], given[3]
    if kind >= 3:
        c, d = given[3:5]
    if kind == 4:
        e, f = given[5:7]
    with np.errstate(all="ignore"):  # absurd exponents run to infinity and are clipped
        curve = np.maximum(a * x + b, 0) ** g + e
    return np.asarray(np.clip(np.where(x >= d, curve, c * x + f), 0, 1))
