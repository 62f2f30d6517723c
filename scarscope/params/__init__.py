"""Frozen parameters, one object a stage, shared by library, command line and TOML file.

Every default carries its unit and source in a comment or docstring; the hash of the whole goes
into each row's provenance.
"""

from scarscope.params.stages import MeasureParams, PhotoParams, ScarParams, SkinParams
from scarscope.params.whole import Params

__all__ = ["MeasureParams", "Params", "PhotoParams", "ScarParams", "SkinParams"]
