"""The set of pairs: its seeds, truth, figures in closed form, page, and the README's figures."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scarscope.change.align import Alignment
from scarscope.errors import LayoutError, ParamsError
from scarscope.phantom import Pose, render, retest_pair
from scarscope.phantom.pairs import CONFOUNDERS
from scarscope.phantom.seeds import PAIRS, TUNING
from scarscope.photo.colour import srgb_to_linear
from scarscope.skin.model import Grid
from scarscope.validation import pair_page, pairs
from scarscope.validation.pair_bars import pair_bars
from scarscope.validation.pair_copies import COPIES, copied
from scarscope.validation.pair_figures import confusion, figures, value
from scarscope.validation.pair_gallery import SIDE_PX, ShownPair, strip
from scarscope.validation.pair_item import run_pair, scar_rows
from scarscope.validation.pair_page import summary, write_change
from scarscope.validation.pair_readme import BEGIN, END, README, block
from scarscope.validation.pair_set import PARTS, RESPONSES, SEEDS, TRIAL_SEEDS, plan_pairs
from scarscope.validation.pair_stats import clopper_pearson, share
from scarscope.validation.pair_table import draw_pairs
from scarscope.validation.pair_truth import TrueChange, landmark_errors_mm, true_change, true_scars
from scarscope.validation.standard_set import plan

# --- the set


def test_pairs_have_validation_seeds_of_their_own():
    full, standard = plan_pairs(), plan()
    seeds = [item.seed for item in full]
    assert len(set(seeds)) == len(seeds) == len({item.name for item in full})
    assert all(seed in PAIRS for seed in seeds)
    assert not set(seeds) & {item.seed for item in standard}
    count = {part: sum(item.part == part for item in full) for part in PARTS}
    assert count == {
        **{"retest": 60, "untreated": 20, "treated": 20 * len(RESPONSES)},
        **{"confounder": 15 * len(CONFOUNDERS), "wide": 24, "wrong": 60, "copy": 40, "new": 36},
    }
    for part in PARTS:
        tones = [item.ita_deg for item in full if item.part == part]
        assert min(tones) < -40
        assert max(tones) > 50
    # Half a block further lies the other skin of a wrong pair: nobody else's, either.
    others = {item.seed + len(SEEDS) // len(PARTS) // 2 for item in full if item.part == "wrong"}
    assert not others & set(seeds)
    assert max(others) < PAIRS.stop


def test_a_trial_takes_tuning_seeds_and_no_pair_twice():
    trial = plan_pairs(seeds=TRIAL_SEEDS)
    assert all(item.seed in TUNING for item in trial)
    assert len({item.name for item in trial}) == len(trial) < len(plan_pairs())
    assert {item.part for item in plan_pairs("quick")} == set(PARTS)


def test_copies_differ_as_they_say():
    rgb = np.random.default_rng(0).integers(60, 200, (40, 40, 3)).astype(np.uint8)
    made = {kind: copied(rgb, kind, np.random.default_rng(4)) for kind in COPIES}
    assert made["recompression"][:2] == b"\xff\xd8"
    stops = np.log2(srgb_to_linear(made["exposure"]) / srgb_to_linear(rgb))
    assert abs(float(np.median(stops))) == pytest.approx(0.7, abs=0.03)
    gains = srgb_to_linear(made["white balance"]) / srgb_to_linear(rgb)
    red, green, blue = np.median(gains, axis=(0, 1))
    assert green == pytest.approx(1, abs=1e-3)
    assert red * blue == pytest.approx(1, abs=0.02)
    assert abs(math.log(red)) > 0.04
    for kind in ("gamma", "S-curve"):  # one curve for all: the order of codes stays
        order = np.argsort(rgb.ravel(), kind="stable")
        assert (np.diff(made[kind].ravel()[order].astype(int)) >= 0).all()
        assert (made[kind] != rgb).any()
    with pytest.raises(ParamsError, match="kind"):
        copied(rgb, "crop", np.random.default_rng(0))


# --- truth


@pytest.fixture(scope="module")
def shifted():
    """The same skin twice, the second photo moved by 1 mm and nothing else."""
    recipe = retest_pair(TUNING.stop - 1, size_mm=(14, 14), mm_per_px=0.1)[0].recipe
    still = replace(recipe, pose=Pose(distance_mm=900.0))
    moved = replace(still, pose=Pose(distance_mm=900.0, shift_mm=(1.0, 0.0)))
    return render(still), render(moved)


def test_truth_is_carried_over_by_the_phantoms_own_geometry(shifted):
    before, after = shifted
    truth = true_change(before, after, None)
    # 1 mm is 10 pixels: so wide is the strip that the second photo does not show.
    assert truth.region.mean() == pytest.approx(1 - 10 / 140, abs=0.01)
    assert np.abs(before.depth_mm - after.depth_mm).max() > 0.05
    # What a scar covers before stays its own, also where the second photo does not show it.
    scarred = before.labels > 0
    assert scarred[~truth.region].any()
    assert (truth.owner[scarred] == before.labels[scarred]).all()
    apart = (truth.after - truth.before)[truth.region]
    assert np.abs(apart).max() < 0.02
    assert truth.change_pct == pytest.approx(0, abs=0.3)


def test_true_change_of_scars_is_theirs_alone(shifted):
    before, after = shifted
    number = int(before.table.sort_values("volume_mm3")["scar_id"].iloc[-1])
    depth = np.where(after.labels == number, after.depth_mm * 0.5, after.depth_mm)
    scars = true_scars(true_change(before, replace(after, depth_mm=depth), None))
    changes = dict(zip(scars["true_id"], scars["true_pct"], strict=True))
    assert changes.pop(number) == pytest.approx(-50, abs=1.5)
    whole = scars[~scars["cut"].astype(bool)]
    assert len(whole) > 0
    assert all(abs(changes[k]) < 2 for k in whole["true_id"] if k != number)


def test_landmarks_measure_how_far_an_alignment_is_off(shifted):
    before, after = shifted
    shape = before.labels.shape
    matrix = np.array([[1.0, 0, -10], [0, 1, 0], [0, 0, 1]])
    found = Alignment(
        matrix=matrix, field=None, before_shape=shape, after_shape=shape, ok=True, **PLAIN
    )
    right = landmark_errors_mm(before, after, found)
    assert len(right) > 10
    assert np.allclose(right, 0, atol=1e-6)
    further = np.array([[0, 0, 3], [0, 0, 4], [0, 0, 0]])
    off = replace(found, matrix=matrix + further)
    assert np.allclose(landmark_errors_mm(before, after, off), 0.5, atol=1e-6)
    assert len(landmark_errors_mm(before, after, replace(found, ok=False))) == 0


PLAIN = {
    "reason": "",
    "residual_mm": 0.0,
    "residual_px": 0.0,
    "overlap": 1.0,
    "confidence": 1.0,
    "scale": 1.0,
    "turn_deg": 0.0,
    "anisotropy": 0.0,
    "keystone": 0.0,
    "n_matches": 99,
    "n_blocks": 99,
    "before_mm_per_px": 0.1,
    "after_mm_per_px": 0.1,
}


def test_found_scars_are_held_against_those_they_lie_over():
    depth = np.zeros((40, 60), np.float32)
    owner = np.zeros((40, 60), np.int32)
    spots = {1: (5, 5), 2: (5, 25), 3: (5, 45)}  # rows and columns of squares of 10
    for number, (row, col) in spots.items():
        owner[row : row + 10, col : col + 10] = number
        depth[row : row + 10, col : col + 10] = 0.2
    region = np.ones((40, 60), np.bool_)
    region[:, 50:] = False  # cuts the third
    table = pd.DataFrame(
        {"scar_id": [1, 2, 3], "type": "boxcar", "width_mm": 1.0, "at_edge": False}
    )
    after = np.where(owner == 1, depth * 0.6, depth)
    truth = TrueChange(depth, after, owner, region, table, 0.1)
    assert true_scars(truth)["cut"].tolist() == [False, False, True]

    labels = np.zeros((40, 60), np.int32)
    labels[5:15, 7:17] = 1  # over the first
    labels[5:15, 42:50] = 2  # over the one that is cut
    labels[30:35, 5:10] = 3  # over nothing
    grid = Grid((40, 60), 1.0, 0.1, 0.1, "mm")
    on_grid = SimpleNamespace(
        grid=grid, region=region, before=SimpleNamespace(photo=SimpleNamespace(shape=(40, 60)))
    )
    reading = SimpleNamespace(
        before=SimpleNamespace(labels=labels), after=SimpleNamespace(labels=labels * 0)
    )
    found = pd.DataFrame(
        {
            **{"before_id": [1, 2, 3], "after_id": pd.NA, "relation": "", "mdc95_pct": 15.0},
            **{"status": ["improved", "unchanged", "unchanged"], "volume_change_pct": -30.0},
        }
    )
    rows = scar_rows(SimpleNamespace(pair=on_grid, reading=reading, scars=found), truth)
    first, nothing, missed = rows
    assert (first["true_id"], first["status"], first["true_status"]) == (1, "improved", "improved")
    assert first["true_pct"] == pytest.approx(-40)
    assert first["true_cover_pct"] == pytest.approx(-40)
    assert first["on_scar"] == pytest.approx(0.8)
    assert "true_id" not in nothing
    assert nothing["on_scar"] == 0
    assert (missed["true_id"], missed["status"]) == (2, "")


# --- figures in closed form


def pair(name, part="treated", *, true=0.0, found=0.0, verdict=None, **more):
    """A row of a pair; called by its MDC95 of 10 % unless told otherwise."""
    if verdict is None:
        verdict = "no detectable change"
        if abs(found) > 10:
            verdict = "improved" if found < 0 else "worse"
    row = {
        **{"pair": name, "part": part, "kind": "", "response": 0.0},
        **{"light": "twin", "ita_deg": 30.0, "aligned": True, "landmark_mm": 0.01},
        **{"landmark_p95_mm": 0.02, "comparable": "yes", "codes": "", "verdict": verdict},
        **{"found_pct": found, "mdc95_pct": 10.0, "network_pct": found, "relief_pct": found},
        **{"se_pct": 8.0, "true_pct": true, "true_before_um": 20.0, "true_after_um": 20 + true / 5},
        **{"naive_before_um": 20.0, "naive_after_um": 20.0, "score_s": 0.5, "compare_s": 1.0},
    }
    return {**row, **more}


def refused(name, part="treated", **more):
    gone = {"comparable": "no", "verdict": "not comparable", "codes": "LIGHT_TURNED"}
    return pair(name, part, **{**gone, **more})


def scar(pair_name, status, true_status, *, true, found, width=1.5, mdc=15.0):
    return {
        **{"pair": pair_name, "true_id": 1, "type": "boxcar", "width_mm": width},
        **{"true_pct": true, "true_cover_pct": true, "found_pct": found, "relation": ""},
        **{"status": status, "true_status": true_status, "scar_mdc95_pct": mdc, "on_scar": 0.7},
    }


def told(rows, scars=()):
    return figures(draw_pairs(rows, list(scars)))


def of(table, figure, **where):
    return value(table, figure, **where).value


def test_calls_where_nothing_changed():
    rows = [pair(f"r{k}", "retest") for k in range(8)]
    rows += [pair("r8", "retest", found=-12.0), refused("r9", "retest", found=-40.0)]
    rows += [pair(f"u{k}", "untreated") for k in range(10)]
    rows += [pair(f"c{k}", "confounder", kind="light") for k in range(6)]
    rows += [pair("c6", "confounder", kind="tan", found=30.0)]
    table = told(rows)
    assert of(table, "untouched_called") == pytest.approx(100 / 20)
    assert of(table, "untouched_called_of_compared") == pytest.approx(100 / 19)
    assert of(table, "untouched_called", by="part", level="retest") == pytest.approx(10)
    assert of(table, "confounder_called") == pytest.approx(100 / 7)
    assert of(table, "confounder_called", by="kind", level="tan") == 100
    assert of(table, "passed") == pytest.approx(95)
    # None of six was called: drawn again it stays none, and the exact interval says how sure.
    light = value(table, "confounder_called", by="kind", level="light")
    assert (light.value, light.low) == (0, 0)
    assert light.high == pytest.approx(100 * (1 - 0.025 ** (1 / 6)))


def test_the_exact_interval_is_clopper_and_pearsons():
    assert clopper_pearson(0, 10) == pytest.approx((0, 0.3085), abs=1e-4)
    assert clopper_pearson(3, 10) == pytest.approx((0.0667, 0.6525), abs=1e-4)
    assert clopper_pearson(10, 10) == pytest.approx((0.6915, 1), abs=1e-4)
    frame = draw_pairs([pair(f"p{k}", found=-20.0 * (k < 4)) for k in range(8)], []).pairs
    some = share(frame, "called")
    assert some.value == 50
    assert 0 < some.low < 50 < some.high < 100


def test_error_bias_and_slope_of_the_change():
    rows = [pair(f"t{k}", true=-10.0 * k, found=-5.0 * k) for k in range(1, 9)]
    rows += [pair("u", "untreated", found=4.0), refused("gone", true=-50.0, found=50.0)]
    rows += [pair("again", "retest", found=-3.0)]
    table = told(rows)
    # Half a percent is what interpolation of the truth leaves, not a change.
    still = told([*rows, pair("still", "untreated", true=0.5, found=0.5)])
    assert math.isnan(of(still, "change_mae", by="way", level="got deeper"))
    off = [5.0 * k for k in range(1, 9)] + [4.0]
    assert of(table, "change_mae") == pytest.approx(np.mean(off))
    assert of(table, "change_bias") == pytest.approx(np.mean(off))
    assert of(table, "change_mae_refused_too") == pytest.approx(np.mean([*off, 100.0]))
    assert of(table, "change_mae", by="size", level="below 5 %") == pytest.approx(4)
    assert of(table, "retest_mae") == pytest.approx(3)
    only = told(rows[:8])
    assert of(only, "change_slope") == pytest.approx(0.5)
    assert math.isnan(of(told(rows[8:]), "change_slope"))


def test_power_direction_and_what_mdc95_holds():
    rows = [pair(f"a{k}", true=-20.0, found=-18.0) for k in range(3)]  # called the right way
    rows += [pair("b", true=-20.0, found=-8.0)]  # not called, right sign, beyond MDC95
    rows += [pair("c", true=-20.0, found=14.0)]  # called the wrong way
    rows += [pair("d", true=8.0, found=12.0)]  # called rightly, but below MDC95
    rows += [refused("e", true=-20.0, found=-20.0)]
    table = told(rows)
    assert of(table, "detectable_same_sign") == pytest.approx(80)
    assert of(table, "detectable_right") == pytest.approx(60)
    assert of(table, "detectable_wrong") == pytest.approx(20)
    assert of(table, "healed_right", by="size", level="15 to 25 %") == pytest.approx(60)
    assert math.isnan(of(table, "healed_right", by="size", level="5 to 15 %"))
    assert of(table, "treated_right", by="way", level="got deeper") == 100
    after_refusals = value(table, "healed_right_refused_too", by="size", level="15 to 25 %")
    assert after_refusals.value == pytest.approx(50)
    assert of(table, "treated_wrong") == pytest.approx(100 / 6)
    assert of(table, "within_mdc95") == pytest.approx(100 * 4 / 6)
    # 1.96 standard errors of 8 points.
    assert of(table, "within_se") == pytest.approx(100 * 5 / 6)


def test_two_scores_are_judged_by_retests_of_their_own():
    ends = (22.0, 18.0, 21.0, 19.0, 20.0, 20.0)
    rows = [pair(f"r{k}", "retest", naive_after_um=end) for k, end in enumerate(ends)]
    mdc = 1.96 * math.sqrt(np.mean([(end - 20) ** 2 for end in ends]))
    rows += [pair("far", true=-30.0, found=-30.0, naive_after_um=20 - 1.1 * mdc)]
    rows += [pair("near", true=-30.0, found=-30.0, naive_after_um=20 - 0.9 * mdc)]
    rows += [pair("other way", true=-30.0, found=-30.0, naive_after_um=20 + 1.2 * mdc)]
    result = draw_pairs(rows, [])
    known = result.pairs.set_index("pair")
    assert known.loc["far", "naive_mdc95_pct"] == pytest.approx(5 * mdc, rel=0.05)
    assert known["naive_called"].to_dict() == {
        **{f"r{k}": 0.0 for k in range(6)},
        **{"far": 1.0, "near": 0.0, "other way": 1.0},
    }
    table = figures(result)
    assert of(table, "treated_naive_right") == pytest.approx(100 / 3)
    assert of(table, "treated_naive_wrong") == pytest.approx(100 / 3)
    assert of(table, "naive_retest_mae") == pytest.approx(5)


def test_status_of_single_scars():
    rows = [pair(f"t{k}", true=-30.0, found=-30.0) for k in range(2)]
    scars = [
        scar("t0", "improved", "improved", true=-40.0, found=-30.0),
        scar("t0", "improved", "resolved", true=-80.0, found=-70.0),  # right but for the word
        scar("t0", "improved", "unchanged", true=-10.0, found=-20.0),  # small, right direction
        scar("t1", "worse", "unchanged", true=-10.0, found=20.0),  # small, wrong direction
        scar("t1", "unchanged", "improved", true=-40.0, found=-5.0, width=5.0),
        scar("t1", "", "", true=-40.0, found=math.nan),  # nobody found it
        {**scar("t1", "new", "", true=math.nan, found=math.nan), "on_scar": 0.05},
    ]
    result = draw_pairs(rows, scars)
    table = figures(result)
    assert of(table, "scar_strict") == pytest.approx(20)
    assert of(table, "scar_lenient") == pytest.approx(40)
    assert of(table, "scar_three") == pytest.approx(40)
    assert of(table, "scar_strict", by="size", level="above 4 mm") == 0
    assert of(table, "scar_followed") == pytest.approx(100 * 5 / 6)
    assert of(table, "scar_over_nothing") == pytest.approx(100 / 6)
    assert of(table, "scar_mae") == pytest.approx(np.mean([10, 10, 10, 30, 35]))
    counts = confusion(result.scars, ("resolved", "improved", "unchanged", "worse", "new"))
    assert counts.loc["resolved", "improved"] == 1
    assert counts.loc["unchanged", "worse"] == 1
    assert counts.to_numpy().sum() == 5


def test_alignment_and_what_it_knows_of_its_failures():
    rows = [pair(f"r{k}", "retest", landmark_mm=0.1 * k) for k in range(8)]  # 6 and 7 are wrong
    rows[7] |= {"comparable": "no", "verdict": "not comparable"}
    none = {"aligned": False, "landmark_mm": None}
    rows += [refused("lost", "wide", kind="nearer", **none)]
    rows += [refused(f"w{k}", "wrong", kind="mirrored", **none) for k in range(5)]
    rows += [pair("taken", "wrong", kind="other skin", landmark_mm=None)]
    table = told(rows)
    assert of(table, "landmark_mm", by="part", level="retest") == pytest.approx(0.35)
    assert of(table, "alignment_failed") == pytest.approx(100 * 3 / 9)
    assert of(table, "alignment_unaware") == pytest.approx(100 / 9)
    assert of(table, "wrong_aligned") == pytest.approx(100 / 6)
    assert of(table, "failure_told") == pytest.approx(100 * 7 / 9)


def test_a_copy_agrees_or_is_refused():
    rows = [pair("a", "copy", kind="gamma", found=4.9), pair("b", "copy", kind="gamma", found=-5.1)]
    rows += [refused("c", "copy", kind="exposure", found=1.0), pair("d", "copy", found=0.0)]
    table = told(rows)
    assert of(table, "copy_agrees") == pytest.approx(50)
    assert of(table, "copy_refused") == pytest.approx(25)
    assert of(table, "copy_sound") == pytest.approx(75)
    assert of(table, "copy_agrees", by="kind", level="exposure") == 0


def test_new_scars_are_held_against_what_is_there_later():
    um = {"true_before_um": 0.0, "true_after_um": 20.0, "found_before_um": 0.0}
    rows = [pair("a", "new", kind="all scars", verdict="worse", found_after_um=18.0, **um)]
    rows += [pair("b", "new", kind="all scars", verdict="", found_after_um=22.0, **um)]
    rows += [refused("c", "new", kind="most scars", found_after_um=22.0, **um)]
    table = told(rows)
    assert of(table, "new_passed") == pytest.approx(100 * 2 / 3)
    assert of(table, "new_seen") == pytest.approx(50)
    assert of(table, "new_mae") == pytest.approx(10)
    assert of(table, "new_bias") == pytest.approx(0)
    assert of(table, "new_seen", by="kind", level="all scars") == pytest.approx(50)


# --- running


def test_a_pair_is_run_against_its_truth():
    item = next(i for i in plan_pairs("quick", seeds=TRIAL_SEEDS) if i.part == "treated")
    rows = run_pair(replace(item, size_mm=18.0, response=0.45), "relief", seeds=TRIAL_SEEDS)
    json.dumps(rows, allow_nan=False)
    (row,) = rows["pairs"]
    assert row["aligned"]
    assert row["landmark_mm"] < 0.2
    assert -90 < row["true_pct"] < -30
    burdens = row["true_before_um"], row["true_after_um"]
    assert row["true_pct"] == pytest.approx(100 * (burdens[1] / burdens[0] - 1))
    known = [each for each in rows["scars"] if each.get("true_id") is not None]
    assert known
    assert all(each["true_pct"] < 0 for each in known)
    wrong = next(i for i in plan_pairs("quick", seeds=TRIAL_SEEDS) if i.kind == "mirrored")
    (row,) = run_pair(replace(wrong, size_mm=18.0), "relief", seeds=TRIAL_SEEDS)["pairs"]
    assert (row["aligned"], row["comparable"], row["true_pct"]) == (False, "no", None)


def quick_run(item, _segmenter, *, seeds):
    assert seeds == TRIAL_SEEDS
    found = {"retest": -3.0, "treated": -40.0, "confounder": 25.0}.get(item.part, 0.0)
    row = pair(item.name, item.part, kind=item.kind, true=min(found, 0.0), found=found)
    scars = [scar(item.name, "improved", "improved", true=-40.0, found=-40.0)]
    return {"pairs": [row], "scars": scars if item.part == "treated" else []}


def test_finished_pairs_are_kept(tmp_path, monkeypatch):
    ran = []

    def run(item, segmenter, *, seeds):
        ran.append(item.name)
        return quick_run(item, segmenter, seeds=seeds)

    monkeypatch.setattr(pairs, "run_pair", run)
    ask = {"segmenter": "relief", "size": "quick", "seeds": TRIAL_SEEDS}
    first = pairs.run_pairs(tmp_path, **ask)
    total = len(plan_pairs("quick", seeds=TRIAL_SEEDS))
    assert len(ran) == total
    (tmp_path / "relief" / "items" / f"{ran[3]}.json").unlink()
    again = pairs.run_pairs(tmp_path, **ask)
    assert ran[total:] == [ran[3]]
    assert first.pairs.equals(again.pairs)
    monkeypatch.setattr(pairs, "pair_digest", lambda: "other code")
    pairs.run_pairs(tmp_path, **ask)
    assert len(ran) == 2 * total + 1


# --- pages


@pytest.fixture
def no_photos(monkeypatch):
    flat = np.full((30, 30, 3), 150, np.uint8)
    shown = ShownPair(flat, flat, np.full((30, 30), -0.25), None)
    monkeypatch.setattr(pair_page, "shower", lambda *_: lambda _name: shown)


def many(error):
    rows = [pair(f"r{k}", "retest", response=0.0) for k in range(8)]
    rows += [pair(f"t{k}", true=-8.0 * k, found=-8.0 * k + error) for k in range(1, 9)]
    rows += [pair(f"c{k}", "confounder", kind=CONFOUNDERS[k], found=2.0) for k in range(9)]
    rows += [pair(f"w{k}", "wrong", kind="mirrored", landmark_mm=None) for k in range(2)]
    rows += [refused("gone", "untreated")]
    scars = [scar(f"t{k}", "improved", "improved", true=-40.0, found=-40.0) for k in range(1, 9)]
    return draw_pairs(rows, scars)


@pytest.mark.usefixtures("no_photos")
def test_the_page_says_what_passes_and_by_how_much_the_rest_is_short(tmp_path):
    results = {"network": many(12.0), "relief": many(12.0)}
    files = write_change(results, out=tmp_path, size="quick", seeds=TRIAL_SEEDS)
    assert all(file.is_file() for file in files)
    page = (tmp_path / "change.md").read_text(encoding="utf-8")
    (line,) = (x for x in page.splitlines() if x.startswith("| How wrong") and "≤ 10.0" in x)
    # Each segmenter has a bar of its own.
    assert line.endswith("| ≤ 10.0 | 12.0 | over by 2.0 | ≤ 15.0 | 12.0 | PASS |")
    wrong = next(x for x in page.splitlines() if x.startswith("| Other or mirrored"))
    assert wrong.count("over by 100.0") == 2
    calls = next(x for x in page.splitlines() if x.startswith("| Nothing changed but"))
    assert calls.count("PASS") == 2
    assert "not to be reported" in page
    shown = re.findall(r"\]\(([^)]+)\)", page)
    assert len(shown) == len(set(shown)) > 8
    assert all((tmp_path / name).is_file() for name in shown)
    assert "refused though comparable" in page
    with pytest.raises(ParamsError, match="reported"):
        write_change(results, out=tmp_path, size="quick", docs=tmp_path / "docs")
    with pytest.raises(ParamsError, match="No segmenter"):
        write_change({}, out=tmp_path, size="full")


@pytest.mark.usefixtures("no_photos")
def test_the_docs_hold_the_same_figures_as_the_readme(tmp_path):
    results = {"network": many(3.0)}
    docs = tmp_path / "docs"
    (docs / "change").mkdir(parents=True)
    (docs / "change" / "old.svg").write_text("<svg/>")
    write_change(results, out=tmp_path / "out", size="full", docs=docs)
    assert not (docs / "change" / "old.svg").exists()
    content = json.loads((docs / "change.json").read_text(encoding="utf-8"))
    assert content == json.loads(json.dumps(summary(results)))
    told_by = content["segmenters"]["network"]["figures"]["change_error"]
    (bar,) = (b for b in pair_bars(figures(results["network"])) if b.key == "change_error")
    assert told_by["value"] == pytest.approx(bar.value, rel=1e-3)
    readme = tmp_path / "README.md"
    readme.write_text(f"# Title\n{BEGIN}\nold\n{END}\nrest\n", encoding="utf-8")
    README.write(readme, content)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("# Title\n")
    assert text.endswith("rest\n")
    assert "old" not in text
    assert f"| {bar.question} | {bar.told()} | ≤ 10.0 | PASS |" in text
    assert README.replaced(text, content) == text
    assert "over by" in block(content)  # the mirrored skin above


def test_missing_marks_are_refused_before_anything_is_run(tmp_path, monkeypatch):
    monkeypatch.setattr(pairs, "run_pairs", lambda *_, **__: pytest.fail("ran all the same"))
    readme = tmp_path / "README.md"
    ask = ["--out", str(tmp_path), "--readme", str(readme)]
    with pytest.raises(LayoutError, match="no file"):
        pairs.main(ask)
    readme.write_text(f"{END} and then {BEGIN}", encoding="utf-8")  # the wrong way round
    with pytest.raises(LayoutError, match="no block between <!-- change figures -->"):
        pairs.main(ask)
    with pytest.raises(LayoutError, match="no block"):
        README.replaced("nothing here", {})
    readme.write_text(f"{BEGIN}{END}", encoding="utf-8")
    README.check_marks(readme)
    for more in (["--size", "quick"], ["--seeds", "tuning"]):
        with pytest.raises(ParamsError, match="reported"):
            pairs.main([*ask, *more])


def test_a_strip_of_four_pictures():
    flat = np.full((50, 60, 3), 90, np.uint8)
    deep = np.zeros((50, 60))
    deep[:, :30] = -1.0
    drawn = strip(ShownPair(flat, flat, deep, None))
    assert drawn.shape == (SIDE_PX, 4 * SIDE_PX + 3 * 4, 3)
    true = drawn[:, 2 * (SIDE_PX + 4) : 2 * (SIDE_PX + 4) + SIDE_PX]
    assert tuple(true[10, 10]) == (0, 114, 178)
    assert tuple(true[10, -10]) == (255, 255, 255)
