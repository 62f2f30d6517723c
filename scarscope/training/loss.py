"""What a good answer is: every scar found, its depth, its volume, its type, and how sure one is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# Depth is learned in tenths of millimetres, so that its errors weigh about as much as the others.
DEPTH_UNIT_MM = 0.1
_LEAST_SD_MM, _MOST_SD_MM = 0.003, 1.0
_MEAN_AREA = 60.0  # cells; a scar this large has weight one a cell
_WEIGHTS = (0.5, 5.0)


@dataclass(frozen=True)
class Target:
    """Truth of a batch; every tensor has shape (n, h, w) at 0.2 mm.

    Attributes
    ----------
    depth : float
        Missing depth in mm.
    scar, hidden : float
        Share of a cell in a scar, and of no plain skin.
    labels : int64
        0 or the scar's number within its example.
    kinds : int64
        0 or 1 + the index of the type.
    known : float
        1 where it is known what is a scar, else 0.
    measured : float
        1 where missing depth and what is no plain skin are known; annotated photos have outlines
        alone.
    """

    depth: Tensor
    scar: Tensor
    hidden: Tensor
    labels: Tensor
    kinds: Tensor
    known: Tensor
    measured: Tensor


@dataclass(frozen=True)
class Weights:
    """How much each part of the loss counts."""

    scar: float = 1.0
    overlap: float = 1.0
    depth: float = 0.08
    volume: float = 0.04
    spread: float = 0.15
    kind: float = 0.5
    hidden: float = 0.3
    core: float = 2.0


def losses(maps: Tensor, target: Target) -> dict[str, Tensor]:
    """Every part of the loss, unweighted, as scalars.

    Parameters
    ----------
    maps : Tensor, shape (n, 8, h, w)
        The network's output.
    target : Target
    """
    numbers, areas, greatest = _scars(target)
    weight = _weights(areas, numbers) * target.known
    depth, log_sd = maps[:, 1], maps[:, 2].clamp(_log(_LEAST_SD_MM), _log(_MOST_SD_MM))
    wrong = (depth - target.depth) / DEPTH_UNIT_MM
    core = torch.where(target.scar > 0.3, target.depth / greatest[numbers].clamp_min(0.02), 0.0)
    return {
        "scar": _mean(_cross_entropy(maps[:, 0], target.scar), weight),
        "overlap": _overlap(maps[:, 0], target),
        "depth": _mean(wrong**2, target.measured),
        "volume": _volume(depth, target, numbers, areas),
        "spread": _mean(_spread(wrong * DEPTH_UNIT_MM, log_sd), target.measured),
        "kind": _kind(maps[:, 3:6], target, areas[numbers]),
        "hidden": _mean(_cross_entropy(maps[:, 6], target.hidden), target.measured),
        "core": _mean((maps[:, 7] - core.clamp(0, 1)) ** 2, weight * target.measured),
    }


def total(parts: dict[str, Tensor], weights: Weights) -> Tensor:
    """The weighted sum."""
    sums = [getattr(weights, name) * part for name, part in parts.items()]
    return torch.stack(sums).sum()


def _log(value: float) -> float:
    return float(torch.tensor(value).log())


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp_min(1.0)


def _cross_entropy(logits: Tensor, share: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, share, reduction="none")


def _scars(target: Target) -> tuple[Tensor, Tensor, Tensor]:
    """A number of its own for every scar of the batch (0 is none), areas and greatest depths."""
    count = int(target.labels.max()) + 1
    offset = torch.arange(len(target.labels), device=target.labels.device)[:, None, None] * count
    numbers = torch.where(target.labels > 0, target.labels + offset + 1, 0)
    size = len(target.labels) * count + 2
    flat = numbers.flatten()
    areas = torch.bincount(flat, minlength=size).to(target.depth.dtype)
    greatest = torch.zeros(size, device=flat.device, dtype=target.depth.dtype)
    greatest.scatter_reduce_(0, flat, target.depth.flatten(), "amax")
    return numbers, areas, greatest


def _weights(areas: Tensor, numbers: Tensor) -> Tensor:
    """Cells of small scars count more: an icepick is a scar as much as a rolling one is."""
    each = (_MEAN_AREA / areas.clamp_min(1.0)).sqrt().clamp(*_WEIGHTS)
    each[0] = 1.0
    return each[numbers]


def _overlap(logits: Tensor, target: Target) -> Tensor:
    """One minus Dice over the batch."""
    found, true = torch.sigmoid(logits) * target.known, target.scar * target.known
    return 1 - (2 * (found * true).sum() + 1.0) / (found.sum() + true.sum() + 1.0)


def _spread(wrong: Tensor, log_sd: Tensor) -> Tensor:
    """Gaussian log-likelihood of the error, which itself is not taught by it.

    A mean that learns from its own uncertainty neglects what is hard (Seitzer 2022).
    """
    return log_sd + 0.5 * (wrong.detach() * torch.exp(-log_sd)) ** 2


def _volume(depth: Tensor, target: Target, numbers: Tensor, areas: Tensor) -> Tensor:
    """Error of mean depth, per scar and per example, in depth units; robust to the odd one."""
    flat = numbers.flatten()
    off = (depth - target.depth) * target.measured / DEPTH_UNIT_MM
    wrong = off.flatten()
    sums = torch.zeros_like(areas).index_add_(0, flat, wrong)
    per_scar = (sums / areas.clamp_min(1.0))[1:][areas[1:] > 4]
    per_photo = 4.0 * off.mean(dim=(1, 2))
    both = [
        functional.smooth_l1_loss(e, torch.zeros_like(e), reduction="sum") / max(len(e), 1)
        for e in (per_scar, per_photo)
    ]
    return both[0] + both[1]


def _kind(logits: Tensor, target: Target, areas: Tensor) -> Tensor:
    """Cross entropy of the type; every scar counts the same whatever its area."""
    inside = (target.kinds > 0) & (target.known > 0)
    if not inside.any():
        return logits.sum() * 0
    chosen = logits.permute(0, 2, 3, 1)[inside]
    weight = 1.0 / areas[inside].clamp_min(4.0)
    each = functional.cross_entropy(chosen, target.kinds[inside] - 1, reduction="none")
    return (each * weight).sum() / weight.sum()
