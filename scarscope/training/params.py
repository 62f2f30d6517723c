"""One file of parameters decides a training run and its data."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from scarscope.errors import ParamsError
from scarscope.training.loss import Weights

Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class TrainParams:
    """A training run.

    Attributes
    ----------
    start : str
        First twelve digits of the SHA-256 of the ONNX file whose network is trained on; empty:
        weights are drawn by `seed`.
    first_block : int
        Blocks of the training seeds to leave out: what that network has learned from.
    blocks : int
        Blocks of 64 examples to render from the training seeds.
    stopping_blocks : int
        The same from the stopping seeds, which choose thresholds and calibration.
    passes : int
        Times that every example is seen, newly augmented each time.
    batch : int
        Examples a step.
    rate : float
        Greatest learning rate (AdamW); it warms up over `warmup` steps and falls as a cosine to 0.
    warmup : int
        Steps.
    decay : float
        Weight decay.
    average : float
        Decay of the running average of weights that is shipped.
    clip : float
        Greatest norm of the gradient.
    seed : int
        Of the first weights, of the order of examples and of augmentation.
    widths : tuple of int
        Features of the network's five levels; those of the network that is trained on, if any.
    weights : Weights
        How much each part of the loss counts.
    """

    start: str = ""
    first_block: int = 0
    blocks: int = 320
    stopping_blocks: int = 24
    passes: int = 7
    batch: int = 16
    rate: float = 2e-3
    warmup: int = 400
    decay: float = 0.01
    average: float = 0.999
    clip: float = 2.0
    seed: int = 1
    widths: tuple[int, ...] = (24, 40, 64, 96, 112)
    weights: Weights = field(default_factory=Weights)

    @classmethod
    def from_toml(cls, path: str | Path) -> TrainParams:
        """Read a TOML file; an unknown name is an error.

        Raises
        ------
        ParamsError
            If the file cannot be read or holds an unknown name.
        """
        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise ParamsError(
                f"Training parameters {path} cannot be read ({error}).", remedy="Check the file."
            ) from error
        return cls.from_dict(values)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainParams:
        """Build from nested plain values; an unknown name is an error.

        Raises
        ------
        ParamsError
            If there is one.
        """
        weights = _build(Weights, values.get("weights", {}))
        return _build(cls, {**values, "weights": weights})

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values."""
        return dataclasses.asdict(self)

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that change when any parameter does."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _build(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    known = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise ParamsError(
                f"{name} is no training parameter.",
                remedy=f"There are: {', '.join(sorted(known))}.",
            )
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
