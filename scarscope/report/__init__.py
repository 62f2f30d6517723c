"""What people look at: pictures of one score and of a change, for files, notebooks and plots."""

from scarscope.report.change_blink import blink_frames, wipe, write_blink, write_wipe
from scarscope.report.change_depth import change_map, depth_change, write_change_map
from scarscope.report.change_pair import aligned_pair, write_aligned_pair
from scarscope.report.change_why import why_picture, write_why_picture
from scarscope.report.depth import depth_picture, write_depth_picture
from scarscope.report.layers import LAYERS
from scarscope.report.overlay import overlay, write_overlay
from scarscope.report.plot_numbers import plot_profile, plot_sizes
from scarscope.report.plot_visits import plot_course
from scarscope.report.plots import plot_change, plot_depth, plot_pair, plot_scars
from scarscope.report.show import Shown, show

__all__ = [
    "LAYERS",
    "Shown",
    "aligned_pair",
    "blink_frames",
    "change_map",
    "depth_change",
    "depth_picture",
    "overlay",
    "plot_change",
    "plot_course",
    "plot_depth",
    "plot_pair",
    "plot_profile",
    "plot_scars",
    "plot_sizes",
    "show",
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
