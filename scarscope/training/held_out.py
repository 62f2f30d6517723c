"""What is found in photos of people whom no weights have seen: the shipped weights' and the new."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from scarscope.measures.counts import MM2_PER_10_CM2
from scarscope.scars.model import Segmenter
from scarscope.skin import Skin, find_skin
from scarscope.training.annotated import Drawn, Opened
from scarscope.validation import compare_photo, mark
from scarscope.validation.bootstrap import LEAST_UNITS, Floats, Interval, of_sums
from scarscope.validation.figures import DETECTION, DICE, Figure, Sums, matched

SIDES = ("shipped", "new")
FIGURES = (
    DETECTION[0],  # F1 within 3 mm
    DICE,
    Figure("type_accuracy", "", ("type_right", "typed"), lambda s: s["type_right"] / s["typed"]),
    Figure(
        "false_per_10cm2",
        "per 10 cm2",
        ("false_3mm", "area_mm2"),
        lambda s: s["false_3mm"] / s["area_mm2"] * MM2_PER_10_CM2,
    ),
)
_LESS_IS_BETTER = {"false_per_10cm2"}
_WORDS = {"dice": "outlines", "type_accuracy": "types", "false_per_10cm2": "false scars"}


@dataclass(frozen=True)
class Change:
    """One figure of both sides; the change has its 95 % interval over subjects."""

    figure: str
    shipped: float
    new: float
    change: Interval

    @property
    def worse(self) -> bool:
        """Whether the new weights are worse beyond chance."""
        return self.change.low > 0 if self.figure in _LESS_IS_BETTER else self.change.high < 0


@dataclass(frozen=True, eq=False)
class Comparison:
    """Shipped and new weights on the same photos.

    Attributes
    ----------
    photos : DataFrame
        One row a photo: subject, path, and counts and areas of either side, by
        ``<name>_<side>``.
    changes : tuple of Change
        F1 first.
    """

    photos: pd.DataFrame
    changes: tuple[Change, ...]

    @property
    def recommended(self) -> bool:
        """Whether the new weights found more than chance explains, and nothing is worse."""
        return _judge(self.changes)[0]

    @property
    def verdict(self) -> str:
        """The same in words."""
        return _judge(self.changes)[1]

    def to_frame(self) -> pd.DataFrame:
        """One row a figure; the interval is empty where there are too few subjects for one."""
        rows = [
            (c.figure, c.shipped, c.new, c.change.value, c.change.low, c.change.high, c.change.n)
            for c in self.changes
        ]
        names = ["figure", *SIDES, "change", "low", "high", "subjects"]
        return pd.DataFrame(rows, columns=names)


def compare_weights(photos: Iterable[Drawn], shipped: Segmenter, new: Segmenter) -> Comparison:
    """Find the scars of held-out photos by both, and hold both against the drawings.

    Parameters
    ----------
    photos : iterable of Drawn
        Of subjects that neither has learned from.
    shipped, new : Segmenter

    Returns
    -------
    Comparison
    """
    rows = [_row(photo, (shipped, new)) for photo in photos]
    table = pd.DataFrame(rows)
    return Comparison(table, tuple(_change(table, figure) for figure in FIGURES))


def _row(drawn: Drawn, segmenters: tuple[Segmenter, Segmenter]) -> dict[str, object]:
    opened = drawn.open()
    skin = find_skin(opened.photo, roi=opened.region)
    row: dict[str, object] = {"subject": drawn.subject, "path": drawn.path}
    for side, segmenter in zip(SIDES, segmenters, strict=True):
        found = _found(opened, skin, segmenter)
        row |= {f"{name}_{side}": value for name, value in found.items()}
    return row


def _found(opened: Opened, skin: Skin, segmenter: Segmenter) -> Mapping[str, float]:
    scars = segmenter(skin)
    mm = opened.truth.mm_per_px
    compared = compare_photo(mark(scars.labels_px(), mm_per_px=mm, table=scars.table), opened.truth)
    pairs = matched(compared.scars[compared.scars["criterion"] == "3mm"])
    wanted = {name for figure in FIGURES for name in figure.columns}
    return {
        **{name: value for name, value in compared.photo.items() if name in wanted},
        "type_right": float(pairs["type_right"].sum()),
        "typed": float(pairs["typed"].sum()),
        "area_mm2": float(skin.region.sum()) * skin.grid.step**2,
    }


def _change(photos: pd.DataFrame, figure: Figure) -> Change:
    """Both sides' figure, and the difference over the same draws of subjects."""

    def of(side: str, sums: Sums) -> Floats:
        return figure.ratio({name: sums[f"{name}_{side}"] for name in figure.columns})

    own = [[f"{name}_{side}" for name in figure.columns] for side in SIDES]
    shipped = of_sums(photos, own[0], lambda s: of("shipped", s)).value
    new = of_sums(photos, own[1], lambda s: of("new", s)).value
    change = of_sums(photos, own[0] + own[1], lambda s: of("new", s) - of("shipped", s))
    return Change(figure.name, shipped, new, change)


def _judge(changes: Sequence[Change]) -> tuple[bool, str]:
    change = changes[0].change
    told = f"F1 {change.value:+.2f}, 95 % interval {change.low:+.2f} to {change.high:+.2f}"
    keep = "keep the shipped ones."
    if math.isnan(change.value):
        return False, f"The held-out photos hold no whole scar, which says nothing: {keep}"
    if change.value < 0:
        how = f"beyond chance ({told})" if change.high < 0 else f"(F1 {change.value:+.2f})"
        return False, f"On held-out people the new weights are worse {how}: {keep}"
    if math.isnan(change.low):
        return False, (
            f"From {change.n} held-out subject(s) nobody can tell the difference from chance "
            f"({LEAST_UNITS} are needed): {keep}"
        )
    if change.low <= 0:
        return False, f"The difference does not exceed chance ({told}): {keep}"
    worse = " and ".join(_WORDS[c.figure] for c in changes if c.worse)
    if worse:
        return False, (
            f"More is right than chance explains ({told}), but {worse} are worse beyond chance: "
            "decide by what your study needs, or keep the shipped ones."
        )
    return True, f"On held-out people the new weights are better beyond chance ({told})."
