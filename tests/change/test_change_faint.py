"""What is faint in a pair: it follows the scars' change, and alone it is no change."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from scarscope.change.amount import Amount, step_of
from scarscope.change.common import Pair
from scarscope.change.error import published
from scarscope.change.gate import Comparability
from scarscope.change.measures import measure_table
from scarscope.measures import score_scars

ALIKE = Comparability("yes", (), {})
SCAR = [(60, 60, 20, 0.3, "boxcar")]


def burden(make_skin, make_scars, cones, faint, change):
    """The burden's row of a pair with the same outlines and other depths beside them."""
    skin = make_skin()
    scores = []
    for depth in faint:
        scars = make_scars(skin, cones)
        beside = np.where(scars.labels > 0, 0, depth).astype(np.float32)
        scores.append(score_scars(replace(scars, faint=beside)))
    amount = Amount(change=change, se=0.02, network=change, relief=change)
    pair = Pair(before=skin, after=skin, alignment=None)
    table = measure_table(pair, *scores, amount, comparability=ALIKE, error=published())
    return table.set_index("measure").loc["burden_um"], scores


@pytest.mark.parametrize("faint", [(0.002, 0.0014), (0.0014, 0.002), (0.02, 0.0)])
def test_doubt_alone_is_no_change_of_scars(make_skin, make_scars, faint):
    row, scores = burden(make_skin, make_scars, [], faint, math.nan)
    assert row["before"] == pytest.approx(scores[0].burden_um)
    assert row["mdc95"] > abs(row["change"]) > 0
    assert row["verdict"] == "no detectable change"


def test_what_is_faint_follows_the_change_of_the_scars(make_skin, make_scars):
    row, scores = burden(make_skin, make_scars, SCAR, (0.002, 0.002), -0.5)
    assert row["after"] == pytest.approx(0.5 * scores[0].burden_um)
    assert row["change_pct"] == pytest.approx(-50)
    assert row["verdict"] == "improved"


def steep(share: float, back: float) -> Amount:
    backwards = Amount(change=back, se=0.05, network=back, relief=back, doubt=0.1, noise=0.02)
    return Amount(
        change=share,
        se=0.02,
        network=share,
        relief=share,
        doubt=0.3,
        noise=9.0,
        backwards=backwards,
    )


@pytest.mark.parametrize(
    ("change", "back", "first", "second", "wanted"),
    [
        (-0.5, 1.0, 10.0, 6.0, -5.0),  # a fall is a share of what there was
        (0.4, -0.3, 10.0, 15.0, 4.0),  # and so is a rise that is not steep
        (2.3, -0.98, 0.2, 20.0, 19.6),  # a steep one is a fall seen from the later photo
        (math.nan, -1.0, 0.0, 20.0, 20.0),
        (0.75, -0.5, 10.0, 18.0, 0.5 * 7.5 + 0.5 * 9.0),
    ],
)
def test_a_steep_rise_is_read_backwards(change, back, first, second, wanted):
    assert step_of(first, second, steep(change, back)).change == pytest.approx(wanted)


def test_the_error_of_a_steep_rise_is_that_of_the_later_photo():
    step = step_of(0.2, 20.0, steep(2.3, -0.98))
    assert (step.se, step.doubt, step.noise) == pytest.approx((1.0, 2.0, 0.4))
    amount = steep(2.3, -0.98)
    assert amount.leading is amount.backwards
    assert steep(0.4, -0.3).leading.doubt == 0.3


def test_without_a_way_back_a_rise_stays_a_share():
    amount = Amount(change=2.0, se=0.1, network=2.0, relief=2.0)
    assert step_of(3.0, 20.0, amount).change == pytest.approx(6.0)
    assert amount.leading is amount
