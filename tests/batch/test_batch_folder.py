import json
import sqlite3

import pandas as pd
import pytest
from batch_fakes import fake_painter, fake_scorer, make_study

from scarscope import Params, batch
from scarscope.batch import Store, read_results
from scarscope.errors import LayoutError, ParamsError, StoreError

TABLES = ("photos.csv", "scars.csv", "failures.csv")
P1S0 = "P01/s0/left.jpg"


def score(folder, out, **options):
    return batch.score_folder(folder, out=out, scorer=fake_scorer, paint=fake_painter, **options)


def tables(out):
    return {name: (out / name).read_bytes() for name in TABLES}


def test_a_folder_ends_in_the_contracts_files(photos, tmp_path):
    out = tmp_path / "out"
    result = score(photos, out)
    assert list(result.photos["path"]) == [
        f"{p}/{s}/left.jpg" for p in ("P01", "P02") for s in ("s0", "s1")
    ]
    assert (result.photos["status"] == "ok").all()
    assert len(result.scars) == result.photos["n_scars"].sum()
    for name in (*TABLES, "scarscope.sqlite", "provenance.json"):
        assert (out / name).is_file()
    for place in ("masks/{}.png", "depth/{}.png", "overlays/{}.jpg"):
        assert (out / place.format(P1S0)).is_file()
    assert not list(out.rglob(".tmp-*"))


def test_masks_and_depth_are_16_bit_and_say_their_unit(photos, tmp_path):
    import numpy as np
    from PIL import Image

    (photos / "manifest.csv").write_text(
        f"path,subject,session,date,view,mm_per_px\n{P1S0},P01,0,,left,0.1\n"
        "P01/s1/left.jpg,P01,1,,left,\n",
        encoding="utf-8",
    )
    score(photos, tmp_path / "out")
    with Image.open(tmp_path / "out/masks/P01/s0/left.jpg.png") as mask:
        labels = np.asarray(mask)
    with Image.open(tmp_path / "out/depth/P01/s0/left.jpg.png") as picture:
        depth, text = np.asarray(picture), picture.info["Description"]
    with Image.open(tmp_path / "out/depth/P01/s1/left.jpg.png") as picture:
        pixels = picture.info["Description"]
    assert labels.dtype == depth.dtype == np.uint16
    assert labels.shape == (20, 30)
    assert set(np.unique(depth)) == {0, 123}
    assert (depth > 0).sum() == (labels > 0).sum() > 0
    assert text == "missing depth in micrometres"
    assert pixels == "missing depth in thousandths of a pixel"


def test_serial_and_parallel_tables_are_equal_byte_for_byte(tmp_path):
    folder = make_study(
        tmp_path / "photos", {"P01/s1/left.jpg": b"noskin", "P02/s0/left.jpg": b"clear"}
    )
    score(folder, tmp_path / "serial", workers=1)
    score(folder, tmp_path / "parallel", workers=2)
    assert tables(tmp_path / "serial") == tables(tmp_path / "parallel")


@pytest.mark.parametrize(
    ("content", "stage", "words"),
    [
        (b"noskin", "skin", "No skin"),
        (b"bug", "unexpected", "ZeroDivisionError"),
        (b"memory", "memory", "memory"),
    ],
)
def test_a_failure_names_stage_and_remedy(tmp_path, content, stage, words):
    folder = make_study(tmp_path / "photos", {P1S0: content})
    result = score(folder, tmp_path / "out")
    row = result.failures.iloc[0]
    assert (row["path"], row["stage"]) == (P1S0, stage)
    assert words in row["error"]
    assert row["remedy"]
    failed = result.photos[result.photos["status"] == "failed"]
    assert list(failed["path"]) == [P1S0]
    assert failed["burden_px"].isna().all()
    assert failed["sha256"].iloc[0]


def test_tracebacks_are_printed_when_asked_for(tmp_path, monkeypatch, capfd):
    folder = make_study(tmp_path / "photos", {P1S0: b"bug"})
    score(folder, tmp_path / "quiet")
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("SCARSCOPE_DEBUG", "1")
    score(folder, tmp_path / "loud")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_resume_scores_only_what_is_new_or_changed(photos, tmp_path):
    out = tmp_path / "out"
    first = score(photos, out)
    (photos / P1S0).write_bytes(b"good but other")
    new = photos / "P03/s0/left.jpg"
    new.parent.mkdir(parents=True)
    new.write_bytes(b"clear")
    events = []
    second = score(photos, out, progress=events.append)
    assert [e.path for e in events if e.status == "kept"] == [
        "P01/s1/left.jpg",
        "P02/s0/left.jpg",
        "P02/s1/left.jpg",
    ]
    assert [e.path for e in events if e.status == "ok"] == [P1S0, "P03/s0/left.jpg"]
    assert second.kept == 3
    assert first.kept == 0
    fresh = score(photos, tmp_path / "fresh")
    assert tables(out) == tables(tmp_path / "fresh")
    assert len(fresh.photos) == 5


def test_resume_redoes_what_a_parameter_scale_or_missing_picture_changes(photos, tmp_path):
    out = tmp_path / "out"
    score(photos, out)
    assert score(photos, out).kept == 4
    assert score(photos, out, params=Params.from_dict({"skin": {"grid_mm": 0.12}})).kept == 0
    assert score(photos, out).kept == 0
    (out / "masks" / f"{P1S0}.png").unlink()
    assert score(photos, out).kept == 3
    (photos / f"{P1S0}.json").write_text('{"mm_per_px": 0.1}', encoding="utf-8")
    assert score(photos, out).kept == 3


def test_editing_words_of_the_manifest_keeps_scores_and_updates_tables(photos, tmp_path):
    out, manifest = tmp_path / "out", photos / "manifest.csv"
    text = f"path,subject,session,date,view,arm\n{P1S0},P01,0,2026-03-01,left,"
    manifest.write_text(text + "laser\n", encoding="utf-8")
    score(photos, out)
    manifest.write_text(text + "sham\n", encoding="utf-8")
    result = score(photos, out)
    assert result.kept == 1
    assert list(result.photos["arm"]) == ["sham"]
    assert {s.reason for s in result.skipped} == {"not in manifest.csv"}


def test_failures_are_tried_again(tmp_path):
    folder = make_study(tmp_path / "photos", {P1S0: b"noskin"})
    out = tmp_path / "out"
    assert len(score(folder, out).failures) == 1
    (folder / P1S0).write_bytes(b"good again")
    result = score(folder, out)
    assert result.failures.empty
    assert list(result.failures.columns) == ["path", "stage", "error", "remedy"]
    assert result.kept == 3


def test_a_photo_that_fails_now_keeps_nothing_of_before(photos, tmp_path):
    out = tmp_path / "out"
    score(photos, out)
    (photos / P1S0).write_bytes(b"noskin")
    result = score(photos, out)
    assert list(result.failures["path"]) == [P1S0]
    assert P1S0 not in set(result.scars["path"])
    for place in ("masks/{}.png", "depth/{}.png", "overlays/{}.jpg"):
        assert not (out / place.format(P1S0)).exists()


def test_an_interrupted_change_of_parameters_leaves_no_mixture(photos, tmp_path):
    out = tmp_path / "out"
    score(photos, out)

    def stop(event):
        if event.status == "ok":
            raise KeyboardInterrupt

    other = Params.from_dict({"skin": {"grid_mm": 0.12}})
    with pytest.raises(KeyboardInterrupt):
        score(photos, out, params=other, progress=stop)
    between = read_results(out).photos
    assert list(between["status"]) == ["ok", "waiting", "waiting", "waiting"]
    assert set(between["params_hash"]) == {other.hash, ""}


def test_a_photo_that_left_the_folder_leaves_tables_and_pictures(photos, tmp_path):
    out = tmp_path / "out"
    score(photos, out)
    content = (photos / P1S0).read_bytes()
    (photos / P1S0).unlink()
    gone = score(photos, out)
    assert P1S0 not in set(gone.photos["path"])
    assert P1S0 not in set(gone.scars["path"])
    assert not [file for file in out.rglob("left.jpg*") if "P01/s0" in file.as_posix()]
    assert P1S0.encode() not in (out / "scarscope.sqlite").read_bytes()
    (photos / P1S0).write_bytes(content)
    again = score(photos, out)
    assert (again.kept, len(again.photos)) == (3, 4)
    score(photos, tmp_path / "fresh")
    assert tables(out) == tables(tmp_path / "fresh")


def test_results_of_another_folder_are_not_replaced(photos, tmp_path):
    out = tmp_path / "out"
    score(photos, out)
    before = tables(out)
    paths = [f"{p}/{s}/left.jpg" for p in ("P01", "P02") for s in ("s0", "s1")]
    other = make_study(tmp_path / "other", dict.fromkeys(paths, b"clear"))
    with pytest.raises(StoreError, match="another folder of photos") as caught:
        score(other, out)
    assert "--out" in caught.value.remedy
    assert tables(out) == before
    moved = photos.rename(tmp_path / "moved")
    assert score(moved, out).kept == 4


def test_pictures_that_could_not_be_placed_are_failures_of_their_own(photos, tmp_path):
    for path in ("P03/12.01.2026/left.jpg", "P03/left.jpg", "P03/s0/right.dng", "P01/s0/left.dng"):
        (photos / path).parent.mkdir(parents=True, exist_ok=True)
        (photos / path).write_bytes(b"good")
    result = score(photos, tmp_path / "out")
    told = result.failures.set_index("path")
    assert set(told.index) == {"P03/12.01.2026/left.jpg", "P03/left.jpg", "P03/s0/right.dng"}
    assert set(told["stage"]) == {"folder"}
    assert told["remedy"]["P03/12.01.2026/left.jpg"] == "Rename '12.01.2026' to 2026-01-12."
    assert "1 folder(s) deep, not 2" in told["error"]["P03/left.jpg"]
    assert len(result.photos) == 4
    assert set(read_results(tmp_path / "out").failures["path"]) == set(told.index)
    counts = json.loads((tmp_path / "out/provenance.json").read_text(encoding="utf-8"))["counts"]
    told = {"photos": 4, "ok": 4, "failed": 0, "excluded": 0, "skipped": 3, "kept": 0}
    assert counts == told


def test_a_result_is_shown_on_one_line_and_as_a_table(photos, tmp_path):
    result = score(photos, tmp_path / "a&b")
    assert "4 photos, 0 failed" in repr(result)
    assert len(repr(result)) < 160 + len(str(tmp_path))
    assert "a&amp;b" in result._repr_html_()
    assert P1S0 in result._repr_html_()


def test_parameters_must_be_an_object(photos, tmp_path):
    with pytest.raises(ParamsError, match="not a Params object"):
        score(photos, tmp_path / "out", params={"skin": {}})


def test_a_scale_for_all_goes_behind_the_manifests_and_is_part_of_what_is_done(photos, tmp_path):
    (photos / "manifest.csv").write_text(
        f"path,subject,session,date,view,mm_per_px\n{P1S0},P01,0,,left,0.1\n"
        "P01/s1/left.jpg,P01,1,,left,\n",
        encoding="utf-8",
    )
    score(photos, tmp_path / "out")
    result = score(photos, tmp_path / "out", mm_per_px=0.05)
    assert list(result.photos["mm_per_px"]) == [0.1, 0.05]
    assert list(result.photos["scale_source"]) == ["manifest", "argument"]
    assert result.kept == 1


def test_a_run_that_is_asked_otherwise_says_what_it_replaces(photos, tmp_path):
    out = tmp_path / "out"
    assert not score(photos, out, mm_per_px=0.06).notes
    (note,) = score(photos, out, compare=False).notes
    assert (
        "--mm-per-px was 0.06 and is not given; comparing (--no-compare) was on and is off" in note
    )
    assert not score(photos, out, compare=False).notes
    relief = Params.from_dict({"scars": {"segmenter": "relief"}})
    (note,) = score(photos, out, compare=False, params=relief).notes
    assert "--segmenter was network and is relief" in note
    with Store(out) as store:
        store.put_run({"version": "0.1.0"})  # of a version that kept no options
    assert not score(photos, out, params=relief).notes


def test_pictures_that_a_manifest_leaves_out_are_no_failures(photos, tmp_path):
    (photos / "manifest.csv").write_text(
        f"path,subject,session,date,view\n{P1S0},P01,0,,left\n", encoding="utf-8"
    )
    result = score(photos, tmp_path / "out")
    assert len(result.skipped) == 3
    assert result.failures.empty


def test_empty_tables_keep_their_columns(tmp_path):
    folder = make_study(tmp_path / "photos")
    for file in folder.rglob("*.jpg"):
        file.write_bytes(b"noskin")
    result = score(folder, tmp_path / "out")
    assert result.scars.empty
    place = ["path", "subject", "session", "view"]
    assert list(result.scars.columns[:6]) == [*place, "scar_id", "type"]
    assert {"mm_per_px_rel_sd", "light_azimuth_deg"} <= set(result.photos.columns)
    assert {"burden_um", "n_scars", "version", "sha256"} <= set(result.photos.columns)
    header = (tmp_path / "out/scars.csv").read_text(encoding="utf-8").splitlines()
    assert header == [",".join(result.scars.columns)]


def test_photos_with_and_without_scale_fill_their_own_columns(photos, tmp_path):
    (photos / "manifest.csv").write_text(
        "path,subject,session,date,view,mm_per_px\n"
        f"{P1S0},P01,0,,left,0.1\nP01/s1/left.jpg,P01,1,,left,\n",
        encoding="utf-8",
    )
    result = score(photos, tmp_path / "out")
    first, second = result.photos.to_dict(orient="records")
    assert first["scale_source"] == "manifest"
    assert first["mm_per_px"] == 0.1
    assert second["scale_source"] == ""
    assert pd.isna(first["burden_px"])
    assert pd.isna(second["burden_um"])
    names = list(result.photos.columns)
    assert names.index("burden_px") - names.index("burden_um") in (1, -1)
    text = (tmp_path / "out/photos.csv").read_text(encoding="utf-8")
    assert "nan" not in text.lower()
    assert "none" not in text.lower()


def test_a_manifest_column_with_the_name_of_a_result_is_kept_apart(photos, tmp_path):
    (photos / "manifest.csv").write_text(
        "path,subject,session,date,view,n_scars,status,manifest_status,burden_um,glare_fraction\n"
        f"{P1S0},P01,0,,left,99,seen,twice,5,6\n",
        encoding="utf-8",
    )
    row = score(photos, tmp_path / "out").photos.iloc[0]
    assert row["manifest_n_scars"] == "99"
    assert row["manifest_manifest_status"] == "seen"
    assert row["manifest_status"] == "twice"
    assert row["status"] == "ok"
    # Without a scale there is no burden_um, but the next photo may have one.
    assert (row["manifest_burden_um"], row["manifest_glare_fraction"]) == ("5", "6")


def test_scars_say_whose_they_are_and_from_which_visit(photos, tmp_path):
    scars = score(photos, tmp_path / "out").scars
    place = scars["subject"] + "/s" + scars["session"].astype(str) + "/" + scars["view"] + ".jpg"
    assert list(place) == list(scars["path"])


def test_missing_files_fail_alone(photos, tmp_path):
    (photos / "manifest.csv").write_text(
        f"path,subject,session,date,view\n{P1S0},P01,0,,left\nP09/gone.jpg,P09,0,,left\n",
        encoding="utf-8",
    )
    result = score(photos, tmp_path / "out")
    assert list(result.photos["status"]) == ["ok", "failed"]
    assert "line 3" in result.failures["error"][0]


def test_the_output_folder_may_lie_in_the_input_folder(photos):
    score(photos, photos / "results")
    again = score(photos, photos / "results")
    assert (len(again.photos), again.kept, again.skipped) == (4, 4, ())


def test_provenance_tells_how_and_when(photos, tmp_path):
    score(photos, tmp_path / "out")
    told = json.loads((tmp_path / "out/provenance.json").read_text(encoding="utf-8"))
    assert told["params_hash"] == Params().hash
    assert told["params"]["skin"]["grid_mm"] == 0.1
    counts = {"photos": 4, "ok": 4, "failed": 0, "excluded": 0, "skipped": 0, "kept": 0}
    assert told["counts"] == counts
    assert told["started_utc"].endswith("+00:00")
    assert told["environment"]["packages"]["numpy"]
    assert told["environment"]["opencv"]["version"]


@pytest.mark.parametrize("file", ["/usr/bin/scarscope", "/lib/scarscope/__main__.py"])
def test_provenance_names_the_program_however_it_was_started(photos, tmp_path, monkeypatch, file):
    monkeypatch.setattr("sys.argv", [file, "batch", "photos"])
    score(photos, tmp_path / "out")
    told = json.loads((tmp_path / "out/provenance.json").read_text(encoding="utf-8"))
    assert told["command"] == ["scarscope", "batch", "photos"]


def test_reading_a_finished_batch_gives_the_same_tables(photos, tmp_path):
    written = score(photos, tmp_path / "out")
    read = read_results(tmp_path / "out")
    pd.testing.assert_frame_equal(read.photos, written.photos)
    pd.testing.assert_frame_equal(read.scars, written.scars)


def test_a_second_run_on_the_same_output_folder_is_refused(photos, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with Store(out), pytest.raises(StoreError, match="in use"):
        score(photos, out)
    assert len(score(photos, out).photos) == 4
    with Store(out), pytest.raises(StoreError, match="in use"):
        score(photos, out)
    with Store(out), pytest.raises(StoreError, match="in use"):
        read_results(out)


def test_tables_keep_the_manifests_order(photos, tmp_path):
    order = ["P02/s1/left.jpg", P1S0, "P02/s0/left.jpg"]
    rows = "".join(f"{path},{path[:3]},{path[5]},,left\n" for path in order)
    manifest = photos / "manifest.csv"
    manifest.write_text(f"path,subject,session,date,view\n{rows}", encoding="utf-8")
    result = score(photos, tmp_path / "out")
    assert list(result.photos["path"]) == order
    counts = result.photos["n_scars"]
    expected = [path for path, n in zip(order, counts, strict=True) for _ in range(n)]
    assert list(result.scars["path"]) == expected


def test_a_newer_store_is_refused(photos, tmp_path):
    out = tmp_path / "out"
    score(photos, out)
    db = sqlite3.connect(out / "scarscope.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer ScarScope"):
        score(photos, out)
    with pytest.raises(StoreError, match="newer ScarScope"):
        read_results(out)


@pytest.mark.parametrize("junk", [b"not a database, " * 99, b"SQLite format 3\0" + b"\xff" * 900])
def test_a_damaged_store_says_what_to_do(photos, tmp_path, junk):
    out = tmp_path / "out"
    out.mkdir()
    (out / "scarscope.sqlite").write_bytes(junk)
    with pytest.raises(StoreError, match="move it away"):
        score(photos, out)


def test_an_interrupted_run_continues(photos, tmp_path):
    out = tmp_path / "out"

    def stop(event):
        if event.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(photos, out, progress=stop)
    assert score(photos, out).kept == 2
    score(photos, tmp_path / "fresh")
    assert tables(out) == tables(tmp_path / "fresh")


def test_leftovers_of_a_killed_run_are_removed(photos, tmp_path):
    out = tmp_path / "out"
    score(photos, out)
    leftover = out / "masks/P01/.tmp-0123.png"
    leftover.write_bytes(b"half")
    score(photos, out)
    assert not leftover.exists()


@pytest.mark.parametrize("workers", [0, -1])
def test_workers_must_be_positive(photos, tmp_path, workers):
    with pytest.raises(ParamsError, match="workers"):
        score(photos, tmp_path / "out", workers=workers)


def test_a_folder_without_photos_is_an_error(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(LayoutError, match="No photos"):
        score(tmp_path / "photos", tmp_path / "out")
    with pytest.raises(LayoutError, match="does not exist"):
        score(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_originals_are_not_touched(photos, tmp_path):
    before = {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in photos.rglob("*.jpg")}
    score(photos, tmp_path / "out")
    assert before == {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in photos.rglob("*.jpg")}
    assert len(list(photos.rglob("*"))) == 4 + 6
