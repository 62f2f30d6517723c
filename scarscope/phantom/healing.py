"""What treatment and time do to skin: depth and width of a scar, redness, swelling.

Sources: erythema and oedema last 24 to 48 h, at times a week (clinical-facts in the measurement
notes: needling series); collagen remodels over three months and longer.
"""

from __future__ import annotations

import math
from dataclasses import replace

from scarscope.phantom.recipe import ScarShape

# A scar that has lost all its depth would have lost this share of its width.
_SHRINK = 0.33


def healed(scar: ScarShape, share: float) -> ScarShape:
    """A scar after `share` of its depth is gone; it is narrower too, and its walls keep their run.

    Parameters
    ----------
    scar : ScarShape
    share : float
        Below 0 the scar gets deeper and wider.
    """
    factor = 1 - _SHRINK * share
    return replace(
        scar,
        remaining=scar.remaining * (1 - share),
        width_mm=scar.width_mm * factor,
        length_mm=scar.length_mm * factor,
    )


def absent(scar: ScarShape) -> ScarShape:
    """Where a scar will be, before it is there: neither depth nor colour."""
    return replace(scar, remaining=0.0, melanin_od=0.0, blood_od=0.0)


def erythema_od(days: float, strength: float = 1.0) -> float:
    """Extra blood in OD `days` after needling: 0.20 at once, halved every two and a half days.

    Days below zero are before any treatment: none.
    """
    return 0.0 if days < 0 else 0.20 * strength * math.exp(-days / 3.6)


def oedema_share(days: float, strength: float = 1.0) -> float:
    """Share of missing depth that swelling fills: half at once, a tenth after a week."""
    return 0.0 if days < 0 else min(0.50 * strength, 0.9) * math.exp(-days / 4.4)
