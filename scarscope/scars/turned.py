"""Whether a reading stands when the photo is turned: what skin is does not depend on its side up.

A network that reads the same skin otherwise upside down reads the light, or guesses. The
difference between both readings is no bound on the error, but a large one is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scarscope.scars.network import Maps

Mask = NDArray[np.bool_]

CELL_MM = 0.2
# Differences that a small scar makes by itself do not count: on clear skin nearly nothing is found
# either way, and a ratio of two nothings says nothing. One boxcar of 2.5 mm, 0.1 mm deep.
_SMALL_MM2, _SMALL_MM = 5.0, 0.1


@dataclass(frozen=True)
class Tally:
    """Sums over the cells that were read twice.

    Attributes
    ----------
    plain, turned, both : int
        Cells in a scar in the one reading, in the other, and in both.
    plain_mm, turned_mm : float
        Missing depth over those cells, summed.
    """

    plain: int = 0
    turned: int = 0
    both: int = 0
    plain_mm: float = 0.0
    turned_mm: float = 0.0

    def count(self, one: Maps, other: Maps, region: Mask, *, logit: float) -> Tally:
        """With the cells of one more tile.

        Parameters
        ----------
        one, other : ndarray of float32, shape (8, h, w)
            Maps of the same skin.
        region : ndarray of bool, shape (h, w)
            Cells that count.
        logit : float
            Above it, a cell is part of a scar.
        """
        first, second = (region & (maps[0] > logit) & (maps[6] < 0) for maps in (one, other))
        return replace(
            self,
            plain=self.plain + int(first.sum()),
            turned=self.turned + int(second.sum()),
            both=self.both + int((first & second).sum()),
            plain_mm=self.plain_mm + _depth(one, first),
            turned_mm=self.turned_mm + _depth(other, second),
        )

    @property
    def disagreement(self) -> float:
        """The larger of two figures from 0 (the same) to 1 (nothing in common).

        One minus the Dice coefficient of the cells, and the difference of missing volume over its
        sum.
        """
        small = _SMALL_MM2 / CELL_MM**2
        cells = 1 - (2 * self.both + small) / (self.plain + self.turned + small)
        total = self.plain_mm + self.turned_mm + small * _SMALL_MM
        return max(cells, abs(self.plain_mm - self.turned_mm) / total)


def _depth(maps: Maps, where: Mask) -> float:
    return float(np.maximum(maps[1][where], 0).sum(dtype=np.float64))
