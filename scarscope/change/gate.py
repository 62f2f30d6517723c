"""Whether two photos can be compared: verdict and reasons, before any number.

What is judged is what treatment cannot change: the skin between the scars, the capture, and the day
it was made on. Every reason carries its figure and its limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from scarscope.change.align.alignment import Alignment
from scarscope.change.control import Control
from scarscope.change.harmonise import Harmony
from scarscope.change.reasons import Reason
from scarscope.flags import REGISTRY, Flag
from scarscope.params.change import ChangeParams
from scarscope.skin.model import Skin

Comparable = Literal["yes", "caution", "no"]
Limits = tuple[float, ...]

_OF_CONTROL = (
    *("coherence_mid", "coherence_fine", "light_turn", "light_fall", "light_bend"),
    *("focus", "contrast"),
    *("exposure_stops", "red_shift", "blue_shift", "control_tiles"),
)

_CLIPPED = Flag.UNDEREXPOSED | Flag.OVEREXPOSED
# Serious flags that have a reason of their own, or say nothing of a pair.
_TOLD_ELSEWHERE = _CLIPPED | Flag.NO_SCALE | Flag.LITTLE_SKIN


@dataclass(frozen=True, eq=False)
class Comparability:
    """Whether two photos can be compared, and why not.

    Attributes
    ----------
    verdict : {"yes", "caution", "no"}
    reasons : tuple of Reason
        The gravest first; empty where the verdict is yes.
    figures : Mapping of str to float
        What was judged, named with units; NaN where it cannot be had.
    harmony : Harmony or None
        What a camera did differently and was undone; None where the photos were not aligned.
    """

    verdict: Comparable
    reasons: tuple[Reason, ...]
    figures: Mapping[str, float]
    harmony: Harmony | None = None

    def __repr__(self) -> str:
        return f"<Comparability: {self.verdict}{': ' if self.reasons else ''}{self.codes}>"

    @property
    def codes(self) -> str:
        """Codes of the reasons joined by ``|``, as tables carry them."""
        return "|".join(reason.code for reason in self.reasons)

    @property
    def text(self) -> str:
        """The verdict in words, with its reasons."""
        told = {
            "yes": "The photos can be compared.",
            "caution": "The photos can be compared with caution.",
            "no": "The photos cannot be compared.",
        }
        return " ".join([told[self.verdict], *(reason.text for reason in self.reasons)])

    def to_frame(self) -> pd.DataFrame:
        """One row a reason: code, weight, value, limit, text, remedy."""
        rows = [
            {
                "code": reason.code,
                "weight": reason.weight,
                "value": reason.value,
                "limit": reason.limit,
                "text": reason.text,
                "remedy": reason.info.remedy,
            }
            for reason in self.reasons
        ]
        columns = ["code", "weight", "value", "limit", "text", "remedy"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def spread(self) -> Literal["yes", "caution"]:
        """Whose measurement error counts: that of pairs compared outright, or with caution.

        What the readings say of each other is part of the smallest detectable change itself, and
        counts once.
        """
        plain = all(reason.code == "READINGS_DISAGREE" for reason in self.reasons)
        return "yes" if plain else "caution"

    def also(self, *more: Reason) -> Comparability:
        """With further reasons; the verdict follows."""
        return replace(_judged([*self.reasons, *more], self.figures), harmony=self.harmony)


def judge(
    before: Skin,
    after: Skin,
    alignment: Alignment,
    control: Control | None,
    *,
    common_mm2: float = math.nan,
    days: tuple[float, float] = (math.nan, math.nan),
    params: ChangeParams,
) -> Comparability:
    """Judge a pair.

    Parameters
    ----------
    before, after : Skin
        As found in each photo.
    alignment : Alignment
    control : Control or None
        None where the photos could not be aligned.
    common_mm2 : float, optional
        Common skin in mm²; NaN without a scale.
    days : tuple of 2 float, optional
        Days that each photo was taken after the treatment before it; NaN where that is not known.
    params : ChangeParams
    """
    figures = _figures(alignment, control, common_mm2)
    reasons = [
        *_of_alignment(alignment, figures, params),
        *_of_days(days, params),
        *_of_photos(before, after, params),
    ]
    if control is not None:
        compressed = Flag.HEAVY_COMPRESSION in before.flags | after.flags
        reasons += _of_control(control, figures, params, compressed=compressed)
    return _judged(reasons, figures)


def _judged(reasons: list[Reason], figures: Mapping[str, float]) -> Comparability:
    gravest_first = sorted(reasons, key=lambda reason: reason.weight != "no")
    # One code stands once, with the figure that weighs most.
    once = {reason.code: reason for reason in reversed(gravest_first)}
    ordered = tuple(reason for reason in gravest_first if once[reason.code] is reason)
    weights = {reason.weight for reason in ordered}
    verdict: Comparable = "no" if "no" in weights else "caution" if weights else "yes"
    return Comparability(verdict, ordered, figures)


def _figures(alignment: Alignment, control: Control | None, common: float) -> dict[str, float]:
    figures = {
        "overlap": alignment.overlap,
        "common_mm2": common,
        "residual_mm": alignment.residual_mm,
        "confidence": alignment.confidence,
        "scale_ratio": alignment.scale_agreement,
        "turn_deg": alignment.turn_deg,
        "stretch": alignment.anisotropy,
    }
    if control is None:
        return {**figures, **dict.fromkeys(_OF_CONTROL, math.nan)}
    red, green, blue = control.exposure
    values = (
        *(control.mid.coherence, control.fine.coherence),
        *(control.turn, control.fall, control.bend),
        *(control.fine.gain - control.tones[1].gain, control.tones[1].gain),
        *(green / math.log(2), red - green, blue - green, float(control.tiles)),
    )
    return {**figures, **dict(zip(_OF_CONTROL, values, strict=True))}


def _beyond(code: str, value: float, limits: Limits, *, least: bool = False) -> Iterator[Reason]:
    """A reason where a figure is beyond its limits; none for NaN."""
    caution, never = limits
    sign = -1.0 if least else 1.0
    if sign * value > sign * never:
        yield Reason(code, "no", value, never)
    elif sign * value > sign * caution:
        yield Reason(code, "caution", value, caution)


def _of_alignment(
    alignment: Alignment, figures: Mapping[str, float], params: ChangeParams
) -> Iterator[Reason]:
    if not alignment.ok:
        yield Reason("NOT_ALIGNED", "no", told=alignment.reason)
        return
    yield from _beyond("LITTLE_OVERLAP", alignment.overlap, params.overlap, least=True)
    yield from _beyond("LITTLE_OVERLAP", figures["common_mm2"], params.common_mm2, least=True)
    yield from _beyond("ALIGNMENT_UNSURE", alignment.residual_mm, params.residual_mm)
    yield from _beyond("ALIGNMENT_UNSURE", alignment.confidence, params.confidence, least=True)
    yield from _beyond("SCALE_DISAGREES", abs(alignment.scale_agreement - 1), params.scale)
    yield from _beyond("POSE", alignment.anisotropy, params.stretch)


def _of_days(days: tuple[float, float], params: ChangeParams) -> Iterator[Reason]:
    for since in days:
        if 0 <= since < params.unusable_days:
            yield Reason("TOO_SOON", "no", since, params.unusable_days)
        elif 0 <= since < params.caution_days:
            yield Reason("TOO_SOON", "caution", since, params.caution_days)


def _of_photos(before: Skin, after: Skin, params: ChangeParams) -> Iterator[Reason]:
    either = before.flags | after.flags
    if either & _CLIPPED:
        yield Reason("CLIPPED", "no")
    if Flag.NO_SCALE in either:
        yield Reason("NO_SCALE", "caution")
    if Flag.HEAVY_COMPRESSION in either:
        yield Reason("COMPRESSION", "caution")
    glare = max(skin.quality.get("glare_fraction", math.nan) for skin in (before, after))
    yield from _beyond("GLARE", glare, params.glare)
    serious = Flag.NONE
    for info in REGISTRY:
        if info.severity == "serious":
            serious |= info.flag
    poor = either & serious & ~_TOLD_ELSEWHERE
    if poor:
        yield Reason("POOR_PHOTO", "caution", told=f"a photo is flagged {Flag(poor).text}")


def _of_control(
    control: Control, figures: Mapping[str, float], params: ChangeParams, *, compressed: bool
) -> Iterator[Reason]:
    yield from _beyond("LITTLE_CONTROL", float(control.tiles), params.control_tiles, least=True)
    yield from _of_light(control, figures, params, compressed=compressed)
    yield from _of_contrast(control, params)
    yield from _beyond("EXPOSURE", abs(figures["exposure_stops"]), params.exposure_stops)
    colour = max(abs(figures["red_shift"]), abs(figures["blue_shift"]))
    yield from _beyond("COLOUR", colour, params.colour)


def _of_light(
    control: Control, figures: Mapping[str, float], params: ChangeParams, *, compressed: bool
) -> Iterator[Reason]:
    """Signs of another light; several small ones together are a large one.

    Fine relief that lost its pattern or its contrast is one sign, and none where a file lost it.
    """
    fall, bend = _beyond_both(control, params)
    mid, fine = control.mid.coherence, control.fine.coherence
    broad = [
        *_beyond("LIGHT_DIRECTION", mid, params.coherence_mid, least=True),
        *_beyond("LIGHT_TURNED", control.turn, params.light_turn),
        *(fall or bend),
    ]
    detail = [
        *_beyond("FINE_DETAIL", fine, params.coherence_fine, least=True),
        *_beyond("FOCUS", abs(figures["focus"]), params.focus),
    ]
    yield from (*broad, *detail)
    if compressed and fine < params.coherence_fine[0]:
        yield Reason("COMPRESSION", "no")
    signs = len(broad) + (bool(detail) and not compressed)
    cautions = all(reason.weight == "caution" for reason in (*broad, *detail))
    if signs >= params.light_signs and cautions:
        yield Reason("LIGHT_CHANGED", "no", float(signs), float(params.light_signs - 1))


def _beyond_both(control: Control, params: ChangeParams) -> tuple[list[Reason], list[Reason]]:
    """The fall of light and its unevenness are one reason: the graver comes first."""
    fall = list(_beyond("LIGHT_FIELD", control.fall, params.light_fall))
    bend = list(_beyond("LIGHT_FIELD", control.bend, params.light_bend))
    if any(reason.weight == "no" for reason in bend):
        return bend, fall
    return fall, bend


def _of_contrast(control: Control, params: ChangeParams) -> Iterator[Reason]:
    """A tone curve keeps the pattern and changes its contrast; make-up covers the pattern."""
    gain = abs(control.tones[1].gain)
    coherent = control.mid.coherence >= params.contrast_coherence
    if gain > params.contrast[0]:
        if gain <= params.contrast[1] and coherent:
            yield Reason("CONTRAST", "caution", gain, params.contrast[0])
        else:
            yield Reason("COVERED", "no", gain, params.contrast[0])


def reasons_of_reading(
    flags: Flag, doubt: float, noise: float, params: ChangeParams
) -> tuple[Reason, ...]:
    """What only measuring tells against a pair.

    Parameters
    ----------
    flags : Flag
        Of the scars of either photo: those of the photos are judged before.
    doubt : float
        How far the readings differ, as a share of the earlier volume.
    noise : float
        Standard deviation of the change that the noise of the photos explains.
    params : ChangeParams
    """
    told = [
        Reason(str(flag.name), "caution")
        for flag in (Flag.RELIEF_HIDDEN, Flag.DOUBTFUL_READING)
        if flag in flags
    ]
    if noise > params.noise:
        told.append(Reason("NOISE", "caution", noise, params.noise))
    if doubt > params.disagreement:
        told.append(Reason("READINGS_DISAGREE", "caution", doubt, params.disagreement))
    return tuple(told)


def colour_detail_lost(figures: Mapping[str, float], flags: Flag, params: ChangeParams) -> bool:
    """Whether noise or compression has cost detail, of which colour loses most."""
    return (
        abs(figures["focus"]) > params.colour_detail[0]
        or figures["coherence_fine"] < params.colour_detail[1]
        or Flag.HEAVY_COMPRESSION in flags
    )


def fine_detail_differs(figures: Mapping[str, float], flags: Flag, params: ChangeParams) -> bool:
    """Whether the network, which reads fine detail, would see a difference that is none."""
    return (
        abs(figures["focus"]) > params.detail
        or figures["coherence_fine"] < params.coherence_fine[0]
        or Flag.HEAVY_COMPRESSION in flags
    )
