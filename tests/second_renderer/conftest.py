"""The second renderer, importable for as long as its tests run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def get() -> Iterator[Callable[[str], ModuleType]]:
    """Its modules by name."""
    sys.path.insert(0, str(BENCHMARKS))
    yield lambda room: importlib.import_module(f"second_renderer.{room}")
    sys.path.remove(str(BENCHMARKS))
    for name in [m for m in sys.modules if m.split(".")[0] == "second_renderer"]:
        del sys.modules[name]
