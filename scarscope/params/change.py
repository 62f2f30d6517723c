"""What can be set about comparing two photos of the same skin."""

from __future__ import annotations

from dataclasses import dataclass

from scarscope.params.stages import require

_RISING = "two figures, the second at least the first"
_FALLING = "two figures, the second at most the first"


@dataclass(frozen=True, kw_only=True)
class ChangeParams:
    """When two photos can be compared, and when a change counts.

    Limits come in twos: beyond the first the pair is compared with caution, beyond the second it
    is not compared at all. They are stated where pairs of simulated photos (tuning seeds) begin to
    show a change that is none; docs/change.md has the figures.

    Attributes
    ----------
    overlap : tuple of 2 float
        Share of the earlier region that the later photo shows, at least.
    common_mm2 : tuple of 2 float
        Common skin, mm², at least.
    residual_mm : tuple of 2 float
        Uncertainty of the alignment, mm.
    confidence : tuple of 2 float
        Of the alignment, at least, 0 to 1.
    scale : tuple of 2 float
        How far the stated scales differ from what the skin itself shows, as a share.
    stretch : tuple of 2 float
        Anisotropy between the photos, from a turn of the head or a tilt of the camera.
    coherence_mid, coherence_fine : tuple of 2 float
        Correlation of relief of 0.25 to 1 mm and of 0.1 to 0.25 mm in skin without scars, at
        least. A lamp that moves lights other walls.
    light_turn : tuple of 2 float
        How much more the contrast of relief changed in one direction than across it, log units.
    light_fall, light_bend : tuple of 2 float
        Change of the fall of light over 30 mm, and of its unevenness, log units.
    light_signs : int
        So many signs of another light forbid the comparison together, each being a caution alone.
    contrast : tuple of 2 float
        Gain that all sizes share, log units: a tone curve, or make-up.
    contrast_coherence : float
        A gain above the first limit counts as a tone curve only where relief is at least this
        coherent; else the pair is not compared.
    focus : tuple of 2 float
        Gain of the finest relief beyond the gain that all sizes share, log units, either way:
        focus, or the height of a lamp. Treatment leaves it as it is.
    exposure_stops : tuple of 2 float
        Difference of exposure.
    colour : tuple of 2 float
        Difference of colour (log of red or blue over green): white balance, tan or redness.
    glare : tuple of 2 float
        Share of the region that is covered by shine, in either photo.
    control_tiles : tuple of 2 float
        Tiles (16 mm² each) of skin without scars, at least.
    unusable_days, caution_days : float
        Photos taken sooner than this after a treatment: swelling fills scars.
    disagreement : float
        Difference of the two readings' change, as a share of the earlier volume, beyond which the
        pair is compared with caution.
    noise : float
        Standard deviation of the change of missing volume that the noise of the photos explains,
        beyond which the pair is compared with caution.
    network_weight, relief_weight : float
        Weights of the readings' relative changes in that of the burden.
    excess_weight : float
        Weight of what the network's change of the burden exceeds the relief's by, both of one sign
        and beyond the network's noise: under flat light relief shows too little of a change, while
        the network never exaggerates one.
    scar_network_weight, scar_relief_weight, scar_profile_weight : float
        Weights of the readings' relative changes in that of a single scar: network, summed relief,
        and how much of the scar's own profile relief shows.
    scar_noise, scar_noisy_weight : float
        Noise of a scar's change at which the network takes half of the place of relief, and its
        weight where it has taken all of it.
    scar_alone_gain : float
        Factor on relief and profile where the network does not count.
    relief_alone_weight : float
        Weight of the relief reading where fine detail differs, which the network depends on.
    detail : float
        Focus figure beyond which fine detail counts as different, either way.
    colour_detail : tuple of 2 float
        Focus figure beyond which, and coherence of fine relief below which, relief is read from
        luma alone: what little detail was lost, colour has lost first.
    resolved_share : float
        A scar of whose volume less than this share remains is resolved.
    least_retests : int
        Pairs of retest photos from which on a study's own measurement error is used.
    """

    overlap: tuple[float, ...] = (0.6, 0.3)
    common_mm2: tuple[float, ...] = (300.0, 100.0)
    residual_mm: tuple[float, ...] = (0.15, 0.35)
    confidence: tuple[float, ...] = (0.7, 0.4)
    scale: tuple[float, ...] = (0.03, 0.10)
    stretch: tuple[float, ...] = (0.02, 0.06)
    coherence_mid: tuple[float, ...] = (0.975, 0.965)
    coherence_fine: tuple[float, ...] = (0.915, 0.85)
    light_turn: tuple[float, ...] = (0.035, 0.10)
    light_fall: tuple[float, ...] = (0.10, 0.30)
    light_bend: tuple[float, ...] = (0.03, 0.06)
    light_signs: int = 2
    contrast: tuple[float, ...] = (0.08, 0.6)
    contrast_coherence: float = 0.985
    focus: tuple[float, ...] = (0.04, 0.9)
    exposure_stops: tuple[float, ...] = (1.0, 2.0)
    colour: tuple[float, ...] = (0.08, 0.40)
    glare: tuple[float, ...] = (0.10, 0.30)
    control_tiles: tuple[float, ...] = (12.0, 4.0)
    unusable_days: float = 7.0
    caution_days: float = 14.0
    disagreement: float = 0.35
    noise: float = 0.015
    network_weight: float = 0.25
    relief_weight: float = 0.90
    excess_weight: float = 1.0
    scar_network_weight: float = 0.30
    scar_relief_weight: float = 0.50
    scar_profile_weight: float = 0.50
    scar_noise: float = 0.08
    scar_noisy_weight: float = 0.90
    scar_alone_gain: float = 1.4
    relief_alone_weight: float = 1.10
    detail: float = 0.03
    colour_detail: tuple[float, ...] = (0.02, 0.97)
    resolved_share: float = 0.25
    least_retests: int = 6

    def __post_init__(self) -> None:
        for name in _AT_LEAST:
            pair = getattr(self, name)
            require(len(pair) == 2 and pair[0] >= pair[1] >= 0, name, pair, _FALLING)
        for name in _AT_MOST:
            pair = getattr(self, name)
            require(len(pair) == 2 and 0 < pair[0] <= pair[1], name, pair, _RISING)
        require(
            0 <= self.unusable_days <= self.caution_days,
            "unusable_days",
            self.unusable_days,
            f"from 0 to caution_days ({self.caution_days:g})",
        )
        told = self.colour_detail
        require(len(told) == 2 and min(told) > 0, "colour_detail", told, "two positive figures")
        for name in ("contrast_coherence", "resolved_share"):
            require(0 < getattr(self, name) < 1, name, getattr(self, name), "between 0 and 1")
        for name in _POSITIVE:
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in _WEIGHTS:
            require(getattr(self, name) >= 0, name, getattr(self, name), "zero or more")
        require(self.light_signs >= 1, "light_signs", self.light_signs, "1 or more")
        require(self.least_retests >= 3, "least_retests", self.least_retests, "3 or more")


_AT_LEAST = (
    "overlap",
    "common_mm2",
    "confidence",
    "coherence_mid",
    "coherence_fine",
    "control_tiles",
)
_AT_MOST = (
    "residual_mm",
    "scale",
    "stretch",
    "light_turn",
    "light_fall",
    "light_bend",
    "contrast",
    "focus",
    "exposure_stops",
    "colour",
    "glare",
)
_POSITIVE = (
    "disagreement",
    "noise",
    "detail",
    "relief_alone_weight",
    "scar_noise",
    "scar_alone_gain",
)
_WEIGHTS = (
    "network_weight",
    "relief_weight",
    "excess_weight",
    "scar_network_weight",
    "scar_relief_weight",
    "scar_profile_weight",
    "scar_noisy_weight",
)
