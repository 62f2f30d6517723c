import csv
import io
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scarscope.batch.export import (
    Table,
    format_cell,
    merge_columns,
    scar_rows_table,
    write_table,
)

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.06, "0.06"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.3333333"),
        (12.0, "12"),
        (-0.0, "0"),
        (12345678.0, "12345678"),
        (12345678.25, "12345678.2"),
        (1e-9, "1e-09"),
        (math.nan, ""),
        (math.inf, ""),
        (None, ""),
        (7, "7"),
        ("", ""),
        ("left", "left"),
        ("=1+1", "'=1+1"),
        ("@me", "'@me"),
        ("-shaved", "'-shaved"),
        ("-1.5", "-1.5"),
        ("+31 6", "'+31 6"),
    ],
)
def test_cells(value, text):
    assert format_cell(value) == text


def test_paths_stay_exact():
    assert format_cell("=1+1.jpg", "path") == "=1+1.jpg"
    table = Table(("path", "notes"), ({"path": "=a.jpg", "notes": "=b"},))
    assert table.to_csv() == "path,notes\n=a.jpg,'=b\n"


@given(st.floats(-1e12, 1e12))
def test_numbers_keep_seven_digits(value):
    assert float(format_cell(value)) == pytest.approx(value, rel=1e-6, abs=1e-300)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_any_text_survives_the_csv(texts):
    names = tuple(f"c{i}" for i in range(len(texts)))
    text = Table(names, (dict(zip(names, texts, strict=True)),)).to_csv()
    _, row = csv.reader(io.StringIO(text, newline=""))
    plain = [t.replace("\r\n", " ").replace("\r", " ").replace("\n", " ") for t in texts]
    assert [cell.removeprefix("'") for cell in row] == [t.removeprefix("'") for t in plain]


@given(st.lists(NAMES, max_size=4))
def test_merged_columns_are_all_names_once_and_the_first_list_in_order(lists):
    merged = merge_columns(lists)
    assert sorted(merged) == sorted({name for names in lists for name in names})
    if lists:
        assert [name for name in merged if name in lists[0]] == lists[0]


def test_columns_without_scale_stand_beside_those_with():
    with_scale, without = ["n", "area_mm2", "burden_um", "ita"], ["n", "area_px2", "ita"]
    assert merge_columns([with_scale, without]) == ["n", "area_px2", "area_mm2", "burden_um", "ita"]


def test_an_empty_table_keeps_its_columns_as_frame_and_text():
    table = scar_rows_table((), ("path", "scar_id", "type"))
    assert list(table.to_frame().columns) == ["path", "scar_id", "type"]
    assert len(table.to_frame()) == 0
    assert table.to_csv() == "path,scar_id,type\n"


def test_a_table_that_says_the_same_keeps_its_time(tmp_path):
    path = tmp_path / "t.csv"
    table = Table(("a",), ({"a": 1},))
    write_table(table, path)
    os.utime(path, (1_000_000, 1_000_000))
    write_table(table, path)
    assert path.stat().st_mtime == 1_000_000
    write_table(Table(("a",), ({"a": 2},)), path)
    assert path.stat().st_mtime > 1_000_000
    assert "2" in path.read_text(encoding="utf-8")
