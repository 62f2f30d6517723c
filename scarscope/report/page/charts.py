"""Courses over sessions as SVG: small beside a name, and large with what can be detected.

Change of the burden in percent of baseline, so that zero is no change and down is better. Colours
come from the page's style sheet, by class. Points that rest on pairs compared with caution are
hollow; visits that were refused are marked on the axis.

Legend
------
x : days since baseline where all visits have them, else the number of the visit
y : percent change
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_Z = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class Point:
    """One follow-up.

    Attributes
    ----------
    label : str
        What the visit is called.
    days : float
        Since baseline; NaN where not known.
    session : int
    change_pct : float
        NaN where it could not be compared.
    se_pct : float
        Standard error; NaN where not known.
    mdc95_pct : float
        Smallest detectable change; NaN where not known.
    comparable : str
    """

    label: str
    days: float
    session: int
    change_pct: float
    se_pct: float
    mdc95_pct: float
    comparable: str


@dataclass(frozen=True)
class _Frame:
    """Where figures lie in a drawing."""

    left: float
    right: float
    top: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        low, high = self.x
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def down(self, value: float) -> float:
        low, high = self.y
        inside = min(max(value, low), high)
        return self.bottom - (inside - low) / (high - low) * (self.bottom - self.top)


def sparkline(points: Sequence[Point], *, width: int = 120, height: int = 34) -> str:
    """A small course for a table; blank without a follow-up.

    Parameters
    ----------
    points : sequence of Point
        Follow-ups in order.
    width, height : int
        In CSS pixels.
    """
    if not points:
        return ""
    frame = _frame(points, (4.0, width - 4.0), (4.0, height - 4.0))
    parts = [_band(points, frame), _line(frame, 0.0, "zero"), _courses(points, frame)]
    x, last = _placed(points)[-1]
    if _known(last):
        at, y = frame.across(x), frame.down(last.change_pct)
        parts.append(f'<circle class="dot" cx="{at:.1f}" cy="{y:.1f}" r="2.8"/>')
    else:
        parts.append(_refused(frame, x))
    return _svg(parts, width, height, describe(points), "sparkline")


def course(points: Sequence[Point], *, width: int = 460, height: int = 230) -> str:
    """The course of one view, with intervals and the band of what cannot be detected."""
    if not points:
        return ""
    frame = _frame(points, (52.0, width - 14.0), (14.0, height - 44.0))
    placed = _placed(points)
    parts = [_band(points, frame), *_scale(frame), _line(frame, 0.0, "zero")]
    parts.append(_courses(points, frame))
    parts += [_whisker(frame, x, p) for x, p in placed if _known(p) and math.isfinite(p.se_pct)]
    parts.append(_dot(frame, 0.0, 0.0, "yes"))
    parts += [_dot(frame, x, p.change_pct, p.comparable) for x, p in placed if _known(p)]
    parts += [_refused(frame, x) for x, p in placed if not _known(p)]
    parts += _visits(frame, placed)
    return _svg(parts, width, height, describe(points), "chart")


def describe(points: Sequence[Point]) -> str:
    """A course in words, for who does not see it."""
    told = [
        f"{p.label}: {p.change_pct:+.0f} %" if _known(p) else f"{p.label}: not comparable"
        for p in points
    ]
    return "Change of burden since baseline. " + "; ".join(told) + "."


def _known(point: Point) -> bool:
    return math.isfinite(point.change_pct)


def _placed(points: Sequence[Point]) -> list[tuple[float, Point]]:
    dated = all(math.isfinite(p.days) and p.days > 0 for p in points)
    return [(p.days if dated else float(p.session or n), p) for n, p in enumerate(points, 1)]


def _frame(
    points: Sequence[Point], across: tuple[float, float], down: tuple[float, float]
) -> _Frame:
    ends = [0.0]
    for p in points:
        if _known(p):
            half = _Z * p.se_pct if math.isfinite(p.se_pct) else 0.0
            ends += [p.change_pct - half, p.change_pct + half]
        if math.isfinite(p.mdc95_pct):
            ends += [-p.mdc95_pct, p.mdc95_pct]
    # One wild figure must not make all others a line; it is drawn at the edge.
    low, high = max(min(ends), -110.0), min(max(ends), 110.0)
    room = 0.08 * max(high - low, 10.0)
    last = max(x for x, _ in _placed(points))
    return _Frame(*across, *down, (0.0, last), (low - room, high + room))


def _band(points: Sequence[Point], frame: _Frame) -> str:
    """What cannot be told from no change, each visit its own: up to it from the visit before."""
    parts, left = [], 0.0
    for x, p in _placed(points):
        if math.isfinite(p.mdc95_pct):
            top, bottom = frame.down(p.mdc95_pct), frame.down(-p.mdc95_pct)
            start, end = frame.across(left), frame.across(x)
            parts.append(
                f'<rect class="band" x="{start:.1f}" y="{top:.1f}" '
                f'width="{end - start:.1f}" height="{bottom - top:.1f}"/>'
            )
        left = x
    return "".join(parts)


def _courses(points: Sequence[Point], frame: _Frame) -> str:
    """Lines from visit to visit, broken where one could not be compared."""
    pieces = [[(0.0, 0.0)]]
    for x, p in _placed(points):
        if _known(p):
            pieces[-1].append((x, p.change_pct))
        else:
            pieces.append([])
    drawn = [[(frame.across(x), frame.down(y)) for x, y in piece] for piece in pieces]
    return "".join(
        f'<polyline class="course" points="{_points(piece)}"/>' for piece in drawn if len(piece) > 1
    )


def _line(frame: _Frame, value: float, name: str) -> str:
    y = frame.down(value)
    return f'<line class="{name}" x1="{frame.left}" x2="{frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _scale(frame: _Frame) -> list[str]:
    low, high = frame.y
    step = next(s for s in (5, 10, 20, 25, 50, 100) if (high - low) / s <= 6)
    figures = range(math.ceil(low / step) * step, math.floor(high) + 1, step)
    parts = []
    for figure in figures:
        y = frame.down(figure)
        parts.append(_line(frame, figure, "grid"))
        told = f"{figure:+d}".replace("-", "−") if figure else "0"
        parts.append(
            f'<text class="tick" x="{frame.left - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{told}</text>"
        )
    middle = (frame.top + frame.bottom) / 2
    parts.append(
        f'<text class="axis" transform="translate(13 {middle:.0f}) rotate(-90)" '
        'text-anchor="middle">change of burden, %</text>'
    )
    return parts


def _whisker(frame: _Frame, x: float, point: Point) -> str:
    half = _Z * point.se_pct
    at = frame.across(x)
    top, low = (frame.down(point.change_pct + side * half) for side in (1, -1))
    ends = f"m-4 0h8M{at - 4:.1f} {top:.1f}h8"
    return f'<path class="whisker" d="M{at:.1f} {top:.1f}V{low:.1f}{ends}"/>'


def _dot(frame: _Frame, x: float, y: float, comparable: str) -> str:
    name = "dot hollow" if comparable == "caution" else "dot"
    return f'<circle class="{name}" cx="{frame.across(x):.1f}" cy="{frame.down(y):.1f}" r="4.5"/>'


def _refused(frame: _Frame, x: float) -> str:
    at, y = frame.across(x), frame.bottom - 5  # not on the line of no change
    return f'<path class="refused" d="M{at - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"/>'


def _visits(frame: _Frame, placed: Sequence[tuple[float, Point]]) -> list[str]:
    parts = []
    last = -math.inf
    for x, label in [(0.0, "baseline"), *((x, p.label) for x, p in placed)]:
        at = frame.across(x)
        if at - last < 54:  # names would run into each other
            continue
        last = at
        anchor = "end" if at > frame.right - 20 else "middle"
        parts.append(
            f'<text class="tick" x="{at:.1f}" y="{frame.bottom + 20:.0f}" '
            f'text-anchor="{anchor}">{escape(label)}</text>'
        )
    return parts


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _svg(parts: Sequence[str], width: int, height: int, label: str, name: str) -> str:
    return (
        f'<svg class="{name}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
