"""Fit what comparing two photos rests on, on tuning seeds of the phantom.

python -m benchmarks.tune_change --out tuning --workers 2           look only
python -m benchmarks.tune_change --out tuning --workers 2 --write   and write measurement_error.json

Pairs in which nothing changed but the photograph say how large a change must be; treated pairs say
how both readings are to be weighed. Nothing here is a reported figure: those come from
``python -m scarscope.validation.pairs``, on other seeds.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

from scarscope.batch.write import write_bytes
from scarscope.change import Change, compare
from scarscope.change import error as errors
from scarscope.change.common import labels_over
from scarscope.change.marks import LEAST_MM2
from scarscope.phantom import confounder_pair, retest_pair, treated_pair
from scarscope.phantom.pairs import CONFOUNDERS, Confounder
from scarscope.phantom.places import true_places
from scarscope.phantom.render import Rendered
from scarscope.phantom.seeds import TUNING
from scarscope.photo import read_photo

RESPONSES = (0.0, 0.15, 0.3, 0.45, 0.6, -0.2, 0.8)
_MM_PER_PX = 0.07
_WITH_NOISE = ("burden_um", "scar_volume_mm3")
# A change of the missing volume below this share is never called, however little noise there is:
# few pairs have so little, all of them of one phantom.
_LEAST_MDC95 = {"retest": 0.05, "yes": 0.05, "caution": 0.10}
_CHANGED = 0.05  # a true change of this share is one
_NOTHING = 1e-9
_MARKS = ("new_dark_area_mm2", "new_red_area_mm2")
_LEAST_VISITS = 10  # pairs, to say something of visits


@dataclass(frozen=True)
class Case:
    """One pair to be rendered and compared."""

    part: str
    seed: int
    response: float = 0.0
    kind: str = ""

    @property
    def name(self) -> str:
        """Its name in the folder of finished cases."""
        return f"{self.part}-{self.kind}{self.seed}"


def plan() -> tuple[Case, ...]:
    """All cases. Lamps that moved a little are what the gate sees least, so there are most."""
    first = TUNING.start
    return (
        *(Case("treated", first + i, RESPONSES[i % len(RESPONSES)]) for i in range(70)),
        *(Case("treated", first + 700 + i, RESPONSES[i % len(RESPONSES)]) for i in range(60)),
        *(Case("retest", first + 100 + i) for i in range(50)),
        *(Case("retest", first + 800 + i) for i in range(60)),
        *(Case("confounder", first + 200 + i, kind=CONFOUNDERS[i % 9]) for i in range(90)),
        *(Case("confounder", first + 300 + i, kind="light") for i in range(110)),
        *(
            Case("confounder", first + 420 + i, kind=kind)
            for i, kind in enumerate(
                ("pose", "focus", "compression", "makeup", "tan", "redness") * 13
            )
        ),
    )


def run_case(case: Case, folder: Path) -> dict[str, Any]:
    """Render and compare one pair, or read what was found before."""
    file = folder / f"{case.name}.json"
    if file.is_file():
        return dict(json.loads(file.read_text(encoding="utf-8")))
    before, after = _photograph(case)
    photos = (read_photo(r.rgb, mm_per_px=_MM_PER_PX) for r in (before, after))
    change = compare(*photos, refuse=False)
    row = {"part": case.part, "kind": case.kind, "seed": case.seed, "light": before.light}
    row |= {"comparable": change.comparable, "reasons": change.comparability.codes}
    row |= {"spread": change.comparability.spread, "se": change.amount.se}
    row |= {"figures": dict(change.comparability.figures), **_found(change)}
    row |= _truth(change, before, after)
    write_bytes(file, json.dumps(row).encode("utf-8"))
    return row


def _photograph(case: Case) -> tuple[Rendered, Rendered]:
    if case.part == "treated":
        return treated_pair(case.seed, case.response)
    if case.part == "retest":
        return retest_pair(case.seed)
    kind: Confounder = next(name for name in CONFOUNDERS if name == case.kind)
    return confounder_pair(case.seed, kind)


def _found(change: Change) -> dict[str, Any]:
    measures = change.measures.set_index("measure")[["before", "after"]]
    # What only the later photo shows has no earlier volume to be a share of.
    known = change.scars[change.scars["before_id"].notna()]
    scars = known[["volume_change_pct", "noise_pct"]].dropna().to_numpy() / 100
    return {
        "noise": change.amount.noise,
        "doubt": change.amount.doubt,
        "network": change.amount.network,
        "relief": change.amount.relief,
        "change": change.amount.change,
        "measures": {str(n): row.tolist() for n, row in measures.iterrows()},
        "scars": scars.tolist(),
    }


def _truth(change: Change, before: Rendered, after: Rendered) -> dict[str, Any]:
    """True relative change of volume over the common skin."""
    if change.pair is None:
        return {"true": math.nan}
    grid, region = change.pair.grid, change.pair.region
    rows, cols = np.indices(grid.shape, dtype=np.float32)
    here = grid.to_photo(cols, rows)
    places = np.stack([axis.ravel() for axis in here], axis=1)
    there = true_places(before, after, places).reshape(*grid.shape, 2).astype(np.float32)
    volumes = [
        _micrometres(photo, where)[region].sum()
        for photo, where in ((before, here), (after, (there[..., 0], there[..., 1])))
    ]
    return {"true": float(volumes[1] / volumes[0] - 1) if volumes[0] > 0 else math.nan}


def _micrometres(
    photo: Rendered, where: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> NDArray[np.int32]:
    return labels_over(np.rint(photo.depth_mm * 1000).astype(np.int32), where)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tune_change")
    parser.add_argument("--out", type=Path, required=True, help="where finished cases are kept")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--write", action="store_true", help=f"write {errors.FILE}")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = list(_run(options.out, options.workers))
    table = pd.DataFrame(rows)
    found = _errors(table)
    for line in (*_gate(table), *_weights(table), *_held(table, found)):
        print(line)
    print(_primary(found))
    if options.write:
        file = Path(errors.__file__).with_name(errors.FILE)
        text = json.dumps(_rounded(found.to_json()), indent=1) + "\n"
        write_bytes(file, text.encode("utf-8"))
        print(file)
    return 0


def _run(folder: Path, workers: int) -> Iterator[dict[str, Any]]:
    cases = plan()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        work = partial(run_case, folder=folder)
        for done, row in enumerate(pool.map(work, cases, chunksize=4), start=1):
            if done % 50 == 0:
                print(f"[{done}/{len(cases)}]", file=sys.stderr, flush=True)
            yield row


def _gate(table: pd.DataFrame) -> Iterator[str]:
    """How many pairs of each kind pass, and how far those are off in which nothing changed."""
    kinds = table["kind"].where(table["part"] == "confounder", table["part"])
    yield pd.crosstab(kinds, table["comparable"]).to_string()
    calm = table[table["part"] != "treated"]
    for verdict, group in calm.groupby("comparable"):
        off = 100 * group["change"].abs()
        yield (
            f"{verdict}: {len(group)} pairs in which nothing changed read "
            f"{off.mean():.1f} points off, 98 % of them up to {off.quantile(0.98):.1f}"
        )


def _weights(table: pd.DataFrame) -> Iterator[str]:
    """Least squares of the true change on both readings, and what each alone would do."""
    known = table[(table["part"] != "confounder") & (table["comparable"] != "no")]
    known = known.dropna(subset=["true", "network", "relief"])
    true = known["true"].to_numpy()
    for names in (["network", "relief"], ["network"], ["relief"]):
        readings = known[names].to_numpy()
        weights = np.linalg.lstsq(readings, true, rcond=None)[0]
        off = 100 * np.abs(readings @ weights - true)[(known["part"] == "treated").to_numpy()]
        yield f"weights of {names}: {weights.round(2)}, treated pairs {off.mean():.1f} points off"
    off = 100 * (known["change"] - known["true"]).abs()[known["part"] == "treated"]
    yield f"as it is: treated pairs {off.mean():.1f} points off"


def _errors(table: pd.DataFrame) -> errors.MeasurementError:
    calm = table[table["part"] != "treated"]
    groups = {
        "retest": calm[(calm["part"] == "retest") & (calm["comparable"] != "no")],
        "yes": calm[(calm["comparable"] != "no") & (calm["spread"] == "yes")],
        "caution": calm[(calm["comparable"] != "no") & (calm["spread"] == "caution")],
    }
    spreads = {kind: dict(_spreads(group, _LEAST_MDC95[kind])) for kind, group in groups.items()}
    pairs = int((calm["comparable"] != "no").sum())
    share = errors.Spread(0.0, _reading_share(table))
    for kind in ("yes", "caution"):
        spreads[kind][errors.READING] = share
    return errors.MeasurementError("scarscope", pairs, spreads)


def _reading_share(table: pd.DataFrame) -> float:
    """What readings of true changes are off by beyond pairs without change, as a share of it."""
    known = table[(table["part"] == "treated") & (table["comparable"] != "no")]
    known = known.dropna(subset=["true", "change"])
    off, true = (known["change"] - known["true"]).to_numpy(float), known["true"].to_numpy(float)
    changed = np.abs(true) > _CHANGED
    still = np.mean(off[~changed] ** 2)
    beyond = np.sum(off[changed] ** 2 - still) / np.sum(true[changed] ** 2)
    return math.sqrt(max(0.0, float(beyond)))


def _burden_mdc(row: pd.Series, found: errors.MeasurementError) -> float:
    """MDC95 of a pair's burden as a share of the earlier one, as a comparison states it."""
    before, after = row["measures"]["burden_um"]
    if before <= 0:
        return math.nan
    mdc = found.mdc95(
        "burden_um", (before + after) / 2, comparable=row["spread"], noise=before * row["noise"]
    )
    return math.hypot(mdc / before, row["doubt"])


def _held(table: pd.DataFrame, found: errors.MeasurementError) -> Iterator[str]:
    """Whether MDC95 holds where nothing changed, and what it lets be seen where something did."""
    known = table[table["comparable"] != "no"]
    known = known.assign(mdc=[_burden_mdc(row, found) for _, row in known.iterrows()])
    known = known.dropna(subset=["change", "mdc"])
    calm = known[known["part"] != "treated"]
    for verdict, group in calm.groupby("spread"):
        ratio = (group["change"].abs() / group["mdc"]).sort_values(ascending=False)
        worst = [f"{group.loc[k, 'part']} {group.loc[k, 'seed']}" for k in ratio.index[:4]]
        yield (
            f"{verdict}: MDC95 {100 * group['mdc'].median():.1f} % (median), exceeded in "
            f"{100 * (ratio > 1).mean():.1f} % of pairs; closest {ratio.head(4).round(2).tolist()} "
            f"of it ({', '.join(worst)})"
        )
    treated = known[known["part"] == "treated"].dropna(subset=["true"])
    beyond = treated[treated["true"].abs() > treated["mdc"]]
    called = (beyond["change"].abs() > beyond["mdc"]) & (beyond["change"] * beyond["true"] > 0)
    off = (treated["change"] - treated["true"]).abs()
    se = np.hypot(treated["mdc"] / errors.Z95, treated["se"])
    yield (
        f"treated: {100 * len(beyond) / len(treated):.0f} % truly beyond MDC95, "
        f"{100 * called.mean():.0f} % of those called; true change within MDC95 "
        f"{100 * (off <= treated['mdc']).mean():.0f} %, within 1.96 SE "
        f"{100 * (off <= errors.Z95 * se).mean():.0f} %"
    )


def _spreads(group: pd.DataFrame, least: float) -> Iterator[tuple[str, errors.Spread]]:
    names = sorted({name for measures in group["measures"] for name in measures})
    for name in names:
        values = np.array([measures[name] for measures in group["measures"]], dtype=np.float64)
        noise = group["noise"].to_numpy(float) * values[:, 0] if name in _WITH_NOISE else None
        spread = errors.fit_spread(values[:, 0], values[:, 1], noise)
        if name in _WITH_NOISE:
            spread = replace(spread, relative=max(spread.relative, least / errors.Z95))
        if name in _MARKS:  # one mark of the least size may be chance
            spread = replace(spread, absolute=max(spread.absolute, LEAST_MM2 / errors.Z95))
        visit = (group["part"] != "retest").to_numpy()
        spread = _for_visits(
            spread, values, np.zeros(len(group)) if noise is None else noise, visit
        )
        if not math.isnan(spread.absolute):
            yield name, spread
    scars = np.concatenate([np.reshape(scars, (-1, 2)) for scars in group["scars"]])
    yield errors.SCAR, _scar_spread(*scars.T)


def _for_visits(
    spread: errors.Spread,
    values: NDArray[np.float64],
    noise: NDArray[np.float64],
    visit: NDArray[np.bool_],
) -> errors.Spread:
    """A spread that visits do not exceed either, in the mean of squares.

    Retests outnumber pairs in which a lamp moved or the skin tanned, as it does between visits, and
    would decide alone.
    """
    if np.count_nonzero(visit) < _LEAST_VISITS:
        return spread
    mean = values.mean(axis=1)
    sd = np.array([spread.sd(m, n) for m, n in zip(mean, noise, strict=True)])
    ratio = ((values[:, 1] - values[:, 0]) / np.maximum(sd, _NOTHING))[visit]
    factor = max(1.0, math.sqrt(float(np.nanmean(ratio**2))))
    return errors.Spread(spread.absolute * factor, spread.relative * factor, spread.noise * factor)


def _scar_spread(change: NDArray[np.float64], noise: NDArray[np.float64]) -> errors.Spread:
    """The spread of single scars that holds 95 % of them, whatever their noise.

    Their errors have heavy tails: what is fitted is the 95th percentile in tenths by noise.
    """
    tenth = np.argsort(np.argsort(noise)) * 10 // len(noise)
    size = np.array([np.quantile(np.abs(change[tenth == k]), 0.95) for k in range(10)])
    middle = np.array([np.median(noise[tenth == k]) for k in range(10)])
    parts = np.stack([np.ones(10), middle**2], axis=1) / size[:, None] ** 2
    shares, _ = nnls(parts, np.ones(10))
    floor, factor = (np.sqrt(shares) / errors.Z95).tolist()
    return errors.Spread(0.0, floor, factor)


def _primary(found: errors.MeasurementError) -> str:
    lines = []
    for kind, table in found.spreads.items():
        for name in ("burden_um", "scar_area_fraction", "n_scars", errors.SCAR):
            spread = table[name]
            lines.append(
                f"{kind} {name}: {spread.absolute:.3g}, {100 * spread.relative:.1f} % and "
                f"{spread.noise:.2f} times the noise"
            )
    share = found.spreads["yes"][errors.READING].relative
    lines.append(f"readings of a true change: {100 * share:.0f} % of it")
    return "\n".join(lines)


def _rounded(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
