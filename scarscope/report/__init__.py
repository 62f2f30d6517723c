"""What people look at: overlays and depth pictures of one score, and pictures of a change."""

from scarscope.report.change_blink import blink_frames, wipe, write_blink, write_wipe
from scarscope.report.change_depth import change_map, depth_change, write_change_map
from scarscope.report.change_pair import aligned_pair, write_aligned_pair
from scarscope.report.change_why import why_picture, write_why_picture
from scarscope.report.depth import depth_picture, write_depth_picture
from scarscope.report.layers import LAYERS
from scarscope.report.overlay import overlay, write_overlay

__all__ = [
    "LAYERS",
    "aligned_pair",
    "blink_frames",
    "change_map",
    "depth_change",
    "depth_picture",
    "overlay",
    "why_picture",
    "wipe",
    "write_aligned_pair",
    "write_blink",
    "write_change_map",
    "write_depth_picture",
    "write_overlay",
    "write_why_picture",
    "write_wipe",
]
