"""``scarscope compare``: what is printed, what is written, and what happens when it cannot."""

import io
import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scarscope.change import COLUMNS, STATUSES, scar_columns
from scarscope.cli import main
from scarscope.cli.compare_text import _figure, _named, _signed
from scarscope.cli.parser import build_parser
from scarscope.params import Params
from scarscope.phantom.pairs import confounder_pair, treated_pair

SMALL = {"size_mm": (20.0, 20.0), "mm_per_px": 0.1, "ita_deg": 30.0}
SCALE = ["--mm-per-px", "0.1"]
PICTURES = {"aligned.jpg", "change_map.jpg", "blink.webp", "wipe.jpg"}
TABLES = {"changes.csv", "scar_changes.csv"}


@pytest.fixture(autouse=True)
def keep_environment(monkeypatch):
    from scarscope.machine import ONE_THREAD

    for name in ONE_THREAD:
        monkeypatch.setenv(name, "1")
    monkeypatch.delenv("SCARSCOPE_DEBUG", raising=False)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A treated pair and one in another light, as files with metadata in them."""
    folder = tmp_path_factory.mktemp("фото 左")
    pairs = {"treated": treated_pair(20005, 0.6, **SMALL)}
    pairs["light"] = confounder_pair(20201, "light", **SMALL)
    for name, pair in pairs.items():
        for which, rendered in zip(("before", "after"), pair, strict=True):
            exif = Image.Exif()
            exif[0x010E] = "Jane Doe"  # ImageDescription
            file = folder / f"{name} {which}.png"
            Image.fromarray(rendered.rgb).save(file, exif=exif)
    return folder


def pair(photos, name="treated"):
    return [str(photos / f"{name} {which}.png") for which in ("before", "after")]


@pytest.fixture(scope="module")
def told(photos):
    """Output folder, standard output and error of one comparison."""
    out = photos.parent / "compared 比較"
    printed, said = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", printed)
        patch.setattr(sys, "stderr", said)
        originals = [(photos / p).read_bytes() for p in pair(photos)]
        status = main(["compare", *pair(photos), *SCALE, "--out", str(out)])
    assert originals == [(photos / p).read_bytes() for p in pair(photos)]
    return SimpleNamespace(status=status, out=out, text=printed.getvalue(), said=said.getvalue())


def test_the_answer_comes_first_then_a_table(told):
    assert told.status == 0
    lines = told.text.splitlines()
    assert lines[0].startswith("Improved: burden -")
    assert "detectable from" in lines[0]
    assert lines[1] == "The photos can be compared."
    burden = next(line for line in lines if line.startswith("  Burden, "))
    assert burden.endswith("  improved")
    named = ("Scarred area, %", "Scars ", "ECCA (estimate)", "Goodman-Baron (estimate)")
    named += ("Redness of scars", "Pigment of scars", "New dark marks, mm2", "New red marks, mm2")
    for name in named:
        assert any(line.startswith(f"  {name}") for line in lines), name
    counts = next(line for line in lines if line.startswith("Scars: "))
    assert all(status in counts for status in STATUSES)
    assert any("quartile of improvement" in line and "GAIS" in line for line in lines)
    assert "Look at" in told.text
    assert "aligned.jpg" in told.text


def test_columns_of_the_table_line_up(told):
    lines = told.text.splitlines()
    header = next(line for line in lines if "detectable from" in line and "before" in line)
    burden = next(line for line in lines if line.startswith("  Burden, "))
    for title in ("before", "after", "change", "detectable from"):
        end = header.index(title) + len(title)
        assert burden[end - 1].isdigit()
        assert burden[end : end + 1] == " "


def test_pictures_and_tables_are_written_without_metadata(told):
    assert {p.name for p in told.out.iterdir()} == PICTURES | TABLES
    for name in PICTURES:
        data = (told.out / name).read_bytes()
        assert b"Jane" not in data
        with Image.open(io.BytesIO(data)) as image:
            assert not image.getexif()
    assert b"Jane" not in b"".join((told.out / name).read_bytes() for name in TABLES)


def test_tables_have_their_columns(told):
    changes = pd.read_csv(told.out / "changes.csv")
    assert tuple(changes.columns) == ("baseline", "followup", *COLUMNS, "version", "params_hash")
    assert set(changes["baseline"]) == {"treated before.png"}
    assert set(changes["followup"]) == {"treated after.png"}
    assert set(changes["params_hash"]) == {Params().pair_hash}
    burden = changes.set_index("measure").loc["burden_um"]
    assert burden["verdict"] == "improved"
    assert burden["change"] == pytest.approx(burden["after"] - burden["before"], rel=1e-5)
    scars = pd.read_csv(told.out / "scar_changes.csv")
    own = ("baseline", "followup", *scar_columns("mm"), "version", "params_hash")
    assert tuple(scars.columns) == own
    assert set(scars["status"]) <= set(STATUSES)
    assert scars["before_id"].notna().any()


def test_json_is_one_document_and_nothing_else(photos, told, capsys):
    assert main(["compare", *pair(photos), *SCALE, "--days-after", "30", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["comparable"] == "yes"
    assert document["reasons"] == []
    assert document["verdict"] == "improved"
    assert document["change_pct"] < -20
    assert document["mdc95_pct"] > 0
    assert document["params_hash"] == Params().pair_hash
    assert document["before"]["path"] == "treated before.png"
    assert document["before"]["file"] == pair(photos)[0]
    assert len(document["after"]["sha256"]) == 64
    assert document["after"]["days_since_treatment"] == 30
    assert document["before"]["days_since_treatment"] is None
    assert document["alignment"]["ok"] is True
    assert np.array(document["alignment"]["matrix"]).shape == (3, 3)
    assert {"stops", "red", "blue", "contrast", "text"} == set(document["harmonised"])
    assert document["same_photo"] is False
    assert document["failures"] == []
    table = pd.read_csv(told.out / "changes.csv").set_index("measure")
    rows = {row["measure"]: row for row in document["measures"]}
    assert list(rows) == list(table.index)
    assert rows["burden_um"]["after"] == pytest.approx(table["after"]["burden_um"], rel=1e-5)
    assert [row["status"] for row in document["scars"]] == list(
        pd.read_csv(told.out / "scar_changes.csv")["status"]
    )


def test_not_comparable_is_an_answer_with_reasons_and_a_picture(photos, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "change_map.jpg").write_bytes(b"of an earlier comparison")
    assert main(["compare", *pair(photos, "light"), *SCALE, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Not comparable (LIGHT_DIRECTION")
    assert "The photos cannot be compared." in printed
    assert printed.count("-> Use the same lamps") == 1
    assert "why.jpg" in printed
    assert "changes.csv" not in printed  # all its figures are blank
    assert "Burden" not in printed
    assert main(["compare", *pair(photos, "light"), *SCALE, "--out", str(out)]) == 0
    assert "changes.csv and scar_changes.csv in" in capsys.readouterr().err
    assert {p.name for p in out.iterdir()} == PICTURES - {"change_map.jpg"} | TABLES | {"why.jpg"}
    changes = pd.read_csv(out / "changes.csv")
    assert set(changes["verdict"]) == {"not comparable"}
    assert changes[["before", "after", "change_pct"]].isna().all(axis=None)
    assert changes["reasons"].str.startswith("LIGHT_DIRECTION|").all()
    assert len(pd.read_csv(out / "scar_changes.csv")) == 0


def test_json_of_a_refusal_says_why(photos, capsys):
    before, after = pair(photos)[0], pair(photos, "light")[1]  # other skin
    assert main(["compare", before, after, *SCALE, "--days-after", "3", "--json"]) == 0
    printed = capsys.readouterr().out
    assert "NaN" not in printed
    document = json.loads(printed)
    assert document["comparable"] == "no"
    codes = [reason["code"] for reason in document["reasons"]]
    assert codes[0] == "NOT_ALIGNED"
    soon = document["reasons"][codes.index("TOO_SOON")]
    assert (soon["weight"], soon["value"]) == ("no", 3)
    assert soon["remedy"].startswith("Photograph just before")
    assert document["change_pct"] is document["quartile"] is document["harmonised"] is None
    assert document["alignment"]["ok"] is False
    assert document["scars"] == []


def test_photos_that_share_nothing_get_a_picture_of_both(photos, tmp_path):
    before, after = pair(photos)[0], pair(photos, "light")[1]
    assert main(["compare", before, after, *SCALE, "--out", str(tmp_path)]) == 0
    assert {p.name for p in tmp_path.iterdir()} == TABLES | {"why.jpg"}


def test_both_unreadable_photos_are_named_with_what_to_do(tmp_path, photos, capsys):
    text = tmp_path / "text.jpg"
    text.write_text("no photo", encoding="utf-8")
    assert main(["compare", str(text), str(tmp_path / "gone.jpg")]) == 1
    said = capsys.readouterr().err
    assert "text.jpg" in said
    assert "gone.jpg does not exist" in said
    assert "->" in said
    assert "Traceback" not in said
    assert main(["compare", pair(photos)[0], str(tmp_path), "--json"]) == 1
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["comparable"] is None
    assert document["before"]["sha256"]
    assert document["after"]["sha256"] is None
    (failure,) = document["failures"]
    assert "is a folder" in failure["error"]
    assert "is a folder" in printed.err


def test_the_same_photo_twice_is_pointed_out(photos, tmp_path, capsys):
    before = pair(photos)[0]
    assert main(["compare", before, before, *SCALE]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("No detectable change")
    assert "are the same file" in printed.err
    copy = tmp_path / "later.png"
    shutil.copy(before, copy)
    assert main(["compare", before, str(copy), *SCALE, "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["same_photo"] is True
    assert "byte by byte" in printed.err


def test_a_photo_is_never_written_to(photos, tmp_path, capsys):
    mine = tmp_path / "aligned.jpg"
    shutil.copy(pair(photos)[0], mine)
    data = mine.read_bytes()
    assert main(["compare", str(mine), pair(photos)[1], "--out", str(tmp_path)]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert mine.read_bytes() == data
    assert [p.name for p in tmp_path.iterdir()] == ["aligned.jpg"]


def test_each_photo_has_its_own_scale(photos, capsys):
    arguments = ["compare", *pair(photos), *SCALE, "--mm-per-px-after", "0.125", "--json"]
    assert main(arguments) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["before"]["mm_per_px"] == 0.1
    assert document["after"]["mm_per_px"] == 0.125
    assert "SCALE_DISAGREES" in [reason["code"] for reason in document["reasons"]]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--mm-per-px", "0"], 2, "not a positive number"),
        (["--days-after", "-1"], 2, "not a number of days"),
        (["--mm-per-px", "50"], 2, "not a plausible scale"),
        (["--roi-after", "gone.png"], 1, "gone.png does not exist"),
        (["--segmenter", "relief", "--weights", "x"], 2, "has no weights"),
        (["third.png"], 2, "unrecognized arguments"),
    ],
)
def test_wrong_usage_is_told(photos, capsys, arguments, status, said):
    try:
        found = main(["compare", *pair(photos), *arguments])
    except SystemExit as stopped:
        found = stopped.code
    assert found == status
    assert said in capsys.readouterr().err


def test_help_is_within_a_console_and_tells_every_option():
    commands = next(a for a in build_parser()._actions if hasattr(a, "choices") and a.choices)
    command = commands.choices["compare"]
    text = command.format_help()
    assert max(map(len, text.splitlines())) <= 100
    assert all(action.help for action in command._actions)
    for name in (*PICTURES, *TABLES, "why.jpg", "same_photo", "not comparable"):
        assert name in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.0, "0"), (16.0, "16"), (95.0, "95"), (9.663, "9.66"), (1196.3, "1196"), (np.nan, "")),
        *((10.0, "10"), (100.0, "100"), (120.0, "120"), (1000.0, "1000"), (2500.0, "2500")),
    ],
)
def test_figures_have_three_digits(value, text):
    assert _figure(value) == text
    if value > 0:
        assert _signed(value, _figure) == f"+{text}"


def test_measures_are_called_what_the_registry_calls_them(monkeypatch):
    assert _named("scar_volume_px3") == ("Missing volume", "px3")
    assert _named("new_red_area_mm2") == ("New red marks", "mm2")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert _named("burden_um") == ("Burden", "um")
