"""From two photos to what changed: align, judge, harmonise, read, and only then say a number."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.change.align import Alignment
from scarscope.change.align import register as align
from scarscope.change.amount import Amount, Weights, measure_amount
from scarscope.change.common import Pair, lay_over
from scarscope.change.control import FAR_MM, RIM_MM, control_skin, measure_control
from scarscope.change.error import SCAR, MeasurementError, published
from scarscope.change.gate import (
    Comparability,
    colour_detail_lost,
    fine_detail_differs,
    judge,
    reasons_of_reading,
)
from scarscope.change.harmonise import harmonise
from scarscope.change.measures import measure_table, refused_table
from scarscope.change.model import Change
from scarscope.change.reading import read_pair
from scarscope.change.scars import judge_of, scar_columns, scar_table
from scarscope.measures import score_scars
from scarscope.measures.model import Score
from scarscope.params import ChangeParams, Params, SegmenterName
from scarscope.photo import read_photo, read_sidecar
from scarscope.photo.model import Photo
from scarscope.scars import choose_segmenter
from scarscope.scars.edits import Edit, apply_to_pair, grid_places, outlined
from scarscope.scars.find import Found, find
from scarscope.scars.model import Segmenter
from scarscope.skin import find_skin
from scarscope.skin.model import Skin

Source = Score | Skin | Photo | str | os.PathLike[str] | NDArray[Any]
Roi = str | Path | NDArray[Any]

_NO_AMOUNT = Amount(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class _Judged:
    """A pair that was judged, before anything is measured."""

    comparability: Comparability
    alignment: Alignment
    pair: Pair | None = None
    found: Found | None = None


def register(before: Source, after: Source, *, params: Params | None = None) -> Alignment:
    """Find where the skin of one photo lies in another.

    Parameters
    ----------
    before, after : Score, Skin, Photo, path or ndarray
        Two photos of the same skin.
    params : Params, optional
        All stages' parameters. None: the defaults.

    Returns
    -------
    Alignment
        Not ``ok``, with a reason, where the photos cannot be laid over each other.

    Raises
    ------
    ScarScopeError
        If a photo cannot be read or shows no skin.

    Examples
    --------
    >>> import scarscope as ss
    >>> ss.register("before.jpg", "after.jpg").ok  # doctest: +SKIP
    True
    """
    params = Params.given(params)
    first, second = (as_skin(source, None, params) for source in (before, after))
    return align(first, second, params=params.align)


def comparability(
    before: Source,
    after: Source,
    *,
    roi_before: Roi | None = None,
    roi_after: Roi | None = None,
    days: tuple[float, float] = (math.nan, math.nan),
    params: Params | None = None,
    segmenter: Segmenter | SegmenterName | None = None,
) -> Comparability:
    """Say whether two photos can be compared, and why not; parameters as in :func:`compare`."""
    params = Params.given(params)
    first = as_skin(before, roi_before, params)
    second = as_skin(after, roi_after, params)
    return _judge(first, second, days, params, choose_segmenter(segmenter, params)).comparability


def compare(
    before: Source,
    after: Source,
    *,
    roi_before: Roi | None = None,
    roi_after: Roi | None = None,
    days: tuple[float, float] = (math.nan, math.nan),
    error: MeasurementError | None = None,
    refuse: bool = True,
    edits_before: Sequence[Edit] = (),
    edits_after: Sequence[Edit] = (),
    params: Params | None = None,
    segmenter: Segmenter | SegmenterName | None = None,
) -> Change:
    """Say what changed between two photos of the same skin, and whether that is real.

    Parameters
    ----------
    before, after : Score, Skin, Photo, path or ndarray
        The earlier and the later photo. What was scored already is not found again.
    roi_before, roi_after : path or ndarray of bool, optional
        Region of each photo; only skin that lies in both is compared. None: the one that the
        photo's sidecar names, else one found automatically.
    days : tuple of 2 float, optional
        Days that each photo was taken after the treatment before it; NaN where there was none or it
        is not known.
    error : MeasurementError, optional
        What a change must exceed. None: ScarScope's own, from simulated retests.
    refuse : bool, optional
        False measures pairs that cannot be compared all the same; their verdict stays "not
        comparable". For studying the comparison itself, never for results.
    edits_before, edits_after : sequence of Edit, optional
        What a person decided about single scars of each photo; see
        :func:`scarscope.scars.edits.apply_to_pair`. They do not touch the answer whether the photos
        can be compared.
    params : Params, optional
        All stages' parameters. None: the defaults.
    segmenter : Segmenter, "network" or "relief", optional
        What finds the scars. None: the one that ``params.scars.segmenter`` names.

    Returns
    -------
    Change

    Raises
    ------
    ScarScopeError
        If a photo cannot be read or shows no skin. That photos cannot be aligned or compared is no
        error but a verdict.

    Examples
    --------
    >>> import scarscope as ss
    >>> change = ss.compare("before.jpg", "after.jpg")  # doctest: +SKIP
    >>> change.comparable, change.verdict  # doctest: +SKIP
    ('yes', 'improved')
    """
    params = Params.given(params)
    segmenter = choose_segmenter(segmenter, params)
    first = as_skin(before, roi_before, params)
    second = as_skin(after, roi_after, params)
    judged = _judge(first, second, days, params, segmenter)
    names = (first.photo.name, second.photo.name)
    if judged.pair is None or judged.found is None:
        return _refused(judged, first, names)
    if judged.comparability.verdict == "no" and refuse:
        return _refused(judged, first, names)
    found = judged.found, find(judged.pair.after, segmenter)
    if edits_before or edits_after:
        edits = _located(edits_before, first, segmenter), _located(edits_after, second, segmenter)
        places = grid_places(judged.pair.grid), judged.alignment.grid_maps(judged.pair.grid)
        share = params.change.resolved_share
        found = apply_to_pair(*found, edits, places, least_share=share)
    return _measure(judged, judged.pair, found, names, error or published(), params)


def _located(edits: Sequence[Edit], skin: Skin, segmenter: Segmenter) -> tuple[Edit, ...]:
    """Edits that all know their place: a number is only that of the photo's own grid."""
    if all(edit.outline for edit in edits):
        return tuple(edits)
    return outlined(edits, segmenter(skin))


def as_skin(source: Source, roi: Roi | None, params: Params) -> Skin:
    """Measurable skin of whatever stands for a photo.

    Raises
    ------
    ScarScopeError
        If the photo cannot be read or shows no skin.
    """
    if isinstance(source, Score):
        return source.skin
    if isinstance(source, Skin):
        return source
    photo = source if isinstance(source, Photo) else read_photo(source, params=params.photo)
    if roi is None and photo.path is not None:
        roi = read_sidecar(photo.path).roi
    return find_skin(photo, roi=roi, params=params.skin, capture=params.photo)


def _judge(
    before: Skin,
    after: Skin,
    days: tuple[float, float],
    params: Params,
    segmenter: Segmenter,
) -> _Judged:
    """Align and judge; a pair that can be laid over each other is harmonised too."""
    alignment = align(before, after, params=params.align)
    limits = params.change
    if not alignment.ok:
        told = judge(before, after, alignment, None, days=days, params=limits)
        return _Judged(told, alignment)
    pair = lay_over(before, after, alignment)
    if not pair.region.any():
        alignment = replace(alignment, ok=False, reason="The photos share no measurable skin.")
        told = judge(before, after, alignment, None, days=days, params=limits)
        return _Judged(told, alignment)
    found = find(pair.before, segmenter)
    scarred = found.scars.labels > 0
    plain, far = (
        control_skin(pair.region, scarred, filter_mm=pair.grid.filter_mm, rim_mm=rim)
        for rim in (RIM_MM, FAR_MM)
    )
    control = measure_control(pair, plain, far)
    common = pair.area if pair.grid.unit == "mm" else math.nan
    told = judge(before, after, alignment, control, common_mm2=common, days=days, params=limits)
    if control.tiles == 0:
        return _Judged(told, alignment, pair, found)
    pair, harmony = harmonise(pair, control, plain)
    return _Judged(replace(told, harmony=harmony), alignment, pair, found)


def _refused(judged: _Judged, before: Skin, names: tuple[str, str]) -> Change:
    unit = before.grid.unit
    return Change(
        comparability=judged.comparability,
        alignment=judged.alignment,
        measures=refused_table(unit, judged.comparability),
        scars=pd.DataFrame(columns=list(scar_columns(unit))),
        amount=_NO_AMOUNT,
        names=names,
        pair=judged.pair,
    )


def _measure(
    judged: _Judged,
    pair: Pair,
    found: tuple[Found, Found],
    names: tuple[str, str],
    error: MeasurementError,
    params: Params,
) -> Change:
    limits, told = params.change, judged.comparability
    flags = pair.before.flags | pair.after.flags
    reading = read_pair(
        pair,
        *found,
        params.scars,
        luma_alone=colour_detail_lost(told.figures, flags, limits),
    )
    alone = reading.network is None or fine_detail_differs(told.figures, flags, limits)
    amount = measure_amount(pair, reading, _weights(limits, alone=alone))
    seen = reading.before.flags | reading.after.flags
    doubt, noise = amount.leading.doubt, amount.leading.noise
    told = told.also(*reasons_of_reading(seen, doubt, noise, limits))
    before, after = score_scars(reading.before), score_scars(reading.after)
    judge = judge_of(limits, alone=alone)
    return Change(
        comparability=told,
        alignment=judged.alignment,
        measures=measure_table(pair, before, after, amount, comparability=told, error=error),
        scars=scar_table(pair, reading, judge, _detectable(error, told.spread)),
        amount=amount,
        names=names,
        pair=pair,
        reading=reading,
        before=before,
        after=after,
    )


def _weights(limits: ChangeParams, *, alone: bool) -> Weights:
    if alone:
        return Weights(0.0, limits.relief_alone_weight)
    return Weights(limits.network_weight, limits.relief_weight, limits.excess_weight)


def _detectable(error: MeasurementError, kind: str) -> Callable[[float], float]:
    """Smallest detectable relative change of one scar; all of it where its error is not known."""

    def of(noise: float) -> float:
        mdc = error.mdc95(SCAR, 1.0, comparable=kind, noise=noise)
        return mdc if np.isfinite(mdc) else 1.0

    return of
