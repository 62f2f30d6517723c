"""Raters among themselves and against the software, scar by scar, by Kang's 3 mm rule."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.errors import ScaleError, StudyError
from scarscope.measures.counts import SIZE_CUTS_MM, size_classes
from scarscope.study.agreement.centres import RADIUS_MM, Points, match_centres, union
from scarscope.study.agreement.kappa import cohen_kappa
from scarscope.study.checks import in_unit_interval
from scarscope.study.raters.photos import SOFTWARE

CONSENSUS = "two or more raters"
PAIR_COLUMNS = (
    *("a", "b", "n_photos", "n_subjects", "n_a", "n_b", "n_both"),
    *("f1", "f1_low", "f1_high", "share_of_a", "share_of_b", "kappa_size", "kappa_type"),
)
MARK_COLUMNS = ("photo", "subject", "party", "x_mm", "y_mm", "width_mm", "type")
_LEAST_SUBJECTS = 6  # as in validation: intervals drawn from fewer miss the truth too often
_DRAWS = 2000
_SEED = 2016  # of the draws: the same table for the same marks


@dataclass(frozen=True, eq=False)
class ScarAgreement:
    """How far parties mark the same scars.

    Attributes
    ----------
    scars : DataFrame
        One row a scar that any rater marked: photo, x_mm, y_mm, and one column a rater (marked or
        not). The software has no column.
    pairs : DataFrame
        One row a pair of parties, columns :data:`PAIR_COLUMNS`: scars of each and of both, F1 with
        its interval over subjects, the share of each one's scars that the other has too, and over
        scars that both have kappa of size classes (quadratic weights) and of types. NaN where it
        cannot be told. ``two or more raters`` are the scars that at least two raters marked.
    share_all, share_two : float
        Share of the raters' scars that all of them, and that at least two marked.
    """

    scars: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    share_all: float
    share_two: float

    def to_frame(self) -> pd.DataFrame:
        """One row a pair of parties (a copy)."""
        return self.pairs.copy()


@dataclass(frozen=True, eq=False)
class _Marks:
    """One party's marks in one photo."""

    centres: Points
    widths: NDArray[np.float64]
    types: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.centres)


_NONE = _Marks(np.zeros((0, 2)), np.zeros(0), ())


def in_millimetres(marks: pd.DataFrame, photos: pd.DataFrame, party: str) -> pd.DataFrame:
    """One party's marks or scars in millimetres, columns :data:`MARK_COLUMNS`.

    Parameters
    ----------
    marks : DataFrame
        ``path, subject, x_px, y_px`` and, where known, ``width_px`` or ``width_mm``, and ``type``:
        a rater's marks or rows of scars.csv, on the upright photo's pixels.
    photos : DataFrame
        ``path, mm_per_px``.
    party : str
        Whose they are.

    Raises
    ------
    ScaleError
        If a marked photo has no scale.
    """
    scale = photos.drop_duplicates("path").set_index("path")["mm_per_px"].astype("float64")
    factor = marks["path"].map(scale).astype("float64")
    if factor.isna().any():
        raise ScaleError(
            f"{marks['path'][factor.isna()].iloc[0]} has no scale, and scars are matched within "
            "millimetres.",
            remedy="State mm_per_px in the manifest and run the batch again.",
        )
    width = marks["width_mm"] if "width_mm" in marks else marks.get("width_px", math.nan) * factor
    return pd.DataFrame(
        {
            "photo": marks["path"],
            "subject": marks["subject"],
            "party": party,
            "x_mm": marks["x_px"] * factor,
            "y_mm": marks["y_px"] * factor,
            "width_mm": width,
            "type": marks.get("type", ""),
        },
        columns=list(MARK_COLUMNS),
    )


def scar_agreement(
    marks: pd.DataFrame,
    looked: pd.DataFrame,
    *,
    radius_mm: float = RADIUS_MM,
    confidence: float = 0.95,
) -> ScarAgreement:
    """Agreement of raters, and of the software, on which scars there are.

    Parameters
    ----------
    marks : DataFrame
        Everybody's marks, columns :data:`MARK_COLUMNS` (:func:`in_millimetres`); the software's
        under the party ``"scarscope"``.
    looked : DataFrame
        ``party, photo, subject``: who looked at what, so that "no scar" is not taken for "not
        looked at". Only photos that all parties looked at count.
    radius_mm : float
        Centres this close are the same scar.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    ScarAgreement

    Raises
    ------
    StudyError
        For fewer than two parties, or no photo that all looked at.

    Notes
    -----
    Intervals are percentiles of F1 over subjects drawn again with all their photos; below six
    subjects there are none. Source of the rule: Kang 2016, J Drugs Dermatol 15:693.
    """
    in_unit_interval(confidence, "confidence")
    parties = list(dict.fromkeys(looked["party"]))
    subjects = _shared(looked, parties)
    of = {name: _by_photo(marks[marks["party"] == name], subjects) for name in parties}
    raters = [name for name in parties if name != SOFTWARE]
    scars, agreed = _all_scars(of, raters, subjects, radius_mm)
    if SOFTWARE in parties and len(raters) > 1:
        of[CONSENSUS] = agreed
    rows = [
        _pair_row((a, b), of[a], of[b], subjects, radius_mm, confidence)
        for a, b in _pairs(raters, of)
    ]
    marked = scars[raters].to_numpy(np.int64).sum(axis=1)
    return ScarAgreement(
        scars=scars,
        pairs=pd.DataFrame(rows, columns=list(PAIR_COLUMNS)),
        share_all=_share(marked == len(raters)) if len(raters) > 1 else math.nan,
        share_two=_share(marked >= 2) if len(raters) > 1 else math.nan,
    )


def _pairs(raters: Sequence[str], of: Mapping[str, object]) -> list[tuple[str, str]]:
    own = [name for name in (*raters, CONSENSUS) if name in of] if SOFTWARE in of else []
    return [*itertools.combinations(raters, 2), *((SOFTWARE, name) for name in own)]


def _shared(looked: pd.DataFrame, parties: Sequence[str]) -> dict[str, str]:
    """Subject of every photo that all parties looked at."""
    if len(parties) < 2:
        raise StudyError(
            f"{len(parties)} party marked scars: at least two are needed.",
            remedy="Import the marks of two raters, or of one against the software's.",
        )
    every = looked.groupby("photo")["party"].nunique()
    shared = looked[looked["photo"].map(every == len(parties)).astype(bool)]
    if shared.empty:
        raise StudyError(
            f"There is no photo that {', '.join(parties)} all looked at.",
            remedy="Import marks of the same blinded set.",
        )
    return dict(sorted(zip(shared["photo"], shared["subject"], strict=True)))


def _by_photo(marks: pd.DataFrame, photos: Mapping[str, str]) -> dict[str, _Marks]:
    found = {
        str(photo): _Marks(
            own[["x_mm", "y_mm"]].to_numpy(np.float64),
            own["width_mm"].to_numpy(np.float64),
            tuple(own["type"].fillna("").astype("str")),
        )
        for photo, own in marks.groupby("photo")
    }
    return {photo: found.get(photo, _NONE) for photo in photos}


def _all_scars(
    of: Mapping[str, dict[str, _Marks]],
    raters: Sequence[str],
    photos: Mapping[str, str],
    radius: float,
) -> tuple[pd.DataFrame, dict[str, _Marks]]:
    """Every scar that a rater marked, once; and those that two or more marked, by photo."""
    tables, agreed = [], {}
    for photo in photos:
        centres, by_whom = union([of[name][photo].centres for name in raters], radius=radius)
        table = pd.DataFrame({"photo": photo, "x_mm": centres[:, 0], "y_mm": centres[:, 1]})
        tables.append(table.assign(**dict(zip(raters, by_whom.T, strict=True))))
        kept = centres[by_whom.sum(axis=1) >= 2]
        # What they call it may differ: the consensus says where a scar is, and nothing else.
        agreed[photo] = _Marks(kept, np.full(len(kept), math.nan), ("",) * len(kept))
    return pd.concat(tables, ignore_index=True), agreed


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if flags.size else math.nan


def _pair_row(
    names: tuple[str, str],
    a: Mapping[str, _Marks],
    b: Mapping[str, _Marks],
    subjects: Mapping[str, str],
    radius: float,
    confidence: float,
) -> dict[str, Any]:
    met = {p: match_centres(a[p].centres, b[p].centres, radius=radius) for p in subjects}
    counts = np.array([[len(a[p]), len(b[p]), len(met[p])] for p in subjects], np.int64)
    n_a, n_b, both = counts.sum(axis=0).tolist()
    low, high = _interval(counts, list(subjects.values()), confidence)
    return {
        **dict(zip(("a", "b"), names, strict=True)),
        "n_photos": len(subjects),
        "n_subjects": len(set(subjects.values())),
        "n_a": n_a,
        "n_b": n_b,
        "n_both": both,
        "f1": 2 * both / (n_a + n_b) if n_a + n_b else math.nan,
        "f1_low": low,
        "f1_high": high,
        "share_of_a": both / n_a if n_a else math.nan,
        "share_of_b": both / n_b if n_b else math.nan,
        **_kappas([(a[p], b[p], met[p]) for p in subjects]),
    }


def _interval(
    counts: NDArray[np.int64], subjects: Sequence[str], confidence: float
) -> tuple[float, float]:
    """Percentiles of F1 over whole subjects drawn again."""
    codes, whom = pd.factorize(pd.Series(list(subjects)))
    if len(whom) < _LEAST_SUBJECTS:
        return math.nan, math.nan
    own = np.stack([np.bincount(codes, weights=column) for column in counts.T], axis=1)
    rng = np.random.default_rng(_SEED)
    sums = own[rng.integers(len(own), size=(_DRAWS, len(own)))].sum(axis=1)
    marked = sums[:, 0] + sums[:, 1]
    f1 = 2 * sums[marked > 0, 2] / marked[marked > 0]
    if not f1.size:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(f1, [tail, 1 - tail]).tolist()
    return low, high


def _kappas(matched: Sequence[tuple[_Marks, _Marks, NDArray[np.int64]]]) -> dict[str, float]:
    widths, types = [], []
    for a, b, met in matched:
        widths += [(a.widths[i], b.widths[j]) for i, j in met]
        types += [(a.types[i], b.types[j]) for i, j in met if a.types[i] and b.types[j]]
    known = [np.array(pair, np.float64) for pair in widths if np.isfinite(pair).all()]
    sizes = [size_classes(pair).tolist() for pair in known]
    return {"kappa_size": _kappa(sizes, quadratic=True), "kappa_type": _kappa(types)}


def _kappa(pairs: Sequence[Sequence[Any]], *, quadratic: bool = False) -> float:
    if len(pairs) < 2:
        return math.nan
    first, second = ([pair[k] for pair in pairs] for k in (0, 1))
    if not quadratic:
        return cohen_kappa(first, second).value
    classes = list(range(len(SIZE_CUTS_MM) + 1))
    return cohen_kappa(first, second, weights="quadratic", labels=classes).value
