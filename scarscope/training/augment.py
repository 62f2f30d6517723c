"""What a camera, a program or a hand in the way may still do to an example.

Everything here leaves the truth as it is, or covers it and says so.
"""

from __future__ import annotations

import io
from dataclasses import fields, replace
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scarscope.photo.colour import linear_to_srgb, srgb_to_linear
from scarscope.training.example import Example

Light = NDArray[np.float32]
Kind = TypeVar("Kind", bound=Example)

_TO_LINEAR = np.asarray(srgb_to_linear(np.arange(256, dtype=np.float64) / 255), dtype=np.float32)
_TO_SRGB = np.rint(np.asarray(linear_to_srgb(np.linspace(0, 1, 4096))) * 255).astype(np.uint8)

# How often each thing happens.
_GRADIENT, _SHADOW, _BLOTS, _COVERED = 0.30, 0.10, 0.15, 0.06
_BLURRED, _NOISY, _SHARPENED, _RESAMPLED, _REPACKED = 0.20, 0.20, 0.15, 0.15, 0.30


def augmented(example: Kind, rng: np.random.Generator) -> Kind:
    """The example turned, relit, recoloured, blotted, covered, blurred, and saved again."""
    example = turned(example, int(rng.integers(8)))
    light = _TO_LINEAR[example.rgb]
    light = _relit(light, rng)
    if rng.random() < _BLOTS:
        light = _blotted(light, rng)
    if rng.random() < _COVERED:
        light, example = _covered(light, example, rng)
    light = _developed(light, rng)
    rgb = _TO_SRGB[np.clip(light * 4095 + 0.5, 0, 4095).astype(np.int32)]
    return replace(example, rgb=_handled(rgb, rng))


def turned(example: Kind, way: int) -> Kind:
    """One of the eight turns and mirrorings of a square."""

    def turn(array: Any) -> Any:  # noqa: ANN401
        out = np.rot90(array, way % 4)
        return np.ascontiguousarray(out[:, ::-1] if way >= 4 else out)

    return replace(example, **{f.name: turn(getattr(example, f.name)) for f in fields(example)})


def _plane(side: int, rng: np.random.Generator) -> Light:
    """A smooth ramp or bowl of values about 0, at most 1."""
    at = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = at[None, :], at[:, None]
    a, b, c, d = rng.normal(0, 0.5, 4).tolist()
    return np.asarray(np.clip(a * x + b * y + c * (x * x - 0.3) + d * x * y, -1, 1))


def _relit(light: Light, rng: np.random.Generator) -> Light:
    side = len(light)
    factor = np.exp(rng.uniform(-0.35, 0.35) + rng.normal(0, 0.05, 3)).astype(np.float32)
    light = light * factor
    if rng.random() < _GRADIENT:
        light *= np.exp(rng.uniform(0.1, 0.45) * _plane(side, rng))[..., None]
    if rng.random() < _SHADOW:
        light *= _edge_of_shadow(side, rng)[..., None]
    return np.asarray(light)


def _edge_of_shadow(side: int, rng: np.random.Generator) -> Light:
    angle, soft = rng.uniform(0, 2 * np.pi), float(np.exp(rng.uniform(np.log(1.5), np.log(40))))
    at = np.arange(side, dtype=np.float32) - side / 2
    bend = rng.normal(0, 0.002) * (at[None, :] ** 2 - at[:, None] ** 2)
    across = at[None, :] * np.cos(angle) + at[:, None] * np.sin(angle) + bend
    across = across - rng.uniform(-0.4, 0.4) * side
    return np.asarray(1 - rng.uniform(0.15, 0.6) / (1 + np.exp(-across / soft)), dtype=np.float32)


def _blob(side: int, rng: np.random.Generator, radius: float, soft: float) -> Light:
    """Cover, 0 to 1, of an irregular spot anywhere."""
    x, y = rng.uniform(0, side, 2).tolist()
    at = np.arange(side, dtype=np.float32)
    dx, dy = at[None, :] - x, at[:, None] - y
    angle, aspect = rng.uniform(0, np.pi), rng.uniform(0.6, 1.0)
    u, v = dx * np.cos(angle) + dy * np.sin(angle), -dx * np.sin(angle) + dy * np.cos(angle)
    away = np.sqrt(u * u + (v / aspect) ** 2)
    wavy = 1 + 0.15 * np.sin(3 * np.arctan2(v, u) + x) + 0.1 * np.sin(5 * np.arctan2(v, u) + y)
    beyond = np.minimum((away - radius * wavy) / soft, 80)  # further off, single precision ends
    return np.asarray(1 / (1 + np.exp(beyond)), dtype=np.float32)


def _blotted(light: Light, rng: np.random.Generator) -> Light:
    """Flat spots of any colour: pigment, ink, dust, a scar's colour without the scar."""
    for _ in range(int(rng.integers(1, 6))):
        radius = float(np.exp(rng.uniform(np.log(2.5), np.log(28))))
        cover = _blob(len(light), rng, radius, float(rng.uniform(0.8, 0.3 * radius + 1.0)))
        density = rng.uniform(0.05, 0.9) * (1 if rng.random() < 0.8 else -0.3)
        tint = np.exp(rng.normal(0, 0.35, 3)) * np.array([0.6, 1.0, 1.25])
        light = light * np.exp(-density * cover[..., None] * tint).astype(np.float32)
    return light


def _covered(light: Light, example: Kind, rng: np.random.Generator) -> tuple[Light, Kind]:
    """Something in front of the skin: cloth, plaster, a ruler, a finger's dark edge, thick hair."""
    side = len(light)
    cover = _blob(side, rng, float(rng.uniform(15, 90)), float(rng.uniform(0.4, 2.0)))
    if rng.random() < 0.5:
        shade = 1 - _edge_of_shadow(side, rng)
        cover = np.asarray(np.clip((shade / shade.max() - 0.5) * 30, 0, 1), dtype=np.float32)
    grain: Light = rng.standard_normal((side, side), dtype=np.float32)
    stretch = (1 + 2 * int(rng.integers(0, 15)), 1 + 2 * int(rng.integers(0, 3)))
    grain = np.asarray(cv2.blur(grain, stretch), dtype=np.float32)
    if rng.random() < 0.5:
        grain = np.ascontiguousarray(grain.T)
    grain *= float(rng.uniform(0.02, 0.5)) / max(float(grain.std()), 1e-6)
    colour = rng.uniform(0.01, 0.9) * np.exp(rng.normal(0, 0.3, 3))
    stuff = np.clip(colour * np.exp(grain)[..., None], 0, 1).astype(np.float32)
    light = light * (1 - cover[..., None]) + stuff * cover[..., None]
    return light, _without(example, cover)


def _without(example: Kind, cover: Light) -> Kind:
    rows, cols = example.hidden.shape
    half = cv2.resize(cover, (cols, rows), interpolation=cv2.INTER_AREA)
    bare = half < 0.5
    return replace(
        example,
        depth_um=example.depth_um * bare,
        scar=example.scar * bare,
        labels=example.labels * bare,
        kinds=example.kinds * bare,
        hidden=np.maximum(example.hidden, np.rint(half * 255).astype(np.uint8)),
    )


def _developed(light: Light, rng: np.random.Generator) -> Light:
    """Another tone curve, saturation and lens."""
    grey = light.mean(axis=2, keepdims=True)
    colour = grey + (light - grey) * float(rng.uniform(0.8, 1.2))
    middle = float(np.median(grey)) + 1e-4
    gamma = float(np.exp(rng.normal(0, 0.10)))
    curved = middle * (np.maximum(colour, 1e-5) / middle) ** gamma
    if rng.random() < _BLURRED:
        curved = np.asarray(cv2.GaussianBlur(curved, (0, 0), float(rng.uniform(0.5, 1.4))))
    return np.asarray(curved, dtype=np.float32)


def _handled(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What programs do to the file: noise reduction, sharpening, scaling, another compression."""
    side = len(rgb)
    if rng.random() < _NOISY:
        noise = rng.standard_normal(rgb.shape, dtype=np.float32) * float(rng.uniform(0.5, 4))
        rgb = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    if rng.random() < _SHARPENED:
        soft = cv2.GaussianBlur(rgb, (0, 0), float(rng.uniform(0.8, 2.5)))
        amount = float(rng.uniform(0.3, 1.2))
        rgb = np.asarray(cv2.addWeighted(rgb, 1 + amount, soft, -amount, 0), dtype=np.uint8)
    if rng.random() < _RESAMPLED:
        small = round(side * float(rng.uniform(0.5, 0.9)))
        less = cv2.resize(rgb, (small, small), interpolation=cv2.INTER_AREA)
        rgb = np.asarray(cv2.resize(less, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
    if rng.random() < _REPACKED:
        buffer = io.BytesIO()
        quality, colour = int(rng.integers(45, 92)), int(rng.integers(0, 3))
        Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, subsampling=colour)
        rgb = np.asarray(Image.open(buffer).convert("RGB"))
    return rgb
