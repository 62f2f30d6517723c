"""What trials of photographed subjects gave, as a part of the page of simulated studies."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from scarscope.study.response import response_table
from scarscope.validation.page import Block, Heading, Table, Text, number
from scarscope.validation.photo_trials import SUBJECTS, photo_trials, true_effects
from scarscope.validation.photographed import (
    CONFOUNDED,
    FIRST,
    LAST,
    LAST_RED,
    LAST_TREATED,
    RESPONSE,
    Photographed,
)

_NOTHING = "nothing"
_LOOKS = {LAST: "untreated", LAST_TREATED: "scars filled in", LAST_RED: "untreated, but red"}
GATE = {
    "skin": "What was done to it.",
    "pairs": "Pairs of a side's baseline and its last follow-up.",
    "yes": "Pairs compared outright.",
    "caution": "Pairs compared with caution.",
    "no": "Pairs refused, or photos that could not be scored.",
}
PHOTOGRAPHED = {
    "wrong": "What is wrong with both sides' photos of a follow-up.",
    "pairs": "Pairs of a side's baseline and untreated follow-up.",
    "yes": "Pairs compared outright.",
    "caution": "Pairs compared with caution.",
    "no": "Pairs refused, or photos that could not be scored.",
    "change_pct": "Mean change that was read of those compared, in percent; truly there is none.",
    "change_sd": "Its standard deviation over the pairs.",
}


@dataclass(frozen=True, eq=False)
class PhotoResult:
    """What came of it.

    Attributes
    ----------
    found : DataFrame
        From :func:`scarscope.validation.photo_trials.check_photo_trials`.
    untreated : DataFrame
        Columns :data:`PHOTOGRAPHED`.
    gate : DataFrame
        Columns :data:`GATE`.
    subjects : int
        How many were photographed.
    seeds : tuple of int
        The first and the last.
    true_pct, read_pct : float
        What treatment does to what is missing: truly, over all sides; and as it was read, over
        sides whose photos with and without it were both compared.
    """

    found: pd.DataFrame = field(repr=False)
    untreated: pd.DataFrame = field(repr=False)
    gate: pd.DataFrame = field(repr=False)
    subjects: int
    seeds: tuple[int, int]
    true_pct: float
    read_pct: float


def photo_result(taken: Photographed, found: pd.DataFrame, *, first_seed: int) -> PhotoResult:
    """Put together what the page tells.

    Parameters
    ----------
    taken : Photographed
    found : DataFrame
        From :func:`scarscope.validation.photo_trials.check_photo_trials`.
    first_seed : int
    """
    response = response_table(taken.study)
    subjects = int(taken.truth["subject"].nunique())
    return PhotoResult(
        found,
        untreated_pairs(response, taken.truth),
        gate_table(response),
        subjects,
        (first_seed, first_seed + 2 * subjects - 1),
        _percent(true_effects(taken.truth)["ratio"]),
        _percent(_read_effect(response)),
    )


def _percent(log_ratio: float) -> float:
    return 100 * math.expm1(log_ratio)


def _read_effect(response: pd.DataFrame) -> float:
    # A side that reads no scar any more has no ratio.
    known = (response["after"] > 0) & (response["before"] > 0)
    ratio = np.log((response["after"] / response["before"]).where(known))
    wide = response.assign(ratio=ratio).pivot_table(
        index=["subject", "side"], columns="session", values="ratio"
    )
    if not {LAST, LAST_TREATED} <= set(wide):
        return math.nan
    return float((wide[LAST_TREATED] - wide[LAST]).mean())


def untreated_pairs(response: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """What the gate and the readings make of photos between which the skin is the same.

    Parameters
    ----------
    response : DataFrame
        Of all that were photographed.
    truth : DataFrame
        Says what is wrong with each photo.

    Returns
    -------
    DataFrame
        Columns :data:`PHOTOGRAPHED`; those with nothing wrong first.
    """
    keys = ["subject", "side", "session"]
    pairs = response[response["session"].isin((FIRST, LAST))].astype({"session": "int64"})
    pairs = pairs.merge(truth[[*keys, "wrong"]], on=keys, how="left")
    rows = []
    for wrong, own in pairs.groupby("wrong"):
        counts = [int((own["comparable"] == each).sum()) for each in ("yes", "caution", "no")]
        read = own["change_pct"].dropna()
        rows.append((wrong or _NOTHING, len(own), *counts, read.mean(), read.std()))
    return pd.DataFrame(rows, columns=list(PHOTOGRAPHED))


def gate_table(response: pd.DataFrame) -> pd.DataFrame:
    """What became of the last follow-up's photos, by what was done to the skin.

    Returns
    -------
    DataFrame
        Columns :data:`GATE`.
    """
    rows = []
    for session, name in _LOOKS.items():
        own = response[response["session"] == session]
        counts = [int((own["comparable"] == each).sum()) for each in ("yes", "caution", "no")]
        rows.append((name, len(own), *counts))
    return pd.DataFrame(rows, columns=list(GATE))


def photo_section(told: PhotoResult, results: Table) -> list[Block]:
    """Blocks of the page.

    Parameters
    ----------
    told : PhotoResult
    results : Table
        Its shares, drawn as the page draws those of other trials.
    """
    low, high = told.seeds
    kinds = "; ".join(f"{k.name.removeprefix('photos, ')}: {k.text}" for k in photo_trials())
    return [
        Heading("From photos to the test"),
        Text(
            f"Nothing is drawn here but who is in a trial. {told.subjects} simulated subjects "
            f"(seeds {low} to {high}, none used for tuning) were photographed: both sides at "
            f"baseline and at two follow-ups, {100 * CONFOUNDED:g} % of which were spoilt by one "
            "confounder, the same for both sides. `scarscope batch` scored the photos and its gate "
            "decided which "
            f"pairs count. Each trial draws {SUBJECTS} subjects with replacement and their arms at "
            f"random, and is analysed as above. Kinds of trials ({kinds})."
        ),
        results,
        Text(
            f"Treatment took about {100 * RESPONSE:g} % of the depth, and scars shrank with it: "
            f"truly {number(told.true_pct, 1)} % of what is missing, read as "
            f"{number(told.read_pct, 1)} % where the photos with and without treatment were both "
            "compared. Coverage is of the true figure, so that reading too little shows in it: the "
            "model's own interval holds chance alone. `coverage of the true change` is that of the "
            "wider one (`true_pct_low` to `true_pct_high` in contrasts.csv)."
        ),
        Text("What became of pairs of photos between which the skin did not change:"),
        _untreated(told.untreated),
        Text(
            "What became of the last follow-up's photos, by what was done to the skin. Where arms "
            "differ in this, what is compared is not all that was treated:"
        ),
        _gate(told.gate),
        Text(
            "- The same confounder on both sides and arms drawn at random: such errors cancel by "
            "design, and a test that kept its level says little about confounders that follow the "
            "arm.\n"
            "- Readings that err alike in both arms cancel when arms are compared. Against the own "
            "baseline they do not, which is why a trial needs a control: see `one arm`.\n"
            "- What treatment does to skin besides, such as lasting redness, differs between arms "
            "and does not cancel: see `treated sides red`.\n"
            "- In `one light` all subjects of a trial share a light, as in a study: what that does "
            "to readings does not average out.\n"
            f"- {told.subjects} subjects stand for all: the shares say how right the test is for "
            "trials drawn from them, and their intervals hold the number of trials alone."
        ),
    ]


def _gate(table: pd.DataFrame) -> Table:
    rows = [tuple(map(str, row)) for row in table.itertuples(index=False)]
    head = ("last follow-up", "pairs", "compared outright", "with caution", "refused")
    return Table(head, tuple(rows))


def _untreated(table: pd.DataFrame) -> Table:
    rows = []
    for row in table.to_dict(orient="records"):
        counts = tuple(str(row[name]) for name in ("pairs", "yes", "caution", "no"))
        read = (number(row["change_pct"], 1), number(row["change_sd"], 1))
        rows.append((str(row["wrong"]).replace("_", " "), *counts, *read))
    head = ("confounder", "pairs", "compared outright", "with caution", "refused")
    return Table((*head, "mean change read, %", "SD, points"), tuple(rows))


def photo_summary(told: PhotoResult) -> dict[str, Any]:
    """The same as plain values, but for the shares of trials."""
    plain = told.untreated.astype("object").where(told.untreated.notna(), None)
    return {
        "subjects": told.subjects,
        "seeds": list(told.seeds),
        "true_pct": told.true_pct,
        "read_pct": told.read_pct,
        "untreated": plain.to_dict(orient="records"),
        "gate": told.gate.to_dict(orient="records"),
    }
