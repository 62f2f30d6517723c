"""Where the learned segmenter fails worst: chosen by rule, and drawn.

Of each kind of error, the worst under each light of the standard set, no photo twice. False scars
are looked for on skin without scars, where there can be no quarrel about what belongs to what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scarscope.errors import StoreError
from scarscope.phantom.lights import LIGHT_NAMES
from scarscope.report.lettering import draw_text, line_height, wrap
from scarscope.validation.gallery import Shown
from scarscope.validation.pictures import error_picture

Rgb = NDArray[np.uint8]

COLUMNS = ("kind", "path", "side", "scar_id", "light", "tone", "mm_per_px", "told")
SCAR_FREE = ("clean", "distractor")
# Pairs are the same skin again, and the bars are not about few scars.
PARTS = ("scars", *SCAR_FREE)
KINDS = ("missed", "false", "depth")
MOST_BYTES = 100_000  # a sheet; three are the most that the card may weigh
CROP_MM = 14.0
_SIDE_PX, _GAP_PX = 200, 8
_TEXT_PX, _LINES = 13, 4
_INK, _PAPER, _MARK = (20, 20, 20), 255, (255, 255, 255)


def choose(photos: pd.DataFrame, scars: pd.DataFrame) -> pd.DataFrame:
    """The worst of each kind of error under each light.

    Parameters
    ----------
    photos, scars : DataFrame
        Of a :class:`scarscope.validation.Validation` of the standard set.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, by kind and light.
    """
    places = photos[photos["set"].isin(PARTS)][["path", "mm_per_px", "distractor"]]
    own = scars.merge(places, on="path", how="inner")
    seen: set[str] = set()
    rows = []
    for kind in KINDS:
        ranked = _ranked(own, kind)
        for light in LIGHT_NAMES:
            under = ranked[(ranked["light"] == light) & ~ranked["path"].isin(seen)]
            for row in under.head(1).to_dict(orient="records"):
                seen.add(str(row["path"]))
                rows.append(_row(kind, row))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _ranked(scars: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Errors of a kind, the worst first; ties by name, so that the order is always the same."""
    if kind == "depth":
        found = scars[(scars["criterion"] == "iou") & (scars["status"] == "found")]
        off = (found["found_depth_um"] - found["true_depth_um"]).abs()
        ranked = found.assign(size=off)
    else:
        side = "true" if kind == "missed" else "found"
        wrong = scars[scars["status"] == kind]
        # Wrong both by distance and by overlap, so that nobody could call it found after all.
        own = wrong[wrong.duplicated(["path", f"{side}_id"])]
        if kind == "false":
            own = own[own["set"].isin(SCAR_FREE)]
        ranked = own.assign(size=own[f"{side}_volume_mm3"])
    known = ranked.dropna(subset=["size"])
    return known.sort_values(
        ["size", "path", "true_id", "found_id"], ascending=[False, *[True] * 3]
    )


def _row(kind: str, scar: Mapping[Any, Any]) -> dict[str, object]:
    side = "found" if kind == "false" else "true"
    return {
        "kind": kind,
        "path": scar["path"],
        "side": side,
        "scar_id": int(scar[f"{side}_id"]),
        "light": scar["light"],
        "tone": scar["tone"],
        "mm_per_px": float(scar["mm_per_px"]),
        "told": _told(kind, scar),
    }


def _told(kind: str, scar: Mapping[Any, Any]) -> str:
    """What went wrong, in words."""
    where = f"{scar['light']}, {scar['tone']}"
    true, found = (_size(scar, side) for side in ("true", "found"))
    if kind == "missed":
        return f"{where}: missed {true}"
    if kind == "false":
        shows = str(scar["distractor"] or "").replace("_", " ")
        beside = f"; the photo shows {shows}" if shows else ""
        return f"{where}: no scar, taken for {found}{beside}"
    sd = scar["found_depth_sd_um"]
    give = "" if pd.isna(sd) else f" ± {sd:.0f}"
    return f"{where}: {true}; found {scar['found_depth_um']:.0f}{give} µm deep"


def _size(scar: Mapping[Any, Any], side: str) -> str:
    kind, width, depth = (scar[f"{side}_{name}"] for name in ("type", "width_mm", "depth_um"))
    return f"{kind} scar {width:.1f} mm wide, {depth:.0f} µm deep"


Show = Callable[[str], Shown]


def sheets(failures: pd.DataFrame, show: Show) -> Iterator[tuple[str, bytes]]:
    """A JPEG file a kind, by its name.

    Parameters
    ----------
    failures : DataFrame
        From :func:`choose`.
    show : callable
        Gives what is drawn of a photo, by its path.

    Raises
    ------
    StoreError
        If a photo does not show what its table says.
    """
    for kind in KINDS:
        own = failures[failures["kind"] == kind].to_dict(orient="records")
        if own:
            tiles = [_tile(show(str(row["path"])), row) for row in own]
            yield f"{kind}.jpg", small_jpeg(_side_by_side(tiles))


def _tile(shown: Shown, row: Mapping[Any, Any]) -> Rgb:
    """The place of an error: as it looks, with outlines, and what went wrong."""
    labels = shown.truth if row["side"] == "true" else shown.found
    at = np.argwhere(labels == row["scar_id"])
    if not len(at):
        raise StoreError(
            f"Scar {row['scar_id']} ({row['side']}) is not in {row['path']} any more.",
            remedy="The tables are of another version: run the validation again.",
        )
    cut = _Cut.about(at, shown.rgb.shape[:2], CROP_MM / row["mm_per_px"])
    both = error_picture(*(cut.of(part) for part in (shown.rgb, shown.found, shown.truth)),
                         side_px=_SIDE_PX)  # fmt: skip
    plain, drawn = both[:, :_SIDE_PX], np.ascontiguousarray(both[:, -_SIDE_PX:])
    centre, radius = cut.circle(at)
    cv2.circle(drawn, centre, radius, _MARK, 1, cv2.LINE_AA)
    return np.vstack([plain, _paper(_GAP_PX // 2), drawn, _caption(str(row["told"]))])


@dataclass(frozen=True)
class _Cut:
    """A square of a photo that is drawn `_SIDE_PX` wide."""

    row: int
    col: int
    side: int

    @classmethod
    def about(cls, at: NDArray[np.intp], shape: Sequence[int], wanted: float) -> _Cut:
        """The square around some pixels, moved to where the photo has all of it."""
        side = min(round(wanted), *shape)
        corner = np.rint(at.mean(axis=0) - side / 2)
        row, col = np.clip(corner, 0, np.array(shape) - side).astype(int).tolist()
        return cls(row, col, side)

    def of(self, image: NDArray[Any]) -> NDArray[Any]:
        """The square's pixels."""
        return image[self.row : self.row + self.side, self.col : self.col + self.side]

    def circle(self, at: NDArray[np.intp]) -> tuple[tuple[int, int], int]:
        """Centre and radius around some pixels, where they are drawn."""
        scale = _SIDE_PX / self.side
        middle = at.mean(axis=0)
        reach = float(np.linalg.norm(at - middle, axis=1).max())
        row, col = ((middle - (self.row, self.col)) * scale).tolist()
        return (round(col), round(row)), round(reach * scale) + 5


def _caption(text: str) -> Rgb:
    strip = Image.fromarray(_paper(_LINES * line_height(_TEXT_PX)))
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(wrap(text, size=_TEXT_PX, width=_SIDE_PX)[:_LINES]):
        draw_text(draw, (0, number * line_height(_TEXT_PX)), line, size=_TEXT_PX, ink=_INK)
    return np.asarray(strip)


def _paper(high: int, wide: int = _SIDE_PX) -> Rgb:
    return np.full((high, wide, 3), _PAPER, np.uint8)


def _side_by_side(tiles: Sequence[Rgb]) -> Rgb:
    gap = _paper(len(tiles[0]), _GAP_PX)
    parts = [part for tile in tiles for part in (tile, gap)]
    return np.hstack(parts[:-1])


def small_jpeg(sheet: Rgb) -> bytes:
    """A JPEG file at the best quality that keeps it within :data:`MOST_BYTES`."""
    for quality in range(90, 10, -5):
        data = BytesIO()
        Image.fromarray(sheet).save(data, "JPEG", quality=quality)
        if data.tell() <= MOST_BYTES:
            break
    return data.getvalue()
