"""A region that a person drew: a mask image or a polygon file, in the upright photo's pixels."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from scarscope.errors import RegionError
from scarscope.skin.model import RegionSource

Mask = NDArray[np.bool_]
Ring = NDArray[np.float64]

MASK_SUFFIXES = (".png", ".tif", ".tiff", ".bmp")
POLYGON_SUFFIXES = (".json", ".geojson")
_FAINTEST = 1.5 / 255  # whiteness just above that of 1 in an 8-bit picture
_LEAST_INSIDE = 0.5  # share of polygons that must lie in the photo; a rim outside is cut off
# Pillow reports a broken PNG chunk as a SyntaxError.
_UNREADABLE = (
    UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError,
)  # fmt: skip
_SUBPIXEL_BITS = 4  # cv2.fillPoly takes fixed-point corners; 1/16 px is finer than anyone draws


def read_roi(path: str | Path, shape: tuple[int, int]) -> tuple[Mask, RegionSource]:
    """Read a region file.

    Parameters
    ----------
    path : path
        A mask image (PNG, TIFF or BMP of the upright photo's size; what is more than half white
        and not transparent counts as skin, and so does 1 where there are only 0 and 1) or polygons
        (GeoJSON, or LabelMe's JSON) with x to the right and y downwards in pixels of the upright
        photo. A GeoJSON ring after the first is a hole. What reaches over the border is cut off.
    shape : tuple of int
        Height and width of the upright photo.

    Returns
    -------
    mask : ndarray of bool, shape `shape`
    source : {"mask", "polygon"}

    Raises
    ------
    RegionError
        If the file cannot be read or understood, does not fit the photo, lies mostly outside it,
        or marks nothing.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RegionError(
            f"Region file {path.name} cannot be read ({error.strerror}).",
            remedy="Check the path and its permissions.",
        ) from error
    suffix = path.suffix.lower()
    source: RegionSource = "polygon"
    if suffix in MASK_SUFFIXES:
        mask, source = _mask_image(data, path.name, shape), "mask"
    elif suffix in POLYGON_SUFFIXES:
        mask = _polygons(data, path.name, shape)
    else:
        raise RegionError(
            f"Region file {path.name} ends in {suffix!r}.",
            remedy=f"Use a mask ({', '.join(MASK_SUFFIXES)}) or polygons "
            f"({', '.join(POLYGON_SUFFIXES)}). JPEG is not accepted: its edges are not exact.",
        )
    if not mask.any():
        raise RegionError(
            f"Region file {path.name} marks no pixel of the photo.",
            remedy="Draw the region in the upright photo's own pixels: x right, y down.",
        )
    return mask, source


def check_mask(mask: NDArray[Any], shape: tuple[int, int]) -> Mask:
    """Check a region given as an array.

    Raises
    ------
    RegionError
        If it is not two-dimensional, boolean-like and of the photo's size, or marks nothing.
    """
    array = np.asarray(mask)
    if array.shape != shape:
        raise RegionError(
            f"The region's shape is {array.shape}, the photo's is {shape}.",
            remedy="Give one value a pixel of the upright photo, shape (height, width).",
        )
    if array.dtype != bool and not np.isin(array, (0, 1, 255)).all():
        raise RegionError(
            f"The region's values are of type {array.dtype} and not only 0 and 1 (or 255).",
            remedy="Give a boolean array: True where skin may be measured.",
        )
    if not array.any():
        raise RegionError(
            "The region marks no pixel.", remedy="Set True where skin may be measured."
        )
    return np.asarray(array > 0)


def _mask_image(data: bytes, name: str, shape: tuple[int, int]) -> Mask:
    try:
        with Image.open(BytesIO(data)) as image:
            size = image.size
            white = _whiteness(image) if size == shape[::-1] else None
    except _UNREADABLE as error:
        raise RegionError(
            f"Region file {name} is not a readable picture ({error}).",
            remedy="Save the mask as an 8-bit PNG.",
        ) from error
    if white is None:
        raise RegionError(
            f"Region file {name} is {size[0]} x {size[1]} pixels, the upright photo "
            f"{shape[1]} x {shape[0]}.",
            remedy="Draw the mask on the upright photo at full size.",
        )
    # Programs write masks as 0 and 1 as well, which look black: then every 1 is meant.
    return np.asarray(white > (0.5 if white.max() > _FAINTEST else 0))


def _whiteness(image: Image.Image) -> NDArray[np.float32]:
    """Share of white of every pixel, 0 to 1; what is transparent counts as black."""
    if image.mode.startswith("I"):
        # Pillow would clip 16 bits to 8 instead of scaling them.
        return np.asarray(image, dtype=np.float32) / np.float32(65535)
    if image.has_transparency_data:
        grey, alpha = np.moveaxis(np.asarray(image.convert("LA"), dtype=np.float32), 2, 0)
        return np.asarray(grey * alpha / np.float32(255**2))
    return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)


def _polygons(data: bytes, name: str, shape: tuple[int, int]) -> Mask:
    try:
        polygons = _parse(data, name, shape)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RegionError(
            f"Region file {name} is not valid JSON ({error}).",
            remedy="Save polygons as GeoJSON or from LabelMe.",
        ) from error
    _refuse_fractions(polygons, name, shape)
    mask = np.zeros(shape, np.uint8)
    drawn = inside = 0.0
    for rings in polygons:
        one = np.zeros(shape, np.uint8)
        # Even-odd filling of all rings at once leaves the inner ones open.
        corners = [np.round(ring * 2**_SUBPIXEL_BITS).astype(np.int32) for ring in rings]
        cv2.fillPoly(one, corners, 1, shift=_SUBPIXEL_BITS)
        mask |= one
        drawn += _area(rings)
        inside += np.count_nonzero(one)
    if inside < _LEAST_INSIDE * drawn:
        raise RegionError(
            f"Region file {name} lies mostly outside the photo of {shape[1]} x {shape[0]} pixels.",
            remedy="Draw it on the upright photo at full size: x right, y down.",
        )
    return np.asarray(mask > 0)


def _refuse_fractions(polygons: list[list[Ring]], name: str, shape: tuple[int, int]) -> None:
    corners = [ring for rings in polygons for ring in rings]
    if corners and all(ring.min() >= 0 and ring.max() <= 1 for ring in corners):
        raise RegionError(
            f"Region file {name} has no coordinate above 1: they are fractions of the picture.",
            remedy=f"Multiply x by {shape[1]} and y by {shape[0]}, the photo's pixels.",
        )


def _area(rings: list[Ring]) -> float:
    """Area of an outline less its holes, square pixels (shoelace formula)."""
    areas = [
        abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
        for x, y in (ring.T for ring in rings)
    ]
    return 2 * areas[0] - sum(areas) if areas else 0.0


def _parse(data: bytes, name: str, shape: tuple[int, int]) -> list[list[Ring]]:
    """Every polygon of a file as its rings."""
    document = json.loads(data.decode("utf-8-sig"))
    if not isinstance(document, Mapping):
        raise _not_polygons(name)
    if "shapes" in document:
        _check_labelme_size(document, name, shape)
        return list(_labelme(document, name))
    return list(_geojson(document, name))


def _not_polygons(name: str) -> RegionError:
    return RegionError(
        f"Region file {name} holds no polygons.",
        remedy="Save GeoJSON with Polygon or MultiPolygon, or LabelMe shapes of type polygon "
        "or rectangle.",
    )


def _geojson(node: Mapping[str, Any], name: str) -> Iterator[list[Ring]]:
    kind = node.get("type")
    if kind == "FeatureCollection" and isinstance(node.get("features"), list):
        for feature in node["features"]:
            if not isinstance(feature, Mapping):
                raise _not_polygons(name)
            yield from _geojson(feature, name)
    elif kind == "Feature" and isinstance(node.get("geometry"), Mapping):
        yield from _geojson(node["geometry"], name)
    elif kind == "Polygon" and isinstance(node.get("coordinates"), list):
        yield [_ring(ring, name) for ring in node["coordinates"]]
    elif kind == "MultiPolygon" and isinstance(node.get("coordinates"), list):
        for polygon in node["coordinates"]:
            if not isinstance(polygon, list):
                raise _not_polygons(name)
            yield [_ring(ring, name) for ring in polygon]
    else:
        raise _not_polygons(name)


def _labelme(document: Mapping[str, Any], name: str) -> Iterator[list[Ring]]:
    shapes = document["shapes"]
    if not isinstance(shapes, list):
        raise _not_polygons(name)
    for shape in shapes:
        if not isinstance(shape, Mapping):
            raise _not_polygons(name)
        kind = shape.get("shape_type", "polygon")
        if kind == "rectangle":
            (x0, y0), (x1, y1) = _ring(shape.get("points"), name, least=2)[:2]
            yield [np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])]
        elif kind == "polygon":
            yield [_ring(shape.get("points"), name)]
        else:
            raise RegionError(
                f"Region file {name} has a LabelMe shape of type {kind!r}.",
                remedy="Use polygons or rectangles.",
            )


def _check_labelme_size(document: Mapping[str, Any], name: str, shape: tuple[int, int]) -> None:
    stated = (document.get("imageHeight"), document.get("imageWidth"))
    if None not in stated and stated != shape:
        raise RegionError(
            f"Region file {name} was drawn on {stated[1]} x {stated[0]} pixels, the upright photo "
            f"has {shape[1]} x {shape[0]}.",
            remedy="Draw it on the upright photo at full size.",
        )


def _ring(points: object, name: str, *, least: int = 3) -> Ring:
    """Corners of one ring, shape (n, 2), checked."""
    try:
        ring = np.array([(float(p[0]), float(p[1])) for p in points])  # type: ignore[attr-defined]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise _not_polygons(name) from None
    if len(ring) < least:
        raise RegionError(
            f"Region file {name} has a ring of {len(ring)} corners.",
            remedy=f"A ring needs at least {least}.",
        )
    far = float(np.abs(ring).max())
    if not math.isfinite(far) or far > 1e6:
        raise RegionError(
            f"Region file {name} has a corner at {far:g} pixels.",
            remedy="Give corners in pixels of the upright photo.",
        )
    return ring
