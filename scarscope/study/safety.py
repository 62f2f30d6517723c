"""Treatment log and safety: spacing of sessions, photos taken too soon, and what went wrong.

Only what the manifest and the photos say. A blank cell means that nothing was recorded, never that
nothing was the matter.

Sources: needling is mostly repeated every 4 weeks (Harris 2015, a review; monthly in Dogra 2014, J
Cosmet Dermatol 13:180), and 4 to 6 weeks is what is asked for here; redness and swelling last hours
to days, occasionally a week, and swelling fills depressions, hence the windows of 7 and 14 days
(`[change]` in docs/parameters.md).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scarscope.params import Params
from scarscope.study.data import StudyData
from scarscope.study.response import days_between, list_followups, stated_columns, treatment_days

LEAST_SPACING_DAYS, MOST_SPACING_DAYS = 28, 42  # 4 to 6 weeks
FITS, TOO_CLOSE, TOO_FAR, FIRST = "4 to 6 weeks", "too close", "too far apart", "first"
UNUSABLE, CAUTION, CLEAR = "unusable", "caution", "clear"
SAME_DAY, LATER, UNTOLD = "same day", "treatment after the photo", "not known"

TREATMENTS = {
    "subject": "Who was treated.",
    "side": "Side of the face or body; the view where none is stated.",
    "arm": "Arm of the trial.",
    "number": "Number of the treatment, as far as photos tell.",
    "treated_on": "Day of it.",
    "days_since_last": "Days since the one before; blank for the first.",
    "spacing": "`first`, `4 to 6 weeks`, `too close` or `too far apart`.",
}
WINDOWS = {
    "path": "The photo.",
    "subject": "Whose skin.",
    "side": "Side of the face or body; the view where none is stated.",
    "session": "Number of the visit.",
    "date": "Day of the photo.",
    "treated_on": "Day of the last treatment before it.",
    "days_since_treatment": "Days in between.",
    "window": "`unusable` (below 7 days, unless parameters say otherwise), `caution` (up to 14), "
    "`clear`, `same day` (counts as taken after it, so unusable), `treatment after the photo` (not "
    "counted) or `not known`.",
}
MARKS = {
    "subject": "Whose skin.",
    "side": "Side of the face or body; the view where none is stated.",
    "view": "Part of the skin.",
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
    "days": "Days since baseline.",
    "days_since_treatment": "Days from the last treatment to the photo; blank where not known.",
    "comparable": "`yes`, `caution` or `no`; where `no`, nothing can be said of marks.",
    "new_dark_area": "Area in which pigment rose against its surroundings, with `unit`.",
    "new_dark": "`yes` where it exceeds measurement error, `no`, or `not known`.",
    "new_red_area": "Area in which redness rose against its surroundings, with `unit`.",
    "new_red": "As `new_dark`.",
    "persistent_red": "`yes`: new redness on a photo 14 days or more after the last treatment (or "
    "as parameters say), or at a second visit in a row; `no`, or `not known`.",
    "unit": "`mm2` or `px2`.",
}
_COLOURS = ("new_dark", "new_red")


def treatment_log(study: StudyData) -> pd.DataFrame:
    """Every treatment that the manifest's ``treated_on`` tells of, and the time between them.

    Returns
    -------
    DataFrame
        Columns :data:`TREATMENTS`. Treatments before the baseline are left out; one that no photo
        follows cannot be known, and then two seem too far apart.
    """
    table = _dated(study.photos)
    rows = []
    for (subject, side), own in table.groupby(["subject", "side"]):
        days = treatment_days(own)
        gaps = days_between(pd.Series(days[:-1], dtype="str"), pd.Series(days[1:], dtype="str"))
        arm = next((arm for arm in own["arm"] if arm), "")
        for number, (day, gap) in enumerate(zip(days, [pd.NA, *gaps], strict=False), start=1):
            rows.append((subject, side, arm, number, day, gap, _spacing(gap)))
    made = pd.DataFrame(rows, columns=list(TREATMENTS))
    return made.astype({"number": "Int64", "days_since_last": "Int64"})


def _spacing(gap: object) -> str:
    if not isinstance(gap, int | np.integer):
        return FIRST
    if gap < LEAST_SPACING_DAYS:
        return TOO_CLOSE
    return FITS if gap <= MOST_SPACING_DAYS else TOO_FAR


def photo_windows(study: StudyData) -> pd.DataFrame:
    """How long after a treatment each photo was taken, and whether that is too soon.

    Returns
    -------
    DataFrame
        Columns :data:`WINDOWS`, one row a photo.
    """
    table = _dated(study.photos)
    days = days_between(table["treated_on"], table["date"])
    # A blank date is no day at all, though both may be blank.
    told = table.assign(days_since_treatment=days)
    unusable, caution = window_days(study)
    told["window"] = [_window(gap, unusable, caution) for gap in days]
    return told[list(WINDOWS)].reset_index(drop=True)


def window_days(study: StudyData) -> tuple[float, float]:
    """Days after a treatment below which photos are unusable, and below which they need caution.

    As the batch was run; this version's defaults where it does not say.
    """
    own = study.provenance.get("params", {}).get("change", {})
    usual = Params().change
    return (
        float(own.get("unusable_days", usual.unusable_days)),
        float(own.get("caution_days", usual.caution_days)),
    )


def _window(gap: object, unusable: float, caution: float) -> str:
    if not isinstance(gap, int | np.integer):
        return UNTOLD
    if gap < 0:
        return LATER
    if gap == 0:
        return SAME_DAY
    if gap < unusable:
        return UNUSABLE
    return CAUTION if gap < caution else CLEAR


def _dated(photos: pd.DataFrame) -> pd.DataFrame:
    """Photos with their side, arm and day of treatment, in the order of visits."""
    stated = stated_columns(photos)
    table = photos[["path", "subject", "view", "session", "date"]].copy()
    table["side"] = stated["side"].where(stated["side"] != "", photos["view"])
    table["arm"] = stated["arm"]
    table["treated_on"] = photos.get("treated_on", "")
    return table.sort_values(["subject", "side", "session"], kind="stable")


def new_marks(study: StudyData) -> pd.DataFrame:
    """New dark marks and redness that stays, at every follow-up.

    Returns
    -------
    DataFrame
        Columns :data:`MARKS`, one row a follow-up. New dark marks are what pigment rose by against
        its surroundings beyond error, whatever the cause: post-inflammatory hyperpigmentation, but
        also a fresh spot of acne.
    """
    pairs = list_followups(study).drop(columns="reasons")
    dated = _dated(study.photos).drop_duplicates("path").set_index("path")
    at = dated.reindex(pairs["followup"]).reset_index(drop=True)
    pairs = pairs.assign(side=at["side"], arm=at["arm"])
    gap = days_between(at["treated_on"], at["date"])
    pairs["days_since_treatment"] = gap.where(gap >= 0)
    unit = "px2" if _uses_pixels(study.changes) else "mm2"
    for name in _COLOURS:
        area, judged = _areas(study.changes, f"{name}_area_{unit}", pairs)
        pairs[f"{name}_area"], pairs[name] = area, judged
    pairs = pairs.assign(unit=unit).sort_values(["subject", "side", "view", "session"])
    pairs["persistent_red"] = _persistent(pairs, window_days(study)[1])
    return pairs[list(MARKS)].reset_index(drop=True)


def _uses_pixels(changes: pd.DataFrame) -> bool:
    named = set(changes["measure"])
    return "new_dark_area_mm2" not in named and "new_dark_area_px2" in named


def _areas(changes: pd.DataFrame, measure: str, pairs: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """A measure's area at each pair, and whether it exceeds measurement error."""
    own = changes[(changes["kind"] == "session") & (changes["measure"] == measure)]
    own = own.drop_duplicates(["baseline", "followup"])[
        ["baseline", "followup", "after", "mdc95", "verdict"]
    ]
    found = pairs[["baseline", "followup"]].merge(own, on=["baseline", "followup"], how="left")
    known = found["after"].notna() & found["mdc95"].notna()
    judged = pd.Series(np.where(found["after"] > found["mdc95"], "yes", "no"), dtype="str")
    area = found["after"].astype("float64")
    return area.set_axis(pairs.index), judged.where(known, UNTOLD).set_axis(pairs.index)


def _persistent(pairs: pd.DataFrame, caution_days: float) -> pd.Series:
    """Whether new redness is more than what every treatment leaves for some days."""
    late = (pairs["days_since_treatment"] >= caution_days).fillna(False).astype("bool")
    places = [pairs[name] for name in ("subject", "side", "view")]
    before = (pairs["new_red"] == "yes").groupby(places).shift(1, fill_value=False)
    red = pairs["new_red"] == "yes"
    stays = red & (late | before.astype("bool"))
    # Red once, but nobody knows how long after a treatment: then it cannot be said.
    unsure = red & ~stays & pairs["days_since_treatment"].isna()
    told = pd.Series(np.where(stays, "yes", "no"), index=pairs.index, dtype="str")
    return told.where((pairs["new_red"] != UNTOLD) & ~unsure, UNTOLD)
