"""From annotated photos to new weights, and the judgement of them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scarscope.cli import main
from scarscope.cli.parser import build_parser
from scarscope.errors import ParamsError
from scarscope.phantom import random_patch
from scarscope.training.held_out import Change, Comparison
from scarscope.validation.bootstrap import Interval

torch = pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("onnx", reason="needs the extra train")

from scarscope.scars.card import CARD, WEIGHTS, Card, card_text, read_weights  # noqa: E402
from scarscope.training import fine_tune as room  # noqa: E402
from scarscope.training.export import write_onnx  # noqa: E402
from scarscope.training.fine_tune import Source, fine_tune  # noqa: E402
from scarscope.training.folded import convolutions, read_network  # noqa: E402
from scarscope.training.network import Network  # noqa: E402
from scarscope.training.tune import TuneParams  # noqa: E402

PARAMS = TuneParams(epochs=1, crops=3, batch=4, rate=1e-3)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Photos of five simulated subjects with 16-bit drawings."""
    home = tmp_path_factory.mktemp("study")
    lines = ["path,subject,session,date,view,mm_per_px"]
    for number in range(5):
        patch = random_patch(40 + number, size_mm=(18, 18), mm_per_px=0.15, n_scars=3)
        place = f"P{number}/s0/left"
        for folder in ("photos", "drawn"):
            (home / folder / place).parent.mkdir(parents=True)
        Image.fromarray(patch.rgb).save(home / "photos" / f"{place}.jpg", quality=95)
        Image.fromarray(patch.labels.astype(np.uint16)).save(home / "drawn" / f"{place}.png")
        lines.append(f"{place}.jpg,P{number},0,,left,0.15")
    (home / "photos" / "manifest.csv").write_text("\n".join(lines), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A toy network as it would be shipped."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(1)
    write_onnx(Network((4, 6, 8, 8, 8)), folder / WEIGHTS)
    card = Card(name="toy", version="1", scar_threshold=0.4, depth_scale=1.5, sd_factor=2.0)
    text = card_text(replace(card, about={"seeds": [1, 2]}), (folder / WEIGHTS).read_bytes())
    (folder / CARD).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def small(examples, judged, monkeypatch):
    """Simulated examples that are there already."""
    monkeypatch.setattr(room, "_stores", lambda *_: (examples, judged))


def _tuned(study, weights, out, params=PARAMS):
    source = Source(photos=study / "photos", drawings=study / "drawn", held_out=0.4)
    return fine_tune(source, out, params=params, weights=weights, workers=0, threads=1)


def test_new_weights_come_of_annotated_photos(small, study, weights, tmp_path):
    result = _tuned(study, weights, tmp_path)
    assert (len(result.split.learned), len(result.split.held_out)) == (3, 2)
    data, card = read_weights(tmp_path)
    assert data != (weights / WEIGHTS).read_bytes()
    assert (card.name, card.scar_threshold, card.depth_scale) == ("toy-tuned", 0.4, 1.5)
    assert card.about["tuned_from"]["name"] == "toy"
    assert (card.about["photos"], card.about["subjects"]) == (3, 3)
    assert card.check
    assert set(result.simulated) <= {"dice", "bias", "type"}
    held_out = pd.read_csv(tmp_path / "held_out.csv")
    assert sorted(held_out["subject"]) == list(result.split.held_out)
    assert {"hit_3mm_shipped", "hit_3mm_new"} <= set(held_out.columns)
    parts = pd.read_csv(tmp_path / "subjects.csv").set_index("subject")["part"]
    assert set(parts[list(result.split.held_out)]) == {"held out"}
    assert not any(name in (tmp_path / CARD).read_text("utf-8") for name in parts.index)
    assert result.comparison.recommended is False


def test_tuning_is_a_function_of_its_seed(small, study, weights, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 3)):
        _tuned(study, weights, tmp_path / name, replace(PARAMS, seed=seed))
    files = [(tmp_path / name / WEIGHTS).read_bytes() for name in "abc"]
    assert files[0] == files[1] != files[2]


def test_tuning_changes_weights_a_little(small, study, weights, tmp_path):
    _tuned(study, weights, tmp_path)
    files = [(folder / WEIGHTS).read_bytes() for folder in (weights, tmp_path)]
    old, new = ([c.weight.detach() for c in convolutions(read_network(f))] for f in files)
    apart = [float((a - b).abs().max()) for a, b in zip(old, new, strict=True)]
    assert all(0 < change < 0.02 for change in apart)


def test_the_command_prints_a_table_and_a_judgement(
    small, study, weights, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(room, "cpu_count", lambda: 1)
    arguments = ["train", str(study / "photos"), str(study / "drawn"), "--out", str(tmp_path)]
    arguments += ["--epochs", "1", "--held-out", "0.4", "--weights", str(weights / WEIGHTS)]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "Learned from: P" in printed.out
    assert "Held out:     P" in printed.out
    assert all(title in printed.out for title in ("F1 (centres", "Dice", "type right", "false"))
    assert "keep the shipped ones" in printed.out
    assert "Use them" not in printed.out
    assert "[3/3]" in printed.err


def test_too_few_subjects_are_refused_before_anything_is_learned(
    small, study, weights, tmp_path, capsys
):
    arguments = ["train", str(study / "photos"), str(study / "drawn"), "--out", str(tmp_path / "o")]
    assert main([*arguments, "--held-out", "0.8", "--weights", str(weights)]) == 1
    assert "5 subject(s) with drawings cannot be split" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_the_commands_defaults_are_the_rooms():
    options = build_parser().parse_args(["train", "photos", "--out", "o"])
    own = TuneParams()
    assert (options.epochs, options.rate, options.seed) == (own.epochs, own.rate, own.seed)
    assert options.held_out == Source(photos=options.photos).held_out
    assert options.drawings is None


@pytest.mark.parametrize(
    ("name", "value"), [("epochs", 0), ("rate", 0.0), ("rate", 1.0), ("batch", 3), ("crops", 0)]
)
def test_wrong_parameters_of_tuning_are_named(name, value):
    with pytest.raises(ParamsError, match=f"{name} = "):
        TuneParams(**{name: value})


@pytest.mark.parametrize(("photos", "epochs"), [(2, 1), (3, 20), (50, 2)])
def test_every_photo_is_looked_at_alike(photos, epochs):
    params = TuneParams(epochs=epochs)
    places = params.places(photos)
    assert len(places) == params.steps(photos) * params.half
    counts = np.bincount(places, minlength=photos)
    assert counts.max() - counts.min() <= params.half
    assert params.blocks_for(photos, 64) == min(16, -(-len(places) // 64))


def _comparison(**changes):
    """A comparison with the given change, low and high of some figures, none in the others."""
    rows = []
    for name in ("f1_3mm", "dice", "type_accuracy", "false_per_10cm2"):
        change, low, high = changes.get(name, (0.0, -0.1, 0.1))
        rows.append(Change(name, 0.5, 0.5 + change, Interval(change, low, high, 8)))
    return Comparison(pd.DataFrame(), tuple(rows))


NAN = float("nan")
JUDGED = {
    "better": ({"f1_3mm": (0.1, 0.02, 0.2)}, True, "better beyond chance"),
    "worse": ({"f1_3mm": (-0.1, -0.2, -0.02)}, False, "worse beyond chance"),
    "perhaps worse": ({"f1_3mm": (-0.1, -0.2, 0.1)}, False, r"worse \(F1 -0.10\)"),
    "chance": ({"f1_3mm": (0.1, -0.02, 0.2)}, False, "does not exceed chance"),
    "too few": ({"f1_3mm": (0.1, NAN, NAN)}, False, "6 are needed"),
    "worse with too few": ({"f1_3mm": (-0.1, NAN, NAN)}, False, "are worse"),
    "no scars": ({"f1_3mm": (NAN, NAN, NAN)}, False, "says nothing"),
    "more false ones": (
        {"f1_3mm": (0.1, 0.02, 0.2), "false_per_10cm2": (2.0, 1.0, 3.0)},
        False,
        "false scars are worse beyond chance",
    ),
    "fewer false ones": (
        {"f1_3mm": (0.1, 0.02, 0.2), "false_per_10cm2": (-2.0, -3.0, -1.0)},
        True,
        "better",
    ),
    "worse outlines": (
        {"f1_3mm": (0.1, 0.02, 0.2), "dice": (-0.2, -0.3, -0.1)},
        False,
        "outlines are worse",
    ),
}


@pytest.mark.parametrize("name", JUDGED)
def test_worse_or_doubtful_weights_are_never_recommended(name):
    changes, recommended, told = JUDGED[name]
    comparison = _comparison(**changes)
    assert comparison.recommended is recommended
    assert re.search(told, comparison.verdict)
    assert ("keep the shipped" in comparison.verdict) is not recommended
    assert list(comparison.to_frame()["subjects"]) == [8] * 4
