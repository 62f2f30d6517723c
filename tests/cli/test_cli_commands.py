import io
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import scarscope
from scarscope.cli import main
from scarscope.cli.console import (
    _PlainProgress,
    duration,
    micrometres,
    print_json,
    print_photos,
    tolerate_narrow_consoles,
)
from scarscope.cli.parser import build_parser
from scarscope.cli.score import names
from scarscope.errors import RegionError
from scarscope.flags import Flag


@pytest.fixture(autouse=True)
def keep_environment(monkeypatch):
    from scarscope.machine import ONE_THREAD

    for name in ONE_THREAD:
        monkeypatch.setenv(name, "1")
    monkeypatch.delenv("SCARSCOPE_DEBUG", raising=False)


@pytest.fixture
def rooms(monkeypatch):
    """Real reading, and a fake score: a dark photo has no skin, a red one hits a fault."""
    import scarscope.api  # first, so that it binds the real painter and not the fake below
    import scarscope.measures
    import scarscope.report

    def score(photo, *, roi=None, params=None, segmenter=None):
        print("a library that talks")
        mean = photo.rgb.mean(axis=(0, 1))
        if mean.max() < 0.01:
            raise RegionError("No skin was found.", remedy="Frame the cheek.")
        if mean[0] > 5 * mean[1]:
            raise ZeroDivisionError("of ours")
        return make_score(photo)

    monkeypatch.setattr(scarscope.measures, "score", score)
    painter = lambda score, path: path.write_bytes(b"overlay")  # noqa: E731
    monkeypatch.setattr(scarscope.report, "write_overlay", painter)
    monkeypatch.setattr("scarscope.api.write_overlay", painter)


def make_score(photo):
    import pandas as pd

    from scarscope.measures.model import Score
    from scarscope.scars.model import Scars, columns
    from scarscope.skin.model import Grid, Skin

    unit = "mm" if photo.scale else "px"
    grid = Grid(photo.shape, 1.0, photo.scale.mm_per_px if photo.scale else 1.0, 0.1, unit)
    zeros = np.zeros(photo.shape, np.float32)
    region = np.ones(photo.shape, bool)
    skin = Skin(photo, grid, photo.rgb, region, zeros, zeros, zeros, "auto", 30.0, {}, Flag.NONE)
    labels = np.zeros(photo.shape, np.int32)
    labels[2:5, 2:5] = 1
    row = [1, "icepick", 0.9, 0.1, 0.0, 3.0, 3.0, *[0.5] * 7, float("nan")]
    table = pd.DataFrame([row], columns=list(columns(unit)))
    depth = np.where(labels > 0, np.float32(0.1), np.float32(0))
    scars = Scars(skin, labels, depth, table, "fake", {}, photo.flags)
    name = "burden_um" if unit == "mm" else "burden_px"
    return Score(scars, {"n_scars": 1, name: 12.5, "ita_deg": float("nan")}, photo.flags)


def picture(path, rgb=(200, 150, 120)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((80, 90, 3), rgb, np.uint8)).save(path)
    return path


def test_score_prints_numbers(rooms, tmp_path, capsys):
    assert main(["score", str(picture(tmp_path / "left.png")), "--mm-per-px", "0.1"]) == 0
    printed = capsys.readouterr()
    assert "left.png" in printed.out
    assert "12.5 µm" in printed.out
    assert "--out" in printed.err


def test_score_json_is_one_document_and_nothing_else(rooms, tmp_path, capsys):
    good, dark = picture(tmp_path / "皮肤 1.png"), picture(tmp_path / "dark.png", (0, 0, 0))
    assert main(["score", str(good), str(dark), "--json"]) == 3
    printed = capsys.readouterr()
    assert "NaN" not in printed.out
    document = json.loads(printed.out)
    first, second = document["photos"]
    assert first["path"] == "皮肤 1.png"
    assert first["status"] == "ok"
    assert first["ita_deg"] is None
    assert first["scars"][0]["confidence"] is None
    assert isinstance(first["flags"], list)
    assert "NO_SCALE" in first["flags"]
    assert first["mm_per_px"] is first["scale_source"] is None
    assert (second["status"], second["stage"], second["scars"]) == ("failed", "skin", [])
    assert "dark.png" in printed.err
    assert "Frame the cheek." in printed.err


def test_score_writes_pictures_and_scars(rooms, tmp_path):
    out = tmp_path / "out"
    photos = [picture(tmp_path / name / "left.png") for name in ("a", "b")]
    arguments = ["score", *map(str, photos), "--out", str(out), "--mm-per-px", "0.1"]
    assert main(arguments) == 0
    for place in ("masks/a/left.png.png", "depth/b/left.png.png", "overlays/b/left.png.jpg"):
        assert (out / place).is_file()
    lines = (out / "scars.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("path,scar_id,type,p_icepick")
    assert [line.split(",")[0] for line in lines[1:]] == ["a/left.png", "b/left.png"]


def test_score_does_not_replace_a_batch_and_says_what_else_it_does(rooms, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["score", str(picture(tmp_path / "a.png")), "--out", str(out)]
    assert main(arguments) == 0
    assert "earlier run" not in capsys.readouterr().err
    assert main(arguments) == 0
    assert "photos.csv and scars.csv in" in capsys.readouterr().err
    (out / "scarscope.sqlite").write_bytes(b"")
    before = (out / "photos.csv").read_bytes()
    for command in (arguments, ["compare", *2 * arguments[1:2], "--out", str(out)]):
        assert main(command) == 1
        assert "holds the results of a batch" in capsys.readouterr().err
    assert (out / "photos.csv").read_bytes() == before


def test_tables_of_single_photos_are_no_study(rooms, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["score", str(picture(tmp_path / "a.png")), "--out", str(out)]) == 0
    for command in (
        ["report", str(out)],
        ["study", str(out)],
        ["plan", str(out), "--detect", "25"],
    ):
        assert main(command) == 1
        told = capsys.readouterr().err
        assert "is not the table photos of a batch: it has no column" in told
        assert "fault of ScarScope" not in told


def test_score_keeps_the_photos_numbers(rooms, tmp_path):
    import pandas as pd

    out = tmp_path / "out"
    dark = picture(tmp_path / "b.png", (0, 0, 0))
    assert main(["score", str(picture(tmp_path / "a.png")), str(dark), "--out", str(out)]) == 3
    photos = pd.read_csv(out / "photos.csv")
    assert list(photos["path"]) == ["a.png", "b.png"]
    assert list(photos["status"]) == ["ok", "failed"]
    assert photos["burden_px"][0] == 12.5
    assert {"version", "params_hash", "sha256", "glare_fraction"} <= set(photos.columns)


def test_score_into_a_file_is_refused_before_scoring(rooms, tmp_path, capsys):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    assert main(["score", str(picture(tmp_path / "a.png")), "--out", str(tmp_path / "out")]) == 1
    errors = capsys.readouterr().err
    assert "a file lies there" in errors
    assert "fault" not in errors
    assert "talks" not in errors


def test_paths_that_are_no_files_are_shown_as_typed(rooms, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "P01/s0").mkdir(parents=True)
    assert main(["score", str(Path("P01/s0")), str(Path("P01/gone.jpg")), "P*/x?.jpg"]) == 1
    errors = capsys.readouterr().err
    assert f"scarscope batch {Path('P01/s0')}" in errors
    assert f"{Path('P01/gone.jpg')} does not exist" in errors
    assert f"No file matches {Path('P*/x?.jpg')}" in errors
    assert main(["batch", "P09", "--out", "o"]) == 1
    assert "scarscope: P09 does not exist." in capsys.readouterr().err
    photo = str(picture(tmp_path / "a.png"))
    assert main(["batch", "a.png", "--out", "o"]) == 1
    assert "a.png is a file, not a folder" in capsys.readouterr().err
    assert main(["score", photo, "--roi", str(Path("P01/roi.png"))]) == 1
    assert f"Region file {Path('P01/roi.png')} does not exist" in capsys.readouterr().err


def test_columns_stand_below_each_other_whatever_letters_a_name_has(capsys):
    row = {"status": "ok", "n_scars": 7, "flags": ""}
    print_photos([{**row, "path": "皮肤.png"}, {**row, "path": "left.png"}])
    wide, plain = capsys.readouterr().out.splitlines()[1:]
    assert plain.index("7") == wide.index("7") + 2  # two characters that are two columns wide


def test_a_console_without_the_letter_is_told_um(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert micrometres() == "um"


def test_names_are_short_where_they_can_be(tmp_path):
    assert names([tmp_path / "a/left.png", tmp_path / "b/right.png"]) == ["left.png", "right.png"]
    assert names([tmp_path / "a/L.png", tmp_path / "b/l.png"]) == ["a/L.png", "b/l.png"]


def test_score_of_nothing_readable_is_1_and_names_the_remedy(rooms, tmp_path, capsys):
    file = tmp_path / "text.jpg"
    file.write_text("not a photo", encoding="utf-8")
    assert main(["score", str(file)]) == 1
    assert main(["score", str(tmp_path / "gone.jpg")]) == 1
    errors = capsys.readouterr().err
    assert "text.jpg" in errors
    assert "gone.jpg" in errors
    assert "->" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "arguments",
    [
        ["score"],
        ["score", "x.jpg", "--mm-per-px", "0"],
        ["score", "x.jpg", "--mm-per-px", "nan"],
        ["score", "x.jpg", "--mm_per_px", "1"],
        ["batch", "folder"],
        ["batch", "folder", "--out", "o", "--workers", "0"],
        ["batch", "folder", "--out", "o", "--workers", "two"],
        ["phantom"],
        ["nonsense"],
    ],
)
def test_wrong_usage_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_unknown_options_are_reported_with_the_commands_own_usage(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["batch", "photos", "--out", "o", "--roi", "x.png"])
    assert caught.value.code == 2
    errors = capsys.readouterr().err
    assert "usage: scarscope batch" in errors
    assert "unrecognized arguments: --roi x.png" in errors
    assert "Did you mean" not in errors


@pytest.mark.parametrize("typed", ["--mm_per_px=0.06", "--mm-per-pxl", "--mmperpx"])
def test_a_mistyped_option_is_told_what_may_have_been_meant(typed, capsys):
    with pytest.raises(SystemExit):
        main(["score", "left.jpg", typed])
    errors = capsys.readouterr().err
    assert f"unrecognized arguments: {typed}" in errors
    assert "Did you mean --mm-per-px? See scarscope score --help." in errors


def test_a_decimal_comma_is_answered_with_the_point(capsys):
    with pytest.raises(SystemExit):
        main(["score", "a.jpg", "--mm-per-px", "0,06"])
    assert "write 0.06, with a point" in capsys.readouterr().err


def test_batch_takes_one_scale_for_photos_that_have_none(rooms, tmp_path):
    import pandas as pd

    picture(tmp_path / "photos/P01/s0/left.png")
    sidecar = picture(tmp_path / "photos/P01/s1/left.png").with_name("left.png.json")
    sidecar.write_text('{"mm_per_px": 0.1}', encoding="utf-8")
    arguments = ["batch", str(tmp_path / "photos"), "--workers", "1", "--out", str(tmp_path / "o")]
    assert main([*arguments, "--mm-per-px", "0.06"]) == 0
    photos = pd.read_csv(tmp_path / "o/photos.csv")
    assert list(photos["mm_per_px"]) == [0.06, 0.1]
    assert list(photos["scale_source"]) == ["argument", "sidecar"]
    assert main([*arguments, "--mm-per-px", "60"]) == 2


def test_batch_compares_visits_unless_told_not_to(rooms, tmp_path, monkeypatch, capsys):
    import scarscope.batch

    asked = []
    done = scarscope.batch.score_folder

    def score_folder(folder, **options):
        asked.append(options["compare"])
        return done(folder, **{**options, "compare": False})

    monkeypatch.setattr(scarscope.batch, "score_folder", score_folder)
    picture(tmp_path / "photos/P01/s0/left.png")
    arguments = ["batch", str(tmp_path / "photos"), "--workers", "1", "--out", str(tmp_path / "o")]
    assert main(arguments) == 0
    assert main([*arguments, "--no-compare"]) == 0
    assert asked == [True, False]
    with pytest.raises(SystemExit):
        main(["compare", "a.jpg", "b.jpg", "--no-compare"])


def test_impossible_values_are_2_and_explained(rooms, tmp_path, capsys):
    photo = str(picture(tmp_path / "left.png"))
    assert main([]) == 2
    assert main(["score", photo, "--mm-per-px", "60"]) == 2
    assert "plausible" in capsys.readouterr().err
    params = tmp_path / "params.toml"
    params.write_text("[skin]\ngrid = 1\n", encoding="utf-8")
    assert main(["score", photo, "--params", str(params)]) == 2
    assert "skin.grid" in capsys.readouterr().err
    layout = ["batch", str(tmp_path), "--out", str(tmp_path / "o"), "--layout", "{patient}"]
    assert main(layout) == 2
    assert "{patient}" in capsys.readouterr().err


def make_folder(folder):
    picture(folder / "P01/s0/left.png")
    picture(folder / "P01/s1/left.png", (0, 0, 0))
    (folder / "P01/s2").mkdir(parents=True)
    (folder / "P01/s2/left.jpg").write_bytes(b"\xff\xd8\xff\xe0 truncated")
    return folder


def test_batch_names_each_failed_photo_at_the_end_with_its_remedy(rooms, tmp_path, capsys):
    folder, out = make_folder(tmp_path / "photos"), tmp_path / "out"
    assert main(["batch", str(folder), "--out", str(out), "--workers", "1"]) == 3
    printed = capsys.readouterr()
    tail = printed.err[printed.err.index("2 photo(s) failed or were not scored:") :]
    assert "P01/s1/left.png" in tail
    assert "P01/s2/left.jpg" in tail
    assert tail.count("->") == 2
    assert "1 photo(s) scored, 2 failed, 1 scar(s) found." in printed.out
    assert str(out / "overlays") in printed.out
    assert (out / "overlays/P01/s0/left.png.jpg").read_bytes() == b"overlay"


def test_batch_says_3_when_a_picture_could_not_be_placed(rooms, tmp_path, capsys):
    picture(tmp_path / "photos/P01/s0/left.png")
    picture(tmp_path / "photos/P01/12.01.2026/left.png")
    arguments = ["batch", str(tmp_path / "photos"), "--workers", "1", "--out", str(tmp_path / "o")]
    assert main(arguments) == 3
    printed = capsys.readouterr()
    assert "Rename '12.01.2026' to 2026-01-12." in printed.err
    assert "1 photo(s) scored, 0 failed, 1 could not be placed" in printed.out


def test_batch_refuses_an_empty_layout_as_wrong_usage(tmp_path, capsys):
    assert main(["batch", str(tmp_path), "--out", str(tmp_path / "o"), "--layout", ""]) == 2
    assert "{subject}" in capsys.readouterr().err


def test_batch_says_0_when_all_is_done_and_1_when_nothing_is(rooms, tmp_path, capsys):
    folder = make_folder(tmp_path / "photos")
    arguments = ["batch", str(folder), "--workers", "1", "--out"]
    picture(folder / "P01/s1/left.png")
    (folder / "P01/s2/left.jpg").unlink()
    assert main([*arguments, str(tmp_path / "good")]) == 0
    assert main([*arguments, str(tmp_path / "good")]) == 0
    assert "2 of them in an earlier run" in capsys.readouterr().out
    for name in ("s0", "s1"):
        picture(folder / f"P01/{name}/left.png", (0, 0, 0))
    assert main([*arguments, str(tmp_path / "bad")]) == 1
    assert main(["batch", str(tmp_path / "nowhere"), "--out", str(tmp_path / "x")]) == 1


def test_a_fault_of_ours_is_a_failure_of_that_photo_with_how_to_report(rooms, tmp_path, capsys):
    folder = tmp_path / "photos"
    picture(folder / "a.png", (250, 1, 1))
    picture(folder / "b.png")
    assert main(["batch", str(folder), "--workers", "1", "--out", str(tmp_path / "o")]) == 3
    errors = capsys.readouterr().err
    assert "ZeroDivisionError" in errors
    assert "SCARSCOPE_DEBUG" in errors
    assert "subject of its own" in errors


def test_unexpected_errors_show_no_traceback_unless_asked(monkeypatch, capsys):
    def broken(_):
        raise RuntimeError("odd")

    monkeypatch.setattr("scarscope.cli.doctor.run", broken)
    assert main(["doctor"]) == 1
    quiet = capsys.readouterr().err
    assert "SCARSCOPE_DEBUG=1" in quiet
    assert "Traceback" not in quiet
    monkeypatch.setenv("SCARSCOPE_DEBUG", "1")
    assert main(["doctor"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_130_and_says_how_to_go_on(rooms, tmp_path, monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("scarscope.measures.score", stop)
    folder = make_folder(tmp_path / "photos")
    assert main(["batch", str(folder), "--workers", "1", "--out", str(tmp_path / "o")]) == 130
    assert "same command again" in capsys.readouterr().err


def test_without_opencv_commands_say_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert main(["batch", str(tmp_path), "--out", str(tmp_path / "o")]) == 1
    errors = capsys.readouterr().err
    assert "OpenCV cannot be imported" in errors
    assert "pip install" in errors


def test_help_names_every_command_and_every_option_has_help():
    parser = build_parser()
    commands = next(a for a in parser._actions if hasattr(a, "choices") and a.choices)
    names = {"score", "batch", "compare", "phantom", "validate", "train", "doctor"}
    names |= {"study", "plan", "report", "review", "export", "unblind", "protocol"}
    assert set(commands.choices) == names
    for command in commands.choices.values():
        assert "examples:" in command.epilog
        assert "exit status" in command.epilog
        assert all(action.help for action in command._actions)
        assert max(map(len, command.format_help().splitlines())) <= 100


def examples():
    commands = next(a for a in build_parser()._actions if hasattr(a, "choices") and a.choices)
    for command in commands.choices.values():
        for line in map(str.strip, command.epilog.splitlines()):
            if line.startswith("scarscope "):
                yield shlex.split(line.partition("      ")[0].partition(" > ")[0])[1:]


def test_examples_parse_as_written():
    written = list(examples())
    assert len(written) >= 8
    for words in written:
        assert build_parser().parse_args(words).command == words[0]


def test_examples_name_files_that_are_there():
    root = Path(__file__).parents[2]
    named = {word for words in examples() for word in words if word.startswith("data/")}
    assert len(named) == 4
    for path in named:
        assert (root / path).exists(), path


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.strip() == f"scarscope {scarscope.__version__}"


def test_the_package_runs_as_a_module():
    command = [sys.executable, "-m", "scarscope", "score", "nowhere.jpg", "--mm-per-px", "x"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "'x' is not a positive number" in done.stderr


def test_help_and_import_load_nothing_heavy():
    code = (
        "import sys, scarscope, scarscope.cli, scarscope.doctor, scarscope.cli.batch, "
        "scarscope.cli.score; print([m for m in ('cv2', 'numpy', 'pandas', 'scipy', 'rich', "
        "'distributed') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # pandas comes with the registry of flags only when that is asked for
    assert done.stdout.strip() == "[]"


def test_narrow_consoles_do_not_crash():
    code = (
        "from scarscope.cli.console import say, tolerate_narrow_consoles as t; t(); "
        "print('µ 李'); say('李')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert done.returncode == 0
    assert done.stdout.decode("cp1252").strip() == "µ ?"
    tolerate_narrow_consoles()


def test_json_of_odd_values(capsys):
    print_json({"a": [1.0, float("inf"), {"b": float("nan")}], "c": "µ"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"a": [1.0, None, {"b": None}], "c": "µ"}
    assert text.isascii()


def test_plain_progress_tells_failures_and_time_left(capsys):
    from scarscope.batch import Progress

    tell = _PlainProgress()
    tell(Progress(0, 3))
    tell(Progress(1, 5, "z.jpg", "kept"))
    tell(Progress(2, 5, "a.jpg", "failed", 1.0))
    tell(Progress(3, 5, "b.jpg", "ok", 1.0))
    time.sleep(0.01)
    tell(Progress(4, 5, "c.jpg", "failed", 1.0))
    tell(Progress(5, 5, "d.jpg", "ok", 1.0))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "[2/5] failed a.jpg",
        "[4/5] failed c.jpg, about 1 s left",
        "[5/5] ok d.jpg",
    ]
    assert [duration(s) for s in (0.1, 80, 600, 9000)] == ["1 s", "80 s", "10 min", "2.5 h"]


def test_a_terminal_gets_a_bar(monkeypatch):
    from scarscope.batch import Progress
    from scarscope.cli.console import progress_bar

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_bar() as tell:
        tell(Progress(0, 2))
        tell(Progress(1, 2, "[red]a.jpg", "failed"))
        tell(Progress(2, 2, "b.jpg", "ok"))
    assert "failed: [red]a.jpg" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()


def test_public_names_are_there():
    for name in scarscope.__all__:
        assert getattr(scarscope, name) is not None
    assert dir(scarscope) == sorted(scarscope.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        scarscope.nonsense  # noqa: B018
