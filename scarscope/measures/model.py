"""The object that leaves this room: one photo's numbers, each with a name and a unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scarscope.errors import ScaleError
from scarscope.flags import Flag
from scarscope.photo.model import Photo
from scarscope.scars.model import Scars
from scarscope.skin.model import Skin

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

    def __repr__(self) -> str:
        told = [f"{name}={value:.4g}" for name, value in self._primary().items()]
        return (
            f"<Score of {self.photo.name!r}: {', '.join([*told, self.flags.text or 'no flags'])}>"
        )

    def _repr_html_(self) -> str:
        """The primary measures and the flags in words, as a notebook shows them.

        No picture: this room knows no drawing. ``ss.show(score)`` has it, and after
        ``%load_ext scarscope`` a notebook shows it for every score.
        """
        from scarscope.measures.shown import score_html  # which needs this module

        return score_html(self)

    def _primary(self) -> dict[str, float]:
        names = ("burden_um", "burden_px", "scar_area_fraction", "n_scars")
        return {name: float(self.values[name]) for name in names if name in self.values}

    @property
    def skin(self) -> Skin:
        """The skin that was measured."""
        return self.scars.skin

    @property
    def photo(self) -> Photo:
        """The photo that was measured."""
        return self.scars.skin.photo

    @property
    def burden_um(self) -> float:
        """Mean missing depth of the region in micrometres.

        Raises
        ------
        ScaleError
            If the photo has no stated scale: then there are no micrometres.
        """
        if "burden_um" not in self.values:
            raise ScaleError(
                f"{self.photo.name} has no stated scale, so its burden is not known in µm.",
                remedy="Read the photo with mm_per_px=..., or use values['burden_px'].",
            )
        return float(self.values["burden_um"])

    @property
    def scar_area_fraction(self) -> float:
        """Scarred part of the region, 0 to 1."""
        return float(self.values["scar_area_fraction"])

    @property
    def n_scars(self) -> int:
        """Number of scars."""
        return int(self.values["n_scars"])

    def to_frame(self) -> pd.DataFrame:
        """One row: name, flags, scale and every measure."""
        photo = self.photo
        row: dict[str, object] = {
            "photo": photo.name,
            "flags": self.flags.text,
            "mm_per_px": photo.scale.mm_per_px if photo.scale else float("nan"),
            "scale_source": photo.scale.source if photo.scale else "",
            **self.values,
        }
        return pd.DataFrame([row])
