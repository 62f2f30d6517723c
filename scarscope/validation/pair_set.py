"""The validation set of pairs: what is photographed twice, from which seeds.

Every part has a block of seeds of its own, so that adding to one part leaves the others as they
were. The seeds are :data:`scarscope.phantom.seeds.PAIRS`, on which nothing else is shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scarscope.phantom.noise import stream
from scarscope.phantom.pairs import (
    CONFOUNDERS,
    ITA_RANGE_DEG,
    Confounder,
    confounder_pair,
    retest_pair,
    treated_pair,
    worsened_pair,
)
from scarscope.phantom.render import Rendered
from scarscope.phantom.seeds import PAIRS, TUNING
from scarscope.phantom.wide_pairs import wide_pair
from scarscope.validation.pair_copies import COPIES, copied

PairSize = Literal["full", "quick"]
PAIR_SIZES: tuple[PairSize, ...] = ("full", "quick")
Part = Literal["retest", "untreated", "treated", "new", "confounder", "wide", "wrong", "copy"]
PARTS: tuple[Part, ...] = (
    *("retest", "untreated", "treated", "new"),
    *("confounder", "wide", "wrong", "copy"),
)
SEEDS = PAIRS
TRIAL_SEEDS = range(TUNING.stop - 100, TUNING.stop)  # to try the command out on

# Mean share of depth that treatment removes. The least stands where a change is about as large as
# what can be detected: a curve of power needs points there.
RESPONSES = (0.07, 0.15, 0.3, 0.45, 0.6, 0.8, -0.2)
WIDE = (
    *("turned left", "turned right", "nearer", "farther"),
    *("half to the side", "half below", "coarser pixels", "finer pixels"),
)
WRONG = ("other skin", "mirrored")
# Share of the later photo's scars that the earlier one does not have.
NEW = {"all scars": 1.0, "most scars": 0.8, "half of the scars": 0.5}
_GOLDEN = (math.sqrt(5) - 1) / 2
_REPEATS: dict[Part, int] = {
    "retest": 60,
    "untreated": 20,
    "treated": 20,
    "new": 12,
    "confounder": 15,
    "wide": 3,
    "wrong": 30,
    "copy": 8,
}
_KINDS: dict[Part, tuple[str, ...]] = {
    "new": tuple(NEW),
    "confounder": CONFOUNDERS,
    "wide": WIDE,
    "wrong": WRONG,
    "copy": COPIES,
}


@dataclass(frozen=True, kw_only=True)
class PairItem:
    """One pair of photos.

    Attributes
    ----------
    part : str
        Of the set.
    seed : int
    ita_deg : float
    size_mm, mm_per_px : float
        Side of the patch, and pixel size of the first photo.
    kind : str
        Confounder, viewpoint, which scars are new, kind of wrong pair, or kind of copy.
    response : float
        Share of depth that treatment removes.
    """

    part: Part
    seed: int
    ita_deg: float
    size_mm: float = 36.0
    mm_per_px: float = 0.07
    kind: str = ""
    response: float = 0.0

    @property
    def name(self) -> str:
        """Its name in tables and files."""
        told = self.kind.replace(" ", "_") if self.kind else ""
        if self.part == "treated":
            told = f"{round(100 * self.response)}"
        return "-".join(filter(None, (self.part, told, str(self.seed))))


@dataclass(frozen=True, eq=False)
class Taken:
    """Both photos of a pair, as they are read, with what is true of them.

    Attributes
    ----------
    before, after : Rendered
        `after` is the same as `before` for a copy; of a wrong pair only its size counts.
    first, second : ndarray of uint8 or bytes
        What is read: an array, or a JPEG file's bytes.
    """

    before: Rendered
    after: Rendered
    first: NDArray[np.uint8] | bytes
    second: NDArray[np.uint8] | bytes


def plan_pairs(size: PairSize = "full", *, seeds: range = SEEDS) -> tuple[PairItem, ...]:
    """Every pair of the set, in order.

    Parameters
    ----------
    size : {"full", "quick"}
        Quick is two or so of every part for tests: its figures are not to be reported.
    seeds : range, optional
        Where seeds are taken from. A short range gives fewer pairs, and shows a skin more than
        once within a part.
    """
    items = tuple(item for part in PARTS for item in _part(part, size, seeds))
    whole = seeds == SEEDS
    assert not whole or all(item.seed in SEEDS for item in items)
    assert not whole or len({item.seed for item in items}) == len(items)
    return items


def _part(part: Part, size: PairSize, seeds: range) -> Iterator[PairItem]:
    block = len(seeds) // len(PARTS)
    first = seeds.start + block * PARTS.index(part)
    quick = size == "quick"
    cases = _cases(part)[:2] if quick else _cases(part)
    repeats = (2 if part in ("retest", "untreated") else 1) if quick else _REPEATS[part]
    # Wrong pairs take the second half of their block for the other skin.
    length = block // 2 if part == "wrong" else block
    repeats = min(repeats, length)  # one pair twice is no second pair
    for number in range(len(cases) * repeats):
        kind, response = cases[number // repeats]
        item = PairItem(
            part=part,
            seed=first + number % length,
            ita_deg=_tone(number),
            kind=kind,
            response=response,
        )
        yield replace(item, size_mm=24.0, mm_per_px=0.1) if quick else item


def _cases(part: Part) -> list[tuple[str, float]]:
    if part == "treated":
        return [("", response) for response in RESPONSES]
    return [(kind, 0.0) for kind in _KINDS.get(part, ("",))]


def _tone(number: int) -> float:
    """Tones that fill the range evenly, however many are drawn."""
    low, high = ITA_RANGE_DEG
    return round(low + (high - low) * ((0.5 + number * _GOLDEN) % 1), 1)


def take(item: PairItem, *, seeds: range = SEEDS) -> Taken:
    """Render both photos of a pair.

    Parameters
    ----------
    item : PairItem
    seeds : range, optional
        The range that `item` was planned with: wrong pairs take their other skin from it.
    """
    if item.part == "wrong":
        return _wrong(item, seeds)
    if item.part == "copy":
        before = _retest(item)[0]
        again = copied(before.rgb, item.kind, stream(item.seed, f"copy {item.kind}"))
        return Taken(before, before, before.rgb, again)
    before, after = _pair(item)
    return Taken(before, after, before.rgb, after.rgb)


def _pair(item: PairItem) -> tuple[Rendered, Rendered]:
    side, scale, tone = (item.size_mm, item.size_mm), item.mm_per_px, item.ita_deg
    if item.part == "retest":
        return _retest(item)
    if item.part == "confounder":
        kind: Confounder = next(name for name in CONFOUNDERS if name == item.kind)
        return confounder_pair(item.seed, kind, size_mm=side, mm_per_px=scale, ita_deg=tone)
    if item.part == "wide":
        return _wide(item)
    if item.part == "new":
        part = NEW[item.kind]
        return worsened_pair(item.seed, part, size_mm=side, mm_per_px=scale, ita_deg=tone)
    return treated_pair(item.seed, item.response, size_mm=side, mm_per_px=scale, ita_deg=tone)


def _retest(item: PairItem, *, further: int = 0) -> tuple[Rendered, Rendered]:
    side = (item.size_mm, item.size_mm)
    return retest_pair(
        item.seed + further, size_mm=side, mm_per_px=item.mm_per_px, ita_deg=item.ita_deg
    )


def _wide(item: PairItem) -> tuple[Rendered, Rendered]:
    half, kind = item.size_mm / 2, item.kind
    shifts = {"half to the side": (half, 0.0), "half below": (0.0, half)}
    zooms = {"nearer": 1.2, "farther": 0.8, "coarser pixels": 0.6, "finer pixels": 1.6}
    return wide_pair(
        item.seed,
        turn_deg={"turned left": -15.0, "turned right": 15.0}.get(kind, 0.0),
        zoom=zooms.get(kind, 1.0),
        shift_mm=shifts.get(kind, (0.0, 0.0)),
        size_mm=(item.size_mm, item.size_mm),
        mm_per_px=item.mm_per_px,
        ita_deg=item.ita_deg,
    )


def _wrong(item: PairItem, seeds: range) -> Taken:
    before, same = _retest(item)
    if item.kind == "mirrored":
        return Taken(before, same, before.rgb, np.ascontiguousarray(same.rgb[:, ::-1]))
    other = _retest(item, further=len(seeds) // len(PARTS) // 2)[1]
    return Taken(before, other, before.rgb, other.rgb)
