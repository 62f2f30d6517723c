"""Named lights of a photo room and of a living room.

Zenith is the angle from the camera's axis. At 1 m a 60 cm softbox subtends 17 degrees half angle,
a 12 cm ring flash 3.5, a hand-held flash 2.
"""

from __future__ import annotations

from typing import Literal, get_args

from scarscope.phantom.recipe import Lamp, Light, require

LightName = Literal["ring", "twin", "offaxis", "raking", "window"]
LIGHT_NAMES: tuple[LightName, ...] = get_args(LightName)

# Colours relative to a white balance on the mean of the light.
_SKY = (0.90, 1.0, 1.16)
_BULB = (1.18, 1.0, 0.72)


def make_light(
    name: LightName,
    *,
    zenith_deg: float | None = None,
    azimuth_deg: float | None = None,
    ambient: float | None = None,
    balance: float = 0.5,
    distance_mm: float = 1000.0,
) -> Light:
    """One of the named arrangements.

    Parameters
    ----------
    name : {"ring", "twin", "offaxis", "raking", "window"}
        Ring flash around the lens; two softboxes left and right; one flash; one low lamp; a
        window on one side with a room that reflects.
    zenith_deg, azimuth_deg : float, optional
        Where the main lamp stands. None: 45 (twin), 40 (offaxis), 65 (raking), 55 (window), and
        from the left, slightly above.
    ambient : float, optional
        Share of light from all round. None: the arrangement's own.
    balance : float
        Share of the left one of two softboxes.
    distance_mm : float
        Of lamps that have a place.

    Raises
    ------
    ParamsError
        If the name is unknown.
    """
    require(name in LIGHT_NAMES, "light", name, f"one of {', '.join(LIGHT_NAMES)}")
    zenith = _ZENITH[name] if zenith_deg is None else zenith_deg
    azimuth = 200.0 if azimuth_deg is None else azimuth_deg
    lamps = _lamps(name, zenith, azimuth, balance, distance_mm)
    share = _AMBIENT[name] if ambient is None else ambient
    colour = _BULB if name == "window" else (1.0, 1.0, 1.0)
    return Light(name=name, lamps=lamps, ambient=share, ambient_colour=colour)


_ZENITH: dict[str, float] = {
    "ring": 0.0,
    "twin": 45.0,
    "offaxis": 40.0,
    "raking": 65.0,
    "window": 55.0,
}
_AMBIENT: dict[str, float] = {
    "ring": 0.08,
    "twin": 0.10,
    "offaxis": 0.08,
    "raking": 0.05,
    "window": 0.35,
}


def _lamps(
    name: str, zenith: float, azimuth: float, balance: float, distance: float
) -> tuple[Lamp, ...]:
    if name == "ring":
        ring = Lamp(zenith_deg=0, azimuth_deg=0, spread_deg=5.0, shape="ring", distance_mm=distance)
        return (ring,)
    if name == "twin":
        pair = ((azimuth, balance), (180.0 - azimuth, 1 - balance))
        return tuple(
            Lamp(zenith_deg=zenith, azimuth_deg=a, spread_deg=14, power=p, distance_mm=distance)
            for a, p in pair
        )
    spread = {"offaxis": 3.0, "raking": 5.0, "window": 20.0}[name]
    colour = _SKY if name == "window" else (1.0, 1.0, 1.0)
    far = 1.5 * distance if name == "window" else distance
    return (
        Lamp(
            zenith_deg=zenith,
            azimuth_deg=azimuth,
            spread_deg=spread,
            colour=colour,
            distance_mm=far,
        ),
    )
