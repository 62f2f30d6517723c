"""From a photo to its numbers in one call."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from scarscope.measures.model import Score
from scarscope.measures.registry import measure
from scarscope.params import Params, SegmenterName
from scarscope.photo import read_photo, read_sidecar
from scarscope.photo.model import Photo
from scarscope.scars import choose_segmenter
from scarscope.scars.edits import Edits, apply_edits
from scarscope.scars.find import find
from scarscope.scars.model import Scars, Segmenter
from scarscope.skin import find_skin


def score(
    photo: Photo | str | os.PathLike[str] | NDArray[Any],
    *,
    roi: str | Path | NDArray[Any] | None = None,
    params: Params | None = None,
    segmenter: Segmenter | SegmenterName | None = None,
    edits: Edits | None = None,
) -> Score:
    """Find the scars of one photo and measure them.

    Parameters
    ----------
    photo : Photo, path or ndarray
        A photo from :func:`scarscope.photo.read_photo`, or a file or array to read with it. An
        array, and a file without a sidecar, has no scale: read it yourself to state one.
    roi : path or ndarray of bool, shape (height, width), optional
        Mask image or polygon file of the region, or a mask in the upright photo's pixels. None:
        the region that the photo's sidecar names, else one found automatically.
    params : Params, optional
        All stages' parameters. None: the defaults.
    segmenter : Segmenter, "network" or "relief", optional
        What finds the scars. None: the one that ``params.scars.segmenter`` names.
    edits : Edits, optional
        What a person decided about the region and single scars. A region that was drawn counts for
        more than `roi`.

    Returns
    -------
    Score
        Every registered measure, with the scars it comes from.

    Raises
    ------
    PhotoError, ScaleError, RegionError, ScarsError, ParamsError, DependencyError
        If the photo cannot be read, holds no measurable skin, or cannot be segmented.

    Examples
    --------
    >>> import scarscope as ss
    >>> photo = ss.read_photo("P01/left.jpg", mm_per_px=0.06)  # doctest: +SKIP
    >>> ss.score(photo).burden_um  # doctest: +SKIP
    11.8
    """
    params = Params.given(params)
    if not isinstance(photo, Photo):
        photo = read_photo(photo, params=params.photo)
    edits = edits or Edits()
    drawn = edits.roi(photo.shape)
    if drawn is not None:
        roi = drawn
    elif roi is None and photo.path is not None:
        roi = read_sidecar(photo.path).roi
    skin = find_skin(photo, roi=roi, params=params.skin, capture=params.photo)
    segmenter = choose_segmenter(segmenter, params)
    if not edits.scars:
        return score_scars(segmenter(skin))
    return score_scars(apply_edits(find(skin, segmenter), edits.scars))


def score_scars(scars: Scars) -> Score:
    """Measure scars that have been found already.

    Parameters
    ----------
    scars : Scars
        From any segmenter, or drawn by hand.

    Returns
    -------
    Score
    """
    return Score(scars=scars, values=measure(scars), flags=scars.flags)
