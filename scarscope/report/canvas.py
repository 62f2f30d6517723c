"""The photo as a picture to draw on, and where the working grid lies in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.photo.colour import linear_to_srgb
from scarscope.skin.model import Skin

Picture = NDArray[np.uint8]

# Small patches are enlarged to this side, so that a line is thin beside the scar it outlines.
MIN_SIDE_PX = 1200
MAX_ENLARGEMENT = 4.0
LINE_PX = 2  # one pixel, anti-aliased, loses its colour on skin
_LEVELS = 4095  # of the encoding table: finer than 8 bits after the curve's steepest part


@dataclass(frozen=True, eq=False)
class Canvas:
    """A picture of the photo at output size.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
        sRGB.
    per_photo_px : float
        Output pixels per photo pixel.
    per_step : tuple of float
        Output pixels per grid step, across and down.
    line : int
        Width of one line in output pixels.
    """

    rgb: Picture
    per_photo_px: float
    per_step: tuple[float, float]
    line: int = LINE_PX

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    def from_grid(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Grid coordinates (x, y), pixel centres at whole numbers, to output coordinates."""
        return np.asarray((points + 0.5) * np.asarray(self.per_step) - 0.5)


def make_canvas(skin: Skin, *, max_px: int) -> Canvas:
    """Encode the photo for display at most `max_px` a side; small ones are enlarged."""
    height, width = skin.photo.shape
    side = max(height, width)
    enlarged = min(MAX_ENLARGEMENT, max(1.0, MIN_SIDE_PX / side))
    factor = min(enlarged, max_px / side)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    rgb = _encode(_resize(skin.photo.rgb, size))
    rows, columns = skin.grid.shape
    return Canvas(rgb, size[0] / width, (size[0] / columns, size[1] / rows))


def resize_mask(mask: NDArray[np.bool_], size: tuple[int, int]) -> Picture:
    """A mask as smooth 8-bit cover (0 outside, 255 inside) at width and height `size`."""
    cover = mask.astype(np.uint8) * np.uint8(255)
    return np.asarray(_resize(cover, size), dtype=np.uint8)


def _resize(image: NDArray[np.float32] | Picture, size: tuple[int, int]) -> NDArray[np.generic]:
    smaller = size[0] < image.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=way))


def _encode(linear: NDArray[np.generic]) -> Picture:
    table = np.rint(linear_to_srgb(np.linspace(0, 1, _LEVELS + 1)) * 255).astype(np.uint8)
    codes = np.clip(np.nan_to_num(linear), 0, 1) * np.float32(_LEVELS) + np.float32(0.5)
    return np.asarray(table[codes.astype(np.uint16)])
