"""Batches from a store: augmented in background threads, always in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scarscope.photo.colour import srgb_to_linear
from scarscope.scars.channels import channels
from scarscope.training.augment import augmented
from scarscope.training.example import FIELDS, Example
from scarscope.training.loss import Target
from scarscope.training.store import Store

_AHEAD = 6


@dataclass(frozen=True)
class Batch:
    """Channels of shape (n, 6, h, w) and the truth that belongs to them."""

    skin: Tensor
    target: Target


def batch_of(examples: Sequence[Example]) -> Batch:
    """Examples as tensors."""
    pictures = [_channels(e.rgb) for e in examples]

    def stack(name: str, unit: float) -> Tensor:
        planes = np.stack([getattr(e, name) for e in examples])
        return torch.from_numpy(planes.astype(np.float32) * np.float32(unit))

    def codes(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(e, name) for e in examples]).astype(np.int64))

    depth = stack("depth_um", 1e-3)
    measured = torch.tensor([float(e.measured) for e in examples])
    target = Target(
        depth=depth,
        scar=stack("scar", 1 / 255),
        hidden=stack("hidden", 1 / 255),
        labels=codes("labels"),
        kinds=codes("kinds"),
        known=stack("surveyed", 1 / 255),
        measured=torch.ones_like(depth) * measured[:, None, None],
    )
    return Batch(torch.from_numpy(np.stack(pictures)), target)


def _channels(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    linear = np.asarray(srgb_to_linear(np.arange(256) / 255), dtype=np.float32)
    return channels(linear[rgb])


def read(arrays: dict[str, Any], number: int) -> Example:
    """One example of a store's arrays."""
    return Example(**{name: np.array(arrays[name][number]) for name in FIELDS})


def never() -> bool:
    """What is asked whether to stop, where nobody wants to."""
    return False


def nothing(_number: int) -> Sequence[Example]:
    """What stands beside the examples of a batch, where nothing does."""
    return ()


def batches(
    store: Store,
    numbers: NDArray[np.int64],
    size: int,
    seed: int,
    *,
    start: int = 0,
    threads: int = 1,
    stop: Callable[[], bool] = never,
    beside: Callable[[int], Sequence[Example]] = nothing,
) -> Iterator[Batch]:
    """Augmented batches in the order of `numbers`; what does not fill a batch is left out.

    Augmentation draws from `seed` and the place in the order, so that a run can be repeated, and
    taken up again at a place.

    Parameters
    ----------
    store : Store
        Examples that are not there yet are waited for.
    numbers : ndarray of int64
        Of examples.
    size : int
        Of a batch.
    seed : int
    start : int
        Place in the order to begin at.
    threads : int
        That augment.
    stop : callable
        Ends the waiting, and the batches, by saying True.
    beside : callable
        Further examples of each batch, by its number from 0; they are taken as they are.
    """
    arrays = store.open()

    def make(first: int) -> Batch:
        examples: list[Example] = []
        for place in range(first, first + size):
            rng = np.random.default_rng((seed, place))
            examples.append(augmented(read(arrays, int(numbers[place])), rng))
        return batch_of([*examples, *beside(first // size)])

    # The waiting is done here, and not by the threads: nobody could call them back.
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[Future[Batch]] = deque()
        for first in range(start, len(numbers) - size + 1, size):
            wanted = numbers[first : first + size].tolist()
            while ahead and (len(ahead) > _AHEAD or not store.holds(wanted)):
                yield ahead.popleft().result()
            if not store.wait_for(wanted, stop):
                break
            ahead.append(pool.submit(make, first))
        while ahead:
            yield ahead.popleft().result()
