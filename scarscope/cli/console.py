"""Printing: numbers to standard output, talk to standard error, on any console."""

from __future__ import annotations

import contextlib
import io
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scarscope.batch import Progress
    from scarscope.flags import FlagInfo

_EVERY_S = 1.0  # plain progress lines are no closer than this


def tolerate_narrow_consoles() -> None:
    """Print ``?`` for what a console cannot show (µ on cp1252, say) rather than stop."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def micrometres() -> str:
    """``µm``, or ``um`` where standard output cannot show the letter."""
    try:
        "µ".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "um"
    return "µm"


def say(text: str) -> None:
    """A line for people, on standard error."""
    print(text, file=sys.stderr, flush=True)


def print_json(document: object) -> None:
    """One JSON document on standard output; what is not finite becomes null."""
    # ASCII only, so that no console's encoding can spoil it.
    print(json.dumps(_finite(document), indent=2, allow_nan=False))


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value


_TABLE = (
    ("scars", ("n_scars",), "{:.0f}"),
    ("burden", ("burden_um", "burden_px"), "{:.3g}"),
    ("area %", ("scar_area_fraction",), "{:.1%}"),
    ("mm/px", ("mm_per_px",), "{:.3g}"),
)
_ROWS = 40  # photos listed; a longer table is read in photos.csv


def print_photos(photos: Sequence[Mapping[Any, Any]]) -> None:
    """A short table of the photos that were scored, on standard output."""
    from rich.cells import cell_len  # a Chinese character is two columns wide

    rows = [_photo_line(photo) for photo in photos if photo.get("status") == "ok"]
    if not rows:
        return
    header = ["photo", *(title for title, _, _ in _TABLE), "flags"]
    shown = [header, *rows[:_ROWS]]
    widths = [max(cell_len(row[i]) for row in shown) for i in range(len(header))]
    for row in shown:
        padding = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = (
            space + cell if 0 < i < len(header) - 1 else cell + space
            for i, (cell, space) in enumerate(zip(row, padding, strict=True))
        )
        print("  " + "  ".join(cells).rstrip())
    if len(rows) > _ROWS:
        print(f"  ... and {len(rows) - _ROWS} more, see photos.csv")


def _photo_line(photo: Mapping[Any, Any]) -> list[str]:
    cells = [str(photo["path"])]
    for _, names, form in _TABLE:
        shown = (_shown(photo.get(name), form, name) for name in names)
        cells.append(next(filter(None, shown), "-"))
    return [*cells, " ".join(info.flag.name or "" for info in _worrying(photo))]


def _worrying(photo: Mapping[Any, Any]) -> list[FlagInfo]:
    from scarscope.flags import Flag, describe

    flags = describe(Flag.parse(str(photo["flags"])))
    return [info for info in flags if info.severity != "info"]


def print_flags(photos: Sequence[Mapping[Any, Any]]) -> None:
    """What the flags of the table mean and what to do at the next visit."""
    scored = (photo for photo in photos if photo.get("status") == "ok")
    counts = Counter(info for photo in scored for info in _worrying(photo))
    for info, count in counts.most_common():
        say(f"{info.flag.name} on {count} photo(s): {info.meaning}.\n  -> {info.remedy}.")


def _shown(value: object, form: str, name: str) -> str:
    if not isinstance(value, float | int) or not math.isfinite(value):
        return ""
    unit = f" {micrometres()}" if name.endswith("_um") else " px" if name.endswith("_px") else ""
    return form.format(value) + ("" if name == "mm_per_px" else unit)


def print_failures(failures: Sequence[Mapping[Any, Any]]) -> None:
    """Each failed photo by name, with what to do about it."""
    if not failures:
        return
    say(f"\n{len(failures)} photo(s) failed or were not scored:")
    for failure in failures:
        say(f"  {failure['path']}\n    {failure['error']}")
        if failure["remedy"]:
            say(f"    -> {failure['remedy']}")


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """What a run tells its progress to: a bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _PlainProgress()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        *(
            TextColumn("{task.fields[stage]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        ),
        *(TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.description}")),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        row = bar.add_task("", total=None, stage="Scoring")

        def tell(event: Progress) -> None:
            if event.status == "failed":
                bar.console.print(f"failed: {event.path}", markup=False, highlight=False)
            text = event.path.replace("[", r"\[")
            stage = event.stage.capitalize()
            bar.update(row, completed=event.done, total=event.total, description=text, stage=stage)

        yield tell


class _PlainProgress:
    """A line a photo, at most one a second; failures always."""

    def __init__(self) -> None:
        self._said = time.monotonic()
        self._first: tuple[float, int] | None = None

    def __call__(self, event: Progress) -> None:
        if event.status in ("start", "kept"):
            return
        now = time.monotonic()
        left = self._left(now, event)
        if event.status != "failed" and event.done < event.total and now - self._said < _EVERY_S:
            return
        self._said = now
        say(f"[{event.done}/{event.total}] {event.status} {event.path}{left}")

    def _left(self, now: float, event: Progress) -> str:
        # Counted from the first photo done: before it, workers had to start.
        if self._first is None:
            self._first = now, event.done
        since, done = self._first
        if event.done == done or event.done == event.total:
            return ""
        seconds = (now - since) / (event.done - done) * (event.total - event.done)
        return f", about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """A time span in words."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Whatever a library prints in this block goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
