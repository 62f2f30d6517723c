"""Which scar of a photo's own table each scar of a pair is.

Two photos are compared on one grid, where their scars are found again and numbered afresh. Tables
must not carry those numbers: what people look up is the number in scars.csv and in the mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scarscope.batch.task import Cell, Row, plain_rows
from scarscope.errors import StoreError

if TYPE_CHECKING:
    from scarscope.change import Change

Labels = NDArray[np.int32]


def with_stored_ids(change: Change, before: Path | None, after: Path | None) -> tuple[Row, ...]:
    """The scars of a pair, numbered as in the masks of the two photos.

    Parameters
    ----------
    change : Change
        Of the two photos.
    before, after : Path or None
        Their masks; None where there is none, and then no scar has a number.

    Returns
    -------
    tuple of mapping
        One a scar. A number is None where the photo's own mask has no such scar. Two scars have
        the same number where the mask shows one scar for both.
    """
    pair, reading = change.pair, change.reading
    rows = plain_rows(change.scars.drop(columns=["before_id", "after_id"]))
    if pair is None or reading is None or not rows:
        return ()
    height, width = pair.grid.shape
    down, across = np.indices((height, width), dtype=np.float32)
    here = pair.grid.to_photo(across, down)
    there = change.alignment.grid_maps(pair.grid)
    known = (
        _stored(reading.before.labels, before, here, pair.region),
        _stored(reading.after.labels, after, there, pair.region),
    )
    own = zip(change.scars["before_id"], change.scars["after_id"], strict=True)
    return tuple(
        {
            "before_id": _number(known[0], first),
            "after_id": _number(known[1], second),
            **row,
        }
        for row, (first, second) in zip(rows, own, strict=True)
    )


def _stored(
    found: Labels,
    mask: Path | None,
    places: tuple[NDArray[np.float32], NDArray[np.float32]],
    region: NDArray[np.bool_],
) -> dict[int, int]:
    """Number in the photo's mask of each scar of the pair that is in it."""
    from scarscope.change.common import labels_over
    from scarscope.change.matching import match_scars

    if mask is None:
        return {}
    stored = np.where(region, labels_over(read_labels(mask), places), 0)
    matches = match_scars(found, stored.astype(np.int32))
    return {m.before: m.after for m in matches if m.before and m.relation != "split"}


def _number(known: Mapping[int, int], own: object) -> Cell:
    # A blank of pandas' own integers is no integer; 0 is no scar.
    return (known.get(int(own)) or None) if isinstance(own, int | np.integer) else None


def read_labels(mask: Path) -> NDArray[np.uint16]:
    """Read a mask that a batch wrote.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    import cv2

    try:
        # By hand, since OpenCV cannot open every name on Windows.
        data = np.frombuffer(mask.read_bytes(), np.uint8)
        labels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
    except OSError:
        labels = None
    if labels is None or labels.ndim != 2:
        raise StoreError(
            f"The mask {mask.name} cannot be read.",
            remedy="Run the same command again: what is missing is made anew.",
        )
    return np.asarray(labels, dtype=np.uint16)
