"""Where a frontal face is, and which parts of it are not skin.

The detector is the local-binary-pattern cascade that ships inside scikit-image: no weights are
downloaded. It is only ever a hint. Close-ups have no face, and profiles are not found; both take
the path without one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray
from skimage.feature import Cascade

Image = NDArray[np.float32]

SEARCH_PX = 360  # longer side of the search image: eyes are still seen, and it takes < 0.1 s
SMALLEST_SHARE = 0.14  # of the shorter side: smaller faces have no pixels to measure
# The detector's box spans about the bizygomatic breadth, 139 mm in men and 130 mm in women
# (ANSUR II, 2012); used for filter sizes of photos without a scale, never for reported numbers.
BOX_MM = 135.0

# Centre x, y and half-axes, as shares of the box, of what is not skin.
_FEATURES = (
    (0.27, 0.345, 0.19, 0.125),  # eye and brow, left of the picture
    (0.73, 0.345, 0.19, 0.125),  # eye and brow, right of the picture
    (0.50, 0.635, 0.15, 0.050),  # nostrils
    (0.50, 0.805, 0.27, 0.125),  # mouth
)
# How far a feature may move (down, across), as shares of the box, the template's place first.
_MOVES = tuple(
    (down, across)
    for down in (0.0, 0.04, -0.04, 0.08, 0.12, 0.16, 0.20)
    for across in (0.0, 0.04, -0.04)
)
_MOVE_COST = 1.0  # a tenth of the box must win a tenth more of the ellipse


@dataclass(frozen=True)
class Face:
    """A frontal face, as shares of the photo's width and height (0 to 1)."""

    left: float
    top: float
    width: float
    height: float

    def box(self, shape: tuple[int, int]) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in pixels of an image of that shape, clipped to it."""
        rows, cols = shape
        left, top = round(self.left * cols), round(self.top * rows)
        right = round((self.left + self.width) * cols)
        bottom = round((self.top + self.height) * rows)
        return max(left, 0), max(top, 0), min(right, cols), min(bottom, rows)

    def ellipse(
        self,
        feature: tuple[float, float, float, float],
        shape: tuple[int, int],
        *,
        down: float = 0.0,
        across: float = 0.0,
    ) -> NDArray[np.bool_]:
        """One feature's ellipse on an image of that shape, moved by shares of the box."""
        rows, cols = shape
        x, y, half_x, half_y = feature
        mask = np.zeros(shape, np.uint8)
        centre = (
            round((self.left + (x + across) * self.width) * cols),
            round((self.top + (y + down) * self.height) * rows),
        )
        axes = (round(half_x * self.width * cols), round(half_y * self.height * rows))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 1, cv2.FILLED)
        return np.asarray(mask > 0)


def find_face(rgb: Image) -> Face | None:
    """Find the largest upright frontal face of a photo.

    Parameters
    ----------
    rgb : ndarray of float32, shape (h, w, 3)
        Linear light.

    Returns
    -------
    Face or None
        None where there is none, as in every close-up.
    """
    rows, cols = rgb.shape[:2]
    factor = min(1.0, SEARCH_PX / max(rows, cols))
    size = (max(1, round(cols * factor)), max(1, round(rows * factor)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    shorter = min(size)
    least = max(24, round(SMALLEST_SHARE * shorter))
    if shorter < 24:
        return None
    found = _detector().detect_multi_scale(
        img=_search_image(small),
        scale_factor=1.15,
        step_ratio=1,
        min_size=(least, least),
        max_size=(shorter, shorter),
    )
    if not found:
        return None
    best = max(found, key=lambda box: box["width"] * box["height"])
    return Face(
        left=best["c"] / size[0],
        top=best["r"] / size[1],
        width=best["width"] / size[0],
        height=best["height"] / size[1],
    )


def cover_features(face: Face, odd: Image) -> NDArray[np.bool_]:
    """Eyes with brows, nostrils and mouth, each moved to where the picture is least like skin.

    Faces differ in length and the detector's box is a few percent loose, so every feature may move
    a little; a move has to pay for itself, or hair and shadow would pull it away.

    Parameters
    ----------
    face : Face
    odd : ndarray of float32, shape (h, w)
        0 for plain skin, 1 for what is darker, redder or of another colour.

    Returns
    -------
    ndarray of bool, shape (h, w)
    """
    shape = (odd.shape[0], odd.shape[1])
    mask = np.zeros(shape, dtype=bool)
    for feature in _FEATURES:
        options = [
            (float(odd[cover].mean()) - _MOVE_COST * (abs(down) + abs(across)), cover)
            for down, across in _MOVES
            if (cover := face.ellipse(feature, shape, down=down, across=across)).any()
        ]
        if options:
            mask |= max(options, key=lambda option: option[0])[1]
    return mask


def _detector() -> Cascade:
    return Cascade(skimage.data.lbp_frontal_face_cascade_filename())  # type: ignore[no-untyped-call]


def _search_image(rgb: Image) -> NDArray[np.uint8]:
    """Grey image with local contrast evened out, so that dark skin shows its features too."""
    level = np.log(rgb.mean(axis=2) + 1e-3)
    low, high = np.percentile(level, (1, 99))
    grey = np.clip((level - low) / max(high - low, 1e-3), 0, 1) * 255
    even = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(4, 4)).apply(grey.astype(np.uint8))
    return np.asarray(cv2.cvtColor(even, cv2.COLOR_GRAY2RGB))
