"""Recipe to photo with exact truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.phantom.camera import photograph, through_jpeg
from scarscope.phantom.hair import hair_shadow
from scarscope.phantom.head import Head, Material, make_head
from scarscope.phantom.noise import Field, Grid, Precision
from scarscope.phantom.optics import radiance
from scarscope.phantom.pigment import base_colour, reflectance
from scarscope.phantom.recipe import Recipe, Shine, Skin
from scarscope.phantom.scars import truth_table
from scarscope.phantom.scene import Sheet, lay_out, seen_from
from scarscope.phantom.surface import REACH_MM, shape_of

Code = TypeVar("Code", np.int32, np.uint8)

_LIP_BLOOD_OD = 0.16
_FACE_REACH_MM = 40.0  # The shadow of a nose.

# Linear RGB of hairs, as diffuse reflectance.
_STUBBLE = np.array([0.035, 0.026, 0.020])
_VELLUS = np.array([0.55, 0.45, 0.33])


@dataclass(frozen=True, eq=False)
class Rendered:
    """A simulated photo and what is true of it; all arrays share the photo's pixel grid.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (h, w, 3)
        sRGB.
    depth_mm : ndarray of float32, shape (h, w)
        Missing depth of scars alone: unscarred surface minus surface, >= 0.
    labels : ndarray of int32, shape (h, w)
        0 is no scar, k the scar with ``scar_id == k`` in `table`. A pixel belongs to a scar where
        its missing depth exceeds 10 % of that scar's greatest and 10 um.
    table : DataFrame
        One row a scar, columns :data:`scarscope.phantom.scars.TRUTH_COLUMNS`.
    region : ndarray of bool, shape (h, w)
        True where there is skin to measure.
    light : str
        Name of the light.
    ita_deg : float
        Tone asked for: the angle of the diffuse colour.
    mm_per_px : float
    specular_share : float
        Mean of surface reflection over all light from the skin, in green.
    recipe : Recipe
    materials : ndarray of uint8, shape (h, w), or None
        Codes of :class:`scarscope.phantom.head.Material`; None for a patch, which is all skin.
    hair : ndarray of float32, shape (h, w), or None
        Share of each pixel that hairs hide, dark or pale, 0 to 1; None where the skin has none.
    """

    rgb: NDArray[np.uint8]
    depth_mm: NDArray[np.float32]
    labels: NDArray[np.int32]
    table: pd.DataFrame
    region: NDArray[np.bool_]
    light: str
    ita_deg: float
    mm_per_px: float
    specular_share: float
    recipe: Recipe
    materials: NDArray[np.uint8] | None = None
    hair: NDArray[np.float32] | None = None

    @property
    def burden_um(self) -> float:
        """True burden: missing volume over the region's area, in micrometres."""
        if not self.region.any():
            return 0.0
        return float(self.depth_mm[self.region].astype(np.float64).mean() * 1000)


def render(recipe: Recipe, *, compress: bool = False, dtype: Precision = np.float64) -> Rendered:
    """Photograph a recipe.

    Parameters
    ----------
    recipe : Recipe
    compress : bool
        Pass the photo through its JPEG file; False gives what the file would be made from.
    dtype : type
        float64 gives the same bytes on every machine; float32 takes a third of the time and half
        the memory, draws another noise of the sensor, and else differs by a grey level at most.

    Returns
    -------
    Rendered
        The same recipe gives the same bytes.
    """
    if dtype == np.float32:
        _keep_memory()
    sheet, head, diffuse, specular = _render_fine(recipe, dtype)
    n = recipe.supersample
    diffuse, specular = _average(diffuse, n), _average(specular, n)
    missing, labels = _average(sheet.missing, n), _pick(sheet.labels, n)
    materials = None if head is None else _pick(head.materials, n)
    region = np.ones(labels.shape, np.bool_) if materials is None else materials == Material.SKIN
    rgb = photograph(diffuse + specular, recipe.camera, recipe.noise_seed)
    kinds = tuple(scar.kind for scar in recipe.skin.scars)
    labels, table = truth_table(missing, labels, kinds, recipe.mm_per_px, keep_ids=recipe.keep_ids)
    return Rendered(
        rgb=through_jpeg(rgb, recipe.camera) if compress else rgb,
        depth_mm=missing.astype(np.float32),
        labels=labels,
        table=table,
        region=region,
        light=recipe.light.name,
        ita_deg=recipe.skin.tone.ita_deg,
        mm_per_px=recipe.mm_per_px,
        specular_share=float(specular[1][region].sum() / (diffuse + specular)[1][region].sum()),
        recipe=recipe,
        materials=materials,
        hair=_hidden(sheet.hair, n),
    )


@lru_cache(maxsize=1)
def _keep_memory() -> None:
    """Once a process: free a block, after which glibc no longer returns blocks up to its size.

    Else the arrays of every patch are given back to the system and come again page by page, a tenth
    of a patch's time. Nothing is written to the block, so that it costs nothing itself.
    """
    np.empty(31 << 20, dtype=np.uint8)


def _render_fine(recipe: Recipe, dtype: Precision) -> tuple[Sheet, Head | None, Field, Field]:
    fine = recipe.mm_per_px / recipe.supersample
    sheet = seen_from(lay_out(recipe.skin, fine, dtype), recipe.pose, recipe.view_mm)
    head = None
    if recipe.scene == "face":
        head = make_head(Grid.covering(recipe.skin.size_mm, fine, dtype), recipe.skin.seed)
        sheet = _drape(sheet, head)
    return sheet, head, *_light_up(sheet, recipe, head)


def _hidden(hair: Field, n: int) -> NDArray[np.float32] | None:
    if not hair.any():
        return None
    return np.clip(_average(np.abs(hair), n), 0, 1).astype(np.float32, copy=False)


def _average(image: Field, n: int) -> Field:
    """Means over blocks of n x n pixels of the last two axes; what does not fill one is cut."""
    rows, cols = image.shape[-2] // n, image.shape[-1] // n
    whole = image[..., : rows * n, : cols * n].reshape(*image.shape[:-2], rows, n, cols, n)
    return np.asarray(whole.mean(axis=(-3, -1))) if n > 1 else image


def _pick(codes: NDArray[Code], n: int) -> NDArray[Code]:
    rows, cols = codes.shape[0] // n, codes.shape[1] // n
    return np.ascontiguousarray(codes[n // 2 :: n, n // 2 :: n][:rows, :cols])


def _drape(sheet: Sheet, head: Head) -> Sheet:
    """The skin over a head; scars, lines and marks end where the skin does."""
    bare = head.materials == Material.SKIN
    return replace(
        sheet,
        height=(sheet.height + head.form).astype(sheet.height.dtype, copy=False),
        missing=np.where(bare, sheet.missing, 0),
        hair=np.where(bare, sheet.hair, 0),
        labels=np.where(bare, sheet.labels, 0).astype(np.int32),
        blood=(sheet.blood + head.flush + _LIP_BLOOD_OD * (head.materials == Material.LIP)).astype(
            sheet.blood.dtype, copy=False
        ),
    )


def _light_up(sheet: Sheet, recipe: Recipe, head: Head | None) -> tuple[Field, Field]:
    reach = REACH_MM if head is None else _FACE_REACH_MM
    shape = shape_of(sheet.height, sheet.mm_per_px, reach_mm=reach)
    albedo = reflectance(base_colour(recipe.skin.tone), sheet.melanin, sheet.blood)
    if head is not None:
        albedo = np.where(head.paint > 0, head.paint, albedo)
    diffuse, specular = radiance(
        shape,
        albedo,
        recipe.light,
        _shine_of(recipe.skin),
        sheet.oil,
        width=recipe.skin.tone.scatter,
        bounces=recipe.bounces,
        shade=_shade_of(recipe, sheet),
    )
    if head is not None:
        specular *= head.gloss
    return _under_hair(recipe, sheet.hair, diffuse, specular)


def _shine_of(skin: Skin) -> Shine:
    # Powder scatters what the skin's surface would mirror.
    if skin.makeup == 0:
        return skin.shine
    return replace(
        skin.shine,
        roughness=skin.shine.roughness * (1 + 0.2 * skin.makeup),
        polarised=skin.shine.polarised * (1 - 0.45 * skin.makeup),
    )


def _shade_of(recipe: Recipe, sheet: Sheet) -> Callable[[float], Field] | None:
    strength = recipe.skin.hair.shadow
    if strength == 0 or not (sheet.hair > 0).any():
        return None
    return lambda azimuth: 1 - strength * hair_shadow(sheet.hair, azimuth, sheet.mm_per_px)


def _under_hair(
    recipe: Recipe, hair: Field, diffuse: Field, specular: Field
) -> tuple[Field, Field]:
    if not hair.any():
        return diffuse, specular
    dark, pale = np.clip(hair, 0, 1), np.clip(-hair, 0, 1)
    bare = 1 - dark - pale
    # Vellus is pale on pale skin and brown on dark skin.
    vellus = np.sqrt(base_colour(recipe.skin.tone) * _VELLUS)
    stubble, vellus = (c.astype(hair.dtype, copy=False)[:, None, None] for c in (_STUBBLE, vellus))
    return bare * diffuse + dark * stubble + pale * vellus, bare * specular
