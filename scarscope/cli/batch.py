"""``scarscope batch``: score a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from scarscope.cli.console import print_failures, print_flags, print_photos, progress_bar, say
from scarscope.cli.program import DONE, INTERRUPTED, NOTHING, SOME_FAILED
from scarscope.errors import LayoutError, ParamsError
from scarscope.machine import require_opencv
from scarscope.params import Params

if TYPE_CHECKING:
    from scarscope.batch import BatchResult

_SHOWN = 10  # skipped pictures that are named; the rest are counted


def run(options: argparse.Namespace) -> int:
    """Score the folder and say where to look."""
    params = Params.from_toml(options.params) if options.params else Params()
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
                progress=tell,
            )
    except KeyboardInterrupt:
        say("Stopped. What is done is kept: run the same command again to continue.")
        return INTERRUPTED
    _summarise(result, options.out)
    failed = len(result.failures)
    print_failures(result.failures.to_dict(orient="records"))
    return DONE if not failed else NOTHING if failed == len(result.photos) else SOME_FAILED


def _check_layout(layout: str | None) -> None:
    from scarscope.batch import Template

    try:
        Template(layout or "{subject}")
    except LayoutError as error:
        raise ParamsError(error.message, remedy=error.remedy) from error


def _summarise(result: BatchResult, out: Path) -> None:
    for note in result.notes:
        say(f"Note: {note}")
    for skipped in result.skipped[:_SHOWN]:
        say(f"Skipped {skipped.path}: {skipped.reason}.")
    if len(result.skipped) > _SHOWN:
        say(f"... and {len(result.skipped) - _SHOWN} more pictures skipped.")
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
    failed = len(result.failures)
    scored = len(result.photos) - failed
    kept = f" ({result.kept} of them in an earlier run)" if result.kept else ""
    return f"{scored} photo(s) scored{kept}, {failed} failed, {len(result.scars)} scar(s) found."
