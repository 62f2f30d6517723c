"""Safe writing: a temporary name first, then the real one, so that no half file is ever seen."""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scarscope.batch.scan import STORE_NAME
from scarscope.errors import StoreError

TEMPORARY = ".tmp-"
_AFTER_IHDR = 33  # bytes: PNG signature 8 + header chunk 25 (PNG specification, 5.2 and 11.2.1)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, which takes its place when the block ends well.

    Raises
    ------
    StoreError
        If the system does not let the file be written.
    """
    # Short whatever the name, so that the longest file name allowed still works.
    temporary = path.parent / f"{TEMPORARY}{uuid.uuid4().hex[:12]}{path.suffix}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path.name} cannot be written to {path.parent} ({error.strerror or error}).",
            remedy="Close the file where it is open, check free space, permissions and the length "
            "of its name, and run the same command again.",
            stage="write",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def make_folder(out: Path) -> None:
    """Make an output folder where there is none.

    Raises
    ------
    StoreError
        If a file lies there, or the system does not let it be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "a file lies there" if out.is_file() else error.strerror or error
        raise StoreError(
            f"The output folder {out} cannot be made ({reason}).",
            remedy="Give another folder with --out (out=), one that you may write to.",
        ) from error


def make_single_folder(out: Path, replaced: Sequence[str]) -> str:
    """Make the output folder of a command that keeps no study, and say what it will replace.

    Parameters
    ----------
    out : Path
    replaced : sequence of str
        Tables that the command writes.

    Returns
    -------
    str
        What lies there already and will be replaced, in words; blank where nothing does.

    Raises
    ------
    StoreError
        If the folder holds a batch's results, whose tables would be lost, or cannot be made.
    """
    if (out / STORE_NAME).exists():
        raise StoreError(
            f"{out} holds the results of a batch, whose tables would be replaced.",
            remedy="Give another folder with --out.",
        )
    make_folder(out)
    there = [name for name in replaced if (out / name).exists()]
    return (
        f"{' and '.join(there)} in {out} are of an earlier run and are replaced." if there else ""
    )


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one step."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files that a killed run left behind."""
    for name in ("", "masks", "depth", "overlays"):
        where = folder / name
        files = where.glob(f"{TEMPORARY}*") if not name else where.rglob(f"{TEMPORARY}*")
        for file in list(files):
            file.unlink(missing_ok=True)


def png16(image: NDArray[np.uint16], text: str) -> bytes:
    """A 16-bit greyscale PNG that says in its ``Description`` what its values are.

    Parameters
    ----------
    image : ndarray of uint16, shape (height, width)
        Values.
    text : str
        What they mean, in ASCII.
    """
    import cv2

    done, encoded = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise StoreError(
            f"A picture of {image.shape} could not be encoded.", remedy="Please report it."
        )
    data = encoded.tobytes()
    return data[:_AFTER_IHDR] + _text_chunk("Description", text) + data[_AFTER_IHDR:]


def _text_chunk(key: str, text: str) -> bytes:
    body = b"tEXt" + key.encode("ascii") + b"\0" + text.encode("ascii")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
