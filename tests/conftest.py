"""Small hand-made photos, skins and scars that several rooms' tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from scarscope.machine import ONE_THREAD

# As the program runs: numerical libraries read this when they are first imported, and on some
# processors the last digit of a product depends on how many threads share it.
for _name, _value in ONE_THREAD.items():
    os.environ.setdefault(_name, _value)

import cv2
import numpy as np
import pandas as pd
import pytest

from scarscope.flags import Flag
from scarscope.photo.model import Photo, Scale
from scarscope.scars.model import TYPES, Scars, columns
from scarscope.skin.model import Grid, Skin

# A cone-shaped scar: x, y, radius (grid steps), depth (the grid's unit), type.
Cone = tuple[float, float, float, float, str]


@pytest.fixture
def make_skin() -> Callable[..., Skin]:
    """Skin of one colour with faint seeded texture."""
    return _make_skin


@pytest.fixture
def make_scars() -> Callable[..., Scars]:
    """Cone-shaped scars in a skin."""
    return _make_scars


@pytest.fixture(scope="session")
def make_skin_once() -> Skin:
    """One small skin for property tests, which may not use function-scoped fixtures."""
    return _make_skin(shape=(40, 40))


@pytest.fixture(scope="session")
def make_scars_once() -> Callable[..., Scars]:
    """As ``make_scars``, for property tests."""
    return _make_scars


def _make_skin(
    *,
    shape: tuple[int, int] = (120, 160),
    mm_per_px: float | None = 0.1,
    oversample: int = 1,
    colour: Sequence[float] = (0.45, 0.25, 0.17),
    texture: float = 0.01,
    region: np.ndarray | None = None,
    flags: Flag = Flag.NONE,
) -> Skin:
    rng = np.random.default_rng(7)
    shading = rng.normal(0, texture, shape).astype(np.float32)
    rgb = (np.exp(shading)[..., None] * np.asarray(colour)).astype(np.float32)
    height, width = shape[0] * oversample, shape[1] * oversample
    photo_rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    scale = Scale(mm_per_px / oversample, "argument") if mm_per_px else None
    unit_flags = flags if mm_per_px else flags | Flag.NO_SCALE
    photo = Photo(photo_rgb, "hand-made", "0" * 64, scale=scale, flags=unit_flags)
    grid = Grid(
        shape=shape,
        px=float(oversample),
        step=mm_per_px or float(oversample),
        filter_mm=mm_per_px or 0.1,
        unit="mm" if mm_per_px else "px",
    )
    blank = np.zeros(shape, np.float32)
    mask = np.ones(shape, bool) if region is None else region
    return Skin(photo, grid, rgb, mask, blank, blank.copy(), shading, "mask", 41.0, {}, unit_flags)


def _make_scars(skin: Skin, cones: Sequence[Cone] = ()) -> Scars:
    labels = np.zeros(skin.grid.shape, np.int32)
    depth = np.zeros(skin.grid.shape, np.float32)
    rows = []
    yy, xx = np.indices(skin.grid.shape)
    for number, (x, y, radius, deep, kind) in enumerate(cones, start=1):
        distance = np.hypot(xx - x, yy - y)
        inside = distance <= radius
        labels[inside] = number
        depth[inside] = (deep * (1 - distance / radius))[inside]
        rows.append(_row(skin, number, inside, depth, kind, radius))
    table = pd.DataFrame(rows, columns=list(columns(skin.grid.unit)))
    return Scars(skin, labels, depth, table, "hand", {}, skin.flags)


def _row(
    skin: Skin, number: int, inside: np.ndarray, depth: np.ndarray, kind: str, radius: float
) -> list[object]:
    step, to_um = skin.grid.step, 1000.0 if skin.grid.unit == "mm" else 1.0
    y, x = (np.mean(axis) for axis in np.nonzero(inside))
    across = 2 * radius * step
    chances = [0.8 if kind == name else 0.1 for name in TYPES]
    area = inside.sum() * step**2
    volume = float(depth[inside].sum(dtype=float)) * step**2
    top = float(depth[inside].max()) * to_um
    place = [(x + 0.5) * skin.grid.px - 0.5, (y + 0.5) * skin.grid.px - 0.5]
    return [number, kind, *chances, *place, across, across, area, top, np.nan, volume, 0.4, 0.9]
