"""Frozen parameters, one object a stage, shared by library, command line and TOML file.

Every default carries its unit and source in a comment or docstring; the hash of the whole goes
into each row's provenance.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scarscope.errors import ParamsError


def _require(condition: bool, name: str, value: object, rule: str) -> None:
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
        _require(self.max_megapixels > 0, "max_megapixels", self.max_megapixels, "positive")
        _require(self.min_side_px >= 16, "min_side_px", self.min_side_px, "16 or more")
        low, high = self.validated_low_mm_per_px, self.validated_high_mm_per_px
        _require(0 < low < high, "validated_low_mm_per_px", low, f"between 0 and {high} mm")
        for name in ("coarse_mm_per_px", "max_focus_blur_mm", "max_blockiness", "max_colour_cast"):
            _require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in ("max_clipped_fraction", "max_dark_fraction", "max_glare_fraction"):
            _require(0 < getattr(self, name) <= 1, name, getattr(self, name), "above 0, at most 1")


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
        _require(0.02 <= self.grid_mm <= 0.3, "grid_mm", self.grid_mm, "between 0.02 and 0.3 mm")
        _require(self.nominal_view_mm > 0, "nominal_view_mm", self.nominal_view_mm, "positive")
        _require(self.margin_mm >= 0, "margin_mm", self.margin_mm, "zero or more")


@dataclass(frozen=True, kw_only=True)
class ScarParams:
    """How relief is read and scars are cut out by :class:`scarscope.scars.ReliefSegmenter`.

    Attributes
    ----------
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
    sure_vote : float
        Log-odds of the light's side below which ``LIGHT_UNSURE`` is set.
    """

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
    sure_vote: float = 1.0

    def __post_init__(self) -> None:
        for name in ("background_mm", "clip_sd", "light_slope", "hollow_gain", "nuisance"):
            _require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in ("slow_per_mm", "fast_per_mm", "least_noise_mm", "split_mm"):
            _require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in ("saddle_share", "rim_share"):
            _require(0 < getattr(self, name) < 1, name, getattr(self, name), "between 0 and 1")
        for name in ("least_confidence", "flat_light", "most_on_border"):
            _require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "from 0 to 1")
        ascending = bool(self.scales_mm) and sorted(self.scales_mm) == list(self.scales_mm)
        _require(
            ascending and self.scales_mm[0] > 0,
            "scales_mm",
            self.scales_mm,
            "positive and ascending",
        )
        _require(0 < self.low_sd <= self.high_sd, "low_sd", self.low_sd, "above 0, at most high_sd")
        _require(self.sure_vote >= 0, "sure_vote", self.sure_vote, "zero or more")
        _require(self.longest > 1, "longest", self.longest, "above 1")
        _require(self.round_share >= 0, "round_share", self.round_share, "zero or more")
        _require(self.widest_floor_mm > 0, "widest_floor_mm", self.widest_floor_mm, "positive")
        _require(self.least_width_mm > 0, "least_width_mm", self.least_width_mm, "positive")
        _require(
            self.least_width_cells > 0, "least_width_cells", self.least_width_cells, "positive"
        )

    background_mm: float = 3.5
    clip_sd: float = 9.0
    light_slope: float = 0.52
    hollow_gain: float = 0.09
    nuisance: float = 0.021
    slow_per_mm: float = 1.5
    fast_per_mm: float = 5.0


@dataclass(frozen=True, kw_only=True)
class MeasureParams:
    """How numbers are made from scars."""


@dataclass(frozen=True, kw_only=True)
class Params:
    """All stages' parameters.

    Examples
    --------
    >>> Params().skin.grid_mm
    0.1
    >>> Params.from_dict({"skin": {"grid_mm": 0.12}}).skin.grid_mm
    0.12
    """

    photo: PhotoParams = field(default_factory=PhotoParams)
    skin: SkinParams = field(default_factory=SkinParams)
    scars: ScarParams = field(default_factory=ScarParams)
    measures: MeasureParams = field(default_factory=MeasureParams)

    def __post_init__(self) -> None:
        for stage in dataclasses.fields(self):
            wanted = typing.cast(type, stage.default_factory)
            value = getattr(self, stage.name)
            if not isinstance(value, wanted):
                raise ParamsError(
                    f"{stage.name} = {value!r} is not a {wanted.__name__}.",
                    remedy=f"Write {stage.name}=scarscope.params.{wanted.__name__}(...), or "
                    "Params.from_dict({...}) for plain values.",
                )

    @classmethod
    def given(cls, params: Params | None) -> Params:
        """What a caller gave, or the defaults for None.

        Raises
        ------
        ParamsError
            If it is something else, such as a dictionary.
        """
        if params is None:
            return cls()
        if isinstance(params, cls):
            return params
        raise ParamsError(
            f"params = {params!r} is not a Params object.",
            remedy="Write params=scarscope.Params.from_dict({...}), or from_toml(path).",
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Params:
        """Build from nested plain values; an unknown stage or option is an error.

        Raises
        ------
        ParamsError
            If a name is unknown, a value is of the wrong kind, or out of range.
        """
        stages = {f.name: f.default_factory for f in dataclasses.fields(cls)}
        built: dict[str, Any] = {}
        for name, options in values.items():
            if name not in stages:
                raise ParamsError(
                    f"{name!r} is not a stage.", remedy=f"Stages are: {', '.join(stages)}."
                )
            if not isinstance(options, Mapping):
                raise ParamsError(
                    f"{name} = {options!r} is not a table of options.",
                    remedy=f"Write [{name}] and one option a line.",
                )
            built[name] = _build_stage(typing.cast(type, stages[name]), name, options)
        return cls(**built)

    @classmethod
    def from_toml(cls, path: str | Path) -> Params:
        """Read a TOML file with one table a stage.

        Raises
        ------
        ParamsError
            If the file cannot be read, is not TOML, or :meth:`from_dict` refuses it.
        """
        path = Path(path)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ParamsError(
                f"Parameter file {path} cannot be read ({error.strerror}).",
                remedy="Check the path and its permissions.",
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ParamsError(
                f"Parameter file {path} is not valid TOML ({error}).",
                remedy="See https://toml.io, or start from `scarscope doctor --params`.",
            ) from error
        return cls.from_dict(values)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested plain values, complete, in declaration order."""
        return {stage.name: _plain(getattr(self, stage.name)) for stage in dataclasses.fields(self)}

    def to_toml(self) -> str:
        """The same as a TOML document that :meth:`from_toml` reads back."""
        blocks = []
        for stage, options in self.to_dict().items():
            lines = [f"[{stage}]", *(f"{k} = {json.dumps(v)}" for k, v in options.items())]
            blocks.append("\n".join(lines) + "\n")
        return "\n".join(blocks)

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that change when any parameter does."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _build_stage(stage: type, name: str, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    hints = typing.get_type_hints(stage)
    for option, value in options.items():
        if option not in hints:
            raise ParamsError(
                f"{name}.{option} is not an option.",
                remedy=f"Options of {name} are: {', '.join(hints) or 'none'}.",
            )
        if not _fits(value, hints[option]):
            raise ParamsError(
                f"{name}.{option} = {value!r} is not {_kind_name(hints[option])}.",
                remedy="Change it in the parameter file or the call.",
            )
    # Lists become tuples, so that parameters stay hashable.
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    try:
        return stage(**plain)
    except ParamsError as error:
        raise ParamsError(f"{name}.{error.message}", remedy=error.remedy) from error


def _plain(stage: Any) -> dict[str, Any]:  # noqa: ANN401
    hints = typing.get_type_hints(type(stage))
    return {name: _as_hinted(getattr(stage, name), hint) for name, hint in hints.items()}


def _as_hinted(value: Any, hint: Any) -> Any:  # noqa: ANN401
    """A length is a float however it was written: equal parameters must hash alike."""
    if hint is float:
        return float(value) + 0.0  # and zero has no sign
    if typing.get_origin(hint) is tuple:
        return tuple(_as_hinted(item, typing.get_args(hint)[0]) for item in value)
    return value


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401
    if isinstance(hint, types.UnionType):
        return any(_fits(value, part) for part in typing.get_args(hint))
    if hint is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return abs(value) <= sys.float_info.max  # false for NaN; whole numbers can be larger
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        # TOML has lists only; every tuple here is of one kind and any length.
        part = typing.get_args(hint)[0]
        return isinstance(value, list | tuple) and all(_fits(item, part) for item in value)
    return isinstance(value, hint)


def _kind_name(hint: Any) -> str:  # noqa: ANN401
    if typing.get_origin(hint) is tuple:
        return "a list in which each is " + _kind_name(typing.get_args(hint)[0])
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    names = {float: "a finite number", int: "a whole number", str: "text", bool: "true or false"}
    return names.get(hint, str(hint))
