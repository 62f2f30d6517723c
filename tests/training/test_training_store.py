"""Examples on disk: the same whoever renders them, in order, and able to go on."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from scarscope.errors import ScarScopeError, StoreError
from scarscope.phantom.seeds import STOPPING, TRAINING
from scarscope.training.example import FIELDS, SIDE
from scarscope.training.renderers import Crew, jobs_of, renderers
from scarscope.training.store import BLOCK, Store, block_examples, order, render_blocks


def _same(a, b):
    a, b = a.open(), b.open()
    return all(np.array_equal(a[name], b[name]) for name in FIELDS)


def test_a_store_is_the_same_whoever_renders_it(examples, tmp_path):
    store = Store(tmp_path / "again", examples.blocks, "training", examples.per_block)
    with renderers([store], 1) as crew:
        assert store.wait_for(range(len(store)), lambda: crew.check() or False)
    assert (crew.done, crew.jobs) == (2, 2)
    assert _same(store, examples)


def test_rendering_goes_on_where_it_stopped(examples, tmp_path, monkeypatch):
    store = Store(tmp_path, 2, "training", examples.per_block)
    store.create()
    render_blocks(store, [1])
    assert (store.ready(0), store.ready(1), store.missing()) == (False, True, [0])
    rendered = []
    monkeypatch.setattr(Store, "render_block", lambda _, block: rendered.append(block))
    with renderers([store], 0):
        assert rendered == [0]


def test_purposes_draw_from_seeds_of_their_own(examples, judged):
    first = next(iter(block_examples(0, "training", 1)))
    assert np.array_equal(first.rgb, examples.open()["rgb"][0])
    assert not np.array_equal(first.rgb, judged.open()["rgb"][0])
    assert not set(TRAINING) & set(STOPPING)


def test_no_block_lies_beyond_the_seeds():
    last = (STOPPING.stop - STOPPING.start) // 8
    with pytest.raises(ValueError, match="beyond the seeds"):
        next(block_examples(last, "stopping", 8))


def test_blocks_are_rendered_in_the_order_in_which_they_are_wanted(tmp_path):
    stores = [Store(tmp_path / name, n) for name, n in (("a", 6), ("b", 2))]
    jobs = [(store.folder.name, block) for store, block in jobs_of(stores)]
    assert [block for name, block in jobs if name == "a"] == [0, 1, 2, 3, 4, 5]
    assert jobs.index(("b", 0)) == 3


def test_a_store_that_is_too_small_is_refused(examples):
    with pytest.raises(StoreError, match=r"shape \(16, .*, not \(24, "):
        Store(examples.folder, 3, "training", examples.per_block).create()
    part = Store(examples.folder, 1, "training", examples.per_block)
    part.create()
    assert part.missing() == []


def test_waiting_ends_when_asked_to(tmp_path):
    store = Store(tmp_path, 2, "training", 8)
    store.create()
    answers = itertools.chain([False], itertools.repeat(True))
    began = time.monotonic()
    assert not store.wait_for([9], lambda: next(answers))
    assert time.monotonic() - began < 5
    (tmp_path / "ready-00001").touch()
    assert store.wait_for([9], lambda: False)
    assert not store.holds([7, 9])


class Renderer:
    def __init__(self, exitcode):
        self.exitcode = exitcode


def test_a_renderer_that_fails_is_noticed(examples, tmp_path):
    lacking = Store(tmp_path, 2, "training", 8)
    Crew(2, [examples], [Renderer(0), Renderer(0)]).check()
    Crew(2, [lacking], [Renderer(0), Renderer(None)]).check()
    Crew(2, [lacking], []).check()
    with pytest.raises(ScarScopeError, match=r"has failed \(status 1\)"):
        Crew(2, [lacking], [Renderer(None), Renderer(1)]).check()
    with pytest.raises(ScarScopeError, match=r"has failed \(status 0\)"):
        Crew(2, [lacking], [Renderer(0), Renderer(0)]).check()


def test_every_example_is_seen_once_a_pass():
    passes = list(order(24, 3, seed=5))
    assert all(sorted(numbers) == list(range(24)) for numbers in passes)
    assert passes[1].tolist() != passes[2].tolist()
    assert passes[1].tolist() == list(order(24, 2, seed=5))[1].tolist()


def test_the_first_pass_begins_with_the_first_blocks():
    first, second = order(BLOCK * 40, 2, seed=5)
    near, half = first[: BLOCK * 8], BLOCK * 20
    assert near.max() < half < second[: BLOCK * 8].max()
    assert not np.array_equal(near, np.sort(near))


def test_arrays_have_the_stated_shapes(examples):
    arrays = examples.open()
    assert arrays["rgb"].shape == (16, SIDE, SIDE, 3)
    assert {arrays[name].shape[1:] for name in FIELDS if name != "rgb"} == {(SIDE // 2, SIDE // 2)}
    assert {name: arrays[name].dtype.name for name in FIELDS} == {
        **dict.fromkeys(FIELDS, "uint8"),
        "depth_um": "uint16",
    }


def test_a_store_leaves_out_the_blocks_that_others_learned_from(examples, tmp_path):
    later = Store(tmp_path, 1, "training", examples.per_block, first=1)
    later.create()
    render_blocks(later, [0])
    second = slice(examples.per_block, 2 * examples.per_block)
    assert np.array_equal(later.open()["rgb"], examples.open()["rgb"][second])
