"""How much relief of each scar a photo shows: rendered again with every scar filled.

    python -m benchmarks.second_renderer.evidence --out DIR [--workers 2]

The difference of both photos is what the relief of its scars does to a photo; the scars' own colour
and worn lines are in both. Set against it is how uneven the skin looks by itself at a scar's size,
after what its colour tells of pigment is taken off. The ratio is a contrast, not a limit of
detection: a wide scar has many places that add up. The ranks below are what somebody would reach
who reads some scars without error and none of the fainter ones: they say how much hangs on
these, and bound nothing. What photos differ by far from any scar (noise, compression) is the floor.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import spearmanr

from scarscope.phantom.store import replace_bytes
from scarscope.photo.colour import srgb_to_linear

from .photo import MARGIN_MM, photograph
from .pits import draw_pits
from .render_set import add_options, render_set, shots_of
from .sheet import Sheet
from .shot import Quality, Shot
from .store import path_of

Field = NDArray[np.float32]

# Band of a scar's own shading, as shares of its width: finer is texture, broader the face's form.
_FINE, _BROAD = 0.2, 1.2
_LEAST_WIDTH_MM = 1.0
_AROUND_MM = 0.5  # walls reach a little beyond an outline
_FAR_MM = 3.0  # from any scar
_DARKEST = 0.004  # of linear light, before logarithms
_LIMITS = (0.25, 0.5, 1.0)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.second_renderer.evidence", description=__doc__
    )
    add_options(parser)
    options = parser.parse_args(arguments)
    shots, quality = shots_of(options), Quality()
    render_set(options.out, shots, workers=options.workers, quality=quality)
    scarred = [shot for shot in shots if shot.subject == "scars"]
    level(options.out, scarred, quality, workers=options.workers)
    scars = pd.concat([evidence(options.out, shot) for shot in scarred], ignore_index=True)
    target = options.out / "evidence.csv"
    scars.to_csv(target, index=False, float_format="%.4g", lineterminator="\n")
    show(scars)
    print(f"{len(scars)} scars of {len(scarred)} photos; all of them stand in {target}")
    return 0


def level(out: Path, shots: Sequence[Shot], quality: Quality, *, workers: int) -> None:
    """Render what is missing of the same photos with every scar filled."""
    wanted = [shot for shot in shots if not _level_path(out, shot).is_file()]
    # A fresh process each: Mitsuba's threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        done = pool.map(partial(_level_one, out, quality), wanted)
        for number, path in enumerate(done, start=1):
            print(f"{number} of {len(wanted)}  {path}", file=sys.stderr, flush=True)


def _level_one(out: Path, quality: Quality, shot: Shot) -> str:
    sheet = Sheet.of_side(quality.view_mm + MARGIN_MM, quality.step_mm)
    pits = draw_pits(shot, sheet, quality.view_mm)
    bare = replace(pits, missing=np.zeros_like(pits.missing), rim=np.zeros_like(pits.rim))
    replace_bytes(_level_path(out, shot), photograph(shot, quality, pits=bare).jpeg)
    return path_of(shot)


def _level_path(out: Path, shot: Shot) -> Path:
    return out / "truth" / "level" / path_of(shot)


def evidence(out: Path, shot: Shot) -> pd.DataFrame:
    """One row a scar: what its relief does to the photo, beside what the skin does by itself."""
    path = path_of(shot)
    shown, bare = (_log_light(file) for file in (out / path, _level_path(out, shot)))
    with Image.open(out / "truth" / "masks" / f"{path}.png") as mask:
        labels = np.asarray(mask)
    table = pd.read_csv(out / "truth" / "scars.csv")
    far = ~_grown(labels > 0, _FAR_MM / shot.mm_per_px)
    rows = []
    for scar in table[table["path"] == path].to_dict(orient="records"):
        own = labels == scar["scar_id"]
        if not own.any():
            continue
        width = max(float(scar["width_mm"]), _LEAST_WIDTH_MM) / shot.mm_per_px
        signal = _band(shown[..., 1] - bare[..., 1], width)
        around = _grown(own, _AROUND_MM / shot.mm_per_px)
        skin = _beside_colour(bare, width)
        rows.append(
            {
                "path": path,
                "light": shot.light,
                "type": scar["type"],
                "volume_mm3": scar["volume_mm3"],
                "relief": _rms(signal[around]),
                "skin": _rms(skin),
                "floor": _rms(signal[far]) if far.any() else math.nan,
            }
        )
    return pd.DataFrame(rows)


def _log_light(file: Path) -> Field:
    """Natural logarithm of linear red, green and blue."""
    with Image.open(file) as photo:
        light = srgb_to_linear(np.asarray(photo.convert("RGB")))
    return np.log(np.maximum(light, _DARKEST)).astype(np.float32)


def _band(image: Field, width: float) -> Field:
    fine, broad = (cv2.GaussianBlur(image, (0, 0), share * width) for share in (_FINE, _BROAD))
    return np.asarray(fine - broad)


def _beside_colour(light: Field, width: float) -> NDArray[np.float64]:
    """Unevenness of green that red and blue against green do not explain."""
    red, green, blue = (_band(np.ascontiguousarray(light[..., k]), width).ravel() for k in range(3))
    told = np.stack([red - green, blue - green], axis=1).astype(np.float64)
    weights, *_ = np.linalg.lstsq(told, green.astype(np.float64), rcond=None)
    return np.asarray(green - told @ weights)


def _grown(mask: NDArray[np.bool_], by: float) -> NDArray[np.bool_]:
    size = 2 * round(by) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) > 0)


def _rms(values: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def show(scars: pd.DataFrame) -> None:
    """Print the evidence by light and type, and what ranks are left without the faint ones."""
    told = scars.assign(ratio=scars["relief"] / scars["skin"])
    groups = told.groupby(["type", "light"])
    table = groups.agg(
        scars=("ratio", "size"),
        relief=("relief", "median"),
        floor=("floor", "median"),
        ratio=("ratio", "median"),
    )
    for limit in _LIMITS:
        hidden = told["volume_mm3"].where(told["ratio"] < limit, 0.0)
        share = hidden.groupby([told["type"], told["light"]]).sum() / groups["volume_mm3"].sum()
        table[f"volume below {limit:g}, %"] = 100 * share
    print(table.round(3).to_string())
    for line in _bounds(told):
        print(line)


def _bounds(told: pd.DataFrame) -> Iterator[str]:
    true = told.groupby("path")["volume_mm3"].sum()
    for limit in _LIMITS:
        seen = told["volume_mm3"].where(told["ratio"] >= limit, 0.0).groupby(told["path"]).sum()
        rank = float(spearmanr(true, seen.reindex(true.index)).statistic)
        yield (
            f"all scars read without error, and nothing of those below {limit:g} of the skin's own "
            f"unevenness: rank correlation with the true volume {rank:.2f}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
