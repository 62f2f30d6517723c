"""A square piece of skin as a grid, and random fields on it.

Legend
------
x, y : position in mm from the middle, x to the right and y up, as the camera sees them
row, column : of an array; row 0 is the top, so y falls as rows rise
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

Field = NDArray[np.float32]

# A field without fine detail is drawn on a grid with this many points to its shortest wave.
_POINTS_A_WAVE = 8


@dataclass(frozen=True)
class Sheet:
    """A grid of `count` x `count` points that are `step_mm` apart."""

    count: int
    step_mm: float

    @classmethod
    def of_side(cls, side_mm: float, step_mm: float) -> Sheet:
        """The grid that spans `side_mm`, a little more where that makes transforms fast."""
        return cls(int(scipy.fft.next_fast_len(int(np.ceil(side_mm / step_mm)) + 1)), step_mm)

    @property
    def half_mm(self) -> float:
        """Distance from the middle to the outermost points."""
        return (self.count - 1) / 2 * self.step_mm

    @property
    def x(self) -> Field:
        """Shape (1, count)."""
        return self._axis()[None, :]

    @property
    def y(self) -> Field:
        """Shape (count, 1)."""
        return -self._axis()[:, None]

    def _axis(self) -> Field:
        return ((np.arange(self.count) - (self.count - 1) / 2) * self.step_mm).astype(np.float32)

    def window(self, x_mm: float, y_mm: float, reach_mm: float) -> tuple[slice, slice]:
        """Rows and columns within `reach_mm` of a point; empty where that lies off the sheet."""
        middle = (self.count - 1) / 2
        row, column = middle - y_mm / self.step_mm, middle + x_mm / self.step_mm
        reach = reach_mm / self.step_mm
        return self._span(row, reach), self._span(column, reach)

    def _span(self, at: float, reach: float) -> slice:
        low, high = np.clip([np.floor(at - reach), np.ceil(at + reach) + 1], 0, self.count)
        return slice(int(low), int(high))


def dice(seed: int, name: str) -> np.random.Generator:
    """Random numbers for one purpose: what one part draws does not move the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def waves(
    sheet: Sheet,
    rng: np.random.Generator,
    short_mm: float,
    long_mm: float,
    *,
    fall: float = 1.0,
    stretch: float = 1.0,
    angle_deg: float = 0.0,
) -> Field:
    """Gaussian noise of mean 0 and variance 1 with waves between two lengths.

    Parameters
    ----------
    sheet : Sheet
    rng : numpy.random.Generator
    short_mm, long_mm : float
        Shortest and longest wave.
    fall : float
        Amplitude of a wave goes with its length to this power.
    stretch : float
        Waves along `angle_deg` are so many times as long.
    angle_deg : float
        From x towards y.

    Returns
    -------
    ndarray of float32, shape (count, count)
    """
    coarse = max(1, int(short_mm / sheet.step_mm / _POINTS_A_WAVE))
    count = int(scipy.fft.next_fast_len(-(-sheet.count // coarse) + 4, real=True))
    step = sheet.step_mm * coarse
    white = scipy.fft.rfft2(rng.standard_normal((count, count)).astype(np.float32))
    fy, fx = scipy.fft.fftfreq(count, step)[:, None], scipy.fft.rfftfreq(count, step)[None, :]
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    along, across = fx * cos - fy * sin, fx * sin + fy * cos
    f = np.hypot(stretch * along, across)
    keep = np.exp(-((f * short_mm) ** 4)) * -np.expm1(-((f * long_mm) ** 4))
    gain = keep * np.maximum(f, 1e-6) ** -fall
    field = scipy.fft.irfft2(white * gain, s=(count, count)).astype(np.float32)
    field /= field.std() + 1e-12
    if coarse == 1:
        return np.ascontiguousarray(field[: sheet.count, : sheet.count])
    whole = cv2.resize(field, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(whole[: sheet.count, : sheet.count])


def to_level(field: Field, sheet: Sheet) -> Field:
    """Distance in mm to the zero line of a field, to first order: value over slope."""
    down, right = np.gradient(field, sheet.step_mm)
    return np.asarray(np.abs(field) / np.sqrt(down**2 + right**2 + 1e-6), dtype=np.float32)


def bump(t: Field) -> Field:
    """1 at 0, falling smoothly to 0 at 1 and beyond."""
    return np.asarray(np.clip(1 - t * t, 0, None) ** 2, dtype=np.float32)


def ramp(t: Field) -> Field:
    """0 below 0, 1 above 1, smooth between."""
    s = np.clip(t, 0, 1)
    return np.asarray(s * s * (3 - 2 * s), dtype=np.float32)
