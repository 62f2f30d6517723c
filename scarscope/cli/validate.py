"""``scarscope validate``: results against truth, or raters against each other."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scarscope._version import __version__
from scarscope.cli.console import micrometres, print_json, say, stdout_to_stderr
from scarscope.cli.program import DONE
from scarscope.errors import ParamsError
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    import pandas as pd

    from scarscope.validation import Agreement, Validation

# Figure, its heading, digits after the point.
_SHOWN = (
    ("f1_3mm", "F1 (centres within 3 mm)", 2),
    ("precision_3mm", "precision", 2),
    ("recall_3mm", "recall", 2),
    ("f1_iou", "F1 (outlines overlap by 0.3)", 2),
    ("dice", "Dice", 2),
    ("spearman_burden", "Spearman of burden", 2),
    ("burden_bias_pct", "bias of burden, %", 0),
    ("type_accuracy", "type right", 2),
    ("depth_bias_um", "bias of depth, µm", 0),
    ("depth_mae_um", "error of depth, µm", 0),
    ("false_per_10cm2", "false scars per 10 cm2 of scar-free skin", 1),
    ("change_mae", "error of percent change, points", 1),
)


def run(options: argparse.Namespace) -> int:
    """Compare, print, and write what is wanted."""
    require_opencv()
    if options.raters is not None:
        return _raters(options)
    if options.results is None or options.truth is None:
        raise ParamsError(
            "RESULTS and TRUTH are needed, or --raters with two or more folders.",
            remedy="See: scarscope validate --help",
        )
    return _validate(options)


def _validate(options: argparse.Namespace) -> int:
    from scarscope.validation import validate

    with stdout_to_stderr():
        result = validate(options.results, options.truth, mm_per_px=options.mm_per_px)
        files = _written(result, options)
    for note in result.notes:
        say(f"Note: {note}")
    if options.json:
        print_json(_document(result))
    else:
        _print_validation(result)
        _say_files(files)
    return DONE


def _written(result: Validation, options: argparse.Namespace) -> list[Path]:
    from scarscope.validation import from_folders, write_validation

    if options.out is None:
        return []
    show = from_folders(options.results, options.truth, options.photos)
    return write_validation(result, options.out, show=show)


def _document(result: Validation) -> dict[str, Any]:
    return {
        "software": "scarscope",
        "version": __version__,
        "photos": len(result.photos),
        "notes": list(result.notes),
        **{name: _records(table) for name, table in result.tables().items() if name in _IN_JSON},
    }


_IN_JSON = ("figures", "confusion", "repeatability", "courses")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict(orient="records")]


def _print_validation(result: Validation) -> None:
    print(f"{len(result.photos)} photo(s), value (95 % interval):")
    rows = {r["figure"]: r for r in _records(result.figures) if r["by"] == "all"}
    for name, title, digits in _SHOWN:
        _print_figure(title, rows.get(name), digits)
    repeats = {(r["measure"], r["figure"]): r for r in _records(result.repeatability)}
    _print_figure("ICC(2,1) of burden, retests", repeats.get(("burden_um", "icc_2_1")), 3)
    _print_figure("CV of burden, retests, %", repeats.get(("burden_um", "cv_of_mean_pct")), 1)


def _print_figure(title: str, row: dict[str, Any] | None, digits: int) -> None:
    from scarscope.validation.page import interval_of, number

    if row is not None and number(row["value"]) != "–":
        shown = title.replace("µm", micrometres())
        print(f"  {shown:<42} {interval_of(row, digits)}")


def _say_files(files: list[Path]) -> None:
    if files:
        print(f"Look at {files[-1].parent / 'validation.html'}.")
    else:
        say("Add --out DIR for all tables and a page with figures.")


def _raters(options: argparse.Namespace) -> int:
    from scarscope.validation import compare_raters, write_agreement

    if options.results is not None:
        raise ParamsError(
            f"{options.results} stands before --raters.",
            remedy="Give either RESULTS and TRUTH, or --raters and folders.",
        )
    with stdout_to_stderr():
        result = compare_raters(options.raters, mm_per_px=options.mm_per_px)
        files = write_agreement(result, options.out) if options.out else []
    if options.json:
        print_json(
            {
                "software": "scarscope",
                "version": __version__,
                "photos": len(result.counts),
                "share_all": result.share_all,
                "share_two": result.share_two,
                "count_icc": result.count_icc,
                "pairs": _records(result.pairs),
                "counts": _records(result.counts),
            }
        )
    else:
        _print_agreement(result)
        for file in files:
            print(file)
    return DONE


def _print_agreement(result: Agreement) -> None:
    from scarscope.validation.page import number

    raters = [name for name in result.counts if name != "photo"]
    print(f"{len(result.counts)} photo(s), {len(result.scars)} scar(s) that anybody marked.")
    print(f"  marked by all          {number(100 * result.share_all, 0)} %")
    print(f"  marked by two or more  {number(100 * result.share_two, 0)} %")
    print(f"  ICC(2,1) of counts     {number(result.count_icc)}")
    means = ", ".join(f"{name} {number(float(result.counts[name].mean()), 1)}" for name in raters)
    print(f"  scars a photo          {means}")
    for row in _records(result.pairs):
        told = ", ".join(
            f"{name} {number(row[key])}"
            for key, name in (
                ("f1", "F1"),
                ("dice", "Dice"),
                ("kappa_presence", "kappa of presence"),
                ("kappa_size", "of size"),
                ("kappa_type", "of type"),
            )
        )
        print(f"  {row['rater_a']} and {row['rater_b']}: {told}")
