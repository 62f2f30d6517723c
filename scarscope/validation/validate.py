"""A batch's results against a phantom's truth or people's drawings."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from scarscope.errors import LayoutError, ScaleError
from scarscope.study.agreement.centres import RADIUS_MM
from scarscope.validation.bootstrap import LEAST_UNITS
from scarscope.validation.compare import PhotoComparison, compare_photo
from scarscope.validation.folder import MarkedFolder, open_folder
from scarscope.validation.matching import LEAST_IOU
from scarscope.validation.result import Validation, draw_together

_MEASURES = ("burden_um", "scar_area_fraction", "n_scars")
_PLACE = ("subject", "session", "view", "kind")


def validate(
    results: str | Path,
    truth: str | Path,
    *,
    mm_per_px: float | None = None,
    radius_mm: float = RADIUS_MM,
    least_iou: float = LEAST_IOU,
) -> Validation:
    """Say how right a batch's scars are.

    Parameters
    ----------
    results : path
        Output folder of :func:`scarscope.score_folder`.
    truth : path
        The ``truth/`` folder of ``scarscope phantom``; or masks, LabelMe or COCO files of the same
        photos, named like them. Drawings say nothing of depth, so those figures stay blank.
    mm_per_px : float, optional
        Scale of photos whose results state none. None: such photos are refused.
    radius_mm : float
        Centres this close are the same scar (Kang 2016: 3 mm).
    least_iou : float
        Outlines that overlap more are the same scar.

    Returns
    -------
    Validation
        Photos that only one side has are left out, and named in ``notes``, as is a study with too
        few subjects for intervals.

    Raises
    ------
    LayoutError
        If a folder or drawing cannot be read, or no photo is in both.
    ScaleError
        If a photo has no scale.

    Examples
    --------
    >>> import scarscope as ss
    >>> ss.validate("results", "phantom/truth").value("f1_3mm")  # doctest: +SKIP
    0.81
    """
    found, true = open_folder(results), open_folder(truth)
    rows, names, notes = _photos(found, true)
    photos, scars = [], []
    for row, (own, other) in zip(rows, names, strict=True):
        scale = _scale(row, mm_per_px)
        one = found.read(own, mm_per_px=scale)
        two = true.read(other, mm_per_px=scale, shape=one.labels.shape)
        compared = compare_photo(one, two, radius_mm=radius_mm, least_iou=least_iou)
        photos.append(_photo(row, _true_row(true, other), compared, scale, one.labels.size))
        scars.append(compared.scars.assign(path=str(row["path"])))
    table = pd.DataFrame(photos)
    notes += _few(table)
    return draw_together(table, pd.concat(scars, ignore_index=True), notes=notes)


Row = dict[str, object]


def _photos(
    found: MarkedFolder, true: MarkedFolder
) -> tuple[list[Row], list[tuple[str, str]], tuple[str, ...]]:
    """What the results say of each photo that both sides have, its two names, and notes."""
    rows: list[Row] = []
    names: list[tuple[str, str]] = []
    failed, alone = [], []
    listed = list(_rows(found))
    paths = [str(row["path"]) for row in listed]
    own_names, true_names = found.find_each(paths), true.find_each(paths)
    for row, path in zip(listed, paths, strict=True):
        own, other = own_names[path], true_names[path]
        if row.get("status", "ok") != "ok" or own is None:
            failed.append(path)
        elif other is None:
            alone.append(path)
        else:
            rows.append(row)
            names.append((own, other))
    if not rows:
        raise LayoutError(
            f"No photo of {found.folder} is in {true.folder}.",
            remedy="The truth's files must be named like the photos, such as "
            "masks/P01/s0/left.jpg.png, P01/s0/left.png or left.json.",
        )
    unused = [name for name in true.names if name not in {other for _, other in names}]
    told = (
        (failed, "have no result and are left out"),
        (alone, "have no truth and are left out"),
        (unused, "of the truth have no result"),
    )
    notes = (f"{len(p)} photo(s) {why}: {_listed(p)}." for p, why in told if p)
    return rows, names, tuple(notes)


def _few(photos: pd.DataFrame) -> tuple[str, ...]:
    n = photos["subject"].nunique()
    told = f"{n} subject(s) are too few for intervals of accuracy: {LEAST_UNITS} are needed."
    return (told,) if n < LEAST_UNITS else ()


def _listed(paths: list[str], at_most: int = 5) -> str:
    more = f" and {len(paths) - at_most} more" if len(paths) > at_most else ""
    return ", ".join(paths[:at_most]) + more


def _rows(found: MarkedFolder) -> list[Row]:
    if len(found.photos) and "path" in found.photos:
        records = found.photos.to_dict(orient="records")
        return [{str(key): value for key, value in record.items()} for record in records]
    return [{"path": name} for name in found.names]


def _true_row(true: MarkedFolder, name: str) -> Row:
    if not len(true.photos) or "path" not in true.photos:
        return {}
    own = true.photos[true.photos["path"] == name].to_dict(orient="records")
    return {str(key): value for key, value in own[0].items()} if own else {}


def _scale(row: Row, stated: float | None) -> float:
    own = _number(row.get("mm_per_px"))
    scale = own if math.isfinite(own) else stated
    if scale is None:
        raise ScaleError(
            f"{row['path']} has no scale, and scars are matched within millimetres.",
            remedy="State mm_per_px (--mm-per-px), or score the photos with a scale.",
        )
    return scale


def _photo(row: Row, true: Row, compared: PhotoComparison, mm_per_px: float, pixels: int) -> Row:
    area = _number(row.get("roi_area_mm2"))
    tone = _number(true.get("ita_deg"))
    return {
        "path": row["path"],
        **{name: row.get(name) for name in _PLACE},
        "subject": _subject(row),
        "light": true.get("light", ""),
        "ita_deg": tone if math.isfinite(tone) else _number(row.get("ita_deg")),
        "mm_per_px": mm_per_px,
        "area_mm2": area if math.isfinite(area) else pixels * mm_per_px**2,
        **_measures(row, "found"),
        **_measures(_with_fraction(true), "true"),
        "found_burden_sd_um": _number(row.get("burden_sd_um")),
        "flags": row.get("flags", ""),
        **compared.photo,
    }


def _measures(row: Row, side: str) -> Row:
    return {f"{side}_{name}": _number(row.get(name)) for name in _MEASURES}


def _with_fraction(true: Row) -> Row:
    area, region = (_number(true.get(n)) for n in ("scar_area_mm2", "region_area_mm2"))
    return {"scar_area_fraction": area / region if region else math.nan, **true}


def _subject(row: Row) -> str:
    # Photos without a subject are independent patches as far as anybody knows.
    name = row.get("subject")
    return name if isinstance(name, str) and name else str(row["path"])


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
