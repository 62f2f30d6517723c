"""The learned segmenter: a small network's maps, cut into scars."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.flags import Flag
from scarscope.params import NetworkParams, ScarParams
from scarscope.scars.card import Card
from scarscope.scars.catalog import describe
from scarscope.scars.channels import NETWORK_MM
from scarscope.scars.contrast import light_flags, relief_share
from scarscope.scars.instances import Found, Reading, cut_scars
from scarscope.scars.model import Scars
from scarscope.scars.network import OUTPUTS, Maps, Net, load
from scarscope.scars.relief import estimate_axis, flatten
from scarscope.scars.tiles import View, onto_grid, read_tiles, view_of, ways_of
from scarscope.scars.turned import Tally
from scarscope.skin.model import Grid, Skin

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

_NOTHING = -20.0  # logit of what no tile was read for: surely no scar
_MOST_LOG_SD = 2.0  # log of 7 mm: no depth is less certain, and its exponential stays finite
_DOUBTFUL = 0.05  # chance of a scar from which it is doubtful, and below which it is unlikely


@dataclass(frozen=True, eq=False)
class Look:
    """What the network made of a photo: its maps over a view, and what a second look said."""

    view: View
    maps: Maps
    tally: Tally | None


@dataclass(frozen=True)
class NetworkSegmenter:
    """Find scars with a small convolutional network that learned from simulated skin.

    Parameters
    ----------
    params : NetworkParams, optional
        None means the defaults.
    net, card : Net and Card, optional
        A network with its thresholds. None: the one that `params` name, loaded when the first
        photo needs it.
    light : ScarParams, optional
        How :class:`scarscope.scars.ReliefSegmenter` reads whether the light has a side: without
        one, much relief is hidden from the network too. None means the defaults.

    Examples
    --------
    >>> NetworkSegmenter().name
    'network'
    """

    params: NetworkParams = field(default_factory=NetworkParams)
    net: Net | None = None
    card: Card | None = None
    light: ScarParams = field(default_factory=ScarParams)

    @property
    def name(self) -> str:
        """Short name written into provenance."""
        return "network"

    def __call__(self, skin: Skin) -> Scars:
        """Find the scars of `skin`.

        Raises
        ------
        DependencyError
            If the network's files are missing or damaged, or OpenCV cannot run it.
        """
        return self.decide(skin, self.look(skin))

    def look(self, skin: Skin) -> Look:
        """Run the network over the skin; what its maps mean is for :meth:`decide`."""
        net, card = self._network()
        view = view_of(skin)
        return Look(view, *_read(net, view, card, self.params))

    def depth_beyond(self, skin: Skin, look: Look) -> Image:
        """Missing depth in the grid's unit, also where nothing was cut out as a scar.

        Two readings of the same skin are compared over one outline; what is shallower at the
        second visit, and so outlined smaller, keeps its depth beyond the new outline.
        """
        reading = _reading(look.maps, look.view, skin.grid, self._network()[1])
        depth = np.zeros(skin.grid.shape, np.float32)
        depth[look.view.box] = reading.depth
        return depth

    def decide(self, skin: Skin, look: Look) -> Scars:
        """Cut what the network saw into scars, by the card's thresholds."""
        card, step = self._network()[1], skin.grid.filter_mm
        reading, box = _reading(look.maps, look.view, skin.grid, card), look.view.box
        found = cut_scars(reading, skin.region[box], filter_mm=step, card=card, params=self.params)
        labels = np.zeros(skin.grid.shape, np.int32)
        labels[box] = found.labels
        faint = np.zeros(skin.grid.shape, np.float32)
        plain = skin.region[box] & (found.labels == 0) & ~found.left_out
        faint[box] = _faint(reading, plain, self.params.least_faint, self.params)
        smooth = np.zeros(skin.grid.shape, np.float32)
        smooth[box] = reading.depth
        depth = np.where(labels > 0, smooth, np.float32(0))
        doubt = _Doubt.of(depth, _faint(reading, plain, _DOUBTFUL, self.params), skin)
        quality = {
            "ways_read": float(ways_of(look.view, self.params)),
            "turn_disagreement": math.nan if look.tally is None else look.tally.disagreement,
            "doubtful_share": doubt.share,
            "doubtful_um": doubt.um if skin.grid.unit == "mm" else math.nan,
            "light_directedness": self._directedness(skin),
            "relief_share": relief_share(skin.rgb, skin.region, filter_mm=step),
        }
        return Scars(
            skin=skin,
            labels=labels,
            depth=depth,
            table=_table(labels, smooth, skin.grid, found, card),
            segmenter=self.name,
            quality=quality,
            flags=skin.flags | self._flags(quality, doubt),
            weights=card.digest,
            faint=faint,
        )

    def _directedness(self, skin: Skin) -> float:
        step = skin.grid.filter_mm
        shading = flatten(skin.shading, skin.region, filter_mm=step, params=self.light)
        return estimate_axis(shading, skin.region, filter_mm=step).directed

    def _flags(self, quality: dict[str, float], doubt: _Doubt) -> Flag:
        flags, params = Flag.NONE, self.params
        if doubt.share > params.most_doubtful and doubt.um > params.least_doubtful_um:
            flags |= Flag.DOUBTFUL_READING
        if quality["turn_disagreement"] > params.most_disagreement:  # False for NaN
            flags |= Flag.UNSTABLE_READING
        return flags | light_flags(quality, doubt.share, self.light)

    def _network(self) -> tuple[Net, Card]:
        if self.net is not None and self.card is not None:
            return self.net, self.card
        net, card = load(self.params.weights)
        return self.net or net, self.card or card


def _table(
    labels: NDArray[np.int32], depth: Image, grid: Grid, found: Found, card: Card
) -> pd.DataFrame:
    traits = dict(enumerate(found.traits, start=1))
    return describe(
        labels,
        depth,
        grid,
        {number: about.confidence for number, about in traits.items()},
        kinds={number: about.kinds for number, about in traits.items()},
        kind_weights=card.kind_weights,
        depth_sd={number: about.depth_sd for number, about in traits.items()},
    )


def _read(net: Net, view: View, card: Card, params: NetworkParams) -> tuple[Maps, Tally | None]:
    """Maps of the whole view, and what a second look at part of it said."""
    rows, cols = (-(-n // 2) for n in view.region.shape)
    maps = np.zeros((OUTPUTS, rows, cols), np.float32)
    maps[0] = _NOTHING
    logit = math.log(card.scar_threshold / (1 - card.scar_threshold))
    cells = view.region[::2, ::2]
    tally: Tally | None = None
    for piece in read_tiles(net, view, params):
        maps[(slice(None), *piece.place)] = piece.maps
        if piece.twice is not None:
            tally = (tally or Tally()).count(*piece.twice, cells[piece.place], logit=logit)
    return maps, tally


def _reading(maps: Maps, view: View, grid: Grid, card: Card) -> Reading:
    """The maps on the grid, as probabilities and in the grid's unit."""
    # The network takes every pixel for 0.10 mm wide; relief scales with what it really is. Without
    # a scale that is nominal, so it goes back to pixels of the photo.
    unit = np.float32(card.depth_scale * view.mm / NETWORK_MM * grid.step / grid.filter_mm)
    log_sd = np.minimum(maps[2], np.float32(_MOST_LOG_SD))
    scar = _probability(onto_grid(maps[0], view))
    # The network was taught the mean depth: where it doubts a scar it says less than any scar there
    # would have, and the more so the less the light shows.
    expected = np.maximum(onto_grid(maps[1], view), 0) * unit
    given = np.asarray(1 / np.maximum(scar, card.depth_given), dtype=np.float32)
    return Reading(
        scar=scar,
        depth=expected * given,
        expected=expected,
        depth_sd=onto_grid(np.exp(log_sd), view) * (unit * given * np.float32(card.sd_factor)),
        kinds=np.stack([onto_grid(share, view) for share in _softmax(maps[3:6])]),
        hidden=_probability(onto_grid(maps[6], view)),
        core=onto_grid(maps[7], view),
    )


def _faint(reading: Reading, plain: Mask, chance: float, params: NetworkParams) -> Image:
    """Depth that is expected outside outlines: there it is told as that of a scar, if it is one.

    On skin like that which the network learned from, its mean depth about adds up in doubt too. The
    less likely than `chance` a scar is, the more that depends on how often scars were to be seen
    there. What is hidden is not skin.
    """
    seen = plain & (reading.scar >= chance) & (reading.hidden <= params.most_hidden)
    return np.where(seen, reading.expected, np.float32(0))


@dataclass(frozen=True)
class _Doubt:
    """Missing depth that was not sure enough for an outline, and not unlikely either.

    Attributes
    ----------
    share : float
        Of this and what is outlined; 1 where there is neither.
    um : float
        Mean over the region in micrometres, nominal ones where there is no scale.
    """

    share: float
    um: float

    @classmethod
    def of(cls, depth: Image, doubtful: Image, skin: Skin) -> _Doubt:
        sure, doubt = (float(part.sum(dtype=np.float64)) for part in (depth, doubtful))
        cells, to_um = np.count_nonzero(skin.region), 1000 * skin.grid.filter_mm / skin.grid.step
        share = doubt / (sure + doubt) if sure + doubt > 0 else 1.0
        return cls(share, doubt / cells * to_um if cells else 0.0)


def _probability(logits: Image) -> Image:
    # Beyond this the exponential of single precision overflows, and nothing changes any more.
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), dtype=np.float32)


def _softmax(logits: Image) -> Image:
    odds = np.exp(logits - logits.max(axis=0))
    return np.asarray(odds / odds.sum(axis=0), dtype=np.float32)
