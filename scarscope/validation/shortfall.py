"""By how much the classical segmenter misses its bars, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scarscope.validation.bars import PASSED, Bar
from scarscope.validation.page import Block, Text, number
from scarscope.validation.result import Validation


def shortfalls(result: Validation, found: Sequence[Bar]) -> list[Block]:
    """One entry a bar that is missed: by how much, and what the figures say of the reason.

    Parameters
    ----------
    result : Validation
        Of the classical segmenter under comparable light.
    found : sequence of Bar
        Of the same.

    Returns
    -------
    list of Block
        Empty where every bar is reached.
    """
    asked = [(bar, bar.verdict(bar.of("relief"))) for bar in found]
    missed = [(bar, told) for bar, told in asked if told not in ("–", *PASSED, "not known")]
    if not missed:
        return []
    entries = [f"- {_entry(bar, told, result)}" for bar, told in missed]
    count = sum(told != "–" for _, told in asked)
    return [
        Text(f"The classical segmenter misses {len(missed)} of its {count} bars:"),
        Text("\n".join(entries)),
    ]


def _entry(bar: Bar, told: str, result: Validation) -> str:
    amount = number(bar.value, bar.digits)
    limit = bar.limit(bar.of("relief"))
    why = _WHY[bar.key](result) if bar.key in _WHY else "Why is not known."
    return f"{bar.question.rstrip('?')}: {amount}, {told} (bar {limit}). {why}"


def _f1(result: Validation) -> str:
    return (
        "Flat light, and the gentle slopes of rolling and shallow scars, leave too little contrast "
        f"for a linear inverse. Found are {_each(result, 'recall_3mm', 'light', _FLAT_TO_STEEP)}; "
        f"by type {_each(result, 'recall_3mm', 'type', _TYPES)}; by depth "
        f"{_each(result, 'recall_3mm', 'depth', _DEPTHS)}."
    )


def _dice(result: Validation) -> str:
    return (
        "What is not found has no outline, and of rolling scars, and of all under flat light, too "
        "little of the slopes shows for a linear inverse to give them back whole. Dice by light: "
        f"{_each(result, 'dice', 'light', _FLAT_TO_STEEP)}."
    )


def _spearman(result: Validation) -> str:
    return (
        "How deep a scar reads depends on the angle of a light that one photo does not tell, and "
        "that spoils a ranking over lights. Bias of burden in %: "
        f"{_each(result, 'burden_bias_pct', 'light', _FLAT_TO_STEEP, digits=0)}. Within one light "
        f"the correlation is {_each(result, 'spearman_burden', 'light', _FLAT_TO_STEEP)}: what is "
        "still short there is not the angle's doing."
    )


def _false(result: Validation) -> str:
    return (
        "At small scale pigment and shading change a pixel's colour in nearly the same direction, "
        "so that brown marks, naevi, papules and stubble leak into the shading. False scars per 10 "
        f"cm² where there is plenty of one thing: {_each(result, *_RATE, _MARKS, digits=1)}."
    )


_FLAT_TO_STEEP = {
    "ring": "ring flash",
    "twin": "twin softboxes",
    "offaxis": "off-axis flash",
    "raking": "raking light",
}
_TYPES = {name: name for name in ("icepick", "boxcar", "rolling")}
_DEPTHS = {
    "below 200 um": "below 200 µm",
    "200 to 400 um": "200 to 400 µm",
    "above 400 um": "above 400 µm",
}
_RATE = ("false_per_10cm2", "distractor")
_MARKS = {
    "brown_marks": "brown marks",
    "naevi": "naevi",
    "papules": "papules",
    "stubble": "stubble",
    "plain": "none of them",
}
# Each reason with the figures that speak for it, or against it.
_WHY: dict[str, Callable[[Validation], str]] = {
    "f1": _f1,
    "dice": _dice,
    "spearman": _spearman,
    "false_clean": _false,
}


def _each(
    result: Validation, figure: str, by: str, levels: dict[str, str], *, digits: int = 2
) -> str:
    """A figure at each of some levels, as ``ring flash 0.30, raking light 0.71``."""
    values = ((told, result.value(figure, by=by, level=level)) for level, told in levels.items())
    return ", ".join(f"{told} {number(value, digits)}" for told, value in values)
