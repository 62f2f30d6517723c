"""From single scars to what the model of scars is fitted to: one figure a scar found at baseline.

Legend
------
y : change of a scar's missing volume in percent of its own at baseline; -100 is all gone
before : that volume

Why this figure. It is read over the same skin in both photos, so that a scar that has resolved,
which has neither depth nor outline afterwards, has a figure like any other, near -100: leaving it
out would leave out the best responses. A log has no value there, and with a floor in its place the
mean of a few resolved scars says where the floor was put and little else. Differences in mm³ are
those of the few largest scars and grow with size. A share of a scar's own volume has neither fault:
it is bounded below, its spread hardly depends on size, and means over scars are near normal. What
it costs: every scar weighs the same, small or large, so that the mean is not the change of the
burden; and a reading that was too small at baseline gives too large a rise, in all arms alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scarscope.errors import ParamsError, StudyError
from scarscope.scars.model import TYPES
from scarscope.study.models.rows import named_arms, order_arms, require_one_arm_a_side
from scarscope.study.scar_response import NEW, UNKNOWN

USED = "used"
NOT_COMPARED, OUTSIDE = "no comparable photo", "not followed"
NO_FIGURE, FEW = "no figure", "too few subjects"
WHATS = {
    USED: "In the model.",
    NOT_COMPARED: "Their side and view has no photo of this visit, or none that can be compared.",
    OUTSIDE: "Found in the baseline photo, but not on the skin that the two photos share.",
    NO_FIGURE: "No volume could be read at baseline, so that no share of it is known.",
    FEW: "Scars of a type that fewer than {least} subjects of this arm have.",
}
COUNTS = {
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
    "what": "`used`, or why not.",
    "n_scars": "Scars found at baseline.",
    "n_sides": "Their sides.",
    "n_subjects": "Their subjects.",
    "meaning": "What became of them.",
}
LEAST_SUBJECTS = 3  # of an arm that have a type: of fewer no spread between them is known
_SCAR = ["subject", "side", "view", "arm", "scar"]


@dataclass(frozen=True, eq=False)
class ScarRows:
    """What a model of scars is fitted to.

    Attributes
    ----------
    table : DataFrame
        ``subject, side, view, arm, type, y, before, resolved``, one row a scar.
    counts : DataFrame
        Columns :data:`COUNTS`: what it rests on, and what was left out.
    arms : tuple of str
        The reference first.
    types : tuple of str
        Those that `table` has.
    session : int
        The visit.
    notes : tuple of str
        What the reader of a result has to know.
    """

    table: pd.DataFrame = field(repr=False)
    counts: pd.DataFrame = field(repr=False)
    arms: tuple[str, ...]
    types: tuple[str, ...]
    session: int
    notes: tuple[str, ...] = ()


def scar_rows(
    outcomes: pd.DataFrame,
    response: pd.DataFrame,
    scars: pd.DataFrame | None = None,
    *,
    control: str | None = None,
    session: int | None = None,
) -> ScarRows:
    """Figures of the scars that were found at baseline, at one visit, and what is missing.

    Parameters
    ----------
    outcomes : DataFrame
        From :func:`scarscope.study.scar_response.scar_outcomes`.
    response : DataFrame
        From :func:`scarscope.study.response.response_table`, of one measure.
    scars : DataFrame, optional
        A batch's ``scars.csv``, to count those that were never followed. None: only scars that were
        followed at some visit are counted.
    control : str, optional
        As in :func:`scarscope.study.models.rows.model_rows`.
    session : int, optional
        The visit. None: the last one.

    Returns
    -------
    ScarRows

    Raises
    ------
    ParamsError
        For an arm or a visit that does not exist.
    StudyError
        If no scar has a figure, or a side changes its arm.

    Notes
    -----
    Scars that only a later photo shows are left out: they have no baseline, and are counted in
    ``scar_response.csv``. A scar that merged with another stays in, as leaving out by outcome would
    bias; its figure is read over both. The same scar seen in two views counts twice: nothing tells
    that it is one, but both share the side, from which errors are taken.
    """
    planned = sorted(int(s) for s in response["session"].unique())
    if not planned:
        raise StudyError("No follow-up photo, so that no scar can be followed.", remedy="")
    visit = planned[-1] if session is None else session
    if visit not in planned:
        raise ParamsError(
            f"No subject has visit {visit}.",
            remedy=f"Choose from {', '.join(map(str, planned))}.",
        )
    named, notes = named_arms(response)
    require_one_arm_a_side(named)
    known = _known_scars(outcomes, named, scars)
    told = _with_fate(known, outcomes, named, visit)
    arms, said = order_arms(named, control)
    table = told[told["what"] == USED].reset_index(drop=True)
    if table.empty:
        raise StudyError(
            f"Too few scars that were found at baseline have a figure at visit {visit}: no type is "
            f"had by {LEAST_SUBJECTS} subjects of an arm.",
            remedy="See the column reasons of the response table: why photos were refused.",
        )
    found = set(table["type"])
    types = (*(t for t in TYPES if t in found), *sorted(found - set(TYPES)))
    wanted = [*_SCAR[:4], "type", "y", "before", "resolved"]
    return ScarRows(table[wanted], _counts(told, visit), arms, types, visit, (*notes, *said))


def _known_scars(
    outcomes: pd.DataFrame, response: pd.DataFrame, scars: pd.DataFrame | None
) -> pd.DataFrame:
    """Every scar of every baseline photo."""
    old = outcomes[(outcomes["status"] != NEW) & outcomes["scar"].notna()]
    parts = [old[_SCAR]]
    if scars is not None and len(scars):
        photos = response[["subject", "side", "view", "arm", "baseline"]].drop_duplicates()
        own = scars[["path", "scar_id"]].rename(columns={"path": "baseline", "scar_id": "scar"})
        parts.append(photos.merge(own, on="baseline")[_SCAR])
    every = pd.concat([part.astype({"scar": "Int64"}) for part in parts])
    places = response[["subject", "side", "view", "arm"]].drop_duplicates()
    return every.drop_duplicates(ignore_index=True).merge(places, on=_SCAR[:4])


def _with_fate(
    known: pd.DataFrame, outcomes: pd.DataFrame, response: pd.DataFrame, visit: int
) -> pd.DataFrame:
    """Their figures at the visit and what became of them, in the column ``what``."""
    here = outcomes[(outcomes["session"] == visit) & outcomes["scar"].notna()]
    here = here[here["status"] != NEW].astype({"scar": "Int64"})
    figures = here.rename(columns={"change_pct": "y", "volume_before": "before"})
    figures = figures[[*_SCAR, "type", "y", "before", "status"]].drop_duplicates(_SCAR)
    told = known.merge(figures, on=_SCAR, how="left")
    own = response[(response["session"] == visit) & (response["comparable"] != "no")]
    seen = own[["subject", "side", "view"]].drop_duplicates().assign(_seen=True)
    compared = told.merge(seen, on=["subject", "side", "view"], how="left")["_seen"].notna()
    followed = told["status"].notna()
    figure = told["y"].notna() & (told["before"] > 0)
    told["type"] = told["type"].fillna("").replace("", UNKNOWN)
    told["resolved"] = told["status"] == "resolved"
    told["what"] = np.select(
        [~compared, ~followed, ~figure], [NOT_COMPARED, OUTSIDE, NO_FIGURE], USED
    )
    used = told[told["what"] == USED]
    people = used.groupby(["arm", "type"])["subject"].transform("nunique")
    told.loc[people.index[people < LEAST_SUBJECTS], "what"] = FEW
    order = [*_SCAR[:3], "scar"]
    return told.sort_values(order, kind="stable", ignore_index=True)


def _counts(told: pd.DataFrame, visit: int) -> pd.DataFrame:
    rows = []
    for arm, own in told.groupby("arm"):
        for what, meaning in WHATS.items():
            part = own[own["what"] == what]
            sides = len(part[["subject", "side"]].drop_duplicates())
            counts = (len(part), sides, part["subject"].nunique())
            rows.append((arm, visit, what, *counts, meaning.format(least=LEAST_SUBJECTS)))
    made = pd.DataFrame(rows, columns=list(COUNTS))
    return made.astype({name: "Int64" for name in COUNTS if name.startswith(("n_", "ses"))})
