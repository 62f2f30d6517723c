"""Features of two views, matched, and the similarity that most matches agree on.

Nothing here draws random numbers: every match proposes a similarity of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change.align.views import CHANNELS, Image, Mask, View
from scarscope.change.align.warps import Matrix, Model, Points, robust_fit, through
from scarscope.params.align import AlignParams

_TAKEN = ("haemoglobin", "green")  # shading's features come and go with the light
_CONTRAST = 0.02  # SIFT's threshold; views are of even contrast, so that this only drops noise
_MOST_MATCHES = 1500
_BEST = 12  # proposals that are looked at closely
# How far one feature's own angle and size can be trusted.
_ANGLE_DEG, _LOG_SIZE, _SPREAD = 20.0, 0.4, 0.15
# By chance some 4 places agree; the blocks decide, so that a wrong model costs no more than time.
_LEAST_INLIERS = 6
# How far off inliers may be, in tolerances, and the model fitted to them, round by round.
_REFINING: tuple[tuple[int, Model], ...] = (
    (4, "similarity"),
    (2, "similarity"),
    (1, "affine"),
    (1, "affine"),
)


@dataclass(frozen=True, eq=False)
class Features:
    """Points of one channel of a view.

    `at` is of shape (n, 2), `size` and `angle` (rad) of shape (n,), `words` are unit vectors.
    """

    at: Points
    size: NDArray[np.float64]
    angle: NDArray[np.float64]
    words: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs of features, the most distinct first: places, ratio of sizes (log) and turn (rad)."""

    here: Points
    there: Points
    grow: NDArray[np.float64]
    turn: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.here)


@dataclass(frozen=True, eq=False)
class Consensus:
    """A model from cells of one view to cells of another, and how many matches support it."""

    matrix: Matrix
    inliers: int
    matches: int


def agree_on(before: View, after: View, params: AlignParams) -> Consensus | None:
    """The similarity or affine model that most matched features agree on; None without any."""
    matches = _match_all(before, after, params)
    if len(matches) < _LEAST_INLIERS:
        return None
    reach = max(params.feature_tolerance_mm / after.mm, 0.01 * after.extent)
    best: tuple[int, Matrix] | None = None
    for supporters in _proposals(matches, reach, params.most_scale):
        found = _refined(matches, supporters, reach)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    if best is None:
        return None
    return Consensus(best[1], best[0], len(matches))


def _match_all(before: View, after: View, params: AlignParams) -> Matches:
    """Matches of all channels, pooled."""
    parts = []
    for name in _TAKEN:
        k = CHANNELS.index(name)
        first = _detect(before.bands[k], before.mask, params)
        second = _detect(after.bands[k], after.mask, params)
        parts.append(_match(first, second, params.ratio))
    ratio = np.concatenate([r for r, _ in parts])
    order = np.argsort(ratio, kind="stable")[:_MOST_MATCHES]

    def pooled(name: str) -> NDArray[np.float64]:
        return np.asarray(np.concatenate([getattr(m, name) for _, m in parts])[order])

    return Matches(*(pooled(name) for name in ("here", "there", "grow", "turn")))


def _detect(band: Image, mask: Mask, params: AlignParams) -> Features:
    grey = np.clip(128 + 40 * band, 0, 255).astype(np.uint8)
    sift = cv2.SIFT.create(
        nfeatures=params.most_features, contrastThreshold=_CONTRAST, edgeThreshold=12
    )
    points, words = sift.detectAndCompute(grey, mask.astype(np.uint8))
    if words is None or len(points) == 0:
        none = np.zeros(0)
        return Features(np.zeros((0, 2)), none, none, np.zeros((0, 128), np.float32))
    # Hellinger's distance: no single strong gradient decides (Arandjelovic 2012).
    words = np.sqrt(words / np.maximum(words.sum(axis=1, keepdims=True), 1e-9))
    return Features(
        at=np.array([p.pt for p in points], dtype=np.float64),
        size=np.array([p.size for p in points], dtype=np.float64),
        angle=np.radians([p.angle for p in points]),
        words=np.asarray(words, dtype=np.float32),
    )


def _match(first: Features, second: Features, most: float) -> tuple[NDArray[np.float64], Matches]:
    """Mutual nearest neighbours that are clearly nearer than the next one elsewhere."""
    if len(first.at) < 2 or len(second.at) < 2:
        none = np.zeros(0)
        return none, Matches(np.zeros((0, 2)), np.zeros((0, 2)), none, none)
    alike = first.words @ second.words.T
    best = alike.argmax(axis=1)
    rows = np.arange(len(best))
    mutual = alike.argmax(axis=0)[best] == rows
    nearest = alike[rows, best]
    alike[rows, best] = -1
    # A feature with two orientations is there twice: its twin is no rival.
    rival = alike.argmax(axis=1)
    twin = (np.abs(second.at[rival] - second.at[best]) < 0.5).all(axis=1)
    alike[rows[twin], rival[twin]] = -1
    distance = np.sqrt(np.maximum(1 - np.stack([nearest, alike.max(axis=1)]), 0))
    ratio = distance[0] / np.maximum(distance[1], 1e-6)
    kept = np.flatnonzero(mutual & (ratio < most))
    a, b = kept, best[kept]
    return ratio[kept].astype(np.float64), Matches(
        here=first.at[a],
        there=second.at[b],
        grow=np.log(second.size[b] / first.size[a]),
        turn=second.angle[b] - first.angle[a],
    )


def _proposals(matches: Matches, reach: float, most_scale: float) -> list[NDArray[np.bool_]]:
    """Supporters, shape (n,), of the similarities that single matches propose, best first."""
    spin = np.exp(matches.grow + 1j * matches.turn)
    here = matches.here @ (1, 1j)
    there = matches.there @ (1, 1j)
    step_here = here[None, :] - here[:, None]
    step_there = there[None, :] - there[:, None]
    off = np.abs(step_there - spin[:, None] * step_here)
    near = off <= reach + _SPREAD * np.abs(step_there)
    turn = np.angle(np.exp(1j * (matches.turn[None, :] - matches.turn[:, None])))
    alike = np.abs(turn) <= np.radians(_ANGLE_DEG)
    alike &= np.abs(matches.grow[None, :] - matches.grow[:, None]) <= _LOG_SIZE
    alike &= (np.abs(matches.grow) <= np.log(most_scale) + _LOG_SIZE)[:, None]
    support = near & alike
    order = np.argsort(-support.sum(axis=1), kind="stable")[:_BEST]
    return [support[k] for k in order]


def _refined(
    matches: Matches, supporters: NDArray[np.bool_], reach: float
) -> tuple[int, Matrix] | None:
    """Number of inliers and model of a proposal, refined on the matches that it explains."""
    chosen = supporters
    matrix: Matrix | None = None
    for widen, model in _REFINING:
        if np.count_nonzero(chosen) < _LEAST_INLIERS:
            return None
        here, there = matches.here[chosen], matches.there[chosen]
        enough = np.count_nonzero(chosen) >= 2 * _LEAST_INLIERS
        kind: Model = model if enough else "similarity"
        matrix, _ = robust_fit(kind, here, there, tolerance=reach)
        off = np.linalg.norm(through(matrix, matches.here) - matches.there, axis=1)
        chosen = off <= widen * reach
    if matrix is None or np.linalg.det(matrix[:2, :2]) <= 0:
        return None
    inliers = _places(matches.here[chosen], reach)
    return (inliers, matrix) if inliers >= _LEAST_INLIERS else None


def _places(points: Points, reach: float) -> int:
    """How many different places there are: one feature may be found in both channels."""
    return len(np.unique(np.round(points / reach), axis=0))
