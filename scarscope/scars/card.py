"""What lies beside the network's weights: their name, thresholds, calibration, and a check.

The two files belong together: ``network.json`` holds the hash of the ``network.onnx`` that its
figures were found for.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from scarscope.errors import DependencyError
from scarscope.scars.model import TYPES
from scarscope.scars.types import FEATURES, Weights

WEIGHTS, CARD = "network.onnx", "network.json"
_DIGITS = 12
_REINSTALL = (
    "Reinstall ScarScope, or find scars without the network: --segmenter relief, or "
    'segmenter = "relief" under [scars] in the parameter file.'
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """What training found out about its weights.

    Attributes
    ----------
    name, version : str
        What the weights are called.
    scar_threshold : float
        Cells that are likelier part of a scar than this are, 0 to 1.
    core_peak : float
        Least height of a marker: probability of a scar times core, 0 to 1.
    core_saddle : float
        Two markers are one scar when the saddle between them is above this share of the lower.
    core_smooth_mm : float
        Sigma of the blur before markers are looked for, mm.
    depth_scale : float
        What the network's depth is multiplied by.
    depth_given : float
        Depth is told as that of a cell which is part of a scar: what the network expects there,
        divided by the probability of a scar, or by this where that is less. 1 takes what it
        expects as it is.
    sd_factor : float
        What the network's standard deviation is multiplied by, after `depth_scale`, so that
        1.645 of it to either side hold 90 % of scars.
    kind_weights : tuple of 3 tuples of float
        How what cells say of a scar's type is weighed against the whole scar, see
        :func:`scarscope.scars.types.judged`; empty takes what cells say.
    check : tuple of float
        What :func:`scarscope.scars.network.checked_values` gives, as training's own engine did;
        empty where nobody stated it.
    about : Mapping
        Whatever else training wrote: seeds, hash of its parameters, date.
    digest : str
        Twelve hexadecimal digits that change with the weights and with this card.
    """

    name: str
    version: str
    scar_threshold: float
    depth_scale: float
    sd_factor: float
    depth_given: float = 1.0
    core_peak: float = 0.25
    core_saddle: float = 0.8
    core_smooth_mm: float = 0.15
    kind_weights: Weights = ()
    check: tuple[float, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)
    digest: str = ""

    def __post_init__(self) -> None:
        rows = self.kind_weights
        for name in ("scar_threshold", "core_peak", "core_saddle"):
            _require(0 < getattr(self, name) < 1, name, getattr(self, name))
        _require(0 < self.depth_given <= 1, "depth_given", self.depth_given)
        for name in ("depth_scale", "sd_factor", "core_smooth_mm"):
            _require(0 < getattr(self, name) < math.inf, name, getattr(self, name))
        _require(all(map(math.isfinite, self.check)), "check", self.check)
        sound = all(len(row) == FEATURES and all(map(math.isfinite, row)) for row in rows)
        _require(not rows or (len(rows) == len(TYPES) and sound), "kind_weights", rows)


_OWN = tuple(f.name for f in fields(Card) if f.name not in ("about", "digest"))
_NEEDED = ("name", "version", "scar_threshold", "depth_scale", "sd_factor")


def weights_folder() -> Traversable:
    """Where the package keeps the network's files."""
    return files("scarscope.scars").joinpath("weights")


def has_weights(folder: Traversable | None = None) -> bool:
    """Whether both files are there."""
    where = weights_folder() if folder is None else folder
    return all(where.joinpath(name).is_file() for name in (WEIGHTS, CARD))


def read_weights(folder: Traversable | None = None) -> tuple[bytes, Card]:
    """The network's weights and their card.

    Parameters
    ----------
    folder : Traversable, optional
        Where the files lie. None: the package's own.

    Returns
    -------
    data : bytes
        The ONNX model.
    card : Card

    Raises
    ------
    DependencyError
        If a file is missing, damaged, or not the other's.
    """
    where = weights_folder() if folder is None else folder
    try:
        data, text = (where.joinpath(name).read_bytes() for name in (WEIGHTS, CARD))
    except OSError as error:
        if folder is not None:
            raise DependencyError(
                f"{folder} does not hold {WEIGHTS} and {CARD}.",
                remedy="Give a folder that `scarscope train` has written.",
            ) from error
        raise DependencyError(
            f"The network's weights ({WEIGHTS}, {CARD}) are not part of this installation.",
            remedy=_REINSTALL,
        ) from error
    return data, _parse(text, data)


def card_text(card: Card, weights: bytes) -> str:
    """The text of ``network.json`` for a card and the weights that it belongs to."""
    own = {name: value for name, value in asdict(card).items() if name in _OWN}
    both = {**card.about, **own, "weights_sha256": hashlib.sha256(weights).hexdigest()}
    return json.dumps(both, indent=1) + "\n"


def _parse(text: bytes, weights: bytes) -> Card:
    plain = text.replace(b"\r\n", b"\n")  # as a checkout on Windows may write it
    try:
        values = json.loads(plain)
        missing = [name for name in _NEEDED if name not in values]
        _require(not missing, "missing", missing)
        _require(
            values.pop("weights_sha256", "") == hashlib.sha256(weights).hexdigest(),
            "weights_sha256",
            f"another file than {WEIGHTS}",
        )
        own = {name: values.pop(name) for name in _OWN if name in values}
        own["check"] = tuple(own.get("check", ()))
        own["kind_weights"] = tuple(map(tuple, own.get("kind_weights", ())))
        return Card(**own, about=values, digest=_digest({CARD: plain, WEIGHTS: weights}))
    except (ValueError, TypeError, AttributeError) as error:
        raise DependencyError(f"{CARD} cannot be read ({error}).", remedy=_REINSTALL) from error


def _digest(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:_DIGITS]


def _require(condition: bool, name: str, value: object) -> None:
    if not condition:
        raise DependencyError(f"{CARD} is damaged: {name} = {value!r}.", remedy=_REINSTALL)
