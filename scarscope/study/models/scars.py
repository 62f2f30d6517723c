"""Do treated scars respond differently, and which: a mixed model of single scars.

``y = arm x type + baseline + subject + type in subject + side + type in side + view + scar``, y the
change of a scar's missing volume in percent of its own (:mod:`.scar_rows` says why), all but arm,
type and baseline random (:mod:`.scar_design`), fitted by REML with Kenward and Roger's degrees of
freedom. With balanced data and one spread of all types the contrast of two arms is exactly the
paired t test of sides' means, and near it else: a side with a hundred scars is one side. Degrees of
freedom are at most one fewer than subjects: spreads of types borrow from each other, and could
otherwise make a contrast look surer than any count of subjects allows.

Residuals are not weighted by the error of each scar. That error depends on the reading at baseline:
a scar that read too deep by chance would weigh more, and large scars would decide. What differs
most, the spread of types, has parameters of its own.

Limits: the same scar in two views counts as two; shares of volumes that were misread at baseline
have long tails above; with fewer than some ten subjects intervals are wider than they need be, as
components that cannot be told from 0 still cost degrees of freedom. How often intervals and tests
are right: ``python -m scarscope.validation.scar_studies``.

Sources: Moerbeek & Teerenstra 2016, Power Analysis of Trials with Multilevel Data (units, design
effect); Kenward & Roger 1997, Biometrics 53:983; Barnett et al. 2005, Int J Epidemiol 34:215
(regression to the mean by selection).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from scarscope.errors import StudyError
from scarscope.study.checks import in_unit_interval, one_of
from scarscope.study.models.multiple import holm
from scarscope.study.models.reml import Estimate
from scarscope.study.models.scar_design import (
    COMPONENTS,
    SPREADS,
    Cell,
    ScarFit,
    Spread,
    fit_cells,
)
from scarscope.study.models.scar_rows import COUNTS, USED, ScarRows

ALL, TYPE, APART = "all", "type", "type against type"
_PLACE = {
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
}
_FIGURES = {
    "se": "Standard error.",
    "df": "Degrees of freedom (Kenward-Roger, at most one fewer than `n_subjects`).",
    "low": "Lower end of its 95 % interval.",
    "high": "Upper end.",
}
_CLASS = {
    "by": "`all`: at the study's mix of types; `type`: likeliest one at baseline.",
    "class": "Which type.",
}
SCAR_MEANS = {
    **_PLACE,
    **_CLASS,
    "n_scars": "Scars found at baseline that are in the model.",
    "n_sides": "Their sides.",
    "n_subjects": "Their subjects.",
    "n_resolved": "Those of which less than a quarter of the volume remains; they count like all "
    "others.",
    "estimate": "Mean change of a scar's missing volume in percent of its own, at the mean "
    "baseline. It holds regression to the mean: scars are in it because they were found.",
    **_FIGURES,
}
SCAR_CONTRASTS = {
    "arm": _PLACE["arm"],
    "reference": "What it is compared with.",
    "session": _PLACE["session"],
    "by": f"{_CLASS['by'][:-1]}; `{APART}`: by how much the effect differs between two types.",
    "class": "Which type, or which two.",
    "n_scars": "Scars of both arms.",
    "n_subjects": "Their subjects.",
    "estimate": "Difference of the mean changes in points of percent; below 0 the arm's scars fell "
    "more than the reference's.",
    **_FIGURES,
    "p": "Two-sided p of its being 0.",
    "p_holm": "p adjusted (Holm): of `all` for all arms, of types for all types and arms, of "
    "differences between types for all of them.",
    "design_effect": "Variance over what it would be if scars were independent. Taken for "
    "independent, their interval would be the root of it too narrow, or below 1 too wide.",
}
SCAR_VARIANCE = {
    "class": "`all`, or the type where types have spreads of their own.",
    "component": "`subject`, `type in subject`, `side`, `type in side`, `view` or `scar`; what the "
    "study cannot tell apart from one of the others is left out. `scar` holds the error of reading "
    "one scar.",
    "variance": "Variance of changes in percent. That of subjects can lie below 0: then sides of "
    "one differ more than chance makes them. Those of sides and views are held at 0 or above.",
    "sd": "Its root; blank below 0.",
    "share": "Share of the sum.",
    "icc": "Correlation of the changes of two scars of one type that share this and all above it; "
    "of sides and subjects the intraclass correlation. Blank for `scar`.",
}
SCAR_TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "scar_means": ("one row an arm and type: adjusted change of single scars", SCAR_MEANS),
    "scar_contrasts": ("one row an arm against another, of all scars and by type", SCAR_CONTRASTS),
    "scar_variance": ("one row a level at which scars' changes are alike", SCAR_VARIANCE),
    "scar_counts": ("one row an arm: scars in that model, and why others are not", COUNTS),
}
_WAYS = {
    "by type": "types with spreads of their own",
    "common": "one spread of all types",
    "nested": "no correlation of types beyond that of sides",
}


@dataclass(frozen=True, eq=False)
class ScarModel:
    """Adjusted changes of single scars and their contrasts.

    Attributes
    ----------
    means : DataFrame
        Columns :data:`SCAR_MEANS`.
    contrasts : DataFrame
        Columns :data:`SCAR_CONTRASTS`: arms against the reference. Empty with one arm.
    variance : DataFrame
        Columns :data:`SCAR_VARIANCE`.
    rows : ScarRows
        Figures, and what was left out.
    fit : ScarFit
    baseline : bool
        Whether baseline is a covariate.
    confidence : float
        Coverage of the intervals.
    notes : tuple of str
        What the reader has to know.
    """

    means: pd.DataFrame = field(repr=False)
    contrasts: pd.DataFrame = field(repr=False)
    variance: pd.DataFrame = field(repr=False)
    rows: ScarRows
    fit: ScarFit = field(repr=False)
    baseline: bool
    confidence: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The contrasts, or with one arm the means."""
        return self.contrasts if len(self.rows.arms) > 1 else self.means

    @property
    def sentence(self) -> str:
        """What was done, for a methods section."""
        return _sentence(self)


def fit_scars(
    rows: ScarRows,
    *,
    baseline: bool = True,
    spread: Spread | None = None,
    confidence: float = 0.95,
) -> ScarModel:
    """Model the change of single scars by arm and type.

    Parameters
    ----------
    rows : ScarRows
        From :func:`scarscope.study.models.scar_rows.scar_rows`.
    baseline : bool
        Whether a scar's volume at baseline is a covariate.
    spread : {"by type", "common", "nested"}, optional
        As in :func:`scarscope.study.models.scar_design.fit_cells`. None: by type, and simpler
        where that cannot be estimated, with a note.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    ScarModel

    Raises
    ------
    ParamsError
        For an option that does not exist.
    StudyError
        If there are too few subjects or scars.

    Notes
    -----
    Means of an arm hold regression to the mean: scars are in because they were found, and are
    found the more easily the deeper a photo happens to show them. Arms have that in common, so
    that their contrasts are free of it; means have no p for that reason.
    """
    in_unit_interval(confidence, "confidence")
    if spread is not None:
        one_of(spread, "spread", SPREADS)
    fit, told = _fitted(rows, baseline, spread)
    return ScarModel(
        _means(rows, fit, confidence),
        _contrasts(rows, fit, confidence),
        _variance(rows, fit),
        rows,
        fit,
        baseline,
        confidence,
        (*rows.notes, *told, *_warnings(rows, fit)),
    )


def _fitted(
    rows: ScarRows, baseline: bool, spread: Spread | None
) -> tuple[ScarFit, tuple[str, ...]]:
    tried = SPREADS if spread is None else (spread,)
    for way in tried:
        try:
            fit = fit_cells(rows, baseline=baseline, spread=way)
            _require_errors(rows, fit)
        except StudyError:
            if way == tried[-1]:
                raise
            continue
        told = (
            f"Scars could not be modelled with {_WAYS[tried[0]]}, only with {_WAYS[way]}: "
            "intervals of single types can be too narrow for the type that varies most."
        )
        return fit, ((told,) if way != tried[0] else ())
    raise AssertionError  # the last way returns or raises


def _require_errors(rows: ScarRows, fit: ScarFit) -> None:
    """Refuse a fit in which a mean or a contrast has no standard error."""
    for cell in fit.cells:
        fit.contrast({cell: 1.0})
    for arm in rows.arms[1:]:
        for *_, weights in _asked(rows, fit, arm, rows.arms[0]):
            fit.contrast(weights)


def _over_types(rows: ScarRows, fit: ScarFit, arms: tuple[str, ...]) -> dict[str, float]:
    """The study's mix of the types that all these arms have."""
    shared = {k: w for k, w in fit.weights.items() if all((a, k) in fit.cells for a in arms)}
    total = sum(shared.values())
    return {kind: weight / total for kind, weight in shared.items()}


def _means(rows: ScarRows, fit: ScarFit, confidence: float) -> pd.DataFrame:
    made = []
    for arm in rows.arms:
        own = rows.table[rows.table["arm"] == arm]
        mix = _over_types(rows, fit, (arm,))
        if not mix:
            continue
        asked: list[tuple[str, str, dict[Cell, float]]] = [
            (ALL, ALL, {(arm, kind): weight for kind, weight in mix.items()}),
            *((TYPE, kind, {(arm, kind): 1.0}) for kind in rows.types if kind in mix),
        ]
        for by, name, weights in asked:
            part = own if by == ALL else own[own["type"] == name]
            found = fit.contrast(weights)
            assert found is not None  # of cells that are there
            counts = (*_counted(part), int(part["resolved"].sum()))
            figures = _figures(_capped(found, counts[2]), confidence)
            made.append((arm, rows.session, by, name, *counts, *figures))
    table = pd.DataFrame(made, columns=list(SCAR_MEANS))
    return table.astype(dict.fromkeys(_whole(SCAR_MEANS), "Int64"))


def _contrasts(rows: ScarRows, fit: ScarFit, confidence: float) -> pd.DataFrame:
    reference, *others = rows.arms
    made = []
    for arm in others:
        both = rows.table[rows.table["arm"].isin([arm, reference])]
        for by, name, kinds, weights in _asked(rows, fit, arm, reference):
            found = fit.contrast(weights)
            assert found is not None
            part = both[both["type"].isin(kinds)]
            counts = (len(part), part["subject"].nunique())
            found = _capped(found, counts[1])
            figures = (*_figures(found, confidence), found.p, np.nan, fit.design_effect(weights))
            made.append((arm, reference, rows.session, by, name, *counts, *figures))
    table = pd.DataFrame(made, columns=list(SCAR_CONTRASTS))
    for by in (ALL, TYPE, APART):
        own = table["by"] == by
        table.loc[own, "p_holm"] = holm(table.loc[own, "p"])
    return table.astype(dict.fromkeys(_whole(SCAR_CONTRASTS), "Int64"))


def _asked(
    rows: ScarRows, fit: ScarFit, arm: str, reference: str
) -> Iterator[tuple[str, str, list[str], dict[Cell, float]]]:
    """What is asked of one arm: all scars, each type, and types against each other."""
    mix = _over_types(rows, fit, (arm, reference))
    kinds = [kind for kind in rows.types if kind in mix]

    def apart(weight: float, kind: str) -> dict[Cell, float]:
        return {(arm, kind): weight, (reference, kind): -weight}

    if kinds:
        whole: dict[Cell, float] = {}
        for kind in kinds:
            whole |= apart(mix[kind], kind)
        yield ALL, ALL, kinds, whole
    for kind in kinds:
        yield TYPE, kind, [kind], apart(1.0, kind)
    for place, kind in enumerate(kinds):
        for other in kinds[place + 1 :]:
            both = [kind, other]
            yield APART, f"{kind} against {other}", both, apart(1.0, kind) | apart(-1.0, other)


def _variance(rows: ScarRows, fit: ScarFit) -> pd.DataFrame:
    own = any(kind for _, kind in fit.components)
    made = []
    for kind in rows.types if own else ("",):
        found = fit.variance_of(kind)
        total, shared = sum(found.values()), 0.0
        for name, value in found.items():
            shared += value
            icc = np.nan if name == COMPONENTS[-1] else shared / total
            sd = np.sqrt(value) if value >= 0 else np.nan
            made.append((kind or ALL, name, value, sd, value / total, icc))
    return pd.DataFrame(made, columns=list(SCAR_VARIANCE))


def _capped(found: Estimate, subjects: int) -> Estimate:
    return replace(found, df=min(found.df, max(subjects - 1, 1)))


def _figures(found: Estimate, confidence: float) -> tuple[float, ...]:
    return (found.value, found.se, found.df, *found.interval(confidence))


def _counted(table: pd.DataFrame) -> tuple[int, int, int]:
    sides = len(table[["subject", "side"]].drop_duplicates())
    return len(table), sides, table["subject"].nunique()


def _whole(columns: Mapping[str, str]) -> list[str]:
    return [name for name in columns if name.startswith("n_") or name == "session"]


def _warnings(rows: ScarRows, fit: ScarFit) -> Iterator[str]:
    left = rows.counts[rows.counts["what"] != USED]
    lost, all_of_them = int(left["n_scars"].sum()), int(rows.counts["n_scars"].sum())
    if lost:
        yield (
            f"{lost} of {all_of_them} scars found at baseline are not in the model of scars: see "
            "scar_counts.csv. What it tells of them holds if they are missing at random."
        )
    reference = rows.arms[0]
    for arm in rows.arms[1:]:
        lone = [k for k in rows.types if ((arm, k) in fit.cells) != ((reference, k) in fit.cells)]
        if lone:
            yield (
                f"{' and '.join(lone)} scars are in the model in one of {arm} and {reference} "
                "alone, and in no contrast of the two."
            )


def _sentence(model: ScarModel) -> str:
    rows, table = model.rows, model.rows.table
    n_scars, n_sides, n_subjects = _counted(table)
    given = ", with the log of its volume at baseline as covariate" if model.baseline else ""
    levels = [name for name in COMPONENTS[:-1] if any(n == name for n, _ in model.fit.components)]
    effects = model.contrasts.loc[model.contrasts["by"] == ALL, "design_effect"]
    told = f" (design effect {effects.iloc[0]:.2g})" if len(effects) else ""
    return (
        f"Scar by scar, the change of the missing volume in percent of each scar's own at visit "
        f"{rows.session}, read over the same skin in both photos so that resolved scars count, was "
        f"modelled by arm and type{given} ({n_scars} scars found at baseline, {n_sides} sides, "
        f"{n_subjects} subjects). Scars are nested in sides and subjects (random: "
        f"{', '.join(levels)}; {_WAYS[model.fit.spread]}; REML, Kenward-Roger with at "
        f"most one degree of freedom fewer than subjects){told}. Types were tested "
        "with Holm's adjustment. Means of single arms hold regression to the mean, since "
        "scars are in the model because they were found at baseline; contrasts of arms do not."
    )
