"""The best, the typical and the worst photos, with found and true outlines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.photo import read_photo
from scarscope.photo.colour import linear_to_srgb
from scarscope.validation.folder import open_folder
from scarscope.validation.page import Block, Heading, Picture, Text, number
from scarscope.validation.pictures import error_picture, jpeg

_GROUND = 118  # grey where there is no photo: middle of sRGB's lightness


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn of one photo: its sRGB, and the label images of both sides."""

    rgb: NDArray[np.uint8]
    found: NDArray[np.integer]
    truth: NDArray[np.integer]


Show = Callable[[str], Shown]


def gallery(photos: pd.DataFrame, show: Show) -> list[Block]:
    """Pictures of the best, the typical and the worst photos, and of the most false scars.

    Parameters
    ----------
    photos : DataFrame
        Of a validation.
    show : callable
        Gives what is drawn of a photo, by its path.

    Returns
    -------
    list of Block
        Empty where no photo holds a scar.
    """
    blocks: list[Block] = [
        Heading("Best, typical and worst"),
        Text(
            "Chosen by F1 of the photo. Right half: true outlines in blue, found ones in yellow; "
            "where both run together, yellow lies on top."
        ),
    ]
    for name, path, told in (*_ranked(photos), *_most_false(photos)):
        shown = show(path)
        picture = error_picture(shown.rgb, shown.found, shown.truth)
        blocks.append(Picture(f"{name}.jpg", jpeg(picture), told))
    return blocks if len(blocks) > 2 else []


def _ranked(photos: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    own = photos[photos["set"].isin(["", "scars"]) & (photos["n_true"] > 0)]
    counts = own[["hit_3mm", "false_3mm", "missed_3mm"]].sum(axis=1)
    f1 = 2 * own["hit_3mm"] / (counts + own["hit_3mm"])
    ranked = own.assign(f1=f1).sort_values(["f1", "path"], ascending=[False, True])
    rows = ranked[["path", "f1", "light", "tone"]].to_dict(orient="records")
    last, middle = len(rows) - 1, len(rows) // 2
    places = ("best", 0), ("best-2", 1), ("typical", middle), ("typical-2", middle + 1)
    seen: set[int] = set()
    for name, at in (*places, ("worst", last), ("worst-2", last - 1)):
        if 0 <= at <= last and at not in seen:
            seen.add(at)
            row = rows[at]
            where = ", ".join(filter(None, (str(row["light"]), str(row["tone"]))))
            word = name.partition("-")[0]
            yield name, str(row["path"]), f"{word}: F1 {number(row['f1'])} ({where})"


def _most_false(photos: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    free = photos[photos["set"].isin(["", "distractor", "clean"]) & (photos["n_true"] == 0)]
    free = free[free["n_found"] > 0]
    order = free.sort_values(["n_found", "path"], ascending=[False, True])
    for row in order.head(1).to_dict(orient="records"):
        where = ", ".join(filter(None, (row["light"], row["tone"], row["distractor"])))
        told = f"most false scars: {row['n_found']:.0f} ({where})"
        yield "false", str(row["path"]), told


def from_folders(results: str | Path, truth: str | Path, photos: str | Path | None) -> Show:
    """What is drawn of a batch's photos.

    Parameters
    ----------
    results, truth : path
        As for :func:`scarscope.validation.validate`.
    photos : path, optional
        The folder that was scored. None, or a photo that is not in it: outlines on grey.
    """
    found, true = open_folder(results), open_folder(truth)

    def show(path: str) -> Shown:
        # Numbers alone are drawn, so that the scale does not matter.
        names = ((side, side.find(path) or path) for side in (found, true))
        one, two = (side.read(name, mm_per_px=1.0).labels for side, name in names)
        file = None if photos is None else Path(photos) / path
        if file is None or not file.is_file():
            return Shown(np.full((*one.shape, 3), _GROUND, np.uint8), one, two)
        linear = read_photo(file).rgb
        return Shown(np.rint(255 * linear_to_srgb(linear)).astype(np.uint8), one, two)

    return show
