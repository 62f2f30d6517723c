"""The model card says what its inputs say, refuses those of other weights, and stays current."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import scarscope.scars
from scarscope.errors import StoreError
from scarscope.phantom.seeds import SECOND_RENDERER
from scarscope.scars import card
from scarscope.scars.card import card_text, has_weights, read_weights
from scarscope.validation import draw_together
from scarscope.validation.bars import bars
from scarscope.validation.compare import SCAR_COLUMNS
from scarscope.validation.gallery import Shown
from scarscope.validation.standard import comparable
from scarscope.validation.standard_page import summary
from scarscope.validation.write import write_tables

ROOT = Path(__file__).parents[2]
DOCS, TINY = ROOT / "docs", ROOT / "tests" / "scars" / "tiny"
LIGHTS = ("ring", "twin", "offaxis", "raking", "window")
STEP, SECONDS = 200, 754.5

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(DOCS)
    import model_card
    import model_card_failures
    import model_card_gather
    import model_card_second


def scars_of(path, number):
    """A scar that is missed, one whose depth is wrong, and a false one on skin without scars."""
    sizes = {"true_type": "rolling", "true_width_mm": 4.0, "true_depth_um": 300.0}
    found = {"found_type": "boxcar", "found_width_mm": 2.0, "found_depth_um": 250.0 - 10 * number}
    rows = []
    for criterion in ("3mm", "iou"):
        own = {"path": path, "criterion": criterion, "found_depth_sd_um": 40.0}
        if path.startswith("clean"):
            rows.append({**own, **found, "status": "false", "found_id": 1, "true_id": 0}
                        | {"found_volume_mm3": 1.0 + number})  # fmt: skip
            continue
        rows.append({**own, **sizes, "status": "missed", "true_id": 2, "found_id": 0}
                    | {"true_volume_mm3": 1.0 + number})  # fmt: skip
        rows.append({**own, **sizes, **found, "status": "found", "true_id": 1, "found_id": 1}
                    | {"true_volume_mm3": 1.0, "found_volume_mm3": 0.8, "iou": 0.6})  # fmt: skip
    return rows


def photo(path, light, number, *, clean):
    counts = {"hit": 1 - clean, "false": int(clean), "missed": 1 - clean}
    both = {f"{k}_{by}": v for k, v in counts.items() for by in ("3mm", "iou")}
    areas = {"true_area_mm2": 9.0 * (not clean), "found_area_mm2": 6.0, "shared_area_mm2": 5.0}
    burden = {"true_burden_um": 9.0 + number, "found_burden_um": 8.0, "found_burden_sd_um": 1.0}
    return {
        **{"path": path, "subject": path, "light": light, "set": "clean" if clean else "scars"},
        **{"ita_deg": (45.0, -40.0)[number % 2], "mm_per_px": 0.1, "area_mm2": 500.0},
        **{"n_true": 2 * (1 - clean), "n_found": 1, "n_cut": 0, "distractor": "naevi" * clean},
        **both,
        **areas,
        **burden,
    }


def results():
    """What a run of the standard set leaves, of ten photos."""
    names = [(f"{part}-{n}", light, n, part == "clean") for n, light in enumerate(LIGHTS * 2)
             for part in ("scars", "clean")]  # fmt: skip
    photos = [photo(path, light, n, clean=clean) for path, light, n, clean in names]
    scars = [row for path, _, n, _ in names for row in scars_of(path, n)]
    return draw_together(
        pd.DataFrame(photos), pd.DataFrame(scars).reindex(columns=["path", *SCAR_COLUMNS])
    )


@pytest.fixture(scope="module")
def whole():
    return results()


@pytest.fixture(scope="module")
def good(whole):
    return comparable(whole)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """The tiny net in the place of the package's own, trained as shipped.toml says."""
    folder = Path(shutil.copytree(TINY, tmp_path / "weights"))
    monkeypatch.setattr(scarscope.scars, "__file__", str(tmp_path / "x.py"))
    monkeypatch.setattr(card, "weights_folder", lambda: folder)
    params = tomllib.loads((ROOT / "scarscope/training/shipped.toml").read_text(encoding="utf-8"))
    one = {"device": "processor", "processor": "Some CPU", "cores": 2, "threads": 1, "system": "X"}
    state(
        folder,
        **{"software": "scarscope 0.1.0", "torch": "2.9", "opencv": "5.0", "date": "2026-11-20"},
        **{"params": params, "params_hash": "0123456789ab", "step": STEP, "seconds": SECONDS},
        **{"seeds": {"training": [1, 2], "stopping": [3, 4]}, "calibrated_on": 120},
        hardware=[one, {**one, "device": "Some GPU", "threads": None}],
    )
    return folder


def state(folder, **about):
    """Write the card of some weights with more, or other, particulars."""
    data, own = read_weights(folder)
    kept = {k: v for k, v in {**own.about, **about}.items() if v is not None}
    text = card_text(replace(own, about=kept), data)
    (folder / "network.json").write_text(text, encoding="utf-8")


@pytest.fixture
def made(tmp_path, weights, whole, good, monkeypatch):
    """A folder of docs with all that the card is made from: docs, log and study."""
    docs, names = tmp_path / "docs", ("relief", "network")
    content = summary(
        dict.fromkeys(names, whole), dict.fromkeys(names, good), dict.fromkeys(names, bars(good))
    )
    docs.mkdir()
    (docs / "validation.json").write_text(json.dumps(content), encoding="utf-8")
    parts = ("scar", "overlap", "depth", "volume", "spread", "kind", "hidden", "core")
    steps = np.arange(50, STEP + 1, 50)
    log = pd.DataFrame({"step": steps, "seconds": SECONDS * steps / STEP})
    log = log.assign(**dict.fromkeys(parts, 1.0))
    last = log["step"] == STEP
    tests = [*(f"test_{part}" for part in parts), "test_dice", "test_type"]
    log.assign(**{name: np.where(last, 0.5, np.nan) for name in tests}).to_csv(
        tmp_path / "log.csv", index=False
    )
    study_of(tmp_path / "study", read_weights(weights)[1].digest)
    monkeypatch.setattr(model_card_gather, "shown_of", lambda _: show)
    # Intervals take their time: the run was read already.
    monkeypatch.setattr(model_card_gather, "read_run", lambda _: whole)
    monkeypatch.setattr(model_card_gather, "comparable", lambda _: good)
    return tmp_path


def study_of(study, digest, seed=SECOND_RENDERER.start, scarring=("many", "few")):
    (study / "truth").mkdir(parents=True)
    (study / "results-network").mkdir()
    paths = [f"S{number}/2026-01-12/left.jpg" for number in (seed, seed + 1)]
    shown = pd.DataFrame({"path": paths, "scarring": scarring})
    shown.to_csv(study / "truth" / "photos.csv", index=False)
    row = {"by": "all", "level": "all", "photos": 1, "f1_3mm": 0.4567, "dice": np.nan}
    few = {**row, "by": "few: all", "f1_3mm": 0.3456, "f1_3mm_low": 0.2, "f1_3mm_high": 0.5}
    pd.DataFrame([row, few]).to_csv(study / "results-network.csv", index=False)
    provenance = {"version": "0.1.0", "weights": digest}
    (study / "results-network" / "provenance.json").write_text(json.dumps(provenance))


def show(_path):
    labels = np.zeros((150, 200), np.int32)
    labels[20:50, 20:60], labels[100:140, 150:200] = 1, 2
    return Shown(np.full((150, 200, 3), 150, np.uint8), labels, labels)


def write(made, *more):
    options = ["--docs", made / "docs", "--validation", made / "run", *more]
    return model_card.main([str(option) for option in options])


def gathered(made):
    return write(made, "--log", made / "log.csv", "--second", made / "study")


def page_of(docs):
    return (docs / "model-card.md").read_text(encoding="utf-8")


def test_the_card_is_made_from_its_inputs(made, weights):
    assert gathered(made) == 0
    docs = made / "docs"
    text = page_of(docs)
    assert f"digest `{read_weights(weights)[1].digest}`" in text
    assert "13 min" in text
    assert "Some CPU, 2 cores, 1 thread (X); then Some GPU, beside Some CPU, 2 cores (X)" in text
    assert "| F1 (centres within 3 mm) |" in text
    assert re.search(r"\| 0\.46 \|", text)  # of the second renderer
    assert re.search(r"\| 0\.35 \(0\.20 to 0\.50\) \|", text)  # the same, where scars are few
    assert "[50" not in text
    shown = re.findall(r"\]\((model-card/[^)]+)\)", text)
    assert {Path(name).stem for name in shown} == {"loss", "stopping", "missed", "false", "depth"}
    for name in shown:
        data = (docs / name).read_bytes()
        assert data[:2] == b"\xff\xd8" if name.endswith("jpg") else ElementTree.fromstring(data)
    for word in ("research software, not a medical device", "no photo of a person", "rater"):
        assert word in text


def test_a_card_is_current_until_something_changes(made, weights, capsys):
    assert write(made, "--check") == 1
    assert gathered(made) == 0
    assert write(made, "--check") == write(made, "--text") == 0
    page = made / "docs" / "model-card.md"
    page.write_text(page_of(made / "docs") + "more\n", encoding="utf-8")
    assert write(made, "--check") == 1
    assert "model-card.md is not current" in capsys.readouterr().out
    assert write(made, "--text") == write(made, "--check") == 0


def test_the_card_of_other_weights_is_refused(made, weights, capsys):
    assert gathered(made) == 0
    state(weights, date="2027-01-01")  # changes the digest, nothing else
    assert write(made, "--check") == 1
    assert "docs/validation.json holds figures of the weights" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"hardware": None}, "does not state hardware"),
        ({"params": {"blocks": 1}}, "than shipped.toml states"),
        ({"step": 150}, "docs/validation.json holds figures"),
    ],
)
def test_weights_must_say_how_they_came_about(made, weights, capsys, about, said):
    state(weights, **about)
    assert gathered(made) == 1
    assert said in capsys.readouterr().err


def test_without_weights_there_is_no_card(made, weights, capsys):
    (weights / "network.onnx").unlink()
    assert gathered(made) == 1
    assert "python -m scarscope.training" in capsys.readouterr().err


def changed(file, change):
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def without_network(content):
    del content["segmenters"]["network"]


def another_f1(content):
    content["segmenters"]["network"]["figures"]["f1"]["value"] = 0.99


@pytest.mark.parametrize(
    ("change", "said"),
    [(without_network, "no figures of the segmenter network"), (another_f1, "f1_3mm of network")],
)
def test_a_validation_that_does_not_fit_is_refused(made, capsys, change, said):
    changed(made / "docs" / "validation.json", change)
    assert gathered(made) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "python3 tasks.py validation" in told


@pytest.mark.parametrize("name", ["docs/validation.json", "log.csv", "study/truth/photos.csv"])
def test_what_is_missing_is_named(made, capsys, name):
    (made / name).unlink()
    assert gathered(made) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_run_is_read_as_it_was_written(whole, tmp_path):
    write_tables(whole, tmp_path)
    again = model_card_gather.read_run(tmp_path)
    pd.testing.assert_frame_equal(again.figures, whole.figures, rtol=1e-4)
    pd.testing.assert_frame_equal(
        model_card_failures.choose(again.photos, again.scars),
        model_card_failures.choose(whole.photos, whole.scars),
    )
    with pytest.raises(StoreError, match="Run: python3"):
        model_card_gather.read_run(tmp_path / "nowhere")


def test_strata_hold_every_light_and_comparable_light(whole, good, monkeypatch):
    monkeypatch.setattr(model_card_gather, "comparable", lambda _: good)
    found = model_card_gather.strata({"network": whole})
    assert set(found[found["by"] == "light"]["level"]) == set(LIGHTS)
    n = found[found["figure"] == "f1_3mm"].set_index(["by", "level"])["n"]
    assert (n["all", "comparable"], n["all", "every light"]) == (8, 10)
    rate = found[found["figure"] == model_card_gather.SCAR_FREE].set_index("level")["value"]
    assert rate["every light"] == pytest.approx(2.0)  # one on 500 mm2 each


def test_the_log_must_be_that_of_the_weights(made, capsys):
    text = (made / "log.csv").read_text(encoding="utf-8")
    (made / "log.csv").write_text(text.replace("\n200,", "\n201,"), encoding="utf-8")
    assert gathered(made) == 1
    assert "The training log ends at step 201" in capsys.readouterr().err


def test_the_second_renderer_must_show_these_weights_on_seeds_for_reporting(made, capsys):
    assert write(made, "--log", made / "log.csv") == 1
    assert "second-renderer.json cannot be read" in capsys.readouterr().err
    study_of(made / "other", "0" * 12)
    assert write(made, "--second", made / "other") == 1
    assert "second-renderer.json holds figures of the weights 000000000000" in (
        capsys.readouterr().err
    )
    study_of(made / "tuning", "", seed=71_000)
    with pytest.raises(StoreError, match="seed 71000"):
        model_card_second.read_study(made / "tuning")


def test_the_second_renderer_must_show_many_scars_and_few(tmp_path):
    study_of(tmp_path / "both", "")
    found = model_card_second.read_study(tmp_path / "both")
    assert [found[name] for name in ("many", "few", "free")] == [1, 1, 0]
    study_of(tmp_path / "few", "", scarring=("few", "none"))
    with pytest.raises(StoreError, match="no photos with many scars"):
        model_card_second.read_study(tmp_path / "few")


def test_failures_are_the_worst_under_each_light_and_no_photo_twice(whole):
    chosen = model_card_failures.choose(whole.photos, whole.scars)
    mixed = (table.sample(frac=1, random_state=1) for table in (whole.photos, whole.scars))
    pd.testing.assert_frame_equal(model_card_failures.choose(*mixed), chosen)
    assert chosen["path"].is_unique
    assert chosen.groupby("kind")["light"].apply(list).to_dict() == {
        kind: list(LIGHTS) for kind in ("missed", "false", "depth")
    }
    paths = chosen.set_index(["kind", "light"])["path"]
    # The larger the number, the worse; what is drawn once leaves its place to the next.
    assert paths["missed", "ring"] == "scars-5"
    assert paths["depth", "ring"] == "scars-0"
    assert paths["false", "window"] == "clean-9"
    told = chosen.set_index(["kind", "light"])["told"]
    assert told["missed", "ring"] == "ring, dark: missed rolling scar 4.0 mm wide, 300 µm deep"
    assert told["false", "ring"].endswith("taken for boxcar scar 2.0 mm wide, 200 µm deep; "
                                          "the photo shows naevi")  # fmt: skip
    assert told["depth", "ring"].endswith("300 µm deep; found 250 ± 40 µm deep")


def test_a_failure_that_cannot_be_seen_again_is_no_picture(whole):
    chosen = model_card_failures.choose(whole.photos, whole.scars).assign(scar_id=7)
    with pytest.raises(StoreError, match="any more"):
        dict(model_card_failures.sheets(chosen, show))


def test_a_sheet_is_as_small_as_it_must_be():
    noise = np.random.default_rng(1).integers(0, 255, (480, 1040, 3)).astype(np.uint8)
    assert len(model_card_failures.small_jpeg(noise)) < 3e5
    assert len(model_card_failures.small_jpeg(noise // 8)) <= model_card_failures.MOST_BYTES


needs_weights = pytest.mark.skipif(not has_weights(), reason="no trained weights in this checkout")


@needs_weights
def test_the_card_is_that_of_the_packaged_weights():
    assert f"digest `{read_weights()[1].digest}`" in page_of(DOCS), "run: python3 tasks.py card"


@needs_weights
def test_the_card_is_current():
    assert model_card.main(["--check"]) == 0, "run: python3 tasks.py card -- --text"


@needs_weights
def test_the_cards_pictures_are_small_and_all_shown():
    files = [file for file in (DOCS / "model-card").iterdir() if file.suffix != ".csv"]
    named = re.findall(r"\]\(model-card/([^)]+)\)", page_of(DOCS))
    assert sorted(named) == sorted(file.name for file in files)
    assert sum(f.stat().st_size for f in files if f.suffix == ".jpg") <= 300_000
