"""Learning on, from a network that can see scars already, with photos in which people drew them.

Half of every batch is drawn photos and half is simulated skin: outlines say nothing of depth, so
that the phantom has to hold it, and a few photos would else be learned by heart. The network has no
normalisation any more (:mod:`scarscope.training.folded`), and the rate is small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scarscope.errors import ParamsError
from scarscope.training.augment import augmented
from scarscope.training.batches import Batch, batches, never
from scarscope.training.loop import Say, Stop, new_state, rate_at, step
from scarscope.training.network import Network
from scarscope.training.params import TrainParams
from scarscope.training.sheets import Annotated, Sheet
from scarscope.training.store import Store, order

_WARMUP = 0.05  # of all steps
_SAY_EVERY = 5


@dataclass(frozen=True, kw_only=True)
class TuneParams:
    """How to learn from drawn photos.

    Attributes
    ----------
    epochs : int
        Times that every photo is looked at in `crops` places.
    rate : float
        Greatest learning rate; the shipped weights were made with ten to
        twenty times the default.
    crops : int
        Of a photo and epoch: 28.8 mm of skin each, every second one about a scar.
    batch : int
        Examples a step, half of them drawn and half simulated.
    blocks : int
        Of 64 simulated examples, at most.
    seed : int
        Of order, places and augmentation, and of the split.
    """

    epochs: int = 20
    rate: float = 1e-4
    crops: int = 4
    batch: int = 8
    blocks: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "crops", "blocks"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        _require(0 < self.rate <= 0.1, "rate", self.rate, "above 0, at most 0.1")
        _require(self.batch >= 2 and self.batch % 2 == 0, "batch", self.batch, "even, 2 or more")

    @property
    def half(self) -> int:
        """Drawn examples a step, and as many simulated ones."""
        return self.batch // 2

    def steps(self, photos: int) -> int:
        """Of the whole, with so many photos."""
        return max(1, self.epochs * photos * self.crops // self.half)

    def blocks_for(self, photos: int, per_block: int) -> int:
        """Blocks of simulated examples that are worth rendering."""
        return min(self.blocks, -(-self.steps(photos) * self.half // per_block))

    def places(self, photos: int) -> NDArray[np.int64]:
        """Numbers of photos in the order in which they are looked at."""
        rng, once = np.random.default_rng((self.seed, 1)), np.repeat(np.arange(photos), self.crops)
        every = np.concatenate([rng.permutation(once) for _ in range(self.epochs)])
        return np.resize(every, self.steps(photos) * self.half).astype(np.int64)


def _require(condition: bool, name: str, value: object, rule: str) -> None:
    if not condition:
        raise ParamsError(
            f"{name} = {value!r} is out of range: it must be {rule}.", remedy="Change it."
        )


def tune(
    network: Network,
    sheets: Sequence[Sheet],
    simulated: Store,
    params: TuneParams,
    *,
    say: Say | None = None,
    stop: Stop = never,
) -> Network:
    """Learn on from drawn photos and simulated skin; returns the averaged network.

    Parameters
    ----------
    network : Network
        Folded; it is changed.
    sheets : sequence of Sheet
        The photos.
    simulated : Store
        Blocks that are not ready are waited for.
    params : TuneParams
    say : callable, optional
        Called with figures every few steps.
    stop : callable
        Asked after every step and while waiting.

    Raises
    ------
    KeyboardInterrupt
        If it was stopped; nothing is kept of it.
    """
    steps = params.steps(len(sheets))
    warmup = max(1, round(_WARMUP * steps))
    own = TrainParams(rate=params.rate, warmup=warmup, batch=params.batch, seed=params.seed)
    state = new_state(network, own)
    for batch in _mixed(sheets, simulated, params, steps, stop):
        parts = step(state, batch, own, rate_at(state.step, steps, own))
        if say is not None and (state.step % _SAY_EVERY == 0 or state.step == steps):
            say({"step": state.step, **{name: float(part) for name, part in parts.items()}})
        if stop():
            break
    if state.step < steps:
        raise KeyboardInterrupt
    return state.average


def _mixed(
    sheets: Sequence[Sheet], simulated: Store, params: TuneParams, steps: int, stop: Stop
) -> Iterator[Batch]:
    places = params.places(len(sheets))

    def drawn(number: int) -> list[Annotated]:
        crops = []
        for place in range(number * params.half, (number + 1) * params.half):
            rng = np.random.default_rng((params.seed, 2, place))
            crops.append(augmented(sheets[places[place]].crop_at_random(rng), rng))
        return crops

    wanted = steps * params.half
    numbers = _often(len(simulated), wanted, params.seed)
    yield from batches(simulated, numbers, params.half, params.seed, stop=stop, beside=drawn)


def _often(count: int, wanted: int, seed: int) -> NDArray[np.int64]:
    """So many example numbers, in passes over all that there are."""
    passes = order(count, -(-wanted // count), seed)
    return np.concatenate(list(passes))[:wanted]
