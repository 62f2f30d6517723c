"""A change as a notebook shows it: the verdict, the reasons, the primary measures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scarscope.change.model import Change

_PRIMARY = ("burden", "scar_area_fraction", "n_scars")
_LEFT_OUT = ["comparable", "reasons"]


def change_html(change: Change) -> str:
    """The answer in one line, then :func:`details_html`."""
    return f"<p><b>{escape(change.text)}</b></p>{details_html(change)}"


def details_html(change: Change) -> str:
    """Each reason with what to do about it, and the primary measures where there are figures.

    Parameters
    ----------
    change : Change

    Returns
    -------
    str
        HTML without names of photos.
    """
    items = "".join(
        f"<li>{escape(reason.text)} <i>{escape(reason.info.remedy)}.</i></li>"
        for reason in change.comparability.reasons
    )
    listed = f"<ul>{items}</ul>" if items else ""
    table = change.measures
    shown = table[table["measure"].str.startswith(_PRIMARY)]
    shown = shown[~shown["measure"].str.contains("_sd")].drop(columns=_LEFT_OUT)
    if change.comparable == "no" and shown["change"].isna().all():  # a table of gaps says nothing
        return listed
    figures = shown.to_html(index=False, na_rep="", float_format=lambda value: f"{value:.4g}")
    return listed + str(figures)
