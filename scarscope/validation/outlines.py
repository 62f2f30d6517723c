"""Outlines and run lengths as pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from skimage import draw

Mask = NDArray[np.bool_]
Region = Callable[[tuple[int, int]], Mask]  # the mask for a photo's height and width


def polygon(rings: Sequence[NDArray[np.float64]]) -> Region:
    """A region inside any of some rings of corners x, y.

    Corners count from the photo's upper left corner, as in LabelMe and COCO: the middle of the
    first pixel lies at (0.5, 0.5). A pixel is inside where its middle is.
    """

    def fill(shape: tuple[int, int]) -> Mask:
        mask = np.zeros(shape, np.bool_)
        for ring in rings:
            rows, cols = ring[:, 1] - 0.5, ring[:, 0] - 0.5
            mask[draw.polygon(rows, cols, shape)] = True  # type: ignore[no-untyped-call]
        return mask

    return fill


def run_lengths(counts: object, shape: tuple[int, int]) -> Region | None:
    """A region from COCO's run lengths: columns first, beginning with how many are outside.

    None where they are not whole numbers or do not add up to the photo.
    """
    if not isinstance(counts, list) or not all(type(n) is int and n >= 0 for n in counts):
        return None
    if sum(counts) != shape[0] * shape[1]:
        return None
    inside = np.arange(len(counts)) % 2 == 1
    mask = np.repeat(inside, counts).reshape(shape[::-1]).T
    return lambda _shape: np.ascontiguousarray(mask)


def to_run_lengths(mask: Mask) -> list[int]:
    """The inverse of :func:`run_lengths`.

    Examples
    --------
    >>> to_run_lengths(np.array([[False, True], [False, True]]))
    [2, 2]
    """
    flat = mask.T.ravel()
    changes = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    ends = np.concatenate([[0], changes, [flat.size]])
    runs = [int(n) for n in np.diff(ends)]
    return [0, *runs] if flat.size and flat[0] else runs


def paint(regions: Sequence[Region], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Number regions 1, 2, ... in one label image; small ones lie over large ones."""
    labels = np.zeros(shape, np.int32)
    masks = [region(shape) for region in regions]
    order = np.argsort([-np.count_nonzero(mask) for mask in masks], kind="stable")
    for at in order:
        labels[masks[at]] = at + 1
    return labels
