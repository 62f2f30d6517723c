"""Networks without normalisation: what an ONNX file holds, and what is learned on from it.

On export every convolution takes its normalisation into its own weights and gains a bias. Read back
so, a network answers as it did, and goes on learning without statistics of its batches, which a
few photos would spoil.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from scarscope.errors import DependencyError, ParamsError
from scarscope.scars.channels import COUNT
from scarscope.training.network import OUTPUTS, Network

Weights = tuple[NDArray[np.float32], NDArray[np.float32]]
_NOT_OURS = "Give a network.onnx that ScarScope has written."


def fold(network: Network) -> Network:
    """The same network with every normalisation taken into the convolution before it.

    Parameters
    ----------
    network : Network
        Left as it is.
    """
    still = copy.deepcopy(network).eval()
    for parent in list(still.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Sequential):
                convolution, normalisation = child
                setattr(parent, name, fuse_conv_bn_eval(convolution, normalisation))
    return still


def unfold(still: Network, widths: tuple[int, ...], skins: Iterable[Tensor]) -> Network:
    """A network with normalisation again that answers as a folded one does.

    What was folded away is not known any more, but any normalisation can be undone: each is given
    the statistics of some examples, and the slope and offset that cancel them.

    Parameters
    ----------
    still : Network
        Folded; left as it is.
    widths : tuple of int
        Its own.
    skins : iterable of Tensor, each of shape (n, 6, h, w)
        Channels of examples; one batch at least.

    Raises
    ------
    ParamsError
        If the folded network has other widths.
    """
    whole = Network(widths)
    old, new = convolutions(still), convolutions(whole)
    if [c.weight.shape for c in old] != [_first(c).weight.shape for c in new]:
        raise ParamsError(
            f"widths = {list(widths)} are not those of the network to go on from.",
            remedy="Give its own widths.",
        )
    statistics = _statistics(still, old[:-1], skins)
    with torch.no_grad():
        new[-1].load_state_dict(old[-1].state_dict())
        for source, target, (mean, variance) in zip(old, new, statistics, strict=False):
            convolution, normalisation = target
            convolution.weight.copy_(source.weight)
            normalisation.running_mean.copy_(mean - source.bias)
            normalisation.running_var.copy_(variance)
            normalisation.weight.copy_((variance + normalisation.eps).sqrt())
            normalisation.bias.copy_(mean)
    return whole


def _first(layer: nn.Module) -> nn.Conv2d:
    """A convolution, alone or with its normalisation."""
    return layer[0] if isinstance(layer, nn.Sequential) else layer


def _statistics(
    still: Network, layers: Sequence[nn.Conv2d], skins: Iterable[Tensor]
) -> list[tuple[Tensor, Tensor]]:
    """Mean and variance of what each convolution answers, its bias included."""
    sums = [torch.zeros(2, layer.out_channels, dtype=torch.float64) for layer in layers]
    count = 0

    def watch(number: int) -> Callable[..., None]:
        def add(_layer: nn.Module, _inputs: object, answer: Tensor) -> None:
            x = answer.double()
            moments = torch.stack([x.mean((0, 2, 3)), (x * x).mean((0, 2, 3))])
            sums[number] += moments

        return add

    hooks = [layer.register_forward_hook(watch(n)) for n, layer in enumerate(layers)]
    with torch.no_grad():
        for skin in skins:
            still(skin)
            count += 1
    for hook in hooks:
        hook.remove()
    means = [total / max(count, 1) for total in sums]
    return [(m.float(), (square - m * m).clamp_min(0).float()) for m, square in means]


def convolutions(network: Network) -> list[nn.Conv2d]:
    """The convolutions of a folded network in the order in which it uses them."""
    blocks = [[block.first, block.second] for block in (*network.down, *network.up)]
    down, up = blocks[: len(network.down)], blocks[len(network.down) :]
    order = [network.stem, *down[0]]
    for shrink, block in zip(network.shrink, down[1:], strict=True):
        order += [shrink, *block]
    for grow, block in zip(network.grow, up, strict=True):
        order += [grow, *block]
    return [*order, network.head]


def read_network(content: bytes) -> Network:
    """The folded network that an ONNX file holds.

    Parameters
    ----------
    content : bytes
        Of a file that :func:`scarscope.training.export.write_onnx` has written.

    Returns
    -------
    Network
        It answers as the file does, to rounding.

    Raises
    ------
    DependencyError
        If the file is of another form, or ``onnx`` is not installed.
    """
    weights = _weights(content)
    network = fold(Network(_widths([w for w, _ in weights])))
    wanted = convolutions(network)
    shapes = [(tuple(w.shape), tuple(b.shape)) for w, b in weights]
    if shapes != [(tuple(c.weight.shape), tuple(c.bias.shape)) for c in wanted]:
        raise DependencyError("The network's file is of another form.", remedy=_NOT_OURS)
    with torch.no_grad():
        for convolution, (weight, bias) in zip(wanted, weights, strict=True):
            convolution.weight.copy_(torch.from_numpy(weight.copy()))
            convolution.bias.copy_(torch.from_numpy(bias.copy()))
    return network


def _weights(content: bytes) -> list[Weights]:
    """Weights and biases of the file's convolutions, in order."""
    onnx = _onnx()
    try:
        graph = onnx.load_from_string(content).graph
        held = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
        for node in graph.node:  # arrays that are equal are written once
            if node.op_type == "Identity" and node.input[0] in held:
                held[node.output[0]] = held[node.input[0]]
        nodes = [list(node.input) for node in graph.node if node.op_type == "Conv"]
        return [(held[inputs[1]], held[inputs[2]]) for inputs in nodes]
    except Exception as error:  # whatever protobuf and numpy think of foreign bytes
        raise DependencyError(
            f"The network's file cannot be read ({type(error).__name__}).", remedy=_NOT_OURS
        ) from error


def _onnx() -> Any:  # noqa: ANN401
    try:
        import onnx
        import onnx.numpy_helper
    except ImportError as error:
        raise DependencyError(
            f"The package onnx cannot be imported ({error}).",
            remedy='Install it with `pip install "scarscope[train]"`.',
        ) from error
    return onnx


def _widths(weights: list[NDArray[np.float32]]) -> tuple[int, ...]:
    """Features of each level: of the stem, and of every convolution that halves the size."""
    if not weights or weights[0].shape[1] != COUNT or weights[-1].shape[0] != OUTPUTS:
        raise DependencyError("The network's file is of another form.", remedy=_NOT_OURS)
    halving = [w.shape[0] for w in weights[1:] if w.shape[2:] == (2, 2)]
    return (weights[0].shape[0], *halving)
