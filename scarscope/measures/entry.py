"""What a registered measure is: a function with a name, a unit, a direction and a source."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scarscope.measures.model import Value
from scarscope.measures.surround import Scene

Better = Literal["lower", "higher"]
GridUnit = Literal["mm", "px"]


@dataclass(frozen=True)
class Dimension:
    """How a figure in the grid's unit is reported.

    Attributes
    ----------
    mm, px : str
        Unit at the end of the column's name, with a scale and without; ``""`` for a pure number.
    per_mm : float
        Reported units in one grid unit where that is mm (1000 for micrometres).
    power : int
        How often the figure carries the scale's relative error: length 1, area 2, volume 3.
    """

    mm: str
    px: str
    per_mm: float = 1.0
    power: int = 0


DEPTH = Dimension("um", "px", 1000.0, 1)
AREA = Dimension("mm2", "px2", power=2)
VOLUME = Dimension("mm3", "px3", power=3)
ANGLE = Dimension("deg", "deg")
PURE = Dimension("", "")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One registered measure.

    Attributes
    ----------
    name : str
        Name without its unit.
    dimension : Dimension
        What kind of quantity it is.
    label : str
        What people read in reports.
    definition : str
        What is computed, and for an estimate what a photo cannot tell.
    range : str
        Values that can occur.
    better : {"lower", "higher"} or None
        Which direction is improvement; None where neither is.
    source : str
        Where the definition comes from.
    validated_against : str
        What it was held against so far; starts with "own truth only" where nobody else's figures
        were met.
    function : callable
        Scene to a figure in the grid's unit.
    primary : bool
        One of the three primary measures.
    needs_mm : bool
        Cannot be had without a scale. The column is then left out where its name ends in a
        length or an area, and holds `blank` otherwise.
    blank : value
        What stands for "cannot be had": NaN, or empty text.
    """

    name: str
    label: str
    definition: str
    range: str
    source: str
    function: Callable[[Scene], Value]
    dimension: Dimension = PURE
    better: Better | None = None
    validated_against: str = "own truth only: closed forms"
    primary: bool = False
    needs_mm: bool = False
    blank: Value = math.nan

    def unit(self, grid_unit: GridUnit) -> str:
        """Unit of the reported figure; empty for a pure number."""
        return self.dimension.mm if grid_unit == "mm" else self.dimension.px

    def column(self, grid_unit: GridUnit) -> str | None:
        """Name with its unit; None where this measure has no column on such a grid."""
        if grid_unit == "px" and self.needs_mm and self.name.endswith(("mm", "cm2")):
            return None
        unit = self.unit(grid_unit)
        return f"{self.name}_{unit}" if unit else self.name

    def value(self, scene: Scene) -> Value:
        """The figure in the unit that its column states."""
        grid_unit = scene.skin.grid.unit
        if self.needs_mm and grid_unit != "mm":
            return self.blank
        found = self.function(scene)
        if grid_unit == "mm" and self.dimension.per_mm != 1.0 and not isinstance(found, str):
            return found * self.dimension.per_mm
        return found
