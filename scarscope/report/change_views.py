"""Both photos of a pair as pictures of one size, each place of the skin at the same pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change import Alignment, Change
from scarscope.change.common import Pair
from scarscope.change.control import FLOOR, log_light
from scarscope.errors import ParamsError
from scarscope.photo.colour import linear_to_srgb
from scarscope.report.canvas import Canvas, Picture, make_canvas
from scarscope.skin.model import Skin

Light = NDArray[np.float32]

# Of each photo of a picture that shows two or three: a cheek at 0.06 mm a pixel fits in.
SIDE_PX = 1600
# Places are mapped at every so manieth pixel and are linear between: an alignment bends over
# millimetres.
_LATTICE_PX = 8
_LEVELS = 16383  # of the encoding table: finer than Canvas's, since exposure may be pulled up
_SAMPLES = 200_000  # pixels that a median is taken of


@dataclass(frozen=True, eq=False)
class Views:
    """Both photos on the earlier one's frame.

    Attributes
    ----------
    before, after : Canvas
        The same but for their colours; black where the later photo does not reach.
    skin : Skin
        The earlier photo's, its region the common skin.
    """

    before: Canvas
    after: Canvas
    skin: Skin


def need_pair(change: Change, what: str) -> Pair:
    """The pair of a change.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other.
    """
    if change.pair is None:
        raise ParamsError(
            f"There is no {what} of photos that could not be laid over each other "
            f"({change.alignment.reason or change.comparability.codes}).",
            remedy="Draw scarscope.report.why_picture, which shows both photos and the reason.",
        )
    return change.pair


def make_views(change: Change, *, max_px: int, what: str, harmonised: bool = True) -> Views:
    """Lay the later photo's own pixels over the earlier photo.

    Parameters
    ----------
    change : Change
    max_px : int
        Longest side of each photo.
    what : str
        What is drawn, for the error.
    harmonised : bool, optional
        Whether the later photo gets the earlier one's exposure, colour and contrast, as it was
        measured; False shows it as it was taken.

    Raises
    ------
    ParamsError
        If the photos could not be laid over each other.
    """
    pair = need_pair(change, what)
    before = make_canvas(pair.before, max_px=max_px)
    light = _laid_over(pair, change.alignment, before)
    table = _tones(change, pair, before, light) if harmonised else _plain_tones()
    return Views(before, replace(before, rgb=_encode(light, table)), pair.before)


def _laid_over(pair: Pair, alignment: Alignment, canvas: Canvas) -> Light:
    """The later photo's light at every pixel of the canvas."""
    light = pair.after.photo.rgb
    x, y = _places(pair, alignment, canvas)
    step = alignment.scale / canvas.per_photo_px  # its pixels in one of the canvas
    if step > 1:  # averaged first: a pixel of the canvas holds several of the photo's
        size = [max(1, round(n / step)) for n in (light.shape[1], light.shape[0])]
        across, down = size[0] / light.shape[1], size[1] / light.shape[0]
        light = np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.float32)
        x, y = (x + 0.5) * across - 0.5, (y + 0.5) * down - 0.5
    # As sharp as the earlier photo, which is enlarged linearly or not resampled at all.
    how = cv2.INTER_LINEAR if canvas.per_photo_px > 1 else cv2.INTER_CUBIC
    found = cv2.remap(light, x, y, how, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(found, np.float32)


def _places(pair: Pair, alignment: Alignment, canvas: Canvas) -> tuple[Light, Light]:
    """Where the canvas's pixels lie in the later photo."""
    width, height = canvas.size
    s = _LATTICE_PX
    # One node beyond each edge, so that nothing has to be continued.
    columns, rows = (np.arange(-1, -(-n // s) + 1) for n in (width, height))
    shown = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    middles = (shown + 0.5) * s - 0.5
    cells = (middles + np.asarray(canvas.corner) + 0.5) / np.asarray(canvas.per_step) - 0.5
    own = np.stack(pair.grid.to_photo(cells[:, 0], cells[:, 1]), axis=1)
    there = alignment.map(own).reshape(len(rows), len(columns), 2).astype(np.float32)
    full = cv2.resize(there, None, fx=s, fy=s, interpolation=cv2.INTER_LINEAR)
    cut = full[s : s + height, s : s + width]
    return np.ascontiguousarray(cut[..., 0]), np.ascontiguousarray(cut[..., 1])


def _tones(change: Change, pair: Pair, canvas: Canvas, light: Light) -> Picture:
    """Tables from light to sRGB by which the later photo looks as it was measured.

    Harmonising turns log light around its middle, channel by channel; the middle is where the
    harmonised skin of the pair has it.
    """
    harmony = change.comparability.harmony
    inside = canvas.cover(pair.region) > 127
    if harmony is None or not inside.any():
        return _plain_tones()
    every = slice(None, None, 1 + np.count_nonzero(inside) // _SAMPLES)
    have = np.median(log_light(np.clip(light[inside][every], 0, 1)), axis=0)
    wanted = np.median(log_light(pair.after.rgb[pair.region]), axis=0)
    factor = np.asarray(harmony.contrast)
    levels = np.log(np.linspace(0, 1, _LEVELS + 1)[:, None] + FLOOR)
    toned = np.exp((levels - have) * factor + wanted) - FLOOR
    return np.rint(linear_to_srgb(np.clip(toned, 0, 1)) * 255).astype(np.uint8)


def _plain_tones() -> Picture:
    levels = np.linspace(0, 1, _LEVELS + 1)[:, None]
    return np.rint(linear_to_srgb(np.repeat(levels, 3, axis=1)) * 255).astype(np.uint8)


def _encode(light: Light, table: Picture) -> Picture:
    codes = (np.clip(light, 0, 1) * np.float32(_LEVELS) + np.float32(0.5)).astype(np.uint16)
    return np.stack([table[:, c][codes[..., c]] for c in range(3)], axis=-1)
