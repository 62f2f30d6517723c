"""``scarscope protocol``: which way of photographing has the smaller measurement error."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scarscope._version import __version__
from scarscope.cli.console import print_json, say, stdout_to_stderr
from scarscope.cli.program import DONE
from scarscope.cli.unblind import number
from scarscope.errors import ParamsError
from scarscope.machine import require_opencv

if TYPE_CHECKING:
    import pandas as pd


def run(options: argparse.Namespace) -> int:
    """Try protocols on simulated skin, or compare retests."""
    require_opencv()
    if options.example:
        from scarscope.validation.capture_file import EXAMPLE

        print(EXAMPLE, end="")
        return DONE
    if options.source is None:
        raise ParamsError("FILE is needed.", remedy="See: scarscope protocol --help")
    return _retests(options) if options.source.is_dir() else _simulated(options)


def _simulated(options: argparse.Namespace) -> int:
    from scarscope.validation.capture import try_captures
    from scarscope.validation.capture_file import read_plan

    for name in ("by", "reference"):
        if getattr(options, name):
            raise ParamsError(
                f"--{name} is for a batch's output, and {options.source} is none.",
                remedy="Leave it out: a file's first protocol is the one others are held against.",
            )
    plan = read_plan(options.source)
    with stdout_to_stderr():
        trial = try_captures(plan, progress=None if options.json else _tell)
        _write(options.out, {"protocols": trial.table, "pairs": trial.pairs})
    if options.json:
        print_json(_document("simulated skin", trial.table, None))
        return DONE
    print(f"{plan.skins} pieces of simulated skin, each photographed three times:")
    for row in _records(trial.table):
        print(
            f"  {row['protocol']}: detectable from {number(row['mdc95_pct'], 1)} % "
            f"({number(row['mdc95_low_pct'], 1)} to {number(row['mdc95_high_pct'], 1)}) as read; "
            f"sees {number(row['seen'])} of a true change, so true ones from "
            f"{number(row['true_mdc95_pct'], 1)} %; "
            f"{row['n_pairs_refused']} pair(s) refused"
        )
        _print_ratio(row)
    return DONE


def _retests(options: argparse.Namespace) -> int:
    from scarscope.study.planning.protocol import compare_protocols, retest_pairs
    from scarscope.study.tables import read_tables

    if not options.by:
        raise ParamsError(
            "Which column tells how photos were taken?", remedy="Give it by --by, as --by device."
        )
    with stdout_to_stderr():
        tables = read_tables(options.source)
        pairs = retest_pairs(tables["changes"], tables["photos"], measure=options.measure)
        found = compare_protocols(pairs, by=options.by, reference=options.reference)
        _write(options.out, {"protocols": found.to_frame(), "pairs": pairs})
    if options.json:
        print_json(_document("retests", found.to_frame(), options.measure))
        return DONE
    print(f"{options.measure}, by {options.by}:")
    for row in _records(found.to_frame()):
        print(
            f"  {row['protocol']}: detectable from {number(row['mdc95'], 1)} % "
            f"({number(row['mdc95_low'], 1)} to {number(row['mdc95_high'], 1)}), {row['n']} of "
            f"{row['n_retests']} retests, {row['n_refused']} refused"
        )
        _print_ratio(row)
    return DONE


def _print_ratio(row: dict[str, Any]) -> None:
    if isinstance(row["reference"], str):
        print(
            f"    error {number(row['sd_ratio'])} times that of {row['reference']} "
            f"({number(row['low'])} to {number(row['high'])}): {row['verdict']}"
        )


def _document(source: str, table: pd.DataFrame, measure: str | None) -> dict[str, Any]:
    return {
        "software": "scarscope",
        "version": __version__,
        "from": source,
        "measure": measure or "burden_um",
        "protocols": _records(table),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict(orient="records")]


def _write(out: Path | None, tables: dict[str, pd.DataFrame]) -> None:
    from scarscope.batch.write import make_folder, write_bytes

    if out is None:
        return
    make_folder(out)
    for name, table in tables.items():
        text = table.to_csv(index=False, lineterminator="\n", float_format="%.7g")
        write_bytes(out / f"{name}.csv", text.encode("utf-8"))


def _tell(done: int, total: int) -> None:
    say(f"[{done}/{total}] photographed and compared")
