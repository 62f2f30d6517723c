"""How many scars, of which type and of which size.

Types are probabilities (Jacob 2001 describes overlapping sizes, and raters disagree on shape), so
counts come twice: by the likeliest type, and as the expected number, which moves smoothly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scarscope.measures.surround import Scene
from scarscope.scars.model import TYPES

# Kang 2016 classes atrophic acne scars by size; cut-offs as in ECCA's V, U and M items.
SIZE_CUTS_MM = (2.0, 4.0)
MM2_PER_10_CM2 = 1000.0


def n_scars(scene: Scene) -> int:
    """Number of scars."""
    return len(scene.scars)


def n_of_type(scene: Scene, *, kind: str) -> int:
    """Number of scars whose likeliest type is `kind`."""
    return int((scene.scars.table["type"] == kind).sum())


def n_expected(scene: Scene, *, kind: str) -> float:
    """Expected number of scars of type `kind`: the sum of their probabilities."""
    return float(scene.scars.table[f"p_{kind}"].sum())


def size_classes(width_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    """Class of each width by :data:`SIZE_CUTS_MM`: 0 below 2 mm, 1 from 2 to 4 mm, 2 above 4 mm."""
    low, high = SIZE_CUTS_MM
    return (width_mm >= low).astype(np.int64) + (width_mm > high)


def n_of_size(scene: Scene, *, size_class: int) -> int:
    """Number of scars in a size class (0: < 2 mm, 1: 2 to 4 mm, 2: > 4 mm wide)."""
    classes = size_classes(scene.scars.table["width_mm"].to_numpy(dtype=np.float64))
    return int(np.count_nonzero(classes == size_class))


def n_per_10cm2(scene: Scene) -> float:
    """Scars per 10 cm² of region; NaN for an empty region."""
    area = scene.skin.area
    return len(scene.scars) * MM2_PER_10_CM2 / area if area > 0 else float("nan")


def count_by_type(scene: Scene) -> dict[str, int]:
    """Number of scars by likeliest type, in the order of Jacob's types."""
    return {kind: n_of_type(scene, kind=kind) for kind in TYPES}


def count_distribution(probabilities: NDArray[np.float64], *, up_to: int) -> NDArray[np.float64]:
    """Distribution of the number of successes in independent trials of unequal odds.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n,)
        Chance of each trial.
    up_to : int
        Numbers at or above this one share the last entry.

    Returns
    -------
    ndarray of float, shape (up_to + 1,)
        Poisson-binomial probabilities; they sum to 1.
    """
    chance = np.zeros(up_to + 1)
    chance[0] = 1.0
    for p in probabilities:
        moved = chance * p
        chance -= moved
        chance[1:] += moved[:-1]
        chance[-1] += moved[-1]
    return chance
