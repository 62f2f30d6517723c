"""The models of response of a study in one go: every endpoint, checks, and other analyses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from scarscope.errors import DependencyError, StudyError
from scarscope.study.models.assumptions import CHECKS, DOUBTFUL, check_model
from scarscope.study.models.endpoints import ENDPOINTS, fit_endpoints
from scarscope.study.models.fit import CONTRASTS, MEANS, ResponseModel
from scarscope.study.models.rows import MISSING
from scarscope.study.models.scar_rows import scar_rows
from scarscope.study.models.scars import SCAR_TABLES, fit_scars
from scarscope.study.models.sensitivity import SENSITIVITY, sensitivity

MODEL_TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "means": ("one row a measure, arm and visit: adjusted means", MEANS),
    "contrasts": ("one row a measure, visit and arm against another", CONTRASTS),
    "endpoints": ("one row a measure and arm: the primary visit, adjusted together", ENDPOINTS),
    "model_checks": ("one row an assumption of the endpoint's model", CHECKS),
    "other_analyses": ("one row another way to work out the primary contrast", SENSITIVITY),
    "model_missing": ("one row an arm and visit: what the model rests on", MISSING),
}


@dataclass(frozen=True)
class ModelOptions:
    """What the model is asked.

    Attributes
    ----------
    control : str or None
        The arm that others are held against. None: one called control, sham or the like.
    covariates : tuple of str
        Further columns of the response table.
    session : int or None
        The visit that the study is about. None: its last one.
    """

    control: str | None = None
    covariates: tuple[str, ...] = ()
    session: int | None = None


@dataclass(frozen=True, eq=False)
class Effects:
    """What the models say.

    Attributes
    ----------
    tables : Mapping of str to DataFrame
        By the names of :data:`MODEL_TABLES`, or of
        :data:`scarscope.study.models.scars.SCAR_TABLES`; without rows where no model could be
        fitted.
    sentence : str
        What was done, for the endpoint or for single scars, for a methods section.
    notes : tuple of str
        What its reader has to know.
    """

    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    sentence: str
    notes: tuple[str, ...]


def model_effects(response: pd.DataFrame, options: ModelOptions | None = None) -> Effects:
    """Fit the model of response to each measure of a response table.

    Parameters
    ----------
    response : DataFrame
        Of one or several measures, the endpoint first.
    options : ModelOptions, optional

    Returns
    -------
    Effects

    Raises
    ------
    ParamsError
        For an arm, covariate or visit that does not exist.
    """
    options = options or ModelOptions()
    measures = [str(name) for name in response["measure"].drop_duplicates()]
    found = fit_endpoints(
        {name: response[response["measure"] == name] for name in measures},
        control=options.control,
        covariates=options.covariates,
        session=options.session,
    )
    models = list(found.models.values())
    tables = {
        "means": _joined([model.means for model in models], MEANS),
        "contrasts": _joined([model.contrasts for model in models], CONTRASTS),
        "endpoints": found.table,
    }
    lost = found.table[found.table["note"] != ""]
    notes = [
        f"{measure} could not be modelled. {note}"
        for measure, note in zip(lost["measure"], lost["note"], strict=True)
    ]
    endpoint = found.models.get(measures[0]) if measures else None
    if endpoint is None:
        blank = {name: _joined([], told) for name, (_, told) in MODEL_TABLES.items()}
        return Effects({**blank, **tables}, "No model was fitted.", tuple(notes))
    other, told = _other_analyses(endpoint)
    tables |= {
        "model_checks": check_model(endpoint),
        "other_analyses": other,
        "model_missing": endpoint.rows.missing,
    }
    doubts = _doubts(tables["model_checks"])
    return Effects(tables, endpoint.sentence, (*endpoint.notes, *doubts, *told, *notes))


def scar_effects(
    outcomes: pd.DataFrame,
    response: pd.DataFrame,
    scars: pd.DataFrame | None = None,
    options: ModelOptions | None = None,
) -> Effects:
    """Fit the model of single scars.

    Parameters
    ----------
    outcomes, response, scars
        As in :func:`scarscope.study.models.scar_rows.scar_rows`.
    options : ModelOptions, optional
        Its covariates are those of sides, and do not count here.

    Returns
    -------
    Effects

    Raises
    ------
    ParamsError
        For an arm or a visit that does not exist.
    """
    options = options or ModelOptions()
    tables = {name: _joined([], columns) for name, (_, columns) in SCAR_TABLES.items()}
    try:
        rows = scar_rows(
            outcomes, response, scars, control=options.control, session=options.session
        )
        tables["scar_counts"] = rows.counts
        model = fit_scars(rows)
    except StudyError as error:
        return Effects(tables, "", (f"Single scars could not be modelled. {error}",))
    tables |= {
        "scar_means": model.means,
        "scar_contrasts": model.contrasts,
        "scar_variance": model.variance,
    }
    return Effects(tables, model.sentence, model.notes)


def _joined(tables: list[pd.DataFrame], columns: Mapping[str, str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(filled, ignore_index=True)


def _other_analyses(model: ResponseModel) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The same question by other analyses; a note where the package for one is missing."""
    try:
        return sensitivity(model), ()
    except DependencyError as error:
        # A paragraph for a paper is no place for how to install things.
        return _joined([], SENSITIVITY), (f"No other analyses were run. {error.message}",)


def _doubts(checks: pd.DataFrame) -> tuple[str, ...]:
    doubtful = checks[checks["verdict"] == DOUBTFUL]
    return tuple(
        f"Not borne out, of what the model assumes: {check} ({statistic}: {value:.2g}). {meaning}"
        for check, statistic, value, meaning in zip(
            *(doubtful[name] for name in ("check", "statistic", "value", "meaning")), strict=True
        )
    )
