"""What the network sees: log colour against its own surroundings, and the surroundings.

Logs turn gains into offsets, so that exposure, albedo and light multiply nowhere; taking off each
colour's own broad mean leaves relief, marks and texture. The broad means themselves follow, because
they tell the tone of the skin and how the light falls off.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

NETWORK_MM = 0.10  # Spacing that the network was trained at.
BROAD_MM = 4.0  # Sigma of the surroundings: wider than a rolling scar's half-width.
COUNT = 6

# Linear light below this is noise in an 8-bit photo (sRGB code 6).
_DARKEST = 0.002
# Centres and gains bring every channel to about unit size.
_FINE_GAIN, _FINE_LIMIT = 5.0, 5.0
_BROAD_CENTRE = (-1.2, 0.55, -0.45)
_SHRINK = 8


def channels(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """The network's input.

    Parameters
    ----------
    rgb : ndarray of float32, shape (h, w, 3)
        Linear light at :data:`NETWORK_MM` a pixel.

    Returns
    -------
    ndarray of float32, shape (6, h, w)
        Fine structure of log R, G and B; then the broad log G, and the broad log of R / G and
        of B / G.
    """
    log = np.log(np.maximum(rgb, np.float32(_DARKEST)))
    broad = _broad(log)
    out = np.empty((COUNT, *rgb.shape[:2]), dtype=np.float32)
    fine = np.clip((log - broad) * np.float32(_FINE_GAIN), -_FINE_LIMIT, _FINE_LIMIT)
    out[:3] = np.moveaxis(fine, 2, 0)
    out[3] = broad[..., 1] - _BROAD_CENTRE[0]
    out[4] = broad[..., 0] - broad[..., 1] - _BROAD_CENTRE[1]
    out[5] = broad[..., 2] - broad[..., 1] - _BROAD_CENTRE[2]
    return out


def _broad(log: NDArray[np.float32]) -> NDArray[np.float32]:
    """A wide blur, done on a smaller picture."""
    rows, cols = log.shape[:2]
    small = (max(1, round(cols / _SHRINK)), max(1, round(rows / _SHRINK)))
    less = cv2.resize(log, small, interpolation=cv2.INTER_AREA)
    sigma = BROAD_MM / NETWORK_MM / _SHRINK
    less = cv2.GaussianBlur(less, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.resize(less, (cols, rows), interpolation=cv2.INTER_LINEAR))
