"""From a file's bytes to upright codes, and what they mean.

Pixels of 8 bits come from Pillow; pixels of 16 bits from OpenCV, as Pillow cannot hold them in
colour. Both decode from memory, so that the name of the file never matters.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from scarscope.errors import PhotoError
from scarscope.params import PhotoParams
from scarscope.photo import icc
from scarscope.photo.compression import jpeg_quality
from scarscope.photo.files import Format, identify
from scarscope.photo.headers import COPY_AGAIN, Header, read_header

T = TypeVar("T")
Codes = NDArray[np.uint8] | NDArray[np.uint16]

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
# Blocks that libjpeg has no data for are all zero, which is this code in every channel.
_FILLER, _BLOCK = 128, 8


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
    header = _guarded(lambda: read_header(data, kind, name=name, params=params), name, kind)
    codes, opaque, palette = _guarded(lambda: _pixels(header, name), name, kind)
    if kind == "JPEG" and _is_torn(codes):
        raise PhotoError(
            f"{name} is truncated: its pixels break off and grey fills the rest.", remedy=COPY_AGAIN
        )
    profile, known, codes = _guarded(lambda: _meaning(header, codes, name), name, kind)
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
            remedy=COPY_AGAIN,
        ) from error


def _is_torn(codes: Codes) -> bool:
    """Whether a JPEG's pixels break off within a row of blocks and mid grey follows to the end.

    That is what libjpeg makes, with a warning nobody sees, of a file whose missing rest was closed
    with a proper end marker. A picture on grey has grey on both sides of its last rows.
    """
    height = codes.shape[0]
    filled = height
    while filled > 0 and _is_filler(codes[max(0, filled - _BLOCK) : filled]):
        filled = (filled - 1) // _BLOCK * _BLOCK
    if filled in (0, height):
        return False
    band = codes[filled - _BLOCK : filled]
    return _is_filler(band[:, -_BLOCK:]) and not _is_filler(band[:, :_BLOCK])


def _is_filler(codes: Codes) -> bool:
    return bool((codes == _FILLER).all())


def _pixels(header: Header, name: str) -> tuple[Codes, NDArray[np.bool_] | None, bool]:
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


def _pixels_16(header: Header, name: str) -> tuple[Codes, NDArray[np.bool_] | None]:
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


def _raw_16(header: Header) -> NDArray[Any] | None:
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


def _meaning(header: Header, codes: Codes, name: str) -> tuple[icc.Profile | None, bool, Codes]:
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
