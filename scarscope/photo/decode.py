"""From a file's bytes to upright codes, and what they mean.

Pixels of 8 bits come from Pillow; pixels of 16 bits from OpenCV, as Pillow cannot hold them in
colour. Both decode from memory, so that the name of the file never matters.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from scarscope.errors import PhotoError
from scarscope.params import PhotoParams
from scarscope.photo import icc
from scarscope.photo.compression import jpeg_quality
from scarscope.photo.files import (
    Format,
    identify,
    jpeg_is_complete,
    png_chunks,
    tiff_without_orientation,
)

T = TypeVar("T")
Codes = NDArray[np.uint8] | NDArray[np.uint16]

# Header reading may warn about broken metadata. Silencing warnings is process-wide in Python, so
# one thread does it at a time.
_HEADER_LOCK = threading.Lock()

_ORIENTATION, _EXIF_IFD, _INTEROP_IFD, _COLOUR_SPACE = 0x0112, 0x8769, 0xA005, 0xA001
# How stored pixels become upright, by EXIF orientation (Exif 2.32 §4.6.4 A).
_UPRIGHT: dict[int, Callable[[Any], Any]] = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2),
    8: lambda a: np.rot90(a, 1),
}
_COPY_AGAIN = "Copy the photo again from the camera or its backup."
_TO_RGB = "Export the photo as RGB with 8 or 16 bits per channel."


@dataclass(frozen=True, eq=False)
class Decoded:
    """A file's picture, upright.

    Attributes
    ----------
    codes : ndarray of uint8 or uint16, shape (height, width) or (height, width, 3)
        As the file carries them, before any colour conversion.
    profile : Profile or None
        What the codes mean; None is sRGB.
    profile_known : bool
        False where the file says nothing about colour and sRGB is assumed.
    opaque : ndarray of bool, shape (height, width), or None
        False where alpha hides the pixel (alpha below one half); None without alpha.
    jpeg_quality : float
        Quality on the IJG scale of 1 to 100 from the quantisation tables; NaN if not a JPEG.
    palette : bool
        Whether the picture had a palette of at most 256 colours.
    """

    codes: Codes
    profile: icc.Profile | None
    profile_known: bool
    opaque: NDArray[np.bool_] | None
    jpeg_quality: float
    palette: bool = False


@dataclass(frozen=True)
class _Header:
    """What is known before pixels are decoded."""

    image: Image.Image
    data: bytes
    bits: int
    orientation: int
    icc_bytes: bytes | None
    states_srgb: bool
    states_adobe: bool


def decode(data: bytes, *, name: str, suffix: str = "", params: PhotoParams) -> Decoded:
    """Decode a JPEG, PNG or TIFF, turn it upright and find out what its codes mean.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        For messages.
    suffix : str
        The file's suffix with its dot, which must not contradict the content; empty: not checked.
    params : PhotoParams
        The size limits.

    Raises
    ------
    PhotoError
        If the picture cannot be decoded completely, or is of a kind that cannot be measured. The
        message names the file, the reason and a remedy.
    """
    kind = identify(data, name, suffix)
    header = _guarded(lambda: _read_header(data, kind, name, params), name, kind)
    codes, opaque, palette = _guarded(lambda: _pixels(header, name), name, kind)
    profile, known, codes = _meaning(header, codes, name)
    turn = _UPRIGHT.get(header.orientation)
    if turn is not None:
        codes, opaque = turn(codes), None if opaque is None else turn(opaque)
    quality = jpeg_quality(getattr(header.image, "quantization", None))
    return Decoded(codes, profile, known, opaque, quality, palette)


def _guarded(work: Callable[[], T], name: str, kind: Format) -> T:
    try:
        return work()
    except PhotoError:
        raise
    except MemoryError as error:
        raise PhotoError(
            f"{name} does not fit into memory.", remedy="Close other programs or use a crop."
        ) from error
    except Exception as error:  # decoders raise nearly everything on damaged files
        raise PhotoError(
            f"{name} is a damaged {kind} file ({error or type(error).__name__}).",
            remedy=_COPY_AGAIN,
        ) from error


def _read_header(data: bytes, kind: Format, name: str, params: PhotoParams) -> _Header:
    # The plug-ins are called directly: Image.open would compare with a process-wide size limit.
    opener: dict[Format, Callable[[Any], Image.Image]] = {
        "JPEG": JpegImagePlugin.JpegImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
    }
    with _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = opener[kind](io.BytesIO(data))
        orientation, states_srgb, states_adobe = _exif_facts(image)
        if kind == "TIFF" and orientation != 1:
            data = tiff_without_orientation(data)
            image = opener[kind](io.BytesIO(data))
        _check_size(image.size, name, params)
        bits = _CHECKS[kind](data, image, name)
    return _Header(
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
        space = exif.get_ifd(_EXIF_IFD).get(_COLOUR_SPACE)
        # DCF 2.0: an "option file" (R03) is Adobe RGB.
        adobe = space != 1 and exif.get_ifd(_INTEROP_IFD).get(1) == "R03"
    except Exception:  # a photo is not refused for damaged remarks about it
        return 1, False, False
    return orientation if orientation in range(1, 9) else 1, space == 1, adobe


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
            remedy=_COPY_AGAIN,
        )
    return 8


def _check_png(data: bytes, image: Image.Image, name: str) -> int:
    chunks = png_chunks(data)
    if chunks is None:
        raise PhotoError(
            f"{name} is truncated or damaged: a PNG chunk of its {len(data)} bytes is cut off or "
            "fails its checksum.",
            remedy=_COPY_AGAIN,
        )
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
    for offsets, counts in ((273, 279), (324, 325)):
        ends = [a + n for a, n in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)]
        if ends and max(ends) > len(data):
            raise PhotoError(
                f"{name} is truncated: the TIFF's pixels reach byte {max(ends)} and the file has "
                f"{len(data)}.",
                remedy=_COPY_AGAIN,
            )
    if bits == 8:
        _check_mode(image.mode, name)
    return bits


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


def _pixels(header: _Header, name: str) -> tuple[Codes, NDArray[np.bool_] | None, bool]:
    """Codes as stored (not yet upright), what alpha shows, and whether they come from a palette."""
    if header.bits == 16:
        return *_pixels_16(header, name), False
    image = header.image
    palette = image.mode in ("P", "PA")
    if palette or image.mode in ("YCbCr", "RGBX", "RGBa"):
        transparent = "transparency" in image.info or image.mode in ("PA", "RGBa")
        image = image.convert("RGBA" if transparent else "RGB")
    codes = np.asarray(image)
    if image.mode in ("LA", "RGBA"):
        colours = codes[..., 0] if image.mode == "LA" else codes[..., :3]
        return colours, codes[..., -1] >= 128, palette
    return codes, None, palette


def _pixels_16(header: _Header, name: str) -> tuple[Codes, NDArray[np.bool_] | None]:
    raw: Any = _raw_16(header)
    if raw is None or raw.dtype != np.uint16 or raw.shape[2:] not in ((), (1,), (2,), (3,), (4,)):
        raise PhotoError(
            f"{name} holds 16-bit pixels in a way that cannot be decoded.",
            remedy="Save it as TIFF with 16 bits per channel, without compression.",
        )
    if raw.ndim == 2:
        return raw, None
    channels = raw.shape[2]
    opaque = raw[..., -1] >= 1 << 15 if channels in (2, 4) else None
    return (raw[..., :3] if channels > 2 else raw[..., 0]), opaque


def _raw_16(header: _Header) -> NDArray[Any] | None:
    """Pixels with 1 to 4 channels in the file's order; None where OpenCV cannot decode them."""
    tags = getattr(header.image, "tag_v2", None)
    # OpenCV scrambles separate planes; tifffile alone cannot undo LZW.
    if tags is not None and (tags.get(284, 1) == 2 or tags.get(259, 1) in (1, 8, 32946)):
        return _with_tifffile(header.data, separate=tags.get(284, 1) == 2)
    raw: Any = cv2.imdecode(np.frombuffer(header.data, np.uint8), cv2.IMREAD_UNCHANGED)
    if raw is not None and raw.ndim == 3 and raw.shape[2] >= 3:
        raw = raw[..., [2, 1, 0, 3][: raw.shape[2]]]
    return raw  # type: ignore[no-any-return]


def _with_tifffile(data: bytes, *, separate: bool) -> NDArray[Any]:
    import tifffile  # slow to import, rarely needed; comes with scikit-image

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        raw = file.pages[0].asarray()
    return np.moveaxis(raw, 0, -1) if separate and raw.ndim == 3 else raw


def _meaning(header: _Header, codes: Codes, name: str) -> tuple[icc.Profile | None, bool, Codes]:
    """The profile (None is sRGB), whether the file states it, and the codes to read by it."""
    if header.icc_bytes is None:
        profile = icc.adobe_rgb() if header.states_adobe else None
        return profile, header.states_srgb or header.states_adobe, codes
    try:
        profile = icc.read_profile(header.icc_bytes)
    except icc.ProfileError as error:
        return None, True, _by_tables(header.icc_bytes, codes, name, error)
    return (None if profile.is_srgb else profile), True, codes


def _by_tables(profile: bytes, codes: Codes, name: str, reason: icc.ProfileError) -> Codes:
    """Profiles without a matrix go through LittleCMS, which Pillow offers for 8 bits."""
    refusal = PhotoError(
        f"{name} carries a colour profile that cannot be used ({reason}).",
        remedy="Export it with an sRGB, Display P3 or Adobe RGB profile.",
    )
    if codes.dtype != np.uint8 or codes.ndim != 3:
        raise refusal
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        image = ImageCms.profileToProfile(
            Image.fromarray(codes), source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError) as error:
        raise refusal from error
    return np.asarray(image)
