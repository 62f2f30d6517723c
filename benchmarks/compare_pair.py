"""Time of comparing two photos of 12 megapixels, as a ratio to scoring one of them.

    python benchmarks/compare_pair.py            the bar, and where the time goes
    python benchmarks/compare_pair.py --check    exit status 1 where the bar is missed

The later photo is the earlier one turned by a degree, moved by a millimetre, a little darker and
with noise of its own. Scoring and comparing are measured in turn, in the same process, on one
thread, from file to figures, so that what else the machine does weighs on both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from scarscope.machine import ONE_THREAD

# Before numerical libraries are imported, which is when they read it.
os.environ.update(ONE_THREAD)

import cv2
import numpy as np
from closeup import MM_PER_PX, close_up
from PIL import Image

import scarscope as ss

MOST_SCORES = 4.0
_TURN_DEG = 1.0
_SHIFT_MM = 1.0
_EXPOSURE = 0.97
_NOISE = 1.5  # sRGB codes
_QUALITY = 92
_SEED = 5


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="exit status 1 where a bar is missed")
    parser.add_argument("--repeats", type=int, default=3, metavar="N")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    ratios, times = [], []
    with tempfile.TemporaryDirectory() as folder:
        before, after = close_up(), _again(Path(folder) / "after.jpg")
        for _ in range(options.repeats):
            score, compare = _score_s(before), _compare_s(before, after)
            times.append((score, compare))
            ratios.append(compare / score)
    ratio = statistics.median(ratios)
    kept = ratio <= MOST_SCORES
    print("| bar | value | limit | |\n|---|---|---|---|")
    print(
        f"| comparing a pair of 12 MP photos | {ratio:.2f} scores of one | ≤ {MOST_SCORES:g} | "
        f"{'PASS' if kept else 'FAIL'} |"
    )
    score, compare = (statistics.median(each) for each in zip(*times, strict=True))
    print(f"\nScoring one {score:.1f} s, comparing two {compare:.1f} s ({len(times)} repeats).")
    return int(options.check and not kept)


def _score_s(file: Path) -> float:
    start = time.perf_counter()
    ss.score(ss.read_photo(file, mm_per_px=MM_PER_PX))
    return time.perf_counter() - start


def _compare_s(before: Path, after: Path) -> float:
    start = time.perf_counter()
    change = ss.compare(*(ss.read_photo(file, mm_per_px=MM_PER_PX) for file in (before, after)))
    elapsed = time.perf_counter() - start
    if change.reading is None:  # a pair that is refused is not measured, and not timed
        raise SystemExit(f"the pair was not compared: {change.text}")
    return elapsed


def _again(file: Path) -> Path:
    """The close-up photographed again."""
    rgb = np.asarray(Image.open(close_up()).convert("RGB"))
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), _TURN_DEG, 1.0)
    matrix[:, 2] = matrix[:, 2] + _SHIFT_MM / MM_PER_PX
    moved = cv2.warpAffine(
        rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    noise = np.random.default_rng(_SEED).standard_normal(moved.shape, dtype=np.float32) * _NOISE
    codes = np.clip(np.rint(moved * _EXPOSURE + noise), 0, 255).astype(np.uint8)
    Image.fromarray(codes).save(file, "JPEG", quality=_QUALITY, subsampling=2)
    return file


if __name__ == "__main__":
    sys.exit(main())
