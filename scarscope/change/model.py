"""The object that leaves this room: what changed between two photos of the same skin."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from scarscope.change.align import Alignment
from scarscope.change.amount import Amount
from scarscope.change.common import Pair
from scarscope.change.gate import Comparability
from scarscope.change.measures import NOT_COMPARABLE
from scarscope.change.reading import Reading
from scarscope.change.shown import change_html
from scarscope.change.words import gais, quartile
from scarscope.measures.model import Score


@dataclass(frozen=True, eq=False)
class Change:
    """What changed between two photos of the same skin.

    Attributes
    ----------
    comparability : Comparability
        Whether the photos can be compared; read it first.
    alignment : Alignment
        Where the earlier photo's skin lies in the later one.
    measures : DataFrame
        One row a measure: comparable, reasons, measure, before, after, change, change_pct,
        change_se, mdc95, mdc95_source, verdict. Both photos are measured over the common skin.
        Figures are blank where the photos cannot be compared.
    scars : DataFrame
        One row a scar with its status, columns by :func:`scarscope.change.scar_columns`; empty
        where the photos cannot be compared.
    amount : Amount
        Relative change of the missing volume; NaN where the photos cannot be compared.
    pair : Pair or None
        Both photos on the earlier one's grid; None where they could not be aligned.
    reading : Reading or None
        Scars and depth of both; None where the photos cannot be compared.
    before, after : Score or None
        Measures of the common skin; None where the photos cannot be compared.
    names : tuple of 2 str
        Of the photos.
    """

    comparability: Comparability
    alignment: Alignment
    measures: pd.DataFrame
    scars: pd.DataFrame
    amount: Amount
    names: tuple[str, str]
    pair: Pair | None = None
    reading: Reading | None = None
    before: Score | None = None
    after: Score | None = None

    def __repr__(self) -> str:
        return f"<Change {self.names[0]!r} -> {self.names[1]!r}: {self.text}>"

    def _repr_html_(self) -> str:
        """Verdict, reasons and the primary measures, as a notebook shows them.

        No picture: this room knows no drawing. ``ss.show(change)`` has them, and after
        ``%load_ext scarscope`` a notebook shows them for every change.
        """
        return change_html(self)

    @property
    def comparable(self) -> str:
        """``yes``, ``caution`` or ``no``."""
        return self.comparability.verdict

    @property
    def verdict(self) -> str:
        """Of the burden: improved, no detectable change, worse, or not comparable."""
        return str(self._burden["verdict"]) or NOT_COMPARABLE

    @property
    def change_pct(self) -> float:
        """Change of the burden in percent of the earlier one; NaN where not comparable."""
        return float(self._burden["change_pct"])

    @property
    def mdc95_pct(self) -> float:
        """Smallest detectable change of the burden, percent of the earlier one."""
        before = float(self._burden["before"])
        return 100 * float(self._burden["mdc95"]) / before if before > 0 else math.nan

    @property
    def quartile(self) -> str:
        """Quartile of improvement in words; empty where nothing is known to have improved."""
        return quartile(self.change_pct, self.verdict)

    @property
    def gais(self) -> str:
        """Label in the manner of the Global Aesthetic Improvement Scale."""
        return gais(self.change_pct, self.verdict)

    @property
    def text(self) -> str:
        """The answer in one line."""
        if self.comparable == "no":
            return f"{NOT_COMPARABLE} ({self.comparability.codes})"
        told = self.verdict
        if math.isfinite(self.change_pct):
            told += f": burden {self.change_pct:+.0f} % (detectable from {self.mdc95_pct:.0f} %)"
        return told + (f", with caution ({self.comparability.codes})" if self._careful else "")

    def to_frame(self) -> pd.DataFrame:
        """One row a measure (a copy)."""
        return self.measures.copy()

    @property
    def _careful(self) -> bool:
        return self.comparable == "caution"

    @property
    def _burden(self) -> pd.Series:
        return self.measures[self.measures["measure"].isin(("burden_um", "burden_px"))].iloc[0]
