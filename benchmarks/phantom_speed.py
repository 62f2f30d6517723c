"""Speed of the phantom as ratios to a floor in the same run.

python -m benchmarks.phantom_speed [--face]

The floor of a photo is one 2-D FFT blur of an array of its size and three channels, in float32, on
one core; the phantom's own scatter is one such blur. Times are the processor's for this process;
they depend on the machine, ratios hardly do.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import scipy.fft

from scarscope.phantom import Recipe, random_face, random_recipe, render
from scarscope.phantom.seeds import TUNING


def _seconds(task: Callable[[], object]) -> float:
    start = time.process_time()
    task()
    return time.process_time() - start


def _floor(shape: tuple[int, int]) -> None:
    image = np.ones((3, *shape), dtype=np.float32)
    fy = np.fft.fftfreq(shape[0])[:, None].astype(np.float32)
    fx = np.fft.rfftfreq(shape[1])[None, :].astype(np.float32)
    transfer = np.exp(-200 * (fy**2 + fx**2))
    for channel in image:
        scipy.fft.irfft2(scipy.fft.rfft2(channel) * transfer, s=shape)


def _row(name: str, shape: tuple[int, int], tasks: list[Callable[[], object]]) -> str:
    """Median seconds and their ratio to the floor, each photo next to its own floor."""
    both = [(_seconds(task), _seconds(lambda: _floor(shape))) for task in tasks]
    median = statistics.median(spent for spent, _ in both)
    ratio = statistics.median(spent / floor for spent, floor in both)
    return f"{name:<42}{shape[1]:>6} x{shape[0]:>5}{1000 * median:>11.0f} ms{ratio:>10.0f} x floor"


def _photos(size_mm: float, mm_per_px: float, count: int) -> list[Recipe]:
    seeds = TUNING[:count]
    return [random_recipe(s, size_mm=(size_mm, size_mm), mm_per_px=mm_per_px) for s in seeds]


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=25, help="training patches to draw")
    parser.add_argument("--face", action="store_true", help="a whole face of 12.6 megapixels too")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    sets = (
        ("training patch, 19 mm at 0.1, float32", 19.0, 0.1, np.float32, options.repeats),
        ("training patch, 19 mm at 0.1, float64", 19.0, 0.1, np.float64, options.repeats),
        ("cheek, 42 mm at 0.06, float32", 42.0, 0.06, np.float32, 3),
        ("cheek, 42 mm at 0.06, float64", 42.0, 0.06, np.float64, 3),
    )
    for name, size, step, dtype, count in sets:
        recipes = _photos(size, step, count)
        render(recipes[0], dtype=dtype)
        tasks: list[Callable[[], object]] = [partial(render, r, dtype=dtype) for r in recipes]
        side = round(size / step)
        sys.stdout.write(_row(name, (side, side), tasks) + "\n")
    if options.face:
        task: list[Callable[[], object]] = [
            partial(random_face, 4, mm_per_px=0.07, dtype=np.float32)
        ]
        sys.stdout.write(_row("face, 220 x 280 mm at 0.07, float32", (4000, 3143), task) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
