"""Plots of figures: one scar's profile, and all scars by size.

As in :mod:`scarscope.report.plots`, each returns the axes, and needs matplotlib (extra ``study``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scarscope.measures.counts import SIZE_CUTS_MM
from scarscope.measures.model import Score
from scarscope.report.plot_axes import WIDE, axes_or_new, hex_of
from scarscope.report.profile import fine_unit, profile_of
from scarscope.report.style import SCAR_STYLES
from scarscope.study.agreement.repeatability import Z95
from scarscope.study.figure_style import BAND, FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SQUARE = (5.6, 4.6)  # inches
_TYPE_MARKERS = {"icepick": "v", "boxcar": "s", "rolling": "o"}


def plot_profile(score: Score, scar_id: int, ax: Axes | None = None) -> Axes:
    """Draw the depth along a cut through one scar, down as in the skin.

    Parameters
    ----------
    score : Score
    scar_id : int
        As in the table of scars.
    ax : Axes, optional
        Where to draw. None: a new figure.

    Returns
    -------
    Axes
        Across: mm from the deepest point; down: µm (both px without a scale). The cut is that of
        :func:`scarscope.report.profile.profile_of`. The band is the 95 % interval of the scar's
        depth, taken in proportion over the cut; there is none where the error is not known.

    Raises
    ------
    DependencyError
        If matplotlib is missing.
    ParamsError
        If there is no such scar.
    """
    profile = profile_of(score, scar_id)
    ax = axes_or_new(ax, size=WIDE)
    x, y = profile.along, profile.depth
    if np.isfinite(profile.sd_share):
        low, high = (np.maximum(0, 1 + sign * Z95 * profile.sd_share) for sign in (-1, 1))
        ax.fill_between(x, low * y, high * y, color=BAND, lw=0, label="95 % interval of the depth")
    ax.axhline(0, color=FAINT, lw=1.0, ls="--", label="unscarred surface")
    ax.plot(x, y, color=INK, lw=1.6, label="missing depth")
    for at, rim in enumerate(profile.rims):
        ax.axvline(rim, color=FAINT, lw=1.0, ls=":", label="_" if at else "outline")
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(1.12 * max(ax.get_ylim()), -0.12 * max(ax.get_ylim()))  # deeper is lower
    ax.set_xlabel(f"across the scar from its deepest point, {score.skin.grid.unit}")
    ax.set_ylabel(f"missing depth, {'µm' if score.skin.grid.unit == 'mm' else 'px'}")
    ax.legend(frameon=False, fontsize="small", loc="lower left")
    return ax


def plot_sizes(score: Score, ax: Axes | None = None) -> Axes:
    """Draw each scar's width against its depth, with the classes of size.

    Size is what dermatologists agree on more than on type, so that classes are drawn by width and
    types by the marker.

    Parameters
    ----------
    score : Score
    ax : Axes, optional
        Where to draw. None: a new figure.

    Returns
    -------
    Axes
        Across: width in mm; down: depth in µm, deeper is lower (both px without a scale, and then
        without classes). Bars are one standard deviation of depth, where it is known.

    Raises
    ------
    DependencyError
        If matplotlib is missing.
    """
    ax = axes_or_new(ax, size=_SQUARE)
    table, unit, fine = score.scars.table, score.skin.grid.unit, fine_unit(score)
    for kind, style in SCAR_STYLES.items():
        own = table[table["type"] == kind]
        look: dict[str, Any] = {
            "mfc": hex_of(style.colour),
            "mec": INK,
            "ecolor": FAINT,
            "elinewidth": 0.8,
        }
        ax.errorbar(
            own[f"width_{unit}"].to_numpy(np.float64),
            own[f"depth_{fine}"].to_numpy(np.float64),
            yerr=np.nan_to_num(own[f"depth_sd_{fine}"].to_numpy(np.float64)),
            fmt=_TYPE_MARKERS[kind], ms=6, label=f"{len(own)} {kind}", **look,
        )  # fmt: skip
    ax.set_xlim(left=0)
    if unit == "mm":
        _draw_classes(ax)
    ax.set_ylim(max(1.0, *ax.get_ylim()), 0)
    ax.set_xlabel(f"width, {unit}")
    ax.set_ylabel(f"depth, {'µm' if unit == 'mm' else 'px'}")
    ax.legend(loc="best", fontsize="small")
    return ax


def _draw_classes(ax: Axes) -> None:
    """Lines at the limits of the classes of size, and their names at the top."""
    low, high = SIZE_CUTS_MM
    right = max(ax.get_xlim()[1], 1.4 * high)
    ax.set_xlim(0, right)
    for cut in SIZE_CUTS_MM:
        ax.axvline(cut, color=FAINT, lw=0.8, ls="--", zorder=0)
    names = (f"< {low:g} mm", f"{low:g} to {high:g} mm", f"> {high:g} mm")
    for name, middle in zip(names, (low / 2, (low + high) / 2, (high + right) / 2), strict=True):
        ax.annotate(
            name, (middle, 1.01), xycoords=("data", "axes fraction"), ha="center", fontsize="small"
        )
