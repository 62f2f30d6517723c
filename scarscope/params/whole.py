"""All stages' parameters together: built from plain values and TOML, and hashed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scarscope.errors import ParamsError
from scarscope.params.align import AlignParams
from scarscope.params.change import ChangeParams
from scarscope.params.plain import build_stage, plain
from scarscope.params.stages import (
    MeasureParams,
    NetworkParams,
    PhotoParams,
    ScarParams,
    SkinParams,
)

_OF_PAIRS = ("align", "change")  # stages that only comparing photos reads


@dataclass(frozen=True, kw_only=True)
class Params:
    """All stages' parameters.

    Examples
    --------
    >>> Params().skin.grid_mm
    0.1
    >>> Params.from_dict({"skin": {"grid_mm": 0.12}}).skin.grid_mm
    0.12
    """

    photo: PhotoParams = field(default_factory=PhotoParams)
    skin: SkinParams = field(default_factory=SkinParams)
    scars: ScarParams = field(default_factory=ScarParams)
    network: NetworkParams = field(default_factory=NetworkParams)
    measures: MeasureParams = field(default_factory=MeasureParams)
    align: AlignParams = field(default_factory=AlignParams)
    change: ChangeParams = field(default_factory=ChangeParams)

    def __post_init__(self) -> None:
        for stage in dataclasses.fields(self):
            wanted = typing.cast(type, stage.default_factory)
            value = getattr(self, stage.name)
            if not isinstance(value, wanted):
                raise ParamsError(
                    f"{stage.name} = {value!r} is not a {wanted.__name__}.",
                    remedy=f"Write {stage.name}=scarscope.params.{wanted.__name__}(...), or "
                    "Params.from_dict({...}) for plain values.",
                )

    @classmethod
    def given(cls, params: Params | None) -> Params:
        """What a caller gave, or the defaults for None.

        Raises
        ------
        ParamsError
            If it is something else, such as a dictionary.
        """
        if params is None:
            return cls()
        if isinstance(params, cls):
            return params
        raise ParamsError(
            f"params = {params!r} is not a Params object.",
            remedy="Write params=scarscope.Params.from_dict({...}), or from_toml(path).",
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Params:
        """Build from nested plain values; an unknown stage or option is an error.

        Raises
        ------
        ParamsError
            If a name is unknown, a value is of the wrong kind, or out of range.
        """
        stages = {f.name: f.default_factory for f in dataclasses.fields(cls)}
        built: dict[str, Any] = {}
        for name, options in values.items():
            if name not in stages:
                raise ParamsError(
                    f"{name!r} is not a stage.", remedy=f"Stages are: {', '.join(stages)}."
                )
            if not isinstance(options, Mapping):
                raise ParamsError(
                    f"{name} = {options!r} is not a table of options.",
                    remedy=f"Write [{name}] and one option a line.",
                )
            built[name] = build_stage(typing.cast(type, stages[name]), name, options)
        return cls(**built)

    @classmethod
    def from_toml(cls, path: str | Path) -> Params:
        """Read a TOML file with one table a stage.

        Raises
        ------
        ParamsError
            If the file cannot be read, is not TOML, or :meth:`from_dict` refuses it.
        """
        path = Path(path)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ParamsError(
                f"Parameter file {path} cannot be read ({error.strerror}).",
                remedy="Check the path and its permissions.",
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ParamsError(
                f"Parameter file {path} is not valid TOML ({error}).",
                remedy="See https://toml.io, or start from `scarscope doctor --params`.",
            ) from error
        return cls.from_dict(values)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested plain values, complete, in declaration order."""
        return {stage.name: plain(getattr(self, stage.name)) for stage in dataclasses.fields(self)}

    def to_toml(self) -> str:
        """The same as a TOML document that :meth:`from_toml` reads back."""
        blocks = []
        for stage, options in self.to_dict().items():
            lines = [f"[{stage}]", *(f"{k} = {json.dumps(v)}" for k, v in options.items())]
            blocks.append("\n".join(lines) + "\n")
        return "\n".join(blocks)

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that change when any parameter of scoring does.

        What decides about pairs of photos is left out: no photo need be scored again for it.
        """
        scoring = {k: v for k, v in self.to_dict().items() if k not in _OF_PAIRS}
        return _digest(scoring)

    @property
    def pair_hash(self) -> str:
        """The same for all parameters, which a comparison of two photos depends on."""
        return _digest(self.to_dict())


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
