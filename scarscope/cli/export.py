"""``scarscope export``: a batch's tables for other programs, or its photos for human raters."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scarscope._version import __version__
from scarscope.cli.console import print_json, say, stdout_to_stderr
from scarscope.cli.program import DONE
from scarscope.errors import ParamsError
from scarscope.machine import require_opencv

_FOR_BLIND = ("photos", "key", "ask", "view", "repeats", "together")


def run(options: argparse.Namespace) -> int:
    """Write what is wanted and say what it is for."""
    require_opencv()
    return _blind(options) if options.blind else _tables(options)


def _tables(options: argparse.Namespace) -> int:
    from scarscope.study.export import export_tables

    given = [name for name in _FOR_BLIND if getattr(options, name)]
    if given:
        raise ParamsError(
            f"--{given[0]} is for raters' photos.", remedy="Add --blind, or leave it out."
        )
    with stdout_to_stderr():
        done = export_tables(options.results, options.out, form=options.format)
    if options.json:
        files = [str(file) for file in done.files]
        print_json(_document({"files": files, "notes": list(done.notes)}))
    else:
        print(f"Wrote {len(done.files) - 1} table(s) and their dictionary to {options.out}.")
    for note in done.notes:
        say(f"Note: {note}")
    return DONE


def _document(content: dict[str, object]) -> dict[str, object]:
    return {"software": "scarscope", "version": __version__, **content}


def _blind(options: argparse.Namespace) -> int:
    from scarscope.study.raters.blinding import blind
    from scarscope.study.raters.key import WARNING
    from scarscope.study.raters.questions import DEFAULT

    with stdout_to_stderr():
        done = blind(
            options.results,
            options.photos or _scored_folder(options.results),
            options.out,
            key=options.key,
            ask=options.ask or DEFAULT,
            views=options.view,
            repeats=options.repeats,
            together=options.together,
            picture=options.picture,
            progress=None if options.json else _tell,
        )
    if options.json:
        told = {"folder": str(done.folder), "key": str(done.key_file), "notes": list(done.notes)}
        print_json(_document({**told, "pictures": len(done.key.items)}))
        return DONE
    print(f"Wrote {len(done.key.items)} picture(s) for raters to {done.folder}.")
    print(f"The KEY is {done.key_file}.\n  {WARNING}")
    for note in done.notes:
        say(f"Note: {note}")
    print(f"When scores are in: scarscope unblind {options.results} RATER.csv ...")
    return DONE


def _scored_folder(results: Path) -> Path:
    """Where the batch found its photos, as its provenance says."""
    file = results / "provenance.json"
    try:
        told = str(json.loads(file.read_text(encoding="utf-8"))["options"]["folder"])
        folder = Path(told).expanduser()
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        told, folder = "", Path()
    if not told or not folder.is_dir():
        raise ParamsError(
            f"Where the photos lie is not known{f' (they were in {told})' if told else ''}.",
            remedy="Give their folder by --photos.",
        )
    return folder


def _tell(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total} pictures", end="\n" if done == total else "", file=sys.stderr)
    elif done == total or done % 50 == 0:
        say(f"[{done}/{total}] pictures")
