"""From the response table to what a model is fitted to: one figure a subject, side and visit.

Legend
------
y : log of follow-up over baseline, or follow-up minus baseline
between : a subject's baseline (log, or plain), mean of its sides
within : a side's baseline minus its subject's
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from scarscope.errors import ParamsError, StudyError
from scarscope.study.checks import one_of
from scarscope.study.response import RESPONSE
from scarscope.study.units import SIDE, combine

Scale = Literal["ratio", "difference"]
SCALES: tuple[Scale, ...] = get_args(Scale)
Design = Literal["split-face", "partly split-face", "parallel", "one arm"]

_TREATMENT = ("n_treatments", "device", "needle_mm", "adjunct")  # of the response's own columns
# Words by which trials call what is not the treatment under test, the plainest first.
_CONTROLS = ("control", "untreated", "no treatment", "none", "sham", "placebo", "vehicle", "saline")

MISSING = {
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
    "n_sides": "Sides of this arm's subjects that have any follow-up.",
    "n_used": "Sides with a figure.",
    "n_not_comparable": "Sides that were photographed, but whose photos cannot be compared.",
    "n_missing": "Sides without a follow-up photo of this visit.",
    "n_never_returned": "Sides that were photographed at the first visit only, beside `n_sides`; "
    "blank where the model was given follow-ups alone.",
}


@dataclass(frozen=True, eq=False)
class ModelRows:
    """What a model is fitted to.

    Attributes
    ----------
    table : DataFrame
        ``subject, side, arm, session, y, between, within`` and the covariates, one row a side and
        visit that has a figure.
    missing : DataFrame
        Columns :data:`MISSING`: what it rests on, and what is not there.
    measure : str
    scale : {"ratio", "difference"}
        What `y` is.
    design : str
        ``split-face``: all subjects have two arms or more; ``parallel``: none has; ``partly
        split-face``; ``one arm``.
    arms : tuple of str
        The reference first.
    sessions : tuple of int
        Visits that have figures.
    covariates : tuple of str
        Columns of `table`; classes are split into one column each but the first.
    notes : tuple of str
        What the reader of a result has to know.
    """

    table: pd.DataFrame = field(repr=False)
    missing: pd.DataFrame = field(repr=False)
    measure: str
    scale: Scale
    design: Design
    arms: tuple[str, ...]
    sessions: tuple[int, ...]
    covariates: tuple[str, ...]
    notes: tuple[str, ...]


def model_rows(
    response: pd.DataFrame,
    *,
    scale: Scale = "ratio",
    control: str | None = None,
    covariates: Sequence[str] = (),
) -> ModelRows:
    """Figures, design and what is missing, from a response table of one measure.

    Parameters
    ----------
    response : DataFrame
        From :func:`scarscope.study.response.response_table`.
    scale : {"ratio", "difference"}
        Logs of ratios fit errors and effects that grow with the figure, as those of missing volume
        do. A figure below half of its smallest detectable change (``mdc95``) is taken for that
        half, and said: the log of next to nothing would outweigh all others. Where a figure is
        below 0, or 0 and without an ``mdc95``, the difference is taken instead, and said.
    control : str, optional
        The arm that others are compared with. None: one called control, sham or the like, or else
        the first in the alphabet.
    covariates : sequence of str
        Further columns of `response`: numbers, or words as classes.

    Returns
    -------
    ModelRows

    Raises
    ------
    ParamsError
        For an option or a column that does not exist.
    StudyError
        If no pair has figures, or a side changes its arm.
    """
    one_of(scale, "scale", SCALES)
    _require_covariates(response, covariates)
    named, notes = named_arms(response)
    rows = rows_of_sides(combine(named, SIDE), scale=scale, control=control)
    table, names = _with_covariates(rows.table, named, covariates)
    return replace(rows, table=table, covariates=names, notes=(*notes, *rows.notes))


def rows_of_sides(
    sides: pd.DataFrame, *, scale: Scale = "ratio", control: str | None = None
) -> ModelRows:
    """The same from one row a side and visit, without covariates.

    Parameters
    ----------
    sides : DataFrame
        From :func:`scarscope.study.units.combine`; ``subject, side, arm, session, measure, before,
        after, change`` are enough; ``mdc95`` keeps figures of 0 on the scale of ratios.
    scale, control
        As in :func:`model_rows`.

    Returns
    -------
    ModelRows

    Raises
    ------
    ParamsError, StudyError
        As :func:`model_rows` does.
    """
    one_of(scale, "scale", SCALES)
    require_one_arm_a_side(sides)
    known = sides[sides["change"].notna()].reset_index(drop=True)
    if known.empty:
        raise StudyError(
            "No pair of photos has figures to fit a model to.",
            remedy="See the column reasons of the response table: why photos were refused.",
        )
    known, raised = _raised(known) if scale == "ratio" else (known, ())
    scale, told = _usable_scale(known, scale)
    arms, said = order_arms(sides, control)
    table = _with_outcome(known, scale)
    return ModelRows(
        table=table,
        missing=_missing(sides),
        measure=str(known["measure"].iloc[0]),
        scale=scale,
        design=_design(sides),
        arms=arms,
        sessions=tuple(sorted(int(s) for s in table["session"].unique())),
        covariates=(),
        notes=(*raised, *told, *said),
    )


def _require_covariates(response: pd.DataFrame, covariates: Sequence[str]) -> None:
    known = [str(name) for name in response if str(name) in _TREATMENT or name not in RESPONSE]
    for name in covariates:
        if name in response and name not in known:
            raise ParamsError(
                f"The column {name!r} is no covariate: it is the outcome, or in the model already.",
                remedy=f"Choose from {', '.join(known)}.",
            )
        if name not in response:
            raise ParamsError(
                f"There is no column {name!r} to take as covariate.",
                remedy=f"Choose from {', '.join(known)}.",
            )


def named_arms(response: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Without rows whose arm is not stated, where those of others are."""
    blank = response["arm"] == ""
    if not blank.any() or blank.all():
        return response, ()
    who = response.loc[blank, "subject"].nunique()
    told = f"{int(blank.sum())} follow-ups of {who} subjects have no arm and are left out."
    return response[~blank], (told,)


def require_one_arm_a_side(sides: pd.DataFrame) -> None:
    """Refuse sides that are in more than one arm."""
    arms = sides.groupby(list(SIDE))["arm"].nunique()
    if (arms > 1).any():
        subject, side = arms.index[arms > 1][0]
        raise StudyError(
            f"Subject {subject}, side {side} is in more than one arm.",
            remedy="State one arm for each side in the manifest; studies in which a side changes "
            "its arm need another model.",
        )


def _raised(known: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Figures of at least half of their smallest detectable change, and what was done."""
    figures = known[["before", "after"]].astype("float64")
    if "mdc95" not in known or (figures < 0).any(axis=None):
        return known, ()
    least = known["mdc95"].astype("float64") / 2
    low = figures.lt(least, axis=0)
    if not low.any(axis=None):
        return known, ()
    raised = figures.mask(low, least, axis=0)
    if not (raised > 0).all(
        axis=None
    ):  # ratios stay out of reach: differences are of what was read
        return known, ()
    told = (
        f"{int(low.any(axis=1).sum())} of {len(known)} pairs have a figure below half of its "
        "smallest detectable change, which is taken for that half: the log of next to nothing "
        "would outweigh all others."
    )
    return known.assign(before=raised["before"], after=raised["after"]), (told,)


def _usable_scale(known: pd.DataFrame, scale: Scale) -> tuple[Scale, tuple[str, ...]]:
    lacking = int(((known["before"] <= 0) | (known["after"] <= 0)).sum())
    if scale == "difference" or not lacking:
        return scale, ()
    told = (
        f"{lacking} of {len(known)} figures are 0 or less and have no ratio: differences are "
        "analysed instead, whose spread may grow with the figure."
    )
    return "difference", (told,)


def _with_outcome(known: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    figures = known[["before", "after"]].astype("float64")
    if scale == "ratio":
        figures = figures.apply(np.log)
    before, after = figures["before"], figures["after"]
    table = known[["subject", "side", "arm", "session"]].astype({"session": "int64"})
    table["y"] = after - before
    # A side's baseline is read anew for every pair, over the skin that both photos show: the mean
    # over its visits is one figure a side, as a covariate should be.
    own = before.groupby([known["subject"], known["side"]]).mean().rename("own")
    subject = own.groupby("subject").mean().rename("between")
    table = table.merge(own.reset_index(), on=list(SIDE), how="left")
    table = table.merge(subject.reset_index(), on="subject", how="left")
    table["within"] = table["own"] - table["between"]
    return table.drop(columns="own")


def _with_covariates(
    table: pd.DataFrame, response: pd.DataFrame, covariates: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Covariates centred on their mean, so that means of arms hold at it."""
    names: list[str] = []
    for name in covariates:
        for column, values in _columns_of(response, name).items():
            own = values.groupby([response[key] for key in (*SIDE, "session")]).mean()
            frame = own.rename(column).reset_index().astype({"session": "int64"})
            table = table.merge(frame, on=[*SIDE, "session"], how="left")
            table[column] = table[column] - table[column].mean()
            names.append(column)
    return table, tuple(names)


def _columns_of(response: pd.DataFrame, name: str) -> dict[str, pd.Series]:
    column = response[name]
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype("float64")
        if numbers[response["change"].notna()].isna().any():
            raise StudyError(
                f"The covariate {name} has gaps.",
                remedy="Fill it in for every photo in the manifest, or leave it out of the model.",
            )
        return {name: numbers}
    words = column.fillna("").astype("str")
    used = sorted(words[response["change"].notna()].unique())
    return {f"{name}={word}": (words == word).astype("float64") for word in used[1:]}


def order_arms(sides: pd.DataFrame, control: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All arms, the reference first, and a note where it was guessed.

    Parameters
    ----------
    sides : DataFrame
        With a column ``arm``.
    control : str or None
        As in :func:`model_rows`.

    Raises
    ------
    ParamsError
        If nobody is in that arm.
    """
    arms = sorted(str(arm) for arm in sides["arm"].unique())
    if control is not None:
        if control not in arms:
            raise ParamsError(
                f"No side is in the arm {control!r}.",
                remedy=f"Choose from {', '.join(arms)}."
                if any(arms)
                else "State the column `arm` in the manifest, and score the folder again.",
            )
        return (control, *(a for a in arms if a != control)), ()
    named = [arm for word in _CONTROLS for arm in arms if arm.strip().casefold() == word]
    if len(arms) == 1:
        return tuple(arms), ()
    first = named[0] if named else arms[0]
    told = () if named else (f"No arm is called control: others are compared with {first!r}.",)
    return (first, *(a for a in arms if a != first)), told


def _design(sides: pd.DataFrame) -> Design:
    """Told from all sides, so that photos that were refused do not change it."""
    if sides["arm"].nunique() == 1:
        return "one arm"
    several = sides.groupby("subject")["arm"].nunique() > 1
    if several.all():
        return "split-face"
    return "partly split-face" if several.any() else "parallel"


def _missing(sides: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for arm, own in sides.groupby("arm"):
        everyone = len(own[list(SIDE)].drop_duplicates())
        for session in sorted(sides["session"].unique()):
            visit = own[own["session"] == session]
            used = int(visit["change"].notna().sum())
            lost = len(visit) - used, everyone - len(visit)
            rows.append((arm, session, everyone, used, *lost, pd.NA))
    made = pd.DataFrame(rows, columns=list(MISSING))
    return made.astype({name: "Int64" for name in MISSING if name != "arm"})


def restricted(rows: ModelRows, kept: pd.Series) -> ModelRows:
    """The same study with some of its figures.

    Parameters
    ----------
    rows : ModelRows
    kept : Series of bool
        Which rows of its table stay. What is told of missing visits stays that of the whole study.

    Returns
    -------
    ModelRows
    """
    table = rows.table[kept].reset_index(drop=True)
    sessions = tuple(sorted(int(s) for s in table["session"].unique()))
    return replace(rows, table=table, sessions=sessions)
