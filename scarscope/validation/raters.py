"""Two or more people's drawings of the same photos: agreement as Kang 2016 reported it.

Centres within 3 mm are the same scar. Reported are the scars that all, and that at least two
raters marked, as shares of all scars that anybody marked; counts by rater; and F1 and kappas of
every pair of raters. Source: Kang 2016, J Drugs Dermatol 15:693.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.errors import LayoutError, ParamsError, ScaleError, StudyError
from scarscope.measures.counts import size_classes
from scarscope.study.agreement import cohen_kappa, icc
from scarscope.study.agreement.centres import RADIUS_MM, Flags, match_centres, union
from scarscope.validation.compare import dice
from scarscope.validation.folder import MarkedFolder, open_folder, stem
from scarscope.validation.marked import Marked

PAIR_COLUMNS = (
    "rater_a",
    "rater_b",
    "n_a",
    "n_b",
    "n_both",
    "f1",
    "dice",
    "kappa_presence",
    "kappa_size",
    "kappa_type",
)


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far raters agree.

    Attributes
    ----------
    scars : DataFrame
        One row a scar that anybody marked: photo, x_mm, y_mm and one column a rater (marked or
        not).
    counts : DataFrame
        One row a photo, one column a rater: scars marked.
    pairs : DataFrame
        One row a pair of raters, columns :data:`PAIR_COLUMNS`. ``kappa_presence`` is over the
        cells of a lattice as wide as the matching radius (a scar's centre in it or not);
        ``kappa_size`` (quadratic weights) and ``kappa_type`` over scars that both marked. NaN
        where it cannot be told.
    share_all, share_two : float
        Share of all scars that every rater, and at least two raters, marked.
    count_icc : float
        ICC(2,1) of counts a photo; NaN for a single photo.
    """

    scars: pd.DataFrame = field(repr=False)
    counts: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    share_all: float
    share_two: float
    count_icc: float

    def to_frame(self) -> pd.DataFrame:
        """One row a pair of raters (a copy)."""
        return self.pairs.copy()


def compare_raters(
    folders: Sequence[str | Path], *, mm_per_px: float | None = None, radius_mm: float = RADIUS_MM
) -> Agreement:
    """Agreement of raters who drew scars in the same photos.

    Parameters
    ----------
    folders : sequence of path
        One a rater, in any form that :func:`scarscope.validation.open_folder` reads. Photos that
        not all have are left out.
    mm_per_px : float, optional
        Scale of photos for which no folder's ``photos.csv`` states one.
    radius_mm : float
        Centres this close are the same scar.

    Returns
    -------
    Agreement

    Raises
    ------
    LayoutError
        If a drawing cannot be read, or the folders share no photo.
    ScaleError
        If a photo has no scale.
    ParamsError
        For fewer than two folders.
    """
    if len(folders) < 2:
        raise ParamsError(
            f"{len(folders)} rater's folder was given.", remedy="Give two or more folders."
        )
    opened = [open_folder(folder) for folder in folders]
    names = _names(folders)
    photos: dict[str, list[Marked]] = {}
    found = [folder.find_each(opened[0].names) for folder in opened]
    for name in opened[0].names:
        others = [own[name] for own in found]
        if None not in others:
            scale = _scale(opened, name, mm_per_px)
            photos[stem(name)] = _read(opened, [str(other) for other in others], scale)
    if not photos:
        raise LayoutError(
            f"The {len(folders)} folders share no photo.",
            remedy="Name every rater's files like the photos.",
        )
    return agree(photos, names=names, radius_mm=radius_mm)


def _names(folders: Sequence[str | Path]) -> list[str]:
    last = [Path(folder).name or str(folder) for folder in folders]
    alone = len(set(last)) == len(last)
    return last if alone else [f"rater_{k}" for k in range(1, len(last) + 1)]


def _read(opened: list[MarkedFolder], names: list[str], scale: float) -> list[Marked]:
    first = opened[0].read(names[0], mm_per_px=scale)
    rest = zip(opened[1:], names[1:], strict=True)
    shape = (first.labels.shape[0], first.labels.shape[1])
    return [first, *(folder.read(n, mm_per_px=scale, shape=shape) for folder, n in rest)]


def _scale(opened: list[MarkedFolder], name: str, stated: float | None) -> float:
    for folder in opened:
        if "path" in folder.photos and "mm_per_px" in folder.photos:
            own = folder.photos[folder.photos["path"].map(stem) == stem(name)]["mm_per_px"].dropna()
            if len(own):
                return float(own.iloc[0])
    if stated is None:
        raise ScaleError(
            f"{name} has no scale, and scars are matched within millimetres.",
            remedy="State mm_per_px (--mm-per-px).",
        )
    return stated


def agree(
    photos: dict[str, list[Marked]], *, names: Sequence[str], radius_mm: float = RADIUS_MM
) -> Agreement:
    """The same from scars that have been read.

    Parameters
    ----------
    photos : dict of str to list of Marked
        Every rater's scars of each photo, in the order of `names`.
    names : sequence of str
        Raters.
    radius_mm : float
        Centres this close are the same scar.
    """
    tables = []
    for photo, marked in photos.items():
        centres, by_whom = union([one.centres_mm for one in marked], radius=radius_mm)
        table = pd.DataFrame({"photo": photo, "x_mm": centres[:, 0], "y_mm": centres[:, 1]})
        tables.append(table.assign(**dict(zip(names, by_whom.T, strict=True))))
    scars = pd.concat(tables, ignore_index=True)
    counts = pd.DataFrame(
        [
            {"photo": p, **{n: len(m) for n, m in zip(names, ms, strict=True)}}
            for p, ms in photos.items()
        ]
    )
    marks = scars[list(names)].to_numpy(np.int64).sum(axis=1)
    pairs = [
        _pair_row(list(names), a, b, list(photos.values()), radius_mm)
        for a, b in itertools.combinations(range(len(names)), 2)
    ]
    return Agreement(
        scars=scars,
        counts=counts,
        pairs=pd.DataFrame(pairs, columns=list(PAIR_COLUMNS)),
        share_all=_share(marks == len(names)),
        share_two=_share(marks >= 2),
        count_icc=_count_icc(counts[list(names)].to_numpy(np.float64)),
    )


def _share(flags: Flags) -> float:
    return float(flags.mean()) if flags.size else math.nan


def _count_icc(counts: NDArray[np.float64]) -> float:
    return icc(counts).value if len(counts) > 1 else math.nan


def _pair_row(
    names: list[str], a: int, b: int, photos: list[list[Marked]], radius_mm: float
) -> tuple[object, ...]:
    sides = [(marked[a], marked[b]) for marked in photos]
    met = [match_centres(x.centres_mm, y.centres_mm, radius=radius_mm) for x, y in sides]
    n_a, n_b = (sum(len(side[k]) for side in sides) for k in (0, 1))
    both = sum(len(pairs) for pairs in met)
    matched = [
        (x.table.iloc[pairs[:, 0]], y.table.iloc[pairs[:, 1]])
        for (x, y), pairs in zip(sides, met, strict=True)
    ]
    first, second = (pd.concat([pair[k] for pair in matched]) for k in (0, 1))
    masks = [np.concatenate([side[k].labels.ravel() > 0 for side in sides]) for k in (0, 1)]
    typed = ((first["type"].to_numpy() != "") & (second["type"].to_numpy() != "")).astype(bool)
    sizes = [size_classes(t["width_mm"].to_numpy(np.float64)) for t in (first, second)]
    return (
        names[a],
        names[b],
        n_a,
        n_b,
        both,
        2 * both / (n_a + n_b) if n_a + n_b else math.nan,
        dice(masks[0], masks[1]),
        _presence(sides, radius_mm),
        _kappa(sizes[0].tolist(), sizes[1].tolist(), quadratic=True),
        _kappa(first["type"][typed].tolist(), second["type"][typed].tolist()),
    )


def _presence(sides: list[tuple[Marked, Marked]], cell_mm: float) -> float:
    """Kappa of "a scar's centre lies in this cell", over lattices of cells."""
    flags: tuple[list[Flags], list[Flags]] = ([], [])
    for pair in sides:
        for side, one in zip(flags, pair, strict=True):
            rows, cols = (max(1, math.ceil(n * one.mm_per_px / cell_mm)) for n in one.labels.shape)
            hit = np.zeros((rows, cols), np.bool_)
            at = (one.centres_mm // cell_mm).astype(int)
            hit[at[:, 1].clip(0, rows - 1), at[:, 0].clip(0, cols - 1)] = True
            side.append(hit.ravel())
    first, second = (np.concatenate(side) for side in flags)
    return _kappa(first.tolist(), second.tolist())


def _kappa(a: Sequence[Any], b: Sequence[Any], *, quadratic: bool = False) -> float:
    try:
        return cohen_kappa(a, b, weights="quadratic" if quadratic else None).value
    except StudyError:  # fewer than two scars
        return math.nan
