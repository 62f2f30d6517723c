"""Ways of photographing, described in a TOML file."""

from __future__ import annotations

import dataclasses
import inspect
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from scarscope.errors import ParamsError
from scarscope.phantom.lights import LIGHT_NAMES, make_light
from scarscope.phantom.recipe import Camera, Lamp, Light
from scarscope.validation.capture import Capture, CapturePlan

EXAMPLE = """\
# Ways of photographing, tried on simulated skin by: scarscope protocol FILE
skins = 8                     # pieces of skin; more give narrower intervals and take longer
seed = 0                      # another number is other skin
size_mm = [24.0, 24.0]        # what a photo shows
response = 0.4                # share of depth that the treatment takes away
ita_deg = [-50.0, 60.0]       # tones of skin

[[protocol]]                  # the first one is what the others are held against
name = "one lamp from the side"
mm_per_px = 0.07
repose = 1.0                  # how far patients sit otherwise next time, mm and degrees (SD)
lamp_sd_deg = 1.0             # how exactly the lamp is put back, degrees (SD)
exposure_sd_stops = 0.1       # how exactly exposure is kept (SD)
light = { name = "raking", zenith_deg = 60.0 }
camera = { jpeg_quality = 92 }

[[protocol]]
name = "ring flash"
light = { name = "ring" }

# Lights: ring, twin, offaxis, raking, window (zenith_deg, azimuth_deg, ambient, balance,
# distance_mm), or lamps of your own:
# light = { ambient = 0.1, lamps = [{ zenith_deg = 50.0, azimuth_deg = 180.0, spread_deg = 6.0 }] }
"""
T = TypeVar("T")
_SEE = "See `scarscope protocol --example` for a whole file."


def read_plan(path: str | Path) -> CapturePlan:
    """Read a file of protocols, such as :data:`EXAMPLE`.

    Raises
    ------
    ParamsError
        If it cannot be read, is not TOML, or holds a name or a value that is not known.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path} cannot be read as TOML ({error}).", remedy=_SEE) from error
    return plan_of(values)


def plan_of(values: Mapping[str, Any]) -> CapturePlan:
    """A plan from plain values, see :func:`read_plan`."""
    rest = {name: value for name, value in values.items() if name != "protocol"}
    listed = values.get("protocol", [])
    if not isinstance(listed, list) or not listed:
        raise ParamsError("No protocol is described.", remedy=f"Write [[protocol]]. {_SEE}")
    captures = tuple(_capture(each, f"protocol {at}") for at, each in enumerate(listed, start=1))
    return _made(CapturePlan, rest, "the file", captures=captures)


def _capture(values: Any, where: str) -> Capture:  # noqa: ANN401
    table = _table(values, where)
    light = _light(table.pop("light", None), f"light of {where}")
    camera = _made(Camera, table.pop("camera", {}), f"camera of {where}")
    return _made(Capture, table, where, light=light, camera=camera)


def _light(values: Any, where: str) -> Light:  # noqa: ANN401
    if values is None:
        raise ParamsError(f"There is no {where}.", remedy=f"Write light = {{...}}. {_SEE}")
    table = _table({"name": values} if isinstance(values, str) else values, where)
    if "lamps" in table:
        listed = table.pop("lamps")
        lamps = tuple(_made(Lamp, lamp, f"lamp of {where}") for lamp in listed)
        return _made(Light, {"name": "own", **table}, where, lamps=lamps)
    name = table.pop("name", None)
    if name not in LIGHT_NAMES:
        raise ParamsError(
            f"{where}: name = {name!r} is no light.",
            remedy=f"Choose one of {', '.join(LIGHT_NAMES)}, or describe lamps. {_SEE}",
        )
    _known(table, set(inspect.signature(make_light).parameters) - {"name"}, where)
    numbers = {key: _as(value, "float", f"{where}: {key}") for key, value in table.items()}
    return make_light(name, **numbers)


def _table(values: Any, where: str) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(values, Mapping):
        raise ParamsError(f"{where} is {values!r}, not a table of values.", remedy=_SEE)
    return {str(name): value for name, value in values.items()}


def _known(values: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = [name for name in values if name not in known]
    if unknown:
        raise ParamsError(
            f"{where} has an unknown name {unknown[0]!r}.",
            remedy=f"Known are {', '.join(sorted(known))}.",
        )


def _made(kind: type[T], values: Any, where: str, **made: object) -> T:  # noqa: ANN401
    """A frozen object from plain values, each of the kind that its field has, and made ones."""
    table = _table(values, where)
    kinds = {field.name: str(field.type) for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # all kinds given are dataclasses
    _known(table, set(kinds) - set(made), where)
    plain = {key: _as(value, kinds[key], f"{where}: {key}") for key, value in table.items()}
    try:
        return kind(**plain, **made)
    except TypeError as error:  # something that is needed is not there
        raise ParamsError(f"{where} is not complete ({error}).", remedy=_SEE) from error


def _as(value: Any, kind: str, where: str) -> Any:  # noqa: ANN401
    """A plain value as a field's kind, written as in its class, wants it."""
    if kind == "float" and _is_number(value):
        return float(value)
    if kind == "int" and _is_number(value) and isinstance(value, int):
        return value
    if kind.startswith("tuple[float") and _are_numbers(value, kind.count("float")):
        return tuple(map(float, value))
    if not kind.startswith(("float", "int", "tuple[float")) and isinstance(value, str):
        return value
    raise ParamsError(f"{where} = {value!r} is not a {kind}.", remedy=_SEE)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_numbers(value: object, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(map(_is_number, value))
