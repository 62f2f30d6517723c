"""The README's figures of simulated studies, taken from ``docs/studies.json`` and nowhere else.

python -m scarscope.validation.study_readme            write them
python -m scarscope.validation.study_readme --check    exit status 1 where they are not the same
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scarscope._version import __version__
from scarscope.validation.page import number, with_interval
from scarscope.validation.readme_block import ReadmeBlock
from scarscope.validation.study_draws import COVERAGE_ASKED, SIZE_ASKED, TRUE_ASKED

BEGIN, END = "<!-- study figures -->", "<!-- /study figures -->"
_QUESTIONS = {
    COVERAGE_ASKED: "95 % interval of chance holds the effect (%)",
    TRUE_ASKED: "95 % interval of the true change holds it (%)",
    SIZE_ASKED: "no effect, and the test at 5 % finds one (%)",
}


def block(summary: Mapping[str, Any]) -> str:
    """The marked block of the README.

    Parameters
    ----------
    summary : Mapping
        The content of ``docs/studies.json``.
    """
    lines = [
        BEGIN,
        f"Trials of 24 subjects, {summary['studies']} a question, run with ScarScope "
        f"{summary['version']}:",
        "",
        "| trials | question | found (95 % interval) | bar | |",
        "| --- | --- | --- | --- | --- |",
        *_rows(summary["results"], headline=True),
    ]
    photos = summary["photos"]
    if photos:
        lines += _rows(photos["results"], headline=False)
        lines += [
            "",
            f'Rows "photos" go all the way: {photos["subjects"]} simulated subjects were '
            "photographed at three visits, half of",
            "the follow-ups spoilt by a confounder; the gate decided what counts. There treatment "
            f"took {number(-photos['true_pct'], 0)} % of",
            f"what was missing, read as {number(-photos['read_pct'], 0)} %: an interval of chance "
            "alone holds the truth too seldom.",
        ]
    if summary["version"] != __version__:
        lines += [
            "",
            f"ScarScope {__version__} was not asked anew: its weights, and the width of its "
            "interval of the true change, may differ.",
        ]
    return "\n".join([*lines, END])


def _rows(found: Sequence[Mapping[str, Any]], *, headline: bool) -> Iterator[str]:
    for row in found:
        if headline and not row["headline"]:
            continue
        value, low, high = (100 * row[name] for name in ("value", "low", "high"))
        figure = with_interval(value, low, high, 1)
        asked = row["headline"]
        bar = f"{100 * row['bar_low']:g} to {100 * row['bar_high']:g}" if asked else "–"
        cells = (row["scenario"], _QUESTIONS[row["question"]], figure, bar)
        yield f"| {' | '.join(cells)} | {row['verdict'] if asked else '–'} |"


README = ReadmeBlock(BEGIN, END, "studies.json", block)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    text = (__doc__ or "").split("\n")[0]
    return README.run("python -m scarscope.validation.study_readme", text, arguments)


if __name__ == "__main__":
    sys.exit(main())
