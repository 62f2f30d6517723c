"""A small JSON file beside a photo that states its scale and its region."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scarscope.errors import PhotoError, ScaleError
from scarscope.photo.model import Scale

_KEYS = ("mm_per_px", "mm_per_px_rel_sd", "roi")
_EXAMPLE = 'Write for example {"mm_per_px": 0.06, "mm_per_px_rel_sd": 0.01, "roi": "left.geojson"}.'


@dataclass(frozen=True)
class Sidecar:
    """What the file beside a photo states.

    Attributes
    ----------
    scale : Scale or None
        None where it states none.
    roi : Path or None
        File of the region, resolved relative to the sidecar; None where it names none.
    """

    scale: Scale | None = None
    roi: Path | None = None


def sidecar_path(photo: str | Path) -> Path:
    """Where a photo's sidecar lies: ``left.jpg`` has ``left.jpg.json`` beside it."""
    photo = Path(photo)
    return photo.with_name(photo.name + ".json")


def read_sidecar(photo: str | Path) -> Sidecar:
    """Read the sidecar of a photo.

    Parameters
    ----------
    photo : str or Path
        The photo (not the sidecar).

    Returns
    -------
    Sidecar
        Empty where the photo has none.

    Raises
    ------
    PhotoError
        If the sidecar cannot be read, is not JSON, or holds a key that is not known.
    ScaleError
        If it states an impossible scale.
    """
    path = sidecar_path(photo)
    try:
        if not path.is_file():
            return Sidecar()
        stated = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise PhotoError(f"Sidecar {path} cannot be read ({error}).", remedy=_EXAMPLE) from error
    if not isinstance(stated, dict):
        raise PhotoError(f"Sidecar {path} does not hold an object.", remedy=_EXAMPLE)
    unknown = [key for key in stated if key not in _KEYS]
    if unknown:
        raise PhotoError(
            f"Sidecar {path} holds unknown keys: {', '.join(map(repr, unknown))}.",
            remedy=f"Known keys are {', '.join(_KEYS)}.",
        )
    return Sidecar(_scale(stated, path), _roi(stated, path))


def _scale(stated: dict[str, Any], path: Path) -> Scale | None:
    size = _number(stated, "mm_per_px", path)
    rel_sd = _number(stated, "mm_per_px_rel_sd", path)
    if size is None:
        if rel_sd is not None:
            raise ScaleError(
                f"Sidecar {path} states mm_per_px_rel_sd without mm_per_px.", remedy=_EXAMPLE
            )
        return None
    try:
        return Scale(size, "sidecar", math.nan if rel_sd is None else rel_sd)
    except ScaleError as error:
        raise ScaleError(f"{path}: {error.message}", remedy=error.remedy) from error


def _number(stated: dict[str, Any], key: str, path: Path) -> float | None:
    value = stated.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScaleError(f"Sidecar {path}: {key} = {value!r} is not a number.", remedy=_EXAMPLE)
    return float(value)


def _roi(stated: dict[str, Any], path: Path) -> Path | None:
    value = stated.get("roi")
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise PhotoError(f"Sidecar {path}: roi = {value!r} is not a file name.", remedy=_EXAMPLE)
    return path.parent / value
