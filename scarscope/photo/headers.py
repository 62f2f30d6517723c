"""What a file says before its pixels are decoded, and the checks that this allows.

Size, completeness and kind of pixels are judged here, so that a bomb, a torn file or a picture
made for print never reaches a decoder.
"""

from __future__ import annotations

import io
import math
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from scarscope.errors import PhotoError
from scarscope.params import PhotoParams
from scarscope.photo.files import (
    Format,
    jpeg_is_complete,
    png_chunks,
    tiff_without_orientation,
)

# Header reading may warn about broken metadata. Silencing warnings is process-wide in Python, so
# one thread does it at a time.
_HEADER_LOCK = threading.Lock()

_ORIENTATION, _EXIF_IFD, _INTEROP_IFD, _COLOUR_SPACE = 0x0112, 0x8769, 0xA005, 0xA001
COPY_AGAIN = "Copy the photo again from the camera or its backup."
_TO_RGB = "Export the photo as RGB with 8 or 16 bits per channel."


@dataclass(frozen=True)
class Header:
    """What is known before pixels are decoded.

    Attributes
    ----------
    image : PIL image
        Opened, not decoded.
    data : bytes
        The file, for TIFF without its orientation tag.
    bits : int
        Per channel, 8 or 16.
    orientation : int
        EXIF's, 1 to 8, still to be applied.
    icc_bytes : bytes or None
        The embedded profile.
    states_srgb, states_adobe : bool
        What other remarks in the file say of its colours.
    """

    image: Image.Image
    data: bytes
    bits: int
    orientation: int
    icc_bytes: bytes | None
    states_srgb: bool
    states_adobe: bool


def read_header(data: bytes, kind: Format, *, name: str, params: PhotoParams) -> Header:
    """Open a file and check what can be checked before decoding.

    Raises
    ------
    PhotoError
        If the picture is too large, too small, incomplete, moving, or of a kind that cannot be
        measured. Decoders' own errors pass through.
    """
    # The plug-ins are called directly: Image.open would compare with a process-wide size limit.
    opener: dict[Format, Callable[[Any], Image.Image]] = {
        "JPEG": JpegImagePlugin.JpegImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
    }
    with _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = opener[kind](io.BytesIO(data))
        _check_size(image.size, name, params)
        bits = _CHECKS[kind](data, image, name)
        orientation, states_srgb, states_adobe = _exif_facts(image)
        if kind == "TIFF" and orientation != 1:
            data = tiff_without_orientation(data)
            image = opener[kind](io.BytesIO(data))
    return Header(
        image,
        data,
        bits,
        orientation,
        image.info.get("icc_profile") or None,
        states_srgb or "srgb" in image.info,
        states_adobe,
    )


def _exif_facts(image: Image.Image) -> tuple[int, bool, bool]:
    """Orientation, whether EXIF says sRGB, whether it says Adobe RGB; broken EXIF says nothing."""
    try:
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION, 1)
    except Exception:  # a photo is not refused for damaged remarks about it
        return 1, False, False
    space = _remark(exif, _EXIF_IFD, _COLOUR_SPACE)
    # DCF 2.0: an "option file" (R03) is Adobe RGB.
    adobe = space != 1 and _remark(exif, _INTEROP_IFD, 1) == "R03"
    return orientation if orientation in range(1, 9) else 1, space == 1, adobe


def _remark(exif: Image.Exif, directory: int, tag: int) -> object:
    """One entry of a nested directory; None where it is damaged, and nothing else is lost by it."""
    try:
        return exif.get_ifd(directory).get(tag)
    except Exception:  # Pillow before 13 raises even where there is no such directory
        return None


def _check_size(size: tuple[int, int], name: str, params: PhotoParams) -> None:
    width, height = size
    megapixels = width * height / 1e6
    if megapixels > params.max_megapixels:
        raise PhotoError(
            f"{name} has {width} x {height} pixels ({megapixels:.0f} megapixels), more than the "
            f"limit of {params.max_megapixels:g}.",
            remedy="If it is a real photo, raise photo.max_megapixels; memory grows with it.",
        )
    if min(size) < params.min_side_px:
        raise PhotoError(
            f"{name} has only {width} x {height} pixels.",
            remedy=f"Use the original photo, not a thumbnail: at least {params.min_side_px} "
            "pixels a side are needed.",
        )


def _check_jpeg(data: bytes, image: Image.Image, name: str) -> int:
    _check_mode(image.mode, name)
    if not jpeg_is_complete(data):
        raise PhotoError(
            f"{name} is truncated: the JPEG ends after {len(data)} bytes without an end marker.",
            remedy=COPY_AGAIN,
        )
    return 8


def _check_png(data: bytes, image: Image.Image, name: str) -> int:
    chunks = png_chunks(data)
    if chunks is None:
        raise PhotoError(
            f"{name} is truncated or damaged: a PNG chunk of its {len(data)} bytes is cut off or "
            "fails its checksum.",
            remedy=COPY_AGAIN,
        )
    # Pillow would decode the whole picture in search of remarks that are not there.
    image.info.setdefault("exif", chunks.get(b"eXIf", b""))
    if b"acTL" in chunks:
        raise _moving(name, "an animated PNG")
    bits = chunks[b"IHDR"][8]
    if bits < 8 and image.mode != "P":
        raise PhotoError(f"{name} has {bits} bits per pixel.", remedy=_TO_RGB)
    return 16 if bits == 16 else 8


def _check_tiff(data: bytes, image: Image.Image, name: str) -> int:
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    pages = _pages(image)
    if pages > 1:
        raise _moving(name, f"a TIFF with {pages} pages")
    tags = image.tag_v2
    if tags.get(262) in (5, 8, 9, 10):
        raise _wrong_colours(name, "CMYK" if tags.get(262) == 5 else "Lab")
    bits = int(max(tags.get(258, (1,))))
    kinds = set(tags.get(339, (1,)))
    if bits not in (8, 16) or kinds != {1} or (bits == 16 and tags.get(262) not in (1, 2)):
        held = "floating-point" if 3 in kinds else "signed" if 2 in kinds else "whole-number"
        raise PhotoError(f"{name} holds {held} values of {bits} bits.", remedy=_TO_RGB)
    _check_pieces(tags, len(data), name)
    if bits == 8:
        _check_mode(image.mode, name)
    return bits


def _check_pieces(tags: Any, size: int, name: str) -> None:  # noqa: ANN401
    """All strips or tiles of a TIFF must be there: decoders leave missing ones black."""
    width, height = int(tags[256]), int(tags[257])
    tiled = 324 in tags
    starts, lengths = (tags[324], tags[325]) if tiled else (tags[273], tags[279])
    across, down = (tags[322], tags[323]) if tiled else (width, min(tags.get(278, height), height))
    wanted = math.ceil(width / across) * math.ceil(height / down)
    if tags.get(284, 1) == 2:
        wanted *= int(tags.get(277, 1))
    end = max(a + n for a, n in zip(starts, lengths, strict=True))
    if end > size or len(starts) != wanted or min(lengths) <= 0:
        raise PhotoError(
            f"{name} is truncated or damaged: {len(starts)} of {wanted} pieces of the TIFF's "
            f"pixels reach byte {end}, and the file has {size}.",
            remedy=COPY_AGAIN,
        )


def _pages(image: TiffImagePlugin.TiffImageFile) -> int:
    """Pages that are pictures of their own, not previews or masks (tag 254, bits 0 and 2)."""
    own = 0
    for number in range(image.n_frames):
        image.seek(number)
        own += not int(image.tag_v2.get(254, 0)) & 5
    image.seek(0)
    return own


_CHECKS: dict[Format, Callable[[bytes, Image.Image, str], int]] = {
    "JPEG": _check_jpeg,
    "PNG": _check_png,
    "TIFF": _check_tiff,
}


def _check_mode(mode: str, name: str) -> None:
    if mode == "CMYK":
        raise _wrong_colours(name, "CMYK (or YCCK)")
    if mode not in ("L", "LA", "P", "PA", "RGB", "RGBA", "YCbCr", "RGBX", "RGBa"):
        raise PhotoError(f"{name} holds pixels of an unusual kind ({mode}).", remedy=_TO_RGB)


def _wrong_colours(name: str, space: str) -> PhotoError:
    return PhotoError(
        f"{name} holds {space} colours, made for print: they do not determine the light that the "
        "camera saw.",
        remedy="Export the original photo as RGB, as JPEG, PNG or TIFF.",
    )


def _moving(name: str, what: str) -> PhotoError:
    return PhotoError(f"{name} is {what}, not one photo.", remedy="Export the photo that you mean.")
