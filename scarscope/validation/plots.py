"""Small figures as SVG text: no plotting library, the same bytes on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Okabe and Ito's colours, told apart with every colour vision, and a grey.
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
    *("#000000", "#999999"),
)
_FONT = "font-family='Helvetica, Arial, sans-serif' font-size='12'"
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 34, 46
_WIDE, _HIGH = 460, 320
_CELL_W, _CELL_H = 82, 30
_FEW_PLACES = 20  # of a curve, so that each can have a point of its own
# Widest likely means over a text's letters at 12 px: which font a viewer has is not known here.
_LETTER, _BOLD_LETTER = 7.0, 7.6


def heat_table(
    table: pd.DataFrame, *, title: str, low: float = 0.0, high: float = 1.0, digits: int = 2
) -> str:
    """Numbers on a ground from white (low) to blue (high).

    Parameters
    ----------
    table : DataFrame
        Row and column names as they are to stand.
    title : str
    low, high : float
        Values of the ends of the colours.
    digits : int
        After the decimal point.
    """
    left = 18 + _longest(table.index)
    cell = max(_CELL_W, 10 + _longest(table.columns))
    # Few columns are narrower than the title.
    width = max(left + cell * len(table.columns) + 10, 20 + _BOLD_LETTER * len(title))
    parts = [_text(10, 18, title, anchor="start", bold=True)]
    for j, name in enumerate(table.columns):
        parts.append(_text(left + (j + 0.5) * cell, 40, str(name)))
    for i, name in enumerate(table.index):
        y = 48 + i * _CELL_H
        parts.append(_text(left - 8, y + 20, str(name), anchor="end"))
        for j, value in enumerate(table.iloc[i].to_numpy(np.float64)):
            box = _Box(left + j * cell, y, cell - 2, _CELL_H - 2)
            parts.append(_cell(box, value, low, high, digits))
    return _svg(width, 58 + _CELL_H * len(table), parts)


def _longest(names: Iterable[object]) -> float:
    return _LETTER * max((len(str(name)) for name in names), default=0)


class _Box(NamedTuple):
    """A rectangle in the picture."""

    x: float
    y: float
    width: float
    height: float


def _cell(box: _Box, value: float, low: float, high: float, digits: int) -> str:
    known = math.isfinite(value)
    share = min(max((value - low) / (high - low), 0.0), 1.0) if known and high > low else 0.0
    red, green, blue = (round(255 + share * (end - 255)) for end in (0, 114, 178))
    ink = "#fff" if share > 0.55 else "#000"
    ground = (
        f"<rect x='{box.x:.1f}' y='{box.y:.1f}' width='{box.width:g}' height='{box.height:g}' "
        f"fill='rgb({red},{green},{blue})' stroke='#bbb'/>"
    )
    told = f"{value:.{digits}f}" if known else "–"
    return ground + _text(box.x + box.width / 2, box.y + 19, told, fill=ink)


def scatter(
    x: Floats, y: Floats, *, title: str, x_name: str, y_name: str, groups: Sequence[str] = ()
) -> str:
    """Points with the line of equality, both axes alike.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Points with a gap are left out.
    title, x_name, y_name : str
    groups : sequence of str, optional
        A name for each point; each gets a colour and an entry in the legend.
    """
    both = np.concatenate([x, y, [0.0]])
    top = _round_up(float(np.nanmax(np.abs(both))))
    low = -top if np.nanmin(both) < 0 else 0.0
    axes = _Axes((low, top), (low, top))
    parts = [*axes.frame(title, x_name, y_name), axes.line((low, low), (top, top), dash=True)]
    names = sorted(set(groups))
    for at in range(len(x)):
        if math.isfinite(x[at]) and math.isfinite(y[at]):
            colour = COLOURS[(names.index(groups[at]) if names else 0) % len(COLOURS)]
            parts.append(axes.point(float(x[at]), float(y[at]), colour))
    # Beside the axes: points may lie in any corner of them.
    width = _WIDE + (22 + _longest(names) if names else 0)
    return _svg(width, _HIGH, [*parts, *_legend(names)])


def bland_altman_plot(a: Floats, b: Floats, *, title: str, unit: str) -> str:
    """Differences of pairs over their means, with bias and 95 % limits.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        First and second measurement.
    title, unit : str
    """
    mean, difference = (a + b) / 2, b - a
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    reach = _round_up(max(float(np.abs(difference).max()), abs(bias) + 1.96 * spread, 1e-9))
    axes = _Axes((0.0, _round_up(float(mean.max()))), (-reach, reach))
    parts = axes.frame(title, f"mean of the two ({unit})", f"second − first ({unit})")
    for level, dash in ((bias, False), (bias - 1.96 * spread, True), (bias + 1.96 * spread, True)):
        parts.append(axes.line((0, level), (axes.x[1], level), dash=dash))
    parts += [
        axes.point(float(m), float(d), COLOURS[0]) for m, d in zip(mean, difference, strict=True)
    ]
    return _svg(_WIDE, _HIGH, parts)


def curve_plot(
    curves: Mapping[str, tuple[Floats, Floats]],
    *,
    title: str,
    x_name: str,
    y_name: str,
    low: float = 0.0,
    high: float = 1.0,
) -> str:
    """Curves over something that grows from 0, such as the steps of a training run.

    Parameters
    ----------
    curves : Mapping of str to pair of ndarray, shape (n,)
        x and y by the curve's name in the legend; points with a gap are left out.
    title, x_name, y_name : str
    low, high : float
        Ends of the upright axis; what lies beyond is drawn along the frame.
    """
    top = _round_up(max((float(np.nanmax(x)) for x, _ in curves.values()), default=1.0))
    axes = _Axes((0.0, top), (low, high))
    parts = axes.frame(title, x_name, y_name)
    for at, (x, y) in enumerate(curves.values()):
        known = np.isfinite(x) & np.isfinite(y)
        within = zip(x[known].tolist(), np.clip(y[known], low, high).tolist(), strict=True)
        places, colour = list(within), COLOURS[at % len(COLOURS)]
        parts.append(axes.curve(places, colour))
        if len(places) <= _FEW_PLACES:
            parts += [axes.point(*place, colour) for place in places]
    return _svg(_WIDE + 22 + _longest(curves), _HIGH, [*parts, *_legend(list(curves))])


class _Axes:
    """From values to places in the picture."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = x, y

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (
            _LEFT + across * (_WIDE - _LEFT - _RIGHT),
            _HIGH - _BOTTOM - up * (_HIGH - _TOP - _BOTTOM),
        )

    def point(self, x: float, y: float, colour: str) -> str:
        cx, cy = self.at(x, y)
        return f"<circle cx='{cx:.1f}' cy='{cy:.1f}' r='3' fill='{colour}' fill-opacity='0.6'/>"

    def line(self, a: tuple[float, float], b: tuple[float, float], *, dash: bool = False) -> str:
        (x1, y1), (x2, y2) = self.at(*a), self.at(*b)
        style = " stroke-dasharray='5 4'" if dash else ""
        return f"<path d='M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}' stroke='#555'{style}/>"

    def curve(self, points: Sequence[tuple[float, float]], colour: str) -> str:
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in (self.at(*point) for point in points))
        return f"<path d='M{line}' fill='none' stroke='{colour}' stroke-width='1.5'/>"

    def frame(self, title: str, x_name: str, y_name: str) -> list[str]:
        (x0, y0), (x1, y1) = self.at(self.x[0], self.y[0]), self.at(self.x[1], self.y[1])
        box = (
            f"<rect x='{x0:.1f}' y='{y1:.1f}' width='{x1 - x0:.1f}' height='{y0 - y1:.1f}' "
            "fill='none' stroke='#999'/>"
        )
        middle = f"transform='rotate(-90 16 {(y0 + y1) / 2:.1f})'"
        return [
            box,
            _text(_LEFT, 20, title, anchor="start", bold=True),
            _text((x0 + x1) / 2, _HIGH - 10, x_name),
            _text(16, (y0 + y1) / 2, y_name, more=middle),
            *self._ticks(),
        ]

    def _ticks(self) -> list[str]:
        parts = []
        for share in np.linspace(0, 1, 5):
            x = self.x[0] + share * (self.x[1] - self.x[0])
            y = self.y[0] + share * (self.y[1] - self.y[0])
            across, bottom = self.at(x, self.y[0])
            left, up = self.at(self.x[0], y)
            parts.append(_text(across, bottom + 16, f"{x:g}"))
            parts.append(_text(left - 6, up + 4, f"{y:g}", anchor="end"))
        return parts


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for at, name in enumerate(names):
        y = _TOP + 14 + 16 * at
        colour = COLOURS[at % len(COLOURS)]
        parts.append(f"<circle cx='{_WIDE}' cy='{y - 4}' r='4' fill='{colour}'/>")
        parts.append(_text(_WIDE + 10, y, name, anchor="start"))
    return parts


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 6, 8 times a power of ten, so that quarters are round."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if value <= step * power * (1 + 1e-9))


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "middle",
    bold: bool = False,
    fill: str = "#000",
    more: str = "",
) -> str:
    weight = " font-weight='bold'" if bold else ""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{fill}'{weight} {more}>"
        f"{escape(text)}</text>"
    )


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' "
        f"width='{width:.0f}' height='{height:.0f}' {_FONT}>"
        f"<rect width='100%' height='100%' fill='#fff'/>{''.join(parts)}</svg>\n"
    )
