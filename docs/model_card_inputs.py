"""What the model card is made from, all of it in the repository, and whether it fits together.

A card that shows one net's weights with another's figures would be worse than none: whatever does
not belong to the packaged weights is refused, with what to do about it.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope.errors import StoreError
from scarscope.phantom.lights import LIGHT_NAMES
from scarscope.photo.colour import TONE_CLASSES
from scarscope.scars.card import Card, has_weights, read_weights
from scarscope.scars.model import TYPES
from scarscope.validation.figures import DEPTHS, SIZES
from scarscope.validation.standard_segmenter import weights_digest

ROOT = Path(__file__).resolve().parents[1]
FOLDER, BEYOND = "model-card", "second-renderer.json"
SHIPPED = ROOT / "scarscope" / "training" / "shipped.toml"
TRAIN = (
    "python -m scarscope.training run --params scarscope/training/shipped.toml --start BEFORE"
    " --work DIR",
    "python -m scarscope.training ship --onnx DIR/network.onnx --out scarscope/scars/weights",
)
VALIDATE = "python3 tasks.py validation"
GATHER = "python3 tasks.py card"
SECOND = "python -m benchmarks.second_renderer.evaluate"
EVERY = "every light: "  # before strata of all photos, where bars leave some out
_STATED = (
    *("software", "torch", "opencv", "date", "params", "params_hash", "seeds", "step", "seconds"),
    *("hardware", "calibrated_on"),
)
_ENDS = ("value", "low", "high")
_ORDER = (*LIGHT_NAMES, *TONE_CLASSES, *TYPES, *SIZES, *DEPTHS)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything that the card says, before it is said.

    Attributes
    ----------
    card : Card
        Of the packaged weights.
    megabytes : float
        Size of the weights' file.
    summary : Mapping
        ``docs/validation.json``.
    figures : DataFrame
        ``docs/model-card/figures.csv``: columns segmenter, by, level, figure, value, low, high, n.
    second : Mapping
        ``docs/second-renderer.json``.
    log : DataFrame
        ``docs/model-card/log.csv``: one row every so many steps of training.
    failures : DataFrame
        ``docs/model-card/failures.csv``: what each sheet of pictures shows.
    docs : Path
        Folder of all these but the card.
    """

    card: Card
    megabytes: float
    summary: Mapping[str, Any]
    figures: pd.DataFrame
    second: Mapping[str, Any]
    log: pd.DataFrame
    failures: pd.DataFrame
    docs: Path

    @property
    def about(self) -> Mapping[str, Any]:
        """What training wrote about itself."""
        return self.card.about

    def figure(
        self, name: str, by: str, level: str, segmenter: str = "network"
    ) -> Mapping[str, float]:
        """Value, low and high of a figure of the validation set; NaN where it is not known."""
        own = self.figures
        at = (own["figure"] == name) & (own["by"] == by) & (own["level"] == level)
        rows = own[at & (own["segmenter"] == segmenter)]
        return {n: float(rows[n].iloc[0]) if len(rows) else math.nan for n in _ENDS}

    def levels(self, by: str) -> list[str]:
        """Levels of a stratum, in the order in which people name them."""
        own = self.figures[(self.figures["by"] == by) & (self.figures["segmenter"] == "network")]
        return in_order(own["level"])

    def beyond(
        self, name: str, by: str, level: str, segmenter: str = "network"
    ) -> Mapping[str, float]:
        """The same figure of the second renderer."""
        rows = self.second["segmenters"].get(segmenter, {}).get("figures", [])
        found = [row for row in rows if (row["by"], row["level"]) == (by, level)]
        row = found[0] if found else {}
        values = (row.get(f"{name}{end}") for end in ("", "_low", "_high"))
        known = (math.nan if value is None else float(value) for value in values)
        return dict(zip(_ENDS, known, strict=True))


def in_order(levels: Iterable[str]) -> list[str]:
    """Each level once, as people count them up."""

    def rank(level: str) -> tuple[int, str]:
        return (_ORDER.index(level) if level in _ORDER else len(_ORDER), level)

    return sorted(set(levels), key=rank)


def read_inputs(docs: Path) -> Inputs:
    """Read everything and hold it against the packaged weights.

    Parameters
    ----------
    docs : Path
        The repository's docs, or a copy.

    Raises
    ------
    StoreError
        If something is missing or belongs to other weights.
    """
    card = packaged_card()
    summary = read_summary(docs)
    folder = docs / FOLDER
    figures = read_table(folder / "figures.csv")
    same_figures(figures, summary)
    log = read_table(folder / "log.csv")
    same_run(log, card)
    return Inputs(
        card=card,
        megabytes=len(read_weights()[0]) / 1e6,
        summary=summary,
        figures=figures,
        second=read_second(docs, card),
        log=log,
        failures=read_table(folder / "failures.csv"),
        docs=docs,
    )


def packaged_card() -> Card:
    """The card of the packaged weights, which must say how they came about."""
    if not has_weights():
        raise StoreError(
            "The package holds no weights, so that there is nothing to write a card of.",
            remedy=f"Make them: {' ; '.join(TRAIN)}",
        )
    card = read_weights()[1]
    missing = [name for name in _STATED if name not in card.about]
    if missing:
        raise StoreError(
            f"network.json does not state {', '.join(missing)}.",
            remedy=f"Export and ship the weights again: {TRAIN[1]}",
        )
    _same_params(card)
    return card


def _same_params(card: Card) -> None:
    wanted = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    had = card.about["params"]
    other = [name for name, value in wanted.items() if had.get(name) != value]
    if other:
        raise StoreError(
            f"The weights were trained with another {', '.join(other)} than shipped.toml states.",
            remedy="Whoever makes them again would get others: put into shipped.toml what "
            "network.json says under params, or train anew.",
        )


def read_summary(docs: Path) -> Mapping[str, Any]:
    """``docs/validation.json``, which must hold figures of the packaged weights."""
    summary = read_json(docs / "validation.json", f"Run: {VALIDATE}")
    own = summary["segmenters"].get("network")
    if own is None:
        raise StoreError(
            "docs/validation.json holds no figures of the segmenter network.",
            remedy=f"Run: {VALIDATE}",
        )
    _same_weights(own["weights"], weights_digest("network"), "docs/validation.json", VALIDATE)
    return summary


def read_second(docs: Path, card: Card) -> Mapping[str, Any]:
    """``docs/second-renderer.json``, which must hold figures of the packaged weights."""
    again = f"{SECOND} --out DIR --segmenter network, then: {GATHER} -- --second DIR"
    found = read_json(docs / BEYOND, f"Run: {again}")
    own = found["segmenters"].get("network")
    if own is None:
        raise StoreError(
            f"docs/{BEYOND} holds no figures of the segmenter network.", remedy=f"Run: {again}"
        )
    _same_weights(own["weights"], card.digest, f"docs/{BEYOND}", again)
    return found


def _same_weights(found: str, packaged: str, name: str, command: str) -> None:
    if found != packaged:
        raise StoreError(
            f"{name} holds figures of the weights {found}, but the package has {packaged}.",
            remedy=f"Run: {command}",
        )


def same_figures(figures: pd.DataFrame, summary: Mapping[str, Any]) -> None:
    """Refuse strata that come from another run than the bars.

    Raises
    ------
    StoreError
        If F1 or Dice of any segmenter is not the same.
    """
    overall = figures[(figures["by"] == "all") & (figures["level"] == "comparable")]
    for segmenter, own in summary["segmenters"].items():
        rows = overall[overall["segmenter"] == segmenter].set_index("figure")["value"]
        for key, name in (("f1", "f1_3mm"), ("dice", "dice")):
            bar, value = own["figures"][key]["value"], rows.get(name, math.nan)
            if bar is None or not math.isclose(bar, value, rel_tol=1e-3):
                raise StoreError(
                    f"{name} of {segmenter} is {bar} in docs/validation.json, but {value:.4g} in "
                    "the tables of its run.",
                    remedy=f"Run: {VALIDATE}, then: {GATHER}",
                )


def same_run(log: pd.DataFrame, card: Card) -> None:
    """Refuse the log of another training run.

    Raises
    ------
    StoreError
        If the log does not end where the weights' run did.
    """
    last = log.iloc[-1] if len(log) else {"step": 0, "seconds": 0.0}
    step, seconds = card.about["step"], card.about["seconds"]
    if last["step"] != step or not math.isclose(last["seconds"], seconds, rel_tol=1e-6):
        raise StoreError(
            f"The training log ends at step {last['step']:.0f} after {last['seconds']:.0f} s; the "
            f"weights' run at step {step} after {seconds:.0f} s.",
            remedy=f"Give log.csv of their run: {GATHER} -- --log DIR/log.csv",
        )


def read_json(file: Path, remedy: str) -> Mapping[str, Any]:
    """A JSON file that the card is made from.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    try:
        content: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{file.name} cannot be read ({error}).", remedy=remedy) from error
    return content


def read_table(file: Path) -> pd.DataFrame:
    """A table that the card is made from.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    try:
        return pd.read_csv(file, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{file.name} of the model card cannot be read ({error}).", remedy=f"Run: {GATHER}"
        ) from error
