"""Outlines that raters drew on blinded pictures, back under the names of the photos.

Raters know codes alone, so their files are called after them: ``BHNSRJ.png`` for a mask,
``BHNSRJ.json`` for LabelMe. What is written bears the photo's path, as ``scarscope validate`` and
``scarscope train`` want it.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError

from scarscope.batch.write import make_folder, write_bytes
from scarscope.errors import ParamsError, StudyError
from scarscope.study.raters.key import Item, Key, find_key, read_key
from scarscope.study.raters.photos import AGAIN
from scarscope.study.raters.unblinding import check_photos, named_raters
from scarscope.study.tables import read_tables

MASKS = "masks"
MASK_SUFFIXES = (".png", ".tif", ".tiff", ".bmp")  # as scarscope validate reads them
_LABELME = ".json"
_SECOND = AGAIN.format("{}").replace(" ", "-")
# What drawing programs write behind the name of the picture.
_ENDING = re.compile(r"[-_ ]?(mask|masks|label|labels|scars)$", re.IGNORECASE)
_SHOWN = 12  # files that are named; more would hide the rest
_COLOURS = 16  # of a mask; a photo's channels differ nearly everywhere
_OFF_PX = 1.0  # that a side of a resized drawing may be off by rounding

COLUMNS = ("rater", "code", "repeat", "path", "file", "kind", "width_px", "height_px", "scaled")


@dataclass(frozen=True, eq=False)
class UnblindedMasks:
    """Drawings under the names of the photos.

    Attributes
    ----------
    table : DataFrame
        One row a drawing, columns :data:`COLUMNS`: whose it is, which photo, the file that was
        written (relative to `out`), its size as it was drawn, and what it was multiplied by.
    out : Path
        Where they lie: a folder for each rater, and ``NAME-again`` for pictures shown twice.
    notes : tuple of str
        What was left out or made larger.
    """

    table: pd.DataFrame = field(repr=False)
    out: Path
    notes: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[Path, ...]:
        """A folder for each rater, as ``scarscope validate`` takes them."""
        return tuple(sorted({self.out / Path(f).parts[0] for f in self.table["file"]}))

    def to_frame(self) -> pd.DataFrame:
        """The table (a copy)."""
        return self.table.copy()


@dataclass(frozen=True, eq=False)
class _Drawn:
    """One file of a rater, ready to be written."""

    rater: str
    item: Item
    file: Path
    data: bytes
    size: tuple[int, int]  # width and height as it was drawn
    scale: float


def unblind_masks(
    folder: str | Path,
    drawn: Sequence[str | Path],
    out: str | Path,
    *,
    key: str | Path | None = None,
    allow_missing: bool = False,
) -> UnblindedMasks:
    """Write raters' masks and LabelMe files under the names of the photos that they show.

    Parameters
    ----------
    folder : path
        The batch's output.
    drawn : sequence of path
        One folder a rater, called after the rater, with files called after the codes. Other
        kinds of files in it are left alone, and so are the pictures themselves.
    out : path
        Where to: ``out/RATER/PATH``. A mask keeps its form; a LabelMe file names the photo again
        and loses the copy of the picture that it holds.
    key : path, optional
        None: the only one in ``blinding/`` of `folder`.
    allow_missing : bool
        Whether pictures without a drawing are accepted. They are left out, and not taken for
        skin without scars.

    Returns
    -------
    UnblindedMasks

    Raises
    ------
    StudyError
        If a drawing does not fit the key or its picture (each is named), or there is no key.
    ParamsError
        If a folder is none, two are by one rater, or `out` would mix them with other drawings.

    Notes
    -----
    A drawing on a copy of the picture that was made larger or smaller is brought back to the
    photo's size, where width and height were changed alike; outlines by their corners, masks by
    the nearest pixel.
    """
    folder, out = Path(folder), Path(out)
    raters = {name: _folder(place) for name, place in named_raters(drawn).items()}
    found = read_key(key or find_key(folder))
    photos = read_tables(folder)["photos"]
    check_photos(found, photos)
    names = _names(found)
    read, notes = [], []
    for rater, place in raters.items():
        own, told = _read(rater, place, found, allow_missing)
        read += own
        notes += told
    taken = sorted({_SECOND.format(rater) for rater in raters} & set(raters))
    if taken:
        raise ParamsError(
            f"{taken[0]} stands for pictures shown twice, and is no rater's name.",
            remedy="Name that folder otherwise.",
        )
    targets = {_target(each, names): each for each in read}
    _check_out(out, set(targets), raters.values())
    rows = [_write(out, target, each) for target, each in targets.items()]
    _write_scales(out, rows, photos)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return UnblindedMasks(table, out, (*notes, *_resized(table)))


def _folder(place: Path) -> Path:
    if not place.is_dir():
        raise ParamsError(
            f"{place} is not a folder of drawings.",
            remedy="Give one folder a rater, called after the rater, such as --masks anna ben.",
        )
    return place


def _names(key: Key) -> dict[str, str]:
    """What a photo's LabelMe file is called: without the photo's suffix, where that says enough."""
    paths = {item.path for item in key.items}
    stems = Counter(PurePosixPath(path).with_suffix("").as_posix() for path in paths)
    found = {}
    for path in paths:
        plain = PurePosixPath(path).with_suffix("").as_posix()
        found[path] = plain if stems[plain] == 1 else path
    return found


def _target(drawn: _Drawn, names: Mapping[str, str]) -> str:
    """Path below `out`."""
    # A mask keeps the photo's suffix before its own, as those of a batch do, so that it is never
    # taken for the photo; a LabelMe file must not, or it would be taken for the photo's sidecar.
    rater = drawn.rater if drawn.item.repeat == 1 else _SECOND.format(drawn.rater)
    suffix = drawn.file.suffix.lower()
    name = names[drawn.item.path] if suffix == _LABELME else drawn.item.path
    return f"{rater}/{name}{suffix}"


def _read(rater: str, place: Path, key: Key, allow_missing: bool) -> tuple[list[_Drawn], list[str]]:
    """All drawings of one rater, or an error that names every file that does not fit."""
    files, wrong = _by_code(place, key)
    made = []
    for code, file in files.items():
        try:
            made.append(_drawn(rater, key.by_code[code], file))
        except StudyError as error:
            wrong.append(error.message)
    lacking = [item.code for item in key.items if item.code not in files]
    if lacking and not allow_missing:
        wrong.append(f"{_listed(lacking)} {'has' if len(lacking) == 1 else 'have'} no drawing")
    if wrong:
        raise StudyError(
            f"{place} does not fit the key: {'; '.join(wrong[:_SHOWN])}"
            + (f"; and {len(wrong) - _SHOWN} more." if len(wrong) > _SHOWN else "."),
            remedy="Files are called after the codes, such as BHNSRJ.png or BHNSRJ.json, one a "
            "picture; an empty mask says that there is no scar. Pictures without a drawing are "
            "left out with --allow-missing (allow_missing=True).",
        )
    told = f"{rater} drew in {len(files)} of {len(key.items)} pictures; the others are left out."
    return made, [told] if lacking else []


def _by_code(place: Path, key: Key) -> tuple[dict[str, Path], list[str]]:
    """The drawing of each code, and what cannot be one."""
    codes = {item.code.upper(): item.code for item in key.items}
    found: dict[str, Path] = {}
    pictures: dict[str, Path] = {}
    wrong = []
    for file in _candidates(place):
        code = codes.get(_ENDING.sub("", file.name.partition(".")[0]).upper())
        if code is None:
            wrong.append(f"{file.name} is called after no code")
        elif file.suffix.lower() != _LABELME and _is_photo(file):
            pictures[code] = file
        elif code in found:
            wrong.append(f"{found[code].name} and {file.name} are both of {code}")
        else:
            found[code] = file
    alone = [file.name for code, file in pictures.items() if code not in found]
    # LabelMe saves nothing where nothing was drawn, and its picture stays alone.
    if alone and len(alone) == len(pictures) and not found:
        wrong.append(f"{_listed(alone)}: coloured pictures and no masks")
    return found, wrong


def _candidates(place: Path) -> Iterator[Path]:
    """Files that may be drawings."""
    for file in sorted(place.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(place).parts)
        if file.suffix.lower() in (*MASK_SUFFIXES, _LABELME) and file.is_file() and not hidden:
            yield file


def _is_photo(file: Path) -> bool:
    """Whether it is the blinded picture itself, beside which drawing programs save."""
    try:
        with Image.open(file) as image:
            if image.mode not in ("RGB", "RGBA"):
                return False
            channels = np.asarray(image)[..., :3]
            grey = bool((channels == channels[..., :1]).all())
            return not grey and image.convert("RGB").getcolors(_COLOURS) is None
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False  # named when it is read


def _drawn(rater: str, item: Item, file: Path) -> _Drawn:
    data = file.read_bytes()
    if file.suffix.lower() == _LABELME:
        return _outlines(rater, item, file, data)
    return _mask(rater, item, file, data)


def _mask(rater: str, item: Item, file: Path, data: bytes) -> _Drawn:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            form = image.format
            scale = _scale(image.size, item, file)
            if scale != 1:
                whole = (item.width_px, item.height_px)
                larger = image.resize(whole, Image.Resampling.NEAREST)
                buffer = io.BytesIO()
                larger.save(buffer, form)
                data = buffer.getvalue()
            return _Drawn(rater, item, file, data, image.size, scale)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise StudyError(f"{file.name} is not a readable picture ({error})") from error


def _outlines(rater: str, item: Item, file: Path, data: bytes) -> _Drawn:
    try:
        content = json.loads(data.decode("utf-8-sig"))
        shapes = content["shapes"]
        stated = (content.get("imageWidth"), content.get("imageHeight"))
        size = (item.width_px, item.height_px) if stated == (None, None) else stated
        scale = _scale((int(size[0]), int(size[1])), item, file)
        if scale != 1:
            shapes = [_scaled(shape, scale) for shape in shapes]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise StudyError(f"{file.name} is not a file of LabelMe ({error!r:.60})") from error
    content |= {
        "shapes": shapes,
        # Beside the photo it opens the photo; where the rater kept the picture is nobody's matter.
        "imagePath": PurePosixPath(item.path).name,
        "imageData": None,
        "imageWidth": item.width_px,
        "imageHeight": item.height_px,
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    return _Drawn(rater, item, file, text.encode("utf-8"), (int(size[0]), int(size[1])), scale)


def _scaled(shape: Mapping[str, Any], scale: float) -> dict[str, Any]:
    if shape.get("mask") is not None:
        raise ValueError("a shape is a mask: draw polygons, or save masks as PNG")
    points = [[scale * float(x), scale * float(y)] for x, y in shape["points"]]
    return {**shape, "points": points}


def _scale(size: tuple[int, int], item: Item, file: Path) -> float:
    """What a drawing is multiplied by to have the photo's size."""
    whole = (item.width_px, item.height_px)
    if size == whole:
        return 1.0
    if min(size) < 1:
        raise StudyError(f"{file.name} says that it is {size[0]} x {size[1]} pixels")
    scale = max(whole) / max(size)
    # The side that was rounded may be off by a pixel of the smaller picture.
    off = max(abs(w - scale * s) for w, s in zip(whole, size, strict=True))
    if off > _OFF_PX * max(scale, 1.0):
        raise StudyError(
            f"{file.name} is {size[0]} x {size[1]} pixels, its picture {whole[0]} x {whole[1]}: it "
            "was cropped or turned"
        )
    return scale


def _check_out(out: Path, targets: set[str], places: Any) -> None:  # noqa: ANN401  # any view
    """Refuse to write among drawings that are not of this run."""
    for place in places:
        if out.resolve() == place.resolve() or out.resolve().is_relative_to(place.resolve()):
            raise ParamsError(
                f"{out} lies in the rater's own folder {place}.",
                remedy="Give another place by --out (out=).",
            )
    ours = {*targets, *(f"{target.partition('/')[0]}/photos.csv" for target in targets)}
    for rater in {target.partition("/")[0] for target in targets}:
        for file in sorted((out / rater).rglob("*")):
            name = file.relative_to(out).as_posix()
            if file.is_file() and name not in ours:
                raise ParamsError(
                    f"{out / rater} holds {name.partition('/')[2]}, which these drawings do not "
                    "replace.",
                    remedy="Move that folder away, or give another place by --out (out=).",
                )


def _write(out: Path, target: str, drawn: _Drawn) -> dict[str, Any]:
    make_folder((out / target).parent)
    write_bytes(out / target, drawn.data)
    item = drawn.item
    return {
        "rater": drawn.rater,
        "code": item.code,
        "repeat": item.repeat,
        "path": item.path,
        "file": target,
        "kind": "labelme" if drawn.file.suffix.lower() == _LABELME else "mask",
        "width_px": drawn.size[0],
        "height_px": drawn.size[1],
        "scaled": drawn.scale,
    }


def _write_scales(out: Path, rows: Sequence[Mapping[str, Any]], photos: pd.DataFrame) -> None:
    """What the photos' scales are, by which raters are compared in millimetres."""
    told = photos[["path", "subject", "session", "view", "kind", "mm_per_px"]]
    for rater in {row["file"].partition("/")[0] for row in rows}:
        own = {row["path"] for row in rows if row["file"].startswith(f"{rater}/")}
        text = told[told["path"].isin(own)].to_csv(index=False, lineterminator="\n")
        write_bytes(out / rater / "photos.csv", text.encode("utf-8"))


def _resized(table: pd.DataFrame) -> Iterator[str]:
    for rater, own in table[table["scaled"] != 1].groupby("rater"):
        sizes = ", ".join(sorted({f"{1 / scale:.3g}" for scale in own["scaled"]}))
        yield (
            f"{len(own)} drawings by {rater} were made on pictures of {sizes} times the photo's "
            "size and were brought back to it; outlines are as fine as what was drawn on."
        )


def _listed(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - 3} more" if len(codes) > 3 else ""
    return ", ".join(codes[:3]) + more
