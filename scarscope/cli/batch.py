"""``scarscope batch``: score a folder, and compare its follow-ups with the baseline."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scarscope.cli.console import print_failures, print_flags, print_photos, progress_bar, say
from scarscope.cli.options import read_params
from scarscope.cli.program import DONE, INTERRUPTED, NOTHING, SOME_FAILED
from scarscope.errors import LayoutError, ParamsError
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    from scarscope.batch import BatchResult, Progress

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
                compare=options.compare,
                review=options.review,
                progress=_naming_pairs(tell),
            )
    except KeyboardInterrupt:
        say("Stopped. What is done is kept: run the same command again to continue.")
        return INTERRUPTED
    _summarise(result, options.out)
    failures = result.failures[result.failures["stage"] != "review"]
    _tell_left_out(result.failures[result.failures["stage"] == "review"].to_dict(orient="records"))
    _tell_failures(failures.to_dict(orient="records"))
    if not (result.photos["status"] == "ok").any():
        return NOTHING
    return DONE if failures.empty else SOME_FAILED


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
    pairs = _pairs(result)
    if pairs:
        print(_pair_counts(pairs))
    photos = result.photos.to_dict(orient="records")
    print_photos(photos)
    if pairs:
        print("  What changed is in changes.csv: rows of this table must not be subtracted.")
    for name, meaning in _PLACES:
        print(f"  {out / name!s:<32} {meaning}")
    print_flags(photos)
    _tell_reasons(pairs)


_PLACES = (
    ("report.html", "look here first: what changed, in one page that needs no network"),
    ("overlays", "the photos with their scars outlined"),
    ("photos.csv", "one row a photo"),
    ("scars.csv", "one row a scar"),
    ("changes.csv", "what changed since baseline: one row a pair of photos and measure"),
    ("scar_changes.csv", "the same of every scar"),
    ("failures.csv", "what failed or was left out, and what to do about it"),
)


def _counts(result: BatchResult) -> str:
    scored = int((result.photos["status"] == "ok").sum())
    excluded = int((result.photos["status"] == "excluded").sum())
    failed = len(result.photos) - scored - excluded
    passed = int((result.failures["stage"] == "folder").sum())
    kept = f" ({result.kept} of them in an earlier run)" if result.kept else ""
    lost = f"{failed} failed" + (f", {passed} could not be placed" if passed else "")
    lost += f", {excluded} excluded by review" if excluded else ""
    return f"{scored} photo(s) scored{kept}, {lost}, {len(result.scars)} scar(s) found."


def _naming_pairs(tell: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Progress that says of a pair that it is one."""

    def told(event: Progress) -> None:
        pair = event.stage == "comparing"
        tell(replace(event, path=f"{event.path} (compared)") if pair else event)

    return told


def _pairs(result: BatchResult) -> list[dict[Hashable, Any]]:
    """The burden's row of every pair."""
    changes = result.changes
    burden = changes["measure"].isin(("burden_um", "burden_px"))
    return changes[burden].to_dict(orient="records")


def _pair_counts(pairs: list[dict[Hashable, Any]]) -> str:
    from scarscope.change import VERDICTS

    verdicts = Counter(pair["verdict"] for pair in pairs if pair["kind"] == "session")
    retests = sum(pair["kind"] == "retest" for pair in pairs)
    told = [f"{verdicts[name]} {name}" for name in VERDICTS]
    if verdicts[""]:
        told.append(f"{verdicts['']} without a verdict")
    careful = sum(p["comparable"] == "caution" for p in pairs if p["kind"] == "session")
    also = f"; {careful} of these with caution" if careful else ""
    also += f"; {retests} retest(s)" if retests else ""
    return f"{verdicts.total()} follow-up(s) compared with baseline: {', '.join(told)}{also}."


def _tell_reasons(pairs: list[dict[Hashable, Any]]) -> None:
    """Why pairs could not be compared, or only with caution, and what to do at the next visit."""
    from scarscope.change.reasons import BY_CODE

    for verdict, how in (("no", "not compared"), ("caution", "compared with caution")):
        told = [pair["reasons"] for pair in pairs if pair["comparable"] == verdict]
        codes = Counter(code for text in told for code in text.split("|"))
        for code, count in codes.most_common():
            info = BY_CODE[code]
            say(f"{code} on {count} pair(s) {how}: {info.meaning}.\n  -> {info.remedy}.")


def _tell_left_out(rows: list[dict[Hashable, Any]]) -> None:
    """What a reviewer's decision left out: nothing has failed."""
    if rows:
        say("\nLeft out by review:")
    for row in rows:
        say(f"  {row['path']}\n    {row['error']}")


def _tell_failures(failures: list[dict[Hashable, Any]]) -> None:
    """What failed by name: photos, then pairs of them."""
    pairs = [failure for failure in failures if failure["stage"] == "change"]
    print_failures([failure for failure in failures if failure["stage"] != "change"])
    if pairs:
        say(f"\n{len(pairs)} pair(s) of photos could not be compared:")
    for failure in pairs:
        say(f"  {failure['path']}\n    {failure['error']}\n    -> {failure['remedy']}")
