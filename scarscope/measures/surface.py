"""Height parameters of a surface after ISO 25178-2, over a masked height or depth map.

Not among the registered measures: one photo gives no heights, only shading, so these names would
promise what it cannot hold. They are tools for maps that are heights: simulated truth, profilometer
and stereo data, and estimated depth where its error is stated beside it.

Legend
------
z : height above the reference (mean or mean plane of the evaluated area), positive outwards
Sa, Sq : mean and root mean square of ``|z|``
Ssk, Sku : mean of ``z³ / Sq³`` and of ``z⁴ / Sq⁴`` (a Gaussian surface has 0 and 3)
Sp, Sv, Sz : highest peak, deepest pit (both counted positive), and their sum

A depth map counts inwards: give its negative, or Sp and Sv change places and Ssk its sign.

Source: ISO 25178-2:2021, height parameters. S-filtering and L-filtering are the caller's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scarscope.errors import ParamsError, RegionError

Floats = NDArray[np.float64]
Reference = Literal["mean", "plane"]


@dataclass(frozen=True)
class HeightParameters:
    """Height parameters, lengths in the unit of the map.

    Attributes
    ----------
    sa, sq : float
        Arithmetic mean height and root mean square height.
    ssk, sku : float
        Skewness and kurtosis; NaN on a flat surface.
    sp, sv, sz : float
        Maximum peak height, maximum pit depth and maximum height.
    n : int
        Points evaluated.
    """

    sa: float
    sq: float
    ssk: float
    sku: float
    sp: float
    sv: float
    sz: float
    n: int

    def to_frame(self) -> pd.DataFrame:
        """One row, columns by their names in the standard (``Sa``, ``Sq``, ...)."""
        return pd.DataFrame(
            [{"n" if k == "n" else k.capitalize(): v for k, v in asdict(self).items()}]
        )


def height_parameters(
    heights: ArrayLike, mask: ArrayLike | None = None, *, reference: Reference = "mean"
) -> HeightParameters:
    """Height parameters of ISO 25178-2 within a mask.

    Parameters
    ----------
    heights : array_like of float, shape (height, width)
        Heights, positive outwards, in any length unit.
    mask : array_like of bool, same shape, optional
        Points to evaluate; None means all. What lies outside is never read.
    reference : {"mean", "plane"}
        Heights count from their mean, or from the least-squares plane through them (removes tilt).

    Returns
    -------
    HeightParameters

    Raises
    ------
    RegionError
        For a mask of another shape, fewer than three points, or heights in it that are not finite.
    ParamsError
        For an unknown `reference`.

    Examples
    --------
    >>> found = height_parameters([[0.0, 2.0], [2.0, 0.0]])
    >>> found.sa, found.sq, found.sz, found.sku
    (1.0, 1.0, 2.0, 1.0)
    """
    z = _from_reference(*_points(heights, mask), reference)
    sq = float(np.sqrt(np.mean(z**2)))
    unit = z / sq if sq > 0 else np.full_like(z, np.nan)
    sp, sv = max(float(z.max()), 0.0), max(float(-z.min()), 0.0)
    return HeightParameters(
        sa=float(np.abs(z).mean()),
        sq=sq,
        ssk=float(np.mean(unit**3)),
        sku=float(np.mean(unit**4)),
        sp=sp,
        sv=sv,
        sz=sp + sv,
        n=len(z),
    )


def _points(heights: ArrayLike, mask: ArrayLike | None) -> tuple[Floats, NDArray[np.intp]]:
    """Heights in the mask, and their rows and columns, shape (n, 2)."""
    values = np.asarray(heights, dtype=np.float64)
    inside = np.ones(values.shape, bool) if mask is None else np.asarray(mask, dtype=bool)
    if values.ndim != 2 or inside.shape != values.shape:
        raise RegionError(
            f"The height map has shape {values.shape} and its mask {inside.shape}.",
            remedy="Give a map of shape (height, width), and a mask of the same shape.",
        )
    z = values[inside]
    if len(z) < 3 or not np.isfinite(z).all():
        raise RegionError(
            f"{len(z)} points lie in the mask, {int((~np.isfinite(z)).sum())} of them not finite.",
            remedy="Mask what was not measured, and leave at least three points.",
        )
    return z, np.argwhere(inside)


def _from_reference(z: Floats, at: NDArray[np.intp], reference: str) -> Floats:
    if reference not in ("mean", "plane"):
        raise ParamsError(f"reference is {reference!r}.", remedy="Choose 'mean' or 'plane'.")
    middle = z - z[0]  # a far datum must not cost digits, nor make a flat surface rough
    middle = middle - middle.mean()
    if reference == "mean":
        return np.asarray(middle)
    across = (at - at.mean(axis=0)) / max(float(np.ptp(at)), 1.0)
    slope, *_ = np.linalg.lstsq(across, middle, rcond=None)
    rest = middle - across @ slope
    dust = 1e-12 * float(np.abs(middle).max())
    return np.where(np.abs(rest) <= dust, 0.0, rest)
