"""Every notebook runs from top to bottom, without warnings, and is stored without outputs."""

import importlib.util
import os
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture
def run(monkeypatch):
    spec = importlib.util.spec_from_file_location("run_notebooks", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "")  # undone after the test, whatever it sets
    return module


def test_notebooks_find_the_samples_from_the_root_as_well(monkeypatch):
    (first, *_) = NOTEBOOKS
    notebook = nbformat.read(first, as_version=4)
    code = next(cell for cell in notebook.cells if "samples = " in cell.source)
    line = next(line for line in code.source.splitlines() if line.startswith("samples = "))
    for folder in (FOLDER, FOLDER.parent):
        monkeypatch.chdir(folder)
        names = {"Path": Path}
        exec(line, names)
        assert (names["samples"] / "manifest.csv").is_file()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, run, tmp_path, monkeypatch):
    # No traces at home.
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    roots = [str(FOLDER.parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, roots)))
    monkeypatch.setenv("SCARSCOPE_NOTEBOOK_SUBJECTS", "4")  # 24 take minutes
    notebook = nbformat.read(path, as_version=4)
    done = run.execute(notebook)
    outputs = [out for cell in done.cells for out in cell.get("outputs", [])]
    complaints = [out["text"] for out in outputs if out.get("name") == "stderr"]
    assert complaints == []
    assert any("image/png" in out.get("data", {}) for out in outputs)
