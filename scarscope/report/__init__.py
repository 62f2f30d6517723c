"""What people look at: overlays and depth pictures of one score."""

from scarscope.report.overlay import overlay, write_overlay

__all__ = ["overlay", "write_overlay"]
