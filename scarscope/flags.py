"""The one registry of quality flags.

Documentation, the text in CSV files and legends in reports are generated from it: add a flag here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag
from typing import Literal

import pandas as pd

Severity = Literal["info", "caution", "serious"]


class Flag(IntFlag):
    """Bit flags of a photo's quality; combine with ``|``, test with ``in``."""

    NONE = 0
    NO_SCALE = 1 << 0
    SOFT_FOCUS = 1 << 1
    UNDEREXPOSED = 1 << 2
    OVEREXPOSED = 1 << 3
    GLARE = 1 << 4
    COARSE_RESOLUTION = 1 << 5
    COLOUR_CAST = 1 << 6
    HEAVY_COMPRESSION = 1 << 7
    LITTLE_SKIN = 1 << 8
    AUTO_REGION = 1 << 9
    GREYSCALE = 1 << 10
    UNKNOWN_PROFILE = 1 << 11
    FLAT_LIGHT = 1 << 12
    OUTSIDE_SCALE_RANGE = 1 << 13
    LIGHT_UNSURE = 1 << 14
    UNSTABLE_READING = 1 << 15
    RELIEF_HIDDEN = 1 << 16
    DOUBTFUL_READING = 1 << 17

    @property
    def text(self) -> str:
        """Names joined by ``|`` in bit order, as CSV files carry them (empty when none is set)."""
        return "|".join(info.flag.name or "" for info in REGISTRY if info.flag in self)

    @classmethod
    def parse(cls, text: str) -> Flag:
        """Read what :attr:`text` wrote.

        Raises
        ------
        ValueError
            If a name is not a flag.
        """
        flags = cls.NONE
        for name in filter(None, text.split("|")):
            if name not in cls.__members__:
                raise ValueError(f"{name!r} is not a flag; known: {', '.join(cls.__members__)}")
            flags |= cls[name]
        return flags


@dataclass(frozen=True)
class FlagInfo:
    """What a flag means and what to do at the next visit."""

    flag: Flag
    severity: Severity
    meaning: str
    remedy: str


REGISTRY: tuple[FlagInfo, ...] = (
    FlagInfo(
        Flag.NO_SCALE,
        "serious",
        "no stated scale: sizes are in pixels, and how many scars are found, and of which type, "
        "rests on a guess at how much skin the photo shows; figures of two photos must not be "
        "held against each other, and a comparison counts with caution at best",
        "state mm per pixel on the command line, in the manifest or in a sidecar file",
    ),
    FlagInfo(
        Flag.SOFT_FOCUS,
        "serious",
        "the skin is not sharp enough for fine relief",
        "focus on the cheek, use more light or a smaller aperture, and hold still",
    ),
    FlagInfo(
        Flag.UNDEREXPOSED,
        "serious",
        "much of the skin is so dark that noise hides relief",
        "add light or exposure",
    ),
    FlagInfo(
        Flag.OVEREXPOSED,
        "serious",
        "much of the skin is clipped to white",
        "reduce exposure",
    ),
    FlagInfo(
        Flag.GLARE,
        "caution",
        "shine covers part of the skin and hides what lies beneath",
        "blot the skin, or move the light",
    ),
    FlagInfo(
        Flag.COARSE_RESOLUTION,
        "serious",
        "fewer than 5 pixels across 1 mm: too coarse for an icepick scar",
        "move closer or use the camera's full resolution",
    ),
    FlagInfo(
        Flag.COLOUR_CAST,
        "caution",
        "a strong colour cast: pigment maps and skin tone are unreliable",
        "set the white balance on a grey card",
    ),
    FlagInfo(
        Flag.HEAVY_COMPRESSION,
        "caution",
        "heavy JPEG compression has removed fine relief",
        "export at the highest quality, and do not send photos through a messenger",
    ),
    FlagInfo(
        Flag.LITTLE_SKIN,
        "serious",
        "too little measurable skin for a stable figure",
        "frame the region of interest so that it fills the photo",
    ),
    FlagInfo(
        Flag.AUTO_REGION,
        "info",
        "the region was found automatically, not drawn",
        "draw the region once per view to compare the same skin every time",
    ),
    FlagInfo(
        Flag.GREYSCALE,
        "serious",
        "no colour: pigment cannot be told from relief",
        "take colour photos",
    ),
    FlagInfo(
        Flag.UNKNOWN_PROFILE,
        "info",
        "no colour profile in the file; sRGB was assumed",
        "export with an embedded profile",
    ),
    FlagInfo(
        Flag.FLAT_LIGHT,
        "caution",
        "no one side is lit more than another: shallow scars are easily missed, depths are less "
        "certain, and burden cannot be compared with a photo that is lit from the side",
        "add one light from the side, at the same place every time",
    ),
    FlagInfo(
        Flag.OUTSIDE_SCALE_RANGE,
        "caution",
        "the scale is outside the range that ScarScope is made for",
        "photograph at 0.04 to 0.15 mm per pixel",
    ),
    FlagInfo(
        Flag.LIGHT_UNSURE,
        "caution",
        "the side that the light comes from could not be told: pits may have been read as bumps",
        "use one lamp 30 to 60 degrees from the side, at the same place every time",
    ),
    FlagInfo(
        Flag.UNSTABLE_READING,
        "caution",
        "turned upside down, the same photo is read as other scars: its light, or what covers the "
        "skin, misleads the network",
        "look at the overlay before you use its figures; use one lamp from the side, at the same "
        "place every time, on bare skin",
    ),
    FlagInfo(
        Flag.RELIEF_HIDDEN,
        "caution",
        "the light comes from all around, little of the fine contrast can come from relief, and "
        "much of what the network reads is doubtful, or it reads nothing: scars may not show in "
        "this photo, which may be scored far too low",
        "leave out crossed polarising filters, and use one lamp 30 to 60 degrees from the side",
    ),
    FlagInfo(
        Flag.DOUBTFUL_READING,
        "caution",
        "a good part of what may be missing was not sure enough to be outlined: scars that the "
        "light hides, or healthy skin that looks like them; the burden may be far off either way",
        "look at the depth map, where the deeper of it is paler, and draw scars that you see; use "
        "one lamp 30 to 60 degrees from the side, at the same place every time",
    ),
)


def describe(flags: Flag) -> tuple[FlagInfo, ...]:
    """The registry's rows for the flags that are set, in bit order."""
    return tuple(info for info in REGISTRY if info.flag in flags)


def combine(flags: Iterable[Flag]) -> Flag:
    """All flags set in any of `flags`."""
    total = Flag.NONE
    for flag in flags:
        total |= flag
    return total


def to_frame() -> pd.DataFrame:
    """The registry as a table: ``flag, severity, meaning, remedy``."""
    rows = [(i.flag.name, i.severity, i.meaning, i.remedy) for i in REGISTRY]
    return pd.DataFrame(rows, columns=["flag", "severity", "meaning", "remedy"])
