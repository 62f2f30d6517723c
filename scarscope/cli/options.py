"""From what was typed to the parameters of a run."""

from __future__ import annotations

import argparse
from dataclasses import replace

from scarscope.errors import ParamsError
from scarscope.params import Params


def read_params(options: argparse.Namespace) -> Params:
    """The parameter file's values, or the defaults; what was typed beside it counts for more.

    Raises
    ------
    ParamsError
        If the file cannot be read or holds what is no parameter, or weights are given for what
        has none.
    """
    params = Params.from_toml(options.params) if options.params else Params()
    segmenter = options.segmenter
    if options.weights is not None:
        if segmenter == "relief":
            raise ParamsError(
                "--segmenter relief has no weights.", remedy="Leave out one of both options."
            )
        segmenter = "network"  # nobody else would look at them
        # Workers may run in another folder.
        own = replace(params.network, weights=str(options.weights.resolve()))
        params = replace(params, network=own)
    if segmenter is None:
        return params
    return replace(params, scars=replace(params.scars, segmenter=segmenter))
