"""Which segmenter the standard set is scored by: its name, itself, and its weights."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal

from scarscope.errors import ParamsError
from scarscope.scars import ReliefSegmenter
from scarscope.scars.model import Segmenter

SegmenterName = Literal["relief", "network"]
SEGMENTERS: tuple[SegmenterName, ...] = ("relief", "network")


def segmenter_of(name: SegmenterName) -> Segmenter:
    """The segmenter of that name, with its default parameters.

    Parameters
    ----------
    name : {"relief", "network"}
        The network is looked for only if it is asked for.

    Raises
    ------
    ParamsError
        If there is none of that name.
    """
    if name == "relief":
        return ReliefSegmenter()
    kind = getattr(_scars(), "NetworkSegmenter", None)
    if name != "network" or kind is None:
        raise ParamsError(
            f"There is no segmenter {name!r} in this version.",
            remedy="Name relief.",
        )
    found: Segmenter = kind()
    return found


def _scars() -> ModuleType:
    return import_module("scarscope.scars")


def weights_digest(name: SegmenterName) -> str:
    """Twelve hexadecimal digits that change with the segmenter's weights and thresholds.

    Empty for a segmenter that is all code.
    """
    if name == "relief":
        return ""
    return folder_digest(Path(_scars().__file__ or "").with_name("weights"))


def folder_digest(folder: Path) -> str:
    """The same of a folder of weights."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("network.*")):
        content = file.read_bytes()
        if file.suffix == ".json":  # a checkout on Windows has other ends of lines
            content = content.replace(b"\r\n", b"\n")
        digest.update(file.name.encode() + b"\0" + content)
    return digest.hexdigest()[:12]
