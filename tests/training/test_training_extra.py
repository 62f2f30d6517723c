"""Without the extra, training says what to install."""

from __future__ import annotations

import sys

import pytest

from scarscope.cli import main
from scarscope.errors import DependencyError
from scarscope.training import __main__ as command
from scarscope.training.extra import require_torch


@pytest.mark.parametrize("name", ["torch", "onnx"])
def test_what_is_missing_is_named(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", sys)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DependencyError, match=name) as caught:
        require_torch()
    assert '-m pip install "scarscope[train]"' in caught.value.remedy


def test_the_command_says_it_too(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert command.main(["export", "--work", str(tmp_path), "--out", str(tmp_path / "x")]) == 1
    assert '-m pip install "scarscope[train]"' in capsys.readouterr().err


def test_the_users_command_says_it_before_it_looks_at_photos(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["train", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 1
    assert '-m pip install "scarscope[train]"' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
