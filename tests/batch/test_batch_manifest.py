import contextlib
import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scarscope.batch import list_photos, read_manifest
from scarscope.errors import LayoutError

HEADER = "path,subject,session,date,view"
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=8)


@pytest.fixture
def write(tmp_path):
    def write(text, *, encoding="utf-8"):
        (tmp_path / "P01").mkdir(exist_ok=True)
        for name in ("a.jpg", "b.jpg", "roi.png"):
            (tmp_path / "P01" / name).write_bytes(b"x")
        file = tmp_path / "manifest.csv"
        file.write_bytes(text.encode(encoding))
        return file

    return write


def test_rows_become_entries_in_their_own_order(write):
    entries = read_manifest(
        write(
            f"{HEADER},mm_per_px,roi,kind,notes\n"
            "P01/b.jpg,P01,1,2026-04-01,left,0.06,P01/roi.png,retest,shaved\n"
            "P01/a.jpg,P01,0,,left,,,,\n"
        )
    )
    first, second = entries
    assert first.path == "P01/b.jpg"
    assert (first.session, first.day, first.kind) == (1, date(2026, 4, 1), "retest")
    assert (first.scale.mm_per_px, first.scale.source) == (0.06, "manifest")
    assert first.roi == "P01/roi.png"
    assert first.extra == (("notes", "shaved"),)
    assert (second.session, second.day, second.scale, second.kind) == (0, None, None, "session")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_dialects_of_spreadsheets(write, encoding, delimiter, newline):
    lines = [f"{HEADER},mm_per_px,", "P01/a.jpg,Zoë,0,2026-03-01,left,0.06,", "", ",,,,,,"]
    text = newline.join(lines).replace(",", delimiter)
    (entry,) = read_manifest(write(text, encoding=encoding))
    assert (entry.subject, entry.scale.mm_per_px) == ("Zoë", 0.06)


def test_decimal_commas_are_read_where_semicolons_part_cells(write):
    text = f"sep=;\n{HEADER};mm_per_px\nP01/a.jpg;P01;0;;left;0,06\n".replace(",sub", ";sub")
    header = HEADER.replace(",", ";")
    (entry,) = read_manifest(write(f"sep=;\n{header};mm_per_px\nP01/a.jpg;P01;0;;left;0,06\n"))
    assert entry.scale.mm_per_px == 0.06
    assert text.startswith("sep=;")


def test_windows_paths_and_headers_in_capitals(write):
    (entry,) = read_manifest(write("Path, Subject ,SESSION,Date,view\nP01\\a.jpg,P01,s0,,left\n"))
    assert entry.path == "P01/a.jpg"
    assert entry.file is not None


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("P01/a.jpg,P01,one,,left,", "session", "'one'"),
        ("P01/a.jpg,P01,-1,,left,", "session", "'-1'"),
        ("P01/a.jpg,P01,,,left,", "session", "blank"),
        ("P01/a.jpg,P01,0,01/03/2026,left,", "date", "'01/03/2026'"),
        ("P01/a.jpg,P01,0,12.01.2026,left,", "date", "write 2026-01-12"),
        ("P01/a.jpg,P01,0,,left,big", "mm_per_px", "'big'"),
        ("P01/a.jpg,P01,0,,left,0", "mm_per_px", "'0'"),
        ("P01/a.jpg,P01,0,,left,-0.1", "mm_per_px", "'-0.1'"),
        ("P01/a.jpg,P01,0,,left,60", "mm_per_px", "'60'"),
        ("P01/a.jpg,P01,0,,left,nan", "mm_per_px", "'nan'"),
        ("../a.jpg,P01,0,,left,", "path", "'../a.jpg'"),
        ("P01\\..\\..\\a.jpg,P01,0,,left,", "path", "a.jpg"),
        ("C:\\a.jpg,P01,0,,left,", "path", "C:"),
        ("/etc/a.jpg,P01,0,,left,", "path", "/etc/a.jpg"),
        (",P01,0,,left,", "path", "blank"),
        ("P01/a.jpg,,0,,left,", "subject", "blank"),
        ("P01/a.jpg,P01,0,,,", "view", "blank"),
        ("P01/a.jpg,P01,0,,left,0.1,more", "", "7 cells for 6 columns"),
    ],
)
def test_mistakes_name_line_column_and_value(write, row, column, value):
    file = write(f"{HEADER},mm_per_px\nP01/b.jpg,P01,0,,left,0.1\n\n{row}\n")
    with pytest.raises(LayoutError) as caught:
        read_manifest(file)
    assert "line 4" in caught.value.message
    assert column in caught.value.message
    assert value in caught.value.message


def test_a_photo_may_be_listed_once(write):
    with pytest.raises(LayoutError, match=r"line 3, column path: .* already on line 2"):
        read_manifest(write(f"{HEADER}\nP01/a.jpg,P01,0,,left\nP01\\a.jpg,P01,1,,left\n"))


def test_kind_is_checked(write):
    with pytest.raises(LayoutError, match="one of session, retest"):
        read_manifest(write(f"{HEADER},kind\nP01/a.jpg,P01,0,,left,follow\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lacks the column"),
        ("path,subject\n", "lacks the column.* session, date, view"),
        (f"{HEADER},view\n", "view twice"),
        (f"{HEADER},,x\n", "without a name"),
        (f'{HEADER}\n"P01/a.jpg,P01\n', "line 2.*CSV"),
    ],
)
def test_broken_tables_are_explained(write, text, words):
    with pytest.raises(LayoutError, match=words):
        read_manifest(write(text))


def test_other_encodings_are_refused_with_the_line(write):
    with pytest.raises(LayoutError, match=r"line 2.*UTF-8"):
        read_manifest(write(f"{HEADER}\nP01/a.jpg,Zoë,0,,left\n", encoding="cp1252"))


def test_many_mistakes_are_listed_together_up_to_ten(write):
    rows = "".join(f"P01/{i}.jpg,P01,x,,left\n" for i in range(15))
    with pytest.raises(LayoutError) as caught:
        read_manifest(write(f"{HEADER}\n{rows}"))
    assert caught.value.message.count("column session") == 10
    assert "5 more" in caught.value.message
    assert len(caught.value.message.splitlines()) == 12


def test_mistakes_in_dates_come_with_the_way_out_of_excel(write):
    with pytest.raises(LayoutError) as caught:
        read_manifest(write(f"{HEADER}\nP01/a.jpg,P01,0,12.01.2026,left\n"))
    assert "Excel" in caught.value.remedy


def test_missing_columns_come_with_what_looks_like_them(write):
    with pytest.raises(LayoutError, match="did you mean 'Subjects' for subject"):
        read_manifest(write("path,Subjects,session,date,view\n"))


def test_misspelt_columns_are_noted(write):
    file = write(f"{HEADER},mmperpx,colour\nP01/a.jpg,P01,0,,left,0.06,red\n")
    (note,) = list_photos(file.parent).notes
    assert "'mmperpx'" in note
    assert "did you mean mm_per_px?" in note


def test_names_may_differ_in_capitals_where_one_file_is_meant(tmp_path):
    (tmp_path / "Foto").mkdir()
    (tmp_path / "Foto/LEFT.JPG").write_bytes(b"x")
    file = tmp_path / "Manifest.CSV"
    file.write_text(f"{HEADER}\nfoto/left.jpg,P01,0,,left\n", encoding="utf-8")
    listing = list_photos(tmp_path)
    assert listing.source == "manifest"
    assert listing.entries[0].file.samefile(tmp_path / "Foto/LEFT.JPG")
    assert listing.skipped == ()


@pytest.mark.parametrize("name", ["manifest.xlsx", "Manifest.csv.txt"])
def test_a_manifest_in_another_format_is_noted(tmp_path, name):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / name).write_bytes(b"x")
    assert any(note.startswith(f"{name} is not read") for note in list_photos(tmp_path).notes)


def test_a_manifest_of_one_line_is_explained(write):
    with pytest.raises(LayoutError, match="lists no photo") as caught:
        list_photos(write(f"{HEADER}\n").parent)
    assert "one line a photo" in caught.value.remedy


def test_composed_and_decomposed_names_are_the_same_file(tmp_path):
    (tmp_path / "e\u0301.jpg").write_bytes(b"x")
    file = tmp_path / "manifest.csv"
    file.write_text(f"{HEADER}\n\u00e9.jpg,P01,0,,left\n", encoding="utf-8")
    (entry,) = read_manifest(file)
    assert entry.file is not None
    assert entry.path == "\u00e9.jpg"
    assert list_photos(tmp_path).skipped == ()


@settings(max_examples=60)
@given(st.lists(st.tuples(TEXT, TEXT, st.integers(0, 99), TEXT, TEXT), max_size=6))
def test_whatever_a_csv_writer_writes_is_read_or_refused(tmp_path_factory, rows):
    folder = tmp_path_factory.getbasetemp()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*HEADER.split(","), "notes"])
    writer.writerows([path, subject, n, "", view, notes] for path, subject, n, view, notes in rows)
    file = folder / "hypothesis-manifest.csv"
    file.write_text(text.getvalue(), encoding="utf-8", newline="")
    with contextlib.suppress(LayoutError):
        entries = read_manifest(file)
        assert [e.extra[0][1] for e in entries] == [r[4].strip() for r in rows if any(r)]


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    file = tmp_path_factory.getbasetemp() / "hypothesis-bytes.csv"
    file.write_bytes(data)
    with pytest.raises(LayoutError):
        read_manifest(file)
