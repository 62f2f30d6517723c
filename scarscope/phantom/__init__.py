"""Skin with known truth: geometry, optics, camera.

Examples
--------
>>> from scarscope.phantom import random_patch
>>> patch = random_patch(7, size_mm=(8, 8), light="twin", ita_deg=35.0)
>>> patch.labels.shape == patch.depth_mm.shape == (80, 80)
True
"""

from scarscope.phantom.head import Material
from scarscope.phantom.lights import LIGHT_NAMES, make_light
from scarscope.phantom.recipe import (
    Camera,
    Hair,
    Lamp,
    Light,
    Mark,
    Pose,
    Recipe,
    ScarShape,
    Shine,
    Skin,
    Surface,
    Tone,
)
from scarscope.phantom.render import Rendered, render
from scarscope.phantom.sampler import random_face, random_patch, random_recipe
from scarscope.phantom.study import write_study

__all__ = [
    "LIGHT_NAMES",
    "Camera",
    "Hair",
    "Lamp",
    "Light",
    "Mark",
    "Material",
    "Pose",
    "Recipe",
    "Rendered",
    "ScarShape",
    "Shine",
    "Skin",
    "Surface",
    "Tone",
    "make_light",
    "random_face",
    "random_patch",
    "random_recipe",
    "render",
    "write_study",
]
