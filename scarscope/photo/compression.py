"""How much a lossy compressor has taken away: from the file's tables, and from the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Sum of the 64 steps of the luminance table in ITU-T T.81 Annex K.1, which is quality 50 on the
# scale of the Independent JPEG Group.
_LUMINANCE_SUM = 3688.0
_BLOCK = 8


def jpeg_quality(tables: Mapping[int, Sequence[int]] | None) -> float:
    """Quality on the Independent JPEG Group's scale of 1 to 100, from quantisation tables.

    Parameters
    ----------
    tables : mapping of int to sequence of 64 int, or None
        The file's tables; the first one is for luminance. None: not a JPEG.

    Returns
    -------
    float
        The quality whose standard table is as coarse on average. NaN without tables.
    """
    if not tables:
        return math.nan
    percent = 100 * sum(tables[min(tables)]) / _LUMINANCE_SUM
    quality = 100 - percent / 2 if percent <= 100 else 5000 / percent
    return min(max(quality, 1.0), 100.0)


def blockiness(luma: NDArray[Any]) -> float:
    """How much larger steps between pixels are at the borders of 8 x 8 blocks than elsewhere.

    Shows JPEG compression in a picture that was saved again in another format, whichever way the
    blocks lie, as long as it was not resized.

    Parameters
    ----------
    luma : ndarray, shape (height, width)
        Encoded brightness of the photo's own pixels; the central 1024 x 1024 are looked at.

    Returns
    -------
    float
        Mean excess of the step at block borders over the mean step; 0 where there are no blocks.
        The smaller of both directions, since textures can have a period of 8 pixels in one.
    """
    height, width = luma.shape
    top, left = max(0, (height - 1024) // 2), max(0, (width - 1024) // 2)
    patch = luma[top : top + 1024, left : left + 1024].astype(np.float32)
    return min(_excess(patch), _excess(patch.T))


def _excess(patch: NDArray[np.float32]) -> float:
    step = np.abs(np.diff(patch, axis=1))
    jump = step[:, 1:-1] - 0.5 * (step[:, :-2] + step[:, 2:])
    columns = jump.mean(axis=0)
    usable = columns[: columns.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    phases = np.median(usable, axis=0)
    return float((phases.max() - np.median(phases)) / (step.mean() + 0.1))
