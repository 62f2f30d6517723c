"""Render, score, compare: how ScarScope does on skin that another hand drew.

    python -m benchmarks.second_renderer.evaluate --out DIR [--segmenter NAME]

Photos already rendered are kept. They are scored anew each time, since the store of a batch knows
its parameters and version but not a change of the code. The figures of a segmenter that was chosen
by them are no test: choose on `--tuning`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from scarscope.validation import Validation, validate
from scarscope.validation.few import FEW
from scarscope.validation.figures import FALSE_RATE
from scarscope.validation.result import draw_together

from .render_set import add_options, render_set, shots_of
from .shot import Quality

# Figure, heading, digits.
_SHOWN = (
    ("f1_3mm", "F1 at 3 mm", 2),
    ("f1_by_chance", "by chance", 2),
    ("precision_3mm", "precision", 2),
    ("recall_3mm", "recall", 2),
    ("dice", "Dice", 2),
    ("type_accuracy", "type right", 2),
    ("spearman_burden", "Spearman", 2),
    ("burden_bias_pct", "bias %", 0),
    ("depth_bias_um", "depth bias um", 0),
    ("false_per_10cm2", "false/10 cm2", 1),
)

# Of a figure's 95 % interval, drawn by photo, what its columns' names end in.
_ENDS = {"": "value", "_low": "low", "_high": "high"}


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.second_renderer.evaluate", description=__doc__
    )
    add_options(parser)
    parser.add_argument("--segmenter", help="passed on to `scarscope batch`; its own by default")
    parser.add_argument("--weights", type=Path, help="folder of weights, passed on too")
    parser.add_argument("--params", type=Path, help="parameter file, passed on too")
    options = parser.parse_args(arguments)
    render_set(options.out, shots_of(options), workers=options.workers, quality=Quality())
    results = score(options)
    found = parted(validate(results, options.out / "truth"), options.out / "truth")
    table = figures(found)
    target = results.with_suffix(".csv")
    table.to_csv(target, index=False, float_format="%.4g", lineterminator="\n")
    show(table)
    print(f"{len(found.photos)} photos; all of this stands in {target}")
    return 0


def score(options: argparse.Namespace) -> Path:
    """Run `scarscope batch` on the set; returns its results, which replace earlier ones."""
    results = Path(options.out) / f"results-{options.segmenter or 'default'}"
    if results.is_dir():
        shutil.rmtree(results)
    command = [sys.executable, "-m", "scarscope", "batch", str(options.out), "--out", str(results)]
    command += ["--workers", str(options.workers)]
    for name in ("segmenter", "weights", "params"):
        value = getattr(options, name)
        command += [f"--{name}", str(value)] if value is not None else []
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SystemExit(f"scarscope batch ended with status {done.returncode}.")
    return results


def parted(found: Validation, truth: Path) -> Validation:
    """The same with photos of few scars and of none apart, as in the standard set."""
    told = pd.read_csv(truth / "photos.csv", dtype={"path": "str"}).set_index("path")
    photos = found.photos.copy()
    own, shows = (photos["path"].map(told[name]) for name in ("scarring", "shows"))
    photos["set"] = own.map({"many": "scars", "few": "few", "none": "distractor"})
    photos["distractor"] = shows.where(~shows.isin(["scars", "clean"]), "")
    return draw_together(photos, found.scars, notes=found.notes)


def figures(found: Validation) -> pd.DataFrame:
    """One row a stratum: all photos, lights, tones, types of scar, what scar-free skin shows.

    Where scars are many; photos with few have rows of their own, whose ``by`` begins with
    :data:`FEW`.
    """
    few = found.photos["set"] == "few"
    rows = _figures(draw_together(found.photos[~few], found.scars))
    if few.any():
        alone = draw_together(found.photos[few].assign(set="scars"), found.scars)
        rows += [{**row, "by": f"{FEW}{row['by']}"} for row in _figures(alone)]
    names = [f"{name}{end}" for name, _, _ in _SHOWN for end in _ENDS]
    return pd.DataFrame(rows).reindex(columns=["by", "level", "photos", *names])


def _figures(found: Validation) -> list[dict[str, object]]:
    rows = [_row(found, *stratum) for stratum in _strata(found.photos)]
    own = found.figures[(found.figures["by"] == "type") & (found.figures["level"] != "")]
    # Of one type of scar, precision and recall are known, but not the figures of whole photos.
    for level, part in own.groupby("level", sort=True):
        values = part.set_index("figure")["value"]
        known = {name: values[name] for name, _, _ in _SHOWN if name in values}
        rows.append({"by": "type", "level": str(level), **known})
    return rows


def _row(found: Validation, by: str, level: str, photos: pd.DataFrame) -> dict[str, object]:
    scars = found.scars[found.scars["path"].isin(photos["path"])]
    part = draw_together(photos, scars)
    values = {
        f"{name}{end}": row[column]
        for name, row in part.figures[part.figures["by"] == "all"].set_index("figure").iterrows()
        for end, column in _ENDS.items()
    }
    # Over all scar-free skin, whatever it shows instead.
    rate = FALSE_RATE.of(photos[photos["set"] != "scars"])
    ends = {f"false_per_10cm2{end}": getattr(rate, column) for end, column in _ENDS.items()}
    return {"by": by, "level": level, "photos": len(photos), **values, **ends}


def _strata(photos: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    yield "all", "all", photos
    for by in ("light", "tone", "distractor"):
        for level, part in photos.groupby(by, sort=True):
            if level != "":
                yield by, str(level), part


def show(table: pd.DataFrame) -> None:
    """Print the table with headings that people read."""
    shown = table[["by", "level"]].copy()
    shown["photos"] = [f"{n:.0f}" if pd.notna(n) else "" for n in table["photos"]]
    for name, title, digits in _SHOWN:
        shown[title] = [f"{v:.{digits}f}" if pd.notna(v) else "–" for v in table[name]]
    print(shown.to_string(index=False))
    for by in ("all", f"{FEW}all"):
        for whole in table[table["by"] == by].to_dict(orient="records"):
            told = (
                f"{title} {whole[name + '_low']:.{digits}f} to {whole[name + '_high']:.{digits}f}"
                for name, title, digits in _SHOWN
                if pd.notna(whole[f"{name}_low"])
            )
            print(f"95 % intervals of {by}, drawn by photo: {', '.join(told) or 'none'}")


if __name__ == "__main__":
    raise SystemExit(main())
