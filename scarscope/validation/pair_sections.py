"""What the page says of compared pairs, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from scarscope.change import STATUSES
from scarscope.scars.model import TYPES
from scarscope.validation.bootstrap import Interval
from scarscope.validation.figures import SIZES
from scarscope.validation.page import Block, Heading, Picture, Table, Text, number, with_interval
from scarscope.validation.pair_bars import NAIVE
from scarscope.validation.pair_figures import confusion, value
from scarscope.validation.pair_table import CHANGE_SIZES, COURSES, SAME_SET_UP, PairResult
from scarscope.validation.plots import curve_plot, heat_table, scatter
from scarscope.validation.standard_segmenter import SegmenterName

_TONES = ("very light", "light", "intermediate", "tan", "brown", "dark")
_ORDER = (*CHANGE_SIZES, *SIZES, *TYPES, *_TONES, "yes", "caution", *SAME_SET_UP)
_WORDS = {
    "tone": "tone (class of ITA)",
    "size": "size of the true change",
    "change_size": "size of the scar's true change",
    "way": "what truly happened",
    "comparable": "verdict on the pair",
    "part": "part of the set",
    "kind": "kind",
    "group": "part and kind",
}
_MOST_PCT = 150.0  # of a plot: farther off is drawn along its edge

Columns = Mapping[str, tuple[str, int]]


def told(found: Interval, digits: int) -> str:
    """A figure with its interval."""
    return with_interval(found.value, found.low, found.high, digits)


def naive_table(tables: Mapping[SegmenterName, pd.DataFrame]) -> Block:
    """Comparing beside the difference of two scores, for each segmenter."""
    further = (
        ("Bias of the percent change (points)", "change_bias", "naive_change_bias"),
        ("Slope of the found over the true change", "change_slope", "naive_change_slope"),
        ("Error, pairs that comparing refuses included", *_refused_too()),
        ("Mean absolute error of retests (points)", "retest_mae", "naive_retest_mae"),
        ("MDC95 (median, % of the earlier burden)", "mdc95_pct", "naive_mdc95_pct"),
        ("Treated pairs called the right way (%)", "treated_right", "treated_naive_right"),
    )
    rows = []
    for question, own, naive in (*NAIVE, *further):
        digits = 2 if "slope" in own else 1
        cells = (told(value(t, name), digits) for t in tables.values() for name in (own, naive))
        rows.append((question, *cells))
    heads = (head for name in tables for head in (f"{name}: compared", f"{name}: two scores"))
    return Table(("figure", *heads), tuple(rows))


def _refused_too() -> tuple[str, str]:
    return "change_mae_refused_too", "naive_change_mae_refused_too"


def levels(table: pd.DataFrame, by: str, columns: Columns) -> list[Block]:
    """Figures at every level of one thing that pairs differ in."""
    own = table[(table["by"] == by) & table["figure"].isin(list(columns))]
    if own.empty:
        return []
    rows = []
    for level in sorted(own["level"].unique(), key=_rank):
        found = {name: value(own, name, by=by, level=level) for name in columns}
        count = max(each.n for each in found.values())
        cells = (told(found[name], digits) for name, (_, digits) in columns.items())
        rows.append((level.replace("_", " "), f"{count}", *cells))
    head = (_WORDS.get(by, by), "pairs", *(title for title, _ in columns.values()))
    return [Table(head, tuple(rows))]


def _rank(level: str) -> tuple[int, str]:
    return (_ORDER.index(level), "") if level in _ORDER else (len(_ORDER), level)


def alignment(table: pd.DataFrame) -> list[Block]:
    """Where the skin was found again."""
    columns = {
        "landmark_mm": ("median landmark, mm", 3),
        "landmark_p95_mm": ("95 % of landmarks, mm", 3),
        "alignment_failed": ("failed, %", 1),
        "alignment_unaware": ("failed and compared, %", 1),
    }
    wrong = {"wrong_aligned": ("laid over each other, %", 1)}
    failed = value(table, "failure_told")
    note = (
        "True places of a lattice of points, 3 mm apart, against where the alignment says they "
        f"lie. Of {failed.n} pairs that cannot be laid over each other rightly, or were not, "
        f"{told(failed, 1)} % were refused."
    )
    return [
        Heading("Alignment"),
        Text(note),
        *levels(table, "part", columns),
        *levels(table[table["level"].str.startswith("wide")], "group", columns),
        *levels(table, "kind", wrong),
    ]


def passing(table: pd.DataFrame, pairs: pd.DataFrame) -> list[Block]:
    """Who is compared, and why not."""
    columns = {"passed": ("compared, %", 1), "passed_yes": ("outright, %", 1)}
    rest = {f"rest_{name}": told_as for name, told_as in columns.items()}
    own = pairs[pairs["part"].isin(SAME_SET_UP)]
    return [
        Heading("Which pairs are compared"),
        Text("Same set-up at both visits: nothing keeps these pairs from being compared."),
        *(block for by in ("part", "light", "tone") for block in levels(table, by, columns)),
        Text(_RESPONSE),
        *levels(table, "response", columns),
        Text("Why not outright:"),
        _reasons(own),
        Text("Other pairs. That a confounder is refused is right, that it is compared no fault:"),
        *levels(table, "group", rest),
    ]


def _reasons(pairs: pd.DataFrame) -> Block:
    counts = Counter(code for codes in pairs["codes"].fillna("") for code in codes.split("|"))
    refused = Counter(
        code
        for codes in pairs[pairs["refused"] == 1]["codes"].fillna("")
        for code in codes.split("|")
    )
    rows = [
        (f"`{code}`", f"{n}", f"{refused[code]}") for code, n in counts.most_common() if code != ""
    ]
    return Table(("reason", "pairs that have it", "of them refused"), tuple(rows))


def calls(table: pd.DataFrame, name: SegmenterName) -> list[Block]:
    """Calls where nothing changed."""
    columns = {
        "{}_called": ("called, % of pairs", 1),
        "{}_called_of_compared": ("called, % of compared", 1),
        "{}_naive_called": ("two scores: called, %", 1),
    }
    kinds = {key.format("confounder"): each for key, each in columns.items()}
    same = {key.format("untouched"): each for key, each in columns.items()}
    return [
        Heading("Nothing changed: what is called a change"),
        *levels(table, "kind", kinds),
        _calls_picture(table, name),
        Text("Retests and untreated pairs, same set-up:"),
        *(block for by in ("part", "light", "tone") for block in levels(table, by, same)),
    ]


def _calls_picture(table: pd.DataFrame, name: SegmenterName) -> Block:
    own = table[(table["figure"] == "confounder_called") & (table["by"] == "kind")]
    kinds = own["level"].tolist()
    shown = pd.DataFrame(
        {
            "outright": [_at(table, "rest_passed_yes", k) for k in kinds],
            "compared": [_at(table, "rest_passed", k) for k in kinds],
            "called": [value(table, "confounder_called", by="kind", level=k).value for k in kinds],
            "two scores": [
                value(table, "confounder_naive_called", by="kind", level=k).value for k in kinds
            ],
        },
        index=[kind.replace("_", " ") for kind in kinds],
    )
    title = "Confounders, % of pairs: compared, and called a change"
    text = heat_table(shown, title=title, high=100.0, digits=0)
    return Picture(f"{name}-confounders.svg", text.encode(), title)


def _at(table: pd.DataFrame, figure: str, kind: str) -> float:
    return value(table, figure, by="group", level=f"confounder: {kind}").value


def errors(result: PairResult, table: pd.DataFrame, name: SegmenterName) -> list[Block]:
    """How wrong a percent change is."""
    columns = {
        "change_mae": ("mean absolute error, points", 1),
        "change_bias": ("bias, points", 1),
        "naive_change_mae": ("two scores: error", 1),
        "naive_change_bias": ("two scores: bias", 1),
    }
    slopes = {"change_slope": ("slope", 2), "naive_change_slope": ("two scores: slope", 2)}
    return [
        Heading("Error of the change"),
        Text(_alone(table)),
        _change_picture(result.pairs, name),
        *(
            block
            for by in ("size", "way", "light", "tone", "comparable")
            for block in levels(table, by, columns)
        ),
        Text("Slope of the found change over the true one; below 1 understates large changes."),
        *(block for by in ("light", "tone") for block in levels(table, by, slopes)),
    ]


def _alone(table: pd.DataFrame) -> str:
    line, bias = told(value(table, "change_slope"), 2), told(value(table, "change_bias"), 1)
    parts = [f"Untreated and treated pairs that were compared. Bias {bias} points, slope {line}."]
    for reading in ("network", "relief"):
        error = value(table, f"{reading}_alone_mae")
        if np.isfinite(error.value):
            slope = value(table, f"{reading}_alone_slope")
            parts.append(
                f"The {reading}'s reading alone: error {told(error, 1)} points, slope "
                f"{told(slope, 2)}."
            )
    return " ".join(parts)


def _change_picture(pairs: pd.DataFrame, name: SegmenterName) -> Block:
    own = pairs[pairs["part"].isin(COURSES) & pairs["found_pct"].notna()]
    groups = [f"{c}: {v}" if c != "no" else "refused" for c, v in _verdicts(own)]
    text = scatter(
        own["true_pct"].to_numpy(np.float64),
        own["found_pct"].clip(-_MOST_PCT, _MOST_PCT).to_numpy(np.float64),
        title="Change of missing volume, %",
        x_name="true, %",
        y_name="found, %",
        groups=groups,
    )
    shows = "Found over true change of each pair by verdict; on the dashed line they are equal"
    return Picture(f"{name}-change.svg", text.encode(), shows)


def _verdicts(pairs: pd.DataFrame) -> Iterable[tuple[str, str]]:
    return zip(pairs["comparable"].tolist(), pairs["verdict"].tolist(), strict=True)


def directions(
    result: PairResult, table: pd.DataFrame, bars: Columns, name: SegmenterName
) -> list[Block]:
    """What is called, and whether MDC95 holds what it promises."""
    columns = {
        "{}_right": ("called the right way, %", 1),
        "{}_wrong": ("the wrong way, %", 1),
        "{}_right_refused_too": ("the right way, refused pairs included, %", 1),
        "{}_naive_right": ("two scores: the right way, %", 1),
        "{}_naive_wrong": ("two scores: the wrong way, %", 1),
    }
    power, ways = (
        {key.format(name): each for key, each in columns.items() if kept or "refused" not in key}
        for name, kept in (("healed", True), ("treated", False))
    )
    held = {
        "within_mdc95": ("true change within MDC95, %", 1),
        "mdc95_pct": ("MDC95, % (median)", 1),
        "within_se": ("true change within 1.96 SE, %", 1),
    }
    return [
        Heading("Which true changes are called"),
        Text("Scars that truly got shallower:"),
        *levels(table, "size", power),
        *_power_picture(result.pairs, table, name),
        *levels(table, "way", ways),
        Text("Beyond MDC95 of their pair:"),
        *levels(table, "way", bars),
        Heading("Whether MDC95 and standard errors hold"),
        *(
            block
            for by in ("part", "comparable", "size", "light", "tone")
            for block in levels(table, by, held)
        ),
    ]


def _power_picture(
    pairs: pd.DataFrame, table: pd.DataFrame, name: SegmenterName
) -> Sequence[Block]:
    own = pairs[(pairs["part"] == "treated") & (pairs["passed"] == 1) & (pairs["true_pct"] < 0)]
    middles = own.assign(far=own["true_pct"].abs()).groupby("size")["far"].mean()
    sizes = [size for size in CHANGE_SIZES if size in middles.index]
    if not sizes:
        return []
    x = np.array([middles[size] for size in sizes])
    curves = {}
    for told_as, figure in (("compared", "healed_right"), ("two scores", "healed_naive_right")):
        y = [value(table, figure, by="size", level=size).value for size in sizes]
        curves[told_as] = (x, np.array(y))
    text = curve_plot(
        curves,
        title="Called the right way, % of compared pairs",
        x_name="size of the true change, %",
        y_name="called, %",
        high=100.0,
    )
    shows = "How often healing of a given size is called: the power of one pair"
    return [Picture(f"{name}-power.svg", text.encode(), shows)]


def scars(result: PairResult, table: pd.DataFrame, name: SegmenterName) -> list[Block]:
    """Single scars through time."""
    columns = {
        "scar_strict": ("status right, %", 1),
        "scar_lenient": ("right, small changes either way, %", 1),
        "scar_three": ("shrunk, same or grown right, %", 1),
        "scar_mae": ("error of change, points", 1),
        "scar_bias": ("bias, points", 1),
        "scar_within_mdc95": ("within MDC95, %", 1),
    }
    followed, nothing = (value(table, f"scar_{k}") for k in ("followed", "over_nothing"))
    treated = value(table, "scar_strict", by="only", level="treated")
    lazy = value(table, "scar_always_unchanged")
    cover, slope = (value(table, f"scar_{k}") for k in ("cover_mae", "slope"))
    note = (
        f"Of true scars that lie wholly in the compared skin, {told(followed, 1)} % are followed: "
        f"a found scar lies over them. {told(nothing, 1)} % of found scars lie over none. In "
        f"treated pairs alone {told(treated, 1)} % have the right status of five; who calls every "
        f"scar of a course unchanged is right for {told(lazy, 1)} %. Truth is given its status by "
        f"the same limits, the scar's own MDC95 among them: where that is wide, all but large "
        f"changes are unchanged on both sides. Slope of the found over the true change "
        f"{told(slope, 2)}. Against the true change under the found outline, whichever scar's skin "
        f"that is, the error is {told(cover, 1)} points."
    )
    counts = confusion(result.scars, STATUSES)
    counts.index = pd.Index([f"truly {status}" for status in counts.index])
    high = max(float(counts.to_numpy().max(initial=0.0)), 1.0)
    picture = heat_table(counts, title="Followed scars by status", high=high, digits=0)
    shows = "Followed scars by true (rows) and found status"
    by_class = {
        "true_status": {"scar_sensitivity": ("found so, %", 1)},
        "status": {"scar_precision": ("truly so, %", 1)},
        "part": {"scar_false_change": ("called other than unchanged, %", 1)},
    }
    return [
        Heading("Single scars"),
        Text(note),
        Picture(f"{name}-status.svg", picture.encode(), shows),
        Text(
            "Scars of courses by true status, by found status; and scars in which nothing changed:"
        ),
        *(block for by, told_by in by_class.items() for block in levels(table, by, told_by)),
        *(
            block
            for by in ("size", "type", "change_size", "part", "comparable", "light", "tone")
            for block in levels(table, by, columns)
        ),
    ]


def copies(table: pd.DataFrame) -> list[Block]:
    """One photo and its copies."""
    columns = {
        "copy_agrees": ("burden within 5 %, %", 1),
        "copy_refused": ("refused, %", 1),
        "copy_sound": ("either, %", 1),
        "copy_called": ("called a change, %", 1),
        "copy_mae": ("mean absolute change, %", 1),
    }
    return [Heading("One photo and an edited copy"), *levels(table, "kind", columns)]


def times(tables: Mapping[SegmenterName, pd.DataFrame]) -> list[Block]:
    """Seconds a pair."""
    rows = [
        (
            name,
            *(
                number(value(table, figure).value, 2)
                for figure in ("compare_s", "score_s", "compare_over_score")
            ),
        )
        for name, table in tables.items()
    ]
    head = ("segmenter", "comparing a pair, s", "scoring one photo, s", "ratio")
    return [Heading("Time"), Text(_TIME), Table(head, tuple(rows))]


_RESPONSE = (
    "By response, the share of depth that treatment removed. Whether a pair is compared should not "
    "depend on it: a gate that takes healing for another light refuses the best responders, and "
    "what is left understates the treatment."
)
_TIME = (
    "Medians on the machine that made this page, both photos read already. Comparing finds the "
    "skin and the scars of both."
)
