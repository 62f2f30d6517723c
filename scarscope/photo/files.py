"""Getting a file's bytes, and telling from the bytes what they are.

Nothing here decodes a picture; the checks are those that decoders leave out or are silent about.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Literal, get_args

from scarscope.errors import PhotoError

Format = Literal["JPEG", "PNG", "TIFF"]

# Windows refuses longer paths unless they carry the \\?\ prefix (MAX_PATH is 260 with its NUL).
_WINDOWS_PATH_LIMIT = 259

_SUFFIXES: dict[str, str] = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".mpo": "JPEG",
    ".png": "PNG", ".apng": "PNG", ".tif": "TIFF", ".tiff": "TIFF",
    ".gif": "GIF", ".webp": "WebP", ".bmp": "BMP", ".heic": "HEIC", ".heif": "HEIC",
    ".avif": "AVIF", ".jp2": "JPEG 2000", ".jxl": "JPEG XL", ".psd": "Photoshop", ".pdf": "PDF",
    ".dng": "camera raw", ".cr2": "camera raw", ".cr3": "camera raw", ".nef": "camera raw",
    ".arw": "camera raw", ".raf": "camera raw", ".orf": "camera raw", ".rw2": "camera raw",
    ".dcm": "DICOM",
}  # fmt: skip
_READABLE: tuple[Format, ...] = get_args(Format)
READABLE_SUFFIXES = frozenset(suffix for suffix, kind in _SUFFIXES.items() if kind in _READABLE)

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (8, b"CR\x02\x00", "camera raw"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"II+\x00", "TIFF"),
    (0, b"MM\x00+", "TIFF"),
    (0, b"GIF8", "GIF"),
    (8, b"WEBP", "WebP"),
    (0, b"BM", "BMP"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypcrx", "camera raw"),
    (4, b"ftyphe", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypmsf1", "HEIC"),
    (4, b"jP  ", "JPEG 2000"),
    (4, b"JXL ", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"8BPS", "Photoshop"),
    (0, b"%PDF", "PDF"),
    (0, b"FUJIFILMCCD-RAW", "camera raw"),
    (0, b"IIRO", "camera raw"),
    (0, b"IIU\x00", "camera raw"),
    (128, b"DICM", "DICOM"),
)

_CONVERT = "Export the photo as JPEG at the highest quality, as PNG or as TIFF, and score that."
_HOW_TO_CONVERT = {
    "HEIC": "On the iPhone choose Settings > Camera > Formats > Most Compatible, or export "
    "existing photos as JPEG at the highest quality.",
    "camera raw": "Develop it to a 16-bit TIFF with fixed settings for the whole study.",
    "GIF": "GIF holds at most 256 colours and may move. Use the original photo as JPEG, PNG or "
    "TIFF.",
}


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, wherever it lies.

    Raises
    ------
    PhotoError
        If there is no such file, it is a folder, it is empty, or it may not be read.
    """
    if path.is_dir():
        raise PhotoError(
            f"{path} is a folder, not a photo.",
            remedy="Name a file, or use `scarscope batch` for a folder of photos.",
        )
    try:
        with _reachable(path).open("rb") as file:
            data = file.read()
    except FileNotFoundError as error:
        raise PhotoError(
            f"{path} does not exist.", remedy="Check the spelling and the current folder."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PhotoError(
            f"{path} cannot be opened ({reason}).",
            remedy="Check that you may read it and that the drive is connected.",
        ) from error
    return data


def _reachable(path: Path) -> Path:
    if os.name != "nt":
        return path
    # resolve() would follow links, which fails on some network drives.
    return Path(_prefixed(os.path.abspath(path)))  # noqa: PTH100


def _prefixed(full: str) -> str:
    """An absolute Windows path, with the prefix that lifts the length limit where it is needed."""
    if len(full) <= _WINDOWS_PATH_LIMIT or full.startswith("\\\\?\\"):
        return full
    network = full.startswith("\\\\")
    return "\\\\?\\UNC\\" + full[2:] if network else "\\\\?\\" + full


def identify(data: bytes, name: str, suffix: str = "") -> Format:
    """Which of the readable formats the bytes are, checked against the name's suffix.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        For messages.
    suffix : str
        The file's suffix with its dot; empty, or one that names no picture format, says nothing.

    Raises
    ------
    PhotoError
        If the file is empty, not a picture, of a format that is not read, or mislabelled.
    """
    if not data:
        raise PhotoError(f"{name} is empty (0 bytes).", remedy="Copy the photo again.")
    found = next((kind for at, mark, kind in _SIGNATURES if data.startswith(mark, at)), None)
    said = _SUFFIXES.get(suffix.lower())
    if found is None:
        raise PhotoError(
            f"{name} is not a picture: its first bytes are {data[:8]!r}.",
            remedy=_CONVERT if said is None else f"Find the original {said} file.",
        )
    if said is not None and said != found and {said, found} != {"camera raw", "TIFF"}:
        raise PhotoError(
            f"{name} is mislabelled: its name says {said}, its content is {found}.",
            remedy=f"Rename it to the suffix of a {found} file after checking that it is the "
            "right photo.",
        )
    readable = next((kind for kind in _READABLE if kind == found), None)
    if readable is not None and said != "camera raw":
        return readable
    kind = said if found == "TIFF" else found
    raise PhotoError(
        f"{name} is a {kind} file, which ScarScope does not read.",
        remedy=_HOW_TO_CONVERT.get(str(kind), _CONVERT),
    )


def jpeg_is_complete(data: bytes) -> bool:
    """Whether a JPEG's segments run from start to end-of-image without a gap.

    Decoders fill what is missing with grey and say nothing when a copy broke off in a file whose
    length was reserved beforehand; then there is no end-of-image marker.
    """
    at, size = 2, len(data)
    while at + 4 <= size or data[at : at + 2] == b"\xff\xd9":
        if data[at] != 0xFF:
            return False
        marker = data[at + 1]
        if marker == 0xD9:
            return True
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without a length
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            if marker == 0xDA:
                at = _end_of_scan(data, at)
    return False


def _end_of_scan(data: bytes, at: int) -> int:
    """Where entropy-coded data ends: at an FF that is neither stuffed (FF00) nor a restart."""
    while (at := data.find(b"\xff", at)) >= 0:
        following = data[at + 1] if at + 1 < len(data) else 0xFF
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2
    return len(data)


def png_chunks(data: bytes) -> dict[bytes, bytes] | None:
    """First chunk of each kind but the pixels; None where a chunk is cut off or damaged."""
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        kind = data[at + 4 : at + 8]
        checksum = int.from_bytes(data[end - 4 : end], "big")
        if end > len(data) or zlib.crc32(memoryview(data)[at + 4 : end - 4]) != checksum:
            return None
        chunks.setdefault(kind, b"" if kind == b"IDAT" else data[at + 8 : end - 4])
        if kind == b"IEND":
            return chunks
        at = end
    return None


def tiff_without_orientation(data: bytes) -> bytes:
    """The same TIFF with its first page's orientation tag set to 1.

    Decoders disagree between versions about applying the tag; this way nobody but ScarScope does.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    at = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    count = struct.unpack_from(order + ("Q" if big else "H"), data, at)[0]
    start, size, value = (at + 8, 20, 12) if big else (at + 2, 12, 8)
    for number in range(min(count, (len(data) - start) // size)):
        entry = start + number * size
        if struct.unpack_from(order + "H", data, entry)[0] == 0x0112:
            changed = bytearray(data)
            struct.pack_into(order + "H", changed, entry + value, 1)
            return bytes(changed)
    return data
