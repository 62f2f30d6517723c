"""One training example: an 8-bit picture at 0.10 mm/px and its truth at 0.20 mm/px."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.head import Material
from scarscope.phantom.recipe import SCAR_TYPES
from scarscope.phantom.render import Rendered
from scarscope.scars.channels import NETWORK_MM

Code = TypeVar("Code", np.uint8, np.uint16)

# Pixels of an example. The network sees 13 mm to every side: in smaller examples nearly every cell
# sees the frame, and in whole photos, where few do, it then finds too much.
SIDE = 288
SIDE_MM = SIDE * NETWORK_MM
_UM = 1000.0
# A pixel with this share of hair is hair; light above this code in all colours is glare.
_HAIR, _GLARE = 0.35, 250
# Materials that are no plain skin; the neck is skin.
_PLAIN = (Material.SKIN, Material.NECK)


@dataclass(frozen=True, eq=False)
class Example:
    """What one step of training learns from; `half` is half of the picture's side.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (h, w, 3)
        sRGB at 0.10 mm/px.
    depth_um : ndarray of uint16, shape (h / 2, w / 2)
        Missing depth.
    scar : ndarray of uint8, same shape
        Share of the cell that lies in a scar, 0 to 255.
    labels : ndarray of uint8, same shape
        0 or the number of the scar.
    kinds : ndarray of uint8, same shape
        0, or 1 + the index of the scar's type.
    hidden : ndarray of uint8, same shape
        Share of the cell that is no plain skin, 0 to 255.
    """

    rgb: NDArray[np.uint8]
    depth_um: NDArray[np.uint16]
    scar: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    hidden: NDArray[np.uint8]

    measured: ClassVar[bool] = True  # whether missing depth and what is no plain skin are known

    @property
    def surveyed(self) -> NDArray[np.uint8]:
        """Share of each cell of which it is known whether it is a scar, 0 to 255."""
        return np.full_like(self.scar, 255)


FIELDS = tuple(field.name for field in fields(Example))


def example_of(photo: Rendered) -> Example:
    """Bring a rendered photo of any spacing to the network's own."""
    rows, cols = (even(n * photo.mm_per_px / NETWORK_MM) for n in photo.labels.shape)
    half = (cols // 2, rows // 2)
    table = np.zeros(int(photo.labels.max()) + 1, np.uint8)
    for number, kind in zip(photo.table["scar_id"], photo.table["type"], strict=True):
        table[number] = 1 + SCAR_TYPES.index(kind)
    labels = nearest((photo.labels % 256).astype(np.uint8), half)
    kinds = nearest(table[photo.labels], half)
    return Example(
        rgb=resized(photo.rgb, (cols, rows)),
        depth_um=np.rint(np.clip(means(photo.depth_mm, half) * _UM, 0, 65535)).astype(np.uint16),
        scar=share_of(photo.labels > 0, half),
        labels=labels,
        kinds=kinds,
        hidden=share_of(hidden_of(photo), half),
    )


def even(length: float) -> int:
    """The nearest even number."""
    return 2 * round(length / 2)


def resized(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A photo at another spacing: averaged down, or enlarged."""
    if rgb.shape[1::-1] == size:
        return rgb
    smaller = size[0] < rgb.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=how))


def hidden_of(photo: Rendered) -> NDArray[np.bool_]:
    """Pixels of a rendered photo that are no plain skin: hair, lips, eyes, background, glare."""
    hidden = np.min(photo.rgb, axis=2) >= _GLARE
    if photo.hair is not None:
        hidden |= photo.hair > _HAIR
    if photo.materials is not None:
        hidden |= ~np.isin(photo.materials, _PLAIN)
    return np.asarray(hidden)


def means(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Means over cells."""
    smaller = size[0] <= image.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.float32)


def share_of(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Share of each cell that a mask covers, 0 to 255."""
    return np.rint(means(mask.astype(np.float32), size) * 255).astype(np.uint8)


def nearest(codes: NDArray[Code], size: tuple[int, int]) -> NDArray[Code]:
    """The codes in the middle of cells."""
    near = cv2.resize(codes, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(near, dtype=codes.dtype)
