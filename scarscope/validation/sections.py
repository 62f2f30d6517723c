"""What a page says of a validation, part by part; parts that nothing is known of are left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scarscope.scars.model import TYPES
from scarscope.validation.figures import BESIDE, BY_SCAR, DEPTHS, SIZES
from scarscope.validation.page import Block, Heading, Picture, Table, Text, interval_of, number
from scarscope.validation.plots import bland_altman_plot, heat_table, scatter
from scarscope.validation.result import Validation
from scarscope.validation.standard_segmenter import SegmenterName

# Figure: its heading in a table, and digits.
_BY_PHOTO = {
    "f1_3mm": ("F1 (3 mm)", 2),
    "precision_3mm": ("precision", 2),
    "recall_3mm": ("recall", 2),
    "f1_by_chance": ("F1 by chance", 2),
    "f1_iou": ("F1 (overlap)", 2),
    "dice": ("Dice", 2),
    "spearman_burden": ("Spearman", 2),
    "burden_bias_pct": ("burden bias, %", 0),
    "burden_in_90_pct": ("burden in its 90 % interval, %", 0),
}
_BY_SCAR = {
    "recall_3mm": ("recall", 2),
    "precision_3mm": ("precision", 2),
    "type_accuracy": ("type right", 2),
    "depth_bias_um": ("depth bias, µm", 0),
    "depth_mae_um": ("depth error, µm", 0),
    "volume_bias_pct": ("volume bias, %", 0),
    "depth_in_90_pct": ("depth in its 90 % interval, %", 0),
}
_OVERALL = {
    **_BY_PHOTO,
    "dice_per_photo": ("Dice, mean of photos", 2),
    "spearman_burden_subjects": ("Spearman over subjects", 2),
    "burden_mae_um": ("burden error, µm", 1),
    **{name: _BY_SCAR[name] for name in list(_BY_SCAR)[2:]},
    "volume_mae_pct": ("volume error of a scar, %", 0),
}
_WORDS = {
    "light": "light",
    "tone": "tone (class of ITA)",
    "ita_deg": "ITA, °",
    "mm_per_px": "mm per pixel",
    "type": "type",
    "size": "width",
    "depth": "depth",
}
_TONES = ("very light", "light", "intermediate", "tan", "brown", "dark")
_ORDER = (*TYPES, *SIZES, *DEPTHS, *_TONES)


def overall(result: Validation) -> list[Block]:
    """Figures over all photos."""
    rows = _pick(result.figures, "all")
    known = [
        (title, interval_of(rows[name], digits), f"{int(rows[name]['n'])}")
        for name, (title, digits) in _OVERALL.items()
        if name in rows and math.isfinite(rows[name]["value"])
    ]
    if not known:
        return []
    return [Table(("figure", "value (95 % interval)", "subjects"), tuple(known))]


def side_by_side(
    results: Mapping[SegmenterName, Validation], *, figures: Sequence[str] = tuple(_OVERALL)
) -> list[Block]:
    """Figures over all photos, one column a segmenter."""
    picked = [_pick(result.figures, "all") for result in results.values()]
    rows = []
    for name in figures:
        title, digits = _OVERALL[name]
        cells = [interval_of(own[name], digits) if name in own else "–" for own in picked]
        if set(cells) != {"–"}:
            rows.append((title, *cells))
    head = ("figure", *(f"{name} (95 % interval)" for name in results))
    return [Table(head, tuple(rows))] if rows else []


def _pick(figures: pd.DataFrame, by: str) -> dict[str, Mapping[str, Any]]:
    return {row["figure"]: row for row in _records(figures[figures["by"] == by])}


def _records(table: pd.DataFrame) -> list[Mapping[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict(orient="records")]


def by_photo(result: Validation, names: Sequence[str]) -> list[Block]:
    """Detection and burden by what photos differ in."""
    return [block for name in names for block in _strata(result.figures, name, _BY_PHOTO)]


def by_scar(result: Validation) -> list[Block]:
    """Detection, type and size by what scars differ in."""
    blocks = [block for name in BY_SCAR for block in _strata(result.figures, name, _BY_SCAR)]
    told = "Recall counts true scars of a class, precision found ones."
    return [Text(told), *blocks] if blocks else []


def _strata(figures: pd.DataFrame, by: str, columns: Mapping[str, tuple[str, int]]) -> list[Block]:
    own = figures[(figures["by"] == by) & figures["figure"].isin(list(columns))]
    if own["level"].nunique() < 2:
        return []
    # Nothing is said of what no photo says anything about, such as intervals of depth.
    known = set(own.dropna(subset=["value"])["figure"])
    columns = {name: told for name, told in columns.items() if name in known}
    rows = []
    for level in sorted(own["level"].unique(), key=_rank):
        at = {row["figure"]: row for row in _records(own[own["level"] == level])}
        cells = (
            interval_of(at[name], digits) if name in at else "–"
            for name, (_, digits) in columns.items()
        )
        rows.append((level, *cells))
    head = (_WORDS.get(by, by), *(title for title, _ in columns.values()))
    return [Table(head, tuple(rows))]


def _rank(level: str) -> tuple[int, float, str]:
    if level in _ORDER:
        return _ORDER.index(level), 0.0, ""
    try:
        return len(_ORDER), float(level), ""
    except ValueError:
        return len(_ORDER), 0.0, level


def tone_by_light(result: Validation) -> list[Block]:
    """F1 of every combination of tone and light."""
    sums = result.photos[result.photos["set"].isin(["", "scars"])]
    sums = sums[(sums["light"] != "") & (sums["tone"] != "")]
    counts = sums.groupby(["tone", "light"])[["hit_3mm", "false_3mm", "missed_3mm"]].sum()
    if counts.empty:
        return []
    f1 = (
        2 * counts["hit_3mm"] / (2 * counts["hit_3mm"] + counts["false_3mm"] + counts["missed_3mm"])
    )
    table = f1.unstack("light")
    table = table.reindex([tone for tone in _TONES if tone in table.index])
    picture = heat_table(table, title="F1 within 3 mm, by tone and light")
    return [Picture("f1.svg", picture.encode(), "F1 within 3 mm, by tone and light")]


def burden_scatter(result: Validation) -> list[Block]:
    """True against estimated burden."""
    own = result.photos[result.photos["set"].isin(["", "scars"])]
    own = own.dropna(subset=["true_burden_um", "found_burden_um"])
    if len(own) < 2:
        return []
    x, y = (own[f"{side}_burden_um"].to_numpy(np.float64) for side in ("true", "found"))
    names = own["light"].tolist() if (own["light"] != "").all() else []
    title = "Burden: true and estimated"
    text = scatter(x, y, title=title, x_name="true, µm", y_name="estimated, µm", groups=names)
    shows = "True and estimated burden of each photo; on the dashed line they are equal"
    return [Picture("burden.svg", text.encode(), shows)]


def types(result: Validation) -> list[Block]:
    """Which type was taken for which."""
    if result.confusion.empty:
        return []
    table = result.confusion.pivot_table(index="true_type", columns="found_type", values="n")
    table = table.reindex(index=list(TYPES), columns=list(TYPES)).fillna(0.0)
    table.index = pd.Index([f"true {name}" for name in table.index])
    high = float(table.to_numpy().max())
    picture = heat_table(table, title="Matched scars by type", high=high, digits=0)
    return [Picture("types.svg", picture.encode(), "Matched scars by true (rows) and found type")]


def false_scars(result: Validation) -> list[Block]:
    """False scars on skin that has none."""
    own = result.figures[result.figures["figure"] == "false_per_10cm2"].dropna(subset=["value"])
    if own.empty:
        return []
    rows = [
        (
            "scar-free skin" if row["by"] == "all" else str(row["level"]).replace("_", " "),
            interval_of(row, 1),
            f"{int(row['n'])}",
        )
        for row in _records(own[own["by"].isin(["all", "distractor"])])
    ]
    together = _pick(result.figures, "all").get("false_beside_per_10cm2")
    if together is not None:
        told = f"{', '.join(BESIDE)} together"
        rows.append((told, interval_of(together, 1), f"{int(together['n'])}"))
    head = ("what the photo shows", "false scars per 10 cm²", "photos")
    return [Heading("False scars where there are none"), Table(head, tuple(rows))]


_MEASURES = {"burden_um": "burden, µm", "scar_area_fraction": "area fraction", "n_scars": "count"}
_REPEAT = {"icc_2_1": 3, "cv_of_mean_pct": 1, "sem": 3, "mdc95": 3}


def retests(result: Validation) -> list[Block]:
    """The same skin photographed again."""
    if result.repeatability.empty:
        return []
    table = {(row["measure"], row["figure"]): row for row in _records(result.repeatability)}
    rows = [
        (told, *(interval_of(table[(name, f)], d) for f, d in _REPEAT.items()))
        for name, told in _MEASURES.items()
        if (name, "sem") in table
    ]
    head = ("measure", "ICC(2,1)", "CV, %", "SEM", "MDC95")
    pairs = result.retests.dropna(subset=["found_burden_um_a", "found_burden_um_b"])
    blocks: list[Block] = [
        Heading("The same skin photographed again"),
        Text(f"{len(result.retests)} pairs of photos with a new pose and new noise."),
        Table(head, tuple(rows)),
    ]
    if len(pairs) >= 2:
        a, b = (pairs[f"found_burden_um_{k}"].to_numpy(np.float64) for k in ("a", "b"))
        text = bland_altman_plot(a, b, title="Burden of retests", unit="µm")
        shows = "Difference of two photos of the same skin over their mean: bias and 95 % limits"
        blocks.append(Picture("retests.svg", text.encode(), shows))
    return blocks


def courses(result: Validation) -> list[Block]:
    """Change under treatment."""
    own = result.courses
    if own.empty:
        return []
    figures = _pick(result.figures, "all")
    x, y = (-own[f"{side}_change_pct"].to_numpy(np.float64) for side in ("true", "found"))
    text = scatter(x, y, title="Reduction of burden", x_name="true, %", y_name="estimated, %")
    error, bias = (interval_of(figures[name], 1) for name in ("change_mae", "change_bias"))
    told = (
        f"{len(own)} follow-ups beside their baselines. Mean absolute error of the percent change "
        f"of burden: {error} points; bias {bias} points."
    )
    shows = "True and estimated reduction of burden; on the dashed line they are equal"
    return [
        Heading("Change under treatment"),
        Text(told),
        Picture("courses.svg", text.encode(), shows),
    ]


def confounders(result: Validation) -> list[Block]:
    """Pairs in which nothing changed but one thing."""
    own = result.calls
    if own.empty:
        return []
    relative = 100 * own["change_um"].abs() / own["found_burden_um_before"].replace(0, np.nan)
    rows = [
        (
            str(kind).replace("_", " "),
            str(len(part)),
            str(int(part["called"].sum())),
            number(float(relative[part.index].median()), 0),
        )
        for kind, part in own.groupby("confounder")
    ]
    told = (
        "A call is a change of burden beyond MDC95 of the retests above: the two figures alone, "
        "without looking at whether the photos can be compared."
    )
    head = ("what alone changed", "pairs", "called a change", "median change, %")
    return [
        Heading("Nothing changed but the photograph"),
        Text(told),
        Table(head, tuple(rows)),
    ]
