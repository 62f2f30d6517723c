"""The training loop: seeded, on whatever hardware is there, and able to go on where it stopped."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scarscope.errors import ParamsError, StoreError
from scarscope.training.batches import Batch, batches, never
from scarscope.training.evaluate import evaluate
from scarscope.training.folded import unfold
from scarscope.training.loss import Target, losses, total
from scarscope.training.network import Network
from scarscope.training.params import TrainParams
from scarscope.training.store import Store, order

Say = Callable[[dict[str, float]], object]
Stop = Callable[[], bool]
_TESTED = 384  # examples of the stopping seeds that are looked at on the way
_STATE = "state.pt"
_FITTED = 32  # batches that normalisation is fitted to when a run goes on from other weights
_KEEP_EVERY, _SAY_EVERY, _TEST_EVERY = 500, 50, 2500


@dataclass
class State:
    """Everything that a run needs to go on."""

    network: Network
    average: Network
    optimiser: torch.optim.Optimizer
    params_hash: str
    step: int = 0


def train(
    store: Store,
    stopping: Store,
    params: TrainParams,
    out: Path,
    *,
    begin: Network | None = None,
    say: Say | None = None,
    stop: Stop = never,
) -> Network:
    """Train, or go on training, and return the averaged network.

    However often a run is stopped and taken up again, it ends at the same weights.

    Parameters
    ----------
    store, stopping : Store
        Examples to learn from and to judge by; blocks that are not ready are waited for.
    params : TrainParams
    out : Path
        Where the state and the log of the run are kept.
    begin : Network, optional
        A folded network to go on from. None: weights are drawn.
    say : callable, optional
        Called with the figures of the log's every line.
    stop : callable
        Asked after every step and while waiting; the run stops by its saying True.

    Raises
    ------
    KeyboardInterrupt
        If it was stopped; its state is kept.
    ParamsError
        If `out` holds a run with other parameters.
    """
    out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    first = None if (out / _STATE).exists() else _fitted(begin, store, params, stop)
    state, steps = _start(params, out, device, first), steps_of(params, len(store))
    _trim_log(out, state.step)
    began, spent = time.monotonic(), _seconds_so_far(out)
    for batch in _from_step(store, params, state.step, stop):
        rate = rate_at(state.step, steps, params)
        parts = step(state, _to(batch, device), params, rate)
        last = state.step == steps
        if state.step % _SAY_EVERY == 0 or last:
            figures = {name: float(part) for name, part in parts.items()}
            if state.step % _TEST_EVERY == 0 or last:
                figures |= _tested(state.average, stopping, params, stop)
            seconds = spent + time.monotonic() - began
            _log(out, {"step": state.step, "seconds": seconds, **figures}, say)
        if state.step % _KEEP_EVERY == 0 or last:
            _keep(state, out)
        if stop():
            break
    if state.step < steps:
        _keep(state, out)
        raise KeyboardInterrupt
    return state.average


def steps_of(params: TrainParams, examples: int) -> int:
    """Steps of a whole run over so many examples."""
    return params.passes * (examples // params.batch)


def _tested(network: Network, stopping: Store, params: TrainParams, stop: Stop) -> dict[str, float]:
    most = min(_TESTED, len(stopping))
    if not stopping.wait_for(range(most), stop):
        return {}
    return evaluate(network, stopping, params.batch, most=most)


def new_state(network: Network, params: TrainParams) -> State:
    """A network that is about to learn."""
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=params.rate, weight_decay=params.decay)
    average = copy.deepcopy(network).requires_grad_(False)
    return State(network, average, optimiser, params.hash)


def _fitted(begin: Network | None, store: Store, params: TrainParams, stop: Stop) -> Network | None:
    """The network to begin with, its normalisation fitted to the first examples."""
    if begin is None:
        return None
    numbers = np.arange(min(_FITTED * params.batch, len(store)))
    fit = batches(store, numbers, params.batch, params.seed, stop=stop)
    return unfold(begin, params.widths, (batch.skin for batch in fit))


def _start(params: TrainParams, out: Path, device: str, first: Network | None) -> State:
    torch.manual_seed(params.seed)
    state = new_state((first or Network(params.widths)).to(device), params)
    file = out / _STATE
    if file.exists():
        kept = torch.load(file, map_location=device, weights_only=True)
        if kept["params"] != params.hash:
            raise ParamsError(
                f"{file} belongs to a run with other parameters.", remedy="Give another folder."
            )
        state.network.load_state_dict(kept["network"])
        state.average.load_state_dict(kept["average"])
        state.optimiser.load_state_dict(kept["optimiser"])
        state.step = kept["step"]
    (out / "params.json").write_text(json.dumps(params.to_dict(), indent=1), encoding="utf-8")
    return state


def average_of(out: Path) -> tuple[dict[str, Any], Network, int]:
    """The parameters of a run, its averaged network, and how many steps that has learned.

    Raises
    ------
    StoreError
        If there is none.
    """
    try:
        params = json.loads((out / "params.json").read_text(encoding="utf-8"))
        kept = torch.load(out / _STATE, map_location="cpu", weights_only=True)
    except OSError as error:
        raise StoreError(
            f"There is no run in {out} ({error.strerror}).", remedy="Give the run's own --work."
        ) from error
    network = Network(tuple(params["widths"]))
    network.load_state_dict(kept["average"])
    return params, network, kept["step"]


def _keep(state: State, out: Path) -> None:
    content = {
        "params": state.params_hash,
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "step": state.step,
    }
    part = out / "state.part"
    torch.save(content, part)
    part.replace(out / _STATE)


def _from_step(store: Store, params: TrainParams, step: int, stop: Stop) -> Iterator[Batch]:
    a_pass = len(store) // params.batch
    for number, numbers in enumerate(order(len(store), params.passes, params.seed)):
        done = min(max(step - number * a_pass, 0), a_pass)
        seed, start = _mix(params.seed, number, 0), done * params.batch
        yield from batches(store, numbers, params.batch, seed, start=start, stop=stop)
        if stop():
            return


def _mix(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def _to(batch: Batch, device: str) -> Batch:
    if device == "cpu":
        return batch
    target = Target(**{k: v.to(device, non_blocking=True) for k, v in vars(batch.target).items()})
    return Batch(batch.skin.to(device, non_blocking=True), target)


def step(state: State, batch: Batch, params: TrainParams, rate: float) -> dict[str, Any]:
    """Learn from one batch; returns every part of the loss.

    Parameters
    ----------
    state : State
        Changed by it.
    batch : Batch
    params : TrainParams
    rate : float
        Of learning.
    """
    state.network.train()
    for group in state.optimiser.param_groups:
        group["lr"] = rate
    skin = batch.skin.to(memory_format=torch.channels_last)
    with torch.autocast(batch.skin.device.type, dtype=torch.bfloat16):
        maps = state.network(skin)
    parts = losses(maps.float(), batch.target)
    state.optimiser.zero_grad(set_to_none=True)
    total(parts, params.weights).backward()
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), params.clip)
    state.optimiser.step()
    _follow(state, params.average)
    state.step += 1
    return {name: part.detach() for name, part in parts.items()}


def rate_at(step: int, steps: int, params: TrainParams) -> float:
    """The learning rate of a step: a linear rise, then half a cosine to zero."""
    if step < params.warmup:
        return params.rate * (step + 1) / params.warmup
    done = (step - params.warmup) / max(steps - params.warmup, 1)
    return params.rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def _follow(state: State, decay: float) -> None:
    """Move the averaged weights a little towards the present ones; sooner in the beginning."""
    decay = min(decay, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        theirs = state.network.state_dict()
        for name, own in state.average.state_dict().items():
            if own.dtype.is_floating_point:
                own.lerp_(theirs[name], 1 - decay)
            else:
                own.copy_(theirs[name])


def _seconds_so_far(out: Path) -> float:
    lines = lines_of(out)
    return float(lines[-1]["seconds"]) if lines else 0.0


def lines_of(out: Path) -> list[dict[str, float]]:
    """The lines of a run's log."""
    file = out / "log.jsonl"
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _trim_log(out: Path, step: int) -> None:
    """Take off what a run said after its state was last kept: it will say it again."""
    kept = [json.dumps(line) + "\n" for line in lines_of(out) if line["step"] <= step]
    if (out / "log.jsonl").exists():
        (out / "log.jsonl").write_text("".join(kept), encoding="utf-8")


def _log(out: Path, figures: dict[str, float], say: Say | None) -> None:
    with (out / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")
    if say is not None:
        say(figures)
