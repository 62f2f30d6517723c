"""A few examples of the phantom, rendered once, and a network of a toy's size."""

from __future__ import annotations

import pytest

from scarscope.training.store import Store, render_blocks

PER_BLOCK = 8


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """Two blocks of eight examples of the training seeds."""
    store = Store(tmp_path_factory.mktemp("examples"), 2, "training", PER_BLOCK)
    store.create()
    render_blocks(store, [0, 1])
    return store


@pytest.fixture(scope="session")
def judged(tmp_path_factory):
    """One block of eight examples of the stopping seeds."""
    store = Store(tmp_path_factory.mktemp("judged"), 1, "stopping", PER_BLOCK)
    store.create()
    render_blocks(store, [0])
    return store
