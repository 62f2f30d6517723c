"""Plots of one photo or one pair in millimetres, on axes that the caller may give.

Each draws what the picture of the same name shows, returns the axes, and leaves figures and
settings alone: titles, sizes and files are the caller's. Needs matplotlib (extra ``study``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scarscope.change import Change
from scarscope.errors import ParamsError
from scarscope.measures.model import Score
from scarscope.report.canvas import make_canvas
from scarscope.report.change_depth import depth_change, map_cover, map_top
from scarscope.report.change_pair import AFTER, BEFORE, Curves, curves_by_status
from scarscope.report.change_style import (
    STATUS_STYLES,
    over_ground,
    signed_colours,
    signed_cover,
)
from scarscope.report.change_views import make_views, need_pair
from scarscope.report.depth import GROUND_LEVEL, colour_table, depth_top
from scarscope.report.depth import _ground as ground
from scarscope.report.overlay import _curves_by_type as curves_by_type
from scarscope.report.overlay import region_curves
from scarscope.report.plot_axes import (
    PLOT_PX,
    Frame,
    axes_or_new,
    dark_legend,
    draw_curves,
    draw_photo,
    require_matplotlib,
)
from scarscope.report.style import REGION_STYLE, SCAR_STYLES
from scarscope.report.words import type_counts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE, _PAIR_SIZE = (6.4, 6.8), (12.0, 7.2)  # inches
_UM_PER_MM = 1000.0
_LEVELS = 255  # of the change map's colours


def plot_scars(score: Score, ax: Axes | None = None) -> Axes:
    """Draw the photo with its scars outlined by type.

    Parameters
    ----------
    score : Score
    ax : Axes, optional
        Where to draw. None: a new figure.

    Returns
    -------
    Axes
        In mm from the photo's upper left corner, y downwards; in its pixels without a scale.

    Raises
    ------
    DependencyError
        If matplotlib is missing.
    """
    ax = axes_or_new(ax, size=_SIZE)
    frame = Frame(score.skin, make_canvas(score.skin, max_px=PLOT_PX))
    draw_photo(ax, frame, frame.canvas.rgb)
    _draw_region(ax, frame)
    curves, counts = curves_by_type(frame.canvas, score), type_counts(score)
    for kind, style in SCAR_STYLES.items():
        draw_curves(ax, frame, curves[kind], style, label=kind)
    dark_legend(ax, counts)
    return ax


def plot_depth(score: Score, ax: Axes | None = None, *, top: float | None = None) -> Axes:
    """Draw missing depth in colour over the grey photo, with a colour bar.

    Parameters
    ----------
    score : Score
    ax : Axes, optional
        Where to draw; the colour bar stands to the right of it. None: a new figure.
    top : float, optional
        Depth at the bar's bright end, in µm (in photo pixels without a scale). None: a round
        figure just above the deepest scar. State it to compare photos.

    Returns
    -------
    Axes
        As in :func:`plot_scars`. Its last image holds the depth in µm, masked outside scars.

    Raises
    ------
    DependencyError
        If matplotlib is missing.
    ParamsError
        If `top` is not above 0.
    """
    _check_top(top)
    ax = axes_or_new(ax, size=_SIZE)
    frame = Frame(score.skin, make_canvas(score.skin, max_px=PLOT_PX))
    from matplotlib.colors import ListedColormap

    _draw_ground(ax, frame)
    _draw_region(ax, frame)
    depth = score.scars.depth * _per_unit(frame)
    image = ax.imshow(
        np.ma.masked_where(score.scars.labels == 0, depth),
        extent=frame.grid_extent,
        cmap=ListedColormap(colour_table() / 255.0, name="scarscope_depth"),
        vmin=0,
        vmax=top or depth_top(score),
    )
    _keep_frame(ax, frame)
    _colour_bar(ax, image, f"missing depth, {_fine(frame)}")
    return ax


def plot_change(change: Change, ax: Axes | None = None, *, top: float | None = None) -> Axes:
    """Draw where missing depth changed, with each scar outlined by what became of it.

    Parameters
    ----------
    change : Change
    ax : Axes, optional
        Where to draw; the colour bar stands to the right of it. None: a new figure.
    top : float, optional
        Change at the bar's ends, in µm (in photo pixels without a scale). None: a round figure at
        the depth of the deeper scars.

    Returns
    -------
    Axes
        In mm of the earlier photo, as in :func:`plot_scars`. Its last image holds the change in
        µm, masked outside scars: below 0 is filled. Unchanged scars are pale.

    Raises
    ------
    DependencyError
        If matplotlib is missing.
    ParamsError
        If the photos could not be compared, or `top` is not above 0.
    """
    _check_top(top)
    pair = need_pair(change, "change map")
    values = depth_change(change)
    ax = axes_or_new(ax, size=_SIZE)
    frame = Frame(pair.before, make_canvas(pair.before, max_px=PLOT_PX))
    per_unit = _per_unit(frame)
    top = top or map_top(change, values * np.float32(per_unit), per_unit)
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap

    _draw_ground(ax, frame)
    _draw_region(ax, frame)
    image = ax.imshow(
        np.ma.masked_where(values == 0, values * per_unit),
        extent=frame.grid_extent,
        cmap=ListedColormap(_signed_table(), name="scarscope_change"),
        vmin=-top,
        vmax=top,
        alpha=_cover(change, np.asarray(values * per_unit / top, np.float32)),
    )
    _keep_frame(ax, frame)
    bar = ScalarMappable(image.norm, ListedColormap(_bar_table()))
    _colour_bar(ax, bar, f"change of missing depth, {_fine(frame)} (below 0: filled)")
    before, after = curves_by_status(change, frame.canvas)
    _draw_statuses(ax, frame, {**before, "new": after["new"]})
    _legend(ax, change)
    return ax


def plot_pair(change: Change, axes: Sequence[Axes] | None = None) -> tuple[Axes, Axes]:
    """Draw both photos on the earlier one's frame, each scar outlined by what became of it.

    Parameters
    ----------
    change : Change
        Where the photos were not compared there are no outlines.
    axes : sequence of 2 Axes, optional
        For the earlier and the later photo. None: a new figure.

    Returns
    -------
    tuple of 2 Axes
        In mm of the earlier photo, as in :func:`plot_scars`.

    Raises
    ------
    DependencyError
        If matplotlib is missing.
    ParamsError
        If the photos could not be laid over each other, or `axes` are not two.
    """
    compared = change.reading is not None
    views = make_views(change, max_px=PLOT_PX, what="aligned picture", harmonised=compared)
    pair = _two_axes(axes)
    curves = curves_by_status(change, views.before)
    for ax, canvas, own, title in zip(
        pair, (views.before, views.after), curves, (BEFORE, AFTER), strict=True
    ):
        frame = Frame(views.skin, canvas)
        draw_photo(ax, frame, canvas.rgb)
        _draw_region(ax, frame)
        ax.set_title(title)
        _draw_statuses(ax, frame, own)
    _legend(pair[0], change)  # one says it for both
    return pair


def _two_axes(axes: Sequence[Axes] | None) -> tuple[Axes, Axes]:
    require_matplotlib()
    if axes is None:
        import matplotlib.pyplot as plt

        _, made = plt.subplots(1, 2, figsize=_PAIR_SIZE, layout="constrained")
        return made[0], made[1]
    found = list(np.ravel(np.asarray(axes, dtype=object)))
    if len(found) != 2:
        raise ParamsError(
            f"A pair is drawn on two axes, and these are {len(found)}.",
            remedy="Give those of plt.subplots(1, 2), or none.",
        )
    return found[0], found[1]


def _draw_ground(ax: Axes, frame: Frame) -> None:
    """The photo as a grey of the same level for every skin."""
    grey = np.rint(ground(frame.canvas)).astype(np.uint8)
    draw_photo(ax, frame, np.repeat(grey[..., None], 3, axis=2))


def _draw_region(ax: Axes, frame: Frame) -> None:
    curves = region_curves(frame.canvas, frame.skin)
    # No label: a legend of scars is long enough, and the caption can say it.
    draw_curves(ax, frame, curves, REGION_STYLE, label="_region", strength=0.5)


def _draw_statuses(ax: Axes, frame: Frame, curves: Curves) -> None:
    for status, style in STATUS_STYLES.items():
        draw_curves(ax, frame, curves[status], style.line, label=status, wide=style.weight)


def _legend(ax: Axes, change: Change) -> None:
    told = change.scars["status"].value_counts()
    dark_legend(ax, {status: int(told.get(status, 0)) for status in STATUS_STYLES})


def _keep_frame(ax: Axes, frame: Frame) -> None:
    """Undo what an image of the whole grid does to the limits."""
    left, right, bottom, top = frame.canvas_extent
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)


def _colour_bar(ax: Axes, image: Any, label: str) -> None:  # noqa: ANN401  # matplotlib's own
    # As high as the photo, whatever its shape; it would take room from it otherwise.
    ax.figure.colorbar(image, cax=ax.inset_axes((1.03, 0.0, 0.04, 1.0)), label=label)


def _cover(change: Change, share: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much the change hides of the ground, as in the picture."""
    return np.asarray(signed_cover(share) * map_cover(change, share), np.float32)


def _signed_table() -> NDArray[np.float64]:
    return np.asarray(signed_colours(np.linspace(-1, 1, _LEVELS)) / 255.0, np.float64)


def _bar_table() -> NDArray[np.float64]:
    """The same over the ground: no change has no colour."""
    share = np.linspace(-1, 1, _LEVELS)[None]
    grey = np.full(share.shape, GROUND_LEVEL, np.float32)
    return np.asarray(over_ground(grey, share, np.ones_like(share))[0] / 255.0, np.float64)


def _check_top(top: float | None) -> None:
    if top is not None and not (np.isfinite(top) and top > 0):
        raise ParamsError(
            f"top = {top!r} is not the end of a scale.",
            remedy="Give a figure above 0 in µm, such as 300.",
        )


def _per_unit(frame: Frame) -> float:
    return _UM_PER_MM if frame.unit == "mm" else 1.0


def _fine(frame: Frame) -> str:
    return "µm" if frame.unit == "mm" else "px"
