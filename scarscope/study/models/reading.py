"""What readings of a true change are off by, beside chance.

On simulated pairs the change that is read differs from the true one by a share of it (the file
``measurement_error.json``, :data:`scarscope.change.error.READING`; root mean square over lights and
tones). More subjects do not average out what they have in common, such as the study's light, so
that all of it is taken to be in common: where part of it is not, the interval is wider than it need
be. Where arms are read differently, as red skin is, nothing here knows.
"""

from __future__ import annotations

import math

from scipy.stats import norm

from scarscope.change.error import READING, published
from scarscope.change.measures import COMBINED
from scarscope.study.models.reml import Estimate
from scarscope.study.models.rows import ModelRows

_MOST_LOG = 700.0  # beyond it, the exponential is no number any more


def true_ends(
    found: Estimate, own: Estimate, other: Estimate, rows: ModelRows, confidence: float
) -> tuple[float, float]:
    """Ends in percent of an interval that also holds what readings of a true change are off by.

    Parameters
    ----------
    found : Estimate
        Log ratio of two arms' changes.
    own, other : Estimate
        Log ratio of follow-up to baseline of the arm and of its reference.
    rows : ModelRows
    confidence : float

    Returns
    -------
    low, high : float
        NaN for measures of which it is not known, and on the scale of differences.

    Notes
    -----
    Each arm's change is off by the same share of itself: with m its mean log ratio, a share s of
    ``exp(m) - 1`` moves m by ``s (1 - exp(-m))``, and what two arms differ by is left.
    """
    share = reading_share(rows.measure)
    if rows.scale != "ratio" or math.isnan(share):
        return math.nan, math.nan
    low, high = found.interval(confidence)
    off = share * abs(_inverse(own.value) - _inverse(other.value))
    half = math.hypot((high - low) / 2, float(norm.ppf((1 + confidence) / 2)) * off)
    # A share of a change cannot turn it round: what chance leaves on one side of 0 stays there.
    bottom = 0.0 if low > 0 else -math.inf
    top = 0.0 if high < 0 else math.inf
    ends = (min(max(found.value + side * half, bottom), top) for side in (-1, 1))
    return _percent(next(ends)), _percent(next(ends))


def _inverse(log_ratio: float) -> float:
    return math.exp(min(-log_ratio, _MOST_LOG))


def _percent(log_ratio: float) -> float:
    """A log ratio as a change in percent; infinite where no number holds it."""
    return 100 * math.expm1(log_ratio) if log_ratio < _MOST_LOG else math.inf


def reading_share(measure: str) -> float:
    """What readings of a true change are off by, as a share of it; NaN where it is not known.

    Parameters
    ----------
    measure : str
        As in ``changes.csv``.
    """
    own = published().spreads["yes"]
    follows = measure.startswith(COMBINED) and "_sd" not in measure
    return own[READING].relative if follows and READING in own else math.nan


def reading_told(rows: ModelRows) -> str:
    """The same for a methods section; blank where there is no such interval."""
    share = reading_share(rows.measure)
    if math.isnan(share) or rows.scale != "ratio" or len(rows.arms) < 2:
        return ""
    return (
        " Intervals hold chance alone; those of the true change (true_pct_low, true_pct_high) also "
        f"hold that readings of a true change are off by {100 * share:.0f} % of it, as on simulated"
        " photos."
    )
