"""Which pixels are measurable skin, and what colours skin: melanin, haemoglobin, shading, tone."""

from scarscope.skin.find import find_skin
from scarscope.skin.model import Grid, Skin
from scarscope.skin.roi import read_roi

__all__ = ["Grid", "Skin", "find_skin", "read_roi"]
