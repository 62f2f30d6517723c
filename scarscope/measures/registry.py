"""The one registry of measures: what a number is called, means, and where it comes from.

The order is the order of columns. Documentation, reports and the command line read this table: add
a measure here and nowhere else.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from scarscope.measures import colour, counts, relief, texture
from scarscope.measures.entry import ANGLE, AREA, DEPTH, VOLUME, GridUnit, Measure
from scarscope.measures.model import Score, Value
from scarscope.measures.registered_scales import SCALES
from scarscope.measures.surround import Scene
from scarscope.scars.model import Scars

_OURS = "ScarScope's own definition"
_JACOB = "Jacob 2001, J Am Acad Dermatol 45:109"
_KANG = "Kang 2016, J Drugs Dermatol 15:693"
_TSUMURA = "Tsumura 2003, ACM Trans Graph 22:770"
_CHARDON = "Chardon 1991, Int J Cosmet Sci 13:191"
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
        definition=f"Number of scars {words} across their narrower side. Rolling scars are often "
        "outlined short of their extent, so that classes lean to the smaller.",
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
        definition="Missing volume divided by the region's area: the mean missing depth of the "
        "region. It is the volume of the outlined scars and the faint volume. Depth from one photo "
        "is an estimate under an unknown light.",
        range="0 and up",
        better="lower",
        source=_OURS,
        validated_against=_TRUTH,
        function=relief.burden,
        dimension=DEPTH,
        primary=True,
    ),
    Measure(
        name="burden_sd",
        label="Burden, standard deviation",
        definition="One standard deviation of the burden, from the network's own uncertainty of "
        "each scar's depth. The scars of one photo share their light, so their errors are taken "
        "to be the same way and simply add up; the faint volume counts as uncertain as it is "
        "large, and so does a scar that a reviewer drew. What was missed altogether is not in it. "
        "Blank without scars, and where relief was read from shading.",
        range="0 and up",
        source=_OURS,
        function=relief.burden_sd,
        dimension=DEPTH,
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
        definition="Number of atrophic scars found in the region. Without a scale it rests on a "
        "guess at how much skin the photo shows.",
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
        name="faint_volume",
        label="Faint volume",
        definition="Missing volume that is expected beside the outlined scars: where there may be "
        "a scar, down to a chance of 1 in 20, the mean of what may be missing. About right on "
        "average, though no place of it is; how much there is depends on how much the light "
        "shows. 0 where relief was read from shading.",
        range="0 and up",
        source=_OURS,
        validated_against=_TRUTH,
        function=relief.faint_volume,
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

MEASURES: tuple[Measure, ...] = (*_RELIEF, *_COUNTS, *SCALES, *_SKIN)


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
