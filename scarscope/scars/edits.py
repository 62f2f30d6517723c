"""What a person's decision does to the scars of a photo, alone and in a pair.

The one place where that is ruled:

- *Rejected*: the scar leaves labels, depth and table, and what is faint about it goes too; the
  others keep their numbers.
- *Retyped*: the stated type has probability 1.
- *Added*: the outline becomes a scar, numbered after the largest, of confidence 1; its depth is
  what the segmenter reads there, and what is faint about it goes, as it ends where it was drawn.

A decision is about a place. The number that it names is believed where that scar lies in the
outline; else the scar that fills the outline best is meant, since numbers change. In a pair what
one photo's decision rejects counts in neither, and what it adds counts in both, so that no decision
about one photo looks like a change between the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from skimage.draw import polygon
from skimage.measure import find_contours

from scarscope.scars.catalog import describe
from scarscope.scars.find import Found
from scarscope.scars.model import MAX_SCARS, TYPES, Reviewed, Scars
from scarscope.skin.model import Grid

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]
Labels = NDArray[np.int32]
Outline = tuple[tuple[float, float], ...]
Places = tuple[Image, Image]

LEAST_IOU = 0.1  # as scars of two photos are matched: people draw wider than networks
LEAST_INSIDE = 0.5  # of a scar that lies in a rejected place: it is what was rejected
LEAST_CELLS = 3  # of an added scar: below that it has no width
# A mean depth below this says nothing of whether a scar is there; those that are found are deeper.
LEAST_DEPTH_MM = 0.01
HALO_MM = 1.0  # around a rejected or drawn scar: what the network half took for one with it
_SURE = 1.0  # confidence of what a person has drawn


@dataclass(frozen=True)
class Edit:
    """One decision about one scar.

    Attributes
    ----------
    action : {"reject", "retype", "add"}
    scar_id : int or None
        Number of the scar; None for one that is added.
    type : str
        Of what is retyped or added.
    outline : tuple of (float, float)
        Corners in pixels of the upright photo; may be empty where `scar_id` is given.
    """

    action: Literal["reject", "retype", "add"]
    scar_id: int | None = None
    type: str = ""
    outline: Outline = ()

    @property
    def words(self) -> str:
        """What it is, for messages."""
        if self.scar_id is not None:
            return f"{self.action} scar {self.scar_id}"
        x, y = np.mean(self.outline, axis=0)
        return f"{self.action} at {x:.0f}, {y:.0f}"


@dataclass(frozen=True)
class Edits:
    """All decisions about one photo that is measured.

    Attributes
    ----------
    scars : tuple of Edit
    region : tuple of (float, float)
        Corners of the region that takes the place of any other; empty where none was drawn.
    """

    scars: tuple[Edit, ...] = ()
    region: Outline = ()

    def __bool__(self) -> bool:
        return bool(self.scars or self.region)

    def roi(self, shape: tuple[int, int]) -> Mask | None:
        """The region as a mask of the upright photo; None where none was drawn."""
        return _drawn(self.region, shape) if self.region else None


def _drawn(outline: Outline, shape: tuple[int, int]) -> Mask:
    """Pixels whose centre lies in an outline."""
    across, down = np.asarray(outline, np.float64).T
    mask = np.zeros(shape, bool)
    mask[polygon(down, across, shape)] = True  # type: ignore[no-untyped-call]
    return mask


def _area(outline: Outline) -> float:
    """Square pixels inside an outline (shoelace formula)."""
    x, y = np.asarray(outline, np.float64).T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def cells_of(outline: Outline, places: Places) -> Mask:
    """Cells of a grid that an outline covers.

    Parameters
    ----------
    outline : tuple of (float, float)
        Corners in a photo's pixels.
    places : tuple of 2 ndarray of float32
        Where each cell's middle lies in that photo, pixels.
    """
    corners = np.asarray(outline, np.float64)
    # In a window of its own: a photo is a thousand times larger than a scar.
    first = np.floor(corners.min(axis=0)).astype(int)
    size = np.ceil(corners.max(axis=0)).astype(int) - first + 1
    own = _drawn(tuple(map(tuple, corners - first)), (int(size[1]), int(size[0])))
    x, y = (np.nan_to_num(side, nan=-1e6) for side in places)
    cols, rows = np.rint(x).astype(int) - first[0], np.rint(y).astype(int) - first[1]
    inside = (rows >= 0) & (rows < own.shape[0]) & (cols >= 0) & (cols < own.shape[1])
    out = np.zeros(x.shape, bool)
    out[inside] = own[rows[inside], cols[inside]]
    return out


def outlined(edits: Sequence[Edit], scars: Scars) -> tuple[Edit, ...]:
    """The same edits, those that only name a number with that scar's outline.

    Parameters
    ----------
    edits : sequence of Edit
    scars : Scars
        As the segmenter found and numbered them, on the photo's own grid. A number that is not
        there is left out.
    """
    told = []
    for edit in edits:
        if edit.outline:
            told.append(edit)
        elif edit.scar_id is not None and (scars.labels == edit.scar_id).any():
            told.append(
                replace(edit, outline=_outline(scars.labels == edit.scar_id, scars.skin.grid))
            )
    return tuple(told)


def _outline(own: Mask, grid: Grid) -> Outline:
    curves = find_contours(np.pad(own, 1).astype(np.float32), 0.5)  # type: ignore[no-untyped-call]
    down, across = max(curves, key=len).T - 1
    x, y = grid.to_photo(across.astype(np.float32), down.astype(np.float32))
    return tuple(zip(x.tolist(), y.tolist(), strict=True))


def grid_places(grid: Grid) -> Places:
    """Where each cell of a photo's own grid lies in it, pixels."""
    rows, cols = np.indices(grid.shape, dtype=np.float32)
    x, y = grid.to_photo(cols, rows)
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def apply_edits(found: Found, edits: Sequence[Edit]) -> Scars:
    """The scars of one photo after a person's decisions.

    Parameters
    ----------
    found : Found
        As the segmenter found and numbered them.
    edits : sequence of Edit

    Returns
    -------
    Scars
        With what was done in ``review``; a decision that could not be applied is told there.
    """
    places = grid_places(found.scars.skin.grid)
    sheet = _Sheet.of(found)
    meant: dict[int, Edit] = {}
    for edit in edits:
        if edit.action == "add":
            continue
        number = _meant(edit, sheet.labels, places)
        if number:
            meant[number] = edit
        else:
            sheet.left.append(f"{edit.words}: no such scar is there any more")
    sheet.applied = len(meant)
    sheet.reject([number for number, edit in meant.items() if edit.action == "reject"])
    for number, edit in meant.items():
        if edit.action == "retype":
            sheet.retype(number, edit.type)
    for edit in edits:
        if edit.action == "add":
            sheet.add(edit, cells_of(edit.outline, places))
    return sheet.done()


def _meant(edit: Edit, labels: Labels, places: Places) -> int:
    """Number of the scar that a decision is about; 0 where there is none."""
    if edit.outline:
        return _best(labels, cells_of(edit.outline, places), edit.scar_id)
    number = edit.scar_id or 0
    return number if (labels == number).any() else 0


def _best(labels: Labels, cells: Mask, named: int | None = None) -> int:
    """The scar that fills cells best, or the one that was named if it is there; 0 for none."""
    shares = {number: iou for number, _, iou in _touched(labels, cells) if iou > LEAST_IOU}
    if named in shares:
        return int(named or 0)
    return max(shares, key=shares.__getitem__, default=0)


def _touched(labels: Labels, cells: Mask) -> Iterator[tuple[int, float, float]]:
    """Every scar that cells cover some of: its number, share covered, and the share of both."""
    shared = np.bincount(labels[cells])
    for number in np.flatnonzero(shared[1:]) + 1 if len(shared) > 1 else ():
        area, both = int(np.count_nonzero(labels == number)), int(shared[number])
        yield int(number), both / area, both / (area + int(np.count_nonzero(cells)) - both)


@dataclass(eq=False)
class _Sheet:
    """Scars while they are being corrected."""

    scars: Scars
    around: Image | None
    labels: Labels
    depth: Image
    faint: Image | None
    table: pd.DataFrame
    largest: int
    applied: int
    marks: dict[int, str]
    left: list[str]
    notes: list[str]

    @classmethod
    def of(cls, found: Found) -> _Sheet:
        scars = found.scars
        faint = None if scars.faint is None else scars.faint.copy()
        own = (scars.labels.copy(), scars.depth.copy(), faint, scars.table.copy())
        return cls(scars, found.depth, *own, int(scars.labels.max(initial=0)), 0, {}, [], [])

    def done(self) -> Scars:
        told = Reviewed(self.applied, self.marks, tuple(self.left), tuple(self.notes))
        return replace(
            self.scars,
            labels=self.labels,
            depth=self.depth,
            faint=self.faint,
            table=self.table,
            review=told,
        )

    def reject(self, gone: Sequence[int]) -> None:
        away = np.isin(self.labels, gone)
        self.labels[away], self.depth[away] = 0, 0
        self.forget(away)
        self.table = self.table[~self.table["scar_id"].isin(gone)].reset_index(drop=True)

    def forget(self, cells: Mask) -> None:
        """Take away what is faint in these cells, and around them what is nearer no other scar."""
        if self.faint is not None and cells.any():
            others = (self.labels > 0) & ~np.isin(self.labels, self.labels[cells])
            near = (away := _distance(cells)) <= HALO_MM / self.scars.skin.grid.filter_mm
            self.faint[near & (away <= _distance(others)) if others.any() else near] = 0

    def retype(self, number: int, kind: str) -> None:
        own = self.table["scar_id"] == number
        for name in TYPES:
            self.table.loc[own, f"p_{name}"] = float(name == kind)
        self.table.loc[own, "type"] = kind
        self.marks[number] = "retyped"

    def add(self, edit: Edit, cells: Mask) -> bool:
        """Lay an added scar where none lies yet; or say why not. Whether it was laid."""
        skin = self.scars.skin
        shown = cells & skin.region
        free = shown & (self.labels == 0)
        area = max(int(np.count_nonzero(cells)), round(_area(edit.outline) / skin.grid.px**2))
        if np.count_nonzero(shown) < max(LEAST_CELLS, LEAST_INSIDE * area):
            why = "it lies mostly outside the region" if area >= LEAST_CELLS else "it is too small"
            self.left.append(f"{edit.words}: {why}")
        elif np.count_nonzero(free) < max(LEAST_CELLS, LEAST_INSIDE * np.count_nonzero(shown)):
            other = int(np.bincount(self.labels[shown & ~free]).argmax())
            self.left.append(f"{edit.words}: scar {other} lies there; reject it first")
        elif self.largest >= MAX_SCARS:
            self.left.append(f"{edit.words}: no number is left for it")
        else:
            self.applied += 1
            self.lay(free, edit.type, edit.words)
            return True
        return False

    def lay(self, cells: Mask, kind: str, words: str) -> None:
        """A scar of these cells, with the depth that the segmenter reads there."""
        self.largest += 1
        own = np.where(cells, np.int32(self.largest), np.int32(0))
        known = self.around is not None
        around = np.zeros_like(self.depth) if self.around is None else self.around
        if not known or not (around[cells] > 0).any():
            why = "no depth is read there" if known else "this segmenter reads no depth there"
            self.notes.append(f"{words}: {why}, so that it counts and has an area, but no volume")
        chances = (float(kind == TYPES[0]), float(kind == TYPES[1]), float(kind == TYPES[2]))
        row = describe(
            own,
            around,
            self.scars.skin.grid,
            {self.largest: _SURE},
            kinds={self.largest: chances},
            depth_sd={self.largest: math.nan},
        )
        self.labels[cells], self.depth[cells] = self.largest, around[cells]
        self.forget(cells)
        # Rows of an empty table have no kinds to agree with.
        self.table = pd.concat([self.table, row], ignore_index=True) if len(self.table) else row
        self.marks[self.largest] = "added"


def _distance(cells: Mask) -> Image:
    """How far every cell is from the nearest of some, in grid steps."""
    beyond = (~cells).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(beyond, cv2.DIST_L2, cv2.DIST_MASK_3))


def apply_to_pair(
    before: Found,
    after: Found,
    edits: tuple[Sequence[Edit], Sequence[Edit]],
    places: tuple[Places, Places],
    *,
    least_share: float,
) -> tuple[Found, Found]:
    """The scars of two photos on one grid after the decisions about either.

    Parameters
    ----------
    before, after : Found
        On the same grid.
    edits : tuple of 2 sequence of Edit
        About each photo; all have outlines.
    places : tuple of 2
        Where each cell lies in each photo, pixels.
    least_share : float
        A scar that was added in one photo is there in the other too, unless less than this share
        of its volume is read there: then it has healed, or was not there yet. Where no depth is
        read in its own photo, nothing is known of that.
    """
    drawn = [
        [(e, cells_of(e.outline, at)) for e in own] for own, at in zip(edits, places, strict=True)
    ]
    sheets = _Sheet.of(before), _Sheet.of(after)
    rejected = [cells for own in drawn for edit, cells in own if edit.action == "reject"]
    for sheet, own in zip(sheets, drawn, strict=True):
        sheet.reject([n for cells in rejected for n in _rejected(sheet.labels, cells)])
        for cells in rejected:  # also where the other photo shows too little for a scar
            sheet.forget(cells)
        for edit, cells in own:
            if edit.action == "retype" and (number := _best(sheet.labels, cells)):
                sheet.retype(number, edit.type)
    for own, (first, second) in zip(drawn, (sheets, sheets[::-1]), strict=True):
        for edit, cells in own:
            if edit.action == "add":
                _add_to_both(edit, cells, first, second, least_share)
    return Found(sheets[0].done(), before.depth), Found(sheets[1].done(), after.depth)


def _rejected(labels: Labels, cells: Mask) -> Iterator[int]:
    for number, covered, iou in _touched(labels, cells):
        if covered >= LEAST_INSIDE or iou > LEAST_IOU:
            yield number


def _add_to_both(edit: Edit, cells: Mask, own: _Sheet, other: _Sheet, least_share: float) -> None:
    """Lay an added scar in its own photo, and in the other unless it is not there."""
    if own.add(edit, cells):  # what is faint about it would be a change between the photos
        other.forget(cells)
    if not cells.any():
        return
    depth, there = (
        math.nan if sheet.around is None else float(sheet.around[cells].mean(dtype=np.float64))
        for sheet in (own, other)
    )
    grid = own.scars.skin.grid
    known = depth * grid.filter_mm / grid.step >= LEAST_DEPTH_MM  # False for NaN
    if not (known and there < least_share * depth):
        other.add(edit, cells)
