"""How scars look on paper: colours, line styles and words, in one place.

Colours are Okabe & Ito's (2008, colour universal design), chosen among them to stand out from skin
of every tone; line styles differ too, so that a grey print or a colour-blind reader loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class LineStyle:
    """How the outline of one type of scar is drawn.

    Attributes
    ----------
    colour : tuple of int
        sRGB, 0 to 255.
    dash, gap : float
        Lengths along the line in line widths; a gap of 0 is a solid line.
    """

    colour: Colour
    dash: float = 1.0
    gap: float = 0.0


SCAR_STYLES: dict[str, LineStyle] = {
    "icepick": LineStyle((240, 228, 66)),  # yellow, solid: small scars have no room for dashes
    "boxcar": LineStyle((86, 180, 233), dash=7.0, gap=3.0),  # sky blue, dashed
    "rolling": LineStyle((255, 255, 255), dash=1.5, gap=2.5),  # white, dotted
}
REGION_STYLE = LineStyle((235, 235, 235), dash=6.0, gap=6.0)

# The strip is dark, so that lines look in the legend as they look on the skin.
PAPER: Colour = (28, 28, 30)
INK: Colour = (236, 236, 236)
FAINT_INK: Colour = (160, 160, 160)
ALARM_INK: Colour = (255, 176, 64)
