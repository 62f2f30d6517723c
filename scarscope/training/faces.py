"""Examples from whole faces: what is no skin, and how skin looks beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.noise import stream
from scarscope.phantom.sampler import random_face
from scarscope.training.example import SIDE, Example, example_of

# What whole faces are photographed at; finer ones add nothing at the network's own 0.1 mm.
_SPACINGS_MM = (0.12, 0.15, 0.20)


def face_examples(seed: int, count: int) -> Iterator[Example]:
    """`count` crops of one simulated face, all of which show skin.

    Parameters
    ----------
    seed : int
    count : int
    """
    rng = stream(seed, "training face")
    spacing = _SPACINGS_MM[int(rng.integers(len(_SPACINGS_MM)))]
    n_scars = int(rng.integers(0, 60)) * int(rng.random() > 0.25)
    photo = random_face(seed, mm_per_px=spacing, n_scars=n_scars, dtype=np.float32)
    whole = example_of(photo)
    for row, col in _places(rng, whole, count):
        yield _crop(whole, row, col)


def _places(rng: np.random.Generator, whole: Example, count: int) -> Iterator[tuple[int, int]]:
    """Corners of crops: half about edges of the skin, a quarter on skin, a quarter about scars."""
    rows, cols = whole.rgb.shape[:2]
    edge = _edges(whole.hidden > 127)
    aims = (edge, np.argwhere(whole.hidden < 127), edge, np.argwhere(whole.scar > 127))
    for number in range(count):
        at = aims[number % 4] if aims[number % 4].size else aims[1]
        middle = at[int(rng.integers(len(at)))] + rng.integers(-24, 25, 2)
        row, col = (2 * middle - SIDE // 2).tolist()
        yield _fit(row, rows), _fit(col, cols)


def _edges(hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places where what is skin meets what is not."""
    down, across = np.diff(hidden, axis=0)[:, :-1], np.diff(hidden, axis=1)[:-1]
    return np.argwhere(down | across)


def _fit(corner: int, length: int) -> int:
    return int(np.clip(corner, 0, length - SIDE)) // 2 * 2


def _crop(whole: Example, row: int, col: int) -> Example:
    parts = {}
    for field in fields(Example):
        array = getattr(whole, field.name)
        n = SIDE if field.name == "rgb" else SIDE // 2
        r, c = (row, col) if field.name == "rgb" else (row // 2, col // 2)
        parts[field.name] = np.ascontiguousarray(array[r : r + n, c : c + n])
    return Example(**parts)
