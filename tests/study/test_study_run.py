"""``study/``: what is written, what the words say, and what the figures show."""

import json
import re
import sys

import pandas as pd
import pytest

from scarscope.errors import DependencyError, StudyError
from scarscope.study import figure_style, figures
from scarscope.study.analysis import TABLES, analyse
from scarscope.study.methods import methods_text
from scarscope.study.models.effects import ModelOptions
from scarscope.study.run import write_frame, write_study

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def tidy(built_once, tmp_path_factory):
    """A study of eight subjects, written."""
    build, write = built_once
    study = build(refused=((3, "left", 2),), absent=((4, "left", 2),))
    return write_study(write(study, tmp_path_factory.mktemp("tidy") / "results"))


def tables_for_figures(found):
    units = {"response": found.to_frame(), "units": found.tables["subjects"]}
    return {**found.tables, **units}


def test_everything_is_written_and_nothing_half(tidy):
    names = sorted(file.name for file in tidy.out.iterdir())
    assert names == sorted(file.name for file in tidy.files)
    drawn = {f"{name}.{form}" for name in figures.FIGURES for form in ("svg", "png")}
    tables = {f"{info.name}.csv" for info in TABLES}
    assert set(names) == {*drawn, *tables, "methods.md", "study.json", "dictionary.csv"}


def test_tables_are_read_back_as_they_were(tidy):
    written = pd.read_csv(tidy.out / "course.csv")
    assert written["change_pct"].tolist() == pytest.approx(
        tidy.tables["course"]["change_pct"].tolist(), rel=1e-6
    )
    subjects = pd.read_csv(tidy.out / "subjects.csv", dtype="str")
    assert set(subjects["beyond_mdc95"].dropna()) == {"yes", "no"}


def test_the_dictionary_knows_every_column(tidy):
    told = pd.read_csv(tidy.out / "dictionary.csv")
    for info in TABLES:
        columns = list(pd.read_csv(tidy.out / f"{info.name}.csv", nrows=0))
        assert told.loc[told["table"] == f"{info.name}.csv", "column"].tolist() == columns
    assert told["meaning"].notna().all()


def test_the_same_study_gives_the_same_bytes(tidy):
    before = {f.name: f.read_bytes() for f in tidy.files if f.name != "study.json"}
    write_study(tidy.out.parent)
    after = {f.name: f.read_bytes() for f in tidy.files if f.name != "study.json"}
    assert [name for name in before if before[name] != after[name]] == []


def test_the_document_is_json_without_gaps(tidy):
    told = json.loads((tidy.out / "study.json").read_text(encoding="utf-8"))
    assert told["measure"] == "burden_um"
    assert told["batch"]["params_hash"] == "0123456789ab"
    assert len(told["course"]) == 4
    assert told["counts"]["followups"] == 31


def test_figures_are_of_print_size(tidy):
    from PIL import Image

    for name in figures.FIGURES:
        with Image.open(tidy.out / f"{name}.png") as picture:
            width, height = (side / figure_style.DPI for side in picture.size)
        assert 3 < width <= 174 / 25.4 + 0.01, name
        assert 1 < height <= 225 / 25.4 + 0.01, name


def test_no_figure_keeps_old_data(tidy, built_once):
    build, write = built_once
    write(build(sessions=1), tidy.out.parent)
    try:
        found = write_study(tidy.out.parent)
        assert not list(tidy.out.glob("*.png"))
        assert "No follow-up photo" in found.notes[0]
    finally:
        write(build(refused=((3, "left", 2),), absent=((4, "left", 2),)), tidy.out.parent)
        write_study(tidy.out.parent)


# --- words ----------------------------------------------------------------------------------------


def test_methods_say_what_was_run(tidy):
    text = (tidy.out / "methods.md").read_text(encoding="utf-8")
    for told in (
        "ScarScope 0.0.1", "0123456789ab", "8 subjects", "30 were comparable", "and 1 not",
        "(194 pairs)", "split-face", "8 of 8 subjects have sides", "Kenward-Roger",
        "the contrast of relief changed more in one direction",
    ):  # fmt: skip
        assert told in text, told


def test_methods_follow_the_study(make_study):
    study = make_study(subjects=3, sides={"left": ""}, dates=False)
    text = methods_text(study, analyse(study))
    assert "states no arm" in text
    assert "states no treatments" in text
    assert "split-face" not in text


def test_methods_warn_of_mixed_versions(make_study):
    study = make_study(subjects=2)
    study.photos.loc[0, "version"] = "0.0.2"
    assert "not all scored by one version" in methods_text(study, analyse(study))
    assert "not all scored" not in methods_text(make_study(), analyse(make_study()))


@pytest.mark.parametrize(
    "options",
    [
        {"sessions": 1}, {"subjects": 0}, {"subjects": 1}, {"sides": {"left": ""}},
        {"subjects": 1, "sessions": 2, "refused": ((1, "left", 1), (1, "right", 1))},
    ],
)  # fmt: skip
def test_poor_studies_have_words_and_no_crash(make_study, write_store, tmp_path, options):
    found = write_study(write_store(make_study(**options), tmp_path / "results"))
    assert found.notes
    text = (found.out / "methods.md").read_text(encoding="utf-8")
    assert not re.search(r"\bnan\b|None|<NA>", text)


# --- the model ------------------------------------------------------------------------------------


def test_the_model_finds_the_fall_that_was_made(make_study):
    study = make_study(subjects=20, sessions=3, falls={"needling": -0.2, "control": 0.0})
    table = analyse(study).tables["contrasts"]
    (row,) = table[table["primary"]].to_dict("records")
    assert (row["arm"], row["reference"], row["session"]) == ("needling", "control", 2)
    truth = 100 * (pd.Series([-0.4]).transform("exp") - 1).iloc[0]
    assert row["change_pct_low"] < truth < row["change_pct_high"]
    assert row["p_holm"] == row["p"]


def test_the_model_is_asked_what_is_wanted(make_study):
    study = make_study(subjects=8, sessions=4)
    table = analyse(study, model=ModelOptions(control="needling", session=1)).tables["contrasts"]
    assert set(table["reference"]) == {"needling"}
    assert table.loc[table["primary"].astype(bool), "session"].tolist() == [1]


def test_too_few_for_a_model_is_told(make_study):
    found = analyse(make_study(subjects=1, sessions=2))
    assert found.tables["contrasts"].empty
    assert "could not be modelled" in " ".join(found.effects.notes)


# --- figures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", figures.FIGURES)
def test_nothing_to_draw_is_no_figure(make_study, name):
    found = analyse(make_study(sessions=1))
    with figure_style.style():
        assert figures.FIGURES[name][0](tables_for_figures(found)) is None


@pytest.mark.parametrize("name", figures.FIGURES)
@pytest.mark.parametrize("arms", [{"left": ""}, {"a": "x", "b": "y", "c": "z", "d": "control"}])
def test_no_text_leaves_its_figure(make_study, name, arms):
    found = analyse(make_study(subjects=6, sides=arms, falls={"x": -0.3, "y": -0.1}))
    with figure_style.style():
        figure = figures.FIGURES[name][0](tables_for_figures(found))
        if figure is None:
            assert name == "effect"  # one arm
            return
        figure.canvas.draw()
        drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) > -0.02
    assert drawn.x1 < width + 0.02
    assert drawn.y1 < height + 0.02


def test_every_subject_is_drawn_once_with_its_band(make_study):
    found = analyse(make_study(subjects=5, sessions=3))
    with figure_style.style():
        figure = figures.subjects_figure(tables_for_figures(found))
        for axes in figure.axes:
            bands = [patch for patch in axes.patches if patch.get_width() > 0]
            assert len(bands) == 5
            assert sorted(t.get_text() for t in axes.texts) == [f"S{i:02}" for i in range(1, 6)]


def test_the_band_of_the_course_is_mdc95(make_study):
    found = analyse(make_study(subjects=5, sessions=3))
    course = found.tables["course"].query("arm == 'control'")
    with figure_style.style():
        axes = figures.course_figure(tables_for_figures(found)).axes[0]
        top = axes.collections[0].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(course["mdc95_pct"].max())


def test_settings_do_not_stay(make_study):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with figure_style.style():
        assert mpl.rcParams["svg.hashsalt"] == "scarscope"
    assert dict(mpl.rcParams) == before


def test_without_matplotlib_nothing_is_written(make_study, write_store, tmp_path, monkeypatch):
    folder = write_store(make_study(subjects=2), tmp_path / "results")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyError, match=r"scarscope\[study\]"):
        write_study(folder)
    assert not (folder / "study").exists()
    assert write_study(folder, figures=False).files


def test_a_folder_that_is_no_batch_gets_no_study(tmp_path):
    with pytest.raises(StudyError, match="holds no photos"):
        write_study(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_cells_that_spreadsheets_would_run_are_harmless(tmp_path):
    write_frame(pd.DataFrame({"note": ["=1+1", None], "n": [1.5, None]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "note,n\n'=1+1,1.5\n,\n"
