"""A change in the words that trials use, derived from its figure and its verdict."""

from __future__ import annotations

import math

from scarscope.change.measures import IMPROVED, UNCHANGED, WORSE

# Quartiles of improvement, as split-face trials of needling report them (Dogra 2014); the last
# figure of each is its own.
QUARTILES = ((25.0, "0-25 %"), (50.0, "26-50 %"), (75.0, "51-75 %"), (math.inf, "76-100 %"))
# Labels of the Global Aesthetic Improvement Scale. People choose them by eye; these follow the
# quartiles, and are no rater's judgement. Papers code them differently, so only words are kept.
_GAIS = ((75.0, "very much improved"), (50.0, "much improved"), (-math.inf, "improved"))


def quartile(change_pct: float, verdict: str) -> str:
    """Quartile of improvement; empty where nothing is known to have improved.

    Examples
    --------
    >>> quartile(-62.0, "improved")
    '51-75 %'
    """
    if verdict != IMPROVED or math.isnan(change_pct):
        return ""
    return next(name for top, name in QUARTILES if -change_pct <= top)


def gais(change_pct: float, verdict: str) -> str:
    """Label in the manner of the Global Aesthetic Improvement Scale; empty where not comparable."""
    if verdict == IMPROVED:
        return next((name for least, name in _GAIS if -change_pct > least), "improved")
    return {UNCHANGED: "no change", WORSE: "worse"}.get(verdict, "")
