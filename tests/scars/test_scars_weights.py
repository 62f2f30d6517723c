"""The network's files and the engine that runs them: tiny/ holds a net of the right form."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from scarscope.errors import DependencyError
from scarscope.scars import NetworkSegmenter, card, network
from scarscope.scars.card import Card, card_text, has_weights, read_weights, weights_folder
from scarscope.scars.network import OpenCvNet, check_channels, checked_values, deviation

TINY = Path(__file__).parent / "tiny"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(TINY, tmp_path / "é 重み"))


@pytest.fixture
def packaged(monkeypatch, folder):
    """The tiny net in the place of the package's own."""
    monkeypatch.setattr(card, "weights_folder", lambda: folder)
    network._files.cache_clear()
    monkeypatch.setattr(network, "_LOADED", network._Loaded())
    yield folder
    network._files.cache_clear()


def tiny():
    data, about = read_weights(TINY)
    return OpenCvNet(data), about


def test_the_engine_computes_what_training_did():
    net, about = tiny()
    assert len(about.check) == 8 * 4 * 4
    assert deviation(net, about) < 1e-4
    assert deviation(lambda seen: net(seen) + 1e-2, about) > 1e-4


def test_any_multiple_of_32_will_do_and_one_size_does_not_change_another():
    net, _ = tiny()
    first = net(check_channels())
    for shape in ((32, 32), (96, 160), (64, 64)):
        again = net(np.zeros((6, *shape), np.float32))
        assert again.shape == (8, shape[0] // 2, shape[1] // 2)
        assert again.dtype == np.float32
    assert np.array_equal(net(check_channels()), first)


def test_turned_views_of_memory_are_read_as_they_look():
    net, _ = tiny()
    seen = check_channels()[:, ::-1, ::-1]
    assert np.array_equal(net(seen), net(np.ascontiguousarray(seen)))


def test_an_answer_is_not_written_over_by_the_next():
    net, _ = tiny()
    first = net(check_channels())
    kept = first.copy()
    net(1 - check_channels())
    assert np.array_equal(first, kept)


def test_figures_do_not_depend_on_threads_and_their_number_is_left_alone():
    net, _ = tiny()
    before = cv2.getNumThreads()
    wanted = net(check_channels())
    try:
        cv2.setNumThreads(2)
        np.testing.assert_allclose(net(check_channels()), wanted, atol=1e-5)
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)


def test_the_package_loads_one_net_a_thread(packaged):
    first, about = network.load()
    assert network.load() == (first, about)
    others = []
    thread = threading.Thread(target=lambda: others.append(network.load()[0]))
    thread.start()
    thread.join()
    assert others[0] is not first
    assert np.array_equal(others[0](check_channels()), first(check_channels()))


def test_the_segmenter_runs_what_the_package_carries(packaged, make_skin):
    scars = NetworkSegmenter()(make_skin())
    assert scars.weights == read_weights(packaged)[1].digest
    assert len(scars.weights) == 12


def test_files_that_are_not_there_are_named_with_what_to_do(packaged, make_skin):
    (packaged / "network.onnx").unlink()
    assert not has_weights(packaged)
    with pytest.raises(DependencyError, match=r"network\.onnx") as caught:
        NetworkSegmenter()(make_skin())
    assert "segmenter" in caught.value.remedy


def test_a_damaged_model_is_refused():
    data = (TINY / "network.onnx").read_bytes()
    for broken in (b"", b"no model", data[: len(data) // 2]):
        with pytest.raises(DependencyError) as caught:
            OpenCvNet(broken)
        assert "Reinstall" in caught.value.remedy


def test_an_opencv_without_its_networks_is_named(monkeypatch):
    monkeypatch.delattr(cv2, "dnn")
    with pytest.raises(DependencyError, match="dnn") as caught:
        OpenCvNet(b"")
    assert "opencv-python" in caught.value.remedy


@pytest.mark.parametrize(
    "change",
    [
        {"scar_threshold": 1.5},
        {"scar_threshold": "high"},
        {"depth_scale": 0},
        {"depth_scale": float("nan")},
        {"core_saddle": 1.0},
        {"depth_given": 0},
        {"depth_given": 1.5},
        {"kind_weights": 3},
        {"kind_weights": [[0.0] * 8]},
        {"kind_weights": [[0.0] * 8, [0.0] * 8, [0.0] * 7]},
        {"kind_weights": [[float("nan")] * 8] * 3},
        {"kind_weights": [["x"] * 8] * 3},
        {"check": [float("inf")]},
        {"check": 3},
        {"weights_sha256": "0" * 64},
        {"name": None, "sd_factor": None},
    ],
)
def test_a_card_that_cannot_be_right_is_refused(folder, change):
    values = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    changed = {k: v for k, v in (values | change).items() if v is not None}
    (folder / "network.json").write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(DependencyError, match=r"network\.json"):
        read_weights(folder)


@pytest.mark.parametrize("text", [b"", b"[]", b"3", b"{", b"\xff\xfe", b"null"])
def test_text_that_is_no_card_is_refused(folder, text):
    (folder / "network.json").write_bytes(text)
    with pytest.raises(DependencyError, match=r"network\.json"):
        read_weights(folder)


def test_other_weights_do_not_pass_for_those_of_the_card(folder):
    with (folder / "network.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(DependencyError, match="weights_sha256"):
        read_weights(folder)


def test_the_digest_notices_thresholds_but_not_line_ends(folder):
    usual = read_weights(folder)[1].digest
    text = (folder / "network.json").read_bytes()
    (folder / "network.json").write_bytes(text.replace(b"\n", b"\r\n"))
    assert read_weights(folder)[1].digest == usual
    (folder / "network.json").write_bytes(text.replace(b'"sd_factor": 1.0', b'"sd_factor": 1.1'))
    assert read_weights(folder)[1].digest != usual


def test_a_card_is_read_as_it_was_written(folder):
    data, about = read_weights(folder)
    other = replace(about, version="2", core_peak=0.3, about={"seeds": [1, 2]})
    (folder / "network.json").write_text(card_text(other, data), encoding="utf-8")
    again = read_weights(folder)[1]
    assert replace(again, digest=other.digest) == other
    assert again.about == {"seeds": [1, 2]}


def test_a_net_of_another_form_is_refused():
    class Odd:
        def setInput(self, _):
            return None

        def forward(self):
            return np.zeros((1, 8, 64, 64), np.float32)

    net, _ = tiny()
    net._net = Odd()
    with pytest.raises(DependencyError, match="shape"):
        net(check_channels())


def test_a_card_without_values_to_check_says_so():
    net, about = tiny()
    assert np.isnan(deviation(net, replace(about, check=())))
    assert deviation(net, replace(about, check=(1.0,))) == float("inf")


@pytest.mark.skipif(not has_weights(), reason="the trained weights are not in this checkout")
def test_the_trained_weights_are_small_and_compute_what_training_did():
    data, about = read_weights()
    assert len(data) <= 4e6
    net = OpenCvNet(data)
    assert deviation(net, about) < 1e-4
    assert len(checked_values(net)) == len(about.check)


def test_the_package_keeps_its_weights_beside_its_code():
    assert Path(str(weights_folder())).parent == Path(card.__file__).parent
    assert isinstance(read_weights(TINY)[1], Card)
