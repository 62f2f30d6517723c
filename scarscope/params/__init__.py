"""Frozen parameters, one object a stage, shared by library, command line and TOML file.

Every default carries its unit and source in a comment or docstring; the hash of the whole goes
into each row's provenance.
"""

from scarscope.params.align import AlignParams
from scarscope.params.change import ChangeParams
from scarscope.params.stages import (
    NETWORK_STRIDE,
    NETWORK_WAYS,
    MeasureParams,
    NetworkParams,
    PhotoParams,
    ScarParams,
    SegmenterName,
    SkinParams,
)
from scarscope.params.whole import Params

__all__ = [
    "NETWORK_STRIDE",
    "NETWORK_WAYS",
    "AlignParams",
    "ChangeParams",
    "MeasureParams",
    "NetworkParams",
    "Params",
    "PhotoParams",
    "ScarParams",
    "SegmenterName",
    "SkinParams",
]
