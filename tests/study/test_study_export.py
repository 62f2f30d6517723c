"""Tables for other programs, and a dictionary that leaves no column unexplained."""

import os

import numpy as np
import pandas as pd
import pytest
from rater_fakes import make_batch

from scarscope.batch.columns import CHANGES, FAILURES, PLACE, QUALITY, without_scale
from scarscope.errors import DependencyError, ParamsError, StudyError
from scarscope.measures import MEASURES
from scarscope.study.course import COURSE
from scarscope.study.export import DICTIONARY, data_dictionary, export_tables
from scarscope.study.raters.blinding import blind
from scarscope.study.run import write_study
from scarscope.study.tables import is_number, is_whole, meaning_of, read_tables
from scarscope.study.written import kind_of, read_written


@pytest.fixture
def results(tmp_path):
    return make_batch(tmp_path)[1]


def test_csv_is_the_same_byte_for_byte_with_a_dictionary(results, tmp_path):
    done = export_tables(results, tmp_path / "out")
    assert [f.name for f in done.files] == ["photos.csv", "scars.csv", "dictionary.csv"]
    for name in ("photos.csv", "scars.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (results / name).read_bytes()
    told = pd.read_csv(tmp_path / "out" / "dictionary.csv", keep_default_na=False)
    assert list(told) == list(DICTIONARY)
    assert len(told) == sum(
        len(pd.read_csv(results / name).columns) for name in ("photos.csv", "scars.csv")
    )
    assert (told["meaning"] != "").all()
    pd.testing.assert_frame_equal(told, done.to_frame(), check_dtype=False)


def test_the_dictionary_says_what_the_registries_say(results):
    told = data_dictionary(read_tables(results)).set_index(["table", "column"])
    burden = next(m for m in MEASURES if m.name == "burden")
    row = told.loc[("photos", "burden_um")]
    assert row["meaning"].endswith(burden.definition)
    assert row[["kind", "unit", "better", "source"]].tolist() == [
        "number", "µm", "lower", burden.source
    ]  # fmt: skip
    assert told.loc[("photos", "device"), "meaning"].startswith("From the manifest")
    assert told.loc[("photos", "n_scars"), "kind"] == "whole number"
    assert told.loc[("photos", "date"), "kind"] == "date"
    assert told.loc[("photos", "mm_per_px"), "unit"] == "mm/px"
    assert told.loc[("scars", "x_px"), ["unit", "better"]].tolist() == ["px", ""]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.name)
def test_every_measure_is_known_with_a_scale_and_without(measure):
    for name in {measure.column("mm"), measure.column("px")} - {None}:
        assert meaning_of("photos", name)
        words = name in ("tone", "goodman_baron_grade")
        assert is_number("photos", name) is not words
        assert not (is_whole(name) and words)


def test_every_registered_column_is_known():
    assert all(meaning_of("photos", name) for name in (*PLACE, *QUALITY))
    assert all(meaning_of("changes", name) for name in CHANGES)
    assert all(meaning_of("failures", name) for name in FAILURES)
    assert meaning_of("scar_changes", without_scale("width_before_mm"))
    assert meaning_of("scars", "depth_px") == meaning_of("scars", "depth_um")
    assert meaning_of("scars", "arm") is None
    assert [is_whole(n) for n in ("n_scars", "n_per_10cm2", "n_boxcar_expected")] == [True] + [
        False
    ] * 2


def test_text_stays_text_and_blanks_stay_blank(results):
    file = results / "photos.csv"
    text = file.read_text().replace(",pen,", ",007,")
    lines = text.splitlines()
    lines[1] = lines[1].replace(",0.5,", ",,")
    file.write_text("\n".join(lines) + "\n")
    photos = read_tables(results)["photos"]
    assert set(photos["device"]) == {"007"}
    assert np.isnan(photos["mm_per_px"].iloc[0])
    assert set(photos["roi"]) == {""}
    assert str(photos["session"].dtype) == "Int64"


def test_parquet_keeps_kinds(results, tmp_path):
    pytest.importorskip("pyarrow")
    export_tables(results, tmp_path / "out", form="parquet")
    for name, table in read_tables(results).items():
        back = pd.read_parquet(tmp_path / "out" / f"{name}.parquet")
        pd.testing.assert_frame_equal(back, table)


def test_parquet_without_pyarrow_says_what_to_install(results, tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    # pandas needs it for text where it is installed, so it cannot be hidden from all.
    monkeypatch.setattr("scarscope.study.export.import_module", missing)
    with pytest.raises(DependencyError, match=r'pip install "scarscope\[study\]"'):
        export_tables(results, tmp_path / "out", form="parquet")
    assert not (tmp_path / "out").exists()


def test_wrong_places_are_refused(results, tmp_path):
    with pytest.raises(ParamsError, match="own folder"):
        export_tables(results, results)
    with pytest.raises(ParamsError, match="'xlsx'"):
        export_tables(results, tmp_path / "out", form="xlsx")
    with pytest.raises(StudyError, match="holds no photos"):
        export_tables(tmp_path, tmp_path / "out")
    (results / "scars.csv").write_text("path,scar_id\np,one\n")
    with pytest.raises(StudyError, match=r"scars\.csv cannot be read"):
        export_tables(results, tmp_path / "out")


# --- a study's own tables -----------------------------------------------------------------------


@pytest.fixture
def studied(make_study, write_store, tmp_path):
    """A batch of which a study was written; its subjects are called by digits."""
    study = make_study(subjects=6, refused=((2, "left", 1),), extra=lambda *_: {"centre": "007"})
    for table in (study.photos, study.changes, study.scar_changes):
        table["subject"] = table["subject"].str.removeprefix("S")
    folder = write_store(study, tmp_path / "results")
    return folder, write_study(folder, figures=False)


def test_a_study_s_tables_go_out_with_the_batch_s(studied, tmp_path):
    folder, result = studied
    done = export_tables(folder, tmp_path / "out")
    out = tmp_path / "out" / "study"
    assert {file.stem for file in out.iterdir()} == set(result.tables)
    assert all(f.read_bytes() == (folder / "study" / f.name).read_bytes() for f in out.iterdir())
    assert done.notes == ()
    told = pd.read_csv(tmp_path / "out" / "dictionary.csv", keep_default_na=False)
    told = told.set_index(["table", "column"])
    assert told.index.is_unique
    for name, table in result.tables.items():
        assert list(told.loc[f"study/{name}"].index) == list(table)
    assert (told["meaning"] != "").all()
    row = told.loc[("study/course", "change_pct")]
    assert row["meaning"] == COURSE["change_pct"]
    assert row[["kind", "unit"]].tolist() == ["number", "%"]
    assert told.loc[("study/course", "n"), "kind"] == "whole number"
    assert told.loc[("study/treatments", "treated_on"), "kind"] == "date"
    assert told.loc[("study/response", "centre"), "meaning"].startswith("From the manifest")
    assert told.loc[("photos", "subject"), "meaning"] != ""


def test_a_study_in_parquet_keeps_kinds(studied, tmp_path):
    pytest.importorskip("pyarrow")
    folder, result = studied
    export_tables(folder, tmp_path / "out", form="parquet")
    for name, table in result.tables.items():
        back = pd.read_parquet(tmp_path / "out" / "study" / f"{name}.parquet")
        assert list(back) == list(table)
        assert len(back) == len(table)
        for column in set(table) & {"change_pct", "low", "n_missing", "session", "mdc95"}:
            assert pd.api.types.is_numeric_dtype(back[column].dtype), (name, column)
        for column in set(table) & {"subject", "arm", "verdict", "note"}:
            assert not pd.api.types.is_numeric_dtype(back[column].dtype), (name, column)
    back = pd.read_parquet(tmp_path / "out" / "study" / "response.parquet")
    assert set(back["subject"]) == {f"{k:02}" for k in range(1, 7)}
    assert set(back["centre"]) == {"007"}
    blank = back["comparable"] == "no"
    assert blank.sum() > 0
    assert back.loc[blank, "change"].isna().all()
    own = result.tables["response"]["change"].to_numpy(np.float64)
    assert np.allclose(back["change"].to_numpy(np.float64), own, rtol=1e-6, equal_nan=True)


def test_a_study_that_is_older_than_its_batch_is_said(studied, tmp_path):
    folder, _ = studied
    later = (folder / "study" / "study.json").stat().st_mtime + 60
    os.utime(folder / "changes.csv", (later, later))
    (note,) = export_tables(folder, tmp_path / "out").notes
    assert "older than the batch's. Run `scarscope study` again." in note
    (folder / "study" / "dictionary.csv").unlink()
    (note,) = export_tables(folder, tmp_path / "other").notes
    assert "holds no dictionary.csv and is left out" in note
    assert not (tmp_path / "other" / "study").exists()


def test_a_study_that_is_not_whole_is_refused(studied, tmp_path):
    folder, _ = studied
    with pytest.raises(ParamsError, match="or its study's"):
        export_tables(folder, folder / "study" / "out")
    (folder / "study" / "course.csv").unlink()
    with pytest.raises(StudyError, match=r"course\.csv cannot be read"):
        export_tables(folder, tmp_path / "out")
    (folder / "study" / "dictionary.csv").write_text("a,b\n1,2\n")
    with pytest.raises(StudyError, match="is not a study's dictionary"):
        export_tables(folder, tmp_path / "out")


def test_columns_without_a_value_are_told_by_their_names(tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "dictionary.csv").write_text(
        "table,column,meaning\n" + "".join(f"t.csv,{n},m\n" for n in ("p_holm", "n_a", "word"))
    )
    (tmp_path / "study" / "t.csv").write_text("p_holm,n_a,word\n,,\n,,\n")
    table = read_written(tmp_path).tables["t"]
    assert [kind_of(table[name]) for name in table] == ["number", "whole number", "text"]
    assert read_written(tmp_path / "study").tables == {}


def test_raters_get_nothing_of_a_study(tmp_path):
    photos, results = make_batch(tmp_path)
    (results / "study").mkdir()
    (results / "study" / "dictionary.csv").write_text("table,column,meaning\nt.csv,arm,Arm.\n")
    (results / "study" / "t.csv").write_text("arm\nneedling\n")
    blind(results, photos, tmp_path / "for-raters")
    assert {file.name for file in (tmp_path / "for-raters").iterdir()} == {
        "pictures", "scores.csv", "marks.csv", "README.txt"
    }  # fmt: skip
    export_tables(results, tmp_path / "out")
    assert not any("blinding" in file.parts for file in (tmp_path / "out").rglob("*"))
