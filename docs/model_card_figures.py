"""What the model card says in figures: against the bars, by what photos differ in, and faults."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from model_card_failures import CROP_MM, KINDS
from model_card_gather import SCAR_FREE
from model_card_inputs import EVERY, FOLDER, Inputs, in_order

from scarscope.errors import StoreError
from scarscope.validation.bars import PASSED, PASSED_WORDS, Bar, table
from scarscope.validation.few import FEW
from scarscope.validation.page import (
    Block,
    Picture,
    Table,
    Text,
    interval_of,
    number,
)
from scarscope.validation.standard_segmenter import SEGMENTERS, SegmenterName

Columns = Sequence[tuple[str, str, int]]  # figure, heading, digits

_BY_PHOTO: Columns = (
    ("f1_3mm", "F1 (3 mm)", 2),
    ("precision_3mm", "precision", 2),
    ("recall_3mm", "recall", 2),
    ("f1_iou", "F1 (overlap)", 2),
    ("dice", "Dice", 2),
    ("spearman_burden", "Spearman", 2),
    ("burden_bias_pct", "burden bias, %", 0),
)
_BY_SCAR: Columns = (
    ("recall_3mm", "recall", 2),
    ("precision_3mm", "precision", 2),
    ("type_accuracy", "type right", 2),
    ("depth_bias_um", "depth bias, µm", 0),
    ("depth_mae_um", "depth error, µm", 0),
    ("depth_in_90_pct", "depth in its 90 % interval, %", 0),
)
_BESIDE_SECOND: Columns = (
    ("f1_3mm", "F1 (centres within 3 mm)", 2),
    ("f1_by_chance", "F1 by chance", 2),
    ("precision_3mm", "precision", 2),
    ("recall_3mm", "recall", 2),
    ("dice", "Dice", 2),
    ("type_accuracy", "type right", 2),
    ("spearman_burden", "Spearman of burden", 2),
    ("burden_bias_pct", "burden bias, %", 0),
    ("depth_bias_um", "depth bias, µm", 0),
    ("false_per_10cm2", "false scars per 10 cm² of skin without scars", 1),
)
_F1_AND_DICE: Columns = (("f1_3mm", "F1 (3 mm)", 2), ("dice", "Dice", 2))
_BOTH: Mapping[str, Columns] = {
    "light": _F1_AND_DICE,
    "tone": _F1_AND_DICE,
    "type": (("recall_3mm", "recall", 2), ("type_accuracy", "type right", 2)),
}
_HEADS = {"light": "light", "tone": "tone (class of ITA)", "type": "type", "depth": "true depth"}
_SHOWS = {
    "missed": "The largest scar that was missed under each light",
    "false": "The largest false scar under each light",
    "depth": "The greatest error of depth under each light",
}
_SHEETS = """\
Chosen by rule from the validation set: of each kind of error the worst under each light, no photo
twice; false scars on skin that has none. Above, the skin as it is; below, true outlines in blue,
found ones in yellow, and a white circle around the scar that is meant. Each square is {crop:g} mm
wide; after ± stands one standard deviation."""
_SECOND = """\
The validation set comes from the simulation that the network learned from, on other seeds. That
keeps chance out, not the simulation's own habits. So the network was also shown photos that owe
that simulation nothing: skin drawn by other code and lit by a path tracer ({renderer}), {many}
photos with many scars, for which as many a cm2 were asked for as in the part of the validation set
that the bars are about, {few} with few scars (4 to 14 in 36 mm) and {free} without, seeds {first}
to {last}, which nothing was chosen by. Earlier photos of that renderer were looked at, though: from
which chance on a scar counts in the burden, and what is flagged as doubtful, was set with a view to
them, training was given healthy skin that swells in waves, which were taken for scars, and lamps
face to face, under which scars were missed, and others of its photos had a say in which weights
were shipped. All lights count on both sides. How much of a scar such a photo shows at all is what
`python -m benchmarks.second_renderer.evidence` tells."""

_FEW = """\
Where scars are few, here as there. The two sides differ in more than the renderer: in tones, scale,
perspective, and in how deep and wide scars are; both are small sets."""
_MANY_AGAIN = "Where scars are many again, one thing at a time:"


def against_the_bars(inputs: Inputs) -> list[Block]:
    """Every question of the validation with the figures of both segmenters."""
    own = inputs.summary["segmenters"]
    found = {
        name: [bar_of(key, told) for key, told in own[name]["figures"].items()]
        for name in _segmenters(inputs)
    }
    first, last = inputs.summary["seeds"]
    told = (
        f"{inputs.summary['photos']} simulated photos, seeds {first} to {last}; under comparable "
        "light (ring, twin, off-axis, raking), all tones. What each figure means: "
        f"[validation.md](validation.md). {PASSED_WORDS}"
    )
    return [Text(told), table(found)]


def _segmenters(inputs: Inputs) -> list[SegmenterName]:
    """Those with figures, the network first."""
    return [name for name in reversed(SEGMENTERS) if name in inputs.summary["segmenters"]]


def bar_of(key: str, told: Mapping[str, Any]) -> Bar:
    """A bar as ``validation.json`` holds it."""
    names = ("value", "low", "high", "first", "then", "middle")
    values = {name: math.nan if told[name] is None else float(told[name]) for name in names}
    return Bar(key, told["question"], side=told["side"], digits=int(told["digits"]), **values)


def by_stratum(inputs: Inputs) -> list[Block]:
    """Figures by light, tone, type and depth; the classical segmenter's F1 or recall beside."""
    lights = Text("Under each light, over all tones; window light is not controlled:")
    tones = Text("On each tone, under comparable light:")
    scars = Text(
        "By type and by depth of the true scar. Recall counts true scars of a class, precision "
        "found ones:"
    )
    return [
        lights,
        _strata(inputs, "light", _BY_PHOTO, "f1_3mm"),
        tones,
        _strata(inputs, "tone", _BY_PHOTO, "f1_3mm"),
        scars,
        _strata(inputs, "type", _BY_SCAR, "recall_3mm"),
        _strata(inputs, "depth", _BY_SCAR, "recall_3mm"),
    ]


def _strata(inputs: Inputs, by: str, columns: Columns, beside: str) -> Table:
    title = next(head for name, head, _ in columns if name == beside)
    both = "relief" in inputs.summary["segmenters"]
    rows = []
    for level in inputs.levels(by):
        cells = [interval_of(inputs.figure(name, by, level), digits) for name, _, digits in columns]
        if both:
            cells.append(number(inputs.figure(beside, by, level, "relief")["value"]))
        rows.append((level.replace(" um", " µm"), *cells))
    heads = [head for _, head, _ in columns] + [f"{title} of relief"] * both
    return Table((_HEADS[by], *heads), tuple(rows))


def second_renderer(inputs: Inputs) -> list[Block]:
    """Figures on photos that another renderer made, beside those of the validation set."""
    found = inputs.second
    first, last = found["seeds"]
    told = _SECOND.format(
        renderer=found["renderer"],
        many=found["many"],
        few=found["few"],
        free=found["free"],
        first=first,
        last=last,
    )
    parts = [_both(inputs, by, columns) for by, columns in _BOTH.items()]
    return [
        Text(told),
        _overall(inputs, "all", _BESIDE_SECOND),
        Text(_FEW),
        _overall(inputs, f"{FEW}all", _BESIDE_SECOND[:-1]),
        Text(_MANY_AGAIN),
        *parts,
        Text(f"Made by `{found['command']}`."),
    ]


def _overall(inputs: Inputs, by: str, figures: Columns) -> Table:
    names = [name for name in _segmenters(inputs) if name in inputs.second["segmenters"]]
    rows = []
    for figure, title, digits in figures:
        here = SCAR_FREE if figure == "false_per_10cm2" else figure
        cells = [
            cell
            for name in names
            for cell in (
                interval_of(inputs.figure(here, by, "every light", name), digits),
                interval_of(inputs.beyond(figure, by, "all", name), digits),
            )
        ]
        rows.append((title, *cells))
    heads = [head for name in names for head in (f"{name}: validation", f"{name}: second renderer")]
    return Table(("figure", *heads), tuple(rows))


def _both(inputs: Inputs, by: str, columns: Columns) -> Table:
    """One figure after the other, each on both sides."""
    rows_there = inputs.second["segmenters"]["network"]["figures"]
    there = [row["level"] for row in rows_there if row["by"] == by]
    rows = []
    for level in in_order({*inputs.levels(f"{EVERY}{by}"), *there}):
        cells = [
            interval_of(side, digits)
            for figure, _, digits in columns
            for side in (
                inputs.figure(figure, f"{EVERY}{by}", level),
                inputs.beyond(figure, by, level),
            )
        ]
        rows.append((level, *cells))
    heads = (head for _, title, _ in columns for head in (f"{title}: validation", "second"))
    return Table((_HEADS[by], *heads), tuple(rows))


def failures(inputs: Inputs) -> list[Block]:
    """The sheets of the worst failures."""
    return [
        Text(_SHEETS.format(crop=CROP_MM)),
        *(_sheet(inputs, kind) for kind in KINDS if _has(inputs, kind)),
    ]


def _has(inputs: Inputs, kind: str) -> bool:
    return bool((inputs.failures["kind"] == kind).any())


def _sheet(inputs: Inputs, kind: str) -> Picture:
    file = inputs.docs / FOLDER / f"{kind}.jpg"
    if not file.is_file():
        raise StoreError(f"{file.name} is missing.", remedy="Run: python3 tasks.py card")
    own = inputs.failures[inputs.failures["kind"] == kind]
    told = "; ".join(own["told"].astype(str).str.replace("; ", ", "))
    return Picture(file.name, file.read_bytes(), f"{_SHOWS[kind]}: {told}")


def faults(inputs: Inputs) -> Text:
    """The known faults as a list, each with its figures."""
    parts = (_missed_bars, _weakest, _taken_for_scars, _depths, _intervals, _elsewhere)
    told = (line for part in parts for line in part(inputs))
    # What begins with two spaces belongs to the entry before it.
    return Text("\n".join(f"  - {t[2:]}" if t.startswith("  ") else f"- {t}" for t in told))


def _missed_bars(inputs: Inputs) -> Iterator[str]:
    own = inputs.summary["segmenters"]["network"]["figures"]
    asked = [bar_of(key, told) for key, told in own.items()]
    missed = [(bar, bar.verdict(bar.of("network"))) for bar in asked]
    bad = [(bar, told) for bar, told in missed if told not in (*PASSED, "–")]
    if not bad:
        yield "It reaches every bar that was set for it, on simulated skin."
        return
    yield f"It misses {len(bad)} of the {sum(told != '–' for _, told in missed)} bars set for it:"
    for bar, told in bad:
        yield f"  {bar.question.rstrip('?')}: {number(bar.value, bar.digits)}, {told}"


def _weakest(inputs: Inputs) -> Iterator[str]:
    for by, figure, what in (
        ("light", "f1_3mm", "F1"),
        ("tone", "f1_3mm", "F1"),
        ("type", "recall_3mm", "Share found,"),
        ("depth", "recall_3mm", "Share found,"),
        ("type", "type_accuracy", "Share of found scars given the right type,"),
    ):
        ranked = _ranked(inputs, by, figure)
        if len(ranked) > 1:
            (low, worst), (high, best) = ranked[0], ranked[-1]
            yield (
                f"{what} by {_HEADS[by].partition(' (')[0]}: least {worst:.2f} ({_level(low)}), "
                f"greatest {best:.2f} ({_level(high)})."
            )


def _ranked(inputs: Inputs, by: str, figure: str) -> list[tuple[str, float]]:
    values = [(level, inputs.figure(figure, by, level)["value"]) for level in inputs.levels(by)]
    return sorted((pair for pair in values if math.isfinite(pair[1])), key=lambda pair: pair[1])


def _level(name: str) -> str:
    return name.replace("_", " ").replace(" um", " µm")


def _taken_for_scars(inputs: Inputs) -> Iterator[str]:
    ranked = _ranked(inputs, "distractor", "false_per_10cm2")[::-1]
    most = ", ".join(f"{_level(name)} {rate:.1f}" for name, rate in ranked[:3] if rate > 0)
    plain = number(inputs.figure("false_per_10cm2", "all", "comparable")["value"], 1)
    if most:
        yield (
            f"Most often taken for scars, in false scars per 10 cm² where they abound: {most}. On "
            f"other skin without scars: {plain}."
        )


def _depths(inputs: Inputs) -> Iterator[str]:
    ranked = _ranked(inputs, "depth", "depth_bias_um")
    if len(ranked) > 1:
        (low, least), (high, most) = ranked[0], ranked[-1]
        yield (
            f"The depth of found scars is off by {least:+.0f} µm on average where it truly is "
            f"{_level(low)}, by {most:+.0f} µm where it is {_level(high)}."
        )


def _intervals(inputs: Inputs) -> Iterator[str]:
    depth = inputs.figure("depth_in_90_pct", "all", "comparable")["value"]
    burden = inputs.figure("burden_in_90_pct", "all", "comparable")["value"]
    yield (
        f"Of intervals meant to hold 90 %, {number(depth, 0)} % hold a found scar's depth and "
        f"{number(burden, 0)} % a photo's burden. What was missed altogether is in neither."
    )


def _elsewhere(inputs: Inputs) -> Iterator[str]:
    for by, when in (("all", "many"), (f"{FEW}all", "few")):
        asked = (("f1_3mm", 2), ("spearman_burden", 2), ("burden_bias_pct", 0))
        here = (inputs.figure(name, by, "every light")["value"] for name, _ in asked)
        there = (inputs.beyond(name, by, "all")["value"] for name, _ in asked)
        pairs = [
            f"{number(two, digits)} ({number(one, digits)})"
            for one, two, (_, digits) in zip(here, there, asked, strict=True)
        ]
        f1, rank, bias = pairs
        yield (
            f"Where scars are {when}, on skin that another renderer drew (on the validation set, "
            f"every light): F1 {f1}, Spearman {rank}, burden off by {bias} %."
        )
