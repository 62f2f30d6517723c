"""From labels and depth to one row a scar: size, depth, volume, edge, type, confidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from scarscope.scars.model import TYPES, columns
from scarscope.scars.types import Probabilities, Weights, Whole, judged, type_probabilities
from scarscope.skin.model import Grid

Image = NDArray[np.float32]
Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

RIM_MM = 0.25  # half-width of the band along a scar's outline in which its edge is read


@dataclass(frozen=True, eq=False)
class Window:
    """One scar in a window with a margin: slices into the grid, and its own pixels there."""

    label: int
    box: tuple[slice, slice]
    own: Mask


@dataclass(frozen=True)
class Shape:
    """Extent of one scar on the grid, in grid steps.

    Attributes
    ----------
    x, y : float
        Centre of area.
    width, length : float
        Sides of the smallest rectangle around it, shorter and longer, scaled so that a disc has
        its diameter.
    area : int
        Grid cells.
    circularity : float
        Four pi area over perimeter squared: 1 for a disc, less for threads and stars.
    """

    x: float
    y: float
    width: float
    length: float
    area: int
    circularity: float


def windows(labels: Labels, *, margin: int) -> Iterator[Window]:
    """Every label with a margin around it, in order."""
    boxes: Sequence[tuple[slice, ...] | None] = ndimage.find_objects(labels)
    for label, box in enumerate(boxes, start=1):
        if box is None:  # a number that no cell carries
            continue
        rows, cols = (
            slice(max(side.start - margin, 0), min(side.stop + margin, size))
            for side, size in zip(box, labels.shape, strict=True)
        )
        yield Window(label, (rows, cols), labels[rows, cols] == label)


def measure_shape(window: Window) -> Shape:
    """Centre and extent of one scar."""
    rows, cols = window.box
    y, x = np.nonzero(window.own)
    area = len(y)
    outlines, _ = cv2.findContours(
        window.own.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    outline = max(outlines, key=lambda points: int(points.shape[0]))
    # Contours run through pixel centres: half a cell is added on each side.
    sides = [float(side) + 1.0 for side in cv2.minAreaRect(outline)[1]]
    perimeter = cv2.arcLength(outline, True) + np.pi
    return Shape(
        x=float(x.mean()) + cols.start,
        y=float(y.mean()) + rows.start,
        width=min(sides),
        length=max(sides),
        area=area,
        circularity=float(min(1.0, 4 * np.pi * area / perimeter**2)),
    )


def measure_depth(depth: Image, window: Window) -> float:
    """Greatest depth of one scar (the map it is read from is smooth already)."""
    return max(float(depth[window.box][window.own].max()), 0.0)


def edge_steepness(depth: Image, window: Window, shape: Shape, *, step: float, rim: float) -> float:
    """Mean slope in a band along the outline over that of a cone as deep and wide.

    Parameters
    ----------
    depth : ndarray of float32
        Missing depth on the grid.
    step : float
        Grid step in depth's unit.
    rim : float
        Half-width of the band in grid steps.
    """
    own = window.own.astype(np.uint8)
    inside = cv2.distanceTransform(np.pad(own, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    outside = cv2.distanceTransform(1 - own, cv2.DIST_L2, 3)
    band = (inside <= rim) & (outside <= rim)
    patch = depth[window.box].astype(np.float32)
    thin = [(0, max(0, 2 - side)) for side in patch.shape]  # a slope needs two cells
    down, across = np.gradient(np.pad(patch, thin, mode="edge"), step)
    slope = float(np.hypot(down, across)[: patch.shape[0], : patch.shape[1]][band].mean())
    deepest = measure_depth(depth, window)
    if deepest <= 0:
        return 0.0
    return slope * (shape.width * step / 2) / deepest


def describe(
    labels: Labels,
    depth: Image,
    grid: Grid,
    confidence: Mapping[int, float],
    *,
    kinds: Mapping[int, Probabilities] | None = None,
    kind_weights: Weights = (),
    depth_sd: Mapping[int, float] | None = None,
) -> pd.DataFrame:
    """One row a scar.

    Parameters
    ----------
    labels : ndarray of int32, shape grid.shape
        Numbered 1 to n without gaps.
    depth : ndarray of float32, shape grid.shape
        Missing depth in the grid's unit; smooth beyond the outline, for the edge.
    grid : Grid
    confidence : Mapping of int to float
        How sure the segmenter is of each label, 0 to 1.
    kinds : Mapping of int to 3 float, optional
        Probabilities of the types of each label. None: by width and edge, see
        :func:`scarscope.scars.type_probabilities`.
    kind_weights : tuple of 3 tuples of float
        How `kinds` and the whole scar's size, depth and edge are weighed against each other, see
        :func:`scarscope.scars.types.judged`; empty takes `kinds` as they are.
    depth_sd : Mapping of int to float, optional
        Standard deviation of each label's depth, in the grid's unit. None: not known.

    Returns
    -------
    DataFrame
        Columns by :func:`scarscope.scars.columns`; empty with the same columns when there is none.
    """
    margin = int(np.ceil(2 * RIM_MM / grid.filter_mm)) + 2
    rows = [
        _row(
            window,
            depth,
            grid,
            confidence=confidence[window.label],
            kinds=None if kinds is None else kinds[window.label],
            kind_weights=kind_weights,
            depth_sd=math.nan if depth_sd is None else depth_sd[window.label],
        )
        for window in windows(labels, margin=margin)
    ]
    names = columns(grid.unit)
    # An empty table has no values to tell kinds by, and must join others' rows all the same.
    plain = {**dict.fromkeys(names, "float64"), "scar_id": "int64", "type": "str"}
    return pd.DataFrame(rows, columns=list(names)).astype(plain)


def _row(
    window: Window,
    depth: Image,
    grid: Grid,
    *,
    confidence: float,
    kinds: Probabilities | None,
    kind_weights: Weights,
    depth_sd: float,
) -> tuple[object, ...]:
    shape = measure_shape(window)
    step = grid.step
    deepest = measure_depth(depth, window)
    steepness = edge_steepness(
        depth, window, shape, step=step, rim=max(RIM_MM / grid.filter_mm, 1.0)
    )
    diameter_mm = 2 * float(np.sqrt(shape.area / np.pi)) * grid.filter_mm
    if kinds is None:
        probabilities = type_probabilities(diameter_mm, steepness)
    else:
        deepness = deepest / step * grid.filter_mm / diameter_mm
        probabilities = judged(kinds, Whole(diameter_mm, deepness, steepness), kind_weights)
    fine = 1000.0 if grid.unit == "mm" else 1.0
    volume = float(np.maximum(depth[window.box][window.own], 0).sum()) * step**2
    return (
        window.label,
        TYPES[int(np.argmax(probabilities))],
        *probabilities,
        *grid.to_photo(shape.x, shape.y),
        shape.width * step,
        shape.length * step,
        shape.area * step**2,
        deepest * fine,
        depth_sd * fine,
        volume,
        steepness,
        confidence,
    )
