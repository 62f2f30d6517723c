"""From a photo to measurable skin."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scarscope.errors import RegionError
from scarscope.flags import Flag
from scarscope.params import PhotoParams, SkinParams
from scarscope.photo import assess_capture
from scarscope.photo.colour import ita_deg, linear_to_lab
from scarscope.photo.model import Photo
from scarscope.skin.chromophores import median_colour, unmix
from scarscope.skin.face import BOX_MM, Face, find_face
from scarscope.skin.grid import make_grid, mask_to_grid, to_grid
from scarscope.skin.model import Grid, RegionSource, Skin
from scarscope.skin.region import find_region, is_close_up
from scarscope.skin.roi import check_mask, read_roi

Mask = NDArray[np.bool_]
Roi = str | Path | NDArray[Any]

COARSE_MM_PER_PX = 0.3  # half as much again as the limit of 0.2 mm: faces differ in size
LEAST_CELLS = 400  # grid cells; 4 mm2 at 0.1 mm: less holds no texture to compare a scar with


def find_skin(
    photo: Photo,
    *,
    roi: Roi | None = None,
    params: SkinParams | None = None,
    capture: PhotoParams | None = None,
) -> Skin:
    """Find measurable skin and separate what colours it.

    Parameters
    ----------
    photo : Photo
        The photo.
    roi : path or ndarray of bool, shape (height, width), optional
        A region file (see :func:`scarscope.skin.read_roi`) or a mask in the upright photo's
        pixels. It is used as it is. None finds the region automatically and sets
        ``Flag.AUTO_REGION``.
    params : SkinParams, optional
        None means the defaults.
    capture : PhotoParams, optional
        Limits by which the capture is judged; None means the defaults.

    Returns
    -------
    Skin

    Raises
    ------
    RegionError
        If the region cannot be used, or no skin is found.
    """
    params = params or SkinParams()
    face = _face(photo, roi)
    nominal = _nominal_mm_per_px(photo, face, params)
    grid = make_grid(photo, nominal, params)
    rgb = to_grid(photo.rgb, grid)
    region, source = _region(photo, rgb, face, roi, grid, params)
    if np.count_nonzero(region) < LEAST_CELLS:
        grey = Flag.GREYSCALE in photo.flags
        raise _no_skin(int(np.count_nonzero(region)), source, grid, grey=grey)
    quality, flags = assess_capture(
        photo, region, filter_mm=grid.filter_mm, rgb=rgb, params=capture
    )
    maps = unmix(rgb, region, filter_mm=grid.filter_mm)
    return Skin(
        photo=photo,
        grid=grid,
        rgb=rgb,
        region=region,
        melanin=maps.melanin,
        haemoglobin=maps.haemoglobin,
        shading=maps.shading,
        region_source=source,
        ita_deg=_ita(rgb, region, flags | photo.flags),
        quality=quality,
        flags=photo.flags | flags | _own_flags(photo, face, source, nominal),
    )


def _face(photo: Photo, roi: Roi | None) -> Face | None:
    """A face, where one helps to find the region or to choose filter sizes."""
    if roi is not None and photo.scale is not None:
        return None
    return None if is_close_up(photo.rgb) else find_face(photo.rgb)


def _own_flags(photo: Photo, face: Face | None, source: RegionSource, nominal: float) -> Flag:
    flags = Flag.AUTO_REGION if source == "auto" else Flag.NONE
    # A face is a ruler good enough to tell 1 mm per pixel from 0.1, though not to measure by.
    if photo.scale is None and face is not None and nominal > COARSE_MM_PER_PX:
        flags |= Flag.COARSE_RESOLUTION
    return flags


def _nominal_mm_per_px(photo: Photo, face: Face | None, params: SkinParams) -> float:
    """Pixel size for choosing filters where none is stated: from a face, else from the view."""
    height, width = photo.shape
    if face is not None:
        return BOX_MM / (face.width * width)
    return params.nominal_view_mm / max(height, width)


def _region(
    photo: Photo,
    rgb: NDArray[np.float32],
    face: Face | None,
    roi: Roi | None,
    grid: Grid,
    params: SkinParams,
) -> tuple[Mask, RegionSource]:
    source: RegionSource = "auto"
    if roi is None:
        region = find_region(rgb, face, filter_mm=grid.filter_mm, params=params)
    else:
        if isinstance(roi, str | Path):
            full, source = read_roi(roi, photo.shape)
        else:
            full, source = check_mask(roi, photo.shape), "mask"
        region = mask_to_grid(full, grid)
    if photo.opaque is not None:
        region = region & mask_to_grid(photo.opaque, grid)
    return region, source


def _ita(rgb: NDArray[np.float32], region: Mask, flags: Flag) -> float:
    """ITA of the region's median colour, degrees; NaN where there is no colour."""
    if Flag.GREYSCALE in flags:
        return math.nan
    lightness, _, yellow = linear_to_lab(median_colour(rgb, region))
    return float(ita_deg(lightness, yellow))


def _no_skin(cells: int, source: RegionSource, grid: Grid, *, grey: bool) -> RegionError:
    area = cells * grid.step**2
    if source == "auto" and grey:
        return RegionError(
            "No measurable skin was found: the photo has no colour, by which skin is told from "
            "what is not skin.",
            remedy="Score the photo in colour, or draw the region and give it as a region file.",
        )
    if source == "auto":
        return RegionError(
            f"No measurable skin was found ({area:.3g} {grid.unit}2).",
            remedy="Check that the photo shows skin in ordinary colours and light, or draw the "
            "region and give it as a region file.",
        )
    return RegionError(
        f"The region covers only {area:.3g} {grid.unit}2.",
        remedy=f"Draw at least {LEAST_CELLS * grid.step**2:.3g} {grid.unit}2 of skin.",
    )
