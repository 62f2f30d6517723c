"""What people look at: overlays and depth pictures of one score."""

from scarscope.report.depth import depth_picture, write_depth_picture
from scarscope.report.overlay import overlay, write_overlay

__all__ = ["depth_picture", "overlay", "write_depth_picture", "write_overlay"]
