"""The scars of one photo as one party marks them: software, truth, or a rater."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.errors import ScaleError, ScarsError

Labels = NDArray[np.int32]

# Sizes are in the units of their names; what a party does not state is NaN, or "" for the type.
COLUMNS = (
    "scar_id",
    "type",
    "x_px",
    "y_px",
    "width_mm",
    "area_mm2",
    "depth_um",
    "depth_sd_um",
    "volume_mm3",
    "at_edge",
)
# Taken from a party's own table where it has one, since they are not seen in the outline.
_STATED = ("type", "width_mm", "depth_um", "depth_sd_um", "volume_mm3", "at_edge")


@dataclass(frozen=True, eq=False)
class Marked:
    """Scars that somebody marked in one photo.

    Attributes
    ----------
    labels : ndarray of int32, shape (height, width)
        0 is no scar, k is the scar with ``scar_id == k`` in `table`.
    table : DataFrame
        One row a scar, columns :data:`COLUMNS`; the centre is that of the area, the depth the
        greatest of the scar, its standard deviation how uncertain the party calls it. Empty with
        the same columns when there is none.
    mm_per_px : float
        Size of a pixel.
    """

    labels: Labels
    table: pd.DataFrame
    mm_per_px: float

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Scar numbers, in the table's order."""
        return self.table["scar_id"].to_numpy(np.int64)

    @property
    def centres_mm(self) -> NDArray[np.float64]:
        """Centres x, y in millimetres, shape (n, 2)."""
        return self.table[["x_px", "y_px"]].to_numpy(np.float64) * self.mm_per_px

    @property
    def at_edge(self) -> NDArray[np.bool_]:
        """Which scars the frame cuts off, shape (n,)."""
        return self.table["at_edge"].to_numpy(np.bool_)


def mark(
    labels: NDArray[np.integer],
    *,
    mm_per_px: float,
    table: pd.DataFrame | None = None,
    depth_um: NDArray[np.number] | None = None,
) -> Marked:
    """Describe the scars of a label image.

    Parameters
    ----------
    labels : ndarray of int, shape (height, width)
        0 is no scar, any other number a scar; numbers may have gaps.
    mm_per_px : float
        Size of a pixel in mm.
    table : DataFrame, optional
        What the party states of its scars, by ``scar_id``: any of type, width_mm, depth_um,
        depth_sd_um, volume_mm3, at_edge. None: sizes from the outlines, and no types.
    depth_um : ndarray, shape (height, width), optional
        Missing depth in micrometres, for depth and volume that `table` does not state.

    Returns
    -------
    Marked

    Raises
    ------
    ScarsError
        If `labels` is not a two-dimensional image of whole numbers from 0, or `depth_um` has
        another shape.
    ScaleError
        If the size of a pixel is not a positive number.
    """
    image = _checked(labels, mm_per_px, depth_um)
    own = _measure(image, mm_per_px, depth_um)
    if table is not None and "scar_id" in table:
        own = _stated(own, table)
    return Marked(image, own, float(mm_per_px))


def _checked(
    labels: NDArray[np.integer], mm_per_px: float, depth_um: NDArray[np.number] | None
) -> Labels:
    image = np.asarray(labels)
    if image.ndim != 2 or image.dtype.kind not in "iub" or (image.size and image.min() < 0):
        raise ScarsError(
            f"A label image of shape {image.shape} and type {image.dtype} cannot be compared.",
            remedy="Give whole numbers from 0, shape (height, width): 0 no scar, k scar k.",
        )
    if not (np.isfinite(mm_per_px) and mm_per_px > 0):
        raise ScaleError(
            f"mm_per_px = {mm_per_px!r} is not the size of a pixel.",
            remedy="Matching within 3 mm needs a scale: state mm_per_px in the manifest, or pass "
            "--mm-per-px.",
        )
    if depth_um is not None and depth_um.shape != image.shape:
        raise ScarsError(
            f"The depth map's shape is {depth_um.shape}, the labels' is {image.shape}.",
            remedy="Both must cover the upright photo's own pixels.",
        )
    return image.astype(np.int32)


def _measure(labels: Labels, mm_per_px: float, depth_um: NDArray[np.number] | None) -> pd.DataFrame:
    rows, cols = np.nonzero(labels)
    ids, of = np.unique(labels[rows, cols], return_inverse=True)
    area = np.bincount(of, minlength=ids.size).astype(np.float64)
    x, y = (np.bincount(of, weights=at, minlength=ids.size) / area for at in (cols, rows))
    depth = None if depth_um is None else depth_um[rows, cols].astype(np.float64)
    deepest = np.full(ids.size, np.nan)
    volume = deepest.copy()
    if depth is not None:
        deepest = np.zeros(ids.size)
        np.maximum.at(deepest, of, depth)
        volume = np.bincount(of, weights=depth, minlength=ids.size) / 1000 * mm_per_px**2
    frame = {
        "scar_id": ids.astype(np.int64),
        "type": np.full(ids.size, "", dtype=object),
        "x_px": x,
        "y_px": y,
        "width_mm": _short_axis(cols - x[of], rows - y[of], of, area) * mm_per_px,
        "area_mm2": area * mm_per_px**2,
        "depth_um": deepest,
        "depth_sd_um": np.full(ids.size, np.nan),
        "volume_mm3": volume,
        "at_edge": np.isin(ids, _on_frame(labels)),
    }
    return pd.DataFrame(frame, columns=list(COLUMNS)).astype({"type": "str"})


def _short_axis(
    dx: NDArray[np.float64],
    dy: NDArray[np.float64],
    of: NDArray[np.intp],
    area: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Short axis of the ellipse with the region's second moments, in pixels."""
    # A pixel has itself a variance of 1/12 along each side.
    xx, yy, xy = (
        np.bincount(of, weights=w, minlength=area.size) / area for w in (dx * dx, dy * dy, dx * dy)
    )
    middle, half = (xx + yy) / 2 + 1 / 12, np.hypot((xx - yy) / 2, xy)
    return np.asarray(4 * np.sqrt(np.maximum(middle - half, 0)))


def _on_frame(labels: Labels) -> NDArray[np.int32]:
    if labels.size == 0:
        return np.zeros(0, np.int32)
    sides = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    return np.unique(np.concatenate(sides))


def _stated(own: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Let the party's own figures stand where it gives them."""
    known = table.drop_duplicates("scar_id").set_index("scar_id")
    merged = own.copy()
    for name in _STATED:
        if name in known:
            values = merged["scar_id"].map(known[name])
            merged[name] = values.where(values.notna(), merged[name]).astype(merged[name].dtype)
    return merged
