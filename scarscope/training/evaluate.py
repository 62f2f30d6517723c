"""Figures on examples that are not learned from: quick ones, by pixel and by example."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from scarscope.training.batches import batch_of, read
from scarscope.training.loss import Target, losses
from scarscope.training.network import Network
from scarscope.training.store import Store
from scarscope.validation.figures import spearman


def evaluate(network: Network, store: Store, batch: int, *, most: int = 768) -> dict[str, float]:
    """Losses, Dice, rank of burden, bias of volume, and share of right types on a store.

    Parameters
    ----------
    network : Network
    store : Store
    batch : int
    most : int
        Examples to look at.

    Returns
    -------
    dict
        Names start with ``test_``; a figure that these examples do not tell is left out.
    """
    network.eval()
    device = next(network.parameters()).device
    arrays, count = store.open(), 0
    sums: dict[str, float] = {}
    found: list[NDArray[np.float64]] = []
    with torch.no_grad():
        for first in range(0, min(most, len(store)) - batch + 1, batch):
            made = batch_of([read(arrays, n) for n in range(first, first + batch)])
            maps = network(made.skin.to(device)).float().cpu()
            for name, part in losses(maps, made.target).items():
                sums[name] = sums.get(name, 0.0) + float(part)
            count += 1
            found.append(_per_example(maps, made.target))
    table = np.concatenate(found)
    hit, own, true, burden, true_burden, right, typed = table.T
    figures = {f"test_{name}": value / count for name, value in sums.items()}
    figures |= {
        "test_dice": float(2 * hit.sum() / max(own.sum() + true.sum(), 1)),
        "test_spearman": float(spearman(np.stack([burden, true_burden], axis=-1))),
        "test_bias": float(burden.sum() / max(true_burden.sum(), 1e-9) - 1),
        "test_type": float(right.sum() / max(typed.sum(), 1)),
    }
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def _per_example(maps: torch.Tensor, target: Target) -> NDArray[np.float64]:
    """Cells hit, found and true, burden found and true, cells of right type and of any."""
    own, true = maps[:, 0] > 0, target.scar > 0.5
    kinds = target.kinds
    right = (maps[:, 3:6].argmax(1) + 1 == kinds) & (kinds > 0)
    burden = (maps[:, 1].clamp_min(0) * torch.sigmoid(maps[:, 0])).mean((1, 2))
    columns = (
        (own & true).sum((1, 2)),
        own.sum((1, 2)),
        true.sum((1, 2)),
        burden,
        target.depth.mean((1, 2)),
        right.sum((1, 2)),
        (kinds > 0).sum((1, 2)),
    )
    return torch.stack([c.double() for c in columns], dim=1).numpy()
