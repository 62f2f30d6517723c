"""From folders to pages: validate, the command, pictures."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import scarscope as ss
from scarscope.cli import main
from scarscope.errors import LayoutError, ScaleError
from scarscope.validation import validate, write_validation
from scarscope.validation.page import Heading, Picture, Table, Text, number, to_html, to_markdown
from scarscope.validation.pictures import FOUND_RGB, TRUE_RGB, error_picture, jpeg
from scarscope.validation.plots import bland_altman_plot, curve_plot, heat_table, scatter

MM = 0.1


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image.astype(np.uint16)).save(path)


def labels(*boxes):
    image = np.zeros((200, 200), np.int32)
    for k, (row, column, side) in enumerate(boxes, start=1):
        image[row : row + side, column : column + side] = k
    return image


TRUE = labels((20, 20, 15), (100, 120, 30), (150, 20, 10))
FOUND = labels((22, 20, 15), (100, 120, 28))


def scar_rows(path, image, kind):
    return [
        {"path": path, "scar_id": k, "type": kind, "width_mm": 1.5, "depth_um": 300.0}
        for k in range(1, image.max() + 1)
    ]


@pytest.fixture
def study(tmp_path):
    """Two subjects, two sessions and a retest each, as a batch and a phantom write them."""
    results, truth = tmp_path / "results", tmp_path / "truth"
    photos, true_photos, found_scars, true_scars = [], [], [], []
    for number_, subject in enumerate(("P01", "P02")):
        for session, kind, burden in ((0, "session", 20.0), (0, "retest", 21.0), (1, "session", 9)):
            path = f"{subject}/{session}/left{'_re' * (kind == 'retest')}.jpg"
            place = {"path": path, "subject": subject, "session": session, "kind": kind}
            row = {**place, "view": "left", "status": "ok", "mm_per_px": MM, "n_scars": 2}
            photos.append({**row, "roi_area_mm2": 400.0, "burden_um": burden + 5 * number_})
            true_photos.append(
                {"path": path, "light": "ring", "ita_deg": 40.0 - 80 * number_, "n_scars": 3}
                | {"burden_um": 2 * burden, "region_area_mm2": 400.0, "scar_area_mm2": 12.0}
            )
            for folder, image in ((results, FOUND), (truth, TRUE)):
                save(folder / "masks" / f"{path}.png", image)
                save(folder / "depth" / f"{path}.png", 300 * (image > 0))
            found_scars += scar_rows(path, FOUND, "boxcar")
            true_scars += scar_rows(path, TRUE, "icepick")
    for folder, one, two in ((results, photos, found_scars), (truth, true_photos, true_scars)):
        pd.DataFrame(one).to_csv(folder / "photos.csv", index=False)
        pd.DataFrame(two).to_csv(folder / "scars.csv", index=False)
    return results, truth


def test_validate_reads_both_sides(study):
    result = validate(*study)
    assert len(result.photos) == 6
    assert result.value("recall_3mm") == pytest.approx(2 / 3)
    assert result.value("precision_3mm") == 1.0
    assert result.value("type_accuracy") == 0.0
    assert result.value("recall_3mm", by="tone", level="dark") == pytest.approx(2 / 3)
    assert len(result.retests) == len(result.courses) == 2
    # The true change is -55 %; found are -55 % and (14 - 25) / 25 = -44 %.
    assert result.value("change_mae") == pytest.approx(5.5)
    assert ss.validate is validate


def test_a_study_of_few_subjects_says_why_it_has_no_intervals(study, tmp_path):
    result = validate(*study)
    assert result.notes == ("2 subject(s) are too few for intervals of accuracy: 6 are needed.",)
    assert result.figures[["low", "high"]].isna().all(axis=None)
    write_validation(result, tmp_path)
    page = (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "Fewer than 6 give none" in page
    assert result.notes[0] in page


def test_stated_uncertainty_of_a_batch_is_judged(study, tmp_path):
    results, truth = study
    write_validation(validate(results, truth), tmp_path / "without")
    scars, photos = (pd.read_csv(results / name) for name in ("scars.csv", "photos.csv"))
    # Depths are 300 um on both sides; true burden is twice what is found, or nearly.
    scars.assign(depth_sd_um=0.0).to_csv(results / "scars.csv", index=False)
    photos.assign(burden_sd_um=100.0).to_csv(results / "photos.csv", index=False)
    result = validate(results, truth)
    assert result.value("depth_in_90_pct") == result.value("burden_in_90_pct") == 100.0
    write_validation(result, tmp_path / "with")
    for name, said in (("without", False), ("with", True)):
        page = (tmp_path / name / "validation.md").read_text(encoding="utf-8")
        assert ("depth in its 90 % interval" in page) == said
        assert ("burden in its 90 % interval" in page) == said


def test_photos_of_one_side_only_are_named(study):
    results, truth = study
    (truth / "masks" / "P01" / "1" / "left.jpg.png").unlink()
    (results / "masks" / "P02" / "1" / "left.jpg.png").unlink()
    result = validate(results, truth)
    assert len(result.photos) == 4
    told = " ".join(result.notes)
    assert "no result" in told
    assert "P02/1/left.jpg" in told
    assert "P01/1/left.jpg" in told


def test_drawings_stand_for_truth_without_depth(study, tmp_path):
    results, _ = study
    for path in ("P01/0/left.png", "P02/0/left.png"):
        save(tmp_path / "drawn" / path, TRUE)
    result = validate(results, tmp_path / "drawn")
    assert len(result.photos) == 2
    assert result.value("recall_3mm") == pytest.approx(2 / 3)
    assert math.isnan(result.value("burden_bias_um"))
    assert math.isnan(result.value("depth_bias_um"))
    assert math.isnan(result.value("type_accuracy"))


def test_one_drawing_is_not_the_truth_of_every_photo_of_its_name(study, tmp_path):
    save(tmp_path / "drawn" / "left.png", TRUE)
    with pytest.raises(LayoutError, match="could be the drawing of 4 photos: P01/0/left"):
        validate(study[0], tmp_path / "drawn")


def test_what_cannot_be_validated_is_refused(study, tmp_path):
    results, truth = study
    save(tmp_path / "drawn" / "other.png", TRUE)
    with pytest.raises(LayoutError, match="No photo of"):
        validate(results, tmp_path / "drawn")
    photos = pd.read_csv(results / "photos.csv").drop(columns="mm_per_px")
    photos.to_csv(results / "photos.csv", index=False)
    with pytest.raises(ScaleError, match="no scale"):
        validate(results, truth)
    assert len(validate(results, truth, mm_per_px=MM).photos) == 6


class Tags(HTMLParser):
    """Collects what an HTML page holds and what it loads."""

    def __init__(self):
        super().__init__()
        self.open, self.sources, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img"):
            self.open.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_works_offline_and_tables_can_be_read_again(study, tmp_path):
    files = write_validation(validate(*study), tmp_path / "out")
    page = Tags()
    page.feed((tmp_path / "out" / "validation.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert page.sources
    assert all(source.startswith("data:image/") for source in page.sources)
    assert "0.67" in page.text
    text = (tmp_path / "out" / "validation.md").read_text(encoding="utf-8")
    for name in re.findall(r"\]\(([^)]+)\)", text):
        assert (tmp_path / "out" / name).is_file()
    figures = pd.read_csv(tmp_path / "out" / "figures.csv")
    assert set(figures["figure"]) >= {"f1_3mm", "dice"}
    assert {file.name for file in files} >= {"validation.md", "retests.csv", "scars.csv"}


def test_the_command_prints_and_writes(study, tmp_path, capsys):
    results, truth = map(str, study)
    photo = tmp_path / "photos" / "P01" / "0" / "left.jpg"
    photo.parent.mkdir(parents=True)
    Image.new("RGB", (200, 200), (150, 110, 90)).save(photo)
    out = ["--out", str(tmp_path / "out"), "--photos", str(tmp_path / "photos")]
    assert main(["validate", results, truth, *out]) == 0
    assert "recall" in capsys.readouterr().out
    with Image.open(tmp_path / "out" / "validation" / "best.jpg") as best:
        assert best.getpixel((2, 2)) == pytest.approx((150, 110, 90), abs=6)
    with Image.open(tmp_path / "out" / "validation" / "worst.jpg") as worst:
        assert worst.getpixel((2, 2)) == pytest.approx((118, 118, 118), abs=6)
    assert main(["validate", results, truth, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["photos"] == 6
    assert {"figures", "repeatability", "notes"} <= set(document)
    assert main(["validate", "--raters", results, truth]) == 0
    assert "marked by all" in capsys.readouterr().out
    assert main(["validate", "--raters", results, truth, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["share_all"] == pytest.approx(2 / 3)


def test_the_command_explains_wrong_usage(study, tmp_path, capsys):
    results, truth = map(str, study)
    assert main(["validate", results]) == 2
    assert main(["validate", results, "--raters", results, truth]) == 2
    assert main(["validate", results, str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_markdown_and_html_hold_the_same():
    blocks = [
        Heading("A < B", 1),
        Text("- one\n- two"),
        Table(("a", "b"), (("1|2", "<3"),)),
        Picture("x.svg", b"<svg/>", 'shows "it"'),
    ]
    text = to_markdown(blocks, folder="f")
    assert "# A < B\n" in text
    assert "| 1\\|2 | <3 |" in text
    assert '![shows "it"](f/x.svg)' in text
    html = to_html(blocks, title="T")
    assert "<h1>A &lt; B</h1>" in html
    assert "<li>one</li><li>two</li>" in html
    assert "<td>&lt;3</td>" in html


def test_numbers():
    assert number(math.nan) == "–"
    assert number(-0.001) == "0.00"
    assert number(-1.25, 1) == "-1.2"


def test_plots_are_xml_whatever_they_show():
    table = pd.DataFrame({"ring <": [0.5, math.nan]}, index=["light & dark", "dark"])
    values = np.array([1.0, 5.0, math.nan])
    for text in (
        heat_table(table, title="a & b"),
        heat_table(table * 0, title="t", high=0.0),
        scatter(values, values, title="t", x_name="x", y_name="y", groups=["a", "b", "a"]),
        scatter(np.zeros(2), np.zeros(2), title="t", x_name="x", y_name="y"),
        bland_altman_plot(values[:2], values[:2] + 1, title="t", unit="µm"),
        bland_altman_plot(np.zeros(2), np.zeros(2), title="t", unit="µm"),
        curve_plot({"a & b": (values, values[::-1])}, title="t", x_name="x", y_name="y"),
    ):
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert "nan" not in text


def test_curves_stay_within_their_frame_and_leave_gaps_out():
    steps = np.array([0.0, 50.0, 75.0, 100.0])
    curves = {"one": (steps, np.array([9.0, 0.5, math.nan, -9.0]))}
    text = curve_plot(curves, title="t", x_name="step", y_name="y")
    assert "d='M62.0 34.0L254.0 154.0L446.0 274.0'" in text


def reach(element):
    """Where a text begins and ends across, with letters as wide as a wide font has them."""
    long = (7.5 if element.get("font-weight") else 6.5) * len(element.text)
    start = {"start": 0.0, "middle": long / 2, "end": long}[element.get("text-anchor")]
    return float(element.get("x")) - start, float(element.get("x")) - start + long


NARROW = pd.DataFrame({"twin": [0.5]}, index=["dark"])
FEW = np.array([1.0, 5.0])


@pytest.mark.parametrize(
    "text",
    [
        heat_table(NARROW, title="F1 within 3 mm, by tone and light"),
        heat_table(NARROW.rename(columns={"twin": "two softboxes at the window"}), title="F1"),
        heat_table(NARROW.rename(index={"dark": "very dark and somewhat red"}), title="F1"),
        scatter(FEW, FEW, title="Burden", x_name="x", y_name="y", groups=["a long name", "b"]),
        bland_altman_plot(FEW, FEW + 1, title="Burden of retests", unit="µm"),
        curve_plot({"a long name": (FEW, FEW)}, title="Loss", x_name="step", y_name="loss"),
    ],
)
def test_no_letter_of_a_plot_is_cut_off(text):
    picture = ElementTree.fromstring(text)
    texts = [element for element in picture.iter() if element.tag.endswith("text")]
    level = [reach(element) for element in texts if not element.get("transform")]
    assert min(low for low, _ in level) >= 0
    assert max(high for _, high in level) <= float(picture.get("width"))


def test_outlines_are_drawn_beside_the_photo():
    grey = np.full((200, 200, 3), 128, np.uint8)
    picture = error_picture(grey, FOUND, TRUE, side_px=200)
    assert picture.shape == (200, 404, 3)
    assert (picture[:, :200] == 128).all()
    colours = {tuple(c) for c in picture[:, 204:].reshape(-1, 3).tolist()}
    assert {TRUE_RGB, FOUND_RGB, (128, 128, 128)} == colours
    assert jpeg(picture)[:2] == b"\xff\xd8"
