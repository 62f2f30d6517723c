"""Examples in docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import scarscope

NAMES = [m.name for m in pkgutil.walk_packages(scarscope.__path__, "scarscope.")]


@pytest.mark.parametrize("name", [n for n in NAMES if not n.endswith("__main__")])
def test_the_examples_of_a_module_are_true(name):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"needs an extra ({error})")
    assert doctest.testmod(module).failed == 0


def test_there_are_examples():
    tests = doctest.DocTestFinder().find(importlib.import_module("scarscope.scars.types"))
    assert any(test.examples for test in tests)
