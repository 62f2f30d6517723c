"""From a trained network to the file that the package carries, and the proof that both agree."""

from __future__ import annotations

import copy
import io
import warnings
from pathlib import Path

import cv2
import numpy as np
import torch

from scarscope.errors import DependencyError
from scarscope.scars.channels import COUNT
from scarscope.scars.network import OpenCvNet
from scarscope.training.network import Network

_OPSET = 17
_SIDES = (96, 160)
TOLERANCE = 1e-4


def onnx_bytes(network: Network) -> bytes:
    """The network as an ONNX file with any height and width; normalisation is folded away."""
    still = copy.deepcopy(network).cpu().eval().to(memory_format=torch.contiguous_format)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The engine reads this form; the newer exporter needs another package.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            still,
            (torch.zeros(1, COUNT, *_SIDES),),
            buffer,
            opset_version=_OPSET,
            dynamo=False,
            input_names=["skin"],
            output_names=["maps"],
            dynamic_axes={"skin": {2: "h", 3: "w"}, "maps": {2: "h2", 3: "w2"}},
        )
    return buffer.getvalue()


def greatest_difference(network: Network, onnx: bytes) -> float:
    """How far the inference engine's answer lies from PyTorch's, in the maps' own units."""
    rng = np.random.default_rng(1)
    skin = rng.standard_normal((1, COUNT, *_SIDES), dtype=np.float32)
    theirs = OpenCvNet(onnx)(skin[0])
    with torch.no_grad():
        own = copy.deepcopy(network).cpu().eval()(torch.from_numpy(skin)).numpy()
    return float(np.abs(theirs - own[0]).max())


def write_onnx(network: Network, file: Path) -> float:
    """Write the file if the engine reads it right; returns the greatest difference.

    Raises
    ------
    DependencyError
        If the inference engine computes something else.
    """
    content = onnx_bytes(network)
    difference = greatest_difference(network, content)
    if not difference < TOLERANCE:
        raise DependencyError(
            f"OpenCV {cv2.__version__} differs from PyTorch by {difference:.2g}.",
            remedy="Use another version of opencv-python.",
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return difference
