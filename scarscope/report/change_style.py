"""How a change looks on paper: outlines by status, and colours for less and for more.

Blue is better and orange is worse in every picture: the two hues that people with any kind of
colour blindness tell apart. Status is told by the line as well, since a grey print has no hue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scarscope.report.canvas import Picture
from scarscope.report.style import LineStyle


@dataclass(frozen=True)
class StatusStyle:
    """How the outline of a scar of one status is drawn.

    Attributes
    ----------
    line : LineStyle
    weight : int
        Times the ordinary line's width: what asks for attention is drawn twice as wide.
    """

    line: LineStyle
    weight: int = 1


STATUS_STYLES: dict[str, StatusStyle] = {
    "resolved": StatusStyle(LineStyle((255, 255, 255), dash=1.5, gap=2.5)),  # white, dotted
    "improved": StatusStyle(LineStyle((86, 180, 233))),  # sky blue, solid
    "unchanged": StatusStyle(LineStyle((205, 205, 205), dash=7.0, gap=4.0)),  # grey, dashed
    "worse": StatusStyle(LineStyle((255, 140, 26)), weight=2),  # orange, wide
    "new": StatusStyle(LineStyle((240, 228, 66), dash=3.0, gap=1.5), weight=2),  # yellow, wide
}

# From a small change to a large one, on a dark ground: the larger, the brighter.
_LESS = ((38, 88, 160), (70, 150, 220), (170, 228, 255))
_MORE = ((150, 66, 16), (226, 122, 28), (255, 208, 120))
# Below this share of the scale colour fades into the ground, so that no change is no colour.
FADE_SHARE = 0.2
MAP_COVER = 0.94


def signed_colours(share: NDArray[np.floating]) -> NDArray[np.float32]:
    """Colours of shares from -1 (less, blue) over 0 (dark) to 1 (more, orange), one row each."""
    nodes = np.linspace(0, 1, 3)
    size = np.abs(np.clip(share, -1, 1))[..., None]
    arms = [
        np.concatenate([np.interp(size, nodes, channel) for channel in zip(*arm, strict=True)], -1)
        for arm in (_LESS, _MORE)
    ]
    return np.asarray(np.where(np.asarray(share)[..., None] < 0, *arms), dtype=np.float32)


def signed_cover(share: NDArray[np.floating]) -> NDArray[np.float32]:
    """How much of the ground a share hides: 0 at no change."""
    return np.asarray(MAP_COVER * np.clip(np.abs(share) / FADE_SHARE, 0, 1), dtype=np.float32)


def over_ground(
    ground: NDArray[np.float32], share: NDArray[np.floating], cover: NDArray[np.floating]
) -> Picture:
    """Signed colours laid over a grey ground.

    Parameters
    ----------
    ground : ndarray of float32, shape (height, width)
        Grey, 0 to 255.
    share : ndarray of float, shape (height, width)
        -1 to 1.
    cover : ndarray of float, shape (height, width)
        0 where the map does not reach, 1 inside.
    """
    picture = np.repeat(ground[..., None], 3, axis=2)
    alpha = signed_cover(share) * cover.astype(np.float32)
    rows, columns = np.nonzero(alpha)
    under = picture[rows, columns]
    tint = signed_colours(share[rows, columns])
    picture[rows, columns] = under + alpha[rows, columns, None] * (tint - under)
    return np.rint(picture).astype(np.uint8)
