"""A photo's skin as it is compared with another: bands of detail that light does not decide."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change.align.warps import scaling
from scarscope.params.align import AlignParams
from scarscope.skin.chromophores import LOG_FLOOR, blur, masked_blur, median_colour
from scarscope.skin.model import Skin

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Haemoglobin shows blood and vessels whatever the light; green shows all pigment, and with shading
# fine relief, which serves where both photos have their light from the same side.
CHANNELS = ("haemoglobin", "green", "shading")
_MOST_SD = 3.0  # detail beyond this many local standard deviations is cut: glare, hairs
_LEAST_DETAIL = (
    0.003  # natural log; smoother skin is blank, or noise and compression are all it has
)


@dataclass(frozen=True, eq=False)
class View:
    """Detail of a photo's skin on cells of one size.

    Attributes
    ----------
    bands : tuple of ndarray of float32, shape (h, w)
        One a channel of :data:`CHANNELS`: local mean 0, local standard deviation 1, 0 off the skin.
    mask : ndarray of bool, shape (h, w)
        Skin to be compared.
    to_photo : ndarray of float64, shape (3, 3)
        From cells ``(x, y)``, centres at whole numbers, to the photo's pixels.
    mm : float
        Size of a cell in mm, nominal where the photo has no scale.
    """

    bands: tuple[Image, ...]
    mask: Mask
    to_photo: NDArray[np.float64]
    mm: float

    @property
    def extent(self) -> float:
        """Side of a square as large as the skin, in cells."""
        return float(np.sqrt(np.count_nonzero(self.mask)))


def make_view(
    skin: Skin, ignore: Mask | None, params: AlignParams, *, grid_mm: float | None = None
) -> View:
    """The detail of a skin at the spacing of the parameters.

    Parameters
    ----------
    skin : Skin
    ignore : ndarray of bool, shape skin.grid.shape, or None
        Cells to be left out although they are skin.
    params : AlignParams
    grid_mm : float, optional
        Size of a cell of the skin's grid in mm; None takes the skin's own, which is nominal where
        the photo has no scale.
    """
    cell = skin.grid.filter_mm if grid_mm is None else grid_mm
    mask = skin.region if ignore is None else skin.region & ~ignore
    height, width = skin.grid.shape
    shrink = max(1.0, params.work_mm / cell, np.sqrt(height * width / params.most_cells))
    shape = max(1, round(height / shrink)), max(1, round(width / shrink))
    mm = cell * float(np.sqrt(height * width / (shape[0] * shape[1])))
    small = _shrunk(mask.astype(np.float32), shape) > 0.5
    maps = (skin.haemoglobin, _green(skin), skin.shading)
    return View(
        bands=tuple(_band(_shrunk(m, shape), small, mm, params) for m in maps),
        mask=small,
        to_photo=scaling(shape, skin.photo.shape),
        mm=mm,
    )


def _shrunk(image: Image, shape: tuple[int, int]) -> Image:
    if image.shape == shape:
        return image
    small = cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _green(skin: Skin) -> Image:
    """Natural log of green."""
    if not skin.region.any():
        return np.zeros(skin.grid.shape, np.float32)
    floor = LOG_FLOOR * max(float(median_colour(skin.rgb, skin.region)[1]), 1e-4)
    return np.asarray(np.log(np.maximum(skin.rgb[..., 1], 0) + np.float32(floor)))


def _band(image: Image, mask: Mask, mm: float, params: AlignParams) -> Image:
    """Detail between both sigmas, divided by its own local strength."""
    fine, broad = params.fine_mm / mm, params.broad_mm / mm
    detail = blur(image, fine) - masked_blur(image, mask, broad)
    strength = np.sqrt(masked_blur(detail * detail, mask, 2.5 * broad)) + _LEAST_DETAIL
    even = np.clip(detail / strength, -_MOST_SD, _MOST_SD)
    return np.asarray(np.where(mask, even, 0), dtype=np.float32)
