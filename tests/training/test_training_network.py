"""The network, what a good answer is, and the file that is shipped."""

from __future__ import annotations

import io
import warnings
from dataclasses import fields, replace

import numpy as np
import pytest

from scarscope.errors import DependencyError

torch = pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("onnx", reason="needs the extra train")

from scarscope.training.batches import batch_of, read  # noqa: E402
from scarscope.training.export import TOLERANCE, onnx_bytes, write_onnx  # noqa: E402
from scarscope.training.folded import convolutions, fold, read_network  # noqa: E402
from scarscope.training.loss import Target, Weights, losses, total  # noqa: E402
from scarscope.training.network import OUTPUTS, Network, parameters_of  # noqa: E402

WIDTHS = (4, 6, 8, 8, 8)
SIDE = 24


@pytest.fixture(scope="module")
def network():
    """A network whose normalisation has seen something."""
    torch.manual_seed(3)
    made = Network(WIDTHS)
    with torch.no_grad():
        for _ in range(4):
            made(1.5 * torch.randn(2, 6, 96, 96) + 0.3)
    return made.eval()


def _target():
    """Two examples: two scars of two types, and hair; none."""
    zeros = torch.zeros(2, SIDE, SIDE)
    labels, kinds = zeros.long(), zeros.long()
    labels[0, 3:9, 4:12], labels[0, 14:20, 13:21] = 1, 2
    kinds[0, 3:9, 4:12], kinds[0, 14:20, 13:21] = 1, 3
    depth, hidden = zeros.clone(), zeros.clone()
    depth[0, 3:9, 4:12], depth[0, 14:20, 13:21] = 0.2, 0.5
    hidden[1, :, 20:] = 1
    ones = torch.ones_like(zeros)
    return Target(depth, (labels > 0).float(), hidden, labels, kinds, ones, ones.clone())


def _truth(target):
    """The maps that say just that."""
    maps = torch.zeros(len(target.depth), OUTPUTS, SIDE, SIDE)
    maps[:, 0] = 40 * target.scar - 20
    maps[:, 1] = target.depth
    maps[:, 2] = -9
    for kind in range(3):
        maps[:, 3 + kind] = 20.0 * (target.kinds == kind + 1)
    maps[:, 6] = 40 * target.hidden - 20
    maps[:, 7] = target.scar
    return maps


def _parts(maps, target):
    return {name: float(part) for name, part in losses(maps, target).items()}


def test_the_truth_costs_nothing():
    parts = _parts(_truth(_target()), _target())
    spread = parts.pop("spread")
    assert spread == pytest.approx(np.log(0.003), abs=1e-4)
    assert parts == pytest.approx(dict.fromkeys(parts, 0.0), abs=1e-5)


def _changed(channel, change):
    def apply(maps):
        maps[:, channel] = change(maps[:, channel])
        return maps

    return apply


# What is wrong with the maps, and the parts of the loss that must rise by it; no other may.
WRONG = {
    "a scar missed": (_changed(0, lambda m: m.clamp(max=-4.0)), {"scar", "overlap"}),
    "scars where there are none": (_changed(0, lambda m: m.clamp(min=0.0)), {"scar", "overlap"}),
    "too deep": (_changed(1, lambda m: m + 0.05), {"depth", "volume", "spread"}),
    "too shallow": (_changed(1, lambda m: 0.7 * m), {"depth", "volume", "spread"}),
    "too unsure": (_changed(2, lambda m: m + 5), {"spread"}),
    "another type": (_changed(slice(3, 6), lambda m: m.flip(1)), {"kind"}),
    "hair taken for skin": (_changed(6, lambda m: 0 * m - 6), {"hidden"}),
    "no cores": (_changed(7, lambda m: 0 * m), {"core"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_part_reacts_to_the_error_that_it_is_for(name):
    change, expected = WRONG[name]
    target = _target()
    least, parts = _parts(_truth(target), target), _parts(change(_truth(target)), target)
    assert {part for part in parts if parts[part] > least[part] + 1e-3} == expected
    assert all(parts[part] >= least[part] - 1e-6 for part in parts)


def test_every_part_weighs_in_the_whole():
    parts = {field.name: torch.tensor(2.0) for field in fields(Weights)}
    assert float(total(parts, Weights())) == pytest.approx(
        2 * sum(getattr(Weights(), field.name) for field in fields(Weights))
    )
    target = _target()
    assert set(losses(_truth(target), target)) == set(parts)


def test_what_nobody_knows_costs_nothing():
    target = _target()
    unknown = replace(
        target, known=torch.zeros_like(target.known), measured=torch.zeros_like(target.measured)
    )
    torch.manual_seed(0)
    maps = torch.randn(2, OUTPUTS, SIDE, SIDE, requires_grad=True)
    whole = total(losses(maps, unknown), Weights())
    whole.backward()
    assert float(maps.grad.abs().max()) == 0


def test_outlines_alone_teach_neither_depth_nor_what_hides_skin():
    target = _target()
    drawn = replace(target, measured=torch.zeros_like(target.measured))
    torch.manual_seed(0)
    maps = torch.randn(2, OUTPUTS, SIDE, SIDE, requires_grad=True)
    total(losses(maps, drawn), Weights()).backward()
    taught = [channel for channel in range(OUTPUTS) if maps.grad[:, channel].abs().max() > 0]
    assert taught == [0, 3, 4, 5]


def test_depth_is_not_taught_by_its_own_uncertainty():
    target = _target()
    maps = _truth(target) + 0.1
    maps[:, 2] = -3.0
    maps.requires_grad_(True)
    losses(maps, target)["spread"].backward()
    taught = [channel for channel in range(OUTPUTS) if maps.grad[:, channel].abs().max() > 0]
    assert taught == [2]


def test_small_scars_count_more():
    target = _target()
    target.labels[0, 1:3, 20:22], target.scar[0, 1:3, 20:22] = 3, 1.0
    small, large = _truth(target), _truth(target)
    small[0, 0, 1:3, 20:22] = -3.0
    large[0, 0, 3:5, 4:6] = -3.0
    assert _parts(small, target)["scar"] > 2 * _parts(large, target)["scar"]


def test_batches_hold_what_examples_hold(examples):
    arrays = examples.open()
    made = [read(arrays, number) for number in range(4)]
    batch = batch_of(made)
    assert batch.skin.shape == (4, 6, 288, 288)
    assert batch.skin.dtype == torch.float32
    assert {tuple(part.shape) for part in vars(batch.target).values()} == {(4, 144, 144)}
    assert batch.target.labels.dtype == batch.target.kinds.dtype == torch.int64
    assert float(batch.target.depth[1].sum()) == pytest.approx(made[1].depth_um.sum() / 1000)
    assert float(batch.target.known.min()) == float(batch.target.measured.min()) == 1


@pytest.mark.parametrize("side", [(96, 96), (64, 160)])
def test_maps_are_of_half_the_size(network, side):
    maps = network(torch.zeros(2, 6, *side))
    assert maps.shape == (2, OUTPUTS, side[0] // 2, side[1] // 2)


def test_the_shipped_form_stays_small():
    assert parameters_of(Network()) * 4 < 4e6


def test_folding_changes_nothing(network):
    torch.manual_seed(5)
    skin = torch.randn(2, 6, 64, 96)
    folded = fold(network)
    with torch.no_grad():
        apart = float((folded(skin) - network(skin)).abs().max())
    assert apart < 1e-5
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in folded.modules())
    assert any(isinstance(part, torch.nn.BatchNorm2d) for part in network.modules())


def test_convolutions_are_listed_in_the_order_of_their_use(network):
    folded, used = fold(network), []
    for convolution in convolutions(folded):
        convolution.register_forward_hook(lambda module, *_: used.append(module))
    folded(torch.zeros(1, 6, 32, 32))
    assert used == convolutions(folded)


def test_a_written_network_comes_back(network):
    torch.manual_seed(5)
    skin = torch.randn(1, 6, 64, 96)
    again = read_network(onnx_bytes(network))
    twice = read_network(onnx_bytes(again))
    with torch.no_grad():
        assert float((again(skin) - network(skin)).abs().max()) < 1e-5
        assert torch.equal(twice(skin), again(skin))


@pytest.mark.parametrize("damage", ["text", "empty", "other inputs", "a layer more"])
def test_foreign_files_are_refused(network, damage):
    with pytest.raises(DependencyError, match=r"cannot be read|another form"):
        read_network(_foreign(network, damage))


def _foreign(network, damage):
    import onnx

    if damage in ("text", "empty"):
        return b"no network" if damage == "text" else b""
    if damage == "other inputs":
        buffer = io.BytesIO()
        convolution = torch.nn.Conv2d(3, 4, 3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(convolution, (torch.zeros(1, 3, 8, 8),), buffer, dynamo=False)
        return buffer.getvalue()
    model = onnx.load_from_string(onnx_bytes(network))
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    model.graph.node.insert(0, first)
    return model.SerializeToString()


def test_the_inference_engine_answers_alike(network, tmp_path):
    assert write_onnx(network, tmp_path / "to" / "network.onnx") < TOLERANCE
    assert (tmp_path / "to" / "network.onnx").read_bytes() == onnx_bytes(network)


def test_a_file_that_is_read_otherwise_is_not_written(network, tmp_path, monkeypatch):
    other = onnx_bytes(Network(WIDTHS))
    monkeypatch.setattr("scarscope.training.export.onnx_bytes", lambda _: other)
    with pytest.raises(DependencyError, match="differs from PyTorch"):
        write_onnx(network, tmp_path / "network.onnx")
    assert not (tmp_path / "network.onnx").exists()
