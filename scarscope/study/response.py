"""One row a subject, side, view and follow-up: what changed, and under which treatment.

Nothing is dropped: pairs of photos that could not be compared, or that never became a pair, stay in
with blank figures and the reason why.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from scarscope.change.words import quartile
from scarscope.errors import ParamsError
from scarscope.measures import MEASURES
from scarscope.study.data import StudyData
from scarscope.study.tables import meaning_of

# What stands in `reasons` beside the codes of docs/reasons.md.
PHOTO_FAILED, BASELINE_FAILED = "PHOTO_FAILED", "BASELINE_FAILED"
PHOTO_EXCLUDED, BASELINE_EXCLUDED = "PHOTO_EXCLUDED", "BASELINE_EXCLUDED"
NOT_COMPARED, NOT_MEASURED = "NOT_COMPARED", "NOT_MEASURED"
REASONS = {
    PHOTO_FAILED: "the later photo could not be scored, see failures.csv",
    BASELINE_FAILED: "the photo of the baseline could not be scored, see failures.csv",
    PHOTO_EXCLUDED: "the later photo was excluded by review",
    BASELINE_EXCLUDED: "the photo of the baseline was excluded by review, and none takes its place",
    NOT_COMPARED: "the photos were not compared, see failures.csv",
    NOT_MEASURED: "this figure is not known of this pair, as sizes of photos without a scale",
}
NOT_COMPARABLE = "not comparable"

RESPONSE = {
    "subject": "Whose skin.",
    "side": "Side of the face or body, from the manifest; the view where none is stated.",
    "view": "Part of the skin.",
    "arm": "Arm of the trial, from the manifest; blank where none is stated.",
    "session": "Number of the follow-up's visit.",
    "days": "Days since baseline; blank where a date was not stated.",
    "measure": "What was measured, with its unit, see docs/measures.md.",
    "comparable": "`yes`, `caution` or `no`; where `no`, all figures are blank.",
    "reasons": "Why not, joined by `|`: see docs/reasons.md, and docs/study.md for those in which "
    "no pair came about.",
    "before": "Figure at baseline, over the skin that both photos show.",
    "after": "The same at the follow-up.",
    "change": "After minus before.",
    "change_pct": "Change in percent of `before`.",
    "change_se": "Standard error of the change; blank where it is not known.",
    "mdc95": "Smallest detectable change of this pair.",
    "mdc95_source": "`study`, its own retests, or `scarscope`; blank where it is not known.",
    "verdict": "`improved`, `no detectable change`, `worse` or `not comparable`.",
    "quartile": "Quartile of improvement; blank where nothing is known to have improved.",
    "n_treatments": "Treatments from baseline to the follow-up: the manifest's own `n_treatments`, "
    "or else different days in `treated_on` of this subject and side up to this visit, as far as "
    "photos tell; blank where neither is stated.",
    "device": "Device, as last stated up to this visit.",
    "needle_mm": "Depth of the needles in mm, as last stated up to this visit.",
    "adjunct": "What was given besides, as last stated up to this visit.",
    "baseline": "Path of the earlier photo.",
    "followup": "Path of the later photo.",
}
_PAIR = ("baseline", "followup")
_FIGURES = ("before", "after", "change", "change_pct", "change_se", "mdc95")
_JUDGED = ("mdc95_source", "verdict")
_SETTINGS = ("device", "needle_mm", "adjunct")  # of a treatment: hold until stated otherwise
_PLAIN_NUMBER = r"-?(?:0|[1-9]\d*)(?:\.\d+)?"
_OWN_ROW = ("notes", "treated_on")  # say something of one photo only


def response_table(study: StudyData, *, measure: str = "burden_um") -> pd.DataFrame:
    """Every follow-up of every subject, side and view, for one measure.

    Parameters
    ----------
    study : StudyData
    measure : str
        As it stands in ``changes.csv``.

    Returns
    -------
    DataFrame
        Columns :data:`RESPONSE`, then the manifest's further columns: numbers where all that is
        stated is plain numbers (``007`` is none), else text. What is stated once
        of a subject and view, such as its arm, holds for all its rows; what is stated differently
        from photo to photo holds for its own row.

    Raises
    ------
    ParamsError
        If no pair of the study has this measure, though there are pairs that could be compared.
    """
    _require_measure(study.changes, measure)
    pairs = _with_figures(list_followups(study), study.changes, measure)
    stated = stated_columns(study.photos)
    at = stated.set_index("path").reindex(pairs["followup"]).reset_index(drop=True)
    table = pd.concat([pairs.drop(columns=["side", "arm"], errors="ignore"), at], axis=1)
    table["side"] = table["side"].where(table["side"] != "", table["view"])
    judged = zip(table["change_pct"], table["verdict"], strict=True)
    quartiles = [quartile(change, verdict) if change < 0 else "" for change, verdict in judged]
    table["quartile"] = pd.Series(quartiles, index=table.index, dtype="str")
    further = [name for name in at if name not in RESPONSE]
    for name in further:
        table[name] = _numbers(table[name])
    order = ["subject", "side", "view", "session", "followup"]
    return table.sort_values(order, kind="stable", ignore_index=True)[[*RESPONSE, *further]]


def primary_measure(study: StudyData) -> str:
    """``burden_um``, or ``burden_px`` in a study of photos without a scale."""
    named = set(study.changes["measure"])
    return "burden_px" if "burden_px" in named and "burden_um" not in named else "burden_um"


def list_subjects(photos: pd.DataFrame) -> pd.DataFrame:
    """Every subject, side and view of a study, also those without a follow-up.

    Returns
    -------
    DataFrame
        ``subject, side, view, arm, n_visits``; retests are no visits of their own.
    """
    visits = photos[photos["kind"] == "session"].sort_values("session", kind="stable")
    stated = stated_columns(photos).set_index("path").reindex(visits["path"])
    visits = visits.assign(side=stated["side"].to_numpy(), arm=stated["arm"].to_numpy())
    visits["side"] = visits["side"].where(visits["side"] != "", visits["view"])
    places = ["subject", "side", "view", "arm"]
    counts = visits.groupby(places)["session"].nunique()
    return counts.reset_index(name="n_visits").astype({"n_visits": "Int64"})


def further_columns(response: pd.DataFrame) -> list[str]:
    """The manifest's further columns in a response table."""
    return [str(name) for name in response if name not in RESPONSE]


def better_of(measure: str) -> str | None:
    """``lower`` or ``higher``: which is better; None where neither is, or it is not registered."""
    if measure.startswith(("new_dark_area", "new_red_area")):
        return "lower"
    found = (m for m in MEASURES if measure in (m.column("mm"), m.column("px")))
    return next((m.better for m in found), None)


def measure_words(measure: str) -> str:
    """What a measure is called in a sentence.

    Examples
    --------
    >>> measure_words("burden_um"), measure_words("n_scars")
    ('burden', 'number of scars')
    """
    if measure == "n_scars":
        return "number of scars"
    found = next(
        (m.label for m in MEASURES if measure in (m.column("mm"), m.column("px"))), measure
    )
    return found[0].lower() + found[1:]


def _require_measure(changes: pd.DataFrame, measure: str) -> None:
    compared = changes[(changes["kind"] == "session") & (changes["comparable"] != "no")]
    known = sorted(set(compared["measure"]))
    if known and measure not in known:
        raise ParamsError(
            f"No pair of photos has the measure {measure!r}.",
            remedy=f"Choose one of {', '.join(known)}.",
        )


def list_followups(study: StudyData) -> pd.DataFrame:
    """Every pair of baseline and follow-up that the photos call for, once each.

    Returns
    -------
    DataFrame
        ``subject, view, baseline, followup, session, days, comparable, reasons``; also those that
        failed or were never compared.
    """
    columns = ["subject", "view", *_PAIR, "session", "days", "comparable", "reasons"]
    changes = study.changes
    compared = changes[changes["kind"] == "session"].drop_duplicates(list(_PAIR))[columns]
    missing = _not_compared(study.photos, set(compared["followup"]))[columns]
    parts = [part for part in (compared, missing) if len(part)]
    found = pd.concat(parts, ignore_index=True) if parts else compared.reset_index(drop=True)
    return found.astype({"session": "Int64", "days": "Int64"})


def _not_compared(photos: pd.DataFrame, compared: set[str]) -> pd.DataFrame:
    """Follow-ups that the table of changes does not have."""
    visits = photos[photos["kind"] == "session"].sort_values("session", kind="stable")
    # The first photo of the lowest session, scored or not, as the batch has it.
    first = visits.drop_duplicates(["subject", "view"])
    first = first[["subject", "view", "session", "path", "status", "date"]]
    both = visits.merge(first, on=["subject", "view"], suffixes=("", "_first"))
    later = both["session"] > both["session_first"]
    lost = both[later & ~both["path"].isin(compared)].copy()
    lost = lost.rename(columns={"path": "followup", "path_first": "baseline"})
    lost["days"] = days_between(lost["date_first"], lost["date"])
    lost["comparable"] = "no"
    base = lost["status_first"].map(_without("ok", BASELINE_FAILED, BASELINE_EXCLUDED))
    own = lost["status"].map(_without("ok", PHOTO_FAILED, PHOTO_EXCLUDED))
    lost["reasons"] = own.where(own != "", base.where(base != "", NOT_COMPARED))
    return lost


def _without(scored: str, failed: str, excluded: str) -> Callable[[str], str]:
    """What a photo's status says of why it is not compared; blank where nothing."""
    return lambda status: {scored: "", "excluded": excluded}.get(status, failed)


def days_between(first: pd.Series, second: pd.Series) -> pd.Series:
    """Whole days from one column of ISO dates to another; NA where one is blank or no date."""
    one, two = (
        pd.to_datetime(dates, errors="coerce", format="%Y-%m-%d") for dates in (first, second)
    )
    return (two - one).dt.days.astype("Int64")


def _with_figures(pairs: pd.DataFrame, changes: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The pairs with their figures of one measure, blank where they have none."""
    own = changes[(changes["kind"] == "session") & (changes["measure"] == measure)]
    own = own.drop_duplicates(list(_PAIR))[[*_PAIR, *_FIGURES, *_JUDGED]]
    found = pairs.merge(own.assign(_known=True), on=list(_PAIR), how="left")
    known = found.pop("_known").notna()
    usable = found["comparable"] != "no"
    without = usable & ~known
    told = (found["reasons"] + "|").where(found["reasons"] != "", "") + NOT_MEASURED
    found["reasons"] = found["reasons"].where(~without, told)
    found["comparable"] = found["comparable"].where(~without, "no")
    for name in _JUDGED:
        found[name] = found[name].fillna("").astype("str")
    found["verdict"] = found["verdict"].where(found["comparable"] != "no", NOT_COMPARABLE)
    return found.assign(measure=measure).astype(dict.fromkeys(_FIGURES, "float64"))


def stated_columns(photos: pd.DataFrame) -> pd.DataFrame:
    """What the manifest says of every photo, filled in from the subject's other photos.

    Parameters
    ----------
    photos : DataFrame
        A batch's ``photos.csv``.

    Returns
    -------
    DataFrame
        ``path, side, arm, n_treatments, device, needle_mm, adjunct``, then all further columns of
        the manifest as text, in the order of `photos`. One that bears the name of a column of the
        response table is called ``manifest_...``.
    """
    group = ["subject", "view"]
    known = ("side", "arm", *_SETTINGS)
    carried = [n for n in photos if meaning_of("photos", str(n)) is None or n in known]
    table = photos[["path", *dict.fromkeys((*group, "session", "date"))]].copy()
    for name in dict.fromkeys((*known, *carried)):
        table[name] = _text(photos[name]) if name in photos else ""
    ordered = table.sort_values("session", kind="stable")
    for name in _SETTINGS:
        ordered[name] = _forward(ordered, name, group)
    for name in ("side", "arm", *carried):
        if name not in (*_SETTINGS, *_OWN_ROW, "n_treatments"):
            ordered[name] = _constant(ordered, str(name), group)
    ordered["n_treatments"] = _treatments(ordered)
    needles = pd.to_numeric(ordered["needle_mm"], errors="coerce")
    # Ranges such as "1.5-2.0" are kept as they were written.
    if needles.notna().eq(ordered["needle_mm"] != "").all():
        ordered["needle_mm"] = needles
    further = [n for n in carried if n not in (*known, "n_treatments")]
    wanted = ["path", "side", "arm", "n_treatments", *_SETTINGS, *further]
    renamed = {n: f"manifest_{n}" for n in further if n in RESPONSE}
    return ordered.sort_index()[wanted].rename(columns=renamed)


def _numbers(column: pd.Series) -> pd.Series:
    """A column of text as numbers, if all that stands there is."""
    stated = column[column != ""]
    if len(stated) and stated.str.fullmatch(_PLAIN_NUMBER).all():
        return pd.to_numeric(column.mask(column == "")).astype("float64")
    return column


def _text(column: pd.Series) -> pd.Series:
    """A column as text; numbers as they would be written."""
    if pd.api.types.is_numeric_dtype(column):
        return column.map(lambda value: "" if pd.isna(value) else f"{value:g}").astype("str")
    return column.fillna("").astype("str")


def _forward(table: pd.DataFrame, name: str, group: list[str]) -> pd.Series:
    """Each cell, or the last one stated before it."""
    stated = table[name].mask(table[name] == "")
    filled = stated.groupby([table[key] for key in group]).ffill()
    return filled.where(filled.notna(), "")


def _constant(table: pd.DataFrame, name: str, group: list[str]) -> pd.Series:
    """Blank cells take what all others of the group agree on."""
    stated = table[name].mask(table[name] == "")
    groups = stated.groupby([table[key] for key in group])
    agreed = groups.transform("first").where(groups.transform("nunique") == 1)
    filled = stated.where(stated.notna(), agreed)
    return filled.where(filled.notna(), "")


def _treatments(table: pd.DataFrame) -> pd.Series:
    """Treatments up to each photo, of its subject and side, since the baseline."""
    if "n_treatments" in table:
        return pd.to_numeric(table["n_treatments"], errors="coerce").round().astype("Int64")
    counts = pd.Series(pd.NA, index=table.index, dtype="Int64")
    if "treated_on" not in table or not (table["treated_on"] != "").any():
        return counts
    side = table["side"].where(table["side"] != "", table["view"])
    for _, rows in table.groupby([table["subject"], side]):
        for session in rows["session"].unique():
            days = treatment_days(rows[rows["session"] <= session])
            counts[rows.index[rows["session"] == session]] = len(days)
    return counts


def treatment_days(photos: pd.DataFrame) -> list[str]:
    """Days of treatment that photos of one subject and side state, from their baseline on."""
    first = photos["session"].min()
    earliest = photos[photos["session"] == first]
    before = set(earliest["treated_on"])  # a treatment before the study is none of its own
    dates = sorted(date for date in earliest["date"] if date)
    stated = {day for day in photos["treated_on"] if day and (day not in before)}
    return sorted(day for day in stated if not dates or day >= dates[0])
