"""Pictures that say nothing but their pixels: no metadata, and all files of one size in bytes.

Sources: PNG specification (3rd edition) 4.7 and 5.4 for private chunks; ITU-T T.81 B.2.4.5 for
comment segments.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scarscope.photo import Photo
from scarscope.photo.colour import linear_to_srgb

Codes = NDArray[np.uint8]
PictureFormat = Literal["png", "jpg"]
PICTURE_FORMATS: tuple[PictureFormat, ...] = get_args(PictureFormat)

_LEVELS = 4095  # of linear light: finer than 8-bit sRGB is anywhere but in its darkest codes
_ROWS = 256  # converted at a time, which bounds temporary memory
_HIDDEN = 128  # mid grey where alpha hides the photo
_QUALITY = 95  # of JPEG, without subsampling: no scar is lost by it
_CHUNK = b"paDd"  # ancillary, private, safe to copy: every reader skips it
_CHUNK_BYTES = 12  # length, name and check sum
_END = 12  # bytes of IEND, the last chunk
_SEGMENT_BYTES = 4  # marker and length
_LONGEST_SEGMENT = 65535 - 2 + _SEGMENT_BYTES  # a segment's length counts its own two bytes
ROOM = 16  # that padding needs at the least, whatever the form


def picture_codes(photo: Photo) -> Codes:
    """A photo's upright pixels as sRGB codes, shape (height, width, 3)."""
    steps = np.asarray(linear_to_srgb(np.linspace(0, 1, _LEVELS + 1)))
    table = np.rint(steps * 255).astype(np.uint8)
    codes = np.empty(photo.rgb.shape, np.uint8)
    for top in range(0, photo.rgb.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        codes[rows] = table[np.rint(photo.rgb[rows] * np.float32(_LEVELS)).astype(np.uint16)]
    if photo.opaque is not None:
        codes[~photo.opaque] = _HIDDEN
    return codes


def encode(codes: Codes, form: PictureFormat) -> bytes:
    """A PNG or JPEG file of pixels alone."""
    buffer = io.BytesIO()
    image = Image.fromarray(codes)
    if form == "png":
        image.save(buffer, "PNG", compress_level=3)
    else:
        image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()


def level_sizes(
    files: Sequence[Path], form: PictureFormat, noise: Callable[[int], bytes] = os.urandom
) -> int:
    """Fill files with meaningless bytes until all are as large as the largest has to be.

    Parameters
    ----------
    files : sequence of Path
        Written by :func:`encode`, all of one form.
    form : {"png", "jpg"}
    noise : callable, optional
        Gives that many bytes; random, so that the same pixels written twice are different files.

    Returns
    -------
    int
        Bytes of every file.
    """
    size = max((file.stat().st_size for file in files), default=0) + ROOM
    for file in files:
        file.write_bytes(padded(file.read_bytes(), size, form, noise))
    return size


def padded(
    data: bytes, size: int, form: PictureFormat, noise: Callable[[int], bytes] = os.urandom
) -> bytes:
    """The same picture in a file of `size` bytes, at least :data:`ROOM` more than it has."""
    missing = size - len(data)
    if form == "png":
        body = _CHUNK + noise(missing - _CHUNK_BYTES)
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return data[:-_END] + chunk + data[-_END:]
    return data[:2] + b"".join(_comments(missing, noise)) + data[2:]


def _comments(missing: int, noise: Callable[[int], bytes]) -> list[bytes]:
    segments = []
    while missing:
        # What is left over must still hold a segment.
        fits = missing <= _LONGEST_SEGMENT
        size = missing if fits else min(_LONGEST_SEGMENT, missing - _SEGMENT_BYTES)
        segments.append(b"\xff\xfe" + struct.pack(">H", size - 2) + noise(size - _SEGMENT_BYTES))
        missing -= size
    return segments
