"""Simulate trials, analyse them with the default model, and say how often it was right.

python -m scarscope.validation.studies --out validation --workers 2
python -m scarscope.validation.studies --out validation --studies 200 --scenario split-face
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from scarscope.batch.progress import Progress as BatchProgress
from scarscope.batch.write import write_bytes
from scarscope.errors import ScarScopeError
from scarscope.machine import ONE_THREAD
from scarscope.validation.kept import Lines
from scarscope.validation.page import with_interval
from scarscope.validation.photo_trial_page import PhotoResult, photo_result
from scarscope.validation.photo_trials import check_photo_trials
from scarscope.validation.photographed import photograph, plan_subjects
from scarscope.validation.study_draws import MISSES, OPEN, check_studies
from scarscope.validation.study_page import page, summary
from scarscope.validation.study_set import scenarios
from scarscope.validation.study_store import Timing, time_study
from scarscope.validation.write import write_pages

STUDIES = 2000
SUBJECTS = 160
MOST_SECONDS = 60.0  # for the store
_NAME = "studies"


def write_studies(
    found: pd.DataFrame,
    timing: Timing | None,
    photos: PhotoResult | None,
    out: Path,
    *,
    studies: int,
    seed: int,
    docs: Path | None = None,
) -> list[Path]:
    """Write ``studies.csv``, ``.json``, ``.md`` and ``.html``.

    Parameters
    ----------
    found : DataFrame
        From :func:`scarscope.validation.study_draws.check_studies`.
    timing : Timing, optional
        None: not measured.
    photos : PhotoResult, optional
        None: nothing was photographed.
    out : Path
    studies, seed : int
        As they were asked for.
    docs : Path, optional
        Gets ``studies.json`` and ``studies.md`` as well.

    Returns
    -------
    list of Path
    """
    told = summary(found, timing, photos, studies=studies, seed=seed)
    text = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False)
    every = found if photos is None else pd.concat([found, photos.found], ignore_index=True)
    write_bytes(out / f"{_NAME}.csv", every.to_csv(index=False).encode())
    blocks = page(found, timing, photos, studies=studies, seed=seed)
    files = [out / f"{_NAME}.csv"]
    for folder in filter(None, (out, docs)):
        write_bytes(folder / f"{_NAME}.json", f"{text}\n".encode())
        pages = write_pages(blocks, folder, title="Studies", name=_NAME, html=folder == out)
        files += [folder / f"{_NAME}.json", *pages]
    return files


def lines(found: pd.DataFrame) -> list[str]:
    """The table in words, one line a question."""
    told = []
    for row in found.to_dict(orient="records"):
        figure = with_interval(100 * row["value"], 100 * row["low"], 100 * row["high"], 1)
        bar = f"bar {100 * row['bar_low']:g} to {100 * row['bar_high']:g} %: {row['verdict']}"
        judged = bar if row["headline"] else "no bar"
        lost = f", {row['failed']} not analysed" if row["failed"] else ""
        told.append(
            f"{row['scenario']}, {row['question']}: {figure} % of {row['studies']}{lost}; {judged}"
        )
    return told


class _Scored:
    """The same of a batch, which tells more than how far it is."""

    def __init__(self) -> None:
        self._tell = _Lines("scored and compared")

    def __call__(self, progress: BatchProgress) -> None:
        if progress.done:
            self._tell(progress.done, progress.total)


class _Lines:
    """A line of progress every few seconds."""

    def __init__(self, name: str) -> None:
        self._name, self._start = name, time.monotonic()
        self._said = self._start

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - self._said < 5:
            return
        self._said = now
        left = (now - self._start) / done * (total - done)
        told = f"{self._name} [{done}/{total}] about {left / 60:.1f} min left"
        print(told, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scarscope.validation.studies", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, help="where tables and pages go")
    parser.add_argument(
        "--studies", type=int, default=STUDIES, metavar="N", help="trials for each question"
    )
    parser.add_argument(
        "--scenario",
        nargs="+",
        default=[],
        choices=[s.name for s in scenarios()],
        help="kinds of trials; all if left out",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of chance")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    parser.add_argument(
        "--photos", type=int, default=500, metavar="N", help="of the store that is timed; 0: none"
    )
    parser.add_argument(
        "--subjects",
        type=int,
        default=SUBJECTS,
        metavar="N",
        help=f"who are photographed, some 15 s each; 0: none (default {SUBJECTS})",
    )
    parser.add_argument(
        "--docs", type=Path, help="also write studies.md and studies.json of this docs folder"
    )
    return parser


def _timed(out: Path, photos: int) -> Timing:
    from scarscope.study.run import write_study

    return time_study(out / "store", write_study, photos=photos)


def _photographed(options: argparse.Namespace) -> PhotoResult:
    subjects = plan_subjects(options.subjects)
    taken = photograph(
        options.out / "photographed",
        subjects,
        workers=options.workers,
        progress=Lines("photographed"),
        scored=_Scored(),
    )
    found = check_photo_trials(
        taken,
        options.studies,
        seed=options.seed,
        workers=options.workers,
        progress=_Lines("trials from photos"),
    )
    return photo_result(taken, found, first_seed=subjects[0].seed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status: 1 where a bar is missed."""
    options = _parser().parse_args(arguments)
    for name, value in ONE_THREAD.items():  # of processes that are started from here
        os.environ.setdefault(name, value)
    try:
        timing = _timed(options.out, options.photos) if options.photos else None
        found = check_studies(
            options.studies,
            names=options.scenario,
            seed=options.seed,
            workers=options.workers,
            progress=_Lines("trials from tables"),
        )
        photos = _photographed(options) if options.subjects else None
        files = write_studies(
            found,
            timing,
            photos,
            options.out,
            studies=options.studies,
            seed=options.seed,
            docs=options.docs,
        )
    except ScarScopeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if photos is not None:
        found = pd.concat([found, photos.found], ignore_index=True)
    print("\n".join(lines(found)))
    if timing is not None:
        print(
            f"a store of {timing.photos} photos, {timing.scars} scars and {timing.pairs} pairs "
            f"analysed in {timing.seconds:.1f} s, bar {MOST_SECONDS:g} s"
        )
    for file in files:
        print(file)
    return _status(found, timing)


def _status(found: pd.DataFrame, timing: Timing | None) -> int:
    asked = found[found["headline"].astype(bool)]
    late = timing is not None and timing.seconds > MOST_SECONDS
    return int(asked["verdict"].isin([MISSES, OPEN]).any() or late)


if __name__ == "__main__":
    sys.exit(main())
