"""Between a stage's object and plain values, such as TOML and JSON hold."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping
from typing import Any

from scarscope.errors import ParamsError


def build_stage(stage: type, name: str, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A stage from its options.

    Parameters
    ----------
    stage : type
        Its class.
    name : str
        What people call it.
    options : Mapping
        Plain values; what is left out keeps its default.

    Raises
    ------
    ParamsError
        If an option is unknown, of the wrong kind, or out of range.
    """
    hints = typing.get_type_hints(stage)
    for option, value in options.items():
        if option not in hints:
            raise ParamsError(
                f"{name}.{option} is not an option.",
                remedy=f"Options of {name} are: {', '.join(hints) or 'none'}.",
            )
        if not _fits(value, hints[option]):
            raise ParamsError(
                f"{name}.{option} = {value!r} is not {_kind_name(hints[option])}.",
                remedy="Change it in the parameter file or the call.",
            )
    # Lists become tuples, so that parameters stay hashable.
    ready = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    try:
        return stage(**ready)
    except ParamsError as error:
        raise ParamsError(f"{name}.{error.message}", remedy=error.remedy) from error


def plain(stage: Any) -> dict[str, Any]:  # noqa: ANN401
    """A stage's options as plain values, in declaration order."""
    hints = typing.get_type_hints(type(stage))
    return {name: _as_hinted(getattr(stage, name), hint) for name, hint in hints.items()}


def _as_hinted(value: Any, hint: Any) -> Any:  # noqa: ANN401
    """A length is a float however it was written: equal parameters must hash alike."""
    if hint is float:
        return float(value) + 0.0  # and zero has no sign
    if typing.get_origin(hint) is tuple:
        return tuple(_as_hinted(item, typing.get_args(hint)[0]) for item in value)
    return value


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401
    if isinstance(hint, types.UnionType):
        return any(_fits(value, part) for part in typing.get_args(hint))
    if hint is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return abs(value) <= sys.float_info.max  # false for NaN; whole numbers can be larger
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        # TOML has lists only; every tuple here is of one kind and any length.
        part = typing.get_args(hint)[0]
        return isinstance(value, list | tuple) and all(_fits(item, part) for item in value)
    return isinstance(value, hint)


def _kind_name(hint: Any) -> str:  # noqa: ANN401
    if typing.get_origin(hint) is tuple:
        return "a list in which each is " + _kind_name(typing.get_args(hint)[0])
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    names = {float: "a finite number", int: "a whole number", str: "text", bool: "true or false"}
    return names.get(hint, str(hint))
