"""The learned network, run by OpenCV: one square of channels in, eight maps out.

OpenCV is here already and computes the same in every version from 4.10 on, so that learning adds
no dependency. A net is loaded when it is first needed, once for every thread: OpenCV's nets are not
safe to share.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from scarscope.errors import DependencyError
from scarscope.scars.card import WEIGHTS, Card, read_weights
from scarscope.scars.channels import COUNT

Maps = NDArray[np.float32]

OUTPUTS = 8  # scar, depth, log sd of depth, three types, not plain skin, core
_CHECK_PX, _CHECK_STEP = 64, 8
_MODEL = "Reinstall ScarScope; the file with the network's weights is damaged."


class Net(Protocol):
    """Anything that turns channels of skin into maps of scars.

    Maps are float32 of shape (8, h / 2, w / 2): 0 the logit of a scar, 1 missing depth in mm, 2 the
    natural log of its standard deviation in mm, 3 to 5 the logits of the types, 6 the logit of what
    is not plain skin, 7 depth as a share of its own scar's.
    """

    def __call__(self, channels: Maps) -> Maps:
        """Maps of channels of shape (6, h, w), h and w multiples of 32."""
        ...


class OpenCvNet:
    """An ONNX model in OpenCV's engine.

    Parameters
    ----------
    data : bytes
        The model's file.

    Raises
    ------
    DependencyError
        If OpenCV was built without its ``dnn`` module, or cannot read the model.
    """

    def __init__(self, data: bytes) -> None:
        if not hasattr(cv2, "dnn"):
            raise DependencyError(
                "This OpenCV was built without its dnn module, which runs the network.",
                remedy="Run `pip install --force-reinstall opencv-python`, or find scars without "
                "the network: --segmenter relief.",
            )
        try:
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except cv2.error as error:
            raise DependencyError(
                f"OpenCV {cv2.__version__} cannot read the network ({error.err}).", remedy=_MODEL
            ) from error
        # Some builds would take another engine by default, and other figures with it.
        self._net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)

    def __call__(self, channels: Maps) -> Maps:
        """Maps of channels of shape (6, h, w), h and w multiples of 32."""
        self._net.setInput(np.ascontiguousarray(channels[None], dtype=np.float32))
        maps: Maps = np.asarray(self._net.forward(), dtype=np.float32)[0]
        _, rows, cols = channels.shape
        if maps.shape != (OUTPUTS, rows // 2, cols // 2):
            raise DependencyError(
                f"The network answers with shape {maps.shape} to {channels.shape}.", remedy=_MODEL
            )
        return maps.copy()  # OpenCV may write the next answer into the same memory


class _Loaded(threading.local):
    def __init__(self) -> None:
        self.nets: dict[str, Net] = {}


_LOADED = _Loaded()


def load(weights: str = "") -> tuple[Net, Card]:
    """A network, ready to run in this thread, and its card.

    Parameters
    ----------
    weights : str
        Folder of the network's files, or its ``network.onnx``; empty for the package's own.

    Raises
    ------
    DependencyError
        If its files are missing or damaged, or OpenCV cannot run it.
    """
    data, card = _files(weights)
    if card.digest not in _LOADED.nets:
        _LOADED.nets[card.digest] = OpenCvNet(data)
    return _LOADED.nets[card.digest], card


def card_of(weights: str = "") -> Card:
    """The card of some weights, which are not loaded yet.

    Parameters
    ----------
    weights : str
        As in :func:`load`.

    Raises
    ------
    DependencyError
        If the network's files are missing or damaged.
    """
    return _files(weights)[1]


@cache
def _files(weights: str) -> tuple[bytes, Card]:
    return read_weights(weights_at(weights) if weights else None)


def weights_at(path: str | Path) -> Path:
    """The folder of weights that are given as a folder, or as the ONNX file in it."""
    path = Path(path)
    return path.parent if path.name == WEIGHTS else path


def check_channels() -> Maps:
    """Channels to try a network on, the same on every machine, shape (6, 64, 64)."""
    number, y, x = np.mgrid[1 : COUNT + 1, :_CHECK_PX, :_CHECK_PX].astype(np.float64)
    return np.asarray(1.5 * np.sin(0.1 * number * x + 0.07 * (number + 1) * y), dtype=np.float32)


def checked_values(net: Net) -> tuple[float, ...]:
    """A sample of what a network makes of :func:`check_channels`, as ``network.json`` holds it."""
    sample = net(check_channels())[:, ::_CHECK_STEP, ::_CHECK_STEP]
    return tuple(float(f"{value:.7g}") for value in sample.ravel())


def deviation(net: Net, card: Card) -> float:
    """Greatest difference from the card's own values, as a share of the greatest of them.

    NaN where the card states none.
    """
    if not card.check:
        return float("nan")
    found, stated = np.array(checked_values(net)), np.array(card.check)
    if found.shape != stated.shape:
        return float("inf")
    return float(np.abs(found - stated).max() / max(float(np.abs(stated).max()), 1e-6))
