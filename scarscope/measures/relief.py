"""Missing skin: how much, how deep, over which area.

Every function takes a :class:`~scarscope.measures.surround.Scene` and returns a figure in the unit
of its grid (mm, or photo pixels where there is no scale); :mod:`scarscope.measures.registry` names
it.

Legend
------
d : missing depth at a grid point, 0 outside scars
a : area of one grid step, step squared
R : the region of measurable skin
"""

from __future__ import annotations

import numpy as np

from scarscope.measures.surround import Scene


def roi_area(scene: Scene) -> float:
    """Area of the region, in the grid's unit squared."""
    return scene.skin.area


def scar_area(scene: Scene) -> float:
    """Area of all scars inside the region, in the grid's unit squared."""
    return float(np.count_nonzero(scene.inside)) * scene.skin.grid.step**2


def scar_area_fraction(scene: Scene) -> float:
    """Scarred part of the region, 0 to 1; NaN for an empty region."""
    return _ratio(scar_area(scene), roi_area(scene))


def scar_volume(scene: Scene) -> float:
    """Sum of ``d * a`` over the scars inside the region, in the grid's unit cubed."""
    missing = np.sum(scene.scars.depth, where=scene.inside, dtype=np.float64)
    return float(missing) * scene.skin.grid.step**2


def faint_volume(scene: Scene) -> float:
    """Missing volume that is expected where no scar is outlined, in the grid's unit cubed.

    0 where the segmenter tells of scars alone.
    """
    faint = scene.scars.faint
    if faint is None:
        return 0.0
    missing = np.sum(faint, where=scene.skin.region, dtype=np.float64)
    return float(missing) * scene.skin.grid.step**2


def burden(scene: Scene) -> float:
    """Missing volume divided by the region's area: the mean missing depth of the region.

    Of outlined scars and of what is expected beside them. What a light hides falls below any
    threshold first, so that outlines alone would tell lights apart and not faces.
    """
    return _ratio(scar_volume(scene) + faint_volume(scene), roi_area(scene))


def burden_sd(scene: Scene) -> float:
    """One standard deviation of :func:`burden`, from those of the scars' depths.

    A scar's volume is as uncertain as its depth. All scars of a photo are read under one light,
    which errs the same way for all, so their standard deviations add up as they are and not by
    their squares. What is expected beside the outlines is as uncertain as it is large.
    So is a scar that a reviewer drew, of which the segmenter says nothing.
    What was missed altogether is not in it.
    NaN without scars, and where no depth's standard deviation is known.
    """
    table, fine = scene.scars.table, _fine(scene)
    depth, sd = table[f"depth_{fine}"], table[f"depth_sd_{fine}"]
    if sd.isna().all():
        return float("nan")
    share = sd.fillna(depth) / depth.where(depth > 0)
    known = table[f"volume_{scene.skin.grid.unit}3"] * share.fillna(0.0)
    return _ratio(float(known.sum()) + faint_volume(scene), roi_area(scene))


def _fine(scene: Scene) -> str:
    return "um" if scene.skin.grid.unit == "mm" else "px"


def mean_depth(scene: Scene) -> float:
    """Missing volume divided by the scars' area; NaN without scars."""
    return _ratio(scar_volume(scene), scar_area(scene))


def max_depth(scene: Scene) -> float:
    """The deepest point of any scar; NaN without scars."""
    inside = scene.scars.depth[scene.inside]
    return float(inside.max()) if inside.size else float("nan")


def mean_edge_steepness(scene: Scene) -> float:
    """Mean of the scars' edge steepness, each scar counting once; NaN without scars."""
    return float(scene.scars.table["edge_steepness"].mean()) if len(scene.scars) else float("nan")


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")
