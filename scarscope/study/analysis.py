"""All tables of a study in one go, and what each of their columns means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from scarscope.change.reasons import BY_CODE
from scarscope.measures import MEASURES
from scarscope.study import contraindications as against
from scarscope.study import safety
from scarscope.study.course import COURSE, time_course
from scarscope.study.data import StudyData
from scarscope.study.enrolment import ENROLMENT, enrolment, with_never_returned
from scarscope.study.models.effects import (
    MODEL_TABLES,
    Effects,
    ModelOptions,
    model_effects,
    scar_effects,
)
from scarscope.study.models.scars import SCAR_TABLES
from scarscope.study.regression import REGRESSION, regression_to_mean
from scarscope.study.responders import RESPONDERS, ResponseRules, responder_table, unit_responses
from scarscope.study.response import (
    REASONS,
    RESPONSE,
    list_subjects,
    primary_measure,
    response_table,
)
from scarscope.study.review import excluded_words
from scarscope.study.scar_response import SCAR_RESPONSE, scar_outcomes, scar_response
from scarscope.study.units import ARM, SIDE, UNIT, combine

EXCLUSIONS = {
    "reason": "Code of the reason; blank where the pair is compared without one.",
    "comparable": "`no`: excluded. `caution`: counted, with this reason to be careful.",
    "n_pairs": "Pairs of photos with this reason; a pair can have several.",
    "meaning": "The reason in words.",
    "remedy": "What to do about it at the next visit.",
}
_RULES = {
    "n_scars": "Scars found at baseline.",
    "better_share": "Share of them that are resolved or improved.",
    "beyond_mdc95": "Whether the subject responds by this rule; blank where it cannot be said.",
    "threshold": "The same by the study's own threshold.",
    "half_of_scars": "The same by the share of scars that are better.",
}
_SUBJECT = {"subject": "Whose skin.", "arm": "Arm of the trial; blank where none is stated."}
_SIDE = {"side": "Side of the face or body; the view where none is stated."}


@dataclass(frozen=True)
class TableInfo:
    """One table that a study writes.

    Attributes
    ----------
    name : str
        Of the file, without its suffix.
    meaning : str
        What a row is.
    columns : Mapping of str to str
        What each column means.
    """

    name: str
    meaning: str
    columns: Mapping[str, str]


TABLES = (
    TableInfo("response", "one row a subject, side, view, follow-up and measure", RESPONSE),
    TableInfo(
        "sides",
        "one row a subject, side and visit: the mean of its views",
        {"subject": _SUBJECT["subject"], **_SIDE, "arm": _SUBJECT["arm"], **UNIT},
    ),
    TableInfo(
        "subjects",
        "one row a subject, arm and visit: the mean of its sides in that arm, and whether it "
        "responds",
        {**_SUBJECT, **UNIT, **_RULES},
    ),
    TableInfo("enrolment", "one row an arm: who came, came back, and is analysed", ENROLMENT),
    TableInfo("responders", "one row an arm, visit and rule", RESPONDERS),
    TableInfo("course", "one row an arm and visit", COURSE),
    TableInfo("scar_response", "one row an arm, visit and class of scars", SCAR_RESPONSE),
    *(
        TableInfo(name, row, columns)
        for name, (row, columns) in {**MODEL_TABLES, **SCAR_TABLES}.items()
    ),
    TableInfo("regression", "one row an arm and visit: regression to the mean", REGRESSION),
    TableInfo("treatments", "one row a treatment", safety.TREATMENTS),
    TableInfo("windows", "one row a photo: days since the last treatment", safety.WINDOWS),
    TableInfo("marks", "one row a follow-up: new dark marks and redness", safety.MARKS),
    TableInfo("contraindications", "one row a subject and finding", against.TABLE),
    TableInfo("exclusions", "one row a reason not to compare", EXCLUSIONS),
)


@dataclass(frozen=True, eq=False)
class Analysis:
    """What a study says.

    Attributes
    ----------
    measure : str
        The endpoint of all tables but ``response``.
    rules : ResponseRules
        What counts as a response.
    tables : Mapping of str to DataFrame
        By the names of :data:`TABLES`.
    effects : Effects
        The models of response.
    scars : Effects
        The model of single scars.
    subjects : DataFrame
        Every subject, side and view, :func:`scarscope.study.response.list_subjects`.
    """

    measure: str
    rules: ResponseRules
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    effects: Effects = field(repr=False)
    scars: Effects = field(repr=False)
    subjects: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """The response of the endpoint, one row a follow-up."""
        table = self.tables["response"]
        return table[table["measure"] == self.measure].reset_index(drop=True)


def analyse(
    study: StudyData,
    *,
    measure: str | None = None,
    rules: ResponseRules | None = None,
    model: ModelOptions | None = None,
) -> Analysis:
    """Work out every table of a study.

    Parameters
    ----------
    study : StudyData
    measure : str, optional
        The endpoint, as in ``changes.csv``. None: ``burden_um``, or ``burden_px`` without a scale.
    rules : ResponseRules, optional
        What counts as a response.
    model : ModelOptions, optional
        What the model of response is asked.

    Returns
    -------
    Analysis

    Raises
    ------
    StudyError
        If no pair has that measure.
    ParamsError
        For an arm, covariate or visit that does not exist.
    """
    measure = primary_measure(study) if measure is None else measure
    rules = rules or ResponseRules()
    own = response_table(study, measure=measure)
    people = list_subjects(study.photos)
    units = combine(own, ARM)
    outcomes = scar_outcomes(study.scar_changes, own)
    subjects = unit_responses(units, outcomes, rules)
    response = _all_measures(study, measure, own)
    effects = model_effects(response, model)
    single = scar_effects(outcomes, own, study.scars, model)
    enrolled = enrolment(people, own)
    tables = {
        "response": response,
        "sides": combine(own, SIDE),
        "subjects": subjects,
        "enrolment": enrolled,
        "responders": responder_table(subjects, rules, people),
        "course": time_course(units, people),
        "scar_response": scar_response(outcomes),
        **effects.tables,
        **single.tables,
        "regression": regression_to_mean(units),
        "treatments": safety.treatment_log(study),
        "windows": safety.photo_windows(study),
        "marks": safety.new_marks(study),
        "contraindications": against.contraindications(study),
        "exclusions": exclusions(own, study),
    }
    tables["model_missing"] = with_never_returned(tables["model_missing"], enrolled)
    return Analysis(measure, rules, tables, effects, single, people)


def _all_measures(study: StudyData, measure: str, own: pd.DataFrame) -> pd.DataFrame:
    """The endpoint's rows, then those of the other primary measures."""
    named = set(study.changes["measure"])
    others = [name for m in MEASURES if m.primary for name in (m.column("mm"), m.column("px"))]
    wanted = [str(n) for n in dict.fromkeys(others) if n in named and n != measure]
    # Burden in pixels says nothing beside burden in micrometres.
    wanted = [n for n in wanted if n != "burden_px" or "burden_um" not in named]
    return pd.concat([own, *(response_table(study, measure=n) for n in wanted)], ignore_index=True)


def exclusions(response: pd.DataFrame, study: StudyData | None = None) -> pd.DataFrame:
    """How many pairs are excluded, or counted with caution, and why.

    Parameters
    ----------
    response : DataFrame
        Of one measure, :func:`scarscope.study.response.response_table`.
    study : StudyData, optional
        Names the photos that a reviewer excluded.

    Returns
    -------
    DataFrame
        Columns :data:`EXCLUSIONS`, the most frequent first.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for verdict, codes in zip(response["comparable"], response["reasons"], strict=True):
        if verdict != "yes":
            counts.update((code, verdict) for code in str(codes).split("|"))
    rows = [
        (code, verdict, count, *_told(code, response, study))
        for (code, verdict), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return pd.DataFrame(rows, columns=list(EXCLUSIONS)).astype({"n_pairs": "Int64"})


def _told(code: str, response: pd.DataFrame, study: StudyData | None) -> tuple[str, str]:
    if code in BY_CODE:
        return BY_CODE[code].meaning, BY_CODE[code].remedy
    named = "" if study is None else excluded_words(code, response, study)
    return REASONS.get(code, "") + named, ""
