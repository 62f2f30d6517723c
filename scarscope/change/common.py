"""Two photos of the same skin on one grid: the earlier photo's, over the skin that both show.

Everything that is compared is read there, the same way from both photos: each is averaged down by
the same filter, in mm of skin, and sampled at the same places. A scar that lies half a cell further
to the right at the second visit must not look another scar.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change.align.alignment import Alignment
from scarscope.photo.model import Photo
from scarscope.skin.chromophores import unmix
from scarscope.skin.model import Grid, Skin

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

EDGE_MM = 0.4  # of the common skin that is left out: interpolation and filters reach that far
# What a cell averages is filtered by a Gaussian of this share of the cell: between the cell's own
# width as a standard deviation (0.29) and what leaves no aliasing.
_SIGMA = 0.5


@dataclass(frozen=True, eq=False)
class Pair:
    """Both photos on the earlier one's grid.

    Attributes
    ----------
    before, after : Skin
        With the same grid and the same region, the common skin. `after` keeps its own photo, so
        that names and flags stay true; only its grid is the other's.
    alignment : Alignment
    """

    before: Skin
    after: Skin
    alignment: Alignment

    @property
    def grid(self) -> Grid:
        """The grid of both."""
        return self.before.grid

    @property
    def region(self) -> Mask:
        """The common skin."""
        return self.before.region

    @property
    def area(self) -> float:
        """Area of the common skin, in the grid's unit squared."""
        return self.before.area

    def with_after(self, rgb: Image) -> Pair:
        """The pair with other colours of the later photo."""
        return replace(self, after=_coloured(self.after, rgb, self.region))


def lay_over(before: Skin, after: Skin, alignment: Alignment) -> Pair:
    """Bring two skins onto one grid.

    Parameters
    ----------
    before, after : Skin
        The same skin, each on its own grid.
    alignment : Alignment
        From :func:`scarscope.change.register`; it must be ``ok``.
    """
    grid = before.grid
    own = _own_places(grid)
    there = alignment.grid_maps(grid)
    region = common_region(before, after, there)
    step = grid.px * (alignment.scale if np.isfinite(alignment.scale) else 1.0)
    first = _coloured(before, _sampled(before.photo, own, grid.px), region)
    second = replace(after, grid=grid)
    return Pair(first, _coloured(second, _sampled(after.photo, there, step), region), alignment)


def common_region(before: Skin, after: Skin, there: tuple[Image, Image]) -> Mask:
    """Cells of the earlier grid whose skin both photos show, without a margin at its edge.

    Parameters
    ----------
    before, after : Skin
    there : tuple of 2 ndarray
        Where each cell lies in the later photo, pixels.
    """
    x, y = after.grid.from_photo(*there)
    seen = cv2.remap(
        after.region.astype(np.uint8), x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT
    )
    common = before.region & (seen > 0)
    reach = max(1, round(EDGE_MM / before.grid.filter_mm))
    # Beyond the frame is no skin, so that a margin stays there too.
    inside = np.pad(common, 1).astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_3)[1:-1, 1:-1]
    return np.asarray(distance > reach)


def labels_over(labels: NDArray[np.integer], there: tuple[Image, Image]) -> NDArray[np.int32]:
    """Labels on the later photo's pixels, as they lie on the earlier photo's grid.

    Parameters
    ----------
    labels : ndarray of int, shape of the later photo
    there : tuple of 2 ndarray
        Where each cell lies in the later photo, pixels.
    """
    x, y = there
    # Nearest cell by hand: remap has no 32-bit labels.
    rows, cols = np.rint(y).astype(np.int64), np.rint(x).astype(np.int64)
    inside = (rows >= 0) & (rows < labels.shape[0]) & (cols >= 0) & (cols < labels.shape[1])
    out = np.zeros(x.shape, np.int32)
    out[inside] = labels[rows[inside], cols[inside]]
    return out


def _own_places(grid: Grid) -> tuple[Image, Image]:
    rows, cols = np.indices(grid.shape, dtype=np.float32)
    x, y = grid.to_photo(cols, rows)
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _sampled(photo: Photo, places: tuple[Image, Image], step: float) -> Image:
    """A photo's light at places in it, averaged over cells `step` of its pixels wide."""
    light = photo.rgb
    sigma = _SIGMA * float(np.sqrt(max(step**2 - 1, 0.0)))
    if sigma > 0.1:
        light = np.asarray(
            cv2.GaussianBlur(light, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32
        )
    x, y = places
    found = cv2.remap(light, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.clip(np.asarray(found, dtype=np.float32), 0, 1)


def _coloured(skin: Skin, rgb: Image, region: Mask) -> Skin:
    maps = unmix(rgb, region, filter_mm=skin.grid.filter_mm)
    return replace(
        skin,
        rgb=rgb,
        region=region,
        melanin=maps.melanin,
        haemoglobin=maps.haemoglobin,
        shading=maps.shading,
    )
