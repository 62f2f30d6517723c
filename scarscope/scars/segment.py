"""Cut scars out of recovered relief: hysteresis on depth over noise, then watershed.

Everything is a ratio to the unscarred skin's own roughness, which is read from its *peaks*: scars
are pits, so what stands above the surface is texture and noise alone, however many scars there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import apply_hysteresis_threshold
from skimage.morphology import h_maxima, reconstruction
from skimage.segmentation import watershed

from scarscope.params import ScarParams
from scarscope.skin.chromophores import blur, masked_blur

Image = NDArray[np.float32]
Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

BORDER_MM = 0.8  # width of the rim of a region in which a depression may be the region's own edge


@dataclass(frozen=True, eq=False)
class Depression:
    """Depth below the unscarred surface and how far it stands out of the skin's own roughness.

    Attributes
    ----------
    depth : ndarray of float32
        mm, negative where the skin stands above the surface.
    response : ndarray of float32
        Largest depth over noise among the scales (1 is one standard deviation of texture).
    noise : float
        Standard deviation of the unscarred skin's relief at the finest scale, mm.
    """

    depth: Image
    response: Image
    noise: float


@dataclass(frozen=True, eq=False)
class Cut:
    """Labels of the pits (int32, 1 to n) and their smoothed depth with floors filled, mm."""

    labels: Labels
    depth: Image


def depress(height: Image, region: Mask, *, filter_mm: float, params: ScarParams) -> Depression:
    """Depth below the unscarred surface, and its response at several scales.

    The surface is a blur of the height over what is not itself a pit, found in two rounds.
    """
    plain = region
    depth = np.zeros_like(height)
    for _ in range(3):
        if np.count_nonzero(plain) < 0.2 * np.count_nonzero(region):
            break
        surface = masked_blur(height, plain, params.background_mm / filter_mm)
        depth = np.where(region, surface - height, np.float32(0))
        fine = blur(depth, max(params.scales_mm[0] / filter_mm, 0.5))
        plain = region & (fine < 1.5 * upper_noise(fine[region]))
    response = np.zeros_like(depth)
    noise = 0.0
    for scale in params.scales_mm:
        smooth = blur(depth, max(scale / filter_mm, 0.5))
        spread = upper_noise(smooth[region])
        noise = noise or spread
        response = np.maximum(response, smooth / max(spread, params.least_noise_mm))
    return Depression(depth, np.where(region, response, np.float32(0)), noise)


def upper_noise(depth: NDArray[np.float32]) -> float:
    """Standard deviation of texture, from what stands above the surface only."""
    above = depth[depth < 0]
    if above.size < 50:
        return 0.0
    # The median of |x| is 0.6745 sd of a normal distribution.
    return float(np.median(-above)) / 0.6745


def cut(found: Depression, region: Mask, *, filter_mm: float, params: ScarParams) -> Cut:
    """Label the pits: seeds above the high threshold, grown to the low one, split, trimmed."""
    low, high = params.low_sd, params.high_sd
    strong = np.asarray(apply_hysteresis_threshold(found.response, low, high)) & region  # type: ignore[no-untyped-call]
    floor = fill_floors(found.depth, strong, filter_mm=filter_mm, params=params)
    fine = blur(floor, max(params.scales_mm[0] / filter_mm, 0.5))
    strong = strong | (floor > found.depth)
    if not strong.any():
        return Cut(np.zeros(region.shape, np.int32), fine)
    lump = blur(floor, max(params.split_mm / filter_mm, 0.7))
    markers = _seeds(lump, strong, params)
    labels = watershed(-lump, markers=markers, mask=strong)  # type: ignore[no-untyped-call]
    return Cut(
        _trim(labels.astype(np.int32), fine, region, filter_mm=filter_mm, params=params), fine
    )


def fill_floors(depth: Image, strong: Mask, *, filter_mm: float, params: ScarParams) -> Image:
    """Raise what a closed rim surrounds to the lowest place of that rim.

    Light from the front darkens only the walls of a flat-floored scar, so its floor looks as high
    as the skin around it. A pit has no island of plain skin inside; a wide gap between scars is
    skin, and stays.
    """
    lumps, _ = ndimage.label(ndimage.binary_fill_holes(strong))
    out = depth.copy()
    largest = np.pi / 4 * (params.widest_floor_mm / filter_mm) ** 2
    boxes: Sequence[tuple[slice, ...] | None] = ndimage.find_objects(lumps)
    for index, bare in enumerate(boxes, start=1):
        if bare is None:
            continue
        box = _widen(bare, depth.shape, 1)
        own = lumps[box] == index
        walls = np.where(own, depth[box], np.float32(0))
        flooded = _flooded(walls, own)
        floor = _no_larger(own & (flooded > walls), largest)
        out[box] = np.where(floor, flooded, out[box])
    return out


def _flooded(walls: Image, own: Mask) -> Image:
    """The depth with every basin inside filled to where it would spill."""
    seed = np.where(own, np.maximum(walls.max(), 0), walls)
    # Nothing is held at the crop's edge: a scar that the frame cuts has no rim there.
    seed[[0, -1], :], seed[:, [0, -1]] = walls[[0, -1], :], walls[:, [0, -1]]
    filled = reconstruction(seed, walls, method="erosion")  # type: ignore[no-untyped-call]
    return np.asarray(filled, dtype=np.float32)


def _no_larger(mask: Mask, largest: float) -> Mask:
    """The pieces of a mask that have no more cells than that."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    small = sizes <= largest
    small[0] = False
    return np.asarray(small[labels])


def _seeds(lump: Image, strong: Mask, params: ScarParams) -> Labels:
    """One seed a pit: maxima whose saddle to the next is below a share of their own depth."""
    height = np.log(np.maximum(lump, params.least_noise_mm))
    inside = np.where(strong, height, height.min()).astype(np.float32)
    least = -float(np.log(params.saddle_share))
    peaks = h_maxima(inside, least) > 0  # type: ignore[no-untyped-call]
    labels, _ = ndimage.label(peaks & strong, structure=np.ones((3, 3)))
    return np.asarray(labels, dtype=np.int32)


def _trim(
    labels: Labels, depth: Image, region: Mask, *, filter_mm: float, params: ScarParams
) -> Labels:
    """Keep of each pit what is deeper than a share of its own depth, in one piece, and renumber."""
    out = np.zeros_like(labels)
    count = 0
    least = max(params.least_width_mm / filter_mm, params.least_width_cells)
    least_area = np.pi / 4 * least**2
    boxes: Sequence[tuple[slice, ...] | None] = ndimage.find_objects(labels)
    for index, bare in enumerate(boxes, start=1):
        if bare is None:  # a seed that won no cell
            continue
        box = _widen(bare, labels.shape, 2)
        own = labels[box] == index
        deep = float(np.percentile(depth[box][own], 95))
        if deep <= 0:
            continue
        piece = _largest(own & (depth[box] > params.rim_share * deep))
        # Not OpenCV's: with an even kernel that shifts what it opens by one cell down and right.
        opened = ndimage.binary_opening(piece, np.ones((2, 2), dtype=bool))
        piece = _round_out(_largest(opened), params.round_share) & region[box]
        if piece.sum() < least_area:
            continue
        count += 1
        view = out[box]
        view[piece & (view == 0)] = count
    return out


def region_rim(region: Mask, *, filter_mm: float) -> Mask:
    """Skin next to what is not skin, where shading falls off for other reasons than scars.

    The edge of the photo is no such border.
    """
    padded = np.pad(region, 1, mode="edge").astype(np.uint8)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    cells = max(2, round(BORDER_MM / filter_mm))
    return np.asarray(region & (distance <= cells) & (not region.all()))


def _widen(box: tuple[slice, ...], shape: tuple[int, ...], by: int) -> tuple[slice, slice]:
    rows, cols = (
        slice(max(side.start - by, 0), min(side.stop + by, size))
        for side, size in zip(box, shape, strict=True)
    )
    return rows, cols


def _round_out(piece: Mask, share: float) -> Mask:
    """Close bays: light from one side shows a pit as a crescent, but the pit is the whole round."""
    radius = int(share * np.sqrt(piece.sum() / np.pi))
    if radius < 1:
        return np.asarray(ndimage.binary_fill_holes(piece))
    padded = np.pad(piece, radius).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[radius:-radius, radius:-radius]
    return np.asarray(ndimage.binary_fill_holes(closed > 0))


def _largest(mask: Mask) -> Mask:
    labels, count = ndimage.label(mask)
    if count <= 1:
        return np.asarray(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(sizes.argmax()))
