"""Scars that people drew: mask images, LabelMe, COCO, one file or many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from scipy import ndimage

from scarscope.errors import LayoutError
from scarscope.validation.outlines import Region, paint, polygon, run_lengths

Labels = NDArray[np.int32]
Shape = tuple[int, int]

MASK_SUFFIXES = (".png", ".tif", ".tiff", ".bmp")
_EIGHT = np.ones((3, 3), np.int8)  # pixels that touch at a corner are one scar
_MOST_SIDE_PX = 100_000


@dataclass(frozen=True, eq=False)
class Drawing:
    """The scars that one person drew in one photo.

    Attributes
    ----------
    labels : ndarray of int32, shape (height, width)
        0 is no scar, k the k-th.
    types : Mapping of int to str
        What the drawing calls them, where it does.
    """

    labels: Labels
    types: Mapping[int, str] = field(default_factory=dict)


def read_drawing(path: str | Path, *, shape: Shape | None = None) -> Drawing:
    """Read one photo's scars from a mask image or a LabelMe file.

    Parameters
    ----------
    path : path
        PNG, TIFF or BMP: black and white (every connected patch is a scar), a palette, or 16 bits
        (every number is a scar). JSON: LabelMe with polygons, rectangles or circles.
    shape : tuple of int, optional
        Height and width of the upright photo. None: what the file says of itself.

    Returns
    -------
    Drawing

    Raises
    ------
    LayoutError
        If the file cannot be read or understood, or does not fit the photo.
    """
    path = Path(path)
    data = read_bytes(path)
    if path.suffix.lower() in MASK_SUFFIXES:
        drawing = _mask(data, path.name)
    elif path.suffix.lower() == ".json":
        drawing = labelme(document(data, path.name), path.name, shape=shape)
    else:
        raise LayoutError(
            f"{path.name} is not a drawing of scars.",
            remedy=f"Give a mask ({', '.join(MASK_SUFFIXES)}) or JSON of LabelMe or COCO.",
        )
    if shape is not None and drawing.labels.shape != shape:
        height, width = drawing.labels.shape
        raise LayoutError(
            f"{path.name} is {width} x {height} pixels, the upright photo {shape[1]} x {shape[0]}.",
            remedy="Draw on the upright photo at full size.",
        )
    return drawing


def read_bytes(path: Path) -> bytes:
    """A file's bytes, or an error that names it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise LayoutError(
            f"{path} cannot be read ({error.strerror or error}).",
            remedy="Check the path and its permissions.",
        ) from error


def document(data: bytes, name: str) -> Mapping[str, Any]:
    """A JSON object, or an error that names the file."""
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise LayoutError(
            f"{name} is not valid JSON ({error}).", remedy="Export it again from LabelMe or COCO."
        ) from error
    if not isinstance(found, Mapping):
        raise LayoutError(f"{name} holds no JSON object.", remedy="Give LabelMe or COCO.")
    return found


def _mask(data: bytes, name: str) -> Drawing:
    try:
        with Image.open(BytesIO(data)) as image:
            deep = image.mode.startswith("I")
            numbered = deep or image.mode == "P"
            values = np.asarray(image if numbered else image.convert("L")).astype(np.int32)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise LayoutError(
            f"{name} is not a readable picture ({error}).", remedy="Save it as PNG."
        ) from error
    levels = np.unique(values[values > 0])
    full = 65535 if deep else 255
    if levels.size == 1 and (not numbered or levels[0] == full):
        labels, _ = ndimage.label(values > 0, structure=_EIGHT)
        return Drawing(labels.astype(np.int32))
    if not numbered and levels.size > 1 and levels[-1] != levels.size:
        raise LayoutError(
            f"{name} holds {levels.size} levels of grey, neither black and white nor 1, 2, 3, ...",
            remedy="Save black and white without smoothing, or one number a scar with 16 bits.",
        )
    return Drawing(values)


def labelme(content: Mapping[str, Any], name: str, *, shape: Shape | None = None) -> Drawing:
    """Scars of a LabelMe document: one a shape, its label taken for the type.

    Raises
    ------
    LayoutError
        If it is not LabelMe's, or holds a shape that has no area.
    """
    shapes = content.get("shapes")
    if not isinstance(shapes, list):
        raise LayoutError(
            f"{name} holds no LabelMe shapes.", remedy="Save it from LabelMe, or give COCO."
        )
    stated = (content.get("imageHeight"), content.get("imageWidth"))
    size = shape if stated == (None, None) and shape else checked_size(stated, name)
    regions = [_labelme_region(entry, name) for entry in shapes]
    return _drawing(regions, [_text(entry, "label") for entry in shapes], size)


def _labelme_region(entry: object, name: str) -> Region:
    if not isinstance(entry, Mapping):
        raise _not_outline(name, entry)
    kind, points = entry.get("shape_type") or "polygon", corners(entry.get("points"), name)
    if kind == "polygon" and len(points) >= 3:
        return polygon([points])
    if kind == "rectangle" and len(points) >= 2:
        (x0, y0), (x1, y1) = points[0], points[1]
        return polygon([np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])])
    if kind == "circle" and len(points) == 2:
        radius = float(np.linalg.norm(points[1] - points[0]))
        turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        return polygon([points[0] + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)])
    raise _not_outline(name, {"shape_type": kind, "points": len(points)})


def coco(content: Mapping[str, Any], name: str) -> dict[str, Drawing]:
    """Scars of a COCO document, by the photo's file name.

    Segmentations may be polygons or uncompressed run lengths; the category's name is the type.

    Raises
    ------
    LayoutError
        If something is missing, or run lengths are compressed.
    """
    images, annotations = (_list_of(content, key, name) for key in ("images", "annotations"))
    types = {c.get("id"): _text(c, "name") for c in _list_of(content, "categories", name)}
    drawings = {}
    for image in images:
        size = checked_size((image.get("height"), image.get("width")), name)
        own = [a for a in annotations if a.get("image_id") == image.get("id")]
        regions = [_coco_region(a.get("segmentation"), size, name) for a in own]
        file = _text(image, "file_name")
        if not file or file in drawings:
            raise LayoutError(
                f"{name} has an image without a file_name of its own.", remedy="Export it again."
            )
        drawings[file] = _drawing(regions, [types.get(a.get("category_id"), "") for a in own], size)
    return drawings


def _list_of(content: Mapping[str, Any], key: str, name: str) -> list[Mapping[str, Any]]:
    found = content.get(key, [] if key == "categories" else None)
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise LayoutError(
            f"{name} has no list of {key}.", remedy="COCO has images, annotations, categories."
        )
    return found


def _coco_region(segmentation: object, size: Shape, name: str) -> Region:
    if isinstance(segmentation, Mapping):
        counts = segmentation.get("counts")
        if isinstance(counts, str | bytes):
            raise LayoutError(
                f"{name} holds compressed run lengths.",
                remedy="Export polygons, or uncompressed run lengths (a list of numbers).",
            )
        if segmentation.get("size") not in (list(size), size):
            raise _not_outline(name, f"size {segmentation.get('size')!r}")
        region = run_lengths(counts, size)
        if region is None:
            raise _not_outline(name, "run lengths that do not fill the photo")
        return region
    if not isinstance(segmentation, list) or not segmentation:
        raise _not_outline(name, segmentation)
    return polygon([_flat_ring(ring, name) for ring in segmentation])


def _flat_ring(ring: object, name: str) -> NDArray[np.float64]:
    if not isinstance(ring, list) or len(ring) < 6 or len(ring) % 2:
        raise _not_outline(name, ring)
    return corners([ring[i : i + 2] for i in range(0, len(ring), 2)], name)


def corners(points: object, name: str) -> NDArray[np.float64]:
    """Corners x, y of an outline, shape (n, 2), checked."""
    try:
        found = np.array([(float(p[0]), float(p[1])) for p in points])  # type: ignore[attr-defined]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise _not_outline(name, points) from None
    if found.size == 0 or not (np.abs(found) < _MOST_SIDE_PX).all():
        raise _not_outline(name, points)
    return found


def checked_size(size: tuple[object, object], name: str) -> Shape:
    """Height and width that a file states."""
    height, width = size
    if not (isinstance(height, int) and isinstance(width, int)) or bool in map(type, size):
        raise LayoutError(
            f"{name} does not say how large the photo is (it says {size!r}).",
            remedy="Keep imageHeight and imageWidth (LabelMe) or height and width (COCO).",
        )
    if not (0 < height < _MOST_SIDE_PX and 0 < width < _MOST_SIDE_PX):
        raise LayoutError(
            f"{name} states a photo of {width} x {height} pixels.", remedy="Export it again."
        )
    return height, width


def _drawing(regions: list[Region], names: list[str], size: Shape) -> Drawing:
    labels = paint(regions, size)
    return Drawing(labels, {k: name for k, name in enumerate(names, start=1) if name})


def _text(entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key, "")
    return found.strip() if isinstance(found, str) else ""


def _not_outline(name: str, found: object) -> LayoutError:
    return LayoutError(
        f"{name} holds an outline that cannot be used: {found!r:.80}.",
        remedy="Use polygons of three corners and more, rectangles or circles, in the upright "
        "photo's pixels.",
    )
