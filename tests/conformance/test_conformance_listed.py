"""The list of oracles is whole: every public formula is on it, and every test it names exists."""

import ast
import importlib
import importlib.util
import inspect
from pathlib import Path

import pytest

from scarscope.measures import MEASURES
from scarscope.study import agreement

ROOT = Path(__file__).parents[2]


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _load(ROOT / "docs" / "generate.py")
LIST = generate.oracles()


def public_functions(name):
    module = importlib.import_module(name)
    return {
        f"{name}.{key}"
        for key, value in vars(module).items()
        if not key.startswith("_")
        and callable(value)
        and not inspect.isclass(value)
        and getattr(value, "__module__", None) == name
    }


def test_every_public_formula_is_listed_once():
    listed = [name for oracle in LIST["oracle"] for name in oracle["functions"]]
    assert sorted(listed) == sorted(set().union(*map(public_functions, LIST["modules"])))


def test_every_statistic_of_agreement_is_listed():
    homes = {f.__module__ for f in vars(agreement).values() if inspect.isfunction(f)}
    assert homes <= set(LIST["modules"])


@pytest.mark.parametrize("oracle", LIST["oracle"], ids=lambda oracle: oracle["what"])
def test_the_test_that_shows_it_exists(oracle):
    file, _, name = oracle["test"].partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert all(oracle[key].strip() for key in ("what", "against", "to"))


def test_the_page_is_current_and_names_everything():
    page = generate.pages()["validated-against.md"]
    assert generate.read("validated-against.md") == page, "run: python3 tasks.py docs"
    for oracle in LIST["oracle"]:
        assert all(f"`{name.removeprefix('scarscope.')}`" in page for name in oracle["functions"])
    assert all(f"| `{entry.column('mm')}` |" in page for entry in MEASURES)


def test_numbers_of_others_come_with_their_source():
    def sources(block):
        return "source" in block or all(
            isinstance(part, dict) and sources(part) for part in block.values()
        )

    files = sorted((ROOT / "tests" / "conformance").glob("*.json"))
    assert len(files) >= 8
    for file in files:
        assert sources(generate.json.loads(file.read_text(encoding="utf-8"))), file.name
