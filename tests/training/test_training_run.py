"""A run: the same from the same seed, however often it is stopped; what comes of it."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scarscope.errors import ParamsError, StoreError

torch = pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("onnx", reason="needs the extra train")

from scarscope.scars.card import weights_folder  # noqa: E402
from scarscope.training import __main__ as command  # noqa: E402
from scarscope.training import hardware, loop, run  # noqa: E402
from scarscope.training.batches import batch_of, read  # noqa: E402
from scarscope.training.evaluate import evaluate  # noqa: E402
from scarscope.training.folded import fold, unfold  # noqa: E402
from scarscope.training.hardware import note_hardware, noted_hardware  # noqa: E402
from scarscope.training.loop import lines_of, rate_at, steps_of, train  # noqa: E402
from scarscope.training.loss import total  # noqa: E402
from scarscope.training.network import Network  # noqa: E402
from scarscope.training.params import TrainParams  # noqa: E402
from scarscope.training.progress import Pace, progress, told  # noqa: E402
from scarscope.training.store import Store  # noqa: E402

PARAMS = TrainParams(
    blocks=2, stopping_blocks=1, passes=2, batch=4, warmup=2, seed=11, widths=(4, 6, 8, 8, 8)
)
STEPS = 8


@pytest.fixture(autouse=True)
def every_step(monkeypatch):
    """Keep, say and test as often as a run of eight steps bears."""
    monkeypatch.setattr(loop, "_KEEP_EVERY", 3)
    monkeypatch.setattr(loop, "_SAY_EVERY", 1)
    monkeypatch.setattr(loop, "_TEST_EVERY", 4)
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def undisturbed(examples, judged, tmp_path_factory):
    """A run from beginning to end: its network, its folder, and what it said."""
    torch.set_num_threads(1)  # weights are the same only for the same number
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "_SAY_EVERY", 1)
        patch.setattr(loop, "_TEST_EVERY", 4)
        out, said = tmp_path_factory.mktemp("run"), []
        return train(examples, judged, PARAMS, out, say=said.append), out, said


def _weights(network):
    return {name: value.numpy().tobytes() for name, value in network.state_dict().items()}


def test_a_run_is_a_function_of_its_seed(examples, judged, undisturbed, tmp_path):
    network, _, said = undisturbed
    again = []
    assert _weights(train(examples, judged, PARAMS, tmp_path / "a", say=again.append)) == _weights(
        network
    )
    assert [{**line, "seconds": 0} for line in again] == [{**line, "seconds": 0} for line in said]
    other = train(examples, judged, replace(PARAMS, seed=12), tmp_path / "b")
    assert _weights(other) != _weights(network)


def test_a_run_that_was_stopped_ends_at_the_same_weights(examples, judged, undisturbed, tmp_path):
    for after in (1, 5):
        answers = iter([False] * after + [True] * 50)
        with pytest.raises(KeyboardInterrupt):
            train(examples, judged, PARAMS, tmp_path, stop=lambda a=answers: next(a))
    network = train(examples, judged, PARAMS, tmp_path)
    assert _weights(network) == _weights(undisturbed[0])
    assert [line["step"] for line in lines_of(tmp_path)] == list(range(1, STEPS + 1))


def test_a_run_that_crashed_goes_on_from_what_was_kept(examples, judged, undisturbed, tmp_path):
    def crash(figures):
        if figures["step"] == 5:
            raise MemoryError

    with pytest.raises(MemoryError):
        train(examples, judged, PARAMS, tmp_path, say=crash)
    assert [line["step"] for line in lines_of(tmp_path)] == [1, 2, 3, 4, 5]
    said = []
    network = train(examples, judged, PARAMS, tmp_path, say=said.append)
    assert said[0]["step"] == 4
    assert _weights(network) == _weights(undisturbed[0])
    assert [line["step"] for line in lines_of(tmp_path)] == list(range(1, STEPS + 1))


def test_a_finished_run_is_not_gone_on_with(examples, judged, undisturbed):
    network, out, _ = undisturbed
    said = []
    assert _weights(train(examples, judged, PARAMS, out, say=said.append)) == _weights(network)
    assert said == []


def test_a_run_is_not_gone_on_with_by_other_parameters(examples, judged, undisturbed):
    with pytest.raises(ParamsError, match="other parameters"):
        train(examples, judged, replace(PARAMS, rate=1e-3), undisturbed[1])


def test_a_run_waits_for_examples_and_stops_while_it_waits(judged, tmp_path):
    store = Store(tmp_path / "empty", 2, "training", 8)
    store.create()
    with pytest.raises(KeyboardInterrupt):
        train(store, judged, PARAMS, tmp_path / "run", stop=lambda: True)


def test_what_is_said_is_what_was_learned(undisturbed):
    said = undisturbed[2]
    assert [line["step"] for line in said] == list(range(1, STEPS + 1))
    assert [line["step"] for line in said if "test_dice" in line] == [4, 8]
    assert all(np.isfinite(list(line.values())).all() for line in said)
    assert "scar" in told(said[-1])
    assert "test_dice" in told(said[-1])


def test_learning_lowers_the_loss(examples, tmp_path):
    params = replace(PARAMS, rate=1e-2, average=0.0)
    state = loop.new_state(Network(PARAMS.widths), params)
    batch = batch_of([read(examples.open(), number) for number in (1, 2)])
    costs = [
        float(total(loop.step(state, batch, params, params.rate), params.weights))
        for _ in range(25)
    ]
    assert np.mean(costs[-3:]) < 0.5 * costs[0]
    assert state.step == 25


def test_evaluation_sees_the_difference_between_good_and_bad(judged):
    network = Network(PARAMS.widths)
    with torch.no_grad():
        network.head.weight.zero_()
    none = evaluate(network, judged, 4)
    assert none["test_dice"] == 0
    assert none["test_bias"] == pytest.approx(-1)
    with torch.no_grad():
        network.head.bias[0] = 9.0
    everywhere = evaluate(network, judged, 4)
    assert 0 < everywhere["test_dice"] < 0.5


def test_the_rate_rises_and_falls():
    params = replace(PARAMS, warmup=10, rate=0.1)
    rates = [rate_at(step, 100, params) for step in range(100)]
    assert max(rates) == pytest.approx(0.1)
    assert rates[0] == pytest.approx(0.01)
    assert rates[-1] < 0.001
    assert np.all(np.diff(rates[10:]) < 0)


def test_parameters_are_one_file(tmp_path):
    shipped = Path(loop.__file__).with_name("shipped.toml")
    assert set(TrainParams().to_dict()) == set(tomllib.loads(shipped.read_text(encoding="utf-8")))
    params = TrainParams.from_toml(shipped)
    assert TrainParams.from_dict(params.to_dict()) == params
    file = tmp_path / "params.toml"
    file.write_text("passes = 3\n[weights]\nkind = 0.5\n", encoding="utf-8")
    own = TrainParams.from_toml(file)
    assert (own.passes, own.weights.kind, own.weights.scar) == (3, 0.5, 1.0)
    assert own.hash != TrainParams().hash
    assert steps_of(own, 40) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rates = 1", "rates is no"),
        ("[weights]\nscars = 1", "scars is no"),
        ("=", "cannot be read"),
    ],
)
def test_wrong_parameters_are_named(tmp_path, text, said):
    file = tmp_path / "params.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError, match=said):
        TrainParams.from_toml(file)


def test_time_left_is_told_from_the_speed_of_late():
    pace = Pace(1000)
    assert pace.left(0, 0.0) == ""
    assert pace.left(100, 60.0) == "about 9 min left"
    assert pace.left(1000, 600.0) == ""


@pytest.fixture
def small(examples, judged, monkeypatch):
    """Stores of eight examples a block."""
    monkeypatch.setattr(run, "stores_of", lambda *_: (examples, judged))


def _params_file(folder):
    own = {k: v for k, v in PARAMS.to_dict().items() if k != "weights"}
    lines = [f"{name} = {json.dumps(v)}" for name, v in own.items()]
    file = folder / "params.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_the_commands_run_and_export(small, undisturbed, tmp_path, capsys):
    work = tmp_path / "work"
    arguments = ["--params", str(_params_file(tmp_path)), "--work", str(work)]
    assert command.main(["run", *arguments, "--workers", "0", "--threads", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.out.split() == [str(work / "network.onnx")]
    assert f"[{STEPS}/{STEPS}]" in printed.err
    log = (work / "log.csv").read_text(encoding="utf-8").splitlines()
    assert len(log) == 1 + STEPS
    about = json.loads((work / "about.json").read_text(encoding="utf-8"))
    assert (about["step"], about["params_hash"]) == (STEPS, PARAMS.hash)
    assert about["seeds"]["training"] == [1_000_000, 2_999_999]
    assert [noted["threads"] for noted in about["hardware"]] == [1]
    again = tmp_path / "other.onnx"
    assert command.main(["export", "--work", str(work), "--out", str(again)]) == 0
    assert again.read_bytes() == (work / "network.onnx").read_bytes()
    kept = loop.average_of(work / "run")
    assert _weights(kept[1]) == _weights(undisturbed[0])


def test_ctrl_c_stops_at_the_end_of_a_step(small, tmp_path, capsys, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    work = tmp_path / "work"
    told = run.progress

    def interrupting(*arguments):
        monkeypatch.setattr(run, "progress", told)
        signal.raise_signal(signal.SIGINT)
        return told(*arguments)

    monkeypatch.setattr(run, "progress", interrupting)
    arguments = ["--params", str(_params_file(tmp_path)), "--work", str(work), "--threads", "1"]
    assert command.main(["run", *arguments, "--workers", "0"]) == 130
    assert "run the same command again" in capsys.readouterr().err
    assert loop.average_of(work / "run")[2] == 1
    assert signal.getsignal(signal.SIGINT) == before
    assert command.main(["run", *arguments, "--workers", "0"]) == 0


def test_there_must_be_a_run_to_export(tmp_path, capsys):
    assert command.main(["export", "--work", str(tmp_path), "--out", str(tmp_path / "x")]) == 1
    assert "There is no run" in capsys.readouterr().err
    with pytest.raises(StoreError):
        run.export(tmp_path, tmp_path / "x.onnx")


def test_hardware_is_noted_once_and_again_where_it_changes(tmp_path, monkeypatch):
    assert noted_hardware(tmp_path) == []
    for threads in (2, 2, 4):
        note_hardware(tmp_path / "run", threads)
    noted = noted_hardware(tmp_path / "run")
    assert [each["threads"] for each in noted] == [2, 4]
    assert all(each["processor"] and each["cores"] >= 1 for each in noted)
    monkeypatch.setattr(hardware, "_LINUX", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("cpu family\t: 1\nmodel name\t: Some CPU \n" * 2)
    assert hardware.processor() == "Some CPU"


def test_a_graphics_card_is_named_where_it_learns(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    told = hardware.hardware(None)
    assert (told["device"], told["threads"]) == ("Some GPU", None)


def test_a_terminal_shows_bars(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress(8, 4, lambda: 3) as tell:
        tell({"step": 2, "scar": 0.25})
        tell({"step": 8, "scar": 0.125})
    shown = capsys.readouterr().err
    assert all(text in shown for text in ("Rendering", "3/4", "Learning", "8/8", "scar 0.125"))


def test_a_run_goes_on_from_weights_that_were_folded(examples, undisturbed):
    network, _, _ = undisturbed
    still = fold(network)
    skins = [batch_of([read(examples.open(), n) for n in range(4)]).skin]
    whole = unfold(still, PARAMS.widths, skins).eval()
    with torch.no_grad():
        assert torch.allclose(whole(skins[0]), still(skins[0]), atol=1e-4)
        learning = whole.train()(skins[0])  # its normalisation fits these very examples
    assert torch.allclose(learning, still(skins[0]), atol=1e-3)
    with pytest.raises(ParamsError, match="widths"):
        unfold(still, (4, 6, 8, 8, 10), skins)


def test_going_on_begins_where_the_weights_were(examples, judged, undisturbed, tmp_path):
    network, _, said = undisturbed
    more = []
    params = replace(PARAMS, rate=1e-9, start="0" * 12)
    train(examples, judged, params, tmp_path, begin=fold(network), say=more.append)
    assert more[-1]["test_scar"] == pytest.approx(said[-1]["test_scar"], rel=0.02)


def test_the_weights_to_go_on_from_are_those_of_the_parameters(tmp_path):
    folder = Path(str(weights_folder()))
    digest = hashlib.sha256((folder / "network.onnx").read_bytes()).hexdigest()[:12]
    own = TrainParams(start=digest)
    assert run._start(own, folder, tmp_path) is not None
    before = json.loads((tmp_path / "before.json").read_text(encoding="utf-8"))
    assert before["name"] == "phantom"
    assert before["params"]["blocks"] > 0
    assert run._start(TrainParams(), None, tmp_path) is None
    for params, given in ((own, None), (TrainParams(), folder), (TrainParams(start="0"), folder)):
        with pytest.raises(ParamsError, match="go on from") as caught:
            run._start(params, given, tmp_path)
        assert "--start" in caught.value.remedy
