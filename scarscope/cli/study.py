"""``scarscope study``: what changed over a finished batch.

The JSON document is ``DIR/study/study.json``: ``software, version, written_utc, batch, measure,
rules, notes, counts``, then rows of tables under ``course, responders, contrasts, means,
endpoints, scar_contrasts, scar_means, regression, exclusions``. ``null`` stands for what is not
known.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scarscope.cli.console import print_json, say, stdout_to_stderr
from scarscope.cli.program import DONE, NOTHING
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    import pandas as pd

    from scarscope.study.run import StudyResult


def run(options: argparse.Namespace) -> int:
    """Analyse the batch, write its study folder, and print the main figures."""
    require_opencv()
    from scarscope.study.models.effects import ModelOptions
    from scarscope.study.responders import ResponseRules
    from scarscope.study.run import document, write_study

    figures, told = _can_draw(options.figures)
    with stdout_to_stderr():
        result = write_study(
            options.results,
            measure=options.measure,
            rules=ResponseRules(threshold_pct=options.threshold),
            model=ModelOptions(options.control, tuple(options.covariate), options.visit),
            figures=figures,
            progress=None if options.json else _tell,
        )
    if options.json:
        print_json(document(result.data, result.analysis, result.notes))
    else:
        _print(result)
    for note in (*result.notes, *told):
        say(f"Note: {note}")
    return DONE if result.to_frame()["change"].notna().any() else NOTHING


def _can_draw(wanted: bool) -> tuple[bool, tuple[str, ...]]:
    """Whether to draw; tables do not need matplotlib, and are not held back for want of it."""
    from scarscope.errors import DependencyError
    from scarscope.study.figure_style import require_matplotlib

    try:
        if wanted:
            require_matplotlib()
    except DependencyError as error:
        return False, (f"There are no figures. {error}",)
    return wanted, ()


def _tell(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r[{done + 1}/{total}] {what:<30}", end="", file=sys.stderr, flush=True)
        if done + 1 == total:
            print(file=sys.stderr)
    else:
        say(f"[{done + 1}/{total}] {what}")


def _print(result: StudyResult) -> None:
    from scarscope.study.figure_style import arm_name
    from scarscope.study.response import measure_words

    course = result.tables["course"]
    print(f"Change of {measure_words(result.analysis.measure)} since baseline:")
    for row in _rows(course):
        lost = int(row.n_not_comparable) + int(row.n_missing)
        print(
            f"  {arm_name(row.arm)}, visit {row.session}: {_range(row, 'change_pct')} "
            f"(n = {row.n}"
            + (f", {lost} without figures" if lost else "")
            + f"); improved {row.n_improved}, no detectable change {row.n_unchanged}, "
            f"worse {row.n_worse}"
        )
    if course.empty:
        print("  no follow-up")
    for row in _rows(result.tables["contrasts"]):
        if row.primary and row.measure == result.analysis.measure:
            print(
                f"  {row.arm} against {row.reference}, visit {row.session}, by the model: "
                f"{_range(row, 'change_pct')}, p = {row.p:.2g}"
            )
    print(f"{len(result.files)} files are in {result.out}; read methods.md first.")


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """Rows with columns as attributes."""
    yield from table.itertuples(index=False)


def _range(row: Any, name: str) -> str:  # noqa: ANN401  # a row of any table
    """A figure in percent with its 95 % interval, where it has one."""
    middle, low, high = (getattr(row, f"{name}{end}") for end in ("", "_low", "_high"))
    if middle != middle:
        return "not known"
    if low != low:
        return f"{middle:+.1f} %"
    return f"{middle:+.1f} % ({low:+.1f} to {high:+.1f})"
