"""Figures of accuracy with intervals, over all photos and by what they differ in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy import stats

from scarscope.measures.counts import MM2_PER_10_CM2, SIZE_CUTS_MM
from scarscope.validation.bootstrap import Floats, Interval, of_rows, of_sums
from scarscope.validation.matching import CRITERIA

Sums = Mapping[str, Floats]

COLUMNS = ("figure", "by", "level", "value", "low", "high", "n", "unit")
BY_PHOTO = ("light", "tone", "ita_deg", "mm_per_px")
BY_SCAR = ("type", "size", "depth")
# Ultrasound (22 MHz) finds most scars between 0.1 and 0.7 mm deep; 0.2 and 0.4 part them evenly.
DEPTH_CUTS_UM = (200.0, 400.0)
# What faces without scars commonly have; papules stand for acne.
BESIDE = ("freckles", "naevi", "papules", "wrinkles", "hairs")
Z90 = 1.645  # half of a normal distribution's 90 % interval, in standard deviations
_MOST_LEVELS = 12  # of a figure, such as the angle of tone
SIZES = ("below 2 mm", "2 to 4 mm", "above 4 mm")
DEPTHS = ("below 200 um", "200 to 400 um", "above 400 um")


@dataclass(frozen=True)
class Figure:
    """A figure that comes from sums of columns.

    Attributes
    ----------
    name, unit : str
        As they stand in the table.
    columns : tuple of str
        What is summed.
    ratio : callable
        From sums to the figure.
    """

    name: str
    unit: str
    columns: tuple[str, ...]
    ratio: Callable[[Sums], Floats]

    def of(self, frame: pd.DataFrame) -> Interval:
        """Work it out, with its interval over subjects."""
        return of_sums(frame, self.columns, self.ratio)


def _detection(by: str) -> tuple[Figure, ...]:
    hit, false, missed = f"hit_{by}", f"false_{by}", f"missed_{by}"
    return (
        Figure(
            f"f1_{by}",
            "",
            (hit, false, missed),
            lambda s: 2 * s[hit] / (2 * s[hit] + s[false] + s[missed]),
        ),
        Figure(f"precision_{by}", "", (hit, false), lambda s: s[hit] / (s[hit] + s[false])),
        Figure(f"recall_{by}", "", (hit, missed), lambda s: s[hit] / (s[hit] + s[missed])),
    )


DETECTION = tuple(figure for by in CRITERIA for figure in _detection(by))
# What F1 within 3 mm would be by chance: see PhotoComparison.
CHANCE = Figure(
    "f1_by_chance",
    "",
    ("chance_3mm", "hit_3mm", "false_3mm", "missed_3mm"),
    lambda s: 2 * s["chance_3mm"] / (2 * s["hit_3mm"] + s["false_3mm"] + s["missed_3mm"]),
)
DICE = Figure(
    "dice",
    "",
    ("shared_area_mm2", "true_area_mm2", "found_area_mm2"),
    lambda s: 2 * s["shared_area_mm2"] / (s["true_area_mm2"] + s["found_area_mm2"]),
)
FALSE_RATE = Figure(
    "false_per_10cm2",
    "per 10 cm2",
    ("n_found", "area_mm2"),
    lambda s: s["n_found"] / s["area_mm2"] * MM2_PER_10_CM2,
)
BURDEN = (
    Figure(
        "burden_bias_um", "um", ("burden_error_um", "one"), lambda s: _mean(s, "burden_error_um")
    ),
    Figure("burden_mae_um", "um", ("burden_off_um", "one"), lambda s: _mean(s, "burden_off_um")),
    Figure(
        "burden_bias_pct",
        "%",
        ("burden_error_um", "true_burden_um"),
        lambda s: 100 * s["burden_error_um"] / s["true_burden_um"],
    ),
)
# How often an interval that the segmenter states holds the truth; blank where it states none.
_BURDEN_HELD = Figure(
    "burden_in_90_pct",
    "%",
    ("burden_held", "burden_stated"),
    lambda s: 100 * s["burden_held"] / s["burden_stated"],
)
_DEPTH_HELD = Figure(
    "depth_in_90_pct",
    "%",
    ("depth_held", "depth_stated"),
    lambda s: 100 * s["depth_held"] / s["depth_stated"],
)
TYPE = Figure("type_accuracy", "", ("type_right", "typed"), lambda s: s["type_right"] / s["typed"])
SIZE_ERRORS = (
    Figure("depth_bias_um", "um", ("depth_error_um", "one"), lambda s: _mean(s, "depth_error_um")),
    Figure("depth_mae_um", "um", ("depth_off_um", "one"), lambda s: _mean(s, "depth_off_um")),
    Figure(
        "volume_bias_pct",
        "%",
        ("volume_error_mm3", "true_volume_mm3"),
        lambda s: 100 * s["volume_error_mm3"] / s["true_volume_mm3"],
    ),
    Figure(
        "volume_mae_pct",
        "%",
        ("volume_off_mm3", "true_volume_mm3"),
        lambda s: 100 * s["volume_off_mm3"] / s["true_volume_mm3"],
    ),
    _DEPTH_HELD,
)


def _mean(sums: Sums, name: str) -> Floats:
    return np.asarray(sums[name] / sums["one"])


def spearman(values: Floats) -> Floats:
    """Rank correlation of two columns, NaN where either does not vary.

    Parameters
    ----------
    values : ndarray, shape (..., n, 2)

    Returns
    -------
    ndarray, shape (...)
    """
    ranks = stats.rankdata(values, axis=-2)
    ranks -= ranks.mean(axis=-2, keepdims=True)
    a, b = ranks[..., 0], ranks[..., 1]
    spread = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    with np.errstate(invalid="ignore"):
        return np.asarray((a * b).sum(axis=-1) / spread)


def photo_figures(photos: pd.DataFrame) -> pd.DataFrame:
    """Detection, Dice and burden over photos, overall and by light, tone and scale.

    Parameters
    ----------
    photos : DataFrame
        One row a photo: the columns of a comparison, ``subject``, the true and found burden, and
        what photos differ in.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`.
    """
    table = with_burden_errors(photos)
    rows = list(_photo_rows(table, "all", "all"))
    rows.append(_row("dice_per_photo", "all", "all", of_rows(table, ["dice"], _average), ""))
    subjects = table.groupby("subject", as_index=False)[["true_burden_um", "found_burden_um"]]
    both = ["true_burden_um", "found_burden_um"]
    per_subject = of_rows(subjects.mean(), both, spearman)
    rows.append(_row("spearman_burden_subjects", "all", "all", per_subject, ""))
    for by, level, part in strata(table, BY_PHOTO):
        rows += _photo_rows(part, by, level)
    return _table(rows)


def _average(values: Floats) -> Floats:
    return np.asarray(values.mean(axis=(-2, -1)))


def _photo_rows(table: pd.DataFrame, by: str, level: str) -> Iterator[tuple[object, ...]]:
    for figure in (*DETECTION, CHANCE, DICE):
        yield _row(figure.name, by, level, figure.of(table), figure.unit)
    known = table.dropna(subset=["burden_error_um"])
    for figure in (*BURDEN, _BURDEN_HELD):
        yield _row(figure.name, by, level, figure.of(known), figure.unit)
    ranks = of_rows(known, ["true_burden_um", "found_burden_um"], spearman)
    yield _row("spearman_burden", by, level, ranks, "")


def with_burden_errors(photos: pd.DataFrame) -> pd.DataFrame:
    """Photos with what :data:`BURDEN` is worked out from."""
    error = photos["found_burden_um"] - photos["true_burden_um"]
    held, stated = _held(error, photos["found_burden_sd_um"])
    return photos.assign(
        burden_error_um=error,
        burden_off_um=error.abs(),
        burden_held=held,
        burden_stated=stated,
        one=1.0,
    )


def _held(error: pd.Series, sd: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Which stated 90 % intervals hold the truth, and which are stated, as 0 and 1."""
    off, half = error.abs().astype("float64"), Z90 * sd.astype("float64")
    stated = off.notna() & half.notna()
    held = stated & (off.fillna(np.inf) <= half.fillna(0.0))
    return held.astype("float64"), stated.astype("float64")


def scar_figures(scars: pd.DataFrame) -> pd.DataFrame:
    """Recall, precision, type, depth and volume of scars matched within 3 mm.

    Parameters
    ----------
    scars : DataFrame
        One row a scar as in a comparison, with ``subject``.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`. By type, size and depth, recall counts true scars of that class,
        precision found ones.
    """
    near = scars[scars["criterion"] == "3mm"]
    pairs = matched(near)
    rows = [_row(f.name, "all", "all", f.of(pairs), f.unit) for f in (TYPE, *SIZE_ERRORS)]
    for by in BY_SCAR:
        rows += _class_rows(classed(near, "true"), classed(near, "found"), by)
        for _, level, part in strata(classed(pairs, "true"), [by]):
            rows += [_row(f.name, by, level, f.of(part), f.unit) for f in (TYPE, *SIZE_ERRORS)]
    return _table(rows)


def matched(scars: pd.DataFrame) -> pd.DataFrame:
    """Found scars with their errors of type, depth and volume.

    ``depth_held`` tells whether the greatest depth found, with the uncertainty stated for it, holds
    the true scar's greatest depth.
    """
    pairs = scars[scars["status"] == "found"]
    depth = pairs["found_depth_um"] - pairs["true_depth_um"]
    held, stated = _held(depth, pairs["found_depth_sd_um"])
    volume = pairs["found_volume_mm3"] - pairs["true_volume_mm3"]
    typed = _filled(pairs["true_type"]) != ""
    return pairs.assign(
        depth_error_um=depth,
        depth_off_um=depth.abs(),
        depth_held=held,
        depth_stated=stated,
        volume_error_mm3=volume,
        volume_off_mm3=volume.abs(),
        typed=typed.astype(float),
        type_right=(typed & (pairs["true_type"] == pairs["found_type"])).astype(float),
        one=depth.notna().astype(float),
    )


def classed(scars: pd.DataFrame, side: str) -> pd.DataFrame:
    """Add the columns ``type``, ``size`` and ``depth`` of one side, in words."""
    low, high = SIZE_CUTS_MM
    width, depth = scars[f"{side}_width_mm"], scars[f"{side}_depth_um"]
    return scars.assign(
        type=_filled(scars[f"{side}_type"]),
        size=_words(width, np.where(width < low, 0, np.where(width > high, 2, 1)), SIZES),
        depth=_words(depth, np.digitize(depth, DEPTH_CUTS_UM), DEPTHS),
    )


def _filled(names: pd.Series) -> pd.Series:
    return names.astype(object).where(names.notna(), "")


def _words(values: pd.Series, classes: np.ndarray, names: tuple[str, ...]) -> pd.Series:
    found = pd.Series(np.asarray(names, dtype=object)[classes.clip(0, 2)], index=values.index)
    return found.where(values.notna(), "")


def _class_rows(true: pd.DataFrame, found: pd.DataFrame, by: str) -> Iterator[tuple[object, ...]]:
    recall = Figure("recall_3mm", "", ("right", "one"), lambda s: s["right"] / s["one"])
    sides = (("recall_3mm", true, "missed"), ("precision_3mm", found, "false"))
    for name, table, other in sides:
        own = table[table["status"].isin(["found", other])]
        right = own.assign(right=(own["status"] == "found").astype(float), one=1.0)
        for _, level, part in strata(right, [by]):
            yield _row(name, by, level, recall.of(part), "")


def confusion(scars: pd.DataFrame) -> pd.DataFrame:
    """How many scars matched within 3 mm are of each true and found type.

    Returns
    -------
    DataFrame
        Columns true_type, found_type, n.
    """
    pairs = matched(scars[scars["criterion"] == "3mm"])
    known = pairs[(pairs["typed"] > 0) & (_filled(pairs["found_type"]) != "")]
    counts = known.groupby(["true_type", "found_type"]).size().rename("n").reset_index()
    return counts.astype({"n": "int64"})


def false_figures(photos: pd.DataFrame) -> pd.DataFrame:
    """False scars per 10 cm² of photos that hold no true scar, overall and by what they show.

    Parameters
    ----------
    photos : DataFrame
        As in :func:`photo_figures`; a column ``distractor`` names what scar-free photos show, and
        is empty for plain ones.
    """
    free = photos[(photos["n_true"] == 0) & (photos["n_cut"] == 0)]
    strata_of = [*strata(free, ["distractor", "light", "tone"])]
    rows = [_row(FALSE_RATE.name, "all", "all", FALSE_RATE.of(free), FALSE_RATE.unit)]
    rows += [
        _row(FALSE_RATE.name, b, v, FALSE_RATE.of(p), FALSE_RATE.unit) for b, v, p in strata_of
    ]
    return _table(rows)


def false_beside(photos: pd.DataFrame) -> pd.DataFrame:
    """False scars per 10 cm² over all photos that show any of :data:`BESIDE`, as one figure.

    Parameters
    ----------
    photos : DataFrame
        As in :func:`false_figures`.
    """
    own = photos[photos["distractor"].isin(BESIDE) & (photos["n_true"] == 0)]
    found = FALSE_RATE.of(own)
    name = "false_beside_per_10cm2"
    return _table([_row(name, "all", "all", found, FALSE_RATE.unit)] if len(own) else [])


def strata(frame: pd.DataFrame, names: Iterable[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Parts of a table by each of its columns, as column, level in words, part."""
    for name in names:
        if name not in frame:
            continue
        # A study of many subjects has as many angles of tone: then the classes must do.
        if is_numeric_dtype(frame[name]) and frame[name].nunique() > _MOST_LEVELS:
            continue
        for level, part in frame.groupby(name, sort=True):
            if level != "":
                yield name, f"{level:g}" if isinstance(level, float) else str(level), part


def _row(name: str, by: str, level: str, found: Interval, unit: str) -> tuple[object, ...]:
    return (name, by, level, found.value, found.low, found.high, found.n, unit)


def _table(rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(COLUMNS))
