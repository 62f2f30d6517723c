"""Recipes: everything that decides how a simulated photo looks, as small frozen objects.

Legend
------
x, y : position on the skin in mm, from the middle of the sheet, x to the right and y down
h : height in mm, towards the camera
OD : optical density, ``-log10`` of a reflectance factor

A recipe holds numbers only, so it can be printed, compared and hashed; :func:`render
<scarscope.phantom.render.render>` turns it into a photo with its truth. The defaults are a
middle-aged cheek; sources of ranges stand beside the sampler in ``sampler.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from scarscope.errors import ParamsError

ScarType = Literal["icepick", "boxcar", "rolling"]
MarkKind = Literal["brown", "red", "freckle", "naevus", "papule", "hypertrophic"]
SCAR_TYPES: tuple[ScarType, ...] = ("icepick", "boxcar", "rolling")


def require(condition: bool, name: str, value: object, rule: str) -> None:
    """Raise a :class:`ParamsError` that names the value unless `condition` holds."""
    if not condition:
        raise ParamsError(
            f"{name} = {value!r} is out of range: it must be {rule}.",
            remedy="Change it in the call or the recipe.",
        )


@dataclass(frozen=True, kw_only=True)
class ScarShape:
    """One atrophic scar.

    Attributes
    ----------
    kind : str
        ``"icepick"`` (V profile), ``"boxcar"`` (steep walls, flat floor) or ``"rolling"`` (soft).
    x_mm, y_mm : float
        Middle of the opening.
    width_mm, length_mm : float
        Short and long axis of the opening before the outline is warped.
    angle_deg : float
        Direction of the long axis.
    depth_mm : float
        Greatest missing depth at `remaining` = 1.
    wall_mm : float
        Horizontal run of a boxcar's wall, and rounding of an icepick's rim.
    warp : tuple of (int, float, float)
        Outline harmonics: order, relative amplitude, phase in radians.
    tilt : float
        Slope of the floor from side to side, relative to the depth.
    remaining : float
        Fraction of the depth left by treatment.
    melanin_od, blood_od : float
        Extra pigment over the scar (negative: paler than its surroundings).
    smoothness : float
        How far the scar's floor has lost lines and pores, 0 to 1.
    uneven : float
        How far the wall's run differs round the outline and the floor has bumps of its own, 0 to 1.
    fullness : float
        Of a rolling scar: 1 is a cosine, below 1 it is drawn to a point, above 1 its floor is flat.
    bridges : tuple of (float, float, float, float)
        Strips of skin across the scar: direction in degrees, offset and width in mm, and how far
        up to the surface they reach, 0 to 1.
    nested : bool
        Sunk into the floor of another scar, so that depths add.
    """

    kind: ScarType
    x_mm: float
    y_mm: float
    width_mm: float
    length_mm: float
    depth_mm: float
    angle_deg: float = 0.0
    wall_mm: float = 0.25
    warp: tuple[tuple[int, float, float], ...] = ()
    tilt: float = 0.0
    remaining: float = 1.0
    melanin_od: float = 0.0
    blood_od: float = 0.0
    smoothness: float = 0.5
    uneven: float = 0.0
    fullness: float = 1.0
    bridges: tuple[tuple[float, float, float, float], ...] = ()
    nested: bool = False

    def __post_init__(self) -> None:
        require(self.kind in SCAR_TYPES, "kind", self.kind, f"one of {', '.join(SCAR_TYPES)}")
        require(self.width_mm > 0, "width_mm", self.width_mm, "positive")
        require(self.length_mm >= self.width_mm, "length_mm", self.length_mm, ">= width_mm")
        require(self.depth_mm >= 0, "depth_mm", self.depth_mm, "zero or more")
        require(self.wall_mm > 0, "wall_mm", self.wall_mm, "positive")
        require(0 <= self.remaining <= 2, "remaining", self.remaining, "between 0 and 2")
        require(0 <= self.uneven <= 1, "uneven", self.uneven, "between 0 and 1")
        require(0.3 <= self.fullness <= 3, "fullness", self.fullness, "between 0.3 and 3")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A lesion that is not an atrophic scar: a flat colour mark or something raised.

    `strength_od` is the greatest extra density of melanin (brown, freckle, naevus) or blood (red,
    papule); `height_mm` is how far a dome rises.
    """

    kind: MarkKind
    x_mm: float
    y_mm: float
    width_mm: float
    strength_od: float
    height_mm: float = 0.0
    edge: float = 0.5
    aspect: float = 1.0
    angle_deg: float = 0.0
    warp: tuple[tuple[int, float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Relief of the unscarred skin; lengths in mm.

    `wave_mm` is the root mean square height of waves about `wave_length_mm` long, as broad as
    rolling scars and yet healthy skin.
    """

    radius_x_mm: float = 90.0
    radius_y_mm: float = 120.0
    swell_mm: float = 0.35
    wave_mm: float = 0.0
    wave_length_mm: float = 14.0
    cell_mm: float = 0.55
    line_depth_mm: float = 0.040
    line_width_mm: float = 0.09
    stretch: float = 1.4
    angle_deg: float = 30.0
    rough_mm: float = 0.006
    pore_per_cm2: float = 35.0
    pore_width_mm: float = 0.28
    pore_depth_mm: float = 0.09
    wrinkles: int = 0
    wrinkle_depth_mm: float = 0.10


@dataclass(frozen=True, kw_only=True)
class Tone:
    """Colour of the skin.

    Attributes
    ----------
    ita_deg : float
        Individual typology angle of the diffuse colour, without surface shine.
    chroma : float
        Moves along the line of equal angle: more or less saturated.
    redness : float
        Shift of a* from the typical value.
    mottle_melanin, mottle_blood : float
        Standard deviation of uneven pigment in OD.
    tan_od, erythema_od : float
        Melanin of a tan and blood of an erythema, over all of the skin.
    scatter : float
        Factor on the distances that light travels inside the skin; 1 is d'Eon's light skin.
    """

    ita_deg: float = 30.0
    chroma: float = 1.0
    redness: float = 0.0
    mottle_melanin: float = 0.020
    mottle_blood: float = 0.030
    tan_od: float = 0.0
    erythema_od: float = 0.0
    scatter: float = 1.0

    def __post_init__(self) -> None:
        require(-75 <= self.ita_deg <= 75, "ita_deg", self.ita_deg, "between -75 and 75")


@dataclass(frozen=True, kw_only=True)
class Shine:
    """The surface reflection: two rough lobes, the sharper one from an oil film.

    Attributes
    ----------
    roughness : float
        Root mean square slope m of the facets finer than the grid (0.25 to 0.4 on faces,
        d'Eon after Weyrich 2006).
    f0 : float
        Reflectance at normal incidence; 0.028 for n = 1.40.
    oil : float
        Mean share of the surface under an oil film, 0 to 1.
    oil_roughness : float
        m of the film.
    polarised : float
        Factor on the reflection: 0 crossed polarisers, 1 none, 2 parallel.
    sweat_per_cm2 : float
        Beads of sweat, 0.15 to 0.6 mm wide.
    """

    roughness: float = 0.32
    f0: float = 0.028
    oil: float = 0.15
    oil_roughness: float = 0.17
    polarised: float = 1.0
    sweat_per_cm2: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Hair:
    """Hairs over the skin, per cm2; stubble is short, dark and thick, vellus long and pale.

    `long_per_cm2` counts whole dark hairs, `growth` multiplies the length of stubble, and `shadow`
    is how much of a lamp's light a hair keeps from the skin beside it, 0 to 1.
    """

    stubble_per_cm2: float = 0.0
    vellus_per_cm2: float = 0.0
    angle_deg: float = 80.0
    long_per_cm2: float = 0.0
    growth: float = 1.0
    shadow: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Skin:
    """A piece of skin; the same skin is photographed again by keeping this and changing the rest.

    `seed` draws what is not listed one by one: lines, pores, mottling, hairs. `vessels_per_cm2`
    counts telangiectases; `makeup` is how far a foundation covers, 0 to 1; `oedema` is the share
    of missing depth and lines that swelling fills for some days, 0 to 1.
    """

    seed: int
    size_mm: tuple[float, float] = (19.0, 19.0)
    tone: Tone = field(default_factory=Tone)
    surface: Surface = field(default_factory=Surface)
    shine: Shine = field(default_factory=Shine)
    hair: Hair = field(default_factory=Hair)
    scars: tuple[ScarShape, ...] = ()
    marks: tuple[Mark, ...] = ()
    vessels_per_cm2: float = 0.0
    makeup: float = 0.0
    oedema: float = 0.0

    def __post_init__(self) -> None:
        ok = len(self.size_mm) == 2 and all(1 <= s <= 400 for s in self.size_mm)
        require(ok, "size_mm", self.size_mm, "width and height between 1 and 400 mm")
        require(0 <= self.makeup <= 1, "makeup", self.makeup, "between 0 and 1")
        require(0 <= self.oedema <= 1, "oedema", self.oedema, "between 0 and 1")


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """An extended source, or the room: seen from the skin.

    Attributes
    ----------
    zenith_deg, azimuth_deg : float
        Direction of its middle: angle from the camera's axis, and from x towards y (90 is light
        from below, -90 from above).
    spread_deg : float
        Half angle that it subtends; a ring's radius for ``shape="ring"``.
    power : float
        Share of the irradiance on a plane that faces the camera.
    colour : tuple of float
        Linear RGB, relative to the camera's white balance.
    distance_mm : float
        Distance for inverse-square fall-off; infinite for none.
    shape : str
        ``"disc"`` or ``"ring"``.
    """

    zenith_deg: float
    azimuth_deg: float
    spread_deg: float
    power: float = 1.0
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    distance_mm: float = math.inf
    shape: Literal["disc", "ring"] = "disc"


@dataclass(frozen=True, kw_only=True)
class Light:
    """A named arrangement of lamps and the light that the room returns.

    `ambient` is the share of irradiance that comes evenly from the whole hemisphere.
    """

    name: str
    lamps: tuple[Lamp, ...]
    ambient: float = 0.1
    ambient_colour: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        require(0 <= self.ambient <= 1, "ambient", self.ambient, "between 0 and 1")


@dataclass(frozen=True, kw_only=True)
class Camera:
    """From radiance to a file.

    Attributes
    ----------
    exposure : float
        1 puts a white card, facing the camera, at the sensor's clipping point.
    white_balance : tuple of float
        Gains of the linear channels; (1, 1, 1) renders a grey card grey.
    blur_px : float
        Sigma of lens and demosaicing blur.
    vignette : float
        Loss of light in the corners.
    full_well : float
        Electrons at clipping; sets photon noise.
    read_noise : float
        Electrons.
    contrast : float
        0 is the plain sRGB curve; above 0 an S-curve as phones add.
    sharpen : float
        Amount of unsharp masking (sigma 1 px) on luma after the tone curve.
    jpeg_quality : int
        Pillow's scale.
    jpeg_subsampling : int
        0 is 4:4:4, 2 is 4:2:0.
    defocus_px : float
        Radius of the disc that a point out of focus becomes.
    local_tone : float
        How far large differences of brightness are evened and small ones raised, as phones do.
    resample : float
        Below 1 the picture is made that much smaller and enlarged again, as by messengers.
    """

    exposure: float = 1.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur_px: float = 0.6
    vignette: float = 0.05
    full_well: float = 30_000.0
    read_noise: float = 6.0
    contrast: float = 0.0
    sharpen: float = 0.0
    jpeg_quality: int = 92
    jpeg_subsampling: int = 0
    defocus_px: float = 0.0
    local_tone: float = 0.0
    resample: float = 1.0

    def __post_init__(self) -> None:
        require(1 <= self.jpeg_quality <= 100, "jpeg_quality", self.jpeg_quality, "1 to 100")
        require(self.exposure > 0, "exposure", self.exposure, "positive")
        require(0.1 <= self.resample <= 1, "resample", self.resample, "0.1 to 1")


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How the skin lies before the camera: shift and turn in the picture, and tilt out of it.

    A finite `distance_mm` of the camera draws the tilted skin in perspective; an infinite one lets
    tilt act on light alone.
    """

    shift_mm: tuple[float, float] = (0.0, 0.0)
    turn_deg: float = 0.0
    tilt_x_deg: float = 0.0
    tilt_y_deg: float = 0.0
    distance_mm: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One photo: skin, light, camera, pose, and the seed of its noise.

    `view_mm` is the width and height that the photo shows; None shows the whole sheet. A scene of
    ``"face"`` lays the sheet over a head and shoulders; it needs some 220 x 280 mm.
    `supersample` draws and lights the skin on a grid that many times finer and averages over each
    pixel, as a sensor does; worth its cost where pixels are coarser than skin lines (0.1 mm).
    `bounces` counts reflections from wall to wall in a pit; above 1 they take the light of their
    own surroundings. With `keep_ids` the number of a scar is its place in the recipe, so that it
    stays the same in all sessions of a course.
    """

    skin: Skin
    light: Light
    camera: Camera = field(default_factory=Camera)
    pose: Pose = field(default_factory=Pose)
    mm_per_px: float = 0.1
    view_mm: tuple[float, float] | None = None
    noise_seed: int = 0
    scene: Literal["patch", "face"] = "patch"
    supersample: int = 1
    bounces: int = 1
    keep_ids: bool = False

    def __post_init__(self) -> None:
        ok = 0.01 <= self.mm_per_px <= 1
        require(ok, "mm_per_px", self.mm_per_px, "between 0.01 and 1 mm per pixel")
        require(1 <= self.supersample <= 8, "supersample", self.supersample, "1 to 8")
