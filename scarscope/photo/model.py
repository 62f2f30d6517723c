"""The objects that leave this room: a photo in linear light, with its scale and its flags."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scarscope.errors import ScaleError
from scarscope.flags import Flag

# A face filling 100 Mpx is 0.02 mm/px; a whole body at 0.5 MP is about 2 mm/px.
PLAUSIBLE_MM_PER_PX = (0.002, 2.0)


@dataclass(frozen=True)
class Scale:
    """Millimetres per pixel and where that figure comes from.

    Attributes
    ----------
    mm_per_px : float
        Size of one pixel of the upright photo at the skin, in mm.
    source : str
        ``"argument"``, ``"manifest"`` or ``"sidecar"``.
    rel_sd : float
        Relative standard deviation (1 = 100 %), NaN where it was not stated. A length carries it
        once, an area twice, a volume three times.

    Raises
    ------
    ScaleError
        If the figure is not a plausible size for a pixel of skin.
    """

    mm_per_px: float
    source: str
    rel_sd: float = math.nan

    def __post_init__(self) -> None:
        low, high = PLAUSIBLE_MM_PER_PX
        if not (math.isfinite(self.mm_per_px) and low <= self.mm_per_px <= high):
            raise ScaleError(
                f"mm_per_px = {self.mm_per_px!r} from the {self.source} is not a plausible scale: "
                f"expected {low:g} to {high:g} mm per pixel.",
                remedy="Divide a known length in mm by its length in pixels of the upright photo.",
            )
        if self.rel_sd < 0 or math.isinf(self.rel_sd):
            raise ScaleError(
                f"The scale's relative standard deviation is {self.rel_sd!r} ({self.source}).",
                remedy="Give a fraction such as 0.02, or leave it out.",
            )


@dataclass(frozen=True, eq=False)
class Photo:
    """One upright photo in linear light.

    Attributes
    ----------
    rgb : ndarray of float32, shape (height, width, 3)
        Linear light, sRGB primaries, D65 white, 0 to 1. Read-only.
    name : str
        What people see: the file's name, or what the caller gave.
    sha256 : str
        Hash of the file's bytes (of the array's bytes where there is no file).
    scale : Scale or None
        None where no scale was stated; then nothing is reported in millimetres.
    flags : Flag
        What is known of the capture before the skin is found.
    opaque : ndarray of bool, shape (height, width), or None
        False where the file's alpha channel hides the pixel. None: everything is visible.
    path : Path or None
        The file; None for an array.
    """

    rgb: NDArray[np.float32]
    name: str
    sha256: str
    scale: Scale | None = None
    flags: Flag = Flag.NONE
    opaque: NDArray[np.bool_] | None = None
    path: Path | None = None

    def __repr__(self) -> str:
        height, width = self.shape
        scale = f"{self.scale.mm_per_px:g} mm/px" if self.scale else "no scale"
        return f"<Photo {self.name!r}: {width} x {height} px, {scale}>"

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]
