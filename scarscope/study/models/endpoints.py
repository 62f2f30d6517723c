"""Several measures in one study: each modelled by itself, their p values adjusted together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scarscope.errors import StudyError
from scarscope.study.models.fit import CONTRASTS, ResponseModel, fit_response
from scarscope.study.models.multiple import holm
from scarscope.study.models.rows import Scale

ENDPOINTS = {
    "measure": "What was measured.",
    "arm": "Arm of the trial.",
    "reference": "What it is compared with; blank with one arm, whose mean change is tested.",
    "session": "The primary visit.",
    **{
        name: CONTRASTS[name]
        for name in ("scale", "estimate", "se", "df", "low", "high", "change_pct")
    },
    "change_pct_low": CONTRASTS["change_pct_low"],
    "change_pct_high": CONTRASTS["change_pct_high"],
    "true_pct_low": CONTRASTS["true_pct_low"],
    "true_pct_high": CONTRASTS["true_pct_high"],
    "p": CONTRASTS["p"],
    "p_holm": "p adjusted for all rows of this table (Holm).",
    "note": "Why there is no figure.",
}


@dataclass(frozen=True, eq=False)
class Endpoints:
    """Models of several measures.

    Attributes
    ----------
    table : DataFrame
        Columns :data:`ENDPOINTS`: the primary contrasts of all measures. A measure that cannot be
        modelled has a row with blank figures and a note.
    models : Mapping of str to ResponseModel
        By measure; those that could be fitted.
    """

    table: pd.DataFrame = field(repr=False)
    models: Mapping[str, ResponseModel] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table


def fit_endpoints(
    responses: Mapping[str, pd.DataFrame],
    *,
    scale: Scale = "ratio",
    control: str | None = None,
    covariates: Sequence[str] = (),
    baseline: bool = True,
    session: int | None = None,
    confidence: float = 0.95,
) -> Endpoints:
    """Model several measures alike and adjust the tests of their primary visit.

    Parameters
    ----------
    responses : Mapping of str to DataFrame
        Response tables by measure. Name all endpoints before looking at any: those that are left
        out are not adjusted for.
    scale, control, covariates, baseline, session, confidence
        As in :func:`scarscope.study.models.fit.fit_response`.

    Returns
    -------
    Endpoints

    Raises
    ------
    ParamsError
        For options that no measure has.
    """
    models: dict[str, ResponseModel] = {}
    parts: list[pd.DataFrame] = []
    for measure, response in responses.items():
        try:
            models[measure] = fit_response(
                response,
                scale=scale,
                control=control,
                covariates=covariates,
                baseline=baseline,
                session=session,
                confidence=confidence,
            )
        except StudyError as error:
            parts.append(_blank(measure, str(error)))
            continue
        parts.append(_primary(measure, models[measure]))
    kept = [part for part in parts if len(part)]
    table = pd.concat(kept, ignore_index=True) if kept else _blank("", "").iloc[:0]
    return Endpoints(table.assign(p_holm=holm(table["p"]))[list(ENDPOINTS)], models)


def _primary(measure: str, model: ResponseModel) -> pd.DataFrame:
    table = model.to_frame()
    own = table[table["primary"].astype(bool)]
    if own.empty:
        return _blank(measure, f"Nothing can be told of visit {model.session}.")
    made = own.reindex(columns=list(ENDPOINTS)).assign(measure=measure, note="")
    return made.assign(reference=made["reference"].astype("object").fillna(""))


def _blank(measure: str, note: str) -> pd.DataFrame:
    texts = {"measure": measure, "arm": "", "reference": "", "scale": "", "note": note}
    row = {name: texts.get(name, np.nan) for name in ENDPOINTS}
    return pd.DataFrame([row]).astype({"session": "Int64"})
