"""Write the model card of the learned segmenter: docs/model-card.md and its pictures.

python3 tasks.py card                 from the validation run in validation/, and draw failures
python3 tasks.py card -- --log FILE   the same, with log.csv of a new training run
python3 tasks.py card -- --second DIR   the same, with a new evaluation on the second renderer
python3 tasks.py card -- --text       the page again, from what the last run gathered
python3 tasks.py card -- --check      exit status 1 where the page is not current
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from model_card_figures import (
    against_the_bars,
    by_stratum,
    failures,
    faults,
    second_renderer,
)
from model_card_gather import gather
from model_card_inputs import (
    FOLDER,
    GATHER,
    ROOT,
    SECOND,
    TRAIN,
    VALIDATE,
    Inputs,
    read_inputs,
)

from scarscope.batch.write import write_bytes
from scarscope.errors import ScarScopeError
from scarscope.params import NetworkParams
from scarscope.scars.channels import COUNT, NETWORK_MM
from scarscope.training.example import SIDE_MM
from scarscope.training.store import BLOCK
from scarscope.validation.page import Block, Heading, Picture, Table, Text, to_markdown
from scarscope.validation.plots import curve_plot

DOCS = ROOT / "docs"
RUN = ROOT / "validation"
_EARLY = 0.05  # share of a run whose losses would flatten the curve of the rest
_SMOOTH = 9  # lines of the log, each of which is one batch's
_JUDGED = {"test_dice": "Dice", "test_spearman": "Spearman of burden", "test_type": "type right"}

_NOTE = """\
Written by `python3 tasks.py card` from `network.json`, the training log, `docs/validation.json` and
`docs/second-renderer.json`: every figure comes from there, none is typed. Do not edit this page."""
_FOR = """\
It outlines atrophic acne scars (icepick, boxcar, rolling) in colour photos of skin and estimates
how deep they are, so that a study can follow the same skin over time under the same light. It is
one of two segmenters of ScarScope; the other, `relief`, needs no learning."""
_NOT_FOR = """\
- It is **research software, not a medical device**. It is not for diagnosis, not for choosing or
  judging the treatment of a patient, and not for a regulated purpose.
- **It has seen no photo of a person**: not in training, not in calibration, not in the figures on
  this page. All truth is simulated. How right it is on real skin is not known from here.
- It has been held against no rater and no instrument that measures depth; nothing here says how it
  compares with people.
- It is not for raised scars, for other diseases of the skin, or for telling scars from acne.
- Depth is read from shading under an unknown light: it is an estimate, and photos under different
  lights must not be compared. Differences between tones below are its own, not people's.
- It is not for recognising people or for judging how they look."""
_GOES_IN = """\
**In**: a photo in linear light, averaged to {mm:.2f} mm/px by the scale that was stated for it, as
{count} channels: log red, green and blue against their own surroundings, and the surroundings
themselves. Without a stated scale the size of skin in the photo is guessed, and figures are in
pixels.

**Out**, for every {cell:.1f} mm: how likely it is part of a scar, how much depth is missing and
how uncertain that is, the type, whether it is plain skin at all (hair, lips, glare), and how close
it is to the deepest point of its own scar, by which touching scars are told apart. ScarScope cuts
these maps into scars with outline, depth, volume, probabilities of type and a confidence each.

Photos of few squares, such as close-ups, are read {ways} ways (upright, turned by half a turn,
both mirrored), and the mean counts; of larger ones, such as whole faces, one square in {turned} is
read a second time, turned. Where the upright and the turned reading differ much, the photo is
flagged `UNSTABLE_READING` ([flags.md](flags.md))."""
_DATA = """\
{examples} examples of {side:.1f} mm of skin, each seen {passes} times and changed anew each time
(turned, relit, recoloured, covered, blurred, sharpened, compressed). They are drawn by
[`scarscope.phantom`](phantom.md), wider than people's skin and photos are: depths, textures, tones
from very light to dark, lights that a study would use and lights that nobody would, hairs, marks,
poses, cameras. Some are crops of whole faces, which teach what is no skin. There is no photo of a
person in them, and nobody else's data."""
_BEFORE = """\
Learning went on from earlier weights of this repository, which saw other examples from the same
range of seeds: {runs}."""
_RUN_BEFORE = "`{name}` {version} ({examples} examples, each seen {passes} times; {duration})"
_UNCERTAIN = """\
The network states a standard deviation for the depth at every place. It learned that from its
own errors (Gaussian likelihood, which does not bend the depth itself: Seitzer 2022). On {photos}
photos of the stopping seeds, depths were then divided by the probability of a scar (within
outlines a depth is that of a scar), and multiplied by {scale:g}, so that they add up to the true
volume, midway between that of all skin, with what is expected beside the outlines, and that of
found scars which the frame does not cut; standard deviations by {sd:g}, so that depth ± 1.645
standard deviations holds the true depth of 90 % of the scars found. That is an average over
depths: intervals are wide for common depths and miss most of the deepest scars (table by depth
below). These photos are scarred as densely as those that the bars are about, so that what adds up
there need not on skin with fewer or more scars. The same photos chose the thresholds below. A
burden's standard deviation takes the errors of one photo's scars to go the same way, since they
share its light, and what is expected beside them to be as uncertain as it is large."""
_AGAIN = """\
With `pip install -e ".[train]"`, two commands make the weights again, where DIR is any folder and
BEFORE one with the earlier weights and their card, from this repository's history (where they are,
`scarscope/training/shipped.toml` says):"""
_AGAIN_NOTE = """\
One version of the phantom draws the same examples everywhere; the weights are the same, bit for
bit, only on the same kind of processor with as many threads (`--threads`) and the same version of
PyTorch. The shipped weights' examples were drawn at commit 764cad4. After a run,
`{validate}` and `{second}` make the figures, and
`{gather} -- --log DIR/log.csv --second STUDY` this page."""
_TUNE = """\
With photos in which every scar is drawn (masks, LabelMe or COCO files), laid out as for a batch:

    scarscope train photos drawn --out weights
    scarscope batch photos --out results --weights weights

The first goes on from the shipped weights, holds whole people out, and says whether the new weights
are any better on these (`scarscope train --help`). Weights made so have no card but what is in
their `network.json`: the figures on this page are not theirs."""
_LICENCE = """\
Code and weights: BSD-3-Clause, see [LICENSE](../LICENSE). The weights were made by this repository
alone, from no other weights and no other data."""


def blocks_of(inputs: Inputs) -> list[Block]:
    """The whole card."""
    return [
        Heading("Model card: the learned segmenter", 1),
        Text(_NOTE),
        _identity(inputs),
        Heading("What it is for"),
        Text(_FOR),
        Heading("What it must not be used for"),
        Text(_NOT_FOR),
        Heading("What goes in, what comes out"),
        Text(_goes_in()),
        Heading("How it was made"),
        *_training(inputs),
        Heading("Uncertainty and thresholds"),
        *_calibration(inputs),
        Heading("How right it is"),
        *against_the_bars(inputs),
        *by_stratum(inputs),
        Heading("On skin that it was not made for"),
        *second_renderer(inputs),
        Heading("Known faults"),
        faults(inputs),
        *failures(inputs),
        Heading("Make it again"),
        Text(_AGAIN),
        Text("\n".join(f"    {command}" for command in TRAIN)),
        Text(_AGAIN_NOTE.format(validate=VALIDATE, second=SECOND, gather=GATHER)),
        Heading("Fit it to photos of your own"),
        Text(_TUNE),
        Heading("Licence"),
        Text(_LICENCE),
    ]


def _goes_in() -> str:
    params = NetworkParams()
    told = {"turned": params.turned_every, "ways": params.most_ways}
    return _GOES_IN.format(mm=NETWORK_MM, count=COUNT, cell=2 * NETWORK_MM, **told)


def _identity(inputs: Inputs) -> Table:
    card, about = inputs.card, inputs.about
    rows = [
        ("weights", f"`{card.name}` {card.version}, digest `{card.digest}`"),
        ("file", f"`scarscope/scars/weights/network.onnx`, {inputs.megabytes:.1f} MB"),
        ("trained", f"{about['date']} by {about['software']}, PyTorch {about['torch']}"),
        ("runs on", "the processor, by OpenCV's own engine; no graphics card, no network"),
        ("figures from", f"ScarScope {inputs.summary['version']}, `docs/validation.json`"),
    ]
    return Table(("", ""), tuple(rows))


def _training(inputs: Inputs) -> list[Block]:
    params = inputs.about["params"]
    data = _DATA.format(
        examples=thousands(params["blocks"] * BLOCK), side=SIDE_MM, passes=params["passes"]
    )
    told = list(_before(inputs.about))
    earlier = [Text(_BEFORE.format(runs="; ".join(told)))] if told else []
    return [Text(data), *earlier, _seeds(inputs), _run(inputs), *_curves(inputs)]


def _before(about: Mapping[str, Any]) -> Iterator[str]:
    """Each run that the weights went on from, the last one first."""
    while "before" in about:
        about = about["before"]
        params = about["params"]
        yield _RUN_BEFORE.format(
            name=about["name"],
            version=about["version"],
            examples=thousands(params["blocks"] * BLOCK),
            passes=params["passes"],
            duration=duration(about["seconds"]),
        )


def _seeds(inputs: Inputs) -> Table:
    about = inputs.about["seeds"]
    rows = [
        (told, f"{low} to {high}")
        for told, (low, high) in (
            ("the weights", about["training"]),
            ("thresholds, calibration, design", about["stopping"]),
            ("nothing: the figures below", inputs.summary["seeds"]),
            ("nothing: figures of the second renderer", inputs.second["seeds"]),
        )
    ]
    return Table(("what was decided by it", "seeds"), tuple(rows))


def _run(inputs: Inputs) -> Table:
    about, params = inputs.about, inputs.about["params"]
    planned = params["passes"] * (params["blocks"] * BLOCK // params["batch"])
    of = "" if planned == about["step"] else f" of {thousands(planned)} planned"
    widths = ", ".join(str(width) for width in params["widths"])
    rows = [
        ("network", f"U-Net of residual blocks, features {widths} at 0.2 to 3.2 mm"),
        ("steps", f"{thousands(about['step'])}{of}, {params['batch']} examples each"),
        (
            "learning",
            f"AdamW, rate up to {params['rate']:g}, warm-up {params['warmup']} steps, cosine to 0, "
            f"weight decay {params['decay']:g}; the shipped weights are a running average",
        ),
        ("seed of weights, order, changes", str(params["seed"])),
        ("parameters", f"`scarscope/training/shipped.toml`, hash `{about['params_hash']}`"),
        ("time", f"{duration(about['seconds'])}; examples are drawn meanwhile"),
        ("hardware", "; then ".join(hardware(each) for each in about["hardware"])),
        ("versions", f"{about['software']}, PyTorch {about['torch']}, OpenCV {about['opencv']}"),
    ]
    return Table(("", ""), tuple(rows))


def thousands(count: int) -> str:
    """A large number as people read it."""
    return f"{count:,}".replace(",", " ")


def duration(seconds: float) -> str:
    """Hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def hardware(told: Mapping[str, Any]) -> str:
    """What a run learned on, in words."""
    threads = told["threads"]
    by = "" if threads is None else f", {threads} thread{'s' * (threads != 1)}"
    on = f"{told['processor']}, {told['cores']} cores{by} ({told['system']})"
    return on if told["device"] == "processor" else f"{told['device']}, beside {on}"


def _curves(inputs: Inputs) -> list[Block]:
    log, weights = inputs.log, inputs.about["params"]["weights"]
    shows = (
        f"Loss while learning (mean of {_SMOOTH} lines of the log), and of the averaged weights on "
        "the stopping seeds"
    )
    blocks: list[Block] = [Picture("loss.svg", _losses(log, weights).encode(), shows)]
    judged = {title: _judged(log, name) for name, title in _JUDGED.items() if name in log}
    if judged:
        title = "On the stopping seeds"
        text = curve_plot(judged, title=title, x_name="step", y_name="figure")
        told = "By pixel, of the averaged weights, on examples that nothing was learned from"
        blocks.append(Picture("stopping.svg", text.encode(), told))
    return blocks


def _judged(log: pd.DataFrame, name: str) -> tuple[Any, Any]:
    known = log[["step", name]].dropna()
    return known["step"].to_numpy(float), known[name].to_numpy(float)


def _losses(log: pd.DataFrame, weights: Mapping[str, float]) -> str:
    step, total = _total(log, weights, "")
    smooth = pd.Series(total).rolling(_SMOOTH, center=True, min_periods=1).mean()
    curves = {"learning": (step, smooth.to_numpy(float))}
    if all(f"test_{name}" in log for name in weights):
        curves["stopping seeds"] = _total(log, weights, "test_")
    late = [y[x > _EARLY * x.max()] for x, y in curves.values() if len(x)]
    low, high = (float(f(np.concatenate(late))) for f in (np.min, np.max))
    margin = max(0.05 * (high - low), 1e-3)
    ends = {"low": math.floor(5 * (low - margin)) / 5, "high": math.ceil(5 * (high + margin)) / 5}
    title = "Weighted sum of all losses"
    return curve_plot(curves, title=title, x_name="step", y_name="loss", **ends)


def _total(log: pd.DataFrame, weights: Mapping[str, float], prefix: str) -> tuple[Any, Any]:
    parts = log[["step", *(f"{prefix}{name}" for name in weights)]].dropna()
    total = sum(weight * parts[f"{prefix}{name}"] for name, weight in weights.items())
    return parts["step"].to_numpy(float), np.asarray(total, dtype=float)


def _calibration(inputs: Inputs) -> list[Block]:
    card = inputs.card
    told = _UNCERTAIN.format(
        photos=inputs.about["calibrated_on"], scale=card.depth_scale, sd=card.sd_factor
    )
    rows = (
        ("`scar_threshold`", f"{card.scar_threshold:g}", "least probability of a scar's cells"),
        ("`core_peak`", f"{card.core_peak:g}", "least height of a scar's middle"),
        ("`core_saddle`", f"{card.core_saddle:g}", "two middles are one scar above this saddle"),
        ("`core_smooth_mm`", f"{card.core_smooth_mm:g}", "blur before middles are looked for, mm"),
    )
    return [Text(told), Table(("threshold", "value", "meaning"), rows)]


def files_of(docs: Path) -> dict[str, bytes]:
    """What the card consists of beyond what was gathered: file below `docs` and content.

    Raises
    ------
    ScarScopeError
        If something that the card is made from is missing, or belongs to other weights.
    """
    blocks = blocks_of(read_inputs(docs))
    pictures = [block for block in blocks if isinstance(block, Picture)]
    files = {f"{FOLDER}/{picture.name}": picture.data for picture in pictures}
    return {**files, "model-card.md": to_markdown(blocks, folder=FOLDER).encode()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write the learned segmenter's model card.")
    parser.add_argument("--validation", type=Path, default=RUN, help="output of the validation")
    parser.add_argument("--log", type=Path, help="log.csv of the training run, to be kept")
    parser.add_argument("--second", type=Path, help="second renderer's study, evaluated")
    parser.add_argument("--text", action="store_true", help="gather nothing, write the page only")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--docs", type=Path, default=DOCS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        if not (options.text or options.check):
            gather(options.validation, options.docs, log=options.log, study=options.second)
        return _write(options.docs, check=options.check)
    except ScarScopeError as error:
        print(f"model_card.py: {error}", file=sys.stderr)
        return 1


def _write(docs: Path, *, check: bool) -> int:
    files = files_of(docs)
    stale = [name for name, data in files.items() if read(docs / name) != data]
    for name in stale:
        if check:
            print(f"docs/{name} is not current: run `python3 tasks.py card -- --text`")
        else:
            write_bytes(docs / name, files[name])
            print(f"docs/{name}")
    return int(check and bool(stale))


def read(file: Path) -> bytes:
    """A file as it stands, without a checkout's line ends; empty where there is none."""
    data = file.read_bytes() if file.is_file() else b""
    return data if file.suffix == ".jpg" else data.replace(b"\r\n", b"\n")


if __name__ == "__main__":
    sys.exit(main())
