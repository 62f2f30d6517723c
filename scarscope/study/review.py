"""What a reviewer's decisions mean for a study: in its methods, its notes and its exclusions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from scarscope.batch.review_plan import applied_words
from scarscope.batch.task import REVIEW
from scarscope.study.data import StudyData
from scarscope.study.response import BASELINE_EXCLUDED, PHOTO_EXCLUDED

_SHOWN = 6  # excluded photos that are named in a sentence


def review_of(study: StudyData) -> Mapping[str, Any] | None:
    """What provenance says of the review; None where there was none."""
    told = study.provenance.get("review")
    return told if isinstance(told, dict) else None


def review_sentences(study: StudyData) -> Iterator[str]:
    """What was decided by whom, for the methods paragraph."""
    told = review_of(study)
    if told is None:
        return
    yield (
        f"After measurement a person could correct what was found: {applied_words(told)} "
        f"({told['file']}, SHA-256 {told['sha256'][:12]}...)."
    )
    if told["left"]:
        yield f"{len(told['left'])} decision(s) could not be applied, see provenance.json."
    named = [f"{path} ({why})" for path, why in excluded_photos(study)]
    if named:
        more = len(named) - _SHOWN
        yield (
            f"Excluded photos: {'; '.join(named[:_SHOWN])}"
            + (f"; and {more} more, see failures.csv." if more > 0 else ".")
        )
    yield (
        "Whether the reviewer knew the order of visits or the arms is not recorded here: **state "
        "it**, since such knowledge biases what is rejected and added."
    )


def review_note(study: StudyData) -> Iterator[str]:
    """The same in a line, for whoever reads the tables."""
    told = review_of(study)
    if told is not None:
        yield (
            f"Figures hold a reviewer's decisions: {applied_words(told)}. Say in any report "
            "whether the reviewer was blinded to the order of visits and to the arms."
        )


def excluded_photos(study: StudyData) -> list[tuple[str, str]]:
    """Path of each excluded photo, and why."""
    excluded = set(study.photos.loc[study.photos["status"] == "excluded", "path"])
    rows = study.failures[study.failures["path"].isin(excluded)]
    rows = rows[rows["stage"] == REVIEW]
    return list(zip(map(str, rows["path"]), map(str, rows["error"]), strict=True))


def excluded_words(code: str, response: pd.DataFrame, study: StudyData) -> str:
    """Which photos a reviewer left out, after the words of a reason; blank for other reasons.

    Parameters
    ----------
    code : str
        A reason of an exclusion.
    response : DataFrame
        Of one measure, :func:`scarscope.study.response.response_table`.
    study : StudyData
    """
    column = {PHOTO_EXCLUDED: "followup", BASELINE_EXCLUDED: "baseline"}.get(code)
    if column is None:
        return ""
    own = set(response.loc[response["reasons"] == code, column])
    named = [f"{path} ({why})" for path, why in excluded_photos(study) if path in own]
    return f": {'; '.join(named)}" if named else ""
