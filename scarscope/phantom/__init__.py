"""Skin with known truth: geometry, optics, camera.

What is simulated: relief in mm down to single skin lines and pores, melanin and blood, extended
lamps with cast shadow and occlusion, wavelength-dependent scatter, two rough surface lobes, and a
camera with noise, tone curve and JPEG. What is left out, so that figures measured here are read
with care: the view is straight from above without perspective; surrounding skin outside the photo
throws no light into pits, and light bounces once; one scattering kernel serves every tone, depth
and site; flat marks end at the epidermis; scars are single-valued heights without undercut tracts
or tethering; hairs throw no shadow; no vessels, sweat, make-up, sunburn or peeling.

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
