"""One study as a reviewer's page sees it: its report, its pictures, and the file of decisions."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import struct
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import approximate_polygon, find_contours

from scarscope.batch.review import (
    REVIEW_NAME,
    Decision,
    Review,
    Size,
    parse_review,
    read_review,
    study_id,
    write_review,
)
from scarscope.batch.review_plan import words
from scarscope.batch.scar_ids import read_labels
from scarscope.batch.store import Store
from scarscope.errors import ReviewError, StoreError
from scarscope.scars.edits import Outline

HOST = "127.0.0.1"
REPORT = "report.html"
TOKEN_META = "scarscope-review"  # noqa: S105  # the name of what tells the page its token
SUBJECTS, PAGE = "report", ".html"  # where pages of single subjects lie
FOLDERS = ("layers", "overlays", SUBJECTS)
_SUFFIXES = (".webp", ".jpg", ".png", ".json", ".css", ".js")
_NO_FILE = "none"  # the tag of a review that nobody has written yet
_HEAD = re.compile(rb"<head(?:\s[^>]*)?>", re.IGNORECASE)
_CORNERS = 3
_OFF_PX = 0.5  # that an outline may be off by
_PNG_SIZE = slice(16, 24)  # width and height in the header (PNG specification, 11.2.1)


@dataclass(frozen=True)
class Site:
    """One study that is reviewed.

    Attributes
    ----------
    out : Path
        Output folder of the batch, resolved.
    port : int
        That the server listens at.
    token : str
        Of this run; whoever has it may read and write.
    lock : Lock
        Held by whoever reads or writes the file of decisions.
    starts : list of str
        Codes that open the page once.
    """

    out: Path
    port: int
    token: str = field(repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    starts: list[str] = field(default_factory=list, repr=False)

    @property
    def origin(self) -> str:
        """What the page's own requests come from."""
        return f"http://{HOST}:{self.port}"

    @property
    def address(self) -> str:
        """What to open."""
        return f"{self.origin}/?token={self.token}"

    def launch(self) -> str:
        """An address that opens the page once.

        Other users of a computer see how programs are called, the browser included: what stands
        there must be worth nothing by then.
        """
        self.starts.append(secrets.token_urlsafe(32))
        return f"{self.origin}/?start={self.starts[-1]}"

    def starts_with(self, code: str) -> bool:
        """Whether a code opens the page; from now on it does no more."""
        with self.lock:
            known = [each for each in self.starts if hmac.compare_digest(each, code)]
            self.starts[:] = [each for each in self.starts if each not in known]
        return bool(known)

    @property
    def file(self) -> Path:
        """Where decisions go."""
        return self.out / REVIEW_NAME

    def hashes(self) -> dict[str, str]:
        """Hash of every photo by path; empty while a batch holds the store."""
        try:
            with Store(self.out, readonly=True) as store:
                return {record.path: record.key.sha256 for record in store.records()}
        except StoreError:
            return {}

    def page(self, file: Path | None = None) -> bytes:
        """A page of the report, told that and with which token it may save.

        Parameters
        ----------
        file : Path, optional
            One subject's page, from :meth:`served`. None: the report itself.

        Raises
        ------
        ReviewError
            If there is none.
        """
        try:
            page = (file or self.out / REPORT).read_bytes()
        except OSError as error:
            raise _no_report(self.out) from error
        head = _HEAD.search(page)
        if head is None:
            raise _no_report(self.out)
        meta = f'<meta name="{TOKEN_META}" content="{self.token}">'.encode()
        return page[: head.end()] + meta + page[head.end() :]

    def tag(self) -> str:
        """Changes with what the file holds: two windows must not overwrite each other unseen."""
        if not self.file.is_file():
            return _NO_FILE
        return hashlib.sha256(self.file.read_bytes()).hexdigest()[:16]

    def review(self) -> Review:
        """What is decided so far.

        Raises
        ------
        ReviewError
            If the file was damaged by hand.
        """
        if self.file.is_file():
            return read_review(self.file)
        return Review(study_id(self.hashes().values()))

    def save(self, data: bytes) -> dict[str, Any]:
        """Check decisions and write them; what was there before is kept beside them.

        Returns
        -------
        dict
            ``saved``, how many there are; ``warnings``, a sentence for each that would not be
            applied now.

        Raises
        ------
        ReviewError
            If they cannot be understood; nothing is written then.
        StoreError
            If the file cannot be written.
        """
        hashes = self.hashes()
        review = parse_review(data, name="the review")
        sizes = {d.path: size for d in review.decisions if (size := self._size(d.path, hashes))}
        review = parse_review(data, sizes=sizes, name="the review")
        if not review.study:
            review = replace(review, study=study_id(hashes.values()))
        review = replace(review, decisions=tuple(self._placed(d, hashes) for d in review.decisions))
        write_review(review, self.file, backup=True)
        return {"saved": len(review.decisions), "warnings": _warnings(review, hashes)}

    def _placed(self, decision: Decision, hashes: dict[str, str]) -> Decision:
        """A decision with the outline of the scar that it names, while its number means that."""
        mask = self.out / "masks" / f"{decision.path}.png"
        same = hashes.get(decision.path) == decision.sha256 and mask.is_file()
        if decision.scar_id is None or decision.outline or not same:
            return decision
        return replace(decision, outline=outline_in(read_labels(mask), decision.scar_id))

    def _size(self, path: str, hashes: dict[str, str]) -> Size | None:
        """Width and height of a photo, from its mask; None where there is none."""
        mask = self.out / "masks" / f"{path}.png"
        if path not in hashes or not mask.is_file():
            return None
        with mask.open("rb") as stream:
            width, height = struct.unpack(">II", stream.read(_PNG_SIZE.stop)[_PNG_SIZE])
        return width, height

    def served(self, folder: str, name: str) -> Path | None:
        """A file below one of :data:`FOLDERS`; None for whatever else is asked for."""
        from werkzeug.security import safe_join

        base = (self.out / folder).resolve()
        joined = safe_join(str(base), name)
        if joined is None or not base.is_relative_to(self.out):
            return None
        try:
            path = Path(joined).resolve(strict=True)
        except (OSError, ValueError):
            return None
        # A link may lie in the folder and lead out of it.
        inside = path.is_relative_to(base) and path.is_file()
        known = (*_SUFFIXES, PAGE) if folder == SUBJECTS else _SUFFIXES
        return path if inside and path.suffix.lower() in known else None


def outline_in(labels: NDArray[np.uint16], number: int) -> Outline:
    """Outline of a scar in a mask, in the photo's pixels; empty where it is not there."""
    rows, cols = np.nonzero(labels == number)
    if not len(rows):
        return ()
    top, left = int(rows.min()), int(cols.min())
    own = labels[top : rows.max() + 1, left : cols.max() + 1] == number
    curves = find_contours(np.pad(own, 1).astype(np.float32), 0.5)  # type: ignore[no-untyped-call]
    curve = max(curves, key=len)[:-1]
    fewer = approximate_polygon(curve, _OFF_PX)  # type: ignore[no-untyped-call]
    curve = fewer if len(fewer) > _CORNERS else curve  # a single pixel would become a line
    return tuple((round(float(x + left - 1), 1), round(float(y + top - 1), 1)) for y, x in curve)


def _no_report(out: Path) -> ReviewError:
    return ReviewError(
        f"{out} holds no {REPORT}.", remedy=f"Make it first: scarscope report {out.name}"
    )


def _warnings(review: Review, hashes: dict[str, str]) -> list[str]:
    told = []
    for decision in review.decisions if hashes else ():
        known = hashes.get(decision.path)
        if known != decision.sha256:
            why = "there is no such photo" if known is None else "the photo's bytes are others now"
            told.append(f"{words(decision)} in {decision.path} will not be applied: {why}.")
    return told


def open_site(out: str | Path, port: int, *, token: str | None = None) -> Site:
    """A study that can be reviewed.

    Parameters
    ----------
    out : str or Path
        Output folder of a finished batch with its report.
    port : int
        That the server listens at.
    token : str, optional
        None draws one.

    Raises
    ------
    ReviewError
        If the folder holds no report, or a review that cannot be understood.
    StoreError
        If it is no batch's output.
    """
    out = Path(out).resolve()
    site = Site(out, port, secrets.token_urlsafe(32) if token is None else token)
    with Store(out, readonly=True):  # or it says what is wrong
        pass
    site.page()
    site.review()
    return site
