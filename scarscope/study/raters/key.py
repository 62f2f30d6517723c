"""The key of a blinded set: which code is which photo, and what raters were asked."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope.batch.write import write_bytes
from scarscope.errors import StudyError
from scarscope.study.raters.questions import Question

WARNING = (
    "This file says which photo is whose and of which visit. Keep it from everybody who rates, and "
    "do not open it before all scores are in."
)
FOLDER = "blinding"  # in the batch's output, which raters never see
ENDING = "-KEY-not-for-raters.json"
_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Item:
    """One picture of a blinded set.

    Attributes
    ----------
    code : str
        Its only name for raters.
    path, subject, session, date, view, kind
        As in photos.csv.
    repeat : int
        1, or 2 for a photo that is shown a second time.
    width_px, height_px : int
        Of the upright photo, and of the picture.
    mm_per_px : float
        NaN without a scale.
    sha256 : str
        Of the original photo.
    """

    code: str
    path: str
    subject: str
    session: int
    date: str
    view: str
    kind: str
    repeat: int
    width_px: int
    height_px: int
    mm_per_px: float
    sha256: str


@dataclass(frozen=True, eq=False)
class Key:
    """All of it.

    Attributes
    ----------
    items : tuple of Item
        In the order of codes.
    questions : tuple of Question
        Columns of the score sheet.
    """

    items: tuple[Item, ...]
    questions: tuple[Question, ...]

    @property
    def by_code(self) -> dict[str, Item]:
        """Items by their code."""
        return {item.code: item for item in self.items}

    def to_frame(self) -> pd.DataFrame:
        """One row a picture, columns as the fields of :class:`Item`."""
        names = [field.name for field in dataclasses.fields(Item)]
        rows = [[getattr(item, name) for name in names] for item in self.items]
        return pd.DataFrame(rows, columns=names)


def write_key(key: Key, path: Path) -> None:
    """Write a key; on systems that know such a thing, only its owner may read the file."""
    content = {
        "warning": WARNING,
        "format": _FORMAT,
        "questions": [_plain(question) for question in key.questions],
        "items": [_plain(item) for item in key.items],
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(path, text.encode("utf-8"))
    path.chmod(0o600)


def _plain(entry: Item | Question) -> dict[str, Any]:
    values = dataclasses.asdict(entry)
    # JSON knows neither NaN nor infinity: what is not there says it.
    return {k: v for k, v in values.items() if not isinstance(v, float) or math.isfinite(v)}


def read_key(path: str | Path) -> Key:
    """Read a key.

    Raises
    ------
    StudyError
        If there is none, or it is not a key.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError(f"its format is {content['format']!r}, not {_FORMAT}")
        items = tuple(Item(**{"mm_per_px": math.nan, **item}) for item in content["items"])
        questions = tuple(Question(**question) for question in content["questions"])
    except FileNotFoundError as error:
        raise StudyError(
            f"There is no key {path}.",
            remedy=f"It was written with the blinded pictures, by default as DIR/{FOLDER}/"
            f"NAME{ENDING}.",
        ) from error
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise StudyError(
            f"{path} is not the key of a blinded set ({error}).",
            remedy="Give the file that was written with the pictures, unchanged.",
        ) from error
    return Key(items, questions)


def find_key(folder: str | Path) -> Path:
    """The only key in a batch's output.

    Raises
    ------
    StudyError
        If there is none or more than one.
    """
    found = sorted((Path(folder) / FOLDER).glob(f"*{ENDING}"))
    if len(found) == 1:
        return found[0]
    names = ", ".join(file.name for file in found) or "none"
    raise StudyError(
        f"{Path(folder) / FOLDER} holds {len(found)} keys ({names}).",
        remedy="Say which by --key (key=)." if found else "Give the key's place by --key (key=).",
    )


def item_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What an item takes over from a row of photos.csv."""
    scale = row["mm_per_px"]
    return {
        **{name: str(row[name]) for name in ("path", "subject", "date", "view", "kind", "sha256")},
        "session": int(row["session"]),
        "mm_per_px": float(scale) if pd.notna(scale) else math.nan,
    }
