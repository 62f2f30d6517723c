"""What subjects and photos are called on the page: as in the study, or by pseudonyms."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scarscope.batch.write import write_bytes

KEY_FILE = "report-key.csv"


@dataclass(frozen=True)
class Names:
    """How to call what could identify a person.

    Attributes
    ----------
    subjects : Mapping of str to str
        What each subject is called; those that are missing keep their names.
    hidden : bool
        Whether file names and dates are left out; days since baseline are shown instead.
    """

    subjects: Mapping[str, str]
    hidden: bool = False

    def subject(self, name: str) -> str:
        """What the page calls a subject."""
        return self.subjects.get(name, name)


def plain_names() -> Names:
    """Everything as in the study."""
    return Names({})


def pseudonyms(subjects: Iterable[str], known: Mapping[str, str] | None = None) -> Names:
    """Numbers in an order that tells nothing.

    Parameters
    ----------
    subjects : iterable of str
    known : Mapping of str to str, optional
        Pseudonyms of an earlier report, which stay as they are.

    Returns
    -------
    Names
    """
    known = dict(known or {})
    fresh = sorted(set(subjects) - known.keys())
    random.SystemRandom().shuffle(fresh)
    used = set(known.values())
    free = (name for n in range(1, len(fresh) + len(used) + 1) if (name := f"S{n:03d}") not in used)
    return Names(known | dict(zip(fresh, free, strict=False)), hidden=True)


def read_key(path: Path) -> dict[str, str]:
    """Pseudonyms by subject; empty where there is no key."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["subject"]: row["pseudonym"] for row in csv.DictReader(file)}


def write_key(names: Names, path: Path) -> Path:
    """Write who is who; keep the file apart from the report."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("subject", "pseudonym"))
    rows.writerows(sorted(names.subjects.items()))
    write_bytes(path, text.getvalue().encode("utf-8"))
    return path
