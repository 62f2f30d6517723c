"""The photo as a picture to draw on, and where the working grid lies in it."""

from __future__ import annotations

import math
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
# A region that fills less than this share of the photo (its box with a margin) is shown alone:
# scars of a face in a large scene would be specks.
WHOLE_PHOTO_SHARE = 0.6
MARGIN_SHARE = 0.12  # of the region's box, on every side
_LEVELS = 4095  # of the encoding table: finer than 8 bits after the curve's steepest part


@dataclass(frozen=True, eq=False)
class Canvas:
    """A picture of the photo, or of the part that holds the region, at output size.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
        sRGB.
    per_photo_px : float
        Output pixels per photo pixel.
    per_step : tuple of float
        Output pixels per grid step, across and down.
    corner : tuple of float
        Where the shown part begins, in output pixels of the whole photo, across and down.
    line : int
        Width of one line in output pixels.
    """

    rgb: Picture
    per_photo_px: float
    per_step: tuple[float, float]
    corner: tuple[float, float] = (0.0, 0.0)
    line: int = LINE_PX

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    def from_grid(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Grid coordinates (x, y), pixel centres at whole numbers, to output coordinates."""
        shown = (points + 0.5) * np.asarray(self.per_step) - np.asarray(self.corner)
        return np.asarray(shown - 0.5)

    def resample(self, image: Picture) -> Picture:
        """An 8-bit image on the working grid, brought smoothly to the output's pixels."""
        across, down = self.per_step
        left, top = self.corner
        to_grid = np.array(
            [
                [1 / across, 0, (left + 0.5) / across - 0.5],
                [0, 1 / down, (top + 0.5) / down - 0.5],
            ]
        )
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(
            image, to_grid, self.size, flags=how, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(warped, dtype=np.uint8)

    def cover(self, mask: NDArray[np.bool_]) -> Picture:
        """A mask on the working grid as smooth cover: 0 outside, 255 inside."""
        return self.resample(mask.astype(np.uint8) * np.uint8(255))


def make_canvas(skin: Skin, *, max_px: int) -> Canvas:
    """Encode the photo for display at most `max_px` a side; small ones are enlarged.

    Where the region fills little of the photo, only its surroundings are shown.
    """
    rows, columns = shown_part(skin)
    part = skin.photo.rgb[rows, columns]
    height, width = part.shape[:2]
    side = max(height, width)
    factor = min(max(1.0, MIN_SIDE_PX / side), MAX_ENLARGEMENT, max_px / side)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    # Rounding to whole pixels stretches a little: the grid follows the true factors.
    across, down = size[0] / width, size[1] / height
    grid_rows, grid_columns = skin.grid.shape
    per_column, per_row = skin.photo.shape[1] / grid_columns, skin.photo.shape[0] / grid_rows
    return Canvas(
        _encode(_resize(part, size)),
        across,
        (across * per_column, down * per_row),
        (across * columns.start, down * rows.start),
    )


def shown_part(skin: Skin) -> tuple[slice, slice]:
    """Rows and columns of the photo that a picture shows."""
    height, width = skin.photo.shape
    whole = slice(0, height), slice(0, width)
    if not skin.region.any():
        return whole
    rows = _span(np.flatnonzero(skin.region.any(axis=1)), height / skin.grid.shape[0], height)
    columns = _span(np.flatnonzero(skin.region.any(axis=0)), width / skin.grid.shape[1], width)
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return (rows, columns) if area < WHOLE_PHOTO_SHARE * height * width else whole


def _span(lines: NDArray[np.intp], per_line: float, length: int) -> slice:
    """Photo pixels from the first to the last of some grid lines, with a margin."""
    start, stop = float(lines[0]) * per_line, float(lines[-1] + 1) * per_line
    margin = MARGIN_SHARE * (stop - start)
    return slice(max(0, int(start - margin)), min(length, math.ceil(stop + margin)))


def _resize(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    way = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=way), dtype=np.float32)


def _encode(linear: NDArray[np.float32]) -> Picture:
    table = np.rint(linear_to_srgb(np.linspace(0, 1, _LEVELS + 1)) * 255).astype(np.uint8)
    codes = np.clip(np.nan_to_num(linear), 0, 1) * np.float32(_LEVELS) + np.float32(0.5)
    return np.asarray(table[codes.astype(np.uint16)])
