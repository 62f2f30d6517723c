"""Comparisons of many photos, drawn together into tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scarscope.photo.colour import tone_class
from scarscope.validation.compare import COUNTS, PHOTO_COLUMNS, SCAR_COLUMNS
from scarscope.validation.figures import (
    COLUMNS,
    confusion,
    false_beside,
    false_figures,
    photo_figures,
    scar_figures,
)
from scarscope.validation.repeat import (
    REPEATED,
    called,
    change_error,
    course_pairs,
    repeatability,
    retest_pairs,
)

PLACE = ("path", "set", "subject", "session", "view", "kind")
# What photos differ in; "" or NaN where it is not known.
DIFFER = ("light", "light_group", "tone", "ita_deg", "mm_per_px", "distractor", "confounder")
PHOTOS = (
    *PLACE,
    *DIFFER,
    "area_mm2",
    *(f"{side}_{name}" for name in REPEATED for side in ("true", "found")),
    "found_burden_sd_um",
    "flags",  # as text, of what was found
    *PHOTO_COLUMNS,
)
_OF_PHOTO = ("path", "set", "subject", "light", "light_group", "tone")  # that scars carry too
SCARS = (*_OF_PHOTO, *SCAR_COLUMNS)

_WORDS = ("path", "set", "subject", "view", "kind", "light", "distractor", "confounder", "flags")

# Lights that a study would use, as against whatever a window gives.
COMPARABLE_LIGHTS = ("ring", "twin", "offaxis", "raking")
# Which photos each kind of figure is worked out from; "" is a folder that is not parted.
GRADED = ("", "scars")
_SCAR_FREE = ("", "clean", "distractor")


@dataclass(frozen=True, eq=False)
class Validation:
    """How right a set of results is.

    Attributes
    ----------
    photos : DataFrame
        One row a photo, columns :data:`PHOTOS`.
    scars : DataFrame
        One row a criterion and scar, columns :data:`SCARS`.
    figures : DataFrame
        Accuracy with 95 % intervals, columns figure, by, level, value, low, high, n, unit.
    confusion : DataFrame
        Matched scars by true and found type.
    retests, repeatability : DataFrame
        Pairs of photos of the same visit, and what they say of measurement error.
    courses : DataFrame
        Follow-ups beside their baselines, true and found change of burden.
    calls : DataFrame
        Pairs in which only the stated confounder changed, and whether that was called a response.
    notes : tuple of str
        What the reader should know: photos left out, and why.
    """

    photos: pd.DataFrame = field(repr=False)
    scars: pd.DataFrame = field(repr=False)
    figures: pd.DataFrame = field(repr=False)
    confusion: pd.DataFrame = field(repr=False)
    retests: pd.DataFrame = field(repr=False)
    repeatability: pd.DataFrame = field(repr=False)
    courses: pd.DataFrame = field(repr=False)
    calls: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """The figures (a copy)."""
        return self.figures.copy()

    def value(self, figure: str, *, by: str = "all", level: str = "all") -> float:
        """One figure's value; NaN where it is not known."""
        found = self.figures
        at = (found["figure"] == figure) & (found["by"] == by) & (found["level"] == level)
        return float(found.loc[at, "value"].iloc[0]) if at.any() else math.nan

    def repeat(self, figure: str, *, measure: str = "burden_um") -> float:
        """One figure of the retests; NaN where it is not known."""
        found = self.repeatability
        at = (found["measure"] == measure) & (found["figure"] == figure)
        return float(found.loc[at, "value"].iloc[0]) if at.any() else math.nan

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table by the name of its file."""
        names = "figures", "photos", "scars", "confusion", "retests", "repeatability", "courses"
        return {name: getattr(self, name) for name in (*names, "calls")}


def draw_together(
    photos: pd.DataFrame, scars: pd.DataFrame, *, notes: tuple[str, ...] = ()
) -> Validation:
    """Work out all figures from photos and scars that were compared one by one.

    Parameters
    ----------
    photos : DataFrame
        One row a photo; of :data:`PHOTOS`, what is missing is not known. ``set`` parts a standard
        set: only ``scars`` counts for detection, ``clean`` and ``distractor`` for false scars.
        ``confounder`` names what alone changed between sessions 0 and 1.
    scars : DataFrame
        One row a criterion and scar, with ``path``.
    notes : tuple of str
        Passed on.

    Returns
    -------
    Validation
    """
    photos = _completed(photos)
    places = photos[list(_OF_PHOTO)]
    own = scars.drop(columns=list(_OF_PHOTO[1:]), errors="ignore")
    scars = own.merge(places, on="path", how="inner").reindex(columns=list(SCARS))
    retests = retest_pairs(photos)
    repeat = repeatability(retests)
    still = photos["confounder"] != ""
    courses = course_pairs(photos[~still])
    mdc95 = repeat.loc[(repeat["measure"] == "burden_um") & (repeat["figure"] == "mdc95"), "value"]
    limit = float(mdc95.iloc[0]) if len(mdc95) else math.nan
    return Validation(
        photos=photos,
        scars=scars,
        figures=_figures(photos, scars, courses),
        confusion=confusion(scars[scars["set"].isin(GRADED)]),
        retests=retests,
        repeatability=repeat,
        courses=called(courses, mdc95=limit),
        calls=called(_still_pairs(photos[still]), mdc95=limit),
        notes=notes,
    )


def _figures(photos: pd.DataFrame, scars: pd.DataFrame, courses: pd.DataFrame) -> pd.DataFrame:
    free = photos[photos["set"].isin(_SCAR_FREE)]
    plain = false_figures(free[free["distractor"] == ""])
    beside = false_figures(free)
    parts = [
        photo_figures(photos[photos["set"].isin(GRADED)]),
        scar_figures(scars[scars["set"].isin(GRADED)]),
        plain,
        beside[beside["by"] == "distractor"],
        false_beside(free),
    ]
    changes = [
        (name, "all", "all", found.value, found.low, found.high, found.n, "points")
        for name, found in zip(("change_mae", "change_bias"), change_error(courses), strict=True)
    ]
    parts.append(pd.DataFrame(changes, columns=list(COLUMNS)))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _completed(photos: pd.DataFrame) -> pd.DataFrame:
    """Every column in its place and of its kind."""
    table = photos.reindex(columns=list(PHOTOS))
    table["tone"] = [_tone(x) for x in table["ita_deg"].to_numpy(np.float64)]
    for name in _WORDS:
        table[name] = table[name].astype(object).where(table[name].notna(), "").astype("str")
    table["kind"] = table["kind"].where(table["kind"] != "", "session")
    table["light_group"] = np.where(
        table["light"] == "",
        "",
        np.where(table["light"].isin(COMPARABLE_LIGHTS), "comparable", "uncontrolled"),
    )
    numbers = [name for name in PHOTOS[PHOTOS.index("area_mm2") :] if name not in _WORDS]
    numbers += ["session", "mm_per_px", "ita_deg"]
    table[numbers] = table[numbers].astype("float64")
    counts = ["n_true", "n_found", "n_cut", *COUNTS]
    table[counts] = table[counts].fillna(0.0)
    return table


def _tone(ita_deg: float) -> str:
    return tone_class(ita_deg) or ""


def _still_pairs(photos: pd.DataFrame) -> pd.DataFrame:
    keys = ["subject", "confounder"]
    columns = [*keys, "found_burden_um", "true_burden_um"]
    before, after = (photos.loc[photos["session"] == at, columns] for at in (0, 1))
    return before.merge(after, on=keys, suffixes=("_before", "_after"))
