"""Undo what a camera did differently: exposure, white balance and tone curve, by the control skin.

In log light a gain of the exposure or of a channel is a constant and a power of the tone curve is a
factor. Both are read from skin that treatment left alone, channel by channel, and taken off the
later photo. What light and focus did is no camera's setting: it stays, and decides whether the pair
can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scarscope.change.common import Image, Mask, Pair
from scarscope.change.control import FLOOR, Control, log_light


@dataclass(frozen=True)
class Harmony:
    """What was done to the later photo before measuring.

    Attributes
    ----------
    stops : float
        Exposure that was taken off, in stops of green light.
    red, blue : float
        White balance that was taken off: log of red and of blue against green.
    contrast : tuple of 3 float
        Factor on the contrast of log red, green and blue light; 1 where nothing was done.
    """

    stops: float
    red: float
    blue: float
    contrast: tuple[float, float, float]

    @property
    def text(self) -> str:
        """What was done, in words."""
        factors = ", ".join(f"{factor:.2f}" for factor in self.contrast)
        return (
            f"exposure by {_signed(-self.stops, '.2f')} stops, red by "
            f"{_signed(np.expm1(-self.red), '.0%')} and blue by "
            f"{_signed(np.expm1(-self.blue), '.0%')} against green, "
            f"contrast of red, green and blue times {factors}"
        )


def _signed(value: float, form: str) -> str:
    """A figure with its sign, and nothing as +0, never as -0."""
    told = f"{value:+{form}}"
    return told if any(digit in told for digit in "123456789") else told.replace("-", "+")


def harmonise(pair: Pair, control: Control, plain: Mask) -> tuple[Pair, Harmony]:
    """Give the later photo the earlier one's exposure, white balance and contrast.

    Parameters
    ----------
    pair : Pair
    control : Control
        Of this pair.
    plain : ndarray of bool, shape of the grid
        The control skin.

    Returns
    -------
    pair : Pair
        With new colours of the later photo.
    harmony : Harmony
    """
    before, after = log_light(pair.before.rgb), log_light(pair.after.rgb)
    factors = tuple(_factor(tone.gain, tone.gain_se) for tone in control.tones)
    # The middle of the skin stays where it is: contrast turns around it.
    middle = np.median(after[plain], axis=0)
    target = np.median(before[plain], axis=0)
    matched = (after - middle) * np.asarray(factors, np.float32) + target
    red, green, blue = control.exposure
    harmony = Harmony(
        stops=float(green / np.log(2)),
        red=red - green,
        blue=blue - green,
        contrast=(factors[0], factors[1], factors[2]),
    )
    return pair.with_after(_light(matched)), harmony


def _light(log: Image) -> Image:
    light = np.exp(log) - np.float32(FLOOR)
    return np.asarray(np.clip(light, 0, 1), dtype=np.float32)


def _factor(gain: float, error: float) -> float:
    """The factor that undoes a gain, as far as it is more than its own error.

    Shrunk by the share of the gain's square that error explains, so that noise of the control skin
    is not put into the scars.
    """
    if not np.isfinite(gain) or gain == 0:
        return 1.0
    sure = max(0.0, 1 - (error / gain) ** 2)
    return float(np.exp(-gain * sure))
