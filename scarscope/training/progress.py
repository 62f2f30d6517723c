"""How far a run is and when it will end: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from scarscope.cli.console import duration, say

Figures = Mapping[str, float]
Tell = Callable[[Figures], None]

_REMEMBERED = 20  # reports that the speed is taken from
_PARTS = ("scar", "overlap", "depth", "volume", "kind")


class Pace:
    """Time left, from the speed of late.

    Parameters
    ----------
    steps : int
        Of the whole.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._seen: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)

    def left(self, step: float, now: float) -> str:
        """In words; empty as long as nobody can tell."""
        self._seen.append((step, now))
        first, since = self._seen[0]
        if step == first or step >= self._steps:
            return ""
        return f"about {duration((now - since) / (step - first) * (self._steps - step))} left"


def told(figures: Figures) -> str:
    """The figures of a report in one line."""
    parts = [f"{name} {figures[name]:.3f}" for name in _PARTS if name in figures]
    tests = [f"{n} {v:.3f}" for n, v in figures.items() if n in ("test_dice", "test_bias")]
    return ", ".join([*parts, *tests])


@contextmanager
def progress(steps: int, blocks: int, ready: Callable[[], int]) -> Iterator[Tell]:
    """What a run tells its figures to.

    Parameters
    ----------
    steps : int
        Of the run.
    blocks : int
        To be rendered.
    ready : callable
        How many of them are.
    """
    pace = Pace(steps)
    if not sys.stderr.isatty():

        def tell_plainly(figures: Figures) -> None:
            step, left = figures["step"], pace.left(figures["step"], time.monotonic())
            rendered = "" if ready() == blocks else f", {ready()} of {blocks} blocks rendered"
            say(f"[{step:.0f}/{steps}] {told(figures)}{rendered}{left and f', {left}'}")

        yield tell_plainly
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    words = TextColumn("{task.fields[words]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), words)
    with Progress(*columns, console=Console(stderr=True)) as bar:
        render = bar.add_task("Rendering", total=blocks, completed=ready(), words="")
        learn = bar.add_task("Learning", total=steps, words="")

        def tell(figures: Figures) -> None:
            step, left = figures["step"], pace.left(figures["step"], time.monotonic())
            bar.update(render, completed=ready())
            bar.update(learn, completed=step, words=f"{left}  {told(figures)}")

        yield tell
