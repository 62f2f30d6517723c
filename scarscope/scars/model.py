"""The objects that leave this room: scars with depth, and the protocol that finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.flags import Flag
from scarscope.skin.model import Skin

TYPES = ("icepick", "boxcar", "rolling")  # Jacob 2001
MAX_SCARS = 65535  # what a 16-bit label image can number
_SHOWN = 8  # scars in a notebook

# One row a scar. Lengths carry the grid's unit in their name: {u} is "mm" or "px".
COLUMNS = (
    "scar_id",
    "type",
    "p_icepick",
    "p_boxcar",
    "p_rolling",
    "x_px",
    "y_px",
    "width_{u}",
    "length_{u}",
    "area_{u}2",
    "{depth}",
    "{depth_sd}",
    "volume_{u}3",
    "edge_steepness",
    "confidence",
)


def columns(unit: str) -> tuple[str, ...]:
    """The scar table's column names for a grid in ``"mm"`` or ``"px"``.

    Depth is in micrometres (``depth_um``) with a scale and in pixels (``depth_px``) without.
    """
    fine = "um" if unit == "mm" else "px"
    names = {"u": unit, "depth": f"depth_{fine}", "depth_sd": f"depth_sd_{fine}"}
    return tuple(name.format_map(names) for name in COLUMNS)


@dataclass(frozen=True)
class Reviewed:
    """What a person's decisions did to the scars of a photo.

    Attributes
    ----------
    applied : int
        Decisions about single scars that were applied.
    marks : Mapping of int to str
        ``added`` or ``retyped`` by number, of those that a decision made what they are.
    left : tuple of str
        What could not be applied, and why.
    notes : tuple of str
        What is to be known of what was.
    """

    applied: int = 0
    marks: Mapping[int, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Scars:
    """Atrophic scars found in a region of skin.

    Attributes
    ----------
    skin : Skin
        Where they were found.
    labels : ndarray of int32, shape skin.grid.shape
        0 is no scar, k is the scar with ``scar_id == k`` in `table`.
    depth : ndarray of float32, shape skin.grid.shape
        Missing depth below the unscarred surface, >= 0, in the grid's unit (mm, or photo pixels
        where there is no scale); 0 outside scars.
    table : DataFrame
        One row a scar, columns by :func:`columns`; empty with the same columns when none is found.
    segmenter : str
        Name of the segmenter that found them.
    quality : Mapping of str to float
        Figures behind the segmenter's flags.
    flags : Flag
        The skin's flags and the segmenter's own.
    weights : str
        Digest of the learned weights behind it; empty where nothing was learned.
    review : Reviewed or None
        What a person's decisions did to them; None where there were none.
    faint : ndarray of float32, shape skin.grid.shape, or None
        Missing depth that is expected where no scar was outlined, >= 0, in the grid's unit; 0
        inside outlines. Where there may be a scar, likely or not, it is the mean over what there
        may be, so that its sum is about right though no place of it is. None where the
        segmenter does not tell.
    """

    skin: Skin
    labels: NDArray[np.int32]
    depth: NDArray[np.float32]
    table: pd.DataFrame
    segmenter: str
    quality: Mapping[str, float]
    flags: Flag
    weights: str = ""
    review: Reviewed | None = None
    faint: NDArray[np.float32] | None = None

    def __repr__(self) -> str:
        return f"<Scars of {self.skin.photo.name!r}: {len(self)}, found by {self.segmenter!r}>"

    def _repr_html_(self) -> str:
        """How many scars of which type, and the first of them, as a notebook shows them.

        No picture: this room knows no drawing. ``ss.show(scars)`` has it.
        """
        counts = ", ".join(f"{(self.table['type'] == kind).sum()} {kind}" for kind in TYPES)
        head = self.table.head(_SHOWN).round(2).to_html(index=False)
        return f"<p>{len(self)} scars ({counts}), found by {escape(self.segmenter)}</p>{head}"

    def __len__(self) -> int:
        return len(self.table)

    def to_frame(self) -> pd.DataFrame:
        """One row a scar (a copy)."""
        return self.table.copy()

    def labels_px(self) -> NDArray[np.uint16]:
        """Instance labels in the photo's own pixel grid, shape (height, width)."""
        height, width = self.skin.photo.shape
        small = self.labels.astype(np.uint16)
        full = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        return np.asarray(full, dtype=np.uint16)

    def depth_px(self) -> NDArray[np.float32]:
        """Missing depth in the photo's pixel grid, shape (height, width), in the grid's unit."""
        height, width = self.skin.photo.shape
        # Interpolation needs a value beyond the outline, or every rim would come out shallower.
        grown = cv2.dilate(self.depth, np.ones((3, 3), np.uint8))
        filled = np.where(self.labels > 0, self.depth, grown)
        full = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.where(self.labels_px() > 0, full, np.float32(0))


@runtime_checkable
class Segmenter(Protocol):
    """Anything that turns skin into scars."""

    @property
    def name(self) -> str:
        """Short name written into provenance."""
        ...

    def __call__(self, skin: Skin) -> Scars:
        """Find the scars of `skin`."""
        ...
