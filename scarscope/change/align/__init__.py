"""Where the skin of one photo lies in another: features, then blocks, then a smooth field."""

from scarscope.change.align.alignment import Alignment
from scarscope.change.align.register import register

__all__ = ["Alignment", "register"]
