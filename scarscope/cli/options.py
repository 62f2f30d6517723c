"""From what was typed to the parameters of a run."""

from __future__ import annotations

import argparse
from dataclasses import replace

from scarscope.params import Params


def read_params(options: argparse.Namespace) -> Params:
    """The parameter file's values, or the defaults; what was typed beside it counts for more.

    Raises
    ------
    ParamsError
        If the file cannot be read or holds what is no parameter.
    """
    params = Params.from_toml(options.params) if options.params else Params()
    if options.segmenter is None:
        return params
    return replace(params, scars=replace(params.scars, segmenter=options.segmenter))
