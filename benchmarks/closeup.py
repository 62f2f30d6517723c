"""A 12-megapixel close-up of simulated skin to measure speed on, the same on every machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from scarscope.phantom import random_patch

SHAPE = (3000, 4000)
MM_PER_PX = 0.03  # 120 x 90 mm in the frame: a cheek, as a phone close to it sees it
SEED = 12
_TILE_MM = (40.0, 30.0)  # rendering all of it would take minutes and gigabytes
_ACROSS = 3
_QUALITY = 92  # what phones write, with colour at half resolution


def close_up() -> Path:
    """The photo's file, rendered once a machine and kept among temporary files."""
    file = Path(tempfile.gettempdir()) / f"scarscope-closeup-{SEED}-{MM_PER_PX}.jpg"
    if not file.is_file():
        temporary = file.with_suffix(".tmp")
        Image.fromarray(_pixels()).save(temporary, "JPEG", quality=_QUALITY, subsampling=2)
        temporary.replace(file)
    return file


def _pixels() -> np.ndarray:
    """One tile, mirrored at its borders so that no seam looks like a scar's edge."""
    tile = random_patch(
        SEED, size_mm=_TILE_MM, mm_per_px=MM_PER_PX, light="offaxis", ita_deg=35.0, n_scars=14
    ).rgb
    row = np.concatenate([tile, tile[:, ::-1], tile][:_ACROSS], axis=1)
    whole = np.concatenate([row, row[::-1], row][:_ACROSS], axis=0)
    return np.ascontiguousarray(whole[: SHAPE[0], : SHAPE[1]])
