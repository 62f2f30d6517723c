"""The page of simulated trials: what was drawn, how often the default model was right."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pandas as pd

from scarscope._version import __version__
from scarscope.validation.page import Block, Heading, Table, Text, number, with_interval
from scarscope.validation.photo_trial_page import PhotoResult, photo_section, photo_summary
from scarscope.validation.study_draws import DRAWS
from scarscope.validation.study_set import EFFECT_PCT, NOISE_UM, TAIL_DF, scenarios
from scarscope.validation.study_store import Timing

COMMAND = "python3 tasks.py studies"
_LIMITS = """\
- But for those from photos, figures are drawn as tables, without a gate: its share of refused
  photos is stated, and refused photos are drawn without regard to the outcome. If those who respond
  are refused more often, no model knows.
- Errors have the spread that ScarScope measured on simulated pairs in which only the photograph
  changed, confounders among them, and that its gate let through. Their shape is a t distribution,
  which is stated, not measured.
- How much subjects and sides differ in their course is stated (`Spreads`): no trial of this size
  with such figures has been published that it could be taken from.
- Subjects who leave do so by their baseline, which the model knows. Who leaves because treatment
  failed is beyond any of these figures.
- Scenarios without a bar show where the method's limits are. They are told, not tuned."""


def page(
    found: pd.DataFrame,
    timing: Timing | None,
    photos: PhotoResult | None,
    *,
    studies: int,
    seed: int,
) -> list[Block]:
    """Blocks of the page.

    Parameters
    ----------
    found : DataFrame
        From :func:`scarscope.validation.study_draws.check_studies`.
    timing : Timing, optional
    photos : PhotoResult, optional
        None: nothing was photographed.
    studies, seed : int
        As they were asked for.

    Returns
    -------
    list of Block
    """
    blocks: list[Block] = [
        Heading("Simulated studies: is the test of response right?", 1),
        Text(
            f"Written by `{COMMAND}` (version {__version__}, {studies} trials a question, seed "
            f"{seed}); change that, not this page."
        ),
        Text(
            "The default model is asked two things: how often its 95 % interval of the treatment "
            f"effect holds the true one (a change of {EFFECT_PCT:g} %), and how often its test at "
            "5 % finds an effect where there is none. Intervals of the shares are Wilson's: what "
            "the number of trials leaves open. Both questions are asked of the same draws, so that "
            "they are not independent of each other."
        ),
        results(found),
        *([] if photos is None else photo_section(photos, results(photos.found))),
        Heading("What was drawn"),
        Text(
            f"Lognormal baselines; errors of t with {TAIL_DF:g} degrees of freedom, of ScarScope's "
            f"own spread with {NOISE_UM:g} µm from the noise of photos; standard deviations below "
            "are of logs."
        ),
        _drawn(set(found["scenario"])),
        Heading("What this cannot tell"),
        Text(_LIMITS),
    ]
    if timing is not None:
        blocks += [Heading("How long a study takes"), Text(_time(timing))]
    return blocks


def results(found: pd.DataFrame) -> Table:
    """Shares with their intervals, one row a question."""
    rows = []
    for row in found.to_dict(orient="records"):
        bar = f"{100 * row['bar_low']:g} to {100 * row['bar_high']:g} %" if row["headline"] else ""
        figure = with_interval(100 * row["value"], 100 * row["low"], 100 * row["high"], 1)
        verdict = str(row["verdict"]) if row["headline"] else ""
        counts = (str(row["studies"]), str(row["failed"]), number(100 * row["together"], 0))
        rows.append((str(row["scenario"]), str(row["question"]), *counts, figure, bar, verdict))
    head = ("trials of", "question", "n", "failed", "visits together, %")
    return Table((*head, "% (95 % interval)", "bar", ""), tuple(rows))


def _drawn(names: set[str]) -> Table:
    rows = []
    for s in scenarios():
        if s.name not in names:
            continue
        t, v = s.trial, s.spreads
        size = (s.name, s.text, str(t.subjects), str(t.followups))
        lost = (f"{100 * t.dropout:g}", f"{100 * t.refused:g}")
        own = (f"{v.baseline_um:g}", f"{v.baseline_sd:g}", f"{v.side_sd:g}")
        course = (f"{v.course_sd:g}", f"{v.response_sd:g}", f"{t.effect_sd:g}")
        error = (
            f"{number(v.error_absolute_um)} µm and {number(100 * v.error_relative, 1)} %, and "
            f"{number(100 * v.reading_relative, 0)} % of what changed"
        )
        rows.append((*size, *lost, *own, *course, error))
    head = ("name", "what", "subjects", "follow-ups", "left, %", "refused, %")
    spread = ("baseline, µm", "SD of subjects", "of sides", "of course", "of single sides")
    return Table((*head, *spread, "of effect", "error of a change"), tuple(rows))


def _time(timing: Timing) -> str:
    return (
        f"A store of {timing.photos} photos, {timing.scars} scars and {timing.pairs} pairs, drawn "
        f"as tables, was analysed and written, figures too, in {timing.seconds:.1f} s."
    )


def summary(
    found: pd.DataFrame,
    timing: Timing | None,
    photos: PhotoResult | None,
    *,
    studies: int,
    seed: int,
) -> dict[str, Any]:
    """The same as plain values.

    Parameters
    ----------
    found, timing, photos, studies, seed
        As in :func:`page`.
    """
    return {
        "command": COMMAND,
        "version": __version__,
        "studies": studies,
        "seed": seed,
        "effect_pct": EFFECT_PCT,
        "results": _rows(found),
        "photos": None
        if photos is None
        else {**photo_summary(photos), "results": _rows(photos.found)},
        "store": None if timing is None else dataclasses.asdict(timing),
    }


def _rows(found: pd.DataFrame) -> list[dict[str, Any]]:
    return [{name: _plain(row[name]) for name in DRAWS} for row in found.to_dict(orient="records")]


def _plain(value: Any) -> Any:  # noqa: ANN401  # whatever a cell holds
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
