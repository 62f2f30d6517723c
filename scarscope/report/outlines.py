"""Outlines of masks as smooth curves, and how they are drawn thin yet visible on every skin."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from scarscope.report.canvas import Canvas, Picture
from scarscope.report.style import LineStyle

Curve = NDArray[np.float64]

# Masks are blurred by this many grid steps before they are traced: stairs become a curve.
SMOOTH_STEPS = 0.8
HALO_STRENGTH = 0.5
_SHIFT = 4  # binary digits of a pixel that OpenCV draws with


def trace(mask: NDArray[np.bool_]) -> list[Curve]:
    """Outlines of a mask as (x, y) curves in grid coordinates, between pixel centres.

    Parameters
    ----------
    mask : ndarray of bool, shape (height, width)

    Returns
    -------
    list of ndarray of float, shape (n, 2)
        One curve a border, also of holes; curves are closed (their ends meet).
    """
    margin = 3
    padded = np.pad(mask, margin).astype(np.float32)
    smooth = cv2.GaussianBlur(padded, (0, 0), SMOOTH_STEPS)
    # Blurring shrinks tiny marks away: below a handful of pixels the mask itself is traced.
    level = min(0.5, 0.5 * float(smooth.max()))
    found = find_contours(smooth, level)  # type: ignore[no-untyped-call]
    return [curve[:, ::-1] - margin for curve in found]


def trace_scars(labels: NDArray[np.int32]) -> Iterator[tuple[int, list[Curve]]]:
    """Each scar's number and its outer outlines in grid coordinates."""
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if not box:  # a number that no pixel carries
            continue
        corner = np.array([box[1].start, box[0].start], dtype=np.float64)
        whole = ndimage.binary_fill_holes(labels[box] == number)
        yield number, [curve + corner for curve in trace(whole)]


def draw(picture: Picture, curves: list[Curve], style: LineStyle, *, width: int) -> None:
    """Draw curves in output coordinates onto `picture`, in place and anti-aliased."""
    pieces = [piece for curve in curves for piece in dashes(curve, style, width=width)]
    _polylines(picture, pieces, style.colour, width)


def blend_polylines(
    picture: Picture, curves: list[Curve], style: LineStyle, *, width: int, strength: float = 0.6
) -> None:
    """Draw curves like :func:`draw`, but let the picture shine through."""
    cover = np.zeros(picture.shape[:2], np.uint8)
    pieces = [piece for curve in curves for piece in dashes(curve, style, width=width)]
    _polylines(cover, pieces, (255,), width)
    rows, columns = np.nonzero(cover)
    share = cover[rows, columns, None] * np.float32(strength / 255)
    under = picture[rows, columns]
    picture[rows, columns] = np.rint(under + share * (np.array(style.colour, np.float32) - under))


def halo(canvas: Canvas, curves: list[Curve]) -> Picture:
    """Cover (0 to 255) of a soft dark seam beneath the curves, shape of the picture."""
    cover = np.zeros(canvas.rgb.shape[:2], np.uint8)
    _polylines(cover, curves, (255,), canvas.line + 2)
    return cover


def dashes(curve: Curve, style: LineStyle, *, width: int) -> list[Curve]:
    """Cut a curve into its dashes; a closed curve gets a whole number of them."""
    if style.gap == 0 or len(curve) < 2:
        return [curve]
    steps = np.hypot(*np.diff(curve, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    period = (style.dash + style.gap) * width
    count = max(1, round(along[-1] / period))
    if count < 2:  # too small for a pattern that could be told from a solid line
        return [curve]
    period = along[-1] / count
    on = period * style.dash / (style.dash + style.gap)
    return [_cut(curve, along, k * period, k * period + on) for k in range(count)]


def _cut(curve: Curve, along: NDArray[np.float64], start: float, stop: float) -> Curve:
    inner = along[(along > start) & (along < stop)]
    where = np.concatenate([[start], inner, [stop]])
    return np.stack([np.interp(where, along, curve[:, axis]) for axis in (0, 1)], axis=1)


def _polylines(picture: Picture, curves: list[Curve], colour: tuple[int, ...], width: int) -> None:
    points = [np.rint(curve * (1 << _SHIFT)).astype(np.int32) for curve in curves if len(curve)]
    if points:
        cv2.polylines(picture, points, False, colour, width, cv2.LINE_AA, _SHIFT)
