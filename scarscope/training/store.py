"""Examples on disk: rendered once by all cores, block by block, and read by the trainer at random.

A block is a function of its number alone, so that a store is the same whoever renders it in
whatever order, and rendering goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.errors import StoreError
from scarscope.phantom.render import render
from scarscope.phantom.seeds import STOPPING, TRAINING
from scarscope.training.example import FIELDS, SIDE, Example, example_of
from scarscope.training.faces import face_examples
from scarscope.training.recipes import training_recipe

BLOCK = 64
_FACE_EVERY = 8  # One block in so many is cut from a whole face.
_WAIT_S = 0.5
_WINDOW = 16  # Blocks that the first pass shuffles together, so that faces come mixed with skin.
_SHAPES: dict[str, tuple[tuple[int, ...], type]] = {
    "rgb": ((SIDE, SIDE, 3), np.uint8),
    "depth_um": ((SIDE // 2, SIDE // 2), np.uint16),
    "scar": ((SIDE // 2, SIDE // 2), np.uint8),
    "labels": ((SIDE // 2, SIDE // 2), np.uint8),
    "kinds": ((SIDE // 2, SIDE // 2), np.uint8),
    "hidden": ((SIDE // 2, SIDE // 2), np.uint8),
}
PURPOSES = {"training": TRAINING, "stopping": STOPPING}


@dataclass(frozen=True)
class Store:
    """A folder of examples, one array a field.

    Attributes
    ----------
    folder : Path
    blocks : int
        How many it is to hold.
    purpose : str
        ``"training"`` or ``"stopping"``: which seeds it draws from.
    per_block : int
        Examples of a block.
    first : int
        Blocks of those seeds that it leaves out before its own: what other weights have learned
        from, which these go on from.
    """

    folder: Path
    blocks: int
    purpose: str = "training"
    per_block: int = BLOCK
    first: int = 0

    def __len__(self) -> int:
        return self.blocks * self.per_block

    def create(self) -> None:
        """Lay out empty files where there are none.

        Raises
        ------
        StoreError
            If there are files of fewer examples, or of other shapes.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, (shape, kind) in _SHAPES.items():
            file, size = self.folder / f"{name}.npy", (len(self), *shape)
            if not file.exists():
                np.lib.format.open_memmap(file, mode="w+", dtype=kind, shape=size).flush()
            found = np.load(file, mmap_mode="r").shape
            if found[0] < len(self) or found[1:] != shape:  # more do no harm
                raise StoreError(
                    f"{file} is of shape {found}, not {size}.",
                    remedy="Give another folder, or delete this one.",
                )

    def ready(self, block: int) -> bool:
        """Whether a block has been rendered."""
        return self._mark(block).exists()

    def missing(self) -> list[int]:
        """Blocks that are still to be rendered, in order."""
        return [b for b in range(self.blocks) if not self.ready(b)]

    def render_block(self, block: int) -> None:
        """Render one block and mark it as ready."""
        arrays = self.open("r+")
        made = block_examples(self.first + block, self.purpose, self.per_block)
        for number, example in enumerate(made, start=block * self.per_block):
            for name in FIELDS:
                arrays[name][number] = getattr(example, name)
        for array in arrays.values():
            array.flush()
        self._mark(block).touch()

    def open(self, mode: Any = "r") -> dict[str, Any]:  # noqa: ANN401
        """The arrays, mapped from disk."""
        return {name: np.load(self.folder / f"{name}.npy", mmap_mode=mode) for name in FIELDS}

    def holds(self, numbers: Iterable[int]) -> bool:
        """Whether the blocks of all these examples are ready."""
        return all(self.ready(block) for block in {int(n) // self.per_block for n in numbers})

    def wait_for(self, numbers: Iterable[int], stop: Callable[[], bool]) -> bool:
        """Return when these examples are there, which somebody else renders.

        Returns
        -------
        bool
            False where `stop` said so before.
        """
        numbers = list(numbers)
        while not self.holds(numbers):
            if stop():
                return False
            time.sleep(_WAIT_S)
        return True

    def _mark(self, block: int) -> Path:
        return self.folder / f"ready-{block:05d}"


def block_examples(block: int, purpose: str, count: int = BLOCK) -> Iterator[Example]:
    """The examples of one block of `count`."""
    seeds = PURPOSES[purpose]
    first = seeds.start + block * count
    if first + count > seeds.stop:
        raise ValueError(f"Block {block} lies beyond the seeds for {purpose}.")
    if block % _FACE_EVERY == _FACE_EVERY - 1:
        yield from face_examples(first, count)
        return
    for seed in range(first, first + count):
        photo = render(training_recipe(seed), compress=True, dtype=np.float32)
        yield example_of(photo)


def render_blocks(store: Store, blocks: Sequence[int]) -> None:
    """Render some blocks here, one after the other, skipping those that are ready."""
    cv2.setNumThreads(1)
    for block in blocks:
        if not store.ready(block):
            store.render_block(block)


def order(count: int, passes: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Example numbers, pass by pass: shuffled, in the first pass among neighbouring blocks only.

    The first pass can so begin while later blocks are still being rendered.
    """
    for number in range(passes):
        rng = np.random.default_rng((seed, number))
        if number > 0:
            yield rng.permutation(count)
            continue
        windows = np.array_split(np.arange(count), max(count // (_WINDOW * BLOCK), 1))
        yield np.concatenate([rng.permutation(window) for window in windows])
