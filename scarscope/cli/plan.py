"""``scarscope plan``: how many subjects, visits and photos a study needs.

The JSON document holds ``software, version, trial, spreads, spreads_from, power, level,
simulations, seed, notes``, then rows under ``smallest`` (fewest subjects with the power), ``sure``
(the same beyond the chance of the simulation), ``table`` (all sizes tried), ``mdc95`` and
``retests``. ``null`` stands for what is not known.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scarscope._version import __version__
from scarscope.cli.console import duration, micrometres, print_json, say, stdout_to_stderr
from scarscope.cli.program import DONE, NOTHING
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    import pandas as pd

    from scarscope.study.planning.components import StoredSpreads
    from scarscope.study.planning.plan import Plan
    from scarscope.study.planning.trial import Spreads, Trial

_PHOTOS = (1, 2, 3)  # a visit, for which MDC95 is told
_RETESTS = (6, 10, 15, 20, 30, 50)


def run(options: argparse.Namespace) -> int:
    """Simulate, print the sizes, and write what is wanted."""
    require_opencv()
    from scarscope.study.planning.plan import retest_precision

    with stdout_to_stderr():
        stored = _stored(options)
        spreads = _spreads(options, stored)
        trial = _trial(options)
        plan = _simulated(options, trial, spreads)
        if options.csv is not None:
            _write(plan.to_frame(), options)
    notes = _notes(options, stored)
    counts = {*_RETESTS, *([stored.n_retests] if stored and stored.own_error else [])}
    retests = retest_precision(sorted(counts))
    if options.json:
        print_json(_document(options, plan, trial, stored, notes, retests))
    else:
        _print(options, plan, trial, stored, retests)
    for note in notes:
        say(f"Note: {note}")
    wanted = bool(options.subjects) or len(plan.smallest(options.power)) > 0
    return DONE if wanted else NOTHING


def _stored(options: argparse.Namespace) -> StoredSpreads | None:
    from scarscope.study.data import read_study
    from scarscope.study.planning.components import stored_spreads

    return None if options.results is None else stored_spreads(read_study(options.results))


def _spreads(options: argparse.Namespace, stored: StoredSpreads | None) -> Spreads:
    from scarscope.study.planning.trial import TYPICAL_NOISE_UM, published_spreads

    usual = published_spreads(noise_um=TYPICAL_NOISE_UM)  # photos without noise would flatter
    spreads = usual if stored is None else stored.spreads
    if options.response_sd is None:
        return spreads
    return dataclasses.replace(spreads, response_sd=options.response_sd)


def _trial(options: argparse.Namespace) -> Trial:
    from scarscope.study.planning.trial import Trial

    return Trial(
        design=options.design,
        followups=options.visits[0],
        photos=options.photos[0],
        effect_pct=-options.detect,
        effect_sd=options.effect_sd,
        dropout=options.dropout,
        refused=options.refused,
        sides=options.sides,
    )


def _simulated(options: argparse.Namespace, trial: Trial, spreads: Spreads) -> Plan:
    from scarscope.study.planning.plan import plan_study
    from scarscope.study.planning.search import find_sizes

    each: dict[str, Any] = {
        "followups": options.visits,
        "photos": options.photos,
        "studies": options.simulations,
        "level": options.alpha,
        "seed": options.seed,
    }
    if options.subjects:
        progress = None if options.json else _Count()
        return plan_study(trial, spreads, subjects=options.subjects, **each, progress=progress)
    progress_of_size = None if options.json else _tell_size
    return find_sizes(
        trial, spreads, power=options.power, most=options.most, **each, progress=progress_of_size
    )


def _tell_size(row: Mapping[str, Any]) -> None:
    say(f"tried {_size(row)}: power {_power(row)}")


class _Count:
    """A line a size, and how long the rest will take."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        each = (time.monotonic() - self._began) / done
        left = f", about {duration(each * (total - done))} left" if done < total else ""
        say(f"[{done}/{total}] sizes tried{left}")


def _notes(options: argparse.Namespace, stored: StoredSpreads | None) -> list[str]:
    from scarscope.study.planning.plan import retest_precision

    if stored is None:
        return [
            "How much subjects and sides vary is assumed, not measured. Try --response-sd 0.2 too, "
            "and plan from a pilot (RESULTS) where there is one."
        ]
    few = retest_precision([max(stored.n_subjects, 2)]).iloc[0]
    told = [
        f"What varies is known from {stored.n_subjects} subjects: true spreads may be "
        f"{few['low_ratio']:.1f} to {few['high_ratio']:.1f} times theirs (95 %). Try others by "
        "--response-sd."
    ]
    if not stored.own_error:
        told.append(
            f"{stored.n_retests} retest(s) are too few for an error of the study's own: that of "
            "simulated pairs was taken."
        )
    if stored.sides < 2 and (options.design == "split-face" or options.sides > 1):
        told.append(
            "No subject of RESULTS has two sides, so that what a subject's sides share is not "
            "known and was taken for none: "
            + (
                "a split-face study may need fewer."
                if options.design == "split-face"
                else "a study of two sides may need more. Give --sides 1."
            )
        )
    return told


def _print(
    options: argparse.Namespace,
    plan: Plan,
    trial: Trial,
    stored: StoredSpreads | None,
    retests: pd.DataFrame,
) -> None:
    sides = "" if trial.design == "split-face" else f", {trial.sides} side(s) a subject"
    print(
        f"{trial.design}{sides}: to find a fall of burden by {options.detect:g} % at the last "
        f"visit, at a level of {options.alpha:g}; {100 * trial.dropout:g} % of subjects leave, "
        f"{100 * trial.refused:g} % of photos are refused."
    )
    own = plan.spreads
    print(
        f"Spreads from {_source(options)} (log scale): baseline {own.baseline_sd:.2f}, sides "
        f"{own.side_sd:.2f}, course {own.course_sd:.2f}, response {own.response_sd:.2f}."
    )
    print(f"\nPower (95 % interval of {options.simulations} simulated trials of each size):")
    for row in _records(plan.to_frame()):
        failed = f"; {row['failed']} could not be analysed" if row["failed"] else ""
        print(f"  {_size(row):<40} {_power(row)}{failed}")
    if not options.subjects:
        _print_answers(options, plan)
    print("\nSmallest change of one side that can be told from error between photos of one visit")
    print("(MDC95; visits add to it, see mdc95 in changes.csv), and of a mean:")
    for row in _mdc(own):
        print(
            f"  {row['photos']} photo(s) a visit: {row['mdc95_pct']:.1f} %  "
            f"({row['mdc95_um']:.2g} {micrometres()} at a burden of {own.baseline_um:.3g})"
        )
    print("\nHow well retests tell that error (95 % interval, as a multiple of what they say):")
    for row in _records(retests):
        mark = "  <- RESULTS" if stored and row["retests"] == stored.n_retests else ""
        print(f"  {row['retests']:>3.0f} retests: {row['low_ratio']:.2f} to "
              f"{row['high_ratio']:.2f}{mark}")  # fmt: skip


def _print_answers(options: argparse.Namespace, plan: Plan) -> None:
    groups = ["followups", "photos"]
    found = {tuple(row[n] for n in groups): row for row in _records(plan.smallest(options.power))}
    sure = {
        tuple(row[n] for n in groups): row
        for row in _records(plan.smallest(options.power, sure=True))
    }
    print()
    for visits in options.visits:
        for photos in options.photos:
            what = f"{visits} visit(s), {photos} photo(s) each"
            row = found.get((visits, photos))
            if row is None:
                print(
                    f"NOT ENOUGH up to {options.most} subjects, {what}. Allow more by --most, or "
                    "look for a larger effect."
                )
                continue
            chance = _beyond(row, sure.get((visits, photos)))
            print(f"ENROL {row['subjects']} subjects, {what}{chance}")


def _beyond(row: Mapping[str, Any], sure: Mapping[str, Any] | None) -> str:
    """How far the number rests on the chance of the simulation."""
    if sure is None:
        return "; no size tried leaves no doubt of the simulation: raise --simulations."
    if sure["subjects"] == row["subjects"]:
        return "."
    return f"; {sure['subjects']} leave no doubt of the simulation."


def _source(options: argparse.Namespace) -> str:
    if options.results is not None:
        return str(options.results)
    return "simulated pairs of photos and assumptions"


def _size(row: Mapping[str, Any]) -> str:
    return f"{row['subjects']} subjects, {row['followups']} visit(s), {row['photos']} photo(s)"


def _power(row: Mapping[str, Any]) -> str:
    shares = (100 * row[name] for name in ("power", "power_low", "power_high"))
    return "{:.0f} % ({:.0f} to {:.0f})".format(*shares)


def _mdc(spreads: Spreads) -> list[dict[str, float]]:
    from scarscope.study.planning.plan import mdc95_of_burden

    rows = []
    for photos in _PHOTOS:
        found = mdc95_of_burden(spreads, photos=photos)
        percent = 100 * found / spreads.baseline_um
        rows.append({"photos": photos, "mdc95_um": found, "mdc95_pct": percent})
    return rows


def _document(
    options: argparse.Namespace,
    plan: Plan,
    trial: Trial,
    stored: StoredSpreads | None,
    notes: list[str],
    retests: pd.DataFrame,
) -> dict[str, Any]:
    # What is listed in the table of sizes is not said of the trial.
    varied = ("subjects", "followups", "photos")
    found = dataclasses.asdict(trial)
    rests = None if stored is None else dataclasses.asdict(stored)
    return {
        "software": "scarscope",
        "version": __version__,
        "trial": {name: value for name, value in found.items() if name not in varied},
        "spreads": dataclasses.asdict(plan.spreads),
        "spreads_from": None
        if rests is None
        else {name: value for name, value in rests.items() if name != "spreads"},
        "power": options.power,
        "level": plan.level,
        "simulations": options.simulations,
        "seed": plan.seed,
        "notes": notes,
        "smallest": _records(plan.smallest(options.power)),
        "sure": _records(plan.smallest(options.power, sure=True)),
        "table": _records(plan.to_frame()),
        "mdc95": _mdc(plan.spreads),
        "retests": _records(retests),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict(orient="records")]


def _write(table: pd.DataFrame, options: argparse.Namespace) -> None:
    from scarscope.batch.write import write_bytes

    text = table.to_csv(index=False, lineterminator="\n", float_format="%.7g")
    write_bytes(options.csv, text.encode("utf-8"))
