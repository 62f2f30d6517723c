"""What every column of the tables means; the tables are built, and docs/tables.md written, from it.

Measures have a registry of their own (:mod:`scarscope.measures`). Names that end in a unit of
length, area or volume have the twin given by :func:`without_scale` where a photo has no scale.
"""

from __future__ import annotations

import re

PLACE = {
    "path": "The photo, relative to its folder, with forward slashes; its key in every table.",
    "subject": "Whose skin.",
    "session": "Number of the visit; 0 is baseline. Where only dates are stated they are counted "
    "for each subject, all views together.",
    "date": "Day of the visit, YYYY-MM-DD; blank where it was not stated.",
    "view": "Part of the skin: photos of the same view are compared with each other.",
    "kind": "`session`, or `retest`: the same visit photographed again, for repeatability.",
    "roi": "Region file from the manifest; blank where there is none.",
}
RESULT = {
    "status": "`ok`, `failed`, or `excluded` by a reviewer; why is told in failures.csv.",
    "flags": "Quality flags joined by `|`, see docs/flags.md.",
    "mm_per_px": "Millimetres per pixel of the upright photo; blank without a stated scale.",
    "scale_source": "`manifest`, `sidecar` or `argument`; blank without a stated scale.",
    "mm_per_px_rel_sd": "Relative standard deviation of the scale (0.01 is 1 %); blank where it "
    "was not stated. A length carries it once, an area twice, a volume three times.",
}
REVIEW = {
    "review": "Decisions of a reviewer about this photo that were applied, see docs/review.md.",
    "review_left": "Decisions that could not be applied and why, joined by `|`.",
    "review_notes": "What is to be known of those that were, joined by `|`.",
}
QUALITY = {
    "skin_fraction": "Region's share of the picture.",
    "clipped_fraction": "Share of the region that is clipped to white (`OVEREXPOSED`).",
    "dark_fraction": "Share of the region that is lost in the dark (`UNDEREXPOSED`).",
    "glare_fraction": "Share of the region that is covered by shine (`GLARE`).",
    "colour_cast": "Distance of the region's colour from all skin colours, natural log units of "
    "chromaticity (`COLOUR_CAST`).",
    "focus_blur_px": "Blur, standard deviation in the photo's pixels.",
    "focus_blur_mm": "Blur in skin, standard deviation in mm (`SOFT_FOCUS`); blank without a "
    "scale.",
    "ways_read": "In how many ways the network read the photo, of which the mean counts.",
    "doubtful_share": "Of the missing volume that is outlined or where a scar is likelier than "
    "1 in 20, the share that is not outlined, 0 to 1; 1 where there is neither "
    "(`DOUBTFUL_READING`, `RELIEF_HIDDEN`). As the network read the photo: decisions of a reviewer "
    "do not change it.",
    "doubtful_um": "Missing volume that is not outlined and where a scar is likelier than 1 in 20, "
    "as mean depth over the region in micrometres (`DOUBTFUL_READING`); blank without a scale. As "
    "the network read the photo, too.",
    "turn_disagreement": "Difference between the photo's reading and that of the same photo turned "
    "upside down, 0 to 1 (`UNSTABLE_READING`); blank where it was not read twice.",
    "light_azimuth_deg": "Direction that the light comes from, degrees.",
    "light_directedness": "How much of the light comes from one side, 0 to 1 (`FLAT_LIGHT`).",
    "relief_share": "How much of the fine contrast relief can have made, about 0 to 1 "
    "(`RELIEF_HIDDEN`).",
    "light_vote": "Log-odds that the light comes from that side and not from the opposite one "
    "(`LIGHT_UNSURE`).",
    "relief_noise_um": "Roughness of the unscarred skin's relief in micrometres, which shallow "
    "scars have to exceed; blank without a scale.",
}
PROVENANCE = {
    "version": "ScarScope's version.",
    "params_hash": "Hash of all parameters, see docs/parameters.md.",
    "segmenter": "What found the scars: `network` or `relief`; blank for a photo that failed.",
    "weights": "Hash of the network's weights and thresholds; blank where nothing was learned.",
    "sha256": "Hash of the photo's bytes.",
}
SCAR_PLACE = ("path", "subject", "session", "view")
SCARS = {
    "scar_id": "Number of the scar in its photo, and its value in the mask. It is not the same "
    "scar as the one of that number in another photo.",
    "type": "Likeliest type: `icepick`, `boxcar` or `rolling` (Jacob 2001).",
    "p_icepick": "Probability of being an icepick scar.",
    "p_boxcar": "Probability of being a boxcar scar.",
    "p_rolling": "Probability of being a rolling scar.",
    "x_px": "Centre, pixels of the upright photo from its left.",
    "y_px": "Centre, pixels of the upright photo from its top.",
    "width_mm": "Extent across the narrower direction.",
    "length_mm": "Extent along the longer direction.",
    "area_mm2": "Area of the opening.",
    "depth_um": "Greatest missing depth below the unscarred surface, estimated.",
    "depth_sd_um": "One standard deviation of that depth, as the network states it; blank where "
    "relief was read from shading.",
    "volume_mm3": "Missing volume: depth integrated over the area.",
    "edge_steepness": "How abruptly the wall falls; high for boxcar scars, low for rolling ones.",
    "confidence": "Likelihood that it is a scar at all, 0 to 1.",
}
REVIEWED = {
    "reviewed": "`added` or `retyped` by a reviewer, see docs/review.md; else blank.",
}
PAIR_PLACE = {
    "subject": "Whose skin.",
    "view": "Part of the skin.",
    "baseline": "Path of the earlier photo: the subject's lowest session of this view; of a retest "
    "the photo of the same visit.",
    "followup": "Path of the later photo.",
    "session": "Number of the later photo's visit.",
    "kind": "`session`, or `retest`: nothing was done in between, so that all change is "
    "measurement error.",
}
CHANGES = {
    **PAIR_PLACE,
    "days": "Days between the two dates; blank where one was not stated.",
    "comparable": "`yes`, `caution` or `no`; where `no`, all figures are blank.",
    "reasons": "Why not, the gravest first, joined by `|`; see docs/reasons.md.",
    "measure": "What was measured, with its unit, see docs/measures.md; `new_dark_area` and "
    "`new_red_area` are areas in which pigment or redness rose.",
    "before": "Its figure in the earlier photo, over the skin that both photos show; photos.csv "
    "has that of the whole photo.",
    "after": "The same in the later photo.",
    "change": "After minus before.",
    "change_pct": "Change in percent of `before`; blank where that is 0.",
    "change_se": "How far the change may be off, as a standard error on the cautious side; blank "
    "where it is not known.",
    "mdc95": "Smallest detectable change: at least 95 % of pairs in which nothing changed stay "
    "below it.",
    "mdc95_source": "Where `mdc95` comes from: `study`, its own retests, or `scarscope`; blank "
    "where it is not known.",
    "verdict": "`improved`, `no detectable change`, `worse` or `not comparable`; blank where "
    "`mdc95` is not known, where neither direction is better, and for retests.",
}
SCAR_CHANGES = {
    "before_id": "Number of the scar in the earlier photo's mask and rows of scars.csv; blank "
    "where it was not found there; both are blank for a scar that stands out where the photos are "
    "read over the same skin, but not in either alone.",
    "after_id": "The same in the later photo.",
    "relation": "`split`: a piece of the earlier scar. `merged`: it went into a larger one.",
    "status": "`resolved`, `improved`, `unchanged`, `worse` or `new`; blank for retests.",
    "x_px": "Centre, pixels of the upright earlier photo from its left.",
    "y_px": "Centre, pixels of the upright earlier photo from its top.",
    "type_before": "Likeliest type in the earlier photo.",
    "type_after": "Likeliest type in the later photo.",
    "width_before_mm": "Extent across the narrower direction in the earlier photo.",
    "width_after_mm": "The same in the later photo.",
    "area_before_mm2": "Area of the opening in the earlier photo.",
    "area_after_mm2": "The same in the later photo.",
    "volume_before_mm3": "Missing volume in the earlier photo.",
    "volume_change_pct": "Change of the missing volume in percent of the earlier one; -100 is all "
    "gone. Rises are held at about 200, and of a scar that is `new` it tells nothing but that.",
    "noise_pct": "Standard deviation of that change which the noise of the two photos explains.",
    "mdc95_pct": "Smallest detectable change of this scar's volume, in percent.",
}
FAILURES = {
    "path": "The photo; of a pair the later one.",
    "stage": "Where it failed; `folder` where the photo could not be placed in the study, `change` "
    "where it was scored but could not be compared, `review` where a reviewer left it or its "
    "baseline out.",
    "error": "What is wrong.",
    "remedy": "What to do about it.",
}
MANIFEST = {
    "path": "The photo, relative to the manifest. Needed.",
    "subject": "Whose skin. Needed.",
    "session": "Number of the visit; 0 is baseline. The column is needed; cells may be blank where "
    "all of a subject's photos have a date.",
    "date": "Day of the visit, YYYY-MM-DD. The column is needed; cells may be blank.",
    "view": "Part of the skin, the same word at every visit. Needed.",
    "mm_per_px": "Millimetres per pixel of the upright photo.",
    "side": "Side of the face or body.",
    "roi": "Region file, relative to the manifest.",
    "kind": "`session` (default) or `retest`.",
    "arm": "Arm of the trial.",
    "treated_on": "Day of the last treatment, YYYY-MM-DD.",
    "device": "Device of the treatment.",
    "needle_mm": "Depth of the needles in mm.",
    "adjunct": "What was given besides.",
    "notes": "Anything.",
}


def without_scale(name: str) -> str:
    """What a column of millimetres or micrometres is called where there is no scale."""
    return re.sub(r"_(?:mm|um)([23]?)$", r"_px\1", name)
