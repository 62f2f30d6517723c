"""The network: a small U-Net that works at 0.2 mm and finer only at its first layer.

Plain convolutions, batch normalisation (folded away on export), ReLU, and nearest-neighbour
enlarging: operations that every version of the inference engine computes alike. Ronneberger 2015
is the form; half resolution throughout keeps a 12-megapixel face within seconds on one core.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from scarscope.scars.channels import COUNT

OUTPUTS = 8  # scar, depth, log sd of depth, three types, not plain skin, core


class Block(nn.Module):
    """Two 3 x 3 convolutions with normalisation; the second adds to what came in."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.first = _conv(inside, outside)
        self.second = _conv(outside, outside)

    def forward(self, x: Tensor) -> Tensor:
        """Features of `outside` channels, same size."""
        x = torch.relu(self.first(x))
        return torch.relu(x + self.second(x))


def _conv(inside: int, outside: int, *, side: int = 3, stride: int = 1) -> nn.Sequential:
    pad = (side - stride + 1) // 2 if stride > 1 else side // 2
    conv = nn.Conv2d(inside, outside, side, stride=stride, padding=pad, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outside))


class Network(nn.Module):
    """Channels of skin to maps of scars.

    Parameters
    ----------
    widths : sequence of int
        Features at 0.2, 0.4, 0.8, 1.6 and 3.2 mm.
    """

    def __init__(self, widths: tuple[int, ...] = (24, 40, 64, 96, 112)) -> None:
        super().__init__()
        self.stem = _conv(COUNT, widths[0], side=4, stride=2)
        self.down = nn.ModuleList([Block(widths[0], widths[0])])
        self.shrink = nn.ModuleList()
        for above, below in itertools.pairwise(widths):
            self.shrink.append(_conv(above, below, side=2, stride=2))
            self.down.append(Block(below, below))
        self.grow, self.up = nn.ModuleList(), nn.ModuleList()
        for above, below in zip(widths[-2::-1], widths[:0:-1], strict=True):
            self.grow.append(_conv(below, above, side=1))
            self.up.append(Block(above, above))
        self.head = nn.Conv2d(widths[0], OUTPUTS, 1)
        with torch.no_grad():
            # Scars are rare and shallow: start from there.
            self.head.bias.copy_(torch.tensor([-2.0, 0.0, -2.5, 0.0, 0.0, 0.0, -3.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        """Maps of shape (n, 8, h / 2, w / 2) from channels of shape (n, 6, h, w)."""
        x = torch.relu(self.stem(x))
        kept = []
        for number, block in enumerate(self.down):
            x = block(x)
            if number < len(self.shrink):
                kept.append(x)
                x = torch.relu(self.shrink[number](x))
        for grow, block in zip(self.grow, self.up, strict=True):
            x = nn.functional.interpolate(grow(x), scale_factor=2.0, mode="nearest")
            x = block(torch.relu(x + kept.pop()))
        out: Tensor = self.head(x)
        return out


def parameters_of(network: nn.Module) -> int:
    """How many numbers were learned."""
    return sum(p.numel() for p in network.parameters())
