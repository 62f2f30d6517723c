"""Every scar through time: the same, split or merged; resolved, improved, unchanged, worse, new."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pandas as pd

from scarscope.change.amount import (
    ScarWeights,
    profile_change,
    scar_change,
    scar_noise,
    scar_volumes,
)
from scarscope.change.common import Mask, Pair
from scarscope.change.matching import Match, match_scars
from scarscope.change.reading import RIM_MM, Reading, widened
from scarscope.params.change import ChangeParams
from scarscope.scars.model import Scars

AROUND_MM = 0.4  # the level around a scar is taken from skin within this
RESOLVED, IMPROVED, UNCHANGED, WORSE, NEW = "resolved", "improved", "unchanged", "worse", "new"
STATUSES = (RESOLVED, IMPROVED, UNCHANGED, WORSE, NEW)

# {u} is "mm" or "px"; depth of a single scar is worth too little to be followed.
_COLUMNS = (
    "before_id",
    "after_id",
    "relation",
    "status",
    "x_px",
    "y_px",
    "type_before",
    "type_after",
    "width_before_{u}",
    "width_after_{u}",
    "area_before_{u}2",
    "area_after_{u}2",
    "volume_before_{u}3",
    "volume_change_pct",
    "noise_pct",
    "mdc95_pct",
)


def scar_columns(unit: str) -> tuple[str, ...]:
    """Names of the scar table's columns on a grid in ``"mm"`` or ``"px"``."""
    return tuple(name.replace("{u}", unit) for name in _COLUMNS)


@dataclass(frozen=True)
class Judge:
    """What decides a scar's status.

    Attributes
    ----------
    weights : ScarWeights
    resolved_share : float
        A scar of whose volume less than this remains is resolved.
    """

    weights: ScarWeights
    resolved_share: float

    def status(self, change: float, mdc: float, *, only_later: bool) -> str:
        """Status of a scar whose volume changed by that share of the earlier one.

        Parameters
        ----------
        change : float
            -1 is all gone. NaN where the reading has no earlier volume.
        mdc : float
            Smallest detectable relative change of this scar's volume; where it exceeds 1, not even
            a scar that is gone can be told from one that is not.
        only_later : bool
            Whether the scar was found in the later photo alone.
        """
        if only_later and (math.isnan(change) or change > 1.0):
            return NEW
        if change < -mdc:
            return RESOLVED if change <= self.resolved_share - 1 else IMPROVED
        # A scar that crossed the threshold of being found, but reads the same, did not change.
        return WORSE if change > mdc else UNCHANGED


def judge_of(params: ChangeParams, *, alone: bool) -> Judge:
    """The judge by these parameters; `alone` where the network's reading does not count."""
    gain = params.scar_alone_gain if alone else 1.0
    weights = ScarWeights(
        network=0.0 if alone else params.scar_network_weight,
        relief=gain * params.scar_relief_weight,
        profile=gain * params.scar_profile_weight,
        noise=params.scar_noise,
        noisy=0.0 if alone else params.scar_noisy_weight,
    )
    return Judge(weights, params.resolved_share)


def scar_table(
    pair: Pair, reading: Reading, judge: Judge, detectable: Callable[[float], float]
) -> pd.DataFrame:
    """One row a scar, columns by :func:`scar_columns`; empty with the same columns for none.

    Parameters
    ----------
    pair : Pair
    reading : Reading
        Of this pair.
    judge : Judge
    detectable : callable
        The smallest detectable relative change of a scar's volume from what the noise of the
        photos explains of it, NaN where that is not known.
    """
    rows = [
        _row(match, pair, reading, judge, detectable)
        for match in match_scars(reading.before.labels, reading.after.labels)
    ]
    table = pd.DataFrame(rows, columns=list(scar_columns(pair.grid.unit)))
    return table.astype({"before_id": "Int64", "after_id": "Int64"})


def _row(
    match: Match,
    pair: Pair,
    reading: Reading,
    judge: Judge,
    detectable: Callable[[float], float],
) -> tuple[object, ...]:
    change, noise = _change(match, pair, reading, judge.weights)
    mdc = detectable(noise)
    status = judge.status(change, mdc, only_later=not match.before)
    first = _traits(reading.before, match.before)
    second = _traits(reading.after, match.after)
    place = first if match.before else second
    x, y = _middle(reading, match, pair)
    only_later = not match.before
    return (
        match.before or None,
        match.after or None,
        match.relation,
        status,
        place.get("x_px", x) if not only_later else x,
        place.get("y_px", y) if not only_later else y,
        first.get("type", ""),
        second.get("type", ""),
        *(
            told.get(f"{name}", math.nan)
            for name in _sizes(pair.grid.unit)
            for told in (first, second)
        ),
        # What was there all the time and was not found has a volume that nobody knows.
        first.get(f"volume_{pair.grid.unit}3", 0.0 if status == NEW else math.nan),
        100 * change,
        100 * noise,
        100 * mdc,
    )


def _sizes(unit: str) -> Iterator[str]:
    yield f"width_{unit}"
    yield f"area_{unit}2"


def _traits(scars: Scars, number: int) -> dict[str, object]:
    if number == 0:
        return {}
    row = scars.table[scars.table["scar_id"] == number].iloc[0]
    return {str(name): value for name, value in row.items()}


def _change(
    match: Match, pair: Pair, reading: Reading, weights: ScarWeights
) -> tuple[float, float]:
    """Relative change of one scar's volume, over what it covers in either photo, and its noise."""
    box, own, walls, around = _masks(match, reading, filter_mm=pair.grid.filter_mm)
    network = reading.network
    part = replace(
        reading,
        network=None if network is None else (network[0][box], network[1][box]),
        relief=(reading.relief[0][box], reading.relief[1][box]),
        outline=own,
        rimmed=walls,
    )
    volumes = scar_volumes(part, own, walls)
    noise = scar_noise(reading, pair, walls, volumes)
    profile = profile_change(*part.relief, around)
    return scar_change(volumes, profile, noise, weights), noise


def _masks(
    match: Match, reading: Reading, *, filter_mm: float
) -> tuple[tuple[slice, slice], Mask, Mask, Mask]:
    """A window around a scar; there its own cells, with its walls, and with what is around it.

    None holds cells of another scar.
    """
    before, after = reading.before.labels, reading.after.labels
    covers = ((before == match.before) & (match.before > 0)) | (
        (after == match.after) & (match.after > 0)
    )
    box = _box(covers, margin=int(np.ceil(1.0 / filter_mm)))
    one, two = before[box], after[box]
    others = ((one > 0) & (one != match.before)) | ((two > 0) & (two != match.after))
    own = covers[box]
    if match.relation == "":  # what another scar has of its own is not this one's
        foreign = (one > 0) & (one != match.before)
        own = own & ~foreign
    walls, around = (
        widened(own, reach, filter_mm=filter_mm) & ~(others & ~own) for reach in (RIM_MM, AROUND_MM)
    )
    return box, own, walls, around


def _box(mask: Mask, *, margin: int) -> tuple[slice, slice]:
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    rows = slice(max(y - margin, 0), min(y + height + margin, mask.shape[0]))
    return rows, slice(max(x - margin, 0), min(x + width + margin, mask.shape[1]))


def _middle(reading: Reading, match: Match, pair: Pair) -> tuple[float, float]:
    """Middle of a scar in pixels of the earlier photo."""
    labels, number = (
        (reading.before.labels, match.before)
        if match.before
        else (reading.after.labels, match.after)
    )
    rows, cols = np.nonzero(labels == number)
    return pair.grid.to_photo(float(cols.mean()), float(rows.mean()))
