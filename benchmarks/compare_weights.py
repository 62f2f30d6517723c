"""Which weights of the learned segmenter are better, on seeds that are there to choose by.

    python -m benchmarks.compare_weights --out weights --workers 2 old=DIR new=DIR

The standard set is photographed again with stopping seeds, which no report uses. Every set of
weights stands beside the first, with the difference and its 95 % interval, drawn by patch: both
sides read the same patches, so that differences are surer than the figures themselves. What is
done is kept.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from scarscope._version import __version__
from scarscope.params import NetworkParams
from scarscope.phantom.seeds import STOPPING
from scarscope.scars import NetworkSegmenter
from scarscope.validation.bars import bars
from scarscope.validation.bootstrap import Floats, Interval, of_rows, of_sums
from scarscope.validation.few import few_scars
from scarscope.validation.figures import (
    BURDEN,
    DETECTION,
    DICE,
    FALSE_RATE,
    SIZE_ERRORS,
    TYPE,
    Figure,
    matched,
    spearman,
    with_burden_errors,
)
from scarscope.validation.kept import Lines, run_kept
from scarscope.validation.result import Validation
from scarscope.validation.standard import comparable, rows_together
from scarscope.validation.standard_item import Rows, code_digest, held_against_truth
from scarscope.validation.standard_segmenter import folder_digest
from scarscope.validation.standard_set import PARTS, Item, plan

# Beyond the seeds of training's own test examples and of calibration.
_FIRST, _SEEDS_A_PART = STOPPING.start + 7000, 400
_FILES = ("network.onnx", "network.json")
_FIGURES = {figure.name: figure for figure in (*DETECTION, DICE, *BURDEN)}
_OF_PHOTOS = ("f1_3mm", "precision_3mm", "recall_3mm", "dice", "burden_bias_pct")
_OF_SCARS = (TYPE, *(figure for figure in SIZE_ERRORS if figure.name == "volume_bias_pct"))


def items(parts: Sequence[str] = PARTS) -> tuple[Item, ...]:
    """The standard set with stopping seeds."""
    counted = dict.fromkeys(PARTS, 0)
    moved = []
    for item in plan():
        seed = _FIRST + _SEEDS_A_PART * PARTS.index(item.part) + counted[item.part]
        counted[item.part] += 1
        assert seed in STOPPING
        assert counted[item.part] <= _SEEDS_A_PART
        moved += [replace(item, seed=seed)] if item.part in parts else []
    return tuple(moved)


def held(item: Item, weights: str) -> Rows:
    """One item, read with the weights of a folder."""
    return held_against_truth(item, NetworkSegmenter(params=NetworkParams(weights=weights)))


def run(
    weights: Path, out: Path, *, parts: Sequence[str] = PARTS, workers: int = 1, name: str = ""
) -> Validation:
    """The set as those weights read it."""
    digest = folder_digest(weights)
    found = run_kept(
        items(parts),
        partial(held, weights=str(weights)),
        folder=out / digest,
        stamp={"code": code_digest(), "version": __version__, "weights": digest},
        workers=workers,
        progress=Lines(name),
    )
    return rows_together(found)


def differences(first: Validation, second: Validation) -> dict[str, Interval]:
    """How far figures of the second lie above those of the first, over the same patches."""
    photos = [_graded(each.photos) for each in (first, second)]
    scars = [matched(_graded(each.scars)) for each in (first, second)]
    scars = [each[each["criterion"] == "3mm"] for each in scars]
    rows = {name: _of_sums(photos, _FIGURES[name]) for name in _OF_PHOTOS}
    rows |= {figure.name: _of_sums(scars, figure) for figure in _OF_SCARS}
    rows["spearman_burden"] = _of_ranks(photos)
    free = [
        each.photos[each.photos["set"].isin(["clean", "distractor"])] for each in (first, second)
    ]
    return {**rows, FALSE_RATE.name: _of_sums(free, FALSE_RATE)}


def _graded(table: pd.DataFrame) -> pd.DataFrame:
    own = table[table["set"] == "scars"]
    return with_burden_errors(own) if "found_burden_um" in own else own


def _of_sums(sides: Sequence[pd.DataFrame], figure: Figure) -> Interval:
    sums = [side.groupby("subject")[list(figure.columns)].sum() for side in sides]
    both = pd.concat([own.add_prefix(f"{of} ") for of, own in zip("ab", sums, strict=True)], axis=1)
    both = both.fillna(0.0)

    def difference(drawn: Mapping[str, Floats]) -> Floats:
        a, b = (
            figure.ratio({name: drawn[f"{of} {name}"] for name in figure.columns}) for of in "ab"
        )
        return np.asarray(b - a)

    return of_sums(both.reset_index(), list(both.columns), difference)


def _of_ranks(sides: Sequence[pd.DataFrame]) -> Interval:
    first, second = (side.set_index("subject") for side in sides)
    both = first[["true_burden_um"]].assign(a=first["found_burden_um"], b=second["found_burden_um"])

    def difference(values: Floats) -> Floats:
        truth, a, b = (values[..., k] for k in range(3))
        ranks = [spearman(np.stack([truth, own], axis=-1)) for own in (a, b)]
        return np.asarray(ranks[1] - ranks[0])

    return of_rows(both.reset_index(), list(both.columns), difference)


def show(found: Mapping[str, Validation]) -> None:
    """Print the bars of every set of weights, then differences from the first."""
    names = list(found)
    table = pd.DataFrame(
        {name: {bar.question: bar.value for bar in bars(comparable(found[name]))} for name in names}
    )
    table = table.dropna(how="all")
    if len(table):  # parts without many scars answer no bar
        sys.stdout.write(f"Under comparable light\n{table.round(3).to_string()}\n")
    parts = {"many scars, every light": lambda v: v, "few scars, every light": few_scars}
    for other in names[1:]:
        for title, part in parts.items():
            lines = list(_lines(part(found[names[0]]), part(found[other])))
            if lines:
                sys.stdout.write(f"\n{other} - {names[0]}, {title}\n" + "\n".join(lines) + "\n")


def _lines(first: Validation, second: Validation) -> Iterator[str]:
    for name, gap in differences(first, second).items():
        if gap.n:  # else these photos say nothing of it
            told = (
                f"{name:18s} {first.value(name):8.3f} {second.value(name):8.3f}  {gap.value:+.3f}"
            )
            known = math.isfinite(gap.low)
            yield f"{told} ({gap.low:+.3f} to {gap.high:+.3f})" if known else told


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare_weights", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("weights", nargs="+", metavar="NAME=DIR", help="folders of weights")
    parser.add_argument("--out", type=Path, required=True, help="where finished photos are kept")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    options = parser.parse_args(arguments)
    folders: dict[str, Path] = {}
    for told in options.weights:
        name, _, folder = told.rpartition("=")
        missing = [end for end in _FILES if not (Path(folder) / end).is_file()]
        if missing:
            parser.error(f"{folder!r} holds no {missing[0]}: name a folder of weights.")
        folders[name or Path(folder).name] = Path(folder)
    if len(folders) < len(options.weights):
        parser.error("two folders have the same name: give each its own, as NAME=DIR.")
    how = {"parts": options.parts, "workers": options.workers}
    show({name: run(at, options.out, name=name, **how) for name, at in folders.items()})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
