"""``scarscope score``: single photos."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scarscope._version import __version__
from scarscope.cli.console import (
    print_failures,
    print_flags,
    print_json,
    print_photos,
    say,
    stdout_to_stderr,
)
from scarscope.cli.options import read_params
from scarscope.cli.program import DONE, NOTHING, SOME_FAILED
from scarscope.errors import PhotoError, RegionError
from scarscope.machine import require_opencv
from scarscope.params import Params

if TYPE_CHECKING:
    from scarscope.batch import Outcome, Task
    from scarscope.photo.model import Scale

_NOT_IN_TABLES = ("file", "scars", "stage", "error", "remedy")

Document = dict[str, Any]


def run(options: argparse.Namespace) -> int:
    """Score the photos one by one and print what was found."""
    params = read_params(options)
    require_opencv()
    _check_weights(params)
    if options.roi is not None and not options.roi.is_file():
        raise RegionError(
            f"Region file {options.roi} does not exist.",
            remedy=f"Check the spelling; it was looked for in {Path.cwd()}.",
        )
    if options.out is not None:
        from scarscope.batch.write import make_single_folder

        replaced = make_single_folder(options.out, ("photos.csv", "scars.csv"))
        if replaced:
            say(replaced)
    with stdout_to_stderr():
        documents = _score(options, params)
    failures = [document for document in documents if document["status"] == "failed"]
    if options.json:
        print_json(_document(params, documents))
    else:
        print_photos(documents)
        print_flags(documents)
        _say_where(options.out, len(failures) < len(documents))
    print_failures(failures)
    if not failures:
        return DONE
    return NOTHING if len(failures) == len(documents) else SOME_FAILED


def _check_weights(params: Params) -> None:
    """Say once that the network's weights are missing, and not for every photo."""
    from scarscope.scars import weights_digest

    weights_digest(params)


def _score(options: argparse.Namespace, params: Params) -> list[Document]:
    from scarscope.photo.model import Scale

    scale = Scale(options.mm_per_px, "argument") if options.mm_per_px is not None else None
    documents: list[Document] = []
    for path, file in zip(names(options.photos), options.photos, strict=True):
        outcome = _outcome(options, path, file, params, scale)
        failure = {} if outcome.failure is None else vars(outcome.failure)
        documents.append(
            {
                "path": path,
                "file": str(file),
                "sha256": outcome.sha256,
                "status": "failed" if outcome.failure else "ok",
                **outcome.row,
                "scars": [dict(row) for row in outcome.scars],
                **failure,
            }
        )
    if options.out is not None:
        _write_tables(options.out, params, documents)
    return documents


def _outcome(
    options: argparse.Namespace, path: str, file: Path, params: Params, scale: Scale | None
) -> Outcome:
    from scarscope.batch import Failure, Outcome, run_task

    problem = _not_a_file(file)
    if problem is not None:
        return Outcome(path, "", failure=Failure.of(path, problem))
    return run_task(_task(options, path, file, params, scale))


def _not_a_file(file: Path) -> PhotoError | None:
    """What is wrong with a path as it was typed; None where a file lies there."""
    if file.is_dir():
        return PhotoError(
            f"{file} is a folder.",
            remedy=f"Score all its photos: scarscope batch {file} --out results",
        )
    if file.exists():
        return None
    pattern = any(letter in str(file) for letter in "*?[")
    return PhotoError(
        f"No file matches {file}." if pattern else f"{file} does not exist.",
        remedy=f"Check the spelling; it was looked for in {Path.cwd()}.",
    )


def _task(
    options: argparse.Namespace, path: str, file: Path, params: Params, scale: Scale | None
) -> Task:
    from scarscope.batch import Outputs, Task, score_file
    from scarscope.report import write_overlay

    return Task(
        path=path,
        file=file,
        params=params,
        scorer=score_file,
        scale=scale,
        roi=options.roi,
        outputs=Outputs.under(options.out, path, overlay=True) if options.out else None,
        paint=write_overlay,
    )


def _write_tables(out: Path, params: Params, documents: list[Document]) -> None:
    from scarscope import measures
    from scarscope.batch.export import photo_rows_table, scar_rows_table, write_table
    from scarscope.scars.model import columns

    provenance = {"version": __version__, "params_hash": params.hash}
    photos = tuple({**_without(document, _NOT_IN_TABLES), **provenance} for document in documents)
    write_table(photo_rows_table(photos, measures.columns("mm")), out / "photos.csv")
    rows = tuple(
        {"path": document["path"], **scar} for document in documents for scar in document["scars"]
    )
    write_table(scar_rows_table(rows, ("path", *columns("mm"))), out / "scars.csv")


def names(photos: Sequence[Path]) -> list[str]:
    """What each photo is called in the output: its file's name, where that tells them apart.

    Otherwise its path below the folder that all of them share.
    """
    files = [photo.resolve() for photo in photos]
    if max(Counter(file.name.casefold() for file in files).values()) == 1:
        return [file.name for file in files]
    base = Path(os.path.commonpath([file.parent for file in files]))
    return [file.relative_to(base).as_posix() for file in files]


def _without(document: Document, names: Collection[str]) -> Document:
    return {name: value for name, value in document.items() if name not in names}


def _document(params: Params, documents: list[Document]) -> Document:
    return {
        "software": "scarscope",
        "version": __version__,
        "params_hash": params.hash,
        "photos": [_for_json(document) for document in documents],
    }


def _for_json(document: Document) -> Document:
    """Flags as a list, and null for whatever a table would leave blank."""
    plain = {name: None if value == "" else value for name, value in document.items()}
    if "flags" in plain:
        plain["flags"] = document["flags"].split("|") if document["flags"] else []
    return plain


def _say_where(out: Path | None, any_scored: bool) -> None:
    if out is not None and any_scored:
        print(f"Look at {out / 'overlays'} first; numbers are in {out / 'photos.csv'} (one row a")
        print(f"photo) and {out / 'scars.csv'} (one row a scar).")
    elif any_scored:
        say("Add --out DIR for overlays, masks and a table of scars.")
