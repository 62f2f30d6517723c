"""From two readings to one change, with its standard error by resampling.

Legend
------
n1, n2 : missing volume by the network, earlier and later photo
r1, r2 : the same by relief
n, r : their relative changes, ``(n2 - n1) / n1`` and ``(r2 - r1) / r1``
f : relative change of missing volume, ``w_n n + w_r r + w_e e``; read backwards, from the later
    photo to the earlier one, for what rose steeply
e : excess, what n exceeds r by beyond the network's noise where both have one sign
noise : standard deviation of r that the noise of the photos explains

The weights were chosen on tuning seeds of the phantom (``python -m benchmarks.tune_change``). Their
sum exceeds 1: each reading alone understates a change, the network because it leans to the middle
and relief because what does not change, such as pigment, is in its denominator. Under flat light
that is most of it, while the network, which never exaggerates a change between photos alike, shows
more: hence the excess.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.change.common import Image, Mask, Pair
from scarscope.change.reading import Reading

BLOCK_MM = 5.0  # about as wide as the widest scar, so that blocks are nearly independent
RESAMPLES = 400
_SEED = 20261125
# The relief of what the network calls a scar is at least this share of what the network reads, or
# relief shows too little of it for a ratio: flat light.
_LEAST_RELIEF = 0.25
_MOST_RISE = 2.0  # a single reading's relative change is held within -1.3 and this
_MOST_FALL = -1.3
# A fall is a share of what there was before. A rise by more than this is, little by little, read
# as the fall that it is when seen from the later photo: a share of next to nothing says little.
_STEEP_RISE = (0.5, 1.0)
_NETWORK_NOISE = 0.10  # the network's change of a burden that did not change stays within this
# The network shows this share less or more of a change than relief: no disagreement. On treated
# tuning pairs it shows 28 % less, but to take all of that for granted let a lamp that moved pass
# for a change in two of 103 tuning pairs in which nothing changed, and this in none.
_SHRINKAGE = 0.1
# Relief summed over an area of skin in which nothing changed differs by this, in mm³ at 1 mm² and
# for photos whose log light differs by 1, and grows with the area by this power: more than the half
# of white noise, as the inverse smooths. Near what ``python -m benchmarks.relief_noise`` finds; the
# factors of measurement_error.json make up for the rest.
_NOISE_MM3 = 2.5
_NOISE_POWER = 0.58


@dataclass(frozen=True)
class Weights:
    """Weights of the network's and of the relief's relative change, and of the excess."""

    network: float
    relief: float
    excess: float = 0.0


@dataclass(frozen=True)
class Amount:
    """Relative change of the missing volume.

    Attributes
    ----------
    change : float
        -1 is all gone, 0 no change; NaN where nothing was missing in the earlier photo.
    se : float
        Standard error by resampling blocks of skin: how far the change depends on which scars the
        photos happen to show. It does not hold what photographing again would change.
    network, relief : float
        Each reading's own relative change; NaN where it has none.
    doubt : float
        How far the readings differ beyond what is known of them, also where relief alone counts;
        0 where there is only one.
    noise : float
        Standard deviation of the change that the noise of the photos explains.
    backwards : Amount, optional
        The same from the later photo to the earlier one.
    """

    change: float
    se: float
    network: float
    relief: float
    doubt: float = 0.0
    noise: float = math.nan
    backwards: Amount | None = None

    @property
    def steepness(self) -> float:
        """How far the change is measured backwards, 0 to 1."""
        if self.backwards is None or math.isnan(self.backwards.change):
            return 0.0
        return (
            1.0 if math.isnan(self.change) else float(np.interp(self.change, _STEEP_RISE, (0, 1)))
        )

    @property
    def leading(self) -> Amount:
        """The direction that counts more: what doubt and noise are to be judged by."""
        return self.backwards if self.backwards and self.steepness > 0.5 else self


@dataclass(frozen=True)
class Step:
    """Change of one figure from photo to photo, in the figure's unit; fields as in `Amount`."""

    change: float
    se: float
    doubt: float
    noise: float


def step_of(first: float, second: float, amount: Amount) -> Step:
    """What a change of the missing volume is of a figure that follows it.

    Parameters
    ----------
    first, second : float
        The figure in the earlier and in the later photo, each by itself.
    amount : Amount

    Returns
    -------
    Step
        A share of `first`; of `second`, where the figure rose steeply. NaN where neither is known.
    """
    share = amount.steepness
    parts = [(first, 1 - share, amount, 1.0)]
    if amount.backwards is not None:
        parts.append((second, share, amount.backwards, -1.0))
    parts = [part for part in parts if part[1] > 0]

    def mixed(name: str) -> float:
        return float(sum(weight * base * getattr(one, name) for base, weight, one, _ in parts))

    noise = mixed("noise")
    return Step(
        change=float(sum(w * base * sign * one.change for base, w, one, sign in parts)),
        se=mixed("se"),
        doubt=mixed("doubt"),
        noise=0.0 if math.isnan(noise) else noise,
    )


def relative_change(volumes: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """The combined change of volumes.

    Parameters
    ----------
    volumes : ndarray of float, shape (4, ...)
        n1, n2, r1, r2; n1 and n2 NaN where there is no network.
    weights : Weights

    Returns
    -------
    ndarray of float, shape (3, ...)
        f, n and r, each a relative change.
    """
    n1, n2, r1, r2 = volumes
    with np.errstate(divide="ignore", invalid="ignore"):
        network = np.where(n1 > 0, (n2 - n1) / n1, np.nan)
        least = np.where(np.isnan(n1), 0.0, _LEAST_RELIEF * n1)
        relief = np.where(r1 > 0, (r2 - r1) / np.maximum(r1, least), np.nan)
    network, relief = (np.clip(part, _MOST_FALL, _MOST_RISE) for part in (network, relief))
    both = weights.network * network + weights.relief * relief
    both = both + weights.excess * _excess(network, relief)
    total = weights.network + weights.relief
    alone = np.where(np.isnan(network), relief, network) * total
    f = np.where(np.isnan(both), alone, both)
    return np.stack([np.maximum(f, -1.0), network, relief])


def _excess(network: NDArray[np.float64], relief: NDArray[np.float64]) -> NDArray[np.float64]:
    beyond = np.maximum(np.abs(network) - np.abs(relief) - _NETWORK_NOISE, 0.0)
    # Relief that shows nothing bears nothing out: the excess is at most as much again.
    beyond = np.minimum(beyond, np.abs(relief))
    return np.where(network * relief > 0, np.sign(network) * beyond, 0.0)


def _doubt(network: float, relief: float, weights: Weights) -> float:
    """Difference of the readings beyond the known shrinkage, and what the excess adds."""
    if math.isnan(network) or math.isnan(relief):
        return 0.0
    known = _SHRINKAGE * max(abs(network), abs(relief))
    excess = float(_excess(np.asarray(network), np.asarray(relief)))
    return max(0.0, abs(network - relief) - known) + weights.excess * abs(excess)


def measure_amount(pair: Pair, reading: Reading, weights: Weights) -> Amount:
    """Change of the missing volume over the common skin.

    Parameters
    ----------
    pair : Pair
    reading : Reading
        Of this pair.
    weights : Weights
    """
    maps = list(_maps(reading))
    total = np.array([image.sum(dtype=np.float64) for image in maps])
    blocks = np.stack([_block_sums(image, pair) for image in maps])
    kept = blocks[:, _block_sums(pair.region.astype(np.float32), pair) > 0]
    noise = relief_noise(reading, pair, _areas(reading.rimmed))
    ahead, back = (
        _amount(total[order], kept[order], weights, noise) for order in ([0, 1, 2, 3], [1, 0, 3, 2])
    )
    return replace(ahead, backwards=back)


def _amount(
    total: NDArray[np.float64], blocks: NDArray[np.float64], weights: Weights, noise: float
) -> Amount:
    """Of sums n1, n2, r1, r2 over all skin and over blocks of it, and the noise of relief's sum."""
    change, network, relief = map(float, relative_change(total, weights))
    return Amount(
        change=change,
        se=_error(blocks, weights),
        network=network,
        relief=relief,
        doubt=_doubt(network, relief, weights),
        noise=noise / _relief_base(total[0], total[2]),
    )


def _areas(mask: Mask) -> NDArray[np.float64]:
    """Cells of each piece of a mask."""
    stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)[2]
    return np.asarray(stats[1:, cv2.CC_STAT_AREA], np.float64)


def relief_noise(reading: Reading, pair: Pair, areas: NDArray[np.float64]) -> float:
    """Standard deviation of summed relief that the noise of the photos explains, in cells.

    Parameters
    ----------
    reading : Reading
        Its ``noise`` says how far the photos differ in skin without scars.
    pair : Pair
    areas : ndarray of float, shape (n,)
        Cells of each scar with its walls; their noise is independent.
    """
    grid = pair.grid
    mm2 = areas * grid.filter_mm**2
    single = reading.noise * _NOISE_MM3 * mm2**_NOISE_POWER / grid.filter_mm**2
    return float(np.sqrt(np.sum(single**2))) * grid.step / grid.filter_mm


def scar_noise(reading: Reading, pair: Pair, walls: Mask, volumes: NDArray[np.float64]) -> float:
    """Standard deviation of one scar's relative change that the noise of the photos explains.

    Parameters
    ----------
    reading : Reading
        Of the whole pair.
    pair : Pair
    walls : ndarray of bool
        The scar with its walls.
    volumes : ndarray of float, shape (4,)
        From :func:`scar_volumes`.
    """
    area = np.array([np.count_nonzero(walls)], np.float64)
    return relief_noise(reading, pair, area) / _relief_base(volumes[0], volumes[2])


@dataclass(frozen=True)
class ScarWeights:
    """How a single scar's readings are weighed.

    Attributes
    ----------
    network, relief, profile : float
        Where there is no noise.
    noise : float
        Noise of the change at which the network takes half of the place of relief.
    noisy : float
        The network's weight where it has taken all of it.
    """

    network: float
    relief: float
    profile: float
    noise: float
    noisy: float


def scar_change(
    volumes: NDArray[np.float64], profile: float, noise: float, weights: ScarWeights
) -> float:
    """Relative change of a single scar; -1 is all gone, NaN where it had no volume.

    Parameters
    ----------
    volumes : ndarray of float, shape (4,)
        From :func:`scar_volumes`.
    profile : float
        Relative change by :func:`profile_change`; NaN counts as that of relief.
    noise : float
        From :func:`scar_noise`.
    weights : ScarWeights
    """
    _, network, relief = map(float, relative_change(volumes, Weights(1.0, 1.0)))
    if math.isnan(relief):
        return max(network, -1.0) if not math.isnan(network) else math.nan
    profile = relief if math.isnan(profile) else profile
    read = weights.relief * relief + weights.profile * profile
    if math.isnan(network) or weights.network == weights.noisy == 0:
        return max(read, -1.0)
    trust = 0.0 if math.isnan(noise) else 1 / (1 + (noise / weights.noise) ** 2)
    share = trust * weights.network + (1 - trust) * weights.noisy
    return max(share * network + trust * read, -1.0)


def profile_change(before: Image, after: Image, where: Mask) -> float:
    """Relative change of how much of a scar's profile its relief shows, NaN where it has none.

    Both photos' relief is projected on their mean, less the level around: noise that does not look
    like the scar does not count. A scar that narrows keeps part of its profile, so that this
    understates a change, and gains in steadiness.

    Parameters
    ----------
    before, after : ndarray of float32
        Relief of both photos.
    where : ndarray of bool, same shape
        The scar and what is around it, no other scar.
    """
    one, two = (image[where].astype(np.float64) for image in (before, after))
    if not one.size:
        return math.nan
    mean = (one + two) / 2
    shape = mean - mean.mean()
    first, second = float(shape @ one), float(shape @ two)
    if first <= 0:
        return math.nan
    return float(np.clip(second / first - 1, _MOST_FALL, _MOST_RISE))


def _relief_base(n1: float, r1: float) -> float:
    """What the relief's change is a share of; NaN where there is nothing."""
    base = r1 if math.isnan(n1) else max(r1, _LEAST_RELIEF * n1)
    return float(base) if base > 0 else math.nan


def scar_volumes(reading: Reading, own: Mask, walls: Mask) -> NDArray[np.float64]:
    """n1, n2, r1, r2 of one scar, over its outline and over its walls too, in cells."""
    network = reading.network or (None, None)
    parts = [
        math.nan if depth is None else float(np.maximum(depth[own], 0).sum(dtype=np.float64))
        for depth in network
    ]
    return np.array([*parts, *(float(h[walls].sum(dtype=np.float64)) for h in reading.relief)])


def _maps(reading: Reading) -> Iterator[Image]:
    nothing = np.full(reading.outline.shape, np.nan, np.float32)
    for depth in reading.network or (None, None):
        if depth is None:
            yield nothing
        else:
            yield np.where(reading.outline, np.maximum(depth, 0), np.float32(0))
    for height in reading.relief:
        yield np.where(reading.rimmed, height, np.float32(0))


def _block_sums(image: Image, pair: Pair) -> NDArray[np.float64]:
    side = max(1, round(BLOCK_MM / pair.grid.filter_mm))
    rows = np.add.reduceat(image, np.arange(0, image.shape[0], side), axis=0, dtype=np.float64)
    return np.asarray(np.add.reduceat(rows, np.arange(0, image.shape[1], side), axis=1))


def _error(blocks: NDArray[np.float64], weights: Weights) -> float:
    """Standard deviation of the change over resamples of the blocks, shape (4, n)."""
    count = blocks.shape[1]
    if count < 2:
        return math.nan
    rng = np.random.default_rng(_SEED)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    changes = relative_change(blocks @ drawn.T, weights)[0]
    known = changes[np.isfinite(changes)]
    return float(known.std(ddof=1)) if len(known) > 1 else math.nan
