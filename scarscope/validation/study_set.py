"""Trials on which the model of response is checked: what is drawn, and how often it must be right.

Baselines are skewed (lognormal), errors are those that ScarScope's own pairs have, partly
proportional, with tails heavier than normal, and shared by both sides of a visit; subjects leave,
the more easily the worse they are; photos are refused; whoever comes changes by itself.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from scarscope.study.planning.trial import (
    TYPICAL_NOISE_UM,
    Spreads,
    Trial,
    published_spreads,
)

EFFECT_PCT = -15.0
# Noise of a photo explains about this much of its burden, in micrometres; it differs from photo to
# photo, and with it the error.
NOISE_UM = TYPICAL_NOISE_UM
TAIL_DF = 5.0  # four times as many errors beyond three SDs as normal ones have
COVERAGE = (0.93, 0.97)
SIZE = (0.04, 0.06)


@dataclass(frozen=True)
class Scenario:
    """One kind of trial.

    Attributes
    ----------
    name : str
    text : str
        What is special about it.
    trial : Trial
        Without effect: the effect is put in where coverage is asked.
    spreads : Spreads
    headline : bool
        Whether it is what the bars are about; the others show where the method's limits are.
    """

    name: str
    text: str
    trial: Trial
    spreads: Spreads
    headline: bool = True

    def with_effect(self, percent: float) -> Trial:
        """The trial with a treatment effect."""
        return dataclasses.replace(self.trial, effect_pct=percent)


def scenarios() -> tuple[Scenario, ...]:
    """All kinds of trials that are drawn."""
    usual = published_spreads(noise_um=NOISE_UM, tail_df=TAIL_DF)
    rough = published_spreads(comparable="caution", noise_um=NOISE_UM, tail_df=TAIL_DF)
    split = Trial(drift_pct=-5.0, dropout=0.15, refused=0.05)
    parallel = dataclasses.replace(split, design="parallel")
    few = dataclasses.replace(split, subjects=12)
    uneven = dataclasses.replace(split, effect_sd=0.2)
    sparse = dataclasses.replace(split, refused=0.25)
    return (
        Scenario("split-face", "24 subjects, three follow-ups", split, usual),
        Scenario("parallel", "24 subjects, both sides alike", parallel, usual),
        Scenario(
            "complete",
            "split-face without missing figures",
            dataclasses.replace(split, dropout=0.0, refused=0.0),
            usual,
            headline=False,
        ),
        Scenario("caution", "split-face, all pairs compared with caution", split, rough, False),
        Scenario("refused", "split-face, a quarter of the photos refused", sparse, usual, False),
        Scenario("uneven", "split-face, treated sides respond unevenly", uneven, usual, False),
        Scenario(
            "uneven parallel",
            "parallel arms, treated subjects respond unevenly",
            dataclasses.replace(uneven, design="parallel"),
            usual,
            headline=False,
        ),
        Scenario("small", "split-face, 12 subjects", few, usual, False),
        Scenario(
            "small parallel",
            "parallel arms, 12 subjects",
            dataclasses.replace(few, design="parallel"),
            usual,
            headline=False,
        ),
    )
