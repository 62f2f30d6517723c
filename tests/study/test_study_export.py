"""Tables for other programs, and a dictionary that leaves no column unexplained."""

import numpy as np
import pandas as pd
import pytest
from rater_fakes import make_batch

from scarscope.batch.columns import CHANGES, FAILURES, PLACE, QUALITY, without_scale
from scarscope.errors import DependencyError, ParamsError, StudyError
from scarscope.measures import MEASURES
from scarscope.study.export import DICTIONARY, data_dictionary, export_tables
from scarscope.study.tables import is_number, is_whole, meaning_of, read_tables


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
