"""The one registry of measures: what a number is called, means, and where it comes from.

The order is the order of columns. Documentation, reports and the command line read this table: add
a measure here and nowhere else.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from scarscope.measures import colour, counts, relief, scales, texture, visibility
from scarscope.measures.entry import ANGLE, AREA, DEPTH, VOLUME, GridUnit, Measure
from scarscope.measures.model import Score, Value
from scarscope.measures.surround import Scene
from scarscope.scars.model import Scars

_OURS = "ScarScope's own definition"
_JACOB = "Jacob 2001, J Am Acad Dermatol 45:109"
_KANG = "Kang 2016, J Drugs Dermatol 15:693"
_TSUMURA = "Tsumura 2003, ACM Trans Graph 22:770"
_CHARDON = "Chardon 1991, Int J Cosmet Sci 13:191"
_DRENO = "Dreno 2007, Dermatology 214:46"
_BANDS = "own truth only: the published weights and bands; never held against raters"
_ESTIMATE = "own truth only: closed forms; never held against raters"
_TRUTH = "own truth only: closed forms, and simulated skin (docs/validation.md)"
_ANGLES = "own truth only: worked angles; class edges as published (Del Bino 2006)"


def _count(kind: str, letter: str) -> Measure:
    return Measure(
        name=f"n_{kind}",
        label=f"{kind.capitalize()} scars",
        definition=f"Number of scars whose likeliest type is {kind} ({letter}-shaped).",
        range="0 and up",
        better="lower",
        source=_JACOB,
        validated_against=_TRUTH,
        function=partial(counts.n_of_type, kind=kind),
    )


def _expected(kind: str) -> Measure:
    return Measure(
        name=f"n_{kind}_expected",
        label=f"{kind.capitalize()} scars, expected",
        definition=f"Sum over the scars of their probability of being {kind}.",
        range="0 and up",
        better="lower",
        source=_JACOB,
        function=partial(counts.n_expected, kind=kind),
    )


def _sized(size_class: int, name: str, words: str) -> Measure:
    return Measure(
        name=name,
        label=f"Scars {words} wide",
        definition=f"Number of scars {words} across their narrower side.",
        range="0 and up",
        better="lower",
        source=_KANG,
        function=partial(counts.n_of_size, size_class=size_class),
        needs_mm=True,
    )


_RELIEF = (
    Measure(
        name="roi_area",
        label="Region",
        definition="Area of the measurable skin that everything else refers to.",
        range="above 0",
        source=_OURS,
        function=relief.roi_area,
        dimension=AREA,
    ),
    Measure(
        name="burden",
        label="Burden",
        definition="Missing volume of all scars divided by the region's area: the mean missing "
        "depth of the region. Depth from one photo is an estimate under an unknown light.",
        range="0 and up",
        better="lower",
        source=_OURS,
        validated_against=_TRUTH,
        function=relief.burden,
        dimension=DEPTH,
        primary=True,
    ),
    Measure(
        name="scar_area_fraction",
        label="Scarred area",
        definition="Area of all scars divided by the region's area.",
        range="0 to 1",
        better="lower",
        source=_OURS,
        validated_against=_TRUTH,
        function=relief.scar_area_fraction,
        primary=True,
    ),
    Measure(
        name="n_scars",
        label="Scars",
        definition="Number of atrophic scars found in the region.",
        range="0 and up",
        better="lower",
        source=_KANG,
        validated_against=_TRUTH,
        function=counts.n_scars,
        primary=True,
    ),
    Measure(
        name="scar_area",
        label="Area of scars",
        definition="Area of all scars inside the region.",
        range="0 and up",
        better="lower",
        source=_OURS,
        validated_against=_TRUTH,
        function=relief.scar_area,
        dimension=AREA,
    ),
    Measure(
        name="scar_volume",
        label="Missing volume",
        definition="Integral of missing depth over all scars inside the region.",
        range="0 and up",
        better="lower",
        source=_OURS,
        validated_against=_TRUTH,
        function=relief.scar_volume,
        dimension=VOLUME,
    ),
    Measure(
        name="mean_depth",
        label="Mean depth",
        definition="Missing volume divided by the area of the scars; blank without scars.",
        range="0 and up",
        better="lower",
        source=_OURS,
        validated_against=_TRUTH,
        function=relief.mean_depth,
        dimension=DEPTH,
    ),
    Measure(
        name="max_depth",
        label="Greatest depth",
        definition="Deepest point of any scar; blank without scars.",
        range="0 and up",
        better="lower",
        source=_OURS,
        validated_against=_TRUTH,
        function=relief.max_depth,
        dimension=DEPTH,
    ),
    Measure(
        name="mean_edge_steepness",
        label="Edge steepness",
        definition="Mean of the scars' edge steepness, each scar counting once; blank without "
        "scars.",
        range="0 and up",
        better="lower",
        source=_OURS,
        function=relief.mean_edge_steepness,
    ),
)

_COUNTS = (
    _count("icepick", "V"),
    _count("boxcar", "U"),
    _count("rolling", "M"),
    _expected("icepick"),
    _expected("boxcar"),
    _expected("rolling"),
    _sized(0, "n_below_2mm", "below 2 mm"),
    _sized(1, "n_2_to_4mm", "2 to 4 mm"),
    _sized(2, "n_above_4mm", "above 4 mm"),
    Measure(
        name="n_per_10cm2",
        label="Scars per 10 cm²",
        definition="Number of scars per 10 cm² of region.",
        range="0 and up",
        better="lower",
        source=_OURS,
        function=counts.n_per_10cm2,
        needs_mm=True,
    ),
)

_SCALES = (
    Measure(
        name="ecca_atrophic",
        label="ECCA, atrophic items (estimate)",
        definition="V x 15 + U x 20 + M x 25, each times its band (0 none, 1 below 5, 2 from 5 "
        "to 20, 3 above 20 scars) by likeliest type. A photo cannot tell elastolysis; raised "
        "scars are not scored. Not the full ECCA (0 to 540).",
        range="0 to 180",
        better="lower",
        source=_DRENO,
        validated_against=_BANDS,
        function=scales.ecca_atrophic,
        needs_mm=True,
    ),
    Measure(
        name="ecca_atrophic_expected",
        label="ECCA, atrophic items, expected (estimate)",
        definition="The same, averaged over the types that the scars' probabilities allow: it "
        "moves smoothly where a count crosses a band.",
        range="0 to 180",
        better="lower",
        source=_DRENO,
        validated_against=_BANDS,
        function=scales.ecca_atrophic_expected,
        needs_mm=True,
    ),
    Measure(
        name="goodman_baron_atrophic",
        label="Goodman-Baron quantitative, atrophic rows (estimate)",
        definition="Weight (1, 2, 3) times band (1 to 10, 11 to 20, above 20 scars) over seven "
        "atrophic rows, by type, depth and size. Mild, broad and linear are ScarScope's cuts "
        "(0.2 mm, 10 mm, aspect 3). A photo cannot tell a normal from an abnormal base, so "
        "those two rows are one; macular and raised rows are not scored. Not the full 0 to 84.",
        range="0 to 48",
        better="lower",
        source="Goodman & Baron 2006, J Cosmet Dermatol 5:48",
        validated_against=_BANDS,
        function=scales.goodman_baron_atrophic,
        needs_mm=True,
    ),
    Measure(
        name="goodman_baron_grade",
        label="Goodman-Baron grade (estimate)",
        definition="At most 1 without atrophic scars, at least 3 when three or more would be "
        "obvious at 50 cm, else 2. Grade 3 against 4 needs a stretch test, and cover by "
        "make-up cannot be seen: a photo cannot decide either.",
        range="<=1, 2, >=3",
        better="lower",
        source="Goodman & Baron 2006, Dermatol Surg 32:1458",
        validated_against=_ESTIMATE,
        function=scales.goodman_baron_grade,
        needs_mm=True,
        blank="",
    ),
    Measure(
        name="n_obvious_50cm",
        label="Scars obvious at 50 cm (estimate)",
        definition="Scars whose shading contrast, blurred to 1 arc minute at 50 cm, is at least "
        "5 % (Michelson) and twice that of the skin between scars. Depends on the light.",
        range="0 and up",
        better="lower",
        source="Goodman & Baron 2006 for the distance; Campbell & Robson 1968 for thresholds",
        validated_against=_ESTIMATE,
        function=visibility.n_obvious,
        needs_mm=True,
    ),
    Measure(
        name="scar_s_face",
        label="SCAR-S, face (estimate)",
        definition="0 clear, 1 almost clear, 2 mild, 3 moderate, 4 severe, 5 very severe: by the "
        "scarred fraction of the region, cut at 0.25, 1, 3 and 8 % (ScarScope's cuts). A photo "
        "of one view cannot show the whole face, and raised scars are not scored.",
        range="0 to 5",
        better="lower",
        source="Tan 2010, J Cutan Med Surg 14:156",
        validated_against=_ESTIMATE,
        function=scales.scar_s_face,
        needs_mm=True,
    ),
)

_SKIN = (
    Measure(
        name="shading_roughness",
        label="Roughness of the unscarred skin",
        definition="Robust standard deviation of log shading in wavelengths of 0.3 to 2 mm over "
        "the skin between scars. A contrast, not a height: it changes with the light.",
        range="0 and up",
        better="lower",
        source=_OURS,
        function=texture.shading_roughness,
        needs_mm=True,
    ),
    Measure(
        name="melanin_contrast",
        label="Pigment of scars",
        definition="Melanin density in the scars minus that of the unscarred skin around them "
        "(natural log units); above 0 is darker scars. Blank without scars.",
        range="any",
        source=_TSUMURA,
        function=colour.melanin_contrast,
    ),
    Measure(
        name="haemoglobin_contrast",
        label="Redness of scars",
        definition="Haemoglobin density in the scars minus that of the unscarred skin around "
        "them (natural log units); above 0 is redder scars. Blank without scars.",
        range="any",
        better="lower",
        source=_TSUMURA,
        function=colour.haemoglobin_contrast,
    ),
    Measure(
        name="ita",
        label="Individual typology angle",
        definition="atan((L* - 50) / b*) of the unscarred region's median colour. From an "
        "uncalibrated photo it is a stratifier, not a skin type.",
        range="-90 to 90",
        source=_CHARDON,
        validated_against=_ANGLES,
        function=colour.ita_deg,
        dimension=ANGLE,
    ),
    Measure(
        name="tone",
        label="Tone class",
        definition="Class of the individual typology angle: very light, light, intermediate, "
        "tan, brown or dark.",
        range="six classes",
        source=_CHARDON,
        validated_against=_ANGLES,
        function=colour.tone,
        blank="",
    ),
)

MEASURES: tuple[Measure, ...] = (*_RELIEF, *_COUNTS, *_SCALES, *_SKIN)


def measure(scars: Scars) -> dict[str, Value]:
    """Every registered measure of `scars` by its column's name, in the registry's order."""
    unit = scars.skin.grid.unit
    named = ((entry.column(unit), entry) for entry in MEASURES)
    scene = Scene(scars)
    return {name: entry.value(scene) for name, entry in named if name is not None}


def scale_sd(score: Score) -> dict[str, float]:
    """What the scale's own uncertainty adds to each figure: one standard deviation, by column.

    A length carries the scale's relative error once, an area twice, a volume three times; figures
    without a dimension are not listed. Empty without a scale; NaN where the scale states no
    uncertainty.
    """
    scale = score.photo.scale
    if scale is None:
        return {}
    powers = {entry.column("mm"): entry.dimension.power for entry in MEASURES}
    return {
        name: abs(float(value)) * powers[name] * scale.rel_sd
        for name, value in score.values.items()
        if powers[name] > 0
    }


def columns(grid_unit: GridUnit) -> tuple[str, ...]:
    """Names that :func:`measure` gives on a grid in ``"mm"`` or ``"px"``, in order."""
    return tuple(name for entry in MEASURES if (name := entry.column(grid_unit)) is not None)


def by_column(name: str) -> Measure:
    """The measure behind a column's name, with a scale or without.

    Raises
    ------
    KeyError
        If no measure has such a column.
    """
    for entry in MEASURES:
        if name in (entry.column("mm"), entry.column("px")):
            return entry
    raise KeyError(f"{name!r} is not a measure's column; see scarscope.measures.to_frame()")


def to_frame() -> pd.DataFrame:
    """The registry as a table, one row a measure, in the order of columns."""
    rows = [
        {
            "column": entry.column("mm"),
            "column_without_scale": entry.column("px") or "",
            "label": entry.label,
            "unit": entry.unit("mm"),
            "primary": entry.primary,
            "better": entry.better or "",
            "range": entry.range,
            "needs_mm": entry.needs_mm,
            "definition": entry.definition,
            "source": entry.source,
            "validated_against": entry.validated_against,
        }
        for entry in MEASURES
    ]
    return pd.DataFrame(rows)
