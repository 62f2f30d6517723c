"""Which segmenter scores: typed, in the parameter file, in the library, and told in the tables."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import scarscope as ss
from scarscope.cli import main
from scarscope.scars import card, network, weights_digest

TINY = Path(__file__).parents[1] / "scars" / "tiny"
NETWORK = ss.Params.from_dict({"scars": {"segmenter": "network"}})


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """A small network in the place of the package's own."""
    folder = tmp_path / "weights"
    shutil.copytree(TINY, folder)
    monkeypatch.setattr(card, "weights_folder", lambda: folder)
    monkeypatch.setattr(network, "_LOADED", network._Loaded())
    network._files.cache_clear()
    yield folder
    network._files.cache_clear()


@pytest.fixture
def photo(tmp_path):
    rng = np.random.default_rng(1)
    grain = rng.normal(1, 0.02, (90, 110, 1))
    picture = np.clip(grain * (205, 155, 130), 0, 255).astype(np.uint8)
    file = tmp_path / "photos" / "left.png"
    file.parent.mkdir()
    Image.fromarray(picture).save(file)
    file.with_name("left.png.json").write_text('{"mm_per_px": 0.1}', encoding="utf-8")
    return file


def scored(photo, capsys, *more):
    assert main(["score", str(photo), "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)["photos"][0]


def test_what_is_typed_counts_for_more_than_the_parameter_file(weights, photo, tmp_path, capsys):
    file = tmp_path / "params.toml"
    file.write_text('[scars]\nsegmenter = "network"\n', encoding="utf-8")
    assert scored(photo, capsys)["segmenter"] == ss.Params().scars.segmenter
    assert scored(photo, capsys, "--params", str(file))["segmenter"] == "network"
    typed = scored(photo, capsys, "--params", str(file), "--segmenter", "relief")
    assert (typed["segmenter"], typed["weights"]) == ("relief", None)


def test_library_command_line_and_file_give_the_same_numbers_and_hash(weights, photo, capsys):
    score = ss.score(ss.read_photo(photo), params=NETWORK)
    row = scored(photo, capsys, "--segmenter", "network")
    assert row["weights"] == score.scars.weights == weights_digest(NETWORK)
    assert row["n_scars"] == score.n_scars
    assert row["burden_um"] == pytest.approx(score.burden_um)
    assert row["turn_disagreement"] == pytest.approx(score.scars.quality["turn_disagreement"])


def test_the_hash_of_the_parameters_tells_the_segmenters_apart(weights, photo, capsys):
    hashes = []
    for name in ("network", "relief"):
        assert main(["score", str(photo), "--json", "--segmenter", name]) == 0
        hashes.append(json.loads(capsys.readouterr().out)["params_hash"])
    assert hashes[0] == NETWORK.hash
    assert hashes[0] != hashes[1]


def test_a_batch_tells_who_read_it_and_does_it_again_with_other_weights(weights, photo, tmp_path):
    out = tmp_path / "out"
    first = ss.score_folder(photo.parent, out=out, params=NETWORK)
    digest = weights_digest(NETWORK)
    assert list(first.photos["segmenter"]) == ["network"]
    assert list(first.photos["weights"]) == [digest]
    provenance = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    assert (provenance["segmenter"], provenance["weights"]) == ("network", digest)
    assert ss.score_folder(photo.parent, out=out, params=NETWORK).kept == 1
    values = json.loads((weights / "network.json").read_text(encoding="utf-8"))
    (weights / "network.json").write_text(json.dumps(values | {"sd_factor": 2.0}), "utf-8")
    network._files.cache_clear()
    again = ss.score_folder(photo.parent, out=out, params=NETWORK)
    assert again.kept == 0
    assert list(again.photos["weights"]) == [weights_digest(NETWORK)] != [digest]


@pytest.mark.parametrize("command", ["score", "batch"])
def test_missing_weights_stop_a_run_before_it_starts(weights, photo, tmp_path, capsys, command):
    (weights / "network.onnx").unlink()
    what = [str(photo)] if command == "score" else [str(photo.parent), "--out", str(tmp_path / "o")]
    assert main([command, *what, "--segmenter", "network"]) == 1
    errors = capsys.readouterr().err
    assert errors.count("network.onnx") == 1
    assert "--segmenter relief" in errors
    assert main(["score", str(photo), "--segmenter", "relief"]) == 0


@pytest.fixture
def other(weights, tmp_path):
    """Weights beside the package's own, with another threshold."""
    folder = tmp_path / "other"
    shutil.copytree(weights, folder)
    text = (folder / "network.json").read_text(encoding="utf-8")
    values = json.loads(text) | {"scar_threshold": 0.07, "name": "other"}
    (folder / "network.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["", "network.onnx"])
def test_other_weights_are_used_and_told(weights, other, photo, capsys, name):
    usual = scored(photo, capsys, "--segmenter", "network")
    row = scored(photo, capsys, "--weights", str(other / name))
    assert row["segmenter"] == "network"
    assert row["weights"] == card.read_weights(other)[1].digest != usual["weights"]
    own = ss.Params.from_dict(
        {"scars": {"segmenter": "network"}, "network": {"weights": str(other / name)}}
    )
    assert weights_digest(own) == row["weights"]
    assert ss.score(ss.read_photo(photo), params=own).scars.weights == row["weights"]


def test_a_batch_keeps_the_name_of_whoever_ran_it_out_of_the_weights(
    weights, other, photo, tmp_path, monkeypatch
):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    arguments = ["batch", str(photo.parent), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--weights", str(other)]) == 0
    provenance = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert Path(provenance["params"]["network"]["weights"]) == Path("~/other")
    assert provenance["weights"] == card.read_weights(other)[1].digest


def test_weights_that_are_not_there_are_named(weights, photo, tmp_path, capsys):
    assert main(["score", str(photo), "--weights", str(tmp_path / "none")]) == 1
    assert "does not hold network.onnx and network.json" in capsys.readouterr().err
    both = ["--segmenter", "relief", "--weights", str(tmp_path)]
    assert main(["score", str(photo), *both]) == 2
    assert "has no weights" in capsys.readouterr().err


def test_another_segmenter_is_wrong_usage(photo, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["score", str(photo), "--segmenter", "magic"])
    assert caught.value.code == 2
    assert "relief" in capsys.readouterr().err
