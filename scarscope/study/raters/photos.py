"""Raters among themselves and against the software, photo by photo.

Each question gives one row a pair of parties, and one for all raters together. What a statistic
needs and the scores do not have leaves NaN, never a missing row. Intervals treat photos as
independent, but for the limits of agreement, which take a subject's several photos together.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scarscope.errors import StudyError
from scarscope.study.agreement.intraclass import icc
from scarscope.study.agreement.kappa import cohen_kappa
from scarscope.study.agreement.limits import BlandAltman, bland_altman, bland_altman_repeated
from scarscope.study.raters.questions import Question, in_numbers

SOFTWARE = "scarscope"
MEAN = "mean of raters"
ALL = "all raters"
AGAIN = "{} again"

COLUMNS = (
    *("measure", "a", "b", "n_photos", "n_subjects", "mean_a", "mean_b"),
    *("icc", "icc_low", "icc_high", "kappa", "kappa_low", "kappa_high", "same_share"),
    *("bias", "bias_low", "bias_high", "lower", "upper", "limits"),
)


def photo_agreement(
    ratings: pd.DataFrame,
    questions: Sequence[Question],
    photos: pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How far raters agree with each other, with themselves, and with the software.

    Parameters
    ----------
    ratings : DataFrame
        One row a rater and picture: ``rater, path, subject, repeat`` and a column for each
        question, as :func:`scarscope.study.raters.ratings.read_scores` gives them; NaN is
        not rated.
    questions : sequence of Question
        What was asked.
    photos : DataFrame, optional
        The software's answers: ``path`` and the questions that it answers too, as photos.csv has
        them.
    confidence : float
        Coverage of intervals.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`. `a` and `b` are raters, ``"scarscope"``, ``"mean of raters"``, or
        ``"NAME again"`` for photos that were shown twice; ``"all raters"`` has one row with the
        ICC alone. ICC is the form (2,1), absolute agreement of single ratings. Kappa has
        quadratic weights and is there for grades. `bias` is ``a - b``, between `lower` and `upper`
        lie 95 % of differences; `limits` says how they were found (``repeated`` where subjects
        have several photos, else ``single``).

    Raises
    ------
    StudyError
        If a rater rated a picture twice.

    Notes
    -----
    Only photos that both parties rated count, first showings alone but for ``again``.
    """
    doubled = ratings.duplicated(["rater", "path", "repeat"])
    if doubled.any():
        row = ratings[doubled].iloc[0]
        raise StudyError(
            f"{row['rater']} rated {row['path']} twice.",
            remedy="Import one sheet of each rater for a set.",
        )
    whom = dict(zip(ratings["path"], ratings["subject"], strict=True))
    rows = [
        row
        for question in questions
        for row in _of_question(question, _series(ratings, question, photos), whom, confidence)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


Series = dict[str, "pd.Series[float]"]


def _series(ratings: pd.DataFrame, question: Question, photos: pd.DataFrame | None) -> Series:
    """Every party's answers by photo: raters, their second looks, the software."""
    series: Series = {}
    for (rater, repeat), own in ratings.groupby(["rater", "repeat"], sort=True):
        name = str(rater) if repeat == 1 else AGAIN.format(rater)
        series[name] = own.set_index("path")[question.name].astype("float64").dropna()
    if photos is not None and question.name in photos:
        answers = photos.set_index("path")[question.name].map(in_numbers)
        series[SOFTWARE] = answers.astype("float64").dropna()
    return series


def _of_question(
    question: Question, series: Series, whom: Mapping[str, str], confidence: float
) -> Iterator[dict[str, Any]]:
    own = [name for name in series if name != SOFTWARE and AGAIN.format(name) in series]
    seconds = {AGAIN.format(name) for name in own}
    raters = [name for name in series if name != SOFTWARE and name not in seconds]
    pairs = [*itertools.combinations(raters, 2), *((name, AGAIN.format(name)) for name in own)]
    if SOFTWARE in series:
        pairs += [(SOFTWARE, name) for name in raters]
        if len(raters) > 1:
            series = {**series, MEAN: _mean([series[name] for name in raters])}
            pairs.append((SOFTWARE, MEAN))
    for a, b in pairs:
        yield _pair(question, (a, b), (series[a], series[b]), whom, confidence)
    if len(raters) > 1:
        yield _all(question, [series[name] for name in raters], whom, confidence)


def _mean(series: Sequence[pd.Series[float]]) -> pd.Series[float]:
    """Over the photos that every rater rated: else a hard photo would have another mean's error."""
    return pd.concat(series, axis=1, join="inner").mean(axis=1)


def _pair(
    question: Question,
    names: tuple[str, str],
    both: tuple[pd.Series[float], pd.Series[float]],
    whom: Mapping[str, str],
    confidence: float,
) -> dict[str, Any]:
    joined = pd.concat(both, axis=1, join="inner")
    a, b = (joined.iloc[:, k].to_numpy(np.float64) for k in (0, 1))
    subjects = [whom.get(str(path), "") for path in joined.index]
    grades = question.grade and MEAN not in names
    return {
        "measure": question.name,
        **dict(zip(("a", "b"), names, strict=True)),
        "n_photos": len(a),
        "n_subjects": len(set(subjects)),
        "mean_a": float(a.mean()) if len(a) else math.nan,
        "mean_b": float(b.mean()) if len(a) else math.nan,
        **_icc(joined.to_numpy(np.float64), confidence),
        **(_kappa(question, a, b, confidence) if grades else {}),
        "same_share": float((a == b).mean()) if len(a) and grades else math.nan,
        **_limits(a, b, subjects, confidence),
    }


def _all(
    question: Question,
    series: Sequence[pd.Series[float]],
    whom: Mapping[str, str],
    confidence: float,
) -> dict[str, Any]:
    joined = pd.concat(series, axis=1, join="inner")
    return {
        "measure": question.name,
        "a": ALL,
        "b": "",
        "n_photos": len(joined),
        "n_subjects": len({whom.get(str(path), "") for path in joined.index}),
        **_icc(joined.to_numpy(np.float64), confidence),
    }


def _icc(table: np.ndarray[Any, np.dtype[np.float64]], confidence: float) -> dict[str, float]:
    if len(table) < 2:
        return {}
    found = icc(table, confidence=confidence)
    return {"icc": found.value, "icc_low": found.low, "icc_high": found.high}


def _kappa(
    question: Question,
    a: np.ndarray[Any, np.dtype[np.float64]],
    b: np.ndarray[Any, np.dtype[np.float64]],
    confidence: float,
) -> dict[str, float]:
    if len(a) < 2:
        return {}
    # All grades that could have been given, so that weights do not depend on which were.
    grades = list(range(int(question.low), int(question.high) + 1))
    first, second = ([int(value) for value in side] for side in (a, b))
    found = cohen_kappa(first, second, weights="quadratic", labels=grades, confidence=confidence)
    return {"kappa": found.value, "kappa_low": found.low, "kappa_high": found.high}


def _limits(
    a: np.ndarray[Any, np.dtype[np.float64]],
    b: np.ndarray[Any, np.dtype[np.float64]],
    subjects: Sequence[str],
    confidence: float,
) -> dict[str, Any]:
    several = len(set(subjects)) < len(subjects)
    if len(a) < 2 or len(set(subjects)) < 2:
        return {}
    found: BlandAltman = (
        bland_altman_repeated(a, b, subjects, confidence=confidence)
        if several
        else bland_altman(a, b, confidence=confidence)
    )
    return {
        **{name: getattr(found, name) for name in ("bias", "bias_low", "bias_high")},
        **{name: getattr(found, name) for name in ("lower", "upper")},
        "limits": "repeated" if several else "single",
    }
