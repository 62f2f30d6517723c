"""The working grid: a photo averaged down to a physical spacing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.params import SkinParams
from scarscope.photo.model import Photo
from scarscope.skin.model import Grid


def make_grid(photo: Photo, nominal_mm_per_px: float, params: SkinParams) -> Grid:
    """Lay the working grid for a photo.

    A photo finer than ``params.grid_mm`` is averaged down to it; a coarser one keeps its pixels.
    `nominal_mm_per_px` chooses filter sizes where the photo has no scale, and nothing else.
    """
    height, width = photo.shape
    native_mm = photo.scale.mm_per_px if photo.scale else nominal_mm_per_px
    wanted = max(1.0, params.grid_mm / native_mm)
    shape = (max(1, round(height / wanted)), max(1, round(width / wanted)))
    # Rounding the shape changes the step by less than half a pixel over the whole photo.
    px = float(np.sqrt(height * width / (shape[0] * shape[1])))
    return Grid(
        shape=shape,
        px=px,
        step=px * photo.scale.mm_per_px if photo.scale else px,
        filter_mm=px * native_mm,
        unit="mm" if photo.scale else "px",
        photo_shape=(height, width),
    )


def to_grid(image: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Average a photo-sized image down to the grid (light adds up, so linear light is averaged)."""
    if image.shape[:2] == grid.shape:
        return image
    height, width = grid.shape
    return np.asarray(
        cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32
    )


def mask_to_grid(mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """Bring a photo-sized mask to the grid: a cell counts when more than half of it does."""
    if mask.shape == grid.shape:
        return mask
    return np.asarray(to_grid(mask.astype(np.float32), grid) > 0.5)
