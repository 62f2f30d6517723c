"""Speed and memory of scoring a photo, as ratios to what no program can avoid.

    python3 tasks.py bench                the bars of the project, and where the time goes
    python3 tasks.py bench -- --check     exit status 1 where a bar is missed
    python3 tasks.py bench -- --quick     fewer repeats

The floor is to decode the photo's JPEG (Pillow) and to blur it once at full size (OpenCV, 8 bits,
sigma 3 px), on one thread. Floor and score are measured in turn, in the same process, so that what
else the machine does weighs on both. A machine with other work to do still spoils the comparison
of one worker with two.

The network is timed on a whole face of 12 megapixels, in the processor's own seconds: what it sees
is a fixed number of squares of skin, whatever the photo's own size, so that decoding is no measure
of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from scarscope.machine import ONE_THREAD

# Before numerical libraries are imported, which is when they read it.
os.environ.update(ONE_THREAD)

import cv2
import numpy as np
from closeup import MM_PER_PX, close_up
from PIL import Image

import scarscope as ss
from scarscope.batch.write import png16
from scarscope.machine import cpu_count
from scarscope.measures import score_scars
from scarscope.report import write_overlay
from scarscope.scars import NetworkSegmenter, ReliefSegmenter
from scarscope.scars.card import has_weights

T = TypeVar("T")

MOST_FLOORS = 25.0
MOST_GB = 1.2
LEAST_SPEED_UP = 1.7
MOST_FACE_S = 6.0
MOST_FACE_GB = 1.5
FACE_MM_PER_PX = 0.06  # 240 x 180 mm in the frame: a whole face
FACE_SHARE = 0.85  # of the frame's sides, as an ellipse: 57 % of the frame
BUSY = 0.5  # load above which something else takes part of the second processor
BLUR_SIGMA_PX = 3.0
RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True)
class Bar:
    """A figure and the limit that it must keep."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the figure keeps its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def row(self) -> str:
        """One row of a Markdown table."""
        sign = "≥" if self.at_least else "≤"
        verdict = "PASS" if self.kept else "FAIL"
        return f"| {self.name} | {self.value:.2f}{self.unit} | {sign} {self.limit:g} | {verdict} |"


@dataclass
class Watch:
    """Seconds of named steps, repeat after repeat."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    clock: Callable[[], float] = time.perf_counter

    def time(self, name: str, step: Callable[[], T]) -> T:
        """Run a step and remember how long it took."""
        start = self.clock()
        result = step()
        self.seconds.setdefault(name, []).append(self.clock() - start)
        return result

    def median(self, name: str) -> float:
        """Median over the repeats."""
        return statistics.median(self.seconds[name])


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write; returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.one:
        return _one(Path(options.one), face=options.face)
    cv2.setNumThreads(1)
    file = close_up()
    load = _load()
    watch, face = Watch(), Watch(clock=time.process_time)
    for _ in range(2 if options.quick else 5):
        _floor(file, watch)
        _stages(file, watch)
        if has_weights():
            _face_stages(file, face)
    photos = 4 if options.quick else 12
    folders = _folders(file, photos=photos, repeats=1 if options.quick else 3)
    bars = _bars(watch, folders, _peak_gb(file))
    if has_weights():
        bars += _face_bars(face, _peak_gb(file, "--face"))
    _print(bars, watch, face, folders, photos)
    if load > BUSY:
        print(f"\nThe machine was busy (load {load:.1f}): do not believe what two workers gain.")
    _save(bars, watch, face, folders)
    return int(options.check and not all(bar.kept for bar in bars))


def _load() -> float:
    """Processes that wanted a processor in the last minute, before this one adds its own."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _floor(file: Path, watch: Watch) -> None:
    def decode_and_blur() -> None:
        with file.open("rb") as stream:
            pixels = np.asarray(Image.open(stream).convert("RGB"))
        cv2.GaussianBlur(pixels, (0, 0), BLUR_SIGMA_PX)

    watch.time("floor", decode_and_blur)


def _stages(file: Path, watch: Watch) -> None:
    """What `ss.score` and one task of a batch do, step by step."""
    photo = watch.time("read", lambda: ss.read_photo(file, mm_per_px=MM_PER_PX))
    skin = watch.time("skin", lambda: ss.find_skin(photo))
    scars = watch.time("scars", lambda: ReliefSegmenter()(skin))
    score = watch.time("measures", lambda: score_scars(scars))
    with tempfile.TemporaryDirectory() as folder:
        overlay = Path(folder) / "overlay.jpg"
        watch.time("overlay", lambda: write_overlay(score, overlay))
    watch.time("mask", lambda: png16(scars.labels_px(), "mask"))
    watch.time("depth", lambda: png16((scars.depth_px() * 1000).astype(np.uint16), "depth"))


def _face_stages(file: Path, watch: Watch) -> None:
    """What `ss.score` does with the network, on a whole face."""
    photo = watch.time("face: read", lambda: ss.read_photo(file, mm_per_px=FACE_MM_PER_PX))
    height, width = photo.shape
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    face = x**2 + y**2 < FACE_SHARE**2
    skin = watch.time("face: skin", lambda: ss.find_skin(photo, roi=face))
    segmenter = NetworkSegmenter()
    look = watch.time("face: network", lambda: segmenter.look(skin))
    scars = watch.time("face: cut", lambda: segmenter.decide(skin, look))
    watch.time("face: measures", lambda: score_scars(scars))


_FACE = ("face: read", "face: skin", "face: network", "face: cut", "face: measures")
_SCORE = ("read", "skin", "scars", "measures")
_TASK = (*_SCORE, "overlay", "mask", "depth")


def _total(watch: Watch, steps: tuple[str, ...]) -> float:
    """Median over the repeats of the sum of steps, in floors of the same repeat."""
    floors = watch.seconds["floor"]
    ratios = [sum(watch.seconds[s][i] for s in steps) / f for i, f in enumerate(floors)]
    return statistics.median(ratios)


def _folders(file: Path, *, photos: int, repeats: int) -> dict[int, float]:
    """Median seconds of a folder of the photo, for one worker and for two."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "photos"
        folder.mkdir()
        for number in range(photos):
            copy = folder / f"{number}.jpg"
            shutil.copyfile(file, copy)
            Path(f"{copy}.json").write_text(json.dumps({"mm_per_px": MM_PER_PX}), encoding="utf-8")
        for repeat in range(repeats):
            for workers in (1, 2):
                out = Path(temporary) / f"out-{repeat}-{workers}"
                watch.time(str(workers), lambda: _score_folder(folder, out, workers))  # noqa: B023
    return {workers: watch.median(str(workers)) for workers in (1, 2)}


def _score_folder(folder: Path, out: Path, workers: int) -> None:
    result = ss.score_folder(folder, out=out, workers=workers)
    if len(result.failures):
        raise SystemExit(f"photos failed:\n{result.failures.to_string()}")


def _peak_gb(file: Path, *more: str) -> float:
    """Peak memory of a fresh process that scores the photo, in 10^9 B."""
    command = [sys.executable, __file__, "--one", str(file), *more]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    return float(done.stdout.split()[-1])


def _one(file: Path, *, face: bool) -> int:
    (_face_stages if face else _stages)(file, Watch())
    print(_own_peak_bytes() / 1e9)
    return 0


def _own_peak_bytes() -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage: there a child starts with the peak of the process that started it.
        text = status.read_text(encoding="ascii")
        return float(text.partition("VmHWM:")[2].split()[0]) * 1024
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) * (1 if sys.platform == "darwin" else 1024)


def _bars(watch: Watch, folders: dict[int, float], peak_gb: float) -> list[Bar]:
    return [
        Bar("score of a 12 MP close-up, one core", _total(watch, _SCORE), MOST_FLOORS, " floors"),
        Bar("peak memory", peak_gb, MOST_GB, " GB"),
        Bar("two workers against one", folders[1] / folders[2], LEAST_SPEED_UP, " x", True),
    ]


def _face_bars(watch: Watch, peak_gb: float) -> list[Bar]:
    runs = zip(*(watch.seconds[step] for step in _FACE), strict=True)
    seconds = statistics.median(sum(run) for run in runs)
    return [
        Bar("score of a 12 MP face by the network, one core", seconds, MOST_FACE_S, " s"),
        Bar("its peak memory", peak_gb, MOST_FACE_GB, " GB"),
    ]


def _print(
    bars: list[Bar], watch: Watch, face: Watch, folders: dict[int, float], photos: int
) -> None:
    floor = watch.median("floor")
    print("| bar | value | limit | |\n|---|---|---|---|")
    print("\n".join(bar.row() for bar in bars))
    print(f"\nFloor {floor:.3f} s (decode and blur). Medians of {len(watch.seconds['floor'])}.")
    print("\n| step | seconds | floors |\n|---|---|---|")
    for name in _TASK:
        seconds = watch.median(name)
        print(f"| {name} | {seconds:.2f} | {seconds / floor:.1f} |")
    print(f"| all, with pictures written | | {_total(watch, _TASK):.1f} |")
    for name in face.seconds:
        print(f"| {name} | {face.median(name):.2f} | |")
    if not has_weights():
        print("\nThe network's weights are not in this checkout: it was not timed.")
    print(
        f"\n{photos} photos: {folders[1]:.1f} s with one worker, {folders[2]:.1f} s with two "
        f"({cpu_count()} processors)."
    )


def _save(bars: list[Bar], watch: Watch, face: Watch, folders: dict[int, float]) -> None:
    record = {
        "version": ss.__version__,
        "python": platform.python_version(),
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "processors": cpu_count(),
        "bars": [{**asdict(bar), "kept": bar.kept} for bar in bars],
        "seconds": watch.seconds,
        "face_seconds": face.seconds,
        "folder_seconds": folders,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"\nAll figures: {RESULTS}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="exit status 1 where a bar is missed")
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--one", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--face", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
