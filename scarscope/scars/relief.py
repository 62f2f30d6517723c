"""From shading to relief: a linear model of how slopes and hollows darken skin, and its inverse.

Symbols
-------
s : shading, natural log, high-passed; negative is darker
h : height in mm, up is towards the camera; k : angular frequency, 1/mm, direction phi_k
phi : azimuth that the light comes from, in the picture; tau : effective tan(angle) of the light
kappa : darkening of hollows per unit of depth over width

For gentle slopes a Lambertian surface answers to a light from the side by its slope, and to light
from all around (ambient, ring, two sides) by being darker where it is hollow::

    S(k) = |k| * (kappa + i * tau * cos(phi_k - phi)) * G(k) * H(k)

with G the blur of green and blue light inside the skin. The first term alone is "dark is deep"
(Langer and Buelthoff 2000), the second alone is linear shape from shading (Pentland 1990). Their
sum has no blind direction, and a Wiener filter inverts it. One ordinary photo fixes `tau` and
`kappa` only up to assumptions, so absolute depth is an estimate and relative depth is the better
figure.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from scarscope.params import ScarParams
from scarscope.skin.chromophores import blur, masked_blur

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Gradient energy along the light against across it is 3 to 1 for isotropic relief under one far
# lamp (Knill 1990): an anisotropy of (3 - 1) / (3 + 1) = 0.5. Pigment and shine, which have no
# direction, dilute it to about this; skin lines alone, which do, reach the lower figure.
SINGLE_LAMP_ANISOTROPY = 0.35
NO_LAMP_ANISOTROPY = 0.03
# Green and blue light leaves skin within 0.43 mm for nearly all energy (d'Eon's profile); the
# energy-weighted sigma of both channels is this, mm.
SCATTER_MM = 0.18
# Terminal hair is 0.06 to 0.12 mm thick; with its shadow and the camera's blur, mm.
THREAD_MM = 0.45
# A thread is this many times deeper than the fine texture's upper quartile.
THREAD_RATIO = 3.0


# The lamp's side, by vote. The ratio of the two weights is a logistic fit on tuning phantoms; their
# common size was then raised by 1.6 by hand, so that lone pits without any fall of light count too:
# the vote is no calibrated probability. benchmarks/tune_relief.py counts how often it is right, on
# seeds that were not fitted. All phantoms are convex; on hollow skin the first cue misleads.
FALL_MM, USUAL_FALL = 30.0, 0.3  # log light over this distance on a cheek under one lamp
FALL_WEIGHT, LEAN_WEIGHT = 8.0, 6.0
LEAN_BANDS_MM = (0.15, 0.45, 1.2, 4.0)


@dataclass(frozen=True)
class Light:
    """What the skin's own shading says of the light.

    Attributes
    ----------
    azimuth : float
        Direction in the picture that the light comes from, radians, x to the right, y downwards.
    directed : float
        0 for light from all around or from the camera, 1 for one lamp from the side.
    vote : float
        Log-odds that the azimuth is right and not its opposite; 0 is undecided.
    """

    azimuth: float
    directed: float
    vote: float = 0.0


def flatten(shading: Image, region: Mask, *, filter_mm: float, params: ScarParams) -> Image:
    """Shading without the face's own curvature and light fall-off; 0 outside the region.

    Isolated extremes (glints, hairs) are clipped so that they do not ring through the inversion.
    """
    slow = masked_blur(shading, region, params.background_mm / filter_mm)
    fast = np.where(region, shading - slow, np.float32(0))
    fast = remove_threads(fast, region, filter_mm=filter_mm)
    spread = 1.4826 * float(np.median(np.abs(fast[region]))) if region.any() else 0.0
    limit = max(params.clip_sd * spread, 0.15)
    # Soft at both ends: a deep cast shadow still counts for more than a shallow one.
    return np.asarray(limit * np.tanh(fast / limit), dtype=np.float32)


def remove_threads(image: Image, region: Mask, *, filter_mm: float) -> Image:
    """Fill dark threads (hairs, stubble) and shave glints narrower than :data:`THREAD_MM`.

    Only what stands out of the skin's own fine texture is touched, so that texture is kept.
    """
    size = 2 * int(THREAD_MM / filter_mm / 2) + 1  # no tie near the 0.1 mm grid
    if size < 3:
        return image
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    for operation, sign in ((cv2.MORPH_CLOSE, 1.0), (cv2.MORPH_OPEN, -1.0)):
        without = cv2.morphologyEx(image, operation, disc)
        excess = sign * (without - image)
        # Most of the excess is zero: its upper quartile, not its median, is the texture's own.
        usual = float(np.percentile(excess[region], 75)) if region.any() else 0.0
        # Only what exceeds the limit goes, so that no rounding decides over a whole pixel.
        limit = np.float32(max(THREAD_RATIO * usual, 0.02))
        image = image + np.float32(sign) * np.maximum(excess - limit, 0).astype(np.float32)
    return image


def estimate_axis(shading: Image, region: Mask, *, filter_mm: float) -> Light:
    """Axis and directedness of the light from the spread of shading gradients.

    The azimuth is known up to half a turn; :func:`recover` settles it.
    """
    band = blur(shading, max(0.25 / filter_mm, 0.8))
    gx = cv2.Sobel(band, cv2.CV_32F, 1, 0, scale=1 / 8)
    gy = cv2.Sobel(band, cv2.CV_32F, 0, 1, scale=1 / 8)
    inner = cv2.erode(region.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if inner.sum() < 100:
        return Light(0.0, 0.0)
    x, y = gx[inner], gy[inner]
    # A bound on each pixel's vote keeps single strong edges from deciding.
    size = np.hypot(x, y)
    cap = np.percentile(size, 95) + 1e-9
    shrink = np.minimum(1.0, cap / np.maximum(size, 1e-9))
    x, y = x * shrink, y * shrink
    xx, yy, xy = float((x * x).mean()), float((y * y).mean()), float((x * y).mean())
    total = xx + yy
    if total <= 0:
        return Light(0.0, 0.0)
    strength = float(np.hypot(xx - yy, 2 * xy)) / total
    azimuth = 0.5 * float(np.arctan2(2 * xy, xx - yy))
    span = SINGLE_LAMP_ANISOTROPY - NO_LAMP_ANISOTROPY
    return Light(azimuth, float(np.clip((strength - NO_LAMP_ANISOTROPY) / span, 0.0, 1.0)))


def recover(
    shading: Image,
    raw: Image,
    region: Mask,
    axis: Light,
    *,
    filter_mm: float,
    params: ScarParams,
) -> tuple[Image, Light]:
    """Height in mm from flattened shading, and the light with its direction settled.

    Two things tell the lamp's side from the other: a face is convex and a lamp is near, so skin is
    brighter towards it over centimetres; and skin has more pits (pores, lines, scars) than peaks,
    so that the height read from slopes leans downwards.

    Parameters
    ----------
    shading : ndarray of float32
        From :func:`flatten`.
    raw : ndarray of float32
        Shading before flattening, for the slow fall of light.
    region : ndarray of bool
    axis : Light
        From :func:`estimate_axis`.
    filter_mm : float
    params : ScarParams
    """
    even, odd = invert(shading, axis, filter_mm=filter_mm, params=params)
    if axis.directed <= 0:
        return even, axis
    vote = side_vote(odd, raw, region, axis, filter_mm=filter_mm)
    # The mean over both directions, each with its probability: where the side cannot be told, what
    # the slopes say cancels, and no tipping of the vote makes the height jump.
    height = even + np.float32(np.tanh(vote / 2)) * odd
    azimuth = axis.azimuth if vote >= 0 else axis.azimuth + np.pi
    return height, Light(azimuth, axis.directed, abs(vote))


def side_vote(odd: Image, raw: Image, region: Mask, axis: Light, *, filter_mm: float) -> float:
    """Log-odds that the lamp is on the side that `axis` names; below 0 it is on the other.

    Parameters
    ----------
    odd : ndarray of float32
        The part of height read from slopes, from :func:`invert`.
    raw : ndarray of float32
        Shading before flattening, for the slow fall of light.
    region : ndarray of bool
    axis : Light
    filter_mm : float
    """
    fall = _fall_along(raw, region, axis.azimuth, filter_mm=filter_mm)
    lean = _lean(odd, region, filter_mm=filter_mm)
    return FALL_WEIGHT * float(np.tanh(fall / USUAL_FALL)) - LEAN_WEIGHT * lean


def _fall_along(raw: Image, region: Mask, azimuth: float, *, filter_mm: float) -> float:
    """How much brighter skin gets along a direction, log light per :data:`FALL_MM`."""
    rows, cols = np.nonzero(region)
    pick = slice(None, None, max(1, len(rows) // 20_000))  # a plane needs no more points
    along = (cols[pick] * np.cos(azimuth) + rows[pick] * np.sin(azimuth)) * filter_mm
    across = (rows[pick] * np.cos(azimuth) - cols[pick] * np.sin(azimuth)) * filter_mm
    design = np.stack([along, across, np.ones_like(along)], axis=1)
    slope = np.linalg.lstsq(design, raw[region][pick].astype(np.float64), rcond=None)[0]
    return float(slope[0]) * FALL_MM


def _lean(height: Image, region: Mask, *, filter_mm: float) -> float:
    """Mean skewness of a height in three bands, from pores to scars; negative where pits prevail.

    Values beyond four standard deviations count as four, so that no single scar or papule decides.
    """
    blurs = [blur(height, max(scale / filter_mm, 0.5)) for scale in LEAN_BANDS_MM]
    total = 0.0
    for fine, coarse in itertools.pairwise(blurs):
        band = (fine - coarse)[region]
        spread = float(band.std()) + 1e-9
        total += float(np.mean(np.clip((band - band.mean()) / spread, -4, 4) ** 3))
    return total / (len(blurs) - 1)


def _nuisance(k: Image, params: ScarParams) -> Image:
    """Power of what is not relief, relative to relief's.

    Uneven light and pigment at long wavelengths, microrelief and sensor noise at short ones.
    """
    slow = (params.slow_per_mm / np.maximum(k, 1e-3)) ** 2
    fast = (k / params.fast_per_mm) ** 4
    return np.asarray(params.nuisance * (slow + fast), dtype=np.float32)


def invert(
    shading: Image, light: Light, *, filter_mm: float, params: ScarParams
) -> tuple[Image, Image]:
    """Wiener inverse: the part of height read from hollows and the part read from slopes.

    Their sum is the height where `light` names the lamp's side, and hollows minus slopes where it
    names the opposite one.
    """
    rows, cols = shading.shape
    pad = min(int(np.ceil(2 * params.background_mm / filter_mm)), rows - 1, cols - 1)
    # Mirrored borders: a jump where the picture wraps around would pass for a wall.
    padded = cv2.copyMakeBorder(shading, pad, pad, pad, pad, cv2.BORDER_REFLECT_101)
    shape = (
        fft.next_fast_len(padded.shape[0], real=True),
        fft.next_fast_len(padded.shape[1], real=True),
    )
    spectrum = fft.rfft2(padded, s=shape)
    ky = (2 * np.pi * fft.fftfreq(shape[0], filter_mm)).astype(np.float32)[:, None]
    kx = (2 * np.pi * fft.rfftfreq(shape[1], filter_mm)).astype(np.float32)[None, :]
    k = np.hypot(kx, ky)
    scatter = np.exp(-0.5 * (SCATTER_MM * k) ** 2)
    tau = params.light_slope * light.directed
    hollow = k * scatter * params.hollow_gain
    # dh/du along the light rises towards the lamp's side: facing walls are the brighter ones.
    slope = (kx * np.cos(light.azimuth) + ky * np.sin(light.azimuth)) * scatter * tau
    power = hollow**2 + slope**2 + _nuisance(k, params)
    even = fft.irfft2(spectrum * (hollow / power), s=shape)
    if light.directed <= 0:
        odd = np.zeros_like(even)
    else:
        odd = fft.irfft2(spectrum * (1j * slope / power), s=shape)
    inner = (slice(pad, pad + rows), slice(pad, pad + cols))
    return even[inner].astype(np.float32), odd[inner].astype(np.float32)
