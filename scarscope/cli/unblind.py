"""``scarscope unblind``: raters' scores back in the study, and how far they agree."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scarscope._version import __version__
from scarscope.cli.console import print_json, say, stdout_to_stderr
from scarscope.cli.program import DONE
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    import pandas as pd

    from scarscope.study.raters.drawings import UnblindedMasks
    from scarscope.study.raters.unblinding import Unblinded


def run(options: argparse.Namespace) -> int:
    """Check the sheets, write the tables, print the agreement."""
    require_opencv()
    from scarscope.study.raters.unblinding import FOLDER

    out = options.out or options.results / FOLDER
    # Sheets first, or nothing at all: then what is missing is said.
    wanted = bool(options.sheets or options.marks or not options.masks)
    with stdout_to_stderr():
        result = _sheets(options, out) if wanted else None
        drawn = _masks(options, out) if options.masks else None
    for part in (result, drawn):
        for note in part.notes if part else ():
            say(f"Note: {note}")
    if options.json:
        print_json(_document(result, drawn))
        return DONE
    if result is not None:
        _print(result)
    if drawn is not None:
        _print_masks(options, drawn)
    print(f"Tables are in {out}.")
    return DONE


def _sheets(options: argparse.Namespace, out: Path) -> Unblinded:
    from scarscope.study.raters.unblinding import unblind, write_unblinded

    result = unblind(
        options.results,
        options.sheets,
        marks=options.marks,
        key=options.key,
        allow_missing=options.allow_missing,
    )
    write_unblinded(result, out)
    return result


def _masks(options: argparse.Namespace, out: Path) -> UnblindedMasks:
    from scarscope.batch.write import write_bytes
    from scarscope.study.raters.drawings import MASKS, unblind_masks

    drawn = unblind_masks(
        options.results,
        options.masks,
        out / MASKS,
        key=options.key,
        allow_missing=options.allow_missing,
    )
    text = drawn.table.to_csv(index=False, lineterminator="\n", float_format="%.7g")
    write_bytes(out / "drawings.csv", text.encode("utf-8"))
    return drawn


def _print_masks(options: argparse.Namespace, drawn: UnblindedMasks) -> None:
    print(f"{len(drawn.table)} drawing(s) are named like the photos now. Next:")
    for folder in drawn.folders:
        print(f"  scarscope validate {options.results} {folder}")
    if len(drawn.folders) > 1:
        print(f"  scarscope validate --raters {' '.join(map(str, drawn.folders))}")


def _document(result: Unblinded | None, drawn: UnblindedMasks | None) -> dict[str, Any]:
    return {
        "software": "scarscope",
        "version": __version__,
        **(_told_sheets(result) if result else {}),
        **({"drawings": _records(drawn.table)} if drawn else {}),
        "notes": [note for part in (result, drawn) if part for note in part.notes],
    }


def _told_sheets(result: Unblinded) -> dict[str, Any]:
    return {
        "ratings": len(result.ratings),
        "marks": len(result.marks),
        "share_all": result.share_all,
        "share_two": result.share_two,
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
