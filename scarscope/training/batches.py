"""Batches from a store: augmented in background threads, always in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
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
from scarscope.training.store import BLOCK, Store

_AHEAD = 6


@dataclass(frozen=True)
class Batch:
    """Channels of shape (n, 6, h, w) and the truth that belongs to them."""

    skin: Tensor
    target: Target


def batch_of(examples: list[Example]) -> Batch:
    """Examples as tensors."""
    pictures = [_channels(e.rgb) for e in examples]

    def stack(name: str, unit: float) -> Tensor:
        planes = np.stack([getattr(e, name) for e in examples])
        return torch.from_numpy(planes.astype(np.float32) * np.float32(unit))

    def codes(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(e, name) for e in examples]).astype(np.int64))

    depth = stack("depth_um", 1e-3)
    target = Target(
        depth=depth,
        scar=stack("scar", 1 / 255),
        hidden=stack("hidden", 1 / 255),
        labels=codes("labels"),
        kinds=codes("kinds"),
        known=torch.ones_like(depth),
        measured=torch.ones_like(depth),
    )
    return Batch(torch.from_numpy(np.stack(pictures)), target)


def _channels(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    linear = np.asarray(srgb_to_linear(np.arange(256) / 255), dtype=np.float32)
    return channels(linear[rgb])


def read(arrays: dict[str, Any], number: int) -> Example:
    """One example of a store's arrays."""
    return Example(**{name: np.array(arrays[name][number]) for name in FIELDS})


def batches(
    store: Store, numbers: NDArray[np.int64], size: int, seed: int, *, threads: int = 1
) -> Iterator[Batch]:
    """Augmented batches in the order of `numbers`; what does not fill a batch is left out.

    Augmentation draws from `seed` and the place in the order, so that a run can be repeated.
    """
    arrays = store.open()

    def make(first: int) -> Batch:
        examples = []
        for place in range(first, first + size):
            number = int(numbers[place])
            store.wait_for(number // BLOCK)
            rng = np.random.default_rng((seed, place))
            examples.append(augmented(read(arrays, number), rng))
        return batch_of(examples)

    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Batch]] = deque()
        for first in range(0, len(numbers) - size + 1, size):
            waiting.append(pool.submit(make, first))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
