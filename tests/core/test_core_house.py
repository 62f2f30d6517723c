"""The house's rules: who may import whom, what importing does, how long things may grow."""

from __future__ import annotations

import ast
import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scarscope

PACKAGE = Path(scarscope.__file__).parent
STREET = (
    "photo",
    "skin",
    "scars",
    "measures",
    "change",
    "batch",
    "study",
    "validation",
    "report",
)
ANYWHERE = {"errors", "flags", "params", "_version"}
# Not on the street: what each may import beyond ANYWHERE and its own room.
BESIDE = {
    "errors": set(),
    "flags": set(),
    "params": set(),
    "_version": set(),
    "machine": set(),
    "phantom": {"photo.colour"},
}
AT_THE_END = {"", "__main__", "api", "cli", "doctor", "training"}  # may import all of the street
# Needs what the rest does without; its own command alone asks for it.
IMPORTED_BY_NOBODY = {"training"}
ITS_COMMAND = "cli.train"

MODULES = sorted(PACKAGE.rglob("*.py"))


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: Path) -> str:
    """Name below the package: ``photo.colour``, ``photo`` for its __init__, ``""`` for the top."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    base = PACKAGE.joinpath(*name.split("."))
    return base.with_suffix(".py").is_file() or (base / "__init__.py").is_file()


def targets(tree: ast.AST, package: str) -> Iterator[str]:
    """Modules of ScarScope that a tree imports, anywhere in it, as names below the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = list(_from_names(node, package))
        else:
            continue
        for name in names:
            if name == "scarscope" or name.startswith("scarscope."):
                yield name.removeprefix("scarscope").lstrip(".")


def _from_names(node: ast.ImportFrom, package: str) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        here = ["scarscope", *filter(None, package.split("."))]
        base = ".".join([*here[: len(here) - node.level + 1], *filter(None, [base])])
    for alias in node.names:
        full = f"{base}.{alias.name}"
        below = full.removeprefix("scarscope").lstrip(".")
        yield full if base.split(".")[0] == "scarscope" and is_module(below) else base


def package_of(path: Path) -> str:
    name = dotted(path)
    return name if path.name == "__init__.py" else name.rpartition(".")[0]


def allowed(importer: str, target: str) -> bool:
    """Whether the module `importer` may import `target` (both below the package)."""
    room, other = importer.split(".")[0], target.split(".")[0]
    if other in IMPORTED_BY_NOBODY:
        return room == other or importer == ITS_COMMAND
    if other == room or other in ANYWHERE:
        return True
    if room in AT_THE_END:
        return True
    if room in BESIDE:
        return target in BESIDE[room]
    if other == "machine":  # knows processors, memory and OpenCV, nothing of the street
        return room in STREET
    if other == "phantom":  # the only skin with known truth
        return room == "validation"
    return room in STREET and other in STREET and STREET.index(other) < STREET.index(room)


def violations(tree: ast.AST, importer: str, package: str) -> list[str]:
    return [t for t in targets(tree, package) if not allowed(importer, t)]


def test_there_is_a_street_to_walk():
    assert len(MODULES) > 60
    assert {dotted(p).split(".")[0] for p in MODULES} >= {"photo", "skin", "scars", "measures"}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_rooms_import_only_rooms_to_their_left(path):
    assert violations(tree_of(path), dotted(path), package_of(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_every_room_has_a_place(path):
    assert dotted(path).split(".")[0] in {*STREET, *BESIDE, *AT_THE_END}


@pytest.mark.parametrize(
    ("importer", "code", "forbidden"),
    [
        ("skin.find", "from scarscope.scars import Scars", ["scars"]),
        ("skin.find", "from scarscope import scars", ["scars"]),
        ("skin.find", "from ..scars.model import Scars", ["scars.model"]),
        ("skin.find", "def f():\n    import scarscope.measures.score", ["measures.score"]),
        ("batch.task", "from scarscope.report.files import x", ["report.files"]),
        ("phantom.render", "from scarscope.photo.read import read_photo", ["photo.read"]),
        ("flags", "from scarscope.params import Params", []),
        ("params", "import scarscope.photo", ["photo"]),
        ("photo.read", "from scarscope.cli import main", ["cli"]),
        ("photo.read", "import scarscope", [""]),
        ("api", "import scarscope.training", ["training"]),
        ("cli.score", "import scarscope.training", ["training"]),
        ("cli.train", "from scarscope.training.extra import require_torch", []),
        ("cli.program", "from scarscope.report import write", []),
        ("phantom.pigment", "from scarscope.photo.colour import encode", []),
        ("skin.find", "from .roi import read_roi", []),
        ("report.files", "from scarscope.batch.write import safe", []),
        ("validation.standard", "from scarscope.phantom.seeds import VALIDATION", []),
        ("scars.relief", "from scarscope.phantom.seeds import TUNING", ["phantom.seeds"]),
    ],
)
def test_the_walk_sees_what_it_should(importer, code, forbidden):
    assert violations(ast.parse(code), importer, importer.rpartition(".")[0]) == forbidden


def test_no_module_outgrows_400_lines():
    lengths = {dotted(p): len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    assert {name: n for name, n in lengths.items() if n > 400} == {}


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def functions() -> Iterator[tuple[str, int]]:
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{dotted(path)}:{node.name}", body_lines(node)


def test_body_lines_leaves_out_signature_and_docstring():
    code = 'def f(\n    a,\n):\n    """Doc.\n\n    More.\n    """\n    b = a\n\n    return b\n'
    (function,) = ast.parse(code).body
    assert body_lines(function) == 3


def test_functions_stay_small():
    lengths = dict(functions())
    assert {name: n for name, n in lengths.items() if n > 50} == {}
    ordered = sorted(lengths.values())
    assert ordered[len(ordered) // 2] <= 12
    assert ordered[int(0.9 * len(ordered))] <= 35


def run(code: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_scarscope_is_light_and_changes_nothing():
    seen = run(
        "import json, os, sys, warnings, logging, random\n"
        "environment, filters = dict(os.environ), list(warnings.filters)\n"
        "import scarscope\n"
        "print(json.dumps({\n"
        "  'heavy': [m for m in ('cv2', 'numpy', 'pandas', 'scipy', 'skimage', 'PIL')\n"
        "            if m in sys.modules],\n"
        "  'environment': dict(os.environ) == environment,\n"
        "  'filters': warnings.filters == filters,\n"
        "  'handlers': len(logging.getLogger().handlers),\n"
        "}))"
    )
    assert seen == {"heavy": [], "environment": True, "filters": True, "handlers": 0}


def test_importing_every_room_leaves_opencv_and_numpy_as_they_were():
    names = [
        f"scarscope.{dotted(p)}".rstrip(".")
        for p in MODULES
        if p.stem != "__main__" and dotted(p).split(".")[0] not in IMPORTED_BY_NOBODY
    ]
    seen = run(
        "import importlib, json, os, warnings, cv2, numpy as np, pandas as pd, PIL.Image\n"
        "import scipy.stats, skimage.data, skimage.feature\n"
        "cv2.setNumThreads(3)\n"
        "np.random.seed(4)\n"
        "def state():\n"
        "    return [cv2.getNumThreads(), np.random.get_state()[1][:3].tolist(),\n"
        "            np.geterr(), dict(os.environ), PIL.Image.MAX_IMAGE_PIXELS,\n"
        "            pd.get_option('display.max_rows'), len(warnings.filters)]\n"
        "before = state()\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        "print(json.dumps({'same': state() == before, 'before': before, 'after': state()},\n"
        "                 default=str))"
    )
    assert seen["same"], seen


def test_every_public_name_of_the_top_can_be_had():
    for name in scarscope.__all__:
        assert getattr(scarscope, name) is not None
    to_learn = [name for name in scarscope.__all__ if not name.startswith("_")]
    assert 10 <= len(to_learn) <= 15
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        scarscope.scores  # noqa: B018


def test_what_a_room_exports_exists():
    from importlib import import_module

    for path in PACKAGE.glob("*/__init__.py"):
        room = import_module(f"scarscope.{path.parent.name}")
        missing = [n for n in getattr(room, "__all__", []) if not hasattr(room, n)]
        assert missing == [], path.parent.name


def test_no_module_names_this_machine():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert str(PACKAGE.parent) not in text, path
        assert "/home/" not in text, path
