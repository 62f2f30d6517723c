"""Found and true outlines over a photo."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Labels = NDArray[np.int32]

# Told apart on skin of every tone and with every colour vision.
TRUE_RGB, FOUND_RGB = (0, 230, 255), (255, 225, 0)
_QUALITY = 80
_GAP_PX = 4


def error_picture(
    rgb: Rgb, found: NDArray[np.integer], truth: NDArray[np.integer], *, side_px: int = 330
) -> Rgb:
    """The photo, and beside it the same with true (blue) and found (yellow) outlines.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)
    found, truth : ndarray of int, shape (height, width)
        Label images.
    side_px : int
        Longer side of each of the two halves.

    Returns
    -------
    ndarray of uint8, shape (h, 2 w + gap, 3)
    """
    height, width = rgb.shape[:2]
    share = side_px / max(height, width)
    size = (max(1, round(width * share)), max(1, round(height * share)))
    plain = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    drawn = np.ascontiguousarray(plain)
    drawn = drawn.copy()
    for labels, colour in ((truth, TRUE_RGB), (found, FOUND_RGB)):
        small = cv2.resize(labels.astype(np.uint16), size, interpolation=cv2.INTER_NEAREST)
        drawn[_borders(np.asarray(small, np.int32))] = colour
    gap = np.full((size[1], _GAP_PX, 3), 255, np.uint8)
    return np.hstack([plain, gap, drawn])


def _borders(labels: Labels) -> NDArray[np.bool_]:
    """Pixels of a scar that touch another label."""
    kernel = np.ones((3, 3), np.uint8)
    image = labels.astype(np.float32)
    return np.asarray((labels > 0) & (cv2.erode(image, kernel) != cv2.dilate(image, kernel)))


def jpeg(rgb: Rgb) -> bytes:
    """A JPEG file's bytes."""
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()
