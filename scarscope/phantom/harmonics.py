"""Outlines that wander: a circle's radius as a sum of waves round it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.noise import Field

Waves = tuple[tuple[int, float, float], ...]


class Bearing(NamedTuple):
    """Where pixels lie from a middle.

    Attributes
    ----------
    r : ndarray
        Distance.
    cosine, sine : ndarray
        Of the direction; along the first axis in the middle itself.
    waves : ndarray
        Their sum in that direction, on top of where it began.
    """

    r: Field
    cosine: Field
    sine: Field
    waves: Field


def length(x: Field, y: Field) -> Field:
    """Of vectors; in single precision without hypot()'s care for the largest and the smallest."""
    return np.sqrt(x * x + y * y) if x.dtype == np.float32 else np.hypot(x, y)


def bearing(along: Field, across: Field, waves: Waves, *, start: float = 0.0) -> Bearing:
    """Distance, direction and the waves' sum there.

    Parameters
    ----------
    along, across : ndarray, broadcastable
        Offsets from the middle.
    waves : tuple of (int, float, float)
        Order, amplitude and phase in radians of each wave.
    start : float
        What they are added to, one by one: in double precision that decides the last bit.
    """
    if along.dtype == np.float32:
        return _by_powers(along, across, waves, start)
    angle = np.arctan2(across, along)
    total = np.full_like(angle, start)
    for order, amplitude, phase in waves:
        total += amplitude * np.cos(order * angle + phase)
    return Bearing(np.hypot(along, across), np.cos(angle), np.sin(angle), total)


def _by_powers(along: Field, across: Field, waves: Waves, start: float) -> Bearing:
    """Without an angle: waves are powers of the direction as a complex number (Horner)."""
    along = along + np.float32(1e-12)  # So that the middle has a direction.
    r = np.sqrt(along * along + across * across)
    way = np.empty(r.shape, dtype=np.complex64)
    np.divide(along, r, out=way.real)
    np.divide(across, r, out=way.imag)
    total = np.zeros_like(way)
    for weight in reversed(_weights(waves)):
        total *= way
        total += weight
    return Bearing(r, way.real, way.imag, start + total.real)


def _weights(waves: Waves) -> list[complex]:
    weights: NDArray[np.complex128] = np.zeros(
        1 + max((k for k, _, _ in waves), default=0), complex
    )
    for order, amplitude, phase in waves:
        weights[order] += amplitude * np.exp(1j * phase)
    return [complex(weight) for weight in weights]
