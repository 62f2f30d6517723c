"""How far relief of photos of unchanged skin differs, by the area that it is summed over.

    python -m benchmarks.relief_noise             40 retest pairs of the tuning seeds

Comparing takes the noise of a scar's change from that of the two photos (log light, in skin without
scars) and from the scar's area: ``amount * noise * area ** power``, in mm³ for mm². Both are fitted
here, by least squares of logs over discs that lie in skin without scars. What is off by a factor,
``benchmarks.tune_change`` makes up for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change import compare
from scarscope.change.control import control_skin
from scarscope.phantom import retest_pair
from scarscope.phantom.seeds import TUNING
from scarscope.photo import read_photo

RADII_MM = (0.2, 0.3, 0.5, 0.8, 1.2, 1.8)
_FIRST = TUNING.start + 100  # the retests of tune_change
_MM_PER_PX = 0.07
_COVER = 0.7  # of a disc that lies in skin without scars
_LEAST_PLACES = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relief_noise")
    parser.add_argument("--pairs", type=int, default=40, metavar="N", help="of retest photos")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    found = [row for i in range(options.pairs) for row in _pair(_FIRST + i)]
    table = np.array(found)
    if not len(table):
        print("no pair has enough skin without scars", file=sys.stderr)
        return 1
    print("| area, mm² | relief, mm³ per unit of log light (median) | pairs |\n|---|---|---|")
    for area in np.unique(table[:, 0].round(3)):
        own = table[np.isclose(table[:, 0], area, atol=1e-3), 1]
        print(f"| {area:.2f} | {np.median(own):.2f} | {len(own)} |")
    power, log_amount = np.polyfit(np.log(table[:, 0]), np.log(table[:, 1]), 1)
    amount = np.exp(log_amount)
    print(f"\n{amount:.2f} mm³ at 1 mm², growing with the area to the power {power:.2f}")
    return 0


def _pair(seed: int) -> Iterator[tuple[float, float]]:
    """Area and noise of relief over discs of each size, per unit of noise of the photos."""
    photos = (read_photo(r.rgb, mm_per_px=_MM_PER_PX) for r in retest_pair(seed))
    change = compare(*photos, refuse=False)
    if change.reading is None or change.pair is None:
        return
    reading, grid = change.reading, change.pair.grid
    plain = control_skin(change.pair.region, reading.outline, filter_mm=grid.filter_mm)
    apart = np.where(plain, reading.relief[1] - reading.relief[0], 0).astype(np.float32)
    for radius in RADII_MM:
        disc = _disc(max(1, round(radius / grid.filter_mm)))
        shown = _sum(plain.astype(np.float32), disc)
        where = shown >= _COVER * disc.sum()
        if np.count_nonzero(where) < _LEAST_PLACES:
            continue
        # What of a disc lies in scars is made up for: noise grows about as the root of the area.
        sums = _sum(apart, disc)[where] / np.sqrt(shown[where] / disc.sum())
        mm3 = float(np.sqrt(np.mean(sums**2))) * grid.filter_mm**2
        yield float(disc.sum()) * grid.filter_mm**2, mm3 / reading.noise


def _disc(reach: int) -> NDArray[np.float32]:
    size = (2 * reach + 1, 2 * reach + 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size).astype(np.float32)


def _sum(image: NDArray[np.float32], disc: NDArray[np.float32]) -> NDArray[np.float32]:
    summed = cv2.filter2D(image, -1, disc, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(summed, np.float32)


if __name__ == "__main__":
    sys.exit(main())
