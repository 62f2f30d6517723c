"""``scarscope unblind``: raters' scores back in the study, and how far they agree."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from scarscope._version import __version__
from scarscope.cli.console import print_json, say, stdout_to_stderr
from scarscope.cli.program import DONE
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    import pandas as pd

    from scarscope.study.raters.unblinding import Unblinded


def run(options: argparse.Namespace) -> int:
    """Check the sheets, write the tables, print the agreement."""
    require_opencv()
    from scarscope.study.raters.unblinding import FOLDER, unblind, write_unblinded

    out = options.out or options.results / FOLDER
    with stdout_to_stderr():
        result = unblind(
            options.results,
            options.sheets,
            marks=options.marks,
            key=options.key,
            allow_missing=options.allow_missing,
        )
        write_unblinded(result, out)
    for note in result.notes:
        say(f"Note: {note}")
    if options.json:
        print_json(_document(result))
        return DONE
    _print(result)
    print(f"Tables are in {out}.")
    return DONE


def _document(result: Unblinded) -> dict[str, Any]:
    return {
        "software": "scarscope",
        "version": __version__,
        "ratings": len(result.ratings),
        "marks": len(result.marks),
        "share_all": result.share_all,
        "share_two": result.share_two,
        "notes": list(result.notes),
        "agreement": _records(result.agreement),
        "scar_agreement": _records(result.scar_agreement),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict(orient="records")]


def _print(result: Unblinded) -> None:
    measure = ""
    for row in _records(result.agreement):
        if row["measure"] != measure:
            measure = row["measure"]
            print(f"{measure}, photo by photo ({row['n_photos']} photos):")
        who = f"{row['a']} and {row['b']}" if row["b"] else row["a"]
        print(f"  {who:<36} {_told(row, ('icc', 'ICC(2,1)'), ('kappa', 'kappa'))}")
    rows = _records(result.scar_agreement)
    if rows:
        print(f"Scar by scar, centres within 3 mm ({rows[0]['n_photos']} photos):")
    for row in rows:
        who = f"{row['a']} and {row['b']}"
        print(f"  {who:<36} {_told(row, ('f1', 'F1'))}, {row['n_both']} of {row['n_a']} and "
              f"{row['n_b']} scars")  # fmt: skip
    if rows and result.share_all == result.share_all:
        print(f"  marked by all raters {result.share_all:.0%}, by two or more "
              f"{result.share_two:.0%}")  # fmt: skip


def _told(row: dict[str, Any], *figures: tuple[str, str]) -> str:
    return ", ".join(
        f"{title} {number(row[name])} ({number(row[f'{name}_low'])} to "
        f"{number(row[f'{name}_high'])})"
        for name, title in figures
        if row[name] == row[name]
    ) or "cannot be told"  # fmt: skip


def number(value: float, digits: int = 2) -> str:
    """A figure, a dash where there is none."""
    return f"{value:.{digits}f}" if value == value else "-"
