"""Published numbers, one JSON file a topic, each block with its source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def published() -> Callable[[str], Any]:
    """The numbers of a topic."""

    def read(name: str) -> Any:
        return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))

    return read
