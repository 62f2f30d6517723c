"""`show`: a picture of whatever ScarScope found, in a notebook or as a file.

Rooms to the left know no drawing, and importing changes nothing, so that a score's own HTML is
words and figures alone. A picture is asked for: one at a time by :func:`show`, or once for a whole
notebook by ``%load_ext scarscope``, after which every score and change shows a small one by itself.

Names of files may name people: they are shown only where they are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.batch.results import BatchResult
from scarscope.batch.write import write_bytes
from scarscope.change import Change
from scarscope.errors import ParamsError
from scarscope.measures.model import Score
from scarscope.photo.model import Photo
from scarscope.report.files import png, write_jpeg
from scarscope.report.show_html import fragment, image, page
from scarscope.report.show_views import (
    Sheet,
    View,
    sheet_of_change,
    sheet_of_photo,
    sheet_of_scars,
    sheet_of_score,
    sheet_of_skin,
    small_picture,
)
from scarscope.scars.model import Scars
from scarscope.skin.model import Skin
from scarscope.study.analysis import Analysis
from scarscope.study.data import StudyData
from scarscope.study.run import StudyResult

SHOW_PX = 1200  # of a photo's longest side: as wide as most notebooks
MOST_BYTES = 2_000_000  # of all pictures of one thing that is shown
# What a notebook shows of every score and change by itself: it may hold a hundred.
SMALL_PX = 600
SMALL_PAIR_PX = 480  # of each photo
SMALL_BYTES = 110_000  # a third more as text: 150 kB
_LEAST_PX = 100

Showable = Score | Change | Scars | Skin | Photo


@dataclass(frozen=True, eq=False)
class Shown:
    """A thing with its pictures: an HTML output in a notebook, a file by :meth:`save`.

    Attributes
    ----------
    caption : str
        What is shown, in one line.
    picture : ndarray of uint8, shape (height, width, 3)
        The whole as one picture with its legend, sRGB.
    views : tuple of View
        The pictures that are switched in a notebook; their ``picture`` are of one frame.
    words : str
        What stands below them, as HTML.
    """

    caption: str
    picture: NDArray[np.uint8] = field(repr=False)
    views: tuple[View, ...] = field(repr=False)
    words: str = field(repr=False)

    def __repr__(self) -> str:
        height, width = self.picture.shape[:2]
        return (
            f"<Shown: {self.caption}; {width} x {height} px. A notebook shows it; elsewhere use "
            ".save('picture.png') or .save('page.html')>"
        )

    def _repr_html_(self) -> str:
        return fragment(self.caption, self.views, self.words, most=MOST_BYTES)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        """HTML and words; a PNG only where it is asked for, since it would double a notebook."""
        made: dict[str, Callable[[], str | bytes]] = {
            "text/html": self._repr_html_,
            "text/plain": lambda: repr(self),
        }
        if include and "image/png" in include:
            made["image/png"] = lambda: png(self.picture)
        wanted = set(include or made) - set(exclude or ())
        return {kind: make() for kind, make in made.items() if kind in wanted}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture (``.png``, ``.jpg``), or a page with all pictures (``.html``).

        Parameters
        ----------
        path : path
            An existing file is replaced; missing folders are made. It holds no metadata.

        Raises
        ------
        ParamsError
            For another kind of file.
        StoreError
            If the system does not let the file be written.
        """
        kind = Path(path).suffix.lower()
        if kind in (".jpg", ".jpeg"):
            write_jpeg(self.picture, path)
        elif kind == ".png":
            write_bytes(Path(path), png(self.picture))
        elif kind in (".html", ".htm"):
            write_bytes(Path(path), page(self._repr_html_()).encode("utf-8"))
        else:
            raise ParamsError(
                f"{Path(path).name!r} ends in {kind or 'nothing'}, which says no kind of picture.",
                remedy="Let it end in .png, .jpg or .html.",
            )


def show(thing: Showable, *, max_px: int = SHOW_PX, names: bool = False) -> Shown:
    """Show a score, a change, or what came before them.

    Parameters
    ----------
    thing : Score, Change, Scars, Skin or Photo
        A score shows its scars, the photo without outlines, and depth; a change the photos before
        and after on one frame, the change map, depth before and after, and where the photos
        compare with caution or not at all, what differs. In a notebook a click switches.
    max_px : int, optional
        Longest side of a photo in a picture, in pixels.
    names : bool, optional
        Whether the photos' names are shown; they may name people.

    Returns
    -------
    Shown
        The output of a notebook's cell; ``.picture`` is an array, ``.save(path)`` writes a file.

    Raises
    ------
    ParamsError
        For things that have no picture, or `max_px` below 100.

    Examples
    --------
    >>> import scarscope as ss
    >>> score = ss.score("left.jpg")  # doctest: +SKIP
    >>> ss.show(score).save("left_scars.png")  # doctest: +SKIP
    """
    if not isinstance(max_px, int) or max_px < _LEAST_PX:
        raise ParamsError(
            f"max_px = {max_px!r} is no side of a picture.",
            remedy=f"Give a whole number of pixels from {_LEAST_PX}, such as {SHOW_PX}.",
        )
    sheet = _sheet(thing, max_px)
    told = f"<p>{escape(' → '.join(sheet.names))}</p>" if names else ""
    return Shown(sheet.caption, sheet.picture, sheet.views, told + sheet.words)


def small_html(thing: Score | Scars | Change) -> str:
    """One small picture above a thing's own HTML: what a notebook shows by itself."""
    pair = isinstance(thing, Change)
    picture = small_picture(thing, SMALL_PAIR_PX if pair else SMALL_PX)
    if picture is None:
        return thing._repr_html_()
    text = "Before and after" if pair else "The photo with its scars outlined"
    return f"<p>{image(View('', text, picture), most=SMALL_BYTES)}</p>{thing._repr_html_()}"


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401  # IPython is no dependency
    """Show small pictures of scores, scars and changes: called by ``%load_ext scarscope``."""
    formatter = shell.display_formatter.formatters["text/html"]
    for kind in (Score, Scars, Change):
        formatter.for_type(kind, small_html)


def unload_ipython_extension(shell: Any) -> None:  # noqa: ANN401
    """Undo :func:`load_ipython_extension`: called by ``%unload_ext scarscope``."""
    formatter = shell.display_formatter.formatters["text/html"]
    for kind in (Score, Scars, Change):
        formatter.pop(kind, None)


def _sheet(thing: object, max_px: int) -> Sheet:
    if isinstance(thing, Score):
        return sheet_of_score(thing, max_px)
    if isinstance(thing, Change):
        return sheet_of_change(thing, max_px)
    if isinstance(thing, Scars):
        return sheet_of_scars(thing, max_px)
    if isinstance(thing, Skin):
        return sheet_of_skin(thing, max_px)
    if isinstance(thing, Photo):
        return sheet_of_photo(thing, max_px)
    raise ParamsError(f"A {type(thing).__name__} has no picture to show.", remedy=_remedy(thing))


def _remedy(thing: object) -> str:
    """Where to look instead."""
    if isinstance(thing, BatchResult):
        return (
            "It is a set of tables: see .photos, .scars, .changes and .failures; its pictures lie "
            "in overlays/ of its folder .out."
        )
    if isinstance(thing, StudyResult | StudyData | Analysis):
        return (
            "It is a set of tables: see .tables of a study's result, and draw a subject by "
            "scarscope.report.plot_course(study, subject); its figures lie in study/."
        )
    if isinstance(thing, pd.DataFrame):
        return "It is a table, which shows by itself."
    if isinstance(thing, str | os.PathLike | np.ndarray):
        return "Score it first: ss.show(ss.score(photo))."
    return "Give a Score, a Change, a Scars, a Skin or a Photo."
