"""Make the README's pictures again from the sample study.

Run: python docs/pictures.py
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scarscope.batch import list_photos
from scarscope.change import compare
from scarscope.measures import score
from scarscope.photo import read_photo
from scarscope.photo.model import Photo
from scarscope.report import aligned_pair, depth_picture, overlay

DOCS = Path(__file__).resolve().parent
SAMPLES = DOCS.parent / "data" / "samples"
SAMPLE = "P02/2026-01-12/left.jpg"
BEFORE, AFTER = "P01/2026-01-12/left.jpg", "P01/2026-04-06/left.jpg"
SCREENSHOT = DOCS.parent / "results" / "screenshots" / "subject.png"
WIDTH_PX = 700
QUALITY = 85


def main() -> None:
    """Write docs/pictures/sample.jpg and change.jpg, and report.jpg where there is a screenshot.

    The first shows outlines by type and missing depth of one sample photo, the second a sample
    patient before and after treatment, the third the report in a browser as its tests left it.
    """
    if SCREENSHOT.is_file():
        with Image.open(SCREENSHOT) as shown:
            shown.convert("RGB").save(DOCS / "pictures" / "report.jpg", quality=QUALITY)
    scored = score(_read(SAMPLE))
    sides = [_fitted(picture(scored), WIDTH_PX) for picture in (overlay, depth_picture)]
    sheet = np.full((max(len(side) for side in sides), 2 * WIDTH_PX, 3), 28, np.uint8)
    for index, side in enumerate(sides):
        sheet[: len(side), index * WIDTH_PX : (index + 1) * WIDTH_PX] = side
    _write(sheet, "sample.jpg")
    change = compare(_read(BEFORE), _read(AFTER))
    _write(_fitted(aligned_pair(change), 2 * WIDTH_PX), "change.jpg")


def _read(path: str) -> Photo:
    scale = next(e.scale for e in list_photos(SAMPLES).entries if e.path == path)
    return read_photo(SAMPLES / path, mm_per_px=scale)


def _fitted(picture: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    image = Image.fromarray(picture)
    size = (width, round(image.height * width / image.width))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), dtype=np.uint8)


def _write(picture: NDArray[np.uint8], name: str) -> None:
    data = BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=QUALITY)
    (DOCS / "pictures" / name).write_bytes(data.getvalue())


if __name__ == "__main__":
    main()
