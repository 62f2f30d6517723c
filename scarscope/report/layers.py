"""Pictures without lettering, and outlines as curves: what the report's page is put together from.

They are made where a photo or a pair is measured, since its maps are not kept. Pictures are WebP
without metadata; curves are in the picture's pixels, so that a page can draw, dash and colour them,
and zoom without blur. Everything of one photo lies in one folder, named after it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import approximate_polygon

from scarscope.batch.layers import PAIR, PHOTO, Layers, remove_pair_layers
from scarscope.batch.write import write_bytes
from scarscope.change import Change
from scarscope.change.common import Pair
from scarscope.measures.model import Score
from scarscope.report.canvas import Canvas, Picture, make_canvas
from scarscope.report.change_depth import change_layer, paint_signed
from scarscope.report.change_pair import curves_by_row
from scarscope.report.change_views import make_views
from scarscope.report.change_why import difference
from scarscope.report.depth import depth_layer, depth_top
from scarscope.report.outlines import Curve, trace_scars
from scarscope.report.overlay import region_curves
from scarscope.skin.face import find_face
from scarscope.skin.model import Skin

MAX_PX = 1400  # of a side: a cheek at 0.05 mm a pixel, a face at 0.2 mm
# Of all pictures of one photo and of one pair, so that a page of a hundred can be sent and opened:
# a follow-up has both, and they grow by a third where they are written into a page.
MOST_PHOTO_BYTES, MOST_PAIR_BYTES = 110_000, 220_000
_OFF_PX = 0.2  # that a curve may be off by
_LEAST_POINTS = 4  # of a closed curve: its ends are one
_QUALITIES = (84, 76, 66, 54, 40)
# Eyes and brows of a face, as shares of the detector's box: across, from the top, to the bottom.
_EYES = (-0.02, 0.18, 1.02, 0.50)

_FACE_MM = (70.0, 240.0)  # width of the detector's box: half and nearly twice a grown-up's (BOX_MM)

Pictures = Mapping[str, Picture]


def write_photo_layers(score: Score, folder: Path) -> None:
    """Write a photo and its depth, and ``photo.json`` with its outlines.

    Parameters
    ----------
    score : Score
    folder : Path

    Raises
    ------
    StoreError
        If the system does not let a file be written.
    """
    skin, scars = score.skin, score.scars
    canvas = make_canvas(skin, max_px=_side(skin))
    top = depth_top(score)
    outlines = {
        str(number): [_path(canvas.from_grid(curve)) for curve in curves]
        for number, curves in trace_scars(scars.labels)
    }
    told = {
        **_frame(canvas, skin),
        "outlines": outlines,
        "depth_top": top,
        "unit": _unit(skin),
    }
    _write(folder, {"photo": canvas.rgb, "depth": depth_layer(canvas, score, top)}, PHOTO, told)


def write_pair_layers(change: Change, folder: Path) -> None:
    """Write both photos of a pair as laid over each other, what changed, and ``pair.json``.

    Parameters
    ----------
    change : Change
        Where its photos could not be laid over each other there are no pictures, and the file says
        so; where they were not compared, a map of what differs takes the place of the change.
    folder : Path

    Raises
    ------
    StoreError
        If the system does not let a file be written.
    """
    remove_pair_layers(folder)
    if change.pair is None:
        _write(folder, {}, PAIR, {"aligned": False, "compared": False})
        return
    views = make_views(change, max_px=_side(change.pair.before), what="picture")
    canvas = views.before
    pictures = {"pair-before": canvas.rgb, "pair-after": views.after.rgb}
    told: dict[str, Any] = {
        **_frame(canvas, change.pair.before),
        "aligned": True,
        "compared": change.reading is not None,
        "unit": _unit(change.pair.before),
        "scars": [],
    }
    if change.before is not None and change.after is not None:
        pictures |= _compared(change, (change.before, change.after), canvas, told)
    told["why"] = _why(change, change.pair, canvas, pictures)
    _write(folder, pictures, PAIR, told)


def _compared(
    change: Change, scores: tuple[Score, Score], canvas: Canvas, told: dict[str, Any]
) -> dict[str, Picture]:
    """Maps of depth and of its change; outlines by row of the table of scars."""
    before, after = scores
    told["scars"] = [
        {side: [_path(curve) for curve in own[side]] for side in ("before", "after")}
        for own in curves_by_row(change, canvas)
    ]
    top = told["depth_top"] = max(depth_top(before), depth_top(after))
    layer, told["change_top"] = change_layer(change, canvas)
    return {
        "pair-depth-before": depth_layer(canvas, before, top),
        "pair-depth-after": depth_layer(canvas, after, top),
        "pair-change": layer,
    }


def _why(
    change: Change, pair: Pair, canvas: Canvas, pictures: dict[str, Picture]
) -> dict[str, str] | None:
    """What differs most between two photos that are not compared outright, as a map."""
    found = None if change.comparable == "yes" else difference(change)
    if found is None:
        return None
    pictures["pair-why"] = paint_signed(canvas, found.share, found.where & pair.region)
    return {"title": found.title, "less": found.bar.less, "more": found.bar.more}


def _frame(canvas: Canvas, skin: Skin) -> dict[str, Any]:
    """What every layer of one photo or pair shares."""
    scale = skin.photo.scale
    return {
        "size": list(canvas.size),
        "mm_per_px": scale.mm_per_px / canvas.per_photo_px if scale else None,
        # Where the picture lies in the upright photo, so that what is drawn on it can be found.
        "px_per_photo_px": canvas.per_photo_px,
        "corner": list(canvas.corner),
        "region": [_path(curve) for curve in region_curves(canvas, skin)],
        "eyes": eye_band(canvas, skin),
    }


def eye_band(canvas: Canvas, skin: Skin) -> list[int] | None:
    """Where the eyes of a face are: left, top, right and bottom in the canvas's pixels.

    Returns
    -------
    list of int, or None
        None where no frontal face is found, as in a close-up; faces from the side are not found.
    """
    face = find_face(skin.photo.rgb)
    if face is None:
        return None
    height, width = skin.photo.shape
    scale = skin.photo.scale
    if scale is not None and not _FACE_MM[0] < face.width * width * scale.mm_per_px < _FACE_MM[1]:
        return None  # a cheek with two dark scars
    left, top, right, bottom = _EYES
    across = (np.array([left, right]) * face.width + face.left) * width * canvas.per_photo_px
    down = (np.array([top, bottom]) * face.height + face.top) * height * canvas.per_photo_px
    box = np.stack([across - canvas.corner[0], down - canvas.corner[1]], axis=1)
    inside = np.clip(box, 0, canvas.size)
    (x0, y0), (x1, y1) = np.rint(inside).astype(int).tolist()
    return [x0, y0, x1, y1] if x1 > x0 and y1 > y0 else None


def _unit(skin: Skin) -> str:
    return "µm" if skin.grid.unit == "mm" else "px"


def _side(skin: Skin) -> int:
    """Small photos are not enlarged: the page does that."""
    return min(MAX_PX, max(skin.photo.shape))


def _path(curve: Curve) -> str:
    """A closed curve as an SVG path, to a tenth of a pixel and with no more points than that."""
    fewer = approximate_polygon(curve, _OFF_PX)  # type: ignore[no-untyped-call]
    points = np.round((fewer if len(fewer) > _LEAST_POINTS else curve)[:-1] + 0.5, 1).tolist()
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z"


def _write(folder: Path, pictures: Pictures, name: str, told: Mapping[str, Any]) -> None:
    files = encode_within(pictures, MOST_PHOTO_BYTES if name == PHOTO else MOST_PAIR_BYTES)
    for stem, data in files.items():
        write_bytes(folder / f"{stem}.webp", data)
    # Last: where it is, everything is.
    text = json.dumps({**told, "pictures": sorted(files)}, ensure_ascii=False)
    write_bytes(folder / name, text.encode("utf-8"))


LAYERS = Layers(write_photo_layers, write_pair_layers)  # what a batch is given


def encode_within(pictures: Pictures, most: int) -> dict[str, bytes]:
    """Pictures as WebP, as good as `most` bytes for all of them allow; never worse than 40."""
    files: dict[str, bytes] = {}
    for quality in _QUALITIES:
        files = {name: webp(picture, quality) for name, picture in pictures.items()}
        if sum(map(len, files.values())) <= most:
            break
    return files


def webp(picture: NDArray[np.uint8], quality: int) -> bytes:
    """A picture as WebP without metadata."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="WEBP", quality=quality, method=4)
    return file.getvalue()
