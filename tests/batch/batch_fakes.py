"""A scorer without the rooms before it: the bytes of a fake photo say what happens to it."""

import math
import os
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd

from scarscope.change import COLUMNS, Change, scar_columns
from scarscope.change.amount import Amount
from scarscope.change.gate import Comparability
from scarscope.change.measures import refused_table
from scarscope.change.reasons import Reason
from scarscope.errors import RegionError
from scarscope.flags import Flag
from scarscope.measures.model import Score
from scarscope.photo.model import Photo
from scarscope.scars.model import Scars, columns
from scarscope.skin.model import Grid, Skin


def make_study(folder: Path, content=None) -> Path:
    """Two subjects, two sessions; `content` replaces a photo's bytes by its path."""
    for subject in ("P01", "P02"):
        for session in ("s0", "s1"):
            path = f"{subject}/{session}/left.jpg"
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes((content or {}).get(path, f"good {path}".encode()))
    return folder


def fake_scorer(file, *, scale, roi, params, name):
    text = Path(file).read_bytes().decode("utf-8", errors="replace")
    word = text.partition(" ")[0]
    if word == "noskin":
        raise RegionError("No skin was found.", remedy="Frame the cheek.")
    if word == "bug":
        raise ZeroDivisionError("division by zero")
    if word == "memory":
        raise MemoryError
    if word == "exit":
        os._exit(7)
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "slow":
        time.sleep(0.5)
    return fake_score(text, scale, name)


def fake_score(text, scale, name):
    seed = sum(text.encode())
    rng = np.random.default_rng(seed)
    unit = "mm" if scale else "px"
    shape = (20, 30)
    photo = Photo(np.zeros((*shape, 3), np.float32), name, "0" * 64, scale)
    zeros = np.zeros(shape, np.float32)
    grid = Grid(shape, 1.0, scale.mm_per_px if scale else 1.0, 0.1, unit)
    region = np.ones(shape, bool)
    skin = Skin(photo, grid, photo.rgb, region, zeros, zeros, zeros, "auto", 30.0, {}, Flag.NONE)
    count = 0 if text.startswith("clear") else 1 + seed % 3
    labels = np.zeros(shape, np.int32)
    rows = []
    for k in range(1, count + 1):
        labels[k * 4, 3:9] = k
        values = [k, "boxcar", 0.1, 0.8, 0.1, 5.0, 4.0 * k, *rng.random(7), 0.9]
        rows.append(dict(zip(columns(unit), values, strict=True)))
    table = pd.DataFrame(rows, columns=list(columns(unit)))
    depth = np.where(labels > 0, np.float32(0.123), np.float32(0))
    scars = Scars(skin, labels, depth, table, "fake", {}, Flag.NONE)
    flags = Flag.AUTO_REGION if scale else Flag.AUTO_REGION | Flag.NO_SCALE
    values = {
        f"roi_area_{unit}2": np.float64(rng.random() * 1e4),
        "n_scars": np.int64(count),
        "burden_um" if scale else "burden_px": float(rng.random()),
        "grade": "<=1",
        "nothing": float("nan"),
    }
    return Score(scars=scars, values=values, flags=flags)


def fake_comparer(before, after, *, days, error, params):
    """Burden is the number in a fake photo's bytes; a word in the later one says what happens."""
    first, second = (Path(shot.file).read_text().split() for shot in (before, after))
    if "pairbug" in second:
        raise ZeroDivisionError("division by zero")
    if "pairkill" in second:
        os._exit(7)
    soon = min((d for d in days if not math.isnan(d)), default=99) < params.change.unusable_days
    told = Comparability("no" if soon else "yes", (Reason("TOO_SOON", "no"),) if soon else (), {})
    table = refused_table("mm", told) if soon else _fake_measures(first, second, error)
    scars = pd.DataFrame(columns=list(scar_columns("mm")))
    return Change(told, None, table, scars, Amount(*[math.nan] * 4), (before.path, after.path))


def _fake_measures(first, second, error):
    one, two = (next(float(w) for w in words if w[0].isdigit()) for words in (first, second))
    mdc = error.mdc95("burden_um", (one + two) / 2, comparable="yes")
    change = two - one
    verdict = (
        "no detectable change" if abs(change) <= mdc else "improved" if change < 0 else "worse"
    )
    name = "burden_px" if "px" in second else "burden_um"
    burden = ["yes", "", name, one, two, change, 100 * change / one, 0.1, mdc, error.source]
    count = ["yes", "", "n_scars", 1.0, 2.0, 1.0, 100.0, math.nan, math.nan, "", ""]
    return pd.DataFrame([[*burden, verdict], count], columns=list(COLUMNS))


def fake_painter(score, path):
    Path(path).write_bytes(b"overlay of " + score.scars.skin.photo.name.encode())


def worker_environment(names):
    return {name: os.environ.get(name) for name in names}
