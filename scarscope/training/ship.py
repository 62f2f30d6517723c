"""From exported weights to the folder that a segmenter reads: calibrated, described, checked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from scarscope._version import __version__
from scarscope.batch.write import write_bytes
from scarscope.cli.console import say
from scarscope.errors import StoreError
from scarscope.scars.card import CARD, WEIGHTS, Card, card_text
from scarscope.scars.network import OpenCvNet, checked_values
from scarscope.training.calibrate import calibrated, cases_of

_START = Card(name="", version="", scar_threshold=0.5, depth_scale=1.0, sd_factor=1.0)
PHOTOS = 160


def ship(onnx: Path, out: Path, *, name: str = "phantom", photos: int = PHOTOS) -> Card:
    """Calibrate weights and write them with their card.

    Parameters
    ----------
    onnx : Path
        As ``export`` wrote it, with ``about.json`` beside it.
    out : Path
        Folder for ``network.onnx`` and ``network.json``.
    name : str
        What the weights are to be called.
    photos : int
        How many photos of the stopping seeds to calibrate on.

    Returns
    -------
    Card

    Raises
    ------
    StoreError
        If a file is missing.
    """
    try:
        weights = onnx.read_bytes()
        about = json.loads(onnx.with_name("about.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{onnx} or about.json beside it cannot be read ({error}).",
            remedy="Write both with: python -m scarscope.training export",
        ) from error
    net = OpenCvNet(weights)
    cases = cases_of(net, _START, photos)
    card = calibrated(net, replace(_START, name=name, version=__version__), cases, say=say)
    card = replace(card, check=checked_values(net), about={**about, "calibrated_on": photos})
    write_bytes(out / WEIGHTS, weights)
    write_bytes(out / CARD, card_text(card, weights).encode("utf-8"))
    return card
