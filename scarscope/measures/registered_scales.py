"""The clinical scales among the registered measures: estimates from one photo, and only that."""

from __future__ import annotations

from scarscope.measures import scales, visibility
from scarscope.measures.entry import Measure

# The wording of the weights was read in papers that quote them; their sums match the published
# ranges.
_SECOND_HAND = " (weights as quoted by later papers)"
_DRENO = "Dreno 2007, Dermatology 214:46" + _SECOND_HAND
_BANDS = "own truth only: the published weights and bands; never held against raters"
_ESTIMATE = "own truth only: closed forms; never held against raters"

SCALES: tuple[Measure, ...] = (
    Measure(
        name="ecca_atrophic",
        label="ECCA, atrophic items (estimate)",
        definition="V x 15 + U x 20 + M x 25, each times its band (0 none, 1 below 5, 2 from 5 "
        "to 20, 3 above 20 scars) by likeliest type. A photo cannot tell elastolysis; raised "
        "scars are not scored. Of the photographed region alone: not the full ECCA (0 to 540) of "
        "a face, and not comparable between fields of view.",
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
        "those two rows are one; macular and raised rows are not scored. Of the photographed "
        "region alone: not the full 0 to 84 of a face.",
        range="0 to 48",
        better="lower",
        source="Goodman & Baron 2006, J Cosmet Dermatol 5:48" + _SECOND_HAND,
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
