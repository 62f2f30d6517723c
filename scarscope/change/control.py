"""The internal control: skin without scars that both photos show, which treatment leaves as it was.

What differs there is the photograph. Contrasts are compared tile by tile and the median tile
counts, so that scars which nobody found, marks that came or went and single hairs decide nothing.
Coherence is that of the upper quartile: scars that changed lower it where they are, another light
lowers it everywhere.

Legend
------
log light : natural logarithm of linear light of one channel
band : difference of two Gaussian blurs, named by their sigmas in mm
gain : log of the later photo's contrast over the earlier one's, 0 for equal
coherence : correlation of both photos' bands, 1 for the same picture
far skin : control skin so far from scars that what they lit or shaded there does not count
turn : how much more the contrast changed along one direction than across it
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change.common import Image, Mask, Pair
from scarscope.skin.chromophores import blur, masked_blur

TILE_MM = 4.0
LEAST_COVER = 0.4  # of a tile that must be control skin
# Width of what is left out around a scar: its shadow, and an outline that is drawn too small.
RIM_MM = 0.8
FAR_MM = 1.6  # the same for far skin
_LEAST_FAR_TILES = 6  # with fewer, all control skin counts as far
# Bands in mm: skin lines and pores; the relief between pores and scars; the size of scars; and all
# sizes at which pigment varies.
FINE_MM, MID_MM, COARSE_MM, PIGMENT_MM = (0.10, 0.25), (0.25, 1.0), (0.8, 2.5), (0.25, 2.5)
LIGHT_MM = 3.0  # slower than this it is the light that falls off, not relief
# Added to linear light before the log, so that noise near black is not blown up (sRGB code 6).
FLOOR = 0.002
# How much more fine relief's turn varies than middle relief's where nothing turned (tuning seeds).
_FINE_TURN = 1.6
_FALL_MM = 30.0  # a cheek's width, over which the fall of light is stated
_POINTS = 20_000  # a plane needs no more


@dataclass(frozen=True)
class Contrast:
    """How one contrast differs between the photos.

    Attributes
    ----------
    gain, gain_se : float
        Median over tiles, and its standard error.
    coherence : float
        Upper quartile over tiles.
    """

    gain: float
    gain_se: float
    coherence: float


@dataclass(frozen=True)
class Control:
    """What differs in the control skin, later photo against earlier one.

    Attributes
    ----------
    fine, mid, coarse : Contrast
        Of log green light, in three bands. Coherence of the middle one is that of far skin: what
        treatment changes reaches beyond a scar's rim.
    tones : tuple of 3 Contrast
        Of log red, green and blue light: what all three bands have in common. A tone curve changes
        the contrast of every size alike; scars that flattened change the coarse band alone, and
        focus the fine one.
    pigment : Contrast
        Of log red over green: pigment, which light cannot change.
    turn : float
        Of fine and middle relief, log units; a lamp that moves lights other walls.
    exposure : tuple of 3 float
        Median difference of log light in red, green and blue.
    fall : float
        Difference of the plane that log light falls off by, over 30 mm.
    bend : float
        Standard deviation of what is slower than relief and no plane.
    tiles : int
        Tiles of control skin.
    """

    fine: Contrast
    mid: Contrast
    coarse: Contrast
    tones: tuple[Contrast, Contrast, Contrast]
    pigment: Contrast
    turn: float
    exposure: tuple[float, float, float]
    fall: float
    bend: float
    tiles: int


@dataclass(frozen=True)
class _Tiles:
    """Sums over the control skin of every tile."""

    side: int
    plain: Mask

    def sums(self, image: Image) -> NDArray[np.float64]:
        """Sum of `image` over the control skin of each tile, shape (rows, cols)."""
        rows, cols = (max(1, n // self.side) for n in image.shape)
        height, width = min(rows * self.side, image.shape[0]), min(cols * self.side, image.shape[1])
        cut = np.where(self.plain, image, np.float32(0))[:height, :width]
        blocks = cut.reshape(rows, height // rows, cols, width // cols)
        return np.asarray(blocks.sum(axis=(1, 3), dtype=np.float64))

    @property
    def kept(self) -> Mask:
        """Tiles with enough control skin."""
        return np.asarray(
            self.sums(np.ones(self.plain.shape, np.float32)) >= LEAST_COVER * self.side**2
        )

    def compare(self, first: Image, second: Image) -> Contrast:
        """Contrast of two bands."""
        kept = self.kept
        if not kept.any():
            return Contrast(math.nan, math.nan, math.nan)
        one, two = self.sums(first * first)[kept], self.sums(second * second)[kept]
        both = self.sums(first * second)[kept]
        gains = 0.5 * np.log(np.maximum(two, 1e-12) / np.maximum(one, 1e-12))
        middle = float(np.median(gains))
        spread = 1.4826 * float(np.median(np.abs(gains - middle)))
        # The median of n values of a normal distribution varies by 1.25 sd over the root of n.
        error = 1.2533 * spread / math.sqrt(len(gains))
        coherence = np.quantile(both / np.sqrt(np.maximum(one * two, 1e-24)), 0.75)
        return Contrast(middle, error, float(coherence))

    def turn(self, first: Image, second: Image) -> float:
        """Difference of the gains of slopes in opposite directions, in both pairs of them."""
        gains = [
            self.compare(one, two).gain
            for one, two in zip(_slopes(first), _slopes(second), strict=True)
        ]
        return math.hypot(gains[0] - gains[1], gains[2] - gains[3])


def _tiles(plain: Mask, step: float) -> _Tiles:
    return _Tiles(max(1, round(TILE_MM / step)), plain)


def least_difference(first: Image, second: Image, plain: Mask, filter_mm: float) -> float:
    """By how much middle relief of two photos differs where it differs least.

    The lower quartile over tiles: treatment that changes scars changes the skin around them a
    little, and not everywhere, while noise and another light are everywhere.

    Parameters
    ----------
    first, second : ndarray of float32, shape (h, w)
        Log light.
    plain : ndarray of bool, same shape
        Control skin. Where it fills no tile, all of it counts; where there is none, everything.
    filter_mm : float
        Grid step in mm.
    """
    apart = band(np.asarray(second - first, np.float32), MID_MM, filter_mm)
    tiles = _tiles(plain, filter_mm)
    kept = tiles.kept
    if kept.any():
        cells = tiles.sums(np.ones(plain.shape, np.float32))[kept]
        return float(np.quantile(np.sqrt(tiles.sums(apart * apart)[kept] / cells), 0.25))
    rest = apart[plain] if plain.any() else apart
    return float(np.sqrt(np.mean(rest.astype(np.float64) ** 2)))


def _turn(tiles: _Tiles, green: tuple[Image, ...], step: float) -> float:
    """The larger turn of fine and middle relief; noise makes fine relief's vary more."""
    fine, mid = (
        tiles.turn(*(band(image, mm, step) for image in green)) for mm in (FINE_MM, MID_MM)
    )
    return max(fine / _FINE_TURN, mid)


def _slopes(image: Image) -> tuple[Image, Image, Image, Image]:
    """Slopes across, down, and along both diagonals."""
    down, across = (np.asarray(slope, dtype=np.float32) for slope in np.gradient(image))
    return across, down, down + across, down - across


def _shared(bands: tuple[Contrast, ...]) -> Contrast:
    """The gain that all bands have: the least of them where they agree in sign, else none."""
    gains = [entry.gain for entry in bands]
    least = min(bands, key=lambda entry: abs(entry.gain))
    if all(gain > 0 for gain in gains) or all(gain < 0 for gain in gains):
        return least
    return Contrast(0.0, least.gain_se, least.coherence)


def control_skin(region: Mask, scarred: Mask, *, filter_mm: float, rim_mm: float = RIM_MM) -> Mask:
    """The region without scars and their rims.

    Parameters
    ----------
    region, scarred : ndarray of bool, shape (h, w)
    filter_mm : float
        Grid step in mm.
    rim_mm : float, optional
        Width of what is left out around a scar.
    """
    if not scarred.any():
        return region
    clear = cv2.distanceTransform((~scarred).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray(region & (clear > rim_mm / filter_mm))


def measure_control(pair: Pair, plain: Mask, far: Mask | None = None) -> Control:
    """Compare the control skin of both photos.

    Parameters
    ----------
    pair : Pair
    plain : ndarray of bool, shape of the grid
        Control skin, from :func:`control_skin`.
    far : ndarray of bool, same shape, optional
        The same at :data:`FAR_MM` from scars. None: `plain`.
    """
    step = pair.grid.filter_mm
    tiles = _tiles(plain, step)
    distant = tiles if far is None else _tiles(far, step)
    if np.count_nonzero(distant.kept) < _LEAST_FAR_TILES:
        distant = tiles
    logs = tuple(log_light(skin.rgb) for skin in (pair.before, pair.after))
    ratio = tuple(log[..., 0] - log[..., 1] for log in logs)

    def contrast(images: tuple[Image, ...], mm: tuple[float, float]) -> Contrast:
        first, second = (band(image, mm, step) for image in images)
        return tiles.compare(first, second)

    channels = (tuple(log[..., c] for log in logs) for c in range(3))
    red, tone, blue = (
        tuple(contrast(channel, mm) for mm in (FINE_MM, MID_MM, COARSE_MM)) for channel in channels
    )
    bands = (band(log[..., 1], MID_MM, step) for log in logs)
    mid = replace(tone[1], coherence=distant.compare(*bands).coherence)
    fall, bend = _light_field(logs[1][..., 1] - logs[0][..., 1], plain, step)
    apart = np.median((logs[1] - logs[0])[plain], axis=0) if plain.any() else np.full(3, np.nan)
    return Control(
        fine=tone[0],
        mid=mid,
        coarse=tone[2],
        tones=(_shared(red), _shared(tone), _shared(blue)),
        pigment=contrast(ratio, PIGMENT_MM),
        turn=_turn(tiles, tuple(log[..., 1] for log in logs), step),
        exposure=(float(apart[0]), float(apart[1]), float(apart[2])),
        fall=fall,
        bend=bend,
        tiles=int(np.count_nonzero(tiles.kept)),
    )


def log_light(rgb: Image) -> Image:
    """Natural log of linear light, with a floor."""
    return np.asarray(np.log(rgb + np.float32(FLOOR)), dtype=np.float32)


def band(image: Image, mm: tuple[float, float], filter_mm: float) -> Image:
    """An image between two sigmas in mm."""
    fine, broad = (max(sigma / filter_mm, 0.3) for sigma in mm)
    return blur(image, fine) - blur(image, broad)


def _light_field(difference: Image, plain: Mask, step: float) -> tuple[float, float]:
    """How unevenly log light changed: the slope of a plane over 30 mm, and the rest."""
    if not plain.any():
        return math.nan, math.nan
    slow = masked_blur(difference, plain, LIGHT_MM / step)
    rows, cols = np.nonzero(plain)
    every = slice(None, None, max(1, len(rows) // _POINTS))
    rows, cols = rows[every], cols[every]
    values = slow[rows, cols].astype(np.float64)
    scale = step / _FALL_MM
    design = np.stack([cols * scale, rows * scale, np.ones(len(rows))], axis=1)
    plane = np.linalg.lstsq(design, values, rcond=None)[0]
    return float(np.hypot(plane[0], plane[1])), float((values - design @ plane).std())
