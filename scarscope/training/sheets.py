"""Annotated photos as the network sees them, and the crops that it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.errors import RegionError
from scarscope.photo.colour import linear_to_srgb
from scarscope.scars.channels import NETWORK_MM
from scarscope.scars.model import TYPES
from scarscope.training.annotated import Opened
from scarscope.training.example import SIDE, Example, even, nearest, share_of

HALF = SIDE // 2
# Coarser photos are not enlarged further: there is nothing to be seen in them.
_MOST_ENLARGED = 2.0
_ABOUT_SCARS = 0.5
_JITTER = 24  # cells that a scar may lie off a crop's middle
_MOST_SCARS = 65535
_STEPS = 4095


@dataclass(frozen=True, eq=False)
class Annotated(Example):
    """An example of which only outlines are known, and types where they were drawn.

    Attributes
    ----------
    known : ndarray of uint8, shape (h / 2, w / 2)
        Share of the cell in which scars were drawn, if there were any, 0 to 255.
    """

    known: NDArray[np.uint8]

    measured: ClassVar[bool] = False

    @property
    def surveyed(self) -> NDArray[np.uint8]:
        """Share of each cell of which it is known whether it is a scar, 0 to 255."""
        return self.known


@dataclass(frozen=True, eq=False)
class Sheet:
    """A whole annotated photo at the network's spacing: 4 bytes a pixel of 0.1 mm.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (h, w, 3)
        sRGB.
    labels : ndarray of uint16, shape (h / 2, w / 2)
        0 or the number of the scar.
    scar, known : ndarray of uint8, same shape
        Share of the cell in a scar, and where scars were drawn, 0 to 255.
    kinds : ndarray of uint8, shape (scars + 1,)
        Of each number: 0, or 1 + the index of its type.
    """

    rgb: NDArray[np.uint8]
    labels: NDArray[np.uint16]
    scar: NDArray[np.uint8]
    known: NDArray[np.uint8]
    kinds: NDArray[np.uint8]

    def crop_at_random(self, rng: np.random.Generator) -> Annotated:
        """A crop: every second one about a scar, each as likely, the others anywhere."""
        numbers = np.unique(self.labels[self.labels > 0])
        if len(numbers) and rng.random() < _ABOUT_SCARS:
            own = np.argwhere(self.labels == rng.choice(numbers))
            middle = own[rng.integers(len(own))] + rng.integers(-_JITTER, _JITTER + 1, 2)
        else:
            anywhere = np.argwhere(self.known > 0)
            middle = anywhere[rng.integers(len(anywhere))]
        row, col = (middle - HALF // 2).tolist()
        return self.crop(row, col)

    def crop(self, row: int, col: int) -> Annotated:
        """The crop whose corner is nearest to a cell."""
        rows, cols = (
            slice(start, start + HALF)
            for start in (
                int(np.clip(at, 0, n - HALF))
                for at, n in zip((row, col), self.labels.shape, strict=True)
            )
        )
        fine = tuple(slice(2 * side.start, 2 * side.stop) for side in (rows, cols))
        labels = self.labels[rows, cols]
        there, own = np.unique(labels, return_inverse=True)
        first = int(not len(there) or there[0] > 0)  # 0 is no scar, also where all of it is scar
        return Annotated(
            rgb=np.ascontiguousarray(self.rgb[fine]),
            depth_um=np.zeros_like(labels),
            scar=np.ascontiguousarray(self.scar[rows, cols]),
            labels=(own.reshape(labels.shape) + first).astype(np.uint8),
            kinds=self.kinds[labels],
            hidden=np.zeros((HALF, HALF), np.uint8),
            known=np.ascontiguousarray(self.known[rows, cols]),
        )


def sheet_of(opened: Opened) -> Sheet:
    """Bring an annotated photo to the network's spacing.

    Light is averaged before it is coded, as a camera's pixels would have. A photo smaller than a
    crop is mirrored at its border, where nothing is known then.
    """
    photo, truth = opened.photo, opened.truth
    factor = min(truth.mm_per_px / NETWORK_MM, _MOST_ENLARGED)
    rows, cols = (max(2, even(n * factor)) for n in photo.shape)
    half = (cols // 2, rows // 2)
    numbers = np.where(truth.labels <= _MOST_SCARS, truth.labels, 0).astype(np.uint16)
    known = np.ones(photo.shape, np.bool_) if opened.region is None else opened.region
    if photo.opaque is not None:
        known = known & photo.opaque
    if not known.any():
        raise RegionError(
            f"Nothing of {photo.name} is both in its region and opaque.",
            remedy="Draw the region where the photo shows skin.",
        )
    return _padded(
        Sheet(
            rgb=_coded(_resampled(photo.rgb, (cols, rows))),
            labels=nearest(numbers, half),
            scar=share_of(truth.labels > 0, half),
            known=share_of(known | (truth.labels > 0), half),
            kinds=_kinds(opened),
        )
    )


def _resampled(light: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    how = cv2.INTER_AREA if size[0] <= light.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(light, size, interpolation=how))


def _coded(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    table = np.rint(np.asarray(linear_to_srgb(np.linspace(0, 1, _STEPS + 1))) * 255)
    steps = np.clip(light * _STEPS + 0.5, 0, _STEPS).astype(np.int32)
    return np.asarray(table.astype(np.uint8)[steps])


def _kinds(opened: Opened) -> NDArray[np.uint8]:
    kinds = np.zeros(int(opened.truth.labels.max(initial=0)) + 1, np.uint8)
    for number, kind in opened.truth.table[["scar_id", "type"]].itertuples(index=False):
        kinds[number] = 1 + TYPES.index(kind) if kind in TYPES else 0
    return kinds


def _padded(sheet: Sheet) -> Sheet:
    below, beside = (max(0, HALF - n) for n in sheet.labels.shape)
    if not below and not beside:
        return sheet
    cells = ((0, below), (0, beside))
    fine = ((0, 2 * below), (0, 2 * beside), (0, 0))
    return Sheet(
        rgb=np.pad(sheet.rgb, fine, mode="symmetric"),
        labels=np.pad(sheet.labels, cells),
        scar=np.pad(sheet.scar, cells),
        known=np.pad(sheet.known, cells),
        kinds=sheet.kinds,
    )
