"""One frozen object a stage: what can be set, what it means, and what is out of range."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Literal

from scarscope.errors import ParamsError

SegmenterName = Literal["network", "relief"]

# A tile starts at a multiple of this many pixels of 0.10 mm: the network's coarsest cell.
NETWORK_STRIDE = 32
NETWORK_WAYS = (1, 2, 4)  # in which the same skin may be read
_MOST_OVERLAP = 128  # what the surroundings of a block of tiles are sure to hold


def require(condition: bool, name: str, value: object, rule: str) -> None:
    """Refuse a value that breaks a rule, with :class:`~scarscope.errors.ParamsError`."""
    if not condition:
        raise ParamsError(
            f"{name} = {value!r} is out of range: it must be {rule}.",
            remedy="Change it in the parameter file or the call.",
        )


@dataclass(frozen=True, kw_only=True)
class PhotoParams:
    """How photos are read and their capture judged.

    Attributes
    ----------
    max_megapixels : float
        Larger pictures are refused before decoding (a decompression bomb guard).
    min_side_px : int
        Smaller pictures are thumbnails and refused.
    min_jpeg_quality : float
        Below it (scale of the Independent JPEG Group, 1 to 100) compression is called heavy: the
        steps of ITU-T T.81's luminance table are then above 60 % of their full size, 10 codes and
        more for the frequencies of a 1 mm edge, which is the contrast of a shallow scar.
    max_blockiness : float
        Step at 8-pixel block borders in excess of the mean step, above which a photo that was
        saved again is called heavily compressed; skin saved at quality 70 and better stays below.
    coarse_mm_per_px : float
        Coarser photos show an icepick scar (1 mm) in fewer than 5 pixels.
    validated_low_mm_per_px, validated_high_mm_per_px : float
        Scales that ScarScope is validated on. Finer photos are averaged down to the working grid,
        so that the lower end only guards against a scale stated in another unit.
    max_focus_blur_mm : float
        Blur (standard deviation) in skin above which a photo is soft. An icepick's opening, 0.8 mm
        wide, then loses a third of its contrast and a boxcar's wall looks like a rolling slope.
    max_clipped_fraction, max_dark_fraction, max_glare_fraction : float
        Of the region: clipped to white, lost in the dark, covered by shine.
    max_colour_cast : float
        Distance of the region's colour from all skin colours, in natural log units of
        chromaticity: 0.25 is a quarter too much of one channel, which no pigment explains.
    """

    max_megapixels: float = 200.0
    min_side_px: int = 64
    min_jpeg_quality: float = 70.0
    max_blockiness: float = 1.5
    coarse_mm_per_px: float = 0.20
    validated_low_mm_per_px: float = 0.01
    validated_high_mm_per_px: float = 0.15
    max_focus_blur_mm: float = 0.15
    max_clipped_fraction: float = 0.05
    max_dark_fraction: float = 0.25
    max_glare_fraction: float = 0.10
    max_colour_cast: float = 0.25

    def __post_init__(self) -> None:
        require(self.max_megapixels > 0, "max_megapixels", self.max_megapixels, "positive")
        require(self.min_side_px >= 16, "min_side_px", self.min_side_px, "16 or more")
        low, high = self.validated_low_mm_per_px, self.validated_high_mm_per_px
        require(0 < low < high, "validated_low_mm_per_px", low, f"between 0 and {high} mm")
        for name in ("coarse_mm_per_px", "max_focus_blur_mm", "max_blockiness", "max_colour_cast"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in ("max_clipped_fraction", "max_dark_fraction", "max_glare_fraction"):
            require(0 < getattr(self, name) <= 1, name, getattr(self, name), "above 0, at most 1")


@dataclass(frozen=True, kw_only=True)
class SkinParams:
    """How the measurable region is found and the working grid is laid.

    Attributes
    ----------
    grid_mm : float
        Spacing of the working grid in mm. Photos finer than this are averaged down to it, so that
        every filter has a physical size; coarser photos keep their own pixels.
    nominal_view_mm : float
        Only for photos without a scale: the longer side is taken to span this many mm when
        filter sizes are chosen. It never enters a reported number in millimetres.
    margin_mm : float
        Kept clear inside the outline of an automatic region, where skin curves away.
    """

    grid_mm: float = 0.10
    nominal_view_mm: float = 90.0
    margin_mm: float = 1.5

    def __post_init__(self) -> None:
        require(0.02 <= self.grid_mm <= 0.3, "grid_mm", self.grid_mm, "between 0.02 and 0.3 mm")
        require(self.nominal_view_mm > 0, "nominal_view_mm", self.nominal_view_mm, "positive")
        require(self.margin_mm >= 0, "margin_mm", self.margin_mm, "zero or more")


@dataclass(frozen=True, kw_only=True)
class ScarParams:
    """What finds the scars, and how :class:`scarscope.scars.ReliefSegmenter` reads relief.

    Attributes
    ----------
    segmenter : {"network", "relief"}
        What finds the scars: the learned network, whose options are those of ``[network]``, or
        relief read from shading, whose options are all others here.
    background_mm : float
        Sigma of the blur that counts as the face's own shape and light, mm. Above the half-width
        of the widest rolling scars, below the cheek's curvature.
    clip_sd : float
        Shading beyond this many robust standard deviations is compressed.
    light_slope : float
        Tangent of the light's angle from the camera that a fully directed photo is taken to have:
        27 degrees, which is what a lamp at 45 degrees leaves after ambient light, scatter in the
        skin and shine. Depth is inversely proportional to it, so it was set on tuning phantoms to
        make the median depth right.
    hollow_gain : float
        Darkening (natural log) of a hollow per unit of |k| * depth.
    nuisance, slow_per_mm, fast_per_mm : float
        Level and corner frequencies (1/mm) of what is not relief, for the Wiener inverse.
    scales_mm : tuple of float
        Sigmas at which pits are looked for, mm: from an icepick's half-width to a rolling scar's.
    low_sd, high_sd : float
        Hysteresis thresholds, in standard deviations of the unscarred skin's own relief.
    least_noise_mm : float
        Relief noise is never taken to be less than this, mm: smooth, blurred or retouched skin
        must not make every ripple a scar.
    split_mm : float
        Sigma at which neighbouring pits are told apart, mm.
    saddle_share : float
        Two pits are one scar when the saddle between them is deeper than this share of both.
    widest_floor_mm : float
        Widest flat floor that is filled from its rim, mm (boxcar scars are 1.5 to 4 mm wide,
        Jacob 2001; merged ones wider).
    rim_share : float
        A scar ends where it is shallower than this share of its own depth.
    round_share : float
        Bays narrower than twice this share of a scar's radius are closed.
    least_width_mm, least_width_cells : float
        Narrower pits are pores (0.25 to 0.87 mm, Flament 2015) or not resolved.
    most_on_border : float
        Depressions with a larger share along the region's border are left out.
    longest : float
        Depressions longer than this many widths are folds, wrinkles or hairs.
    least_confidence : float
        Depressions that are less likely scars than this are left out.
    flat_light : float
        Directedness of the light (0 to 1) below which ``FLAT_LIGHT`` is set.
    least_relief_share : float
        Share of the fine contrast that relief can have made (0 to 1) below which such a photo
        gets ``RELIEF_HIDDEN`` too, if much of what is read is doubtful.
    most_doubt : float
        Doubtful share of what is outlined or doubtful (0 to 1) above which it is much. Doubtful is
        missing volume beside outlines where a scar is likelier than 1 in 20.
    sure_vote : float
        Log-odds of the light's side below which ``LIGHT_UNSURE`` is set.
    """

    segmenter: SegmenterName = "network"
    scales_mm: tuple[float, ...] = (0.2, 0.5, 1.2)
    low_sd: float = 2.0
    high_sd: float = 3.5
    least_noise_mm: float = 0.023
    split_mm: float = 0.45
    saddle_share: float = 0.6
    widest_floor_mm: float = 6.0
    rim_share: float = 0.35
    round_share: float = 0.5
    least_width_mm: float = 0.8
    least_width_cells: float = 4.0
    most_on_border: float = 0.35
    longest: float = 3.5
    least_confidence: float = 0.4
    flat_light: float = 0.12
    least_relief_share: float = 0.56
    most_doubt: float = 0.25
    sure_vote: float = 1.0

    def __post_init__(self) -> None:
        names = typing.get_args(SegmenterName)
        require(self.segmenter in names, "segmenter", self.segmenter, " or ".join(names))
        for name in ("background_mm", "clip_sd", "light_slope", "hollow_gain", "nuisance"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in ("slow_per_mm", "fast_per_mm", "least_noise_mm", "split_mm"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in ("saddle_share", "rim_share"):
            require(0 < getattr(self, name) < 1, name, getattr(self, name), "between 0 and 1")
        shares = ("least_confidence", "flat_light", "least_relief_share", "most_doubt")
        for name in (*shares, "most_on_border"):
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "from 0 to 1")
        ascending = bool(self.scales_mm) and sorted(self.scales_mm) == list(self.scales_mm)
        require(
            ascending and self.scales_mm[0] > 0,
            "scales_mm",
            self.scales_mm,
            "positive and ascending",
        )
        require(0 < self.low_sd <= self.high_sd, "low_sd", self.low_sd, "above 0, at most high_sd")
        require(self.sure_vote >= 0, "sure_vote", self.sure_vote, "zero or more")
        require(self.longest > 1, "longest", self.longest, "above 1")
        require(self.round_share >= 0, "round_share", self.round_share, "zero or more")
        require(self.widest_floor_mm > 0, "widest_floor_mm", self.widest_floor_mm, "positive")
        require(self.least_width_mm > 0, "least_width_mm", self.least_width_mm, "positive")
        require(self.least_width_cells > 0, "least_width_cells", self.least_width_cells, "positive")

    background_mm: float = 3.5
    clip_sd: float = 9.0
    light_slope: float = 0.52
    hollow_gain: float = 0.09
    nuisance: float = 0.021
    slow_per_mm: float = 1.5
    fast_per_mm: float = 5.0


@dataclass(frozen=True, kw_only=True)
class NetworkParams:
    """How :class:`scarscope.scars.NetworkSegmenter` runs the network and cuts its maps into scars.

    Thresholds that belong to the trained weights lie beside them, in ``network.json``.

    Attributes
    ----------
    tile_px : int
        Side of the square that the network sees at a time, pixels of 0.10 mm; a multiple of 32.
        Larger tiles waste less on overlap and take more memory.
    overlap_px : int
        Rim of a tile that is thrown away, because the network sees too little around it; a
        multiple of 32. Three of its coarsest cells leave no seam that shows.
    most_hidden : float
        Pixels that are less likely plain skin than one minus this (hair, lips, eyes, nostrils,
        glare) are no part of a scar.
    least_visible : float
        Scars of which a smaller share is plain skin are left out.
    least_faint : float
        Where a scar is likelier than this and none was outlined, the depth that is to be expected
        counts in the burden; not that of pores and of what lies along the border where it would be
        likely enough for an outline. The lower, the better photos under flat light rank, but the
        more skin without any scar reads, and the less of a treatment shows: the less likely a scar
        is, the more rests on how densely the skin was scarred that the network learned from.
    least_width_mm, least_width_cells : float
        Narrower scars are pores (0.25 to 0.87 mm, Flament 2015) or not resolved.
    most_on_border : float
        Scars with a larger share along the region's border are left out.
    least_confidence : float
        Scars that are less likely scars than this are left out.
    most_ways : int
        Ways in which the same skin is read (upright; upside down; and both mirrored), of which the
        mean counts: 1, 2 or 4.
    most_tiles : int
        Area that may be read for that, in tiles without their rims, all ways together. Larger
        regions, such as whole faces, are read in fewer ways, down to one.
    check_turned : bool
        Whether part of the photo is read a second time, turned by half a turn, to see whether
        the reading stands.
    turned_every : int
        One in this many tiles is read a second time, where the photo is read in one way.
    most_doubtful, least_doubtful_um : float
        Doubtful share of what is outlined or doubtful (0 to 1), and doubtful missing depth as a
        mean over the region in micrometres, above both of which ``DOUBTFUL_READING`` is set.
        Doubtful is what is missing beside outlines where a scar is likelier than 1 in 20.
    most_disagreement : float
        Disagreement between both readings (0 to 1) above which ``UNSTABLE_READING`` is set.
    weights : str
        Folder of other weights, as ``scarscope train`` writes them, or their ``network.onnx``;
        empty for those that come with ScarScope.
    """

    tile_px: int = 768
    overlap_px: int = 96
    most_hidden: float = 0.5
    least_visible: float = 0.5
    least_faint: float = 0.05
    least_width_mm: float = 0.6
    least_width_cells: float = 3.0
    most_on_border: float = 0.35
    least_confidence: float = 0.5
    most_ways: int = 4
    most_tiles: int = 5
    check_turned: bool = True
    turned_every: int = 4
    most_doubtful: float = 0.4
    least_doubtful_um: float = 1.0
    most_disagreement: float = 0.35
    weights: str = ""

    def __post_init__(self) -> None:
        side, rim, unit = self.tile_px, self.overlap_px, NETWORK_STRIDE
        rule = f"a multiple of {unit} from {unit} to {_MOST_OVERLAP}"
        require(rim % unit == 0 and unit <= rim <= _MOST_OVERLAP, "overlap_px", rim, rule)
        rule = f"a multiple of {unit} above twice overlap_px, at most 4096"
        require(side % unit == 0 and 2 * rim < side <= 4096, "tile_px", side, rule)
        shares = ("most_hidden", "least_visible", "least_faint", "most_on_border")
        for name in (*shares, "least_confidence", "most_disagreement", "most_doubtful"):
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "from 0 to 1")
        for name in ("least_width_mm", "least_width_cells"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        least = self.least_doubtful_um
        require(least >= 0, "least_doubtful_um", least, "0 or more")
        require(self.most_ways in NETWORK_WAYS, "most_ways", self.most_ways, "1, 2 or 4")
        require(self.most_tiles >= 1, "most_tiles", self.most_tiles, "1 or more")
        require(self.turned_every >= 1, "turned_every", self.turned_every, "1 or more")


@dataclass(frozen=True, kw_only=True)
class MeasureParams:
    """How numbers are made from scars."""
