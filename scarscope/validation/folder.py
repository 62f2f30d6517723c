"""A folder of marked photos: a batch's results, a phantom's truth, or people's drawings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.errors import LayoutError
from scarscope.photo import READABLE_SUFFIXES
from scarscope.validation.drawings import (
    MASK_SUFFIXES,
    Drawing,
    coco,
    document,
    labelme,
    read_bytes,
    read_drawing,
)
from scarscope.validation.marked import Marked, mark

_WHAT = (
    "Give a batch's output, a phantom's truth folder, or masks (PNG, TIFF, BMP), LabelMe or COCO "
    "files named like the photos."
)


@dataclass(frozen=True, eq=False)
class MarkedFolder:
    """Where one party's scars are kept.

    Attributes
    ----------
    folder : Path
    files : Mapping of str to Path
        Drawing of each photo, by its path without the drawing's suffix.
    drawn : Mapping of str to Drawing
        The same for photos that share one COCO file.
    photos, scars : DataFrame
        The party's tables; empty where it has none.
    """

    folder: Path
    files: Mapping[str, Path]
    drawn: Mapping[str, Drawing]
    photos: pd.DataFrame = field(repr=False)
    scars: pd.DataFrame = field(repr=False)

    @property
    def names(self) -> list[str]:
        """Photos that are marked, in order."""
        return sorted({*self.files, *self.drawn})

    def find(self, path: str) -> str | None:
        """The name under which a photo is marked, or None.

        Its path, with or without its suffix; else its file's name, where only one photo has it and
        one of the two does not say in which folder it lies.
        """
        if path in self.files or path in self.drawn:
            return path
        own = stem(path)
        alike = [name for name in self.names if stem(name) == own]
        if not alike:
            last = PurePosixPath(own).name
            alike = [name for name in self.names if PurePosixPath(stem(name)).name == last]
            alike = [name for name in alike if "/" not in name or "/" not in own]
        return alike[0] if len(alike) == 1 else None

    def find_each(self, paths: Iterable[str]) -> dict[str, str | None]:
        """The name of each photo, see :meth:`find`: no drawing is that of two photos.

        Raises
        ------
        LayoutError
            If photos of several folders would have to share a drawing that names none of them.
        """
        found = {path: self.find(path) for path in paths}
        askers: dict[str, list[str]] = {}
        for path, name in found.items():
            if name is not None:
                askers.setdefault(name, []).append(path)
        for name, own in askers.items():
            named = [path for path in own if stem(path) == stem(name)]
            if len(own) > 1 and not named:
                raise LayoutError(
                    f"{name} of {self.folder} could be the drawing of {len(own)} photos: "
                    f"{', '.join(own[:3])}{' and others' if len(own) > 3 else ''}.",
                    remedy="Put every drawing into folders like those of its photo, such as "
                    f"{stem(own[0])}{PurePosixPath(name).suffix or '.png'}.",
                )
            if len(own) > 1:
                found |= dict.fromkeys(set(own) - set(named))
        return found

    def read(self, name: str, *, mm_per_px: float, shape: tuple[int, int] | None = None) -> Marked:
        """One photo's scars.

        Parameters
        ----------
        name : str
            From :meth:`find` or :attr:`names`.
        mm_per_px : float
            Size of the photo's pixels.
        shape : tuple of int, optional
            Height and width that the drawing must have. None: its own.

        Raises
        ------
        LayoutError
            If the drawing cannot be read or does not fit.
        """
        drawing = self._drawing(name, shape)
        depth = self._depth(name)
        table = self._table(name, drawing)
        return mark(drawing.labels, mm_per_px=mm_per_px, table=table, depth_um=depth)

    def _drawing(self, name: str, shape: tuple[int, int] | None) -> Drawing:
        if name in self.files:
            return read_drawing(self.files[name], shape=shape)
        drawing = self.drawn[name]
        if shape is not None and drawing.labels.shape != shape:
            raise LayoutError(
                f"{name} was drawn on {drawing.labels.shape[::-1]} pixels, the upright photo has "
                f"{shape[::-1]}.",
                remedy="Draw on the upright photo at full size.",
            )
        return drawing

    def _depth(self, name: str) -> NDArray[np.int32] | None:
        file = self.files.get(name)
        if file is None or self.folder / "masks" not in file.parents:
            return None
        twin = self.folder / "depth" / file.relative_to(self.folder / "masks")
        return read_drawing(twin).labels if twin.is_file() else None

    def _table(self, name: str, drawing: Drawing) -> pd.DataFrame:
        if len(self.scars):
            own = self.scars["path"] == name
            return self.scars[own if own.any() else self.scars["path"].map(stem) == stem(name)]
        rows = list(drawing.types.items())
        return pd.DataFrame(rows, columns=["scar_id", "type"])


def open_folder(folder: str | Path) -> MarkedFolder:
    """Look at what a folder holds, without reading any mask yet.

    Parameters
    ----------
    folder : path
        With ``masks/`` as a batch or a phantom writes it (then ``depth/``, ``photos.csv`` and
        ``scars.csv`` are used where they are there), or with drawings anywhere in it. A COCO file
        can be given by itself.

    Returns
    -------
    MarkedFolder

    Raises
    ------
    LayoutError
        If it holds no drawing, or two for the same photo.
    """
    folder = Path(folder)
    if folder.is_file():
        return _open(folder.parent, [folder])
    if not folder.is_dir():
        raise LayoutError(f"There is no folder {folder}.", remedy=_WHAT)
    masks = folder / "masks"
    base = masks if masks.is_dir() else folder
    files = [p for p in sorted(base.rglob("*")) if p.is_file() and not _hidden(p, base)]
    wanted = [p for p in files if p.suffix.lower() in (*MASK_SUFFIXES, ".json")]
    return _open(folder, wanted, base=base)


def _open(folder: Path, files: list[Path], *, base: Path | None = None) -> MarkedFolder:
    single: dict[str, Path] = {}
    shared: dict[str, Drawing] = {}
    for file in files:
        if file.suffix.lower() == ".json":
            drawn = _shared(file)
            if drawn is not None:
                shared.update(drawn)
                continue
        name = file.relative_to(base or folder).with_suffix("").as_posix()
        if name in single:
            raise LayoutError(
                f"Two files of {folder} are drawings of {name}: {single[name].name}, {file.name}.",
                remedy="Keep one of them.",
            )
        single[name] = file
    if not single and not shared and not (folder / "photos.csv").is_file():
        raise LayoutError(f"{folder} holds no drawing of scars.", remedy=_WHAT)
    tables = (_read_table(folder / name) for name in ("photos.csv", "scars.csv"))
    return MarkedFolder(folder, single, shared, *tables)


def _shared(file: Path) -> dict[str, Drawing] | None:
    """The drawings of a COCO file; None for LabelMe's, which is one photo's."""
    content = document(read_bytes(file), file.name)
    if "annotations" in content and "images" in content:
        return coco(content, file.name)
    # Checks it early, so that a folder of something else is refused by name.
    labelme({"imageHeight": 1, "imageWidth": 1, **content, "shapes": []}, file.name)
    if "shapes" not in content:
        raise LayoutError(f"{file.name} is neither LabelMe's nor COCO's.", remedy=_WHAT)
    return None


def _read_table(file: Path) -> pd.DataFrame:
    if not file.is_file():
        return pd.DataFrame()
    try:
        return pd.read_csv(file, encoding="utf-8", dtype={"path": "str", "subject": "str"})
    except (ValueError, OSError) as error:
        raise LayoutError(
            f"{file} is not a table that can be read ({error}).", remedy="Write it again."
        ) from error


def _hidden(path: Path, base: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(base).parts)


def stem(path: str) -> str:
    """A photo's path without the suffixes of the photo and of its drawing.

    Examples
    --------
    >>> stem("P01/s0/left.jpg.png")
    'P01/s0/left'
    """
    known = {*READABLE_SUFFIXES, *MASK_SUFFIXES, ".json"}
    found = PurePosixPath(path.replace("\\", "/"))
    while found.suffix.lower() in known and found.name != found.suffix:
        found = found.with_suffix("")
    return found.as_posix()
