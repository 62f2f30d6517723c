"""Axes to draw on, in millimetres of the photo, and lines that look as in the pictures.

Nothing here changes matplotlib's settings or shows a figure; it is imported only where it is drawn
with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scarscope.errors import DependencyError
from scarscope.report.canvas import Canvas, Picture
from scarscope.report.outlines import Curve
from scarscope.report.style import INK, PAPER, Colour, LineStyle
from scarscope.skin.model import Skin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

PLOT_PX = 1200  # of the photo under the lines: more than a journal's column prints
WIDE = (6.4, 3.4)  # inches, of a plot of lines
_LINE_PT, _SEAM_PT = 1.4, 1.4
_BELOW = 3.8  # font sizes from the axes to the legend: past ticks and label, however small they are
_ABOVE = 3  # in matplotlib's order: lines over images


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
            f"Plots need matplotlib, which cannot be imported ({error}).",
            remedy='Run: pip install "scarscope[study]", or look at scarscope.show, which needs '
            "none.",
        ) from error


def axes_or_new(ax: Axes | None, *, size: tuple[float, float]) -> Axes:
    """The axes that were given, or those of a new figure of `size` inches."""
    require_matplotlib()
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


@dataclass(frozen=True, eq=False)
class Frame:
    """Where a canvas and the working grid lie in the axes.

    The origin is the photo's upper left corner; x goes right and y goes down, in mm, or in the
    photo's pixels where it has no scale.

    Attributes
    ----------
    skin : Skin
    canvas : Canvas
    """

    skin: Skin
    canvas: Canvas

    @property
    def per_px(self) -> float:
        """Units of the axes in one pixel of the photo."""
        scale = self.skin.photo.scale
        return scale.mm_per_px if scale else 1.0

    @property
    def unit(self) -> str:
        """``mm`` or ``px``."""
        return "mm" if self.skin.photo.scale else "px"

    def to_axes(self, shown: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places in the canvas's pixels (centres at whole numbers), one row each."""
        canvas = self.canvas
        cells = (shown + 0.5 + np.asarray(canvas.corner)) / np.asarray(canvas.per_step) - 0.5
        x, y = self.skin.grid.to_photo(cells[:, 0], cells[:, 1])
        return (np.stack([x, y], axis=1) + 0.5) * self.per_px

    @property
    def canvas_extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the canvas."""
        width, height = self.canvas.size
        corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]])
        (left, top), (right, bottom) = self.to_axes(corners)
        return float(left), float(right), float(bottom), float(top)

    @property
    def grid_extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the working grid, which spans the photo."""
        height, width = (side * self.per_px for side in self.skin.photo.shape)
        return 0.0, width, height, 0.0


def draw_photo(ax: Axes, frame: Frame, picture: Picture) -> AxesImage:
    """A picture of the canvas's size as ground, and axes in its unit."""
    image = ax.imshow(picture, extent=frame.canvas_extent, interpolation="antialiased")
    left, right, bottom, top = frame.canvas_extent
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_xlabel(frame.unit)
    ax.set_ylabel(frame.unit)
    return image


def draw_curves(
    ax: Axes,
    frame: Frame,
    curves: Sequence[Curve],
    style: LineStyle,
    *,
    label: str,
    wide: int = 1,
    strength: float = 1.0,
) -> None:
    """Closed curves in the canvas's pixels, all of one style, under one label.

    Parameters
    ----------
    ax : Axes
    frame : Frame
    curves : sequence of ndarray of float, shape (n, 2)
    style : LineStyle
    label : str
        Of the legend; with a leading ``_`` it has none.
    wide : int, optional
        Times the ordinary line's width.
    strength : float, optional
        Below 1 the photo shines through.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import Normal, Stroke

    width = _LINE_PT * wide
    lines = LineCollection(
        [frame.to_axes(curve) for curve in curves],
        label=label,
        **line_look(style),
        linewidths=width,
        alpha=strength,
        zorder=_ABOVE,
        # A dark seam, as in the pictures: a white line on pale skin is none.
        path_effects=[
            Stroke(linewidth=width + _SEAM_PT, foreground="black", alpha=0.5 * strength),
            Normal(),
        ],
    )
    ax.add_collection(lines, autolim=False)


def line_look(style: LineStyle) -> dict[str, Any]:
    """Colour and dashes of a line in matplotlib's words."""
    dashes = "solid" if style.gap == 0 else (0.0, (style.dash, style.gap))
    return {"colors": [hex_of(style.colour)], "linestyles": [dashes]}


def dark_legend(ax: Axes, counts: Mapping[str, int]) -> None:
    """A legend on dark paper, on which lines look as they do on skin; none where nothing is.

    Parameters
    ----------
    ax : Axes
    counts : Mapping of str to int
        How many there are under each label.
    """
    handles, labels = ax.get_legend_handles_labels()
    if not any(counts.values()):
        return
    ax.legend(
        handles,
        [f"{counts[label]} {label}" if label in counts else label for label in labels],
        facecolor=hex_of(PAPER),
        labelcolor=hex_of(INK),
        edgecolor="none",
        framealpha=1.0,
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        borderaxespad=_BELOW,
        ncols=min(len(labels), 3),
        handlelength=2.6,
    )


def hex_of(colour: Colour) -> str:
    """An sRGB colour as matplotlib reads it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
