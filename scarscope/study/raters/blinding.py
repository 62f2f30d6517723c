"""Photos for human raters who must not know whose they are or when they were taken.

What could give a photo away beside its pixels is taken off: its name, its place in a list, its
metadata and colour profile, its file's time and its file's size. What lies in the pixels stays: a
face is recognised, hair grows, and a date burnt into the picture is read. That has to be looked at
by somebody who does not rate.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scarscope.batch.task import file_hash
from scarscope.errors import ParamsError, StoreError, StudyError
from scarscope.photo import read_photo
from scarscope.study.raters.key import ENDING, FOLDER, Item, Key, item_row, write_key
from scarscope.study.raters.plain_picture import (
    PICTURE_FORMATS,
    PictureFormat,
    encode,
    level_sizes,
    picture_codes,
)
from scarscope.study.raters.questions import DEFAULT, Question, as_questions
from scarscope.study.raters.sheets import write_sheets
from scarscope.study.tables import read_table

# No vowels and no digits: no word, no number and no month that a spreadsheet would rewrite.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LETTERS = 6
_TIME = 946_728_000  # 2000-01-01 12:00 UTC, for every file alike
PICTURES = "pictures"
_OTHER_FOLDER = "Give a new folder, beside the study's and not in it."

Tell = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Blinded:
    """A set of pictures for raters.

    Attributes
    ----------
    folder : Path
        What raters get.
    key_file : Path
        What they must not get.
    key : Key
        Its content.
    notes : tuple of str
        What the reader should know, and could not be taken off.
    """

    folder: Path
    key_file: Path
    key: Key = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """The key as a table: not for raters."""
        return self.key.to_frame()


def blind(
    folder: str | Path,
    photos: str | Path,
    out: str | Path,
    *,
    key: str | Path | None = None,
    ask: Sequence[str | Question] = DEFAULT,
    views: Sequence[str] = (),
    repeats: int = 0,
    together: bool = False,
    picture: PictureFormat = "png",
    rng: np.random.Generator | None = None,
    progress: Tell | None = None,
) -> Blinded:
    """Write a batch's photos for raters: shuffled, renamed, without metadata, with score sheets.

    Parameters
    ----------
    folder : path
        A batch's output.
    photos : path
        The photos that were scored. They are read and checked against their hash, never changed.
    out : path
        Folder for the raters, which must not exist yet. It holds ``pictures/``, ``scores.csv``,
        ``marks.csv`` and ``README.txt``.
    key : path, optional
        Where the key is written, never inside `out`. None: in ``blinding/`` of `folder`.
    ask : sequence of str or Question
        Columns of the score sheet, see :func:`scarscope.study.raters.questions.as_questions`.
    views : sequence of str
        Only photos of these; empty for all.
    repeats : int
        Photos, drawn at random, that are shown a second time under another code: they tell how well
        a rater agrees with himself.
    together : bool
        Whether pictures of the same skin have codes that begin alike, so that visits can be seen
        side by side; their order is drawn. False leaves every picture to itself.
    picture : {"png", "jpg"}
        PNG keeps every pixel; JPEG files (quality 95) are much smaller.
    rng : Generator, optional
        For tests alone: who knows its seed knows the key. None draws from the system.
    progress : callable, optional
        Told the number of pictures done and of all.

    Returns
    -------
    Blinded

    Raises
    ------
    StudyError
        If the folder is no batch's output, no photo is left, or one is missing or has changed.
    ParamsError
        If `out` or the key would lie where it must not, or an option is out of range.
    """
    if picture not in PICTURE_FORMATS:
        raise ParamsError(f"picture is {picture!r}.", remedy="Choose png or jpg.")
    folder, photos, out = Path(folder), Path(photos), Path(out)
    key_file = Path(key) if key else folder / FOLDER / f"{out.name}{ENDING}"
    _check_places(folder, photos, out, key_file)
    table = read_table(_photos_csv(folder), "photos")
    chosen = _chosen(table, views)
    questions = as_questions(ask)
    rng = rng or np.random.default_rng(secrets.randbits(256))
    items = _together(chosen, repeats, rng) if together else _coded(chosen, repeats, rng)
    with _beside(out) as temporary:
        written = _write_pictures(items, photos, temporary / PICTURES, picture, progress)
        made = Key(written, questions)
        write_sheets(made, temporary)
        _level_times(temporary)
        _publish(temporary, out, made, key_file)
    return Blinded(out, key_file, made, _notes(made, len(table), len(chosen)))


def _photos_csv(folder: Path) -> Path:
    file = folder / "photos.csv"
    if not file.is_file():
        raise StudyError(
            f"{folder} holds no photos.csv, so it is not the output of a finished batch.",
            remedy="Give the folder that `scarscope batch --out` wrote.",
        )
    return file


def _check_places(folder: Path, photos: Path, out: Path, key_file: Path) -> None:
    if out.exists():
        raise ParamsError(f"{out} is there already.", remedy=_OTHER_FOLDER)
    if key_file.exists():
        raise ParamsError(
            f"There is a key {key_file} already; scores of its set would be lost with it.",
            remedy="Name the new set otherwise (--out), or give another place by --key (key=).",
        )
    for owner, what in ((folder, "the batch's output"), (photos, "the photos")):
        if _inside(out, owner):
            raise ParamsError(f"{out} lies in {what}, {owner}.", remedy=_OTHER_FOLDER)
    if _inside(key_file, out):
        raise ParamsError(
            f"The key {key_file} would lie in the raters' own folder.",
            remedy="Keep it where raters do not look: leave out --key (key=), or give another.",
        )


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _chosen(table: pd.DataFrame, views: Sequence[str]) -> pd.DataFrame:
    known = set(table["view"])
    unknown = [view for view in views if view not in known]
    if unknown:
        raise ParamsError(
            f"There is no view {unknown[0]!r}.",
            remedy=f"Choose from {', '.join(sorted(known))}.",
        )
    kept = (table["status"] == "ok") & (table["view"].isin(views) if views else True)
    if not kept.any():
        raise StudyError(
            "No photo is left for the raters.",
            remedy="Photos that failed are left out: see failures.csv.",
        )
    return table[kept]


def _coded(chosen: pd.DataFrame, repeats: int, rng: np.random.Generator) -> list[Item]:
    """Items in the order of codes that were drawn without looking at the photos."""
    if not 0 <= repeats <= len(chosen):
        raise ParamsError(
            f"{repeats} repeats cannot be drawn from {len(chosen)} photos.",
            remedy=f"Give 0 to {len(chosen)}.",
        )
    again = rng.choice(len(chosen), repeats, replace=False)
    rows = [*range(len(chosen)), *again.tolist()]
    codes = _codes(len(rows), rng)
    records = chosen.to_dict(orient="records")
    items = [
        _item(code, records[row], 1 + (at >= len(chosen)))
        for at, (code, row) in enumerate(zip(codes, rows, strict=True))
    ]
    return sorted(items, key=lambda item: item.code)


def _together(chosen: pd.DataFrame, repeats: int, rng: np.random.Generator) -> list[Item]:
    """The same with one code for a subject and view, and its pictures numbered by chance."""
    if repeats:
        raise ParamsError(
            f"{repeats} repeats would be seen beside the pictures that they repeat.",
            remedy="Leave out either repeats (--repeats) or together (--together).",
        )
    groups = [own.to_dict(orient="records") for _, own in chosen.groupby(["subject", "view"])]
    items = [
        _item(f"{code}-{1 + int(place):02}", row, 1)
        for code, rows in zip(_codes(len(groups), rng), groups, strict=True)
        for place, row in zip(rng.permutation(len(rows)), rows, strict=True)
    ]
    return sorted(items, key=lambda item: item.code)


def _item(code: str, row: Mapping[Any, Any], repeat: int) -> Item:
    # Width and height are known once the photo has been opened.
    return Item(code=code, repeat=repeat, width_px=0, height_px=0, **item_row(row))


def _codes(count: int, rng: np.random.Generator) -> list[str]:
    codes: dict[str, None] = {}
    while len(codes) < count:
        letters = rng.integers(len(_LETTERS), size=_CODE_LETTERS)
        codes["".join(_LETTERS[k] for k in letters)] = None
    return list(codes)


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A folder beside `out` under a name that says nothing; gone in the end unless renamed."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".tmp-", dir=out.parent))
    except OSError as error:
        raise StoreError(
            f"{out} cannot be made ({error.strerror or error}).",
            remedy="Give a folder that you may write to.",
        ) from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _publish(temporary: Path, out: Path, key: Key, key_file: Path) -> None:
    """Key first: pictures that nobody can trace back would be of no use."""
    write_key(key, key_file)
    try:
        temporary.chmod(0o755)  # temporary folders are their owner's alone
        temporary.rename(out)
    except OSError as error:
        key_file.unlink(missing_ok=True)
        raise StoreError(
            f"{out} cannot be written ({error.strerror or error}).",
            remedy="Give a new folder that you may write to.",
        ) from error
    os.utime(out, (_TIME, _TIME))


def _write_pictures(
    items: Sequence[Item], photos: Path, out: Path, form: PictureFormat, tell: Tell | None
) -> tuple[Item, ...]:
    """Pictures in the order of codes, so that the order of writing tells nothing either."""
    out.mkdir()
    done: list[Item] = []
    for item in items:
        height, width = _write_picture(item, photos, out / f"{item.code}.{form}", form)
        done.append(replace(item, width_px=width, height_px=height))
        if tell is not None:
            tell(len(done), len(items))
    level_sizes([out / f"{item.code}.{form}" for item in done], form)
    return tuple(done)


def _write_picture(item: Item, photos: Path, file: Path, form: PictureFormat) -> tuple[int, int]:
    original = photos / item.path
    if not original.is_file():
        raise StudyError(
            f"{item.path} is not in {photos}.",
            remedy="Give the folder that was scored (--photos, photos=).",
        )
    if file_hash(original) != item.sha256:
        raise StudyError(
            f"{item.path} is not the photo that was scored: its content has changed.",
            remedy="Run the batch again, then export again.",
        )
    codes = picture_codes(read_photo(original))
    file.write_bytes(encode(codes, form))
    return codes.shape[0], codes.shape[1]


def _level_times(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (_TIME, _TIME))


def _notes(key: Key, scored: int, chosen: int) -> tuple[str, ...]:
    table = key.to_frame()
    told = ["Look at the pictures before raters do: dates or names in the pixels are still there."]
    if chosen < scored:
        told.append(f"{scored - chosen} of {scored} photos were left out (failed, or other views).")
    sizes = table.groupby(["subject", "view"])[["width_px", "height_px"]].nunique().max(axis=1)
    if (sizes > 1).any():
        told.append(
            f"Of {int((sizes > 1).sum())} subject(s) and view(s) the photos differ in width or "
            "height, by which visits may be told apart. Crop them alike to avoid it."
        )
    if table["mm_per_px"].isna().any():
        told.append("Photos without a scale cannot be compared scar by scar.")
    return tuple(told)
