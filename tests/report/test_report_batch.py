"""A batch ends with its report, and is none the less done where that fails."""

import pytest

import scarscope as ss
from scarscope.errors import StoreError
from scarscope.phantom import random_patch
from scarscope.report.page import build


@pytest.fixture
def photos(tmp_path):
    from PIL import Image

    folder = tmp_path / "photos" / "P01" / "s0"
    folder.mkdir(parents=True)
    skin = random_patch(3, size_mm=(12, 12), mm_per_px=0.1, light="offaxis", n_scars=3)
    Image.fromarray(skin.rgb).save(folder / "left.png")
    (folder / "broken.png").write_text("no picture", encoding="utf-8")
    return tmp_path / "photos"


def test_a_batch_ends_with_its_report(photos, tmp_path):
    result = ss.score_folder(photos, out=tmp_path / "out", mm_per_px=0.1)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert sorted(result.photos["status"]) == ["failed", "ok"]
    assert "P01/s0/broken.png" in page
    assert "Not measured" in page
    assert not any("report.html" in note for note in result.notes)


@pytest.mark.parametrize(
    "error", [StoreError("The disk is full.", remedy="Free some."), KeyError(1)]
)
def test_a_report_that_fails_takes_nothing_with_it(photos, tmp_path, monkeypatch, error):
    def fail(folder):
        raise error

    monkeypatch.setattr(build, "write_report", fail)
    result = ss.score_folder(photos, out=tmp_path / "out", mm_per_px=0.1)
    assert (tmp_path / "out" / "photos.csv").is_file()
    (note,) = (note for note in result.notes if "report.html" in note)
    assert note.startswith("There is no report.html.")
    assert ("Free some." in note) == isinstance(error, StoreError)
    without = ss.score_folder(photos, out=tmp_path / "out", mm_per_px=0.1, report=False)
    assert not any("report.html" in note for note in without.notes)
