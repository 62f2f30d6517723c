"""Where the skin of one photo lies in another, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.change.align.warps import Warp
from scarscope.skin.model import Grid

# What `to_frame` shows, in this order.
COLUMNS = (
    "ok",
    "reason",
    "confidence",
    "overlap",
    "residual_mm",
    "residual_px",
    "scale",
    "scale_agreement",
    "turn_deg",
    "anisotropy",
    "keystone",
    "bend_px",
    "n_matches",
    "n_blocks",
)


@dataclass(frozen=True, eq=False)
class Alignment:
    """How an earlier photo (before) maps to a later one (after) of the same skin.

    Attributes
    ----------
    matrix : ndarray of float64, shape (3, 3)
        Homography from pixels of the earlier photo, ``(x, y)`` with centres at whole numbers, to
        pixels of the later one. NaN where the alignment failed: nothing can be mapped by it.
    field : ndarray of float32, shape (rows, columns, 2), or None
        Displacement ``(x, y)`` in pixels of the later photo that is added after the matrix. Its
        nodes are the middles of the ``rows x columns`` equal fields into which the earlier photo
        divides; it is linear between them and on to the photo's edge. None where a homography
        serves as well.
    before_shape, after_shape : tuple of int
        Height and width of the photos.
    ok : bool
        Whether the photos could be laid over each other.
    reason : str
        Why not, as a sentence; empty where `ok`.
    residual_mm, residual_px : float
        Median distance between where a block of skin was found and where the blocks around it,
        without it, say it should be; in mm (NaN where the earlier photo has no scale) and in pixels
        of the earlier photo.
    overlap : float
        Share of the earlier photo's region that the later one's region also shows.
    confidence : float
        0 to 1: lower limit (95 %) of the share of blocks of common skin that agree with the
        mapping found from the others.
    scale : float
        Pixels of the later photo per pixel of the earlier one, in the middle of the common skin.
    turn_deg : float
        How far the later photo's skin is turned, from x towards y.
    anisotropy : float
        How much more one direction is stretched than the one across, 0 for none: a tilt by t
        gives ``1 / cos(t) - 1``.
    keystone : float
        Difference of scale between the ends of the common skin, relative to its middle; from
        perspective.
    bend_px : float
        Greatest length of `field`, in pixels of the later photo.
    n_matches, n_blocks : int
        Matched features that the first guess rests on, and blocks that agree with the result.
    before_mm_per_px, after_mm_per_px : float
        Stated scales, NaN where none is.
    support : ndarray of float32, shape (rows, columns), or None
        Where the alignment is borne out: 1 for a block of skin that lies where the others say, 0
        for one that does not, NaN where there is no common skin to look at; laid out as `field`.
        None where no block was looked at.
    """

    matrix: NDArray[np.float64]
    field: NDArray[np.float32] | None
    before_shape: tuple[int, int]
    after_shape: tuple[int, int]
    ok: bool
    reason: str = ""
    residual_mm: float = math.nan
    residual_px: float = math.nan
    overlap: float = math.nan
    confidence: float = 0.0
    scale: float = math.nan
    turn_deg: float = math.nan
    anisotropy: float = math.nan
    keystone: float = math.nan
    n_matches: int = 0
    n_blocks: int = 0
    before_mm_per_px: float = math.nan
    after_mm_per_px: float = math.nan
    support: NDArray[np.float32] | None = None

    def __repr__(self) -> str:
        if not self.ok:
            return f"<Alignment failed: {self.reason}>"
        return (
            f"<Alignment: overlap {self.overlap:.2f}, residual {self.residual_px:.2g} px, "
            f"confidence {self.confidence:.2f}>"
        )

    @property
    def scale_agreement(self) -> float:
        """Measured scale over stated scale: 1 agrees, NaN where a photo has no stated scale."""
        return self.scale * self.after_mm_per_px / self.before_mm_per_px

    @property
    def bend_px(self) -> float:
        """Greatest length of `field`, in pixels of the later photo; NaN where nothing is mapped."""
        if not self.ok:
            return math.nan
        return 0.0 if self.field is None else float(np.linalg.norm(self.field, axis=2).max())

    def map(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where points of the earlier photo lie in the later one.

        Parameters
        ----------
        points : ndarray, shape (n, 2)
            ``(x, y)`` in pixels of the earlier photo, centres at whole numbers.

        Returns
        -------
        ndarray of float64, shape (n, 2)
            Pixels of the later photo, perhaps outside of it; NaN where the alignment failed.
        """
        return self._warp.points(np.asarray(points, dtype=np.float64).reshape(-1, 2))

    def grid_maps(self, grid: Grid) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where the cells of a grid laid over the earlier photo lie in the later photo.

        Parameters
        ----------
        grid : Grid
            The earlier photo's working grid.

        Returns
        -------
        x, y : ndarray of float32, shape grid.shape
            Pixels of the later photo of each cell's middle; NaN where the alignment failed.
        """
        return self._warp.cells(grid.shape)

    def to_frame(self) -> pd.DataFrame:
        """One row with all plain figures."""
        return pd.DataFrame([{name: getattr(self, name) for name in COLUMNS}])

    @property
    def _warp(self) -> Warp:
        return Warp(self.matrix, self.field, self.before_shape)
