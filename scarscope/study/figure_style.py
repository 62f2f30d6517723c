"""How a study's figures look: print size, colours for every eye, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scarscope.batch.write import replacing
from scarscope.errors import DependencyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Widths of one and of two columns of most medical journals, in inches.
ONE_COLUMN, TWO_COLUMNS = 85 / 25.4, 174 / 25.4
TALLEST = 225 / 25.4  # a printed page, less its caption
DPI = 300
# Okabe and Ito's colours, told apart with every colour vision; arms differ in marker as well.
ARM_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
ARM_MARKERS = ("o", "s", "^", "D", "v", "P")
VERDICT_COLOURS = {
    "improved": "#0072b2",
    "no detectable change": "#7f7f7f",
    "worse": "#d55e00",
    "": "#7f7f7f",
}
VERDICT_MARKERS = {"improved": "o", "no detectable change": "D", "worse": "s", "": "x"}
BAND, FAINT, INK = "#e3e3e3", "#b9b9b9", "#333333"
FORMATS = ("svg", "png")
_LETTER, _HANDLE = 0.056, 0.5  # inches: a letter of a legend, and what stands before its label
_SALT = "scarscope"  # of the ids in an SVG, which would be random otherwise


def require_matplotlib() -> None:
    """Say what to install where matplotlib is missing.

    Raises
    ------
    DependencyError
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise DependencyError(
            f"Figures need matplotlib, which cannot be imported ({error}).",
            remedy='Run: pip install "scarscope[study]", or leave the figures out '
            "(--no-figures, figures=False).",
        ) from error


@contextmanager
def style() -> Iterator[None]:
    """Settings of the figures, in this block only."""
    require_matplotlib()
    import matplotlib as mpl

    settings: dict[Any, Any] = {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so the same everywhere
        "font.size": 7.5,
        "axes.titlesize": 8,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 7.5,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "lines.linewidth": 1.0,
        "savefig.dpi": DPI,
        "svg.hashsalt": _SALT,
        "svg.fonttype": "path",  # looks alike without the font
    }
    with mpl.rc_context(settings):
        yield


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """A figure without pyplot, so that nothing global is touched, and its axes as a 2-D array."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, min(height, TALLEST)), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as SVG and PNG, each in one step."""
    written = []
    for form in FORMATS:
        path = folder / f"{name}.{form}"
        metadata: dict[str, Any] = {"Date": None} if form == "svg" else {"Software": None}
        with replacing(path) as temporary:
            figure.savefig(temporary, format=form, metadata=metadata)
        written.append(path)
    return written


def legend_below(figure: Figure) -> None:
    """One legend for all panels, under them: each label once, in as many columns as fit."""
    found: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if found:
        columns = _columns([len(label) for label in found], figure.get_figwidth())
        figure.legend(list(found.values()), list(found), loc="outside lower center", ncols=columns)


def _columns(lengths: list[int], width: float) -> int:
    """Columns of a legend that fit beside each other; it is filled column by column."""
    for columns in range(len(lengths), 1, -1):
        # As matplotlib parts them: the first columns have one entry more.
        deep, longer = divmod(len(lengths), columns)
        ends = [deep * at + min(at, longer) for at in range(columns + 1)]
        widest = [max(lengths[low:high]) for low, high in pairwise(ends)]
        if sum(_HANDLE + _LETTER * letters for letters in widest) <= width:
            return columns
    return 1


def arm_style(arms: list[str], arm: str) -> dict[str, Any]:
    """Colour and marker of an arm, the same in every figure."""
    at = arms.index(arm) % len(ARM_COLOURS)
    return {"color": ARM_COLOURS[at], "marker": ARM_MARKERS[at]}


def arm_name(arm: str) -> str:
    """An arm's name, or what stands for it where none is stated."""
    return arm or "all subjects"
