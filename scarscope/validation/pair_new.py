"""What pairs say in which acne has left new scars.

A burden that rose from next to nothing has no percentage worth the name, so that errors are told as
shares of what is truly there in the later photo.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from scarscope.validation.pair_stats import Row, mean, mean_abs, share, strata


def new_scars(pairs: pd.DataFrame) -> Iterator[Row]:
    """Whether new scars are seen, and how much of them.

    Parameters
    ----------
    pairs : DataFrame
        As :func:`scarscope.validation.pair_table.prepared` leaves them.
    """
    own = pairs[pairs["part"] == "new"]
    change, true = (own[f"{k}_after_um"] - own[f"{k}_before_um"] for k in ("found", "true"))
    own = own.assign(
        off=100 * (change - true) / own["true_after_um"],
        seen=(own["verdict"] == "worse").astype(float),
    )
    yield from strata("new_passed", own, partial(share, column="passed"), ["kind"])
    compared = own[own["passed"] == 1]
    yield from strata("new_seen", compared, partial(share, column="seen"), ["kind"])
    yield from strata("new_mae", compared, partial(mean_abs, column="off"), ["kind"])
    yield from strata("new_bias", compared, partial(mean, column="off"), ["kind"])
