"""The run that makes the shipped weights: render, learn, export, and say what was done."""

from __future__ import annotations

import csv
import hashlib
import json
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import cv2
import torch

from scarscope._version import __version__
from scarscope.cli.console import say
from scarscope.errors import ParamsError
from scarscope.scars.card import read_weights
from scarscope.training.export import write_onnx
from scarscope.training.folded import read_network
from scarscope.training.hardware import hardware, note_hardware, noted_hardware
from scarscope.training.loop import average_of, lines_of, steps_of, train
from scarscope.training.network import Network
from scarscope.training.params import TrainParams
from scarscope.training.progress import progress
from scarscope.training.renderers import Crew, renderers
from scarscope.training.store import PURPOSES, Store

_DIGITS = 12  # of the SHA-256 of an ONNX file, by which weights are named
RUN = "run"  # folder of a run's state and log, beside its stores
WEIGHTS, ABOUT, LOG = "network.onnx", "about.json", "log.csv"
BEFORE = "before.json"  # what is known of the weights that a run goes on from


def stores_of(work: Path, params: TrainParams) -> tuple[Store, Store]:
    """The examples that a run learns from, and those it is judged by on the way."""
    return (
        Store(work / "training", params.blocks, "training", first=params.first_block),
        Store(work / "stopping", params.stopping_blocks, "stopping"),
    )


def run(
    params: TrainParams, work: Path, *, workers: int, threads: int, start: Path | None = None
) -> Path:
    """Do what is still to be done of a run.

    Parameters
    ----------
    params : TrainParams
    work : Path
        Folder of the examples (10 MB a block), the run's state, and what comes of it.
    workers : int
        Processes that render; with 0, all is rendered before learning begins.
    threads : int
        That learn. Weights are the same only for the same number.
    start : Path, optional
        Folder of the weights that ``params.start`` names, with their card.

    Returns
    -------
    Path
        The ONNX file.

    Raises
    ------
    KeyboardInterrupt
        If it was stopped; the same call goes on.
    ParamsError
        If `start` is not the file that `params` name.
    """
    cv2.setNumThreads(1)
    torch.set_num_threads(threads)
    begin = _start(params, start, work / RUN)
    stores = stores_of(work, params)
    note_hardware(work / RUN, threads)
    with stopping_gently() as asked, renderers(stores, workers) as crew:
        steps = steps_of(params, len(stores[0]))
        with progress(steps, crew.jobs, lambda: crew.done) as tell:
            stop = _either(crew, asked)
            train(*stores, params, work / RUN, begin=begin, say=tell, stop=stop)
    return export(work, work / WEIGHTS)


def _start(params: TrainParams, folder: Path | None, run_at: Path) -> Network | None:
    """The folded network that a run goes on from; what its card tells of it is kept."""
    if folder is None and not params.start:
        return None
    given, before = b"", {}
    if folder is not None:
        given, card = read_weights(folder)
        before = {"name": card.name, "version": card.version, **card.about}
    digest = hashlib.sha256(given).hexdigest()[:_DIGITS] if given else ""
    if digest != params.start:
        raise ParamsError(
            f"The parameters go on from {_named(params.start)}, {_named(digest)} given.",
            remedy="Give the folder of the weights that they name, or of none, with --start.",
        )
    run_at.mkdir(parents=True, exist_ok=True)
    (run_at / BEFORE).write_text(json.dumps(before, indent=1), encoding="utf-8")
    return read_network(given)


def _named(digest: str) -> str:
    return f"the weights {digest}" if digest else "no weights"


def _either(crew: Crew, asked: Callable[[], bool]) -> Callable[[], bool]:
    def stop() -> bool:
        crew.check()
        return asked()

    return stop


@contextmanager
def stopping_gently() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C be asked for in this block; the second time it interrupts as ever."""
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)
        say("Stopping at the end of this step; press Ctrl-C again not to wait.")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def export(work: Path, out: Path) -> Path:
    """Write the averaged weights of a run as ONNX, and its log and particulars beside them.

    Where the run did not note what it learned on, the particulars name this machine.

    Parameters
    ----------
    work : Path
        Of :func:`run`, at whatever step it is.
    out : Path
        The ONNX file.

    Raises
    ------
    StoreError
        If there is no run in `work`.
    DependencyError
        If the inference engine reads the file otherwise.
    """
    params, network, step = average_of(work / RUN)
    difference = write_onnx(network, out)
    lines = lines_of(work / RUN)
    _write_log(out.with_name(LOG), lines)
    about = _about(params, step, lines) | {"greatest_difference": difference}
    before = work / RUN / BEFORE
    if before.exists():
        about["before"] = json.loads(before.read_text(encoding="utf-8"))
    about["hardware"] = noted_hardware(work / RUN) or [hardware(None)]
    out.with_name(ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return out


def _about(params: Mapping[str, Any], step: int, lines: list[dict[str, float]]) -> dict[str, Any]:
    seeds = {name: [seeds.start, seeds.stop - 1] for name, seeds in PURPOSES.items()}
    own = TrainParams.from_dict(params)
    return {
        "software": f"scarscope {__version__}",
        "torch": torch.__version__,
        "opencv": cv2.__version__,
        "date": datetime.now(UTC).date().isoformat(),
        "params_hash": own.hash,
        "params": own.to_dict(),
        "seeds": seeds,
        "step": step,
        "seconds": lines[-1]["seconds"] if lines else 0.0,
    }


def _write_log(file: Path, lines: list[dict[str, float]]) -> None:
    names = list(dict.fromkeys(name for line in lines for name in line))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
