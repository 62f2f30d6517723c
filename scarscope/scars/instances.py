"""Cut the network's maps into single scars: markers, watershed, and what each scar is like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from scarscope.params import NetworkParams
from scarscope.scars.card import Card
from scarscope.scars.model import MAX_SCARS
from scarscope.scars.segment import region_rim
from scarscope.skin.chromophores import blur

Image = NDArray[np.float32]
Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

HAIR_MM = 0.3  # a terminal hair with its shadow and the network's cell; wider gaps are no hair
_CORE = 0.5  # of a scar's own highest marker value: its core
_EIGHT = np.ones((3, 3))  # neighbours, corners too
_FAINTEST = 1e-3  # least value before logarithms; far below any marker


@dataclass(frozen=True, eq=False)
class Reading:
    """The network's maps in their own units, all on one grid.

    Attributes
    ----------
    scar : ndarray of float32, shape (h, w)
        Probability of being part of a scar.
    depth, depth_sd : ndarray of float32, same shape
        Missing depth as that of a scar, if there is one, and its standard deviation, in one unit.
    expected : ndarray of float32, same shape
        Missing depth to be expected, whether or not there is a scar, in the same unit.
    kinds : ndarray of float32, shape (3, h, w)
        Probabilities of the types.
    hidden : ndarray of float32, shape (h, w)
        Probability of not being plain skin.
    core : ndarray of float32, shape (h, w)
        Depth as a share of its own scar's.
    """

    scar: Image
    depth: Image
    depth_sd: Image
    expected: Image
    kinds: Image
    hidden: Image
    core: Image


@dataclass(frozen=True)
class Traits:
    """What the maps say of one scar beyond its outline and depth."""

    confidence: float
    kinds: tuple[float, float, float]
    depth_sd: float


@dataclass(frozen=True, eq=False)
class Found:
    """Labels, numbered 1 to n without gaps, and the traits of each in order.

    `left_out` is what looked like scars and is none: pores, threads, what lies along the border or
    under hair. What only has no clear middle, or not enough confidence, may be a scar nonetheless.
    """

    labels: Labels
    traits: tuple[Traits, ...]
    left_out: Mask


def cut_scars(
    reading: Reading, region: Mask, *, filter_mm: float, card: Card, params: NetworkParams
) -> Found:
    """Label the scars of a reading.

    Parameters
    ----------
    reading : Reading
    region : ndarray of bool, shape (h, w)
        Measurable skin; nothing outside is a scar.
    filter_mm : float
        Grid step in mm.
    card : Card
        Thresholds that belong to the weights.
    params : NetworkParams
    """
    scar = np.asarray((reading.scar > card.scar_threshold) & region)
    marks = _marks(reading, max(card.core_smooth_mm / filter_mm, 0.5))
    pieces = _split(marks, scar, card)
    rim = region_rim(region, filter_mm=filter_mm)
    out = np.zeros(region.shape, np.int32)
    traits: list[Traits] = []
    for box, own in _each(pieces):
        whole = _without_threads(own)
        shown = _shown(whole, reading.hidden[box], filter_mm=filter_mm, params=params)
        if not _may_be_scar(shown, rim[box], filter_mm=filter_mm, params=params):
            continue
        about = _traits(reading, marks, box, shown)
        if about.confidence >= params.least_confidence and len(traits) < MAX_SCARS:
            traits.append(about)
            out[box][shown] = len(traits)
    rest = scar & (out == 0)
    left_out = _left_out(rest, reading.hidden, rim, filter_mm=filter_mm, params=params)
    return Found(out, tuple(traits), left_out)


def _left_out(
    rest: Mask, hidden: Image, rim: Mask, *, filter_mm: float, params: NetworkParams
) -> Mask:
    """What of the cells that no scar took cannot be part of one, by the rules for scars."""
    lumps, _ = ndimage.label(rest)
    out = np.zeros(rest.shape, bool)
    for box, own in _each(np.asarray(lumps, np.int32)):
        shown = _shown(_without_threads(own), hidden[box], filter_mm=filter_mm, params=params)
        may_be = _may_be_scar(shown, rim[box], filter_mm=filter_mm, params=params)
        out[box] |= own & ~shown if may_be else own
    return out


def _may_be_scar(shown: Mask, rim: Mask, *, filter_mm: float, params: NetworkParams) -> bool:
    """Whether it is no pore and does not lie along the border."""
    large = _is_large(shown, filter_mm=filter_mm, params=params)
    return large and float(rim[shown].mean()) <= params.most_on_border


def _marks(reading: Reading, sigma: float) -> Image:
    """Where scars have their middle: high where the network sees a scar, and its depth."""
    core = np.clip(reading.core, 0, 1) * reading.scar
    return np.asarray(blur(core, sigma))


def _split(marks: Image, scar: Mask, card: Card) -> Labels:
    """One label a marker, grown over the mask; what holds no marker is no scar."""
    lumps, _ = ndimage.label(scar)
    out = np.zeros(scar.shape, np.int32)
    count = 0
    for box, own in _each(np.asarray(lumps, np.int32)):
        values = np.where(own, marks[box], np.float32(0))
        seeds, number = _seeds(values, own, card)
        if number == 0:
            continue
        grown = watershed(-values, markers=seeds, mask=own)  # type: ignore[no-untyped-call]
        view = out[box]
        view[own] = grown[own] + count
        count += number
    return out


def _seeds(values: Image, own: Mask, card: Card) -> tuple[Labels, int]:
    """Maxima high enough, whose saddle to the next is below a share of their own height."""
    if values.max() < card.core_peak:
        return np.zeros(own.shape, np.int32), 0
    height = np.log(np.maximum(values, np.float32(_FAINTEST)))
    # Flooded from below: what stays above is one plateau a marker, also where peaks are equal.
    lower = height + np.float32(np.log(card.core_saddle))
    flat = reconstruction(lower, height, method="dilation")  # type: ignore[no-untyped-call]
    # A level plain is a maximum too, once it has an edge.
    edged = np.pad(flat, 1, constant_values=float(flat.min()) - 1)
    plateaus, _ = ndimage.label(local_maxima(edged)[1:-1, 1:-1], _EIGHT)  # type: ignore[no-untyped-call]
    high = np.unique(plateaus[own & (values >= card.core_peak)])
    order = np.zeros(int(plateaus.max()) + 1, np.int32)
    order[high[high > 0]] = np.arange(1, np.count_nonzero(high) + 1)
    return np.where(own, order[plateaus], 0), int(order.max())


def _each(labels: Labels) -> Iterator[tuple[tuple[slice, slice], Mask]]:
    """Every label's box, and its own cells there."""
    boxes: Sequence[tuple[slice, ...] | None] = ndimage.find_objects(labels)
    for number, box in enumerate(boxes, start=1):
        if box is not None:
            rows, cols = box
            yield (rows, cols), labels[rows, cols] == number


def _without_threads(own: Mask) -> Mask:
    """A scar without what is but a cell or two wide: no scar has a tail."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    padded = np.pad(own, 1).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(padded, cv2.MORPH_OPEN, cross)[1:-1, 1:-1] > 0)


def _shown(own: Mask, hidden: Image, *, filter_mm: float, params: NetworkParams) -> Mask:
    """What is plain skin of a scar, with the gaps that single hairs leave; none where too little.

    A hair over a pit hides some of it, but the pit goes on below.
    """
    plain = own & (hidden <= params.most_hidden)
    if plain.sum() < params.least_visible * own.sum():
        return np.zeros_like(own)
    size = 2 * int(np.ceil(HAIR_MM / filter_mm / 2)) + 1  # wider than the hair
    if plain.sum() == own.sum():
        return plain
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    padded = np.pad(plain, size).astype(np.uint8)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[size:-size, size:-size] > 0
    return np.asarray(closed & own)


def _is_large(shown: Mask, *, filter_mm: float, params: NetworkParams) -> bool:
    least = max(params.least_width_mm / filter_mm, params.least_width_cells)
    return int(shown.sum()) >= np.pi / 4 * least**2


def _traits(reading: Reading, marks: Image, box: tuple[slice, slice], shown: Mask) -> Traits:
    height, scar = marks[box][shown], reading.scar[box][shown].astype(np.float64)
    core = height >= _CORE * float(height.max())
    kinds = reading.kinds[(slice(None), *box)][:, shown] @ scar / scar.sum()
    kinds = kinds / kinds.sum()
    return Traits(
        confidence=float(scar[core].mean()),
        kinds=(float(kinds[0]), float(kinds[1]), float(kinds[2])),
        depth_sd=float(reading.depth_sd[box][shown][core].mean()),
    )
