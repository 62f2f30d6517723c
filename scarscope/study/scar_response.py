"""What became of single scars: by type, by size class, and as a share of a subject's scars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from scarscope.measures.counts import SIZE_CUTS_MM
from scarscope.study.agreement.intervals import clustered_share, mean_interval

STATUSES = ("resolved", "improved", "unchanged", "worse")
BETTER = ("resolved", "improved")
NEW = "new"
_LOW, _HIGH = SIZE_CUTS_MM
SIZES = (f"< {_LOW:g} mm", f"{_LOW:g} to {_HIGH:g} mm", f"> {_HIGH:g} mm")
UNKNOWN = "not known"
KINDS = ("all", "type", "size")

SCAR_RESPONSE = {
    "arm": "Arm of the trial.",
    "session": "Number of the follow-up's visit.",
    "by": "`all`, `type` (likeliest one at baseline) or `size` (width at baseline, Kang 2016).",
    "class": "Which type or size class.",
    "n_subjects": "Subjects who have such scars.",
    "n_scars": "Such scars at baseline, each counted once.",
    "resolved": "Those of which less than a quarter of the volume remains.",
    "improved": "Those that are smaller by more than these photos' error.",
    "unchanged": "Those with no change that these photos could show.",
    "worse": "Those that are larger by more than these photos' error.",
    "new": "Scars that only the follow-up shows, classed as there; not among `n_scars`.",
    "better_share": "Share of scars that are resolved or improved.",
    "better_low": "Lower end of its 95 % interval, which takes a subject's scars to be alike; "
    "blank with a single subject.",
    "better_high": "Upper end.",
    "volume_change_pct": "Change of the missing volume of such scars in percent, mean of subjects.",
    "volume_low": "Lower end of its 95 % interval (Student).",
    "volume_high": "Upper end.",
}


def scar_outcomes(scar_changes: pd.DataFrame, response: pd.DataFrame) -> pd.DataFrame:
    """Every scar of every comparable follow-up, once, with its side, arm and classes.

    Parameters
    ----------
    scar_changes : DataFrame
        A batch's ``scar_changes.csv``.
    response : DataFrame
        From :func:`scarscope.study.response.response_table`; says which pairs count.

    Returns
    -------
    DataFrame
        ``subject, side, view, arm, session, followup, scar, status, type, size, volume_before,
        volume_change, change_pct``; `scar` is its number at baseline. A scar that split is one
        scar, with the status of the piece that is matched to it.
    """
    places = ["subject", "side", "view", "arm", "session", "followup"]
    pairs = response.loc[response["comparable"] != "no", places].drop_duplicates("followup")
    own = scar_changes[scar_changes["kind"] == "session"]
    own = own[own["status"].isin([*STATUSES, NEW])]
    found = own.drop(columns=["subject", "view", "session"]).merge(pairs, on="followup")
    known = found["before_id"].notna()
    # The row without a relation is the scar itself, others are its pieces.
    old = found[known].assign(_piece=found["relation"] != "").sort_values("_piece", kind="stable")
    once = old.drop_duplicates(["followup", "before_id"]).drop(columns="_piece").sort_index()
    table = pd.concat([once, found[~known & (found["status"] == NEW)]])
    is_new = table["status"] == NEW
    table["type"] = table["type_after"].where(is_new, table["type_before"])
    table["size"] = [size_class(width) for width in _width(table, is_new)]
    table["volume_before"] = _either(table, "volume_before_mm3", "volume_before_px3")
    table["volume_change"] = table["volume_before"] * table["volume_change_pct"] / 100
    told = {"before_id": "scar", "volume_change_pct": "change_pct"}
    table = table.rename(columns=told)
    made = [*places, "scar", "status", "type", "size", "volume_before", "volume_change"]
    made.append("change_pct")
    return table.sort_values(places[:-1], kind="stable")[made].reset_index(drop=True)


def _width(table: pd.DataFrame, is_new: pd.Series) -> pd.Series:
    """Width in mm at baseline, of new scars at the follow-up; NaN without a scale."""
    if "width_before_mm" not in table:
        return pd.Series(np.nan, index=table.index)
    return table["width_after_mm"].where(is_new, table["width_before_mm"])


def _either(table: pd.DataFrame, first: str, second: str) -> pd.Series:
    columns = [table[name] for name in (first, second) if name in table]
    return columns[0] if len(columns) == 1 else columns[0].fillna(columns[1])


def size_class(width_mm: float) -> str:
    """Size class of a scar by its narrower extent.

    Examples
    --------
    >>> size_class(1.5), size_class(4.0), size_class(float("nan"))
    ('< 2 mm', '2 to 4 mm', 'not known')
    """
    if np.isnan(width_mm):
        return UNKNOWN
    return SIZES[int(width_mm >= _LOW) + int(width_mm > _HIGH)]


def scar_response(outcomes: pd.DataFrame) -> pd.DataFrame:
    """What became of the scars of each arm at each session, all together, by type and by size.

    Parameters
    ----------
    outcomes : DataFrame
        From :func:`scar_outcomes`.

    Returns
    -------
    DataFrame
        Columns :data:`SCAR_RESPONSE`.
    """
    rows = [
        {"arm": arm, "session": session, "by": by, "class": name, **_summary(scars)}
        for (arm, session), own in outcomes.groupby(["arm", "session"])
        for by, name, scars in _classes(own)
    ]
    made = pd.DataFrame(rows, columns=list(SCAR_RESPONSE))
    counts = ["session", "n_subjects", "n_scars", *STATUSES, NEW]
    return made.astype(dict.fromkeys(counts, "Int64"))


def _classes(scars: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "all", "all", scars
    for by, order in (("type", ("icepick", "boxcar", "rolling")), ("size", SIZES)):
        named = [*order, *sorted(set(scars[by]) - set(order))]
        for name in named:
            own = scars[scars[by] == name]
            if len(own):
                yield by, name or UNKNOWN, own


def _summary(scars: pd.DataFrame) -> dict[str, object]:
    old = scars[scars["status"] != NEW]
    better = old["status"].isin(BETTER)
    groups = better.groupby(old["subject"])
    share = clustered_share(groups.sum().to_numpy(), groups.count().to_numpy())
    volumes = old.groupby("subject")[["volume_before", "volume_change"]].sum(min_count=1)
    before = volumes["volume_before"]
    change = mean_interval(100 * volumes["volume_change"] / before.mask(before <= 0))
    return {
        "n_subjects": old["subject"].nunique(),
        "n_scars": len(old),
        **{name: int((old["status"] == name).sum()) for name in STATUSES},
        NEW: int((scars["status"] == NEW).sum()),
        "better_share": share.share,
        "better_low": share.low,
        "better_high": share.high,
        "volume_change_pct": change.mean,
        "volume_low": change.low,
        "volume_high": change.high,
    }


def better_shares(outcomes: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Share of scars that are resolved or improved, of each unit and session.

    Parameters
    ----------
    outcomes : DataFrame
        From :func:`scar_outcomes`.
    by : sequence of str
        What makes a unit.

    Returns
    -------
    DataFrame
        `by`, ``session, n_scars, n_better, better_share``; new scars are not counted.
    """
    old = outcomes[outcomes["status"] != NEW]
    groups = old["status"].isin(BETTER).groupby([old[name] for name in (*by, "session")])
    made = groups.agg(["count", "sum"]).reset_index()
    made.columns = pd.Index([*by, "session", "n_scars", "n_better"])
    return made.assign(better_share=made["n_better"] / made["n_scars"])
