"""Recipe to photo with exact truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scarscope.phantom.camera import photograph, through_jpeg
from scarscope.phantom.noise import Field
from scarscope.phantom.optics import radiance, shape_of
from scarscope.phantom.pigment import base_colour, reflectance
from scarscope.phantom.recipe import Recipe
from scarscope.phantom.scars import truth_table
from scarscope.phantom.scene import Sheet, lay_out, seen_from

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

    @property
    def burden_um(self) -> float:
        """True burden: missing volume over the region's area, in micrometres."""
        if not self.region.any():
            return 0.0
        return float(self.depth_mm[self.region].astype(np.float64).mean() * 1000)


def render(recipe: Recipe, *, compress: bool = False) -> Rendered:
    """Photograph a recipe.

    Parameters
    ----------
    recipe : Recipe
    compress : bool
        Pass the photo through its JPEG file; False gives what the file would be made from.

    Returns
    -------
    Rendered
        The same recipe gives the same bytes.
    """
    sheet = seen_from(lay_out(recipe.skin, recipe.mm_per_px), recipe.pose, recipe.view_mm)
    diffuse, specular = _light_up(sheet, recipe)
    rgb = photograph(diffuse + specular, recipe.camera, recipe.noise_seed)
    if compress:
        rgb = through_jpeg(rgb, recipe.camera)
    kinds = tuple(scar.kind for scar in recipe.skin.scars)
    labels, table = truth_table(sheet.missing, sheet.labels, kinds, recipe.mm_per_px)
    return Rendered(
        rgb=rgb,
        depth_mm=sheet.missing.astype(np.float32),
        labels=labels,
        table=table,
        region=np.ones(labels.shape, dtype=np.bool_),
        light=recipe.light.name,
        ita_deg=recipe.skin.tone.ita_deg,
        mm_per_px=recipe.mm_per_px,
        specular_share=float(specular[1].sum() / (diffuse[1] + specular[1]).sum()),
        recipe=recipe,
    )


def _light_up(sheet: Sheet, recipe: Recipe) -> tuple[Field, Field]:
    shape = shape_of(sheet.height, sheet.mm_per_px)
    albedo = reflectance(base_colour(recipe.skin.tone), sheet.melanin, sheet.blood)
    diffuse, specular = radiance(shape, albedo, recipe.light, recipe.skin.shine, sheet.oil)
    dark, pale = np.clip(sheet.hair, 0, 1), np.clip(-sheet.hair, 0, 1)
    bare = 1 - dark - pale
    # Vellus is pale on pale skin and brown on dark skin.
    vellus = np.sqrt(base_colour(recipe.skin.tone) * _VELLUS)
    diffuse = bare * diffuse + dark * _STUBBLE[:, None, None] + pale * vellus[:, None, None]
    return diffuse, bare * specular
