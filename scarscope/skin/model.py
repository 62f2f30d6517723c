"""The objects that leave this room: a working grid and the skin upon it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from scarscope.flags import Flag
from scarscope.photo.model import Photo

RegionSource = Literal["mask", "polygon", "auto"]
Place = TypeVar("Place", float, NDArray[np.float32])


@dataclass(frozen=True)
class Grid:
    """The working grid: the photo averaged down to a physical spacing.

    Attributes
    ----------
    shape : tuple of int
        Height and width of the grid.
    px : float
        Photo pixels per grid step (>= 1), the geometric mean of both directions.
    step : float
        Length of one grid step in `unit`.
    filter_mm : float
        Grid step in mm for choosing filter sizes. Equals `step` where the photo has a scale, and
        a nominal figure where it has none (then it never enters a reported number).
    unit : str
        ``"mm"`` where the photo has a scale, else ``"px"`` (the photo's own pixels).
    photo_shape : tuple of int, optional
        Height and width of the photo; None where the grid is exactly `px` times smaller.
    """

    shape: tuple[int, int]
    px: float
    step: float
    filter_mm: float
    unit: Literal["mm", "px"]
    photo_shape: tuple[int, int] | None = None

    def to_photo(self, x: Place, y: Place) -> tuple[Place, Place]:
        """Places on the grid (cell centres) in the photo's pixel centres."""
        # Cell i spans photo pixels [i * n, (i + 1) * n).
        across, down = self._spans
        return (x + 0.5) * across - 0.5, (y + 0.5) * down - 0.5

    def from_photo(self, x: Place, y: Place) -> tuple[Place, Place]:
        """Places in the photo (pixel centres) on the grid: undoes :meth:`to_photo`."""
        across, down = self._spans
        return (x + 0.5) / across - 0.5, (y + 0.5) / down - 0.5

    @property
    def _spans(self) -> tuple[float, float]:
        """Photo pixels a cell across and down: rounding the grid's shape parts the two a little."""
        if self.photo_shape is None:
            return self.px, self.px
        return self.photo_shape[1] / self.shape[1], self.photo_shape[0] / self.shape[0]

    def sigma(self, mm: float) -> float:
        """A length in mm as a number of grid steps, for filters."""
        return mm / self.filter_mm


@dataclass(frozen=True, eq=False)
class Skin:
    """Measurable skin and what colours it, on the working grid.

    Attributes
    ----------
    photo : Photo
        Where it comes from.
    grid : Grid
        The working grid that every array below lives on.
    rgb : ndarray of float32, shape (*grid.shape, 3)
        Linear light, averaged down.
    region : ndarray of bool, shape grid.shape
        Measurable skin.
    melanin, haemoglobin, shading : ndarray of float32, shape grid.shape
        Optical densities (natural log units): ``-log(rgb) = melanin * m + haemoglobin * h -
        shading`` with the pigment vectors of :mod:`scarscope.skin.chromophores`. Shading is the
        log of light and relief: 0 is the region's median, negative is darker.
    region_source : {"mask", "polygon", "auto"}
        How the region was found.
    ita_deg : float
        Individual typology angle of the region's median colour (Chardon 1991); NaN for grey.
    quality : dict of str to float
        The figures behind the quality flags, named with their units.
    flags : Flag
        The photo's flags and those found here.
    """

    photo: Photo
    grid: Grid
    rgb: NDArray[np.float32]
    region: NDArray[np.bool_]
    melanin: NDArray[np.float32]
    haemoglobin: NDArray[np.float32]
    shading: NDArray[np.float32]
    region_source: RegionSource
    ita_deg: float
    quality: dict[str, float]
    flags: Flag

    def __repr__(self) -> str:
        unit = self.grid.unit
        return f"<Skin of {self.photo.name!r}: {self.area:.4g} {unit}2, ITA {self.ita_deg:.0f} deg>"

    @property
    def area(self) -> float:
        """Area of the region, in the grid's unit squared."""
        return float(np.count_nonzero(self.region)) * self.grid.step**2
