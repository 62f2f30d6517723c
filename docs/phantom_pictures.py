"""Make the pictures of docs/phantom.md again.

Run: python docs/phantom_pictures.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scarscope.phantom import LIGHT_NAMES, Camera, Recipe, random_recipe, render
from scarscope.phantom.distractors import DISTRACTORS, distractor_patch
from scarscope.phantom.noise import stream
from scarscope.phantom.pairs import CONFOUNDERS, confounder_pair
from scarscope.phantom.scar_sampler import confluent_scars

PICTURES = Path(__file__).resolve().parent / "pictures"
TONES_DEG = (50.0, 10.0, -35.0)
SIDE_MM, MM_PER_PX = 15.0, 0.07
MOST_BYTES = 150_000
CAMERA = Camera(blur_px=0.7, sharpen=0.25, contrast=0.2)

Photo = NDArray[np.uint8]


def main() -> None:
    """Write three sheets: tone by light, severity by tone with distractors, confounder pairs."""
    save("phantom-light.jpg", [[_scarred(t, light) for light in LIGHT_NAMES] for t in TONES_DEG])
    save("phantom-range.jpg", [_severities(), *_distractors()])
    pairs = [
        confounder_pair(20_007, kind, size_mm=(12, 12), mm_per_px=0.08, ita_deg=25.0)
        for kind in CONFOUNDERS
    ]
    save("phantom-pairs.jpg", [[pair[i].rgb for pair in pairs] for i in (0, 1)])


def save(name: str, rows: Sequence[Sequence[Photo]]) -> None:
    """Write a sheet at the best quality that keeps it small."""
    sheet = Image.fromarray(np.vstack([np.hstack(row) for row in rows]))
    for quality in range(90, 20, -5):
        data = BytesIO()
        sheet.save(data, "JPEG", quality=quality)
        if data.tell() <= MOST_BYTES:
            break
    (PICTURES / name).write_bytes(data.getvalue())


def _recipe(seed: int, tone: float, light: str, scars: int) -> Recipe:
    recipe = random_recipe(
        seed,
        size_mm=(SIDE_MM, SIDE_MM),
        mm_per_px=MM_PER_PX,
        ita_deg=tone,
        light=light,  # type: ignore[arg-type]
        n_scars=scars,
    )
    shine = replace(recipe.skin.shine, polarised=1.0, sweat_per_cm2=0.0)
    skin = replace(recipe.skin, makeup=0.0, shine=shine)
    return replace(recipe, skin=skin, camera=CAMERA)


def _scarred(tone: float, light: str) -> Photo:
    return render(_recipe(20_001 + int(tone) % 7, tone, light, 6)).rgb


def _severities() -> list[Photo]:
    photos = [render(_recipe(20_021, 30.0, "offaxis", n)).rgb for n in (0, 2, 5, 9, 14)]
    base = _recipe(20_023, 30.0, "offaxis", 0)
    field = confluent_scars(stream(20_023, "field"), base.skin.size_mm, 0.7)
    return [*photos, render(replace(base, skin=replace(base.skin, scars=field))).rgb]


def _distractors() -> list[list[Photo]]:
    photos = [
        distractor_patch(
            20_031 + i,
            kind,
            size_mm=(SIDE_MM, SIDE_MM),
            mm_per_px=MM_PER_PX,
            light="twin" if i % 2 else "offaxis",
            ita_deg=(45.0, 15.0, -25.0)[i % 3],
        ).rgb
        for i, kind in enumerate(DISTRACTORS)
    ]
    return [photos[:6], photos[6:]]


if __name__ == "__main__":
    main()
