"""Pictures to files."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scarscope.batch.write import write_bytes

_JPEG_QUALITY = 90


def write_jpeg(picture: NDArray[np.uint8], path: str | os.PathLike[str]) -> None:
    """Write an RGB picture as a JPEG without metadata, whole or not at all.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
        sRGB.
    path : path
        An existing file is replaced; missing folders are made.

    Raises
    ------
    StoreError
        If the system does not let the file be written.
    """
    write_bytes(Path(path), jpeg(picture, _JPEG_QUALITY))


def jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    """A picture as JPEG without metadata."""
    file = io.BytesIO()
    # Colour at full resolution: thin coloured lines smear otherwise.
    Image.fromarray(picture).save(file, format="JPEG", quality=quality, subsampling=0)
    return file.getvalue()


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture as PNG without metadata."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="PNG")
    return file.getvalue()
