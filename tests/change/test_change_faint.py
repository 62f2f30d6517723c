"""What is faint in a pair: it follows the scars' change, and alone it is no change."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from scarscope.change.amount import Amount
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
