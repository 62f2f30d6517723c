"""Make the README's picture again from the sample study.

Run: python docs/pictures.py
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from scarscope.batch import list_photos
from scarscope.measures import score
from scarscope.photo import read_photo
from scarscope.report import depth_picture, overlay

DOCS = Path(__file__).resolve().parent
SAMPLES = DOCS.parent / "data" / "samples"
SAMPLE = "P02/2026-01-12/left.jpg"
WIDTH_PX = 700
QUALITY = 85


def main() -> None:
    """Write docs/pictures/sample.jpg: outlines by type, and missing depth, of one sample photo."""
    scale = next(e.scale for e in list_photos(SAMPLES).entries if e.path == SAMPLE)
    scored = score(read_photo(SAMPLES / SAMPLE, mm_per_px=scale))
    sides = [Image.fromarray(picture(scored)) for picture in (overlay, depth_picture)]
    height = max(round(side.height * WIDTH_PX / side.width) for side in sides)
    sheet = np.full((height, 2 * WIDTH_PX, 3), 28, np.uint8)
    for index, side in enumerate(sides):
        fitted = side.resize(
            (WIDTH_PX, round(side.height * WIDTH_PX / side.width)), Image.Resampling.LANCZOS
        )
        sheet[: fitted.height, index * WIDTH_PX : (index + 1) * WIDTH_PX] = np.asarray(fitted)
    data = BytesIO()
    Image.fromarray(sheet).save(data, "JPEG", quality=QUALITY)
    (DOCS / "pictures" / "sample.jpg").write_bytes(data.getvalue())


if __name__ == "__main__":
    main()
