"""Which way of photographing has the smaller measurement error: tried on simulated skin.

Every protocol photographs the same skin three times: before, again with nothing changed but what
the protocol leaves to chance (pose, lamp, exposure, noise), and after a treatment of known effect.
The first two tell the error, the third how much of a true change is seen: a flat light repeats
well because it shows little. What counts is the error over the share that is seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from scarscope.change import Change, compare
from scarscope.errors import ParamsError, StudyError
from scarscope.params import Params
from scarscope.phantom.healing import healed
from scarscope.phantom.noise import stream
from scarscope.phantom.pairs import SCARS_PER_CM2, draw_pose
from scarscope.phantom.recipe import Camera, Light, Pose, Recipe, Skin
from scarscope.phantom.render import Rendered, render
from scarscope.phantom.sampler import random_skin
from scarscope.photo import read_photo
from scarscope.scars import make_segmenter
from scarscope.scars.model import Segmenter
from scarscope.study.planning.protocol import ProtocolComparison, compare_protocols

SEEDS_FROM = 5_000_000  # beyond all ranges of scarscope.phantom.seeds: a forecast, no validation
_SEEDS_EACH = 1000  # skins that one seed of a plan can have
_MARGIN_MM = 11.0  # skin beyond the view, for re-posing
_STEEPEST_DEG = 80.0
_MEASURE = "burden_um"

PAIR_COLUMNS = (
    *("protocol", "skin", "kind", "ita_deg", "comparable", "reasons", "before", "after"),
    *("change_pct", "true_pct"),
)

Tell = Callable[[int, int], object]


@dataclass(frozen=True, kw_only=True)
class Capture:
    """A way of photographing.

    Attributes
    ----------
    name : str
    light : Light
    camera : Camera
    mm_per_px : float
    repose : float
        How far a patient sits otherwise at the next visit: standard deviation, mm and degrees.
    lamp_sd_deg : float
        How exactly the lamps are put back: standard deviation of their angle.
    exposure_sd_stops : float
        How exactly the exposure is kept.
    """

    name: str
    light: Light
    camera: Camera = field(default_factory=Camera)
    mm_per_px: float = 0.07
    repose: float = 1.0
    lamp_sd_deg: float = 0.0
    exposure_sd_stops: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CapturePlan:
    """Protocols, and how much skin they are tried on.

    Attributes
    ----------
    captures : tuple of Capture
        Two or more; the first is the one that the others are held against.
    skins : int
        Pieces of skin, each photographed three times by every protocol.
    seed : int
        Another one is other skin.
    size_mm : tuple of float
        Width and height that a photo shows.
    response : float
        Share of depth that the treatment takes away.
    ita_deg : tuple of float
        Lightest and darkest skin: range of the typology angle.
    """

    captures: tuple[Capture, ...]
    skins: int = 8
    seed: int = 0
    size_mm: tuple[float, float] = (24.0, 24.0)
    response: float = 0.4
    ita_deg: tuple[float, float] = (-50.0, 60.0)

    def __post_init__(self) -> None:
        names = [capture.name for capture in self.captures]
        _require(len(set(names)) == len(names) > 1, "protocols", names, "two or more, each once")
        _require(2 <= self.skins <= _SEEDS_EACH, "skins", self.skins, f"2 to {_SEEDS_EACH}")
        _require(self.seed >= 0, "seed", self.seed, "zero or more")
        _require(0.05 <= self.response <= 0.95, "response", self.response, "0.05 to 0.95")
        ok = -75 <= self.ita_deg[0] <= self.ita_deg[1] <= 75
        _require(ok, "ita_deg", self.ita_deg, "two angles from -75 to 75, the smaller first")


def _require(condition: bool, name: str, value: object, rule: str) -> None:
    if not condition:
        raise ParamsError(
            f"{name} = {value!r} is out of range: it must be {rule}.",
            remedy="Change it in the file or the call.",
        )


@dataclass(frozen=True, eq=False)
class CaptureTrial:
    """What the protocols did.

    Attributes
    ----------
    pairs : DataFrame
        One row a protocol, piece of skin and kind (``retest`` or ``treated``), columns
        :data:`PAIR_COLUMNS`; refused pairs with blank figures.
    error : ProtocolComparison
        Of the retests.
    table : DataFrame
        The answer, one row a protocol: retests and refused pairs, `mdc95_pct` as read, `seen` (the
        change that was read over the true one), and `true_mdc95_pct`, the smallest true change
        that is detectable; the ratio of SDs to the first protocol with its interval.
    """

    pairs: pd.DataFrame = field(repr=False)
    error: ProtocolComparison = field(repr=False)
    table: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """The answer (a copy)."""
        return self.table.copy()


def try_captures(
    plan: CapturePlan,
    *,
    params: Params | None = None,
    segmenter: Segmenter | None = None,
    progress: Tell | None = None,
) -> CaptureTrial:
    """Photograph simulated skin by every protocol and compare what comes of it.

    Parameters
    ----------
    plan : CapturePlan
    params : Params, optional
        All stages' parameters. None: the defaults.
    segmenter : Segmenter, optional
        What finds the scars. None: the one that ``params.scars.segmenter`` names.
    progress : callable, optional
        Told the number of photographed skins done and of all.

    Returns
    -------
    CaptureTrial

    Raises
    ------
    StudyError
        If a protocol has fewer than two retests that can be compared.
    """
    params = Params.given(params)
    segmenter = segmenter or make_segmenter(params)
    rows: list[dict[str, Any]] = []
    total = plan.skins * len(plan.captures)
    for number in range(plan.skins):
        for capture in plan.captures:
            rows += _rows(plan, capture, number, params, segmenter)
            if progress is not None:
                progress(len(rows) // 2, total)
    pairs = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
    error = _error(pairs, plan)
    return CaptureTrial(pairs, error, _answer(pairs, error))


def _error(pairs: pd.DataFrame, plan: CapturePlan) -> ProtocolComparison:
    retests = pairs[pairs["kind"] == "retest"]
    try:
        return compare_protocols(retests, by="protocol", reference=plan.captures[0].name)
    except StudyError as error:
        refused = retests[retests["comparable"] == "no"]
        why = ", ".join(sorted(set("|".join(refused["reasons"]).split("|")) - {""})) or "no figure"
        raise StudyError(
            f"{error.message} {len(refused)} of {len(retests)} retests were refused ({why}).",
            remedy="A protocol whose own retests cannot be compared cannot measure change: put "
            "lamps back more exactly, or try more skins.",
        ) from error


def _rows(
    plan: CapturePlan, capture: Capture, number: int, params: Params, segmenter: Segmenter
) -> Iterator[dict[str, Any]]:
    first, again, treated = (render(r, compress=True) for r in recipes(plan, capture, number))
    for kind, second in (("retest", again), ("treated", treated)):
        change = _compared(first, second, params, segmenter)
        burden = change.measures[change.measures["measure"] == _MEASURE].iloc[0]
        true = 100 * (second.burden_um / first.burden_um - 1) if first.burden_um else math.nan
        yield {
            "protocol": capture.name,
            "skin": number,
            "kind": kind,
            "ita_deg": first.ita_deg,
            "comparable": change.comparable,
            "reasons": change.comparability.codes,
            "before": float(burden["before"]),
            "after": float(burden["after"]),
            "change_pct": change.change_pct,
            "true_pct": 0.0 if kind == "retest" else true,
        }


def _compared(first: Rendered, second: Rendered, params: Params, segmenter: Segmenter) -> Change:
    photos = (
        read_photo(taken.rgb, mm_per_px=taken.mm_per_px, name=name)
        for taken, name in ((first, "before"), (second, "after"))
    )
    return compare(*photos, params=params, segmenter=segmenter)


def recipes(plan: CapturePlan, capture: Capture, number: int) -> tuple[Recipe, Recipe, Recipe]:
    """Before, again and treated of one piece of skin, which is the same under every protocol."""
    seed = SEEDS_FROM + _SEEDS_EACH * plan.seed + number
    skin = _skin(plan, seed)
    # One stream whatever the protocol: poses and errors of setting up are the same under all.
    rng = stream(seed, "visits")
    return (
        _visit(plan, capture, skin, rng),
        _visit(plan, capture, skin, rng),
        _visit(plan, capture, _treated(skin, plan.response), rng),
    )


def _skin(plan: CapturePlan, seed: int) -> Skin:
    rng = stream(seed, "capture")
    sheet = (plan.size_mm[0] + _MARGIN_MM, plan.size_mm[1] + _MARGIN_MM)
    count = max(2, round(float(rng.uniform(*SCARS_PER_CM2)) * sheet[0] * sheet[1] / 100))
    ita = float(rng.uniform(*plan.ita_deg))
    return random_skin(seed, size_mm=sheet, ita_deg=ita, n_scars=count, clean=True)


def _treated(skin: Skin, response: float) -> Skin:
    return replace(skin, scars=tuple(healed(scar, response) for scar in skin.scars))


def _visit(plan: CapturePlan, capture: Capture, skin: Skin, rng: np.random.Generator) -> Recipe:
    pose, off = draw_pose(rng, 1.0), rng.standard_normal(2).tolist()
    stops = capture.exposure_sd_stops * off[1]
    camera = replace(capture.camera, exposure=capture.camera.exposure * 2.0**stops)
    return Recipe(
        skin=skin,
        light=_set_up(capture.light, capture.lamp_sd_deg * off[0]),
        camera=camera,
        pose=_scaled(pose, capture.repose),
        mm_per_px=capture.mm_per_px,
        view_mm=plan.size_mm,
        noise_seed=int(rng.integers(2**31)),
        bounces=3,
        keep_ids=True,
    )


def _set_up(light: Light, off_deg: float) -> Light:
    """All lamps higher or lower by an angle; one around the lens stays there."""
    lamps = tuple(
        replace(lamp, zenith_deg=float(np.clip(lamp.zenith_deg + off_deg, 0.0, _STEEPEST_DEG)))
        if lamp.shape == "disc"
        else lamp
        for lamp in light.lamps
    )
    return replace(light, lamps=lamps)


def _scaled(pose: Pose, size: float) -> Pose:
    return replace(
        pose,
        shift_mm=(pose.shift_mm[0] * size, pose.shift_mm[1] * size),
        turn_deg=pose.turn_deg * size,
        tilt_x_deg=pose.tilt_x_deg * size,
        tilt_y_deg=pose.tilt_y_deg * size,
    )


def _answer(pairs: pd.DataFrame, error: ProtocolComparison) -> pd.DataFrame:
    treated = pairs[(pairs["kind"] == "treated") & (pairs["comparable"] != "no")]
    sums = treated.dropna(subset=["change_pct"]).groupby("protocol")[["change_pct", "true_pct"]]
    seen = sums.sum().pipe(lambda t: t["change_pct"] / t["true_pct"])
    refused = pairs["comparable"].eq("no").groupby(pairs["protocol"]).sum()
    table = error.to_frame().rename(
        columns={"n": "n_retests_compared", "mdc95": "mdc95_pct", "mdc95_low": "mdc95_low_pct",
                 "mdc95_high": "mdc95_high_pct"}
    )  # fmt: skip
    share = table["protocol"].map(seen)
    table = table.assign(
        n_pairs_refused=table["protocol"].map(refused),
        seen=share,
        # What is hardly seen at all has no smallest detectable change.
        true_mdc95_pct=(table["mdc95_pct"] / share).where(share > 0),
    )
    order = {name: k for k, name in enumerate(pairs["protocol"].drop_duplicates())}
    return table.sort_values("protocol", key=lambda names: names.map(order), ignore_index=True)
