"""``scarscope export``, ``unblind`` and ``protocol``: what is printed, written and refused."""

import hashlib
import io
import json
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scarscope.cli import export, main, protocol, unblind
from scarscope.cli.parser import build_parser
from scarscope.errors import ParamsError, StudyError
from scarscope.study.raters.key import WARNING, find_key, read_key

RUN = {"export": export.run, "unblind": unblind.run, "protocol": protocol.run}


def scarscope(*words):
    """Status and standard output of one command."""
    options = build_parser().parse_args([str(word) for word in words])
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", printed)
        status = RUN[options.command](options)
    return status, printed.getvalue()


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A finished batch of six photos and three retests, which knows where its photos lie."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows, changes = [], []
    for k in range(6):
        path = f"P{k}/s0/left.png"
        (tmp_path / "photos" / path).parent.mkdir(parents=True)
        codes = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(codes).save(tmp_path / "photos" / path)
        digest = hashlib.sha256((tmp_path / "photos" / path).read_bytes()).hexdigest()
        rows.append({"path": path, "subject": f"P{k}", "session": 0, "date": "", "view": "left",
                     "kind": "session", "device": "ab"[k % 2], "status": "ok", "mm_per_px": 0.1,
                     "n_scars": k, "sha256": digest})  # fmt: skip
        changes.append({"subject": f"P{k}", "view": "left", "baseline": path, "followup": path,
                        "kind": "retest", "comparable": "yes", "measure": "burden_um",
                        "before": 20.0 + k,
                        "after": 21.0 + k * (1.2 if k % 2 else 1.0)})  # fmt: skip
    out = tmp_path / "results"
    out.mkdir()
    pd.DataFrame(rows).to_csv(out / "photos.csv", index=False)
    pd.DataFrame(changes).to_csv(out / "changes.csv", index=False)
    (out / "provenance.json").write_text(json.dumps({"options": {"folder": "photos"}}))
    return out


def test_tables_go_out_with_their_dictionary(results, tmp_path):
    status, text = scarscope("export", results, "--out", tmp_path / "out")
    assert (status, text) == (0, f"Wrote 2 table(s) and their dictionary to {tmp_path / 'out'}.\n")
    assert (tmp_path / "out" / "dictionary.csv").is_file()
    _, text = scarscope("export", results, "--out", tmp_path / "out", "--json")
    assert len(json.loads(text)["files"]) == 3


def test_photos_for_raters_come_back_as_agreement(results, tmp_path):
    status, text = scarscope(
        "export", results, "--out", "for-raters", "--blind", "--ask", "n_scars"
    )
    key_file = find_key(results)
    assert status == 0
    assert "Wrote 6 picture(s) for raters to for-raters." in text
    assert str(key_file.relative_to(tmp_path)) in text
    assert WARNING in text
    for rater in ("anna", "ben"):
        rows = [
            (i.code, int(i.subject[1:]) + (rater == "ben"), "") for i in read_key(key_file).items
        ]
        table = pd.DataFrame(rows, columns=["code", "n_scars", "comment"])
        table.to_csv(tmp_path / f"{rater}.csv", index=False)
    status, text = scarscope("unblind", results, "anna.csv", "ben.csv")
    assert status == 0
    lines = text.splitlines()
    assert lines[0] == "n_scars, photo by photo (6 photos):"
    assert any(
        line.startswith("  scarscope and anna ") and "ICC(2,1) 1.00 (1.00 to 1.00)" in line
        for line in lines
    )
    assert lines[-1] == f"Tables are in {results / 'ratings'}."
    assert len(pd.read_csv(results / "ratings" / "ratings.csv")) == 12
    _, text = scarscope("unblind", results, "anna.csv", "ben.csv", "--json", "--out", "other")
    document = json.loads(text)
    assert document["ratings"] == 12
    assert {row["a"] for row in document["agreement"]} == {"anna", "scarscope", "all raters"}
    assert (tmp_path / "other" / "agreement.csv").is_file()


def test_marks_are_told_scar_by_scar(results, tmp_path):
    scars = [{"path": f"P{k}/s0/left.png", "subject": f"P{k}", "session": 0, "view": "left",
              "scar_id": 1, "type": "boxcar", "x_px": 30.0, "y_px": 30.0, "width_mm": 1.0}
             for k in range(6)]  # fmt: skip
    pd.DataFrame(scars).to_csv(results / "scars.csv", index=False)
    scarscope("export", results, "--out", "for-raters", "--blind", "--json")
    marks = [(item.code, 31, 30, "", "") for item in read_key(find_key(results)).items]
    table = pd.DataFrame(marks, columns=["code", "x_px", "y_px", "width_px", "type"])
    table.to_csv("anna-marks.csv", index=False)
    status, text = scarscope("unblind", results, "--marks", "anna-marks.csv")
    assert status == 0
    assert "Scar by scar, centres within 3 mm (6 photos):" in text
    assert "F1 1.00 (1.00 to 1.00), 6 of 6 and 6 scars" in text


def test_drawings_come_back_under_the_photos_names(results, tmp_path, capsys):
    scarscope("export", results, "--out", "for-raters", "--blind", "--json")
    items = read_key(find_key(results)).items
    for rater in ("anna", "ben"):
        (tmp_path / rater).mkdir()
        for item in items:
            mask = np.zeros((64, 64), np.uint8)
            mask[20:30, 20:30] = 255
            Image.fromarray(mask).save(tmp_path / rater / f"{item.code}.png")
    status, text = scarscope("unblind", results, "--masks", "anna", "ben")
    masks = results / "ratings" / "masks"
    assert status == 0
    assert text.splitlines()[:3] == [
        "12 drawing(s) are named like the photos now. Next:",
        f"  scarscope validate {results} {masks / 'anna'}",
        f"  scarscope validate {results} {masks / 'ben'}",
    ]
    assert (masks / "anna" / "P0" / "s0" / "left.png.png").is_file()
    assert len(pd.read_csv(results / "ratings" / "drawings.csv")) == 12
    assert not (results / "ratings" / "ratings.csv").exists()  # no sheet was given
    _, text = scarscope("unblind", results, "--masks", "anna", "--json", "--out", "other")
    assert {row["rater"] for row in json.loads(text)["drawings"]} == {"anna"}
    # What follows works as it was printed.
    assert main(["validate", "--raters", str(masks / "anna"), str(masks / "ben")]) == 0
    assert "6 photo(s), 6 scar(s) that anybody marked." in capsys.readouterr().out


def test_sheets_and_drawings_are_read_in_one_go(results, tmp_path):
    scarscope("export", results, "--out", "for-raters", "--blind", "--ask", "n_scars")
    items = read_key(find_key(results)).items
    (tmp_path / "anna").mkdir()
    for item in items:
        Image.new("L", (64, 64)).save(tmp_path / "anna" / f"{item.code}.png")
    rows = [(item.code, 1, "") for item in items]
    pd.DataFrame(rows, columns=["code", "n_scars", "comment"]).to_csv("anna.csv", index=False)
    _, text = scarscope("unblind", results, "anna.csv", "--masks", "anna", "--json")
    told = json.loads(text)
    assert (told["ratings"], len(told["drawings"])) == (6, 6)
    with pytest.raises(ParamsError, match="No sheet was given"):
        scarscope("unblind", results)


def test_a_folder_that_moved_is_asked_for(results, tmp_path):
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    with pytest.raises(ParamsError, match="they were in photos"):
        scarscope("export", results, "--out", "for-raters", "--blind")
    status, text = scarscope(
        "export", results, "--out", "for-raters", "--blind", "--photos", "elsewhere", "--json"
    )
    assert status == 0
    assert json.loads(text)["pictures"] == 6


def test_options_of_raters_photos_are_not_ignored(results):
    with pytest.raises(ParamsError, match="--repeats is for raters' photos"):
        scarscope("export", results, "--out", "tables", "--repeats", "2")
    with pytest.raises(SystemExit):
        scarscope("export", results, "--out", "tables", "--repeats", "-2")


def test_retests_by_a_column_of_the_manifest(results, tmp_path):
    status, text = scarscope("protocol", results, "--by", "device", "--out", tmp_path / "out")
    assert status == 0
    assert text.startswith("burden_um, by device:\n  a: detectable from ")
    assert "times that of a" in text
    assert len(pd.read_csv(tmp_path / "out" / "protocols.csv")) == 2
    _, text = scarscope("protocol", results, "--by", "device", "--reference", "b", "--json")
    assert [row["reference"] for row in json.loads(text)["protocols"]] == ["b", None]
    with pytest.raises(ParamsError, match="Which column"):
        scarscope("protocol", results)
    with pytest.raises(StudyError, match="no retest of n_scars"):
        scarscope("protocol", results, "--by", "device", "--measure", "n_scars")


def test_a_file_of_protocols_is_tried(tmp_path, monkeypatch):
    from scarscope.validation.capture import CaptureTrial

    status, example = scarscope("protocol", "--example")
    assert status == 0
    (tmp_path / "p.toml").write_text(example, encoding="utf-8")
    table = pd.DataFrame(
        [{"protocol": name, "mdc95_pct": 8.0, "mdc95_low_pct": 6.0, "mdc95_high_pct": 12.0,
          "seen": 0.5, "true_mdc95_pct": 16.0, "n_pairs_refused": 1, "reference": against,
          "sd_ratio": 0.5, "low": 0.2, "high": 1.4, "verdict": "cannot be told"}
         for name, against in (("lamp", None), ("ring", "lamp"))]
    )  # fmt: skip
    tried = []

    def trial(plan, progress=None):
        tried.append(plan)
        return CaptureTrial(table, None, table)

    monkeypatch.setattr("scarscope.validation.capture.try_captures", trial)
    status, text = scarscope("protocol", tmp_path / "p.toml", "--out", tmp_path / "out")
    assert status == 0
    assert [c.name for c in tried[0].captures] == ["one lamp from the side", "ring flash"]
    assert "lamp: detectable from 8.0 % (6.0 to 12.0) as read; sees 0.50 of a true change" in text
    assert "so true ones from 16.0 %; 1 pair(s) refused" in text
    assert "error 0.50 times that of lamp (0.20 to 1.40): cannot be told" in text
    _, text = scarscope("protocol", tmp_path / "p.toml", "--json")
    assert json.loads(text)["from"] == "simulated skin"
    with pytest.raises(ParamsError, match="--by is for a batch's output"):
        scarscope("protocol", tmp_path / "p.toml", "--by", "device")
    with pytest.raises(ParamsError, match="FILE is needed"):
        scarscope("protocol")
