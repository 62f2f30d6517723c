"""Which pixels are measurable skin, found from the photo alone.

Skin is looked for by its colour, which is learnt from each photo: the prior only says which
chromaticities pigment and blood can give under any usual white balance, so that no tone is
preferred. What is left out: background, hair, brows, eyes, nostrils, mouth, clothes, and a margin
inside the outline. Small holes are filled again, because scars, naevi and red marks are holes too.

Symbols: u = log(R/G), v = log(G/B), level = mean log of linear light.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scarscope.params import SkinParams
from scarscope.skin.chromophores import blur, masked_blur
from scarscope.skin.face import Face, cover_features

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

COARSE_PX = 420  # longer side of the grid on which colour decides
# Chromaticities that the pigment model gives for 1 to 43 % melanosomes and 1 to 3 % blood
# (u 0.39 to 1.33, v -0.03 to 1.33), widened by 0.35 for white balance and shine.
U_RANGE = (0.04, 1.7)
V_RANGE = (-0.38, 1.7)
SPREAD_FLOOR = (0.07, 0.09)  # least spread of u and v within one person's skin, 1 sd
# Within this of the photo's median (u, v) lie 84 % and more of a close-up of skin, and at most 68 %
# of a head with hair and backdrop.
CLOSE_UP_REACH = (0.25, 0.30)
CLOSE_UP_SHARE = 0.76
MOST_GRAIN = 0.15  # median step of u from a pixel to its surroundings; skin at high ISO shows 0.02
REACH = 3.2  # accepted Mahalanobis distance
DARKER, BRIGHTER = 1.6, 1.5  # accepted log level below and above the skin's own median
STEEP_BLUR_MM = 2.5  # sigma over which fall-off is judged: wider than a scar's wall
STEEP_PER_MM = 0.09  # log light per mm; a cheek under a lamp at 45 degrees falls by 0.01 to 0.05
LEVEL_SPREAD = 0.5  # spread of log level over one lit face, 1 sd
HAIR_DARKER = 0.45  # log level below the skin around it that hair, brows and beards show


@dataclass(frozen=True)
class SkinColour:
    """A photo's own skin colour: centre and inverse covariance of (u, v), median level."""

    centre: NDArray[np.float64]
    precision: NDArray[np.float64]
    level: float


def find_region(rgb: Image, face: Face | None, *, filter_mm: float, params: SkinParams) -> Mask:
    """Find measurable skin.

    Parameters
    ----------
    rgb : ndarray of float32, shape (h, w, 3)
        Linear light on the working grid.
    face : Face or None
        Where a frontal face was found.
    filter_mm : float
        Grid step in mm (nominal without a scale).
    params : SkinParams

    Returns
    -------
    ndarray of bool, shape (h, w)
        Empty (all False) where nothing looks like skin.
    """
    rows, cols = rgb.shape[:2]
    small, factor = _coarse(rgb)
    step_mm = filter_mm * factor
    features = _features(small)
    colour = None if _grainy(small, features) else learn_colour(features, face)
    if colour is None:
        return np.zeros((rows, cols), dtype=bool)
    mask = _accept(features, colour)
    if face is not None:
        mask &= _window(face, mask.shape) & ~_backdrop(features, colour, face)
    mask &= ~_hair(features[..., 2], mask, step_mm)
    mask &= ~_turned_away(features[..., 2], mask, step_mm)
    if face is not None:
        mask &= ~cover_features(face, _odd(features, colour, mask, step_mm))
    mask = _tidy(mask, face, step_mm, params)
    full = cv2.resize(blur(mask.astype(np.float32), 0.8), (cols, rows))
    return np.asarray(full > 0.5)


def is_close_up(rgb: Image) -> bool:
    """Whether nearly all of a photo is of one skin colour: no hair, eyes, clothes or backdrop.

    The face detector sees faces in the marks of such photos, so it must not be asked.

    Parameters
    ----------
    rgb : ndarray of float32, shape (h, w, 3)
        Linear light.
    """
    colours = _features(_coarse(rgb)[0])[..., :2].reshape(-1, 2)
    offset = (colours - np.median(colours, axis=0)) / np.array(CLOSE_UP_REACH, np.float32)
    return bool((np.hypot(*offset.T) < 1).mean() > CLOSE_UP_SHARE)


def _grainy(rgb: Image, features: Image) -> bool:
    """Whether colour changes from pixel to pixel as in noise, which no skin does."""
    log = np.log(np.maximum(rgb, 0) + np.float32(0.002))
    grain = np.abs(log[..., 0] - log[..., 1] - features[..., 0])
    return bool(np.median(grain) > MOST_GRAIN)


def _coarse(rgb: Image) -> tuple[Image, float]:
    """The image averaged to at most :data:`COARSE_PX` a side, and by what factor."""
    rows, cols = rgb.shape[:2]
    factor = max(1.0, max(rows, cols) / COARSE_PX)
    size = (max(1, round(cols / factor)), max(1, round(rows / factor)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32), factor


def _features(rgb: Image) -> Image:
    """(u, v, level) of a slightly blurred image, shape (h, w, 3)."""
    log = np.log(np.maximum(blur(rgb, 1.0), 0) + np.float32(0.002))
    u, v = log[..., 0] - log[..., 1], log[..., 1] - log[..., 2]
    return np.stack([u, v, log.mean(axis=2)], axis=2)


def _plausible(features: Image) -> Mask:
    u, v, level = np.moveaxis(features, 2, 0)
    inside = (u > U_RANGE[0]) & (u < U_RANGE[1]) & (v > V_RANGE[0]) & (v < V_RANGE[1])
    return np.asarray(inside & (level > np.log(0.004)))


def learn_colour(features: Image, face: Face | None) -> SkinColour | None:
    """Learn this photo's skin colour from the face's middle, or from the commonest plausible one.

    Returns
    -------
    SkinColour or None
        None where no more than 1 % of the pixels could be skin.
    """
    rows, cols = features.shape[:2]
    plausible = _plausible(features)
    seed = plausible & _smooth(features[..., 2])
    if face is not None:
        window = np.zeros((rows, cols), dtype=bool)
        left, top, right, bottom = face.box((rows, cols))
        across, down = (right - left), (bottom - top)
        window[
            top + round(0.45 * down) : top + round(0.72 * down),
            left + round(0.15 * across) : left + round(0.85 * across),
        ] = True
        seed &= window
        if seed.sum() < 0.2 * window.sum():
            seed = plausible & window
    if seed.sum() < 0.01 * rows * cols and face is None:
        return None
    if seed.sum() < 20:
        return None
    return _fit(features, seed, central=face is None)


def _smooth(level: Image) -> Mask:
    """Where brightness changes little from pixel to pixel (not hair, not cloth, not edges)."""
    slope = np.hypot(
        cv2.Sobel(level, cv2.CV_32F, 1, 0, scale=1 / 8),
        cv2.Sobel(level, cv2.CV_32F, 0, 1, scale=1 / 8),
    )
    return np.asarray(slope < 0.12)


def _fit(features: Image, seed: Mask, *, central: bool) -> SkinColour:
    """Robust centre and spread of the seed's colour: its densest mode, then three trimmed fits."""
    rows, cols = seed.shape
    points = features[seed].astype(np.float64)
    weights = np.ones(len(points))
    if central:
        # Photographers put the skin in the middle; a mild preference decides between two modes.
        y, x = np.nonzero(seed)
        offset = np.hypot((y / rows - 0.5), (x / cols - 0.5))
        weights = np.exp(-0.5 * (offset / 0.35) ** 2)
    centre = _mode(points[:, :2], weights)
    spread = np.diag(np.square([0.20, 0.24]))
    for _ in range(3):
        offset = points[:, :2] - centre
        near = np.einsum("ij,jk,ik->i", offset, np.linalg.inv(spread), offset) < 6.0
        if near.sum() < 20:
            break
        centre = np.median(points[near, :2], axis=0)
        spread = np.cov(points[near, :2].T) + np.diag(np.square(SPREAD_FLOOR))
    offset = points[:, :2] - centre
    near = np.einsum("ij,jk,ik->i", offset, np.linalg.inv(spread), offset) < 6.0
    level = float(np.median(points[near, 2])) if near.any() else float(np.median(points[:, 2]))
    return SkinColour(centre, np.linalg.inv(spread), level)


def _mode(points: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Densest place of (u, v), by a smoothed histogram."""
    counts, u_edges, v_edges = np.histogram2d(
        points[:, 0], points[:, 1], bins=48, range=[U_RANGE, V_RANGE], weights=weights
    )
    smooth = ndimage.gaussian_filter(counts, 2.0)
    row, col = np.unravel_index(int(np.argmax(smooth)), smooth.shape)
    return np.array([u_edges[row : row + 2].mean(), v_edges[col : col + 2].mean()])


def _accept(features: Image, colour: SkinColour) -> Mask:
    offset = features[..., :2] - colour.centre.astype(np.float32)
    precision = colour.precision.astype(np.float32)
    distance = np.einsum("...j,jk,...k->...", offset, precision, offset)
    level = features[..., 2] - colour.level
    # Shine washes colour out: the brightest pixels may be paler than the skin's own spread allows.
    pale = (level > 0.5) & (offset[..., 0] > -0.6) & (offset[..., 0] < 0.1)
    near = (distance < REACH**2) | (pale & (distance < (2 * REACH) ** 2))
    return np.asarray(near & (level > -DARKER) & (level < BRIGHTER))


def _window(face: Face, shape: tuple[int, int]) -> Mask:
    """Where a face's skin and neck can be: the box, half as wide again, and down to the collar."""
    rows, cols = shape
    grown = Face(
        face.left - 0.25 * face.width,
        face.top - 0.25 * face.height,
        1.5 * face.width,
        1.85 * face.height,
    )
    left, top, right, bottom = grown.box((rows, cols))
    mask = np.zeros(shape, dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


def _backdrop(features: Image, colour: SkinColour, face: Face) -> Mask:
    """Pixels whose colour and brightness are commoner away from the face than on skin.

    Wood, beige walls and blond hair share skin's chromaticity; what surrounds the face shows them.
    """
    away = ~_window(face, features.shape[:2])
    if away.sum() < 200:
        return np.zeros(features.shape[:2], dtype=bool)
    bins = ((U_RANGE, 28), (V_RANGE, 28), ((colour.level - 3.0, colour.level + 2.0), 20))
    index = [
        np.clip((features[..., k] - low) / (high - low) * n, 0, n - 1).astype(int)
        for k, ((low, high), n) in enumerate(bins)
    ]
    counts = np.zeros([n for _, n in bins])
    np.add.at(counts, tuple(i[away] for i in index), 1.0)
    common = ndimage.gaussian_filter(counts / away.sum(), 1.2)[tuple(index)]
    cell = float(np.prod([(high - low) / n for (low, high), n in bins]))
    offset = features[..., :2] - colour.centre.astype(np.float32)
    distance = np.einsum("...j,jk,...k->...", offset, colour.precision, offset)
    level = (features[..., 2] - colour.level) / LEVEL_SPREAD
    norm = np.sqrt(np.linalg.det(colour.precision)) / ((2 * np.pi) ** 1.5 * LEVEL_SPREAD)
    skin = cell * norm * np.exp(-0.5 * (distance + level**2))
    return np.asarray(common > skin)


def _hair(level: Image, mask: Mask, step_mm: float) -> Mask:
    """Large dark patches against the skin around them: hair, brows, beards, nostrils.

    Scars and marks are dark too, but small: what a disc of 2.5 mm radius cannot enter is kept.
    """
    around = masked_blur(level, mask, max(12.0 / step_mm, 2.0))
    dark = (level - around < -HAIR_DARKER).astype(np.uint8)
    radius = max(1, round(2.5 / step_mm))
    core = cv2.morphologyEx(dark, cv2.MORPH_OPEN, _disc(radius))
    return np.asarray(cv2.dilate(core, _disc(radius)) > 0) & (dark > 0)


def _turned_away(level: Image, mask: Mask, step_mm: float) -> Mask:
    """Where light falls off steeply over centimetres: the jaw's edge, the shadow side of a nose.

    Relief cannot be told from such a fall; a scar's walls are too short to reach it once blurred.
    """
    # Only skin counts: what hair or cloth beside it does is no fall of light.
    smooth = masked_blur(level, mask, max(STEEP_BLUR_MM / step_mm, 1.0))
    down, across = np.gradient(smooth, step_mm)
    return np.asarray(np.hypot(down, across) > STEEP_PER_MM)


def _odd(features: Image, colour: SkinColour, mask: Mask, step_mm: float) -> Image:
    """How unlike the skin around it each pixel is: darker, redder or of another colour, 0 to 1."""
    around = masked_blur(features, mask, max(12.0 / step_mm, 2.0))
    darker = np.clip((around[..., 2] - features[..., 2]) / 0.6, 0, 1)
    redder = np.clip((features[..., 0] - around[..., 0]) / 0.3, 0, 1)
    other = ~_accept(features, colour)
    return np.asarray(np.maximum(np.maximum(darker, redder), other), dtype=np.float32)


def _tidy(mask: Mask, face: Face | None, step_mm: float, params: SkinParams) -> Mask:
    """Fill small holes, drop threads and crumbs, keep the margin, keep the parts that matter."""
    mask = _fill_holes(mask, area_px=max(15.0 / step_mm**2, 4.0))
    radius = max(1, round(1.5 / step_mm))
    mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _disc(radius)) > 0
    mask = _inset(mask, params.margin_mm / step_mm)
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    keep = sizes >= 0.08 * sizes.max()
    if face is not None:
        left, top, right, bottom = face.box(mask.shape)
        inside = np.bincount(labels[top:bottom, left:right].ravel(), minlength=count + 1)
        keep = (inside > 0.3 * sizes) & (sizes > 0.02 * sizes.max())
    keep[0] = False
    return np.asarray(keep[labels])


def _inset(mask: Mask, margin_px: float) -> Mask:
    """Take the margin off where skin meets something else, not where the photo ends."""
    if margin_px <= 0 or mask.all():
        return mask
    padded = np.pad(mask, 1, mode="edge")
    distance = cv2.distanceTransform(padded.astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(distance[1:-1, 1:-1] > margin_px)


def _fill_holes(mask: Mask, *, area_px: float) -> Mask:
    labels, count = ndimage.label(~mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    small = sizes <= area_px
    small[0] = False
    return np.asarray(mask | small[labels])


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8
    )
