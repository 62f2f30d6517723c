"""Where the report's pictures of a photo and of a pair go, and what paints them.

A photo's maps are not kept, so what the report shows of them is painted while they are there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scarscope.change import Change
    from scarscope.measures.model import Score

FOLDER = "layers"
# Written last, so that where it is everything is.
PHOTO, PAIR = "photo.json", "pair.json"
PAIR_PICTURES = "pair-"  # how names of a pair's pictures begin


@dataclass(frozen=True)
class Layers:
    """What paints them; both must be importable by workers.

    Attributes
    ----------
    photo : callable
        ``photo(score, folder)`` writes the pictures of a photo and :data:`PHOTO`.
    pair : callable
        ``pair(change, folder)`` writes those of a pair and :data:`PAIR`, into the later photo's
        folder.
    """

    photo: Callable[[Score, Path], object]
    pair: Callable[[Change, Path], object]


def layers_of(out: Path, path: str) -> Path:
    """The folder of the photo `path`."""
    return out / FOLDER / f"{path}.d"  # a folder called left.jpg would be taken for a photo


def remove_layers(folder: Path) -> None:
    """Delete what an earlier run wrote of a photo, and the folder where it is empty then."""
    with contextlib.suppress(OSError):
        for file in [*folder.glob("*.webp"), folder / PHOTO, folder / PAIR]:
            file.unlink(missing_ok=True)
        folder.rmdir()


def remove_pair_layers(folder: Path) -> None:
    """Delete what an earlier run wrote of a pair; the later photo's own pictures stay."""
    with contextlib.suppress(OSError):
        for file in [folder / PAIR, *folder.glob(f"{PAIR_PICTURES}*.webp")]:
            file.unlink(missing_ok=True)
