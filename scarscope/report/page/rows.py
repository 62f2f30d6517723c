"""Rows of the page's tables: measures, scars, reasons, clinical scales."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from scarscope.change.reasons import BY_CODE
from scarscope.measures import MEASURES
from scarscope.measures.entry import Measure
from scarscope.report.page.model import Figure, Notice, Scale, Scar
from scarscope.report.page.words import known, number, percent, signed
from scarscope.study.data import StudyData
from scarscope.study.tables import measure_of

# Clinical scales that people ask for; the registry says what a photo cannot tell of each.
SCALES = ("ecca_atrophic", "goodman_baron_atrophic", "goodman_baron_grade")
_UNITS = {"um": "µm", "mm": "mm", "mm2": "mm²", "mm3": "mm³", "px": "px", "px2": "px²", "deg": "°"}
_WEIGHTS = {"no": "serious", "caution": "caution"}
_STATUS_ORDER = ("worse", "new", "unchanged", "improved", "resolved", "")


def figures_of(study: StudyData, path: str) -> tuple[Figure, ...]:
    """Measures of a follow-up and its baseline over the skin that both show, primary ones first."""
    own = study.changes[(study.changes["followup"] == path) & (study.changes["kind"] == "session")]
    rows = [(measure_of(str(row["measure"])), row) for row in own.to_dict(orient="records")]
    shown = [(m, row) for m, row in rows if m is not None and not _is_error(m)]
    ordered = sorted(shown, key=lambda pair: not pair[0].primary)
    return tuple(_figure(m, row) for m, row in ordered if known(row["before"]))


def _is_error(measure: Measure) -> bool:
    return measure.name.endswith("_sd") or measure.name.startswith("roi_area")


def _figure(measure: Measure, row: Mapping[Any, Any]) -> Figure:
    times = 100.0 if measure.name.endswith("_fraction") else 1.0
    before, after, change, mdc95 = (
        times * _figure_of(row, name) for name in ("before", "after", "change", "mdc95")
    )
    return Figure(
        label=measure.label,
        unit="%" if times > 1 else _unit(str(row["measure"]), measure),
        definition=measure.definition,
        before=number(before),
        after=number(after),
        change=_with_share(signed(change), percent(row["change_pct"])),
        mdc95=_with_share(number(mdc95, 2), percent(_share(mdc95, before)).lstrip("+")),
        verdict=str(row["verdict"]),
    )


def _with_share(value: str, share: str) -> str:
    """A figure and, where it is known, what that is of the earlier one, in one piece."""
    whole = share.replace(" ", "\N{NO-BREAK SPACE}")
    return f"{value} ({whole})" if value and share else value


def _share(value: float, of: float) -> float:
    return 100 * value / of if of > 0 else math.nan


def _unit(column: str, measure: Measure) -> str:
    ending = column.removeprefix(measure.name).lstrip("_")
    return _UNITS.get(ending, "")


def own_of(photo: Mapping[Any, Any], unit: str) -> tuple[Scale, ...]:
    """Primary measures of one photo by itself, burden with its standard deviation.

    Parameters
    ----------
    photo : Mapping
        A row of photos.csv.
    unit : {"mm", "px"}
        Of the photo.
    """
    found = []
    for measure in (m for m in MEASURES if m.primary):
        column = measure.column("mm" if unit == "mm" else "px")
        if column is None or not known(photo.get(column)):
            continue
        times = 100.0 if measure.name.endswith("_fraction") else 1.0
        value = number(times * float(photo[column]))
        sd = _figure_of(photo, column.replace("burden_", "burden_sd_"))
        value += f" ± {number(sd, 2)}" if measure.name == "burden" and math.isfinite(sd) else ""
        told = "%" if times > 1 else _unit(column, measure)
        found.append(Scale(measure.label, f"{value} {told}".strip(), measure.definition))
    return tuple(found)


def scales_of(photo: Mapping[Any, Any]) -> tuple[Scale, ...]:
    """Estimates of clinical scales of one photo."""
    found = []
    for name in SCALES:
        measure = next(m for m in MEASURES if m.name == name)
        value = photo.get(name)
        if not known(value) or value == "":
            continue
        told = value if isinstance(value, str) else number(value)
        found.append(Scale(measure.label, told, measure.definition))
    return tuple(found)


def reasons_of(codes: str, comparable: str, further: Mapping[str, str]) -> tuple[Notice, ...]:
    """Why a pair is compared with caution or not at all.

    Parameters
    ----------
    codes : str
        Joined by ``|``.
    comparable : str
    further : Mapping of str to str
        What else may stand there, in words.
    """
    found = []
    for code in filter(None, codes.split("|")):
        severity = _WEIGHTS.get(comparable, "info")
        info = BY_CODE.get(code)
        if info is not None:
            found.append(Notice(code, severity, info.meaning, info.remedy))
        else:
            found.append(Notice(code, severity, further.get(code, code), ""))
    return tuple(found)


def scars_of_photo(
    study: StudyData, path: str, numbers: Sequence[int], unit: str
) -> tuple[Scar, ...]:
    """Scars of one photo, the largest first.

    Parameters
    ----------
    study : StudyData
    path : str
    numbers : sequence of int
        Of the viewer's outlines, in their order.
    unit : {"mm", "px"}
    """
    own = study.scars[study.scars["path"] == path]
    places = {number: place for place, number in enumerate(numbers)}
    found = []
    for row in own.to_dict(orient="records"):
        scar_id = int(row["scar_id"])
        width, depth, volume = (_of(row, name, unit) for name in ("width", "depth", "volume"))
        found.append(
            Scar(
                row=places.get(scar_id, -1),
                number=str(scar_id),
                scar_id=scar_id,
                later_id=None,
                kind=str(row["type"]),
                status="",
                width=number(width, 2),
                depth=number(depth, 2),
                volume=number(volume, 2),
                change="",
                sort={"number": scar_id, "width": width, "depth": depth, "volume": volume},
            )
        )
    return tuple(sorted(found, key=lambda scar: -_known(scar.sort["volume"])))


_PLACES = {"width": ("width_mm", "width_px"), "depth": ("depth_um", "depth_px")}
_PLACES |= {"volume": ("volume_mm3", "volume_px3")}


def _of(row: Mapping[Any, Any], name: str, unit: str) -> float:
    return _figure_of(row, _PLACES[name][0 if unit == "mm" else 1])


def _known(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def scars_of_pair(study: StudyData, path: str, unit: str) -> tuple[Scar, ...]:
    """Scars of a pair with what became of them; what asks for attention first."""
    table = study.scar_changes
    own = table[(table["followup"] == path) & (table["kind"] == "session")]
    found = [_followed(place, row, unit) for place, row in enumerate(own.to_dict(orient="records"))]
    return tuple(
        sorted(found, key=lambda s: (_STATUS_ORDER.index(s.status), -_known(s.sort["volume"])))
    )


def _followed(place: int, row: Mapping[Any, Any], unit: str) -> Scar:
    before, after = (
        None if not known(row[name]) else int(row[name]) for name in ("before_id", "after_id")
    )
    ends = ("mm", "mm3") if unit == "mm" else ("px", "px3")
    width = _figure_of(row, f"width_before_{ends[0]}", f"width_after_{ends[0]}")
    volume = _figure_of(row, f"volume_before_{ends[1]}")
    status = str(row["status"])
    new = status == "new"  # what it would be a percentage of is not there
    change = math.nan if new else _figure_of(row, "volume_change_pct")
    return Scar(
        row=place,
        number=str(before) if before is not None else (f"({after})" if after is not None else "–"),
        scar_id=before,
        later_id=after,
        kind=str(row["type_before"]) or str(row["type_after"]),
        status=status if status in _STATUS_ORDER else "",
        width=number(width, 2),
        depth="",
        volume=number(volume, 2),
        change=percent(change),
        detectable="" if new else _detectable(row),
        sort={"number": float(before or after or 0), "width": width, "volume": volume}
        | {"change": change},
    )


def _detectable(row: Mapping[Any, Any]) -> str:
    least = _figure_of(row, "mdc95_pct")
    return f"{least:.0f} %" if math.isfinite(least) else ""


def _figure_of(row: Mapping[Any, Any], *names: str) -> float:
    """The first of some columns that holds a figure."""
    return next((float(row[name]) for name in names if known(row.get(name))), math.nan)
