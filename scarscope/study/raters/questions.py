"""What human raters are asked of a photo: scales with their range, and how ScarScope answers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from scarscope.errors import ParamsError


@dataclass(frozen=True, kw_only=True)
class Question:
    """One column of a score sheet.

    Attributes
    ----------
    name : str
        Its column; for a measure that ScarScope has too, that measure's column.
    meaning : str
        What raters read.
    low, high : float
        Range of answers; `high` is infinite for counts.
    whole : bool
        Whole numbers only.
    grade : bool
        An ordered class: agreement is told by weighted kappa as well.
    """

    name: str
    meaning: str
    low: float = 0.0
    high: float = math.inf
    whole: bool = True
    grade: bool = False

    @property
    def range(self) -> str:
        """The range in words."""
        numbers = "a whole number" if self.whole else "a number"
        if math.isinf(self.high):
            return f"{numbers} of {self.low:g} or more"
        return f"{numbers} from {self.low:g} to {self.high:g}"

    def allows(self, value: float) -> bool:
        """Whether a value can be an answer."""
        fits = math.isfinite(value) and self.low <= value <= self.high
        return fits and (not self.whole or value == math.floor(value))


QUESTIONS: tuple[Question, ...] = (
    Question(name="n_scars", meaning="How many atrophic acne scars do you see?"),
    Question(
        name="goodman_baron_grade",
        meaning="Goodman-Baron grade (Goodman & Baron 2006): 1 none or flat marks only, 2 mild, "
        "3 obvious at 50 cm. A photo cannot tell 3 from 4, which takes a stretch test: write 3 "
        "for both.",
        low=1,
        high=3,
        grade=True,
    ),
    Question(
        name="scar_s_face",
        meaning="SCAR-S (Tan 2010) as far as this picture shows it: 0 clear, 1 almost clear, "
        "2 mild, 3 moderate, 4 severe, 5 very severe.",
        high=5,
        grade=True,
    ),
    Question(
        name="ecca_atrophic",
        meaning="ECCA, atrophic items (Dreno 2007): V x 15 + U x 20 + M x 25, each times 0 none, "
        "1 below 5, 2 from 5 to 20, 3 above 20 scars.",
        high=180,
    ),
)
DEFAULT = ("n_scars", "goodman_baron_grade", "scar_s_face")

# ScarScope's own words for grades that a photo leaves open; raters' numbers on the right.
_IN_NUMBERS = {"<=1": 1.0, "2": 2.0, ">=3": 3.0}
_OWN = re.compile(r"([A-Za-z]\w*)=(-?\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")


def as_questions(asked: Sequence[str | Question]) -> tuple[Question, ...]:
    """Questions from names, or from ``NAME=LOW-HIGH`` for a scale of the study's own.

    Raises
    ------
    ParamsError
        If there is none, one is unknown or is asked twice.

    Examples
    --------
    >>> [q.name for q in as_questions(["n_scars", "roughness=0-10"])]
    ['n_scars', 'roughness']
    """
    found = tuple(q if isinstance(q, Question) else _question(q) for q in asked)
    names = [q.name for q in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not found or twice:
        raise ParamsError(
            f"{twice[0]} is asked twice." if twice else "No question is asked.",
            remedy=f"Choose from {', '.join(q.name for q in QUESTIONS)}, or NAME=LOW-HIGH.",
        )
    return found


def _question(text: str) -> Question:
    known = next((q for q in QUESTIONS if q.name == text), None)
    if known is not None:
        return known
    own = _OWN.fullmatch(text)
    if own is None or own[1] in ("code", "comment") or float(own[2]) >= float(own[3]):
        raise ParamsError(
            f"{text!r} is not a question that raters can be asked.",
            remedy=f"Choose from {', '.join(q.name for q in QUESTIONS)}, or write a scale of your "
            "own as NAME=LOW-HIGH, such as roughness=0-10.",
        )
    return Question(
        name=own[1], meaning=f"{own[1]}.", low=float(own[2]), high=float(own[3]), whole=False
    )


def in_numbers(value: object) -> float:
    """ScarScope's answer as a rater would write it; NaN where it has none.

    Examples
    --------
    >>> in_numbers(">=3"), in_numbers(21)
    (3.0, 21.0)
    """
    text = str(value).strip()
    if text in _IN_NUMBERS:
        return _IN_NUMBERS[text]
    try:
        return float(text)
    except ValueError:
        return math.nan
