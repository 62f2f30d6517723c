"""Whether a file of decisions can be understood, and what to do about it where not.

Nothing is guessed: an entry that says something else than it means would change a trial's figures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scarscope.batch.entry import inside
from scarscope.batch.review import (
    ACTIONS,
    FORMAT,
    FORMAT_VERSION,
    Action,
    Decision,
    Review,
    Size,
)
from scarscope.errors import ReviewError
from scarscope.scars.edits import Outline
from scarscope.scars.model import MAX_SCARS, TYPES

_LEAST_CORNERS, _MOST_CORNERS = 3, 5000
_FARTHEST_PX = 1e5  # longer than the side of any photo that is read
_LONGEST = {"reason": 2000, "by": 40, "at": 40, "study": 80}  # letters
_MOST_OUTSIDE = 0.5  # of an outline's box; what reaches a little over the border is cut off
_DECIMALS = 2  # of a pixel: finer than anyone draws
_HASH = re.compile(r"[0-9a-f]{64}")
# What each action must and may tell beside path, sha256, reason, by and at.
_MUST: dict[Action, tuple[str, ...]] = {
    "exclude": (),
    "reject": (),
    "retype": ("type",),
    "add": ("type", "outline"),
    "region": ("outline",),
}
_MAY: dict[Action, tuple[str, ...]] = {
    "exclude": (),
    "reject": ("scar_id", "outline"),
    "retype": ("scar_id", "outline"),
    "add": (),
    "region": (),
}
_ALWAYS = ("path", "sha256", "action", "reason", "by", "at")
_AGAIN = "Make the decision again in the report, or correct the entry by hand."


@dataclass(frozen=True)
class _Where:
    """The entry that is looked at, and the file that it is in."""

    name: str
    number: int

    def wrong(self, what: str, remedy: str = _AGAIN) -> ReviewError:
        return ReviewError(f"{self.name}, decision {self.number}: {what}.", remedy=remedy)


def review_of(document: object, name: str, sizes: Mapping[str, Size]) -> Review:
    """The review that a JSON document holds.

    Raises
    ------
    ReviewError
        If it is of another format or version, or holds an entry that is not understood.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise ReviewError(
            f"{name} holds no decisions of a review.",
            remedy="Give the file that the report or `scarscope review` has saved.",
        )
    _check_version(document.get("format_version"), name)
    entries, study = document.get("decisions"), document.get("study", "")
    _refuse_unknown(document, name)
    if not isinstance(entries, list):
        raise ReviewError(
            f"{name} has no list of decisions.", remedy='Write "decisions": [] where there is none.'
        )
    if not isinstance(study, str) or len(study) > _LONGEST["study"]:
        raise ReviewError(
            f"{name}: study is {_shown(study)}, which is no id.",
            remedy="Leave it as the report has written it, or out.",
        )
    decisions = [_decision(_Where(name, n), e, sizes) for n, e in enumerate(entries, start=1)]
    _refuse_doubles(decisions, name)
    return Review(study, tuple(decisions))


def _check_version(version: object, name: str) -> None:
    if type(version) is int and version == FORMAT_VERSION:
        return
    newer = type(version) is int and version > FORMAT_VERSION
    raise ReviewError(
        f"{name} is of format version {_shown(version)}; this ScarScope knows {FORMAT_VERSION}.",
        remedy="Update ScarScope." if newer else "Save it again from the report.",
    )


def _refuse_unknown(document: Mapping[str, Any], name: str) -> None:
    unknown = set(document) - {"format", "format_version", "study", "decisions"}
    if unknown:
        raise ReviewError(
            f"{name} holds {_shown(min(unknown))}, which is not known.",
            remedy="Leave it out, or update ScarScope.",
        )


def _refuse_doubles(decisions: list[Decision], name: str) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for number, decision in enumerate(decisions, start=1):
        first = seen.setdefault(decision.target, number)
        if first != number:
            what = {"exclude": "the photo", "region": "the region"}.get(decision.action, "the scar")
            told = f"decision {first} is about {what} too, {decision.path}"
            raise _Where(name, number).wrong(told, "Keep one of them; none takes it back.")


def _decision(where: _Where, entry: object, sizes: Mapping[str, Size]) -> Decision:
    if not isinstance(entry, Mapping):
        raise where.wrong(f"it is {_shown(entry)}, not an object")
    told = {key: value for key, value in entry.items() if value is not None}
    action = told.get("action")
    if action not in ACTIONS:
        raise where.wrong(f"action is {_shown(action)}", f"Use one of {', '.join(ACTIONS)}.")
    _check_keys(where, told, action)
    path = _path(where, told["path"])
    decision = Decision(
        path=path,
        sha256=_hash(where, told["sha256"]),
        action=action,
        reason=_text(where, told, "reason"),
        by=_text(where, told, "by"),
        at=_time(where, told),
        scar_id=_scar_id(where, told["scar_id"]) if "scar_id" in told else None,
        type=_type(where, told["type"]) if "type" in told else "",
        outline=_outline(where, told["outline"]) if "outline" in told else (),
    )
    if decision.outline and path in sizes:
        _check_inside(where, decision.outline, sizes[path])
    return decision


def _check_keys(where: _Where, told: Mapping[str, Any], action: Action) -> None:
    must, may = (*_ALWAYS, *_MUST[action]), _MAY[action]
    missing = [name for name in must if name not in told]
    if missing:
        raise where.wrong(f"{action} without {missing[0]}")
    unknown = sorted(set(told) - {*must, *may})
    if unknown:
        raise where.wrong(f"{action} with {_shown(unknown[0])}, which says nothing there")
    if may and not any(name in told for name in may):
        raise where.wrong(f"{action} without scar_id and without outline")


def _path(where: _Where, value: object) -> str:
    try:
        if not isinstance(value, str):
            raise ValueError("text")
        return inside(value)
    except ValueError as error:
        raise where.wrong(
            f"path is {_shown(value)}, not {error}",
            "Write it as in photos.csv, relative to the folder of photos.",
        ) from None


def _hash(where: _Where, value: object) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise where.wrong(
            f"sha256 is {_shown(value)}, not 64 digits 0 to f",
            "Copy it from the photo's row of photos.csv.",
        )
    return value


def _text(where: _Where, told: Mapping[str, Any], name: str) -> str:
    value = told[name]
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST[name]:
        raise where.wrong(
            f"{name} is {_shown(value)}", f"Write a few words, {_LONGEST[name]} letters at most."
        )
    if re.search("[\ud800-\udfff]", value):  # no file in UTF-8 can hold half a letter
        raise where.wrong(f"{name} is {_shown(value)}, which is no text")
    return " ".join(value.split())


def _time(where: _Where, told: Mapping[str, Any]) -> str:
    text = _text(where, told, "at")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise where.wrong(
            f"at is {_shown(text)}", "Write a time such as 2026-03-01T14:30:00Z."
        ) from None
    return text


def _scar_id(where: _Where, value: object) -> int:
    if type(value) is not int or not 1 <= value <= MAX_SCARS:
        raise where.wrong(
            f"scar_id is {_shown(value)}", "Write the number that the scar has in scars.csv."
        )
    return value


def _type(where: _Where, value: object) -> str:
    if value not in TYPES:
        raise where.wrong(f"type is {_shown(value)}", f"Use one of {', '.join(TYPES)}.")
    return str(value)


def _outline(where: _Where, value: object) -> Outline:
    if not isinstance(value, list) or not all(_is_point(point) for point in value):
        raise where.wrong(
            f"outline is {_shown(value)}",
            "Write corners as [x, y] in pixels of the upright photo, x right and y down.",
        )
    if not _LEAST_CORNERS <= len(value) <= _MOST_CORNERS:
        raise where.wrong(
            f"outline has {len(value)} corners",
            f"Give {_LEAST_CORNERS} or more, and {_MOST_CORNERS} at most.",
        )
    outline = tuple((round(float(x), _DECIMALS), round(float(y), _DECIMALS)) for x, y in value)
    (left, top), (right, bottom) = _box(outline)
    if right <= left or bottom <= top:
        raise where.wrong("outline encloses nothing", "Draw it again.")
    return outline


def _is_point(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == len(("x", "y"))
        and all(type(n) in (int, float) and _is_near(n) for n in value)
    )


def _is_near(number: float) -> bool:
    return abs(number) <= _FARTHEST_PX and math.isfinite(number)


def _box(outline: Outline) -> tuple[tuple[float, float], tuple[float, float]]:
    across, down = zip(*outline, strict=True)
    return (min(across), min(down)), (max(across), max(down))


def _check_inside(where: _Where, outline: Outline, size: Size) -> None:
    (left, top), (right, bottom) = _box(outline)
    width, height = size
    shown = max(0.0, min(right, width) - max(left, 0)) * max(0.0, min(bottom, height) - max(top, 0))
    if shown < _MOST_OUTSIDE * (right - left) * (bottom - top):
        raise where.wrong(
            f"outline lies mostly outside the photo of {width} x {height} pixels",
            "Draw it on the upright photo at full size: x right, y down.",
        )


def _shown(value: object) -> str:
    """A value as an error shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
