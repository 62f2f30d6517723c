"""The one registry of reasons why two photos are compared with caution, or not at all.

Documentation, the text in tables and legends are generated from it: add a reason here and nowhere
else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

Weight = Literal["caution", "no"]


@dataclass(frozen=True)
class ReasonInfo:
    """What a reason means and what to do at the next visit.

    Attributes
    ----------
    code : str
        As tables carry it.
    meaning : str
        What is wrong with the pair.
    remedy : str
        What to do about it.
    figure : str
        What the figure beside it is, with its unit; empty where there is none.
    """

    code: str
    meaning: str
    remedy: str
    figure: str = ""


@dataclass(frozen=True)
class Reason:
    """One reason of one pair.

    Attributes
    ----------
    code : str
        Of the registry.
    weight : {"caution", "no"}
        Whether it forbids the comparison.
    value, limit : float
        The figure and the limit that it is beyond; NaN where there is none.
    told : str
        More in words, such as why the alignment failed.
    """

    code: str
    weight: Weight
    value: float = float("nan")
    limit: float = float("nan")
    told: str = ""

    @property
    def info(self) -> ReasonInfo:
        """What it means."""
        return BY_CODE[self.code]

    @property
    def text(self) -> str:
        """The reason as a sentence with its figure."""
        told = self.told or self.info.meaning
        told = told[0].upper() + told[1:].rstrip(".")
        if self.value != self.value:
            return f"{told}."
        return f"{told} ({self.info.figure} {self.value:.3g}, limit {self.limit:.3g})."


_LIGHT = "Use the same lamps, at the same places, and the same distance and pose at every visit"
_CAMERA = "Lock the camera's exposure, white balance and picture style for the whole study"

REGISTRY: tuple[ReasonInfo, ...] = (
    ReasonInfo(
        "NOT_ALIGNED",
        "the photos could not be laid over each other",
        "Photograph the same part of the skin, from the same direction, and in focus",
    ),
    ReasonInfo(
        "ALIGNMENT_UNSURE",
        "the alignment is less sure than usual",
        "Photograph from the same direction and in focus, with freckles or pores in view",
        "residual in mm, or confidence",
    ),
    ReasonInfo(
        "LITTLE_OVERLAP",
        "the photos show little of the same skin",
        "Frame the same part of the skin, for instance by a ghost image of the first visit",
        "share of the earlier region, or common skin in mm²",
    ),
    ReasonInfo(
        "LITTLE_CONTROL",
        "too little skin without scars is in both photos to tell a change of light from one of "
        "skin",
        "Show more of the skin around the scars",
        "tiles of 16 mm²",
    ),
    ReasonInfo(
        "SCALE_DISAGREES",
        "the stated scales differ from what the skin itself shows",
        "Check mm_per_px of both photos; the earlier one's is used for both",
        "difference as a share",
    ),
    ReasonInfo(
        "NO_SCALE",
        "a photo has no stated scale: sizes are in pixels where it is the earlier one, and whether "
        "both show the skin at the same size cannot be checked",
        "State mm per pixel on the command line, in the manifest or in a sidecar file",
    ),
    ReasonInfo(
        "POSE",
        "the skin was seen from another direction",
        "Have the head held in the same pose, and the camera at the same height and distance",
        "stretch as a share",
    ),
    ReasonInfo(
        "LIGHT_DIRECTION",
        "relief is lit from another direction or by another kind of light",
        _LIGHT,
        "coherence of skin without scars",
    ),
    ReasonInfo(
        "LIGHT_FIELD",
        "light falls off across the skin in another way",
        _LIGHT,
        "log units",
    ),
    ReasonInfo(
        "LIGHT_TURNED",
        "the contrast of relief changed more in one direction than across it, as when a lamp moves",
        _LIGHT,
        "log units",
    ),
    ReasonInfo(
        "LIGHT_CHANGED",
        "several signs together say that the light changed",
        _LIGHT,
        "signs",
    ),
    ReasonInfo(
        "FINE_DETAIL",
        "fine detail of the skin is not the same in both photos (noise, compression or light)",
        "Use the same camera, resolution and file quality at every visit, and enough light",
        "coherence of fine relief",
    ),
    ReasonInfo(
        "FOCUS",
        "fine relief is stronger in one photo than in the other: focus, or the height of a lamp",
        "Focus on the cheek at every visit, with the same camera, distance and lamps",
        "log of the contrast of fine relief",
    ),
    ReasonInfo(
        "CONTRAST",
        "contrast of the skin without scars changed: a tone curve, which was undone",
        _CAMERA,
        "log of contrast",
    ),
    ReasonInfo(
        "COVERED",
        "contrast of the skin without scars changed as no tone curve changes it: make-up, cream, "
        "or another kind of light",
        "Photograph clean skin without make-up, under the same light",
        "log of contrast",
    ),
    ReasonInfo(
        "EXPOSURE",
        "exposure differs much",
        _CAMERA,
        "stops",
    ),
    ReasonInfo(
        "CLIPPED",
        "a photo is too dark or clipped to white",
        "Expose so that no skin is black or white",
    ),
    ReasonInfo(
        "COLOUR",
        "colour differs: white balance, tan or redness of the whole skin, which a photo without a "
        "colour card cannot tell apart",
        _CAMERA + ", put a colour card into the picture, and wait until redness has gone",
        "log of red or blue over green",
    ),
    ReasonInfo(
        "GLARE", "shine hides part of the skin", "Blot the skin, or move the light", "share"
    ),
    ReasonInfo(
        "COMPRESSION",
        "a photo is heavily compressed; where that has cost fine detail, it is not compared",
        "Export at the highest quality, and do not send photos through a messenger",
    ),
    ReasonInfo(
        "POOR_PHOTO",
        "a photo by itself is too poor to be measured",
        "See the flags of the photo",
    ),
    ReasonInfo(
        "RELIEF_HIDDEN",
        "the light of a photo may hide relief, and with it scars and what became of them",
        "Leave out crossed polarising filters, and let the light come from the side",
    ),
    ReasonInfo(
        "DOUBTFUL_READING",
        "a good part of what may be missing in a photo was not sure enough to be outlined",
        "Look at both depth maps; let the light come from the side, the same at every visit",
    ),
    ReasonInfo(
        "TOO_SOON",
        "a photo was taken soon after a treatment, while swelling fills scars",
        "Photograph just before the next session, at least two weeks after the last one",
        "days since treatment",
    ),
    ReasonInfo(
        "NOISE",
        "scars show little relief against the noise of these photos",
        "Let the light come from the side, with more of it, and use the camera's full resolution",
        "standard deviation of the change as a share",
    ),
    ReasonInfo(
        "READINGS_DISAGREE",
        "the network and the relief read the change differently",
        "Look at the change map; take a second photo of the visit",
        "difference as a share of the earlier volume",
    ),
)

BY_CODE = {info.code: info for info in REGISTRY}


def to_frame() -> pd.DataFrame:
    """The registry as a table, one row a reason."""
    rows = [vars(info) for info in REGISTRY]
    return pd.DataFrame(rows, columns=["code", "meaning", "remedy", "figure"])
