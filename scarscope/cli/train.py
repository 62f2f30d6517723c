"""``scarscope train``: the network's weights, fitted further to a user's own annotated photos."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from scarscope.cli.console import say
from scarscope.cli.program import DONE
from scarscope.machine import require_opencv
from scarscope.training.extra import require_torch

if TYPE_CHECKING:
    from scarscope.training.fine_tune import Tuned

# Figure, its heading, digits after the point.
_SHOWN = (
    ("f1_3mm", "F1 (centres within 3 mm)", 2),
    ("dice", "Dice", 2),
    ("type_accuracy", "type right", 2),
    ("false_per_10cm2", "false scars per 10 cm2", 1),
)
_SIMULATED = (("dice", "Dice"), ("bias", "bias of volume"), ("type", "type right"))


def run(options: argparse.Namespace) -> int:
    """Learn, compare, and say whether the new weights are any better."""
    require_opencv()
    require_torch()
    from scarscope.training.fine_tune import Source, fine_tune
    from scarscope.training.tune import TuneParams

    source = Source(
        photos=options.photos,
        drawings=options.drawings,
        held_out=options.held_out,
        mm_per_px=options.mm_per_px,
        layout=options.layout,
    )
    params = TuneParams(epochs=options.epochs, rate=options.rate, seed=options.seed)
    result = fine_tune(
        source, options.out, params=params, weights=options.weights, workers=options.workers
    )
    for note in result.notes:
        say(f"Note: {note}")
    _print(result)
    return DONE


def _print(result: Tuned) -> None:
    from scarscope.validation.page import number, with_interval

    photos = result.comparison.photos
    print(f"Learned from: {', '.join(result.split.learned)}")
    print(f"Held out:     {', '.join(result.split.held_out)} ({len(photos)} photo(s))")
    print(f"\n  {'on held-out subjects':<30} {'shipped':>8} {'new':>8}  change (95 % interval)")
    changes = {change.figure: change for change in result.comparison.changes}
    for name, title, digits in _SHOWN:
        own = changes[name]
        told = with_interval(own.change.value, own.change.low, own.change.high, digits)
        sides = f"{number(own.shipped, digits):>8} {number(own.new, digits):>8}"
        print(f"  {title:<30} {sides}  {told}")
    for name, title in _SIMULATED:
        if name in result.simulated:
            before, after = (number(value, 2) for value in result.simulated[name])
            print(f"  {'simulated skin: ' + title:<30} {before:>8} {after:>8}")
    print(f"\n{result.comparison.verdict}")
    if result.comparison.recommended:
        print(f"Use them with --weights {result.out}.")
