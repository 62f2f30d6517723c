"""Contraindications to needling that a manifest records, subject by subject.

Which ones are commonly asked for before needling; a list to read, no advice on whom to treat.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import pandas as pd

from scarscope.study.data import StudyData

RECORDED, UNCLEAR, PASSED = "recorded", "unclear", "passed"
ISOTRETINOIN_DAYS = 183  # 6 months: the wait that trials ask for
_YES = {"yes", "y", "true", "1", "x", "present", "positive", "active", "current", "on"}
_NO = {"no", "n", "false", "0", "-", "none", "absent", "negative", "never", "denied"}


@dataclass(frozen=True)
class Contraindication:
    """One of them.

    Attributes
    ----------
    name : str
    words : tuple of str
        A column of the manifest records it whose name holds one of these.
    within_days : int or None
        A date in such a column counts for that long; None: a date says that it is so.
    """

    name: str
    words: tuple[str, ...]
    within_days: int | None = None


CONTRAINDICATIONS = (
    Contraindication("isotretinoin within 6 months", ("isotretinoin",), ISOTRETINOIN_DAYS),
    Contraindication("active acne", ("active_acne", "acne_active", "inflamed_lesion")),
    Contraindication("active infection", ("infection", "herpes")),
    Contraindication("keloid tendency", ("keloid",)),
    Contraindication("radiotherapy", ("radiotherapy", "radiation")),
    Contraindication("pregnancy", ("pregnan",)),
)
TABLE = {
    "subject": "Who.",
    "contraindication": "Which.",
    "column": "Column of the manifest that says so.",
    "value": "What stands there.",
    "first_session": "First visit whose photo says so.",
    "judged": "`recorded`, `passed` (a date longer ago than it counts) or `unclear`: read it.",
}


def contraindications(study: StudyData) -> pd.DataFrame:
    """What the manifest records that speaks against treatment.

    Returns
    -------
    DataFrame
        Columns :data:`TABLE`; cells that say no, and blank ones, make no row.
    """
    photos = study.photos.sort_values(["subject", "session"], kind="stable")
    rows = [
        row
        for kind in CONTRAINDICATIONS
        for column in columns_for(study, kind)
        for row in _recorded(photos, kind, column)
    ]
    made = pd.DataFrame(rows, columns=list(TABLE)).astype({"first_session": "Int64"})
    return made.sort_values("subject", kind="stable", ignore_index=True)


def columns_for(study: StudyData, kind: Contraindication) -> list[str]:
    """Columns of the manifest that record a contraindication."""
    return [
        str(name)
        for name in study.photos
        if any(word in re.sub(r"[\W_]+", "_", str(name).casefold()) for word in kind.words)
    ]


def not_asked(study: StudyData) -> list[str]:
    """Contraindications for which the manifest has no column, so that nothing is known of them."""
    return [kind.name for kind in CONTRAINDICATIONS if not columns_for(study, kind)]


def _recorded(
    photos: pd.DataFrame, kind: Contraindication, column: str
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    seen: set[tuple[str, str]] = set()
    for subject, value, session, day in zip(
        *(photos[name] for name in ("subject", column, "session", "date")), strict=True
    ):
        text = "" if pd.isna(value) else str(value).strip()
        judged = judge(text, kind, day)
        if judged and (subject, text) not in seen:
            seen.add((subject, text))
            rows.append((subject, kind.name, column, text, session, judged))
    return rows


def judge(text: str, kind: Contraindication, photo_date: str) -> str:
    """What a cell says; blank where it says no, or nothing.

    Examples
    --------
    >>> isotretinoin = CONTRAINDICATIONS[0]
    >>> judge("2025-11-03", isotretinoin, "2026-01-12"), judge("no", isotretinoin, "2026-01-12")
    ('recorded', '')
    """
    word = text.casefold()
    if not word or word in _NO or re.fullmatch(r"0+(\.0+)?", word):
        return ""
    if word in _YES:
        return RECORDED
    stopped, taken = _day(text), _day(photo_date)
    if stopped is None or (kind.within_days is not None and taken is None):
        return UNCLEAR
    if kind.within_days is None or taken is None:
        return RECORDED
    return RECORDED if (taken - stopped).days < kind.within_days else PASSED


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
