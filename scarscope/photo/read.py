"""Reading a photo: bytes or an array in, linear light with its scale and its flags out."""

from __future__ import annotations

import hashlib
import math
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.errors import PhotoError, ScaleError
from scarscope.flags import Flag
from scarscope.params import PhotoParams
from scarscope.photo import colour, icc
from scarscope.photo.compression import blockiness
from scarscope.photo.decode import Codes, Decoded, decode
from scarscope.photo.files import read_bytes
from scarscope.photo.model import Photo, Scale
from scarscope.photo.sidecar import read_sidecar

Source = str | os.PathLike[str] | bytes | NDArray[Any]

# Rows converted at a time: bounds temporary memory to a few MB whatever the photo's size.
_ROWS = 128
# Floats may leave 0 to 1 by rounding; more is a sign of another unit.
_FLOAT_SLACK = 1e-3


def read_photo(
    source: Source,
    *,
    mm_per_px: float | Scale | None = None,
    name: str | None = None,
    params: PhotoParams | None = None,
) -> Photo:
    """Read a photo into linear light.

    Parameters
    ----------
    source : path, bytes or ndarray
        A JPEG, PNG or TIFF file (8 or 16 bits), the bytes of one, or an array of shape
        (height, width, 3): uint8 and uint16 are taken as sRGB codes, floats as linear light from
        0 to 1 in sRGB primaries. Floats that are codes divided by 255 look the same and cannot be
        told apart: give those as uint8, or every figure is wrong. An array of shape
        (height, width) is grey.
    mm_per_px : float, Scale or None
        Millimetres per pixel of the upright photo. It goes before the sidecar. None: the sidecar
        ``<file name>.json`` is asked; without one nothing is reported in millimetres.
    name : str, optional
        What people see. Defaults to the file's name.
    params : PhotoParams, optional
        Limits. Defaults to ``PhotoParams()``.

    Returns
    -------
    Photo
        With the flags that the file itself raises (scale, resolution, profile, compression,
        grey); those that need the skin region are added where the skin is found.

    Raises
    ------
    PhotoError
        If the picture cannot be read completely or cannot be measured.
    ScaleError
        If the scale is impossible.

    Examples
    --------
    >>> import numpy as np
    >>> photo = read_photo(np.full((80, 100, 3), 128, np.uint8), mm_per_px=0.08)
    >>> photo.shape, photo.scale.source
    ((80, 100), 'argument')
    """
    params = params or PhotoParams()
    if isinstance(source, np.ndarray):
        return _from_array(source, _scale(mm_per_px), name or "array", params)
    if isinstance(source, bytes):
        return _from_bytes(source, _scale(mm_per_px), name or "bytes", params)
    if not isinstance(source, str | os.PathLike):
        raise PhotoError(
            f"A photo cannot be read from {type(source).__name__}.",
            remedy="Give a path, the bytes of a file, or a numpy array.",
        )
    if not os.fspath(source):
        raise PhotoError("The photo's path is empty.", remedy="Give the path of a photo's file.")
    path = Path(source)
    data = read_bytes(path)
    scale = read_sidecar(path).scale if mm_per_px is None else _scale(mm_per_px)
    return _from_bytes(data, scale, name or path.name, params, path)


def _scale(mm_per_px: float | Scale | None) -> Scale | None:
    if mm_per_px is None or isinstance(mm_per_px, Scale):
        return mm_per_px
    if isinstance(mm_per_px, bool | np.bool_):
        raise ScaleError(f"mm_per_px = {mm_per_px!r} is not a number.", remedy="Give 0.06, say.")
    try:
        return Scale(float(mm_per_px), "argument")
    except (TypeError, ValueError) as error:
        raise ScaleError(
            f"mm_per_px = {mm_per_px!r} is not a number.", remedy="Give millimetres, such as 0.06."
        ) from error


def _from_bytes(
    data: bytes, scale: Scale | None, name: str, params: PhotoParams, path: Path | None = None
) -> Photo:
    decoded = decode(data, name=name, suffix=path.suffix if path else "", params=params)
    flags = _file_flags(decoded, params) | _scale_flags(scale, params)
    rgb = _to_linear(decoded.codes, decoded.profile)
    digest = hashlib.sha256(data).hexdigest()
    opaque = decoded.opaque
    if opaque is not None:
        opaque = np.ascontiguousarray(opaque)
        opaque.setflags(write=False)
    return Photo(rgb, name, digest, scale, flags, opaque, path)


def _from_array(array: NDArray[Any], scale: Scale | None, name: str, params: PhotoParams) -> Photo:
    _check_array(array, name, params)
    flags = _scale_flags(scale, params)
    if _is_grey(array):
        flags |= Flag.GREYSCALE
    if array.dtype.kind == "f":
        rgb = np.clip(_three(array).astype(np.float32), 0, 1)
        rgb.setflags(write=False)
    else:
        rgb = _to_linear(array, None)
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return Photo(rgb, name, digest, scale, flags)


def _check_array(array: NDArray[Any], name: str, params: PhotoParams) -> None:
    colours = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    if not colours or min(array.shape[:2]) < params.min_side_px:
        raise PhotoError(
            f"{name} has shape {array.shape}.",
            remedy="Give (height, width, 3), RGB without alpha, or (height, width) for grey, with "
            f"at least {params.min_side_px} pixels a side.",
        )
    if array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        if not (low >= -_FLOAT_SLACK and high <= 1 + _FLOAT_SLACK):
            raise PhotoError(
                f"{name} holds values from {low:g} to {high:g}.",
                remedy="Floats must be linear light from 0 to 1, without NaN.",
            )
    elif array.dtype not in (np.uint8, np.uint16):
        raise PhotoError(
            f"{name} is of type {array.dtype}.",
            remedy="Give uint8 or uint16 (sRGB codes), or floats from 0 to 1 (linear light).",
        )


def _three(array: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(array[..., None], 3, axis=2) if array.ndim == 2 else array


def _to_linear(codes: Codes, profile: icc.Profile | None) -> NDArray[np.float32]:
    """Codes to linear sRGB, some rows at a time, clipped to what sRGB can hold."""
    height, width = codes.shape[:2]
    rgb = np.empty((height, width, 3), np.float32)
    convert = _Converter(profile, codes.dtype.itemsize * 8)
    for top in range(0, height, _ROWS):
        rows = slice(top, min(top + _ROWS, height))
        rgb[rows] = convert(_three(codes[rows]))
    rgb.setflags(write=False)
    return rgb


class _Converter:
    """Tables and matrix of a profile, made once a photo; called with codes of shape (h, w, 3)."""

    def __init__(self, profile: icc.Profile | None, bits: int) -> None:
        tables = colour.decoding_table(bits)[None] if profile is None else profile.tables(bits)
        self._tables = np.broadcast_to(tables, (3, tables.shape[1]))
        self._interleaved = np.ascontiguousarray(self._tables.T[None])
        self._matrix = None if profile is None else profile.matrix.astype(np.float32)

    def __call__(self, codes: Codes) -> NDArray[Any]:
        light: NDArray[Any]
        if codes.dtype == np.uint8:  # OpenCV's tables are twice as fast and take 8 bits only
            light = cv2.LUT(np.ascontiguousarray(codes), self._interleaved)
        else:
            light = np.stack([self._tables[c][codes[..., c]] for c in range(3)], axis=-1)
        if self._matrix is None:
            return light
        return np.clip(cv2.transform(light, self._matrix), 0, 1)


def _file_flags(decoded: Decoded, params: PhotoParams) -> Flag:
    flags = Flag.NONE
    if not decoded.profile_known:
        flags |= Flag.UNKNOWN_PROFILE
    if _is_grey(decoded.codes):
        flags |= Flag.GREYSCALE
    if _is_crushed(decoded, params):
        flags |= Flag.HEAVY_COMPRESSION
    return flags


def _is_crushed(decoded: Decoded, params: PhotoParams) -> bool:
    if decoded.palette or decoded.jpeg_quality < params.min_jpeg_quality:
        return True
    codes = decoded.codes
    luma = codes if codes.ndim == 2 else codes[..., 1]
    if luma.dtype == np.uint16:
        luma = (luma >> 8).astype(np.uint8)
    return blockiness(luma) > params.max_blockiness


def _is_grey(pixels: NDArray[Any]) -> bool:
    """Whether all channels agree, within the rounding of a colour conversion."""
    if pixels.ndim == 2:
        return True
    slack = {"u": 2 << (8 * (pixels.dtype.itemsize - 1)), "f": 5e-3}[pixels.dtype.kind]
    sample = pixels[:: max(1, pixels.shape[0] // 256), :: max(1, pixels.shape[1] // 256)]
    return bool(_spread(sample) <= slack) and bool(_spread(pixels[::2, ::2]) <= slack)


def _spread(pixels: NDArray[Any]) -> float:
    return float((pixels.max(axis=2).astype(float) - pixels.min(axis=2)).max())


def _scale_flags(scale: Scale | None, params: PhotoParams) -> Flag:
    if scale is None or not math.isfinite(scale.mm_per_px):
        return Flag.NO_SCALE
    flags = Flag.NONE
    if scale.mm_per_px > params.coarse_mm_per_px:
        flags |= Flag.COARSE_RESOLUTION
    low, high = params.validated_low_mm_per_px, params.validated_high_mm_per_px
    if not low <= scale.mm_per_px <= high:
        flags |= Flag.OUTSIDE_SCALE_RANGE
    return flags
