"""From a finished batch's tables and layers to what the page says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope.batch.layers import layers_of
from scarscope.flags import Flag, describe
from scarscope.report.page import embedded
from scarscope.report.page.charts import Point, course, sparkline
from scarscope.report.page.model import Baseline, Notice, Subject, View, Visit
from scarscope.report.page.names import Names
from scarscope.report.page.rows import (
    figures_of,
    own_of,
    reasons_of,
    scales_of,
    scars_of_pair,
    scars_of_photo,
)
from scarscope.report.page.words import change_words, days_words, known, percent
from scarscope.study.data import StudyData
from scarscope.study.response import NOT_MEASURED, REASONS, primary_measure, response_table

_ORDER = ("serious", "caution", "info")
_Z = 1.96

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Source:
    """What a page is made from.

    Attributes
    ----------
    study : StudyData
    out : Path
        The batch's output folder.
    names : Names
    cover_eyes : bool
    """

    study: StudyData
    out: Path
    names: Names
    cover_eyes: bool = False


def gather_subjects(source: Source) -> tuple[Subject, ...]:
    """Every subject of a study in order of name, with all views and visits."""
    photos = source.study.photos
    sessions = photos[photos["kind"] == "session"]
    by_photo = _pairs(source.study)
    found = []
    for number, (name, own) in enumerate(_ordered(sessions, source.names), start=1):
        views = tuple(
            _view(source, f"s{number}v{place}", str(view), rows, by_photo)
            for place, (view, rows) in enumerate(own.groupby("view", sort=True), start=1)
        )
        found.append(Subject(f"s{number}", source.names.subject(name), views))
    return tuple(found)


def _pairs(study: StudyData) -> dict[str, Row]:
    """Every follow-up's row of burden: in the study's unit, or else in that of its own photos."""
    first = primary_measure(study)
    tables = [_by_photo(study, first)]
    if {"burden_um", "burden_px"} <= set(study.changes["measure"]):
        tables.append(_by_photo(study, "burden_px" if first == "burden_um" else "burden_um"))
    lacking = {p for p, row in tables[0].items() if NOT_MEASURED in str(row["reasons"]).split("|")}
    other = {p: row for p, row in tables[-1].items() if p in lacking and known(row["before"])}
    return tables[0] | other


def _by_photo(study: StudyData, measure: str) -> dict[str, Row]:
    rows = response_table(study, measure=measure).to_dict(orient="records")
    return {str(row["followup"]): row for row in rows}


def _unit(pair: Row) -> str:
    return "px" if str(pair["measure"]) == "burden_px" else "mm"


def _ordered(photos: pd.DataFrame, names: Names) -> list[tuple[str, pd.DataFrame]]:
    """By the names that are shown: pseudonyms in the order of true names would tell those."""
    groups = [(str(name), own) for name, own in photos.groupby("subject", sort=True)]
    return sorted(groups, key=lambda group: names.subject(group[0]))


def _view(
    source: Source, key: str, name: str, photos: pd.DataFrame, response: Mapping[str, Row]
) -> View:
    rows = photos.sort_values("session", kind="stable").drop_duplicates("session")
    visits = tuple(
        _visit(source, f"{key}p{number}", row, response.get(str(row["path"])))
        for number, row in enumerate(rows.to_dict(orient="records"))
    )
    followups = [r for path in rows["path"] if (r := response.get(str(path))) is not None]
    points = [_point(source, row) for row in followups]
    # The last visit is what counts: an older figure must not stand for one that was refused.
    row = followups[-1] if followups else None
    last = points[-1] if points and _finite(points[-1].change_pct) else None
    half = _Z * last.se_pct if last is not None else math.nan
    return View(
        key=key,
        name=name,
        arm=str(row["arm"]) if row is not None else "",
        treatment=_treatment(followups),
        visits=visits,
        course=course(points),
        sparkline=sparkline(points),
        change_pct=last.change_pct if last is not None else None,
        low=max(last.change_pct - half, -100.0) if last is not None and _finite(half) else None,
        high=last.change_pct + half if last is not None and _finite(half) else None,
        mdc95_pct=last.mdc95_pct if last is not None and _finite(last.mdc95_pct) else None,
        verdict=str(row["verdict"]) if row is not None else "",
        comparable=str(row["comparable"]) if row is not None else "",
        words=_answer(source, row, followups[:-1], str(rows["status"].iloc[-1])),
        flags=_all_flags(rows["flags"]),
    )


def _answer(source: Source, row: Row | None, earlier: list[Row], status: str) -> str:
    """The answer of the last visit in words; of an earlier one only where it is named."""
    if row is None:
        if status == "excluded":
            return "This photo was excluded by review."
        if status != "ok":
            return "This photo was not measured, see failures."
        return "Photographed once: there is nothing to compare it with."
    told = change_words(row, _unit(row))
    compared = [r for r in earlier if str(r["comparable"]) != "no" and known(r["change_pct"])]
    if str(row["comparable"]) == "no" and compared:
        before = compared[-1]
        when = _when(source, before["session"], before["days"])
        told += (
            f" At {when}, the last visit that could be compared: {percent(before['change_pct'])}."
        )
    return told


def _treatment(followups: list[Row]) -> str:
    """How often and by what, as last stated."""
    if not followups:
        return ""
    last = followups[-1]
    parts = []
    if known(last["n_treatments"]) and int(last["n_treatments"]):
        number = int(last["n_treatments"])
        parts.append(f"{number} treatment{'s' if number > 1 else ''}")
    parts += [str(last[name]) for name in ("device", "adjunct") if str(last[name])]
    needle = last["needle_mm"]
    if known(needle) and str(needle):
        parts.append(f"{needle:g} mm" if isinstance(needle, float) else f"{needle} mm")
    return ", ".join(parts)


def _point(source: Source, row: Row) -> Point:
    before = float(row["before"])
    relative = 100 / before if before > 0 else math.nan
    return Point(
        label=_when(source, row["session"], row["days"]),
        days=float(row["days"]) if known(row["days"]) else math.nan,
        session=int(row["session"]),
        change_pct=float(row["change_pct"]),
        se_pct=float(row["change_se"]) * relative,
        mdc95_pct=float(row["mdc95"]) * relative,
        comparable=str(row["comparable"]),
    )


def _when(source: Source, session: object, days: object) -> str:
    return days_words(days) if known(days) else f"visit {session}"


def _visit(source: Source, key: str, photo: Row, pair: Row | None) -> Visit:
    path = str(photo["path"])
    folder = layers_of(source.out, path)
    number = int(photo["session"]) if known(photo["session"]) else 0
    title = f"Visit {number}" if pair is not None else "Baseline"
    when = "" if source.names.hidden else str(photo["date"])
    hidden = source.names.hidden
    unit = "mm" if known(photo["mm_per_px"]) else "px"
    base = Visit(
        key=key,
        title=title,
        when=when if pair is None or when else _when(source, number, pair["days"]),
        file="" if hidden else path,
        path="" if hidden else path,
        sha256="" if hidden else str(photo["sha256"]),
        status=str(photo["status"]),
        notices=flags_of(str(photo["flags"])),
        scales=scales_of(photo),
        own=own_of(photo, unit),
    )
    alone = _alone(source, base, path, folder, unit)
    if pair is None:
        return alone
    first = str(pair["baseline"])
    shas = source.study.photos.set_index("path")["sha256"]
    return replace(
        alone,
        verdict=str(pair["verdict"]),
        comparable=str(pair["comparable"]),
        words=change_words(pair, _unit(pair)),
        change=percent(pair["change_pct"]),
        figures=figures_of(source.study, path),
        baseline=Baseline("", "") if hidden else Baseline(first, str(shas.get(first, ""))),
        pair=embedded.pair_viewer(f"{key}c", folder, cover_eyes=source.cover_eyes),
        followed=scars_of_pair(source.study, path, _unit(pair)),
        reasons=reasons_of(str(pair["reasons"]), str(pair["comparable"]), REASONS),
    )


def _alone(source: Source, visit: Visit, path: str, folder: Path, unit: str) -> Visit:
    """The photo by itself; its own figures are in its own unit, whatever the study's are."""
    viewer = embedded.photo_viewer(visit.key, folder, cover_eyes=source.cover_eyes)
    numbers = embedded.scar_numbers(folder)
    scars = scars_of_photo(source.study, path, numbers, unit)
    return replace(visit, viewer=viewer, scars=scars)


def flags_of(text: str) -> tuple[Notice, ...]:
    """Quality flags in words, the gravest first.

    Parameters
    ----------
    text : str
        Codes joined by ``|``.
    """
    names = [name for name in text.split("|") if name in Flag.__members__]
    flags = Flag.NONE
    for name in names:
        flags |= Flag[name]
    found = [
        Notice(info.flag.name or "", info.severity, info.meaning, info.remedy)
        for info in describe(flags)
    ]
    return tuple(sorted(found, key=lambda n: _ORDER.index(n.severity)))


def _all_flags(columns: pd.Series) -> tuple[Notice, ...]:
    return flags_of("|".join(str(text) for text in columns))


def _finite(value: float) -> bool:
    return math.isfinite(value)


def eyes_told(subjects: tuple[Subject, ...], *, asked: bool) -> str:
    """What was done about eyes, in words."""
    if not asked:
        return ""
    every = (shown for v in _visits(subjects) for shown in (v.viewer, v.pair))
    viewers = [viewer for viewer in every if viewer is not None]
    covered = sum(viewer.covered is True for viewer in viewers)
    without = sum(viewer.covered is None for viewer in viewers)
    told = f"Eyes are covered in {covered} of {len(viewers)} pictures."
    if without:
        told += (
            f" In {without} no face was found from the front: look at them before this page is "
            "given away."
        )
    return told


def _visits(subjects: tuple[Subject, ...]) -> Iterator[Visit]:
    return (visit for s in subjects for view in s.views for visit in view.visits)
