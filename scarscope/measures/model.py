"""The object that leaves this room: one photo's numbers, each with a name and a unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scarscope.flags import Flag
from scarscope.scars.model import Scars

Value = float | int | str


@dataclass(frozen=True, eq=False)
class Score:
    """The numbers of one photo.

    Attributes
    ----------
    scars : Scars
        What was measured; ``scars.skin`` and ``scars.skin.photo`` lead back to the photo.
    values : Mapping of str to value
        One entry a registered measure, named with its unit, in the registry's order.
    flags : Flag
        Everything known of the photo's quality.
    """

    scars: Scars
    values: Mapping[str, Value]
    flags: Flag

    def to_frame(self) -> pd.DataFrame:
        """One row: name, flags, scale and every measure."""
        photo = self.scars.skin.photo
        row: dict[str, object] = {
            "photo": photo.name,
            "flags": self.flags.text,
            "mm_per_px": photo.scale.mm_per_px if photo.scale else float("nan"),
            "scale_source": photo.scale.source if photo.scale else "",
            **self.values,
        }
        return pd.DataFrame([row])
