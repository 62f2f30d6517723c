"""ScarScope finds and measures atrophic acne scars in photos, and what changed between visits.

Research software, tested on simulated skin: not a medical device.

Examples
--------
>>> import scarscope as ss
>>> photo = ss.read_photo("photo.jpg", mm_per_px=0.06)  # doctest: +SKIP
>>> ss.score(photo).burden_um  # mean missing depth of the region  # doctest: +SKIP
11.8
>>> ss.Params().skin.grid_mm  # what all photos are averaged to
0.1
"""

from importlib import import_module
from typing import TYPE_CHECKING

from scarscope._version import __version__

if TYPE_CHECKING:
    from scarscope.api import score_folder as score_folder
    from scarscope.change import Change as Change
    from scarscope.change import comparability as comparability
    from scarscope.change import compare as compare
    from scarscope.change import register as register
    from scarscope.errors import ScarScopeError as ScarScopeError
    from scarscope.flags import Flag as Flag
    from scarscope.measures import Score as Score
    from scarscope.measures import score as score
    from scarscope.params import Params as Params
    from scarscope.photo import Photo as Photo
    from scarscope.photo import read_photo as read_photo
    from scarscope.report.show import load_ipython_extension as load_ipython_extension
    from scarscope.report.show import show as show
    from scarscope.report.show import unload_ipython_extension as unload_ipython_extension
    from scarscope.skin import find_skin as find_skin
    from scarscope.validation import validate as validate

# Loaded when first asked for: the command line starts at once, and `scarscope doctor` can explain
# an OpenCV that does not load.
_HOMES = {
    "Change": "scarscope.change",
    "Flag": "scarscope.flags",
    "Params": "scarscope.params",
    "Photo": "scarscope.photo",
    "ScarScopeError": "scarscope.errors",
    "Score": "scarscope.measures",
    "comparability": "scarscope.change",
    "compare": "scarscope.change",
    "find_skin": "scarscope.skin",
    "read_photo": "scarscope.photo",
    "register": "scarscope.change",
    "score": "scarscope.measures",
    "score_folder": "scarscope.api",
    "show": "scarscope.report.show",
    "validate": "scarscope.validation",
    # What ``%load_ext scarscope`` calls; no names that people use.
    "load_ipython_extension": "scarscope.report.show",
    "unload_ipython_extension": "scarscope.report.show",
}

__all__ = [
    "Change",
    "Flag",
    "Params",
    "Photo",
    "ScarScopeError",
    "Score",
    "__version__",
    "comparability",
    "compare",
    "find_skin",
    "read_photo",
    "register",
    "score",
    "score_folder",
    "show",
    "validate",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'scarscope' has no attribute {name!r}")
    try:
        home: object = import_module(_HOMES[name])
    except ImportError:
        from scarscope.machine import require_opencv

        require_opencv()  # says what to install, where that is what is wrong
        raise
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
