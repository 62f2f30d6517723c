import sys
from pathlib import Path

import pytest

# Spawned workers and cluster workers import the fakes by name; they inherit this path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def photos(tmp_path):
    """A small study of fake photos: the content of each says how its scoring goes."""
    from batch_fakes import make_study

    return make_study(tmp_path / "photos")
