"""How to get a trustworthy picture in: decoding, orientation, colour, millimetres, quality."""

from scarscope.photo.files import READABLE_SUFFIXES
from scarscope.photo.focus import focus_blur_px
from scarscope.photo.model import Photo, Scale
from scarscope.photo.quality import assess_capture, colour_cast, find_glare
from scarscope.photo.read import read_photo
from scarscope.photo.sidecar import Sidecar, read_sidecar, sidecar_path

__all__ = [
    "READABLE_SUFFIXES",
    "Photo",
    "Scale",
    "Sidecar",
    "assess_capture",
    "colour_cast",
    "find_glare",
    "focus_blur_px",
    "read_photo",
    "read_sidecar",
    "sidecar_path",
]
