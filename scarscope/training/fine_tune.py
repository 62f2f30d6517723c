"""A user's own annotated photos to new weights, and whether these are any better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import pandas as pd
import torch

from scarscope._version import __version__
from scarscope.batch.write import make_folder, write_bytes
from scarscope.machine import cpu_count
from scarscope.params import NetworkParams
from scarscope.scars.card import CARD, WEIGHTS, Card, card_text, read_weights
from scarscope.scars.network import OpenCvNet, checked_values, weights_at
from scarscope.scars.network_segmenter import NetworkSegmenter
from scarscope.training.annotated import Drawn, find_drawn
from scarscope.training.evaluate import evaluate
from scarscope.training.export import write_onnx
from scarscope.training.folded import read_network
from scarscope.training.held_out import Comparison, compare_weights
from scarscope.training.network import Network
from scarscope.training.progress import progress
from scarscope.training.renderers import renderers
from scarscope.training.sheets import Sheet, sheet_of
from scarscope.training.split import Split, split_subjects
from scarscope.training.store import BLOCK, Store
from scarscope.training.tune import TuneParams, tune

SIMULATED = "simulated"  # folder of rendered examples, worth keeping for the next time
COMPARISON, HELD_OUT, SUBJECTS = "comparison.csv", "held_out.csv", "subjects.csv"
_FIGURES = ("test_dice", "test_bias", "test_type")


@dataclass(frozen=True, eq=False)
class Tuned:
    """What came of learning from annotated photos.

    Attributes
    ----------
    out : Path
        Folder of ``network.onnx`` and ``network.json``.
    split : Split
        Who was learned from and who held out.
    comparison : Comparison
        Shipped and new weights on held-out people.
    simulated : Mapping of str to tuple of float
        Dice, bias of volume and share of right types on simulated skin, before and after: what
        was forgotten, if anything.
    notes : tuple of str
        What the reader should know about how the folders were understood.
    """

    out: Path
    split: Split
    comparison: Comparison
    simulated: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Source:
    """Annotated photos, and how they are split and understood.

    Attributes
    ----------
    photos : Path
        Laid out as for :func:`scarscope.score_folder`.
    drawings : Path or None
        Masks, LabelMe or COCO files; None: they lie beside the photos.
    held_out : float
        Share of subjects that are not learned from.
    mm_per_px : float or None
        Scale of photos that state none.
    layout : str or None
        Template of the photos' paths.
    """

    photos: Path
    drawings: Path | None = None
    held_out: float = 0.25
    mm_per_px: float | None = None
    layout: str | None = None


@dataclass(frozen=True, eq=False)
class _Weights:
    """An ONNX model, its card, and the segmenter that both make."""

    data: bytes
    card: Card
    segmenter: NetworkSegmenter = field(repr=False)


def fine_tune(
    source: Source,
    out: Path,
    *,
    params: TuneParams | None = None,
    weights: Path | None = None,
    workers: int = 1,
    threads: int | None = None,
) -> Tuned:
    """Learn on from annotated photos, and compare the new weights with those it began with.

    Parameters
    ----------
    source : Source
    out : Path
        Where the new weights, tables and simulated examples go.
    params : TuneParams, optional
        None means the defaults.
    weights : Path, optional
        Folder of the weights to begin with, or their ``network.onnx``. None: the shipped ones.
    workers : int
        Processes that render simulated skin.
    threads : int, optional
        That learn; None: one a processor. Weights are the same only for the same number.

    Returns
    -------
    Tuned

    Raises
    ------
    ScarScopeError
        If photos or drawings cannot be used, or there are too few subjects to hold any out.
    """
    params = params or TuneParams()
    cv2.setNumThreads(1)
    torch.set_num_threads(threads or cpu_count())
    found = find_drawn(
        source.photos, source.drawings, mm_per_px=source.mm_per_px, layout=source.layout
    )
    split = split_subjects((p.subject for p in found.photos), source.held_out, params.seed)
    learned = [photo for photo in found.photos if photo.subject in split.learned]
    held_out = [photo for photo in found.photos if photo.subject in split.held_out]
    old = _loaded(weights)
    # What is wrong with these is better known now than after an hour of learning.
    read_network(old.data)
    for photo in held_out:
        photo.open()
    sheets = [sheet_of(photo.open()) for photo in learned]
    make_folder(out)
    network, simulated = _learned(old.data, sheets, out / SIMULATED, params, workers)
    new = _written(network, out, old.card, _about(old.card, params, learned))
    comparison = compare_weights(held_out, old.segmenter, new.segmenter)
    _write_tables(out, split, comparison)
    return Tuned(out, split, comparison, simulated, found.notes)


def _loaded(where: Path | None) -> _Weights:
    return _ready(*read_weights(None if where is None else weights_at(where)))


def _ready(data: bytes, card: Card) -> _Weights:
    return _Weights(data, card, NetworkSegmenter(NetworkParams(), OpenCvNet(data), card))


def _learned(
    data: bytes, sheets: list[Sheet], folder: Path, params: TuneParams, workers: int
) -> tuple[Network, dict[str, tuple[float, float]]]:
    """The new network, and figures on simulated skin of the old one and of the new."""
    stores, steps = _stores(folder, params, len(sheets)), params.steps(len(sheets))
    with renderers(stores, workers) as crew:

        def stop() -> bool:
            crew.check()
            return False

        with progress(steps, crew.jobs, lambda: crew.done) as tell:
            network = tune(read_network(data), sheets, stores[0], params, say=tell, stop=stop)
        stores[1].wait_for(range(len(stores[1])), stop)
        old, new = (evaluate(one, stores[1], params.half) for one in (read_network(data), network))
    figures = [name for name in _FIGURES if name in old and name in new]
    return network, {name.removeprefix("test_"): (old[name], new[name]) for name in figures}


def _stores(folder: Path, params: TuneParams, photos: int) -> tuple[Store, Store]:
    blocks = params.blocks_for(photos, BLOCK)
    # A folder a number of blocks, so that another run finds what it can use.
    return Store(folder / f"learn-{blocks}", blocks), Store(folder / "judge", 1, "stopping")


def _about(card: Card, params: TuneParams, learned: list[Drawn]) -> dict[str, Any]:
    """What the card says of how the weights were made; no names, which are nobody's business."""
    return {
        "software": f"scarscope {__version__}",
        "date": datetime.now(UTC).date().isoformat(),
        "tuned_from": {"name": card.name, "version": card.version, "digest": card.digest},
        "calibration": "of the weights it was tuned from",
        "photos": len(learned),
        "subjects": len({photo.subject for photo in learned}),
        "epochs": params.epochs,
        "rate": params.rate,
        "seed": params.seed,
    }


def _written(network: Network, out: Path, card: Card, about: Mapping[str, Any]) -> _Weights:
    write_onnx(network, out / WEIGHTS)
    data = (out / WEIGHTS).read_bytes()
    own = replace(
        card, name=f"{card.name}-tuned", check=checked_values(OpenCvNet(data)), about=about
    )
    write_bytes(out / CARD, card_text(own, data).encode())
    return _ready(*read_weights(out))


def _write_tables(out: Path, split: Split, comparison: Comparison) -> None:
    rows = [(n, "learned from") for n in split.learned] + [(n, "held out") for n in split.held_out]
    subjects = pd.DataFrame(rows, columns=["subject", "part"])
    for name, table in (
        (SUBJECTS, subjects),
        (COMPARISON, comparison.to_frame()),
        (HELD_OUT, comparison.photos),
    ):
        write_bytes(out / name, table.to_csv(index=False, lineterminator="\n").encode())
