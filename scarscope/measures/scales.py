"""Clinical scales as estimates from the image: what of them a photo can tell, never more.

Each scale keeps its published weights and count bands and names its subset, so that no figure here
can be mistaken for a clinician's. All need millimetres. What no photo can tell: how skin stretches
(Goodman & Baron grade 3 against 4), elastolysis, and how well make-up would cover; raised and flat
scars are outside atrophic scoring.

Sources: ECCA, Dreno 2007 (Dermatology 214:46); Goodman & Baron 2006, quantitative (J Cosmet
Dermatol 5:48) and qualitative (Dermatol Surg 32:1458); SCAR-S, Tan 2010 (J Cutan Med Surg 14:156).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scarscope.measures.counts import count_by_type, count_distribution
from scarscope.measures.relief import scar_area_fraction
from scarscope.measures.surround import Scene
from scarscope.measures.visibility import n_obvious

# ECCA: weight of V, U and M scars; 0, < 5, 5 to 20, > 20 scars are bands 0 to 3.
ECCA_WEIGHTS = {"icepick": 15, "boxcar": 20, "rolling": 25}
ECCA_BAND_FROM = (1, 5, 21)

# Goodman & Baron, quantitative: points of a row are weight x band; 1-10, 11-20, > 20 lesions.
GB_BAND_FROM = (1, 11, 21)
GB_ROWS = {
    "mildly atrophic dish-like": 1,
    "moderately atrophic dish-like": 2,
    "punched-out, shallow base, small": 2,
    "shallow but broad": 2,
    "punched-out, deep": 3,
    "linear or troughed": 3,
    "deep and broad": 3,
}
GB_SMALL_MM = 5.0  # the table's own limit of "small"
DEEP_MM = 0.5  # Jacob 2001: boxcar scars are deep from 0.5 mm
# Assumptions, for words that the table leaves without figures.
MODERATE_DISH_MM = 0.2  # ultrasound puts most scars at 0.2 to 0.5 mm; shallower is mild
BROAD_ROLLING_MM = 10.0  # wider than a single rolling scar (4 to 5 mm and more)
LINEAR_ASPECT = 3.0  # length over width of a linear scar

# Goodman & Baron, qualitative. Assumption: as many obvious scars make a face's grade.
OBVIOUS_SCARS = 3

# SCAR-S face. Assumption: scarred fraction of the region from which categories 2 to 5 begin. A
# trial's moderate face (12 scars of 3 mm on some 60 cm² a side) is 1.4 %.
SCAR_S_FROM = (0.0025, 0.01, 0.03, 0.08)


def band(count: int, starts: tuple[int, ...]) -> int:
    """The band of a count: 0 for none, k from the k-th entry of `starts` on."""
    return sum(count >= start for start in starts)


def ecca_atrophic(scene: Scene) -> int:
    """ECCA's V, U and M items from counts by likeliest type, 0 to 180."""
    counts = count_by_type(scene)
    return sum(w * band(counts[kind], ECCA_BAND_FROM) for kind, w in ECCA_WEIGHTS.items())


def ecca_atrophic_expected(scene: Scene) -> float:
    """Expected :func:`ecca_atrophic` when each scar's type is drawn from its probabilities."""
    total = 0.0
    for kind, weight in ECCA_WEIGHTS.items():
        chances = scene.scars.table[f"p_{kind}"].to_numpy(dtype=np.float64)
        number = count_distribution(chances, up_to=max(ECCA_BAND_FROM))
        total += weight * sum(float(number[start:].sum()) for start in ECCA_BAND_FROM)
    return total


def goodman_baron_atrophic(scene: Scene) -> int:
    """The rows of Goodman & Baron's quantitative score that a photo can tell, 0 to 48."""
    rows = goodman_baron_rows(scene)
    return sum(w * band(rows.count(row), GB_BAND_FROM) for row, w in GB_ROWS.items())


def goodman_baron_rows(scene: Scene) -> list[str]:
    """The row of Goodman & Baron's table that each scar falls in, in the order of the table.

    Elongated scars are linear or troughed; icepick and deep boxcar scars punched-out and deep (a
    photo cannot tell a normal from an abnormal base, so those two rows are one); rolling scars
    dish-like by depth; boxcar from 5 mm and rolling from 10 mm broad.
    """
    table = scene.scars.table
    width, length = (table[c].to_numpy(dtype=np.float64) for c in ("width_mm", "length_mm"))
    depth = table["depth_um"].to_numpy(dtype=np.float64) / 1000
    kind = table["type"].to_numpy()
    return list(_rows(kind, width=width, length=length, depth=depth))


def _rows(
    kind: NDArray[np.object_],
    *,
    width: NDArray[np.float64],
    length: NDArray[np.float64],
    depth: NDArray[np.float64],
) -> NDArray[np.str_]:
    rolling, deep = kind == "rolling", depth >= DEEP_MM
    broad = np.where(rolling, width >= BROAD_ROLLING_MM, width >= GB_SMALL_MM)
    broad &= kind != "icepick"
    cases = [
        (length >= LINEAR_ASPECT * width, "linear or troughed"),
        (broad & deep, "deep and broad"),
        (broad, "shallow but broad"),
        (rolling & (depth >= MODERATE_DISH_MM), "moderately atrophic dish-like"),
        (rolling, "mildly atrophic dish-like"),
        ((kind == "icepick") | deep, "punched-out, deep"),
    ]
    conditions, names = zip(*cases, strict=True)
    return np.select(conditions, names, default="punched-out, shallow base, small")


def goodman_baron_grade(scene: Scene) -> str:
    """Goodman & Baron's qualitative grade as far as a photo tells: ``<=1``, ``2`` or ``>=3``.

    No atrophic scar is at most 1; three or more scars obvious at 50 cm are at least 3.
    """
    if not len(scene.scars):
        return "<=1"
    return ">=3" if n_obvious(scene) >= OBVIOUS_SCARS else "2"


def scar_s_face(scene: Scene) -> int:
    """SCAR-S category of the region, 0 clear to 5 very severe, from the scarred fraction."""
    if not len(scene.scars):
        return 0
    return 1 + sum(scar_area_fraction(scene) >= start for start in SCAR_S_FROM)
