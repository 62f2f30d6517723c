"""``scarscope batch``: score a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from scarscope.cli.console import print_failures, print_flags, print_photos, progress_bar, say
from scarscope.cli.options import read_params
from scarscope.cli.program import DONE, INTERRUPTED, NOTHING, SOME_FAILED
from scarscope.errors import LayoutError, ParamsError
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    from scarscope.batch import BatchResult

_SHOWN = 10  # pictures left out that are named; the rest are counted


def run(options: argparse.Namespace) -> int:
    """Score the folder and say where to look."""
    params = read_params(options)
    require_opencv()
    from scarscope.api import score_folder

    _check_layout(options.layout)
    try:
        with progress_bar() as tell:
            result = score_folder(
                options.folder,
                out=options.out,
                workers=options.workers,
                cluster=options.cluster,
                params=params,
                layout=options.layout,
                mm_per_px=options.mm_per_px,
                progress=tell,
            )
    except KeyboardInterrupt:
        say("Stopped. What is done is kept: run the same command again to continue.")
        return INTERRUPTED
    _summarise(result, options.out)
    print_failures(result.failures.to_dict(orient="records"))
    if not (result.photos["status"] == "ok").any():
        return NOTHING
    return DONE if result.failures.empty else SOME_FAILED


def _check_layout(layout: str | None) -> None:
    from scarscope.batch import Template

    try:
        Template("{subject}" if layout is None else layout)
    except LayoutError as error:
        raise ParamsError(error.message, remedy=error.remedy) from error


def _summarise(result: BatchResult, out: Path) -> None:
    for note in result.notes:
        say(f"Note: {note}")
    left_out = [skipped for skipped in result.skipped if not skipped.expected]
    for skipped in left_out[:_SHOWN]:
        say(f"Left out {skipped.path}: {skipped.reason}.")
    if len(left_out) > _SHOWN:
        say(f"... and {len(left_out) - _SHOWN} more pictures left out.")
    print(_counts(result))
    photos = result.photos.to_dict(orient="records")
    print_photos(photos)
    for name, meaning in _PLACES:
        print(f"  {out / name!s:<32} {meaning}")
    print_flags(photos)


_PLACES = (
    ("overlays", "look here first: the photos with their scars outlined"),
    ("photos.csv", "one row a photo"),
    ("scars.csv", "one row a scar"),
    ("failures.csv", "what failed, and what to do about it"),
)


def _counts(result: BatchResult) -> str:
    scored = int((result.photos["status"] == "ok").sum())
    failed = len(result.photos) - scored
    passed = len(result.failures) - failed
    kept = f" ({result.kept} of them in an earlier run)" if result.kept else ""
    lost = f"{failed} failed" + (f", {passed} could not be placed" if passed else "")
    return f"{scored} photo(s) scored{kept}, {lost}, {len(result.scars)} scar(s) found."
