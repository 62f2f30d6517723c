"""Lay two photos of the same skin over each other, or say that it cannot be done.

Features that treatment leaves alone propose a first mapping; blocks of skin all over it then say
where they lie, the mapping follows them, and how many of them bear it out decides whether it holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from scarscope.change.align.alignment import Alignment
from scarscope.change.align.features import Consensus, agree_on
from scarscope.change.align.looks import Look, last_look, scale_of, shown_in
from scarscope.change.align.views import Mask, View, make_view
from scarscope.change.align.warps import Matrix, Points, Warp, jacobian, through
from scarscope.errors import ParamsError
from scarscope.params.align import AlignParams
from scarscope.skin.model import Skin

_REMADE = 0.08  # log of scale beyond which the later view is made anew to show the same detail
_LIMIT_SD = 1.645  # one-sided 95 %
_LEAST_BLOCKS_ACROSS = 3  # that a photo's skin must hold
_PLACES = 1000  # at which the local scale is looked at

TOO_SMALL = "The {which} photo shows too little skin to compare."
NO_FEATURES = "The photos have no features in common."
TOO_FAR = "The photos differ in scale by a factor of {scale:.2g}."
LITTLE_COMMON = "Only {overlap:.0%} of the earlier photo's skin is in the later photo."
NO_DETAIL = "The skin that both photos would share has too little detail in common."
INCONSISTENT = "Only {agree} of {shown} blocks of common skin lie where the others say."


def register(
    before: Skin,
    after: Skin,
    *,
    params: AlignParams | None = None,
    ignore_before: Mask | None = None,
    ignore_after: Mask | None = None,
) -> Alignment:
    """Find where the skin of one photo lies in another.

    Parameters
    ----------
    before, after : Skin
        Two photos of the same skin; pixel size, turn, view and light may differ, and neither needs
        a scale.
    params : AlignParams, optional
        None means the defaults.
    ignore_before, ignore_after : ndarray of bool, optional
        Cells of either grid to leave out, such as scars under treatment. None leaves out none:
        the mapping follows what most of the skin says.

    Returns
    -------
    Alignment
        Not ``ok``, with a reason, where the photos cannot be laid over each other.

    Raises
    ------
    ParamsError
        If a mask has not the shape of its grid.

    Examples
    --------
    >>> alignment = register(skin, skin_after)  # doctest: +SKIP
    >>> alignment.ok, alignment.residual_mm  # doctest: +SKIP
    (True, 0.03)
    """
    params = params or AlignParams()
    _check(before, ignore_before, "ignore_before")
    _check(after, ignore_after, "ignore_after")
    best: Alignment | None = None
    for coarser in _guesses(before, after, params):
        found = _attempt(before, after, (ignore_before, ignore_after), coarser, params)
        if best is None or found.confidence > best.confidence:
            best = found
        if best.ok:
            break
    assert best is not None  # there is always one guess
    return best


def _guesses(before: Skin, after: Skin, params: AlignParams) -> tuple[float, ...]:
    """How much coarser than the grids say detail is taken to be, the likeliest first."""
    stated = before.photo.scale is not None and after.photo.scale is not None
    return (1.0,) if stated or params.coarser == 1 else (1.0, params.coarser)


def _attempt(
    before: Skin,
    after: Skin,
    ignore: tuple[Mask | None, Mask | None],
    coarser: float,
    params: AlignParams,
) -> Alignment:
    first, second = (
        make_view(skin, mask, params, grid_mm=skin.grid.filter_mm / coarser)
        for skin, mask in zip((before, after), ignore, strict=True)
    )
    failed = _failed(before, after)
    for view, which in ((first, "earlier"), (second, "later")):
        if view.extent < _LEAST_BLOCKS_ACROSS * params.least_block_cells:
            return replace(failed, reason=TOO_SMALL.format(which=which))
    start = agree_on(first, second, params)
    if start is None:
        return replace(failed, reason=NO_FEATURES)
    return _follow(_Pair(before, after, first, second, ignore[1]), start, failed, params)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two skins and their views."""

    before: Skin
    after: Skin
    first: View
    second: View
    ignore_after: Mask | None


def _check(skin: Skin, ignore: Mask | None, name: str) -> None:
    if ignore is not None and (ignore.shape != skin.grid.shape or ignore.dtype != np.bool_):
        raise ParamsError(
            f"{name} has shape {ignore.shape} and type {ignore.dtype}; the grid of "
            f"{skin.photo.name!r} has shape {skin.grid.shape}.",
            remedy="Give a mask of True and False on the skin's grid.",
        )


def _failed(before: Skin, after: Skin) -> Alignment:
    """An alignment that maps nothing, to which what was found is added."""
    stated = [s.photo.scale.mm_per_px if s.photo.scale else math.nan for s in (before, after)]
    return Alignment(
        matrix=np.full((3, 3), np.nan),
        field=None,
        before_shape=before.photo.shape,
        after_shape=after.photo.shape,
        ok=False,
        before_mm_per_px=stated[0],
        after_mm_per_px=stated[1],
    )


def _follow(pair: _Pair, start: Consensus, failed: Alignment, params: AlignParams) -> Alignment:
    """From a first mapping to the alignment that blocks of skin bear out, or to a failure."""
    failed = replace(failed, n_matches=start.inliers)
    scale = scale_of(start.matrix, pair.first)
    if not 1 / params.most_scale <= scale <= params.most_scale:
        return replace(failed, reason=TOO_FAR.format(scale=scale))
    second, matrix = _remade(pair, start.matrix, scale, params)
    look = last_look(pair.first, second, Warp(matrix, None, pair.first.mask.shape), params)
    if look is None:
        return replace(failed, reason=NO_DETAIL)
    return _judged(replace(pair, second=second), look, failed, params)


def _remade(pair: _Pair, matrix: Matrix, scale: float, params: AlignParams) -> tuple[View, Matrix]:
    """The later view with cells and detail of the size of the earlier one's, and the mapping."""
    second = pair.second
    true_mm = pair.first.mm / scale  # of a cell of the later view
    if abs(math.log(true_mm / second.mm)) < _REMADE:
        return second, matrix
    cells = pair.after.grid.shape[1] / second.mask.shape[1]
    view = make_view(pair.after, pair.ignore_after, params, grid_mm=true_mm / cells)
    return view, np.linalg.inv(view.to_photo) @ second.to_photo @ matrix


def _judged(pair: _Pair, look: Look, failed: Alignment, params: AlignParams) -> Alignment:
    """The alignment with its figures, or a failure where too little bears it out."""
    agree, shown = int(look.agree.sum()), int(look.blocks.shown.sum())
    x, y = look.found.warp.cells(pair.first.mask.shape)
    common = pair.first.mask & shown_in(pair.second, x, y)
    overlap = float(common.sum() / pair.first.mask.sum())
    confidence = _lower_limit(agree, shown)
    failed = replace(
        failed, confidence=confidence, overlap=overlap, n_blocks=agree, support=look.support
    )
    if agree < params.least_blocks or confidence < params.least_agreement:
        return replace(failed, reason=INCONSISTENT.format(agree=agree, shown=shown))
    if overlap < params.least_overlap:
        return replace(failed, reason=LITTLE_COMMON.format(overlap=overlap))
    return _succeeded(pair, look, common, failed)


def _succeeded(pair: _Pair, look: Look, common: Mask, known: Alignment) -> Alignment:
    warp, to_photo = look.found.warp, pair.first.to_photo
    matrix = pair.second.to_photo @ warp.matrix @ np.linalg.inv(to_photo)
    field = None
    if warp.field is not None:
        field = warp.field * np.diag(pair.second.to_photo)[:2].astype(np.float32)
    cells = float(np.median(look.off[look.blocks.sure]))
    residual = cells * math.sqrt(np.linalg.det(to_photo[:2, :2]))
    at = through(to_photo, np.argwhere(common)[:, ::-1].astype(np.float64))
    return _with_geometry(
        replace(
            known,
            ok=True,
            matrix=matrix,
            field=field,
            residual_px=residual,
            residual_mm=residual * known.before_mm_per_px,
        ),
        at,
    )


def _lower_limit(agree: int, shown: int) -> float:
    """Wilson's lower limit of a share."""
    if shown == 0:
        return 0.0
    z, share = _LIMIT_SD, agree / shown
    spread = z * math.sqrt(share * (1 - share) / shown + (z / (2 * shown)) ** 2)
    return (share + z * z / (2 * shown) - spread) / (1 + z * z / shown)


def _with_geometry(alignment: Alignment, at: Points) -> Alignment:
    """Scale, turn and signs of tilt, from the homography at pixels of the common skin."""
    u, (most, least), v = np.linalg.svd(jacobian(alignment.matrix, *at.mean(axis=0)))
    spin, scale = u @ v, math.sqrt(most * least)
    some = at[:: max(1, len(at) // _PLACES)]
    local = [math.sqrt(np.linalg.det(jacobian(alignment.matrix, x, y))) for x, y in some]
    return replace(
        alignment,
        scale=scale,
        turn_deg=math.degrees(math.atan2(spin[1, 0], spin[0, 0])),
        anisotropy=float(most / least - 1),
        keystone=(max(local) - min(local)) / scale,
    )
