"""The sheets that raters fill in, and what they are told."""

from __future__ import annotations

from pathlib import Path

from scarscope.study.raters.key import Key

SCORES, MARKS, README = "scores.csv", "marks.csv", "README.txt"
MARK_COLUMNS = ("code", "x_px", "y_px", "width_px", "type")
_TEXT = """\
{count} pictures to rate
{line}

Each picture has a code and no other name. Codes and order were drawn by chance, and sizes and times
of the files are all alike: they say nothing. {how} Do it without help of anybody who knows the
study.

{scores}: one row a picture. Write your answer below each question:

{questions}

Leave a cell blank only where the picture cannot be judged, and say why under "comment". Do not
change codes, add or delete rows.

{marks} (only where you were asked to mark scars): one row a scar, with the place of its middle
in pixels of the picture at full size, x from the left and y from the top; where you can tell, its
width in pixels and its type (icepick, boxcar or rolling). Repeat the code for every further scar.
A picture without scars keeps its one row with blank cells: it says that you looked.

Outlines (only where you were asked to draw them): one file a picture, called after its code: a mask
such as CODE.png, white where a scar is and black elsewhere, or LabelMe's CODE.json. Draw at full
size. A picture without scars gets a black mask, or LabelMe's file without shapes.

Save both as CSV under your name, such as anna.csv and anna-marks.csv.
"""
_ALONE = "Please rate each picture for itself, in the order of\nthe sheet, without looking back."
_TOGETHER = (
    "Pictures whose codes begin\nalike show the same skin at several visits, in an order that was "
    "drawn: please rate them side by\nside."
)


def write_sheets(key: Key, folder: Path) -> None:
    """Write both sheets and the text for raters into their folder."""
    names = ["code", *(question.name for question in key.questions), "comment"]
    blank = "," * (len(names) - 1)
    scores = [",".join(names), *(item.code + blank for item in key.items)]
    marks = [",".join(MARK_COLUMNS), *(f"{item.code},,,," for item in key.items)]
    _write(folder / SCORES, scores)
    _write(folder / MARKS, marks)
    _write(folder / README, [_text(key).rstrip()])


def _text(key: Key) -> str:
    told = [f"  {q.name}: {q.meaning}\n    ({q.range})" for q in key.questions]
    head = f"{len(key.items)} pictures to rate"
    return _TEXT.format(
        count=len(key.items),
        how=_TOGETHER if "-" in key.items[0].code else _ALONE,
        line="=" * len(head),
        scores=SCORES,
        marks=MARKS,
        questions="\n".join(told),
    )


def _write(file: Path, lines: list[str]) -> None:
    file.write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")
