"""What training needs beyond ScarScope itself."""

from __future__ import annotations

import sys
from importlib import import_module

from scarscope.errors import DependencyError

PACKAGES = ("torch", "onnx")


def require_torch() -> None:
    """Import what learning needs, or say what to install.

    Raises
    ------
    DependencyError
        If it is missing or broken.
    """
    for name in PACKAGES:
        try:
            import_module(name)
        except (ImportError, OSError) as error:  # a broken library of torch raises OSError
            raise DependencyError(
                f"Training needs the package {name}, which cannot be imported ({error}).",
                remedy=f'Install it with `{sys.executable} -m pip install "scarscope[train]"`.',
            ) from error
