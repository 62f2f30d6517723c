"""Skin with known truth: geometry, optics, camera.

What is simulated: relief in mm down to single skin lines and pores, scars singly and in confluent
fields, melanin and blood, extended lamps with cast shadow and occlusion, wavelength-dependent
scatter, two rough surface lobes, hairs, vessels, make-up, and a camera with noise, tone curve and
JPEG. What is left out, so that figures measured here are read with care, stands in
``docs/phantom.md``: above all, scars are single-valued heights without undercut tracts or
tethering, and one kind of scattering serves every depth and site.

Examples
--------
>>> from scarscope.phantom import random_patch
>>> patch = random_patch(7, size_mm=(8, 8), light="twin", ita_deg=35.0)
>>> patch.labels.shape == patch.depth_mm.shape == (80, 80)
True
"""

from scarscope.phantom.distractors import DISTRACTORS, distractor_patch
from scarscope.phantom.head import Material
from scarscope.phantom.lights import LIGHT_NAMES, make_light
from scarscope.phantom.pairs import (
    CONFOUNDERS,
    confounder_pair,
    retest_pair,
    treated_pair,
    worsened_pair,
)
from scarscope.phantom.places import true_places
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
from scarscope.phantom.trial import SplitFace, write_trial
from scarscope.phantom.wide_pairs import wide_pair

__all__ = [
    "CONFOUNDERS",
    "DISTRACTORS",
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
    "SplitFace",
    "Surface",
    "Tone",
    "confounder_pair",
    "distractor_patch",
    "make_light",
    "random_face",
    "random_patch",
    "random_recipe",
    "render",
    "retest_pair",
    "treated_pair",
    "true_places",
    "wide_pair",
    "worsened_pair",
    "write_study",
    "write_trial",
]
