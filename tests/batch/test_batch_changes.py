"""Comparing within a batch: which photos, by which error, under resume, with which numbers."""

import json
import math
import shutil
import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from batch_fakes import fake_comparer, fake_painter, fake_scorer, make_study
from PIL import Image

import scarscope as ss
from scarscope import Params, batch
from scarscope.batch import Entry, PairTask, Shot, Store, compare_files, list_pairs, read_results
from scarscope.batch.columns import CHANGES, PAIR_PLACE, SCAR_CHANGES
from scarscope.batch.pairs import since_treatment
from scarscope.batch.pools import processes
from scarscope.batch.runner import run_pooled
from scarscope.batch.scar_ids import with_stored_ids
from scarscope.batch.task import file_hash
from scarscope.batch.write import png16, write_bytes
from scarscope.change import MeasurementError, of_study, scar_columns
from scarscope.change.error import SCAR, Spread
from scarscope.cli import main
from scarscope.cli.batch import _pair_counts, _tell_reasons
from scarscope.errors import PhotoError, StoreError
from scarscope.skin.model import Grid

TABLES = ("photos.csv", "scars.csv", "changes.csv", "scar_changes.csv", "failures.csv")
HEAD = "path,subject,session,date,view,mm_per_px,kind,treated_on\n"
SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def score(folder, out, **options):
    fakes = {"scorer": fake_scorer, "comparer": fake_comparer, "paint": fake_painter}
    return batch.score_folder(folder, out=out, **{**fakes, **options})


def tables(out):
    return {name: (out / name).read_bytes() for name in TABLES}


def write_study(folder, rows):
    """A manifest and its fake photos; a row is path, subject, session, date, view, kind, ..., text.

    What a photo says decides its burden, see the fakes.
    """
    lines = [HEAD]
    for path, subject, session, day, view, kind, treated, text in rows:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        lines.append(f"{path},{subject},{session},{day},{view},0.1,{kind},{treated}\n")
    (folder / "manifest.csv").write_text("".join(lines), encoding="utf-8")
    return folder


def row(name, session, text, *, view="left", kind="session", day="", treated="", subject="P01"):
    return (f"{subject}/{name}.jpg", subject, session, day, view, kind, treated, text)


STUDY = (
    row("a", 0, "good 20", day="2026-01-01"),
    row("a2", 0, "good 20.1", kind="retest", day="2026-01-01"),
    row("b", 1, "good 20.2", day="2026-02-12", treated="2026-01-01"),
    row("c", 2, "good 12", day="2026-03-26", treated="2026-02-12"),
    row("d", 0, "good 10", view="right", subject="P02"),
    row("e", 1, "good 30", view="right", subject="P02"),
)


@pytest.fixture
def published(monkeypatch):
    """A measurement error of round figures in place of the one that comes with the package."""
    burden = {"yes": (0.3, 0.05), "caution": (0.3, 0.12), "retest": (0.2, 0.03)}
    spreads = {
        kind: {"burden_um": Spread(*parts), SCAR: Spread(0.0, 0.1)}
        for kind, parts in burden.items()
    }
    error = MeasurementError("scarscope", 50, spreads)
    for place in ("scarscope.change", "scarscope.change.error"):
        monkeypatch.setattr(f"{place}.published", lambda: error)
    return error


@pytest.fixture
def study(tmp_path, published):
    return write_study(tmp_path / "photos", STUDY)


@pytest.fixture
def repeated(tmp_path, published):
    """As many retests as the study's own error needs, which differ much."""
    return write_study(tmp_path / "photos", [*STUDY, *retests(6)])


def retests(count):
    visits = [row(f"v{i}", 0, "good 20", subject=f"R{i:02d}") for i in range(count)]
    texts = [f"good {20 + 6 * (-1) ** i}" for i in range(count)]
    again = [
        row(f"w{i}", 0, text, kind="retest", subject=f"R{i:02d}") for i, text in enumerate(texts)
    ]
    return [*visits, *again]


def burdens(result, kind="session"):
    changes = result.changes
    return changes[(changes["measure"] == "burden_um") & (changes["kind"] == kind)]


def entry(path, session, *, subject="P01", view="left", kind="session"):
    return Entry(path, subject, view, session, kind=kind)


def test_follow_ups_go_with_baseline_and_retests_with_their_own_visit():
    entries = [
        entry("p1s2", 2),
        entry("p1s0", 0),
        entry("p1s0again", 0),
        entry("p1s2r", 2, kind="retest"),
        entry("p1s0r", 0, kind="retest"),
        entry("right1", 1, view="right"),
        entry("right3", 3, view="right"),
        entry("p2s1", 1, subject="P02"),
        entry("lone", 4, kind="retest"),
    ]
    assert [pair.key for pair in list_pairs(entries)] == [
        ("p1s0", "p1s2"),
        ("p1s2", "p1s2r"),
        ("p1s0", "p1s0r"),
        ("right1", "right3"),
    ]


@pytest.mark.parametrize(
    ("day", "treated", "days"),
    [
        (date(2026, 2, 12), "2026-02-01", 11),
        (date(2026, 2, 12), "2026-02-12", 0),
        (date(2026, 2, 12), "2026-02-13", math.nan),
        (date(2026, 2, 12), "", math.nan),
        (None, "2026-02-01", math.nan),
    ],
)
def test_days_since_treatment(day, treated, days):
    shot = replace(entry("x", 1), day=day, extra=(("treated_on", treated),))
    assert since_treatment(shot) == pytest.approx(days, nan_ok=True)


def test_one_row_a_pair_and_measure_in_the_folders_order(study, tmp_path):
    result = score(study, tmp_path / "out")
    told = burdens(result)
    assert list(told["followup"]) == ["P01/b.jpg", "P01/c.jpg", "P02/e.jpg"]
    assert list(told["baseline"]) == ["P01/a.jpg", "P01/a.jpg", "P02/d.jpg"]
    assert list(told["session"]) == [1, 2, 1]
    assert list(told["days"]) == pytest.approx([42, 84, math.nan], nan_ok=True)
    assert list(told["verdict"]) == ["no detectable change", "improved", "worse"]
    assert list(told["change"]) == pytest.approx([0.2, -8, 20])
    assert set(told["mdc95_source"]) == {"scarscope"}
    assert len(result.changes) == 2 * 4
    text = (tmp_path / "out/changes.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == ",".join(CHANGES)
    assert ",,," in text
    assert "nan" not in text.lower()
    pd.testing.assert_frame_equal(read_results(tmp_path / "out").changes, result.changes)


def test_a_retest_has_figures_but_no_verdict(study, tmp_path):
    (retest,) = burdens(score(study, tmp_path / "out"), "retest").to_dict(orient="records")
    assert (retest["baseline"], retest["followup"]) == ("P01/a.jpg", "P01/a2.jpg")
    assert retest["change"] == pytest.approx(0.1)
    assert retest["mdc95"] > 0
    assert retest["verdict"] == ""


def test_enough_retests_make_the_studys_own_error(repeated, tmp_path):
    result = score(repeated, tmp_path / "out")
    own = of_study(
        [table for _, table in result.changes.query("kind == 'retest'").groupby("followup")],
        least=6,
    )
    told = burdens(result)
    assert set(told["mdc95_source"]) == {"study"}
    means = (told["before"] + told["after"]) / 2
    expected = [own.mdc95("burden_um", mean, comparable="yes") for mean in means]
    assert list(told["mdc95"]) == pytest.approx(expected)
    # What counted as improved by ScarScope's error is within that of these retests.
    assert list(told["verdict"]) == ["no detectable change", "no detectable change", "worse"]
    changes = json.loads((tmp_path / "out/provenance.json").read_text())["changes"]
    assert changes["measurement_error"] == {"source": "study", "pairs": 7}
    assert (changes["followups"], changes["retests"], changes["failed"]) == (3, 7, 0)


def test_verdicts_follow_when_retests_come_later(study, tmp_path):
    out = tmp_path / "out"
    assert set(burdens(score(study, out))["mdc95_source"]) == {"scarscope"}
    write_study(study, [*STUDY, *retests(6)])
    events = []
    assert set(burdens(score(study, out, progress=events.append))["mdc95_source"]) == {"study"}
    kept = [e.path for e in events if e.stage == "comparing" and e.status == "kept"]
    assert kept == ["P01/a2.jpg"]
    score(study, tmp_path / "fresh")
    assert tables(out) == tables(tmp_path / "fresh")


def test_retests_without_a_scale_do_not_count(repeated, tmp_path):
    write_study(repeated, [*STUDY, *[(*r[:7], r[7] + " px") for r in retests(6)]])
    result = score(repeated, tmp_path / "out")
    assert set(burdens(result)["mdc95_source"]) == {"scarscope"}
    assert (result.changes["measure"] == "burden_px").sum() == 6


def test_retests_that_cannot_be_compared_do_not_count(repeated, tmp_path):
    soon = [(*r[:3], "2026-01-01", *r[4:6], "2026-01-01", r[7]) for r in retests(6)]
    write_study(repeated, [*STUDY, *soon])
    result = score(repeated, tmp_path / "out")
    assert set(burdens(result)["mdc95_source"]) == {"scarscope"}
    refused = burdens(result, "retest").query("subject != 'P01'")
    assert set(refused["verdict"]) == {"not comparable"}
    assert set(refused["reasons"]) == {"TOO_SOON"}


def compared(folder, out, **options):
    events = []
    score(folder, out, progress=events.append, **options)
    return [e.path for e in events if e.stage == "comparing" and e.status == "ok"]


def test_resume_compares_only_what_is_new_or_changed(study, tmp_path):
    out = tmp_path / "out"
    everything = ["P01/a2.jpg", "P01/b.jpg", "P01/c.jpg", "P02/e.jpg"]
    assert compared(study, out) == everything
    assert compared(study, out) == []
    (study / "P01/c.jpg").write_text("good 13", encoding="utf-8")
    assert compared(study, out) == ["P01/c.jpg"]
    (study / "P01/a.jpg").write_text("good 19", encoding="utf-8")
    assert compared(study, out) == everything[:3]
    sooner = [(*r[:6], "2026-02-11", r[7]) if r[0] == "P01/b.jpg" else r for r in STUDY]
    write_study(study, [(*r[:7], (study / r[0]).read_text()) for r in sooner])
    assert compared(study, out) == ["P01/b.jpg"]
    score(study, tmp_path / "fresh")
    assert tables(out) == tables(tmp_path / "fresh")


def test_parameters_of_pairs_redo_pairs_and_no_photo(study, tmp_path):
    out = tmp_path / "out"
    score(study, out)
    other = Params.from_dict({"change": {"least_retests": 7}})
    assert score(study, out, params=other).kept == 6
    assert len(compared(study, out)) == 4  # and back again


def test_an_interrupted_comparison_continues(study, tmp_path):
    out = tmp_path / "out"

    def stop(event):
        if event.path == "P01/b.jpg" and event.stage == "comparing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(study, out, progress=stop)
    assert set(read_results(out).changes["followup"]) == {"P01/a2.jpg", "P01/b.jpg"}
    assert compared(study, out) == ["P01/c.jpg", "P02/e.jpg"]
    score(study, tmp_path / "fresh")
    assert tables(out) == tables(tmp_path / "fresh")


def test_a_photo_that_left_takes_its_pairs_along(study, tmp_path):
    out = tmp_path / "out"
    score(study, out)
    write_study(study, [r for r in STUDY if r[0] != "P01/a.jpg"])
    result = score(study, out)
    assert "P01/a.jpg" not in (out / "changes.csv").read_text()
    assert b"P01/a.jpg" not in (out / "scarscope.sqlite").read_bytes()
    # The next session is the baseline now.
    assert set(burdens(result)["baseline"]) == {"P01/b.jpg", "P02/d.jpg"}
    score(study, tmp_path / "fresh")
    assert tables(out) == tables(tmp_path / "fresh")


def test_no_pair_outlives_its_photos_even_for_a_moment(study, tmp_path):
    score(study, tmp_path / "out")
    with Store(tmp_path / "out") as store:
        store.list_entries(())
    assert b"P01/a.jpg" not in (tmp_path / "out/scarscope.sqlite").read_bytes()


def test_old_pairs_of_a_photo_that_fails_now_are_gone_at_once(study, tmp_path):
    out = tmp_path / "out"
    score(study, out)
    (study / "P01/c.jpg").write_text("noskin", encoding="utf-8")

    def stop(event):
        if event.stage == "comparing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(study, out, progress=stop)
    assert "P01/c.jpg" not in set(read_results(out).changes["followup"])


def test_a_comparison_that_fails_is_named_and_the_rest_goes_on(study, tmp_path):
    (study / "P01/b.jpg").write_text("good 20 pairbug", encoding="utf-8")
    result = score(study, tmp_path / "out")
    (failure,) = result.failures.to_dict(orient="records")
    assert (failure["path"], failure["stage"]) == ("P01/b.jpg", "change")
    assert "P01/a.jpg" in failure["error"]
    assert "ZeroDivisionError" in failure["error"]
    assert failure["remedy"]
    assert (result.photos["status"] == "ok").all()
    assert list(burdens(result)["followup"]) == ["P01/c.jpg", "P02/e.jpg"]
    told = json.loads((tmp_path / "out/provenance.json").read_text())
    assert told["counts"]["skipped"] == 0
    assert told["changes"]["failed"] == 1
    (study / "P01/b.jpg").write_text("good 20", encoding="utf-8")
    assert score(study, tmp_path / "out").failures.empty


def test_follow_ups_of_a_baseline_that_failed_say_so(study, tmp_path):
    (study / "P01/a.jpg").write_text("noskin", encoding="utf-8")
    events = []
    result = score(study, tmp_path / "out", progress=events.append)
    told = result.failures.set_index("path")
    assert list(told.index) == ["P01/a.jpg", "P01/a2.jpg", "P01/b.jpg", "P01/c.jpg"]
    assert list(told["stage"]) == ["skin", "change", "change", "change"]
    assert "P01/a.jpg. That photo could not be scored" in told["error"]["P01/c.jpg"]
    assert set(burdens(result)["followup"]) == {"P02/e.jpg"}
    assert (events[-1].done, events[-1].total) == (7, 7)


def test_serial_and_parallel_tables_are_equal(repeated, tmp_path):
    score(repeated, tmp_path / "serial")
    score(repeated, tmp_path / "parallel", workers=2)
    assert tables(tmp_path / "serial") == tables(tmp_path / "parallel")


def test_a_killed_worker_names_its_pair(study, published):
    (study / "P01/c.jpg").write_text("good 12 pairkill", encoding="utf-8")
    shots = {name: Shot(f"P01/{name}.jpg", study / f"P01/{name}.jpg", "") for name in "abc"}
    known = ((math.nan, math.nan), published, Params(), fake_comparer)
    tasks = [PairTask(shots["a"], shots[name], *known) for name in "cb"]
    outcomes = {o.path: o for o in run_pooled(tasks, processes, workers=1)}
    assert outcomes["P01/b.jpg"].failure is None
    failure = outcomes["P01/c.jpg"].failure
    assert failure.stage == "change"
    assert "P01/a.jpg. The worker process died" in failure.error


def test_progress_counts_photos_and_pairs(study, tmp_path):
    events = []
    score(study, tmp_path / "out", progress=events.append)
    assert [e.done for e in events] == list(range(11))
    assert {e.total for e in events} == {10}
    assert [e.stage for e in events] == ["scoring"] * 7 + ["comparing"] * 4


def test_one_session_leaves_empty_tables_with_their_columns(tmp_path):
    folder = write_study(tmp_path / "photos", [row("a", 0, "good 20")])
    result = score(folder, tmp_path / "out")
    assert list(result.changes.columns) == list(CHANGES)
    assert list(result.scar_changes.columns) == [*PAIR_PLACE, *SCAR_CHANGES]
    assert (len(result.changes), len(result.scar_changes), result.notes) == (0, 0, ())
    for name in ("changes", "scar_changes"):
        (header,) = (tmp_path / f"out/{name}.csv").read_text().splitlines()
        assert header == ",".join(getattr(result, name).columns)
    assert json.loads((tmp_path / "out/provenance.json").read_text())["changes"] == {
        "followups": 0,
        "retests": 0,
        "failed": 0,
        "kept": 0,
        "measurement_error": None,
    }


def test_nothing_is_compared_where_that_is_not_wanted(study, tmp_path):
    out = tmp_path / "out"
    score(study, out)
    assert score(study, out, compare=False).changes.empty
    assert len(compared(study, out)) == 4
    assert score(study, tmp_path / "fakes", comparer=None).changes.empty


def test_an_older_store_is_refused(study, tmp_path):
    score(study, tmp_path / "out")
    db = sqlite3.connect(tmp_path / "out/scarscope.sqlite")
    db.execute("PRAGMA user_version = 3")
    db.close()
    with pytest.raises(StoreError, match="older ScarScope"):
        score(study, tmp_path / "out")


def test_days_of_treatment_and_retests_that_do_not_fit_are_noted(tmp_path):
    rows = [
        row("a", 0, "good 20", day="2026-01-01", treated="2026-01-02"),
        row("b", 1, "good 20", day="2026-02-01", treated="2026-02-01"),
        row("c", 2, "good 20", kind="retest"),
    ]
    notes = score(write_study(tmp_path / "photos", rows), tmp_path / "out").notes
    assert len(notes) == 3
    assert "P01/c.jpg" in notes[0]
    assert "P01/a.jpg, are dated before their treated_on" in notes[1]
    assert "P01/b.jpg, were taken on the day" in notes[2]


def make_change(labels, after, places, rows, region=None):
    grid = Grid(labels.shape, 1.0, 0.1, 0.1, "mm")
    table = pd.DataFrame(
        [[*ids, "", "unchanged", *[0.0] * 2, "", "", *[0.0] * 8] for ids in rows],
        columns=list(scar_columns("mm")),
    ).astype({"before_id": "Int64", "after_id": "Int64"})
    everywhere = np.ones(labels.shape, bool)
    return SimpleNamespace(
        pair=SimpleNamespace(grid=grid, region=everywhere if region is None else region),
        reading=SimpleNamespace(
            before=SimpleNamespace(labels=labels), after=SimpleNamespace(labels=after)
        ),
        alignment=SimpleNamespace(grid_maps=lambda grid: places),
        scars=table,
    )


def test_scars_carry_the_numbers_of_the_photos_own_masks(tmp_path):
    own, other = np.zeros((40, 60), np.int32), np.zeros((40, 60), np.int32)
    own[5:15, 5:15], own[20:30, 5:15] = 1, 2
    other[6:15, 5:15], other[20:30, 40:50] = 1, 2
    first, second = np.zeros((40, 60), np.uint16), np.zeros((40, 60), np.uint16)
    first[5:14, 5:15], first[20:30, 6:16], first[0:4, 50:] = 300, 7, 9
    second[3:12, 15:25] = 41  # the later photo lies 10 to the right and 3 up; it has one scar
    for name, mask in (("b.png", first), ("a.png", second)):
        write_bytes(tmp_path / name, png16(mask, "x"))
    rows, cols = np.indices(own.shape, dtype=np.float32)
    pairs = [(1, 1), (2, None), (None, 2)]
    change = make_change(own, other, (cols + 10, rows - 3), pairs)
    told = with_stored_ids(change, tmp_path / "b.png", tmp_path / "a.png")
    assert [(r["before_id"], r["after_id"]) for r in told] == [(300, 41), (7, None), (None, None)]
    assert list(told[0]) == list(scar_columns("mm"))
    assert with_stored_ids(change, None, None)[0]["before_id"] is None
    (tmp_path / "a.png").write_bytes(b"half")
    with pytest.raises(StoreError, match=r"a\.png"):
        with_stored_ids(change, tmp_path / "b.png", tmp_path / "a.png")


def test_a_photo_that_changed_since_it_was_scored_is_not_compared(tmp_path):
    file = SAMPLES / "P01/2026-01-12/left.jpg"
    shots = Shot("a", file, file_hash(file)), Shot("b", file, "0" * 64)
    with pytest.raises(PhotoError, match="b is not the file"):
        compare_files(*shots, days=(math.nan, math.nan), error=None, params=Params())


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The first visit with its retest, and the last one, of one simulated subject."""
    folder = tmp_path_factory.mktemp("sample") / "photos"
    lines = [HEAD]
    for name, session, kind, treated in (
        ("2026-01-12/left", 0, "session", ""),
        ("2026-01-12/left_retest", 0, "retest", ""),
        ("2026-04-06/left", 2, "session", "2026-02-23"),
    ):
        path = f"P01/{name}.jpg"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / path, folder / path)
        lines.append(f"{path},P01,{session},{name[:10]},left,0.06,{kind},{treated}\n")
    (folder / "manifest.csv").write_text("".join(lines), encoding="utf-8")
    return ss.score_folder(folder, out=folder.parent / "out")


def test_real_photos_are_compared_as_the_librarys_own_verb_does(sample):
    told = sample.changes[sample.changes["kind"] == "session"].reset_index(drop=True)
    assert set(told["followup"]) == {"P01/2026-04-06/left.jpg"}
    assert set(told["days"]) == {84}
    folder = SAMPLES / "P01"
    photos = [
        ss.read_photo(folder / day / "left.jpg", mm_per_px=0.06)
        for day in ("2026-01-12", "2026-04-06")
    ]
    change = ss.compare(*photos, days=(math.nan, 42.0))
    assert change.verdict == "improved"
    columns = ["comparable", "reasons", "measure", "verdict", "mdc95_source"]
    pd.testing.assert_frame_equal(told[columns], change.measures[columns])
    for name in ("before", "after", "change_pct", "mdc95"):
        np.testing.assert_allclose(told[name], change.measures[name], rtol=1e-9)


def test_real_scars_are_the_same_scars_in_truth(sample):
    scars = sample.scar_changes
    assert scars["before_id"].dtype == "Int64"
    known = set(sample.scars["path"] + "#" + sample.scars["scar_id"].astype(str))
    both = scars.dropna(subset=["before_id", "after_id"])
    assert len(both) > 20
    agree = []
    for pair in both.itertuples():
        ends = (pair.baseline, pair.before_id), (pair.followup, pair.after_id)
        assert {f"{path}#{number}" for path, number in ends} <= known
        agree.append(len({_true_scar(sample.out, *end) for end in ends}) == 1)
    assert np.mean(agree) > 0.9
    assert set(scars.loc[scars["kind"] == "retest", "status"]) == {""}
    assert (scars.loc[scars["kind"] == "session", "status"] == "improved").mean() > 0.5


def _true_scar(out, path, number):
    """Number in truth, the same in all photos of a subject, of what a mask's scar covers."""
    with Image.open(out / "masks" / f"{path}.png") as picture:
        own = np.asarray(picture) == number
    with Image.open(next((SAMPLES / "truth/masks").glob(f"{path}*"))) as picture:
        truth = np.asarray(picture)[own]
    return int(np.bincount(truth[truth > 0], minlength=1).argmax())


def test_the_command_says_what_changed(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("scarscope.batch.folder.score_file", fake_scorer)
    monkeypatch.setattr("scarscope.batch.folder.compare_files", fake_comparer)
    monkeypatch.setattr("scarscope.api.write_overlay", fake_painter)
    real = batch.score_folder
    monkeypatch.setattr(batch, "score_folder", lambda *a, **k: real(*a, scorer=fake_scorer, **k))
    arguments = ["batch", str(study), "--workers", "1", "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert (
        "3 follow-up(s) compared with baseline: 1 improved, 1 no detectable change, 1 worse, "
        "0 not comparable; 1 retest(s)." in printed.out
    )
    assert str(tmp_path / "out/changes.csv") in printed.out
    assert str(tmp_path / "out/scar_changes.csv") in printed.out
    assert "[10/10] ok P02/e.jpg (compared)" in printed.err
    (study / "P01/b.jpg").write_text("good 20 pairbug", encoding="utf-8")
    soon = [(*r[:6], "2026-03-25", r[7]) if r[0] == "P01/c.jpg" else r for r in STUDY]
    write_study(study, [(*r[:7], (study / r[0]).read_text()) for r in soon])
    assert main(arguments) == 3
    printed = capsys.readouterr()
    assert "2 follow-up(s) compared with baseline: 0 improved" in printed.out
    assert "0 could not be placed" not in printed.out
    assert "1 pair(s) of photos could not be compared:\n  P01/b.jpg" in printed.err
    assert "photo(s) failed" not in printed.err
    assert "TOO_SOON on 1 pair(s) not compared" in printed.err


def test_the_command_says_which_pairs_are_compared_with_caution(capsys):
    pairs = [
        {
            "kind": "session",
            "verdict": "improved",
            "comparable": "caution",
            "reasons": "FOCUS|POSE",
        },
        {"kind": "session", "verdict": "worse", "comparable": "yes", "reasons": ""},
        {"kind": "retest", "verdict": "", "comparable": "caution", "reasons": "FOCUS"},
    ]
    assert "; 1 of these with caution; 1 retest(s)." in _pair_counts(pairs)
    _tell_reasons(pairs)
    said = capsys.readouterr().err
    assert "FOCUS on 2 pair(s) compared with caution: " in said
    assert "POSE on 1 pair(s) compared with caution: " in said


def test_a_layout_without_manifest_is_compared_too(tmp_path):
    texts = {f"{p}/{s}/left.jpg": b"good 20" for p in ("P01", "P02") for s in ("s0", "s1")}
    result = score(make_study(tmp_path / "photos", texts), tmp_path / "out")
    assert list(burdens(result)["followup"]) == ["P01/s1/left.jpg", "P02/s1/left.jpg"]
    assert burdens(result)["days"].isna().all()
