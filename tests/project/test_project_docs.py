"""The generated pages say what the registries hold."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

import pytest

from scarscope.flags import REGISTRY
from scarscope.measures import MEASURES
from scarscope.params import Params

ROOT = Path(__file__).parents[2]


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _load(ROOT / "docs" / "generate.py")


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_pages_are_current(name):
    assert generate.read(name) == generate.pages()[name], "run: python3 tasks.py docs"


def test_pages_name_everything_in_the_registries():
    pages = generate.pages()
    assert all(f"| `{info.flag.name}` |" in pages["flags.md"] for info in REGISTRY)
    assert all(f"| `{entry.column('mm')}`" in pages["measures.md"] for entry in MEASURES)
    for stage in dataclasses.fields(Params):
        for option in dataclasses.fields(getattr(Params(), stage.name)):
            assert f"| `{option.name}` |" in pages["parameters.md"]


def test_every_parameter_is_explained():
    for stage in dataclasses.fields(Params):
        kind = type(getattr(Params(), stage.name))
        told = generate.documented(kind)
        assert [f.name for f in dataclasses.fields(kind) if not told.get(f.name)] == []


def test_tables_are_whole():
    for text in generate.pages().values():
        for table in (part for part in text.split("\n\n") if part.startswith("|")):
            bars = {line.replace("\\|", "").count("|") for line in table.splitlines()}
            assert len(bars) == 1
