"""Run every notebook from top to bottom and keep what it shows.

python3 tasks.py notebook      copies with their outputs go to results/notebooks/
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parent
_TIMEOUT_S = 600  # for one cell, on a slow computer


def execute(notebook: NotebookNode, *, where: Path = FOLDER) -> NotebookNode:
    """Run a notebook in this interpreter's own kernel, in the folder `where`."""
    # Not a kernel that the user once installed for another Python.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    client = NotebookClient(
        notebook,
        timeout=_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(where)}},
    )
    return client.execute()


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Run every notebook and keep its outputs.")
    parser.add_argument("--out", type=Path, default=FOLDER.parent / "results/notebooks")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for path in sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        try:
            execute(notebook)
        except CellExecutionError as error:
            failed += 1
            print(f"{path.name}: {error}", file=sys.stderr)
        copy = options.out / path.name
        nbformat.write(notebook, copy)
        print(copy, flush=True)
    print("Open them in JupyterLab, or in an editor that shows notebooks.")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
