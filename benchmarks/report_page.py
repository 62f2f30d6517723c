"""How large the report is, how long it takes to write, and how soon a browser shows it.

python benchmarks/report_page.py --photos 100

The sample study is scored once and its tables and pictures are repeated under other names. Sizes
are in bytes a photo; times are ratios to those of the page of the sample study itself, measured in
the same run. With a browser (Debian: chromium) the first paint is measured too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

import scarscope as ss
from scarscope.batch.layers import layers_of
from scarscope.report.page.build import write_report

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
TABLES = ("photos", "scars", "changes", "scar_changes", "failures")
KEYS = ("path", "baseline", "followup")
MOST_BYTES = 0.5e6  # a photo
FIRST_PAINT_MS = 1000.0
RUNS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status: 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--photos", type=int, default=100, metavar="N", help="at least this many")
    parser.add_argument("--results", type=Path, help="a finished batch instead of the sample study")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        small = options.results or _score(Path(made) / "small")
        count = len(pd.read_csv(small / "photos.csv"))
        large = Path(made) / "large"
        repeat(small, large, times=-(-options.photos // count))
        pages = [_written(folder) for folder in (small, large)]
        paints = [_first_paint(page) for page, *_ in pages]
    photos = count * -(-options.photos // count)
    size = pages[1][2] / photos
    print(f"{photos} photos in one page: {pages[1][2] / 1e6:.1f} MB, {size / 1e6:.3f} MB a photo")
    print(f"written in {pages[1][1] / pages[0][1]:.1f} times the time of {count} photos")
    late = False
    if None not in paints:
        first, second = (float(p or 0) for p in paints)
        late = second > FIRST_PAINT_MS
        print(
            f"first paint after {second:.0f} ms, {second / first:.1f} times that of {count} photos"
        )
    else:
        print("no browser: first paint was not measured")
    return int(size > MOST_BYTES or late)


def _score(out: Path) -> Path:
    print("scoring the sample study ...", file=sys.stderr)
    ss.score_folder(SAMPLES, out=out, report=False)
    return out


def repeat(small: Path, large: Path, *, times: int) -> None:
    """A batch's results so many times over, each under other subjects."""
    large.mkdir(parents=True)
    for name in TABLES:
        table = pd.read_csv(small / f"{name}.csv", dtype=str, keep_default_na=False)
        parts = [_renamed(table, number) for number in range(times)]
        pd.concat(parts).to_csv(large / f"{name}.csv", index=False)
    paths = pd.read_csv(small / "photos.csv")["path"]
    for number in range(times):
        for path in paths:
            target = layers_of(large, f"{number}/{path}")
            shutil.copytree(layers_of(small, path), target)


def _renamed(table: pd.DataFrame, number: int) -> pd.DataFrame:
    made = table.copy()
    for name in {*KEYS, "subject"} & set(made):
        mark = f"{number}/" if name in KEYS else f"{number}-"
        made[name] = mark + made[name]
    return made


def _written(folder: Path) -> tuple[Path, float, int]:
    start = time.perf_counter()
    page = write_report(folder, most_photos=10**6).page
    return page, time.perf_counter() - start, page.stat().st_size


def _first_paint(page: Path) -> float | None:
    """Milliseconds, the median of some openings; None without a browser."""
    with _browser() as browser:
        if browser is None:
            return None
        found = []
        for _ in range(RUNS):
            tab = browser.new_page()
            tab.goto(page.as_uri())
            told = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            found.append(float(tab.evaluate(told)))
            tab.close()
        return sorted(found)[RUNS // 2]


@contextmanager
def _browser() -> Iterator[Any]:
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
