import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from scarscope import doctor
from scarscope.cli import main
from scarscope.errors import DependencyError
from scarscope.machine import (
    cpu_count,
    default_workers,
    explain_opencv,
    memory_gib,
    require_opencv,
)
from scarscope.params import Params
from scarscope.scars import card, network

TINY = Path(__file__).parents[1] / "scars" / "tiny"


def test_default_params_are_explained_and_read_back(tmp_path, capsys):
    assert main(["doctor", "--params"]) == 0
    text = capsys.readouterr().out
    assert "# Spacing of the working grid in mm." in text
    file = tmp_path / "params.toml"
    file.write_text(text, encoding="utf-8")
    assert Params.from_toml(file) == Params()


def test_every_check_is_made_and_the_status_follows(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "_score_a_dent", lambda: 1)
    assert main(["doctor"]) == 0
    assert "Everything works." in capsys.readouterr().out
    monkeypatch.setattr(doctor, "_score_a_dent", lambda: 1 / 0)
    assert main(["doctor"]) == 1
    assert "1 thing(s) to put right" in capsys.readouterr().out


@pytest.mark.parametrize("extra", ["cluster", "study", "review", "notebook", "train"])
def test_a_missing_extra_is_a_note_with_what_to_install(monkeypatch, extra):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    found = getattr(doctor, f"_{extra}")()
    assert found.status == "note"
    assert f'scarscope[{extra}]"' in found.remedy


def test_what_a_study_needs_is_named_with_its_versions(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "version", lambda name: f"{len(name)}.0")
    study = {check.name: check for check in doctor.examine()}["study"]
    assert study.status == "ok"
    assert study.found == "statsmodels 11.0, matplotlib 10.0, pyarrow 7.0"


def test_one_package_of_a_study_is_not_enough(monkeypatch):
    def version(name):
        if name == "pyarrow":
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor.metadata, "version", version)
    assert doctor._study().status == "note"


def test_doctor_works_where_opencv_does_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    checks = {check.name: check for check in doctor.examine()}
    assert checks["opencv"].status == "fail"
    assert "pip install" in checks["opencv"].remedy
    assert checks["self-test"].status == "fail"
    assert checks["numpy"].status == "ok"


def test_the_library_says_what_to_install_where_opencv_does_not_work(tmp_path):
    stub = tmp_path / "cv2.py"
    stub.write_text("raise ImportError('libGL.so.1: cannot open')", encoding="utf-8")
    code = "import scarscope as ss; ss.Params(); ss.score"
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert "scarscope.errors.DependencyError" in done.stderr.splitlines()[-1]
    assert "libgl1" in done.stderr.splitlines()[-1]


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


def test_the_network_s_weights_are_named_and_tried(weights):
    check = doctor._network()
    assert check.status == "ok"
    assert card.read_weights(weights)[1].digest in check.found


def test_a_network_that_computes_something_else_is_a_fault(weights):
    told = (weights / "network.json").read_text(encoding="utf-8")
    values = json.loads(told)
    values["check"][3] += 0.1
    (weights / "network.json").write_text(json.dumps(values), encoding="utf-8")
    check = doctor._network()
    assert check.status == "fail"
    assert "--segmenter relief" in check.remedy


def test_a_network_without_values_to_check_is_a_note(weights):
    values = json.loads((weights / "network.json").read_text(encoding="utf-8"))
    (weights / "network.json").write_text(json.dumps(values | {"check": []}), encoding="utf-8")
    assert doctor._network().status == "note"


@pytest.mark.parametrize(("segmenter", "status"), [("relief", "note"), ("network", "fail")])
def test_missing_weights_matter_where_the_network_is_the_default(
    weights, monkeypatch, segmenter, status
):
    (weights / "network.onnx").unlink()
    usual = Params.from_dict({"scars": {"segmenter": segmenter}})
    monkeypatch.setattr(doctor, "Params", lambda: usual)
    assert doctor._network().status == status


def test_an_empty_leftover_of_opencv_is_recognised(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", type(sys)("cv2"))
    with pytest.raises(DependencyError, match="cannot be imported"):
        require_opencv()


def test_two_providers_of_cv2_are_a_fault(monkeypatch):
    both = ("opencv-python", "opencv-contrib-python")
    monkeypatch.setattr(doctor, "opencv_packages", lambda: both)
    check = doctor._providers()
    assert check.status == "fail"
    assert "pip uninstall -y opencv-python opencv-contrib-python" in check.remedy
    monkeypatch.setattr(doctor, "opencv_packages", lambda: ("opencv-python-headless",))
    assert doctor._providers().status == "note"


@pytest.mark.parametrize(
    ("message", "installed", "words"),
    [
        ("libGL.so.1: cannot open shared object file", 1, "apt-get install libgl1 libglib2.0-0"),
        ("libgthread-2.0.so.0: cannot open", 1, "libglib2.0-0"),
        ("numpy.core.multiarray failed to import", 1, "numpy"),
        ("DLL load failed while importing cv2", 1, "Visual C++"),
        ("something else", 1, "--force-reinstall opencv-python"),
        ("No module named 'cv2'", 0, "pip install opencv-python"),
        ("libGL.so.1", 2, "pip uninstall"),
    ],
)
def test_remedies_for_opencv(monkeypatch, message, installed, words):
    packages = ("opencv-python", "opencv-contrib-python")[:installed]
    monkeypatch.setattr("scarscope.machine.opencv_packages", lambda: packages)
    assert words in explain_opencv(message)


@pytest.mark.parametrize(
    ("version", "required", "enough"),
    [
        ("2.0", "2.0", True),
        ("2.10.1", "2.9", True),
        ("1.26.4", "2.0", False),
        ("5.0.0", "4.10", True),
    ],
)
def test_versions_compare_by_number(version, required, enough):
    assert doctor._at_least(version, required) is enough


def test_a_package_that_is_too_old_is_named(monkeypatch):
    monkeypatch.setattr(doctor, "_required", lambda: {"numpy": "99.0"})
    check = doctor._package("numpy")
    assert check.status == "fail"
    assert "pip install -U numpy" in check.remedy


def test_the_machine_is_measured():
    assert 1 <= default_workers() <= cpu_count()
    memory = memory_gib()
    assert memory is None or memory > 0.1
