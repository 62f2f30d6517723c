"""tasks.py prepares environments once, and its lists are complete."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = ("run.txt", "test.txt", "opencv4.txt", "lowest.txt")


@pytest.fixture
def tasks(tmp_path, monkeypatch):
    """The module, working in an empty folder, with pip and OpenCV left out."""
    spec = importlib.util.spec_from_file_location("tasks", ROOT / "tasks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    for name in LISTS:
        (tmp_path / "requirements" / name).write_text("thing==1\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    module.calls = []
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOCKS", tmp_path / "requirements")
    monkeypatch.setattr(module, "_make_environment", lambda where: where / "bin" / "python")
    monkeypatch.setattr(module, "_pip", lambda _, arguments, __: module.calls.append(arguments[-1]))
    monkeypatch.setattr(module, "_check_opencv", lambda _: None)
    return module


def _installed(tasks):
    calls, tasks.calls = [Path(c).name for c in tasks.calls], []
    return calls


def test_nothing_is_installed_twice(tasks):
    project = tasks.ROOT.name
    tasks.prepare("run.txt")
    assert _installed(tasks) == ["run.txt", project]
    tasks.prepare("run.txt")
    assert _installed(tasks) == []
    tasks.prepare("test.txt")
    assert _installed(tasks) == ["test.txt"]
    tasks.prepare("run.txt")  # the list of the tests holds it
    assert _installed(tasks) == []


def test_a_changed_list_is_installed_again(tasks):
    tasks.prepare("test.txt")
    _installed(tasks)
    (tasks.LOCKS / "run.txt").write_text("thing==2\n", encoding="utf-8")
    tasks.prepare("run.txt")
    assert _installed(tasks) == ["run.txt"]
    tasks.prepare("test.txt")  # may have been undone by the other list
    assert _installed(tasks) == ["test.txt"]


def test_line_ends_do_not_count(tasks):
    tasks.prepare("run.txt")
    _installed(tasks)
    (tasks.LOCKS / "run.txt").write_bytes(b"thing==1\r\n")
    tasks.prepare("run.txt")
    assert _installed(tasks) == []


def test_changed_metadata_installs_the_package_again(tasks):
    tasks.prepare("run.txt")
    _installed(tasks)
    (tasks.ROOT / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    tasks.prepare("run.txt")
    assert _installed(tasks) == [tasks.ROOT.name]


def test_a_damaged_stamp_is_no_obstacle(tasks):
    (tasks.ROOT / ".venv" / tasks.STAMP).write_text("{", encoding="utf-8")
    tasks.prepare("run.txt")
    assert _installed(tasks)[0] == "run.txt"
    assert json.loads((tasks.ROOT / ".venv" / tasks.STAMP).read_text(encoding="utf-8"))


def test_a_failed_installation_is_tried_again(tasks, monkeypatch):
    tasks.prepare("run.txt")
    _installed(tasks)

    def fail(*_):
        raise SystemExit("pip failed")

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "_pip", fail)
        with pytest.raises(SystemExit):
            tasks.prepare("test.txt")
    tasks.prepare("run.txt")  # which may have been torn
    assert _installed(tasks)[0] == "run.txt"


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES from the requirements", "locked"),
        ("Failed to establish: Temporary failure in name resolution", "network"),
        ("OSError: [Errno 28] No space left on device", "disk"),
        ("ERROR: No matching distribution found for numpy==2.4.6", "system"),
        ("something else", "again"),
    ],
)
def test_what_pip_says_is_explained(tasks, said, word):
    assert word in " ".join(tasks._explain(said))


def test_clean_deletes_only_what_tasks_made(tasks, monkeypatch):
    mine, other = tasks.ROOT / ".venv", tasks.ROOT / ".venv-of-mine"
    other.mkdir()
    (mine / tasks.STAMP).write_text("{}", encoding="utf-8")
    (tasks.ROOT / "results").mkdir()
    tasks.clean(None)
    assert not mine.exists()
    assert not (tasks.ROOT / "results").exists()
    assert other.exists()


def _pins(name):
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {tuple(re.split(r" --hash", line)[0].split("==", 1)): line for line in lines}


def test_every_pin_is_hashed():
    for name in LISTS:
        assert [line for line in _pins(name).values() if "--hash=sha256:" not in line] == []


def test_the_list_of_the_tests_holds_the_other():
    assert _pins("run.txt").keys() <= _pins("test.txt").keys()


def test_lists_hold_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in project["dependencies"]}
    assert names <= {name for name, _ in _pins("run.txt")}
    opencv = [version for name, version in _pins("run.txt") if name == "opencv-python"]
    assert [v.split(".")[0] for v in opencv] == ["5"]
    assert [v.split(".")[0] for _, v in _pins("opencv4.txt")] == ["4"]
