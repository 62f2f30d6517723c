"""Texture by grey-level co-occurrence within a mask: the features of the IBSI, in two dimensions.

Not among the registered measures: on one photo they follow light, focus and resolution more than
scars do. They are tools for studies that hold those fixed.

Legend
------
N : grey levels, 1 to N
p_ij : probability that two neighbours have levels i and j; symmetric, so p_i. = p_.i
mu, var : mean and variance of p_i.
p_k(-), p_k(+) : distributions of ``|i - j|`` and ``i + j``
H, HX, HXY1, HXY2 : entropies in bits, of p_ij, of p_i., and of p_ij and p_i. p_.j under p_i. p_.j

Sources: Haralick 1973, IEEE Trans Syst Man Cybern 3:610; Image Biomarker Standardisation
Initiative, reference manual (Zwanenburg 2020, Radiology 295:328), section on co-occurrence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scarscope.errors import ParamsError, RegionError

Floats = NDArray[np.float64]
Aggregation = Literal[
    "2D averaged", "2D slice-merged", "2.5D direction-merged", "2.5D merged"
]  # fmt: skip

# Steps (down, right) to half of the eight neighbours; the other half comes with symmetry.
_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1))

# Feature, and its code in the IBSI's reference manual.
IBSI_CODES: Mapping[str, str] = MappingProxyType(
    {
        "joint_maximum": "GYBY",
        "joint_average": "60VM",
        "joint_variance": "UR99",
        "joint_entropy": "TU9B",
        "difference_average": "TF7R",
        "difference_variance": "D3YU",
        "difference_entropy": "NTRS",
        "sum_average": "ZGXS",
        "sum_variance": "OEEB",
        "sum_entropy": "P6QZ",
        "angular_second_moment": "8ZQL",
        "contrast": "ACUI",
        "dissimilarity": "8S9J",
        "inverse_difference": "IB1Z",
        "normalised_inverse_difference": "NDRX",
        "inverse_difference_moment": "WF0Z",
        "normalised_inverse_difference_moment": "1QCO",
        "inverse_variance": "E8JP",
        "correlation": "NI2N",
        "autocorrelation": "QWB0",
        "cluster_tendency": "DG8W",
        "cluster_shade": "7NFM",
        "cluster_prominence": "AE86",
        "information_correlation_1": "R8DG",
        "information_correlation_2": "JN9H",
    }
)


@dataclass(frozen=True, eq=False)
class Glcm:
    """Co-occurrence features of one image or stack.

    Attributes
    ----------
    values : Mapping of str to float
        Feature to value, named and ordered as :data:`IBSI_CODES`. All NaN where no two neighbours
        lie in the mask; the correlations NaN in a uniform region.
    n_pairs : int
        Pairs of neighbours that were counted, each once.
    levels, distance, aggregation
        As they were asked for.
    """

    values: Mapping[str, float]
    n_pairs: int
    levels: int
    distance: int
    aggregation: Aggregation

    def to_frame(self) -> pd.DataFrame:
        """One row: what was asked for, then the features."""
        told = {"levels": self.levels, "distance": self.distance, "aggregation": self.aggregation}
        return pd.DataFrame([{**told, "n_pairs": self.n_pairs, **self.values}])


def glcm_features(
    image: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    levels: int,
    distance: int = 1,
    aggregation: Aggregation = "2D averaged",
) -> Glcm:
    """All 25 co-occurrence features of the IBSI within a mask.

    Parameters
    ----------
    image : array_like of int, shape (height, width) or (slices, height, width)
        Grey levels 1 to `levels` inside the mask (see :func:`grey_levels`); what lies outside is
        never read.
    mask : array_like of bool, same shape, optional
        Pixels that count; None means all. Both neighbours of a pair must lie in it.
    levels : int
        Number of grey levels N, at least 2.
    distance : int
        Steps between neighbours in pixels (Chebyshev), at least 1.
    aggregation : str
        ``"2D averaged"``: features of every direction and slice, then their mean;
        ``"2D slice-merged"``: directions of a slice counted together;
        ``"2.5D direction-merged"``: slices counted together, mean over directions;
        ``"2.5D merged"``: everything in one matrix. For a single image the first and third are the
        same, and so are the second and fourth.

    Returns
    -------
    Glcm
        Means are taken over the matrices that hold a pair.

    Raises
    ------
    ParamsError
        For `levels`, `distance` or `aggregation` out of range.
    RegionError
        For a mask of another shape, or levels outside 1 to `levels` in it.

    Examples
    --------
    >>> stripes = [[1, 2, 1], [1, 2, 1]]
    >>> found = glcm_features(stripes, levels=2, aggregation="2.5D merged")
    >>> round(found.values["contrast"], 3), found.n_pairs
    (0.727, 11)
    """
    _check_options(levels, distance, aggregation)
    stack, inside = _stack(image, mask, levels)
    counts = cooccurrence(stack, inside, levels=levels, distance=distance)
    merged = _merged(counts, aggregation)
    filled = merged[merged.sum(axis=(1, 2)) > 0]
    found = _features(filled) if len(filled) else dict.fromkeys(IBSI_CODES, np.full(1, np.nan))
    values = {name: float(found[name].mean()) for name in IBSI_CODES}
    pairs = int(counts.sum()) // 2
    return Glcm(MappingProxyType(values), pairs, levels, distance, aggregation)


def grey_levels(
    image: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    levels: int,
    bounds: tuple[float, float] | None = None,
) -> NDArray[np.intp]:
    """Sort an image into equally wide grey levels (the IBSI's fixed bin number).

    Parameters
    ----------
    image : array_like of float, any shape
    mask : array_like of bool, same shape, optional
        Pixels that count; None means all.
    levels : int
        Number of levels, at least 2.
    bounds : tuple of float, optional
        Lowest and highest value; beyond them, values fall into the outer levels. None takes the
        extremes inside the mask: then photos of different contrast are not comparable.

    Returns
    -------
    ndarray of int, same shape
        1 to `levels` inside the mask, 0 outside. A uniform image is level 1.

    Raises
    ------
    ParamsError
        For fewer than two levels, or bounds that are not in order.
    RegionError
        For a mask of another shape or without a pixel, or values in it that are not finite.
    """
    _check_options(levels, 1, "2D averaged")
    values = np.asarray(image, dtype=np.float64)
    inside = _mask_of(values, mask)
    known = values[inside]
    if known.size == 0 or not np.isfinite(known).all():
        raise RegionError(
            f"{known.size} pixels lie in the mask, {int((~np.isfinite(known)).sum())} not finite.",
            remedy="Mask what cannot be measured, and leave something that can.",
        )
    low, high = (float(known.min()), float(known.max())) if bounds is None else bounds
    if bounds is not None and not low < high:
        raise ParamsError(f"bounds are {bounds}.", remedy="Give (lowest, highest).")
    found = np.zeros(values.shape, dtype=np.intp)
    share = (known - low) / (high - low or 1.0)
    found[inside] = np.clip(np.floor(levels * share), 0, levels - 1).astype(np.intp) + 1
    return found


def cooccurrence(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], *, levels: int, distance: int = 1
) -> Floats:
    """Symmetric counts of neighbouring levels, for every slice and direction.

    Parameters
    ----------
    image : ndarray of int, shape (slices, height, width)
        Levels 1 to `levels` inside the mask.
    mask : ndarray of bool, same shape
    levels, distance : int
        As in :func:`glcm_features`.

    Returns
    -------
    ndarray of float64, shape (slices, 4, levels, levels)
        Neighbours to the right, to the lower right, below, to the lower left; every pair counts
        both ways.
    """
    counts = [
        [_one_way(plane, inside, step, levels, distance) for step in _DIRECTIONS]
        for plane, inside in zip(image, mask, strict=True)
    ]
    one_way = np.asarray(counts, dtype=np.float64)
    return np.asarray(one_way + one_way.swapaxes(-1, -2))


def _one_way(
    plane: NDArray[np.integer[Any]],
    inside: NDArray[np.bool_],
    step: tuple[int, int],
    levels: int,
    distance: int,
) -> NDArray[np.intp]:
    (here_y, there_y), (here_x, there_x) = (_shift(part * distance) for part in step)
    both = inside[here_y, here_x] & inside[there_y, there_x]
    here = plane[here_y, here_x][both] - 1
    there = plane[there_y, there_x][both] - 1
    cells = np.bincount(here * levels + there, minlength=levels * levels)
    return cells.reshape(levels, levels)


def _shift(step: int) -> tuple[slice, slice]:
    """Slices of an axis for a pixel and for its neighbour `step` further on."""
    if step == 0:
        return slice(None), slice(None)
    ahead, behind = slice(abs(step), None), slice(None, -abs(step))
    return (behind, ahead) if step > 0 else (ahead, behind)


def _merged(counts: Floats, aggregation: Aggregation) -> Floats:
    """The matrices whose features are averaged, shape (matrices, levels, levels)."""
    levels = counts.shape[-1]
    axes = {"2D averaged": (), "2D slice-merged": (1,), "2.5D direction-merged": (0,)}
    merged = counts.sum(axis=axes.get(aggregation, (0, 1)))
    return np.asarray(merged.reshape(-1, levels, levels))


def _features(counts: Floats) -> dict[str, Floats]:
    """Every feature of every matrix, shape (matrices,) each."""
    p = counts / counts.sum(axis=(1, 2), keepdims=True)
    i = np.arange(1, p.shape[1] + 1, dtype=np.float64)[:, None]
    j = i.T
    side = p.sum(axis=2)
    mu = (side * i[:, 0]).sum(axis=1)
    var = (side * (i[:, 0] - mu[:, None]) ** 2).sum(axis=1)
    auto = (p * i * j).sum(axis=(1, 2))
    return {
        "joint_maximum": p.max(axis=(1, 2)),
        "joint_average": mu,
        "joint_variance": var,
        "joint_entropy": _entropy(p),
        "angular_second_moment": (p**2).sum(axis=(1, 2)),
        "autocorrelation": auto,
        "correlation": np.divide(auto - mu**2, var, out=np.full_like(var, np.nan), where=var > 0),
        **_of_differences(p),
        **_of_sums(p, mu),
        **_information(p, side),
    }


def _of_differences(p: Floats) -> dict[str, Floats]:
    n = p.shape[1]
    at = np.arange(n)
    apart = np.abs(at[:, None] - at[None, :])
    share = _along(p, apart, n)
    k = at.astype(np.float64)
    mean = share @ k
    return {
        "difference_average": mean,
        "difference_variance": share @ k**2 - mean**2,
        "difference_entropy": _entropy(share),
        "contrast": share @ k**2,
        "dissimilarity": mean,
        "inverse_difference": share @ (1 / (1 + k)),
        "normalised_inverse_difference": share @ (1 / (1 + k / n)),
        "inverse_difference_moment": share @ (1 / (1 + k**2)),
        "normalised_inverse_difference_moment": share @ (1 / (1 + (k / n) ** 2)),
        # Twice the sum over i < j of p_ij / (i - j)²: every difference above 0 counts both ways.
        "inverse_variance": share[:, 1:] @ (1 / k[1:] ** 2),
    }


def _of_sums(p: Floats, mu: Floats) -> dict[str, Floats]:
    n = p.shape[1]
    at = np.arange(n)
    share = _along(p, at[:, None] + at[None, :], 2 * n - 1)
    k = np.arange(2, 2 * n + 1, dtype=np.float64)
    off = k - 2 * mu[:, None]
    spread = (share * off**2).sum(axis=1)
    return {
        "sum_average": share @ k,
        "sum_variance": spread,
        "sum_entropy": _entropy(share),
        "cluster_tendency": spread,
        "cluster_shade": (share * off**3).sum(axis=1),
        "cluster_prominence": (share * off**4).sum(axis=1),
    }


def _information(p: Floats, side: Floats) -> dict[str, Floats]:
    chance = side[:, :, None] * side[:, None, :]
    logs = np.log2(chance, out=np.zeros_like(chance), where=chance > 0)
    hxy, hx = _entropy(p), _entropy(side)
    hxy1, hxy2 = -(p * logs).sum(axis=(1, 2)), -(chance * logs).sum(axis=(1, 2))
    first = np.divide(hxy - hxy1, hx, out=np.full_like(hx, np.nan), where=hx > 0)
    second = np.sqrt(np.maximum(1 - np.exp(-2 * (hxy2 - hxy)), 0))
    return {"information_correlation_1": first, "information_correlation_2": second}


def _along(p: Floats, group: NDArray[np.intp], n: int) -> Floats:
    """Sums of each matrix over the cells of each group, shape (matrices, n)."""
    cells = p.reshape(len(p), -1)
    return np.stack([np.bincount(group.ravel(), weights=row, minlength=n) for row in cells])


def _entropy(p: Floats) -> Floats:
    """Entropy in bits of each entry of the first axis."""
    flat = p.reshape(len(p), -1)
    logs = np.log2(flat, out=np.zeros_like(flat), where=flat > 0)
    return np.asarray(-(flat * logs).sum(axis=1))


def _check_options(levels: int, distance: int, aggregation: str) -> None:
    if levels < 2 or distance < 1 or int(levels) != levels or int(distance) != distance:
        raise ParamsError(
            f"levels is {levels} and distance {distance}.",
            remedy="Give whole numbers: at least 2 levels, and a distance of at least 1 pixel.",
        )
    if aggregation not in get_args(Aggregation):
        raise ParamsError(
            f"aggregation is {aggregation!r}.",
            remedy=f"Choose one of {', '.join(map(repr, get_args(Aggregation)))}.",
        )


def _mask_of(values: NDArray[Any], mask: ArrayLike | None) -> NDArray[np.bool_]:
    inside = np.ones(values.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
    if inside.shape != values.shape:
        raise RegionError(
            f"The image has shape {values.shape} but its mask {inside.shape}.",
            remedy="Give a mask of the image's own shape.",
        )
    return inside


def _stack(
    image: ArrayLike, mask: ArrayLike | None, levels: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    values = np.asarray(image)
    inside = _mask_of(values, mask)
    if values.ndim not in (2, 3):
        raise RegionError(
            f"The image has {values.ndim} axes.",
            remedy="Give (height, width), or (slices, height, width).",
        )
    known = values[inside]
    if known.size and not (
        known.min() >= 1 and known.max() <= levels and (known == np.floor(known)).all()
    ):
        raise RegionError(
            f"Grey levels in the mask run from {known.min()} to {known.max()}, not whole from 1 to "
            f"{levels}.",
            remedy="Sort the image into levels first: grey_levels(image, mask, levels=...).",
        )
    # What lies outside the mask is never counted; zeros keep NaN out of the conversion.
    whole = np.where(inside, values, 0).astype(np.intp)
    shape = whole.shape if whole.ndim == 3 else (1, *whole.shape)
    return whole.reshape(shape), inside.reshape(shape)
