"""``scarscope compare``: what changed between two photos of the same skin.

The JSON document has these entries; ``null`` stands for what is not known.

``software, version, params_hash``
    What made it; the hash is of all parameters.
``before, after``
    ``path`` (name in the tables), ``file`` (as typed), ``sha256``, ``mm_per_px``, ``scale_source``,
    ``flags`` (a list), ``days_since_treatment``.
``same_photo``
    Whether both files hold the same bytes.
``comparable, reasons, figures``
    ``yes``, ``caution`` or ``no``; each reason's ``code, weight, value, limit, text, remedy``; all
    figures that were judged, by name.
``harmonised, alignment``
    What was undone in the later photo (``stops, red, blue, contrast, text``), and how it lies over
    the earlier one.
``text, verdict, change_pct, mdc95_pct, quartile, gais``
    The answer for the burden.
``segmenter, weights, measures, scars``
    What found the scars; rows as in ``changes.csv`` and ``scar_changes.csv``.
``failures``
    Photos that could not be read or show no skin: ``path, stage, error, remedy``. Everything from
    ``comparable`` on is then ``null`` or empty.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scarscope._version import __version__
from scarscope.cli.compare_text import print_change
from scarscope.cli.console import (
    print_failures,
    print_flags,
    print_json,
    say,
    stdout_to_stderr,
)
from scarscope.cli.options import read_params
from scarscope.cli.program import DONE, NOTHING
from scarscope.cli.score import names
from scarscope.errors import ParamsError, PhotoError, RegionError, ScarScopeError
from scarscope.machine import require_opencv
from scarscope.params import Params

if TYPE_CHECKING:
    import pandas as pd

    from scarscope.batch import Failure
    from scarscope.batch.task import Row
    from scarscope.change import Change
    from scarscope.photo.model import Scale
    from scarscope.skin.model import Skin

    Skins = tuple[Skin | None, Skin | None]

Document = dict[str, Any]

_PICTURES = ("aligned.jpg", "change_map.jpg", "blink.webp", "blink.png", "wipe.jpg", "why.jpg")
_TABLES = ("changes.csv", "scar_changes.csv")


def run(options: argparse.Namespace) -> int:
    """Compare the photos and print what changed."""
    params = read_params(options)
    require_opencv()
    scales = _scales(options)
    _check(options, params)
    if options.out is not None:
        from scarscope.batch.write import make_single_folder

        replaced = make_single_folder(options.out, _TABLES)
        if replaced:
            say(replaced)
    with stdout_to_stderr():
        (before, after), failures = _read(options, params, scales)
        change = None
        if before is not None and after is not None:
            change = _compare(options, params, before, after)
            if options.out is not None:
                _write(options.out, change, (before, after), params)
    if options.json:
        print_json(_document(options, params, change, (before, after), failures))
    elif change is not None:
        print_change(change)
        flags = [{"status": "ok", "flags": skin.flags.text} for skin in (before, after) if skin]
        print_flags(flags)
        _say_where(options.out, change)
    if _are_same(before, after):
        _say_same(options)
    print_failures([vars(failure) for failure in failures])
    return NOTHING if change is None else DONE


def _scales(options: argparse.Namespace) -> tuple[Scale | None, Scale | None]:
    from scarscope.photo.model import Scale

    first = options.mm_per_px
    stated = (first, first if options.mm_per_px_after is None else options.mm_per_px_after)
    before, after = (None if value is None else Scale(value, "argument") for value in stated)
    return before, after


def _check(options: argparse.Namespace, params: Params) -> None:
    """Whatever can be said before anything is read."""
    from scarscope.scars import weights_digest

    weights_digest(params)  # says that weights are missing once, and not for every photo
    for roi in (options.roi_before, options.roi_after):
        if roi is not None and not roi.is_file():
            raise RegionError(
                f"Region file {roi} does not exist.",
                remedy=f"Check the spelling; it was looked for in {Path.cwd()}.",
            )
    for photo in (options.before, options.after):
        if any(_is_same(photo, path) for path in _outputs(options.out)):
            raise ParamsError(
                f"{photo} would be overwritten by --out {options.out}.",
                remedy="Photos are never written to: give another folder.",
            )


def _outputs(out: Path | None) -> list[Path]:
    return [] if out is None else [out / name for name in (*_PICTURES, *_TABLES)]


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _read(
    options: argparse.Namespace, params: Params, scales: tuple[Scale | None, Scale | None]
) -> tuple[Skins, list[Failure]]:
    """Skin of both photos, None where there is none, and what is wrong then."""
    from scarscope.batch import Failure
    from scarscope.batch.task import one_opencv_thread
    from scarscope.change.compare import as_skin
    from scarscope.photo import read_photo

    files, rois = (options.before, options.after), (options.roi_before, options.roi_after)
    skins: list[Skin | None] = [None, None]
    failures: list[Failure] = []
    given = zip(names(files), files, rois, scales, strict=True)
    for place, (name, file, roi, scale) in enumerate(given):
        try:
            _require_file(file)
            with one_opencv_thread():
                photo = read_photo(file, mm_per_px=scale, name=name, params=params.photo)
                skins[place] = as_skin(photo, roi, params)
        except ScarScopeError as error:
            failures.append(Failure.of(name, error))
    return (skins[0], skins[1]), failures


def _require_file(file: Path) -> None:
    if file.is_dir():
        raise PhotoError(
            f"{file} is a folder.", remedy="Give two photos: scarscope compare BEFORE AFTER"
        )
    if not file.exists():
        raise PhotoError(
            f"{file} does not exist.",
            remedy=f"Check the spelling; it was looked for in {Path.cwd()}.",
        )


def _compare(options: argparse.Namespace, params: Params, first: Skin, second: Skin) -> Change:
    from scarscope.batch.task import one_opencv_thread
    from scarscope.change import compare

    before, after = (math.nan if d is None else float(d) for d in _days(options))
    with one_opencv_thread():
        return compare(first, second, days=(before, after), params=params)


def _days(options: argparse.Namespace) -> tuple[float | None, float | None]:
    return options.days_before, options.days_after


def _write(out: Path, change: Change, skins: tuple[Skin, Skin], params: Params) -> None:
    """Tables and pictures; pictures of an earlier comparison that this one lacks are deleted."""
    _write_table(change, change.measures, out / "changes.csv", params)
    _write_table(change, change.scars, out / "scar_changes.csv", params)
    written = set(_paint(out, change, skins))
    for name in _PICTURES:
        if name not in written:
            (out / name).unlink(missing_ok=True)


def _paint(out: Path, change: Change, skins: tuple[Skin, Skin]) -> Iterator[str]:
    """Write the pictures that this change has, and name them."""
    from scarscope import report
    from scarscope.report.change_blink import blink_suffix

    if change.pair is not None:
        report.write_aligned_pair(change, out / "aligned.jpg")
        yield "aligned.jpg"
        report.write_wipe(change, out / "wipe.jpg")
        yield "wipe.jpg"
        blink = f"blink{blink_suffix()}"
        report.write_blink(change, out / blink)
        yield blink
    if change.reading is not None:
        report.write_change_map(change, out / "change_map.jpg")
        yield "change_map.jpg"
    if change.comparable != "yes":
        report.write_why_picture(change, out / "why.jpg", skins)
        yield "why.jpg"


def _write_table(change: Change, table: pd.DataFrame, path: Path, params: Params) -> None:
    from scarscope.batch.export import Table, write_table

    pair = {"baseline": change.names[0], "followup": change.names[1]}
    made = {"version": __version__, "params_hash": params.pair_hash}
    columns = (*pair, *map(str, table.columns), *made)
    rows = tuple({**pair, **row, **made} for row in _rows(table))
    write_table(Table(columns, rows), path)


def _rows(table: pd.DataFrame) -> tuple[Row, ...]:
    """Rows of plain values; None for whatever is blank."""
    from scarscope.batch.task import plain_rows

    return plain_rows(table.astype(object).where(table.notna(), None))


def _document(
    options: argparse.Namespace,
    params: Params,
    change: Change | None,
    skins: Skins,
    failures: list[Failure],
) -> Document:
    files = (options.before, options.after)
    photos = [
        _photo(name, file, skin, days)
        for name, file, skin, days in zip(names(files), files, skins, _days(options), strict=True)
    ]
    return {
        "software": "scarscope",
        "version": __version__,
        "params_hash": params.pair_hash,
        "before": photos[0],
        "after": photos[1],
        "same_photo": _are_same(*skins),
        **_judged(change),
        **_answer(change),
        "failures": [vars(failure) for failure in failures],
    }


def _photo(name: str, file: Path, skin: Skin | None, days: float | None) -> Document:
    scale = skin.photo.scale if skin is not None else None
    flags = skin.flags.text if skin is not None else ""
    return {
        "path": name,
        "file": str(file),
        "sha256": skin.photo.sha256 if skin is not None else None,
        "mm_per_px": scale.mm_per_px if scale is not None else None,
        "scale_source": scale.source if scale is not None else None,
        "flags": flags.split("|") if flags else [],
        "days_since_treatment": days,
    }


def _judged(change: Change | None) -> Document:
    if change is None:
        nothing = dict.fromkeys(("comparable", "figures", "harmonised", "alignment"))
        return {**nothing, "reasons": []}
    told, alignment = change.comparability, change.alignment
    harmony = told.harmony
    return {
        "comparable": told.verdict,
        "reasons": [_blank(row) for row in _rows(told.to_frame())],
        "figures": dict(told.figures),
        "harmonised": None if harmony is None else {**vars(harmony), "text": harmony.text},
        "alignment": {
            **_blank(_rows(alignment.to_frame())[0]),
            "ok": alignment.ok,
            "matrix": alignment.matrix.tolist(),
        },
    }


def _answer(change: Change | None) -> Document:
    if change is None:
        words = ("text", "verdict", "change_pct", "mdc95_pct", "quartile", "gais")
        return {**dict.fromkeys((*words, "segmenter", "weights")), "measures": [], "scars": []}
    found = change.before.scars if change.before is not None else None
    measures = change.measures.drop(columns=["comparable", "reasons"])
    return {
        "text": change.text,
        "verdict": change.verdict,
        "change_pct": change.change_pct,
        "mdc95_pct": change.mdc95_pct,
        "quartile": change.quartile or None,
        "gais": change.gais or None,
        "segmenter": found.segmenter if found is not None else None,
        "weights": (found.weights or None) if found is not None else None,
        "measures": [_blank(row) for row in _rows(measures)],
        "scars": [_blank(row) for row in _rows(change.scars)],
    }


def _blank(row: Row) -> Document:
    """Null for whatever a table would leave blank."""
    return {name: None if value == "" else value for name, value in row.items()}


def _are_same(before: Skin | None, after: Skin | None) -> bool:
    if before is None or after is None:
        return False
    return before.photo.sha256 == after.photo.sha256


def _say_same(options: argparse.Namespace) -> None:
    if _is_same(options.before, options.after):
        say("BEFORE and AFTER are the same file, so that nothing can have changed.")
    else:
        say(f"{options.before} and {options.after} hold the same photo, byte by byte.")
        say("  -> Check that the later photo was not copied from the earlier one.")


def _say_where(out: Path | None, change: Change) -> None:
    if out is None:
        say("Add --out DIR for pictures and tables.")
        return
    if change.comparable == "no":
        print(f"Look at {out / 'why.jpg'} first: it shows why.")
        return
    print(f"Look at {out / 'aligned.jpg'} first; figures are in {out / 'changes.csv'} (one row a")
    print(f"measure) and {out / 'scar_changes.csv'} (one row a scar).")
