"""Pairs of photos: what comparing says of skin that another hand drew.

    python -m benchmarks.second_renderer.pairs --out DIR [--count 20] [--tuning] [--json FILE]

Of every skin there are a retest, a treatment, a moved lamp, another exposure and another focus; and
one skin lies still under many lamps, as in sets for photometric stereo. Nothing but treatment may
be called a change. What was rendered is kept in DIR; it is compared anew each time, since a kept
answer would not know of a change of the code. Figures of `--tuning` may be used to choose limits,
the others are for reporting.

Legend
------
change : relative change of missing volume, -1 for all gone; measured of refused pairs too
true : the same of the skin that was drawn, over the skin that the comparison looked at
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from scarscope import __version__, compare, read_photo
from scarscope.change import Change
from scarscope.phantom.seeds import SECOND_RENDERER, SECOND_RENDERER_TUNING
from scarscope.phantom.store import replace_bytes

from .pair_plan import PairCase, Subject, plan_pairs, sittings_of
from .pair_scenes import (
    Person,
    Seen,
    Setting,
    depth_there,
    develop,
    draw_person,
    kept_look,
    treated,
)
from .plan import FIRST_OF_PAIRS
from .shot import Quality
from .trace import Picture, require_mitsuba

COUNT, LAMPS = 20, 10
# Noise of the paths is far below the sensor's at these: with four times the rays fine relief of two
# photos is as coherent within 0.005.
QUALITY = Quality(view_mm=30.0, diffuse_rays=12, specular_rays=16)
GROUPS = ("retest", "treated", "lamp", "exposure", "focus", "many lamps")
_PERCENT = 100.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    require_mitsuba()
    subjects = plan_pairs(_seeds(options), count=options.count, lamps=options.lamps)
    pairs = pd.DataFrame(list(_rows(subjects, options.out, QUALITY, options.workers)))
    target = options.out / "pairs.csv"
    pairs.to_csv(target, index=False, float_format="%.4g", lineterminator="\n")
    table = summary(pairs)
    print(table.T.to_string(float_format=lambda value: f"{value:.3g}"))
    print(reasons(pairs).to_string())
    print(f"{len(pairs)} pairs; all of them stand in {target}")
    if options.json is not None:
        told = json.dumps(report(pairs, options), indent=1) + "\n"
        replace_bytes(options.json, told.encode("utf-8"))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.second_renderer.pairs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder; made if needed")
    parser.add_argument("--count", type=int, default=COUNT, help=f"skins (default {COUNT})")
    parser.add_argument(
        "--lamps",
        type=int,
        default=LAMPS,
        help=f"lamps of the skin that is lit by many, 0 for none (default {LAMPS})",
    )
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where figures are written to")
    parser.add_argument(
        "--tuning", action="store_true", help="seeds for trying things out, not for reporting"
    )
    return parser


def _seeds(options: argparse.Namespace) -> Sequence[int]:
    return SECOND_RENDERER_TUNING if options.tuning else SECOND_RENDERER[FIRST_OF_PAIRS:]


def _rows(
    subjects: Sequence[Subject], out: Path, quality: Quality, workers: int
) -> Iterator[dict[str, Any]]:
    """One row a pair, skin by skin."""
    task = partial(compare_subject, out=out, quality=quality)
    for number, rows in enumerate(_each(task, subjects, workers), start=1):
        said = "  ".join(f"{row['group']} {row['comparable']}" for row in rows[:5])
        print(
            f"{number} of {len(subjects)}  {rows[0]['seed']}  {said}", file=sys.stderr, flush=True
        )
        yield from rows


def _each(
    task: partial[list[dict[str, Any]]], subjects: Sequence[Subject], workers: int
) -> Iterator[list[dict[str, Any]]]:
    if workers == 1:
        yield from map(task, subjects)
        return
    # A fresh process each: Mitsuba's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(task, subjects)


def compare_subject(subject: Subject, *, out: Path, quality: Quality) -> list[dict[str, Any]]:
    """Render what is missing of one skin, and compare its pairs.

    Parameters
    ----------
    subject : Subject
    out : Path
        Folder in which what was rendered, and the photos, are kept.
    quality : Quality

    Returns
    -------
    list of dict
        One a pair.
    """
    person = draw_person(subject.shot, quality)
    seen = {
        sitting.name: kept_look(out / "looks", person, sitting, quality)
        for sitting in sittings_of(subject)
    }
    return [_compared(person, case, seen, out) for case in subject.cases]


def _compared(person: Person, case: PairCase, seen: dict[str, Seen], out: Path) -> dict[str, Any]:
    sittings = (case.before.name, case.after.name)
    names = (sittings[0], sittings[1] + (f"-{case.group}" if case.setting != Setting() else ""))
    settings = (Setting(), case.setting)
    photos = []
    for sitting, name, setting in zip(sittings, names, settings, strict=True):
        path = out / "photos" / f"S{person.shot.seed}-{name}.jpg"
        replace_bytes(path, develop(person, seen[sitting], name, setting))
        photos.append(read_photo(path, mm_per_px=person.shot.mm_per_px))
    # Refused pairs are measured too, so that one sees what was refused; their verdict stays.
    change = compare(*photos, refuse=False)
    return {
        "group": case.group,
        "told": case.told,
        "seed": person.shot.seed,
        "light": person.shot.light,
        "ita_deg": person.shot.ita_deg,
        "response": case.after.response,
        **found(change),
        **truth(change, person, case, (seen[sittings[0]], seen[sittings[1]])),
        **change.comparability.figures,
    }


def found(change: Change) -> dict[str, object]:
    """What the comparison said; the change is a share of the earlier volume."""
    return {
        "comparable": change.comparable,
        "reasons": change.comparability.codes,
        "verdict": change.verdict if change.comparable != "no" else "not comparable",
        "change": change.amount.change,
        "network": change.amount.network,
        "relief": change.amount.relief,
        "se": change.amount.se,
        "mdc95": change.mdc95_pct / 100,
        "scars_before": math.nan if change.reading is None else len(change.reading.before.table),
        "scars_after": math.nan if change.reading is None else len(change.reading.after.table),
    }


def truth(
    change: Change, person: Person, case: PairCase, seen: tuple[Seen, Seen]
) -> dict[str, float]:
    """True change over the skin that was compared, and how far off the alignment is.

    Parameters
    ----------
    change : Change
    person : Person
    case : PairCase
    seen : tuple of 2 Seen
        The earlier and the later photo.
    """
    pair = change.pair
    if pair is None or not pair.region.any():
        return {"true": math.nan, "true_scars": math.nan, "misplaced_mm": math.nan}
    rows, columns = np.indices(pair.grid.shape, dtype=np.float32)
    here = _places(seen[0], pair.grid.to_photo(columns, rows))
    there = _places(seen[1], pair.alignment.grid_maps(pair.grid))
    apart = np.linalg.norm((there - here)[pair.region], axis=1) * person.sheet.step_mm
    scars = [treated(person, sitting.response) for sitting in (case.before, case.after)]
    volumes = [float(depth_there(pits, here)[pair.region].sum(dtype=np.float64)) for pits in scars]
    here = here[pair.region]
    whole = np.clip(np.rint(here), 0, person.sheet.count - 1).astype(int)
    owners = np.unique(scars[0].owner[whole[:, 0], whole[:, 1]])
    return {
        "true": volumes[1] / volumes[0] - 1 if volumes[0] > 0 else math.nan,
        "true_scars": float(np.count_nonzero(owners)),
        "misplaced_mm": float(np.median(apart)),
    }


def _places(seen: Seen, where: tuple[Any, Any]) -> Picture:
    """Rows and columns of the sheet that points of a photo show, shape (h, w, 2)."""
    x, y = (np.asarray(axis, np.float32) for axis in where)
    return np.asarray(cv2.remap(seen.place, x, y, cv2.INTER_LINEAR))


def summary(pairs: pd.DataFrame) -> pd.DataFrame:
    """Figures by group, one row each.

    Shares are of all pairs of a group. Errors (`mae`, `bias`, `sd`, in points of percent) and
    slopes against the truth are those of pairs that were not refused, for the change that is
    reported and for each reading alone. `mdc95` is the median, in percent; `misplaced_mm` the
    median over pairs of how far the alignment is off.
    """
    rows = {
        group: _row(pairs[pairs["group"] == group])
        for group in GROUPS
        if (pairs["group"] == group).any()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _row(pairs: pd.DataFrame) -> dict[str, float]:
    """Shares of verdicts over all pairs; errors, in points of percent, over those not refused."""
    passed = pairs[pairs["comparable"] != "no"]
    response, verdict = pairs["response"], pairs["verdict"]
    better, worse = verdict == "improved", verdict == "worse"
    row: dict[str, float] = {"pairs": float(len(pairs))}
    row |= {name: float((pairs["comparable"] == name).mean()) for name in ("yes", "caution", "no")}
    row |= {"called_improved": float(better.mean()), "called_worse": float(worse.mean())}
    # Calls of what did not happen, and the share of changes that were called what they are.
    row["false_calls"] = float((better & (response <= 0) | worse & (response >= 0)).sum())
    true_calls = better & (response > 0) | worse & (response < 0)
    row["true_calls"] = float(true_calls[response != 0].mean())
    row["mdc95"] = float(_PERCENT * passed["mdc95"].median())
    for name in ("change", "network", "relief"):
        row |= {f"{name}_{figure}": value for figure, value in _errors(passed, name).items()}
    row["misplaced_mm"] = float(pairs["misplaced_mm"].median())
    return row


def _errors(pairs: pd.DataFrame, name: str) -> dict[str, float]:
    """Mean absolute error, bias, standard deviation of the error; slope against the truth."""
    known = pairs.dropna(subset=[name, "true"])
    true, read = known["true"].to_numpy(np.float64), known[name].to_numpy(np.float64)
    if not len(known):
        return dict.fromkeys(("mae", "bias", "sd", "slope"), math.nan)
    off = _PERCENT * (read - true)
    return {
        "mae": float(np.abs(off).mean()),
        "bias": float(off.mean()),
        "sd": float(off.std(ddof=1)) if len(off) > 1 else math.nan,
        # Through zero: what did not change is known to be read as no change.
        "slope": float(true @ read / (true @ true)) if (true != 0).any() else math.nan,
    }


def reasons(pairs: pd.DataFrame) -> pd.DataFrame:
    """How often each reason was given, by group."""
    each = pairs.assign(reason=pairs["reasons"].str.split("|")).explode("reason")
    each = each[each["reason"].fillna("") != ""]
    return pd.crosstab(each["reason"], each["group"])


def report(pairs: pd.DataFrame, options: argparse.Namespace) -> dict[str, Any]:
    """What a file of figures holds."""
    command = "python -m benchmarks.second_renderer.pairs --out DIR"
    seeds = sorted(pairs["seed"].unique().tolist())
    counts = reasons(pairs)
    return {
        "command": command + (" --tuning" if options.tuning else ""),
        "renderer": "Mitsuba 3",
        "version": __version__,
        "seeds": [seeds[0], seeds[-1]],
        "skins": options.count,
        "lamps": options.lamps,
        "groups": {str(name): _rounded(row) for name, row in summary(pairs).iterrows()},
        "reasons": {str(name): counts[name][counts[name] > 0].to_dict() for name in counts},
    }


def _rounded(row: pd.Series) -> dict[str, float | None]:
    return {
        str(name): None if math.isnan(value) else float(f"{value:.4g}")
        for name, value in row.items()
    }


if __name__ == "__main__":
    raise SystemExit(main())
