"""Which segmenter the parameters ask for, and which learned weights it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scarscope.params import Params
from scarscope.scars.model import Segmenter
from scarscope.scars.network import card_of
from scarscope.scars.network_segmenter import NetworkSegmenter
from scarscope.scars.relief_segmenter import ReliefSegmenter


def make_segmenter(params: Params | None = None) -> Segmenter:
    """The segmenter that ``params.scars.segmenter`` names.

    Parameters
    ----------
    params : Params, optional
        All stages' parameters. None: the defaults.

    Examples
    --------
    >>> from scarscope.params import Params
    >>> make_segmenter(Params.from_dict({"scars": {"segmenter": "network"}})).name
    'network'
    """
    params = Params.given(params)
    if params.scars.segmenter == "network":
        return NetworkSegmenter(params.network, light=params.scars)
    return ReliefSegmenter(params.scars)


def choose_segmenter(segmenter: Segmenter | str | None, params: Params) -> Segmenter:
    """A segmenter as a caller may state it: itself, by name, or None for that of `params`.

    Raises
    ------
    ParamsError
        If there is none of that name.
    """
    if isinstance(segmenter, str):
        # Whether there is one of that name is for the parameters to say.
        named: Any = segmenter
        params, segmenter = replace(params, scars=replace(params.scars, segmenter=named)), None
    return segmenter or make_segmenter(params)


def weights_digest(params: Params) -> str:
    """Digest of the learned weights that `params` need; empty where they need none.

    Raises
    ------
    DependencyError
        If the weights are missing or damaged.
    """
    return card_of(params.network.weights).digest if params.scars.segmenter == "network" else ""
