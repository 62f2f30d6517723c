"""The files around the code agree with it and with each other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scarscope import __version__

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    p.relative_to(ROOT).as_posix() for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
)


def _read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def _citation():
    return dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", _read("CITATION.cff"), re.MULTILINE))


def test_the_version_is_the_same_everywhere():
    assert _citation()["version"] == __version__
    assert re.search(rf"^## \[{re.escape(__version__)}\]", _read("CHANGELOG.md"), re.MULTILINE)


def test_the_citation_is_complete():
    assert {"cff-version", "message", "title", "authors", "license"} <= _citation().keys()
    assert _citation()["license"] == "BSD-3-Clause"
    assert _read("LICENSE").startswith("BSD 3-Clause")


@pytest.mark.parametrize("page", PAGES)
def test_links_between_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", _read(page))
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_make_knows_every_task():
    tasks = set(re.findall(r'add\(\s*"(\w+)"', _read("tasks.py")))
    wanted = set(re.search(r"^\.PHONY: help (.*)$", _read("Makefile"), re.MULTILINE)[1].split())
    assert tasks == wanted
    assert {"demo", "test"} <= tasks


def test_ci_is_a_sound_script_that_runs_the_command_of_the_readme():
    script = ROOT / ".ci" / "run"
    lines = _read(".ci/run").splitlines()
    assert lines[-1] == "make test"
    try:
        done = subprocess.run(["bash", "-n", script], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no bash here")
    assert done.returncode == 0
