"""Which segmenter the parameters ask for, and which learned weights it has."""

from __future__ import annotations

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


def weights_digest(params: Params) -> str:
    """Digest of the learned weights that `params` need; empty where they need none.

    Raises
    ------
    DependencyError
        If the weights are missing or damaged.
    """
    return card_of(params.network.weights).digest if params.scars.segmenter == "network" else ""
