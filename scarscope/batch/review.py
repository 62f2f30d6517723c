"""What a person decided about photos and their scars: the file, read, checked and written.

A decision names its photo by path and by the hash of its bytes, so that it cannot be applied to
another picture of the same name. It is taken back by leaving it out. The format is explained in
docs/review.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from scarscope.batch.write import write_bytes
from scarscope.errors import ReviewError
from scarscope.scars.edits import Outline

REVIEW_NAME = "review.json"
BACKUP_NAME = "review.json.bak"
FORMAT, FORMAT_VERSION = "scarscope-review", 1
Action = Literal["exclude", "reject", "retype", "add", "region"]
ACTIONS: tuple[Action, ...] = get_args(Action)
Size = tuple[int, int]

_ID_LENGTH = 16  # hexadecimal digits that name a study


@dataclass(frozen=True)
class Decision:
    """One decision of a reviewer.

    Attributes
    ----------
    path : str
        The photo, its key in every table.
    sha256 : str
        Of the photo's bytes when it was looked at.
    action : {"exclude", "reject", "retype", "add", "region"}
        Of the photo: leave it out, or measure in another region. Of a scar: it is none, it is of
        another type, or it was missed.
    reason : str
        Why.
    by : str
        Initials of the reviewer.
    at : str
        When, ISO 8601.
    scar_id : int or None
        The scar that is rejected or retyped, as scars.csv numbered it.
    type : str
        Type of a scar that is retyped or added, else blank.
    outline : tuple of (float, float)
        Corners in pixels of the upright photo: of the scar or the region. May be empty where
        `scar_id` is given; then the number alone must do.
    """

    path: str
    sha256: str
    action: Action
    reason: str
    by: str
    at: str
    scar_id: int | None = None
    type: str = ""
    outline: Outline = ()

    @property
    def target(self) -> tuple[object, ...]:
        """What it is about: a later decision about the same takes the place of an earlier one."""
        if self.action in ("exclude", "region"):
            return self.path, self.action
        if self.action == "add":
            return self.path, "add", self.outline
        return self.path, "scar", self.scar_id or self.outline

    def to_json(self) -> dict[str, Any]:
        """Plain values, without what is blank."""
        told: dict[str, Any] = {"path": self.path, "sha256": self.sha256, "action": self.action}
        if self.scar_id is not None:
            told["scar_id"] = self.scar_id
        if self.type:
            told["type"] = self.type
        if self.outline:
            told["outline"] = [list(point) for point in self.outline]
        return told | {"reason": self.reason, "by": self.by, "at": self.at}


@dataclass(frozen=True)
class Review:
    """All decisions about a study.

    Attributes
    ----------
    study : str
        Name-free id of the study, :func:`study_id`; blank where it is not known.
    decisions : tuple of Decision
        In the order in which they were made, one about each photo, region or scar.
    """

    study: str = ""
    decisions: tuple[Decision, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, as in the file."""
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "study": self.study,
            "decisions": [decision.to_json() for decision in self.decisions],
        }

    def to_text(self) -> str:
        """The file's text."""
        return json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n"


def study_id(hashes: Iterable[str]) -> str:
    """An id of a study without any name: a digest of its photos' hashes.

    Examples
    --------
    >>> study_id(["b", "a"]) == study_id(["a", "b"])
    True
    """
    text = "\n".join(sorted(filter(None, hashes)))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_LENGTH]


def merge_reviews(earlier: Review, later: Review) -> Review:
    """The decisions of both; about the same photo, region or scar the later one's counts.

    Parameters
    ----------
    earlier, later : Review
        Of one study.
    """
    merged = {decision.target: decision for decision in earlier.decisions}
    for decision in later.decisions:
        merged.pop(decision.target, None)  # so that it stands where it was made
        merged[decision.target] = decision
    return Review(later.study or earlier.study, tuple(merged.values()))


def read_review(path: str | Path, *, sizes: Mapping[str, Size] | None = None) -> Review:
    """Read and check a file of decisions.

    Parameters
    ----------
    path : str or Path
        Usually ``review.json``.
    sizes : Mapping of str to 2 int, optional
        Width and height of photos by path, where they are known: then no outline may lie outside.

    Raises
    ------
    ReviewError
        If the file cannot be read, is of another format or version, or holds an entry that is not
        understood; the message names it.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReviewError(
            f"The review {path} cannot be read ({error.strerror or error}).",
            remedy="Give the file that the report or `scarscope review` has saved.",
        ) from error
    return parse_review(data, sizes=sizes, name=path.name)


def parse_review(
    data: bytes, *, sizes: Mapping[str, Size] | None = None, name: str = REVIEW_NAME
) -> Review:
    """The same from the file's bytes."""
    from scarscope.batch.review_check import review_of

    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ReviewError(
            f"{name} is not valid JSON ({error}).",
            remedy="Save it again from the report, or undo what was changed by hand.",
        ) from error
    return review_of(document, name, sizes or {})


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def write_review(review: Review, path: str | Path, *, backup: bool = False) -> None:
    """Write decisions in one step.

    Parameters
    ----------
    review : Review
    path : str or Path
        Where to.
    backup : bool, optional
        Keep what the file held before beside it, as ``<name>.bak``.

    Raises
    ------
    StoreError
        If the system does not let it be written.
    """
    path = Path(path)
    if backup and path.is_file():
        write_bytes(path.with_name(f"{path.name}.bak"), path.read_bytes())
    write_bytes(path, review.to_text().encode("utf-8"))
