"""The standard set: its seeds, segmenters, bars, page, and the README's figures."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import scarscope.scars
from scarscope.errors import LayoutError, ParamsError
from scarscope.phantom.lights import LIGHT_NAMES
from scarscope.phantom.seeds import STOPPING, TRAINING, TUNING, VALIDATION
from scarscope.scars import ReliefSegmenter
from scarscope.validation import draw_together, standard, standard_page
from scarscope.validation.bars import Bar, bars, table, tone_gap
from scarscope.validation.compare import SCAR_COLUMNS
from scarscope.validation.few import few_scars, section, told
from scarscope.validation.page import Picture
from scarscope.validation.readme import BEGIN, END, README, block
from scarscope.validation.result import COMPARABLE_LIGHTS
from scarscope.validation.shortfall import shortfalls
from scarscope.validation.standard import comparable, run_standard
from scarscope.validation.standard_page import summary, write_standard
from scarscope.validation.standard_segmenter import segmenter_of, weights_digest
from scarscope.validation.standard_set import FEW_SCARS, PARTS, TONES_DEG, photograph, plan

ROOT = Path(__file__).parents[2]


def test_the_standard_set_uses_validation_seeds_alone_and_each_once():
    for size in ("full", "quick"):
        items = plan(size)
        seeds = [item.seed for item in items]
        assert len(set(seeds)) == len(seeds)
        assert all(seed in VALIDATION for seed in seeds)
        assert not any(seed in other for seed in seeds for other in (TUNING, TRAINING, STOPPING))
        assert {item.part for item in items} == set(PARTS)
    full = plan()
    assert {(i.light, i.ita_deg) for i in full if i.part == "scars"} == {
        (light, tone)
        for light in ("ring", "twin", "offaxis", "raking", "window")
        for tone in (50.0, 30.0, 10.0, -15.0, -35.0, -48.0)
    }
    assert len(full) > 250


def test_few_scars_lie_under_every_light_on_every_tone_in_every_number():
    few = [item for item in plan() if item.part == "few"]
    assert {(i.light, i.ita_deg) for i in few} == {(n, t) for n in LIGHT_NAMES for t in TONES_DEG}
    assert {(i.light, i.n_scars) for i in few} == {(n, k) for n in LIGHT_NAMES for k in FEW_SCARS}
    photo = photograph(plan("quick")[-1])[0]
    assert 1 <= len(photo.table) <= max(FEW_SCARS)


def test_the_readme_tells_how_it_is_where_scars_are_few():
    row = {"value": 0.5, "low": 0.4, "high": 0.6}
    names = ("f1_3mm", "dice", "spearman_burden", "burden_bias_pct", "f1_by_chance")
    few = dict.fromkeys(names, row)
    parts = {"scars": 120, "retest": 96, "treated": 48}
    one = {"figures": {}, "few": few, "f1_by_chance": 0.3}
    content = {
        "photos": 9,
        "photos_by_part": parts,
        "seeds": [1, 2],
        "segmenters": {"network": one},
    }
    told = block(content)
    assert "the network\nsegmenter's F1 is 0.50 (0.40 to 0.60) (by chance 0.50), Dice 0.50" in told
    assert "120 hold many scars, 48 pairs are retests and 24 treated" in told
    del few["dice"]
    assert "few" not in block(content)


def test_the_gap_between_tones_has_an_interval():
    counts = [(9, 1), (8, 2)] * 4, [(5, 5), (6, 4)] * 4
    rows = [
        {"path": f"{ita}-{n}", "subject": f"{ita}-{n}", "set": "scars", "light": "ring"}
        | {"ita_deg": ita, "hit_3mm": hit, "missed_3mm": missed, "false_3mm": 0}
        for ita, own in zip((45.0, -40.0), counts, strict=True)
        for n, (hit, missed) in enumerate(own)
    ]
    scars = pd.DataFrame(columns=["path", *SCAR_COLUMNS])
    gap = tone_gap(draw_together(pd.DataFrame(rows), scars))
    light, dark = (2 * h / (h + 80) for h in (68, 44))  # of 80 each, none false
    assert gap.value == pytest.approx(light - dark)
    assert 0 < gap.low < gap.value < gap.high < 0.5
    assert math.isnan(tone_gap(draw_together(pd.DataFrame(rows[:8]), scars)).value)


def test_what_misses_a_bar_by_little_says_by_how_much():
    bar = Bar("x", "x?", 10.17, 6.0, 15.0, "within", math.nan, 10.0, digits=0)
    assert bar.verdict(10.0) == "outside by 0.2"
    assert replace(bar, value=12.0).verdict(10.0) == "outside by 2"
    assert replace(bar, value=10.0 + 1e-9).verdict(10.0) == "outside by 0.000000"


def test_figures_of_few_scars_are_theirs_alone():
    row = {"subject": "a", "light": "ring", "kind": "session", "area_mm2": 100.0}
    many = {**row, "path": "m", "set": "scars", "true_burden_um": 9.0, "found_burden_um": 9.0}
    few = {**row, "path": "f", "set": "few", "true_burden_um": 2.0, "found_burden_um": 1.0}
    counts = {"hit_3mm": 1, "false_3mm": 0, "missed_3mm": 0, "n_true": 1}
    missed = {"hit_3mm": 0, "false_3mm": 0, "missed_3mm": 1, "n_true": 1}
    photos = pd.DataFrame([{**many, **counts}, {**few, **missed}])
    whole = draw_together(photos, pd.DataFrame(columns=["path", *SCAR_COLUMNS]))
    assert (whole.value("f1_3mm"), whole.value("burden_bias_pct")) == (1, 0)
    assert few_scars(whole).value("f1_3mm") == 0
    assert told(whole)["burden_bias_pct"] == {"value": -50.0, "low": None, "high": None}
    assert told(whole)["dice"]["value"] is None  # nothing is drawn on either side
    assert section({"network": whole})[0].text == "Where scars are few"
    assert section({"network": comparable(draw_together(photos[:1], whole.scars))}) == []


@pytest.mark.slow
def test_a_quick_run_goes_on_where_it_was_and_says_what_it_is(tmp_path):
    seen = []
    first = run_standard(tmp_path, size="quick", progress=lambda *a: seen.append(a[:2]))
    total = len(plan("quick"))
    assert seen[-1] == (total, total)
    (tmp_path / "relief" / "items" / f"scars-{VALIDATION.start}.json").unlink()
    again = run_standard(tmp_path, size="quick", progress=lambda *a: seen.append(a[:2]))
    assert len(seen) == total + 1
    pd.testing.assert_frame_equal(first.figures, again.figures)
    good = comparable(first)
    assert set(good.photos["light"]) == set(COMPARABLE_LIGHTS)
    assert good.value("recall_3mm") > 0
    assert math.isnan(good.value("depth_in_90_pct"))
    write_standard({"relief": first}, out=tmp_path / "page", size="quick")
    page = (tmp_path / "page" / "validation.md").read_text(encoding="utf-8")
    assert "quick run" in page
    assert "90 % interval" not in page
    with pytest.raises(ParamsError, match="too small"):
        write_standard({"relief": first}, out=tmp_path, size="quick", docs=tmp_path / "docs")
    assert {bar.key for bar in bars(good)} >= {"f1", "dice", "icc", "false_clean"}


class Unsure(ReliefSegmenter):
    """Stands for the network: finds what the classical one finds, and says how sure it is."""

    name = "network"

    def __call__(self, skin):
        found = super().__call__(skin)
        table = found.table.assign(depth_sd_um=np.where(found.table["depth_um"] > 300, 1e4, 0.0))
        return replace(found, table=table, segmenter=self.name)


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setattr(scarscope.scars, "NetworkSegmenter", Unsure, raising=False)


def few_items(_size):
    items = plan("quick")
    return tuple(item for item in items if item.part in ("scars", "clean"))[2:12:4]


@pytest.mark.slow
def test_two_segmenters_stand_side_by_side(tmp_path, network, monkeypatch, capsys):
    for module in (standard, standard_page):
        monkeypatch.setattr(module, "plan", few_items)
    out = ["--out", str(tmp_path), "--size", "quick"]
    assert standard.main([*out, "--segmenter", "relief", "network"]) == 0
    page = (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "| question | bar of relief | relief (95 % interval) |  | bar of network |" in page
    assert "## Types, sizes and depths: network" in page
    for name in ("relief", "network"):
        assert (tmp_path / name / "figures.csv").is_file()
        assert (tmp_path / "validation" / f"{name}-burden.svg").is_file()
    shown = re.findall(r"\]\(([^)]+)\)", page)
    assert sorted(set(shown)) == sorted(shown)
    assert all((tmp_path / name).is_file() for name in shown)
    # What the second says beyond the first: uncertainty, which holds where it is vast.
    figures = pd.read_csv(tmp_path / "network" / "figures.csv").set_index(["figure", "by", "level"])
    scars = pd.read_csv(tmp_path / "network" / "scars.csv")
    pairs = scars[(scars["criterion"] == "3mm") & (scars["status"] == "found")]
    wide = pairs["found_depth_sd_um"] > 0
    assert 0 < wide.mean() < 1
    told = figures["value"]["depth_in_90_pct", "all", "all"]
    assert told == pytest.approx(100 * wide.mean())


def test_items_are_made_again_with_other_weights(tmp_path, monkeypatch):
    weights = tmp_path / "weights"
    weights.mkdir()
    monkeypatch.setattr(scarscope.scars, "__file__", str(tmp_path / "x.py"))
    digests = {weights_digest("network")}
    for name, content in (("network.onnx", b"1"), ("network.json", b"{}"), ("network.json", b"")):
        (weights / name).write_bytes(content)
        digests.add(weights_digest("network"))
    assert len(digests) == 4
    (weights / "network.json").write_bytes(b"\r\n")
    one = weights_digest("network")
    (weights / "network.json").write_bytes(b"\n")
    assert weights_digest("network") == one
    assert weights_digest("relief") == ""


def test_segmenters_by_name(network, monkeypatch, tmp_path):
    assert segmenter_of("relief").name == "relief"
    assert segmenter_of("network").name == "network"
    monkeypatch.delattr(scarscope.scars, "NetworkSegmenter")
    for name in ("network", "nonsense"):
        with pytest.raises(ParamsError, match=f"no segmenter '{name}'"):
            segmenter_of(name)
        with pytest.raises(ParamsError, match="no segmenter"):
            run_standard(tmp_path, segmenter=name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "side", "limit", "said"),
    [
        (0.70, "least", 0.70, "PASS"),
        (0.65, "least", 0.70, "short by 0.05"),
        (3.0, "most", 2.0, "over by 1.00"),
        (1.0, "most", 2.0, "PASS"),
        (-10.0, "within", 10.0, "PASS"),
        (-12.5, "within", 10.0, "outside by 2.50"),
        (12.5, "within", 10.0, "outside by 2.50"),
        (math.nan, "most", 2.0, "not known"),
        (1.0, "most", math.nan, "–"),
    ],
)
def test_verdicts(value, side, limit, said):
    bar = Bar("k", "q", value, math.nan, math.nan, side, limit, math.nan)
    assert bar.verdict(limit) == said


@pytest.mark.parametrize(
    ("side", "low", "high", "sure"),
    [
        ("least", 0.95, 0.99, True),
        ("least", 0.94, 0.99, False),
        ("most", 0.90, 0.95, True),
        ("most", 0.90, 1.10, False),
        ("within", 0.90, 1.10, False),
        ("within", 0.91, 1.00, True),
    ],
)
def test_a_bar_within_the_interval_is_not_surely_reached(side, low, high, sure):
    middle = 1.0 if side == "within" else 0.0
    limit = 0.095 if side == "within" else 0.95
    value = 0.97 if side != "most" else 0.93
    bar = Bar("k", "q", value, low, high, side, math.nan, limit, 2, middle)
    assert bar.verdict(limit) == ("PASS" if sure else "PASS, not surely")


def test_bars_on_both_sides_are_told_in_words():
    bar = Bar("k", "q", 91.0, math.nan, math.nan, "within", math.nan, 5.0, 0, 90.0)
    assert bar.limit(bar.of("network")) == "85 to 95"
    assert bar.verdict(bar.of("network")) == "PASS"
    assert replace(bar, value=84.0).verdict(5.0) == "outside by 1"
    assert bar.limit(bar.of("relief")) == "–"


def photo(light, **values):
    """One photo of 8 true scars of which 4 were found, with nothing false."""
    counts = {"hit_3mm": 4, "false_3mm": 0, "missed_3mm": 4, "n_true": 8, "n_found": 4}
    areas = {"true_area_mm2": 40.0, "found_area_mm2": 30.0, "shared_area_mm2": 20.0}
    place = {"path": light, "subject": light, "light": light, "set": "scars", "area_mm2": 1000.0}
    burden = {"true_burden_um": 20.0, "found_burden_um": 10.0, "ita_deg": 30.0}
    return {**place, **counts, **areas, **burden, **values}


def validation(**values):
    photos = [photo(light, **values) for light in COMPARABLE_LIGHTS]
    free = {"set": "distractor", "hit_3mm": 0, "missed_3mm": 0, "n_true": 0}
    photos += [
        photo("ring", path=kind, subject=kind, distractor=kind, **{**free, "n_found": n})
        for kind, n in (("naevi", 6), ("freckles", 0), ("stubble", 9))
    ]
    return draw_together(pd.DataFrame(photos), pd.DataFrame(columns=["path", *SCAR_COLUMNS]))


def test_missed_bars_say_by_how_much_and_why():
    result = validation(hit_3mm=3, missed_3mm=5, shared_area_mm2=14.0)
    found = bars(result)
    first, entries = shortfalls(result, found)
    assert "misses 2 of its 5 bars" in first.text
    lines = entries.text.split("\n")
    assert lines[0].startswith("- Is a scar found (F1, centres within 3 mm): 0.55, short by 0.15")
    assert "ring flash 0.38" in lines[0]
    assert "0.40, short by 0.15" in lines[1]
    good = [replace(bar, value=bar.first) for bar in found]
    assert shortfalls(result, good) == []


def test_every_segmenter_stands_beside_its_own_bar():
    relief, network = bars(validation()), bars(validation(hit_3mm=8, missed_3mm=0))
    both = table({"relief": relief, "network": network})
    rows = {row[0]: row[1:] for row in both.rows}
    f1 = next(row for question, row in rows.items() if "F1, centres" in question)
    assert f1 == ("≥ 0.70", "0.67", "short by 0.03", "≥ 0.85", "1.00", "PASS")
    # Asked of the network alone, and not known: it stays, and is left out where nobody is asked.
    held = "How often does a depth's 90 % interval hold the true depth (% of matched scars)?"
    assert rows[held] == ("–", "–", "–", "85 to 95", "–", "not known")
    assert held not in {row[0] for row in table({"relief": relief}).rows}


def test_false_scars_beside_common_marks_are_counted_together():
    result = validation()
    assert result.value("false_beside_per_10cm2") == pytest.approx(3.0)  # stubble is not asked
    asked = {bar.key: bar for bar in bars(result)}
    assert asked["false_beside"].verdict(asked["false_beside"].of("network")) == "over by 2.0"


def content(names=("relief",)):
    results = {name: validation() for name in names}
    found = {name: bars(result) for name, result in results.items()}
    return json.loads(json.dumps(summary(results, results, found), allow_nan=False))


def test_the_summary_tells_segmenters_apart():
    one, two = content(), content(("relief", "network"))
    assert one["command"] == "python3 tasks.py validation"
    assert two["command"] == "python3 tasks.py validation -- --segmenter relief network"
    assert list(two["segmenters"]) == ["relief", "network"]
    assert one["segmenters"]["relief"]["weights"] == ""
    assert two["segmenters"]["network"]["weights"] == weights_digest("network") != ""
    assert one["seeds"] == [VALIDATION.start, VALIDATION.stop - 1]


def test_the_docs_keep_no_picture_of_an_earlier_page(tmp_path):
    for name in ("old.svg", "relief-f1.svg", "notes.txt"):
        (tmp_path / "validation").mkdir(exist_ok=True)
        (tmp_path / "validation" / name).write_text("old")
    picture = Picture("relief-f1.svg", b"<svg/>", "F1")
    files = standard_page._write_docs(tmp_path, [picture], content())
    assert [file.name for file in files] == ["validation.json", "validation.md"]
    assert json.loads(files[0].read_text(encoding="utf-8")) == content()
    left = {file.name: file.read_text() for file in (tmp_path / "validation").iterdir()}
    assert left == {"relief-f1.svg": "<svg/>", "notes.txt": "old"}


def test_the_readmes_block_is_replaced_and_nothing_else():
    readme = f"# A\n\n{BEGIN}\nold\n{END}\n\nrest\n"
    new = README.replaced(readme, content())
    assert new.startswith("# A\n\n")
    assert new.endswith(f"{END}\n\nrest\n")
    assert "| question | ScarScope (95 % interval) | next bar | |" in new
    assert "| Which pixels (Dice over all photos)? | 0.57 | ≥ 0.75 | short by 0.18 |" in new
    assert README.replaced(new, content()) == new
    with pytest.raises(LayoutError, match="no block"):
        README.replaced("# A\n", content())


def test_the_readmes_block_shows_both_segmenters():
    text = block(content(("relief", "network")))
    assert "| question | relief (95 % interval) | network (95 % interval) | bar | |" in text
    assert "| Which pixels (Dice over all photos)? | 0.57 | 0.57 | ≥ 0.75 | short by 0.18 |" in text


def test_the_readmes_figures_are_those_of_the_validation():
    stored = ROOT / "docs" / "validation.json"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if not stored.is_file():
        assert BEGIN not in readme
        return
    assert block(json.loads(stored.read_text(encoding="utf-8"))) in readme


def test_the_stored_page_is_small_and_whole():
    page = ROOT / "docs" / "validation.md"
    if not page.is_file():
        pytest.skip("no full run has been written yet")
    pictures = list((ROOT / "docs" / "validation").iterdir())
    assert sum(p.stat().st_size for p in pictures) <= 600_000
    named = re.findall(r"\]\(validation/([^)]+)\)", page.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(p.name for p in pictures)
