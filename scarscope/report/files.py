"""Pictures to files: written under a temporary name and renamed, never half there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_JPEG_QUALITY = 90


def write_jpeg(picture: NDArray[np.uint8], path: str | os.PathLike[str]) -> None:
    """Write an RGB picture as a JPEG without metadata.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
        sRGB.
    path : path
        Its folder must exist. An existing file is replaced at once, or not at all.
    """
    target = Path(path)
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            # Colour at full resolution: one-pixel coloured lines smear otherwise.
            Image.fromarray(picture).save(file, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
