"""``folder/study/``: everything that a study's tables say, written in one go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from scarscope._version import __version__
from scarscope.batch.export import Table, write_table
from scarscope.batch.write import TEMPORARY, make_folder, write_bytes
from scarscope.study.analysis import TABLES, Analysis, analyse
from scarscope.study.data import StudyData, read_study
from scarscope.study.enrolment import never_returned
from scarscope.study.figure_style import require_matplotlib, save, style
from scarscope.study.figures import FIGURES
from scarscope.study.methods import methods_text
from scarscope.study.models.effects import ModelOptions
from scarscope.study.responders import ResponseRules
from scarscope.study.review import review_note

FOLDER = "study"
METHODS, DOCUMENT, DICTIONARY = "methods.md", "study.json", "dictionary.csv"
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What was written.

    Attributes
    ----------
    out : Path
        The folder.
    data : StudyData
        What it was made from.
    analysis : Analysis
        All tables.
    files : tuple of Path
        In the order of writing.
    notes : tuple of str
        What the reader should know first.
    """

    out: Path
    data: StudyData = field(repr=False)
    analysis: Analysis = field(repr=False)
    files: tuple[Path, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The tables by name."""
        return self.analysis.tables

    def to_frame(self) -> pd.DataFrame:
        """The response of the endpoint, one row a follow-up."""
        return self.analysis.to_frame()

    def _repr_html_(self) -> str:
        """The course of each arm, as a notebook shows it."""
        head = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return head + self.tables["course"].to_html(index=False)


def write_study(
    folder: str | Path,
    *,
    measure: str | None = None,
    rules: ResponseRules | None = None,
    model: ModelOptions | None = None,
    figures: bool = True,
    progress: Told | None = None,
) -> StudyResult:
    """Analyse a finished batch and write tables, figures and methods into its ``study/``.

    Parameters
    ----------
    folder : str or Path
        The batch's output folder.
    measure : str, optional
        The endpoint, as in ``changes.csv``. None: ``burden_um``, or ``burden_px`` without a scale.
    rules : ResponseRules, optional
        What counts as a response.
    model : ModelOptions, optional
        What the model of response is asked.
    figures : bool
        Whether to draw; needs matplotlib (extra ``study``).
    progress : callable, optional
        Told what is done now, how many steps are done, and how many there are.

    Returns
    -------
    StudyResult

    Raises
    ------
    StudyError
        If the folder is no finished batch, or no pair has the measure.
    ParamsError
        For an arm, covariate or visit that does not exist.
    DependencyError
        If figures are wanted and matplotlib is missing; then nothing is written.
    StoreError
        If something cannot be written.
    """
    steps = _Steps(progress, 2 + (len(FIGURES) if figures else 0))
    steps("reading the tables")
    study = read_study(folder)
    if figures:
        require_matplotlib()  # before anything is written
    found = analyse(study, measure=measure, rules=rules, model=model)
    out = Path(folder) / FOLDER
    make_folder(out)
    for left in out.glob(f"{TEMPORARY}*"):  # of a run that was killed
        left.unlink(missing_ok=True)
    notes = study_notes(study, found)
    steps("writing tables")
    files = [*_write_tables(found, out), *_write_words(study, found, notes, out)]
    if figures:
        files += _write_figures(found, out, steps)
    else:
        _remove_figures(out, FIGURES)  # an earlier run's would be of other figures
    return StudyResult(out, study, found, tuple(files), notes)


class _Steps:
    """Tells progress, if anyone listens."""

    def __init__(self, tell: Told | None, total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0

    def __call__(self, what: str) -> None:
        if self._tell is not None:
            self._tell(what, self._done, self._total)
        self._done += 1


def _write_tables(found: Analysis, out: Path) -> Iterator[Path]:
    for info in TABLES:
        path = out / f"{info.name}.csv"
        write_frame(found.tables[info.name], path)
        yield path
    path = out / DICTIONARY
    write_frame(dictionary(found), path)
    yield path


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as the batch writes its own: blanks for gaps, seven digits, no formulas."""
    plain = frame.astype("object").where(frame.notna(), None)
    rows = tuple(
        {str(name): _plain(value) for name, value in row.items()}
        for row in plain.to_dict(orient="records")
    )
    write_table(Table(tuple(map(str, frame)), rows), path)


def _plain(value: Any) -> Any:  # noqa: ANN401  # whatever a cell holds
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _plain_value(value)


def dictionary(found: Analysis) -> pd.DataFrame:
    """What every column of every table means."""
    rows = [
        (f"{info.name}.csv", str(name), info.columns.get(str(name), "From the manifest."))
        for info in TABLES
        for name in found.tables[info.name]
    ]
    return pd.DataFrame(rows, columns=["table", "column", "meaning"])


def _write_words(
    study: StudyData, found: Analysis, notes: tuple[str, ...], out: Path
) -> Iterator[Path]:
    write_bytes(out / METHODS, methods_text(study, found).encode("utf-8"))
    yield out / METHODS
    text = json.dumps(document(study, found, notes), indent=2, ensure_ascii=False) + "\n"
    write_bytes(out / DOCUMENT, text.encode("utf-8"))
    yield out / DOCUMENT


def document(study: StudyData, found: Analysis, notes: tuple[str, ...]) -> dict[str, Any]:
    """What was run on what, and the main tables, as plain values; also of ``--json``."""
    told = study.provenance
    models = ("contrasts", "means", "endpoints", "scar_contrasts", "scar_means")
    main = ("enrolment", "course", "responders", *models, "regression", "exclusions")
    return {
        "software": "scarscope",
        "version": __version__,
        "written_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "batch": {
            name: told.get(name)
            for name in ("version", "params_hash", "pair_params_hash", "segmenter", "weights")
        },
        "measure": found.measure,
        "rules": vars(found.rules),
        "notes": list(notes),
        "counts": {
            "photos": len(study.photos),
            "subjects": int(study.photos["subject"].nunique()),
            "followups": len(found.to_frame()),
        },
        **{name: _records(found.tables[name]) for name in main},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype("object").where(frame.notna(), None)
    return [
        {str(name): _plain_value(value) for name, value in row.items()}
        for row in plain.to_dict(orient="records")
    ]


def _plain_value(value: Any) -> Any:  # noqa: ANN401  # whatever a cell holds
    return value.item() if hasattr(value, "item") else value


def _write_figures(found: Analysis, out: Path, steps: _Steps) -> list[Path]:
    tables = {**found.tables, "response": found.to_frame(), "units": found.tables["subjects"]}
    written = []
    for name, (draw, _) in FIGURES.items():
        steps(f"drawing {name}")
        with style():
            figure = draw(tables)
            if figure is not None:
                written += save(figure, out, name)
            else:  # an older run's figure would be of other data
                _remove_figures(out, [name])
    return written


def _remove_figures(out: Path, names: Iterable[str]) -> None:
    for name in names:
        for old in out.glob(f"{name}.[sp][vn]g"):
            old.unlink()


def study_notes(study: StudyData, found: Analysis) -> tuple[str, ...]:
    """What stands in the way of a study, in plain words with what to do."""
    pairs = found.to_frame()
    if pairs.empty:
        return (
            "No follow-up photo: a study needs at least two visits of the same subject and view. "
            "Photos whose names differ from visit to visit are taken for different views.",
        )
    notes = []
    if (pairs["comparable"] == "no").all():
        return (
            "No pair of photos could be compared, so that there is no response: exclusions.csv "
            "says why, and what to do at the next visit.",
            *review_note(study),
        )
    if (pairs["arm"] == "").all():
        notes.append("The manifest states no arm, so that all subjects are taken together.")
    if not (study.photos["kind"] == "retest").any():
        notes.append(
            "There is no retest photo: MDC95 is ScarScope's own, from simulated pairs. Photograph "
            "some subjects twice at a visit (kind retest) to know this study's."
        )
    notes += [*found.effects.notes, *found.scars.notes]
    gone = never_returned(found.subjects, pairs, found.tables["enrolment"])
    if gone:
        notes.append(gone)
    notes += review_note(study)
    people = int(pairs["subject"].nunique())
    if people < 6:
        notes.append(f"{people} subject(s): intervals are wide, and shares say next to nothing.")
    return tuple(notes)
